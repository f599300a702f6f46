// SPDX-License-Identifier: GPL-2.0-only
/*
 * A test door that holds tasks up at named points, one after the other. Mirrors nothing of Linux.
 *
 *	/sys/kernel/debug/pause		write up to four stops, "POINT PID MS" each; a write replaces all there was. The next task that
 *					passes a stop's POINT (PID 0: any task) is held there until somebody has reached the stop
 *					after it, for at most MS of virtual time, or until the next write. Read: "POINT PID" for each
 *					stop, the task that has reached it, 0 if none so far.
 *
 * With "fault" in place of MS the task is not held: the kernel faults there, and the task is dead
 * on the spot. Only in do_exit, from X2 to X16: see make_task_dead. With "eat", there too, it asks
 * for more memory than there is and gives back what it got: see oom_test.c, which has the result.
 *
 * So the stops are an order of events that the machine has to keep:
 *
 *	disable_oom 0 5000	the suspender stays before oom_killer_disable
 *	out_of_memory 0 100	until somebody has oom_lock, who stays there for 100 ms more
 *
 * Locks: pause_lock, all of it.
 */
#include "kernel/pause.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/oom.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/timer.h"
#include "kernel/waitq.h"

#define MAX_MS	60000

static const char *const points[] = {
	"X0", "X14A", "X14B", "X18",	/* exit.c */
	"freeze_users", "disable_oom", "freeze_kthreads", "suspend_devices", "idle",		/* before that step of suspend */
	"resume", "thaw",
	"thaw_users",		/* the killer is enabled again, and everybody still frozen */
	"ram0",			/* the disk's thread, which cannot freeze before it has served a request */
	"core_page",		/* is about to write a page of a core file */
	"fork",			/* has built the child, nobody can see it yet */
	"exec",			/* is about to end the other threads */
	"exec_mm",		/* is alone, still has the old mm */
	"exec_done",		/* has the new mm */
	"readpage",		/* is about to read a page of the disk, of which a fault may wait with its mmap_lock held */
	"mmap",			/* the file has agreed, the mapping is not linked to it; mmap_lock is held */
	"proc_mm",		/* reads another's command line, and uses its mm */
	"self",			/* is about to eat memory: oom_test.c */
	"refrigerator",		/* saw that it is to freeze, holds no lock yet */
	"stopped",		/* its state says stopped, it has not slept yet */
	"trapped",		/* its cgroup of version 2 is to be frozen: its state says asleep, it has not slept yet */
	"frozen",		/* its state says frozen, it has not slept yet */
	"out_of_memory",	/* has oom_lock, nobody is chosen */
	"oom_killed",		/* has oom_lock, somebody is marked */
	"oom_reaper",		/* has looked at a victim, and holds its group */
	"cgroup_told",		/* inotify has heard of a change of a group, which is held */
	"release_agent",	/* of a version 1 group that is empty: it has not tried to run yet */
	"hangup",		/* of a terminal: its session was told, its readers are not woken */
	"tracee_reaped",	/* has waited for its dead tracee, of which the parent has not heard yet */
	"detached",		/* has let go of its tracee, which somebody else may trace by now */
};

/* Of an exit. A fault is survived there: nobody has heard of the task's end yet. */
static const char *const exit_points[] = { "X2", "X3", "X4", "X5a", "X5b", "X5c", "X5d", "X8", "X9", "X10", "X12", "X16" };

struct stop {
	const char *point;
	int pid;			/* whom it is for, 0 anybody; then who has reached it */
	u64 ns;
	enum { HOLD, FAULT, EAT } what;
};

bool pause_armed;			/* a stop is not reached yet [pause_lock] */
static struct spinlock pause_lock = SPINLOCK_INIT("pause", RANK_IO);
static struct stop stops[4];		/* [pause_lock] */
static u32 nr_stops;			/* [pause_lock] */
static _Atomic u32 reached;		/* a bit for each stop [pause_lock to set] */
static _Atomic u32 writes;		/* [pause_lock to set] */
static struct waitq pause_wait = WAITQ_INIT(pause_wait, "pause");

static bool may_go_on(u32 i, u32 write)
{
	return atomic_load(&writes) != write || atomic_load(&reached) & 2u << i;
}

/* A task that has set its state for a sleep must not sleep for another reason: it spins. */
static void hold(u32 i, u32 write, u64 deadline)
{
	if (atomic_load(&current->state) == TASK_RUNNING)
		(void)wait_event_state(&pause_wait, may_go_on(i, write), TASK_UNINTERRUPTIBLE, deadline);
	else
		while (!may_go_on(i, write) && ktime_ns() < deadline)
			arch_cpu_relax();
}

/*
 * The stop at point for current that nobody has reached; nr_stops if there is none. pause_lock
 * held.
 */
static u32 find_stop(const char *point)
{
	u32 i;

	for (i = 0; i < nr_stops; i++)
		if (!(atomic_load(&reached) & 1u << i) && !kstrcmp(stops[i].point, point) &&
		    (!stops[i].pid || stops[i].pid == current->pid))
			break;
	return i;
}

void pause_slow(const char *point)
{
	struct stop s;
	bool stop;
	u32 i, write;

	spin_lock(&pause_lock);
	i = find_stop(point);
	write = atomic_load(&writes);
	stop = i < nr_stops;
	if (stop) {
		stops[i].pid = current->pid;
		s = stops[i];
		pause_armed = (atomic_fetch_or(&reached, 1u << i) | 1u << i) != (1u << nr_stops) - 1;
	}
	spin_unlock(&pause_lock);
	if (!stop)
		return;
	wake_up_all(&pause_wait);
	if (s.what == FAULT) {
		current->fault_injected = 1;
		__builtin_trap();
	}
	if (s.what == EAT)
		oom_test_eat(point);
	else
		hold(i, write, ktime_ns() + s.ns);
}

static const char *find_point(const char *const *among, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!kstrcmp(among[i], name))
			return among[i];
	return NULL;
}

/* Reads one stop off *s. 0 or -EINVAL. */
static int parse_stop(char **s, const char *name, struct stop *stop)
{
	const char *exits = find_point(exit_points, ARRAY_SIZE(exit_points), name), *how;
	u64 pid, ms = 0;

	stop->point = exits ? exits : find_point(points, ARRAY_SIZE(points), name);
	if (!stop->point || kparse_u64(kword(s), &pid) || pid > INT32_MAX)
		return -EINVAL;
	how = kword(s);
	stop->what = !exits ? HOLD : !kstrcmp(how, "fault") ? FAULT : !kstrcmp(how, "eat") ? EAT : HOLD;
	if (stop->what == HOLD && (kparse_u64(how, &ms) || ms > MAX_MS))
		return -EINVAL;
	stop->pid = (int)pid;
	stop->ns = ms * 1000000;
	return 0;
}

static s64 pause_store(const char *text, size_t n)
{
	struct stop new[ARRAY_SIZE(stops)];
	char copy[256], *s = copy;
	const char *name;
	u32 nr = 0;

	if (n >= sizeof(copy))
		return -EINVAL;
	kmemcpy(copy, text, n);
	copy[n] = 0;
	while (*(name = kword(&s)))
		if (nr == ARRAY_SIZE(new) || parse_stop(&s, name, &new[nr++]))
			return -EINVAL;
	spin_lock(&pause_lock);
	kmemcpy(stops, new, nr * sizeof(*new));
	nr_stops = nr;
	pause_armed = nr > 0;
	atomic_store(&reached, 0);
	atomic_fetch_add(&writes, 1);
	spin_unlock(&pause_lock);
	wake_up_all(&pause_wait);
	return (s64)n;
}

static s64 pause_show(char *buf, size_t n)
{
	size_t len = 0;

	spin_lock(&pause_lock);
	for (u32 i = 0; i < nr_stops; i++)
		len += ksnprintf(buf + len, n - len, "%s %d\n", stops[i].point,
				 atomic_load(&reached) & 1u << i ? stops[i].pid : 0);
	spin_unlock(&pause_lock);
	return (s64)len;
}
PSEUDO_FILE(debug_pause, .path = "/sys/kernel/debug/pause", .mode = 0644, .show = pause_show, .store = pause_store);
