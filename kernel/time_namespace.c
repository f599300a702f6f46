// SPDX-License-Identifier: GPL-2.0-only
/*
 * Namespaces in which more, or less, time has passed since boot: what the clocks say there that do
 * not know the time of day. Mirrors Linux kernel/time/namespace.c.
 *
 * The offsets are set, by /proc/PID/timens_offsets, before anybody lives there. Then they stay, and
 * each task has a copy, which clock_gettime reads.
 *
 * Locks: time_ns_lock.
 */
#include "kernel/time_namespace.h"
#include "kernel/cred.h"
#include "kernel/fs/proc.h"
#include "kernel/mm/mm.h"
#include "kernel/ntp.h"
#include "kernel/time.h"

#define PROC_TIME_INIT_INO	0xeffffffau
#define KTIME_SEC_MAX		(INT64_MAX / (s64)NSEC_PER_SEC)

static struct mutex time_ns_lock = MUTEX_INIT(time_ns_lock, "time_ns", RANK_FS_RENAME);

/* --- the namespaces --- */

static struct ns_common *copy_time_ns(struct ns_common *old, struct user_namespace *user_ns)
{
	struct time_namespace *ns = kzalloc(sizeof(*ns), GFP_KERNEL);

	if (!ns)
		return ERR_PTR(-ENOMEM);
	if (ns_init(&ns->ns, &time_ns_ops, user_ns)) {
		kfree(ns);
		return ERR_PTR(-ENOSPC);
	}
	mutex_lock(&time_ns_lock);
	ns->offsets = to_time_ns(old)->offsets;
	mutex_unlock(&time_ns_lock);
	return &ns->ns;
}

static void free_time_ns(struct ns_common *ns)
{
	kfree(to_time_ns(ns));
}

bool current_is_single_threaded(void)
{
	struct task *p, *t;
	bool alone = true;

	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		if (t != current && (t->group == current->group || READ_ONCE(t->mm) == current->mm))
			alone = false;
	read_unlock(&tasklist_lock);
	return alone;
}

const struct ns_ops time_ns_ops = {
	.name = "time", .type = CLONE_NEWTIME, .ucount = UCOUNT_TIME, .copy = copy_time_ns, .free = free_time_ns,
};

struct time_namespace init_time_ns = {
	.ns = NS_COMMON_INIT(PROC_TIME_INIT_INO, &time_ns_ops),
	.settled = true,
};

void time_ns_enter(struct task *t, struct time_namespace *ns)
{
	if (!atomic_load(&ns->settled)) {
		mutex_lock(&time_ns_lock);
		atomic_store(&ns->settled, true);
		mutex_unlock(&time_ns_lock);
	}
	t->time_offsets = ns->offsets;
}

u64 time_ns_to_host(int clock, u64 time)
{
	s64 offset;

	switch (clock) {
	case CLOCK_MONOTONIC:
		offset = current->time_offsets.monotonic;
		break;
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		offset = current->time_offsets.boottime;
		break;
	case CLOCK_TAI:
		offset = (s64)READ_ONCE(tai_offset) * (s64)NSEC_PER_SEC;
		break;
	default:
		return time;
	}
	if (!offset)
		return time;
	if (offset < 0)
		return add_ns(time, (u64)-offset);
	return time > (u64)offset ? time - (u64)offset : 1;
}

/* --- /proc/PID/timens_offsets: of who is yet to be born --- */

static struct time_namespace *children_ns(struct task *t)
{
	struct ns_common *ns = task_ns(t, NS_TIME_FOR_CHILDREN);

	return ns ? to_time_ns(ns) : NULL;
}

static size_t show_offset(char *buf, size_t n, const char *clock, s64 offset)
{
	s64 sec = offset / (s64)NSEC_PER_SEC, nsec = offset % (s64)NSEC_PER_SEC;

	if (nsec < 0) {
		sec--;
		nsec += (s64)NSEC_PER_SEC;
	}
	return kscnprintf(buf, n, "%-10s %10ld %9ld\n", clock, sec, nsec);
}

s64 proc_timens_offsets(struct task *t, char *buf, size_t n)
{
	struct time_namespace *ns = children_ns(t);
	struct time_offsets o;
	size_t len;

	if (!ns)
		return 0;
	mutex_lock(&time_ns_lock);
	o = ns->offsets;
	mutex_unlock(&time_ns_lock);
	ns_put(&ns->ns);
	len = show_offset(buf, n, "monotonic", o.monotonic);
	return (s64)(len + show_offset(buf + len, n - len, "boottime", o.boottime));
}

struct offset_line {			/* of what is written */
	int clock;
	s64 sec, nsec;
};

static const char *skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* A decimal number, with a minus or not, off *s: 0, -EINVAL, -ERANGE. */
static int take_number(const char **s, s64 *v)
{
	bool minus;
	u64 n;
	int err;

	*s = skip_blanks(*s);
	minus = **s == '-';
	*s += minus;
	err = kparse_digits(s, 10, &n);
	if (err)
		return err;
	if (n > (u64)INT64_MAX)
		return -ERANGE;
	*v = minus ? -(s64)n : (s64)n;
	return 0;
}

/* CLOCK SECONDS NANOSECONDS, as sscanf takes it: a clock's name has at most nine letters. */
static int parse_line(const char *s, struct offset_line *l)
{
	static const struct { const char *name; int clock; } names[] = {
		{ "monotonic", CLOCK_MONOTONIC }, { "1", CLOCK_MONOTONIC }, { "boottime", CLOCK_BOOTTIME }, { "7", CLOCK_BOOTTIME },
	};
	char name[10];
	size_t len = 0;
	int err;

	s = skip_blanks(s);
	for (; *s && !kisspace(*s) && len < sizeof(name) - 1; s++)
		name[len++] = *s;
	name[len] = 0;
	err = take_number(&s, &l->sec);
	if (err)
		return err;
	if (*skip_blanks(s) == '-' || take_number(&s, &l->nsec) || l->nsec >= (s64)NSEC_PER_SEC)
		return -EINVAL;
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (!kstreq(names[i].name, name))
			continue;
		l->clock = names[i].clock;
		return 0;
	}
	return -EINVAL;
}

/* What a clock shows there must be a time, and stay one. */
static int check_range(const struct offset_line *l)
{
	s64 now = (s64)(ktime_ns() / NSEC_PER_SEC), nsec = (s64)(ktime_ns() % NSEC_PER_SEC) + l->nsec;

	if (l->sec > KTIME_SEC_MAX || l->sec < -KTIME_SEC_MAX)
		return -ERANGE;
	now += l->sec + nsec / (s64)NSEC_PER_SEC;
	return now < 0 || now > KTIME_SEC_MAX / 2 ? -ERANGE : 0;
}

static int set_offsets(struct time_namespace *ns, const struct offset_line *lines, unsigned n,
		const struct cred *opener)
{
	int err = 0;

	if (!cred_ns_capable(opener, ns->ns.user_ns, CAP_SYS_TIME))
		return -EPERM;
	for (unsigned i = 0; !err && i < n; i++)
		err = check_range(&lines[i]);
	if (err)
		return err;
	mutex_lock(&time_ns_lock);
	if (atomic_load(&ns->settled))
		err = -EACCES;
	for (unsigned i = 0; !err && i < n; i++) {
		s64 ns_off = lines[i].sec * (s64)NSEC_PER_SEC + lines[i].nsec;

		*(lines[i].clock == CLOCK_MONOTONIC ? &ns->offsets.monotonic : &ns->offsets.boottime) = ns_off;
	}
	mutex_unlock(&time_ns_lock);
	return err;
}

/* At most two lines; what comes after them is not looked at. */
s64 proc_timens_offsets_store(struct task *t, const char *buf, size_t n, const struct cred *opener)
{
	struct offset_line lines[2];
	struct time_namespace *ns;
	const char *at = buf, *end;
	unsigned nr = 0;
	int err;

	do {
		char line[80];

		end = kstrchr(at, '\n');
		kstrlcpy(line, at, end ? min((size_t)(end - at) + 1, sizeof(line)) : sizeof(line));
		err = parse_line(line, &lines[nr]);
		if (err)
			return err;
		nr++;
		at = end ? end + 1 : NULL;
	} while (at && *at && nr < ARRAY_SIZE(lines));
	ns = children_ns(t);
	if (!ns)
		return -ESRCH;
	err = set_offsets(ns, lines, nr, opener);
	ns_put(&ns->ns);
	return err ? err : nr == ARRAY_SIZE(lines) && at ? at - buf : (s64)n;
}
