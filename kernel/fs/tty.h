// SPDX-License-Identifier: GPL-2.0-only
/*
 * A terminal: line discipline (tty.c), files (tty_io.c), modes (tty_ioctl.c), job control
 * (tty_jobs.c), and where its output goes: the serial line (console.c) or the master of a pair
 * (pty.c). Mirrors Linux include/linux/tty.h.
 */
#pragma once
#include "kernel/fs/dcache.h"

#define TTY_BUF		4096u		/* power of two */
#define TTY_PIECE	128u		/* bytes that are written at once */

struct tty;
struct tty_ops {
	/* All of it (at most 2 * TTY_PIECE bytes) or, false, nothing. Any context. */
	bool (*write)(struct tty *t, const char *buf, size_t n);
	bool (*has_room)(struct tty *t);	/* write would not be refused. NULL: it never is */
	void (*idle)(struct tty *t);	/* its last file was closed. NULL: its files are never hung up */
	/*
	 * Something happened that a master in packet mode reads: TIOCPKT_*. t->lock held. NULL:
	 * there is no master
	 */
	void (*tell)(struct tty *t, u32 what);
	void (*free)(struct tty *t);	/* the last reference is gone; any context */
};

struct tty {
	_Atomic u32 refs;		/* each open file, and each group whose controlling terminal it is */
	u32 nr;				/* (!) device number as /proc/PID/stat shows it */
	const struct tty_ops *ops;	/* (!) */
	bool at_eof;			/* (!) nobody types: reads end at once */
	struct spinlock lock;		/* RANK_TTY_STATE; interrupts come with input */
	struct k_termios termios;	/* [lock] */
	struct k_termios locked;	/* [lock] what of termios is not changed: its bits, and bytes that are not 0 */
	u32 ispeed, ospeed;		/* [lock] as termios.c_cflag says, or of one's own (BOTHER) */
	struct k_winsize winsize;	/* [lock] */
	int session, pgrp;		/* [lock] with a reference on the number; 0: none */
	u32 head, canon, tail;		/* [lock] bytes put in, of those in finished lines, taken out */
	bool literal;			/* [lock] the next byte is taken as it is (^V) */
	bool stopped;			/* [lock] no output (^S) */
	bool dead;			/* [lock] no more opens */
	bool exclusive;			/* [lock] opens are for administrators (TIOCEXCL) */
	bool was_opened;		/* [lock] ever */
	u32 users;			/* [lock] open files, of use or not */
	u32 hangups;			/* [lock] a file that was opened at another count is hung up */
	u8 buf[TTY_BUF];		/* [lock] */
	u64 ends[TTY_BUF / 64];		/* [lock] bit: a line ends with this byte; a 0 byte there is ^D and is not read */
	struct waitq read_wait;
	struct waitq write_wait;	/* for room for output, and for ^Q */
	struct waitq input_wait;	/* for room in buf */
	struct mutex write_lock;	/* RANK_TTY: the output of one write stays together */
};

struct tty_file {			/* (!) file->private */
	struct tty *tty;		/* referenced */
	u32 hangups;			/* of it then */
};
static inline struct tty *file_tty(const struct file *f) { return ((struct tty_file *)f->private)->tty; }
static inline bool tty_hung_up(const struct file *f)
{
	const struct tty_file *tf = f->private;

	return tf->hangups != READ_ONCE(tf->tty->hangups);
}

static inline void tty_tell(struct tty *t, u32 what)
{
	if (t->ops->tell)
		t->ops->tell(t, what);
}

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
int tty_number(const int *field);	/* t->pgrp or t->session as current sees it. Takes tasklist_lock (r) */
long tty_job_ioctl(struct tty *t, struct file *f, unsigned cmd, uaddr_t arg);	/* -ENOIOCTLCMD: not about jobs */
struct tty *current_tty(void);		/* current's controlling terminal, referenced, or NULL */
void tty_hangup(struct tty *t);		/* its session hears of it and loses it, and files open now are of no use */
long tty_vhangup(struct tty *t);	/* for TIOCVHANGUP: 0, -EPERM */
/* tty.c */
void tty_first_modes(struct tty *t);	/* termios and speeds. t->lock held, or t is new */
void tty_init(struct tty *t, const struct tty_ops *ops, u32 nr);	/* of zeroes */
void tty_input(struct tty *t, u8 c);	/* a typed character; any context */
bool tty_try_input(struct tty *t, u8 c);	/* the same; false: a reader must take something first */
bool tty_takes_input(struct tty *t);	/* tty_try_input would not refuse it */
u32 tty_available(const struct tty *t);	/* bytes that a read may take now. t->lock held */
void tty_flush_input(struct tty *t);	/* t->lock held */
void tty_stop_output(struct tty *t, bool stop);	/* or let it go on; the caller wakes write_wait. t->lock held */
/*
 * Taken out by a reader, at most n bytes. *end: the read ends here, be it with 0 bytes. t->lock
 * held.
 */
size_t tty_take(struct tty *t, u8 *out, size_t n, bool *end);
/*
 * Everything of buf. false: there was no room for all of it; of at most TTY_PIECE bytes, nothing
 * went.
 */
bool tty_output(struct tty *t, const char *buf, size_t n);
/* tty_io.c */
int tty_open_file(struct tty *t, struct file *f);	/* 0, -ENOMEM, -EIO: it is dead */
void tty_release(struct file *f);
void tty_hang_up_files(struct tty *t);	/* files open now: end of file and EIO. A terminal that has ops->idle */
void tty_wake_hung_up(struct tty *t);	/* whoever waits in one of them; after it */
s64 tty_read(struct file *f, uaddr_t buf, size_t n, u64 *pos);
s64 tty_write(struct file *f, uaddr_t buf, size_t n, u64 *pos);
s64 tty_kwrite(struct file *f, const void *buf, size_t n, u64 pos);
unsigned tty_poll(struct file *f, struct poll_table *pt);
int tty_fasync(struct file *f, int fd, bool on);
/* console.c */
/* TIOCCONS: f gets what is written to /dev/console, which itself takes it back */
long tty_take_console(struct file *f);
void tty_give_console_back(const struct tty *t);	/* if t has it; NULL: whoever has. Sleeps */
/* tty_ioctl.c */
void tty_signal(struct tty *t, int sig);	/* to the group in front */
long __tty_ioctl(struct tty *t, struct file *f, unsigned cmd, uaddr_t arg);	/* f: of either side */
long tty_ioctl(struct file *f, unsigned cmd, uaddr_t arg);
#define TTY_FILE_OPS(open_fn)								\
	{										\
		.open = open_fn, .release = tty_release, .read = tty_read, .write = tty_write,	\
		.kwrite = tty_kwrite, .poll = tty_poll, .fasync = tty_fasync, .ioctl = tty_ioctl,	\
	}
