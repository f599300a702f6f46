// SPDX-License-Identifier: GPL-2.0-only
/* The box around the virtual processors: memory, console, the boot archive, the end. */
#include "arch/host/host.h"
#include "arch/host/os.h"
#include "kernel/block.h"
#include "kernel/entry.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/printk.h"

static const struct host_scenario *host_scenario_now;

/* --- console: kept back, shown if asked or if the run fails --- */

static char console[256 << 10];
static size_t console_len;
static bool verbose;

static void console_flush(void)
{
	os_write(console, console_len);
	console_len = 0;
}

void arch_console_write(const char *s, size_t n)
{
	if (console_len + n > sizeof(console)) {
		if (!verbose)
			return;
		console_flush();
	}
	n = min(n, sizeof(console) - console_len);
	kmemcpy(console + console_len, s, n);
	console_len += n;
	if (verbose)
		console_flush();
}

void arch_report_write(const char *s, size_t n)
{
	arch_console_write(s, n);
}

/* A passing machine must also have nothing to complain of. */
void arch_poweroff(int status)
{
	if (!status && vm_counters[VM_KERNEL_WARNINGS]) {
		kprintf("warnings were printed\n");
		status = 1;
	}
	if (atomic_load(&oom_victims)) {
		kprintf("L1: design %s still counts %d victims\n", oom_design->name, atomic_load(&oom_victims));
		status = 1;
	}
	if (atomic_load(&io_after_barrier)) {
		kprintf("S1: a user task submitted IO after the barrier\n");
		status = 1;
	}
	if (status || verbose)
		console_flush();
	os_exit(status);
}

/* --- backtraces: frame pointers, as far as they stay on the stack --- */

unsigned arch_backtrace(const struct regs *r, u64 *pcs, unsigned n)
{
	u64 *fp = __builtin_frame_address(0);
	unsigned i = 0;

	(void)r;
	while (i < n && arch_on_stack(current, fp) && arch_on_stack(current, fp + 1) && fp[1]) {
		pcs[i++] = fp[1];
		if ((u64 *)fp[0] <= fp)
			break;
		fp = (u64 *)fp[0];
	}
	return i;
}

void arch_regs_print(const struct regs *r)
{
	if (r)
		kprintf("user: call %ld value %ld ip %lx sp %lx\n", (long)r->nr, (long)r->ax, r->ip, r->sp);
	kprintf("virtual time %lu ns, step %lu\n", arch_clock_ns(), host_steps);
}

const char *arch_symbol(u64 pc, u64 *offset)
{
	return os_symbol(pc, offset);
}

/* --- the boot archive: directories, and an ELF file for each program --- */

static u8 *archive, *archive_end;

static void archive_bytes(const void *p, size_t n)
{
	kmemcpy(archive_end, p, n);
	archive_end += n;
}

static void archive_pad(void)
{
	while ((archive_end - archive) % 4)
		*archive_end++ = 0;
}

static void archive_add(const char *name, u32 mode, const void *data, size_t n)
{
	static u32 ino;
	char header[111];
	unsigned len = (unsigned)kstrlen(name) + 1;

	ksnprintf(header, sizeof(header), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		  ++ino, mode, 1, 0, 0, 0, (unsigned)n, 0, 0, 0, 0, len, 0);
	archive_bytes(header, 110);
	archive_bytes(name, len);
	archive_pad();
	archive_bytes(data, n);
	archive_pad();
}

/* One page of text whose address says which function it stands for. */
static void archive_program(const char *name, const struct host_program *p)
{
	u64 va = HOST_PROGRAM_BASE + (u64)(p - __start_set_host_programs) * HOST_PROGRAM_STEP;
	struct {
		struct elf64_ehdr e;
		struct elf64_phdr p;
	} f = {
		.e = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_entry = va,
			.e_phoff = sizeof(f.e), .e_ehsize = sizeof(f.e), .e_phentsize = sizeof(f.p), .e_phnum = 1,
		},
		.p = {
			.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = va, .p_paddr = va,
			.p_filesz = sizeof(f), .p_memsz = sizeof(f), .p_align = PAGE_SIZE,
		},
	};

	archive_add(name, S_IFREG | 0755, &f, sizeof(f));
}

static void make_archive(void)
{
	const struct host_program *p;

	archive_add("sbin", S_IFDIR | 0755, NULL, 0);
	archive_add("bin", S_IFDIR | 0755, NULL, 0);
	SET_FOREACH(p, host_programs) {
		archive_program(p->path + 1, p);
		if (kstreq(p->path, host_scenario_now->init))
			archive_program("sbin/init", p);
	}
	archive_add("TRAILER!!!", 0, NULL, 0);
}

/* --- boot --- */

static struct boot_info boot;

static void boot_fiber(void)
{
	entry_main(&boot);
}

/* The archive lies at the end of memory, like a boot loader's module. */
static void make_memory(u64 bytes, u64 archive_bytes_max)
{
	host_arena = os_alloc(bytes);
	archive = archive_end = host_arena + bytes - archive_bytes_max;
	make_archive();
	boot.ram_bytes = bytes;
	boot.nr_ranges = 1;
	boot.ranges[0] = (struct mem_range){ PAGE_SIZE, bytes - archive_bytes_max };
	boot.nr_initrds = 1;
	boot.initrds[0].start = bytes - archive_bytes_max;
	boot.initrds[0].end = bytes - archive_bytes_max + (u64)(archive_end - archive);
}

const char *host_scenario(unsigned i)
{
	const struct host_scenario *s = __start_set_host_scenarios + i;

	return s < __stop_set_host_scenarios ? s->name : NULL;
}

static void find_scenario(const char *name)
{
	const struct host_scenario *s;

	SET_FOREACH(s, host_scenarios)
		if (kstreq(s->name, name))
			host_scenario_now = s;
}

void host_run(const struct os_run *run)
{
	verbose = run->verbose;
	find_scenario(run->scenario);
	host_cpu_init(run->seed, run->cpus ? run->cpus : host_scenario_now->cpus);
	make_memory((u64)host_scenario_now->mem_mib << 20, 64 << 10);
	ksnprintf(boot.cmdline, sizeof(boot.cmdline), "%s%s%s %s", run->oom ? "oom=" : "", run->oom ? run->oom : "",
		  verbose ? " loglevel=6" : "", host_scenario_now->words ? host_scenario_now->words : "");
	cpus[0].self = &cpus[0];
	cpus[0].curr = &init_task;
	init_task.arch.stack = host_stack_get();
	host_set_current(&cpus[0], &init_task);
	host_enter_boot(&init_task, boot_fiber);
}
