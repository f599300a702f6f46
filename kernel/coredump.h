// SPDX-License-Identifier: GPL-2.0-only
/*
 * Core dumps: coredump.c decides, stops the other threads and makes the file, elfcore.c fills it,
 * mm/core_vmas.c says what memory goes into it. Mirrors Linux include/linux/coredump.h.
 */
#pragma once
#include "kernel/task.h"

struct file;
struct mm;
struct page;

/* A thread that has stopped for the dump, on its own stack. */
struct core_thread {
	struct task *task;		/* (~) NULL: it may go on */
	struct core_thread *next;	/* [S] */
};

/* A dump in progress, on the stack of who dumps. */
struct core_state {
	int nr_threads;			/* [S] others that have not stopped yet */
	struct core_thread dumper;	/* [S] itself, and behind it those that have stopped */
	struct completion startup;	/* all have */
};

/* A mapping as it was when the dump began. */
struct core_vma {
	uaddr_t start, end;
	u64 pgoff;
	u64 dump_size;			/* so much of its beginning is in the file */
	struct file *file;		/* referenced, or NULL */
	u32 flags;			/* VM_* */
};

/* The file. The dumper's own: no lock. */
struct coredump {
	const struct k_siginfo *info;	/* the queued part of it */
	struct core_state *state;
	struct file *file;
	u64 limit;			/* RLIMIT_CORE, of what is written */
	u64 pos, written, to_skip;
	bool piped;			/* to a program: holes are zeros */
	u32 mm_flags;
	unsigned nr_vmas;
	struct core_vma *vmas;
};

/* sigdeliver.c: current is to die of that signal, and dumps core first if it may. Sleeps. */
void do_coredump(const struct k_siginfo *info);
/* X1: another thread of t's group, which is current, dumps core. Sleeps until it has. */
void coredump_task_exit(struct task *t);

/* All false when the dump is to end: no room, SIGKILL, the freezer. Sleep. */
bool dump_emit(struct coredump *c, const void *buf, size_t n);
bool dump_zeros(struct coredump *c, size_t n);	/* up to what is a multiple of n */
bool dump_skip(struct coredump *c, u64 n);	/* a hole, once something comes after it */
bool elf_core_dump(struct coredump *c);		/* true: there is something in the file */

/* mm/core_vmas.c */

/* c->vmas of current's mm, to be freed by core_vmas_free. False: no memory, or killed. Sleeps. */
bool core_vmas(struct coredump *c);
void core_vmas_free(struct coredump *c);
/* The page at addr as it is, referenced; NULL: there is none, or nothing in it yet. Sleeps. */
struct page *get_dump_page(struct mm *mm, uaddr_t addr);
/* The first address of [addr, end) with an entry; end: none. Sleeps. */
uaddr_t next_dump_page(struct mm *mm, uaddr_t addr, uaddr_t end);

extern int sysctl_core_uses_pid, sysctl_core_pipe_limit;
