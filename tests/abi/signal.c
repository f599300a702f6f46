// SPDX-License-Identifier: GPL-2.0-only
//
// Signals: sending, masks, handlers and their flags, waiting for signals, interrupted calls.
#include "t.h"

static _Atomic int calls, last_sig;
static siginfo_t last_info;

static void note(int sig, siginfo_t *info, void *context)
{
	(void)context;
	calls++;
	last_sig = sig;
	last_info = *info;
}

static int me(void)
{
	return t_getpid();
}

TEST(kill_calls_the_handler)
{
	CHECK_EQ(t_action(SIGUSR1, note, SA_SIGINFO), 0);
	CHECK_EQ(sys(kill, me(), SIGUSR1), 0);
	CHECK_EQ(calls, 1); // before kill returns
	CHECK_EQ(last_sig, SIGUSR1);
	CHECK_EQ(last_info.si_signo, SIGUSR1);
	CHECK_EQ(last_info.si_code, SI_USER);
	CHECK_EQ(last_info.si_pid, me());
	CHECK_EQ(last_info.si_uid, sys(getuid));
	sys(tgkill, me(), t_gettid(), SIGUSR1);
	CHECK_EQ(last_info.si_code, SI_TKILL);
	CHECK_EQ(last_info.si_pid, me());
}

TEST(what_an_info_does_not_say_is_zero)
{
	const unsigned char *byte = (const void *)&last_info;

	CHECK_EQ(t_action(SIGUSR1, note, SA_SIGINFO), 0);
	sys(kill, me(), SIGUSR1);
	CHECK_EQ(last_info.si_signo, SIGUSR1);
	for (size_t i = 24; i < sizeof last_info; i++)
		CHECK_EQ(byte[i], 0);
}

TEST(kill_arguments)
{
	CHECK_EQ(sys(kill, me(), 0), 0);
	CHECK_EQ(sys(kill, me(), 65), -EINVAL);
	CHECK_EQ(sys(kill, me(), -1), -EINVAL);
	CHECK_EQ(sys(kill, 0x3fffffff, 0), -ESRCH);
	CHECK_EQ(sys(kill, -0x3fffffff, 0), -ESRCH);
	CHECK_EQ(sys(kill, -0x7fffffff - 1, SIGUSR1), -ESRCH);
}

TEST(kill_a_process_group)
{
	int pid[3];

	for (int i = 0; i < 3; i++) {
		pid[i] = t_fork();
		if (pid[i] == 0)
			thread_pause(NULL);
		CHECK_EQ(sys(setpgid, pid[i], pid[0]), 0);
	}
	CHECK_EQ(sys(kill, -pid[0], SIGTERM), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(t_wait(pid[i]), SIGNALLED(SIGTERM));
	CHECK_EQ(sys(kill, -pid[0], 0), -ESRCH);
}

TEST(default_actions)
{
	static const int fatal[] = {SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGKILL, SIGPIPE, SIGALRM, SIGTERM,
		SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF, SIGIO, SIGSYS, SIGXCPU, 34, 64};
	static const int ignored[] = {SIGCHLD, SIGWINCH, SIGURG, SIGCONT};

	for (unsigned i = 0; i < sizeof fatal / sizeof *fatal; i++)
		CHECK_EQ(IN_CHILD(sys(kill, me(), fatal[i]); t_sleep_ms(1000)), SIGNALLED(fatal[i]));
	for (unsigned i = 0; i < sizeof ignored / sizeof *ignored; i++)
		CHECK_EQ(IN_CHILD(sys(kill, me(), ignored[i])), 0);
}

TEST(blocked_then_unblocked)
{
	unsigned long pending;

	t_action(SIGUSR1, note, SA_SIGINFO);
	t_block(BIT(SIGUSR1));
	for (int i = 0; i < 5; i++)
		sys(kill, me(), SIGUSR1);
	CHECK_EQ(calls, 0);
	CHECK_EQ(sys(rt_sigpending, &pending, 8), 0);
	CHECK_EQ(pending, BIT(SIGUSR1));
	t_unblock(BIT(SIGUSR1));
	CHECK_EQ(calls, 1); // standard signals merge
	CHECK_EQ(sys(rt_sigpending, &pending, 8), 0);
	CHECK_EQ(pending, 0);
}

// Signals that come just while a thread changes its mask.

static _Atomic int rounds, taken;

static void count(int sig)
{
	(void)sig;
	taken++;
}

static void wait_until(_Atomic int *n, int at_least)
{
	while (*n < at_least)
		sys(sched_yield);
}

static int unblocks_and_computes(void *last)
{
	for (int i = 1; i <= *(int *)last; i++) {
		for (int k = i % 4; k; k--) {
			t_block(BIT(SIGUSR1));
			t_unblock(BIT(SIGUSR1));
		}
		t_block(BIT(SIGUSR1));
		rounds = i;
		for (volatile int k = i * 7 % 100; k; k--)
			;
		if (i % 16)
			sys(sched_yield);
		t_unblock(BIT(SIGUSR1));
		while (taken < i) // nothing but the signal itself brings it into the kernel
			;
	}
	return 0;
}

TEST(a_signal_meets_a_thread_that_unblocks_it)
{
	int last = 400;
	struct thread t;

	t_action(SIGUSR1, count, 0);
	thread_start(&t, unblocks_and_computes, &last);
	for (int i = 1; i <= last; i++) {
		wait_until(&rounds, i);
		CHECK_EQ(sys(tgkill, me(), t.id, SIGUSR1), 0);
		wait_until(&taken, i);
	}
	thread_join(&t);
	CHECK_EQ(taken, last);
}

static int unblocks_and_blocks(void *last)
{
	t_block(BIT(SIGUSR1));
	for (int i = 1; i <= *(int *)last; i++) {
		wait_until(&rounds, i);
		t_unblock(BIT(SIGUSR1));
		for (volatile int k = i * 7 % 100; k; k--)
			;
		t_block(BIT(SIGUSR1));
		wait_until(&taken, i); // here it cannot take it
	}
	return 0;
}

TEST(a_signal_to_a_process_meets_a_thread_that_blocks_it)
{
	int last = 1000;
	struct thread changes, sleeps;

	t_action(SIGUSR1, count, 0);
	thread_start(&changes, unblocks_and_blocks, &last);
	thread_start(&sleeps, thread_pause, NULL);
	t_block(BIT(SIGUSR1));
	for (int i = 1; i <= last; i++) {
		rounds = i;
		for (volatile int k = i * 13 % 300; k; k--)
			;
		CHECK_EQ(sys(kill, me(), SIGUSR1), 0);
		wait_until(&taken, i);
	}
	thread_join(&changes);
	CHECK_EQ(taken, last);
}

TEST(mask_arguments)
{
	unsigned long set = BIT(SIGUSR1), old = 0;

	CHECK_EQ(sys(rt_sigprocmask, SIG_SETMASK, &set, &old, 8), 0);
	CHECK_EQ(sys(rt_sigprocmask, SIG_SETMASK, &old, &set, 8), 0);
	CHECK_EQ(set, BIT(SIGUSR1));
	CHECK_EQ(sys(rt_sigprocmask, 7, &set, 0, 8), -EINVAL);
	CHECK_EQ(sys(rt_sigprocmask, 7, 0, 0, 8), 0); // how matters only with a set
	CHECK_EQ(sys(rt_sigprocmask, SIG_BLOCK, &set, 0, 4), -EINVAL);
	CHECK_EQ(sys(rt_sigprocmask, SIG_BLOCK, 8UL, 0, 8), -EFAULT);
	CHECK_EQ(sys(rt_sigprocmask, SIG_BLOCK, 0, 8UL, 8), -EFAULT);
	set = ~0UL;
	CHECK_EQ(sys(rt_sigprocmask, SIG_BLOCK, &set, 0, 8), 0);
	CHECK_EQ(t_mask(), ~(BIT(SIGKILL) | BIT(SIGSTOP)));
}

TEST(action_arguments)
{
	struct sigaction act = {0}, old;

	CHECK_EQ(t_action(0, note, 0), -EINVAL);
	CHECK_EQ(t_action(65, note, 0), -EINVAL);
	CHECK_EQ(t_action(-1, note, 0), -EINVAL);
	CHECK_EQ(t_action(SIGKILL, note, 0), -EINVAL);
	CHECK_EQ(t_action(SIGSTOP, SIG_IGN, 0), -EINVAL);
	CHECK_EQ(sys(rt_sigaction, SIGKILL, 0, &old, 8), 0); // asking is allowed
	CHECK_EQ(sys(rt_sigaction, SIGUSR1, &act, 0, 16), -EINVAL);
	CHECK_EQ(sys(rt_sigaction, SIGUSR1, 8UL, 0, 8), -EFAULT);
	CHECK_EQ(sys(rt_sigaction, SIGUSR1, 0, 8UL, 8), -EFAULT);
	t_action_mask(SIGUSR1, note, SA_SIGINFO | SA_RESTART, BIT(SIGUSR2) | BIT(SIGKILL));
	CHECK_EQ(sys(rt_sigaction, SIGUSR1, 0, &old, 8), 0);
	CHECK(old.sa_handler == (void *)note);
	CHECK_EQ(old.sa_flags, SA_SIGINFO | SA_RESTART | SA_RESTORER);
	CHECK_EQ(old.sa_mask, BIT(SIGUSR2)); // SIGKILL cannot be masked
}

static unsigned long mask_inside;

static void note_mask(int sig)
{
	(void)sig;
	calls++;
	mask_inside = t_mask();
}

TEST(mask_inside_a_handler)
{
	t_action_mask(SIGUSR1, note_mask, 0, BIT(SIGUSR2));
	t_block(BIT(SIGTERM));
	sys(kill, me(), SIGUSR1);
	CHECK_EQ(mask_inside, BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGTERM));
	CHECK_EQ(t_mask(), BIT(SIGTERM));
	t_action(SIGUSR1, note_mask, SA_NODEFER);
	sys(kill, me(), SIGUSR1);
	CHECK_EQ(mask_inside, BIT(SIGTERM));
}

static int depth, deepest;

static void again(int sig)
{
	if (++depth > deepest)
		deepest = depth;
	if (++calls < 5)
		sys(kill, me(), sig);
	depth--;
}

TEST(nodefer_nests_and_default_does_not)
{
	t_action(SIGUSR1, again, 0);
	sys(kill, me(), SIGUSR1);
	CHECK_EQ(calls, 5);
	CHECK_EQ(deepest, 1);
	calls = deepest = 0;
	t_action(SIGUSR1, again, SA_NODEFER);
	sys(kill, me(), SIGUSR1);
	CHECK_EQ(calls, 5);
	CHECK_EQ(deepest, 5);
}

// The way back is the program's own; a handler without one is not begun.
TEST(a_handler_needs_a_restorer)
{
	struct sigaction act = {.sa_handler = (void *)note};

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(rt_sigaction, SIGUSR1, &act, 0, 8), 0);
		sys(kill, me(), SIGUSR1);
	}),
		SIGNALLED(SIGSEGV));
}

TEST(unknown_flags_are_dropped)
{
	struct sigaction old;

	CHECK_EQ(t_action(SIGUSR1, note, 0x00000400 | SA_SIGINFO | 0x00100000), 0);
	CHECK_EQ(sys(rt_sigaction, SIGUSR1, 0, &old, 8), 0);
	CHECK_EQ(old.sa_flags, SA_SIGINFO | SA_RESTORER);
}

TEST(resethand)
{
	struct sigaction old;

	t_action(SIGUSR2, note, SA_SIGINFO | SA_RESETHAND | SA_NODEFER);
	sys(kill, me(), SIGUSR2);
	CHECK_EQ(calls, 1);
	calls = 0;
	CHECK_EQ(sys(rt_sigaction, SIGUSR2, 0, &old, 8), 0);
	CHECK(old.sa_handler == SIG_DFL);
	CHECK_EQ(old.sa_flags, SA_SIGINFO | SA_RESETHAND | SA_NODEFER | SA_RESTORER); // only the handler goes
	t_action(SIGUSR1, note, SA_SIGINFO | SA_RESETHAND);
	CHECK_EQ(IN_CHILD({
		sys(kill, me(), SIGUSR1);
		CHECK_EQ(calls, 1);
		sys(kill, me(), SIGUSR1);
	}),
		SIGNALLED(SIGUSR1));
}

static unsigned long handler_sp;
static int handler_ss;

static void note_stack(int sig)
{
	stack_t st;

	(void)sig;
	handler_sp = (unsigned long)__builtin_frame_address(0);
	sys(sigaltstack, 0, &st);
	handler_ss = st.ss_flags;
	stack_t other = {.ss_sp = t_ptr(PAGE), .ss_size = STACK_SIZE};

	depth = (int)sys(sigaltstack, &other, 0);
}

TEST(alternate_stack)
{
	char *area = t_map(STACK_SIZE);
	stack_t st = {.ss_sp = area, .ss_size = STACK_SIZE}, old;

	CHECK_EQ(sys(sigaltstack, &st, &old), 0);
	CHECK_EQ(old.ss_flags, SS_DISABLE);
	t_action(SIGUSR1, note_stack, SA_ONSTACK);
	sys(kill, me(), SIGUSR1);
	CHECK(handler_sp > (unsigned long)area && handler_sp < (unsigned long)area + STACK_SIZE);
	CHECK_EQ(handler_ss, SS_ONSTACK);
	CHECK_EQ(depth, -EPERM); // it cannot be changed while in use
	t_action(SIGUSR1, note_stack, 0);
	sys(kill, me(), SIGUSR1);
	CHECK(handler_sp < (unsigned long)area || handler_sp >= (unsigned long)area + STACK_SIZE);
	CHECK_EQ(handler_ss, 0);
}

static void note_nested(int sig)
{
	handler_sp = (unsigned long)__builtin_frame_address(0);
	if (sig == SIGUSR1) {
		unsigned long outer = handler_sp;

		sys(kill, me(), SIGUSR2);
		CHECK(handler_sp < outer && outer - handler_sp < STACK_SIZE); // further down on the same stack
		handler_sp = outer;
	}
}

TEST(alternate_stack_is_not_begun_twice)
{
	char *area = t_map(STACK_SIZE);
	stack_t st = {.ss_sp = area, .ss_size = STACK_SIZE};

	CHECK_EQ(sys(sigaltstack, &st, 0), 0);
	t_action(SIGUSR1, note_nested, SA_ONSTACK);
	t_action(SIGUSR2, note_nested, SA_ONSTACK);
	sys(kill, me(), SIGUSR1);
	CHECK(handler_sp > (unsigned long)area && handler_sp < (unsigned long)area + STACK_SIZE);
}

static void note_disarmed(int sig)
{
	stack_t st;

	(void)sig;
	sys(sigaltstack, 0, &st);
	handler_ss = st.ss_flags;
	st = (stack_t){.ss_sp = t_map(STACK_SIZE), .ss_size = STACK_SIZE};
	depth = (int)sys(sigaltstack, &st, 0);
}

TEST(alternate_stack_that_disarms_itself)
{
	stack_t st = {.ss_sp = t_map(STACK_SIZE), .ss_size = STACK_SIZE, .ss_flags = (int)SS_AUTODISARM}, now;

	CHECK_EQ(sys(sigaltstack, &st, 0), 0);
	t_action(SIGUSR1, note_disarmed, SA_ONSTACK);
	sys(kill, me(), SIGUSR1);
	CHECK_EQ(handler_ss, SS_DISABLE);
	CHECK_EQ(depth, 0); // it is not in use, so another one may be set
	CHECK_EQ(sys(sigaltstack, 0, &now), 0);
	CHECK(now.ss_sp == st.ss_sp); // but the first comes back with the frame
	CHECK_EQ((unsigned)now.ss_flags, SS_AUTODISARM);
}

TEST(alternate_stack_arguments)
{
	stack_t st = {.ss_sp = t_map(STACK_SIZE), .ss_size = 1024};

	CHECK_EQ(sys(sigaltstack, &st, 0), -ENOMEM);
	st.ss_size = STACK_SIZE;
	st.ss_flags = 0x40;
	CHECK_EQ(sys(sigaltstack, &st, 0), -EINVAL);
	st.ss_flags = SS_DISABLE;
	CHECK_EQ(sys(sigaltstack, &st, 0), 0);
	CHECK_EQ(sys(sigaltstack, 8UL, 0), -EFAULT);
	CHECK_EQ(sys(sigaltstack, 0, 8UL), -EFAULT);
}

// ---- what interrupts what ----

static void ignore_and_continue(int sig)
{
	(void)sig;
	calls++;
}

static _Atomic int *restarts;

static void count_restarts(int sig)
{
	(void)sig;
	++*restarts;
}

TEST(read_is_interrupted_or_restarted)
{
	int fds[2];
	char c;

	CHECK_EQ(sys(pipe, fds), 0);
	t_action(SIGALRM, ignore_and_continue, 0);
	t_alarms(20);
	CHECK_EQ(sys(read, fds[0], &c, 1), -EINTR);
	CHECK_GE(calls, 1);
	t_action(SIGALRM, count_restarts, SA_RESTART);
	restarts = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		UNTIL(*restarts >= 2);
		sys(write, fds[1], "x", 1);
		t_exit(0);
	}
	CHECK_EQ(sys(read, fds[0], &c, 1), 1);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(ignored_signals_do_not_interrupt)
{
	int fds[2], pid;
	char c;

	CHECK_EQ(sys(pipe, fds), 0);
	t_action(SIGUSR1, SIG_IGN, 0);
	int parent = me();

	pid = t_fork();
	if (pid == 0) {
		t_sleep_ms(10);
		sys(kill, parent, SIGUSR1);
		sys(kill, parent, SIGWINCH);
		t_sleep_ms(10);
		sys(write, fds[1], "x", 1);
		t_exit(0);
	}
	CHECK_EQ(sys(read, fds[0], &c, 1), 1);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(nanosleep_tells_what_was_left)
{
	struct timespec ts = {10, 0}, left = {0, 0};

	t_action(SIGALRM, ignore_and_continue, SA_RESTART); // sleeping is never restarted
	t_alarms(20);
	CHECK_EQ(sys(nanosleep, &ts, &left), -EINTR);
	CHECK(left.tv_sec >= 5 && left.tv_sec <= 9);
}

// A stop and a continue, for which there is no handler, only lengthen a sleep: the kernel takes up what was left of it.
TEST(sleeps_go_on_after_a_stop)
{
	enum { SLEEP, FUTEX, FUTEX_UNTIL, SELECT, N };
	int pid[N], status;

	for (int i = 0; i < N; i++) {
		pid[i] = t_fork();
		if (pid[i])
			continue;
		static _Atomic int word;
		struct timespec ts = {3, 0}, until; // time enough for four to be stopped
		long start = t_now_ms();

		sys(clock_gettime, CLOCK_MONOTONIC, &until);
		until.tv_sec += ts.tv_sec;
		if (i == SLEEP)
			CHECK_EQ(sys(nanosleep, &ts, 0), 0);
		if (i == FUTEX)
			CHECK_EQ(futex(&word, FUTEX_WAIT, 0, &ts, NULL, 0), -ETIMEDOUT);
		if (i == FUTEX_UNTIL)
			CHECK_EQ(futex(&word, FUTEX_WAIT_BITSET, 0, &until, NULL, ~0U), -ETIMEDOUT);
		if (i == SELECT)
			CHECK_EQ(sys(poll, 0, 0, 3000), 0);
		CHECK_GE(t_now_ms() - start, 2999);
		t_exit(40 + i);
	}
	for (int i = 0; i < N; i++) {
		UNTIL(t_state(pid[i]) == 'S');
		sys(kill, pid[i], SIGSTOP);
		CHECK_EQ(sys(wait4, pid[i], &status, WUNTRACED, 0), pid[i]);
		sys(kill, pid[i], SIGCONT);
	}
	for (int i = 0; i < N; i++)
		CHECK_EQ(t_wait(pid[i]), 40 + i);
}

// There is a call for that, of no use to anybody who has nothing to go on with.
TEST(nothing_to_restart)
{
	CHECK_EQ(sys(restart_syscall), -EINTR);
}

TEST(pause_returns_after_a_handler)
{
	t_action(SIGALRM, ignore_and_continue, SA_RESTART);
	t_alarms(10);
	CHECK_EQ(sys(pause), -EINTR);
	CHECK_GE(calls, 1);
}

TEST(sigsuspend)
{
	unsigned long none = 0;

	t_action(SIGUSR1, ignore_and_continue, 0);
	t_block(BIT(SIGUSR1) | BIT(SIGUSR2));
	sys(kill, me(), SIGUSR1);
	CHECK_EQ(calls, 0);
	none = BIT(SIGUSR2);
	CHECK_EQ(sys(rt_sigsuspend, &none, 8), -EINTR);
	CHECK_EQ(calls, 1);
	CHECK_EQ(t_mask(), BIT(SIGUSR1) | BIT(SIGUSR2));
	CHECK_EQ(sys(rt_sigsuspend, &none, 4), -EINVAL);
	CHECK_EQ(sys(rt_sigsuspend, 8UL, 8), -EFAULT);
}

TEST(sigtimedwait)
{
	unsigned long set = BIT(SIGUSR1) | BIT(SIGUSR2);
	struct timespec zero = {0, 0}, some = {0, 20000000}, bad = {0, 1000000000};
	siginfo_t info;

	t_block(set);
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &zero, 8), -EAGAIN);
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &some, 8), -EAGAIN);
	sys(kill, me(), SIGUSR2);
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, 0, 8), SIGUSR2);
	CHECK_EQ(info.si_code, SI_USER);
	CHECK_EQ(info.si_pid, me());
	CHECK_EQ(sys(rt_sigtimedwait, &set, 0, &bad, 8), -EINVAL);
	CHECK_EQ(sys(rt_sigtimedwait, &set, 0, 0, 4), -EINVAL);
	CHECK_EQ(sys(rt_sigtimedwait, 8UL, 0, 0, 8), -EFAULT);
	int pid = t_fork(), parent = me();

	(void)parent;
	if (pid == 0) {
		t_sleep_ms(10);
		sys(kill, sys(getppid), SIGUSR1);
		t_exit(0);
	}
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, 0, 8), SIGUSR1);
	CHECK_EQ(info.si_pid, pid);
	t_action(SIGALRM, ignore_and_continue, 0);
	t_alarms(10);
	CHECK_EQ(sys(rt_sigtimedwait, &set, 0, 0, 8), -EINTR);
	struct timespec never[] = {{10000000000, 0}, {INT64_MAX, 0}};

	for (int i = 0; i < 2; i++)
		CHECK_EQ(sys(rt_sigtimedwait, &set, 0, &never[i], 8), -EINTR);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(realtime_signals_queue_in_order)
{
	unsigned long set = BIT(40) | BIT(41);
	struct timespec zero = {0, 0};
	siginfo_t info;

	t_block(set);
	for (int i = 0; i < 3; i++) {
		memset(&info, 0, sizeof info);
		info.si_code = SI_QUEUE;
		info.si_int = 70 + i;
		CHECK_EQ(sys(rt_sigqueueinfo, me(), 41, &info), 0);
	}
	info.si_int = 90;
	CHECK_EQ(sys(rt_sigqueueinfo, me(), 40, &info), 0);
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &zero, 8), 40); // the lowest number first
	CHECK_EQ(info.si_int, 90);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &zero, 8), 41);
		CHECK_EQ(info.si_int, 70 + i);
		CHECK_EQ(info.si_code, SI_QUEUE);
	}
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &zero, 8), -EAGAIN);
}

TEST(sigpipe)
{
	int fds[2];

	CHECK_EQ(sys(pipe, fds), 0);
	sys(close, fds[0]);
	CHECK_EQ(IN_CHILD(sys(write, fds[1], "x", 1)), SIGNALLED(SIGPIPE));
	t_action(SIGPIPE, SIG_IGN, 0);
	CHECK_EQ(sys(write, fds[1], "x", 1), -EPIPE);
}

// ---- what a handler sees and may change ----

static void skip_ud2(int sig, siginfo_t *info, void *context)
{
	struct ucontext *uc = context;

	(void)sig;
	(void)info;
	uc->uc_mcontext.rip += 2;
	uc->uc_mcontext.rax = 0x77;
}

TEST(handler_may_change_the_registers)
{
	long got;

	t_action(SIGILL, skip_ud2, SA_SIGINFO);
	__asm__ volatile("xor %%eax, %%eax; ud2" : "=a"(got));
	CHECK_EQ(got, 0x77);
}

static void block_usr2(int sig, siginfo_t *info, void *context)
{
	struct ucontext *uc = context;

	(void)sig;
	(void)info;
	uc->uc_sigmask |= BIT(SIGUSR2) | BIT(SIGKILL);
}

TEST(handler_may_change_the_mask)
{
	t_action(SIGUSR1, block_usr2, SA_SIGINFO);
	sys(kill, me(), SIGUSR1);
	CHECK_EQ(t_mask(), BIT(SIGUSR2)); // and never SIGKILL
}

static void clobber(int sig)
{
	(void)sig;
	calls++;
	__asm__ volatile("xor %%eax, %%eax; xor %%ecx, %%ecx; xor %%edx, %%edx; xor %%esi, %%esi\n"
			 "xor %%edi, %%edi; xor %%r8d, %%r8d; xor %%r9d, %%r9d; xor %%r10d, %%r10d\n"
			 "xor %%r11d, %%r11d; std; cld; cmp %%eax, %%eax"
			 :
			 :
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "cc");
}

// Registers, flags and the 128 bytes below the stack pointer survive signals at any instruction.
TEST(registers_survive_a_signal)
{
	struct itimerval often = {{0, 2000}, {0, 2000}};
	long bad = 0;

	t_action(SIGALRM, clobber, 0);
	CHECK_EQ(sys(setitimer, ITIMER_REAL, &often, 0), 0);
	while (calls < 30 && !bad)
		__asm__ volatile("mov $0x1111, %%eax; mov $0x2222, %%ecx; mov $0x3333, %%edx\n"
				 "mov $0x4444, %%esi; mov $0x5555, %%edi; mov $0x6666, %%r8d\n"
				 "mov $0x7777, %%r9d; mov $0x8888, %%r10d; mov $0x9999, %%r11d\n"
				 "movq $0x1234567, -8(%%rsp); movq $0x7654321, -128(%%rsp)\n"
				 "mov $10000, %%ebx; stc\n"
				 "1: jnc 2f; cmp $0x1111, %%eax; jne 2f; cmp $0x2222, %%ecx; jne 2f\n"
				 "cmp $0x3333, %%edx; jne 2f; cmp $0x4444, %%esi; jne 2f\n"
				 "cmp $0x5555, %%edi; jne 2f; cmp $0x6666, %%r8d; jne 2f\n"
				 "cmp $0x7777, %%r9d; jne 2f; cmp $0x8888, %%r10d; jne 2f\n"
				 "cmp $0x9999, %%r11d; jne 2f\n"
				 "cmpq $0x1234567, -8(%%rsp); jne 2f\n"
				 "cmpq $0x7654321, -128(%%rsp); jne 2f\n"
				 "stc; lea -1(%%ebx), %%ebx; jrcxz 2f; nop; inc %%ebx; dec %%ebx; jz 3f\n"
				 "stc; jmp 1b\n"
				 "2: mov $1, %%eax; jmp 4f\n"
				 "3: xor %%eax, %%eax\n"
				 "4:"
				 : "=a"(bad)
				 :
				 : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "cc",
				 "memory");
	CHECK_EQ(bad, 0);
}

// ---- stop and continue ----

TEST(stop_and_continue)
{
	_Atomic long *n = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0)
		for (;;)
			++*n;
	UNTIL(*n > 0);
	sys(kill, pid, SIGSTOP);
	UNTIL(t_state(pid) == 'T');
	long then = *n;

	t_sleep_ms(30);
	CHECK_EQ(*n, then);
	sys(kill, pid, SIGCONT);
	UNTIL(*n > then);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(stop_takes_all_threads)
{
	int pid = t_fork();

	if (pid == 0) {
		struct thread t[3];

		for (int i = 0; i < 3; i++)
			thread_start(&t[i], i % 2 ? thread_spin : thread_pause, NULL);
		thread_pause(NULL);
	}
	UNTIL(t_task_state(pid, pid) == 'S');
	sys(kill, pid, SIGSTOP);
	int status;

	CHECK_EQ(sys(wait4, pid, &status, WUNTRACED, 0), pid);
	CHECK(W_STOPPED(status));
	for (int tid = pid; tid < pid + 4; tid++)
		CHECK(t_task_state(pid, tid) == 'T' || t_task_state(pid, tid) == 0);
	sys(kill, pid, SIGKILL); // wakes the stopped
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(continue_runs_its_handler)
{
	int pid = t_fork();

	if (pid == 0) {
		t_action(SIGCONT, ignore_and_continue, 0);
		sys(kill, me(), SIGSTOP);
		t_exit(calls);
	}
	UNTIL(t_state(pid) == 'T');
	sys(kill, pid, SIGCONT);
	CHECK_EQ(t_wait(pid), 1);
}

TEST(continue_and_stop_cancel_each_other)
{
	unsigned long pending;

	t_block(BIT(SIGTSTP) | BIT(SIGCONT));
	sys(kill, me(), SIGTSTP);
	sys(kill, me(), SIGCONT);
	sys(rt_sigpending, &pending, 8);
	CHECK_EQ(pending, BIT(SIGCONT));
	sys(kill, me(), SIGTSTP);
	sys(rt_sigpending, &pending, 8);
	CHECK_EQ(pending, BIT(SIGTSTP));
	sys(kill, me(), SIGCONT);
	t_action(SIGCONT, SIG_IGN, 0);
}

TEST(nocldstop)
{
	t_action(SIGCHLD, ignore_and_continue, SA_NOCLDSTOP);
	int pid = t_fork(), status;

	if (pid == 0)
		thread_pause(NULL);
	sys(kill, pid, SIGSTOP);
	while (sys(wait4, pid, &status, WUNTRACED, 0) != pid)
		;
	CHECK_EQ(calls, 0);
	sys(kill, pid, SIGKILL);
	UNTIL(calls == 1);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(sigchld_for_a_stop)
{
	unsigned long chld = BIT(SIGCHLD);
	struct timespec soon = {20, 0};
	siginfo_t info;

	t_block(chld);
	int pid = t_fork();

	if (pid == 0)
		thread_pause(NULL);
	sys(kill, pid, SIGSTOP);
	CHECK_EQ(sys(rt_sigtimedwait, &chld, &info, &soon, 8), SIGCHLD);
	CHECK_EQ(info.si_code, CLD_STOPPED);
	CHECK_EQ(info.si_status, SIGSTOP);
	sys(kill, pid, SIGCONT);
	CHECK_EQ(sys(rt_sigtimedwait, &chld, &info, &soon, 8), SIGCHLD);
	CHECK_EQ(info.si_code, CLD_CONTINUED);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
}

TEST(two_processes_signal_each_other)
{
	enum { N = 300 };
	_Atomic int *n = t_map_shared(PAGE);

	t_action(SIGUSR1, ignore_and_continue, 0);
	t_block(BIT(SIGUSR1));
	unsigned long usr1 = BIT(SIGUSR1);
	int parent = me(), pid = t_fork();

	for (int i = 0; i < N; i++) {
		if (pid)
			sys(kill, pid, SIGUSR1);
		CHECK_EQ(sys(rt_sigtimedwait, &usr1, 0, 0, 8), SIGUSR1);
		if (!pid)
			sys(kill, parent, SIGUSR1);
		++*n;
	}
	if (!pid)
		t_exit(0);
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(*n, 2 * N);
}

TEST(ignoring_discards_what_is_pending)
{
	unsigned long pending;

	t_block(BIT(SIGUSR1));
	sys(kill, me(), SIGUSR1);
	t_action(SIGUSR1, SIG_IGN, 0);
	sys(rt_sigpending, &pending, 8);
	CHECK_EQ(pending, 0);
}

TEST(a_blocked_fault_is_fatal)
{
	t_action(SIGSEGV, note, SA_SIGINFO);
	CHECK_EQ(IN_CHILD(t_block(BIT(SIGSEGV)); *(volatile char *)t_ptr(8) = 1), SIGNALLED(SIGSEGV));
	t_action(SIGSEGV, SIG_IGN, 0);
	CHECK_EQ(IN_CHILD(*(volatile char *)t_ptr(8) = 1), SIGNALLED(SIGSEGV));
}
