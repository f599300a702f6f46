// SPDX-License-Identifier: GPL-2.0-only
/*
 * pidfd: a process by a descriptor instead of by a number that may be given away again. Mirrors
 * Linux's pidfd parts of kernel/fork.c, kernel/pid.c and kernel/signal.c.
 *
 * The open file holds the thread group's memory (sigcnt), not a task: the group stays what it is
 * when an exec in another thread changes its leader, and its leader is NULL once it was reaped.
 *
 * Locks: tasklist_lock (r) for each look at the leader.
 */
#include "kernel/fs/dcache.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/signal.h"

/* The zombie of a whole group, or gone. */
static bool group_exited(const struct group *g)
{
	return !g->leader || (g->leader->exit_state && thread_group_empty(g->leader));
}

/* Readable from the end of the process on, reaped or not. */
static unsigned pidfd_poll(struct file *f, struct poll_table *pt)
{
	struct group *g = f->private;
	bool exited;

	poll_wait(pt, &g->wait_pidfd);
	read_lock(&tasklist_lock);
	exited = group_exited(g);
	read_unlock(&tasklist_lock);
	return exited ? POLLIN | POLLRDNORM : 0u;
}

/* Its number in ns, and in each namespace below that sees it. 0: not seen; -1: reaped. */
static size_t pidfd_show_fdinfo(struct file *f, struct pid_namespace *ns, char *buf, size_t n)
{
	struct group *g = f->private;
	int pid = READ_ONCE(g->leader) ? entry_nr_ns(g->pid, ns) : -1;
	size_t len = kscnprintf(buf, n, "Pid:\t%d\nNSpid:\t%d", pid, pid);

	for (unsigned level = ns->level + 1; pid > 0 && level <= g->pid_ns->level; level++)
		len += kscnprintf(buf + len, n - len, "\t%d", entry_nr_ns(g->pid, pid_ns_at(g->pid_ns, level)));
	return len + kscnprintf(buf + len, n - len, "\n");
}

static void pidfd_release(struct file *f)
{
	group_put(f->private);
}

static const struct file_ops pidfd_fops = { .poll = pidfd_poll, .show_fdinfo = pidfd_show_fdinfo,
	.release = pidfd_release };

struct file *pidfd_file(struct group *g, u32 flags)
{
	struct file *f = anon_inode_getfile("anon_inode:[pidfd]", &pidfd_fops, g, O_RDWR | flags);

	if (!IS_ERR(f))
		atomic_fetch_add(&g->sigcnt, 1);
	return f;
}

/* A new descriptor; -EMFILE, -ENOMEM. */
static int pidfd_create(struct group *g, u32 flags)
{
	struct file *f = pidfd_file(g, flags);

	return IS_ERR(f) ? (int)PTR_ERR(f) : fd_alloc(f, O_CLOEXEC, 0);
}

struct group *pidfd_group(int fd, u32 *flags)
{
	struct file *f = fget(fd);
	struct group *g = ERR_PTR(-EBADF);

	if (f && f->ops == &pidfd_fops) {
		g = f->private;
		atomic_fetch_add(&g->sigcnt, 1);
		*flags = f->flags;
	}
	if (f)
		fput(f);
	return g;
}

/* As pidfd_group, or by a directory /proc/PID. */
static struct group *signalled_group(int fd)
{
	struct file *f = fget(fd);
	struct group *g;

	if (!f)
		return ERR_PTR(-EBADF);
	if (f->ops == &pidfd_fops) {
		g = f->private;
		atomic_fetch_add(&g->sigcnt, 1);
	} else {
		g = proc_dir_group(f);
	}
	fput(f);
	return g;
}

/* --- system calls --- */

long sys_pidfd_open(int pid, unsigned flags)
{
	struct task *t;
	struct group *g;
	int fd;

	if (flags & ~(unsigned)PIDFD_NONBLOCK || pid <= 0)
		return -EINVAL;
	t = find_get_task_by_vpid(pid);
	if (!t)
		return -ESRCH;
	g = t->group;
	fd = READ_ONCE(g->leader) == t ? pidfd_create(g, flags) : -EINVAL;
	put_task(t);
	return fd;
}

/* Nobody but oneself may be told that the kernel, or kill, sent it. */
static long pidfd_info(struct group *g, int sig, uaddr_t uinfo, struct k_siginfo *info)
{
	if (copy_from_user(info, uinfo, sizeof(*info)))
		return -EFAULT;
	if (info->si_signo != sig)
		return -EINVAL;
	if (g != current->group && (info->si_code >= 0 || info->si_code == SI_TKILL))
		return -EPERM;
	return 0;
}

long sys_pidfd_send_signal(int pidfd, int sig, uaddr_t uinfo, unsigned flags)
{
	struct k_siginfo info;
	struct group *g;
	long err = 0;

	if (flags)
		return -EINVAL;
	g = signalled_group(pidfd);
	if (IS_ERR(g))
		return PTR_ERR(g);
	if (!entry_vnr(g->pid))
		err = -EINVAL;
	if (!err && uinfo)
		err = pidfd_info(g, sig, uinfo, &info);
	if (!err) {
		read_lock(&tasklist_lock);
		err = g->leader ? group_send_sig_info(sig, uinfo ? &info : NULL, g->leader) : -ESRCH;
		read_unlock(&tasklist_lock);
	}
	group_put(g);
	return err;
}

struct task *get_leader(struct group *g)
{
	struct task *t;

	read_lock(&tasklist_lock);
	t = g->leader ? get_task(g->leader) : NULL;
	read_unlock(&tasklist_lock);
	return t;
}

/* What t has open as fd, of the program that we may look into: no exec comes between. */
static struct file *file_of(struct task *t, int fd)
{
	struct file *f;

	if (mutex_lock_killable(&t->group->exec_update_mutex))
		return ERR_PTR(-EINTR);
	f = ptrace_may_access(t, PTRACE_REALCREDS) ? fget_task(t, fd) : ERR_PTR(-EPERM);
	mutex_unlock(&t->group->exec_update_mutex);
	return f;
}

/* A descriptor of our own for what another process has open. */
long sys_pidfd_getfd(int pidfd, int fd, unsigned flags)
{
	struct group *g;
	struct task *t;
	struct file *f;
	u32 file_flags;

	if (flags)
		return -EINVAL;
	g = pidfd_group(pidfd, &file_flags);
	if (IS_ERR(g))
		return PTR_ERR(g);
	t = get_leader(g);
	group_put(g);
	if (!t)
		return -ESRCH;
	f = file_of(t, fd);
	put_task(t);
	if (IS_ERR(f))
		return PTR_ERR(f);
	if (!f)
		return -EBADF;
	return fd_alloc(f, O_CLOEXEC, 0);
}
