// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of /proc that are about the whole machine. Formats are Linux's (fs/proc/meminfo.c, stat.c,
 * mm/vmstat.c, ...). What a subsystem owns alone is registered in its own file; here is what
 * gathers from many.
 */
#include "kernel/block.h"
#include "kernel/coredump.h"
#include "kernel/fs/proc.h"
#include "kernel/ipc/ipc.h"
#include "kernel/mnt_namespace.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/panic.h"
#include "kernel/param.h"
#include "kernel/printk.h"
#include "kernel/user_namespace.h"

#define NSEC_PER_SEC	1000000000ul
#define NSEC_PER_TICK	(NSEC_PER_SEC / HZ)

static u64 kind_pages(enum page_kind k)
{
	s64 n = atomic_load(&page_kinds[k]);

	return n > 0 ? (u64)n : 0;
}

/* --- memory --- */

static s64 meminfo_show(char *buf, size_t n)
{
	u64 free = nr_free_pages(), low = wmark_pages(WMARK_LOW), file = kind_pages(KIND_FILE),
	    shmem = kind_pages(KIND_SHMEM);
	u64 anon = kind_pages(KIND_ANON), total = totalram_pages();
	u64 available = (free > low ? free - low : 0) + file;
	const struct { const char *name; u64 pages; } rows[] = {
		{ "MemTotal", total }, { "MemFree", free }, { "MemAvailable", available }, { "Buffers", 0 },
		{ "Cached", file + shmem }, { "SwapCached", 0 }, { "Active", anon + shmem }, { "Inactive", file },
		{ "Unevictable", 0 }, { "Mlocked", 0 }, { "SwapTotal", 0 }, { "SwapFree", 0 }, { "Dirty", 0 }, { "Writeback", 0 },
		{ "AnonPages", anon }, { "Mapped", 0 }, { "Shmem", shmem }, { "KReclaimable", 0 }, { "Slab", kind_pages(KIND_SLAB) },
		{ "SReclaimable", 0 }, { "SUnreclaim", kind_pages(KIND_SLAB) }, { "KernelStack", kind_pages(KIND_STACK) },
		{ "PageTables", kind_pages(KIND_PT) }, { "CommitLimit", total / 2 }, { "Committed_AS", anon + shmem },
		{ "HardwareCorrupted", atomic_load(&num_poisoned_pages) },
	};
	size_t len = 0;

	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		char name[24];

		kscnprintf(name, sizeof(name), "%s:", rows[k].name);
		len += kscnprintf(buf + len, n - len, "%-15s %8lu kB\n", name, rows[k].pages * (PAGE_SIZE / 1024));
	}
	return (s64)(len + hugetlb_meminfo(buf + len, n - len));
}
PSEUDO_FILE(proc_meminfo, .path = "/proc/meminfo", .mode = 0444, .show = meminfo_show);

static s64 vmstat_show(char *buf, size_t n)
{
	const struct { const char *name; u64 value; } rows[] = {
		{ "nr_free_pages", nr_free_pages() },
		{ "nr_anon_pages", kind_pages(KIND_ANON) },
		{ "nr_file_pages", kind_pages(KIND_FILE) + kind_pages(KIND_SHMEM) },
		{ "nr_shmem", kind_pages(KIND_SHMEM) },
		{ "nr_slab_unreclaimable", kind_pages(KIND_SLAB) },
		{ "nr_kernel_stack", kind_pages(KIND_STACK) * (PAGE_SIZE / 1024) },
		{ "nr_page_table_pages", kind_pages(KIND_PT) },
		{ "pgalloc_normal", atomic_load(&vm_counters[VM_PGALLOC]) },
		{ "pgfree", atomic_load(&vm_counters[VM_PGFREE]) },
		{ "pgfault", atomic_load(&vm_counters[VM_PGFAULT]) },
		{ "pgmajfault", atomic_load(&vm_counters[VM_PGMAJFAULT]) },
		{ "pgsteal_direct", atomic_load(&vm_counters[VM_PGRECLAIM]) },
		{ "oom_kill", atomic_load(&vm_counters[VM_OOM_KILL]) },
		{ "oom_reaped", atomic_load(&vm_counters[VM_OOM_REAPED]) },
		{ "alloc_below_min", atomic_load(&vm_counters[VM_ALLOC_BELOW_MIN]) },
		{ "alloc_fail", atomic_load(&vm_counters[VM_ALLOC_FAIL]) },
		{ "io_after_barrier", atomic_load(&io_after_barrier) },
		{ "kernel_warnings", atomic_load(&vm_counters[VM_KERNEL_WARNINGS]) },
	};
	size_t len = 0;

	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		len += kscnprintf(buf + len, n - len, "%s %lu\n", rows[k].name, rows[k].value);
	return (s64)len;
}
PSEUDO_FILE(proc_vmstat, .path = "/proc/vmstat", .mode = 0444, .show = vmstat_show);

static s64 slabinfo_show(char *buf, size_t n)
{
	u64 cursor = 0;
	size_t len = kscnprintf(buf, n, "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> "
					"<pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> "
					"<num_slabs> <sharedavail>\n"), got;

	while ((got = kmem_slabinfo(buf + len, n - len, &cursor)))
		len += got;
	return (s64)len;
}
PSEUDO_FILE(proc_slabinfo, .path = "/proc/slabinfo", .mode = 0400, .show = slabinfo_show);

/* --- time and load --- */

/* ns that all CPUs together spent in their idle tasks. */
static u64 idle_ns(void)
{
	u64 sum = 0;

	for (unsigned c = 0; c < nr_cpus; c++)
		if (cpus[c].idle)
			sum += cpus[c].idle->stime;
	return sum;
}

static s64 uptime_show(char *buf, size_t n)
{
	u64 up = ktime_ns() + (u64)current->time_offsets.boottime, idle = idle_ns();

	return (s64)kscnprintf(buf, n, "%lu.%02lu %lu.%02lu\n", up / NSEC_PER_SEC,
			       up % NSEC_PER_SEC / 10000000, idle / NSEC_PER_SEC,
			       idle % NSEC_PER_SEC / 10000000);
}
PSEUDO_FILE(proc_uptime, .path = "/proc/uptime", .mode = 0444, .show = uptime_show);

static s64 loadavg_show(char *buf, size_t n)
{
	unsigned total = 0;
	struct task *p, *t;
	size_t len = 0;

	loadavg_tick(ktime_ns());
	for (unsigned i = 0; i < 3; i++) {
		u64 load = READ_ONCE(avenrun[i]) + (1ul << FSHIFT) / 200;	/* rounded */

		len += kscnprintf(buf + len, n - len, "%lu.%02lu ", load >> FSHIFT,
				  ((load & ((1ul << FSHIFT) - 1)) * 100) >> FSHIFT);
	}
	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		total++;
	read_unlock(&tasklist_lock);
	return (s64)(len + kscnprintf(buf + len, n - len, "%u/%u %d\n", sched_nr_running(), total,
					READ_ONCE(current->group->pid_ns->last_pid)));
}
PSEUDO_FILE(proc_loadavg, .path = "/proc/loadavg", .mode = 0444, .show = loadavg_show);

struct cpu_times {
	u64 user, system, idle;
};

static size_t print_cpu(char *buf, size_t n, const char *name, struct cpu_times c)
{
	return kscnprintf(buf, n, "%s %lu 0 %lu %lu 0 0 0 0 0 0\n", name, c.user / NSEC_PER_TICK,
			  c.system / NSEC_PER_TICK, c.idle / NSEC_PER_TICK);
}

/* A CPU's own times. */
static struct cpu_times cpu_times(const struct cpu *c)
{
	u64 idle = c->idle ? READ_ONCE(c->idle->stime) : 0, system = READ_ONCE(c->system_ns);

	return (struct cpu_times){ READ_ONCE(c->user_ns), system - min(idle, system), idle };
}

/* LINUX: interrupts are not told apart, so the line of them is their sum alone. */
static s64 stat_show(char *buf, size_t n)
{
	struct cpu_times all = { 0 }, each[MAX_CPUS];
	u64 irqs = 0;
	size_t len;

	for (unsigned c = 0; c < nr_cpus; c++) {
		each[c] = cpu_times(&cpus[c]);
		all.user += each[c].user;
		all.system += each[c].system;
		all.idle += each[c].idle;
		irqs += READ_ONCE(cpus[c].nr_irqs);
	}
	len = print_cpu(buf, n, "cpu ", all);
	for (unsigned c = 0; c < nr_cpus; c++) {
		char name[8];

		kscnprintf(name, sizeof(name), "cpu%u", c);
		len += print_cpu(buf + len, n - len, name, each[c]);
	}
	len += kscnprintf(
		buf + len, n - len,
		"intr %lu\nctxt %lu\nbtime %lu\nprocesses %lu\nprocs_running %u\nprocs_blocked 0\n",
		irqs, sched_nr_switches(),
		(u64)((atomic_load(&realtime_offset_ns) - current->time_offsets.boottime) /
		      (s64)NSEC_PER_SEC),
		READ_ONCE(total_forks), sched_nr_running());
	return (s64)len;
}
PSEUDO_FILE(proc_stat, .path = "/proc/stat", .mode = 0444, .show = stat_show);

/* --- the machine --- */

static s64 cpuinfo_show(char *buf, size_t n)
{
	size_t len = 0;

	for (unsigned c = 0; c < nr_cpus && len < n; c++)
		len += arch_cpuinfo(c, buf + len, n - len);
	return (s64)len;
}
PSEUDO_FILE(proc_cpuinfo, .path = "/proc/cpuinfo", .mode = 0444, .show = cpuinfo_show);

static s64 cmdline_show(char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%s\n", boot_command_line());
}
PSEUDO_FILE(proc_cmdline_file, .path = "/proc/cmdline", .mode = 0444, .show = cmdline_show);

static s64 filesystems_show(char *buf, size_t n)
{
	const struct fs_type *t;
	size_t len = 0;

	SET_FOREACH(t, fs_types)
		len += kscnprintf(buf + len, n - len, "nodev\t%s\n", t->name);
	return (s64)len;
}
PSEUDO_FILE(proc_filesystems, .path = "/proc/filesystems", .mode = 0444, .show = filesystems_show);

/* LINUX: the whole log each time, not what is new since the last reader, and it does not wait. */
static s64 kmsg_show(char *buf, size_t n)
{
	u64 pos = 0;

	return (s64)log_read(&pos, buf, n);
}
PSEUDO_FILE(proc_kmsg, .path = "/proc/kmsg", .mode = 0400, .show = kmsg_show);

static s64 sysrq_store(const char *buf, size_t n)
{
	if (n && buf[0] == 'f')
		sysrq_oom();
	else if (n && buf[0] == 'c')
		panic("sysrq triggered crash");
	else if (n && buf[0] == 's')
		sync_block_devices();
	else if (n)
		pr_warn("sysrq: f (OOM kill), s (sync) and c (crash) are known, not '%c'\n", buf[0]);
	return (s64)n;
}
PSEUDO_FILE(proc_sysrq, .path = "/proc/sysrq-trigger", .mode = 0200, .store = sysrq_store);

/* --- /proc/sys --- */

static s64 show_int(char *buf, size_t n, s64 v)
{
	return (s64)kscnprintf(buf, n, "%ld\n", v);
}

/*
 * As on Linux (proc_dointvec) it is the first word, whatever comes after it; a plus is no sign, and
 * twenty characters are the most. 0, -EINVAL.
 */
static int sysctl_number(const char *buf, s64 *v, s64 lo, s64 hi)
{
	char word[21];
	const char *digits;
	size_t len = 0;
	u64 u;
	s64 x;

	while (kisspace(*buf))
		buf++;
	for (; buf[len] && !kstrchr(" \t\n", buf[len]); len++) {
		if (len == sizeof(word) - 1)
			return -EINVAL;
		word[len] = buf[len];
	}
	word[len] = 0;
	digits = word + (*word == '-');
	if (kparse_digits(&digits, 0, &u) || *digits || u > INT64_MAX)
		return -EINVAL;
	x = *word == '-' ? -(s64)u : (s64)u;
	if (x < lo || x > hi)
		return -EINVAL;
	*v = x;
	return 0;
}

s64 sysctl_store_int(const char *buf, size_t n, int *v, s64 lo, s64 hi)
{
	s64 x;
	int err = sysctl_number(buf, &x, lo, hi);

	if (err)
		return err;
	WRITE_ONCE(*v, (int)x);
	return (s64)n;
}

s64 sysctl_store_long(const char *buf, size_t n, s64 *v, s64 lo, s64 hi)
{
	s64 x;
	int err = sysctl_number(buf, &x, lo, hi);

	if (err)
		return err;
	WRITE_ONCE(*v, x);
	return (s64)n;
}

static int sysctl_overcommit_memory, sysctl_max_map_count = 65530;

#define SYSCTL_INT(id, file, var, lo, hi)							\
	static s64 id##_show(char *buf, size_t n) { return show_int(buf, n, var); }		\
	static s64 id##_store(const char *buf, size_t n) { return sysctl_store_int(buf, n, &var, lo, hi); }	\
	PSEUDO_FILE(sysctl_file_##id, .path = "/proc/sys/" file, .mode = 0644, .show = id##_show, .store = id##_store)

SYSCTL_INT(panic_on_oom, "vm/panic_on_oom", sysctl_panic_on_oom, 0, 2);
SYSCTL_INT(oom_kill_allocating_task, "vm/oom_kill_allocating_task", sysctl_oom_kill_allocating_task,
	INT32_MIN, INT32_MAX);
SYSCTL_INT(oom_dump_tasks, "vm/oom_dump_tasks", sysctl_oom_dump_tasks, INT32_MIN, INT32_MAX);
SYSCTL_INT(overcommit_memory, "vm/overcommit_memory", sysctl_overcommit_memory, 0, 1);
SYSCTL_INT(max_map_count, "vm/max_map_count", sysctl_max_map_count, 0, INT32_MAX);
SYSCTL_INT(unprivileged_userfaultfd, "vm/unprivileged_userfaultfd", sysctl_unprivileged_userfaultfd, 0, 1);
SYSCTL_INT(file_max, "fs/file-max", sysctl_file_max, 0, INT32_MAX);
SYSCTL_INT(inotify_max_queued_events, "fs/inotify/max_queued_events", inotify_max_queued_events,
	0, INT32_MAX);
SYSCTL_INT(inotify_max_user_instances, "fs/inotify/max_user_instances",
	init_user_ns.ucount_max[UCOUNT_INOTIFY_INSTANCES], 0, INT32_MAX);
SYSCTL_INT(inotify_max_user_watches, "fs/inotify/max_user_watches",
	init_user_ns.ucount_max[UCOUNT_INOTIFY_WATCHES], 0, INT32_MAX);
SYSCTL_INT(dir_notify_enable, "fs/dir-notify-enable", sysctl_dir_notify_enable, INT32_MIN, INT32_MAX);
SYSCTL_INT(lease_break_time, "fs/lease-break-time", sysctl_lease_break_time, INT32_MIN, INT32_MAX);
SYSCTL_INT(leases_enable, "fs/leases-enable", sysctl_leases_enable, INT32_MIN, INT32_MAX);
SYSCTL_INT(mount_max, "fs/mount-max", sysctl_mount_max, 1, INT32_MAX);
SYSCTL_INT(mq_queues_max, "fs/mqueue/queues_max", current_ipc_ns()->mq.queues_max, INT32_MIN, INT32_MAX);
SYSCTL_INT(mq_msg_max, "fs/mqueue/msg_max", current_ipc_ns()->mq.msg_max, 1, MQ_HARD_MSGMAX);
SYSCTL_INT(mq_msgsize_max, "fs/mqueue/msgsize_max", current_ipc_ns()->mq.msgsize_max, 128, MQ_HARD_MSGSIZEMAX);
SYSCTL_INT(mq_msg_default, "fs/mqueue/msg_default", current_ipc_ns()->mq.msg_default, 1, MQ_HARD_MSGMAX);
SYSCTL_INT(mq_msgsize_default, "fs/mqueue/msgsize_default", current_ipc_ns()->mq.msgsize_default,
	128, MQ_HARD_MSGSIZEMAX);
SYSCTL_INT(pid_max, "kernel/pid_max", pid_max, 301, 32768);
SYSCTL_INT(overflowuid, "kernel/overflowuid", sysctl_overflowuid, 0, 65535);
SYSCTL_INT(overflowgid, "kernel/overflowgid", sysctl_overflowgid, 0, 65535);
SYSCTL_INT(core_uses_pid, "kernel/core_uses_pid", sysctl_core_uses_pid, INT32_MIN, INT32_MAX);
SYSCTL_INT(core_pipe_limit, "kernel/core_pipe_limit", sysctl_core_pipe_limit, INT32_MIN, INT32_MAX);
SYSCTL_INT(suid_dumpable, "fs/suid_dumpable", sysctl_suid_dumpable, SUID_DUMP_DISABLE, SUID_DUMP_ROOT);
SYSCTL_INT(threads_max, "kernel/threads-max", threads_max, 1, INT32_MAX);

/* The number that current's namespace gave out last: who may set it chooses the next one. */
static s64 ns_last_pid_show(char *buf, size_t n)
{
	return show_int(buf, n, READ_ONCE(current->group->pid_ns->last_pid));
}

static s64 ns_last_pid_store(const char *buf, size_t n)
{
	struct user_namespace *user_ns = current->group->pid_ns->ns.user_ns;
	int last;
	s64 ret = -EPERM;

	if (ns_capable(user_ns, CAP_SYS_ADMIN) || ns_capable(user_ns, CAP_CHECKPOINT_RESTORE))
		ret = sysctl_store_int(buf, n, &last, 0, pid_max);
	if (ret > 0)
		pid_ns_set_last(current->group->pid_ns, last);
	return ret;
}
PSEUDO_FILE(sysctl_ns_last_pid, .path = "/proc/sys/kernel/ns_last_pid", .mode = 0666,
	.show = ns_last_pid_show, .store = ns_last_pid_store);

static s64 mmap_min_addr_show(char *buf, size_t n)
{
	return show_int(buf, n, sysctl_mmap_min_addr);
}

static s64 mmap_min_addr_store(const char *buf, size_t n)
{
	return capable(CAP_SYS_RAWIO) ? sysctl_store_int(buf, n, &sysctl_mmap_min_addr, 0, INT32_MAX) : -EPERM;
}
PSEUDO_FILE(sysctl_mmap_min_addr_file, .path = "/proc/sys/vm/mmap_min_addr", .mode = 0644, .show = mmap_min_addr_show,
	    .store = mmap_min_addr_store);

static s64 drop_caches_store(const char *buf, size_t n)
{
	int what;
	s64 ret = sysctl_store_int(buf, n, &what, 1, 4);

	if (ret > 0)
		drop_caches();
	return ret;
}
PSEUDO_FILE(sysctl_drop_caches, .path = "/proc/sys/vm/drop_caches", .mode = 0200, .store = drop_caches_store);

static s64 tainted_show(char *buf, size_t n)
{
	/* Linux's bit for "a warning was issued" */
	return show_int(buf, n, atomic_load(&vm_counters[VM_KERNEL_WARNINGS]) ? 512 : 0);
}
PSEUDO_FILE(sysctl_tainted, .path = "/proc/sys/kernel/tainted", .mode = 0444, .show = tainted_show);
