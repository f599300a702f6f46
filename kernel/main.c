// SPDX-License-Identifier: GPL-2.0-only
/* The order in which everything begins. Mirrors Linux init/main.c. */
#include "kernel/abi.h"
#include "kernel/arch.h"
#include "kernel/block.h"
#include "kernel/entry.h"
#include "kernel/fs/files.h"
#include "kernel/futex.h"
#include "kernel/lib/string.h"
#include "kernel/memcontrol.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/param.h"
#include "kernel/printk.h"
#include "kernel/task.h"
#include "kernel/trace.h"
#include "kernel/watchdog.h"

static struct boot_info boot;		/* a copy: the machine's may lie in memory that becomes free */

const char *boot_command_line(void)
{
	return boot.cmdline;
}

/* Fills the root from the boot image's archives, in order, and gives their memory back. */
static void unpack_initrds(void)
{
	for (unsigned i = 0; i < boot.nr_initrds; i++) {
		u64 start = boot.initrds[i].start, end = boot.initrds[i].end;

		if (end <= start)
			continue;
		if (cpio_unpack(phys_to_virt(start), end - start))
			boot_refuse("boot archive %u is no cpio archive (newc), or needs more memory (MEM=, QEMU's -m)", i);
		page_free_range(start & PAGE_MASK, PAGE_ALIGN(end));
	}
}

/* The descriptors that every program inherits from here. */
static void open_console(void)
{
	for (int fd = 0; fd < 3; fd++) {
		struct file *f = filp_open("/dev/console", O_RDWR, 0);

		if (IS_ERR(f) || fd_alloc(f, 0, 0) != fd)
			panic("/dev/console does not open");
	}
}

static const char *error_hint(int err)
{
	switch (err) {
	case -ENOENT:
		return "there is no such file in the boot archive";
	case -EACCES:
		return "it is not executable";
	case -ENOEXEC:
		return "it is not a static x86-64 executable";
	case -ENOMEM:
		return "the memory is too small for it";
	}
	return "it cannot run";
}

/* pid 1, a kernel thread until its last line. */
static void kernel_init(void *arg)
{
	static const char *const envp[] = { "HOME=/", "PATH=/bin:/sbin", "TERM=linux", NULL };
	int err;

	(void)arg;
	arch_start_cpus();
	fs_init();
	block_init();
	futex_init();
	oom_reaper_init();
	unpack_initrds();
	flush_delayed_fput();		/* what is still open for writing cannot be run */
	open_console();
	pr_info("%lu KiB of memory, %u CPUs\n", boot.ram_bytes / 1024, nr_cpus);
	err = kernel_execve(init_argv[0], init_argv, envp);
	if (err)
		panic("%s: %s (error %d)", init_argv[0], error_hint(err), -err);
}

static void start_init(void)
{
	struct clone_request req = { .flags = CLONE_FS, .exit_signal = SIGCHLD, .fn = kernel_init };
	struct task *t = copy_process(&req);

	if (IS_ERR(t))
		panic("no memory for the first task");
	assert_eq(t->pid, 1);
	kstrlcpy(t->comm, "init", sizeof(t->comm));
	wake_up_new_task(t);
}

void entry_main(const struct boot_info *bi)
{
	sched_init();
	timers_init_cpu(this_cpu());
	boot = *bi;
	params_parse(boot.cmdline);
	page_init(boot.ranges, boot.nr_ranges);
	kmem_init();
	trace_init_cpu(0);
	mm_init();
	mem_cgroup_init();
	task_init_boot();
	sighand_init();
	oom_init();
	watchdog_init();
	console_init();
	arch_irq_enable();
	start_init();
	cpu_idle_loop();
}

/* Interrupts off until the CPU can take them. */
void entry_secondary(unsigned cpu)
{
	struct cpu *c = &cpus[cpu];

	c->id = cpu;
	if (!c->idle)
		panic("CPU %u starts without an idle task", cpu);
	sched_init_cpu(c);
	timers_init_cpu(c);
	trace_init_cpu(cpu);
	arch_irq_enable();
	cpu_idle_loop();
}
