// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ioctl does to a terminal: modes, window size, what was typed and not yet read. Mirrors Linux
 * drivers/tty/tty_ioctl.c.
 *
 * Locks: tty->lock; signals are sent after it is released.
 */
#include "kernel/cred.h"
#include "kernel/fs/tty.h"
#include "kernel/mm/mm.h"

/* --- modes and speeds --- */

/* By the number that c_cflag has for it; those from 16 on have CBAUDEX and 15 less. */
static const u32 speeds[] = {
	0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400,
	57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000,
	3500000, 4000000,
};

/* own: for BOTHER */
static u32 speed(u32 cbaud, u32 own)
{
	if (cbaud == BOTHER)
		return own;
	return speeds[cbaud & CBAUDEX ? (cbaud & ~CBAUDEX) + 15 : cbaud];
}

/* What c_cflag says of them. */
static void settle_speeds(struct k_termios2 *tm)
{
	u32 in = tm->t.c_cflag >> IBSHIFT & CBAUD;

	tm->c_ospeed = speed(tm->t.c_cflag & CBAUD, tm->c_ospeed);
	tm->c_ispeed = in ? speed(in, tm->c_ispeed) : tm->c_ospeed;
}

static void keep(u32 *flags, u32 old, u32 locked)
{
	*flags = (*flags & ~locked) | (old & locked);
}

/* What is locked stays as it is (TIOCSLCKTRMIOS). t->lock held. */
static void keep_locked(const struct tty *t, struct k_termios *tm)
{
	const struct k_termios *old = &t->termios, *locked = &t->locked;

	keep(&tm->c_iflag, old->c_iflag, locked->c_iflag);
	keep(&tm->c_oflag, old->c_oflag, locked->c_oflag);
	keep(&tm->c_cflag, old->c_cflag, locked->c_cflag);
	keep(&tm->c_lflag, old->c_lflag, locked->c_lflag);
	if (locked->c_line)
		tm->c_line = old->c_line;
	for (unsigned i = 0; i < K_NCCS; i++)
		if (locked->c_cc[i])
			tm->c_cc[i] = old->c_cc[i];
}

/* Does ^S stop output? */
static bool usual_flow(const struct k_termios *tm)
{
	return tm->c_iflag & IXON && tm->c_cc[VSTOP] == '\023' && tm->c_cc[VSTART] == '\021';
}

/*
 * The mode changes: what was typed so far is readable as it lies there. Bytes have 8 bits and no
 * parity, whatever *tm says. t->lock held.
 *
 * LINUX: there a serial line takes these too.
 */
static void set_termios(struct tty *t, struct k_termios *tm)
{
	bool was = t->termios.c_lflag & ICANON, is;

	keep_locked(t, tm);
	tm->c_cflag = (tm->c_cflag & ~(u32)(CSIZE | PARENB)) | CS8 | CREAD;
	is = tm->c_lflag & ICANON;
	if (usual_flow(&t->termios) != usual_flow(tm))
		tty_tell(t, usual_flow(tm) ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP);
	if ((t->termios.c_lflag | tm->c_lflag) & EXTPROC)
		tty_tell(t, TIOCPKT_IOCTL);
	t->termios = *tm;
	if (was != is)
		t->canon = is ? t->canon : t->head;
}

static void get_termios(struct tty *t, struct k_termios2 *tm)
{
	spin_lock(&t->lock);
	*tm = (struct k_termios2){ t->termios, t->ispeed, t->ospeed };
	spin_unlock(&t->lock);
}

static u32 low(u32 old, u16 bits)
{
	return (old & 0xffff0000u) | bits;
}

/* What termio does not have stays in *tm. */
static bool copy_termio_from_user(struct k_termios *tm, uaddr_t arg)
{
	struct k_termio tio;

	if (copy_from_user(&tio, arg, sizeof(tio)))
		return false;
	tm->c_iflag = low(tm->c_iflag, tio.c_iflag);
	tm->c_oflag = low(tm->c_oflag, tio.c_oflag);
	tm->c_cflag = low(tm->c_cflag, tio.c_cflag);
	tm->c_lflag = low(tm->c_lflag, tio.c_lflag);
	tm->c_line = tio.c_line;
	kmemcpy(tm->c_cc, tio.c_cc, K_NCC);
	return true;
}

static long put_termio(const struct k_termios *tm, uaddr_t arg)
{
	struct k_termio tio;

	kmemset(&tio, 0, sizeof(tio));	/* with the byte at its end */
	tio.c_iflag = (u16)tm->c_iflag;
	tio.c_oflag = (u16)tm->c_oflag;
	tio.c_cflag = (u16)tm->c_cflag;
	tio.c_lflag = (u16)tm->c_lflag;
	tio.c_line = tm->c_line;
	kmemcpy(tio.c_cc, tm->c_cc, K_NCC);
	return copy_to_user(arg, &tio, sizeof(tio)) ? -EFAULT : 0;
}

static bool copy_modes_from_user(struct k_termios2 *tm, unsigned cmd, uaddr_t arg)
{
	switch (cmd) {
	case TCSETA:
	case TCSETAW:
	case TCSETAF:
		return copy_termio_from_user(&tm->t, arg);
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:
		return !copy_from_user(tm, arg, sizeof(*tm));
	}
	return !copy_from_user(&tm->t, arg, sizeof(tm->t));
}

static long tty_set_termios(struct tty *t, unsigned cmd, uaddr_t arg)
{
	struct k_termios2 tm;
	long err = tty_check_change(t);

	if (err)
		return err;
	get_termios(t, &tm);
	if (!copy_modes_from_user(&tm, cmd, arg))
		return -EFAULT;
	settle_speeds(&tm);
	spin_lock(&t->lock);
	if (cmd == TCSETSF || cmd == TCSETSF2 || cmd == TCSETAF) {
		tty_flush_input(t);
		tty_tell(t, TIOCPKT_FLUSHREAD);
	}
	set_termios(t, &tm.t);
	t->ispeed = tm.c_ispeed;
	t->ospeed = tm.c_ospeed;
	spin_unlock(&t->lock);
	wake_up_all(&t->read_wait);
	wake_up_all(&t->input_wait);
	return 0;
}

/* Nobody waits for a carrier here; the bit is kept, even when it is locked. */
static long tty_set_softcar(struct tty *t, uaddr_t arg)
{
	u32 on;

	if (copy_from_user(&on, arg, sizeof(on)))
		return -EFAULT;
	spin_lock(&t->lock);
	t->termios.c_cflag = (t->termios.c_cflag & ~(u32)CLOCAL) | (on ? CLOCAL : 0);
	spin_unlock(&t->lock);
	return 0;
}

static long tty_lock_termios(struct tty *t, uaddr_t arg)
{
	struct k_termios tm;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&tm, arg, sizeof(tm)))
		return -EFAULT;
	spin_lock(&t->lock);
	t->locked = tm;
	spin_unlock(&t->lock);
	return 0;
}

/* TIOCSTI: as if it were typed. */
static long tty_type(struct tty *t, uaddr_t arg)
{
	u8 c;

	if (!tty_is_mine(t) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&c, arg, sizeof(c)))
		return -EFAULT;
	tty_input(t, c);
	wake_up_all(&t->input_wait);	/* ^C throws away what was typed before */
	return 0;
}

void tty_signal(struct tty *t, int sig)
{
	int pgrp;

	spin_lock(&t->lock);
	pgrp = t->pgrp;
	if (pgrp)
		pid_get(pgrp);
	spin_unlock(&t->lock);
	if (!pgrp)
		return;
	kill_pgrp(sig, SEND_SIG_KERNEL, pgrp);
	pid_put(pgrp);
}

static long tty_set_winsize(struct tty *t, uaddr_t arg)
{
	struct k_winsize ws;
	bool changed;

	if (copy_from_user(&ws, arg, sizeof(ws)))
		return -EFAULT;
	spin_lock(&t->lock);
	changed = kmemcmp(&ws, &t->winsize, sizeof(ws)) != 0;
	t->winsize = ws;
	spin_unlock(&t->lock);
	if (changed)
		tty_signal(t, SIGWINCH);
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

long __tty_ioctl(struct tty *t, struct file *f, unsigned cmd, uaddr_t arg)
{
	struct k_termios2 tm;
	struct k_termios locked;
	struct k_winsize ws;
	int n;

	switch (cmd) {
	case TCGETS:
		get_termios(t, &tm);
		return copy_to_user(arg, &tm.t, sizeof(tm.t)) ? -EFAULT : 0;
	case TCGETS2:
		get_termios(t, &tm);
		return copy_to_user(arg, &tm, sizeof(tm)) ? -EFAULT : 0;
	case TCGETA:
		get_termios(t, &tm);
		return put_termio(&tm.t, arg);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:
	case TCSETA:
	case TCSETAW:
	case TCSETAF:
		return tty_set_termios(t, cmd, arg);
	case TIOCGSOFTCAR:
		get_termios(t, &tm);
		n = tm.t.c_cflag & CLOCAL ? 1 : 0;
		return copy_to_user(arg, &n, sizeof(n)) ? -EFAULT : 0;
	case TIOCSSOFTCAR:
		return tty_set_softcar(t, arg);
	case TIOCGLCKTRMIOS:
		spin_lock(&t->lock);
		locked = t->locked;
		spin_unlock(&t->lock);
		return copy_to_user(arg, &locked, sizeof(locked)) ? -EFAULT : 0;
	case TIOCSLCKTRMIOS:
		return tty_lock_termios(t, arg);
	case TIOCSTI:
		return tty_type(t, arg);
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
	case TIOCGDEV:
		n = (int)t->nr;
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
	return tty_job_ioctl(t, f, cmd, arg);
}

long tty_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	if (tty_hung_up(f))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	if (cmd == TIOCCONS)
		return tty_take_console(f);
	return __tty_ioctl(file_tty(f), f, cmd, arg);
}
