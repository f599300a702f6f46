// SPDX-License-Identifier: GPL-2.0-only
//
// Core files: when there is one, what is in it, what it is called and what it may replace. They are read as a debugger
// does, by their headers and notes.
#include "cgroup.h"

#include <linux/ptrace.h>
#include <linux/stat.h>

#define PATTERN "/proc/sys/kernel/core_pattern"
#define OTHER 1234
#define CORE_BIT 0x80
#define MARK 0x1badc0ffee0ddf00UL
#define CLD_DUMPED_ 3

struct prstatus {
	int signo, code, err;
	short cursig;
	unsigned long sigpend, sighold;
	int pid, ppid, pgrp, sid;
	long times[8];
	unsigned long reg[27];
	int fpvalid;
};
enum { R15, R14, R13, R12, RBP, RBX, R11, R10, R9, R8, RAX, RCX, RDX, RSI, RDI, ORIG_RAX, RIP, CS, EFLAGS, RSP };

struct prpsinfo {
	char state, sname, zomb, nice;
	unsigned long flag;
	unsigned uid, gid;
	int pid, ppid, pgrp, sid;
	char fname[16], psargs[80];
};

static void prepare(void)
{
	char pattern[200];
	struct rlimit64 all = {RLIM64_INFINITY, RLIM64_INFINITY};

	CHECK_GE(t_slurp(PATTERN, pattern, sizeof pattern), 1);
	if (strcmp(pattern, "core\n"))
		SKIP("core files have another name here: see /proc/sys/kernel/core_pattern");
	t_tmpdir();
	long err = sys(prlimit64, 0, RLIMIT_CORE, &all, 0);

	if (err == -EPERM)
		SKIP("no core files may be made here: ulimit -Hc");
	CHECK_EQ(err, 0);
}

static void limit(int what, unsigned long n)
{
	struct rlimit64 r = {n, RLIM64_INFINITY};

	CHECK_EQ(sys(prlimit64, 0, what, &r, 0), 0);
}

static int status_of(int pid)
{
	int status;

	CHECK_EQ(sys(wait4, pid, &status, 0, 0), pid);
	return status;
}

// What wait says of a child that does this and then gets the signal.
#define DIES_OF(sig, ...)                                                                          \
	({                                                                                         \
		int pid_ = t_fork();                                                               \
		if (pid_ == 0) {                                                                   \
			__VA_ARGS__;                                                               \
			sys(kill, t_getpid(), sig);                                                \
			t_exit(0);                                                                 \
		}                                                                                  \
		status_of(pid_);                                                                   \
	})

static long size_of(const char *path)
{
	struct stat st;
	long err = sys(lstat, path, &st);

	return err ? err : st.st_size;
}

// ---- reading one ----

static char *file;
static long length;

static const Elf64_Ehdr *header(void)
{
	return (void *)file;
}

static const Elf64_Phdr *segment(int i)
{
	return (const Elf64_Phdr *)(file + header()->e_phoff) + i;
}

// Opens the file and looks at what all of them have.
static void read_core(const char *path)
{
	static const unsigned char ident[16] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
	long fd = sys(open, path, O_RDONLY);

	CHECK_GE(fd, 0);
	length = sys(lseek, fd, 0, SEEK_END);
	CHECK_GE(length, (long)PAGE);
	file = (char *)sys(mmap, 0, length, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK((unsigned long)file < -4096UL);
	sys(close, fd);
	const Elf64_Ehdr *h = header();

	CHECK(!memcmp(h->e_ident, ident, sizeof ident));
	CHECK_EQ(h->e_type, ET_CORE);
	CHECK_EQ(h->e_machine, EM_X86_64);
	CHECK_EQ(h->e_version, EV_CURRENT);
	CHECK_EQ(h->e_phoff, sizeof *h);
	CHECK_EQ(h->e_ehsize, sizeof *h);
	CHECK_EQ(h->e_phentsize, sizeof(Elf64_Phdr));
	CHECK_GE(h->e_phnum, 3);
	CHECK_EQ(segment(0)->p_type, PT_NOTE);
	CHECK_EQ(segment(0)->p_offset, sizeof *h + h->e_phnum * sizeof(Elf64_Phdr));
	unsigned long at = (segment(0)->p_offset + segment(0)->p_filesz + PAGE - 1) & -PAGE, above = 0;

	for (int i = 1; i < h->e_phnum; i++) {
		const Elf64_Phdr *p = segment(i);

		CHECK_EQ(p->p_type, PT_LOAD);
		CHECK_EQ(p->p_offset, at);
		CHECK(p->p_vaddr >= above && p->p_vaddr % PAGE == 0);
		CHECK(p->p_memsz && p->p_memsz % PAGE == 0 && p->p_filesz <= p->p_memsz);
		CHECK_EQ(p->p_align, PAGE);
		at += p->p_filesz;
		above = p->p_vaddr + p->p_memsz;
	}
	CHECK_EQ(length, at);
}

static const Elf64_Phdr *segment_at(const void *addr)
{
	for (int i = 1; i < header()->e_phnum; i++)
		if ((unsigned long)addr - segment(i)->p_vaddr < segment(i)->p_memsz)
			return segment(i);
	t_fail(__FILE__, __LINE__, "no segment for an address");
}

// Where the file has what was at addr; NULL: it does not.
static const void *memory(const void *addr)
{
	const Elf64_Phdr *p = segment_at(addr);
	unsigned long off = (unsigned long)addr - p->p_vaddr;

	return off < p->p_filesz ? file + p->p_offset + off : NULL;
}

struct note {
	unsigned type, size;
	const char *name;
	const void *data;
};

// The n-th note.
static bool note(int n, struct note *out)
{
	const char *p = file + segment(0)->p_offset, *end = p + segment(0)->p_filesz;

	for (; p < end; n--) {
		const Elf64_Nhdr *h = (const void *)p;
		const char *name = p + sizeof *h, *data = name + (h->n_namesz + 3) / 4 * 4;

		p = data + (h->n_descsz + 3) / 4 * 4;
		CHECK(p <= end);
		if (!n) {
			*out = (struct note){h->n_type, h->n_descsz, name, data};
			CHECK_EQ(strlen(name) + 1, h->n_namesz);
			return true;
		}
	}
	CHECK(p == end);
	return false;
}

// The n-th of its type.
static const void *note_of(unsigned type, int n, unsigned *size)
{
	struct note x;

	*size = 0;
	for (int i = 0; note(i, &x); i++)
		if (x.type == type && !n--) {
			*size = x.size;
			return x.data;
		}
	return NULL;
}

// ---- what is in it ----

extern char crash_here[];

// Dies of an illegal instruction with these registers.
static _Noreturn __attribute__((noinline)) void crash(void)
{
	static const double sevens[2] = {7.0, 77.0};

	__asm__ volatile("movups (%1), %%xmm7\n\t"
			 "mov %0, %%r12\n\t"
			 "lea 1(%%r12), %%r13\n\t"
			 "mov $0x1234, %%eax\n"
			 "crash_here: ud2"
			 :
			 : "r"(MARK), "r"(sevens)
			 : "rax", "r12", "r13");
	__builtin_unreachable();
}

TEST(the_registers_of_a_crash)
{
	siginfo_t info;
	unsigned size;

	prepare();
	int pid = t_fork();

	if (pid == 0)
		crash();
	CHECK_EQ(sys(waitid, P_PID, pid, &info, WEXITED | WNOWAIT, 0), 0);
	CHECK_EQ(info.si_signo, SIGCHLD);
	CHECK_EQ(info.si_code, CLD_DUMPED_);
	CHECK_EQ(info.si_status, SIGILL);
	CHECK_EQ(status_of(pid), SIGILL | CORE_BIT);
	read_core("core");
	const struct prstatus *s = note_of(NT_PRSTATUS, 0, &size);

	CHECK_EQ(size, sizeof *s);
	CHECK_EQ(s->signo, SIGILL);
	CHECK_EQ(s->cursig, SIGILL);
	CHECK_EQ(s->sigpend, 0);
	CHECK_EQ(s->sighold, 0);
	CHECK_EQ(s->pid, pid);
	CHECK_EQ(s->ppid, t_getpid());
	CHECK_EQ(s->pgrp, sys(getpgid, 0));
	CHECK_EQ(s->sid, sys(getsid, 0));
	CHECK_EQ(s->fpvalid, 1);
	CHECK_EQ(s->reg[RIP], (long)crash_here);
	CHECK_EQ(s->reg[R12], MARK);
	CHECK_EQ(s->reg[R13], MARK + 1);
	CHECK_EQ(s->reg[RAX], 0x1234);
	CHECK_EQ(s->reg[ORIG_RAX], -1);
	CHECK_EQ(s->reg[CS], 0x33);
	const double *xmm = (const double *)((const char *)note_of(NT_PRFPREG, 0, &size) + 160);

	CHECK_EQ(size, 512);
	CHECK(xmm[14] == 7.0 && xmm[15] == 77.0);
	CHECK_EQ(sys(unlink, "core"), 0);
}

TEST(its_notes)
{
	static const unsigned wanted[] = {NT_PRSTATUS, NT_PRPSINFO, NT_SIGINFO, NT_AUXV, NT_FILE, NT_PRFPREG, NT_X86_XSTATE};
	char *page = t_map(PAGE), path[256];
	unsigned size;
	struct note n;

	prepare();
	int pid = t_fork();

	if (pid == 0) {
		sys(mprotect, page, PAGE, PROT_NONE);
		*(volatile char *)(page + 5) = 1;
	}
	CHECK_EQ(status_of(pid), SIGSEGV | CORE_BIT);
	read_core("core");
	for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		CHECK(note(i, &n));
		CHECK_EQ(n.type, wanted[i]);
		CHECK(!strcmp(n.name, n.type == NT_X86_XSTATE ? "LINUX" : "CORE"));
	}

	const struct prpsinfo *p = note_of(NT_PRPSINFO, 0, &size);

	CHECK_EQ(size, sizeof *p);
	CHECK_EQ(p->sname, 'R');
	CHECK_EQ(p->state, 0);
	CHECK_EQ(p->zomb, 0);
	CHECK_EQ(p->pid, pid);
	CHECK_EQ(p->ppid, t_getpid());
	CHECK_EQ(p->uid, 0);
	CHECK(!strncmp(p->fname, strrchr(t_self, '/') + 1, 15));
	unsigned long named = strlen(t_argv[0]);

	CHECK(!strncmp(p->psargs, t_argv[0], named < 79 ? named : 79));
	CHECK_EQ(p->psargs[named < 79 ? named : 79], named < 79 ? ' ' : 0);

	const siginfo_t *info = note_of(NT_SIGINFO, 0, &size);

	CHECK_EQ(size, sizeof *info);
	CHECK_EQ(info->si_signo, SIGSEGV);
	CHECK_EQ(info->si_code, SEGV_ACCERR);
	CHECK(info->si_addr == page + 5);

	const unsigned long *aux = note_of(NT_AUXV, 0, &size);

	for (unsigned i = 0; i < size / 8; i++)
		CHECK_EQ(aux[i], t_auxv[i]);
	CHECK_EQ(aux[size / 8 - 2], AT_NULL);

	const unsigned long *f = note_of(NT_FILE, 0, &size);
	const char *name = (const char *)(f + 2 + 3 * f[0]);

	CHECK_GE(f[0], 1);
	CHECK_EQ(f[1], PAGE);
	CHECK_GE(sys(readlink, "/proc/self/exe", path, sizeof path), 1);
	CHECK(!strncmp(name, path, strlen(name)));
	CHECK(f[2] % PAGE == 0 && f[3] > f[2]);
	CHECK_EQ(f[4], 0);
	for (unsigned long i = 0; i < f[0]; i++)
		name += strlen(name) + 1;
	CHECK_EQ(name - (const char *)f, size);

	unsigned fx;
	const char *legacy = note_of(NT_PRFPREG, 0, &fx), *all = note_of(NT_X86_XSTATE, 0, &size);

	CHECK_GE(size, fx);
	CHECK(!memcmp(legacy, all, 24)); // and the rest of the registers, but for what says how much there is of them
	sys(unlink, "core");
}

static _Atomic int spinning;

static int spin_with_a_mark(void *arg)
{
	__asm__ volatile("mov %0, %%r12\n\t"
			 "movq %%r12, %%xmm3\n\t"
			 "lock incl %1\n"
			 "1: mov %2, %%eax\n\t" // who spins without it has all of a processor
			 "syscall\n\t"
			 "jmp 1b"
			 :
			 : "r"(MARK + (unsigned long)arg), "m"(spinning), "i"(__NR_sched_yield)
			 : "rax", "rcx", "r11", "r12", "xmm3", "memory");
	return 0;
}

// When the others spin, and the leader, if it is wanted, sleeps.
static int crash_in_a_thread(void *leader)
{
	while (spinning < 2)
		t_yield();
	UNTIL(!leader || t_task_state(t_getpid(), t_getpid()) == 'S');
	crash();
}

TEST(all_threads)
{
	unsigned size;
	bool seen[3] = {false};

	prepare();
	int pid = t_fork();

	if (pid == 0) {
		struct thread t[3];

		thread_start(&t[0], spin_with_a_mark, (void *)1);
		thread_start(&t[1], spin_with_a_mark, (void *)2);
		thread_start(&t[2], crash_in_a_thread, &t[2]);
		sys(pause);
	}
	CHECK_EQ(status_of(pid), SIGILL | CORE_BIT);
	read_core("core");
	for (int i = 0; i < 4; i++) {
		const struct prstatus *s = note_of(NT_PRSTATUS, i, &size);
		const unsigned long *xmm = (const unsigned long *)((const char *)note_of(NT_PRFPREG, i, &size) + 160);

		CHECK(s && xmm);
		CHECK_EQ(s->cursig, SIGILL);
		if (i == 0) {
			CHECK_EQ(s->reg[RIP], (long)crash_here);
			CHECK(s->pid != pid);
		} else if (s->pid == pid) {
			CHECK_EQ(s->reg[ORIG_RAX], __NR_pause);
			CHECK(!seen[0]);
			seen[0] = true;
		} else {
			unsigned long which = s->reg[R12] - MARK;

			CHECK(which == 1 || which == 2);
			CHECK(!seen[which]);
			CHECK_EQ(xmm[6], s->reg[R12]);
			seen[which] = true;
		}
	}
	CHECK(seen[0] && seen[1] && seen[2]);
	CHECK(!note_of(NT_PRSTATUS, 4, &size));
	CHECK_EQ((long)note_of(NT_SIGINFO, 1, &size), 0);
	sys(unlink, "core");
}

static int returns(void *arg)
{
	(void)arg;
	return 0;
}

TEST(a_leader_that_has_ended_is_not_in_it)
{
	unsigned size;

	prepare();
	int pid = t_fork();

	if (pid == 0) {
		struct thread t[2];

		spinning = 2;
		thread_start(&t[0], returns, NULL);
		thread_join(&t[0]);
		thread_start(&t[1], crash_in_a_thread, NULL);
		t_exit_thread(0);
	}
	// The crash may come before the leader's end or behind it.
	CHECK_EQ(status_of(pid), SIGILL | CORE_BIT);
	read_core("core");
	const struct prstatus *s = note_of(NT_PRSTATUS, 0, &size);

	CHECK(s->pid != pid);
	sys(unlink, "core");
}

TEST(a_process_that_shares_the_memory_lives_on)
{
	char *stack = t_map(STACK_SIZE);
	_Atomic int *other = t_map_shared(PAGE);

	prepare();
	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	int pid = t_fork();

	if (pid == 0) {
		*other = (int)t_clone(CLONE_VM | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, thread_pause, NULL);
		sys(kill, t_getpid(), SIGABRT);
	}
	CHECK_EQ(status_of(pid), SIGABRT | CORE_BIT);
	CHECK_GE(*other, 1);
	CHECK_EQ(sys(wait4, *other, 0, WNOHANG, 0), 0); // ours now
	sys(kill, *other, SIGTERM);
	CHECK_EQ(status_of(*other), SIGTERM);
	read_core("core");
	CHECK_EQ(sys(unlink, "core"), 0);
}

TEST(memory_and_advice)
{
	enum { PRIVATE, UNTOUCHED, READ, SHARED, DONT, AGAIN, NONE, MAPPED, N };
	char *m[N];
	static int initialised = 4711;
	int pid;

	prepare();
	for (int i = 0; i < N; i++) {
		// apart from each other, that they do not become one mapping
		char *p = (char *)sys(mmap, 0, 5 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		m[i] = (char *)sys(mmap, p + PAGE, 3 * PAGE, PROT_READ | PROT_WRITE,
			MAP_FIXED | MAP_ANONYMOUS | (i == SHARED ? MAP_SHARED : MAP_PRIVATE), -1, 0);
		CHECK(m[i] == p + PAGE);
	}
	CHECK_EQ(t_spit("f", "a file's contents"), 0);
	long fd = sys(open, "f", O_RDWR);

	CHECK_EQ(sys(mmap, m[MAPPED], PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0), (long)m[MAPPED]);
	sys(close, fd);
	CHECK_EQ(sys(madvise, m[DONT], 3 * PAGE, MADV_DONTDUMP), 0);
	CHECK_EQ(sys(madvise, m[AGAIN], 3 * PAGE, MADV_DONTDUMP), 0);
	CHECK_EQ(sys(madvise, m[AGAIN] + PAGE, PAGE, MADV_DODUMP), 0);
	pid = t_fork();
	if (pid == 0) {
		initialised++;
		for (int i = 0; i < N; i++)
			if (i != UNTOUCHED && i != READ && i != MAPPED)
				for (int k = 0; k < 3; k += 2)
					m[i][k * (long)PAGE] = (char)(10 * i + k + 1);
		m[AGAIN][PAGE] = 99;
		for (int k = 0; k < 3; k++)
			(void)((volatile char *)m[READ])[k * (long)PAGE];
		(void)*(volatile char *)m[MAPPED];
		sys(mprotect, m[NONE], 3 * PAGE, PROT_NONE);
		crash();
	}
	CHECK_EQ(status_of(pid), SIGILL | CORE_BIT);
	read_core("core");
	CHECK_EQ(*(const int *)memory(&initialised), 4712);
	CHECK_EQ(*(const char *)memory(m[PRIVATE]), 1);
	CHECK_EQ(*(const char *)memory(m[PRIVATE] + PAGE), 0);
	CHECK_EQ(*(const char *)memory(m[PRIVATE] + 2 * PAGE), 3);
	CHECK(!memory(m[UNTOUCHED]));
	CHECK_EQ(*(const char *)memory(m[SHARED] + 2 * PAGE), SHARED * 10 + 3);
	CHECK(!memory(m[DONT]));
	CHECK_EQ(segment_at(m[DONT])->p_memsz, 3 * PAGE);
	CHECK(!memory(m[AGAIN]));
	CHECK_EQ(*(const char *)memory(m[AGAIN] + PAGE), 99);
	CHECK(!memory(m[AGAIN] + 2 * PAGE));
	CHECK_EQ(*(const char *)memory(m[NONE] + 2 * PAGE), NONE * 10 + 3);
	CHECK_EQ(segment_at(m[NONE])->p_flags, 0);
	CHECK_EQ(segment_at(m[PRIVATE])->p_flags, PF_R | PF_W);
	CHECK_EQ(segment_at(crash_here)->p_flags & PF_X, PF_X);
	CHECK(!memory(m[MAPPED])); // it is a file's, and the file has it
	sys(unlink, "core");
}

TEST(holes_are_holes)
{
	const unsigned long size = 1UL << 30;
	char *big = (char *)sys(mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct stat st;

	prepare();
	CHECK((unsigned long)big < -4096UL);
	sys(madvise, big, size, MADV_NOHUGEPAGE); // three pages are three pages
	CHECK_EQ(DIES_OF(SIGQUIT, big[0] = 1, big[size / 2] = 2, big[size - PAGE] = 3), SIGQUIT | CORE_BIT);
	CHECK_EQ(sys(stat, "core", &st), 0);
	CHECK_GE(st.st_size, (long)size);
	CHECK_LE(st.st_blocks, 4 << 20 >> 9);
	read_core("core");
	CHECK_EQ(*(const char *)memory(big), 1);
	CHECK_EQ(*(const char *)memory(big + PAGE), 0);
	CHECK_EQ(*(const char *)memory(big + size / 2), 2);
	CHECK_EQ(*(const char *)memory(big + size - PAGE), 3);
	CHECK_EQ(sys(unlink, "core"), 0);
	// One that ends with a hole is as long as it says.
	CHECK_EQ(DIES_OF(SIGQUIT, big[0] = 1), SIGQUIT | CORE_BIT);
	read_core("core");
	CHECK_EQ(sys(unlink, "core"), 0);
}

static long filter(const char *value)
{
	return t_spit("/proc/self/coredump_filter", value);
}

HELPER(filter)
{
	char text[32];

	CHECK_GE(t_slurp("/proc/self/coredump_filter", text, sizeof text), 1);
	CHECK(!strcmp(text, t_argv[2]));
	return 0;
}

TEST(the_filter)
{
	static char bss[PAGE];
	char text[32], *shared = t_map_shared(PAGE);
	struct stat st;

	prepare();
	CHECK_GE(t_slurp("/proc/self/coredump_filter", text, sizeof text), 1);
	CHECK(!strcmp(text, "00000033\n"));
	CHECK_EQ(sys(stat, "/proc/self/coredump_filter", &st), 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0644);
	CHECK_EQ(filter("x"), -EINVAL);
	CHECK_EQ(filter("-1"), -EINVAL);
	CHECK_EQ(filter("0x100000000"), -ERANGE);
	CHECK_EQ(filter("0xffffffff"), 0);
	CHECK_GE(t_slurp("/proc/self/coredump_filter", text, sizeof text), 1);
	CHECK(!strcmp(text, "000001ff\n"));
	CHECK_EQ(filter("0x2\n"), 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(t_exec("filter", "00000002\n", NULL), 0)), 0);

	CHECK_EQ(DIES_OF(SIGQUIT, *bss = 1, *shared = 5), SIGQUIT | CORE_BIT); // shared without a file
	read_core("core");
	CHECK(!memory(bss));
	CHECK(!memory(crash_here));
	CHECK_EQ(*(const char *)memory(shared), 5);
	CHECK_EQ(DIES_OF(SIGQUIT, filter("1"), *bss = 1, *shared = 5), SIGQUIT | CORE_BIT); // private
	read_core("core");
	CHECK_EQ(*(const char *)memory(bss), 1);
	CHECK(!memory(shared));
	CHECK_EQ(DIES_OF(SIGQUIT, filter("4")), SIGQUIT | CORE_BIT); // of files, private
	read_core("core");
	CHECK(!memcmp(memory(crash_here), crash_here, 2));
	CHECK(!memory(shared));

	CHECK_EQ(t_spit("f", "contents"), 0);
	long fd = sys(open, "f", O_RDWR);
	char *f = (char *)sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK_EQ(DIES_OF(SIGQUIT, filter("8")), SIGQUIT | CORE_BIT); // of files, shared; whether touched or not
	read_core("core");
	CHECK(!memcmp(memory(f), "contents", 9));
	CHECK(!memory(shared));
	CHECK(!memory(crash_here));
	CHECK_EQ(DIES_OF(SIGQUIT, filter("0x10")), SIGQUIT | CORE_BIT); // the first page of a program
	read_core("core");
	const Elf64_Ehdr *self = t_ptr(t_aux(AT_PHDR) & -PAGE);

	CHECK(!memcmp(memory(self), self, sizeof *self));
	CHECK_EQ(segment_at(self)->p_filesz, PAGE);
	CHECK(!memory(f));
	sys(unlink, "core");
}

// ---- whether there is one ----

TEST(which_signals)
{
	static const int yes[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS};
	static const int no[] = {SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGVTALRM, SIGIO, SIGPWR, 40};

	prepare();
	limit(RLIMIT_CORE, PAGE); // the least with which there is one
	for (unsigned i = 0; i < sizeof yes / sizeof *yes; i++) {
		CHECK_EQ(DIES_OF(yes[i], ), yes[i] | CORE_BIT);
		CHECK_GE(size_of("core"), 64);
		CHECK_LE(size_of("core"), PAGE);
		CHECK_EQ(sys(unlink, "core"), 0);
	}
	for (unsigned i = 0; i < sizeof no / sizeof *no; i++) {
		CHECK_EQ(DIES_OF(no[i], ), no[i]);
		CHECK_EQ(size_of("core"), -ENOENT);
	}
}

TEST(limits)
{
	siginfo_t info;

	prepare();
	limit(RLIMIT_CORE, 0);
	int pid = t_fork();

	if (pid == 0)
		crash();
	CHECK_EQ(sys(waitid, P_PID, pid, &info, WEXITED | WNOWAIT, 0), 0);
	CHECK_EQ(info.si_code, 2 /* CLD_KILLED */);
	CHECK_EQ(status_of(pid), SIGILL);
	limit(RLIMIT_CORE, PAGE - 1);
	CHECK_EQ(DIES_OF(SIGQUIT, ), SIGQUIT);
	CHECK_EQ(size_of("core"), -ENOENT);
	limit(RLIMIT_CORE, 3 * PAGE);
	CHECK_EQ(DIES_OF(SIGQUIT, ), SIGQUIT | CORE_BIT);
	CHECK_LE(size_of("core"), 3 * PAGE + PAGE); // holes do not count
	limit(RLIMIT_CORE, RLIM64_INFINITY);
	CHECK_EQ(DIES_OF(SIGQUIT, limit(RLIMIT_FSIZE, 2 * PAGE)), SIGQUIT | CORE_BIT);
	CHECK_GE(size_of("core"), 64);
	CHECK_LE(size_of("core"), 2 * PAGE);
	CHECK_EQ(DIES_OF(SIGQUIT, limit(RLIMIT_FSIZE, 0)), SIGQUIT | CORE_BIT);
	CHECK_EQ(size_of("core"), 0);
	sys(unlink, "core");
}

TEST(who_is_not_dumpable_does_not)
{
	prepare();
	CHECK_EQ(DIES_OF(SIGQUIT, sys(prctl, PR_SET_DUMPABLE, 0, 0, 0, 0)), SIGQUIT);
	CHECK_EQ(size_of("core"), -ENOENT);
	CHECK_EQ(DIES_OF(SIGQUIT, sys(setresuid, OTHER, OTHER, OTHER)), SIGQUIT);
	CHECK_EQ(size_of("core"), -ENOENT);
	CHECK_EQ(sys(chmod, ".", 0777), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, sys(setresuid, OTHER, OTHER, OTHER); sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)),
		SIGQUIT | CORE_BIT);
	struct stat st;

	CHECK_EQ(sys(stat, "core", &st), 0);
	CHECK_EQ(st.st_uid, OTHER);
	CHECK_EQ(st.st_mode, S_IFREG | 0600);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ(sys(unlink, "core"), 0);
}

TEST(a_caught_or_ignored_signal_makes_none)
{
	prepare();
	CHECK_EQ(DIES_OF(SIGQUIT, t_action(SIGQUIT, SIG_IGN, 0)), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, t_block(BIT(SIGQUIT))), 0);
	CHECK_EQ(size_of("core"), -ENOENT);
}

// ---- what it replaces ----

TEST(an_old_one_is_removed)
{
	char text[64];
	struct stat st;

	prepare();
	limit(RLIMIT_CORE, PAGE);
	CHECK_EQ(t_spit("core", "what was there"), 0);
	CHECK_EQ(sys(link, "core", "other"), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, ), SIGQUIT | CORE_BIT);
	CHECK_GE(t_slurp("other", text, sizeof text), 1);
	CHECK(!strcmp(text, "what was there"));
	CHECK_EQ(sys(stat, "core", &st), 0);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ(sys(unlink, "core"), 0);

	CHECK_EQ(sys(symlink, "other", "core"), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, ), SIGQUIT | CORE_BIT);
	CHECK_GE(t_slurp("other", text, sizeof text), 1);
	CHECK(!strcmp(text, "what was there"));
	CHECK_EQ(sys(lstat, "core", &st), 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0600);
	CHECK_EQ(sys(unlink, "core"), 0);

	CHECK_EQ(sys(mknod, "core", S_IFIFO | 0600, 0), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, ), SIGQUIT | CORE_BIT);
	CHECK_EQ(sys(lstat, "core", &st), 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0600);
	CHECK_EQ(sys(unlink, "core"), 0);
	CHECK_EQ(sys(unlink, "other"), 0);
}

TEST(what_cannot_be_removed_stays)
{
	char text[64];

	prepare();
	limit(RLIMIT_CORE, PAGE);
	CHECK_EQ(sys(mkdir, "core", 0700), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, ), SIGQUIT);
	CHECK_EQ(sys(rmdir, "core"), 0);

	// Somebody else's, in a directory where one removes only one's own.
	CHECK_EQ(sys(chmod, ".", 01777), 0);
	CHECK_EQ(t_spit("core", "root's"), 0);
	CHECK_EQ(sys(chmod, "core", 0666), 0);
#define AS_OTHER                                                                                   \
	sys(setresuid, OTHER, OTHER, OTHER);                                                       \
	sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)
	CHECK_EQ(DIES_OF(SIGQUIT, AS_OTHER), SIGQUIT);
	CHECK_GE(t_slurp("core", text, sizeof text), 1);
	CHECK(!strcmp(text, "root's"));
	CHECK_EQ(sys(chmod, ".", 0777), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, AS_OTHER), SIGQUIT | CORE_BIT); // and where one may remove it
	CHECK_EQ(sys(unlink, "core"), 0);
	CHECK_EQ(sys(chmod, ".", 0755), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, AS_OTHER), SIGQUIT); // no right to make one
	CHECK_EQ(size_of("core"), -ENOENT);
}

TEST(where_nothing_can_be_made)
{
	prepare();
	limit(RLIMIT_CORE, PAGE);
	CHECK_EQ(DIES_OF(SIGQUIT, sys(umask, 0777)), SIGQUIT); // of the owner, or it is none
	sys(unlink, "core");
	CHECK_EQ(sys(mkdir, "gone", 0700), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, sys(chdir, "gone"); sys(rmdir, "../gone")), SIGQUIT);
	CHECK_EQ(DIES_OF(SIGQUIT, sys(chdir, "/proc/self")), SIGQUIT);
}

TEST(a_full_disk_ends_it)
{
	struct stat st;

	if (!t_own_machine)
		SKIP("mounts");
	prepare();
	CHECK_EQ(sys(mkdir, "m", 0755), 0);
	CHECK_EQ(sys(mount, "x", "m", "tmpfs", 0, "size=16k"), 0);
	CHECK_EQ(sys(chdir, "m"), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, memset(t_map(8 * PAGE), 1, 8 * PAGE)), SIGQUIT | CORE_BIT);
	CHECK_EQ(sys(stat, "core", &st), 0);
	CHECK_EQ(st.st_blocks, 16 * 2);
	CHECK_EQ(sys(chdir, ".."), 0);
	CHECK_EQ(sys(umount2, "m", 0), 0);
	CHECK_EQ(sys(rmdir, "m"), 0);
}

// ---- its name ----

// What the pattern makes of the name of a child's core file, which is then removed.
static void named(const char *pattern, const char *fmt, int a)
{
	char wanted[128];

	CHECK_EQ(t_spit(PATTERN, pattern), 0);
	int pid = t_fork();

	if (pid == 0) {
		sys(prctl, PR_SET_NAME, "a/b", 0, 0, 0);
		sys(kill, t_getpid(), SIGQUIT);
	}
	CHECK_EQ(status_of(pid), SIGQUIT | CORE_BIT);
	t_snprintf(wanted, sizeof wanted, fmt, a ? a : pid);
	if (size_of(wanted) < 0)
		t_printf("# %s: not %s\n", pattern, wanted);
	CHECK_GE(size_of(wanted), 64);
	CHECK_EQ(sys(unlink, wanted), 0);
}

TEST(patterns)
{
	char text[200], dir[128], long_one[200];
	struct new_utsname uts;

	if (!t_own_machine)
		SKIP("sets how core files are called");
	prepare();
	limit(RLIMIT_CORE, PAGE);
	named("c", "c", 1);
	named("c.%p", "c.%d", 0);
	named("%P", "%d", 0);
	named("%i", "%d", 0);
	named("%I", "%d", 0);
	named("%%%e%", "%%a!b", 1);
	named("s%s", "s%d", SIGQUIT);
	named("u%u%g%Z.%c", "u00.4096", 1);
	named("d%d", "d1", 1);
	CHECK_EQ(sys(uname, &uts), 0);
	t_snprintf(text, sizeof text, "h%s", uts.nodename);
	named("h%h", text, 1);
	named("%f", strrchr(t_self, '/') + 1, 1);
	CHECK_GE(sys(getcwd, dir, sizeof dir), 1);
	t_snprintf(text, sizeof text, "%s/abs", dir);
	named(text, text, 1);
	CHECK_EQ(sys(mkdir, "sub", 0755), 0);
	named("sub/c", "sub/c", 1);
	CHECK_EQ(sys(rmdir, "sub"), 0);
	CHECK_EQ(t_spit("/proc/sys/kernel/core_uses_pid", "1"), 0);
	named("c", "c.%d", 0);
	named("c-%p", "c-%d", 0);
	CHECK_EQ(t_spit("/proc/sys/kernel/core_uses_pid", "0"), 0);

	CHECK_EQ(t_spit(PATTERN, "one\ntwo"), 0);
	CHECK_GE(t_slurp(PATTERN, text, sizeof text), 1);
	CHECK(!strcmp(text, "one\n"));
	memset(long_one, 'x', sizeof long_one - 1);
	long_one[sizeof long_one - 1] = 0;
	CHECK_EQ(t_spit(PATTERN, long_one), 0);
	CHECK_EQ(t_slurp(PATTERN, text, sizeof text), 128);
	CHECK_EQ(t_spit(PATTERN, ""), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, ), SIGQUIT | (t_slurp(PATTERN, text, sizeof text) > 1 ? CORE_BIT : 0));
	long_one[127] = 0;
	sys(unlink, long_one);
	CHECK_EQ(t_spit(PATTERN, "core"), 0);
	CHECK_EQ(sys(write, sys(open, PATTERN, O_RDWR), 8UL, 4), -EFAULT);
	CHECK_EQ(IN_CHILD(sys(setresuid, OTHER, OTHER, OTHER); CHECK_EQ(sys(open, PATTERN, O_WRONLY), -EACCES)), 0);
}

// ---- programs that read it ----

#define PIPE_LIMIT "/proc/sys/kernel/core_pipe_limit"

// As the kernel starts it: `prog @reads DIRECTORY NUMBER WORD HOW`. The dump goes to DIRECTORY/core, then what there is to
// tell, and whose dump it is, to DIRECTORY/told.
HELPER(reads)
{
	struct rlimit64 r;
	char how = t_argv[5][0], data[PAGE], score[8], groups[200], dead;
	long n, fd, output = sys(fcntl, 1, F_GETFD);

	CHECK_EQ(sys(chdir, t_argv[2]), 0);
	if (how == 'w') { // when it may
		CHECK_EQ(t_spit("begun", "x"), 0);
		UNTIL(sys(access, "go", 0) == 0);
	}
	fd = sys(open, "core", O_CREAT | O_WRONLY | O_EXCL, 0600);
	while (how != 'n' && (n = sys(read, 0, data, sizeof data)) > 0)
		CHECK_EQ(sys(write, fd, data, n), n);
	UNTIL((dead = t_state((int)t_number(t_argv[3]))) != 'R');
	CHECK_EQ(sys(prlimit64, 0, RLIMIT_CORE, 0, &r), 0);
	CHECK_GE(t_slurp("/proc/self/oom_score_adj", score, sizeof score), 1);
	CHECK_GE(t_slurp("/proc/self/cgroup", groups, sizeof groups), 0);
	t_snprintf(data, sizeof data, "%d %s %s %d %c uid %ld of %ld limit %ld %ld output %ld\nscore %sgroups\n%s", t_getpid(), t_argv[3],
		t_argv[4], t_argc, how == 'd' && dead ? dead : '-', sys(getuid), sys(getppid), (long)r.rlim_cur, (long)r.rlim_max, output,
		score, groups);
	CHECK_EQ(t_spit("telling", data), 0);
	CHECK_EQ(sys(rename, "telling", "told"), 0);
	if (how == 'c')
		crash();
	return 0;
}

static char place[64];

static void let_it_read(const char *how)
{
	char pattern[200];

	if (!t_own_machine || sys(getuid))
		SKIP("sets what becomes of core files");
	CHECK_GE(sys(getcwd, place, sizeof place), 1);
	t_snprintf(pattern, sizeof pattern, "|%s  @reads %s %%P %%e %s", t_self, place, how);
	CHECK_LE(strlen(pattern), 127);
	CHECK_EQ(t_spit(PATTERN, pattern), 0);
}

// What the program said of this process's dump. It is gone.
static void told(char *text, size_t size, int pid)
{
	char wanted[16];

	UNTIL(t_slurp("told", text, size) > 0);
	UNTIL(sys(kill, t_number(text), 0) == -ESRCH);
	t_snprintf(wanted, sizeof wanted, " %d ", pid);
	CHECK(strstr(text, wanted));
	CHECK_EQ(sys(unlink, "told"), 0);
}

static void as_ever(void)
{
	CHECK_EQ(t_spit(PATTERN, "core"), 0);
	sys(unlink, "core");
}

static int dies_with(char *memory, size_t n)
{
	int pid = t_fork();

	if (pid == 0) {
		sys(prctl, PR_SET_NAME, "two words", 0, 0, 0);
		memset(memory, 7, n);
		crash();
	}
	return pid;
}

TEST(a_program_reads_it)
{
	char text[200], *big = t_map(200 * PAGE);
	int pid;

	prepare();
	let_it_read("r");
	limit(RLIMIT_CORE, 0); // which is for files
	limit(RLIMIT_FSIZE, PAGE); // for this process's
	pid = dies_with(big, 100 * PAGE); // and as many pages are holes
	CHECK_EQ(status_of(pid), SIGILL | CORE_BIT);
	told(text, sizeof text, pid);
	CHECK(strstr(text, " two words 6 - uid 0 of "));
	CHECK(strstr(text, " limit 1 1 output -9\n"));
	read_core("core");
	CHECK_EQ(*(const char *)memory(big + 99 * PAGE), 7);
	CHECK_EQ(*(const char *)memory(big + 199 * PAGE), 0);
	as_ever();
}

// It is a child of the kernel's, not of who dumps: it has neither the score nor the groups of that.
TEST(a_program_is_nobodys)
{
	char text[400], memory[1];
	int pid;

	prepare();
	let_it_read("r");
	v2();
	CHECK_EQ(put("cgroup.procs", t_getpid()), 0);
	CHECK_EQ(t_spit("/proc/self/oom_score_adj", "500"), 0);
	pid = dies_with(memory, 1);
	CHECK_EQ(status_of(pid), SIGILL | CORE_BIT);
	CHECK_EQ(put("../cgroup.procs", t_getpid()), 0);
	out();
	CHECK_EQ(sys(chdir, place), 0);
	told(text, sizeof text, pid);
	CHECK(strstr(text, "\nscore 0\ngroups\n"));
	CHECK(strstr(text, "\n0::/\n"));
	as_ever();
}

TEST(a_program_is_waited_for)
{
	char text[200], *big = t_map(20 * PAGE);
	int pid;

	prepare();
	let_it_read("d");
	CHECK_EQ(t_spit(PIPE_LIMIT, "1"), 0);
	pid = dies_with(big, 20 * PAGE);
	CHECK_EQ(status_of(pid), SIGILL | CORE_BIT);
	CHECK_GE(size_of("told"), 10); // before it ended
	told(text, sizeof text, pid);
	CHECK(strstr(text, " two words 6 S uid 0 of "));
	sys(unlink, "core");
	// One that does not read all is not written to any more.
	let_it_read("n");
	pid = dies_with(big, 20 * PAGE);
	CHECK_EQ(status_of(pid), SIGILL | CORE_BIT);
	told(text, sizeof text, pid);
	CHECK_EQ(t_spit(PIPE_LIMIT, "0"), 0);
	as_ever();
}

TEST(so_many_programs_at_once)
{
	char text[200], *big = t_map(64 * PAGE);
	int first, pid;

	prepare();
	let_it_read("w");
	CHECK_EQ(t_spit(PIPE_LIMIT, "1"), 0);
	first = dies_with(big, 64 * PAGE);
	UNTIL(size_of("begun") == 1);
	pid = dies_with(big, PAGE);
	CHECK_EQ(status_of(pid), SIGILL); // no second one
	CHECK_EQ(t_spit("go", "x"), 0);
	CHECK_EQ(status_of(first), SIGILL | CORE_BIT);
	told(text, sizeof text, first);
	read_core("core");
	CHECK_EQ(t_spit(PIPE_LIMIT, "0"), 0);
	as_ever();
}

TEST(killed_while_a_program_reads)
{
	char text[200], *big = t_map(64 * PAGE);
	int pid;

	prepare();
	let_it_read("w");
	pid = dies_with(big, 64 * PAGE);
	UNTIL(size_of("begun") == 1);
	CHECK_EQ(sys(kill, pid, SIGKILL), 0);
	CHECK_EQ(status_of(pid), SIGKILL);
	CHECK_EQ(t_spit("go", "x"), 0);
	told(text, sizeof text, pid);
	CHECK_LE(size_of("core"), 16 * PAGE); // what fits a pipe, and then the end
	as_ever();
}

TEST(a_program_that_dies_itself)
{
	char text[200];
	int pid;

	prepare();
	let_it_read("c");
	pid = dies_with(text, 1);
	CHECK_EQ(status_of(pid), SIGILL | CORE_BIT);
	told(text, sizeof text, pid);
	CHECK_EQ(size_of("told"), -ENOENT); // its own dump was nobody's
	// So is that of whoever has its limit.
	limit(RLIMIT_CORE, 1);
	CHECK_EQ(DIES_OF(SIGQUIT, ), SIGQUIT);
	limit(RLIMIT_CORE, RLIM64_INFINITY);
	as_ever();
}

TEST(no_such_program)
{
	static const char *const patterns[] = {"|", "| ", "|/nowhere/at-all %p", "|/proc/version", "|/proc"};

	prepare();
	if (!t_own_machine || sys(getuid))
		SKIP("sets what becomes of core files");
	for (unsigned i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		CHECK_EQ(t_spit(PATTERN, patterns[i]), 0);
		CHECK_EQ(DIES_OF(SIGQUIT, ), SIGQUIT);
	}
	CHECK_EQ(size_of("core"), -ENOENT);
	as_ever();
}

TEST(suid_dumpable)
{
	char dir[128], path[200];
	struct stat st;

	if (!t_own_machine)
		SKIP("sets how core files are made");
	prepare();
	limit(RLIMIT_CORE, PAGE);
	CHECK_EQ(sys(chmod, ".", 0777), 0);
	CHECK_EQ(t_spit("/proc/sys/fs/suid_dumpable", "3"), -EINVAL);
	CHECK_EQ(t_spit("/proc/sys/fs/suid_dumpable", "1"), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, sys(setresuid, OTHER, OTHER, OTHER); CHECK_EQ(sys(prctl, PR_GET_DUMPABLE), 1)),
		SIGQUIT | CORE_BIT);
	CHECK_EQ(sys(stat, "core", &st), 0);
	CHECK_EQ(st.st_uid, OTHER);
	CHECK_EQ(sys(unlink, "core"), 0);
	CHECK_EQ(t_spit("/proc/sys/fs/suid_dumpable", "2"), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, sys(setresuid, OTHER, OTHER, OTHER); CHECK_EQ(sys(prctl, PR_GET_DUMPABLE), 2)),
		SIGQUIT); // not to a relative name
	CHECK_EQ(size_of("core"), -ENOENT);
	CHECK_GE(sys(getcwd, dir, sizeof dir), 1);
	t_snprintf(path, sizeof path, "%s/c%%d", dir);
	CHECK_EQ(t_spit(PATTERN, path), 0);
	CHECK_EQ(DIES_OF(SIGQUIT, sys(setresuid, OTHER, OTHER, OTHER)), SIGQUIT | CORE_BIT);
	CHECK_EQ(sys(stat, "c2", &st), 0);
	CHECK_EQ(st.st_uid, 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0600);
	CHECK_EQ(DIES_OF(SIGQUIT, sys(setresuid, OTHER, OTHER, OTHER)), SIGQUIT); // and replaces nothing
	CHECK_EQ(sys(unlink, "c2"), 0);
	CHECK_EQ(t_spit(PATTERN, "core"), 0);
	CHECK_EQ(t_spit("/proc/sys/fs/suid_dumpable", "0"), 0);
}

TEST(the_parent_of_a_vfork_goes_on)
{
	prepare();
	limit(RLIMIT_CORE, PAGE);
	int pid = (int)sys(vfork);

	if (pid == 0)
		sys(kill, t_getpid(), SIGABRT);
	CHECK_EQ(status_of(pid), SIGABRT | CORE_BIT);
	CHECK_EQ(sys(unlink, "core"), 0);
}

TEST(many_at_once)
{
	int status, dumped = 0;

	// In one directory: each removes what is there and makes its own, or finds that another was faster.
	prepare();
	limit(RLIMIT_CORE, 8 * PAGE);
	for (int i = 0; i < 8; i++)
		if (t_fork() == 0) {
			struct thread t[2];

			thread_start(&t[0], thread_pause, NULL);
			thread_start(&t[1], thread_spin, NULL);
			crash();
		}
	for (int i = 0; i < 8; i++) {
		CHECK_GE(sys(wait4, -1, &status, 0, 0), 1);
		CHECK_EQ(status & ~CORE_BIT, SIGILL);
		dumped += status != SIGILL;
	}
	CHECK_GE(dumped, 1);
	CHECK_EQ(sys(unlink, "core"), 0);
}

TEST(killed_at_any_time)
{
	// By SIGKILL before, during or after it: it dies of one of the two, and of SIGKILL without a dump.
	char *memory = t_map(64 * PAGE);

	prepare();
	for (int i = 0; i < 24; i++) {
		int pid = t_fork(), status;

		if (pid == 0) {
			struct thread t[2];

			memset(memory, 1, 64 * PAGE);
			thread_start(&t[0], thread_pause, NULL);
			thread_start(&t[1], thread_spin, NULL);
			crash();
		}
		if (i % 2)
			UNTIL(size_of("core") > 0 || t_state(pid) == 'Z'); // it has begun
		for (int k = 0; k < i; k++)
			t_yield();
		sys(kill, pid, SIGKILL);
		status = status_of(pid);
		CHECK(status == SIGKILL || (status & ~CORE_BIT) == SIGILL);
		sys(unlink, "core");
	}
}

TEST(a_tracer_sees_the_end_of_a_dump)
{
	unsigned long message = 0;
	int status, pid;

	prepare();
	pid = t_fork();
	if (pid == 0) {
		struct thread t;

		thread_start(&t, thread_pause, NULL);
		sys(ptrace, PTRACE_TRACEME, 0, 0, 0);
		sys(kill, t_getpid(), SIGSTOP);
		crash();
	}
	CHECK_EQ(sys(wait4, pid, &status, 0, 0), pid);
	CHECK_EQ(status, SIGSTOP << 8 | 0x7f);
	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT), 0);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, pid, 0, 0), 0);
	CHECK_EQ(sys(wait4, pid, &status, 0, 0), pid);
	CHECK_EQ(status, SIGILL << 8 | 0x7f); // the signal is the tracer's first
	CHECK_EQ(size_of("core"), -ENOENT);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, pid, 0, SIGILL), 0);
	CHECK_EQ(sys(wait4, pid, &status, 0, 0), pid);
	CHECK_EQ(status, (SIGTRAP | PTRACE_EVENT_EXIT << 8) << 8 | 0x7f);
	CHECK_GE(size_of("core"), (long)PAGE);
	CHECK_EQ(sys(ptrace, PTRACE_GETEVENTMSG, pid, 0, &message), 0);
	CHECK_EQ(message, SIGILL | CORE_BIT);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, pid, 0, 0), 0);
	CHECK_EQ(status_of(pid), SIGILL | CORE_BIT);
	sys(unlink, "core");
}
