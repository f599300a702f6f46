// SPDX-License-Identifier: GPL-2.0-only
/*
 * prctl(PR_SET_MM): a program says where the parts of its own image are, what started it and with
 * what vector, as one that restores another does. It is what /proc shows from then on. Mirrors
 * prctl_set_mm of Linux kernel/sys.c and replace_mm_exe_file of kernel/fork.c.
 *
 * Nothing here moves memory: of all this only the break means something to the kernel, which asks
 * for every change of it whether the place is free.
 *
 * Locks: mmap_lock.
 */
#include "kernel/abi.h"
#include "kernel/fs/files.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/user_namespace.h"

/* mmap_lock held. */
static void read_map(const struct mm *mm, struct k_prctl_mm_map *m)
{
	m->start_code = mm->start_code;
	m->end_code = mm->end_code;
	m->start_data = mm->start_data;
	m->end_data = mm->end_data;
	m->start_brk = mm->start_brk;
	m->brk = mm->brk;
	m->start_stack = mm->start_stack;
	m->arg_start = mm->arg_start;
	m->arg_end = mm->arg_end;
	m->env_start = mm->env_start;
	m->env_end = mm->env_end;
}

/* mmap_lock held. */
static void write_map(struct mm *mm, const struct k_prctl_mm_map *m)
{
	mm->start_code = m->start_code;
	mm->end_code = m->end_code;
	mm->start_data = m->start_data;
	mm->end_data = m->end_data;
	mm->start_brk = m->start_brk;
	mm->brk = m->brk;
	mm->start_stack = m->start_stack;
	mm->arg_start = m->arg_start;
	mm->arg_end = m->arg_end;
	mm->env_start = m->env_start;
	mm->env_end = m->env_end;
}

static bool valid_address(u64 a)
{
	return a >= (uaddr_t)READ_ONCE(sysctl_mmap_min_addr) && a < USER_MAX;
}

static bool map_valid(const struct k_prctl_mm_map *m)
{
	const u64 all[] = {
		m->start_code, m->end_code, m->start_data, m->end_data, m->start_brk, m->brk,
		m->start_stack, m->arg_start, m->arg_end, m->env_start, m->env_end,
	};
	u64 limit = READ_ONCE(current->group->rlim[RLIMIT_DATA].rlim_cur);

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		if (!valid_address(all[i]))
			return false;
	if (m->start_code >= m->end_code || m->start_data > m->end_data || m->start_brk > m->brk)
		return false;
	if (m->arg_start > m->arg_end || m->env_start > m->env_end)
		return false;
	return limit == RLIM64_INFINITY || m->brk - m->start_brk + (m->end_data - m->start_data) <= limit;
}

/* Is something of the file it was started from still mapped? */
static bool exe_is_mapped(struct mm *mm)
{
	bool mapped = false;

	mutex_lock(&mm->mmap_lock);
	for (unsigned i = 0; mm->exe_file && i < mm->nr_vmas && !mapped; i++)
		mapped = mm->vmas[i]->file && mm->vmas[i]->file->dentry == mm->exe_file->dentry;
	mutex_unlock(&mm->mmap_lock);
	return mapped;
}

static long set_exe_file(struct mm *mm, int fd)
{
	struct file *f = fget(fd), *exe, *old;
	long err;

	if (!f)
		return -EBADF;
	err = file_may_run(f);
	if (!err && exe_is_mapped(mm))
		err = -EBUSY;
	exe = err ? ERR_PTR(err) : file_reopen_to_run(f);
	fput(f);
	if (IS_ERR(exe))
		return PTR_ERR(exe) == -ETXTBSY ? -EACCES : PTR_ERR(exe);
	mutex_lock(&mm->mmap_lock);
	old = mm->exe_file;
	mm->exe_file = exe;
	mutex_unlock(&mm->mmap_lock);
	if (old)
		fput(old);
	return 0;
}

/* The last entry is the end, whatever was given. */
static long read_auxv(u64 auxv[MM_AUXV_WORDS], uaddr_t from, u64 size)
{
	kmemset(auxv, 0, MM_AUXV_WORDS * sizeof(auxv[0]));
	if (copy_from_user(auxv, from, size))
		return -EFAULT;
	auxv[MM_AUXV_WORDS - 2] = auxv[MM_AUXV_WORDS - 1] = 0;
	return 0;
}

static long set_auxv(struct mm *mm, uaddr_t from, u64 size)
{
	u64 auxv[MM_AUXV_WORDS];
	long err = size > sizeof(auxv) ? -EINVAL : read_auxv(auxv, from, size);

	if (err)
		return err;
	mutex_lock(&mm->mmap_lock);
	kmemcpy(mm->auxv, auxv, sizeof(auxv));
	mutex_unlock(&mm->mmap_lock);
	return 0;
}

static bool may_restore(void)
{
	return ns_capable(current_user_ns(), CAP_SYS_ADMIN) || ns_capable(current_user_ns(), CAP_CHECKPOINT_RESTORE);
}

/* All at once. Whoever may not name any file may still do this: it changes only what is shown. */
static long set_map(struct mm *mm, uaddr_t from, u64 size)
{
	u64 auxv[MM_AUXV_WORDS];
	struct k_prctl_mm_map m;
	long err;

	if (size != sizeof(m))
		return -EINVAL;
	if (copy_from_user(&m, from, sizeof(m)))
		return -EFAULT;
	if (!map_valid(&m) || (m.auxv_size && (!m.auxv || m.auxv_size > sizeof(auxv))))
		return -EINVAL;
	if (m.auxv_size) {
		err = read_auxv(auxv, m.auxv, m.auxv_size);
		if (err)
			return err;
	}
	if (m.exe_fd != ~0u) {
		err = may_restore() ? set_exe_file(mm, (int)m.exe_fd) : -EPERM;
		if (err)
			return err;
	}
	mutex_lock(&mm->mmap_lock);
	write_map(mm, &m);
	if (m.auxv_size)
		kmemcpy(mm->auxv, auxv, sizeof(auxv));
	mutex_unlock(&mm->mmap_lock);
	return 0;
}

static u64 *member(struct k_prctl_mm_map *m, u64 option)
{
	switch (option) {
	case PR_SET_MM_START_CODE:
		return &m->start_code;
	case PR_SET_MM_END_CODE:
		return &m->end_code;
	case PR_SET_MM_START_DATA:
		return &m->start_data;
	case PR_SET_MM_END_DATA:
		return &m->end_data;
	case PR_SET_MM_START_STACK:
		return &m->start_stack;
	case PR_SET_MM_START_BRK:
		return &m->start_brk;
	case PR_SET_MM_BRK:
		return &m->brk;
	case PR_SET_MM_ARG_START:
		return &m->arg_start;
	case PR_SET_MM_ARG_END:
		return &m->arg_end;
	case PR_SET_MM_ENV_START:
		return &m->env_start;
	case PR_SET_MM_ENV_END:
		return &m->env_end;
	}
	return NULL;
}

/* Of those there must be memory at or above. */
static bool wants_memory(u64 option)
{
	return option == PR_SET_MM_START_STACK || (option >= PR_SET_MM_ARG_START && option <= PR_SET_MM_ENV_END);
}

static long set_one(struct mm *mm, u64 option, uaddr_t addr)
{
	struct k_prctl_mm_map m = { 0 };
	u64 *which = member(&m, option);
	long err = 0;

	if (!which || !valid_address(addr))
		return -EINVAL;
	mutex_lock(&mm->mmap_lock);
	read_map(mm, &m);
	*which = addr;
	if (!map_valid(&m))
		err = -EINVAL;
	else if (wants_memory(option) && !find_vma(mm, addr))
		err = -EFAULT;
	else
		write_map(mm, &m);
	mutex_unlock(&mm->mmap_lock);
	return err;
}

long prctl_set_mm(u64 option, u64 addr, u64 size, u64 rest)
{
	static const u32 map_size = sizeof(struct k_prctl_mm_map);
	struct mm *mm = current->mm;
	bool sized = option == PR_SET_MM_AUXV || option == PR_SET_MM_MAP || option == PR_SET_MM_MAP_SIZE;

	if (rest || (size && !sized))
		return -EINVAL;
	if (option == PR_SET_MM_MAP_SIZE)
		return copy_to_user(addr, &map_size, sizeof(map_size)) ? -EFAULT : 0;
	if (option == PR_SET_MM_MAP)
		return set_map(mm, addr, size);
	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	if (option == PR_SET_MM_EXE_FILE)
		return set_exe_file(mm, (int)addr);
	if (option == PR_SET_MM_AUXV)
		return set_auxv(mm, addr, size);
	return set_one(mm, option, addr);
}
