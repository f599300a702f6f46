// SPDX-License-Identifier: GPL-2.0-only
/*
 * A design that is wrong on purpose: it takes a victim that waits for room in the disk's queue for one that does no more IO. Its last
 * write was submitted before the barrier and reaches the device under it. The detector must see that.
 */
#include "arch/host/host.h"
#include "kernel/block.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"

#define HOG_BYTES	(8ul << 20)
#define QUEUE		16u		/* as many as the disk takes */

static bool disk_has_room(void)
{
	return atomic_load(&oom_victims) && READ_ONCE(ram0.nr_requests) < QUEUE;
}

static bool exempt(struct task *t)
{
	return tsk_is_oom_victim(t);
}

static void drop(struct task *t, bool last)
{
	if (last && tsk_is_oom_victim(t))
		oom_count_dec(&t->group->oom_owed);
}

OOM_DESIGN(d_full_disk,
	.name = "full_disk",
	.claim = "a victim that waits for the disk does no more IO",
	.mark = oom_mark_group,
	.thaw = oom_thaw_group,
	.exempt = exempt,
	.exit_quiesced = drop,
	.pending = disk_has_room,
	.poll_ms = 1);

static void hog(void *ready)
{
	uaddr_t mem = u_fill(HOG_BYTES);
	long fd = u_open("/dev/ram0", O_RDWR);

	expect_eq(host_syscall(__NR_pwrite64, fd, mem, (QUEUE + 1) * PAGE_SIZE, 0), (QUEUE + 1) * PAGE_SIZE);
	u_ready(ready);
	for (;;)
		host_syscall(__NR_pause);
}

static int full_disk(void)
{
	uaddr_t mem = u_map(PAGE_SIZE);
	long pid = u_child(hog);

	expect(u_write_file("/sys/block/ram0/delay_us", "100000") > 0);
	expect(u_write_file("/sys/power/pm_test", "devices") > 0);
	expect(u_write_file("/sys/kernel/debug/oom_eater", "disable_oom 10240") > 0);
	expect_eq(u_write_file("/sys/power/state", "freeze"), 6);
	expect_eq(host_syscall(__NR_wait4, pid, mem, 0, 0), pid);
	expect_eq(u_get32(mem), SIGKILL);

	/* One write, told once. Then it is forgiven: any other complaint still fails the machine. */
	expect_eq(atomic_exchange(&io_after_barrier, 0), 1);
	expect_eq(atomic_exchange(&vm_counters[VM_KERNEL_WARNINGS], 0), 1);
	return 0;
}
PROGRAM(p_full_disk, .path = "/bin/full_disk", .main = full_disk);
SCENARIO(s_full_disk, .name = "full_disk", .init = "/bin/full_disk", .words = "oom=full_disk", .cpus = 2, .mem_mib = 16);
