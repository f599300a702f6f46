// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ioctl does to a terminal: modes, window size, what was typed and not yet read. Mirrors Linux
 * drivers/tty/tty_ioctl.c.
 *
 * Locks: tty->lock; signals are sent after it is released.
 */
#include "kernel/fs/tty.h"
#include "kernel/mm/mm.h"

/* Does ^S stop output? */
static bool usual_flow(const struct k_termios *tm)
{
	return tm->c_iflag & IXON && tm->c_cc[VSTOP] == '\023' && tm->c_cc[VSTART] == '\021';
}

/* The mode changes: what was typed so far is readable as it lies there. */
static void set_termios(struct tty *t, const struct k_termios *tm)
{
	bool was = t->termios.c_lflag & ICANON, is = tm->c_lflag & ICANON;

	if (usual_flow(&t->termios) != usual_flow(tm))
		tty_tell(t, usual_flow(tm) ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP);
	if ((t->termios.c_lflag | tm->c_lflag) & EXTPROC)
		tty_tell(t, TIOCPKT_IOCTL);
	t->termios = *tm;
	if (was != is)
		t->canon = is ? t->canon : t->head;
}

static long tty_set_termios(struct tty *t, unsigned cmd, uaddr_t arg)
{
	struct k_termios tm;
	long err = tty_check_change(t);

	if (err)
		return err;
	if (copy_from_user(&tm, arg, sizeof(tm)))
		return -EFAULT;
	spin_lock(&t->lock);
	if (cmd == TCSETSF) {
		tty_flush_input(t);
		tty_tell(t, TIOCPKT_FLUSHREAD);
	}
	set_termios(t, &tm);
	spin_unlock(&t->lock);
	wake_up_all(&t->read_wait);
	return 0;
}

static long tty_set_winsize(struct tty *t, uaddr_t arg)
{
	struct k_winsize ws;
	bool changed;
	int pgrp;

	if (copy_from_user(&ws, arg, sizeof(ws)))
		return -EFAULT;
	spin_lock(&t->lock);
	changed = kmemcmp(&ws, &t->winsize, sizeof(ws)) != 0;
	t->winsize = ws;
	pgrp = changed ? t->pgrp : 0;
	if (pgrp)
		pid_get(pgrp);
	spin_unlock(&t->lock);
	if (pgrp) {
		kill_pgrp(SIGWINCH, SEND_SIG_KERNEL, pgrp);
		pid_put(pgrp);
	}
	return 0;
}

static long tty_flush(struct tty *t, uaddr_t what)
{
	long err = tty_check_change(t);

	if (err)
		return err;
	if (what > TCIOFLUSH)
		return -EINVAL;
	spin_lock(&t->lock);
	if (what != TCOFLUSH) {
		tty_flush_input(t);
		tty_tell(t, TIOCPKT_FLUSHREAD);
	}
	if (what != TCIFLUSH)
		tty_tell(t, TIOCPKT_FLUSHWRITE);
	spin_unlock(&t->lock);
	wake_up_all(&t->input_wait);
	return 0;
}

/* TCXONC. What would ask the other side to stop typing does nothing. */
static long tty_flow(struct tty *t, uaddr_t what)
{
	long err = tty_check_change(t);

	if (err)
		return err;
	if (what > TCION)
		return -EINVAL;
	if (what == TCOOFF || what == TCOON) {
		spin_lock(&t->lock);
		tty_stop_output(t, what == TCOOFF);
		spin_unlock(&t->lock);
		wake_up_all(&t->write_wait);
	}
	return 0;
}

long __tty_ioctl(struct tty *t, unsigned cmd, uaddr_t arg)
{
	struct k_termios tm;
	struct k_winsize ws;
	int n;

	switch (cmd) {
	case TCGETS:
		spin_lock(&t->lock);
		tm = t->termios;
		spin_unlock(&t->lock);
		return copy_to_user(arg, &tm, sizeof(tm)) ? -EFAULT : 0;
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return tty_set_termios(t, cmd, arg);
	case TIOCGWINSZ:
		spin_lock(&t->lock);
		ws = t->winsize;
		spin_unlock(&t->lock);
		return copy_to_user(arg, &ws, sizeof(ws)) ? -EFAULT : 0;
	case TIOCSWINSZ:
		return tty_set_winsize(t, arg);
	case FIONREAD:
		spin_lock(&t->lock);
		n = (int)tty_available(t);
		spin_unlock(&t->lock);
		return copy_to_user(arg, &n, sizeof(n)) ? -EFAULT : 0;
	case TIOCOUTQ:
		n = 0;
		return copy_to_user(arg, &n, sizeof(n)) ? -EFAULT : 0;
	case TCFLSH:
		return tty_flush(t, arg);
	case TCXONC:
		return tty_flow(t, arg);
	case TCSBRK:
	case TCSBRKP:
		return tty_check_change(t);
	case TIOCSBRK:			/* no wire, no break */
	case TIOCCBRK:
		return 0;
	case TIOCEXCL:
	case TIOCNXCL:
		spin_lock(&t->lock);
		t->exclusive = cmd == TIOCEXCL;
		spin_unlock(&t->lock);
		return 0;
	case TIOCGEXCL:
		n = READ_ONCE(t->exclusive);
		return copy_to_user(arg, &n, sizeof(n)) ? -EFAULT : 0;
	case TIOCGETD:
		n = N_TTY;
		return copy_to_user(arg, &n, sizeof(n)) ? -EFAULT : 0;
	case TIOCSETD:
		if (copy_from_user(&n, arg, sizeof(n)))
			return -EFAULT;
		return n == N_TTY ? 0 : -EINVAL;
	case TIOCVHANGUP:
		return tty_vhangup(t);
	case TIOCGPTPEER:		/* not a master */
		return -EIO;
	}
	return tty_job_ioctl(t, cmd, arg);
}

long tty_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	if (tty_hung_up(f))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	return __tty_ioctl(file_tty(f), cmd, arg);
}
