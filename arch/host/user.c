// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user edge of the host machine. Below: the kernel's accesses to user memory through the
 * software page tables, signal frames. Above: user mode itself, where programs are C functions;
 * what they may say is in host.h.
 */
#include "arch/host/host.h"
#include "kernel/entry.h"
#include "kernel/mm/mm.h"

/* --- one page --- */

/*
 * The byte of the arena behind a user address, marked as used; NULL and what to tell the fault
 * handler if there is none.
 */
static u8 *translate(uaddr_t va, unsigned *flags)
{
	pte_t *p = va < USER_MAX ? arch_pte_find(current->mm, va) : NULL;

	if (!p || !pte_present(*p))
		return NULL;
	*flags |= FAULT_PROT;
	if ((*flags & FAULT_WRITE) && !pte_write(*p))
		return NULL;
	*p |= PTE_ACCESSED | (*flags & FAULT_WRITE ? PTE_DIRTY : 0);
	return (u8 *)phys_to_virt(*p & PTE_ADDR) + va % PAGE_SIZE;
}

static size_t in_page(uaddr_t va, size_t n)
{
	return min(n, PAGE_SIZE - va % PAGE_SIZE);
}

/* --- the kernel's accesses --- */

/* As translate(), faulting as often as it helps. NULL: -EFAULT. */
static u8 *kernel_access(uaddr_t va, unsigned tried)
{
	struct regs r = { .nr = -1 };

	might_sleep();
	arch_point(POINT_USER, NULL);
	if (!current->mm)
		return NULL;
	for (;;) {
		unsigned flags = tried;
		u8 *p = translate(va, &flags);

		if (p)
			return p;
		if (va >= USER_MAX || entry_page_fault(&r, va, flags))
			return NULL;
	}
}

size_t copy_from_user(void *dst, uaddr_t src, size_t n)
{
	u8 *to = dst;

	if (!access_ok(src, n))
		return n;
	while (n) {
		size_t part = in_page(src, n);
		u8 *p = kernel_access(src, 0);

		if (!p)
			break;
		kmemcpy(to, p, part);
		to += part;
		src += part;
		n -= part;
	}
	return n;
}

size_t copy_to_user(uaddr_t dst, const void *src, size_t n)
{
	const u8 *from = src;

	if (!access_ok(dst, n))
		return n;
	while (n) {
		size_t part = in_page(dst, n);
		u8 *p = kernel_access(dst, FAULT_WRITE);

		if (!p)
			break;
		kmemcpy(p, from, part);
		from += part;
		dst += part;
		n -= part;
	}
	return n;
}

int get_user32(u32 *val, uaddr_t addr)
{
	return copy_from_user(val, addr, sizeof(*val)) ? -EFAULT : 0;
}

int put_user_pair(uaddr_t addr, u64 a, u64 b)
{
	const u64 pair[] = { a, b };

	return copy_to_user(addr, pair, sizeof(pair)) ? -EFAULT : 0;
}

/* All or nothing, which is all that is promised. */
size_t copy_from_user_inatomic(void *dst, uaddr_t src, size_t n)
{
	unsigned flags = 0;
	u8 *p = access_ok(src, n) && in_page(src, n) == n ? translate(src, &flags) : NULL;

	if (!p)
		return n;
	kmemcpy(dst, p, n);
	return 0;
}

size_t copy_to_user_inatomic(uaddr_t dst, const void *src, size_t n)
{
	unsigned flags = FAULT_WRITE;
	u8 *p = access_ok(dst, n) && in_page(dst, n) == n ? translate(dst, &flags) : NULL;

	if (!p)
		return n;
	kmemcpy(p, src, n);
	return 0;
}

size_t clear_user(uaddr_t dst, size_t n)
{
	if (!access_ok(dst, n))
		return n;
	while (n) {
		size_t part = in_page(dst, n);
		u8 *p = kernel_access(dst, FAULT_WRITE);

		if (!p)
			break;
		kmemset(p, 0, part);
		dst += part;
		n -= part;
	}
	return n;
}

long strncpy_from_user(char *dst, uaddr_t src, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t part = in_page(src + done, n - done), len;
		u8 *p = src + done < USER_MAX ? kernel_access(src + done, 0) : NULL;

		if (!p)
			return -EFAULT;
		len = kstrnlen((char *)p, part);
		kmemcpy(dst + done, p, len);
		done += len;
		if (len < part) {
			dst[done] = 0;
			return (long)done;
		}
	}
	return (long)n;
}

struct user_u64 get_user_u64(uaddr_t a)
{
	struct user_u64 u = { 0 };

	if (copy_from_user(&u.v, a, sizeof(u.v)))
		u = (struct user_u64){ .err = -EFAULT };
	return u;
}

int cmpxchg_user32(uaddr_t addr, u32 old, u32 new, u32 *cur)
{
	u32 *p;

	if (addr % sizeof(u32) || !access_ok(addr, sizeof(u32)))
		return -EFAULT;
	p = (u32 *)kernel_access(addr, FAULT_WRITE);
	if (!p)
		return -EFAULT;
	*cur = *p;
	if (*p == old)
		*p = new;
	return 0;
}

/* --- signal frames --- */

struct host_frame {
	struct regs regs;
	u64 mask;
	struct k_siginfo info;
	struct k_stack stack;
};

int arch_signal_setup(const struct ksig *k, struct regs *r)
{
	uaddr_t sp = (signal_stack(k, r->sp) - sizeof(struct host_frame)) & ~15ull;
	struct host_frame f = { .regs = *r, .mask = k->oldmask, .info = k->info };

	save_altstack(&f.stack);
	if (copy_to_user(sp, &f, sizeof(f)))
		return -EFAULT;
	r->sp = sp;
	r->handler = k->ka.handler;
	r->args[0] = (u64)k->sig;
	r->args[1] = sp + offsetof(struct host_frame, info);
	r->ax = 0;
	r->nr = -1;
	r->restart = 0;
	return 0;
}

struct user_u64 arch_signal_return(struct regs *r)
{
	struct host_frame f;

	if (copy_from_user(&f, r->sp, sizeof(f)))
		return (struct user_u64){ .err = -EFAULT };
	*r = f.regs;
	r->nr = -1;
	r->user = 1;
	restore_altstack(f.stack.ss_sp, (u32)f.stack.ss_flags, f.stack.ss_size, r->sp);
	return (struct user_u64){ .v = f.mask };
}

/* --- user mode --- */

static struct regs *own_regs(void)
{
	return &current->arch.regs;
}

static void __noreturn program_main(void)
{
	const struct host_program *p = __start_set_host_programs +
		(own_regs()->ip - HOST_PROGRAM_BASE) / HOST_PROGRAM_STEP;
	int status;

	assert(p < __stop_set_host_programs);
	status = p->main();
	if (current->tgid == 1 && status == 0)
		host_syscall(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF, 0);
	host_syscall(__NR_exit_group, status);
	panic("a program outlived its end");
}

static void __noreturn start_program(struct regs *r)
{
	u8 *stack = current->arch.stack;

	r->fresh = 0;
	host_stack_forget(stack);
	host_begin_stack(stack + STACK_BYTES - 64, program_main);
}

static void do_syscall(struct regs *r)
{
	regs_set_return(r, entry_syscall(r));
	if (test_tif(current, TIF_SYSCALL_TRACE | TIF_SINGLESTEP))
		entry_syscall_traced();
	entry_syscall_end();
}

static void call_handler(struct regs *r)
{
	void (*fn)(int sig, const struct k_siginfo *info) = (void (*)(int, const struct k_siginfo *))r->handler;
	struct k_siginfo info;
	int sig = (int)r->args[0];

	r->handler = 0;
	u_read(&info, r->args[1], sizeof(info));
	fn(sig, &info);
	r->nr = __NR_rt_sigreturn;
	do_syscall(r);
}

/* Interrupts off: the kernel's last words before user mode, then what they left to do there. */
static void way_out(struct regs *r)
{
	for (;;) {
		entry_exit_to_user(r);
		arch_irq_enable();
		if (r->fresh)
			start_program(r);
		if (r->handler) {
			call_handler(r);
		} else if (r->restart) {
			r->restart = 0;
			r->nr = (s64)r->ax;
			do_syscall(r);
		} else {
			return;
		}
		arch_irq_disable();
	}
}

void host_user_mode(void)
{
	struct regs *r = own_regs();

	r->user = 1;
	way_out(r);
	r->child_fn(r->child_arg);
	host_syscall(__NR_exit, 0);
	panic("a thread outlived its end");
}

void u_point(void)
{
	struct regs *r = own_regs();

	if (!host_user_step())
		return;
	r->nr = -1;
	arch_irq_disable();
	way_out(r);
}

long host_syscall6(long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	struct regs *r = own_regs();

	u_point();
	r->nr = nr;
	r->ax = (u64)-ENOSYS;
	r->args[0] = a;
	r->args[1] = b;
	r->args[2] = c;
	r->args[3] = d;
	r->args[4] = e;
	r->args[5] = f;
	do_syscall(r);
	arch_irq_disable();
	way_out(r);
	return (long)r->ax;
}

/* --- user memory --- */

static u8 *user_access(uaddr_t va, unsigned tried)
{
	struct regs *r = own_regs();

	for (;;) {
		unsigned flags = tried | FAULT_USER;
		u8 *p;

		u_point();
		p = translate(va, &flags);
		if (p)
			return p;
		r->nr = -1;
		entry_page_fault(r, va, flags);
		arch_irq_disable();
		way_out(r);
	}
}

void u_read(void *dst, uaddr_t src, size_t n)
{
	for (size_t done = 0, part; done < n; done += part) {
		part = in_page(src + done, n - done);
		kmemcpy((u8 *)dst + done, user_access(src + done, 0), part);
	}
}

void u_write(uaddr_t dst, const void *src, size_t n)
{
	for (size_t done = 0, part; done < n; done += part) {
		part = in_page(dst + done, n - done);
		kmemcpy(user_access(dst + done, FAULT_WRITE), (const u8 *)src + done, part);
	}
}

u32 u_get32(uaddr_t a)
{
	u32 v;

	u_read(&v, a, sizeof(v));
	return v;
}

void u_set32(uaddr_t a, u32 v)
{
	u_write(a, &v, sizeof(v));
}

/* Nobody else runs between two arch_points. */
u32 u_cmpxchg32(uaddr_t a, u32 old, u32 new)
{
	u32 *p = (u32 *)user_access(a, FAULT_WRITE), was = *p;

	if (was == old)
		*p = new;
	return was;
}

void u_set64(uaddr_t a, u64 v)
{
	u_write(a, &v, sizeof(v));
}

/* --- a program's small library --- */

uaddr_t u_map(size_t n)
{
	long a = host_syscall(__NR_mmap, 0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect(a > 0);
	return (uaddr_t)a;
}

uaddr_t u_string(const char *s)
{
	uaddr_t a = u_map(PAGE_SIZE);

	u_write(a, s, kstrlen(s) + 1);
	return a;
}

uaddr_t u_fill(size_t n)
{
	uaddr_t mem = u_map(n);

	for (uaddr_t a = mem; a < mem + n; a += PAGE_SIZE)
		u_set32(a, 1);
	return mem;
}

static void u_unmap(uaddr_t a, size_t n)
{
	expect_eq(host_syscall(__NR_munmap, a, n), 0);
}

long u_clone(u64 flags, void (*fn)(void *arg), void *arg, uaddr_t parent_tid, uaddr_t child_tid)
{
	struct regs *r = own_regs();
	uaddr_t sp = 0;

	/* A place of its own for signal frames. */
	if (flags & CLONE_THREAD)
		sp = u_map(4 * PAGE_SIZE) + 4 * PAGE_SIZE;
	r->child_fn = fn;
	r->child_arg = arg;
	return host_syscall(__NR_clone, flags, sp, parent_tid, child_tid, 0);
}

long u_thread(void (*fn)(void *arg), void *arg, uaddr_t tid_word)
{
	return u_clone(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
		       CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID, fn, arg, tid_word, tid_word);
}

void u_join(uaddr_t tid_word)
{
	u32 tid;

	while ((tid = u_get32(tid_word)))
		host_syscall(__NR_futex, tid_word, FUTEX_WAIT, tid, 0);
}

long u_child(void (*fn)(void *ready))
{
	uaddr_t mem = u_map(PAGE_SIZE);
	u32 fds[2];
	long pid;

	expect_eq(host_syscall(__NR_pipe2, mem, 0), 0);
	u_read(fds, mem, sizeof(fds));
	pid = u_clone(SIGCHLD, fn, fds, 0, 0);
	expect(pid > 1);
	expect_eq(host_syscall(__NR_read, fds[0], mem, 1), 1);
	u_unmap(mem, PAGE_SIZE);
	return pid;
}

void u_ready(const void *ready)
{
	const u32 *fds = ready;
	uaddr_t mem = u_map(PAGE_SIZE);

	expect_eq(host_syscall(__NR_write, fds[1], mem, 1), 1);
	u_unmap(mem, PAGE_SIZE);
}

long u_open(const char *path, int flags)
{
	uaddr_t name = u_string(path);
	long fd = host_syscall(__NR_open, name, flags, 0644);

	u_unmap(name, PAGE_SIZE);
	return fd;
}

long u_read_file(const char *path, char *buf, size_t n)
{
	long fd = u_open(path, O_RDONLY), got;
	uaddr_t mem;

	if (fd < 0)
		return fd;
	mem = u_map(PAGE_SIZE);
	got = host_syscall(__NR_read, fd, mem, min(n - 1, PAGE_SIZE));
	if (got >= 0) {
		u_read(buf, mem, (size_t)got);
		buf[got] = 0;
	}
	u_unmap(mem, PAGE_SIZE);
	host_syscall(__NR_close, fd);
	return got;
}

long u_write_file(const char *path, const char *text)
{
	long fd = u_open(path, O_WRONLY), put;
	uaddr_t mem;

	if (fd < 0)
		return fd;
	mem = u_string(text);
	put = host_syscall(__NR_write, fd, mem, kstrlen(text));
	u_unmap(mem, PAGE_SIZE);
	host_syscall(__NR_close, fd);
	return put;
}

long u_sigaction(int sig, void (*handler)(int sig, const struct k_siginfo *info), u64 flags)
{
	struct k_sigaction ka = { .handler = (u64)handler, .flags = flags };
	uaddr_t mem = u_map(PAGE_SIZE);
	long ret;

	u_write(mem, &ka, sizeof(ka));
	ret = host_syscall(__NR_rt_sigaction, sig, mem, 0, K_SIGSET_SIZE);
	u_unmap(mem, PAGE_SIZE);
	return ret;
}
