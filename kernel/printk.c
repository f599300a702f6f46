// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel log: a ring of text, and the console. Mirrors Linux kernel/printk. Locks: log_lock,
 * the last of all ranks.
 *
 * A line in the ring reads "<level>[seconds.micros] text\n"; positions count characters ever
 * logged, so that a reader notices what it missed.
 */
#include "kernel/abi.h"
#include "kernel/arch.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/param.h"
#include "kernel/printk.h"
#include "kernel/syscall.h"
#include "kernel/task.h"

#define LOG_SIZE	65536u		/* a power of two */

static struct spinlock log_lock = SPINLOCK_INIT("log", RANK_LOG);
static char ring[LOG_SIZE];
static u64 log_head;			/* [log_lock] characters ever logged */
static u64 log_cleared;			/* [log_lock] syslog(2): what "clear" hides */
int loglevel = LOG_WARNING;

static void ring_write(const char *s, size_t n)
{
	while (n) {
		size_t at = log_head % LOG_SIZE, part = min(n, (size_t)LOG_SIZE - at);

		kmemcpy(ring + at, s, part);
		log_head += part;
		s += part;
		n -= part;
	}
}

/*
 * true if it took the lock: a panic, with one CPU left, prints even when that CPU or a stopped one
 * holds it.
 */
static bool log_lock_unless_panic(void)
{
	if (panicking())
		return false;
	spin_lock(&log_lock);
	return true;
}

/* v and what pads it to @width, before @end: where it begins. */
static char *digits_before(char *end, u64 v, unsigned width, char pad)
{
	char *begin = end - width;

	if (v)
		end = decimal_before(end, v);
	else
		*--end = '0';
	while (end > begin)
		*--end = pad;
	return end;
}

/* "<level>[seconds.micros] " before @end: where it begins. By hand, as every line has one. */
static char *stamp_before(char *end, int level)
{
	u64 us = arch_clock_ns() / 1000;

	*--end = ' ';
	*--end = ']';
	end = digits_before(end, us % 1000000, 6, '0');
	*--end = '.';
	end = digits_before(end, us / 1000000, 5, ' ');
	*--end = '[';
	*--end = '>';
	*--end = (char)('0' + level);
	*--end = '<';
	return end;
}

static void log_write(int level, const char *text, size_t n)
{
	char buf[40], *stamp = stamp_before(buf + sizeof(buf), level);
	size_t len = (size_t)(buf + sizeof(buf) - stamp);
	bool locked = log_lock_unless_panic();

	ring_write(stamp, len);
	ring_write(text, n);
	ring_write("\n", 1);
	if (level <= loglevel) {
		arch_console_write(stamp + 3, len - 3);
		arch_console_write(text, n);
		arch_console_write("\n", 1);
	}
	if (locked)
		spin_unlock(&log_lock);
}

void kprintf_level(int level, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = (size_t)kvsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	n = min(n, sizeof(line) - 1);
	while (n && line[n - 1] == '\n')
		n--;
	log_write(level, line, n);
}

void kprintf(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	size_t n;
	bool locked;

	va_start(ap, fmt);
	n = (size_t)kvsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	n = min(n, sizeof(line) - 1);
	locked = log_lock_unless_panic();
	ring_write(line, n);
	arch_console_write(line, n);
	if (locked)
		spin_unlock(&log_lock);
}

size_t log_read(u64 *pos, char *buf, size_t n)
{
	size_t done = 0;

	spin_lock(&log_lock);
	if (log_head > LOG_SIZE && *pos < log_head - LOG_SIZE) {
		/* Too late for the oldest: go on at the next whole line. */
		*pos = log_head - LOG_SIZE;
		while (*pos < log_head && ring[*pos % LOG_SIZE] != '\n')
			++*pos;
		++*pos;
	}
	while (done < n && *pos < log_head)
		buf[done++] = ring[(*pos)++ % LOG_SIZE];
	spin_unlock(&log_lock);
	return done;
}

static void set_loglevel(int level)
{
	loglevel = level;
	syscall_set_loglevel(level);
}

static int loglevel_param(const char *value)
{
	u64 v;

	if (parse_u64(value, &v) || v > LOG_DEBUG)
		return -EINVAL;
	set_loglevel((int)v);
	return 0;
}
PARAM("loglevel",
	"0 to 7: log lines up to this level reach the console (4: warnings; 7 lists system calls)",
	loglevel_param);

/* ---- syslog(2) ---- */

enum {
	SYSLOG_CLOSE, SYSLOG_OPEN, SYSLOG_READ, SYSLOG_READ_ALL, SYSLOG_READ_CLEAR, SYSLOG_CLEAR, SYSLOG_CONSOLE_OFF,
	SYSLOG_CONSOLE_ON, SYSLOG_CONSOLE_LEVEL, SYSLOG_SIZE_UNREAD, SYSLOG_SIZE_BUFFER
};

/* Copies the log from *pos on to the user; bytes or -EFAULT. */
static long copy_log(u64 *pos, uaddr_t ubuf, size_t len)
{
	char chunk[256];
	size_t done = 0, n;

	while (done < len && (n = log_read(pos, chunk, min(sizeof(chunk), len - done)))) {
		if (copy_to_user(ubuf + done, chunk, n))
			return -EFAULT;
		done += n;
	}
	return (long)done;
}

/* The last len bytes that were not cleared, from the beginning of a line. */
static long read_all(uaddr_t ubuf, size_t len)
{
	u64 pos;

	spin_lock(&log_lock);
	pos = log_head > LOG_SIZE ? log_head - LOG_SIZE : 0;
	pos = max(pos, log_cleared);
	if (log_head - pos > len) {
		pos = log_head - len;
		while (pos < log_head && ring[(pos - 1) % LOG_SIZE] != '\n')
			pos++;
	}
	spin_unlock(&log_lock);
	return copy_log(&pos, ubuf, len);
}

static long syslog_read(uaddr_t ubuf, size_t len)
{
	static u64 read_pos;		/* LINUX: unlocked; two readers at once may read a line twice */
	u64 pos = read_pos;
	long n;

	while (READ_ONCE(log_head) <= pos) {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		schedule_until(ktime_ns() + 100000000ull);
		if (signal_pending(current))
			return -ERESTARTSYS;
	}
	n = copy_log(&pos, ubuf, len);
	read_pos = pos;
	return n;
}

static void clear_log(void)
{
	spin_lock(&log_lock);
	log_cleared = log_head;
	spin_unlock(&log_lock);
}

/* Everybody may read what there is; to take it away from others, or to say what they see, needs a right. */
static bool syslog_permitted(int type)
{
	return type == SYSLOG_READ_ALL || type == SYSLOG_SIZE_BUFFER || capable(CAP_SYSLOG);
}

long sys_syslog(int type, uaddr_t ubuf, int len)
{
	static int saved_level = -1;
	long ret;

	if (!syslog_permitted(type))
		return -EPERM;
	switch (type) {
	case SYSLOG_CLOSE:
	case SYSLOG_OPEN:
		return 0;
	case SYSLOG_READ:
	case SYSLOG_READ_ALL:
	case SYSLOG_READ_CLEAR:
		if (!ubuf || len < 0)
			return -EINVAL;
		if (len == 0)
			return 0;
		if (!access_ok(ubuf, (size_t)len))
			return -EFAULT;
		if (type == SYSLOG_READ)
			return syslog_read(ubuf, (size_t)len);
		ret = read_all(ubuf, (size_t)len);
		if (type == SYSLOG_READ_CLEAR && ret >= 0)
			clear_log();
		return ret;
	case SYSLOG_CLEAR:
		clear_log();
		return 0;
	case SYSLOG_CONSOLE_OFF:
		if (saved_level < 0)
			saved_level = loglevel;
		set_loglevel(0);
		return 0;
	case SYSLOG_CONSOLE_ON:
		if (saved_level >= 0)
			set_loglevel(saved_level);
		saved_level = -1;
		return 0;
	case SYSLOG_CONSOLE_LEVEL:
		if (len < 1 || len > 8)
			return -EINVAL;
		set_loglevel(min(len, (int)LOG_DEBUG));
		return 0;
	case SYSLOG_SIZE_UNREAD:
		return (long)min(READ_ONCE(log_head), (u64)LOG_SIZE);
	case SYSLOG_SIZE_BUFFER:
		return LOG_SIZE;
	}
	return -EINVAL;
}
