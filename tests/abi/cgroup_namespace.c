// SPDX-License-Identifier: GPL-2.0-only
//
// Cgroup namespaces: where the paths of groups begin for whom, what is mounted inside, and what nsdelegate forbids.
#include "namespace.h"
#include "cgroup.h"
#include "pid_namespace.h"

static const char *tree; // the line of /proc/PID/cgroup

static void v2_tree(void)
{
	ns_prepare(CLONE_NEWCGROUP);
	v2();
	tree = "0::";
}

static void freezer_tree(void)
{
	ns_prepare(CLONE_NEWCGROUP);
	v1("freezer");
	tree = ":freezer:";
}

// Current goes there, and is at the root of a new namespace.
static void unshare_in(const char *group)
{
	char path[64];

	t_snprintf(path, sizeof path, "%s/cgroup.procs", group);
	CHECK_EQ(put(path, 0), 0);
	CHECK_EQ(sys(unshare, CLONE_NEWCGROUP), 0);
}

#define IS_AT(pid, path)                                                                           \
	do {                                                                                       \
		const char *at_ = cgroup_of(pid, tree);                                            \
		if (strcmp(at_, path))                                                             \
			t_printf("# %d is at \"%s\"\n", pid, at_);                                 \
		CHECK_EQ(strcmp(at_, path), 0);                                                    \
	} while (0)

// A process in that group.
static int child_in(const char *group)
{
	char path[64];
	int pid = child();

	t_snprintf(path, sizeof path, "%s/cgroup.procs", group);
	CHECK_EQ(put(path, pid), 0);
	return pid;
}

// ---- paths ----

// The working directory has no other groups.
static void paths(void)
{
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a/b"), 0);
	CHECK_EQ(make("a/b/below"), 0);
	CHECK_EQ(make("a/beside"), 0);
	CHECK_EQ(make("apart"), 0);
	CHECK_EQ(make("apart/far"), 0);
	int above = child_in("a"), below = child_in("a/b/below"), beside = child_in("a/beside"), apart = child_in("apart/far"), me = t_getpid();

	CHECK_EQ(IN_CHILD({
		unshare_in("a/b");
		IS_AT(t_getpid(), "/");
		IS_AT(above, "/..");
		IS_AT(below, "/below");
		IS_AT(beside, "/../beside");
		IS_AT(apart, "/../../apart/far");
		CHECK(!strncmp(cgroup_of(me, tree), "/../../..", 9)); // at the machine's root, or below it
		CHECK_EQ(IN_CHILD(IS_AT(t_getpid(), "/")), 0);
		// From outside nothing has changed.
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(setns, sys(pidfd_open, me, 0), CLONE_NEWCGROUP), 0);
			CHECK(ends(cgroup_of(t_getpid(), tree), "/a/b"));
			CHECK(ends(cgroup_of(below, tree), "/a/b/below"));
		}), 0);
		// One in the other.
		CHECK_EQ(IN_CHILD({
			unshare_in("a/b/below");
			IS_AT(t_getpid(), "/");
			IS_AT(above, "/../..");
			IS_AT(beside, "/../../beside");
		}), 0);
		// Who goes elsewhere goes on to see from there.
		CHECK_EQ(put("apart/cgroup.procs", 0), 0);
		IS_AT(t_getpid(), "/../../apart");
		IS_AT(below, "/below");
		CHECK_EQ(put("a/b/cgroup.procs", 0), 0);
		IS_AT(t_getpid(), "/");
	}), 0);
	end(above);
	end(below);
	end(beside);
	end(apart);
	CHECK_EQ(sys(rmdir, "apart/far"), 0);
	CHECK_EQ(sys(rmdir, "apart"), 0);
	CHECK_EQ(sys(rmdir, "a/beside"), 0);
	CHECK_EQ(sys(rmdir, "a/b/below"), 0);
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
}

TEST(paths_of_version_2)
{
	v2_tree();
	paths();
	out();
}

TEST(paths_of_version_1)
{
	freezer_tree();
	paths();
	out_v1();
}

// The group at its root may be removed once nobody is in it.
TEST(the_root_goes)
{
	v2_tree();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a/b"), 0);
	CHECK_EQ(make("c"), 0);
	CHECK_EQ(IN_CHILD({
		unshare_in("a/b");
		CHECK_EQ(put("c/cgroup.procs", 0), 0);
		CHECK_EQ(sys(rmdir, "a/b"), 0);
		CHECK_EQ(sys(rmdir, "a"), 0);
		IS_AT(t_getpid(), "/../../c");
		CHECK_EQ(make("a"), 0);
		CHECK_EQ(make("a/b"), 0);
		CHECK_EQ(put("a/b/cgroup.procs", 0), 0); // another of the same name
		IS_AT(t_getpid(), "/../../a/b");
		CHECK_EQ(put("c/cgroup.procs", 0), 0);
		CHECK_EQ(sys(rmdir, "a/b"), 0);
		CHECK_EQ(sys(rmdir, "a"), 0);
		CHECK_EQ(sys(unshare, CLONE_NEWCGROUP), 0);
		IS_AT(t_getpid(), "/");
	}), 0);
	CHECK_EQ(sys(rmdir, "c"), 0);
	out();
}

TEST(a_zombie_of_a_group_that_is_gone)
{
	v2_tree();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a/b"), 0);
	CHECK_EQ(IN_CHILD({
		unshare_in("a");
		int pid = child_in("a/b");

		sys(kill, pid, SIGKILL);
		UNTIL(t_state(pid) == 'Z');
		UNTIL(!sys(rmdir, "a/b"));
		IS_AT(pid, "/b (deleted)");
		CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	}), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

// ---- made, entered, asked for ----

TEST(clone_makes_one_for_the_child)
{
	v2_tree();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("b"), 0);
	CHECK_EQ(put("a/cgroup.procs", 0), 0);
	unsigned long before = ns_ino(t_getpid(), "cgroup");
	int parent = t_getpid(), pid = (int)sys(clone, CLONE_NEWCGROUP | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		IS_AT(t_getpid(), "/");
		CHECK(ns_ino(t_getpid(), "cgroup") != before);
		t_exit(0);
	}
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(ns_ino(t_getpid(), "cgroup"), before);
	CHECK(ends(cgroup_of(t_getpid(), tree), "/a"));
	// The child's group is the root, where it begins elsewhere.
	struct clone_args args = {
		.flags = CLONE_NEWCGROUP | CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (unsigned)sys(open, "b", O_RDONLY | O_DIRECTORY)};

	pid = (int)sys(clone3, &args, sizeof args);
	if (pid == 0) {
		IS_AT(t_getpid(), "/");
		IS_AT(parent, "/../a");
		t_exit(0);
	}
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(put("../cgroup.procs", 0), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	CHECK_EQ(sys(rmdir, "b"), 0);
	out();
}

static int be_apart(void *arg)
{
	char path[64];

	CHECK_EQ(sys(unshare, CLONE_NEWCGROUP), 0);
	t_snprintf(path, sizeof path, "/proc/self/task/%d/cgroup", t_gettid());
	CHECK_GE(t_slurp(path, cg_buf, sizeof cg_buf), 1);
	CHECK(strstr(cg_buf, "0::/\n"));
	(void)arg;
	return 0;
}

TEST(a_thread_may_have_its_own)
{
	v2_tree();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(IN_CHILD({
		struct thread t;

		CHECK_EQ(put("a/cgroup.procs", 0), 0);
		thread_start(&t, be_apart, NULL);
		thread_join(&t);
		CHECK(ends(cgroup_of(t_getpid(), tree), "/a"));
	}), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

static void be_there(void)
{
	unshare_in("a/b");
	yield_to_parent();
}

TEST(setns_by_file_and_by_pidfd)
{
	v2_tree();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a/b"), 0);
	int pid = in_namespace(be_there), fd = ns_open(pid, "cgroup"), own = ns_open(t_getpid(), "cgroup"), pidfd = (int)sys(pidfd_open, pid, 0);
	unsigned long there = ns_ino(pid, "cgroup"), before = ns_ino(t_getpid(), "cgroup");

	CHECK(there != before);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, fd, CLONE_NEWUTS), -EINVAL);
		CHECK_EQ(sys(setns, fd, CLONE_NEWCGROUP), 0);
		CHECK_EQ(ns_ino(t_getpid(), "cgroup"), there);
		IS_AT(pid, "/");
		CHECK(!strncmp(cgroup_of(t_getpid(), tree), "/../..", 6)); // the view alone has changed
		CHECK_EQ(sys(setns, own, 0), 0);
		CHECK_EQ(ns_ino(t_getpid(), "cgroup"), before);
		CHECK(ends(cgroup_of(pid, tree), "/a/b"));
	}), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, pidfd, CLONE_NEWCGROUP | CLONE_NEWPID), 0);
		CHECK_EQ(ns_ino(t_getpid(), "cgroup"), there);
	}), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(setns, fd, 0), -EPERM);
		CHECK_EQ(sys(setns, own, 0), -EPERM);
		CHECK_EQ(sys(setns, pidfd, CLONE_NEWCGROUP), -EPERM);
		CHECK_EQ(sys(unshare, CLONE_NEWCGROUP), -EPERM);
	}), 0);
	end_namespace();
	CHECK_EQ(IN_CHILD({ // the file keeps it
		CHECK_EQ(sys(setns, fd, 0), 0);
		CHECK(!strncmp(cgroup_of(t_getpid(), tree), "/../..", 6));
	}), 0);
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(its_file)
{
	ns_prepare(CLONE_NEWCGROUP);
	ns_check_file("cgroup", CLONE_NEWCGROUP);
}

// ---- what may be reached ----

// Nobody is kept from the groups above unless the tree is mounted so, and then only from inside.
TEST(nsdelegate)
{
	char line[16] = "max";

	if (!t_own_machine)
		SKIP("an option of the whole machine");
	v2_tree();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a/b"), 0);
	CHECK_EQ(make("c"), 0);
	int other = child_in("c");

	CHECK_EQ(sys(mkdir, "/tmp/nsdelegate", 0755), 0);
	for (int delegate = 0; delegate < 2; delegate++) {
		CHECK_EQ(sys(mount, "none", "/tmp/nsdelegate", "cgroup2", 0, delegate ? "nsdelegate" : ""), 0);
		CHECK_EQ(sys(umount2, "/tmp/nsdelegate", 0), 0);
		CHECK_EQ(IN_CHILD({
			unshare_in("a");
			CHECK_EQ(put("c/cgroup.procs", 0), delegate ? -ENOENT : 0);
			CHECK_EQ(put("a/cgroup.procs", 0), 0);
			CHECK_EQ(put("a/cgroup.procs", other), delegate ? -ENOENT : 0);
			CHECK_EQ(put("c/cgroup.threads", t_gettid()), delegate ? -ENOENT : -EOPNOTSUPP);
			CHECK_EQ(put("a/b/cgroup.procs", 0), 0);
			CHECK_EQ(put("a/cgroup.procs", 0), 0);
			struct clone_args args = {
				.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (unsigned)sys(open, "c", O_RDONLY | O_DIRECTORY)};
			int pid = (int)sys(clone3, &args, sizeof args);

			if (pid == 0)
				t_exit(0);
			CHECK_EQ(pid < 0 ? pid : t_wait(pid), delegate ? -ENOENT : 0);
			// What limits the root is for who is above it.
			CHECK_EQ(t_spit("a/cgroup.max.depth", line), delegate ? -EPERM : 0);
			CHECK_EQ(t_spit("a/cgroup.freeze", "0"), delegate ? -EPERM : 0);
			CHECK_EQ(t_spit("a/cgroup.subtree_control", ""), 0);
			CHECK_EQ(t_spit("a/b/cgroup.max.depth", line), 0);
			CHECK_EQ(t_spit("c/cgroup.max.depth", line), 0);
			// An option that is given inside changes nothing.
			CHECK_EQ(sys(mount, "none", "/tmp/nsdelegate", "cgroup2", 0, delegate ? "" : "nsdelegate"), 0);
			CHECK_EQ(sys(umount2, "/tmp/nsdelegate", 0), 0);
			CHECK_EQ(t_spit("a/cgroup.max.depth", line), delegate ? -EPERM : 0);
		}), 0);
		CHECK_EQ(put("c/cgroup.procs", other), 0); // from outside
		CHECK_EQ(t_spit("a/cgroup.max.depth", line), 0);
	}
	CHECK_EQ(sys(mount, "none", "/tmp/nsdelegate", "cgroup2", 0, ""), 0);
	CHECK_EQ(sys(umount2, "/tmp/nsdelegate", 0), 0);
	CHECK_EQ(sys(rmdir, "/tmp/nsdelegate"), 0);
	end(other);
	CHECK_EQ(sys(rmdir, "c"), 0);
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

// ---- mounted inside ----

// Is there such a line in mountinfo: the root, and where it is?
static bool is_mounted(const char *root, const char *at)
{
	char text[256];

	CHECK_GE(t_slurp("/proc/self/mountinfo", cg_buf, sizeof cg_buf), 1);
	t_snprintf(text, sizeof text, " %s %s ", root, at);
	return strstr(cg_buf, text);
}

// What is mounted inside begins at the namespace's root, and ".." leads out of it by the place.
static void mounts(const char *type, const char *options)
{
	char at[64], at2[72], to[96];
	struct stat st;
	struct stat b;

	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a/b"), 0);
	CHECK_EQ(make("a/b/c"), 0);
	CHECK_EQ(sys(stat, "a/b", &b), 0);
	t_snprintf(at, sizeof at, "/tmp/thaw-cgroup-%d", t_getpid());
	CHECK_EQ(sys(mkdir, at, 0755), 0);
	t_snprintf(at2, sizeof at2, "%s.2", at);
	CHECK_EQ(sys(mkdir, at2, 0755), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(unshare, CLONE_NEWNS), 0);
		CHECK_EQ(sys(mount, "none", "/", 0, MS_REC | MS_PRIVATE, 0), 0);
		unshare_in("a/b");
		CHECK_EQ(sys(mount, "none", at, type, 0, options), 0);
		CHECK(is_mounted("/", at));
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(chdir, at), 0);
			CHECK_EQ(sys(stat, ".", &st), 0);
			CHECK_EQ(st.st_ino, b.st_ino);
			CHECK_EQ(sys(stat, "c", &st), 0);
			CHECK_EQ(put("c/cgroup.procs", 0), 0);
			IS_AT(t_getpid(), "/c");
			CHECK_EQ(put("cgroup.procs", 0), 0);
			IS_AT(t_getpid(), "/");
			CHECK_EQ(make("new"), 0);
			CHECK_EQ(sys(rmdir, "new"), 0);
			CHECK_EQ(sys(chdir, ".."), 0);
			CHECK_EQ(sys(getcwd, to, sizeof to), 5);
			CHECK_EQ(strcmp(to, "/tmp"), 0);
		}), 0);
		CHECK_EQ(IN_CHILD({ // whose root is below
			unshare_in("a/b/c");
			CHECK(is_mounted("/..", at));
			CHECK_EQ(sys(mount, "none", at2, type, 0, options), 0);
			CHECK(is_mounted("/", at2));
			CHECK_EQ(sys(umount2, at2, 0), 0);
			CHECK(!is_mounted("/", at2));
		}), 0);
		CHECK_EQ(sys(umount2, at, 0), 0);
		CHECK_EQ(sys(stat, at, &st), 0);
		CHECK(st.st_ino != b.st_ino);
		// A root that is gone.
		CHECK_EQ(put("cgroup.procs", 0), 0);
		CHECK_EQ(sys(rmdir, "a/b/c"), 0);
		CHECK_EQ(sys(rmdir, "a/b"), 0);
		CHECK_EQ(sys(mount, "none", at, type, 0, options), -ENOENT);
	}), 0);
	CHECK_EQ(sys(rmdir, at), 0);
	CHECK_EQ(sys(rmdir, at2), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
}

TEST(mounted_version_2)
{
	v2_tree();
	mounts("cgroup2", NULL);
	out();
}

TEST(mounted_version_1)
{
	freezer_tree();
	mounts("cgroup", "freezer");
	out_v1();
}

// Trees are made in the first namespace alone.
TEST(no_new_trees)
{
	if (!t_own_machine)
		SKIP("there are all trees, or none");
	v2_tree();
	CHECK_EQ(sys(mkdir, "/tmp/new_tree", 0755), 0);
	CHECK_EQ(IN_CHILD({
		unshare_in(".");
		// Linux keeps a tree for a while that other tests have had.
		CHECK_EQ(sys(mount, "none", "/tmp/new_tree", "cgroup", 0, t_on_thaw ? "freezer" : "pids"), -EPERM);
		CHECK_EQ(sys(mount, "none", "/tmp/new_tree", "cgroup", 0, "no such"), -EINVAL);
	}), 0);
	CHECK_EQ(sys(rmdir, "/tmp/new_tree"), 0);
	out();
}

// ---- many, and all at once ----

TEST(many)
{
	v2_tree();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(IN_CHILD({
		for (int i = 0; i < 500; i++) {
			unshare_in(i & 1 ? "a" : ".");
			IS_AT(t_getpid(), "/");
		}
	}), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

static _Atomic int go_on;

static int be_moved(void *arg)
{
	char text[1024];

	while (go_on) {
		CHECK_EQ(sys(unshare, CLONE_NEWCGROUP), 0);
		CHECK_GE(t_slurp("/proc/self/cgroup", text, sizeof text), 1);
		CHECK(strstr(text, "0::/"));
	}
	(void)arg;
	return 0;
}

// Where one is, and where one sees from, change together with what there is.
TEST(all_at_once)
{
	struct thread t[2];

	v2_tree();
	go_on = 1;
	CHECK_EQ(IN_CHILD({
		for (unsigned i = 0; i < 2; i++)
			thread_start(&t[i], be_moved, NULL);
		for (int i = 0; i < 200; i++) {
			CHECK_EQ(make("a"), 0);
			CHECK_EQ(make("a/b"), 0);
			CHECK_EQ(put(i & 1 ? "a/b/cgroup.procs" : "a/cgroup.procs", 0), 0);
			CHECK_EQ(put("cgroup.procs", 0), 0);
			CHECK_EQ(sys(rmdir, "a/b"), 0);
			CHECK_EQ(sys(rmdir, "a"), 0);
		}
		go_on = 0;
		for (unsigned i = 0; i < 2; i++)
			thread_join(&t[i]);
	}), 0);
	out();
}
