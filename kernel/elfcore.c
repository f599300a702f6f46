// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is in a core file: the ELF header, a program header for the notes and one for each mapping,
 * the notes, and from the next page on the memory. Mirrors elf_core_dump of Linux fs/binfmt_elf.c.
 *
 * All threads but current, which dumps, sleep at X1 with their registers in their areas.
 *
 * Locks: tasklist_lock (r), then siglock, for numbers and times.
 *
 * LINUX: at most 65,534 mappings, of which a process has no more.
 */
#include "kernel/coredump.h"
#include "kernel/fs/files.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/pause.h"
#include "kernel/signal.h"

#define MAX_FILE_NOTE	(4ul << 20)

static const char core[] = "CORE", linux_name[] = "LINUX";

/* --- notes --- */

static size_t align4(size_t n)
{
	return (n + 3) & ~3ul;
}

static size_t note_size(const char *name, size_t n)
{
	return sizeof(struct elf64_nhdr) + align4(kstrlen(name) + 1) + align4(n);
}

static bool put_note(struct coredump *c, const char *name, u32 type, const void *buf, size_t n)
{
	const struct elf64_nhdr hdr = { (u32)kstrlen(name) + 1, (u32)n, type };

	return dump_emit(c, &hdr, sizeof(hdr)) && dump_emit(c, name, hdr.n_namesz) && dump_zeros(c, 4) &&
	       dump_emit(c, buf, n) && dump_zeros(c, 4);
}

static struct k_timeval timeval_of(u64 ns)
{
	return (struct k_timeval){ (s64)(ns / 1000000000), (s64)(ns % 1000000000 / 1000) };
}

/* Whose the process is, as it sees that itself. tasklist_lock held. */
struct numbers {
	int pid, ppid, pgrp, sid;
};

static struct numbers numbers_of(struct task *t)
{
	struct pid_namespace *ns = t->group->pid_ns;

	return (struct numbers){
		t->vpid, task_pid_nr_ns(t->real_parent, ns), pid_nr_ns(t->group->pgrp, ns),
		pid_nr_ns(t->group->session, ns),
	};
}

static bool put_prstatus(struct coredump *c, struct task *t)
{
	struct group *g = t->group;
	u64 utime = t->utime, stime = t->stime;
	struct k_elf_prstatus s = {
		.si_signo = c->info->si_signo, .pr_cursig = (s16)c->info->si_signo,
		.pr_sighold = t->blocked, .pr_fpvalid = 1,
	};
	struct numbers who;

	read_lock(&tasklist_lock);
	who = numbers_of(t);
	spin_lock(&t->sighand->siglock);
	if (thread_group_leader(t))
		sum_cputime(g, &utime, &stime);
	s.pr_sigpend = t->pending.signal;
	s.pr_cutime = timeval_of(g->cutime);
	s.pr_cstime = timeval_of(g->cstime);
	spin_unlock(&t->sighand->siglock);
	read_unlock(&tasklist_lock);
	s.pr_utime = timeval_of(utime);
	s.pr_stime = timeval_of(stime);
	s.pr_pid = who.pid;
	s.pr_ppid = who.ppid;
	s.pr_pgrp = who.pgrp;
	s.pr_sid = who.sid;
	for (unsigned i = 0; i < ARRAY_SIZE(s.pr_reg); i++)
		s.pr_reg[i] = arch_user_reg(t, i);
	return put_note(c, core, NT_PRSTATUS, &s, sizeof(s));
}

static bool put_fpu(struct coredump *c, struct task *t)
{
	void *image = kzalloc(arch_fpu_size(), GFP_KERNEL);
	bool put;

	if (!image)
		return false;
	arch_get_fpu(t, image);
	put = put_note(c, core, NT_FPREGSET, image, sizeof(struct k_fpstate)) &&
	      put_note(c, linux_name, NT_X86_XSTATE, image, arch_fpu_size());
	kfree(image);
	return put;
}

static bool put_psinfo(struct coredump *c)
{
	struct task *t = current;
	struct mm *mm = t->mm;
	const struct cred *cred = &t->cred;
	struct k_elf_prpsinfo p = {
		.pr_sname = 'R', .pr_nice = (int8_t)t->nice, .pr_flag = t->flags,
		.pr_uid = from_kuid_munged(cred->user_ns, cred->uid),
		.pr_gid = from_kgid_munged(cred->user_ns, cred->gid),
	};
	size_t n = min((size_t)(mm->arg_end - mm->arg_start), sizeof(p.pr_psargs) - 1);
	struct numbers who;

	read_lock(&tasklist_lock);
	who = numbers_of(t->group_leader);
	read_unlock(&tasklist_lock);
	p.pr_pid = t->vtgid;
	p.pr_ppid = who.ppid;
	p.pr_pgrp = who.pgrp;
	p.pr_sid = who.sid;
	kstrlcpy(p.pr_fname, t->comm, sizeof(p.pr_fname));
	n -= mm_read(mm, mm->arg_start, p.pr_psargs, n);
	for (size_t i = 0; i < n; i++)
		if (!p.pr_psargs[i])
			p.pr_psargs[i] = ' ';
	return put_note(c, core, NT_PRPSINFO, &p, sizeof(p));
}

static bool put_siginfo(struct coredump *c)
{
	struct k_siginfo info = { 0 };

	copy_siginfo(&info, c->info);
	return put_note(c, core, NT_SIGINFO, &info, sizeof(info));
}

static size_t auxv_words(const struct mm *mm)
{
	size_t n = 0;

	do
		n += 2;
	while (n < ARRAY_SIZE(mm->auxv) && mm->auxv[n - 2]);
	return n;
}

/* --- NT_FILE: how many, the size of a page; start, end and page offset of each; their paths --- */

struct file_note {
	u64 *words;			/* kmalloc'ed; NULL: none */
	size_t size;
};

/* The whole of it in room bytes; false: too little. */
static bool fill_files(const struct coredump *c, struct file_note *n, size_t room)
{
	u64 count = 0, *w = n->words + 2;
	char *names, *end = (char *)n->words + room;

	for (unsigned i = 0; i < c->nr_vmas; i++)
		count += c->vmas[i].file != NULL;
	names = (char *)(w + 3 * count);
	for (unsigned i = 0; i < c->nr_vmas; i++) {
		const struct core_vma *v = &c->vmas[i];
		char *path;
		size_t len;

		if (!v->file)
			continue;
		path = names < end ? dentry_path(v->file->dentry, names, (size_t)(end - names)) :
				     ERR_PTR(-ENAMETOOLONG);
		if (IS_ERR(path))
			return false;
		len = (size_t)(end - path);
		kmemmove(names, path, len);
		names += len;
		*w++ = v->start;
		*w++ = v->end;
		*w++ = v->pgoff;
	}
	n->words[0] = count;
	n->words[1] = PAGE_SIZE;
	n->size = (size_t)(names - (char *)n->words);
	return true;
}

/* Without memory for it, or too much of it, there is none. */
static void make_file_note(const struct coredump *c, struct file_note *n)
{
	for (size_t room = PAGE_ALIGN(16 + c->nr_vmas * 64ul); room <= MAX_FILE_NOTE; room *= 2) {
		n->words = kmalloc(room, GFP_KERNEL);
		if (!n->words || fill_files(c, n, room))
			return;
		kfree(n->words);
		n->words = NULL;
	}
}

/* --- all notes --- */

static size_t thread_notes_size(void)
{
	return note_size(core, sizeof(struct k_elf_prstatus)) + note_size(core, sizeof(struct k_fpstate)) +
	       note_size(linux_name, arch_fpu_size());
}

static size_t notes_size(const struct coredump *c, const struct file_note *files)
{
	size_t n = note_size(core, sizeof(struct k_elf_prpsinfo)) + note_size(core, sizeof(struct k_siginfo)) +
		   note_size(core, auxv_words(current->mm) * 8) + (files->words ? note_size(core, files->size) : 0);

	for (const struct core_thread *ct = &c->state->dumper; ct; ct = ct->next)
		n += thread_notes_size();
	return n;
}

/* Who died comes first, and what is of the process behind its general registers. */
static bool put_notes(struct coredump *c, const struct file_note *files)
{
	if (!put_prstatus(c, current) || !put_psinfo(c) || !put_siginfo(c))
		return false;
	if (!put_note(c, core, NT_AUXV, current->mm->auxv, auxv_words(current->mm) * 8))
		return false;
	if (files->words && !put_note(c, core, NT_FILE, files->words, files->size))
		return false;
	if (!put_fpu(c, current))
		return false;
	for (const struct core_thread *ct = c->state->dumper.next; ct; ct = ct->next)
		if (!put_prstatus(c, ct->task) || !put_fpu(c, ct->task))
			return false;
	return true;
}

/* --- headers and memory --- */

static bool put_headers(struct coredump *c, size_t notes, u64 data)
{
	const struct elf64_ehdr hdr = {
		.e_ident = { ELFMAG[0], ELFMAG[1], ELFMAG[2], ELFMAG[3], ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_phoff = sizeof(hdr),
		.e_ehsize = sizeof(hdr), .e_phentsize = sizeof(struct elf64_phdr), .e_phnum = (u16)(c->nr_vmas + 1),
	};
	struct elf64_phdr ph = {
		.p_type = PT_NOTE, .p_offset = sizeof(hdr) + hdr.e_phnum * sizeof(ph), .p_filesz = notes,
	};

	if (!dump_emit(c, &hdr, sizeof(hdr)) || !dump_emit(c, &ph, sizeof(ph)))
		return false;
	for (unsigned i = 0; i < c->nr_vmas; i++) {
		const struct core_vma *v = &c->vmas[i];

		ph = (struct elf64_phdr){
			.p_type = PT_LOAD, .p_offset = data, .p_vaddr = v->start, .p_filesz = v->dump_size,
			.p_memsz = v->end - v->start, .p_align = PAGE_SIZE,
			.p_flags = (v->flags & VM_READ ? PF_R : 0u) | (v->flags & VM_WRITE ? PF_W : 0u) |
				   (v->flags & VM_EXEC ? PF_X : 0u),
		};
		data += v->dump_size;
		if (!dump_emit(c, &ph, sizeof(ph)))
			return false;
	}
	return true;
}

/* One page, and of what is behind it in [addr, end) as much as is a hole too: *next. */
static bool put_page_at(struct coredump *c, const struct core_vma *v, uaddr_t addr, uaddr_t end, uaddr_t *next)
{
	struct page *p;
	bool put;

	pause_point("core_page");
	*next = addr + PAGE_SIZE;
	p = get_dump_page(current->mm, addr);
	if (!p) {
		if (!v->file)
			*next = next_dump_page(current->mm, *next, end);
		return dump_skip(c, *next - addr);
	}
	put = dump_emit(c, page_address(p), PAGE_SIZE);
	put_page(p);
	return put;
}

/* Pages that are not there, or that nobody has written to, are holes in the file. */
static bool put_memory(struct coredump *c, const struct core_vma *v)
{
	uaddr_t end = v->start + v->dump_size, next;

	for (uaddr_t addr = v->start; addr < end; addr = next) {
		if (!put_page_at(c, v, addr, end, &next))
			return false;
		cond_resched();
	}
	return true;
}

static bool put_all(struct coredump *c, const struct file_note *files)
{
	size_t notes = notes_size(c, files);
	u64 data = PAGE_ALIGN(sizeof(struct elf64_ehdr) + (c->nr_vmas + 1) * sizeof(struct elf64_phdr) + notes);

	if (!put_headers(c, notes, data) || !put_notes(c, files))
		return false;
	if (!dump_skip(c, data - c->pos))
		return false;
	for (unsigned i = 0; i < c->nr_vmas; i++)
		if (!put_memory(c, &c->vmas[i]))
			return false;
	return true;
}

/* A file that ends early is one all the same. */
bool elf_core_dump(struct coredump *c)
{
	struct file_note files = { NULL, 0 };

	assert(c->nr_vmas < UINT16_MAX);
	make_file_note(c, &files);
	(void)put_all(c, &files);
	kfree(files.words);
	return true;
}
