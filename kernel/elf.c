// SPDX-License-Identifier: GPL-2.0-only
/*
 * ELF64 programs: is it one, where do its segments go, what does it learn about itself. Mirrors
 * Linux fs/binfmt_elf.c.
 *
 * read_elf judges the headers and changes nothing. map_program comes after the point of no return:
 * an error there ends the process.
 *
 * Locks: exec_mutex is held by the caller; mmap_lock, for each mapping by itself, since what the
 * file does not fill of a page is cleared through user addresses.
 *
 * LINUX: no randomisation: a position-independent program always goes to the same place.
 */
#include "kernel/exec.h"
#include "kernel/fs/files.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/task.h"

#define DYN_BASE		(USER_MAX / 3 * 2)

/* --- the headers --- */

/* e's program headers, from f; what the file should be besides an ELF file is the caller's affair. */
static int read_headers(struct elf *e, struct file *f)
{
	size_t size = e->hdr.e_phnum * sizeof(struct elf64_phdr);

	if (e->hdr.e_machine != EM_X86_64 || e->hdr.e_phentsize != sizeof(struct elf64_phdr))
		return -ENOEXEC;
	if (!size || size > PAGE_SIZE || e->hdr.e_phoff > INT64_MAX - size)
		return -ENOEXEC;
	e->ph = kmalloc(size, GFP_KERNEL);
	if (!e->ph)
		return -ENOMEM;
	return kernel_read(f, e->ph, size, e->hdr.e_phoff) == (s64)size ? 0 : -ENOEXEC;
}

static int open_linker(struct bprm *b, const struct elf64_phdr *ph)
{
	struct file *f;
	char *path;
	int err = -ENOEXEC;

	if (ph->p_filesz < 2 || ph->p_filesz > PATH_MAX_BYTES)
		return -ENOEXEC;
	path = kmalloc(ph->p_filesz, GFP_KERNEL);
	if (!path)
		return -ENOMEM;
	if (kernel_read(b->file, path, ph->p_filesz, ph->p_offset) != (s64)ph->p_filesz) {
		err = -EIO;
	} else if (path[ph->p_filesz - 1] == 0) {
		f = do_filp_open(AT_FDCWD, path, __FMODE_EXEC | O_RDONLY, 0);
		err = IS_ERR(f) ? (int)PTR_ERR(f) : 0;
		b->linker_file = err ? NULL : f;
	}
	kfree(path);
	return err;
}

/* The dynamic linker that the program names (PT_INTERP), which will run first. */
static int read_linker(struct bprm *b, const struct elf64_phdr *ph)
{
	struct elf *e = &b->linker;
	int err = open_linker(b, ph);

	if (err)
		return err;
	if (kernel_read(b->linker_file, &e->hdr, sizeof(e->hdr), 0) != (s64)sizeof(e->hdr))
		return -EIO;
	if (kmemcmp(e->hdr.e_ident, ELFMAG, SELFMAG))
		return -ELIBBAD;
	err = read_headers(e, b->linker_file);
	return err == -ENOEXEC ? -ELIBBAD : err;
}

static bool can_be_mapped(const struct elf *e)
{
	return e->hdr.e_type == ET_EXEC || e->hdr.e_type == ET_DYN;
}

/* What is wrong inside a segment, and a linker's type, show later, when it cannot be mapped. */
int read_elf(struct bprm *b)
{
	struct elf *e = &b->elf;
	int err;

	might_sleep();
	kmemcpy(&e->hdr, b->head, sizeof(e->hdr));
	if (kmemcmp(e->hdr.e_ident, ELFMAG, SELFMAG) || !can_be_mapped(e))
		return -ENOEXEC;
	err = read_headers(e, b->file);
	for (unsigned i = 0; !err && i < e->hdr.e_phnum; i++) {
		if (e->ph[i].p_type == PT_INTERP && !b->linker_file)
			err = read_linker(b, &e->ph[i]);
		if (e->ph[i].p_type == PT_GNU_STACK)
			e->exec_stack = e->ph[i].p_flags & PF_X;
	}
	return err;
}

/* --- the segments --- */

static int prot_of(const struct elf64_phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

static int map_at(struct mm *mm, uaddr_t addr, size_t len, int prot, int flags, struct file *f,
		  u64 pgoff)
{
	long ret;

	mutex_lock(&mm->mmap_lock);
	ret = do_mmap(mm, addr, len, prot, MAP_PRIVATE | MAP_FIXED | flags, f, pgoff);
	mutex_unlock(&mm->mmap_lock);
	return ret < 0 ? (int)ret : 0;
}

/* The part of a segment that the file holds, with what surrounds it in its pages. */
static int map_file_part(struct mm *mm, struct file *f, const struct elf64_phdr *ph, uaddr_t vaddr)
{
	u64 in_page = vaddr & ~PAGE_MASK, from = ph->p_offset - in_page;

	if (ph->p_offset < in_page || from & ~PAGE_MASK || ph->p_offset > INT64_MAX)
		return -EINVAL;
	return map_at(mm, vaddr - in_page, PAGE_ALIGN(ph->p_filesz + in_page), prot_of(ph), 0, f,
		      from >> PAGE_SHIFT);
}

/* The rest is zeroes: the end of the last file page, then pages of their own. */
static int map_zero_part(struct mm *mm, const struct elf64_phdr *ph, uaddr_t vaddr)
{
	uaddr_t from = vaddr + ph->p_filesz, to = PAGE_ALIGN(vaddr + ph->p_memsz);
	uaddr_t pages = ph->p_filesz ? PAGE_ALIGN(from) : from & PAGE_MASK;
	int prot = PROT_READ | PROT_WRITE | (prot_of(ph) & PROT_EXEC);

	if (ph->p_filesz && from < pages && clear_user(from, pages - from) && (ph->p_flags & PF_W))
		return -EFAULT;
	if (pages >= to)
		return 0;
	return map_at(mm, pages, to - pages, prot, MAP_ANONYMOUS, NULL, 0);
}

static void note_segment(struct mm *mm, const struct elf64_phdr *ph, uaddr_t vaddr)
{
	uaddr_t file_end = vaddr + ph->p_filesz;

	if ((ph->p_flags & PF_X) && (!mm->start_code || vaddr < mm->start_code))
		mm->start_code = vaddr;
	if (ph->p_flags & PF_X)
		mm->end_code = max(mm->end_code, file_end);
	mm->start_data = max(mm->start_data, vaddr);
	mm->end_data = max(mm->end_data, file_end);
	mm->brk = max(mm->brk, vaddr + ph->p_memsz);
}

static int map_segment(struct mm *mm, struct file *f, const struct elf *e,
		       const struct elf64_phdr *ph)
{
	uaddr_t vaddr = ph->p_vaddr + e->bias;
	int err = 0;

	if (ph->p_filesz > ph->p_memsz || ph->p_memsz > USER_MAX)
		return -EINVAL;
	if (vaddr >= USER_MAX || USER_MAX - ph->p_memsz < vaddr)
		return -EINVAL;
	if (ph->p_filesz)
		err = map_file_part(mm, f, ph, vaddr);
	if (!err && ph->p_memsz > ph->p_filesz)
		err = map_zero_part(mm, ph, vaddr);
	return err;
}

static int map_segments(struct mm *mm, struct file *f, const struct elf *e)
{
	int err = 0;

	for (unsigned i = 0; !err && i < e->hdr.e_phnum; i++)
		if (e->ph[i].p_type == PT_LOAD)
			err = map_segment(mm, f, e, &e->ph[i]);
	return err;
}

struct span {
	u64 low, len, align;
};

/* The addresses of e's segments before they are moved, by whole pages. -EINVAL: it has none. */
static int find_span(const struct elf *e, struct span *s)
{
	u64 end = 0;

	*s = (struct span){ .low = ~0ull, .align = PAGE_SIZE };
	for (unsigned i = 0; i < e->hdr.e_phnum; i++) {
		const struct elf64_phdr *ph = &e->ph[i];

		if (ph->p_type != PT_LOAD)
			continue;
		if (ph->p_align && !(ph->p_align & (ph->p_align - 1)) && ph->p_align < DYN_BASE)
			s->align = max(s->align, ph->p_align);
		s->low = min(s->low, ph->p_vaddr & PAGE_MASK);
		end = max(end, ph->p_vaddr + ph->p_memsz);
	}
	s->len = PAGE_ALIGN(end - s->low);
	return end > s->low ? 0 : -EINVAL;
}

/* Where a position-independent program goes: a fixed base, aligned as its segments ask. */
static int choose_bias(struct elf *e)
{
	struct span s;
	int err;

	if (e->hdr.e_type == ET_EXEC)
		return 0;
	err = find_span(e, &s);
	e->bias = (DYN_BASE & ~(s.align - 1)) - s.low;
	return err;
}

/*
 * A linker goes where a mapping would that names no address. Current alone maps here. LINUX:
 * RLIMIT_AS is asked for each segment, there once for all from the first to the last.
 */
static int choose_linker_bias(struct mm *mm, struct elf *e)
{
	struct span s;
	long at;
	int err;

	if (e->hdr.e_type == ET_EXEC)
		return 0;
	err = find_span(e, &s);
	if (err)
		return err;
	mutex_lock(&mm->mmap_lock);
	at = get_unmapped_area(mm, 0, s.len, 0);
	mutex_unlock(&mm->mmap_lock);
	if (at < 0)
		return (int)at;
	e->bias = (u64)at - s.low;
	return 0;
}

static int map_linker(struct bprm *b)
{
	struct mm *mm = current->mm;
	int err;

	if (!can_be_mapped(&b->linker))
		return -ELIBBAD;
	err = choose_linker_bias(mm, &b->linker);
	return err ? err : map_segments(mm, b->linker_file, &b->linker);
}

int map_program(struct bprm *b)
{
	struct mm *mm = current->mm;
	struct elf *e = &b->elf;
	int err;

	might_sleep();
	err = choose_bias(e);
	if (!err)
		err = map_segments(mm, b->file, e);
	for (unsigned i = 0; !err && i < e->hdr.e_phnum; i++)
		if (e->ph[i].p_type == PT_LOAD)
			note_segment(mm, &e->ph[i], e->ph[i].p_vaddr + e->bias);
	mm->start_brk = mm->brk = PAGE_ALIGN(mm->brk);
	if (!err && b->linker_file)
		err = map_linker(b);
	/* System V had it. Who may not have it there goes without. */
	if (!err && current->personality & MMAP_PAGE_ZERO)
		(void)map_at(mm, 0, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_ANONYMOUS, NULL, 0);
	return err;
}

static uaddr_t entry_of(const struct elf *e) { return e->hdr.e_entry + e->bias; }

uaddr_t program_entry(const struct bprm *b)
{
	return entry_of(b->linker_file ? &b->linker : &b->elf);
}

/* --- what the program is told --- */

static uaddr_t phdr_address(const struct elf *e)
{
	for (unsigned i = 0; i < e->hdr.e_phnum; i++) {
		const struct elf64_phdr *ph = &e->ph[i];

		if (ph->p_type == PT_LOAD && ph->p_offset <= e->hdr.e_phoff &&
		    e->hdr.e_phoff - ph->p_offset < ph->p_filesz)
			return e->hdr.e_phoff - ph->p_offset + ph->p_vaddr + e->bias;
	}
	return 0;
}

unsigned fill_auxv(u64 *auxv, const struct bprm *b, uaddr_t random, uaddr_t platform)
{
	const struct elf *e = &b->elf;
	const struct cred *c = &current->cred;
	const u64 pairs[][2] = {
		{ AT_HWCAP, arch_hwcap() },
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_CLKTCK, HZ },
		{ AT_PHDR, phdr_address(e) },
		{ AT_PHENT, sizeof(struct elf64_phdr) },
		{ AT_PHNUM, e->hdr.e_phnum },
		{ AT_BASE, b->linker.bias },
		{ AT_FLAGS, 0 },
		{ AT_ENTRY, entry_of(e) },
		{ AT_UID, from_kuid_munged(c->user_ns, c->uid) },
		{ AT_EUID, from_kuid_munged(c->user_ns, c->euid) },
		{ AT_GID, from_kgid_munged(c->user_ns, c->gid) },
		{ AT_EGID, from_kgid_munged(c->user_ns, c->egid) },
		{ AT_SECURE, b->secure },
		{ AT_RANDOM, random },
		{ AT_EXECFN, b->execfn },
		{ AT_PLATFORM, platform },
		{ AT_NULL, 0 },
	};

	_Static_assert(sizeof(pairs) <= sizeof(((struct mm *)0)->auxv),
		       "mm keeps the whole vector");
	kmemcpy(auxv, pairs, sizeof(pairs));
	return sizeof(pairs) / sizeof(u64);
}
