// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Linux x86-64 user ABI: numbers, flags and plain structs, exactly as the system call boundary
 * of Linux lays them out. No functions, nothing of Thaw's own; user/ includes it too.
 *
 * Structs carry the prefix k_ because libc has its own ideas under the plain names. Macros have
 * Linux's names and values. What a libc header for Thaw wants the whole of is in uapi/ and included
 * by both; elsewhere that header spells the macro with the same tokens, so including both (this one
 * first) is legal C and a difference is a compiler warning.
 *
 * Mirrors Linux include/uapi and arch/x86/include/uapi.
 */
#pragma once

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>
#endif

/* ------------------------------------------------------------------ system call numbers */

#include "kernel/uapi/unistd.h"

/* ------------------------------------------------------------------ errno */

#define EPERM		1
#define ENOENT		2
#define ESRCH		3
#define EINTR		4
#define EIO		5
#define ENXIO		6
#define E2BIG		7
#define ENOEXEC		8
#define EBADF		9
#define ECHILD		10
#define EAGAIN		11
#define ENOMEM		12
#define EACCES		13
#define EFAULT		14
#define ENOTBLK		15
#define EBUSY		16
#define EEXIST		17
#define EXDEV		18
#define ENODEV		19
#define ENOTDIR		20
#define EISDIR		21
#define EINVAL		22
#define ENFILE		23
#define EMFILE		24
#define ENOTTY		25
#define ETXTBSY		26
#define EFBIG		27
#define ENOSPC		28
#define ESPIPE		29
#define EROFS		30
#define EMLINK		31
#define EPIPE		32
#define EDOM		33
#define ERANGE		34
#define EDEADLK		35
#define ENAMETOOLONG	36
#define ENOLCK		37
#define ENOSYS		38
#define ENOTEMPTY	39
#define ELOOP		40
#define EWOULDBLOCK	EAGAIN
#define ENOMSG		42
#define EIDRM		43
#define ECHRNG		44
#define EL2NSYNC	45
#define EL3HLT		46
#define EL3RST		47
#define ELNRNG		48
#define EUNATCH		49
#define ENOCSI		50
#define EL2HLT		51
#define EBADE		52
#define EBADR		53
#define EXFULL		54
#define ENOANO		55
#define EBADRQC		56
#define EBADSLT		57
#define EDEADLOCK	EDEADLK
#define EBFONT		59
#define ENOSTR		60
#define ENODATA		61
#define ETIME		62
#define ENOSR		63
#define ENONET		64
#define ENOPKG		65
#define EREMOTE		66
#define ENOLINK		67
#define EADV		68
#define ESRMNT		69
#define ECOMM		70
#define EPROTO		71
#define EMULTIHOP	72
#define EDOTDOT		73
#define EBADMSG		74
#define EOVERFLOW	75
#define ENOTUNIQ	76
#define EBADFD		77
#define EREMCHG		78
#define ELIBACC		79
#define ELIBBAD		80
#define ELIBSCN		81
#define ELIBMAX		82
#define ELIBEXEC	83
#define EILSEQ		84
#define ERESTART	85
#define ESTRPIPE	86
#define EUSERS		87
#define ENOTSOCK	88
#define EDESTADDRREQ	89
#define EMSGSIZE	90
#define EPROTOTYPE	91
#define ENOPROTOOPT	92
#define EPROTONOSUPPORT	93
#define ESOCKTNOSUPPORT	94
#define EOPNOTSUPP	95
#define ENOTSUP		EOPNOTSUPP
#define EPFNOSUPPORT	96
#define EAFNOSUPPORT	97
#define EADDRINUSE	98
#define EADDRNOTAVAIL	99
#define ENETDOWN	100
#define ENETUNREACH	101
#define ENETRESET	102
#define ECONNABORTED	103
#define ECONNRESET	104
#define ENOBUFS		105
#define EISCONN		106
#define ENOTCONN	107
#define ESHUTDOWN	108
#define ETOOMANYREFS	109
#define ETIMEDOUT	110
#define ECONNREFUSED	111
#define EHOSTDOWN	112
#define EHOSTUNREACH	113
#define EALREADY	114
#define EINPROGRESS	115
#define ESTALE		116
#define EUCLEAN		117
#define ENOTNAM		118
#define ENAVAIL		119
#define EISNAM		120
#define EREMOTEIO	121
#define EDQUOT		122
#define ENOMEDIUM	123
#define EMEDIUMTYPE	124
#define ECANCELED	125
#define ENOKEY		126
#define EKEYEXPIRED	127
#define EKEYREVOKED	128
#define EKEYREJECTED	129
#define EOWNERDEAD	130
#define ENOTRECOVERABLE	131
#define ERFKILL		132
#define EHWPOISON	133

/* Never seen by a program: how a handler tells the signal code what to do with an interruption. */
#define ERESTARTSYS		512	/* restart if SA_RESTART or no handler, else EINTR */
#define ERESTARTNOINTR		513	/* restart always */
#define ERESTARTNOHAND		514	/* restart if no handler, else EINTR */
#define ENOIOCTLCMD		515	/* becomes ENOTTY */
#define ERESTART_RESTARTBLOCK	516	/* restart through restart_syscall if no handler, else EINTR */

/* ------------------------------------------------------------------ signals */

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
/* The kernel's first and last real-time signal; libc may keep the first few for itself. */
#define K_SIGRTMIN	32
#define K_NSIG		64
/* Bytes of the sigset_t that system calls take as sigsetsize. */
#define K_SIGSET_SIZE	8

#define SIG_BLOCK	0
#define SIG_UNBLOCK	1
#define SIG_SETMASK	2

#define K_SIG_DFL	0UL
#define K_SIG_IGN	1UL

#define SA_NOCLDSTOP	0x00000001
#define SA_NOCLDWAIT	0x00000002
#define SA_SIGINFO	0x00000004
#define SA_UNSUPPORTED	0x00000400
#define SA_EXPOSE_TAGBITS	0x00000800
#define SA_IMMUTABLE	0x00800000	/* the kernel's own: neither a program nor a tracer changes it any more */
#define SA_RESTORER	0x04000000
#define SA_ONSTACK	0x08000000
#define SA_RESTART	0x10000000
#define SA_NODEFER	0x40000000
#define SA_RESETHAND	0x80000000

#define SS_ONSTACK	1
#define SS_DISABLE	2
#define SS_AUTODISARM	(1U << 31)
#define MINSIGSTKSZ	2048
#define SIGSTKSZ	8192

/* si_code: who sent it (any signal) ... */
#define SI_USER		0
#define SI_KERNEL	0x80
#define SI_QUEUE	(-1)
#define SI_TIMER	(-2)
#define SI_MESGQ	(-3)
#define SI_ASYNCIO	(-4)
#define SI_SIGIO	(-5)
#define POLL_IN		1
#define POLL_OUT	2
#define POLL_MSG	3
#define POLL_HUP	6
#define SI_TKILL	(-6)
#define SI_DETHREAD	(-7)
#define SI_ASYNCNL	(-60)
/* ... or what happened (one list a signal). */
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
#define SEGV_BNDERR	3
#define SEGV_PKUERR	4
#define BUS_ADRALN	1
#define BUS_ADRERR	2
#define BUS_OBJERR	3
#define BUS_MCEERR_AR	4
#define BUS_MCEERR_AO	5
#define SYS_SECCOMP	1
#define SYS_USER_DISPATCH	2
#define TRAP_BRKPT	1
#define TRAP_TRACE	2
#define TRAP_BRANCH	3
#define TRAP_HWBKPT	4
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

/* Magic numbers around the extended part of the FPU state in a signal frame. */
#define FP_XSTATE_MAGIC1	0x46505853U
#define FP_XSTATE_MAGIC2	0x46505845U
#define FP_XSTATE_MAGIC2_SIZE	4

/* uc_flags */
#define UC_FP_XSTATE		0x1
#define UC_SIGCONTEXT_SS	0x2
#define UC_STRICT_RESTORE_SS	0x4

#ifndef __ASSEMBLER__

/* What rt_sigaction reads and writes: note the order, libc's struct sigaction differs. */
struct k_sigaction {
	uint64_t handler;		/* SIG_DFL, SIG_IGN or a user address */
	uint64_t flags;			/* SA_* */
	uint64_t restorer;		/* user address that calls rt_sigreturn */
	uint64_t mask;			/* bit n-1: signal n blocked in the handler */
};

union k_sigval {
	int32_t sival_int;
	uint64_t sival_ptr;
};

struct k_siginfo {
	int32_t si_signo;
	int32_t si_errno;
	int32_t si_code;
	int32_t pad0;
	union {
		int32_t pad[28];
		struct {		/* SI_USER, SI_TKILL, SI_QUEUE */
			int32_t si_pid;
			uint32_t si_uid;
			union k_sigval si_value;
		} rt;
		struct {		/* SI_TIMER */
			int32_t si_timerid;
			int32_t si_overrun;
			union k_sigval si_value;
			int32_t si_sys_private;
		} timer;
		struct {		/* SIGCHLD */
			int32_t si_pid;
			uint32_t si_uid;
			int32_t si_status;
			int64_t si_utime;	/* clock ticks, 100 a second */
			int64_t si_stime;
		} chld;
		struct {		/* SIGSEGV SIGBUS SIGILL SIGFPE SIGTRAP */
			uint64_t si_addr;
			int16_t si_addr_lsb;
		} fault;
		struct {		/* SIGIO */
			int64_t si_band;
			int32_t si_fd;
		} poll;
		struct {		/* SIGSYS */
			uint64_t si_call_addr;
			int32_t si_syscall;
			uint32_t si_arch;
		} sys;
	} u;
};
_Static_assert(sizeof(struct k_siginfo) == 128, "siginfo_t is 128 bytes");

struct k_signalfd_siginfo {
	uint32_t ssi_signo;
	int32_t ssi_errno, ssi_code;
	uint32_t ssi_pid, ssi_uid;
	int32_t ssi_fd;
	uint32_t ssi_tid, ssi_band, ssi_overrun, ssi_trapno;
	int32_t ssi_status, ssi_int;
	uint64_t ssi_ptr, ssi_utime, ssi_stime, ssi_addr;
	uint16_t ssi_addr_lsb, pad0;
	int32_t ssi_syscall;
	uint64_t ssi_call_addr;
	uint32_t ssi_arch;
	uint8_t pad1[28];
};
_Static_assert(sizeof(struct k_signalfd_siginfo) == 128, "signalfd_siginfo is 128 bytes");

struct k_stack {
	uint64_t ss_sp;
	int32_t ss_flags;
	int32_t pad0;
	uint64_t ss_size;
};

/* fxsave image, with the area the CPU leaves alone used to describe what follows it. */
struct k_fpx_sw_bytes {
	uint32_t magic1;		/* FP_XSTATE_MAGIC1 if an xsave area follows */
	uint32_t extended_size;		/* bytes of everything incl. FP_XSTATE_MAGIC2 at the end */
	uint64_t xfeatures;
	uint32_t xstate_size;
	uint32_t padding[7];
};

struct k_fpstate {
	uint16_t cwd;
	uint16_t swd;
	uint16_t twd;
	uint16_t fop;
	uint64_t rip;
	uint64_t rdp;
	uint32_t mxcsr;
	uint32_t mxcsr_mask;
	uint32_t st_space[32];
	uint32_t xmm_space[64];
	uint32_t reserved2[12];
	struct k_fpx_sw_bytes sw_reserved;
};
_Static_assert(sizeof(struct k_fpstate) == 512, "fxsave area is 512 bytes");

struct k_sigcontext {
	uint64_t r8;
	uint64_t r9;
	uint64_t r10;
	uint64_t r11;
	uint64_t r12;
	uint64_t r13;
	uint64_t r14;
	uint64_t r15;
	uint64_t rdi;
	uint64_t rsi;
	uint64_t rbp;
	uint64_t rbx;
	uint64_t rdx;
	uint64_t rax;
	uint64_t rcx;
	uint64_t rsp;
	uint64_t rip;
	uint64_t eflags;
	uint16_t cs;
	uint16_t gs;
	uint16_t fs;
	uint16_t ss;
	uint64_t err;
	uint64_t trapno;
	uint64_t oldmask;
	uint64_t cr2;
	uint64_t fpstate;		/* user address of struct k_fpstate, 0: none */
	uint64_t reserved1[8];
};
_Static_assert(sizeof(struct k_sigcontext) == 256, "sigcontext is 256 bytes");

struct k_ucontext {
	uint64_t uc_flags;
	uint64_t uc_link;
	struct k_stack uc_stack;
	struct k_sigcontext uc_mcontext;
	uint64_t uc_sigmask;		/* last: Linux leaves room to grow it */
};

/* What lies on the user's stack when a handler starts: rsp points at it, rsi and rdx into it. */
struct k_rt_sigframe {
	uint64_t pretcode;		/* return address: the restorer */
	struct k_ucontext uc;
	struct k_siginfo info;
	/* the FPU state lies above, 64-byte aligned, at uc.uc_mcontext.fpstate */
};

struct k_sigevent {
	union k_sigval sigev_value;
	int32_t sigev_signo;
	int32_t sigev_notify;		/* SIGEV_* */
	int32_t sigev_tid;		/* SIGEV_THREAD_ID */
	int32_t pad[11];
};
_Static_assert(sizeof(struct k_sigevent) == 64, "sigevent is 64 bytes");

/* pselect6 passes the mask and its size through one pointer. */
struct k_sigset_arg {
	uint64_t mask_ptr;
	uint64_t size;
};

#endif /* __ASSEMBLER__ */

/* ------------------------------------------------------------------ clone, wait, prctl */

#define CSIGNAL			0x000000ff
#define CLONE_NEWTIME		0x00000080
#define CLONE_VM		0x00000100
#define CLONE_FS		0x00000200
#define CLONE_FILES		0x00000400
#define CLONE_SIGHAND		0x00000800
#define CLONE_PIDFD		0x00001000
#define CLONE_PTRACE		0x00002000
#define CLONE_VFORK		0x00004000
#define CLONE_PARENT		0x00008000
#define CLONE_THREAD		0x00010000
#define CLONE_NEWNS		0x00020000
#define CLONE_SYSVSEM		0x00040000
#define CLONE_SETTLS		0x00080000
#define CLONE_PARENT_SETTID	0x00100000
#define CLONE_CHILD_CLEARTID	0x00200000
#define CLONE_DETACHED		0x00400000
#define CLONE_UNTRACED		0x00800000
#define CLONE_CHILD_SETTID	0x01000000
#define CLONE_NEWCGROUP		0x02000000
#define CLONE_NEWUTS		0x04000000
#define CLONE_NEWIPC		0x08000000
#define CLONE_NEWUSER		0x10000000
#define CLONE_NEWPID		0x20000000
#define CLONE_NEWNET		0x40000000
#define CLONE_IO		0x80000000
#define CLONE_NEWANY		(CLONE_NEWTIME | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
				 CLONE_NEWPID | CLONE_NEWNET)
/* clone3 only */
#define CLONE_CLEAR_SIGHAND	0x100000000ULL
#define CLONE_INTO_CGROUP	0x200000000ULL
#define CLONE_ARGS_SIZE_VER0	64
#define CLONE_ARGS_SIZE_VER1	80
#define CLONE_ARGS_SIZE_VER2	88

#define WNOHANG		1
#define WUNTRACED	2
#define WSTOPPED	2
#define WEXITED		4
#define WCONTINUED	8
#define WNOWAIT		0x01000000
#define __WNOTHREAD	0x20000000
#define __WALL		0x40000000
#define __WCLONE	0x80000000
/* waitid's idtype */
#define P_ALL		0
#define P_PID		1
#define P_PGID		2
#define P_PIDFD		3
#define PIDFD_NONBLOCK	04000

/* kcmp */
#define KCMP_FILE	0
#define KCMP_VM		1
#define KCMP_FILES	2
#define KCMP_FS		3
#define KCMP_SIGHAND	4
#define KCMP_IO		5
#define KCMP_SYSVSEM	6
#define KCMP_EPOLL_TFD	7
struct k_kcmp_epoll_slot {
	uint32_t efd, tfd, toff;
};

/* --- credentials --- */

#define NGROUPS_MAX	65536

#define CAP_CHOWN		0
#define CAP_DAC_OVERRIDE	1
#define CAP_DAC_READ_SEARCH	2
#define CAP_FOWNER		3
#define CAP_FSETID		4
#define CAP_KILL		5
#define CAP_SETGID		6
#define CAP_SETUID		7
#define CAP_SETPCAP		8
#define CAP_LINUX_IMMUTABLE	9
#define CAP_NET_BIND_SERVICE	10
#define CAP_NET_ADMIN		12
#define CAP_NET_RAW		13
#define CAP_IPC_LOCK		14
#define CAP_IPC_OWNER		15
#define CAP_SYS_RAWIO		17
#define CAP_SYS_CHROOT		18
#define CAP_SYS_PTRACE		19
#define CAP_SYS_PACCT		20
#define CAP_SYS_ADMIN		21
#define CAP_SYS_BOOT		22
#define CAP_SYS_NICE		23
#define CAP_SYS_RESOURCE	24
#define CAP_SYS_TIME		25
#define CAP_SYS_TTY_CONFIG	26
#define CAP_MKNOD		27
#define CAP_LEASE		28
#define CAP_SETFCAP		31
#define CAP_MAC_OVERRIDE	32
#define CAP_SYSLOG		34
#define CAP_WAKE_ALARM		35
#define CAP_BLOCK_SUSPEND	36
#define CAP_PERFMON		38
#define CAP_CHECKPOINT_RESTORE	40
#define CAP_LAST_CAP		40

#define _LINUX_CAPABILITY_VERSION_1	0x19980330
#define _LINUX_CAPABILITY_VERSION_2	0x20071026
#define _LINUX_CAPABILITY_VERSION_3	0x20080522
#define SECBIT_NOROOT			0x01
#define SECBIT_NO_SETUID_FIXUP		0x04
#define SECBIT_KEEP_CAPS		0x10
#define SECBIT_KEEP_CAPS_LOCKED		0x20
#define SECBIT_NO_CAP_AMBIENT_RAISE	0x40
#define SECURE_ALL_BITS			0x55
#define SECURE_ALL_LOCKS		0xaa

#include "kernel/uapi/prctl.h"

#define ARCH_SET_GS		0x1001
#define ARCH_SET_FS		0x1002
#define ARCH_GET_FS		0x1003
#define ARCH_GET_GS		0x1004
#define ARCH_GET_CPUID		0x1011
#define ARCH_SET_CPUID		0x1012
#define ARCH_GET_CPUID		0x1011
#define ARCH_SET_CPUID		0x1012

#define SCHED_OTHER		0
#define SCHED_FIFO		1
#define SCHED_RR		2
#define SCHED_BATCH		3
#define SCHED_IDLE		5
#define SCHED_DEADLINE		6
#define SCHED_RESET_ON_FORK	0x40000000
#define MAX_RT_PRIO		99
#define SCHED_FLAG_RESET_ON_FORK	0x01
#define SCHED_FLAG_KEEP_POLICY		0x08
#define SCHED_FLAG_KEEP_PARAMS		0x10
#define SCHED_FLAG_UTIL_CLAMP		0x60
#define SCHED_FLAG_ALL			0x7f

#define SCHED_ATTR_SIZE_VER0	48
struct k_sched_attr {
	uint32_t size;
	uint32_t sched_policy;
	uint64_t sched_flags;
	int32_t sched_nice;		/* SCHED_OTHER, SCHED_BATCH */
	uint32_t sched_priority;	/* SCHED_FIFO, SCHED_RR */
	uint64_t sched_runtime;		/* SCHED_DEADLINE */
	uint64_t sched_deadline;
	uint64_t sched_period;
	uint32_t sched_util_min;
	uint32_t sched_util_max;
};
_Static_assert(sizeof(struct k_sched_attr) == 56, "sched_attr is 56 bytes");

#define PRIO_PROCESS		0
#define PRIO_PGRP		1
#define PRIO_USER		2

#define RUSAGE_SELF		0
#define RUSAGE_CHILDREN		(-1)
#define RUSAGE_THREAD		1

#define MEMBARRIER_CMD_QUERY	0
#define MEMBARRIER_CMD_GLOBAL	1
#define MEMBARRIER_CMD_GLOBAL_EXPEDITED			(1 << 1)
#define MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED	(1 << 2)
/* The registration of each of these is the next bit. */
#define MEMBARRIER_CMD_PRIVATE_EXPEDITED		(1 << 3)
#define MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE	(1 << 5)
#define MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ		(1 << 7)
#define MEMBARRIER_CMD_FLAG_CPU				1u

#define RSEQ_FLAG_UNREGISTER		1
#define RSEQ_CPU_ID_UNINITIALIZED	(~0u)

#ifndef __ASSEMBLER__

struct k_rseq {
	uint32_t cpu_id_start;		/* always a valid number */
	uint32_t cpu_id;		/* ~0: not registered */
	uint64_t rseq_cs;		/* of struct k_rseq_cs, or 0 */
	uint32_t flags;
	uint32_t pad[3];
};
_Static_assert(sizeof(struct k_rseq) == 32, "rseq is 32 bytes");

struct k_rseq_cs {
	uint32_t version;		/* 0 */
	uint32_t flags;
	uint64_t start_ip;
	uint64_t post_commit_offset;	/* the sequence's length */
	uint64_t abort_ip;
};

#endif /* __ASSEMBLER__ */

/* comm, the name of a task, with its final zero */
#define TASK_COMM_LEN		16

/* ------------------------------------------------------------------ ptrace */

#include "kernel/uapi/ptrace.h"

/* GETREGSET, SETREGSET */
#define NT_PRSTATUS		1
#define NT_FPREGSET		2
#define NT_386_IOPERM		0x201
#define NT_X86_XSTATE		0x202
/* and what else is in a core file */
#define NT_PRPSINFO		3
#define NT_AUXV			6
#define NT_FILE			0x46494c45	/* "FILE" */
#define NT_SIGINFO		0x53494749	/* "SIGI" */

#ifndef __ASSEMBLER__

struct k_user_regs {			/* user_regs_struct */
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t orig_rax;
	uint64_t rip, cs, eflags, rsp, ss;
	uint64_t fs_base, gs_base;
	uint64_t ds, es, fs, gs;
};
_Static_assert(sizeof(struct k_user_regs) == 27 * 8, "user_regs_struct is 27 words");
#define K_USER_SIZE		928	/* struct user, which PEEKUSER addresses */
#define K_USER_DEBUGREG		848	/* its debug registers, eight */

struct k_user_desc {
	uint32_t entry_number, base_addr, limit;
	uint32_t flags;			/* bits: seg_32bit, two of contents, read_exec_only, limit_in_pages, seg_not_present, useable, lm */
};

struct k_ptrace_rseq_configuration {
	uint64_t rseq_abi_pointer;	/* 0: none */
	uint32_t rseq_abi_size;
	uint32_t signature;
	uint32_t flags;
	uint32_t pad;
};

/* PR_SET_MM_MAP */
struct k_prctl_mm_map {
	uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
	uint64_t arg_start, arg_end, env_start, env_end;
	uint64_t auxv;
	uint32_t auxv_size;		/* bytes, 0: it stays */
	uint32_t exe_fd;		/* ~0: it stays */
};

struct k_ptrace_peeksiginfo_args {
	uint64_t off;			/* from which entry of the queue on */
	uint32_t flags;			/* PTRACE_PEEKSIGINFO_SHARED */
	int32_t nr;
};

struct k_ptrace_syscall_info {
	uint8_t op;			/* PTRACE_SYSCALL_INFO_* */
	uint8_t pad[3];
	uint32_t arch;			/* AUDIT_ARCH_X86_64 */
	uint64_t instruction_pointer, stack_pointer;
	union {
		struct {
			uint64_t nr, args[6];
		} entry;
		struct {
			int64_t rval;
			uint8_t is_error;
		} exit;
		struct {		/* as entry, and the filter's data */
			uint64_t nr, args[6];
			uint32_t ret_data;
		} seccomp;
	};
};
#define AUDIT_ARCH_X86_64	0xc000003e

#endif /* __ASSEMBLER__ */

#ifndef __ASSEMBLER__

struct k_clone_args {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;			/* lowest byte */
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};
_Static_assert(sizeof(struct k_clone_args) == CLONE_ARGS_SIZE_VER2, "clone_args is 88 bytes");

#endif /* __ASSEMBLER__ */

/* ------------------------------------------------------------------ time */

#define CLOCK_REALTIME			0
#define CLOCK_MONOTONIC			1
#define CLOCK_PROCESS_CPUTIME_ID	2
#define CLOCK_THREAD_CPUTIME_ID		3
#define CLOCK_MONOTONIC_RAW		4
#define CLOCK_REALTIME_COARSE		5
#define CLOCK_MONOTONIC_COARSE		6
#define CLOCK_BOOTTIME			7
#define CLOCK_REALTIME_ALARM		8
#define CLOCK_BOOTTIME_ALARM		9
#define CLOCK_TAI			11
#define TIMER_ABSTIME			1
/*
 * A negative clock: ~pid << 3, and of the low bits two for what it counts, one for a thread's own.
 */
#define CPUCLOCK_PROF			0
#define CPUCLOCK_VIRT			1
#define CPUCLOCK_SCHED			2
#define CPUCLOCK_MAX			3
#define CPUCLOCK_CLOCK_MASK		3
#define CPUCLOCK_PERTHREAD_MASK		4

#define ITIMER_REAL		0
#define ITIMER_VIRTUAL		1
#define ITIMER_PROF		2

/* clock ticks a second in times(2), /proc/PID/stat and siginfo */
#define K_USER_HZ		100

#ifndef __ASSEMBLER__

struct k_timespec {
	int64_t tv_sec;
	int64_t tv_nsec;
};

struct k_timeval {
	int64_t tv_sec;
	int64_t tv_usec;
};

struct k_timezone {
	int32_t tz_minuteswest;
	int32_t tz_dsttime;
};

struct k_itimerval {
	struct k_timeval it_interval;
	struct k_timeval it_value;
};

struct k_itimerspec {
	struct k_timespec it_interval;
	struct k_timespec it_value;
};

#define ADJ_OFFSET		0x0001
#define ADJ_FREQUENCY		0x0002
#define ADJ_MAXERROR		0x0004
#define ADJ_ESTERROR		0x0008
#define ADJ_STATUS		0x0010
#define ADJ_TIMECONST		0x0020
#define ADJ_TAI			0x0080
#define ADJ_SETOFFSET		0x0100
#define ADJ_MICRO		0x1000
#define ADJ_NANO		0x2000
#define ADJ_TICK		0x4000
#define ADJ_ADJTIME		0x8000		/* and with it these two mean: */
#define ADJ_OFFSET_SINGLESHOT	0x0001
#define ADJ_OFFSET_READONLY	0x2000
#define STA_PLL			0x0001
#define STA_FLL			0x0008
#define STA_INS			0x0010
#define STA_DEL			0x0020
#define STA_UNSYNC		0x0040
#define STA_FREQHOLD		0x0080
#define STA_CLOCKERR		0x1000
#define STA_NANO		0x2000
#define STA_MODE		0x4000
#define STA_RONLY		0xff00
#define TIME_OK			0
#define TIME_INS		1
#define TIME_DEL		2
#define TIME_OOP		3
#define TIME_WAIT		4
#define TIME_ERROR		5
#define NTP_PHASE_LIMIT		16000000	/* us */
struct k_timex {
	uint32_t modes;
	int32_t pad0;
	int64_t offset, freq, maxerror, esterror;
	int32_t status;
	int32_t pad1;
	int64_t constant, precision, tolerance;
	struct k_timeval time;
	int64_t tick, ppsfreq, jitter;
	int32_t shift;
	int32_t pad2;
	int64_t stabil, jitcnt, calcnt, errcnt, stbcnt;
	int32_t tai;
	int32_t pad3[11];
};
_Static_assert(sizeof(struct k_timex) == 208, "timex is 208 bytes");

struct k_tms {
	int64_t tms_utime;
	int64_t tms_stime;
	int64_t tms_cutime;
	int64_t tms_cstime;
};

struct k_rusage {
	struct k_timeval ru_utime;
	struct k_timeval ru_stime;
	int64_t ru_maxrss;		/* KiB */
	int64_t ru_ixrss;
	int64_t ru_idrss;
	int64_t ru_isrss;
	int64_t ru_minflt;
	int64_t ru_majflt;
	int64_t ru_nswap;
	int64_t ru_inblock;
	int64_t ru_oublock;
	int64_t ru_msgsnd;
	int64_t ru_msgrcv;
	int64_t ru_nsignals;
	int64_t ru_nvcsw;
	int64_t ru_nivcsw;
};
_Static_assert(sizeof(struct k_rusage) == 144, "rusage is 144 bytes");

#endif /* __ASSEMBLER__ */

/* ------------------------------------------------------------------ futex */

#include "kernel/uapi/futex.h"
/* futex_waitv: how many words at most, and a word's flag that says 32 bits */
#define FUTEX_WAITV_MAX		128
#define FUTEX_32		2
/* how many robust mutexes a dying thread's list is followed for */
#define ROBUST_LIST_LIMIT	2048

#ifndef __ASSEMBLER__

struct k_futex_waitv {
	uint64_t val;
	uint64_t uaddr;
	uint32_t flags;			/* FUTEX_32, FUTEX_PRIVATE_FLAG */
	uint32_t reserved;
};

struct k_robust_list {
	uint64_t next;			/* user address of the next; bit 0: a PI futex */
};

struct k_robust_list_head {
	struct k_robust_list list;	/* circular, ends at the head's own address */
	int64_t futex_offset;		/* from a list entry to its futex word */
	uint64_t list_op_pending;	/* entry being locked or unlocked right now, or 0 */
};

#endif /* __ASSEMBLER__ */

/* ------------------------------------------------------------------ files */

#define O_RDONLY	0
#define O_WRONLY	1
#define O_RDWR		2
#define O_ACCMODE	3
#define O_CREAT		0100
#define O_EXCL		0200
#define O_NOTIFICATION_PIPE O_EXCL
#define O_NOCTTY	0400
#define O_TRUNC		01000
#define O_APPEND	02000
#define O_NONBLOCK	04000
#define O_DSYNC		010000
#define O_ASYNC		020000
#define O_DIRECT	040000
#define O_LARGEFILE	0100000
#define O_DIRECTORY	0200000
#define O_NOFOLLOW	0400000
#define __FMODE_EXEC	040		/* inside the kernel: opened to be run */
#define O_NOATIME	01000000
#define O_CLOEXEC	02000000
#define O_SYNC		04010000
#define O_PATH		010000000
#define O_TMPFILE	020200000
#define O_NDELAY	O_NONBLOCK
#define VALID_OPEN_FLAGS 037777703u	/* all of the above but __FMODE_EXEC; open strips the others */

#define F_DUPFD		0
#define F_GETFD		1
#define F_SETFD		2
#define F_GETFL		3
#define F_SETFL		4
#define F_GETLK		5
#define F_SETLK		6
#define F_SETLKW	7
#define F_SETLEASE	1024
#define F_GETLEASE	1025
#define F_NOTIFY	1026
#define DN_ACCESS	0x01u
#define DN_MODIFY	0x02u
#define DN_CREATE	0x04u
#define DN_DELETE	0x08u
#define DN_RENAME	0x10u
#define DN_ATTRIB	0x20u
#define DN_MULTISHOT	0x80000000u
#define F_OFD_GETLK	36
#define F_OFD_SETLK	37
#define F_OFD_SETLKW	38
#define F_SETOWN	8
#define F_GETOWN	9
#define F_SETSIG	10
#define F_GETSIG	11
#define F_SETOWN_EX	15
#define F_GETOWN_EX	16
#define F_GETOWNER_UIDS	17
#define F_OWNER_TID	0
#define F_OWNER_PID	1
#define F_OWNER_PGRP	2
#define F_DUPFD_CLOEXEC	1030
#define F_SETPIPE_SZ	1031
#define F_GETPIPE_SZ	1032
#define F_ADD_SEALS	1033
#define F_GET_SEALS	1034
#define F_GET_RW_HINT	1035
#define F_SET_RW_HINT	1036
#define RWH_WRITE_LIFE_EXTREME	5u
#define F_RDLCK		0
#define F_WRLCK		1
#define F_UNLCK		2
#define FD_CLOEXEC	1

#define AT_FDCWD		(-100)
#define AT_SYMLINK_NOFOLLOW	0x100
#define AT_EACCESS		0x200
#define AT_REMOVEDIR		0x200
#define AT_SYMLINK_FOLLOW	0x400
#define AT_NO_AUTOMOUNT		0x800
#define AT_EMPTY_PATH		0x1000
#define RENAME_NOREPLACE	1
#define RENAME_EXCHANGE		2
#define UTIME_NOW		((1L << 30) - 1L)
#define UTIME_OMIT		((1L << 30) - 2L)

#define S_IFMT		0170000
#define S_IFSOCK	0140000
#define S_IFLNK		0120000
#define S_IFREG		0100000
#define S_IFBLK		0060000
#define S_IFDIR		0040000
#define S_IFCHR		0020000
#define S_IFIFO		0010000
#define S_ISUID		0004000
#define S_ISGID		0002000
#define S_ISVTX		0001000
#define S_IRWXU		0000700
#define S_IRUSR		0000400
#define S_IWUSR		0000200
#define S_IXUSR		0000100
#define S_IRWXG		0000070
#define S_IRGRP		0000040
#define S_IWGRP		0000020
#define S_IXGRP		0000010
#define S_IRWXO		0000007
#define S_IROTH		0000004
#define S_IWOTH		0000002
#define S_IXOTH		0000001

#define DT_UNKNOWN	0
#define DT_FIFO		1
#define DT_CHR		2
#define DT_DIR		4
#define DT_BLK		6
#define DT_REG		8
#define DT_LNK		10
#define DT_SOCK		12

#define SEEK_SET	0
#define SEEK_CUR	1
#define SEEK_END	2
#define SEEK_DATA	3
#define SEEK_HOLE	4

#define F_OK		0
#define X_OK		1
#define W_OK		2
#define R_OK		4

#define MS_RDONLY	1
#define MS_NOSUID	2
#define MS_NODEV	4
#define MS_NOEXEC	8
#define MS_REMOUNT	32
#define MS_BIND		4096
#define MS_MOVE		8192
#define MS_REC		16384
#define MS_SILENT	32768
#define MS_UNBINDABLE	(1 << 17)
#define MS_PRIVATE	(1 << 18)
#define MS_SLAVE	(1 << 19)
#define MS_SHARED	(1 << 20)
#define MS_NOUSER	(~0ull << 31)		/* a negative int on Linux: all above it, too */
#define MNT_FORCE	1
#define MNT_DETACH	2
#define MNT_EXPIRE	4
#define UMOUNT_NOFOLLOW	8

#define TMPFS_MAGIC	0x01021994
#define MQUEUE_MAGIC	0x19800202
#define PROC_SUPER_MAGIC	0x9fa0
#define SYSFS_MAGIC	0x62656572
#define DEVPTS_SUPER_MAGIC	0x1cd1
#define DEBUGFS_MAGIC	0x64626720
#define CGROUP_SUPER_MAGIC	0x27e0eb
#define CGROUP2_SUPER_MAGIC	0x63677270
#define PIPEFS_MAGIC	0x50495045
#define NSFS_MAGIC	0x6e736673
#define NS_GET_USERNS		0xb701
#define NS_GET_PARENT		0xb702
#define NS_GET_NSTYPE		0xb703
#define NS_GET_OWNER_UID	0xb704

#define POLLIN		0x001
#define POLLPRI		0x002
#define POLLOUT		0x004
#define POLLERR		0x008
#define POLLHUP		0x010
#define POLLNVAL	0x020
#define POLLRDNORM	0x040
#define POLLRDBAND	0x080
#define POLLWRNORM	0x100
#define POLLWRBAND	0x200
#define POLLMSG		0x400
#define POLLRDHUP	0x2000

#define LOCK_SH		1
#define LOCK_EX		2
#define LOCK_NB		4
#define LOCK_UN		8

#define FALLOC_FL_KEEP_SIZE	1
#define FALLOC_FL_PUNCH_HOLE	2
#define FALLOC_FL_KNOWN		0x7b	/* with COLLAPSE_RANGE, ZERO_RANGE, INSERT_RANGE and UNSHARE_RANGE, which no file here can */

#define EPOLL_CTL_ADD	1
#define EPOLL_CTL_DEL	2
#define EPOLL_CTL_MOD	3
#define EPOLL_CLOEXEC	O_CLOEXEC
#define EPOLLEXCLUSIVE	(1U << 28)
#define EPOLLWAKEUP	(1U << 29)
#define EPOLLONESHOT	(1U << 30)
#define EPOLLET		(1U << 31)

#define SFD_NONBLOCK	O_NONBLOCK
#define SFD_CLOEXEC	O_CLOEXEC
#define EFD_SEMAPHORE	1
#define EFD_NONBLOCK	O_NONBLOCK
#define EFD_CLOEXEC	O_CLOEXEC
#define TFD_NONBLOCK	O_NONBLOCK
#define TFD_CLOEXEC	O_CLOEXEC
#define TFD_TIMER_ABSTIME	1
#define TFD_TIMER_CANCEL_ON_SET	2
#define SFD_NONBLOCK	O_NONBLOCK
#define SFD_CLOEXEC	O_CLOEXEC
#define MFD_CLOEXEC	1U
#define MFD_ALLOW_SEALING	2U
#define MFD_HUGETLB	4U
#define MFD_HUGE_SHIFT	26
#define MFD_HUGE_MASK	0x3fU
#define F_SEAL_SEAL		0x01u
#define F_SEAL_SHRINK		0x02u
#define F_SEAL_GROW		0x04u
#define F_SEAL_WRITE		0x08u
#define F_SEAL_FUTURE_WRITE	0x10u
#define GRND_NONBLOCK	1
#define GRND_RANDOM	2
#define GRND_INSECURE	4
#define CLOSE_RANGE_UNSHARE	2U
#define AF_UNSPEC	0
#define AF_UNIX		1
#define AF_INET		2
#define AF_MAX		46
#define SOCK_STREAM	1
#define SOCK_DGRAM	2
#define SOCK_RAW	3
#define SOCK_SEQPACKET	5
#define SOCK_MAX	11
#define SOCK_TYPE_MASK	0xf
#define SOCK_CLOEXEC	O_CLOEXEC
#define SOCK_NONBLOCK	O_NONBLOCK
#define SHUT_RD		0
#define SHUT_RDWR	2
#define SOL_SOCKET	1
#define SCM_RIGHTS	1
#define SCM_CREDENTIALS	2
#define SO_REUSEADDR	2
#define SO_TYPE		3
#define SO_ERROR	4
#define SO_BROADCAST	6
#define SO_SNDBUF	7
#define SO_RCVBUF	8
#define SO_KEEPALIVE	9
#define SO_PRIORITY	12
#define SO_LINGER	13
#define SO_REUSEPORT	15
#define SO_PASSCRED	16
#define SO_PEERCRED	17
#define SO_RCVTIMEO	20
#define SO_SNDTIMEO	21
#define SO_ACCEPTCONN	30
#define SO_PROTOCOL	38
#define SO_DOMAIN	39
#define IPPROTO_IP	0
#define IPPROTO_TCP	6
#define IPPROTO_UDP	17
#define IPPROTO_MAX	263
#define TCP_NODELAY	1
#define TCP_KEEPIDLE	4
#define TCP_KEEPINTVL	5
#define TCP_KEEPCNT	6
#define TCP_SYNCNT	7
#define TCP_USER_TIMEOUT	18
#define IP_TOS		1
#define IP_TTL		2
#define FIOSETOWN	0x8901
#define SIOCSPGRP	0x8902
#define FIOGETOWN	0x8903
#define SIOCGPGRP	0x8904
#define SIOCGSKNS	0x894c
#define SIOCOUTQ	0x5411
#define TFD_IOC_SET_TICKS	0x40085400
#define SIOCGIFNAME	0x8910
#define SIOCGIFCONF	0x8912
#define SIOCGIFFLAGS	0x8913
#define SIOCSIFFLAGS	0x8914
#define SIOCGIFADDR	0x8915
#define SIOCGIFDSTADDR	0x8917
#define SIOCGIFBRDADDR	0x8919
#define SIOCGIFMETRIC	0x891d
#define SIOCGIFTXQLEN	0x8942
#define SIOCGIFMAP	0x8970
#define SIOCGIFNETMASK	0x891b
#define SIOCGIFMTU	0x8921
#define SIOCGIFHWADDR	0x8927
#define SIOCGIFINDEX	0x8933
#define IFF_UP		0x0001u
#define IFF_DEBUG	0x0004u
#define IFF_LOOPBACK	0x0008u
#define IFF_NOTRAILERS	0x0020u
#define IFF_RUNNING	0x0040u
#define IFF_NOARP	0x0080u
#define IFF_PROMISC	0x0100u
#define IFF_ALLMULTI	0x0200u
#define IFF_MULTICAST	0x1000u
#define IFF_PORTSEL	0x2000u
#define IFF_AUTOMEDIA	0x4000u
#define IFF_DYNAMIC	0x8000u
#define ARPHRD_LOOPBACK	772
struct k_ifreq {
	char name[16];
	union {
		int16_t flags;
		int32_t nr;		/* index, MTU */
		struct {		/* a struct sockaddr */
			uint16_t family;
			char addr[14];
		};
		char all[24];
	};
};
struct k_linger {
	int32_t on, seconds;
};
struct k_ifconf {
	int32_t len;
	uint32_t unused;
	uint64_t buf;
};
#define MSG_OOB		0x01u
#define MSG_PEEK	0x02u
#define MSG_CTRUNC	0x08u
#define MSG_TRUNC	0x20u
#define MSG_DONTWAIT	0x40u
#define MSG_WAITALL	0x100u
#define MSG_NOSIGNAL	0x4000u
#define MSG_WAITFORONE	0x10000u
#define MSG_CMSG_CLOEXEC	0x40000000u
#define MSG_CMSG_COMPAT	0x80000000u
#define IN_ACCESS		0x00000001u
#define IN_MODIFY		0x00000002u
#define IN_ATTRIB		0x00000004u
#define IN_CLOSE_WRITE		0x00000008u
#define IN_CLOSE_NOWRITE	0x00000010u
#define IN_OPEN			0x00000020u
#define IN_MOVED_FROM		0x00000040u
#define IN_MOVED_TO		0x00000080u
#define IN_CREATE		0x00000100u
#define IN_DELETE		0x00000200u
#define IN_DELETE_SELF		0x00000400u
#define IN_MOVE_SELF		0x00000800u
#define IN_ALL_EVENTS		0x00000fffu
#define IN_UNMOUNT		0x00002000u
#define IN_Q_OVERFLOW		0x00004000u
#define IN_IGNORED		0x00008000u
#define IN_ONLYDIR		0x01000000u
#define IN_DONT_FOLLOW		0x02000000u
#define IN_EXCL_UNLINK		0x04000000u
#define IN_MASK_CREATE		0x10000000u
#define IN_MASK_ADD		0x20000000u
#define IN_ISDIR		0x40000000u
#define IN_ONESHOT		0x80000000u
#define CLOSE_RANGE_CLOEXEC	4U

#define K_PATH_MAX	4096
#define K_NAME_MAX	255
#define K_IOV_MAX	1024
#define K_PIPE_BUF	4096
/* one string of execve's, and the part of the stack limit all of them may take */
#define K_MAX_ARG_STRLEN	131072
#define K_SYMLOOP_MAX	40

#ifndef __ASSEMBLER__

struct k_stat {
	uint64_t st_dev;
	uint64_t st_ino;
	uint64_t st_nlink;
	uint32_t st_mode;
	uint32_t st_uid;
	uint32_t st_gid;
	uint32_t pad0;
	uint64_t st_rdev;
	int64_t st_size;
	int64_t st_blksize;
	int64_t st_blocks;		/* of 512 bytes */
	struct k_timespec st_atim;
	struct k_timespec st_mtim;
	struct k_timespec st_ctim;
	int64_t unused[3];
};
_Static_assert(sizeof(struct k_stat) == 144, "stat is 144 bytes");

struct k_statx_timestamp {
	int64_t tv_sec;
	uint32_t tv_nsec;
	int32_t pad0;
};

struct k_statx {
	uint32_t stx_mask;		/* STATX_* filled in */
	uint32_t stx_blksize;
	uint64_t stx_attributes;
	uint32_t stx_nlink;
	uint32_t stx_uid;
	uint32_t stx_gid;
	uint16_t stx_mode;
	uint16_t pad0;
	uint64_t stx_ino;
	uint64_t stx_size;
	uint64_t stx_blocks;
	uint64_t stx_attributes_mask;
	struct k_statx_timestamp stx_atime;
	struct k_statx_timestamp stx_btime;
	struct k_statx_timestamp stx_ctime;
	struct k_statx_timestamp stx_mtime;
	uint32_t stx_rdev_major;
	uint32_t stx_rdev_minor;
	uint32_t stx_dev_major;
	uint32_t stx_dev_minor;
	uint64_t stx_mnt_id;
	uint32_t stx_dio_mem_align;
	uint32_t stx_dio_offset_align;
	uint64_t spare[12];
};
_Static_assert(sizeof(struct k_statx) == 256, "statx is 256 bytes");

struct k_statfs {
	int64_t f_type;
	int64_t f_bsize;
	uint64_t f_blocks;
	uint64_t f_bfree;
	uint64_t f_bavail;
	uint64_t f_files;
	uint64_t f_ffree;
	int32_t f_fsid[2];
	int64_t f_namelen;
	int64_t f_frsize;
	int64_t f_flags;
	int64_t f_spare[4];
};
_Static_assert(sizeof(struct k_statfs) == 120, "statfs is 120 bytes");

struct linux_dirent64 {
	uint64_t d_ino;
	int64_t d_off;			/* where the next one starts, for lseek */
	uint16_t d_reclen;		/* bytes of this one, a multiple of 8 */
	uint8_t d_type;			/* DT_* */
	char d_name[];
};

struct k_iovec {
	uint64_t iov_base;
	uint64_t iov_len;
};

struct k_f_owner_ex {
	int32_t type;
	int32_t pid;
};

struct k_pollfd {
	int32_t fd;
	int16_t events;
	int16_t revents;
};

/* Packed on x86-64. */
struct k_epoll_event {
	uint32_t events;		/* POLL* and EPOLL* */
	uint32_t data[2];
};
_Static_assert(sizeof(struct k_epoll_event) == 12, "epoll_event is 12 bytes");

struct k_flock {
	int16_t l_type;
	int16_t l_whence;
	int32_t pad0;
	int64_t l_start;
	int64_t l_len;
	int32_t l_pid;
	int32_t pad1;
};

struct k_utimbuf {
	int64_t actime;
	int64_t modtime;
};

struct k_msghdr {
	uint64_t msg_name;
	uint32_t msg_namelen, pad0;
	uint64_t msg_iov;
	uint64_t msg_iovlen;
	uint64_t msg_control;
	uint64_t msg_controllen;
	uint32_t msg_flags, pad1;
};
_Static_assert(sizeof(struct k_msghdr) == 56, "msghdr is 56 bytes");

struct k_ucred {
	int32_t pid;
	uint32_t uid, gid;
};

struct k_cmsghdr {
	uint64_t cmsg_len;		/* with this header */
	int32_t cmsg_level;
	int32_t cmsg_type;
};

struct k_inotify_event {
	int32_t wd;			/* -1: events were lost */
	uint32_t mask;			/* IN_* */
	uint32_t cookie;		/* joins the two halves of a rename */
	uint32_t len;			/* of the name behind, with its padding */
};

/* The 1024 file descriptors select knows. */
struct k_fd_set {
	uint64_t bits[16];
};

#endif /* __ASSEMBLER__ */

/* ------------------------------------------------------------------ terminal */

#define TCGETS		0x5401
#define TCSETS		0x5402
#define TCSETSW		0x5403
#define TCSETSF		0x5404
#define TCGETA		0x5405
#define TCSETA		0x5406
#define TCSETAW		0x5407
#define TCSETAF		0x5408
#define TCSBRK		0x5409
#define TCXONC		0x540a
#define TCFLSH		0x540b
#define TIOCEXCL	0x540c
#define TIOCNXCL	0x540d
#define TIOCSCTTY	0x540e
#define TIOCGPGRP	0x540f
#define TIOCSPGRP	0x5410
#define TIOCOUTQ	0x5411
#define TIOCSTI		0x5412
#define TIOCGWINSZ	0x5413
#define TIOCSWINSZ	0x5414
#define TIOCGSOFTCAR	0x5419
#define TIOCSSOFTCAR	0x541a
#define FIONREAD	0x541b
#define TIOCINQ		FIONREAD
#define FIONBIO		0x5421
#define TIOCNOTTY	0x5422
#define TIOCSBRK	0x5427
#define TIOCCBRK	0x5428
#define TIOCSETD	0x5423
#define TIOCGETD	0x5424
#define N_TTY		0		/* the line discipline of all terminals here */
#define TCSBRKP		0x5425
#define TIOCGEXCL	0x80045440
#define TIOCGSID	0x5429
#define TCGETS2		0x802c542a
#define TCSETS2		0x402c542b
#define TCSETSW2	0x402c542c
#define TCSETSF2	0x402c542d
#define TIOCVHANGUP	0x5437
#define TIOCGPTPEER	0x5441
#define TIOCGDEV	0x80045432
#define TIOCSIG		0x40045436
#define TIOCGPTN	0x80045430
#define TIOCSPTLCK	0x40045431
#define TIOCGPTLCK	0x80045439
#define TIOCPKT		0x5420
#define TIOCGPKT	0x80045438
#define TIOCPKT_FLUSHREAD	0x01u	/* the first byte of a read in packet mode; 0: data follows */
#define TIOCPKT_FLUSHWRITE	0x02u
#define TIOCPKT_STOP	0x04u
#define TIOCPKT_START	0x08u
#define TIOCPKT_NOSTOP	0x10u
#define TIOCPKT_DOSTOP	0x20u
#define TIOCPKT_IOCTL	0x40u
#define TIOCCONS	0x541d
#define FIBMAP		1
#define FIGETBSZ	2
#define FIOQSIZE	0x5460
#define FIFREEZE	0xc0045877
#define FITHAW		0xc0045878
#define FICLONE		0x40049409
#define FICLONERANGE	0x4020940d
#define FIDEDUPERANGE	0xc0189436
#define FS_IOC_FIEMAP	0xc020660b
#define FS_IOC_GETFLAGS	0x80086601
#define FS_IOC_SETFLAGS	0x40086602
#define FS_IMMUTABLE_FL	0x10u
#define FS_APPEND_FL	0x20u
#define FS_NODUMP_FL	0x40u
#define FS_NOATIME_FL	0x80u
#define FIONCLEX	0x5450
#define FIOCLEX		0x5451
#define FIOASYNC	0x5452
#define TIOCGLCKTRMIOS	0x5456
#define TIOCSLCKTRMIOS	0x5457
#define TCIFLUSH	0
#define TCOFLUSH	1
#define TCIOFLUSH	2
#define TCOOFF		0
#define TCOON		1
#define TCION		3

/* block devices */
#define BLKROGET	0x125e
#define BLKGETSIZE	0x1260
#define BLKFLSBUF	0x1261
#define BLKSSZGET	0x1268
#define BLKGETSIZE64	0x80081272

#include "kernel/uapi/termbits.h"
#define K_NCCS		19

#ifndef __ASSEMBLER__

struct file_clone_range {
	int64_t src_fd;
	uint64_t src_offset, src_length, dest_offset;
};
struct file_dedupe_range {
	uint64_t src_offset, src_length;
	uint16_t dest_count, reserved1;
	uint32_t reserved2;
	struct {
		int64_t dest_fd;
		uint64_t dest_offset, bytes_deduped;
		int32_t status;
		uint32_t reserved;
	} info[];
};

/* What TCGETS and TCSETS carry: libc's struct termios is longer. */
struct k_termios {
	uint32_t c_iflag;
	uint32_t c_oflag;
	uint32_t c_cflag;
	uint32_t c_lflag;
	uint8_t c_line;
	uint8_t c_cc[K_NCCS];
};
_Static_assert(sizeof(struct k_termios) == 36, "the kernel's termios is 36 bytes");

/* TCGETS2 and TCSETS2 */
struct k_termios2 {
	struct k_termios t;
	uint32_t c_ispeed;
	uint32_t c_ospeed;
};

/* TCGETA and TCSETA: System V's */
#define K_NCC		8
struct k_termio {
	uint16_t c_iflag;
	uint16_t c_oflag;
	uint16_t c_cflag;
	uint16_t c_lflag;
	uint8_t c_line;
	uint8_t c_cc[K_NCC];
};
_Static_assert(sizeof(struct k_termio) == 18, "termio is 18 bytes");

struct k_winsize {
	uint16_t ws_row;
	uint16_t ws_col;
	uint16_t ws_xpixel;
	uint16_t ws_ypixel;
};

#endif /* __ASSEMBLER__ */

/* extended attributes */
#define XATTR_CREATE		1
#define XATTR_REPLACE		2
#define XATTR_NAME_MAX		255
#define XATTR_SIZE_MAX		65536

/* splice, tee, vmsplice */
#define SPLICE_F_MOVE		0x01
#define SPLICE_F_NONBLOCK	0x02
#define SPLICE_F_MORE		0x04
#define SPLICE_F_GIFT		0x08
#define SPLICE_F_ALL		0x0f

/* ------------------------------------------------------------------ System V IPC */

#define IPC_PRIVATE	0
#define IPC_CREAT	01000
#define IPC_EXCL	02000
#define IPC_NOWAIT	04000
#define IPC_RMID	0
#define IPC_SET		1
#define IPC_STAT	2
#define IPC_INFO	3
/* shmget, besides */
#define SHM_HUGETLB	04000
#define SHM_HUGE_SHIFT	26
#define SHM_NORESERVE	010000
/* shmat */
#define SHM_RDONLY	010000
#define SHM_RND		020000
#define SHM_REMAP	040000
#define SHM_EXEC	0100000
/* shmctl, besides */
#define SHM_LOCK	11
#define SHM_UNLOCK	12
#define SHM_STAT	13
#define SHM_INFO	14
#define SHM_STAT_ANY	15
/* in the mode */
#define SHM_DEST	01000u
#define SHM_LOCKED	02000u
/* semctl, besides */
#define GETPID		11
#define GETVAL		12
#define GETALL		13
#define GETNCNT		14
#define GETZCNT		15
#define SETVAL		16
#define SETALL		17
#define SEM_STAT	18
#define SEM_INFO	19
#define SEM_STAT_ANY	20
/* sem_flg */
#define SEM_UNDO	0x1000
/* msgctl, besides */
#define MSG_STAT	11
#define MSG_INFO	12
#define MSG_STAT_ANY	13
/* msgrcv */
#define MSG_NOERROR	010000
#define MSG_EXCEPT	020000
#define MSG_COPY	040000

#ifndef __ASSEMBLER__

struct k_ipc64_perm {
	int32_t key;
	uint32_t uid, gid, cuid, cgid;
	uint32_t mode;
	uint16_t seq;
	uint16_t pad;
	uint64_t unused[2];
};
_Static_assert(sizeof(struct k_ipc64_perm) == 48, "ipc64_perm");

struct k_sembuf {
	uint16_t sem_num;
	int16_t sem_op;
	int16_t sem_flg;
};

struct k_semid64_ds {
	struct k_ipc64_perm sem_perm;
	int64_t sem_otime;
	uint64_t unused1;
	int64_t sem_ctime;
	uint64_t unused2;
	uint64_t sem_nsems;
	uint64_t unused3[2];
};
_Static_assert(sizeof(struct k_semid64_ds) == 104, "semid64_ds");

struct k_seminfo {
	int32_t semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz, semvmx, semaem;
};

struct k_msqid64_ds {
	struct k_ipc64_perm msg_perm;
	int64_t msg_stime, msg_rtime, msg_ctime;
	uint64_t msg_cbytes, msg_qnum, msg_qbytes;
	int32_t msg_lspid, msg_lrpid;
	uint64_t unused[2];
};
_Static_assert(sizeof(struct k_msqid64_ds) == 120, "msqid64_ds");

/* mq_open, mq_getsetattr */
#define MQ_PRIO_MAX	32768u
struct k_mq_attr {
	int64_t mq_flags;		/* O_NONBLOCK */
	int64_t mq_maxmsg;
	int64_t mq_msgsize;
	int64_t mq_curmsgs;
	int64_t reserved[4];
};
_Static_assert(sizeof(struct k_mq_attr) == 64, "mq_attr");

struct k_msginfo {
	int32_t msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql;
	uint16_t msgseg;
};

struct k_shmid64_ds {
	struct k_ipc64_perm shm_perm;
	uint64_t shm_segsz;
	int64_t shm_atime, shm_dtime, shm_ctime;
	int32_t shm_cpid, shm_lpid;
	uint64_t shm_nattch;
	uint64_t unused[2];
};
_Static_assert(sizeof(struct k_shmid64_ds) == 112, "shmid64_ds");

struct k_shminfo64 {
	uint64_t shmmax, shmmin, shmmni, shmseg, shmall;
	uint64_t unused[4];
};

struct k_shm_info {
	int32_t used_ids;
	uint64_t shm_tot, shm_rss, shm_swp, swap_attempts, swap_successes;
};

#endif /* __ASSEMBLER__ */

/* ------------------------------------------------------------------ memory */

#include "kernel/uapi/mman.h"

#define PER_LINUX32	0x0008u		/* personality: in the low byte */
#define PER_MASK	0x00ffu
#define UNAME26		0x0020000u
#define ADDR_NO_RANDOMIZE	0x0040000u
#define MMAP_PAGE_ZERO	0x0100000u
#define ADDR_COMPAT_LAYOUT	0x0200000u
#define READ_IMPLIES_EXEC	0x0400000u
#define STICKY_TIMEOUTS	0x4000000u
#define PER_CLEAR_ON_SETID	(READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO)

#define MPOL_DEFAULT	0
#define MPOL_PREFERRED	1
#define MPOL_BIND	2
#define MPOL_INTERLEAVE	3
#define MPOL_LOCAL	4
#define MPOL_PREFERRED_MANY	5
#define MPOL_MAX	6
#define MPOL_F_NUMA_BALANCING	0x2000u
#define MPOL_F_RELATIVE_NODES	0x4000u
#define MPOL_F_STATIC_NODES	0x8000u
#define MPOL_MODE_FLAGS	(MPOL_F_NUMA_BALANCING | MPOL_F_RELATIVE_NODES | MPOL_F_STATIC_NODES)
#define MPOL_F_NODE	1u		/* of get_mempolicy */
#define MPOL_F_ADDR	2u
#define MPOL_F_MEMS_ALLOWED	4u
#define MPOL_MF_STRICT	1u		/* of mbind */
#define MPOL_MF_MOVE_ALL	4u
#define MPOL_MF_VALID	7u

#define MS_ASYNC	1
#define MS_INVALIDATE	2
#define MS_SYNC		4

#define MCL_CURRENT	1
#define MCL_FUTURE	2
#define MCL_ONFAULT	4

/* ------------------------------------------------------------------ limits, system */

#define RLIMIT_CPU		0
#define RLIMIT_FSIZE		1
#define RLIMIT_DATA		2
#define RLIMIT_STACK		3
#define RLIMIT_CORE		4
#define RLIMIT_RSS		5
#define RLIMIT_NPROC		6
#define RLIMIT_NOFILE		7
#define RLIMIT_MEMLOCK		8
#define RLIMIT_AS		9
#define RLIMIT_LOCKS		10
#define RLIMIT_SIGPENDING	11
#define RLIMIT_MSGQUEUE		12
#define RLIMIT_NICE		13
#define RLIMIT_RTPRIO		14
#define RLIMIT_RTTIME		15
#define RLIM_NLIMITS		16
#define RLIM64_INFINITY		(~0ULL)

#define LINUX_REBOOT_MAGIC1		0xfee1dead
#define LINUX_REBOOT_MAGIC2		672274793
#define LINUX_REBOOT_MAGIC2A		85072278
#define LINUX_REBOOT_MAGIC2B		369367448
#define LINUX_REBOOT_MAGIC2C		537993216
#define LINUX_REBOOT_CMD_RESTART	0x01234567
#define LINUX_REBOOT_CMD_RESTART2	0xa1b2c3d4
#define LINUX_REBOOT_CMD_HALT		0xcdef0123
#define LINUX_REBOOT_CMD_CAD_ON		0x89abcdef
#define LINUX_REBOOT_CMD_CAD_OFF	0x00000000
#define LINUX_REBOOT_CMD_POWER_OFF	0x4321fedc

/* /proc/PID/oom_score_adj */
#define OOM_SCORE_ADJ_MIN	(-1000)
#define OOM_SCORE_ADJ_MAX	1000

#ifndef __ASSEMBLER__

struct k_rlimit64 {
	uint64_t rlim_cur;
	uint64_t rlim_max;
};

struct k_utsname {
	char sysname[65];
	char nodename[65];
	char release[65];
	char version[65];
	char machine[65];
	char domainname[65];
};

#define SI_LOAD_SHIFT	16
struct k_sysinfo {
	int64_t uptime;
	uint64_t loads[3];
	uint64_t totalram;
	uint64_t freeram;
	uint64_t sharedram;
	uint64_t bufferram;
	uint64_t totalswap;
	uint64_t freeswap;
	uint16_t procs;
	uint16_t pad0;
	uint32_t pad1;
	uint64_t totalhigh;
	uint64_t freehigh;
	uint32_t mem_unit;
	uint32_t pad2;
};
_Static_assert(sizeof(struct k_sysinfo) == 112, "sysinfo is 112 bytes");

struct k_sched_param {
	int32_t sched_priority;
};

struct k_cap_header {
	uint32_t version;		/* 0x20080522 */
	int32_t pid;
};

struct k_cap_data {
	uint32_t effective;
	uint32_t permitted;
	uint32_t inheritable;
};

/* The attribute security.capability. Without rootid it is one of version 2. */
#define XATTR_CAPS		"security.capability"
#define VFS_CAP_REVISION_2	0x02000000u
#define VFS_CAP_REVISION_3	0x03000000u
#define VFS_CAP_FLAGS_EFFECTIVE	1u
#define VFS_CAPS_SIZE_2		20
#define VFS_CAPS_SIZE_3		24
struct k_vfs_ns_cap_data {
	uint32_t magic_etc;
	struct {
		uint32_t permitted, inheritable;
	} data[2];
	uint32_t rootid;
};
_Static_assert(sizeof(struct k_vfs_ns_cap_data) == VFS_CAPS_SIZE_3, "vfs_ns_cap_data is 24 bytes");

#endif /* __ASSEMBLER__ */

/* ------------------------------------------------------------------ programs: auxv and ELF64 */

#include "kernel/uapi/auxvec.h"

#define EI_CLASS	4
#define EI_DATA		5
#define EI_VERSION	6
#define EI_OSABI	7
#define EI_NIDENT	16
#define ELFMAG		"\177ELF"
#define SELFMAG		4
#define ELFCLASS32	1
#define ELFCLASS64	2
#define ELFDATA2LSB	1
#define EV_CURRENT	1
#define ET_EXEC		2
#define ET_DYN		3
#define ET_CORE		4
#define EM_386		3
#define EM_X86_64	62
#define PT_NULL		0
#define PT_LOAD		1
#define PT_DYNAMIC	2
#define PT_INTERP	3
#define PT_NOTE		4
#define PT_SHLIB	5
#define PT_PHDR		6
#define PT_TLS		7
#define PT_GNU_STACK	0x6474e551
#define PT_GNU_RELRO	0x6474e552
#define PF_X		1
#define PF_W		2
#define PF_R		4
#define SHT_SYMTAB	2
#define SHT_STRTAB	3
#define STT_FUNC	2

#ifndef __ASSEMBLER__

struct k_auxv {
	uint64_t a_type;
	uint64_t a_val;
};

struct elf64_ehdr {
	uint8_t e_ident[EI_NIDENT];
	uint16_t e_type;
	uint16_t e_machine;
	uint32_t e_version;
	uint64_t e_entry;
	uint64_t e_phoff;
	uint64_t e_shoff;
	uint32_t e_flags;
	uint16_t e_ehsize;
	uint16_t e_phentsize;
	uint16_t e_phnum;
	uint16_t e_shentsize;
	uint16_t e_shnum;
	uint16_t e_shstrndx;
};
_Static_assert(sizeof(struct elf64_ehdr) == 64, "an ELF64 header is 64 bytes");

struct elf64_phdr {
	uint32_t p_type;
	uint32_t p_flags;
	uint64_t p_offset;
	uint64_t p_vaddr;
	uint64_t p_paddr;
	uint64_t p_filesz;
	uint64_t p_memsz;
	uint64_t p_align;
};
_Static_assert(sizeof(struct elf64_phdr) == 56, "an ELF64 program header is 56 bytes");

struct elf64_nhdr {			/* of a note; name and contents follow, each filled up to 4 bytes */
	uint32_t n_namesz;
	uint32_t n_descsz;
	uint32_t n_type;
};

struct k_elf_prstatus {			/* NT_PRSTATUS: a thread */
	int32_t si_signo, si_code, si_errno;
	int16_t pr_cursig;
	uint64_t pr_sigpend, pr_sighold;
	int32_t pr_pid, pr_ppid, pr_pgrp, pr_sid;
	struct k_timeval pr_utime, pr_stime, pr_cutime, pr_cstime;
	uint64_t pr_reg[27];		/* struct k_user_regs */
	int32_t pr_fpvalid;
};
_Static_assert(sizeof(struct k_elf_prstatus) == 336, "elf_prstatus is 336 bytes");

struct k_elf_prpsinfo {			/* NT_PRPSINFO: the process */
	int8_t pr_state, pr_sname, pr_zomb, pr_nice;
	uint64_t pr_flag;
	uint32_t pr_uid, pr_gid;
	int32_t pr_pid, pr_ppid, pr_pgrp, pr_sid;
	char pr_fname[16], pr_psargs[80];
};
_Static_assert(sizeof(struct k_elf_prpsinfo) == 136, "elf_prpsinfo is 136 bytes");

struct elf64_shdr {
	uint32_t sh_name;
	uint32_t sh_type;
	uint64_t sh_flags;
	uint64_t sh_addr;
	uint64_t sh_offset;
	uint64_t sh_size;
	uint32_t sh_link;
	uint32_t sh_info;
	uint64_t sh_addralign;
	uint64_t sh_entsize;
};

struct elf64_sym {
	uint32_t st_name;
	uint8_t st_info;
	uint8_t st_other;
	uint16_t st_shndx;
	uint64_t st_value;
	uint64_t st_size;
};

#endif /* __ASSEMBLER__ */
