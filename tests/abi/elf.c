// SPDX-License-Identifier: GPL-2.0-only
//
// execve of well-made, damaged and hostile ELF files.
#include "t.h"

#define BASE 0x10000000UL
#define CODE 0x1000 // offset of the code in the file

struct image {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[4];
};

static struct image *im;
static unsigned char *file;
static size_t size;

// mov $60, %eax; mov $42, %edi; syscall
static const unsigned char exit_42[] = {0xb8, 60, 0, 0, 0, 0xbf, 42, 0, 0, 0, 0x0f, 0x05};

// A correct file of one segment that ends with code 42.
static void make(void)
{
	if (!file)
		file = t_map(16 * PAGE);
	memset(file, 0, 16 * PAGE);
	im = (void *)file;
	memcpy(im->eh.e_ident, ELFMAG, 4);
	im->eh.e_ident[EI_CLASS] = ELFCLASS64;
	im->eh.e_ident[EI_DATA] = ELFDATA2LSB;
	im->eh.e_ident[EI_VERSION] = EV_CURRENT;
	im->eh.e_type = ET_EXEC;
	im->eh.e_machine = EM_X86_64;
	im->eh.e_version = EV_CURRENT;
	im->eh.e_entry = BASE + CODE;
	im->eh.e_phoff = offsetof(struct image, ph);
	im->eh.e_ehsize = sizeof(Elf64_Ehdr);
	im->eh.e_phentsize = sizeof(Elf64_Phdr);
	im->eh.e_phnum = 1;
	im->ph[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = 0, .p_vaddr = BASE,
		.p_paddr = BASE, .p_filesz = CODE + sizeof exit_42, .p_memsz = CODE + sizeof exit_42,
		.p_align = PAGE};
	memcpy(file + CODE, exit_42, sizeof exit_42);
	size = CODE + sizeof exit_42;
}

// As the file x.
static void save(void)
{
	sys(unlink, "x");
	long fd = sys(open, "x", O_WRONLY | O_CREAT | O_TRUNC, 0755);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(write, fd, file, size), size);
	sys(close, fd);
}

// What becomes of it: the error of execve as a negative number, or what t_wait() says.
static int run(void)
{
	int *error = t_map_shared(PAGE);

	save();
	int how = IN_CHILD({
		const char *argv[] = {"x", NULL};

		*error = (int)sys(execve, "x", argv, t_envp);
	});
	int e = *error;

	sys(munmap, error, PAGE);
	return e ? e : how;
}

// Not run to its end: refused, or killed by a signal that says so.
static bool refused(int how)
{
	return how == -ENOEXEC || how == -EINVAL || how == -ENOMEM || how == -EFAULT || how == -EIO ||
	       how == -ENOENT || how == SIGNALLED(SIGSEGV) || how == SIGNALLED(SIGKILL) ||
	       how == SIGNALLED(SIGBUS) || how == SIGNALLED(SIGILL);
}

TEST(the_smallest_program)
{
	t_tmpdir();
	make();
	CHECK_EQ(run(), 42);
}

TEST(headers)
{
	t_tmpdir();
	make(), im->eh.e_ident[0] = 0;
	CHECK_EQ(run(), -ENOEXEC);
	make(), im->eh.e_machine = EM_386;
	CHECK_EQ(run(), -ENOEXEC);
	make(), im->eh.e_machine = 183;
	CHECK_EQ(run(), -ENOEXEC);
	make(), im->eh.e_type = ET_REL;
	CHECK_EQ(run(), -ENOEXEC);
	make(), im->eh.e_type = ET_CORE;
	CHECK_EQ(run(), -ENOEXEC);
	make(), im->eh.e_phentsize = 32;
	CHECK_EQ(run(), -ENOEXEC);
	make(), im->eh.e_phnum = 0;
	CHECK(refused(run()));
	make(), im->eh.e_phnum = 0xffff;
	CHECK(refused(run()));
	make(), im->eh.e_phoff = 1UL << 40;
	CHECK(refused(run()));
	make(), im->eh.e_phoff = -16UL;
	CHECK(refused(run()));
	make(), im->eh.e_phoff = size - 8;
	CHECK(refused(run()));
}

TEST(truncated)
{
	t_tmpdir();
	for (size_t n = 0; n < 200; n += 7) {
		make(), size = n;
		CHECK(refused(run()));
	}
	make(), size = CODE - 5; // the code is missing
	CHECK(refused(run()));
}

TEST(entry_point)
{
	t_tmpdir();
	make(), im->eh.e_entry = 0;
	CHECK(refused(run()));
	make(), im->eh.e_entry = 0xffffffff80100000UL;
	CHECK(refused(run()));
	make(), im->eh.e_entry = 0x8000000000000000UL;
	CHECK(refused(run()));
	make(), im->ph[0].p_flags = PF_R; // code that may not be executed
	CHECK(refused(run()));
}

TEST(segment_addresses)
{
	static const unsigned long bad[] = {0xffffffff80000000UL, 0xffff800000000000UL, 0x8000000000000000UL,
		0x7ffffffff000UL, 0x800000000000UL, -PAGE};

	t_tmpdir();
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		make(), im->ph[0].p_vaddr = bad[i];
		im->eh.e_entry = bad[i] + CODE;
		CHECK(refused(run()));
	}
}

TEST(segment_sizes)
{
	t_tmpdir();
	make(), im->ph[0].p_memsz = -1UL;
	CHECK(refused(run()));
	make(), im->ph[0].p_memsz = 1UL << 47;
	CHECK(refused(run()));
	make(), im->ph[0].p_filesz = im->ph[0].p_memsz = -PAGE;
	CHECK(refused(run()));
	make(), im->ph[0].p_memsz = 16; // smaller than what is in the file
	CHECK(refused(run()));
	make(), im->ph[0].p_offset = -PAGE;
	CHECK(refused(run()));
	make(), im->ph[0].p_offset = 1UL << 50;
	CHECK(refused(run()));
	make(), im->ph[0].p_vaddr += 8; // does not fit its offset
	CHECK(refused(run()));
}

TEST(overlapping_segments)
{
	t_tmpdir();
	make(), im->eh.e_phnum = 2;
	im->ph[1] = im->ph[0];
	CHECK(run() == 42 || refused(run())); // the same pages twice
	make(), im->eh.e_phnum = 2;
	im->ph[1] = im->ph[0];
	im->ph[1].p_vaddr = 0x7fffffff0000UL & ~(PAGE - 1); // where the stack is likely to be
	im->ph[1].p_memsz = 0x8000;
	int how = run();

	CHECK(how == 42 || refused(how));
}

TEST(zero_filled_memory)
{
	// mov BASE+0x3008, %rdi; test: the memory past the file's part must be zero: exit(rdi + 42)
	static const unsigned char code[] = {0x48, 0x8b, 0x3c, 0x25, 0x08, 0x30, 0x00, 0x10, // mov 0x10003008,%rdi
		0x48, 0x03, 0x3c, 0x25, 0xf8, 0x5f, 0x00, 0x10,				     // add 0x10005ff8,%rdi
		0x83, 0xc7, 42, 0xb8, 60, 0, 0, 0, 0x0f, 0x05};

	t_tmpdir();
	make();
	memcpy(file + CODE, code, sizeof code);
	im->ph[0].p_filesz = im->ph[0].p_memsz = CODE + sizeof code;
	im->eh.e_phnum = 2;
	im->ph[1] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = 0x2000,
		.p_vaddr = BASE + 0x3000, .p_filesz = 8, .p_memsz = 0x3000, .p_align = PAGE};
	memset(file + 0x2000, 0xff, PAGE); // the rest of that page is not ours to show
	size = 0x3000;
	CHECK_EQ(run(), 42);
}

TEST(interpreter)
{
	t_tmpdir();
	make(), im->eh.e_phnum = 2;
	im->ph[1] = (Elf64_Phdr){.p_type = PT_INTERP, .p_flags = PF_R, .p_offset = 0x800, .p_filesz = 9,
		.p_memsz = 9, .p_align = 1};
	memcpy(file + 0x800, "/no/such", 9);
	CHECK_EQ(run(), -ENOENT);
	im->ph[1].p_filesz = 1UL << 40;
	CHECK(refused(run()));
	im->ph[1].p_filesz = 9;
	im->ph[1].p_offset = 1UL << 40;
	CHECK(refused(run()));
}

// The first 0x800 bytes of the image, and a way to what is no dynamic linker.
static void make_with_interpreter(const char *path)
{
	make(), im->eh.e_phnum = 2;
	im->ph[1] = (Elf64_Phdr){.p_type = PT_INTERP, .p_flags = PF_R, .p_offset = 0x800, .p_filesz = strlen(path) + 1,
		.p_memsz = strlen(path) + 1, .p_align = 1};
	memcpy(file + 0x800, path, strlen(path) + 1);
}

static int run_with_interpreter(const char *path)
{
	make_with_interpreter(path);
	return run();
}

TEST(interpreters_that_are_none)
{
	const char *argv[] = {"x", NULL};
	char text[200];

	t_tmpdir();
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = 0;
	CHECK_EQ(t_spit("plain", text), 0);
	CHECK_EQ(sys(mkdir, "d", 0755), 0);
	CHECK_EQ(sys(symlink, "l", "l"), 0);
	CHECK_EQ(run_with_interpreter("no"), -ENOENT);
	CHECK_EQ(run_with_interpreter("d"), -EACCES);
	CHECK_EQ(run_with_interpreter("plain"), -EACCES); // not executable
	CHECK_EQ(run_with_interpreter("plain/x"), -ENOTDIR);
	CHECK_EQ(run_with_interpreter("l"), -ELOOP);
	CHECK_EQ(sys(chmod, "plain", 0755), 0);
	CHECK_EQ(run_with_interpreter("plain"), -ELIBBAD);
	CHECK_EQ(sys(execveat, AT_FDCWD, "x", argv, t_envp, 0), -ELIBBAD);
	CHECK_EQ(t_spit("plain", "short"), 0);
	CHECK_EQ(run_with_interpreter("plain"), -EIO); // not even a header
	CHECK_EQ(sys(execveat, AT_FDCWD, "x", argv, t_envp, 0), -EIO);
}

// What a linker at CODE of its file does: ends with 43 if AT_BASE is where its file begins, or else with 1.
__asm__(".pushsection .rodata\n"
	"linker_code:\n"
	"	mov (%rsp), %rdi\n"
	"	lea 16(%rsp,%rdi,8), %rdi\n"
	"1:	mov (%rdi), %rax\n"
	"	add $8, %rdi\n"
	"	test %rax, %rax\n"
	"	jnz 1b\n"
	"2:	mov (%rdi), %rax\n"
	"	mov 8(%rdi), %rsi\n"
	"	add $16, %rdi\n"
	"	cmp $7, %rax\n"
	"	jne 2b\n"
	"	mov $1, %edi\n"
	"	lea linker_code - 0x1000(%rip), %rax\n"
	"	cmp %rax, %rsi\n"
	"	jne 3f\n"
	"	mov $43, %edi\n"
	"3:	mov $60, %eax\n"
	"	syscall\n"
	"linker_code_end:\n"
	".popsection");
extern const unsigned char linker_code[], linker_code_end[];

// A linker is whole pages: behind a part of one Linux 6.1 writes zeroes, even if it may not be written.
static void fill_pages(void)
{
	size = im->ph[0].p_filesz = im->ph[0].p_memsz = CODE + PAGE;
}

static void make_linker(void)
{
	make(), im->eh.e_type = ET_DYN;
	im->eh.e_entry = CODE;
	im->ph[0].p_vaddr = 0;
	memcpy(file + CODE, linker_code, (size_t)(linker_code_end - linker_code));
	fill_pages();
}

// The image becomes the file `linker`.
static void save_linker(void)
{
	long fd = sys(open, "linker", O_WRONLY | O_CREAT | O_TRUNC, 0755);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(write, fd, file, size), size);
	sys(close, fd);
}

static int run_linked(void)
{
	save_linker();
	return run_with_interpreter("linker");
}

TEST(the_linker_runs_first)
{
	t_tmpdir();
	make_linker();
	CHECK_EQ(run_linked(), 43);
	make_linker(), im->ph[0].p_vaddr = 0x7000;
	im->eh.e_entry = 0x7000 + CODE; // then it is AT_BASE that moves
	CHECK_EQ(run_linked(), 1);
	make();
	im->eh.e_entry += 0x20000000;
	im->ph[0].p_vaddr += 0x20000000;
	file[CODE + 6] = 44;
	fill_pages();
	CHECK_EQ(run_linked(), 44); // one that stays where it is
	make(), im->eh.e_phnum = 3;
	for (int i = 1; i < 3; i++)
		im->ph[i] = (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = i == 1 ? 0x800 : 0x900, .p_filesz = 7};
	memcpy(file + 0x800, "linker", 7);
	memcpy(file + 0x900, "no one", 7);
	CHECK_EQ(run(), 44); // the first that is named
}

TEST(linkers_that_are_refused)
{
	t_tmpdir();
	make_linker(), im->eh.e_machine = EM_386;
	CHECK_EQ(run_linked(), -ELIBBAD);
	make_linker(), im->eh.e_phentsize = 32;
	CHECK_EQ(run_linked(), -ELIBBAD);
	make_linker(), im->eh.e_phnum = 0;
	CHECK_EQ(run_linked(), -ELIBBAD);
	make_linker(), im->eh.e_phnum = 0xffff;
	CHECK_EQ(run_linked(), -ELIBBAD);
	make_linker(), im->eh.e_phoff = 1UL << 40;
	CHECK_EQ(run_linked(), -ELIBBAD);
	make_linker();
	save_linker();
	long fd = sys(open, "linker", O_WRONLY);

	CHECK_EQ(run_with_interpreter("linker"), -ETXTBSY);
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(run_with_interpreter("linker"), 43);
}

// What shows when it is too late to go back.
TEST(linkers_that_cannot_be_mapped)
{
	t_tmpdir();
	make_linker(), im->eh.e_type = ET_REL;
	CHECK_EQ(run_linked(), SIGNALLED(SIGSEGV));
	make_linker(), im->ph[0].p_type = PT_NOTE;
	CHECK_EQ(run_linked(), SIGNALLED(SIGSEGV));
	make_linker(), im->ph[0].p_memsz = 1UL << 60;
	CHECK_EQ(run_linked(), SIGNALLED(SIGSEGV));
	make_linker(), im->ph[0].p_filesz = im->ph[0].p_memsz + 1;
	CHECK_EQ(run_linked(), SIGNALLED(SIGSEGV));
	make_linker(), im->ph[0].p_vaddr = -PAGE;
	CHECK_EQ(run_linked(), SIGNALLED(SIGSEGV));
	make_linker(), im->ph[0].p_offset = 1;
	CHECK_EQ(run_linked(), SIGNALLED(SIGSEGV));
	make_linker(), im->eh.e_entry = 1UL << 47;
	CHECK_EQ(run_linked(), SIGNALLED(SIGSEGV));
}

// As a linker: it sees where the program is, and goes there.
HELPER(linker)
{
	const Elf64_Phdr *ph = t_ptr(t_aux(AT_PHDR));

	CHECK_EQ(ph, BASE + offsetof(struct image, ph));
	CHECK_EQ(t_aux(AT_PHNUM), 2);
	CHECK_EQ(ph[1].p_type, PT_INTERP);
	CHECK_EQ(t_aux(AT_ENTRY), BASE + CODE);
	if (t_argv[2][0] == 'h') // who is run from a file that may not be read shows nobody its memory
		CHECK_EQ(sys(prctl, PR_GET_DUMPABLE), 0);
	else
		CHECK_EQ(sys(prctl, PR_GET_DUMPABLE), 1);
	((void (*)(void))t_ptr(t_aux(AT_ENTRY)))();
	return 0;
}

static void copy_of_this_program(const char *path)
{
	static char some[16 * PAGE];
	long from = sys(open, t_self, O_RDONLY), to = sys(open, path, O_WRONLY | O_CREAT, 0755), n;

	CHECK(from >= 0 && to >= 0);
	while ((n = sys(read, from, some, sizeof some)) > 0)
		CHECK_EQ(sys(write, to, some, n), n);
	CHECK_EQ(n, 0);
	sys(close, from);
	sys(close, to);
}

static int linked_to(const char *what)
{
	const char *argv[] = {"x", "@linker", what, NULL};

	return IN_CHILD({
		if (sys(getuid) == 0)
			CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		t_exit((int)-sys(execve, "x", argv, t_envp));
	});
}

TEST(a_linker_sees_the_program)
{
	t_tmpdir();
	CHECK_EQ(sys(chmod, ".", 0755), 0);
	CHECK_EQ(run_with_interpreter("no"), -ENOENT);
	copy_of_this_program("this");
	make_with_interpreter("this");
	save(); // and not run: that would be all of these tests
	CHECK_EQ(linked_to("seen"), 42);
	CHECK_EQ(sys(chmod, "this", 0111), 0);
	CHECK_EQ(linked_to("hidden"), 42);
}

TEST(random_damage)
{
	unsigned long seed = 99;

	t_tmpdir();
	for (int i = 0; i < 150; i++) {
		make();
		for (int j = 0; j < 3; j++) {
			seed = seed * 6364136223846793005UL + 1442695040888963407UL;
			file[(seed >> 33) % (sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr))] ^=
				(unsigned char)(1 << (seed >> 60 & 7));
		}
		run(); // whatever it is, it ends
	}
}

TEST(stack_request)
{
	t_tmpdir();
	make(), im->eh.e_phnum = 2;
	im->ph[1] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
	CHECK_EQ(run(), 42);
}

TEST(position_independent)
{
	// A static executable that may be loaded anywhere.
	t_tmpdir();
	make(), im->eh.e_type = ET_DYN;
	im->ph[0].p_vaddr = 0;
	im->eh.e_entry = CODE;
	CHECK_EQ(run(), 42);
}
