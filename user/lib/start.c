// SPDX-License-Identifier: GPL-2.0-only
/* From the kernel's stack image to main(): environment, first thread, constructors. */
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/lib/sys.h"
#include "user/lib/thread.h"

struct phdr {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t align;
};
#define PT_TLS 7

extern char **environ;
extern struct _reent *const _global_impure_ptr;
extern int main(int argc, char **argv, char **envp);
extern void __libc_init_array(void);
extern void __libc_fini_array(void);
extern char __ehdr_start[] __attribute__((weak));

const size_t *__auxv;
char *program_invocation_name = "";
char *program_invocation_short_name = "";
int __thread_count = 1;

/* The program's TLS template. */
static const void *tls_image;
static size_t tls_filesz;
static size_t tls_memsz;		/* rounded up to the template's alignment */
static size_t tls_align = 16;

/* Room for the first thread of a program with little TLS. */
static char first_room[sizeof(struct pthread) + 1024] __attribute__((aligned(64)));

unsigned long getauxval(unsigned long type)
{
	for (const size_t *a = __auxv; a[0] != AT_NULL; a += 2)
		if (a[0] == type)
			return a[1];
	errno = ENOENT;
	return 0;
}

static unsigned long aux(unsigned long type)
{
	for (const size_t *a = __auxv; a[0] != AT_NULL; a += 2)
		if (a[0] == type)
			return a[1];
	return 0;
}

static void find_tls(void)
{
	const char *p = (const char *)aux(AT_PHDR);
	size_t n = aux(AT_PHNUM);
	size_t size = aux(AT_PHENT);

	for (; p && n; n--, p += size) {
		const struct phdr *ph = (const struct phdr *)p;

		if (ph->type != PT_TLS)
			continue;
		tls_image = (const void *)ph->vaddr;
		tls_filesz = ph->filesz;
		/* the linker counted offsets down from this rounded end */
		tls_memsz = (ph->memsz + ph->align - 1) & -ph->align;
		if (ph->align > tls_align)
			tls_align = ph->align;
	}
}

size_t __tls_size(void)
{
	return tls_memsz + sizeof(struct pthread) + tls_align;
}

/* The block must end at the struct, and the struct be aligned as the template asks. */
struct pthread *__tls_make(void *top)
{
	struct pthread *t = (void *)(((uintptr_t)top - sizeof(*t)) & -tls_align);
	char *block = (char *)t - tls_memsz;

	memcpy(block, tls_image, tls_filesz);
	memset(block + tls_filesz, 0, tls_memsz - tls_filesz);
	memset(t, 0, sizeof(*t));
	t->self = t;
	t->robust.list.next = &t->robust.list;
	return t;
}

void __thread_init(void)
{
	char *room = first_room;
	size_t size = sizeof(first_room);
	struct pthread *t;
	const uintptr_t *random = (const uintptr_t *)aux(AT_RANDOM);

	find_tls();
	if (__tls_size() > size) {
		size = (__tls_size() + 4095) & -4096UL;
		room = (char *)sys6(__NR_mmap, 0, (long)size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if ((unsigned long)room >= -4095UL)
			sys1(__NR_exit_group, 127);
	}
	t = __tls_make(room + size);
	t->canary = random ? *random & ~0xffUL : 0;
	t->reent = _global_impure_ptr;
	t->alive = 1;
	sys2(__NR_arch_prctl, 0x1002 /* ARCH_SET_FS */, (long)t);
	t->tid = (int)sys1(__NR_set_tid_address, (long)&t->alive);
}

struct _reent *__getreent(void)
{
	return thread_self()->reent;
}

/* newlib calls these two around constructors and destructors. */
void _init(void)
{
}

void _fini(void)
{
}

__attribute__((noreturn, used)) void __start_c(long *sp)
{
	int argc = (int)sp[0];
	char **argv = (char **)(sp + 1);
	char **env = argv + argc + 1;

	environ = env;
	while (*env)
		env++;
	__auxv = (const size_t *)(env + 1);
	__thread_init();
	if (argc > 0) {
		const char *slash = strrchr(argv[0], '/');

		program_invocation_name = argv[0];
		program_invocation_short_name = slash ? (char *)slash + 1 : argv[0];
	}
	atexit(__libc_fini_array);
	__libc_init_array();
	exit(main(argc, argv, environ));
}
