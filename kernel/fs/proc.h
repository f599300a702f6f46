// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the parts of procfs tell each other: proc.c has the directories, proc_task.c and proc_mm.c
 * what is in a task's files.
 */
#pragma once
#include "kernel/fs/dcache.h"
#include "kernel/lib/fmt.h"

#define PROC_GUARDED	0x80000000u	/* for those alone who may trace the task */

/* One name in /proc/PID or /proc/PID/task/TID. */
struct proc_entry {
	const char *name;
	u32 mode;						/* and PROC_GUARDED */
	s64 (*show)(struct task *t, char *buf, size_t n);	/* t is referenced and was not yet reaped when the read began */
	s64 (*store)(struct task *t, const char *buf, size_t n);
	struct dentry *(*follow)(struct task *t);		/* magic links: referenced; ERR_PTR */
};

s64 proc_stat_group(struct task *t, char *buf, size_t n);
s64 proc_stat_thread(struct task *t, char *buf, size_t n);
s64 proc_status(struct task *t, char *buf, size_t n);
s64 proc_personality(struct task *t, char *buf, size_t n);
s64 proc_limits(struct task *t, char *buf, size_t n);
s64 proc_comm(struct task *t, char *buf, size_t n);
s64 proc_comm_store(struct task *t, const char *buf, size_t n);
s64 proc_oom_score(struct task *t, char *buf, size_t n);
s64 proc_oom_score_adj(struct task *t, char *buf, size_t n);
s64 proc_oom_score_adj_store(struct task *t, const char *buf, size_t n);
s64 proc_oom_adj(struct task *t, char *buf, size_t n);
s64 proc_oom_adj_store(struct task *t, const char *buf, size_t n);
s64 proc_wchan(struct task *t, char *buf, size_t n);
s64 proc_fail_nth(struct task *t, char *buf, size_t n);		/* mm/fail_nth.c */
s64 proc_fail_nth_store(struct task *t, const char *buf, size_t n);
/* proc_mm.c */
s64 proc_cmdline(struct task *t, char *buf, size_t n);
s64 proc_environ(struct task *t, char *buf, size_t n);
s64 proc_auxv(struct task *t, char *buf, size_t n);
s64 proc_maps(struct task *t, char *buf, size_t n);
s64 proc_statm(struct task *t, char *buf, size_t n);
struct dentry *proc_exe(struct task *t);
extern const struct file_ops proc_mem_fops;
