// SPDX-License-Identifier: GPL-2.0-only
//
// What a process is called and belongs to: prctl, groups and sessions, identity, limits, uname.
#include "t.h"

#include <linux/capability.h>
#include <linux/personality.h>

static char name[64], buf[4096];

TEST(names)
{
	CHECK_EQ(sys(prctl, PR_SET_NAME, "0123456789abcdefgh", 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_GET_NAME, name, 0, 0, 0), 0);
	CHECK(!strcmp(name, "0123456789abcde")); // fifteen and a NUL
	CHECK_EQ(t_slurp("/proc/self/comm", buf, sizeof buf), 16);
	CHECK(!strcmp(buf, "0123456789abcde\n"));
	CHECK_EQ(sys(prctl, PR_SET_NAME, 8UL, 0, 0, 0), -EFAULT);
	CHECK_EQ(sys(prctl, PR_GET_NAME, 8UL, 0, 0, 0), -EFAULT);
}

static int set_name(void *arg)
{
	return (int)sys(prctl, PR_SET_NAME, arg, 0, 0, 0);
}

// What means little here is remembered and told again.
HELPER(asks)
{
	return (int)sys(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0) + 2 * (sys(prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0) == 7000);
}

TEST(prctl_remembers)
{
	CHECK_EQ(sys(prctl, PR_GET_TIMING, 0, 0, 0, 0), PR_TIMING_STATISTICAL);
	CHECK_EQ(sys(prctl, PR_SET_TIMING, PR_TIMING_STATISTICAL, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_SET_TIMING, PR_TIMING_TIMESTAMP, 0, 0, 0), -EINVAL);

	CHECK_EQ(sys(prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0), 50000);
	CHECK_EQ(sys(prctl, PR_SET_TIMERSLACK, 7000, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0), 7000);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0), 7000);
		CHECK_EQ(sys(prctl, PR_SET_TIMERSLACK, 9, 0, 0, 0), 0);
		CHECK_EQ(sys(prctl, PR_SET_TIMERSLACK, 0, 0, 0, 0), 0); // as it was born
		CHECK_EQ(sys(prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0), 7000);
	}),
		0);

	CHECK_EQ(sys(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_GET_THP_DISABLE, 1, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_THP_DISABLE, 1, 1, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0), 1);
	CHECK_EQ(IN_CHILD(t_exec("asks", NULL, NULL)), 3);
	CHECK_EQ(sys(prctl, PR_SET_THP_DISABLE, 0, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
}

TEST(prctl_of_broken_memory_and_of_who_writes)
{
	CHECK_EQ(sys(prctl, PR_TASK_PERF_EVENTS_DISABLE, 0, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_TASK_PERF_EVENTS_ENABLE, 0, 0, 0, 0), 0);

	CHECK_EQ(sys(prctl, PR_MCE_KILL_GET, 0, 0, 0, 0), PR_MCE_KILL_DEFAULT);
	CHECK_EQ(sys(prctl, PR_MCE_KILL_GET, 1, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 1, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_MCE_KILL, PR_MCE_KILL_SET, 3, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_MCE_KILL, PR_MCE_KILL_CLEAR, 1, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_MCE_KILL, 2, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0), 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(prctl, PR_MCE_KILL_GET, 0, 0, 0, 0), PR_MCE_KILL_EARLY)), 0);
	CHECK_EQ(sys(prctl, PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_LATE, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_MCE_KILL_GET, 0, 0, 0, 0), PR_MCE_KILL_LATE);
	CHECK_EQ(sys(prctl, PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_MCE_KILL_GET, 0, 0, 0, 0), PR_MCE_KILL_DEFAULT);

	CHECK_EQ(IN_CHILD({
		if (!sys(getuid))
			CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(prctl, PR_SET_IO_FLUSHER, 1, 0, 0, 0), -EPERM);
		CHECK_EQ(sys(prctl, PR_GET_IO_FLUSHER, 1, 0, 0, 0), -EPERM);
	}), 0);
	if (sys(prctl, PR_GET_IO_FLUSHER, 0, 0, 0, 0) == -EPERM)
		SKIP("needs CAP_SYS_RESOURCE");
	CHECK_EQ(sys(prctl, PR_GET_IO_FLUSHER, 0, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_GET_IO_FLUSHER, 0, 0, 1, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_IO_FLUSHER, 2, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_IO_FLUSHER, 1, 1, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_IO_FLUSHER, 1, 0, 0, 0), 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(prctl, PR_GET_IO_FLUSHER, 0, 0, 0, 0), 1)), 0);
	CHECK_EQ(sys(prctl, PR_SET_IO_FLUSHER, 0, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_GET_IO_FLUSHER, 0, 0, 0, 0), 0);
}

TEST(a_thread_has_its_own_name)
{
	struct thread t;

	sys(prctl, PR_SET_NAME, "leader", 0, 0, 0);
	thread_start(&t, set_name, "worker");
	thread_join(&t);
	CHECK_EQ(sys(prctl, PR_GET_NAME, name, 0, 0, 0), 0);
	CHECK(!strcmp(name, "leader"));
}

TEST(subreaper_flag)
{
	int on = 9;

	CHECK_EQ(sys(prctl, PR_GET_CHILD_SUBREAPER, &on, 0, 0, 0), 0);
	CHECK_EQ(on, 0); // not inherited
	CHECK_EQ(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_GET_CHILD_SUBREAPER, &on, 0, 0, 0), 0);
	CHECK_EQ(on, 1);
	CHECK_EQ(sys(prctl, PR_GET_CHILD_SUBREAPER, 8UL, 0, 0, 0), -EFAULT);
}

TEST(parent_death_signal_value)
{
	int sig = 9;

	CHECK_EQ(sys(prctl, PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_GET_PDEATHSIG, &sig, 0, 0, 0), 0);
	CHECK_EQ(sig, SIGUSR1);
	CHECK_EQ(sys(prctl, PR_SET_PDEATHSIG, 65, 0, 0, 0), -EINVAL);
	CHECK_EQ(IN_CHILD({
		sys(prctl, PR_GET_PDEATHSIG, &sig, 0, 0, 0);
		CHECK_EQ(sig, 0); // not inherited
	}),
		0);
	CHECK_EQ(sys(prctl, 123456, 0, 0, 0, 0), -EINVAL);
}

TEST(process_groups)
{
	int me = t_getpid();

	CHECK_EQ(sys(getpgid, 0), me); // the harness made it so
	CHECK_EQ(sys(getpgrp), me);
	int pid = t_fork();

	if (pid == 0)
		thread_pause(NULL);
	CHECK_EQ(sys(getpgid, pid), me);
	CHECK_EQ(sys(setpgid, pid, pid), 0);
	CHECK_EQ(sys(getpgid, pid), pid);
	CHECK_EQ(sys(setpgid, pid, 0x3fffffff), -EPERM); // no such group
	CHECK_EQ(sys(setpgid, pid, -1), -EINVAL);
	CHECK_EQ(sys(setpgid, 1, me), -ESRCH); // not our child
	CHECK_EQ(sys(getpgid, 0x3fffffff), -ESRCH);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
}

HELPER(sleeper)
{
	thread_pause(NULL);
	return 0;
}

TEST(process_group_of_one_who_has_execed)
{
	int pid = t_fork();

	if (pid == 0) {
		if (t_on_thaw) {	// where its memory is new, and nothing else yet
			t_snprintf(buf, sizeof buf, "exec_done %d 50", t_getpid());
			CHECK_EQ(t_spit("/sys/kernel/debug/pause", buf), 0);
		}
		t_exec("sleeper", NULL, NULL);
	}
	UNTIL(t_snprintf(buf, 64, "/proc/%d/cmdline", pid) && t_slurp(buf, buf, sizeof buf) > 0 &&
		strlen(buf) && !strcmp(buf + strlen(buf) + 1, "@sleeper"));
	CHECK_EQ(sys(setpgid, pid, pid), -EACCES);
	if (t_on_thaw)
		CHECK_EQ(t_spit("/sys/kernel/debug/pause", "\n"), 0);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
}

TEST(sessions)
{
	CHECK_EQ(sys(setsid), -EPERM); // we lead a group
	CHECK_EQ(IN_CHILD({
		int me = t_getpid();

		CHECK_EQ(sys(setsid), me);
		CHECK_EQ(sys(getsid, 0), me);
		CHECK_EQ(sys(getpgid, 0), me);
		CHECK_EQ(sys(setsid), -EPERM);
		CHECK_EQ(sys(setpgid, 0, 0), -EPERM); // a session leader stays
		CHECK(sys(getsid, sys(getppid)) != me);
	}),
		0);
	CHECK_EQ(sys(getsid, 0x3fffffff), -ESRCH);
}

TEST(a_group_in_another_session_is_out_of_reach)
{
	_Atomic int *ready = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		sys(setsid);
		*ready = 1;
		thread_pause(NULL);
	}
	UNTIL(*ready);
	CHECK_EQ(sys(setpgid, pid, t_getpid()), -EPERM);
	CHECK_EQ(sys(setpgid, 0, pid), -EPERM);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
}

TEST(identity)
{
	CHECK_EQ(sys(getuid), sys(geteuid));
	CHECK_EQ(sys(getgid), sys(getegid));
	CHECK_GE(sys(getuid), 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(getpgid, 0), sys(getppid))), 0);
}

TEST(limits)
{
	struct rlimit limit, other;

	CHECK_EQ(sys(getrlimit, RLIMIT_NOFILE, &limit), 0);
	CHECK(limit.rlim_cur <= limit.rlim_max);
	CHECK_EQ(sys(getrlimit, RLIMIT_STACK, &limit), 0);
	CHECK(limit.rlim_cur >= 64 * 1024);
	CHECK_EQ(sys(prlimit64, 0, RLIMIT_STACK, 0, &other), 0);
	CHECK_EQ(other.rlim_cur, limit.rlim_cur);
	limit.rlim_cur = 10;
	limit.rlim_max = 5;
	CHECK_EQ(sys(setrlimit, RLIMIT_NOFILE, &limit), -EINVAL);
	CHECK_EQ(sys(getrlimit, 99, &limit), -EINVAL);
	CHECK_EQ(sys(getrlimit, RLIMIT_STACK, 8UL), -EFAULT);
	CHECK_EQ(sys(setrlimit, RLIMIT_STACK, 8UL), -EFAULT);
	limit.rlim_cur = limit.rlim_max = 30;
	CHECK_EQ(sys(setrlimit, RLIMIT_NOFILE, &limit), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(getrlimit, RLIMIT_NOFILE, &other), 0);
		CHECK_EQ(other.rlim_cur, 30);
	}),
		0);
}

TEST(uname)
{
	struct new_utsname uts;

	CHECK_EQ(sys(uname, &uts), 0);
	CHECK(strlen(uts.sysname) > 0 && strlen(uts.release) > 0);
	CHECK(!strcmp(uts.machine, "x86_64"));
	CHECK_EQ(sys(uname, 8UL), -EFAULT);
}

TEST(random_bytes)
{
	unsigned char a[64] = {0}, b[64] = {0};

	CHECK_EQ(sys(getrandom, a, sizeof a, 0), sizeof a);
	CHECK_EQ(sys(getrandom, b, sizeof b, 0), sizeof b);
	CHECK(memcmp(a, b, sizeof a));
	CHECK_EQ(sys(getrandom, a, sizeof a, 0x100), -EINVAL);
	CHECK_EQ(sys(getrandom, 8UL, sizeof a, 0), -EFAULT);
}

TEST(umask)
{
	long old = sys(umask, 0777);

	CHECK_EQ(sys(umask, 01777 | 022), 0777);
	CHECK_EQ(sys(umask, old), 0777);
}

TEST(usage_of_children)
{
	enum { PAGES = 50 };
	struct rusage before, after;

	CHECK_EQ(sys(getrusage, RUSAGE_CHILDREN, &before), 0);
	CHECK_EQ(IN_CHILD({
		struct rusage own = {0};
		char *p = t_map(PAGES * PAGE);

		for (int i = 0; i < PAGES; i++)
			p[i * PAGE] = 1;
		while (!own.ru_nvcsw) { // a sleep that is over before it began is none
			t_sleep_ms(5);
			CHECK_EQ(sys(getrusage, RUSAGE_SELF, &own), 0);
		}
	}),
		0);
	CHECK_EQ(sys(getrusage, RUSAGE_CHILDREN, &after), 0);
	CHECK_GE(after.ru_minflt - before.ru_minflt, PAGES);
	CHECK_GE(after.ru_nvcsw - before.ru_nvcsw, 1);
}

TEST(name_spaces_that_cannot_be_joined)
{
	long null = sys(open, "/dev/null", O_RDONLY);

	CHECK_EQ(sys(setns, -1, 0), -EBADF);
	CHECK_EQ(sys(setns, 99, CLONE_NEWUTS), -EBADF);
	CHECK_EQ(sys(setns, null, 0), -EINVAL);
	CHECK_EQ(sys(setns, null, CLONE_NEWUTS), -EINVAL);
	CHECK_EQ(sys(unshare, 1), -EINVAL);
	CHECK_EQ(IN_CHILD({
		if (sys(geteuid) == 0)
			CHECK_EQ(sys(setresuid, 65534, 65534, 65534), 0);
		CHECK_EQ(sys(unshare, CLONE_NEWUTS), -EPERM);
		CHECK_EQ(sys(unshare, CLONE_NEWIPC | CLONE_FILES), -EPERM);
	}),
		0);
}

static char text[8192];

HELPER(personality)
{
	CHECK_EQ(sys(personality, 0xffffffff), PER_BSD | STICKY_TIMEOUTS);
	return 0;
}

HELPER(page_zero)
{
	CHECK_GE(t_slurp("/proc/self/maps", buf, sizeof buf), 23);
	return strncmp(buf, "00000000-00001000 r-xp ", 23) ? 8 : 7;
}

TEST(a_page_at_zero)
{
	if (sys(geteuid))
		SKIP("needs root");
	CHECK_EQ(sys(personality, MMAP_PAGE_ZERO), 0);
	CHECK_EQ(IN_CHILD(t_exec("page_zero", NULL, NULL)), 7);
	CHECK_EQ(IN_CHILD(sys(prctl, PR_CAPBSET_DROP, CAP_SYS_RAWIO, 0, 0, 0); t_exec("page_zero", NULL, NULL)), 8);
	CHECK_EQ(sys(personality, 0), MMAP_PAGE_ZERO);
	CHECK_EQ(IN_CHILD(t_exec("page_zero", NULL, NULL)), 8);
}

TEST(another_personality)
{
	struct new_utsname un;

	CHECK_EQ(sys(personality, 0xffffffff), 0);
	CHECK_EQ(sys(personality, PER_BSD | STICKY_TIMEOUTS | READ_IMPLIES_EXEC), 0);
	CHECK_EQ(sys(personality, 0xffffffff), PER_BSD | STICKY_TIMEOUTS | READ_IMPLIES_EXEC);
	CHECK_EQ(t_slurp("/proc/self/personality", text, sizeof text), 9);
	CHECK(!strcmp(text, "04400006\n"));
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(personality, PER_LINUX), PER_BSD | STICKY_TIMEOUTS | READ_IMPLIES_EXEC)), 0);
	CHECK_EQ(IN_CHILD(t_exec("personality", NULL, NULL)), 0);
	CHECK_EQ(sys(personality, 0x7fffffff), PER_BSD | STICKY_TIMEOUTS | READ_IMPLIES_EXEC); // anything is one
	CHECK_EQ(sys(personality, PER_LINUX32), 0x7fffffff);
	CHECK_EQ(sys(uname, &un), 0);
	CHECK(!strcmp(un.machine, "i686"));
	CHECK_EQ(sys(personality, UNAME26), PER_LINUX32);
	CHECK_EQ(sys(uname, &un), 0);
	CHECK(!strncmp(un.release, "2.6.", 4));
	CHECK(!strcmp(un.machine, "x86_64"));
}

TEST(times_that_stick)
{
	struct timespec ts = {0, 2000000};
	struct timeval tv = {0, 2000};

	CHECK_EQ(sys(personality, STICKY_TIMEOUTS), 0);
	CHECK_EQ(sys(ppoll, 0, 0, &ts, 0, 0), 0);
	CHECK_EQ(ts.tv_nsec, 2000000);
	CHECK_EQ(sys(select, 0, 0, 0, 0, &tv), 0);
	CHECK_EQ(tv.tv_usec, 2000);
	CHECK_EQ(sys(pselect6, 0, 0, 0, 0, &ts, 0), 0);
	CHECK_EQ(ts.tv_nsec, 2000000);
	CHECK_EQ(sys(personality, 0), STICKY_TIMEOUTS);
	CHECK_EQ(sys(ppoll, 0, 0, &ts, 0, 0), 0);
	CHECK_EQ(ts.tv_nsec, 0);
}

static bool may_run(char *p)
{
	char line[40];

	CHECK_GE(t_slurp("/proc/self/maps", text, sizeof text), 1);
	t_snprintf(line, sizeof line, "%lx-", (unsigned long)p);
	char *at = strstr(text, line);
	CHECK(at != NULL);
	return strchr(at, ' ')[3] == 'x';
}

TEST(what_can_be_read_can_run)
{
	char *before = t_ptr((unsigned long)sys(mmap, 0x10000000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)), *p;

	CHECK(!may_run(before));
	CHECK_EQ(sys(personality, READ_IMPLIES_EXEC), 0);
	p = t_ptr((unsigned long)sys(mmap, 0x20000000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	CHECK(may_run(p));
	CHECK(!may_run(before));
	CHECK_EQ(sys(mprotect, before, PAGE, PROT_READ | PROT_WRITE), 0);
	CHECK(may_run(before));
	CHECK_EQ(sys(mprotect, before, PAGE, PROT_WRITE), 0);
	CHECK(!may_run(before));
}

// Cookies keep the threads of one core apart. PR_SCHED_CORE is 62; Debian's kernel is built without it.
TEST(threads_of_a_core)
{
	long ret = sys(prctl, 62, 0, 0, 0, 0);

	CHECK(ret == -EINVAL || !t_own_machine);
}

TEST(the_processor_says_what_it_is)
{
	CHECK_EQ(sys(arch_prctl, ARCH_GET_CPUID, 0), 1);
	long ret = sys(arch_prctl, ARCH_SET_CPUID, 1); // some processors can stop saying it, QEMU's cannot

	CHECK(ret == -ENODEV || (ret == 0 && !t_own_machine));
	CHECK_EQ(sys(arch_prctl, 0x1999, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_SPECULATION_CTRL, 99, PR_SPEC_ENABLE, 0, 0), -ENODEV);
	CHECK_EQ(sys(prctl, PR_GET_SPECULATION_CTRL, 99, 0, 0, 0), -ENODEV);
	CHECK_EQ(sys(prctl, PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 1, 0, 0), -EINVAL);
	CHECK_GE(sys(prctl, PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0), 0);
	ret = sys(prctl, PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_DISABLE, 0, 0);
	CHECK(ret == -ENXIO || (ret == 0 && !t_on_thaw)); // some kernels can
	CHECK_EQ(sys(prctl, PR_SET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, 1, 0, 0), -ERANGE);
	CHECK_EQ(sys(prctl, PR_SET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, 1UL << 32 | PR_SPEC_ENABLE, 0, 0), -ERANGE);
	CHECK_EQ(sys(prctl, PR_SET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, PR_SPEC_ENABLE, 1, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, PR_SPEC_ENABLE, 0, 0), 0);
	CHECK_GE(sys(prctl, PR_GET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, 0, 0, 0), 0);
	ret = sys(prctl, PR_SET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, PR_SPEC_DISABLE, 0, 0);
	CHECK(ret == -EPERM || (ret == 0 && !t_on_thaw));
	ret = sys(prctl, PR_GET_SPECULATION_CTRL, PR_SPEC_L1D_FLUSH, 0, 0, 0);
	CHECK(ret == PR_SPEC_FORCE_DISABLE || !t_on_thaw);
	ret = sys(prctl, PR_SET_SPECULATION_CTRL, PR_SPEC_L1D_FLUSH, PR_SPEC_ENABLE, 0, 0);
	CHECK(ret == -EPERM || (ret == 0 && !t_on_thaw)); // l1d_flush=on
}
