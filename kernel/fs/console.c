// SPDX-License-Identifier: GPL-2.0-only
/*
 * The devices of the two serial lines: /dev/console and /dev/ttyS0 are the terminal, /dev/tty is
 * current's own, /dev/ttyS1 takes structured results for a program outside the machine. Mirrors
 * Linux drivers/tty/serial at a fraction.
 *
 * What is written to /dev/console goes to another terminal if that has asked for it (TIOCCONS).
 *
 * With the boot word stdin=eof nobody sits at the terminal: reads end at once, and output is passed
 * on byte for byte.
 */
#include "kernel/cred.h"
#include "kernel/entry.h"
#include "kernel/fs/tty.h"
#include "kernel/mm/mm.h"
#include "kernel/param.h"
#include "kernel/pm.h"

#define CONSOLE_NR	(4u << 8 | 64)

static bool stdin_eof;
static struct tty console_tty;
static struct spinlock redirect_lock = SPINLOCK_INIT("redirect", RANK_TTY_STATE);
/* [redirect_lock] referenced: where what is written to /dev/console goes. NULL: to the serial line */
static struct file *redirect;

static int set_stdin(const char *value)
{
	if (!kstreq(value, "eof"))
		return -EINVAL;
	stdin_eof = true;
	return 0;
}
PARAM("stdin", "eof: reads from the console end at once, output is not translated", set_stdin);

static bool console_write(struct tty *t, const char *buf, size_t n)
{
	(void)t;
	arch_console_write(buf, n);
	return true;
}

/*
 * LINUX: it is never hung up, by whatever name. It has a reference that is never put, so there is
 * no free.
 */
static const struct tty_ops console_ops = { .write = console_write };

void console_init(void)
{
	struct tty *t = &console_tty;

	tty_init(t, &console_ops, CONSOLE_NR);
	t->termios.c_iflag = ICRNL | IUTF8;
	t->termios.c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL;
	t->ispeed = t->ospeed = 115200;
	t->at_eof = stdin_eof;
	if (stdin_eof)
		t->termios.c_oflag = 0;
}

/* Any key also ends suspend-to-idle. */
void entry_console_rx(u8 c)
{
	pm_wakeup();
	tty_input(&console_tty, c);
}

static int console_open(struct inode *i, struct file *f)
{
	int err = tty_open_file(&console_tty, f);

	if (!err && !(DEV_MAJOR(i->rdev) == 5 && DEV_MINOR(i->rdev) == 1))	/* opening /dev/console never makes it a controlling terminal */
		tty_open_ctty(&console_tty, f);
	return err;
}

static int own_tty_open(struct inode *i, struct file *f)
{
	struct tty *t = current_tty();
	int err = t ? tty_open_file(t, f) : -ENXIO;

	(void)i;
	tty_put(t);
	return err;
}

const struct file_ops console_tty_fops = TTY_FILE_OPS(console_open);
const struct file_ops own_tty_fops = TTY_FILE_OPS(own_tty_open);

/* --- /dev/console, and who takes it over --- */

/* Referenced: where what is written to f goes. */
static struct file *written_file(struct file *f)
{
	struct file *to;

	spin_lock(&redirect_lock);
	to = get_file(redirect ? redirect : f);
	spin_unlock(&redirect_lock);
	return to;
}

static s64 redirected_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct file *to = written_file(f);
	s64 put = tty_write(to, buf, n, pos);

	fput(to);
	return put;
}

static s64 redirected_kwrite(struct file *f, const void *buf, size_t n, u64 pos)
{
	struct file *to = written_file(f);
	s64 put = tty_kwrite(to, buf, n, pos);

	fput(to);
	return put;
}

const struct file_ops console_fops = {
	.open = console_open, .release = tty_release, .read = tty_read, .write = redirected_write,
	.kwrite = redirected_kwrite, .poll = tty_poll, .fasync = tty_fasync, .ioctl = tty_ioctl,
};

void tty_give_console_back(const struct tty *t)
{
	struct file *old = NULL;

	spin_lock(&redirect_lock);
	if (redirect && (!t || file_tty(redirect) == t)) {
		old = redirect;
		redirect = NULL;
	}
	spin_unlock(&redirect_lock);
	if (old)
		fput(old);
}

long tty_take_console(struct file *f)
{
	long err = 0;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (f->ops == &console_fops) {
		tty_give_console_back(NULL);
		return 0;
	}
	if (!f->writable)
		return -EBADF;
	spin_lock(&redirect_lock);
	if (redirect)
		err = -EBUSY;
	else
		redirect = get_file(f);
	spin_unlock(&redirect_lock);
	if (!err && tty_hung_up(f))	/* meanwhile, and that may have found it not yet there */
		tty_give_console_back(file_tty(f));
	return err;
}

/* --- the report channel --- */

static struct mutex report_lock = MUTEX_INIT(report_lock, "report", RANK_TTY);

static s64 report_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	(void)f, (void)buf, (void)n, (void)pos;
	return 0;
}

static s64 report_kwrite(struct file *f, const void *buf, size_t n, u64 pos)
{
	(void)f, (void)pos;
	mutex_lock(&report_lock);
	arch_report_write(buf, n);
	mutex_unlock(&report_lock);
	return (s64)n;
}

static s64 report_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	size_t done = 0;
	char piece[512];

	(void)f, (void)pos;
	mutex_lock(&report_lock);
	while (done < n) {
		size_t chunk = min(n - done, sizeof(piece));

		if (copy_from_user(piece, buf + done, chunk))
			break;
		arch_report_write(piece, chunk);
		done += chunk;
	}
	mutex_unlock(&report_lock);
	return done || !n ? (s64)done : -EFAULT;
}

const struct file_ops ttys1_fops = { .read = report_read, .write = report_write, .kwrite = report_kwrite };
