// SPDX-License-Identifier: GPL-2.0-only
//
// What the tests of control groups share. Each works in a directory that is a tree's root, with groups of its own in it.
#pragma once

#include "t.h"

#include <asm/statfs.h>
#include <linux/fs.h>
#include <linux/poll.h>

#define CGROUP2_MAGIC 0x63677270
#define CGROUP_MAGIC 0x27e0eb

// A place where a tree may be already; on Thaw and in a small Linux it is mounted by the test.
static inline bool tree_at(const char *path, long magic)
{
	struct statfs s;

	return sys(statfs, path, &s) == 0 && s.f_type == magic && sys(access, path, 2) == 0 && sys(chdir, path) == 0;
}

static char cg_base[32];

// Works in a group of its own, at the root of the tree; out() ends that.
static inline void in(void)
{
	t_snprintf(cg_base, sizeof cg_base, "thaw-%d", t_getpid());
	if (sys(mkdir, cg_base, 0755))
		SKIP("no control groups that can be written");
	CHECK_EQ(sys(chdir, cg_base), 0);
}

static inline void out(void)
{
	CHECK_EQ(sys(chdir, ".."), 0);
	CHECK_EQ(sys(rmdir, cg_base), 0);
}

static inline void v2(void)
{
	if (!tree_at("/sys/fs/cgroup", CGROUP2_MAGIC) && !tree_at("/sys/fs/cgroup/unified", CGROUP2_MAGIC) &&
		(sys(mount, "none", "/sys/fs/cgroup", "cgroup2", 0, 0) || !tree_at("/sys/fs/cgroup", CGROUP2_MAGIC)))
		SKIP("no cgroup2 to write in");
	in();
}

static bool cg_mounted;

// A tree of version 1, by its controller.
static inline void v1(const char *controller)
{
	char path[64];

	t_snprintf(path, sizeof path, "/sys/fs/cgroup/%s", controller);
	if (!tree_at(path, CGROUP_MAGIC)) {
		t_tmpdir();
		CHECK_EQ(sys(mkdir, "m", 0755), 0);
		if (sys(mount, "none", "m", "cgroup", 0, controller) || !tree_at("m", CGROUP_MAGIC))
			SKIP("no control groups of version 1 that can be written");
		cg_mounted = true;
	}
	in();
}

static inline void out_v1(void)
{
	out();
	if (!cg_mounted)
		return;
	CHECK_EQ(sys(chdir, ".."), 0);
	CHECK_EQ(sys(umount2, "m", 0), 0);
}

static inline long make(const char *name)
{
	return sys(mkdir, name, 0755);
}

static inline long put(const char *path, int pid)
{
	char text[16];

	t_snprintf(text, sizeof text, "%d", pid);
	return t_spit(path, text);
}

static char cg_buf[65536];

static inline bool reads(const char *path, const char *text)
{
	long n = t_slurp(path, cg_buf, sizeof cg_buf);

	if (n < 0 || strcmp(cg_buf, text))
		t_printf("# %s: %ld \"%s\"\n", path, n, n < 0 ? "" : cg_buf);
	return n >= 0 && !strcmp(cg_buf, text);
}

static inline int lines(const char *path)
{
	int n = 0;

	CHECK_GE(t_slurp(path, cg_buf, sizeof cg_buf), 0);
	for (char *p = cg_buf; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

// The path of pid's group in the line of /proc/PID/cgroup that has `tree`: "0::", ":freezer:", ":memory:".
static inline const char *cgroup_of(int pid, const char *tree)
{
	char path[32], *line, *end;

	t_snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
	CHECK_GE(t_slurp(path, cg_buf, sizeof cg_buf), 1);
	line = strstr(cg_buf, tree);
	if (!line)
		return "";
	line += strlen(tree);
	end = strchr(line, '\n');
	if (end)
		*end = 0;
	return line;
}

static inline bool ends(const char *s, const char *with)
{
	size_t n = strlen(s), w = strlen(with);

	return n >= w && !strcmp(s + n - w, with);
}

// Does the directory have that name?
static inline bool listed(const char *dir, const char *name)
{
	long fd = sys(open, dir, O_RDONLY | O_DIRECTORY), n;
	bool found = false;

	CHECK_GE(fd, 0);
	while ((n = sys(getdents64, fd, cg_buf, 1000)) > 0)
		for (long at = 0; at < n; at += *(unsigned short *)(cg_buf + at + 16))
			found |= !strcmp(cg_buf + at + 19, name);
	CHECK_EQ(n, 0);
	sys(close, fd);
	return found;
}

static inline int child(void)
{
	int pid = t_fork();

	if (pid == 0)
		thread_pause(NULL);
	CHECK_GE(pid, 1);
	return pid;
}

static inline void end_other(int pid)
{
	sys(kill, pid, SIGKILL);
}

static inline void end(int pid)
{
	end_other(pid);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}
