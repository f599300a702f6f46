// SPDX-License-Identifier: GPL-2.0-only
//
// execve: what the new program gets, what survives, what it refuses; exec from threads.
#include "t.h"

static long exec_path(const char *path)
{
	const char *argv[] = {path, NULL};

	return sys(execve, path, argv, t_envp);
}

HELPER(args)
{
	CHECK_EQ(t_argc, 4);
	CHECK(!strcmp(t_argv[2], "one two"));
	CHECK_EQ(strlen(t_argv[3]), 0);
	CHECK(t_argv[4] == NULL);
	CHECK(t_envp[0] && !strcmp(t_envp[0], "NAME=value"));
	CHECK(t_envp[1] == NULL);
	return 11;
}

TEST(arguments_and_environment)
{
	const char *argv[] = {t_self, "@args", "one two", "", NULL};
	const char *envp[] = {"NAME=value", NULL};

	CHECK_EQ(IN_CHILD(sys(execve, t_self, argv, envp)), 11);
}

HELPER(aux)
{
	const Elf64_Ehdr *elf = (void *)(t_aux(AT_PHDR) & ~(PAGE - 1));
	const unsigned char *random = (void *)t_aux(AT_RANDOM);
	int zeros = 0;

	CHECK_EQ(t_aux(AT_PAGESZ), PAGE);
	CHECK_EQ(t_aux(AT_PHENT), sizeof(Elf64_Phdr));
	CHECK_EQ(t_aux(AT_ENTRY), elf->e_entry);
	CHECK_EQ(t_aux(AT_PHNUM), elf->e_phnum);
	CHECK_EQ(t_aux(AT_PHDR), (unsigned long)elf + elf->e_phoff);
	CHECK_EQ(t_aux(AT_SECURE), 0);
	CHECK(random != NULL);
	for (int i = 0; i < 16; i++)
		zeros += !random[i];
	CHECK(zeros < 8);
	CHECK_EQ((unsigned long)(t_argv - 1) % 16, 0); // the stack was aligned
	CHECK(!strcmp((char *)t_aux(AT_EXECFN), t_self));
	return 12;
}

TEST(auxiliary_vector)
{
	CHECK_EQ(IN_CHILD(t_exec("aux", NULL, NULL)), 12);
}

HELPER(fds)
{
	CHECK_EQ(sys(fcntl, t_number(t_argv[2]), F_GETFD), 0);
	CHECK_EQ(sys(fcntl, t_number(t_argv[3]), F_GETFD), -EBADF);
	return 13;
}

TEST(close_on_exec)
{
	char a[16], b[16];
	long stays = sys(dup, 1), goes = sys(dup, 1);

	CHECK_EQ(sys(fcntl, goes, F_SETFD, FD_CLOEXEC), 0);
	t_snprintf(a, sizeof a, "%ld", stays);
	t_snprintf(b, sizeof b, "%ld", goes);
	CHECK_EQ(IN_CHILD(t_exec("fds", a, b)), 13);
	CHECK_EQ(sys(fcntl, goes, F_GETFD), FD_CLOEXEC); // the child's table was its own
}

static void handler(int sig)
{
	(void)sig;
}

HELPER(signals)
{
	struct sigaction act;
	stack_t st;
	unsigned long pending;

	sys(rt_sigaction, SIGUSR1, 0, &act, 8);
	CHECK(act.sa_handler == SIG_DFL);
	sys(rt_sigaction, SIGUSR2, 0, &act, 8);
	CHECK(act.sa_handler == SIG_IGN);
	CHECK_EQ(t_mask() & BIT(SIGTERM), BIT(SIGTERM));
	sys(rt_sigpending, &pending, 8);
	CHECK_EQ(pending, BIT(SIGTERM));
	CHECK_EQ(sys(sigaltstack, 0, &st), 0);
	CHECK_EQ(st.ss_flags, SS_DISABLE);
	CHECK(sys(alarm, 0) > 0); // the timer came along
	return 14;
}

TEST(signal_state)
{
	CHECK_EQ(IN_CHILD({
		stack_t st = {.ss_sp = t_map(STACK_SIZE), .ss_size = STACK_SIZE};

		sys(sigaltstack, &st, 0);
		t_action(SIGUSR1, handler, 0);
		t_action(SIGUSR2, SIG_IGN, 0);
		t_block(BIT(SIGTERM));
		sys(kill, t_getpid(), SIGTERM);
		sys(alarm, 100);
		t_exec("signals", NULL, NULL);
	}),
		14);
}

HELPER(identity)
{
	char name[16];

	CHECK_EQ(t_getpid(), t_number(t_argv[2]));
	CHECK_EQ(t_gettid(), t_getpid());
	CHECK_EQ(t_field("/proc/self/status", "Threads"), 1);
	CHECK_EQ(sys(prctl, PR_GET_NAME, name, 0, 0, 0), 0);
	CHECK(!strcmp(name, "exec"));
	return 15;
}

static long exec_identity(void)
{
	char pid[16];

	t_snprintf(pid, sizeof pid, "%d", t_getpid());
	return t_exec("identity", pid, NULL);
}

TEST(pid_stays_and_name_changes)
{
	CHECK_EQ(IN_CHILD({
		sys(prctl, PR_SET_NAME, "another", 0, 0, 0);
		exec_identity();
	}),
		15);
}

TEST(from_the_leader_ends_the_other_threads)
{
	CHECK_EQ(IN_CHILD({
		struct thread t[4];

		for (int i = 0; i < 4; i++)
			thread_start(&t[i], i % 2 ? thread_spin : thread_pause, NULL);
		exec_identity();
	}),
		15);
}

static int exec_there(void *arg)
{
	(void)arg;
	exec_identity();
	return 1;
}

TEST(from_another_thread_takes_the_pid)
{
	CHECK_EQ(IN_CHILD({
		struct thread t[4];

		for (int i = 0; i < 3; i++)
			thread_start(&t[i], i % 2 ? thread_spin : thread_pause, NULL);
		thread_start(&t[3], exec_there, NULL);
		thread_pause(NULL);
	}),
		15);
}

static int exec_late(void *arg)
{
	int leader = *(int *)arg;

	UNTIL(t_task_state(leader, leader) == 'Z');
	return exec_there(NULL);
}

TEST(from_another_thread_after_the_leader_ended)
{
	CHECK_EQ(IN_CHILD({
		struct thread t;
		int me = t_getpid();

		thread_start(&t, exec_late, &me);
		t_exit_thread(0);
	}),
		15);
}

static _Atomic int go;

// Not before all are there: a thread that is made while another executes may be refused.
static int exec_when_told(void *arg)
{
	while (!go)
		t_yield();
	return exec_there(arg);
}

TEST(two_threads_at_once_one_wins)
{
	for (int round = 0; round < 5; round++)
		CHECK_EQ(IN_CHILD({
			struct thread t[2];

			thread_start(&t[0], exec_when_told, NULL);
			thread_start(&t[1], exec_when_told, NULL);
			go = 1;
			exec_there(NULL);
		}),
			15);
}

HELPER(status)
{
	return (int)t_number(t_argv[2]);
}

TEST(failure_leaves_everything)
{
	struct thread t;

	CHECK_EQ(IN_CHILD({
		thread_start(&t, thread_pause, NULL);
		CHECK_EQ(exec_path("/no/such"), -ENOENT);
		CHECK_EQ(sys(kill, t_getpid(), 0), 0);
		CHECK(t.tid != 0);
	}),
		0);
}

TEST(refusals_by_path)
{
	t_tmpdir();
	CHECK_EQ(exec_path("no-such"), -ENOENT);
	CHECK_EQ(exec_path(""), -ENOENT);
	CHECK_EQ(exec_path("/tmp"), -EACCES);
	CHECK_EQ(t_spit("plain", "x"), 0);
	CHECK_EQ(exec_path("plain"), -EACCES); // no x bit
	CHECK_EQ(exec_path("plain/x"), -ENOTDIR);
	CHECK_EQ(sys(chmod, "plain", 0755), 0);
	CHECK_EQ(exec_path("plain"), -ENOEXEC);
	CHECK_EQ(t_spit("empty", ""), 0);
	CHECK_EQ(sys(chmod, "empty", 0755), 0);
	CHECK_EQ(exec_path("empty"), -ENOEXEC);
	CHECK_EQ(exec_path("/dev/null"), -EACCES);
}

TEST(refusals_by_descriptor)
{
	const char *argv[] = {"x", NULL};
	long dir, plain;

	t_tmpdir();
	CHECK_EQ(t_spit("plain", "x"), 0);
	CHECK_EQ(t_spit("script", "#!/no/such\n"), 0);
	dir = sys(open, ".", O_RDONLY);
	plain = sys(open, "plain", O_RDONLY);
	CHECK_EQ(sys(execveat, dir, "plain", argv, t_envp, 0), -EACCES);
	CHECK_EQ(sys(execveat, dir, "", argv, t_envp, 0), -ENOENT);
	CHECK_EQ(sys(execveat, dir, "", argv, t_envp, AT_EMPTY_PATH), -EACCES);
	CHECK_EQ(sys(execveat, plain, "x", argv, t_envp, 0), -ENOTDIR);
	CHECK_EQ(sys(execveat, -1, "plain", argv, t_envp, 0), -EBADF);
	CHECK_EQ(sys(chmod, "plain", 0755), 0);
	CHECK_EQ(sys(chmod, "script", 0755), 0);
	CHECK_EQ(sys(execveat, dir, "plain", argv, t_envp, 0), -ENOEXEC);
	CHECK_EQ(sys(execveat, plain, "", argv, t_envp, AT_EMPTY_PATH), -ENOEXEC);
	// An interpreter would find no file to open.
	CHECK_EQ(t_spit("script", "#!/proc/self/exe\n"), 0);
	CHECK_EQ(sys(execveat, sys(open, "script", O_RDONLY | O_CLOEXEC), "", argv, t_envp, AT_EMPTY_PATH), -ENOENT);
}

static void script(const char *path, const char *interpreter)
{
	char text[256]; // more is too long for Linux

	t_snprintf(text, sizeof text, "#!%s\n", interpreter);
	CHECK_EQ(t_spit(path, text), 0);
	CHECK_EQ(sys(chmod, path, 0755), 0);
}

// It is the interpreter of s0, which is that of s1, which is...
HELPER(scripts)
{
	CHECK_EQ(t_argc, 7);
	for (int i = 0; i < 5; i++)
		CHECK(t_argv[2 + i][0] == 's' && t_argv[2 + i][1] == '0' + i);
	return 21;
}

TEST(scripts_that_cannot_run)
{
	char name[] = "s0", last[] = "s0", program[250];

	t_tmpdir();
	CHECK_EQ(t_spit("plain", "x"), 0);
	CHECK_EQ(sys(mkdir, "d", 0755), 0);
	CHECK_EQ(sys(symlink, "l", "l"), 0);
	script("s", "no");
	CHECK_EQ(exec_path("s"), -ENOENT);
	script("s", "d");
	CHECK_EQ(exec_path("s"), -EACCES);
	script("s", "plain");
	CHECK_EQ(exec_path("s"), -EACCES);
	script("s", "plain/x");
	CHECK_EQ(exec_path("s"), -ENOTDIR);
	script("s", "l");
	CHECK_EQ(exec_path("s"), -ELOOP);
	script("s", "");
	CHECK_EQ(exec_path("s"), -ENOEXEC);
	script("s", "s"); // for ever
	CHECK_EQ(exec_path("s"), -ELOOP);
	t_snprintf(program, sizeof program, "%s @scripts", t_self);
	script(name, program);
	for (int i = 1; i < 7; i++, last[1]++) {
		name[1]++;
		script(name, last);
	}
	CHECK_EQ(exec_path("s5"), -ELOOP);
	CHECK_EQ(IN_CHILD(exec_path("s4")), 21);
}

TEST(refusals_by_pointer)
{
	const char *argv[] = {"x", NULL}, *wild[] = {"x", (char *)8, NULL};
	const char *kernel[] = {(char *)0xffffffff80000000UL, NULL};

	CHECK_EQ(sys(execve, 8UL, argv, t_envp), -EFAULT);
	CHECK_EQ(sys(execve, 0xffffffff80000000UL, argv, t_envp), -EFAULT);
	CHECK_EQ(sys(execve, t_self, 8UL, t_envp), -EFAULT);
	CHECK_EQ(sys(execve, t_self, argv, 8UL), -EFAULT);
	CHECK_EQ(sys(execve, t_self, wild, t_envp), -EFAULT);
	CHECK_EQ(sys(execve, t_self, kernel, t_envp), -EFAULT);
	CHECK_EQ(sys(execve, t_self, 0xffff800000000000UL, t_envp), -EFAULT);
}

TEST(one_argument_too_long)
{
	size_t n = 128 * 1024;
	char *text = t_map(n + PAGE);
	const char *argv[] = {t_self, "@status", "21", text, NULL};

	memset(text, 'a', n);
	CHECK_EQ(sys(execve, t_self, argv, t_envp), -E2BIG);
	CHECK_EQ(sys(execveat, AT_FDCWD, t_self, argv, t_envp, 0), -E2BIG);
	text[n - 1] = 0; // 128 KiB with its NUL is the most there may be
	CHECK_EQ(IN_CHILD(sys(execve, t_self, argv, t_envp)), 21);
}

TEST(all_arguments_too_long)
{
	size_t n = 100 * 1024;
	char *text = t_map(n);
	const char **argv = t_map(2 * PAGE);

	memset(text, 'a', n - 1);
	for (int i = 0; i < 200; i++) // 20 MB: more than any stack limit allows
		argv[i] = text;
	CHECK_EQ(sys(execve, t_self, argv, t_envp), -E2BIG);
}

// argv of four, no environment: what execve says while they and their pointers are of so many bytes, with the file's name.
static long exec_with(const char *path, unsigned long total)
{
	char *text = t_map(64 * PAGE);
	const char *argv[] = {"x", "@status", "21", text, text, NULL}, *envp[] = {NULL};
	long each;

	total -= strlen(path) + 1 + sizeof "x" + sizeof "@status" + sizeof "21" + 5 * sizeof(char *);
	each = (long)(total / 2);
	memset(text, 'a', (unsigned long)each);
	argv[4] = text + total % 2; // both together are odd, or not
	text[each - 1 + (long)(total % 2)] = 0;
	if (total % 2) // the first is one longer
		text[each] = 0;
	return sys(execve, path, argv, envp);
}

// Whether such a program is started with that stack limit: 21, or 99 for E2BIG.
static int fits(unsigned long stack, unsigned long total)
{
	struct rlimit64 limit = {stack, RLIM64_INFINITY};

	return IN_CHILD({
		CHECK_EQ(sys(prlimit64, 0, RLIMIT_STACK, &limit, 0), 0);
		CHECK_EQ(exec_with(t_self, total), -E2BIG);
		t_exit(99);
	});
}

TEST(a_quarter_of_the_stack_limit_is_for_arguments)
{
	static const struct { unsigned long stack, room; } rows[] = {{1 << 20, 1 << 18}, {1 << 18, 1 << 17}, {3 << 18, 3 << 16}};

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int by = -1; by < 3; by++)
			CHECK_EQ(fits(rows[i].stack, rows[i].room + (unsigned long)by), by <= 0 ? 21 : 99);
	// But for the pointers they are all on the stack before the program begins, below a word.
	CHECK_EQ(fits(20 * PAGE, 20 * PAGE - 8 + 5 * sizeof(char *) + 1), 99);
	CHECK_EQ(fits(20 * PAGE, 17 * PAGE), 21);
}

HELPER(count)
{
	CHECK_EQ(t_argc, 1002);
	for (int i = 2; i < t_argc; i++)
		CHECK_EQ(t_number(t_argv[i]), i);
	return 16;
}

TEST(a_thousand_arguments)
{
	const char **argv = t_map(3 * PAGE);
	char *text = t_map(8 * PAGE);

	argv[0] = t_self;
	argv[1] = "@count";
	for (int i = 2; i < 1002; i++) {
		argv[i] = text;
		text += t_snprintf(text, 16, "%d", i) + 1;
	}
	CHECK_EQ(IN_CHILD(sys(execve, t_self, argv, t_envp)), 16);
}

TEST(a_full_memory_map_is_given_back)
{
	for (int i = 0; i < 10; i++)
		CHECK_EQ(IN_CHILD({
			memset(t_map(64 * PAGE), 1, 64 * PAGE);
			t_exec("status", "22", NULL);
		}),
			22);
}

HELPER(chain)
{
	char n[16];
	long left = t_number(t_argv[2]);

	if (!left)
		return 23;
	t_snprintf(n, sizeof n, "%ld", left - 1);
	t_exec("chain", n, NULL);
	return 1;
}

TEST(thirty_in_a_row)
{
	CHECK_EQ(IN_CHILD(t_exec("chain", "30", NULL)), 23);
}

// ---- a program that runs is not written, and one that is written does not run ----

static char image[4 << 20];

static long copy_of_self(int fd)
{
	long from = sys(open, t_self, O_RDONLY), n = sys(read, from, image, sizeof image);

	CHECK(n > 0 && n < (long)sizeof image);
	sys(close, from);
	return sys(write, fd, image, n) == n ? n : -1;
}

HELPER(pausing)
{
	t_spit("running", "");
	return thread_pause(NULL);
}

static long exec_file(const char *path, const char *role)
{
	const char *argv[] = {path, role, NULL};

	return sys(execve, path, argv, t_envp);
}

TEST(a_program_that_runs_is_not_written)
{
	int fd, pid;

	t_tmpdir();
	fd = (int)sys(open, "prog", O_WRONLY | O_CREAT, 0755);
	CHECK_GE(copy_of_self(fd), 1);
	sys(close, fd);
	pid = t_fork();
	if (pid == 0)
		t_exit((int)-exec_file("./prog", "@pausing"));
	UNTIL(sys(access, "running", 0) == 0);
	CHECK_EQ(sys(open, "prog", O_WRONLY), -ETXTBSY);
	CHECK_EQ(sys(open, "prog", O_RDWR | O_TRUNC), -ETXTBSY);
	CHECK_EQ(sys(open, "prog", O_RDONLY | O_TRUNC), -ETXTBSY);
	CHECK_EQ(sys(truncate, "prog", 0), -ETXTBSY);
	CHECK_GE(sys(open, "prog", O_RDONLY), 0);
	CHECK_EQ(sys(chmod, "prog", 0700), 0);
	CHECK_EQ(sys(rename, "prog", "other"), 0);
	CHECK_EQ(sys(open, "other", O_WRONLY), -ETXTBSY);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_GE(sys(open, "other", O_RDWR), 0);
}

TEST(a_program_that_is_written_does_not_run)
{
	const char *argv[] = {"prog", NULL};
	int fd, other;

	t_tmpdir();
	fd = (int)sys(open, "prog", O_WRONLY | O_CREAT, 0755);
	CHECK_GE(copy_of_self(fd), 1);
	CHECK_EQ(IN_CHILD(t_exit((int)-exec_file("./prog", "@pausing"))), ETXTBSY);
	other = (int)sys(open, "prog", O_RDWR);
	CHECK_GE(other, 0);
	sys(close, fd);
	CHECK_EQ(exec_file("./prog", "@pausing"), -ETXTBSY);
	CHECK_EQ(sys(execveat, AT_FDCWD, "prog", argv, t_envp, 0), -ETXTBSY);
	sys(close, other);
	CHECK_EQ(IN_CHILD({
		sys(alarm, 20);
		int pid = t_fork();

		if (pid == 0)
			t_exit((int)-exec_file("./prog", "@pausing"));
		UNTIL(sys(access, "running", 0) == 0);
		sys(kill, pid, SIGKILL);
	}),
		0);
}
