// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals as POSIX and Linux have them.  newlib's <signal.h> includes this file and adds signal(),
 * raise() and SIG_DFL.
 */
#pragma once

#include <_ansi.h>
#include <sys/cdefs.h>
#include <sys/features.h>
#include <sys/types.h>
#include <sys/_sigset.h>
#include <sys/_timespec.h>

#if !defined(_SIGSET_T_DECLARED)
#define _SIGSET_T_DECLARED
typedef __sigset_t sigset_t;
#endif

#define SIGHUP		1
#define SIGINT		2
#define SIGQUIT		3
#define SIGILL		4
#define SIGTRAP		5
#define SIGABRT		6
#define SIGIOT		6
#define SIGBUS		7
#define SIGFPE		8
#define SIGKILL		9
#define SIGUSR1		10
#define SIGSEGV		11
#define SIGUSR2		12
#define SIGPIPE		13
#define SIGALRM		14
#define SIGTERM		15
#define SIGSTKFLT	16
#define SIGCHLD		17
#define SIGCLD		SIGCHLD
#define SIGCONT		18
#define SIGSTOP		19
#define SIGTSTP		20
#define SIGTTIN		21
#define SIGTTOU		22
#define SIGURG		23
#define SIGXCPU		24
#define SIGXFSZ		25
#define SIGVTALRM	26
#define SIGPROF		27
#define SIGWINCH	28
#define SIGIO		29
#define SIGPOLL		29
#define SIGPWR		30
#define SIGSYS		31
/* the first two of the kernel's 33 real-time signals are kept, as other C libraries do */
#define SIGRTMIN	34
#define SIGRTMAX	64
#define NSIG		65
#define _NSIG		NSIG

#define SIG_BLOCK	0
#define SIG_UNBLOCK	1
#define SIG_SETMASK	2

#define SA_NOCLDSTOP	0x00000001
#define SA_NOCLDWAIT	0x00000002
#define SA_SIGINFO	0x00000004
#define SA_RESTORER	0x04000000
#define SA_ONSTACK	0x08000000
#define SA_RESTART	0x10000000
#define SA_NODEFER	0x40000000
#define SA_RESETHAND	0x80000000
#define SA_NOMASK	SA_NODEFER
#define SA_ONESHOT	SA_RESETHAND

#define SS_ONSTACK	1
#define SS_DISABLE	2
#define SS_AUTODISARM	(1U << 31)
#define MINSIGSTKSZ	2048
#define SIGSTKSZ	8192

#define SI_USER		0
#define SI_KERNEL	0x80
#define SI_QUEUE	(-1)
#define SI_TIMER	(-2)
#define SI_MESGQ	(-3)
#define SI_ASYNCIO	(-4)
#define SI_SIGIO	(-5)
#define SI_TKILL	(-6)
#define ILL_ILLOPC	1
#define ILL_ILLOPN	2
#define ILL_ILLADR	3
#define ILL_ILLTRP	4
#define ILL_PRVOPC	5
#define ILL_PRVREG	6
#define ILL_COPROC	7
#define ILL_BADSTK	8
#define FPE_INTDIV	1
#define FPE_INTOVF	2
#define FPE_FLTDIV	3
#define FPE_FLTOVF	4
#define FPE_FLTUND	5
#define FPE_FLTRES	6
#define FPE_FLTINV	7
#define FPE_FLTSUB	8
#define SEGV_MAPERR	1
#define SEGV_ACCERR	2
#define BUS_ADRALN	1
#define BUS_ADRERR	2
#define BUS_OBJERR	3
#define TRAP_BRKPT	1
#define TRAP_TRACE	2
#define CLD_EXITED	1
#define CLD_KILLED	2
#define CLD_DUMPED	3
#define CLD_TRAPPED	4
#define CLD_STOPPED	5
#define CLD_CONTINUED	6

#define SIGEV_SIGNAL	0
#define SIGEV_NONE	1
#define SIGEV_THREAD	2
#define SIGEV_THREAD_ID	4

typedef void (*_sig_func_ptr)(int);

union sigval {
	int sival_int;
	void *sival_ptr;
};
typedef union sigval sigval_t;

typedef struct {
	int si_signo;
	int si_errno;
	int si_code;
	int __si_pad;
	union {
		int __pad[28];
		struct {
			pid_t __pid;
			uid_t __uid;
			union {
				union sigval __value;
				struct {
					int __status;
					clock_t __utime;
					clock_t __stime;
				} __chld;
			};
		} __kill;
		struct {
			int __timerid;
			int __overrun;
			union sigval __value;
		} __timer;
		struct {
			void *__addr;
			short __addr_lsb;
		} __fault;
		struct {
			long __band;
			int __fd;
		} __poll;
		struct {
			void *__call_addr;
			int __syscall;
			unsigned int __arch;
		} __sys;
	} __si;
} siginfo_t;

#define si_pid		__si.__kill.__pid
#define si_uid		__si.__kill.__uid
#define si_value	__si.__kill.__value
#define si_int		__si.__kill.__value.sival_int
#define si_ptr		__si.__kill.__value.sival_ptr
#define si_status	__si.__kill.__chld.__status
#define si_utime	__si.__kill.__chld.__utime
#define si_stime	__si.__kill.__chld.__stime
#define si_timerid	__si.__timer.__timerid
#define si_overrun	__si.__timer.__overrun
#define si_addr		__si.__fault.__addr
#define si_addr_lsb	__si.__fault.__addr_lsb
#define si_band		__si.__poll.__band
#define si_fd		__si.__poll.__fd
#define si_call_addr	__si.__sys.__call_addr
#define si_syscall	__si.__sys.__syscall
#define si_arch		__si.__sys.__arch

struct sigaction {
	union {
		_sig_func_ptr __handler;
		void (*__action)(int, siginfo_t *, void *);
	} __sa;
	sigset_t sa_mask;
	int sa_flags;
	void (*sa_restorer)(void);
};
#define sa_handler	__sa.__handler
#define sa_sigaction	__sa.__action

typedef struct sigaltstack {
	void *ss_sp;
	int ss_flags;
	size_t ss_size;
} stack_t;

/* Only the beginning of the kernel's 64 bytes is for programs. */
struct sigevent {
	union sigval sigev_value;
	int sigev_signo;
	int sigev_notify;
	union {
		int __pad[12];
		int __tid;
		struct {
			void (*__function)(union sigval);
			void *__attributes;
		} __thr;
	} __sev;
};
#define sigev_notify_thread_id	__sev.__tid
#define sigev_notify_function	__sev.__thr.__function
#define sigev_notify_attributes	__sev.__thr.__attributes

/* Names of the general registers in uc_mcontext.gregs. */
enum {
	REG_R8,
#define REG_R8		REG_R8
	REG_R9,
#define REG_R9		REG_R9
	REG_R10,
#define REG_R10		REG_R10
	REG_R11,
#define REG_R11		REG_R11
	REG_R12,
#define REG_R12		REG_R12
	REG_R13,
#define REG_R13		REG_R13
	REG_R14,
#define REG_R14		REG_R14
	REG_R15,
#define REG_R15		REG_R15
	REG_RDI,
#define REG_RDI		REG_RDI
	REG_RSI,
#define REG_RSI		REG_RSI
	REG_RBP,
#define REG_RBP		REG_RBP
	REG_RBX,
#define REG_RBX		REG_RBX
	REG_RDX,
#define REG_RDX		REG_RDX
	REG_RAX,
#define REG_RAX		REG_RAX
	REG_RCX,
#define REG_RCX		REG_RCX
	REG_RSP,
#define REG_RSP		REG_RSP
	REG_RIP,
#define REG_RIP		REG_RIP
	REG_EFL,
#define REG_EFL		REG_EFL
	REG_CSGSFS,
#define REG_CSGSFS	REG_CSGSFS
	REG_ERR,
#define REG_ERR		REG_ERR
	REG_TRAPNO,
#define REG_TRAPNO	REG_TRAPNO
	REG_OLDMASK,
#define REG_OLDMASK	REG_OLDMASK
	REG_CR2,
#define REG_CR2		REG_CR2
	NGREG
#define NGREG		NGREG
};

typedef long long greg_t;
typedef greg_t gregset_t[NGREG];

struct _fpstate {
	unsigned short cwd;
	unsigned short swd;
	unsigned short ftw;
	unsigned short fop;
	unsigned long rip;
	unsigned long rdp;
	unsigned int mxcsr;
	unsigned int mxcr_mask;
	unsigned int _st[32];
	unsigned int _xmm[64];
	unsigned int __reserved[24];
};
typedef struct _fpstate *fpregset_t;

typedef struct {
	gregset_t gregs;
	fpregset_t fpregs;
	unsigned long long __reserved1[8];
} mcontext_t;

/* What a handler's third argument points at; the kernel sets and reads only 8 bytes of the mask. */
typedef struct ucontext_t {
	unsigned long uc_flags;
	struct ucontext_t *uc_link;
	stack_t uc_stack;
	mcontext_t uc_mcontext;
	sigset_t uc_sigmask;
} ucontext_t;

_BEGIN_STD_C
int kill(pid_t pid, int sig);
int killpg(pid_t pgrp, int sig);
int tgkill(pid_t tgid, pid_t tid, int sig);
int sigaction(int sig, const struct sigaction *__restrict act, struct sigaction *__restrict old);
int sigprocmask(int how, const sigset_t *__restrict set, sigset_t *__restrict old);
int pthread_sigmask(int how, const sigset_t *__restrict set, sigset_t *__restrict old);
int pthread_kill(__UINTPTR_TYPE__ thread, int sig);
int sigpending(sigset_t *set);
int sigsuspend(const sigset_t *set);
int sigwait(const sigset_t *__restrict set, int *__restrict sig);
int sigwaitinfo(const sigset_t *__restrict set, siginfo_t *__restrict info);
int sigtimedwait(const sigset_t *__restrict set, siginfo_t *__restrict info,
		 const struct timespec *__restrict timeout);
int sigqueue(pid_t pid, int sig, const union sigval value);
int sigaltstack(const stack_t *__restrict ss, stack_t *__restrict old);
int siginterrupt(int sig, int flag);
int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int sig);
int sigdelset(sigset_t *set, int sig);
int sigismember(const sigset_t *set, int sig);
int sigisemptyset(const sigset_t *set);
_END_STD_C
