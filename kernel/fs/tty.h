// SPDX-License-Identifier: GPL-2.0-only
/*
 * A terminal: line discipline (tty.c), modes (tty_ioctl.c), job control (tty_jobs.c), and where its
 * output goes: the serial line (console.c). Mirrors Linux include/linux/tty.h.
 */
#pragma once
#include "kernel/fs/dcache.h"

#define TTY_BUF		4096u		/* power of two */

struct tty;
struct tty_ops {
	void (*write)(struct tty *t, const char *buf, size_t n);
	void (*free)(struct tty *t);	/* the last reference is gone; any context */
};

struct tty {
	_Atomic u32 refs;		/* each open file, and each group whose controlling terminal it is */
	u32 nr;				/* (!) device number as /proc/PID/stat shows it */
	const struct tty_ops *ops;	/* (!) */
	bool at_eof;			/* (!) nobody types: reads end at once */
	struct spinlock lock;		/* RANK_TTY_STATE; interrupts come with input */
	struct k_termios termios;	/* [lock] */
	struct k_winsize winsize;	/* [lock] */
	int session, pgrp;		/* [lock] with a reference on the number; 0: none */
	u32 head, canon, tail;		/* [lock] bytes put in, of those in finished lines, taken out */
	u32 column;			/* [lock] of the cursor since the line's start, for erasing */
	bool literal;			/* [lock] the next byte is taken as it is (^V) */
	u8 buf[TTY_BUF];		/* [lock] */
	u64 ends[TTY_BUF / 64];		/* [lock] bit: a line ends with this byte; a 0 byte there is ^D and is not read */
	struct waitq read_wait;
	struct mutex write_lock;	/* RANK_TTY: the output of one write stays together */
};

static inline struct tty *tty_get(struct tty *t) { atomic_fetch_add(&t->refs, 1); return t; }
static inline void tty_put(struct tty *t)
{
	if (t && atomic_fetch_sub(&t->refs, 1) == 1)
		t->ops->free(t);
}

/* tty_jobs.c */
int tty_check_read(struct tty *t);	/* may current read? 0, -EIO, -ERESTARTSYS after SIGTTIN */
int tty_check_change(struct tty *t);	/* the same for writing and ioctls, with SIGTTOU */
void tty_open_ctty(struct tty *t, struct file *f);	/* a session leader without a terminal gets this one */
bool tty_is_mine(struct tty *t);	/* current's controlling terminal? */
long tty_job_ioctl(struct tty *t, unsigned cmd, uaddr_t arg);	/* -ENOIOCTLCMD: not about jobs */
struct tty *current_tty(void);		/* current's controlling terminal, referenced, or NULL */
/* tty.c */
void tty_init(struct tty *t, const struct tty_ops *ops, u32 nr);	/* of zeroes */
void tty_input(struct tty *t, u8 c);	/* a typed character; any context */
u32 tty_available(const struct tty *t);	/* bytes that a read may take now. t->lock held */
void tty_flush_input(struct tty *t);	/* t->lock held */
s64 tty_read(struct file *f, uaddr_t buf, size_t n, u64 *pos);
s64 tty_write(struct file *f, uaddr_t buf, size_t n, u64 *pos);
s64 tty_kwrite(struct file *f, const void *buf, size_t n, u64 pos);
unsigned tty_poll(struct file *f, struct poll_table *pt);
/* tty_ioctl.c */
long tty_ioctl(struct file *f, unsigned cmd, uaddr_t arg);
