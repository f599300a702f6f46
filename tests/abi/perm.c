// SPDX-License-Identifier: GPL-2.0-only
//
// Who may do what with files: modes, owners, groups, sticky and set-group-id directories, and what
// capabilities excuse. All of it needs root, which becomes somebody else.
#include "t.h"

#include <linux/capability.h>
#include <linux/kcmp.h>
#include <linux/xattr.h>

#define PAUSE "/sys/kernel/debug/pause"

#define OWNER 1001
#define GROUP 2001 // a group of MEMBER only
#define MEMBER 1002
#define OTHER 1003

static char buf[64];

// A directory of root's, which all may search.
static void prepare(void)
{
	if (sys(geteuid) != 0)
		SKIP("not root");
	t_tmpdir();
	CHECK_EQ(sys(umask, 0), 022);
}

static void become(unsigned uid)
{
	unsigned group = GROUP;

	CHECK_EQ(sys(setgroups, uid == MEMBER, &group), 0);
	CHECK_EQ(sys(setresgid, uid, uid, uid), 0);
	CHECK_EQ(sys(setresuid, uid, uid, uid), 0);
}

// Evaluates in a child that is user uid; the result must fit an exit code.
#define AS(uid, expr)                                                                              \
	({                                                                                         \
		int as_ = IN_CHILD(become(uid); t_exit((int)-(expr)));                             \
		-as_;                                                                              \
	})
#define OPENS(path, flags)                                                                         \
	({                                                                                         \
		long fd_ = sys(open, path, flags, 0666);                                           \
		fd_ < 0 ? fd_ : 0;                                                                 \
	})

static void make(const char *path, unsigned uid, unsigned gid, unsigned mode)
{
	CHECK_EQ(t_spit(path, "x"), 0);
	CHECK_EQ(sys(chown, path, uid, gid), 0);
	CHECK_EQ(sys(chmod, path, mode), 0);
}

static void make_dir(const char *path, unsigned uid, unsigned gid, unsigned mode)
{
	CHECK_EQ(sys(mkdir, path, 0700), 0);
	CHECK_EQ(sys(chown, path, uid, gid), 0);
	CHECK_EQ(sys(chmod, path, mode), 0);
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	CHECK_EQ(sys(lstat, path, &st), 0);
	return st.st_mode & 07777;
}

// Keeps these capabilities alone, and the user id.
static void keep(unsigned long mask)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct caps[2] = {0};

	for (int i = 0; i < 2; i++)
		caps[i].effective = caps[i].permitted = (unsigned)(mask >> 32 * i);
	CHECK_EQ(sys(capset, &head, caps), 0);
}

// ---- opening ----

TEST(one_class_decides)
{
	prepare();
	make("f", OWNER, GROUP, 0047); // the owner less than all
	CHECK_EQ(AS(OWNER, OPENS("f", O_RDONLY)), -EACCES);
	CHECK_EQ(AS(OWNER, OPENS("f", O_WRONLY)), -EACCES);
	CHECK_EQ(AS(MEMBER, OPENS("f", O_RDONLY)), 0);
	CHECK_EQ(AS(MEMBER, OPENS("f", O_WRONLY)), -EACCES);
	CHECK_EQ(AS(MEMBER, OPENS("f", O_RDONLY | O_TRUNC)), -EACCES); // to empty is to write
	CHECK_EQ(AS(OTHER, OPENS("f", O_RDWR)), 0);
	CHECK_EQ(OPENS("f", O_RDWR), 0);
	make("g", OWNER, GROUP, 0200);
	CHECK_EQ(AS(OWNER, OPENS("g", O_WRONLY)), 0);
	CHECK_EQ(AS(OWNER, OPENS("g", O_RDWR)), -EACCES);
	CHECK_EQ(AS(OTHER, OPENS("g", O_PATH)), 0);
}

TEST(directories_are_searched)
{
	prepare();
	make_dir("d", OWNER, GROUP, 0710);
	make("d/f", OWNER, GROUP, 0644);
	CHECK_EQ(sys(symlink, "d/f", "l"), 0);
	CHECK_EQ(AS(OWNER, OPENS("d/f", O_RDONLY)), 0);
	CHECK_EQ(AS(MEMBER, OPENS("d/f", O_RDONLY)), 0);
	CHECK_EQ(AS(MEMBER, OPENS("d", O_RDONLY)), -EACCES); // searched, not listed
	CHECK_EQ(AS(OTHER, OPENS("d/f", O_RDONLY)), -EACCES);
	CHECK_EQ(AS(OTHER, OPENS("l", O_RDONLY)), -EACCES);
	CHECK_EQ(AS(OTHER, OPENS("d/none", O_RDONLY)), -EACCES);
	CHECK_EQ(AS(OTHER, OPENS("d/..", O_RDONLY)), -EACCES);
	CHECK_EQ(AS(OTHER, sys(stat, "d/f", buf)), -EACCES);
	CHECK_EQ(AS(OTHER, sys(chdir, "d")), -EACCES);
	CHECK_EQ(AS(MEMBER, sys(chdir, "d")), 0);
	long fd = sys(open, "d", O_RDONLY);

	CHECK_EQ(AS(OTHER, sys(fchdir, fd)), -EACCES);
	CHECK_EQ(AS(OTHER, ({ long f = sys(openat, fd, "f", O_RDONLY); f < 0 ? f : 0; })), -EACCES);
	CHECK_EQ(AS(MEMBER, sys(chroot, "d")), -EPERM);
	CHECK_EQ(AS(OTHER, sys(chroot, "d")), -EACCES);
}

TEST(capabilities_excuse)
{
	prepare();
	make("f", OWNER, OWNER, 0);
	make_dir("d", OWNER, OWNER, 0);
	CHECK_EQ(IN_CHILD(keep(0); t_exit((int)-OPENS("f", O_RDONLY))), EACCES);
	CHECK_EQ(IN_CHILD(keep(1UL << CAP_DAC_READ_SEARCH); CHECK_EQ(OPENS("f", O_RDONLY), 0);
			 CHECK_EQ(OPENS("f", O_WRONLY), -EACCES); CHECK_EQ(OPENS("f", O_RDWR), -EACCES);
			 CHECK_EQ(OPENS("d", O_RDONLY), 0); CHECK_EQ(sys(chdir, "d"), 0);
			 CHECK_EQ(sys(mkdir, "x", 0777), -EACCES)),
		0);
	CHECK_EQ(IN_CHILD(keep(1UL << CAP_DAC_OVERRIDE); CHECK_EQ(OPENS("f", O_RDWR), 0);
			 CHECK_EQ(sys(mkdir, "d/x", 0777), 0)),
		0);
	CHECK_EQ(sys(access, "f", 1), -EACCES); // X_OK: nobody may run it, so not even root
	CHECK_EQ(sys(access, "d", 7), 0);
}

TEST(file_system_ids_decide)
{
	prepare();
	make("f", OWNER, GROUP, 0640);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(setfsuid, OTHER), 0); CHECK_EQ(OPENS("f", O_RDONLY), -EACCES);
			 sys(setfsgid, GROUP); CHECK_EQ(OPENS("f", O_RDONLY), 0);
			 CHECK_EQ(OPENS("f", O_WRONLY), -EACCES); sys(setfsuid, OWNER);
			 CHECK_EQ(OPENS("f", O_WRONLY), 0)),
		0);
}

TEST(noatime_is_for_the_owner)
{
	prepare();
	make("f", OWNER, GROUP, 0666);
	CHECK_EQ(AS(OTHER, OPENS("f", O_RDONLY | O_NOATIME)), -EPERM);
	CHECK_EQ(AS(OWNER, OPENS("f", O_RDONLY | O_NOATIME)), 0);
	CHECK_EQ(OPENS("f", O_RDONLY | O_NOATIME), 0);
}

// ---- names ----

static int all_kinds_of_new_names(int wanted)
{
	CHECK_EQ(OPENS("d/new", O_RDWR | O_CREAT), wanted);
	CHECK_EQ(sys(mkdir, "d/dir", 0777), wanted);
	CHECK_EQ(sys(symlink, "x", "d/sym"), wanted);
	CHECK_EQ(sys(mknod, "d/fifo", 010666, 0), wanted);
	CHECK_EQ(sys(link, "mine", "d/link"), wanted);
	CHECK_EQ(sys(rename, "d/old", "d/older"), wanted);
	CHECK_EQ(sys(unlink, "d/victim"), wanted);
	CHECK_EQ(sys(rmdir, "d/victims"), wanted);
	CHECK_EQ(OPENS("d", O_RDWR | O_TMPFILE), wanted);
	CHECK_EQ(OPENS("d/there", O_RDWR | O_CREAT), 0); // nothing new
	CHECK_EQ(sys(mkdir, "d/there", 0777), -EEXIST);
	return 0;
}

TEST(names_change_in_what_one_may_write)
{
	prepare();
	CHECK_EQ(sys(chmod, ".", 0777), 0);
	make_dir("d", OWNER, GROUP, 0755);
	make_dir("d/victims", OWNER, GROUP, 0755);
	make("d/victim", OWNER, GROUP, 0644);
	make("d/old", OWNER, GROUP, 0644);
	make("d/there", OWNER, GROUP, 0666);
	make("mine", OTHER, OTHER, 0644);
	CHECK_EQ(AS(OTHER, all_kinds_of_new_names(-EACCES)), 0);
	CHECK_EQ(AS(OTHER, sys(rename, "mine", "d/mine")), -EACCES);
	CHECK_EQ(AS(OTHER, sys(rename, "d/old", "mine")), -EACCES);
	CHECK_EQ(sys(chmod, "d", 0777), 0);
	CHECK_EQ(AS(OTHER, all_kinds_of_new_names(0)), 0);
}

TEST(sticky_directory)
{
	prepare();
	make_dir("d", OWNER, GROUP, 01777);
	make("d/f", MEMBER, GROUP, 0666);
	make("d/g", OTHER, OTHER, 0666);
	make_dir("d/d", MEMBER, GROUP, 0777);
	CHECK_EQ(AS(OTHER, sys(rmdir, "d/d")), -EPERM);
	CHECK_EQ(AS(MEMBER, sys(rmdir, "d/d")), 0);
	CHECK_EQ(AS(OTHER, sys(unlink, "d/f")), -EPERM);
	CHECK_EQ(AS(OTHER, sys(unlinkat, AT_FDCWD, "d/f", 0)), -EPERM);
	CHECK_EQ(AS(OTHER, sys(rename, "d/f", "d/h")), -EPERM);
	CHECK_EQ(AS(OTHER, sys(rename, "d/g", "d/f")), -EPERM);
	CHECK_EQ(AS(OTHER, sys(renameat2, AT_FDCWD, "d/g", AT_FDCWD, "d/f", 2)), -EPERM); // EXCHANGE
	CHECK_EQ(AS(OTHER, sys(rename, "d/g", "d/h")), 0);
	CHECK_EQ(AS(OWNER, sys(rename, "d/h", "d/g")), 0); // the directory's owner
	CHECK_EQ(AS(MEMBER, sys(unlink, "d/f")), 0);
	CHECK_EQ(IN_CHILD(keep(1UL << CAP_DAC_OVERRIDE); t_exit((int)-sys(unlink, "d/g"))), EPERM);
	CHECK_EQ(IN_CHILD(keep(1UL << CAP_DAC_OVERRIDE | 1UL << CAP_FOWNER); t_exit((int)-sys(unlink, "d/g"))), 0);
}

TEST(a_moved_directory_is_written)
{
	prepare();
	make_dir("from", OTHER, OTHER, 0755);
	make_dir("to", OTHER, OTHER, 0755);
	make_dir("from/d", OWNER, OWNER, 0755);
	CHECK_EQ(AS(OTHER, sys(rename, "from/d", "from/e")), 0);
	CHECK_EQ(AS(OTHER, sys(rename, "from/e", "to/e")), -EACCES);
	make("to/f", OTHER, OTHER, 0644);
	CHECK_EQ(AS(OTHER, sys(renameat2, AT_FDCWD, "to/f", AT_FDCWD, "from/e", 2)), -EACCES);
	CHECK_EQ(sys(chown, "from/e", OTHER, OTHER), 0);
	CHECK_EQ(AS(OTHER, sys(rename, "from/e", "to/e")), 0);
}

TEST(device_nodes)
{
	prepare();
	CHECK_EQ(sys(chmod, ".", 0777), 0);
	CHECK_EQ(AS(OTHER, sys(mknod, "c", 020666, 0x103)), -EPERM);
	CHECK_EQ(AS(OTHER, sys(mknod, "b", 060666, 0)), -EPERM);
	CHECK_EQ(AS(OTHER, sys(mknod, "s", 0140666, 0)), 0);
	CHECK_EQ(AS(OTHER, sys(mknod, "s", 020666, 0x103)), -EEXIST);
}

TEST(new_files_are_of_their_maker)
{
	struct stat st;

	prepare();
	make_dir("d", OWNER, GROUP, 0777);
	CHECK_EQ(AS(OTHER, OPENS("d/f", O_RDWR | O_CREAT)), 0);
	CHECK_EQ(sys(stat, "d/f", &st), 0);
	CHECK_EQ(st.st_uid, OTHER);
	CHECK_EQ(st.st_gid, OTHER);
	CHECK_EQ(IN_CHILD(become(OTHER); long fd = sys(open, "d", O_RDWR | O_TMPFILE, 0600);
			 CHECK_EQ(sys(fstat, fd, &st), 0); CHECK_EQ(st.st_uid, OTHER);
			 int p[2]; CHECK_EQ(sys(pipe, p), 0); CHECK_EQ(sys(fstat, p[0], &st), 0);
			 CHECK_EQ(st.st_uid, OTHER); CHECK_EQ(st.st_gid, OTHER)),
		0);
}

TEST(set_group_id_directory)
{
	struct stat st;

	prepare();
	make_dir("d", OWNER, GROUP, 02777);
	CHECK_EQ(AS(OTHER, OPENS("d/f", O_RDWR | O_CREAT)), 0);
	CHECK_EQ(sys(stat, "d/f", &st), 0);
	CHECK_EQ(st.st_gid, GROUP);
	CHECK_EQ(AS(OTHER, sys(symlink, "x", "d/l")), 0);
	CHECK_EQ(sys(lstat, "d/l", &st), 0);
	CHECK_EQ(st.st_gid, GROUP);
	CHECK_EQ(AS(OTHER, sys(mkdir, "d/d", 0777)), 0);
	CHECK_EQ(sys(stat, "d/d", &st), 0);
	CHECK_EQ(st.st_gid, GROUP);
	CHECK_EQ(mode_of("d/d"), 02777);
	// no program with the rights of a group by somebody who is not in it
	CHECK_EQ(AS(OTHER, sys(mknod, "d/p", 0106777, 0)), 0);
	CHECK_EQ(mode_of("d/p"), 04777);
	CHECK_EQ(AS(MEMBER, sys(mknod, "d/q", 0106777, 0)), 0);
	CHECK_EQ(mode_of("d/q"), 06777);
}

// ---- attributes ----

TEST(chmod_is_for_the_owner)
{
	prepare();
	make("f", OWNER, GROUP, 0666);
	long fd = sys(open, "f", O_RDWR);

	CHECK_EQ(AS(OTHER, sys(chmod, "f", 0777)), -EPERM);
	CHECK_EQ(AS(OTHER, sys(fchmod, fd, 0777)), -EPERM);
	CHECK_EQ(mode_of("f"), 0666);
	CHECK_EQ(AS(OWNER, sys(chmod, "f", 06755)), 0); // not in the group
	CHECK_EQ(mode_of("f"), 04755);
	CHECK_EQ(IN_CHILD(keep(1UL << CAP_FOWNER); t_exit((int)-sys(chmod, "f", 0700))), 0);
	CHECK_EQ(IN_CHILD(keep(0); t_exit((int)-sys(chmod, "f", 0700))), EPERM);
	CHECK_EQ(sys(chown, "f", MEMBER, GROUP), 0);
	CHECK_EQ(AS(MEMBER, sys(chmod, "f", 06755)), 0);
	CHECK_EQ(mode_of("f"), 06755);
}

TEST(chown_gives_nothing_away)
{
	prepare();
	make("f", MEMBER, MEMBER, 0666);
	CHECK_EQ(AS(MEMBER, sys(chown, "f", OTHER, -1)), -EPERM);
	CHECK_EQ(AS(MEMBER, sys(chown, "f", MEMBER, OTHER)), -EPERM);
	CHECK_EQ(AS(OTHER, sys(chown, "f", OTHER, -1)), -EPERM);
	CHECK_EQ(AS(OTHER, sys(chown, "f", -1, OTHER)), -EPERM);
	CHECK_EQ(AS(OTHER, sys(chown, "f", MEMBER, -1)), -EPERM);
	CHECK_EQ(AS(OTHER, sys(chown, "f", -1, -1)), 0);
	CHECK_EQ(AS(MEMBER, sys(chown, "f", MEMBER, GROUP)), 0);
	CHECK_EQ(sys(chmod, "f", 06777), 0);
	CHECK_EQ(AS(OTHER, sys(chown, "f", -1, -1)), -EPERM); // it would take the bits
	CHECK_EQ(mode_of("f"), 06777);
	CHECK_EQ(AS(MEMBER, sys(chown, "f", -1, GROUP)), 0);
	CHECK_EQ(mode_of("f"), 0777);
	CHECK_EQ(IN_CHILD(keep(1UL << CAP_CHOWN); t_exit((int)-sys(chown, "f", OTHER, OTHER))), 0);
}

TEST(what_is_written_is_no_longer_trusted)
{
	prepare();
	make("f", OWNER, OWNER, 06777);
	CHECK_EQ(AS(OTHER, OPENS("f", O_WRONLY)), 0);
	CHECK_EQ(mode_of("f"), 06777);
	CHECK_EQ(AS(OTHER, sys(write, sys(open, "f", O_WRONLY), "x", 1) - 1), 0);
	CHECK_EQ(mode_of("f"), 0777);
	CHECK_EQ(sys(chmod, "f", 06777), 0);
	CHECK_EQ(AS(OTHER, sys(truncate, "f", 0)), 0);
	CHECK_EQ(mode_of("f"), 0777);
	CHECK_EQ(sys(chmod, "f", 06777), 0);
	CHECK_EQ(AS(OTHER, OPENS("f", O_WRONLY | O_TRUNC)), 0);
	CHECK_EQ(mode_of("f"), 0777);
	CHECK_EQ(sys(chmod, "f", 06777), 0);
	CHECK_EQ(sys(truncate, "f", 1), 0); // CAP_FSETID
	CHECK_EQ(mode_of("f"), 06777);
}

TEST(times)
{
	struct timespec now[2] = {{0, (1 << 30) - 1}, {0, (1 << 30) - 1}}, old[2] = {{1, 0}, {1, 0}};
	struct timespec half[2] = {{0, (1 << 30) - 1}, {0, (1 << 30) - 2}}; // now, and as it was

	prepare();
	make("f", OWNER, GROUP, 0646);
	CHECK_EQ(AS(OTHER, sys(utimensat, AT_FDCWD, "f", NULL, 0)), 0);
	CHECK_EQ(AS(OTHER, sys(utimensat, AT_FDCWD, "f", now, 0)), 0);
	CHECK_EQ(AS(OTHER, sys(utimensat, AT_FDCWD, "f", old, 0)), -EPERM);
	CHECK_EQ(AS(OTHER, sys(utimensat, AT_FDCWD, "f", half, 0)), -EPERM);
	CHECK_EQ(AS(MEMBER, sys(utimensat, AT_FDCWD, "f", NULL, 0)), -EACCES);
	CHECK_EQ(AS(OWNER, sys(utimensat, AT_FDCWD, "f", old, 0)), 0);
}

TEST(truncate_is_a_write)
{
	prepare();
	make("f", OWNER, GROUP, 0644);
	CHECK_EQ(AS(OTHER, sys(truncate, "f", 0)), -EACCES);
	CHECK_EQ(AS(OWNER, sys(truncate, "f", 0)), 0);
	CHECK_EQ(AS(OTHER, sys(truncate, ".", 0)), -EISDIR);
}

TEST(access_asks_for_the_real_user)
{
	prepare();
	make_dir("d", OWNER, OWNER, 0700);
	make("d/f", OWNER, OWNER, 0600);
	make("g", OWNER, OWNER, 0604);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(setresuid, OTHER, 0, 0), 0); CHECK_EQ(sys(access, "d/f", 0), -EACCES);
			 CHECK_EQ(sys(access, "g", 2), -EACCES); CHECK_EQ(sys(access, "g", 4), 0);
			 CHECK_EQ(sys(faccessat2, AT_FDCWD, "d/f", 6, AT_EACCESS), 0);
			 CHECK_EQ(OPENS("d/f", O_RDWR), 0)), // all is as before
		0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(setresuid, 0, OTHER, 0), 0); CHECK_EQ(sys(access, "d/f", 6), 0);
			 CHECK_EQ(sys(faccessat2, AT_FDCWD, "d/f", 0, AT_EACCESS), -EACCES)),
		0);
	CHECK_EQ(AS(OTHER, sys(access, "g", 8)), -EINVAL);
}

// ---- programs ----

// argv: real and effective user, real and effective group, AT_SECURE, dumpable
HELPER(ids)
{
	unsigned want[6], r, e, s;

	for (int i = 0; i < 6; i++)
		want[i] = (unsigned)t_number(t_argv[2 + i]);
	CHECK_EQ(sys(getresuid, &r, &e, &s), 0);
	CHECK_EQ(r, want[0]);
	CHECK_EQ(e, want[1]);
	CHECK_EQ(s, want[1]);
	CHECK_EQ(t_aux(AT_UID), want[0]);
	CHECK_EQ(t_aux(AT_EUID), want[1]);
	CHECK_EQ(sys(getresgid, &r, &e, &s), 0);
	CHECK_EQ(r, want[2]);
	CHECK_EQ(e, want[3]);
	CHECK_EQ(s, want[3]);
	CHECK_EQ(t_aux(AT_GID), want[2]);
	CHECK_EQ(t_aux(AT_EGID), want[3]);
	CHECK_EQ(t_aux(AT_SECURE), want[4]);
	CHECK_EQ(sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), want[5]);
	return 7;
}

// This program under another name and with another owner.
static void copy_self(const char *to, unsigned uid, unsigned gid, unsigned mode)
{
	long from = sys(open, t_self, O_RDONLY), fd = sys(open, to, O_WRONLY | O_CREAT, 0600);
	char *page = t_map(16 * PAGE);

	CHECK_GE(from, 0);
	CHECK_GE(fd, 0);
	for (long n; (n = sys(read, from, page, 16 * PAGE)) > 0;)
		CHECK_EQ(sys(write, fd, page, n), n);
	sys(close, from);
	sys(close, fd);
	CHECK_EQ(sys(chown, to, uid, gid), 0);
	CHECK_EQ(sys(chmod, to, mode), 0);
}

static long run(const char *a, const char *b, const char *c, const char *d, const char *secure, const char *dumpable)
{
	const char *argv[] = {"prog", "@ids", a, b, c, d, secure, dumpable, NULL};

	return sys(execve, "prog", argv, t_envp);
}

TEST(set_user_id_program)
{
	prepare();
	copy_self("prog", OWNER, GROUP, 06755);
	CHECK_EQ(AS(OTHER, run("1003", "1001", "1003", "2001", "1", "0")), -7);
	CHECK_EQ(sys(chmod, "prog", 02745), 0); // without x for the group it is no set-group-id program
	CHECK_EQ(AS(OTHER, run("1003", "1003", "1003", "1003", "0", "1")), -7);
	CHECK_EQ(sys(chmod, "prog", 04711), 0);
	CHECK_EQ(AS(OTHER, run("1003", "1001", "1003", "1003", "1", "0")), -7);
	CHECK_EQ(IN_CHILD(become(OTHER); CHECK_EQ(sys(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
			 run("1003", "1003", "1003", "1003", "0", "0")), // nor can it be read
		7);
	CHECK_EQ(sys(chown, "prog", 0, 0), 0);
	CHECK_EQ(sys(chmod, "prog", 04755), 0);
	CHECK_EQ(AS(OTHER, run("1003", "0", "1003", "1003", "1", "0")), -7);
}

// Says that it is there, and stays.
HELPER(stay)
{
	sys(write, t_number(t_argv[2]), "x", 1);
	return thread_pause(NULL);
}

// OTHER, who becomes root; on Thaw only when the door is opened, with the old memory until then.
static int become_root_by_exec(int fd)
{
	int pid = t_fork();

	if (pid == 0) {
		if (t_on_thaw) {
			t_snprintf(buf, sizeof buf, "exec_mm %d 60000", t_getpid());
			CHECK_EQ(t_spit(PAUSE, buf), 0);
		}
		become(OTHER);
		CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
		t_snprintf(buf, sizeof buf, "%d", fd);
		t_exit((int)sys(execve, "prog", ((const char *[]){"prog", "@stay", buf, NULL}), t_envp));
	}
	return pid;
}

TEST(an_exec_is_not_looked_into)
{
	// Who asks in the middle of it is told when it is over, by what the program is then.
	int fds[2], asker[2];
	char c;

	prepare();
	copy_self("prog", 0, 0, 04755);
	CHECK_EQ(sys(pipe2, fds, 0), 0);

	int pid = become_root_by_exec(fds[1]);

	if (t_on_thaw)
		UNTIL(t_field(PAUSE, "exec_mm") == pid && t_state(pid) == 'D');
	else
		CHECK_EQ(sys(read, fds[0], &c, 1), 1);
	for (int i = 0; i < 2; i++) {
		asker[i] = t_fork();
		if (asker[i] == 0) {
			become(OTHER);
			t_exit((i ? sys(kcmp, t_getpid(), pid, KCMP_FILE, 0, 0) : sys(pidfd_getfd, sys(pidfd_open, pid, 0), 0, 0)) == -EPERM);
		}
	}
	for (int i = 0; i < 2; i++)
		UNTIL(t_state(asker[i]) == 'D' || t_state(asker[i]) == 'Z');
	if (t_on_thaw)
		CHECK_EQ(t_spit(PAUSE, "\n"), 0);
	CHECK_EQ(t_wait(asker[0]), 1);
	CHECK_EQ(t_wait(asker[1]), 1);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(execute_permission)
{
	prepare();
	copy_self("prog", OWNER, GROUP, 0671);
	CHECK_EQ(AS(OWNER, run("1001", "1001", "1001", "1001", "0", "1")), -EACCES);
	CHECK_EQ(AS(MEMBER, run("1002", "1002", "1002", "1002", "0", "1")), -7);
	CHECK_EQ(AS(OTHER, run("1003", "1003", "1003", "1003", "0", "0")), -7); // run, not read: hidden
	CHECK_EQ(IN_CHILD(run("0", "0", "0", "0", "0", "1")), 7);
	CHECK_EQ(sys(chmod, "prog", 0666), 0);
	CHECK_EQ(run("0", "0", "0", "0", "0", "1"), -EACCES);
	CHECK_EQ(OPENS("prog", O_RDONLY | 040), 0); // a flag that only the kernel itself has
}

// ---- capabilities of a file ----

#define CAPS "security.capability"
#define BIND (1u << CAP_NET_BIND_SERVICE)
#define RAW (1u << CAP_NET_RAW)

static struct vfs_ns_cap_data file_caps;

static long set_caps(const char *path, unsigned magic, unsigned permitted, unsigned inheritable)
{
	file_caps = (struct vfs_ns_cap_data){.magic_etc = magic, .data = {{permitted, inheritable}}};
	return sys(setxattr, path, CAPS, &file_caps, 20, 0);
}

static long get_caps(const char *path)
{
	memset(&file_caps, 0xee, sizeof file_caps);
	return sys(getxattr, path, CAPS, &file_caps, sizeof file_caps);
}

TEST(capabilities_of_a_file_are_kept)
{
	struct vfs_ns_cap_data c = {.magic_etc = VFS_CAP_REVISION_3, .data = {{BIND, RAW}}};

	prepare();
	CHECK_EQ(t_spit("f", "text"), 0);
	CHECK_EQ(get_caps("f"), -ENODATA);
	CHECK_EQ(set_caps("f", VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, BIND, RAW), 0);
	CHECK_EQ(get_caps("f"), 20);
	CHECK_EQ(file_caps.magic_etc, VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE);
	CHECK_EQ(file_caps.data[0].permitted, BIND);
	CHECK_EQ(file_caps.data[0].inheritable, RAW);
	CHECK_EQ(sys(getxattr, "f", CAPS, 0, 0), 20);
	CHECK_EQ(sys(getxattr, "f", CAPS, &c, 19), -ERANGE);
	CHECK_EQ(sys(getxattr, "f", CAPS, 8UL, 20), -EFAULT);
	CHECK_EQ(sys(setxattr, "f", CAPS, &c, 24, 0), 0);
	CHECK_EQ(get_caps("f"), 20); // of this namespace's root: that needs no number
	CHECK_EQ(file_caps.magic_etc, VFS_CAP_REVISION_2);
	c.rootid = OTHER;
	CHECK_EQ(sys(setxattr, "f", CAPS, &c, 24, XATTR_REPLACE), 0);
	CHECK_EQ(get_caps("f"), 24);
	CHECK_EQ(file_caps.magic_etc, VFS_CAP_REVISION_3);
	CHECK_EQ(file_caps.rootid, OTHER);
	CHECK_EQ(sys(setxattr, "f", CAPS, &c, 24, XATTR_CREATE), -EEXIST);
	CHECK_EQ(sys(setxattr, "f", CAPS, 8UL, 24, 0), -EFAULT);
	CHECK_EQ(sys(setxattr, "f", CAPS, &c, 20, 0), -EINVAL);
	CHECK_EQ(sys(setxattr, "f", CAPS, &c, 25, 0), -EINVAL);
	CHECK_EQ(sys(setxattr, "f", CAPS, &c, 1, 0), -EINVAL);
	c.magic_etc = 0x01000000;
	CHECK_EQ(sys(setxattr, "f", CAPS, &c, 12, 0), -EINVAL); // the first version is not written any more
	CHECK_EQ(set_caps("f", VFS_CAP_REVISION_2 | 2, BIND, 0), -EINVAL);

	CHECK_EQ(sys(chown, "f", OWNER, GROUP), 0);
	CHECK_EQ(get_caps("f"), -ENODATA);
	CHECK_EQ(set_caps("f", VFS_CAP_REVISION_2, BIND, 0), 0);
	CHECK_EQ(sys(chmod, "f", 0777), 0);
	CHECK_EQ(get_caps("f"), 20);
	CHECK_EQ(AS(OWNER, set_caps("f", VFS_CAP_REVISION_2, BIND, 0)), -EPERM);
	CHECK_EQ(AS(OWNER, set_caps("f", 77, BIND, 0)), -EINVAL);
	CHECK_EQ(AS(OTHER, -get_caps("f")), -20);
	CHECK_EQ(sys(chown, "f", -1, -1), 0);
	CHECK_EQ(get_caps("f"), -ENODATA);
	CHECK_EQ(set_caps("f", VFS_CAP_REVISION_2, BIND, 0), 0);
	CHECK_EQ(sys(truncate, "f", 1), 0);
	CHECK_EQ(get_caps("f"), -ENODATA);
	CHECK_EQ(set_caps("f", VFS_CAP_REVISION_2, BIND, 0), 0);
	CHECK_EQ(t_spit("f", "new"), 0);
	CHECK_EQ(get_caps("f"), -ENODATA);
	CHECK_EQ(set_caps("f", VFS_CAP_REVISION_2, BIND, 0), 0);
	CHECK_EQ(sys(removexattr, "f", CAPS), 0);
	CHECK_EQ(sys(mkdir, "d", 0755), 0);
	CHECK_EQ(set_caps("d", VFS_CAP_REVISION_2, BIND, 0), 0);
	CHECK_EQ(sys(chown, "d", OWNER, GROUP), 0);
	CHECK_EQ(get_caps("d"), 20); // a directory runs nowhere
}

TEST(capabilities_of_a_file_are_not_its_owners_to_remove)
{
	prepare();
	CHECK_EQ(t_spit("f", "text"), 0);
	CHECK_EQ(sys(chown, "f", OWNER, GROUP), 0);
	CHECK_EQ(set_caps("f", VFS_CAP_REVISION_2, BIND, 0), 0);
	CHECK_EQ(AS(OWNER, sys(removexattr, "f", CAPS)), -EPERM);
	CHECK_EQ(get_caps("f"), 20);
}

static void my_caps(struct __user_cap_data_struct *c)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};

	CHECK_EQ(sys(capget, &h, c), 0);
}

// argv: permitted, effective, inheritable, ambient among BIND and RAW, AT_SECURE, dumpable
HELPER(caps)
{
	struct __user_cap_data_struct c[2];
	unsigned ambient = 0;

	my_caps(c);
	for (int cap = CAP_NET_BIND_SERVICE; cap <= CAP_NET_RAW; cap++)
		ambient |= (unsigned)sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) << cap;
	CHECK_EQ(c[0].permitted, t_number(t_argv[2]));
	CHECK_EQ(c[0].effective, t_number(t_argv[3]));
	CHECK_EQ(c[0].inheritable, t_number(t_argv[4]));
	CHECK_EQ(ambient, t_number(t_argv[5]));
	CHECK_EQ(t_aux(AT_SECURE), t_number(t_argv[6]));
	CHECK_EQ(sys(prctl, PR_GET_DUMPABLE), t_number(t_argv[7]));
	return 9;
}

// The program checks that it has these.
static long run_caps(unsigned p, unsigned e, unsigned i, unsigned a, unsigned secure)
{
	char text[4][16];
	const char *argv[] = {"prog", "@caps", text[0], text[1], text[2], text[3], secure ? "1" : "0", p & ~a ? "0" : "1", NULL};

	t_snprintf(text[0], 16, "%u", p);
	t_snprintf(text[1], 16, "%u", e);
	t_snprintf(text[2], 16, "%u", i);
	t_snprintf(text[3], 16, "%u", a);
	return sys(execve, "prog", argv, t_envp);
}

static void inherit(unsigned mask)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct c[2];

	my_caps(c);
	c[0].inheritable = mask;
	CHECK_EQ(sys(capset, &h, c), 0);
}

// User OTHER with CAP_NET_RAW alone, which programs are to have too.
static void become_raw(void)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct c[2] = {{RAW, RAW, RAW}};

	CHECK_EQ(sys(prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0), 0);
	become(OTHER);
	CHECK_EQ(sys(capset, &h, c), 0);
	CHECK_EQ(sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0), 0);
	CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
}

TEST(capabilities_of_a_program)
{
	const unsigned plain = VFS_CAP_REVISION_2, at_once = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;

	prepare();
	copy_self("prog", 0, 0, 0755);
	CHECK_EQ(AS(OTHER, run_caps(0, 0, 0, 0, 0)), -9);
	CHECK_EQ(set_caps("prog", plain, BIND, 0), 0);
	CHECK_EQ(AS(OTHER, run_caps(BIND, 0, 0, 0, 1)), -9);
	CHECK_EQ(set_caps("prog", at_once, BIND | RAW, 0), 0);
	CHECK_EQ(AS(OTHER, run_caps(BIND | RAW, BIND | RAW, 0, 0, 1)), -9);

	// What the caller has to pass on.
	CHECK_EQ(set_caps("prog", at_once, BIND, RAW), 0);
	CHECK_EQ(AS(OTHER, run_caps(BIND, BIND, 0, 0, 1)), -9);
	CHECK_EQ(IN_CHILD(inherit(RAW | 1); become(OTHER); run_caps(BIND | RAW, BIND | RAW, RAW | 1, 0, 1)), 9);

	// Beyond the bounding set: not at all, or not without.
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(prctl, PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE, 0, 0, 0), 0);
		become(OTHER);
		CHECK_EQ(run_caps(0, 0, 0, 0, 0), -EPERM);
		CHECK_EQ(sys(execveat, AT_FDCWD, "prog", ((const char *[]){"prog", NULL}), NULL, 0), -EPERM);
		t_exit(5);
	}), 5);
	CHECK_EQ(IN_CHILD(sys(prctl, PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE, 0, 0, 0);
			 CHECK_EQ(run_caps(0, 0, 0, 0, 0), -EPERM)), 0); // root, too
	CHECK_EQ(set_caps("prog", plain, BIND | RAW, 0), 0);
	CHECK_EQ(IN_CHILD(sys(prctl, PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE, 0, 0, 0); become(OTHER);
			 run_caps(RAW, 0, 0, 0, 1)), 9);

	// No new privileges.
	CHECK_EQ(set_caps("prog", at_once, BIND, 0), 0);
	CHECK_EQ(IN_CHILD(become(OTHER); sys(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); run_caps(0, 0, 0, 0, 1)), 9);

	// Ambient ones are for programs that have none of their own.
	CHECK_EQ(IN_CHILD(become_raw(); run_caps(BIND, BIND, RAW, 0, 1)), 9);
	CHECK_EQ(sys(removexattr, "prog", CAPS), 0);
	CHECK_EQ(IN_CHILD(become_raw(); run_caps(RAW, RAW, RAW, RAW, 0)), 9);

	// Of another namespace's root, which is none of ours.
	file_caps = (struct vfs_ns_cap_data){VFS_CAP_REVISION_3 | VFS_CAP_FLAGS_EFFECTIVE, {{BIND, 0}}, OTHER};
	CHECK_EQ(sys(setxattr, "prog", CAPS, &file_caps, 24, 0), 0);
	CHECK_EQ(AS(OTHER, run_caps(0, 0, 0, 0, 0)), -9);

	// Root's by its bit, and yet no more than these.
	CHECK_EQ(set_caps("prog", at_once, BIND, 0), 0);
	CHECK_EQ(sys(chmod, "prog", 04755), 0);
	CHECK_EQ(AS(OTHER, run_caps(BIND, BIND, 0, 0, 1)), -9);

	// Made empty, which nobody is kept from, they keep everybody from running it.
	CHECK_EQ(AS(OTHER, sys(setxattr, "prog", CAPS, 0, 0, 0)), 0);
	CHECK_EQ(get_caps("prog"), -EINVAL);
	CHECK_EQ(run_caps(0, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(removexattr, "prog", CAPS), 0);
}

TEST(capabilities_by_the_root_of_a_namespace)
{
	prepare();
	copy_self("prog", OTHER, OTHER, 0755);
	int got = IN_CHILD({
		become(OTHER);
		CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
		if (sys(unshare, CLONE_NEWUSER))
			t_exit(3);
		CHECK_EQ(t_spit("/proc/self/setgroups", "deny"), 0);
		CHECK_EQ(t_spit("/proc/self/uid_map", "0 1003 1"), 0);
		CHECK_EQ(t_spit("/proc/self/gid_map", "0 1003 1"), 0);
		CHECK_EQ(set_caps("prog", VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, BIND, 0), 0);
		CHECK_EQ(get_caps("prog"), 20);
		CHECK_EQ(file_caps.magic_etc, VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE);
		file_caps.magic_etc = VFS_CAP_REVISION_3;
		file_caps.rootid = 5; // whom it has no name for
		CHECK_EQ(sys(setxattr, "prog", CAPS, &file_caps, 24, 0), -EINVAL);
	});

	if (got == 3)
		SKIP("no user namespaces");
	CHECK_EQ(got, 0);
	CHECK_EQ(get_caps("prog"), 24);
	CHECK_EQ(file_caps.magic_etc, VFS_CAP_REVISION_3 | VFS_CAP_FLAGS_EFFECTIVE);
	CHECK_EQ(file_caps.rootid, OTHER);
	CHECK_EQ(AS(OTHER, run_caps(0, 0, 0, 0, 0)), -9); // outside it is nothing
}

TEST(mount_flags)
{
	prepare();
	if (!t_own_machine)
		SKIP("mounts");
	CHECK_EQ(sys(mkdir, "m", 0755), 0);
	CHECK_EQ(sys(mount, "x", "m", "tmpfs", 2, 0), 0); // NOSUID
	CHECK_EQ(sys(chdir, "m"), 0);
	copy_self("prog", OWNER, GROUP, 06755);
	CHECK_EQ(AS(OTHER, run("1003", "1003", "1003", "1003", "0", "1")), -7);
	CHECK_EQ(set_caps("prog", VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, BIND, 0), 0);
	CHECK_EQ(AS(OTHER, run_caps(0, 0, 0, 0, 0)), -9);
	CHECK_EQ(sys(mknod, "null", 020666, 0x103), 0);
	CHECK_EQ(OPENS("null", O_RDWR), 0);
	CHECK_EQ(sys(mount, "x", ".", "tmpfs", 32 | 4 | 8, 0), 0); // REMOUNT, NODEV, NOEXEC
	CHECK_EQ(run("0", "0", "0", "0", "0", "1"), -EACCES);
	CHECK_EQ(OPENS("null", O_RDWR), -EACCES);
	CHECK_EQ(sys(chdir, ".."), 0);
	CHECK_EQ(sys(umount2, "m", 2), 0);
}

// ---- the machine, and others ----

// An administrator who may not search everywhere.
TEST(a_place_to_mount_has_to_be_found)
{
	prepare();
	make_dir("closed", OWNER, OWNER, 0700);
	CHECK_EQ(sys(mkdir, "closed/d", 0700), 0);
	keep(1UL << CAP_SYS_ADMIN);
	CHECK_EQ(sys(mount, "x", "closed/d", "tmpfs", 0, 0), -EACCES);
	CHECK_EQ(sys(umount2, "closed/d", 0), -EACCES);
}

// By the user id alone, and that of who writes, whoever opened it.
TEST(numbers_of_the_machine)
{
	const char *path = "/proc/sys/vm/panic_on_oom";
	long n, fd;

	prepare();
	n = t_slurp(path, buf, sizeof buf);
	CHECK_GE(n, 2);
	CHECK_EQ(IN_CHILD(keep(0); CHECK_EQ(OPENS(path, O_RDWR), 0)), 0);
	fd = sys(open, path, O_RDWR);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(pwrite64, fd, buf, n, 0), n);
	become(OTHER);
	CHECK_EQ(OPENS(path, O_RDONLY), 0);
	CHECK_EQ(OPENS(path, O_WRONLY), -EACCES);
	CHECK_EQ(sys(pwrite64, fd, buf, n, 0), -EPERM);
	CHECK_EQ(sys(pread64, fd, buf, sizeof buf, 0), n);
}

TEST(what_only_capabilities_allow)
{
	struct rlimit64 limit, raised;

	prepare();
	limit = (struct rlimit64){1024, 1 << 28}; // more than nr_open is nobody's
	CHECK_EQ(sys(prlimit64, 0, 7, &limit, 0), -EPERM);
	limit = (struct rlimit64){1024, 1000};
	CHECK_EQ(sys(prlimit64, 0, 7, &limit, 0), -EINVAL);
	become(OTHER);
	CHECK_EQ(sys(sethostname, "x", 1), -EPERM);
	CHECK_EQ(sys(setdomainname, "x", 1), -EPERM);
	CHECK_EQ(sys(reboot, 0, 0, 0, 0), -EPERM);
	CHECK_EQ(sys(mount, "x", "/", "tmpfs", 0, 0), -EPERM);
	CHECK_EQ(sys(umount2, "/", 0), -EPERM);
	CHECK_EQ(sys(prlimit64, 1, 7, 0, &limit), -EPERM);
	CHECK_EQ(sys(prlimit64, 0, 7, 0, &limit), 0);
	CHECK_EQ(sys(kcmp, 1, t_getpid(), 1, 0, 0), -EPERM);
	long fd = sys(pidfd_open, 1, 0);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(pidfd_getfd, fd, 0, 0), -EPERM);
	limit.rlim_max--;
	limit.rlim_cur = 5;
	CHECK_EQ(sys(prlimit64, 0, 7, &limit, 0), 0);
	raised = limit;
	raised.rlim_max++;
	CHECK_EQ(sys(prlimit64, 0, 7, &raised, 0), -EPERM);
	CHECK_EQ(sys(prlimit64, 0, 7, 0, &raised), 0);
	CHECK_EQ(raised.rlim_max, limit.rlim_max);
}

TEST(oom_score_adj_goes_up)
{
	prepare();
	keep(1UL << CAP_DAC_OVERRIDE);
	CHECK_EQ(t_spit("/proc/self/oom_score_adj", "300"), 0);
	CHECK_EQ(t_spit("/proc/self/oom_score_adj", "-1"), -EACCES);
	CHECK_EQ(t_spit("/proc/self/oom_score_adj", "0"), 0); // where it was
}
