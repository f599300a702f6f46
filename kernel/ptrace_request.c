// SPDX-License-Identifier: GPL-2.0-only
/*
 * ptrace(2), and what a tracer may ask of a stopped tracee: memory, registers, signals, going on;
 * process_vm_readv and process_vm_writev. Mirrors the second half of Linux kernel/ptrace.c
 * and arch/x86/kernel/ptrace.c.
 *
 * All but KILL and INTERRUPT want the tracee in a trace stop, and hold it there
 * (ptrace_freeze_traced) to the end of the request.
 *
 * Locks: tasklist_lock (r), siglock.
 */
#include "kernel/ptrace.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/rseq.h"
#include "kernel/seccomp.h"
#include "kernel/syscall.h"

/* --- holding the tracee --- */

/*
 * An exec gave t the number of a leader that the tracer thinks it is talking to, and the tracer has
 * not yet seen the event that says so.
 */
static bool looks_like_a_spurious_pid(struct task *t)
{
	return t->exit_code == (PTRACE_EVENT_EXEC << 8 | SIGTRAP) && t->ptrace_message != (u64)task_pid_vnr(t);
}

/* tasklist_lock, siglock of t. Only the tracer, current, sets JOBCTL_LISTENING. */
static bool freeze_traced(struct task *t)
{
	if (!(t->jobctl & JOBCTL_TRACED) || t->jobctl & JOBCTL_LISTENING || looks_like_a_spurious_pid(t) ||
	    fatal_signal_pending(t))
		return false;
	t->jobctl |= JOBCTL_PTRACE_FROZEN;
	return true;
}

static bool traced_by_current(const struct task *t)
{
	bool ret;

	read_lock(&tasklist_lock);
	ret = t->ptrace && t->parent == current;
	read_unlock(&tasklist_lock);
	return ret;
}

/* current traces t, and t is stopped and stays so until unfreeze_traced: 0, -ESRCH. */
static int hold_traced(struct task *t)
{
	bool held = false;

	read_lock(&tasklist_lock);
	if (t->ptrace && t->parent == current) {
		spin_lock(&t->sighand->siglock);
		held = freeze_traced(t);
		spin_unlock(&t->sighand->siglock);
	}
	read_unlock(&tasklist_lock);
	if (!held)
		return -ESRCH;
	sched_wait_asleep(t);
	return 0;
}

/* The request is over, and t still current's tracee; or it is gone already. */
static void unfreeze_traced(struct task *t)
{
	read_lock(&tasklist_lock);
	if (t->sighand) {
		spin_lock(&t->sighand->siglock);
		if (t->jobctl & JOBCTL_PTRACE_FROZEN) {
			t->jobctl &= ~JOBCTL_PTRACE_FROZEN;
			if (fatal_signal_pending(t)) {
				t->jobctl &= ~JOBCTL_TRACED;
				wake_up_state(t, __TASK_TRACED);
			}
		}
		spin_unlock(&t->sighand->siglock);
	}
	read_unlock(&tasklist_lock);
}

/* --- memory --- */

static size_t access_vm(struct task *t, uaddr_t addr, void *buf, size_t n, unsigned flags)
{
	struct mm *mm = get_task_mm(t);

	if (mm) {
		n = mm_access(mm, addr, buf, n, flags);
		mmput(mm);
	}
	return n;
}

static long peek_data(struct task *t, uaddr_t addr, uaddr_t data)
{
	u64 v;

	if (access_vm(t, addr, &v, sizeof(v), FAULT_FORCE))
		return -EIO;
	return copy_to_user(data, &v, sizeof(v)) ? -EFAULT : 0;
}

static long poke_data(struct task *t, uaddr_t addr, u64 v)
{
	return access_vm(t, addr, &v, sizeof(v), FAULT_FORCE | FAULT_WRITE) ? -EIO : 0;
}

/* --- registers --- */

#define NR_USER_REGS	(sizeof(struct k_user_regs) / 8)

static inline bool is_debugreg(u64 addr)
{
	return addr >= K_USER_DEBUGREG && addr < K_USER_DEBUGREG + 8 * 8;
}

/* struct user: the registers, the debug registers, and much that is no more. */
static long peek_user(struct task *t, u64 addr, uaddr_t data)
{
	u64 v = 0;

	if (addr % 8 || addr >= K_USER_SIZE)
		return -EIO;
	if (addr < sizeof(struct k_user_regs))
		v = arch_user_reg(t, (unsigned)addr / 8);
	else if (is_debugreg(addr))
		v = arch_debugreg(t, (unsigned)(addr - K_USER_DEBUGREG) / 8);
	return copy_to_user(data, &v, sizeof(v)) ? -EFAULT : 0;
}

static long poke_user(struct task *t, u64 addr, u64 v)
{
	if (addr % 8 || addr >= K_USER_SIZE)
		return -EIO;
	if (addr < sizeof(struct k_user_regs))
		return arch_set_user_reg(t, (unsigned)addr / 8, v);
	return is_debugreg(addr) ? arch_set_debugreg(t, (unsigned)(addr - K_USER_DEBUGREG) / 8, v) : -EIO;
}

static long get_regs(struct task *t, uaddr_t to, size_t n)
{
	u64 regs[NR_USER_REGS];

	for (unsigned i = 0; i < NR_USER_REGS; i++)
		regs[i] = arch_user_reg(t, i);
	return copy_to_user(to, regs, n) ? -EFAULT : 0;
}

/* Word by word, up to the first that is refused. */
static long set_regs(struct task *t, uaddr_t from, size_t n)
{
	u64 regs[NR_USER_REGS];
	long err = 0;

	if (copy_from_user(regs, from, n))
		return -EFAULT;
	for (unsigned i = 0; !err && i < n / 8; i++)
		err = arch_set_user_reg(t, i, regs[i]);
	return err;
}

static long get_fpu(struct task *t, uaddr_t to, size_t n)
{
	void *image = kzalloc(arch_fpu_size(), GFP_KERNEL);
	long err = 0;

	if (!image)
		return -ENOMEM;
	arch_get_fpu(t, image);
	if (copy_to_user(to, image, n))
		err = -EFAULT;
	kfree(image);
	return err;
}

static long set_fpu(struct task *t, uaddr_t from, size_t n)
{
	void *image = kzalloc(arch_fpu_size(), GFP_KERNEL);
	long err;

	if (!image)
		return -ENOMEM;
	err = copy_from_user(image, from, n) ? -EFAULT : arch_set_fpu(t, image, n);
	kfree(image);
	return err;
}

/* A set of registers by its name in core files; as much as fits, or less, and how much it was. */
static long regset(struct task *t, long request, u32 type, uaddr_t uiov)
{
	bool get = request == PTRACE_GETREGSET;
	struct k_iovec iov;
	size_t size;
	long err;

	if (copy_from_user(&iov, uiov, sizeof(iov)))
		return -EFAULT;
	switch (type) {
	case NT_PRSTATUS:
		size = sizeof(struct k_user_regs);
		break;
	case NT_FPREGSET:
		size = sizeof(struct k_fpstate);
		break;
	case NT_X86_XSTATE:
		size = arch_fpu_size();
		break;
	case NT_386_IOPERM:		/* a bit for each port: none may be used */
		return iov.iov_len % 8 ? -EINVAL : get ? -ENXIO : -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
	if (iov.iov_len % 8)
		return -EINVAL;
	iov.iov_len = min(iov.iov_len, (u64)size);
	if (type == NT_PRSTATUS)
		err = get ? get_regs(t, iov.iov_base, iov.iov_len) : set_regs(t, iov.iov_base, iov.iov_len);
	else if (get)
		err = get_fpu(t, iov.iov_base, iov.iov_len);
	else if (iov.iov_len != size)
		err = type == NT_FPREGSET ? -EINVAL : -EFAULT;
	else
		err = set_fpu(t, iov.iov_base, size);
	if (!err && copy_to_user(uiov + offsetof(struct k_iovec, iov_len), &iov.iov_len, sizeof(iov.iov_len)))
		err = -EFAULT;
	return err;
}

static void fill_entry(struct k_ptrace_syscall_info *info, const struct regs *r)
{
	info->entry.nr = (u64)(s64)regs_syscall_nr(r);
	for (unsigned i = 0; i < 6; i++)
		info->entry.args[i] = regs_arg(r, i);
}

static long syscall_info(struct task *t, u64 size, uaddr_t to)
{
	struct regs *r = arch_regs(t);
	struct k_ptrace_syscall_info info = {
		.arch = AUDIT_ARCH_X86_64, .instruction_pointer = regs_ip(r), .stack_pointer = regs_sp(r),
	};
	size_t have = offsetof(struct k_ptrace_syscall_info, entry);

	if (t->last_siginfo && t->last_siginfo->si_code == (SIGTRAP | 0x80)) {
		if (t->ptrace_message == PTRACE_EVENTMSG_SYSCALL_ENTRY) {
			info.op = PTRACE_SYSCALL_INFO_ENTRY;
			fill_entry(&info, r);
			have += sizeof(info.entry);
		} else if (t->ptrace_message == PTRACE_EVENTMSG_SYSCALL_EXIT) {
			info.op = PTRACE_SYSCALL_INFO_EXIT;
			info.exit.rval = regs_return(r);
			info.exit.is_error = info.exit.rval < 0 && info.exit.rval >= -4095;
			have = offsetof(struct k_ptrace_syscall_info, exit.is_error) + 1;
		}
	} else if (t->last_siginfo && t->last_siginfo->si_code == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
		info.op = PTRACE_SYSCALL_INFO_SECCOMP;
		fill_entry(&info, r);
		info.seccomp.ret_data = (u32)t->ptrace_message;
		have = offsetof(struct k_ptrace_syscall_info, seccomp.ret_data) + sizeof(info.seccomp.ret_data);
	}
	return copy_to_user(to, &info, min((u64)have, size)) ? -EFAULT : (long)have;
}

static long rseq_configuration(struct task *t, u64 size, uaddr_t to)
{
	struct k_ptrace_rseq_configuration conf = {
		.rseq_abi_pointer = t->rseq, .rseq_abi_size = RSEQ_SIZE, .signature = t->rseq_sig,
	};

	return copy_to_user(to, &conf, min((u64)sizeof(conf), size)) ? -EFAULT : (long)sizeof(conf);
}

/* --- signals --- */

/* With siglock, as the stop's own siginfo lies on t's stack. -EINVAL: the stop has none. */
static long get_siginfo(struct task *t, uaddr_t to)
{
	struct k_siginfo info = { 0 };
	bool there;

	spin_lock(&t->sighand->siglock);
	there = t->last_siginfo;
	if (there)
		copy_siginfo(&info, t->last_siginfo);
	spin_unlock(&t->sighand->siglock);
	if (!there)
		return -EINVAL;
	return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : 0;
}

static long set_siginfo(struct task *t, uaddr_t from)
{
	struct k_siginfo info;
	long err = copy_siginfo_from_user(&info, INT32_MIN, from);

	if (err)
		return err;
	spin_lock(&t->sighand->siglock);
	if (t->last_siginfo)
		*t->last_siginfo = info;
	else
		err = -EINVAL;
	spin_unlock(&t->sighand->siglock);
	return err;
}

/* The queued infos from the arg.off-th on; how many. */
static long peek_siginfo(struct task *t, uaddr_t uarg, uaddr_t to)
{
	struct k_ptrace_peeksiginfo_args arg;
	long n;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.flags & ~PTRACE_PEEKSIGINFO_SHARED || arg.nr < 0)
		return -EINVAL;
	for (n = 0; n < arg.nr; n++) {
		struct sigpending *p = arg.flags & PTRACE_PEEKSIGINFO_SHARED ? &t->group->shared_pending : &t->pending;
		struct k_siginfo info = { 0 };
		u64 left = arg.off + (u64)n;
		bool found = false;
		struct sigqueue *q;

		spin_lock(&t->sighand->siglock);
		list_for_each(q, &p->queue, node) {
			if (left--)
				continue;
			copy_siginfo(&info, &q->info);
			found = true;
			break;
		}
		spin_unlock(&t->sighand->siglock);
		if (!found)
			break;
		if (copy_to_user(to + (u64)n * sizeof(info), &info, sizeof(info)))
			return n ? n : -EFAULT;
	}
	return n;
}

static long get_sigmask(struct task *t, u64 size, uaddr_t to)
{
	if (size != K_SIGSET_SIZE)
		return -EINVAL;
	return copy_to_user(to, t->restore_sigmask ? &t->saved_sigmask : &t->blocked, K_SIGSET_SIZE) ? -EFAULT : 0;
}

/* Every thread looks at what is pending when its stop is over. */
static long set_sigmask(struct task *t, u64 size, uaddr_t from)
{
	sigset_t_k mask;

	if (size != K_SIGSET_SIZE)
		return -EINVAL;
	if (copy_from_user(&mask, from, sizeof(mask)))
		return -EFAULT;
	spin_lock(&t->sighand->siglock);
	t->blocked = mask & ~SIG_KERNEL_UNBLOCKABLE;
	t->restore_sigmask = 0;
	spin_unlock(&t->sighand->siglock);
	return 0;
}

/* --- going on --- */

static long resume(struct task *t, long request, u64 sig)
{
	if (sig > K_NSIG)
		return -EIO;
	if (request == PTRACE_SYSCALL)
		syscall_trace_on(t);
	else
		syscall_trace_off(t);
	if (request == PTRACE_SYSEMU || request == PTRACE_SYSEMU_SINGLESTEP)
		syscall_emu_on(t);
	else
		syscall_emu_off(t);
	if (request == PTRACE_SINGLESTEP || request == PTRACE_SYSEMU_SINGLESTEP || request == PTRACE_SINGLEBLOCK)
		arch_single_step_on(t, request == PTRACE_SINGLEBLOCK);
	else
		arch_single_step_off(t);
	/* In one piece: a waiter must not take the new exit_code for one more stop. */
	spin_lock(&t->sighand->siglock);
	t->exit_code = (int)sig;
	t->jobctl &= ~JOBCTL_TRACED;
	wake_up_state(t, __TASK_TRACED);
	spin_unlock(&t->sighand->siglock);
	return 0;
}

/* Both for a tracer by SEIZE. t may run, or be dead. */
static long interrupt(struct task *t)
{
	long err = -EIO;

	read_lock(&tasklist_lock);
	if (t->ptrace & PT_SEIZED && t->sighand) {
		err = 0;
		spin_lock(&t->sighand->siglock);
		if (set_jobctl_pending(t, JOBCTL_TRAP_STOP)) {
			if (t->jobctl & JOBCTL_LISTENING)
				ptrace_signal_resume(t);
			else
				ptrace_signal_wake_up(t);
		}
		spin_unlock(&t->sighand->siglock);
	}
	read_unlock(&tasklist_lock);
	return err;
}

/* A change that came since this stop began shows at once. */
static long listen(struct task *t)
{
	long err = -EIO;

	if (!(t->ptrace & PT_SEIZED))
		return -EIO;
	spin_lock(&t->sighand->siglock);
	if (t->last_siginfo && t->last_siginfo->si_code >> 8 == PTRACE_EVENT_STOP) {
		err = 0;
		t->jobctl |= JOBCTL_LISTENING;
		if (t->jobctl & JOBCTL_TRAP_NOTIFY)
			ptrace_signal_resume(t);
	}
	spin_unlock(&t->sighand->siglock);
	return err;
}

static long set_options(struct task *t, u64 options)
{
	int err = check_ptrace_options(options);

	if (err)
		return err;
	spin_lock(&t->sighand->siglock);
	t->ptrace = (t->ptrace & (PT_PTRACED | PT_SEIZED)) | PT_OPT(options);
	spin_unlock(&t->sighand->siglock);
	return 0;
}

/* --- ptrace(2) --- */

static long do_request(struct task *t, long request, u64 addr, u64 data)
{
	switch (request) {
	case PTRACE_PEEKTEXT:
	case PTRACE_PEEKDATA:
		return peek_data(t, addr, data);
	case PTRACE_POKETEXT:
	case PTRACE_POKEDATA:
		return poke_data(t, addr, data);
	case PTRACE_PEEKUSER:
		return peek_user(t, addr, data);
	case PTRACE_POKEUSER:
		return poke_user(t, addr, data);
	case PTRACE_GETREGS:
		return get_regs(t, data, sizeof(struct k_user_regs));
	case PTRACE_SETREGS:
		return set_regs(t, data, sizeof(struct k_user_regs));
	case PTRACE_GETFPREGS:
		return get_fpu(t, data, sizeof(struct k_fpstate));
	case PTRACE_SETFPREGS:
		return set_fpu(t, data, sizeof(struct k_fpstate));
	case PTRACE_GETREGSET:
	case PTRACE_SETREGSET:
		return regset(t, request, (u32)addr, data);
	case PTRACE_GET_SYSCALL_INFO:
		return syscall_info(t, addr, data);
	case PTRACE_GET_RSEQ_CONFIGURATION:
		return rseq_configuration(t, addr, data);
	case PTRACE_SECCOMP_GET_FILTER:
		return seccomp_get_filter(t, addr, data);
	case PTRACE_SECCOMP_GET_METADATA:
		return seccomp_get_metadata(t, addr, data);
	case PTRACE_GETEVENTMSG:
		return copy_to_user(data, &t->ptrace_message, sizeof(t->ptrace_message)) ? -EFAULT : 0;
	case PTRACE_GETSIGINFO:
		return get_siginfo(t, data);
	case PTRACE_SETSIGINFO:
		return set_siginfo(t, data);
	case PTRACE_PEEKSIGINFO:
		return peek_siginfo(t, addr, data);
	case PTRACE_GETSIGMASK:
		return get_sigmask(t, addr, data);
	case PTRACE_SETSIGMASK:
		return set_sigmask(t, addr, data);
	case PTRACE_SETOPTIONS:
	case PTRACE_OLDSETOPTIONS:
		return set_options(t, data);
	case PTRACE_CONT:
	case PTRACE_SYSCALL:
	case PTRACE_SYSEMU:
	case PTRACE_SINGLESTEP:
	case PTRACE_SYSEMU_SINGLESTEP:
	case PTRACE_SINGLEBLOCK:
		return resume(t, request, data);
	case PTRACE_LISTEN:
		return listen(t);
	case PTRACE_DETACH:
		return ptrace_detach(t, data);
	}
	return arch_ptrace(t, request, addr, data);
}

/* As a kill of that thread, whatever comes of it. */
static long kill_tracee(struct task *t)
{
	(void)send_sig_thread(SIGKILL, NULL, t);
	return 0;
}

static long ptrace_task(struct task *t, long request, u64 addr, u64 data)
{
	long ret;

	if (request == PTRACE_ATTACH || request == PTRACE_SEIZE)
		return ptrace_attach(t, request, addr, data);
	if (request == PTRACE_INTERRUPT)
		return traced_by_current(t) ? interrupt(t) : -ESRCH;
	if (request == PTRACE_KILL)
		return traced_by_current(t) ? kill_tracee(t) : -ESRCH;
	ret = hold_traced(t);
	if (ret)
		return ret;
	ret = do_request(t, request, addr, data);
	/* After DETACH t may be another's already, and held by that one; it ends our hold as it wakes. */
	if (ret || request != PTRACE_DETACH)
		unfreeze_traced(t);
	return ret;
}

/* --- system calls --- */

long sys_ptrace(long request, long pid, u64 addr, u64 data)
{
	struct task *t;
	long ret;

	if (request == PTRACE_TRACEME)
		return ptrace_traceme();
	t = find_get_task_by_vpid((int)pid);
	if (!t)
		return -ESRCH;
	ret = ptrace_task(t, request, addr, data);
	put_task(t);
	return ret;
}
