// SPDX-License-Identifier: GPL-2.0-only
//
// Who a thread is and what that lets it do to others: user and group ids, capabilities, prctl's
// part in them, the right to send a signal. Everything that needs root is skipped without it.
#include "t.h"

#include <linux/capability.h>
#include <linux/securebits.h>

#define NOBODY 65534
#define OTHER 12345

static unsigned r, e, s;

static void need_root(void)
{
	if (sys(geteuid) != 0)
		SKIP("not root");
}

// The calling process becomes a plain user.
static void become(unsigned id)
{
	CHECK_EQ(sys(setgroups, 0, NULL), 0);
	CHECK_EQ(sys(setresgid, id, id, id), 0);
	CHECK_EQ(sys(setresuid, id, id, id), 0);
}

static void uids_are(unsigned wr, unsigned we, unsigned ws)
{
	CHECK_EQ(sys(getresuid, &r, &e, &s), 0);
	CHECK_EQ(r, wr);
	CHECK_EQ(e, we);
	CHECK_EQ(s, ws);
	CHECK_EQ(sys(getuid), wr);
	CHECK_EQ(sys(geteuid), we);
}

static void gids_are(unsigned wr, unsigned we, unsigned ws)
{
	CHECK_EQ(sys(getresgid, &r, &e, &s), 0);
	CHECK_EQ(r, wr);
	CHECK_EQ(e, we);
	CHECK_EQ(s, ws);
	CHECK_EQ(sys(getgid), wr);
	CHECK_EQ(sys(getegid), we);
}

// ---- user ids ----

TEST(setuid_of_root_is_for_good)
{
	need_root();
	CHECK_EQ(sys(setuid, -1), -EINVAL);
	CHECK_EQ(sys(setuid, NOBODY), 0);
	uids_are(NOBODY, NOBODY, NOBODY);
	CHECK_EQ(sys(setuid, 0), -EPERM);
	CHECK_EQ(sys(setuid, NOBODY), 0);
	CHECK_EQ(sys(setgid, 5), -EPERM);
	CHECK_EQ(sys(setgid, -1), -EINVAL);
}

TEST(setuid_of_a_user_moves_between_real_and_saved)
{
	need_root();
	CHECK_EQ(sys(setresuid, OTHER, NOBODY, OTHER + 1), 0);
	CHECK_EQ(sys(setuid, OTHER), 0);
	uids_are(OTHER, OTHER, OTHER + 1);
	CHECK_EQ(sys(setuid, OTHER + 1), 0);
	uids_are(OTHER, OTHER + 1, OTHER + 1);
	CHECK_EQ(sys(setuid, NOBODY), -EPERM);
}

TEST(setresuid)
{
	need_root();
	CHECK_EQ(sys(setresuid, OTHER, 0, OTHER), 0);
	uids_are(OTHER, 0, OTHER);
	CHECK_EQ(sys(setresuid, -1, OTHER + 1, -1), 0);
	uids_are(OTHER, OTHER + 1, OTHER);
	CHECK_EQ(sys(setresuid, -1, 0, -1), -EPERM);
	CHECK_EQ(sys(setresuid, 0, -1, -1), -EPERM);
	CHECK_EQ(sys(setresuid, -1, -1, 0), -EPERM);
	CHECK_EQ(sys(setresuid, OTHER + 1, OTHER, OTHER + 1), 0);
	uids_are(OTHER + 1, OTHER, OTHER + 1);
	CHECK_EQ(sys(getresuid, 8UL, &e, &s), -EFAULT);
	CHECK_EQ(sys(getresuid, &r, 8UL, &s), -EFAULT);
	CHECK_EQ(sys(getresuid, &r, &e, 8UL), -EFAULT);
}

TEST(setreuid_and_the_saved_id)
{
	need_root();
	CHECK_EQ(sys(setreuid, -1, OTHER), 0); // differs from the real one: saved too
	uids_are(0, OTHER, OTHER);
	CHECK_EQ(sys(setreuid, -1, 0), 0); // the real one
	uids_are(0, 0, OTHER);
	CHECK_EQ(sys(setreuid, OTHER, NOBODY), 0);
	uids_are(OTHER, NOBODY, NOBODY);
	CHECK_EQ(sys(setreuid, 0, -1), -EPERM);
	CHECK_EQ(sys(setreuid, -1, 0), -EPERM);
	CHECK_EQ(sys(setreuid, NOBODY, OTHER), 0);
	uids_are(NOBODY, OTHER, OTHER);
}

TEST(group_ids)
{
	need_root();
	CHECK_EQ(sys(setresgid, 1, 2, 3), 0);
	gids_are(1, 2, 3);
	CHECK_EQ(sys(setregid, -1, 1), 0);
	gids_are(1, 1, 3);
	CHECK_EQ(sys(setregid, 4, 5), 0);
	gids_are(4, 5, 5);
	CHECK_EQ(sys(setgid, 6), 0);
	gids_are(6, 6, 6);
	CHECK_EQ(sys(setresgid, 6, 7, 8), 0);
	CHECK_EQ(sys(setuid, OTHER), 0);
	CHECK_EQ(sys(setgid, 8), 0);
	gids_are(6, 8, 8);
	CHECK_EQ(sys(setgid, 7), -EPERM);
	CHECK_EQ(sys(setresgid, 7, -1, -1), -EPERM);
	CHECK_EQ(sys(setresgid, -1, 7, -1), -EPERM);
	CHECK_EQ(sys(setresgid, -1, -1, 7), -EPERM);
	CHECK_EQ(sys(setregid, 7, -1), -EPERM);
	CHECK_EQ(sys(setregid, -1, 7), -EPERM);
	CHECK_EQ(sys(getresgid, 8UL, &e, &s), -EFAULT);
}

TEST(file_system_ids)
{
	need_root();
	CHECK_EQ(sys(setfsuid, OTHER), 0); // each call tells the old one
	CHECK_EQ(sys(setfsuid, -1), OTHER);
	CHECK_EQ(sys(setfsuid, 0), OTHER);
	CHECK_EQ(sys(setfsgid, OTHER), 0);
	CHECK_EQ(sys(setfsgid, -1), OTHER);
	become(NOBODY);
	CHECK_EQ(sys(setfsuid, OTHER), NOBODY); // follows the effective one; refused in silence
	CHECK_EQ(sys(setfsuid, -1), NOBODY);
	CHECK_EQ(sys(setfsgid, OTHER), NOBODY);
	CHECK_EQ(sys(setfsgid, -1), NOBODY);
}

TEST(ids_are_a_threads_own)
{
	need_root();
	CHECK_EQ(IN_CHILD({
		become(NOBODY);
		CHECK_EQ(IN_CHILD(uids_are(NOBODY, NOBODY, NOBODY)), 0);
	}),
		0);
	uids_are(0, 0, 0);
}

static char text[8192];

TEST(status_shows_them)
{
	unsigned list[3] = {9, 7, 8};

	need_root();
	CHECK_EQ(sys(setgroups, 3, list), 0);
	CHECK_EQ(sys(setresgid, 4, 5, 6), 0);
	CHECK_EQ(sys(setresuid, 1, 2, 3), 0);
	CHECK_GE(t_slurp("/proc/self/status", text, sizeof text), 1);
	CHECK(strstr(text, "\nUid:\t1\t2\t3\t2\n"));
	CHECK(strstr(text, "\nGid:\t4\t5\t6\t5\n"));
	CHECK(strstr(text, "\nGroups:\t7 8 9 \n"));
	CHECK(strstr(text, "\nCapEff:\t0000000000000000\n"));
	CHECK(strstr(text, "\nNoNewPrivs:\t0\n"));
}

// ---- supplementary groups ----

TEST(groups)
{
	static unsigned list[70000], got[8];

	need_root();
	list[0] = 30, list[1] = 10, list[2] = 20;
	CHECK_EQ(sys(setgroups, 3, list), 0);
	CHECK_EQ(sys(getgroups, 0, NULL), 3);
	CHECK_EQ(sys(getgroups, 2, got), -EINVAL);
	CHECK_EQ(sys(getgroups, -1, got), -EINVAL);
	CHECK_EQ(sys(getgroups, 3, 8UL), -EFAULT);
	CHECK_EQ(sys(getgroups, 8, got), 3);
	CHECK(got[0] == 10 && got[1] == 20 && got[2] == 30);
	CHECK_EQ(sys(setgroups, 65537, list), -EINVAL);
	CHECK_EQ(sys(setgroups, -1, list), -EINVAL);
	CHECK_EQ(sys(setgroups, 2, 8UL), -EFAULT);
	list[1] = -1;
	CHECK_EQ(sys(setgroups, 3, list), -EINVAL);
	CHECK_EQ(sys(getgroups, 0, NULL), 3);
	for (unsigned i = 0; i < 65536; i++)
		list[i] = i * 7919 % 65536;
	CHECK_EQ(sys(setgroups, 65536, list), 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(getgroups, 0, NULL), 65536)), 0);
	CHECK_EQ(sys(setgroups, 0, NULL), 0);
	CHECK_EQ(sys(getgroups, 0, NULL), 0);
	become(NOBODY);
	CHECK_EQ(sys(setgroups, 0, NULL), -EPERM);
}

// ---- capabilities ----

static struct __user_cap_header_struct head;
static struct __user_cap_data_struct caps[2];

static long capget(int pid)
{
	head = (struct __user_cap_header_struct){_LINUX_CAPABILITY_VERSION_3, pid};
	return sys(capget, &head, caps);
}

static long capset(void)
{
	head = (struct __user_cap_header_struct){_LINUX_CAPABILITY_VERSION_3, 0};
	return sys(capset, &head, caps);
}

static bool effective(int cap)
{
	CHECK_EQ(capget(0), 0);
	return caps[cap / 32].effective >> cap % 32 & 1;
}

static bool permitted(int cap)
{
	CHECK_EQ(capget(0), 0);
	return caps[cap / 32].permitted >> cap % 32 & 1;
}

TEST(capget_errors)
{
	head.version = 0x12345;
	CHECK_EQ(sys(capget, &head, caps), -EINVAL);
	CHECK_EQ(head.version, _LINUX_CAPABILITY_VERSION_3); // the newest one
	head.version = 0;
	CHECK_EQ(sys(capget, &head, NULL), 0);
	CHECK_EQ(head.version, _LINUX_CAPABILITY_VERSION_3);
	CHECK_EQ(sys(capget, 8UL, caps), -EFAULT);
	CHECK_EQ(sys(capget, &head, 8UL), -EFAULT);
	CHECK_EQ(capget(-1), -EINVAL);
	CHECK_EQ(capget(0x3fffffff), -ESRCH);
	CHECK_EQ(capget(t_getpid()), 0);
	CHECK_EQ(capget(1), 0); // anybody's
	head.version = _LINUX_CAPABILITY_VERSION_1;
	head.pid = 0;
	caps[1].effective = 77;
	CHECK_EQ(sys(capget, &head, caps), 0);
	CHECK_EQ(caps[1].effective, 77); // one word a set
}

TEST(capset_rules)
{
	need_root();
	head = (struct __user_cap_header_struct){_LINUX_CAPABILITY_VERSION_3, 1};
	CHECK_EQ(sys(capset, &head, caps), -EPERM); // another one's
	head.version = 1;
	CHECK_EQ(sys(capset, &head, caps), -EINVAL);
	head.pid = 0;
	CHECK_EQ(sys(capset, &head, 8UL), -EFAULT);
	CHECK_EQ(sys(capset, 8UL, caps), -EFAULT);
	CHECK_EQ(capget(0), 0);
	caps[0].effective &= ~(1u << CAP_KILL);
	CHECK_EQ(capset(), 0);
	CHECK(!effective(CAP_KILL) && permitted(CAP_KILL));
	caps[0].effective |= 1u << CAP_KILL;
	CHECK_EQ(capset(), 0);
	caps[0].permitted &= ~(1u << CAP_KILL);
	CHECK_EQ(capset(), -EPERM); // effective is not within permitted
	caps[0].effective &= ~(1u << CAP_KILL);
	CHECK_EQ(capset(), 0);
	caps[0].permitted |= 1u << CAP_KILL;
	CHECK_EQ(capset(), -EPERM); // what was given up is gone
	CHECK(!permitted(CAP_KILL));
	caps[0].effective = caps[0].permitted = caps[1].effective = caps[1].permitted = 0;
	caps[0].inheritable = caps[1].inheritable = 0;
	CHECK_EQ(capset(), 0);
	caps[0].inheritable = 1;
	CHECK_EQ(capset(), -EPERM);
	CHECK_EQ(sys(setuid, NOBODY), -EPERM); // root by name only
}

TEST(capabilities_follow_the_effective_id)
{
	need_root();
	CHECK_EQ(sys(setresuid, -1, NOBODY, -1), 0);
	CHECK(!effective(CAP_SETUID) && permitted(CAP_SETUID));
	CHECK_EQ(sys(setresuid, -1, 0, -1), 0);
	CHECK(effective(CAP_SETUID));
	CHECK_EQ(sys(setfsuid, NOBODY), 0);
	CHECK(!effective(CAP_DAC_OVERRIDE) && !effective(CAP_FOWNER) && effective(CAP_KILL));
	CHECK_EQ(sys(setfsuid, 0), NOBODY);
	CHECK(effective(CAP_DAC_OVERRIDE));
	CHECK_EQ(sys(setresuid, NOBODY, NOBODY, NOBODY), 0);
	CHECK(!effective(CAP_SETUID) && !permitted(CAP_SETUID));
}

TEST(keepcaps)
{
	need_root();
	CHECK_EQ(sys(prctl, PR_GET_KEEPCAPS, 0, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_SET_KEEPCAPS, 2, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_GET_KEEPCAPS, 0, 0, 0, 0), 1);
	CHECK_EQ(sys(setresuid, NOBODY, NOBODY, NOBODY), 0);
	CHECK(!effective(CAP_SETUID) && permitted(CAP_SETUID));
	CHECK_EQ(capget(0), 0);
	caps[0].effective = 1u << CAP_SETUID;
	CHECK_EQ(capset(), 0);
	CHECK_EQ(sys(setuid, OTHER), 0);
	uids_are(OTHER, OTHER, OTHER);
}

TEST(securebits)
{
	need_root();
	if (!effective(CAP_SETPCAP))
		SKIP("no CAP_SETPCAP");
	CHECK_EQ(sys(prctl, PR_GET_SECUREBITS, 0, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_SET_SECUREBITS, 0x1000, 0, 0, 0), -EPERM);
	CHECK_EQ(sys(prctl, PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP_LOCKED, 0, 0, 0), -EPERM);
	CHECK_EQ(sys(prctl, PR_SET_SECUREBITS, 0, 0, 0, 0), -EPERM);
	CHECK_EQ(sys(setresuid, NOBODY, NOBODY, NOBODY), 0);
	CHECK(effective(CAP_SETUID)); // ids and capabilities no longer go together
}

TEST(bounding_set)
{
	need_root();
	CHECK_EQ(sys(prctl, PR_CAPBSET_READ, CAP_KILL, 0, 0, 0), 1);
	CHECK_EQ(sys(prctl, PR_CAPBSET_READ, 64, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_CAPBSET_READ, -1, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_CAPBSET_DROP, 64, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_CAPBSET_READ, CAP_KILL, 0, 0, 0), 0);
	CHECK(effective(CAP_KILL)); // until the next program
	become(NOBODY);
	CHECK_EQ(sys(prctl, PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0), -EPERM);
}

TEST(ambient_set)
{
	need_root();
	CHECK_EQ(sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0), -EPERM); // not inheritable
	CHECK_EQ(capget(0), 0);
	caps[0].inheritable |= 1u << CAP_KILL;
	CHECK_EQ(capset(), 0);
	CHECK_EQ(sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0), 1);
	CHECK_EQ(sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_KILL, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_CAP_AMBIENT, 9, CAP_KILL, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 64, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 1, 0), -EINVAL);
}

TEST(no_new_privs_is_for_good)
{
	CHECK_EQ(sys(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1)), 0);
}

TEST(dumpable_goes_with_the_identity)
{
	CHECK_EQ(sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
	CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, 2, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, 0, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), 0)), 0);
	CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
	need_root();
	CHECK_EQ(sys(prctl, PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0), 0);
	become(NOBODY);
	CHECK_EQ(sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_GET_PDEATHSIG, &r, 0, 0, 0), 0);
	CHECK_EQ(r, 0);
}

// ---- signals ----

// A child that is user `id` and sleeps; it is that user when this returns.
static int sleeper(unsigned id)
{
	_Atomic int *ready = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		become(id);
		*ready = 1;
		futex((void *)ready, FUTEX_WAKE, 1, NULL, NULL, 0);
		thread_pause(NULL);
	}
	while (!*ready)
		futex((void *)ready, FUTEX_WAIT, 0, NULL, NULL, 0);
	return pid;
}

TEST(a_user_may_not_signal_another)
{
	siginfo_t info = {.si_signo = SIGTERM, .si_code = SI_QUEUE};
	int pid;

	need_root();
	pid = sleeper(OTHER);
	CHECK_EQ(IN_CHILD({
		become(NOBODY);
		CHECK_EQ(sys(kill, pid, 0), -EPERM);
		CHECK_EQ(sys(kill, pid, SIGTERM), -EPERM);
		CHECK_EQ(sys(kill, pid, 65), -EINVAL);
		CHECK_EQ(sys(kill, pid, -1), -EINVAL);
		CHECK_EQ(sys(tkill, pid, SIGTERM), -EPERM);
		CHECK_EQ(sys(tkill, pid, 65), -EINVAL);
		CHECK_EQ(sys(tgkill, pid, pid, SIGTERM), -EPERM);
		CHECK_EQ(sys(rt_sigqueueinfo, pid, SIGTERM, &info), -EPERM);
		CHECK_EQ(sys(rt_tgsigqueueinfo, pid, pid, SIGTERM, &info), -EPERM);
		CHECK_EQ(sys(kill, pid, SIGCONT), 0); // of one session
		CHECK_EQ(sys(setsid), t_getpid());
		CHECK_EQ(sys(kill, pid, SIGCONT), -EPERM);
	}),
		0);
	CHECK_EQ(IN_CHILD({
		become(OTHER);
		CHECK_EQ(sys(kill, pid, SIGTERM), 0);
	}),
		0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGTERM));
}

TEST(real_and_saved_ids_count_for_signals)
{
	int pid;

	need_root();
	pid = sleeper(OTHER);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, OTHER, NOBODY, NOBODY), 0); // the sender's real id
		CHECK_EQ(sys(kill, pid, 0), 0);
		CHECK_EQ(sys(setresuid, NOBODY, NOBODY, NOBODY), 0);
		CHECK_EQ(sys(kill, pid, 0), -EPERM);
	}),
		0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, NOBODY, OTHER, NOBODY), 0); // and its effective one
		CHECK_EQ(sys(kill, pid, 0), 0);
		CHECK_EQ(sys(setresuid, NOBODY, NOBODY, OTHER), 0); // not its saved one
		CHECK_EQ(sys(kill, pid, 0), -EPERM);
	}),
		0);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
}

TEST(a_group_is_signalled_as_far_as_permitted)
{
	int pid;

	need_root();
	pid = sleeper(OTHER);
	CHECK_EQ(sys(setpgid, pid, pid), 0);
	CHECK_EQ(IN_CHILD({
		become(NOBODY);
		CHECK_EQ(sys(kill, -pid, 0), -EPERM);
	}),
		0);
	CHECK_EQ(IN_CHILD({
		sys(setpgid, 0, pid);
		become(NOBODY);
		CHECK_EQ(sys(kill, -pid, 0), 0); // oneself
	}),
		0);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

static unsigned sender;

static void note_sender(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	sender = info->si_uid;
}

TEST(a_signal_names_its_senders_user)
{
	int me = t_getpid();

	need_root();
	CHECK_EQ(t_action(SIGUSR1, note_sender, SA_SIGINFO), 0);
	CHECK_EQ(sys(setresuid, OTHER, 0, 0), 0);
	CHECK_EQ(sys(kill, me, SIGUSR1), 0);
	CHECK_EQ(sender, OTHER);
	sender = 0;
	CHECK_EQ(sys(tkill, me, SIGUSR1), 0);
	CHECK_EQ(sender, OTHER);
}

// ---- limits ----

HELPER(ends_with)
{
	return (int)t_number(t_argv[2]);
}

static long again(const char *code)
{
	const char *argv[] = {t_self, "@ends_with", code, NULL};

	return sys(execve, t_self, argv, t_envp);
}

TEST(a_users_processes_are_limited)
{
	struct rlimit lim = {1, 4};
	int pid, second;

	need_root();
	pid = sleeper(OTHER + 7);
	CHECK_EQ(sys(setrlimit, RLIMIT_NPROC, &lim), 0);
	CHECK_EQ(IN_CHILD({}), 0); // not for root
	CHECK_EQ(IN_CHILD({
		struct clone_args args = {.exit_signal = SIGCHLD};

		become(OTHER + 7);
		CHECK_EQ(sys(fork), -EAGAIN);
		CHECK_EQ(sys(clone, SIGCHLD, 0, 0, 0, 0), -EAGAIN);
		CHECK_EQ(sys(clone3, &args, sizeof args), -EAGAIN);
	}),
		0);
	CHECK_EQ(IN_CHILD(become(OTHER + 7); again("7")), 7); // not more than there might be
	second = sleeper(OTHER + 7);
	CHECK_EQ(IN_CHILD({ // one of too many: not to go on as another program
		become(OTHER + 7);
		CHECK_EQ(again("1"), -EAGAIN);
		CHECK_EQ(sys(execveat, AT_FDCWD, t_self, t_argv, t_envp, 0), -EAGAIN);
		lim.rlim_cur = 3;
		CHECK_EQ(sys(setrlimit, RLIMIT_NPROC, &lim), 0);
		again("7");
	}),
		7);
	CHECK_EQ(IN_CHILD({ // a limit that comes later is for those that are made later
		lim.rlim_cur = 2;
		CHECK_EQ(sys(setrlimit, RLIMIT_NPROC, &lim), 0);
		become(OTHER + 7);
		lim.rlim_cur = 1;
		CHECK_EQ(sys(setrlimit, RLIMIT_NPROC, &lim), 0);
		again("7");
	}),
		7);
	sys(kill, pid, SIGKILL);
	sys(kill, second, SIGKILL);
	t_wait(pid);
	t_wait(second);
}
