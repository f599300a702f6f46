// SPDX-License-Identifier: GPL-2.0-only
/*
 * A design that is wrong on purpose: its victim is no longer counted when it has given up its mm, though it has yet to close its files.
 * The victim waits there until the barrier is up, then its last writes go out. The detector must see them: S1 is counted, and the
 * warning names the promise, the process and who called. So it must if they are held back until the barrier is down again.
 */
#include "arch/host/host.h"
#include "kernel/block.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/pm.h"
#include "kernel/timer.h"

#define HOG_BYTES	(8ul << 20)

static void drop_too_early(struct task *t)
{
	if (!oom_thread_marked(t))
		return;
	oom_drop_thread(t);
	while (!atomic_load(&pm_io_barrier))
		msleep(1);
}

OOM_DESIGN(d_early,
	.name = "early_drop",
	.claim = "a victim without an mm does no more IO",
	.mark = oom_mark_thread,
	.thaw = oom_thaw_task,
	.exempt = oom_thread_marked,	/* not for ever: the later pass waits for the victim, hence under the barrier */
	.exit_mm_done = drop_too_early);

static void hog(void *ready)
{
	uaddr_t mem = u_fill(HOG_BYTES);
	long fd = u_open("/dev/ram0", O_RDWR);

	expect_eq(host_syscall(__NR_pwrite64, fd, mem, 512, 0), 512);
	u_ready(ready);
	for (;;)
		host_syscall(__NR_pause);
}

/* The log tells of the write, of whose it was, and of the way there. */
static void expect_warning(long pid)
{
	static char log[32768];
	char wanted[80];
	char *at;

	expect(u_read_file("/proc/kmsg", log, sizeof(log)) > 0);
	ksnprintf(wanted, sizeof(wanted), "S1: IO after oom_killer_disable: pid %ld ", pid);
	at = kstrstr(log, wanted);
	expect(at);
	at = kstrstr(at, "backtrace:");
	expect(at);
	expect(kstrstr(at, "do_exit"));
}

static void killed_too_early(bool held_back)
{
	uaddr_t mem = u_map(PAGE_SIZE);
	char stop[32];
	long pid = u_child(hog);

	expect(u_write_file("/sys/power/pm_test", "devices") > 0);
	expect(u_write_file("/sys/kernel/debug/oom_eater", "disable_oom 10240") > 0);
	if (held_back) {
		ksnprintf(stop, sizeof(stop), "X12 %ld 60000", pid);
		expect(u_write_file("/sys/kernel/debug/pause", stop) > 0);
		expect(u_write_file("/sys/power/pm_freeze_timeout", "1000") > 0);
	}
	expect_eq(u_write_file("/sys/power/state", "freeze"), held_back ? -EBUSY : 6);
	expect(u_write_file("/sys/kernel/debug/pause", "\n") > 0);
	expect_eq(host_syscall(__NR_wait4, pid, mem, 0, 0), pid);
	expect_eq(u_get32(mem), SIGKILL);

	/* One write, told once. Then it is forgiven: any other complaint still fails the machine. */
	expect_eq(atomic_exchange(&io_after_barrier, 0), 1);
	expect_eq(atomic_exchange(&vm_counters[VM_KERNEL_WARNINGS], 0), 1);
	expect_warning(pid);
}

static int early_drop(void)
{
	killed_too_early(false);
	killed_too_early(true);
	return 0;
}
PROGRAM(p_early, .path = "/bin/early_drop", .main = early_drop);
SCENARIO(s_early, .name = "early_drop", .init = "/bin/early_drop", .words = "oom=early_drop", .cpus = 2, .mem_mib = 16);
