// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the parts of execve share: exec.c (the order of the steps), exec_args.c (strings, stack),
 * elf.c (the format), de_thread.c (the other threads). Nobody else includes this.
 *
 * A struct bprm belongs to the one task in execve; its fields need no lock.
 */
#pragma once
#include "kernel/abi.h"
#include "kernel/lib/list.h"
#include "kernel/task.h"

struct file;
struct mm;

#define HEAD_SIZE		256		/* bytes of a file that decide its format */
#define PATH_MAX_BYTES		4096
#define MAX_INTERP_DEPTH	5
#define MAX_PREFIX		(2 * MAX_INTERP_DEPTH + 1)

/* Strings end to end in pages of the kernel, while neither address space can hold them. */
struct strpool {
	struct list pages;		/* of page.lru */
	size_t len;
	size_t used;			/* of the last page */
	/* Pages that count as current->mm's: who fills a pool is who the OOM killer should find. */
	s64 charged;
};

struct elf {
	struct elf64_ehdr hdr;
	struct elf64_phdr *ph;		/* hdr.e_phnum of them */
	u64 bias;			/* address - p_vaddr */
	bool exec_stack;
};

struct bprm {
	struct file *file;
	const char *filename;		/* as the caller named it: AT_EXECFN, comm */
	char *fd_name;			/* owned storage of filename when it is /dev/fd/N/... */
	bool fd_name_ends;		/* N is closed then: no interpreter could open it */
	const char *interp;		/* path of what is being looked at now */
	u8 head[HEAD_SIZE];
	struct elf elf;
	struct file *linker_file;	/* NULL: the program needs none */
	struct elf linker;
	struct strpool args;		/* argv, then envp */
	int argc, envc;			/* in args */
	size_t arg0_len;		/* of argv[0] with its NUL */
	size_t argv_len;		/* of all of argv */
	u64 limit;			/* of strings and pointers together */
	char *prefix[MAX_PREFIX];	/* from scripts, replaces argv[0]; filled from the end */
	int first_prefix;
	struct mm *mm;			/* being made */
	uaddr_t strings, sp;		/* where the strings begin; the final stack pointer */
	uaddr_t execfn;
	struct cred cred;		/* of the program; references are current's */
	bool secure;			/* AT_SECURE: its environment is not to be trusted */
	bool no_return;
	bool updating;			/* exec_update_mutex is held */
};

/* Where argv and envp come from: the kernel's own arrays, or user memory. */
struct arg_source {
	const char *const *kernel;
	uaddr_t user;
};

/* exec_args.c */

void strpool_init(struct strpool *s);
/* Its pages are current->mm's no longer: before current leaves the mm that was charged. */
void strpool_uncharge(struct strpool *s);
/* All of its pages. The mm that was charged is still current's, or strpool_uncharge was called. */
void strpool_free(struct strpool *s);
/* argv and envp go into b->args. -E2BIG, -EFAULT, -EINTR, -ENOMEM. Sleeps. */
int copy_strings(struct bprm *b, const struct arg_source *argv, const struct arg_source *envp);
/* b->mm: an address space with a stack alone, and the strings on it. -E2BIG, -ENOMEM. Sleeps. */
int make_mm(struct bprm *b);
/* The stack below the strings, and b->sp; current->mm was b->mm and is mapped. -EFAULT. Sleeps. */
int finish_stack(struct bprm *b);

/* elf.c */

/* b->elf from the head of b->file, and its linker: Linux's refusals, in its order. Nothing is mapped; sleeps. */
int read_elf(struct bprm *b);
/* The segments of both into current->mm, and where the program's code, data and heap lie. Sleeps. */
int map_program(struct bprm *b);
uaddr_t program_entry(const struct bprm *b);	/* they are mapped */
/* Pairs for auxv[]; the number of words, AT_NULL included. */
unsigned fill_auxv(u64 *auxv, const struct bprm *b, uaddr_t random, uaddr_t platform);

/* de_thread.c */

/*
 * Leaves t, which is current, the only thread of its group, and its leader. Sleeps killably.
 * -EAGAIN: the group is being ended by somebody else.
 */
int de_thread(struct task *t);
