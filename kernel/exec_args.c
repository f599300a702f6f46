// SPDX-License-Identifier: GPL-2.0-only
/*
 * The strings of execve on their way from the old address space to the new one, and the stack they
 * end on. Mirrors copy_strings and setup_arg_pages of Linux fs/exec.c and create_elf_tables of
 * fs/binfmt_elf.c.
 *
 * From the top of the stack: eight zero bytes, AT_EXECFN's string, environment, arguments; all this
 * before the point of no return. Below come the platform's name, random bytes, auxv and the
 * pointers, when the addresses are known.
 *
 * Locks: exec_mutex is held by the caller from make_mm on; mmap_lock of the new address space.
 *
 * LINUX: strings wait in pages of the kernel, not in the pages of the new stack.
 */
#include "kernel/exec.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/task.h"

#define MAX_ARG_STRLEN		(32 * PAGE_SIZE)
#define ARG_MAX_BYTES		(32 * PAGE_SIZE) /* as much is allowed whatever the stack limit */
#define ARG_TOTAL_CAP		(6ull << 20)
#define STACK_SLACK		(32 * PAGE_SIZE) /* stack below the strings, from the start */

/* --- strings --- */

void strpool_init(struct strpool *s)
{
	list_init(&s->pages);
	s->len = 0;
	s->used = PAGE_SIZE;
	s->charged = 0;
}

static void pool_charge(struct strpool *s)
{
	if (!current->mm)
		return;
	atomic_fetch_add(&current->mm->rss[MM_ANON], 1);
	s->charged++;
}

void strpool_uncharge(struct strpool *s)
{
	assert(!s->charged || current->mm);
	if (s->charged)
		atomic_fetch_sub(&current->mm->rss[MM_ANON], s->charged);
	s->charged = 0;
}

void strpool_free(struct strpool *s)
{
	struct page *p, *n;

	strpool_uncharge(s);
	list_for_each_safe(p, n, &s->pages, lru) {
		list_del(&p->lru);
		put_page(p);
	}
}

/* Room at the end of the pool: at least one byte at *at, *n bytes in all. */
static int pool_room(struct strpool *s, char **at, size_t *n)
{
	struct page *p;

	if (s->used == PAGE_SIZE) {
		p = alloc_page(GFP_KERNEL);
		if (!p)
			return -ENOMEM;
		list_add_tail(&p->lru, &s->pages);
		pool_charge(s);
		s->used = 0;
	}
	p = list_entry(s->pages.prev, struct page, lru);
	*at = (char *)page_address(p) + s->used;
	*n = PAGE_SIZE - s->used;
	return 0;
}

static void pool_grow(struct strpool *s, size_t n)
{
	s->used += n;
	s->len += n;
}

/* Length with the NUL, or -E2BIG, -EFAULT, -ENOMEM. */
static long pool_add_user(struct strpool *s, uaddr_t str)
{
	size_t total = 0, room;
	char *at;
	long got;
	int err;

	for (;;) {
		err = pool_room(s, &at, &room);
		if (err)
			return err;
		got = strncpy_from_user(at, str + total, room);
		if (got < 0)
			return -EFAULT;
		total += (size_t)got;
		if ((size_t)got < room) {
			pool_grow(s, (size_t)got + 1);
			break;
		}
		pool_grow(s, room);
		if (total >= MAX_ARG_STRLEN)
			return -E2BIG;
	}
	return total + 1 > MAX_ARG_STRLEN ? -E2BIG : (long)total + 1;
}

static long pool_add_kernel(struct strpool *s, const char *str)
{
	size_t left = kstrlen(str) + 1, total = left, room;
	char *at;
	int err;

	while (left) {
		err = pool_room(s, &at, &room);
		if (err)
			return err;
		room = min(room, left);
		kmemcpy(at, str, room);
		pool_grow(s, room);
		str += room;
		left -= room;
	}
	return (long)total;
}

/* A place in a pool. */
struct pool_pos {
	struct page *page;
	size_t off;
};

static struct pool_pos pool_begin(struct strpool *s)
{
	return (struct pool_pos){ .page = list_first(&s->pages, struct page, lru) };
}

/* The bytes from pos to the end of its page, at most @max; pos moves behind them. */
static const char *pool_chunk(struct pool_pos *pos, size_t max, size_t *n)
{
	const char *at;

	if (pos->off == PAGE_SIZE) {
		pos->page = list_entry(pos->page->lru.next, struct page, lru);
		pos->off = 0;
	}
	at = (const char *)page_address(pos->page) + pos->off;
	*n = min(max, PAGE_SIZE - pos->off);
	pos->off += *n;
	return at;
}

static void pool_skip(struct pool_pos *pos, size_t n)
{
	size_t step;

	for (; n; n -= step)
		pool_chunk(pos, n, &step);
}

/* Length of the string at pos with its NUL; pos moves behind it. */
static size_t pool_strlen(struct pool_pos *pos)
{
	size_t n, len = 0;

	for (;;) {
		struct pool_pos before = *pos;
		const char *at = pool_chunk(pos, PAGE_SIZE, &n), *nul = kmemchr(at, 0, n);

		if (!nul) {
			len += n;
			continue;
		}
		*pos = before;
		pool_chunk(pos, (size_t)(nul - at) + 1, &n);
		return len + n;
	}
}

/* --- what the caller passes --- */

/*
 * Strings, the file's name among them, and the pointers to the caller's share a quarter of the
 * stack limit, within Linux's bounds. This is what is left of it for all but the name.
 */
static u64 arg_limit(const struct bprm *b)
{
	u64 stack = READ_ONCE(current->group->rlim[RLIMIT_STACK].rlim_cur);

	return max(min(stack / 4, ARG_TOTAL_CAP), (u64)ARG_MAX_BYTES) - (kstrlen(b->filename) + 1);
}

/* The i-th string of src goes into the pool: its length, 0 at the end of the list, or an error. */
static long add_string(struct bprm *b, const struct arg_source *src, int i)
{
	uaddr_t str;

	if (src->kernel)
		return src->kernel[i] ? pool_add_kernel(&b->args, src->kernel[i]) : 0;
	if (!src->user)
		return 0;
	if (copy_from_user(&str, src->user + (u64)i * sizeof(str), sizeof(str)))
		return -EFAULT;
	return str ? pool_add_user(&b->args, str) : 0;
}

static int add_strings(struct bprm *b, const struct arg_source *src, int *count, size_t *first_len)
{
	for (int i = 0;; i++) {
		long n = add_string(b, src, i);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return 0;
		if (i == 0 && first_len)
			*first_len = (size_t)n;
		++*count;
		if (b->args.len + (u64)(b->argc + b->envc) * sizeof(u64) > b->limit)
			return -E2BIG;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/* LINUX: an empty argv becomes one empty string, since 5.18. */
int copy_strings(struct bprm *b, const struct arg_source *argv, const struct arg_source *envp)
{
	int err;
	long n;

	might_sleep();
	b->limit = arg_limit(b);
	err = add_strings(b, argv, &b->argc, &b->arg0_len);
	if (err)
		return err;
	if (b->argc == 0) {
		n = pool_add_kernel(&b->args, "");
		if (n < 0)
			return (int)n;
		b->argc = 1;
		b->arg0_len = 1;
	}
	b->argv_len = b->args.len;
	return add_strings(b, envp, &b->envc, NULL);
}

/* --- the new stack, as far as it can be filled before the point of no return --- */

static size_t prefix_len(const struct bprm *b)
{
	size_t n = 0;

	for (int i = b->first_prefix; i < MAX_PREFIX; i++)
		n += kstrlen(b->prefix[i]) + 1;
	return n;
}

static bool has_prefix(const struct bprm *b) { return b->first_prefix < MAX_PREFIX; }

static int final_argc(const struct bprm *b)
{
	return has_prefix(b) ? b->argc - 1 + MAX_PREFIX - b->first_prefix : b->argc;
}

static int write_strings(struct bprm *b, uaddr_t at)
{
	size_t skip = has_prefix(b) ? b->arg0_len : 0, left = b->args.len - skip, n;
	struct pool_pos pos = pool_begin(&b->args);

	for (int i = b->first_prefix; i < MAX_PREFIX; i++) {
		n = kstrlen(b->prefix[i]) + 1;
		if (mm_write(b->mm, at, b->prefix[i], n))
			return -ENOMEM;
		at += n;
	}
	pool_skip(&pos, skip);
	for (; left; left -= n, at += n) {
		const char *s = pool_chunk(&pos, left, &n);

		if (mm_write(b->mm, at, s, n))
			return -ENOMEM;
	}
	b->execfn = at;
	return mm_write(b->mm, at, b->filename, kstrlen(b->filename) + 1) ? -ENOMEM : 0;
}

static int make_stack_vma(struct bprm *b, size_t size)
{
	struct vma *v;
	int err;

	mutex_lock(&b->mm->mmap_lock);
	err = setup_stack_vma(b->mm, size);
	v = err ? NULL : find_vma(b->mm, STACK_TOP - PAGE_SIZE);
	if (v && b->elf.exec_stack)
		v->flags |= VM_EXEC;
	mutex_unlock(&b->mm->mmap_lock);
	return err;
}

int make_mm(struct bprm *b)
{
	size_t skip = has_prefix(b) ? b->arg0_len : 0;
	size_t strings = prefix_len(b) + b->args.len - skip, bytes = strings + kstrlen(b->filename) + 1;
	size_t pointers = (size_t)(final_argc(b) + b->envc) * sizeof(u64);
	int err;

	might_sleep();
	/* Again, since a script's prefix is longer than what it replaces, or fewer than nothing were passed. */
	if (strings + (size_t)(b->argc + b->envc) * sizeof(u64) > b->limit)
		return -E2BIG;
	if (PAGE_ALIGN(bytes + sizeof(u64)) > max(READ_ONCE(current->group->rlim[RLIMIT_STACK].rlim_cur), PAGE_SIZE))
		return -E2BIG;
	b->mm = mm_alloc(current_user_ns());
	if (!b->mm)
		return -ENOMEM;
	if (current->mm)
		atomic_store(&b->mm->flags, atomic_load(&current->mm->flags) & MMF_INHERITED_EXEC);
	err = make_stack_vma(b, PAGE_ALIGN(bytes + pointers + 2 * PAGE_SIZE) + STACK_SLACK);
	if (err)
		return err;
	b->strings = STACK_TOP - sizeof(u64) - bytes;
	b->mm->arg_start = b->strings;
	b->mm->arg_end = b->mm->env_start = b->strings + prefix_len(b) + b->argv_len - skip;
	b->mm->env_end = b->mm->env_start + b->args.len - b->argv_len;
	return write_strings(b, b->strings);
}

/* --- the rest of the stack --- */

/* Words written upwards from at, a page's worth at a time. */
struct words {
	uaddr_t at;
	unsigned n;
	int err;
	u64 buf[64];
};

static void words_flush(struct words *w)
{
	if (!w->err && copy_to_user(w->at, w->buf, w->n * sizeof(u64)))
		w->err = -EFAULT;
	w->at += w->n * sizeof(u64);
	w->n = 0;
}

static void word(struct words *w, u64 v)
{
	if (w->n == ARRAY_SIZE(w->buf))
		words_flush(w);
	w->buf[w->n++] = v;
}

/* argv and envp: pointers to strings that lie end to end. */
static void write_pointers(struct bprm *b, struct words *w)
{
	struct pool_pos pos = pool_begin(&b->args);
	uaddr_t s = b->strings;
	int rest = b->argc;

	word(w, (u64)final_argc(b));
	for (int i = b->first_prefix; i < MAX_PREFIX; i++) {
		word(w, s);
		s += kstrlen(b->prefix[i]) + 1;
	}
	if (has_prefix(b)) {
		pool_skip(&pos, b->arg0_len);
		rest--;
	}
	for (; rest > 0; rest--) {
		word(w, s);
		s += pool_strlen(&pos);
	}
	word(w, 0);
	for (int i = 0; i < b->envc; i++) {
		word(w, s);
		s += pool_strlen(&pos);
	}
	word(w, 0);
}

int finish_stack(struct bprm *b)
{
	struct mm *mm = current->mm;
	size_t platform_len = kstrlen(arch_platform) + 1;
	uaddr_t platform = b->strings - platform_len, random = (platform - 16) & ~15ull;
	u64 seed[2] = { arch_random(), arch_random() };
	unsigned aux_words = fill_auxv(mm->auxv, b, random, platform);
	size_t nwords = 1 + (size_t)final_argc(b) + 1 + (size_t)b->envc + 1 + aux_words;
	struct words w = { .at = (random - nwords * sizeof(u64)) & ~15ull };

	might_sleep();
	if (copy_to_user(platform, arch_platform, platform_len) ||
	    copy_to_user(random, seed, sizeof(seed)))
		return -EFAULT;
	b->sp = mm->start_stack = w.at;
	write_pointers(b, &w);
	for (unsigned i = 0; i < aux_words; i++)
		word(&w, mm->auxv[i]);
	words_flush(&w);
	return w.err;
}
