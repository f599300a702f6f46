// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages, of which there are none: what Linux says while /proc/sys/vm/nr_hugepages is 0.
 * Mirrors fs/hugetlbfs/inode.c and mm/hugetlb.c.
 *
 * A file of them can be made, sealed and given a size, reads as zeroes, and cannot be mapped for
 * lack of memory. LINUX: not with MAP_NORESERVE either, where there the first touch is SIGBUS; and
 * statfs says something else.
 *
 * Locks: the inode's mutex around its size.
 */
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"

static u64 huge_page_size(const struct inode *i)
{
	return 1ull << i->private_nr;
}

bool is_huge(const struct inode *i)
{
	return i->mapping && i->mapping->flags & MAPPING_HUGETLB;
}

u64 inode_blksize(const struct inode *i)
{
	return is_huge(i) ? huge_page_size(i) : PAGE_SIZE;
}

/* i->lock held. */
static int hugetlb_truncate(struct inode *i, u64 size)
{
	assert_held(&i->lock);
	if (size & (huge_page_size(i) - 1))
		return -EINVAL;
	if ((size < i->size && i->seals & F_SEAL_SHRINK) || (size > i->size && i->seals & F_SEAL_GROW))
		return -EPERM;
	WRITE_ONCE(i->size, size);
	i->mtime = i->ctime = now_realtime();
	return 0;
}

static int hugetlb_mmap(struct file *f, struct vma *v)
{
	return v->pgoff << PAGE_SHIFT & (huge_page_size(f->inode) - 1) ? -EINVAL : -ENOMEM;
}

static int hugetlb_fsync(struct file *f)
{
	(void)f;
	return 0;
}

static s64 hugetlb_lseek(struct file *f, s64 off, int whence)
{
	return fixed_lseek(f, off, whence, f->inode->size);
}

static const struct inode_ops hugetlb_inode_ops = { .truncate = hugetlb_truncate };
static const struct file_ops hugetlb_fops = {
	.read = generic_read, .kread = generic_kread, .lseek = hugetlb_lseek, .mmap = hugetlb_mmap,
	.fsync = hugetlb_fsync,
};

struct file *hugetlb_file_setup(const char *name, unsigned log)
{
	struct inode *i;

	if (!log)
		log = HUGE_SHIFT;
	if (log != HUGE_SHIFT && log != GIGANTIC_SHIFT)
		return ERR_PTR(-ENODEV);
	i = anon_inode(S_IFREG | 0777);
	if (!i)
		return ERR_PTR(-ENOMEM);
	i->ops = &hugetlb_inode_ops;
	i->fops = &hugetlb_fops;
	i->mapping = &i->own_mapping;
	i->own_mapping.flags = MAPPING_SHMEM | MAPPING_HUGETLB;
	i->seals = F_SEAL_SEAL;
	i->private_nr = log;
	atomic_store(&i->nlink, 0);
	return file_alloc_anon(i, name, &hugetlb_fops, O_RDWR);
}

int hugetlb_shm(unsigned log)
{
	if (log && log != HUGE_SHIFT && log != GIGANTIC_SHIFT)
		return -EINVAL;
	return capable(CAP_IPC_LOCK) || in_group(0) ? -ENOMEM : -EPERM;	/* 0: of hugetlb_shm_group */
}

/* --- /proc --- */

size_t hugetlb_meminfo(char *buf, size_t n)
{
	size_t len = 0;

	for (const char *const *s = (const char *const[]){ "Total", "Free", "Rsvd", "Surp", NULL }; *s; s++)
		len += kscnprintf(buf + len, n - len, "HugePages_%s:%*s%5u\n", *s, *s[0] == 'T' ? 3 : 4, "", 0u);
	len += kscnprintf(buf + len, n - len, "Hugepagesize:   %8u kB\nHugetlb:        %8u kB\n",
			  1u << (HUGE_SHIFT - 10), 0u);
	return len;
}

static s64 nr_hugepages_show(char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "0\n");
}

/* As many as there is memory for: that is no error on Linux. */
static s64 nr_hugepages_store(const char *buf, size_t n)
{
	const char *digits = buf;
	u64 want;

	while (kisspace(*digits))
		digits++;
	if (kparse_digits(&digits, 0, &want) || (*digits && !kisspace(*digits)))
		return -EINVAL;
	return (s64)n;
}
PSEUDO_FILE(sysctl_nr_hugepages, .path = "/proc/sys/vm/nr_hugepages", .mode = 0644,
	.show = nr_hugepages_show, .store = nr_hugepages_store);
