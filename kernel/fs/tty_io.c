// SPDX-License-Identifier: GPL-2.0-only
/*
 * The open files of a terminal: open, close and hang up, read, write and poll. Mirrors Linux
 * drivers/tty/tty_io.c.
 *
 * Locks: tty->write_lock around output; it is not held while a writer waits for room. tty->lock
 * inside it.
 */
#include "kernel/fs/tty.h"
#include "kernel/mm/mm.h"

/* --- open files --- */

int tty_open_file(struct tty *t, struct file *f)
{
	struct tty_file *tf = kmalloc(sizeof(*tf), GFP_KERNEL);
	int err = 0;

	if (!tf)
		return -ENOMEM;
	spin_lock(&t->lock);
	if (t->dead) {
		err = -EIO;
	} else if (t->exclusive && !capable(CAP_SYS_ADMIN)) {
		err = -EBUSY;
	} else {
		t->users++;
		t->was_opened = true;
		*tf = (struct tty_file){ .tty = tty_get(t), .hangups = t->hangups };
	}
	spin_unlock(&t->lock);
	if (err) {
		kfree(tf);
		return err;
	}
	f->private = tf;
	return 0;
}

void tty_release(struct file *f)
{
	struct tty_file *tf = f->private;
	struct tty *t = tf->tty;
	bool last;

	spin_lock(&t->lock);
	last = --t->users == 0;
	spin_unlock(&t->lock);
	if (last && t->ops->idle)
		t->ops->idle(t);
	tty_put(t);
	kfree(tf);
}

void tty_hang_up_files(struct tty *t)
{
	spin_lock(&t->lock);
	t->hangups++;
	t->stopped = false;
	tty_first_modes(t);
	tty_flush_input(t);
	spin_unlock(&t->lock);
}

void tty_wake_hung_up(struct tty *t)
{
	wake_up_all(&t->read_wait);
	wake_up_all(&t->write_wait);
	wake_up_all(&t->input_wait);	/* what was typed is gone: there is room */
}

/* --- reading --- */

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

static u32 look(struct tty *t)
{
	u32 n;

	spin_lock(&t->lock);
	n = tty_available(t);
	spin_unlock(&t->lock);
	return n;
}

/*
 * Waits until at least rule.min bytes are there or time is up. 0: there were some, which others may
 * take first; 1: there will be none; -ERESTARTSYS, -EAGAIN, -EIO.
 */
static int wait_input(struct file *f, struct tty *t, size_t n)
{
	struct wait_rule rule = wait_rule(t, n);
	u32 had = look(t);
	int err;

	if (had >= rule.min)
		return 0;
	if (f->flags & O_NONBLOCK)
		return had ? 0 : -EAGAIN;
	for (;;) {
		u64 deadline = had && rule.interval ? ktime_ns() + rule.interval : rule.deadline;

		err = wait_event_state(&t->read_wait, look(t) > had || tty_hung_up(f),
			TASK_INTERRUPTIBLE | TASK_FREEZABLE, deadline);
		if (err == -ETIME)
			return !had;
		if (err)
			return had ? 0 : err;
		if (tty_hung_up(f))
			return READ_ONCE(t->dead) ? -EIO : 1;
		had = look(t);
		if (had >= rule.min)
			return 0;
	}
}

s64 tty_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct tty *t = file_tty(f);
	size_t done = 0;
	u8 piece[256];
	bool end = false;
	int err;

	(void)pos;
	if (t->at_eof || tty_hung_up(f))
		return 0;
	err = tty_check_read(t);
	if (err || !n)
		return err;
	do {				/* again if somebody else was faster */
		err = wait_input(f, t, n);
		if (err)
			return min(err, 0);
		while (done < n) {
			size_t want = min(n - done, sizeof(piece)), got;

			spin_lock(&t->lock);
			got = tty_take(t, piece, want, &end);
			spin_unlock(&t->lock);
			if (got && copy_to_user(buf + done, piece, got)) {
				err = -EFAULT;
				break;
			}
			done += got;
			if (end || got < want)
				break;
		}
	} while (!done && !err && !end && !tty_hung_up(f));
	wake_up_all(&t->input_wait);
	return done ? (s64)done : err;
}

/* --- writing --- */

static bool tty_may_write(struct tty *t)
{
	return !READ_ONCE(t->stopped) && (!t->ops->has_room || t->ops->has_room(t));
}

/*
 * At most TTY_PIECE bytes. Held: t->write_lock, but for the time it waits for room. 0, -EIO,
 * -EAGAIN, -ERESTARTSYS.
 */
static int write_piece(struct file *f, struct tty *t, const char *buf, size_t n)
{
	int err = 0;

	assert_held(&t->write_lock);
	while (!tty_hung_up(f)) {
		if (!READ_ONCE(t->stopped) && tty_output(t, buf, n))
			return 0;
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		mutex_unlock(&t->write_lock);
		err = wait_event_freezable(&t->write_wait, tty_hung_up(f) || tty_may_write(t));
		mutex_lock(&t->write_lock);
		if (err)
			return err;
	}
	return -EIO;
}

static int check_write(struct file *f, struct tty *t)
{
	if (tty_hung_up(f))
		return -EIO;
	return t->termios.c_lflag & TOSTOP ? tty_check_change(t) : 0;
}

s64 tty_kwrite(struct file *f, const void *buf, size_t n, u64 pos)
{
	struct tty *t = file_tty(f);
	size_t done = 0, chunk;
	int err = check_write(f, t);

	(void)pos;
	if (err)
		return err;
	mutex_lock(&t->write_lock);
	for (; done < n && !err; done += err ? 0 : chunk) {
		chunk = min(n - done, (size_t)TTY_PIECE);
		err = write_piece(f, t, (const char *)buf + done, chunk);
	}
	mutex_unlock(&t->write_lock);
	return done ? (s64)done : err;
}

s64 tty_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct tty *t = file_tty(f);
	size_t done = 0;
	char piece[TTY_PIECE];
	s64 err = check_write(f, t);

	(void)pos;
	if (err)
		return err;
	mutex_lock(&t->write_lock);
	while (done < n) {
		size_t chunk = min(n - done, sizeof(piece)), left = copy_from_user(piece, buf + done, chunk);

		err = write_piece(f, t, piece, chunk - left);
		if (err)
			break;
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
	struct tty *t = file_tty(f);
	unsigned mask = 0;

	poll_wait(pt, &t->read_wait);
	poll_wait(pt, &t->write_wait);
	if (tty_hung_up(f))
		return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
	if (tty_may_write(t))
		mask |= POLLOUT | POLLWRNORM;
	spin_lock(&t->lock);
	if (t->at_eof || tty_available(t) >= wait_rule(t, ~0u).min)
		mask |= POLLIN | POLLRDNORM;
	spin_unlock(&t->lock);
	return mask;
}

/* If nobody is, the foreground group is told, or else who asks. */
int tty_fasync(struct file *f, int fd, bool on)
{
	struct tty *t = file_tty(f);
	int err = fasync_helper(f, fd, on), type = F_OWNER_PID;
	struct pid *pid = NULL;

	if (err || !on)
		return err;
	spin_lock(&t->lock);
	if (t->pgrp)
		pid = pid_entry(t->pgrp);
	spin_unlock(&t->lock);
	if (pid)
		type = F_OWNER_PGRP;
	else
		pid = get_pid(task_tgid(current));
	return f_setown(f, pid, type, false);
}
