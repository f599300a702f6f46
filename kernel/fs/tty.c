// SPDX-License-Identifier: GPL-2.0-only
/*
 * A terminal's line discipline: what happens to a byte that was typed, and to one that is
 * written. Mirrors Linux drivers/tty/n_tty.c.
 *
 * LINUX: output is never stopped (no ^S), and hanging up does not invalidate open files, as for
 * Linux's console.
 *
 * Locks: tty->lock (spinning, taken in interrupts); signals are sent after it is released.
 * tty->write_lock around output.
 */
#include "kernel/fs/tty.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define CTRL(c)		((c) & 0x1f)

/* Linux's tty_std_termios. */
static const struct k_termios first_termios = {
	.c_iflag = ICRNL | IXON,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = B38400 | CS8 | CREAD | HUPCL,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.c_cc = {
		[VINTR] = CTRL('C'), [VQUIT] = CTRL('\\'), [VERASE] = 0x7f, [VKILL] = CTRL('U'), [VEOF] = CTRL('D'), [VMIN] = 1,
		[VSTART] = CTRL('Q'), [VSTOP] = CTRL('S'), [VSUSP] = CTRL('Z'), [VREPRINT] = CTRL('R'),
		[VDISCARD] = CTRL('O'), [VWERASE] = CTRL('W'), [VLNEXT] = CTRL('V'),
	},
};

void tty_init(struct tty *t, const struct tty_ops *ops, u32 nr)
{
	atomic_init(&t->refs, 1);
	t->ops = ops;
	t->nr = nr;
	spin_init(&t->lock, "tty", RANK_TTY_STATE);
	t->termios = first_termios;
	waitq_init(&t->read_wait, "tty");
	mutex_init(&t->write_lock, "tty_write", RANK_TTY);
}

/* --- output --- */

/* What a byte of output becomes; bytes in out (at least 2). */
static size_t output_byte(const struct k_termios *tm, u8 c, char *out)
{
	size_t n = 0;

	if (tm->c_oflag & OPOST) {
		if (c == '\n' && tm->c_oflag & ONLCR)
			out[n++] = '\r';
		else if (c == '\r' && tm->c_oflag & OCRNL)
			c = '\n';
	}
	out[n++] = (char)c;
	return n;
}

/* Everything of buf, through a small buffer so that the machine gets it in pieces. */
static void output(struct tty *t, const char *buf, size_t n)
{
	struct k_termios tm = t->termios;
	char out[256];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (len > sizeof(out) - 2) {
			t->ops->write(t, out, len);
			len = 0;
		}
		len += output_byte(&tm, (u8)buf[i], out + len);
	}
	if (len)
		t->ops->write(t, out, len);
}

/* What typing makes visible, gathered under the lock and written after it. */
struct echo {
	char buf[512];
	size_t len;
};

static void echo_raw(struct echo *e, u8 c)
{
	if (e->len < sizeof(e->buf))
		e->buf[e->len++] = (char)c;
}

static bool is_control(u8 c)
{
	return (c < 32 && c != '\t') || c == 127;
}

static void echo_byte(struct tty *t, struct echo *e, u8 c)
{
	if (is_control(c) && t->termios.c_lflag & ECHOCTL && c != '\n') {
		echo_raw(e, '^');
		echo_raw(e, c ^ 0x40);
	} else {
		echo_raw(e, c);
	}
}

/* --- input; t->lock held --- */

static bool is_utf8_tail(const struct tty *t, u8 c)
{
	return t->termios.c_iflag & IUTF8 && (c & 0xc0) == 0x80;
}

static bool line_open(const struct tty *t)
{
	return t->head != t->canon;
}

static u8 *slot(struct tty *t, u32 at)
{
	return &t->buf[at % TTY_BUF];
}

static void mark_end(struct tty *t, u32 at, bool on)
{
	u64 bit = 1ull << at % 64, *w = &t->ends[at % TTY_BUF / 64];

	*w = on ? *w | bit : *w & ~bit;
}

static bool is_end(const struct tty *t, u32 at)
{
	return t->ends[at % TTY_BUF / 64] >> at % 64 & 1;
}

/* One byte into the buffer. A line that is not finished leaves one byte for its end. */
static bool put_byte(struct tty *t, u8 c, bool end)
{
	u32 room = TTY_BUF - (t->head - t->tail), reserve = t->termios.c_lflag & ICANON && !end ? 1 : 0;

	if (room <= reserve)
		return false;
	*slot(t, t->head) = c;
	mark_end(t, t->head, end);
	t->head++;
	return true;
}

static void finish_line(struct tty *t, u8 c)
{
	if (put_byte(t, c, true))
		t->canon = t->head;
}

/* Takes one character (with its UTF-8 tail) back from the open line. */
static u8 erase_one(struct tty *t, struct echo *e)
{
	u8 c;

	do
		c = *slot(t, --t->head);
	while (is_utf8_tail(t, c) && line_open(t));
	if (t->termios.c_lflag & ECHO && t->termios.c_lflag & ECHOE) {
		unsigned width = is_control(c) && t->termios.c_lflag & ECHOCTL ? 2 : 1;

		while (width--) {
			echo_raw(e, '\b');
			echo_raw(e, ' ');
			echo_raw(e, '\b');
		}
	}
	return c;
}

static bool is_word_byte(u8 c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c >= 0x80;
}

static void erase_word(struct tty *t, struct echo *e)
{
	bool seen = false;

	while (line_open(t)) {
		bool word = is_word_byte(*slot(t, t->head - 1));

		if (seen && !word)
			return;
		seen |= word;
		erase_one(t, e);
	}
}

static void erase_line(struct tty *t, struct echo *e)
{
	u32 lflag = t->termios.c_lflag;
	bool visible = lflag & ECHO && lflag & ECHOK && lflag & ECHOKE && lflag & ECHOE;

	if (!visible) {
		t->head = t->canon;
		if (lflag & ECHO) {
			echo_byte(t, e, t->termios.c_cc[VKILL]);
			if (lflag & ECHOK)
				echo_raw(e, '\n');
		}
		return;
	}
	while (line_open(t))
		erase_one(t, e);
}

static void reprint(struct tty *t, struct echo *e)
{
	echo_byte(t, e, t->termios.c_cc[VREPRINT]);
	echo_raw(e, '\n');
	for (u32 at = t->canon; at != t->head; at++)
		echo_byte(t, e, *slot(t, at));
}

void tty_flush_input(struct tty *t)
{
	t->head = t->canon = t->tail = 0;
	t->literal = false;
	kmemset(t->ends, 0, sizeof(t->ends));
}

static bool is_cc(const struct tty *t, int which, u8 c)
{
	return c && t->termios.c_cc[which] == c;
}

/* Signal for c, or 0. */
static int input_signal(struct tty *t, u8 c, struct echo *e)
{
	int sig = !(t->termios.c_lflag & ISIG) ? 0 : is_cc(t, VINTR, c) ? SIGINT : is_cc(t, VQUIT, c) ? SIGQUIT :
		  is_cc(t, VSUSP, c) ? SIGTSTP : 0;

	if (!sig)
		return 0;
	if (!(t->termios.c_lflag & NOFLSH))
		tty_flush_input(t);
	if (t->termios.c_lflag & ECHO)
		echo_byte(t, e, c);
	return sig;
}

/* Line editing: true if c was taken for that. */
static bool edit_line(struct tty *t, u8 c, struct echo *e)
{
	u32 lflag = t->termios.c_lflag;
	bool extended = lflag & IEXTEN;

	if (is_cc(t, VERASE, c) || c == '\b') {
		if (line_open(t))
			erase_one(t, e);
	} else if (is_cc(t, VKILL, c)) {
		erase_line(t, e);
	} else if (extended && is_cc(t, VWERASE, c)) {
		erase_word(t, e);
	} else if (extended && is_cc(t, VLNEXT, c)) {
		t->literal = true;
		if (lflag & ECHO && lflag & ECHOCTL) {
			echo_raw(e, '^');
			echo_raw(e, '\b');
		}
	} else if (extended && is_cc(t, VREPRINT, c) && lflag & ECHO) {
		reprint(t, e);
	} else if (is_cc(t, VEOF, c)) {
		finish_line(t, 0);
	} else if (c == '\n' || is_cc(t, VEOL, c) || (extended && is_cc(t, VEOL2, c))) {
		if (lflag & ECHO || (c == '\n' && lflag & ECHONL))
			echo_byte(t, e, c);
		finish_line(t, c);
	} else {
		return false;
	}
	return true;
}

/* A typed byte; the signal it stands for, or 0. */
static int input_byte(struct tty *t, u8 c, struct echo *e)
{
	u32 iflag = t->termios.c_iflag, lflag = t->termios.c_lflag;
	int sig;

	if (iflag & ISTRIP)
		c &= 0x7f;
	if (!t->literal) {
		if (c == '\r') {
			if (iflag & IGNCR)
				return 0;
			if (iflag & ICRNL)
				c = '\n';
		} else if (c == '\n' && iflag & INLCR) {
			c = '\r';
		}
		sig = input_signal(t, c, e);
		if (sig)
			return sig;
		if (lflag & ICANON && edit_line(t, c, e))
			return 0;
	}
	t->literal = false;
	if (!put_byte(t, c, false)) {
		echo_raw(e, '\a');
		return 0;
	}
	if (lflag & ECHO)
		echo_byte(t, e, c);
	if (!(lflag & ICANON))
		t->canon = t->head;
	return 0;
}

/* --- reading --- */

u32 tty_available(const struct tty *t)
{
	return (t->termios.c_lflag & ICANON ? t->canon : t->head) - t->tail;
}

void tty_input(struct tty *t, u8 c)
{
	struct echo e = { .len = 0 };
	int sig, pgrp;
	bool ready;

	spin_lock(&t->lock);
	sig = input_byte(t, c, &e);
	pgrp = sig ? t->pgrp : 0;
	if (pgrp)
		pid_get(pgrp);
	ready = tty_available(t);
	spin_unlock(&t->lock);
	if (e.len)
		output(t, e.buf, e.len);
	if (pgrp) {
		kill_pgrp(sig, SEND_SIG_KERNEL, pgrp);
		pid_put(pgrp);
	}
	if (ready)
		wake_up_all(&t->read_wait);
}

/* Takes a line or part of one. *eof: it ended with ^D. t->lock held. */
static size_t take_line(struct tty *t, u8 *out, size_t n, bool *eof)
{
	size_t done = 0;

	*eof = false;
	while (done < n && t->tail != t->canon) {
		u8 c = *slot(t, t->tail);
		bool end = is_end(t, t->tail);

		t->tail++;
		if (end && c == 0) {
			*eof = true;
			break;
		}
		out[done++] = c;
		if (end) {
			*eof = true;
			break;
		}
	}
	/*
	 * A line that filled the buffer exactly, then ^D: the mark is part of it, not an end of
	 * file of its own.
	 */
	if (!*eof && done == n && t->tail != t->canon && is_end(t, t->tail) && *slot(t, t->tail) == 0)
		t->tail++;
	return done;
}

static size_t take_raw(struct tty *t, u8 *out, size_t n)
{
	size_t done = 0;

	while (done < n && t->tail != t->head)
		out[done++] = *slot(t, t->tail++);
	if (t->canon - t->tail > TTY_BUF)
		t->canon = t->tail;
	return done;
}

/* How a read waits. */
struct wait_rule {
	u32 min;			/* bytes that end the wait */
	u64 deadline;			/* absolute, of the first wait */
	u64 interval;			/* ns between bytes once the first is there; 0: none */
};

static struct wait_rule wait_rule(const struct tty *t, size_t n)
{
	u64 time = (u64)t->termios.c_cc[VTIME] * 100000000;
	u32 min = t->termios.c_cc[VMIN];

	if (t->termios.c_lflag & ICANON)
		return (struct wait_rule){ 1, NO_DEADLINE, 0 };
	if (min)
		return (struct wait_rule){ (u32)min((size_t)min, n), NO_DEADLINE, time };
	return (struct wait_rule){ 1, ktime_ns() + time, 0 };
}

/* Waits until at least rule.min bytes are there or time is up. 0, -ERESTARTSYS, -EAGAIN. */
static int wait_input(struct file *f, struct tty *t, size_t n)
{
	struct wait_rule rule = wait_rule(t, n);
	u32 had = tty_available(t);
	int err;

	if (had >= rule.min)
		return 0;
	if (f->flags & O_NONBLOCK)
		return had ? 0 : -EAGAIN;
	for (;;) {
		u64 deadline = had && rule.interval ? ktime_ns() + rule.interval : rule.deadline;

		err = wait_event_state(&t->read_wait, tty_available(t) > had, TASK_INTERRUPTIBLE | TASK_FREEZABLE, deadline);
		if (err == -ETIME)
			return 0;
		if (err)
			return had ? 0 : err;
		had = tty_available(t);
		if (had >= rule.min)
			return 0;
	}
}

s64 tty_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct tty *t = f->private;
	size_t done = 0;
	u8 piece[256];
	int err;

	(void)pos;
	if (t->at_eof)
		return 0;
	err = tty_check_read(t);
	if (err || !n)
		return err;
	err = wait_input(f, t, n);
	if (err)
		return err;
	while (done < n) {
		size_t want = min(n - done, sizeof(piece)), got;
		bool end = false;

		spin_lock(&t->lock);
		bool canonical = t->termios.c_lflag & ICANON;
		got = canonical ? take_line(t, piece, want, &end) : take_raw(t, piece, want);
		spin_unlock(&t->lock);
		if (got && copy_to_user(buf + done, piece, got))
			return done ? (s64)done : -EFAULT;
		done += got;
		if (end || got < want)
			break;
	}
	return (s64)done;
}

/* --- writing --- */

s64 tty_kwrite(struct file *f, const void *buf, size_t n, u64 pos)
{
	struct tty *t = f->private;
	int err = 0;

	(void)pos;
	if (t->termios.c_lflag & TOSTOP)
		err = tty_check_change(t);
	if (err)
		return err;
	mutex_lock(&t->write_lock);
	output(t, buf, n);
	mutex_unlock(&t->write_lock);
	return (s64)n;
}

s64 tty_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct tty *t = f->private;
	size_t done = 0;
	char piece[512];
	s64 err = 0;

	(void)pos;
	if (t->termios.c_lflag & TOSTOP)
		err = tty_check_change(t);
	if (err)
		return err;
	mutex_lock(&t->write_lock);
	while (done < n) {
		size_t chunk = min(n - done, sizeof(piece)), left = copy_from_user(piece, buf + done, chunk);

		output(t, piece, chunk - left);
		done += chunk - left;
		if (left)
			err = -EFAULT;
		else if (signal_pending(current) && done < n)
			err = -ERESTARTSYS;
		if (err)
			break;
		cond_resched();
	}
	mutex_unlock(&t->write_lock);
	return done ? (s64)done : err;
}

/* --- poll --- */

unsigned tty_poll(struct file *f, struct poll_table *pt)
{
	struct tty *t = f->private;
	unsigned mask = POLLOUT | POLLWRNORM;

	poll_wait(pt, &t->read_wait);
	spin_lock(&t->lock);
	if (t->at_eof || tty_available(t) >= wait_rule(t, ~0u).min)
		mask |= POLLIN | POLLRDNORM;
	spin_unlock(&t->lock);
	return mask;
}
