// SPDX-License-Identifier: GPL-2.0-only
//
// ptrace: registers, memory, signals' infos and masks, steps, system calls. What a tracer puts in may
// be anything; the kernel takes no harm.
#include "trace.h"

#include <linux/audit.h>

#define NT_PRSTATUS_ 1
#define NT_FPREGSET_ 2
#define NT_X86_XSTATE_ 0x202

// ---- registers ----

// Loads known values, stops by int3, then says what it has by its exit code.
static int known_registers(void *unused)
{
	unsigned long ok;

	(void)unused;
	__asm__ volatile("movq $0x1111, %%rbx\n\tmovq $0x2222, %%r12\n\tmovq $0x3333, %%rcx\n\tmovq $0x4444, %%r11\n\t"
			 "int3\n\t"
			 "xorl %%eax, %%eax\n\tcmpq $0x5555, %%rbx\n\tjne 1f\n\tcmpq $0x6666, %%rcx\n\tjne 1f\n\t"
			 "cmpq $0x7777, %%r11\n\tjne 1f\n\tcmpq $0x2222, %%r12\n\tjne 1f\n\tincl %%eax\n1:"
			 : "=a"(ok) : : "rbx", "r12", "rcx", "r11", "memory");
	return ok ? 1 : 2;
}

TEST(registers_are_seen_and_set)
{
	int pid = stopped_child(known_registers);
	unsigned long v = 0;
	struct regs r;

	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	r = regs_of(pid);
	CHECK_EQ(r.rbx, 0x1111);
	CHECK_EQ(r.r12, 0x2222);
	CHECK_EQ(r.rcx, 0x3333);
	CHECK_EQ(r.r11, 0x4444);
	CHECK_EQ(r.orig_rax, -1);
	CHECK_EQ(r.cs, 0x33);
	CHECK_EQ(r.ss, 0x2b);
	CHECK_EQ(r.ds | r.es | r.fs | r.gs, 0);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, pid, AT(rip), &v), 0);
	CHECK_EQ(v, r.rip);
	r.rbx = 0x5555;
	r.r11 = 0x7777;
	CHECK_EQ(sys(ptrace, PTRACE_SETREGS, pid, 0, &r), 0);
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(rcx), 0x6666), 0);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 1);
}

TEST(registers_in_a_call_are_complete)
{
	// pause() is interrupted: what it will be restarted with shows.
	int pid = stopped_child(thread_pause);
	struct regs r;

	CHECK_EQ(cont(pid, 0), 0);
	UNTIL(t_state(pid) == 'S');
	sys(kill, pid, SIGUSR1);
	CHECK_EQ(wait_stop(pid), SIGUSR1);
	r = regs_of(pid);
	CHECK_GE(r.orig_rax, 0);
	CHECK_EQ(r.rcx, r.rip);
	CHECK_EQ(r.r11, r.eflags);
	CHECK_LE((long)r.rax, -512); // -ERESTART...
	CHECK_EQ(cont(pid, 0), 0);
	UNTIL(t_state(pid) == 'S'); // restarted
	sys(kill, pid, SIGUSR1);
	CHECK_EQ(wait_stop(pid), SIGUSR1);
	// Without a number there is nothing to restart: the call returns what the tracer says.
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(orig_rax), -1), 0);
	CHECK_EQ(cont(pid, SIGTERM), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGTERM));
}

static void refused_word(int pid, unsigned long at, unsigned long v, long want)
{
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, at, v), want);
}

TEST(registers_that_user_mode_may_not_have)
{
	int pid = stopped_child(thread_pause);
	static const unsigned long selectors[] = {AT(cs), AT(ss), AT(ds), AT(es), AT(fs), AT(gs)};
	struct regs r = regs_of(pid), s;
	unsigned long v;

	for (int i = 0; i < 6; i++) {
		refused_word(pid, selectors[i], 0x10, -EIO); // the kernel's code
		refused_word(pid, selectors[i], 0x18, -EIO);
		refused_word(pid, selectors[i], 1, -EIO);
	}
	refused_word(pid, AT(cs), 0, -EIO);
	refused_word(pid, AT(ss), 0, -EIO);
	refused_word(pid, AT(fs_base), 1UL << 47, -EIO);
	refused_word(pid, AT(gs_base), ~0UL, -EIO);
	refused_word(pid, AT(gs_base), 0xffff888000000000UL, -EIO);
	// Flags that are not its own are not changed: IOPL, IF, VM, VIF.
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(eflags), r.eflags ^ 0x3a3200), 0);
	s = regs_of(pid);
	CHECK_EQ(s.eflags, r.eflags);
	// struct user has an end, and is of words.
	CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, pid, 4, &v), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, pid, -8, &v), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, pid, 928, &v), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, 928, 0), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, 3, 0), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, pid, 920, &v), 0);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, pid, 848, &v), 0); // a debug register
	CHECK_EQ(v, 0);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, pid, 0, 8), -EFAULT);
	CHECK_EQ(sys(ptrace, PTRACE_GETREGS, pid, 0, 8), -EFAULT);
	CHECK_EQ(sys(ptrace, PTRACE_SETREGS, pid, 0, 8), -EFAULT);
	kill_traced(pid);
}

TEST(an_address_that_cannot_be)
{
	static const unsigned long bad[] = {1UL << 47, 0x8000000000000000UL, 0x7fffffffffffUL, ~0UL, 0xffffffff80000000UL, 0};

	for (int i = 0; i < 6; i++) {
		for (int call = 0; call < 2; call++) { // on the way out of a call, and of an exception
			int pid = stopped_child(call ? thread_pause : known_registers);

			if (!call) {
				CHECK_EQ(cont(pid, 0), 0);
				CHECK_EQ(wait_stop(pid), SIGTRAP);
			}
			CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(rip), bad[i]), 0);
			CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(rsp), bad[i]), 0);
			for (int again = 0; again < 3; again++) { // withheld: it does not get any further
				CHECK_EQ(cont(pid, 0), 0);
				CHECK_EQ(wait_stop(pid), SIGSEGV);
			}
			CHECK_EQ(cont(pid, SIGSEGV), 0);
			CHECK_EQ(t_wait(pid), SIGNALLED(SIGSEGV));
		}
	}
}

static long regset(long request, int pid, unsigned long type, void *base, unsigned long *len)
{
	struct iovec v = {base, *len};
	long ret = sys(ptrace, request, pid, type, &v);

	*len = v.iov_len;
	return ret;
}

TEST(regsets)
{
	static char area[16384], area2[16384];
	int pid = stopped_child(thread_pause);
	struct regs r = regs_of(pid);
	unsigned long n;

	n = sizeof area;
	CHECK_EQ(regset(PTRACE_GETREGSET, pid, NT_PRSTATUS_, area, &n), 0);
	CHECK_EQ(n, sizeof r);
	CHECK_EQ(memcmp(area, &r, sizeof r), 0);
	n = 24; // less
	CHECK_EQ(regset(PTRACE_GETREGSET, pid, NT_PRSTATUS_, area, &n), 0);
	CHECK_EQ(n, 24);
	n = 0;
	CHECK_EQ(regset(PTRACE_GETREGSET, pid, NT_PRSTATUS_, area, &n), 0);
	n = 23;
	CHECK_EQ(regset(PTRACE_GETREGSET, pid, NT_PRSTATUS_, area, &n), -EINVAL);
	n = sizeof area;
	CHECK_EQ(regset(PTRACE_GETREGSET, pid, 0x12345, area, &n), -EINVAL);
	CHECK_EQ(regset(PTRACE_GETREGSET, pid, NT_PRSTATUS_, t_ptr(8), &n), -EFAULT);
	CHECK_EQ(sys(ptrace, PTRACE_GETREGSET, pid, NT_PRSTATUS_, 8), -EFAULT);
	CHECK_EQ(regset(PTRACE_SETREGSET, pid, NT_PRSTATUS_, &r, &n), 0); // as much as there is
	n = 16;
	CHECK_EQ(regset(PTRACE_SETREGSET, pid, NT_PRSTATUS_, &r, &n), 0);

	n = sizeof area;
	CHECK_EQ(regset(PTRACE_GETREGSET, pid, NT_FPREGSET_, area, &n), 0);
	CHECK_EQ(n, 512);
	CHECK_EQ(sys(ptrace, PTRACE_GETFPREGS, pid, 0, area2), 0);
	CHECK_EQ(memcmp(area, area2, 416), 0);
	n = 504;
	CHECK_EQ(regset(PTRACE_SETREGSET, pid, NT_FPREGSET_, area, &n), -EINVAL);
	CHECK_EQ(sys(ptrace, PTRACE_SETFPREGS, pid, 0, area2), 0);
	CHECK_EQ(sys(ptrace, PTRACE_SETFPREGS, pid, 0, 8), -EFAULT);
	*(unsigned *)(area2 + 24) = 0xffffffff; // mxcsr
	CHECK_EQ(sys(ptrace, PTRACE_SETFPREGS, pid, 0, area2), -EINVAL);

	n = sizeof area;
	if (regset(PTRACE_GETREGSET, pid, NT_X86_XSTATE_, area, &n) == 0) {
		CHECK_GE(n, 512);
		unsigned long whole = n;

		if (whole > 512) {
			CHECK_EQ(*(unsigned long *)(area + 464) & 3, 3); // what XCR0 has
			CHECK_EQ(regset(PTRACE_SETREGSET, pid, NT_X86_XSTATE_, area, &n), 0);
			n = whole - 8;
			CHECK_EQ(regset(PTRACE_SETREGSET, pid, NT_X86_XSTATE_, area, &n), -EFAULT);
			n = whole;
			*(unsigned long *)(area + 512) |= 1UL << 62; // a feature that is not
			CHECK_EQ(regset(PTRACE_SETREGSET, pid, NT_X86_XSTATE_, area, &n), -EINVAL);
			*(unsigned long *)(area + 512) = 3;
			*(unsigned long *)(area + 536) = 1; // reserved
			n = whole;
			CHECK_EQ(regset(PTRACE_SETREGSET, pid, NT_X86_XSTATE_, area, &n), -EINVAL);
		}
	}
	kill_traced(pid);
}

static int with_xmm(void *unused)
{
	unsigned long in = 0x1234, out = 0;

	(void)unused;
	__asm__ volatile("movq %1, %%xmm7\n\tint3\n\tmovq %%xmm7, %0" : "=r"(out) : "r"(in) : "xmm7", "memory");
	return out == 0x4321 ? 1 : 2;
}

TEST(fpu_registers)
{
	static char area[512];
	int pid = stopped_child(with_xmm);
	unsigned long *xmm7 = (unsigned long *)(area + 160 + 7 * 16);

	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK_EQ(sys(ptrace, PTRACE_GETFPREGS, pid, 0, area), 0);
	CHECK_EQ(*xmm7, 0x1234);
	*xmm7 = 0x4321;
	CHECK_EQ(sys(ptrace, PTRACE_SETFPREGS, pid, 0, area), 0);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 1);
}

// ---- memory ----

static const char constant[64] __attribute__((aligned(64))) = "this cannot be written";
static char variable[64] __attribute__((aligned(64))) = "this can";

static int checks_memory(void *unused)
{
	(void)unused;
	thread_pause(NULL);
	return 0;
}

static unsigned long peek(int pid, const void *at)
{
	unsigned long v = 0;

	CHECK_EQ(sys(ptrace, PTRACE_PEEKDATA, pid, at, &v), 0);
	return v;
}

TEST(memory_of_its_own_only)
{
	int pid = stopped_child(checks_memory);
	unsigned long was = *(const unsigned long *)constant;

	CHECK_EQ(peek(pid, variable), *(unsigned long *)variable);
	CHECK_EQ(sys(ptrace, PTRACE_POKEDATA, pid, variable, 77), 0);
	CHECK_EQ(peek(pid, variable), 77);
	CHECK_EQ(strcmp(variable, "this can"), 0); // not ours
	// What it may not write itself gets a copy of its own.
	CHECK_EQ(sys(ptrace, PTRACE_POKETEXT, pid, constant, 78), 0);
	CHECK_EQ(peek(pid, constant), 78);
	CHECK_EQ(*(const unsigned long *)constant, was);
	// Over the end of a page, and nothing there.
	CHECK_EQ(sys(ptrace, PTRACE_POKEDATA, pid, 8, 1), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKDATA, pid, 8, variable), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKDATA, pid, -8, variable), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKDATA, pid, 0xffff888000000000UL, variable), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKDATA, pid, variable, 8), -EFAULT);
	kill_traced(pid);
}

static char *pages;

static int writes_its_page(void *unused)
{
	(void)unused;
	__asm__ volatile("int3");
	*(volatile char *)pages = 1; // still may not
	return 0;
}

TEST(a_forced_write_gives_no_right_to_write)
{
	pages = (char *)sys(mmap, 0, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pid = stopped_child(writes_its_page);

	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK_EQ(peek(pid, pages), 0);
	CHECK_EQ(sys(ptrace, PTRACE_POKEDATA, pid, pages + PAGE - 4, 0x1234567890UL), 0); // two pages
	CHECK_EQ(peek(pid, pages + PAGE - 4), 0x1234567890UL);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGSEGV);
	CHECK_EQ(peek(pid, pages + PAGE - 4), 0x1234567890UL);
	kill_traced(pid);
}

TEST(memory_without_any_right_and_shared_memory)
{
	char *none = (char *)sys(mmap, 0, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *ro = (char *)sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *rw = t_map_shared(PAGE);
	int pid = stopped_child(thread_pause);

	CHECK_EQ(peek(pid, none), 0);
	CHECK_EQ(sys(ptrace, PTRACE_POKEDATA, pid, none, 5), 0);
	CHECK_EQ(peek(pid, none), 5);
	CHECK_EQ(sys(ptrace, PTRACE_POKEDATA, pid, ro, 5), -EIO);
	CHECK_EQ(peek(pid, ro), 0);
	CHECK_EQ(sys(ptrace, PTRACE_POKEDATA, pid, rw, 5), 0);
	CHECK_EQ(*(unsigned long *)rw, 5);
	kill_traced(pid);
}

static int calls_it(void *unused)
{
	(void)unused;
	return seven();
}

TEST(a_breakpoint)
{
	int pid = stopped_child(calls_it);
	unsigned long word = peek(pid, (void *)seven), rip;

	CHECK_EQ(sys(ptrace, PTRACE_POKETEXT, pid, seven, (word & ~0xffUL) | 0xcc), 0);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, pid, AT(rip), &rip), 0);
	CHECK_EQ(rip, (unsigned long)seven + 1);
	siginfo_t info;
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
	CHECK_EQ(info.si_code, SI_KERNEL);
	CHECK_EQ(sys(ptrace, PTRACE_POKETEXT, pid, seven, word), 0);
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(rip), seven), 0);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 7);
	CHECK_EQ(seven(), 7);
}

// ---- steps ----

static int three_nops(void *unused)
{
	(void)unused;
	__asm__ volatile("int3\n\tnop\n\tnop\n\tnop");
	return 9;
}

TEST(single_steps)
{
	int pid = stopped_child(three_nops);
	siginfo_t info;
	struct regs r;

	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	r = regs_of(pid);
	for (int i = 1; i <= 3; i++) {
		CHECK_EQ(sys(ptrace, PTRACE_SINGLESTEP, pid, 0, 0), 0);
		CHECK_EQ(wait_stop(pid), SIGTRAP);
		CHECK_EQ(regs_of(pid).rip, r.rip + i);
		CHECK_EQ(regs_of(pid).eflags & TF, 0); // not its own
		CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
		CHECK_EQ(info.si_code, TRAP_TRACE);
		CHECK_EQ((unsigned long)info.si_addr, r.rip + i);
	}
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 9);
}

static int a_call(void *unused)
{
	long pid;

	(void)unused;
	__asm__ volatile("movl $39, %%eax\n\tint3\n\tsyscall\n\tnop\n\tnop" : "=a"(pid) : : "rcx", "r11", "memory");
	return pid == t_getpid() ? 1 : 2;
}

TEST(a_system_call_is_one_step)
{
	int pid = stopped_child(a_call);
	struct regs r;

	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	r = regs_of(pid);
	CHECK_EQ(sys(ptrace, PTRACE_SINGLESTEP, pid, 0, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK_EQ(regs_of(pid).rip, r.rip + 2);
	CHECK_EQ(regs_of(pid).rax, pid);
	CHECK_EQ(sys(ptrace, PTRACE_SINGLESTEP, pid, 0, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK_EQ(regs_of(pid).rip, r.rip + 3);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 1);
}

static _Atomic int handled;
static void handler(int sig)
{
	handled += sig;
}

static int has_a_handler(void *unused)
{
	(void)unused;
	t_action(SIGUSR1, handler, 0);
	__asm__ volatile("int3\n\tnop\n\tnop");
	return handled == SIGUSR1 ? 3 : 4;
}

TEST(a_step_into_a_handler)
{
	int pid = stopped_child(has_a_handler);

	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK_EQ(sys(ptrace, PTRACE_SINGLESTEP, pid, 0, SIGUSR1), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK_EQ(regs_of(pid).rip, (unsigned long)handler); // its first instruction is still to come
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 3); // and the frame has no TF
}

TEST(a_long_walk)
{
	int pid = stopped_child(calls_it), steps = 0, status;

	for (;; steps++) {
		CHECK_EQ(sys(ptrace, PTRACE_SINGLESTEP, pid, 0, 0), 0);
		CHECK_EQ(sys(wait4, pid, &status, __WALL, 0), pid);
		if (!W_STOPPED(status))
			break;
		CHECK_EQ(status >> 8, SIGTRAP);
	}
	CHECK_EQ(status, 7 << 8);
	CHECK_GE(steps, 5);
}

// ---- system calls ----

struct info {
	unsigned char op, pad[3];
	unsigned arch;
	unsigned long ip, sp;
	union {
		struct {
			unsigned long nr, args[6];
		} entry;
		struct {
			long rval;
			unsigned char is_error;
		} exit;
	};
};

static struct info info_of(int pid, long want_size)
{
	struct info i = {0};

	CHECK_EQ(sys(ptrace, PTRACE_GET_SYSCALL_INFO, pid, sizeof i, &i), want_size);
	return i;
}

static int some_calls(void *unused)
{
	(void)unused;
	sys(close, -77, 2, 3);
	if (sys(getppid) != 1234)
		return 1;
	if (sys(getuid) != 4321)
		return 2;
	return sys(getpgid, 12) == -ENOSYS ? 5 : 3;
}

static void to_call(int pid, int want)
{
	CHECK_EQ(sys(ptrace, PTRACE_SYSCALL, pid, 0, 0), 0);
	CHECK_EQ(wait_code(pid), want);
}

TEST(system_calls_are_seen_and_changed)
{
	int pid = stopped_child(some_calls), at = SIGTRAP | 0x80;
	struct info i;
	struct regs r;
	unsigned long msg;

	CHECK_EQ(info_of(pid, 24).op, PTRACE_SYSCALL_INFO_NONE);
	to_call(pid, SIGTRAP);
	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
	i = info_of(pid, 24); // without the option it is not told from a breakpoint
	r = regs_of(pid);
	CHECK_EQ(r.orig_rax, __NR_close);
	CHECK_EQ(r.rax, -ENOSYS);
	CHECK_EQ(r.rdi, -77);
	CHECK_EQ(r.rcx, r.rip);
	CHECK_EQ(r.r11, r.eflags);
	to_call(pid, at);
	i = info_of(pid, 33);
	CHECK_EQ(i.op, PTRACE_SYSCALL_INFO_EXIT);
	CHECK_EQ(i.exit.rval, -EBADF);
	CHECK_EQ(i.exit.is_error, 1);
	CHECK_EQ(sys(ptrace, PTRACE_GETEVENTMSG, pid, 0, &msg), 0);
	CHECK_EQ(msg, PTRACE_EVENTMSG_SYSCALL_EXIT);

	to_call(pid, at); // getppid
	i = info_of(pid, 80);
	CHECK_EQ(i.op, PTRACE_SYSCALL_INFO_ENTRY);
	CHECK_EQ(i.arch, AUDIT_ARCH_X86_64);
	CHECK_EQ(i.entry.nr, __NR_getppid);
	CHECK_EQ(i.ip, regs_of(pid).rip);
	CHECK_EQ(i.sp, regs_of(pid).rsp);
	to_call(pid, at);
	i = info_of(pid, 33);
	CHECK_EQ(i.exit.rval, t_getpid());
	CHECK_EQ(i.exit.is_error, 0);
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(rax), 1234), 0); // another value

	to_call(pid, at); // getuid
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(orig_rax), -1), 0); // is not made
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(rax), 4321), 0);
	to_call(pid, at);
	CHECK_EQ(info_of(pid, 33).exit.rval, 4321);

	to_call(pid, at); // getpgid becomes a call that is not
	CHECK_EQ(info_of(pid, 80).entry.args[0], 12);
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(orig_rax), 9999), 0);
	to_call(pid, at);
	CHECK_EQ(info_of(pid, 33).exit.rval, -ENOSYS);

	// Less room is less text; the whole size is told.
	CHECK_EQ(sys(ptrace, PTRACE_GET_SYSCALL_INFO, pid, 4, &i), 33);
	CHECK_EQ(sys(ptrace, PTRACE_GET_SYSCALL_INFO, pid, 0, 0), 33);
	CHECK_EQ(sys(ptrace, PTRACE_GET_SYSCALL_INFO, pid, 8, 8), -EFAULT);
	CHECK_EQ(cont(pid, 0), 0); // and no more of it
	CHECK_EQ(t_wait(pid), 5);
}

static int odd_numbers(void *unused)
{
	(void)unused;
	if (t_syscall(-1, 1, 2, 3, 4, 5, 6) != -ENOSYS || t_syscall(0x7fffffff, 1, 2, 3, 4, 5, 6) != -ENOSYS)
		return 1;
	return 5;
}

TEST(calls_of_no_number)
{
	int pid = stopped_child(odd_numbers), at = SIGTRAP | 0x80;

	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
	for (int i = 0; i < 2; i++) {
		struct regs r;

		to_call(pid, at);
		r = regs_of(pid);
		CHECK_EQ((int)r.orig_rax, i ? 0x7fffffff : -1);
		CHECK_EQ(r.rax, -ENOSYS);
		CHECK_EQ(r.rcx, r.rip);
		CHECK_EQ(r.rdi, 1);
		to_call(pid, at);
		CHECK_EQ(regs_of(pid).rax, -ENOSYS);
	}
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 5);
}

TEST(killed_at_each_stop_of_a_call)
{
	for (int stops = 0; stops < 4; stops++) {
		int pid = stopped_child(some_calls);

		for (int i = 0; i < stops; i++)
			to_call(pid, SIGTRAP);
		kill_traced(pid);
	}
}

TEST(a_signal_sent_on_from_a_call)
{
	int pid = stopped_child(some_calls);

	to_call(pid, SIGTRAP);
	CHECK_EQ(sys(ptrace, PTRACE_SYSCALL, pid, 0, SIGUSR1), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP); // the end of the call first
	CHECK_EQ(sys(ptrace, PTRACE_SYSCALL, pid, 0, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGUSR1);
	kill_traced(pid);
}

// ---- signals ----

TEST(siginfo_is_seen_and_set)
{
	int pid = stopped_child(thread_pause);
	siginfo_t info;
	unsigned long mask = 0;

	CHECK_EQ(sys(ptrace, PTRACE_GETSIGMASK, pid, 8, &mask), 0);
	CHECK_EQ(mask, 0);
	mask = ~0UL;
	CHECK_EQ(sys(ptrace, PTRACE_SETSIGMASK, pid, 8, &mask), 0);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGMASK, pid, 8, &mask), 0);
	CHECK_EQ(mask, ~(BIT(SIGKILL) | BIT(SIGSTOP)));
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGMASK, pid, 4, &mask), -EINVAL);
	CHECK_EQ(sys(ptrace, PTRACE_SETSIGMASK, pid, 16, &mask), -EINVAL);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGMASK, pid, 8, 8), -EFAULT);
	CHECK_EQ(sys(ptrace, PTRACE_SETSIGMASK, pid, 8, 8), -EFAULT);
	mask = 0;
	CHECK_EQ(sys(ptrace, PTRACE_SETSIGMASK, pid, 8, &mask), 0);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, 8), -EFAULT);
	CHECK_EQ(sys(ptrace, PTRACE_SETSIGINFO, pid, 0, 8), -EFAULT);
	CHECK_EQ(cont(pid, 0), 0);
	sys(kill, pid, SIGUSR1);
	CHECK_EQ(wait_stop(pid), SIGUSR1);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
	CHECK_EQ(info.si_signo, SIGUSR1);
	CHECK_EQ(info.si_code, SI_USER);
	CHECK_EQ(info.si_pid, t_getpid());
	info.si_pid = 99;
	CHECK_EQ(sys(ptrace, PTRACE_SETSIGINFO, pid, 0, &info), 0);
	info.si_pid = 0;
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
	CHECK_EQ(info.si_pid, 99);
	// What is not kept must be nothing, if nobody knows what the code means.
	memset((char *)&info + 16, 0x11, sizeof info - 16);
	CHECK_EQ(sys(ptrace, PTRACE_SETSIGINFO, pid, 0, &info), 0);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
	CHECK_EQ(((int *)&info)[11], 0x11111111);
	CHECK_EQ(((int *)&info)[12], 0);
	info.si_code = 77;
	CHECK_EQ(sys(ptrace, PTRACE_SETSIGINFO, pid, 0, &info), 0);
	((char *)&info)[127] = 1;
	CHECK_EQ(sys(ptrace, PTRACE_SETSIGINFO, pid, 0, &info), -E2BIG);
	info.si_signo = 200;
	CHECK_EQ(sys(ptrace, PTRACE_SETSIGINFO, pid, 0, &info), -E2BIG);
	kill_traced(pid);
}

TEST(queued_signals_are_seen)
{
	struct { unsigned long off; unsigned flags; int nr; } arg = {0, 0, 4};
	siginfo_t info[4];
	int pid = stopped_child(thread_pause);

	sys(tgkill, pid, pid, SIGUSR1);
	sys(tgkill, pid, pid, SIGUSR2);
	sys(kill, pid, SIGTERM);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKSIGINFO, pid, &arg, info), 2);
	CHECK_EQ(info[0].si_signo, SIGUSR1);
	CHECK_EQ(info[1].si_signo, SIGUSR2);
	CHECK_EQ(info[1].si_code, SI_TKILL);
	arg.off = 1;
	CHECK_EQ(sys(ptrace, PTRACE_PEEKSIGINFO, pid, &arg, info), 1);
	arg.off = ~0UL;
	CHECK_LE(sys(ptrace, PTRACE_PEEKSIGINFO, pid, &arg, info), 0);
	arg.off = 0;
	arg.flags = PTRACE_PEEKSIGINFO_SHARED;
	CHECK_EQ(sys(ptrace, PTRACE_PEEKSIGINFO, pid, &arg, info), 1);
	CHECK_EQ(info[0].si_signo, SIGTERM);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKSIGINFO, pid, &arg, 8), -EFAULT);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKSIGINFO, pid, 8, info), -EFAULT);
	arg.flags = 2;
	CHECK_EQ(sys(ptrace, PTRACE_PEEKSIGINFO, pid, &arg, info), -EINVAL);
	arg.flags = 0;
	arg.nr = -1;
	CHECK_EQ(sys(ptrace, PTRACE_PEEKSIGINFO, pid, &arg, info), -EINVAL);
	kill_traced(pid);
}

// ---- anything ----

static unsigned long seed;
static unsigned long any(void)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return seed >> 20;
}

static char junk[16384] __attribute__((aligned(64)));

static unsigned long any_word(void)
{
	static const unsigned long words[] = {0, 1, 8, 64, -1UL, 1UL << 47, 0x7fffffffffffUL, 0xffff800000000000UL, 0xffffffff80000000UL,
		1UL << 63, 0x10, 0x33, 848, 904, 928, NT_PRSTATUS_, NT_FPREGSET_, NT_X86_XSTATE_};
	unsigned long kind = any() % 4;

	return kind == 0 ? any() : kind == 1 ? (unsigned long)junk + any() % sizeof junk : words[any() % (sizeof words / sizeof *words)];
}

TEST(any_request_with_anything)
{
	// Whatever comes of it, the tracee can still be killed, and the kernel is there.
	static const int requests[] = {1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 14, 15, 21, 24, 0x4200, 0x4201, 0x4202, 0x4203, 0x4204, 0x4205,
		0x4207, 0x4208, 0x4209, 0x420a, 0x420b, 0x420e, 6, 13, 0x4205, 7, 9, 24, 25, 26, 30, 31, 32, 33, 0x420f};
	int status;

	seed = 20161004;
	for (int i = 0; i < 60; i++) {
		int pid = stopped_child(thread_spin);

		for (int j = 0; j < 40; j++) {
			unsigned long addr = any_word(), data = any_word();

			for (int k = 0; k < 64; k++)
				((unsigned long *)junk)[any() % (sizeof junk / 8)] = any_word();
			sys(ptrace, requests[any() % (sizeof requests / sizeof *requests)], pid, addr, data);
			sys(wait4, pid, &status, WNOHANG | __WALL, 0);
		}
		sys(kill, pid, SIGKILL);
		do // it may be in the stop at its exit, and that been waited for above
			sys(ptrace, PTRACE_CONT, pid, 0, 0);
		while (sys(wait4, pid, &status, __WALL, 0) == pid && W_STOPPED(status));
	}
}
