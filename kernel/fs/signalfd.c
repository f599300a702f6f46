// SPDX-License-Identifier: GPL-2.0-only
/*
 * signalfd: signals that are read. Mirrors Linux fs/signalfd.c. What is read, and what poll tells,
 * are the signals of who reads or polls, not of who made the descriptor.
 *
 * LINUX: there each sighand has a queue of those who wait, and here all have one, which outlives
 * them all: a signal wakes whoever waits at any signalfd, and they look again.
 *
 * Locks: siglock, then the queue's. Who waits is in the queue before it looks at what is pending,
 * under siglock; who sends looks at the queue afterwards, under siglock. So one of them sees the
 * other.
 */
#include "kernel/fs/dcache.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

struct signalfd {
	_Atomic u64 which;		/* the signals wanted */
};

struct waitq signalfd_wait = WAITQ_INIT(signalfd_wait, "signalfd");
static const struct file_ops signalfd_fops;

/* 0 with a signal taken, or -EAGAIN. */
static int take(struct signalfd *s, struct k_siginfo *info)
{
	int sig;

	spin_lock(&current->sighand->siglock);
	sig = dequeue_signal(~atomic_load(&s->which), info);
	spin_unlock(&current->sighand->siglock);
	return sig ? 0 : -EAGAIN;
}

static struct k_signalfd_siginfo to_record(const struct k_siginfo *i)
{
	struct k_signalfd_siginfo r = { .ssi_signo = (u32)i->si_signo,
					.ssi_errno = i->si_errno,
					.ssi_code = i->si_code };

	switch (siginfo_layout(i->si_signo, i->si_code)) {
	case SIL_TIMER:
		r.ssi_tid = (u32)i->u.timer.si_timerid;
		r.ssi_overrun = (u32)i->u.timer.si_overrun;
		r.ssi_ptr = i->u.timer.si_value.sival_ptr;
		r.ssi_int = i->u.timer.si_value.sival_int;
		break;
	case SIL_POLL:
		r.ssi_band = (u32)i->u.poll.si_band;
		r.ssi_fd = i->u.poll.si_fd;
		break;
	case SIL_FAULT:
		r.ssi_addr = i->u.fault.si_addr;
		break;
	case SIL_CHLD:
		r.ssi_pid = (u32)i->u.chld.si_pid;
		r.ssi_uid = i->u.chld.si_uid;
		r.ssi_status = i->u.chld.si_status;
		r.ssi_utime = (u64)i->u.chld.si_utime;
		r.ssi_stime = (u64)i->u.chld.si_stime;
		break;
	case SIL_SYS:
		r.ssi_call_addr = i->u.sys.si_call_addr;
		r.ssi_syscall = i->u.sys.si_syscall;
		r.ssi_arch = i->u.sys.si_arch;
		break;
	case SIL_RT:
		r.ssi_ptr = i->u.rt.si_value.sival_ptr;
		r.ssi_int = i->u.rt.si_value.sival_int;
		/* fall through */
	case SIL_KILL:
		r.ssi_pid = (u32)i->u.rt.si_pid;
		r.ssi_uid = i->u.rt.si_uid;
		break;
	}
	return r;
}

/* As many as fit: waits for the first one only. */
static s64 signalfd_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct signalfd *s = f->private;
	struct k_signalfd_siginfo r;
	size_t most = n / sizeof(r), got = 0;
	struct k_siginfo info = { 0 };
	int err;

	(void)pos;
	if (!most)
		return -EINVAL;
	err = take(s, &info);
	if (err && !(f->flags & O_NONBLOCK))
		err = wait_event_freezable(&signalfd_wait, !take(s, &info));
	while (!err) {
		r = to_record(&info);
		if (copy_to_user(buf + got * sizeof(r), &r, sizeof(r)))
			err = -EFAULT;
		else if (++got == most)
			break;
		else
			err = take(s, &info);
	}
	return got ? (s64)(got * sizeof(r)) : err;
}

static unsigned signalfd_poll(struct file *f, struct poll_table *pt)
{
	struct signalfd *s = f->private;
	sigset_t_k pending;

	poll_wait(pt, &signalfd_wait);
	spin_lock(&current->sighand->siglock);
	pending = current->pending.signal | current->group->shared_pending.signal;
	spin_unlock(&current->sighand->siglock);
	return pending & atomic_load(&s->which) ? POLLIN : 0;
}

static void signalfd_release(struct file *f)
{
	kfree(f->private);
}

static size_t signalfd_show_fdinfo(struct file *f, struct pid_namespace *ns, char *buf, size_t n)
{
	struct signalfd *s = f->private;

	(void)ns;
	return kscnprintf(buf, n, "sigmask:\t%016lx\n", atomic_load(&s->which));
}

static const struct file_ops signalfd_fops = {
	.noop_lseek = true,
	.read = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
	.show_fdinfo = signalfd_show_fdinfo,
};

/* ---- system calls ---- */

static long new_signalfd(sigset_t_k which, int flags)
{
	struct signalfd *s = kzalloc(sizeof(*s), GFP_KERNEL);
	struct file *f = anon_inode_getfile("anon_inode:[signalfd]", &signalfd_fops, s,
					    O_RDWR | ((u32)flags & O_NONBLOCK));

	if (IS_ERR(f)) {
		kfree(s);
		return PTR_ERR(f);
	}
	atomic_init(&s->which, which);
	return fd_alloc(f, (u32)flags, 0);
}

/* What fd wants from now on. */
static long change_signalfd(int fd, sigset_t_k which)
{
	struct fdref r = fdget(fd);
	long err = -EINVAL;

	if (!r.file)
		return -EBADF;
	if (r.file->ops == &signalfd_fops) {
		struct signalfd *s = r.file->private;

		atomic_store(&s->which, which);
		wake_up_all(&signalfd_wait);
		err = fd;
	}
	fdput(r);
	return err;
}

long sys_signalfd4(int fd, uaddr_t umask, size_t size, int flags)
{
	sigset_t_k which;

	if (size != K_SIGSET_SIZE)
		return -EINVAL;
	if (copy_from_user(&which, umask, sizeof(which)))
		return -EFAULT;
	if (flags & ~(SFD_CLOEXEC | SFD_NONBLOCK))
		return -EINVAL;
	which &= ~SIG_KERNEL_UNBLOCKABLE;
	return fd == -1 ? new_signalfd(which, flags) : change_signalfd(fd, which);
}

long sys_signalfd(int fd, uaddr_t umask, size_t size)
{
	return sys_signalfd4(fd, umask, size, 0);
}
