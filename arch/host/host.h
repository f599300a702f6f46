// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between the host machine's own files, and for the scenarios in tests/model: what a "user program"
 * may say.
 *
 * A user program is a C function that runs in user mode of a fiber. It reaches the kernel by
 * host_syscall() and its own memory, which lies behind the kernel's software page tables, by the u_
 * functions: an access may fault, and every call is a place where interrupts come in. C locals are
 * its registers.
 */
#pragma once
#include "kernel/abi.h"
#include "kernel/arch.h"
#include "kernel/lib/string.h"
#include "kernel/panic.h"
#include "kernel/sched.h"
#include "kernel/task.h"

#define STACK_BYTES	(256ul << 10)

/* --- virtual processors (cpu.c) --- */
extern u64 host_steps;
void host_cpu_init(u64 seed, unsigned cpus);
u64 host_random(void);
bool host_user_step(void);
/*
 * If set, a scenario's own: current, in do_exit, is past the step @label (no lock held). It may
 * wait by arch_cpu_relax.
 */
extern void (*host_on_exit_step)(const char *label);
void host_set_current(struct cpu *c, struct task *t);

/* --- fibers (thread.c) --- */
void host_switch_stack(void **save_sp, void *load_sp);
void host_begin_stack(void *sp, void (*fn)(void)) __noreturn;
void host_fiber_switch(struct task *from, struct task *to);	/* both keep their processor and its interrupt state */
void host_fiber_init(struct task *t, void (*fn)(void));		/* t->arch.stack is there */
void *host_stack_get(void);
void host_stack_forget(void *stack);		/* its frames are gone, AddressSanitizer may forget them */
void host_enter_boot(struct task *t, void (*fn)(void)) __noreturn;

/* --- user mode (user.c) --- */
void host_user_mode(void) __noreturn;		/* this fiber's program, from its registers */

/* --- the box (box.c) --- */
#define HOST_PROGRAM_BASE	0x400000ul
#define HOST_PROGRAM_STEP	0x1000ul

/* --- programs and scenarios --- */
struct host_program {
	const char *path;			/* in the boot archive */
	int (*main)(void);			/* its value is the exit status */
};
SET_DECLARE(host_programs, struct host_program);
#define PROGRAM(var, ...)	LINKER_SET(host_programs, struct host_program, var) = { __VA_ARGS__ }

struct host_scenario {
	const char *name;
	const char *init;			/* path of the first program; when it exits 0 all was well */
	const char *words;			/* boot words */
	unsigned cpus, mem_mib;
};
SET_DECLARE(host_scenarios, struct host_scenario);
#define SCENARIO(var, ...)	LINKER_SET(host_scenarios, struct host_scenario, var) = { __VA_ARGS__ }

/* A failed expectation of a scenario: says so and ends the machine as failed. */
#define expect(cond)								\
	do {									\
		if (!(cond))							\
			panic("%s:%d: expected: %s", __FILE__, __LINE__, #cond);	\
	} while (0)
#define expect_eq(a, b)								\
	do {									\
		long _ea = (long)(a), _eb = (long)(b);				\
		if (_ea != _eb)							\
			panic("%s:%d: expected %s == %s, it is %ld and %ld", __FILE__, __LINE__, #a, #b, _ea, _eb);	\
	} while (0)

/* Up to six arguments, missing ones are 0. Value or -errno. */
long host_syscall6(long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
#define host_syscall_(nr, a, b, c, d, e, f, ...) \
	host_syscall6(nr, (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e), (u64)(f))
#define host_syscall(...)	host_syscall_(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
/* clone(2) with @flags; the child runs fn(arg) and exits 0 if that returns. */
long u_clone(u64 flags, void (*fn)(void *arg), void *arg, uaddr_t parent_tid, uaddr_t child_tid);
/* A thread of the caller's group whose id @tid_word is cleared and woken at its end. */
long u_thread(void (*fn)(void *arg), void *arg, uaddr_t tid_word);
void u_join(uaddr_t tid_word);
/* A process that runs fn(ready): its pid, once it has called u_ready(ready). */
long u_child(void (*fn)(void *ready));
void u_ready(const void *ready);
/* User memory. A fault that cannot be served ends in a signal, as it would. */
void u_read(void *dst, uaddr_t src, size_t n);
void u_write(uaddr_t dst, const void *src, size_t n);
u32 u_get32(uaddr_t a);
void u_set32(uaddr_t a, u32 v);
u32 u_cmpxchg32(uaddr_t a, u32 old, u32 new);	/* what was there; atomic */
void u_set64(uaddr_t a, u64 v);
void u_point(void);				/* one step in user mode */
uaddr_t u_map(size_t n);			/* anonymous private memory */
uaddr_t u_fill(size_t n);			/* the same, with every page in use */
uaddr_t u_string(const char *s);		/* a copy in user memory of its own page */
long u_open(const char *path, int flags);
/* A whole small file: length or -errno. */
long u_read_file(const char *path, char *buf, size_t n);
long u_write_file(const char *path, const char *text);
long u_sigaction(int sig, void (*handler)(int sig, const struct k_siginfo *info), u64 flags);
