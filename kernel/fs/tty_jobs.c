// SPDX-License-Identifier: GPL-2.0-only
/*
 * Job control: which session owns the terminal, which of its process groups is in front, and what
 * happens when the session's leader dies. Mirrors Linux drivers/tty/tty_jobctrl.c.
 *
 * Locks: tasklist_lock (to walk a session), then siglock (group->tty) or tty->lock, never both of
 * those.
 */
#include "kernel/fs/tty.h"
#include "kernel/panic.h"
#include "kernel/pause.h"

static void set_group_tty(struct task *p, struct tty *t)
{
	struct tty *old;

	if (!p->sighand)
		return;
	if (t)
		tty_get(t);
	spin_lock(&p->sighand->siglock);
	old = p->group->tty;
	p->group->tty = t;
	spin_unlock(&p->sighand->siglock);
	tty_put(old);
}

struct tty *current_tty(void)
{
	struct tty *t;

	spin_lock(&current->sighand->siglock);
	t = current->group->tty;
	if (t)
		tty_get(t);
	spin_unlock(&current->sighand->siglock);
	return t;
}

void group_get_tty(struct group *g, struct group *from)
{
	struct tty *t = from->tty;

	assert(rw_is_write_held(&tasklist_lock));
	g->tty = t ? tty_get(t) : NULL;
}

void group_put_tty(struct group *g)
{
	struct tty *t = g->tty;

	g->tty = NULL;
	tty_put(t);
}

bool tty_is_mine(struct tty *t)
{
	return READ_ONCE(current->group->tty) == t;
}

/* Replaces a number the terminal holds a reference on. tasklist_lock write-held. */
static void swap_number(struct tty *t, int *field, int nr)
{
	int old;

	if (nr)
		pid_get(nr);
	spin_lock(&t->lock);
	old = *field;
	*field = nr;
	spin_unlock(&t->lock);
	if (old)
		pid_put_locked(old);
}

/* No process of the session has a terminal any more. tasklist_lock held. */
static void session_clear_tty(int session)
{
	struct task *p;

	for_each_process(p)
		if (p->group->session == session && p->group->tty)
			set_group_tty(p, NULL);
}

/* --- may current do that? --- */

static bool is_ignored(int sig)
{
	struct sighand *s = current->sighand;
	bool yes;

	spin_lock(&s->siglock);
	yes = current->blocked & sigmask(sig) || s->action[sig - 1].handler == K_SIG_IGN;
	spin_unlock(&s->siglock);
	return yes;
}

/* Is current in the background of its terminal t? *pgrp: its process group. */
static bool in_background(struct tty *t, int *pgrp)
{
	int front;

	if (!tty_is_mine(t))
		return false;
	read_lock(&tasklist_lock);
	*pgrp = current->group->pgrp;
	read_unlock(&tasklist_lock);
	spin_lock(&t->lock);
	front = t->pgrp;
	spin_unlock(&t->lock);
	return front && front != *pgrp;
}

int tty_check_read(struct tty *t)
{
	int pgrp;

	if (!in_background(t, &pgrp))
		return 0;
	if (is_ignored(SIGTTIN) || is_current_pgrp_orphaned())
		return -EIO;
	kill_pgrp(SIGTTIN, SEND_SIG_KERNEL, pgrp);
	return -ERESTARTSYS;
}

int tty_check_change(struct tty *t)
{
	int pgrp;

	if (!in_background(t, &pgrp) || is_ignored(SIGTTOU))
		return 0;
	if (is_current_pgrp_orphaned())
		return -EIO;
	kill_pgrp(SIGTTOU, SEND_SIG_KERNEL, pgrp);
	return -ERESTARTSYS;
}

/* --- becoming and ceasing to be the controlling terminal --- */

/* The process group that was in front when the terminal was hung up. tasklist_lock write-held. */
static void set_old_pgrp(struct group *g, int pgrp)
{
	int old = g->tty_old_pgrp;

	if (pgrp)
		pid_get(pgrp);
	g->tty_old_pgrp = pgrp;
	if (old)
		pid_put_locked(old);
}

/* tasklist_lock write-held: current leads a session and has no terminal. */
static void take_tty(struct tty *t)
{
	set_old_pgrp(current->group, 0);
	swap_number(t, &t->session, current->group->session);
	swap_number(t, &t->pgrp, current->group->pgrp);
	set_group_tty(current, t);
}

void tty_open_ctty(struct tty *t, struct file *f)
{
	struct group *g = current->group;

	if (f->flags & O_NOCTTY || !f->readable)
		return;
	write_lock(&tasklist_lock);
	if (g->leader_of_session && !g->tty && !t->session && !READ_ONCE(t->dead))
		take_tty(t);
	write_unlock(&tasklist_lock);
}

static long tiocsctty(struct tty *t, const struct file *f, uaddr_t arg)
{
	struct group *g = current->group;
	long err = 0;

	write_lock(&tasklist_lock);
	if (g->leader_of_session && g->session == t->session)
		goto out;		/* it is already */
	err = -EPERM;
	if (!g->leader_of_session || g->tty)
		goto out;
	if (t->session && arg != 1)
		goto out;
	if ((t->session || !f->readable) && !capable(CAP_SYS_ADMIN))
		goto out;
	err = -EIO;
	if (READ_ONCE(t->dead))
		goto out;
	if (t->session)
		session_clear_tty(t->session);
	take_tty(t);
	err = 0;
out:
	write_unlock(&tasklist_lock);
	return err;
}

/*
 * The files go first: whoever hears SIGHUP finds the terminal hung up. Those who wait in one hear
 * it before they wake.
 */
void tty_hangup(struct tty *t)
{
	struct task *p;

	might_sleep();
	if (t->ops->idle)
		tty_hang_up_files(t);
	write_lock(&tasklist_lock);
	for_each_process(p) {
		if (!t->session || p->group->session != t->session)
			continue;
		if (p->group->tty == t)
			set_group_tty(p, NULL);
		if (p->group->leader_of_session) {
			set_old_pgrp(p->group, t->pgrp);
			send_sig_group(SIGHUP, SEND_SIG_KERNEL, p);
			send_sig_group(SIGCONT, SEND_SIG_KERNEL, p);
		}
	}
	swap_number(t, &t->session, 0);
	swap_number(t, &t->pgrp, 0);
	write_unlock(&tasklist_lock);
	pause_point("hangup");
	tty_wake_hung_up(t);
	if (t->ops->idle)
		tty_give_console_back(t);
}

long tty_vhangup(struct tty *t)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	tty_hangup(t);
	return 0;
}

/* Who has no terminal has nothing to lose. */
long sys_vhangup(void)
{
	struct tty *t;

	if (!capable(CAP_SYS_TTY_CONFIG))
		return -EPERM;
	t = current_tty();
	if (t)
		tty_hangup(t);
	tty_put(t);
	return 0;
}

/*
 * Current's session, which it leads, has no terminal any more. The process group that was in front,
 * referenced, or 0.
 */
static int leave_tty(void)
{
	struct group *g = current->group;
	struct tty *t;
	int pgrp;

	might_sleep();
	write_lock(&tasklist_lock);
	t = g->tty;
	pgrp = t && t->session == g->session ? t->pgrp : g->tty_old_pgrp;
	if (pgrp)
		pid_get(pgrp);
	if (t && t->session == g->session) {
		swap_number(t, &t->session, 0);
		swap_number(t, &t->pgrp, 0);
	}
	set_old_pgrp(g, 0);
	session_clear_tty(g->session);
	write_unlock(&tasklist_lock);
	return pgrp;
}

/* SIGHUP and SIGCONT. */
static void hang_up_pgrp(int pgrp)
{
	if (!pgrp)
		return;
	kill_pgrp(SIGHUP, SEND_SIG_KERNEL, pgrp);
	kill_pgrp(SIGCONT, SEND_SIG_KERNEL, pgrp);
	pid_put(pgrp);
}

static long tiocnotty(struct tty *t)
{
	if (!tty_is_mine(t))
		return -ENOTTY;
	if (current->group->leader_of_session)
		hang_up_pgrp(leave_tty());
	else
		set_group_tty(current, NULL);
	return 0;
}

void disassociate_ctty(void)
{
	if (current->group->leader_of_session)
		hang_up_pgrp(leave_tty());
}

/* --- ioctls --- */

static long tiocspgrp(struct tty *t, uaddr_t arg)
{
	int pgrp;			/* the caller's, then the machine's */
	long err = tty_check_change(t);
	struct task *p;
	bool found = false;

	if (err)
		return err == -EIO ? -ENOTTY : err;
	if (copy_from_user(&pgrp, arg, sizeof(pgrp)))
		return -EFAULT;
	if (pgrp < 0)
		return -EINVAL;
	write_lock(&tasklist_lock);
	if (!tty_is_mine(t) || t->session != current->group->session) {
		write_unlock(&tasklist_lock);
		return -ENOTTY;
	}
	err = -ESRCH;
	pgrp = pid_from_vnr(pgrp);
	for_each_process(p) {
		if (!pgrp || p->group->pgrp != pgrp)
			continue;
		found = true;
		if (p->group->session == current->group->session) {
			err = 0;
			break;
		}
	}
	if (!err)
		swap_number(t, &t->pgrp, pgrp);
	write_unlock(&tasklist_lock);
	return err && found ? -EPERM : err;
}

int tty_number(const int *field)
{
	int nr;

	read_lock(&tasklist_lock);	/* swap_number */
	nr = pid_vnr(*field);
	read_unlock(&tasklist_lock);
	return nr;
}

static long put_number(struct tty *t, const int *field, uaddr_t arg)
{
	int nr;

	if (!tty_is_mine(t))
		return -ENOTTY;
	nr = tty_number(field);
	return copy_to_user(arg, &nr, sizeof(nr)) ? -EFAULT : 0;
}

long tty_job_ioctl(struct tty *t, struct file *f, unsigned cmd, uaddr_t arg)
{
	switch (cmd) {
	case TIOCSCTTY:
		return tiocsctty(t, f, arg);
	case TIOCNOTTY:
		return tiocnotty(t);
	case TIOCGPGRP:
		return put_number(t, &t->pgrp, arg);
	case TIOCSPGRP:
		return tiocspgrp(t, arg);
	case TIOCGSID:
		return put_number(t, &t->session, arg);
	}
	return -ENOIOCTLCMD;
}
