// SPDX-License-Identifier: GPL-2.0-only
/*
 * A terminal's line discipline: what happens to a byte that was typed, and to one that is
 * written. Mirrors Linux drivers/tty/n_tty.c.
 *
 * LINUX: an echo for which a pseudo-terminal has no room is lost.
 *
 * Locks: tty->lock (spinning, taken in interrupts); signals are sent after it is released.
 */
#include "kernel/fs/tty.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define CTRL(c)		((c) & 0x1f)

/* Linux's tty_std_termios. */
static const struct k_termios tty_first_termios = {
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

void tty_first_modes(struct tty *t)
{
	t->termios = tty_first_termios;
	t->ispeed = t->ospeed = 38400;
}

void tty_init(struct tty *t, const struct tty_ops *ops, u32 nr)
{
	atomic_init(&t->refs, 1);
	t->ops = ops;
	t->nr = nr;
	spin_init(&t->lock, "tty", RANK_TTY_STATE);
	tty_first_modes(t);
	waitq_init(&t->read_wait, "tty");
	waitq_init(&t->write_wait, "tty_write");
	waitq_init(&t->input_wait, "tty_input");
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

bool tty_output(struct tty *t, const char *buf, size_t n)
{
	struct k_termios tm = t->termios;
	char out[2 * TTY_PIECE];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (len > sizeof(out) - 2) {
			if (!t->ops->write(t, out, len))
				return false;
			len = 0;
		}
		len += output_byte(&tm, (u8)buf[i], out + len);
	}
	return !len || t->ops->write(t, out, len);
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

void tty_stop_output(struct tty *t, bool stop)
{
	if (t->stopped == stop)
		return;
	t->stopped = stop;
	tty_tell(t, stop ? TIOCPKT_STOP : TIOCPKT_START);
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
	if (!(t->termios.c_lflag & NOFLSH)) {
		tty_flush_input(t);
		tty_tell(t, TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE);
	}
	tty_stop_output(t, false);
	if (t->termios.c_lflag & ECHO)
		echo_byte(t, e, c);
	return sig;
}

/* ^S and ^Q: true if c was taken for that. */
static bool flow_control(struct tty *t, u8 c)
{
	if (!(t->termios.c_iflag & IXON))
		return false;
	if (is_cc(t, VSTOP, c) || is_cc(t, VSTART, c)) {
		tty_stop_output(t, is_cc(t, VSTOP, c) && !(is_cc(t, VSTART, c) && t->stopped));
		return true;
	}
	if (t->termios.c_iflag & IXANY)
		tty_stop_output(t, false);
	return false;
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
		if (flow_control(t, c))
			return 0;
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

u32 tty_available(const struct tty *t)
{
	return (t->termios.c_lflag & ICANON ? t->canon : t->head) - t->tail;
}

/* No more fits in, and there is something that a reader can take. t->lock held. */
static bool is_full(const struct tty *t)
{
	return TTY_BUF - (t->head - t->tail) <= 1 && tty_available(t);
}

bool tty_takes_input(struct tty *t)
{
	bool yes;

	spin_lock(&t->lock);
	yes = !is_full(t);
	spin_unlock(&t->lock);
	return yes;
}

/* What is due after a typed byte, without the lock. */
struct aftermath {
	struct echo echo;
	int sig, pgrp;			/* pgrp referenced, 0: nobody gets sig */
	bool ready, more, resumed;	/* more: than before */
};

/* t->lock held. */
static void take_input(struct tty *t, u8 c, struct aftermath *a)
{
	bool was_stopped = t->stopped;
	u32 before = tty_available(t);

	a->echo.len = 0;
	a->sig = input_byte(t, c, &a->echo);
	a->pgrp = a->sig ? t->pgrp : 0;
	if (a->pgrp)
		pid_get(a->pgrp);
	a->ready = tty_available(t);
	a->more = tty_available(t) > before;
	a->resumed = was_stopped && !t->stopped;
}

static void finish_input(struct tty *t, struct aftermath *a)
{
	if (a->echo.len)
		tty_output(t, a->echo.buf, a->echo.len);
	if (a->pgrp) {
		kill_pgrp(a->sig, SEND_SIG_KERNEL, a->pgrp);
		pid_put(a->pgrp);
	}
	if (a->ready)
		wake_up_poll(&t->read_wait, a->more ? POLLIN : 0);
	if (a->resumed)
		wake_up_all(&t->write_wait);
}

void tty_input(struct tty *t, u8 c)
{
	struct aftermath a;

	spin_lock(&t->lock);
	take_input(t, c, &a);
	spin_unlock(&t->lock);
	finish_input(t, &a);
}

bool tty_try_input(struct tty *t, u8 c)
{
	struct aftermath a;
	bool full;

	spin_lock(&t->lock);
	full = is_full(t);
	if (!full)
		take_input(t, c, &a);
	spin_unlock(&t->lock);
	if (!full)
		finish_input(t, &a);
	return !full;
}

/* --- taking it out; t->lock held --- */

/* A line or part of one. *eof: it ended, or there was a ^D. */
static size_t take_line(struct tty *t, u8 *out, size_t n, bool *eof)
{
	size_t done = 0;

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

size_t tty_take(struct tty *t, u8 *out, size_t n, bool *end)
{
	*end = false;
	return t->termios.c_lflag & ICANON ? take_line(t, out, n, end) : take_raw(t, out, n);
}
