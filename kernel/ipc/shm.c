// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared memory of System V. Mirrors Linux ipc/shm.c.
 *
 * A segment is a file of shared memory. Each shmat makes another open file on it, whose mappings
 * count as attachments: at fork, when one is split, and when it ends, be it by shmdt, munmap, exec
 * or exit. A segment that was removed lives as long as one is left. The open file holds the
 * segment's namespace, which may no longer be the one of who attached it: so a namespace that ends
 * has no attachments.
 *
 * Its pages are shared memory in every account: each process has those it touched in its RssShmem,
 * from where the OOM killer takes its size. LINUX: they are never swapped, so SHM_LOCK is but a
 * mark.
 *
 * Locks: mmap_lock, then shm_ids.lock of the namespace.
 */
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"
#include "kernel/ipc/ipc.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"

#define SHMMAX		(~0ul - (1ul << 24))
#define SHMALL		(~0ul - (1ul << 24))	/* pages */

struct shm {				/* [shm_ids.lock] */
	struct ipc_perm perm;		/* first */
	struct file *file;		/* (!) referenced */
	u64 size;			/* (!) bytes */
	u64 attached;
	s64 atime, dtime, ctime;
	struct pid *cpid, *lpid;	/* referenced; NULL: nobody */
};
struct shm_request {			/* of shmget */
	size_t size;
	int flags;
};

struct attachment {			/* of shmat: its file's private */
	struct ipc_namespace *ns;	/* (!) referenced: that of the segment */
	struct shm *shm;		/* (!) there while it is attached */
};

static struct ipc_ids *shm_ids(void)
{
	return &current_ipc_ns()->shm_ids;
}

static u64 pages_of(const struct shm *s)
{
	return PAGE_ALIGN(s->size) >> PAGE_SHIFT;
}

/* --- making and destroying --- */

static struct ipc_perm *shm_make(int key, void *arg)
{
	const struct shm_request *r = arg;
	u64 pages = PAGE_ALIGN(r->size) >> PAGE_SHIFT;
	char name[16];
	struct shm *s;

	if (!r->size || r->size > SHMMAX || (s64)r->size < 0)
		return ERR_PTR(-EINVAL);
	if (r->flags & SHM_HUGETLB)
		return ERR_PTR(hugetlb_shm((u32)r->flags >> SHM_HUGE_SHIFT));
	if (!(r->flags & SHM_NORESERVE) && pages > totalram_pages())
		return ERR_PTR(-ENOMEM);
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	kscnprintf(name, sizeof(name), "/SYSV%08x", (u32)key);
	s->file = shmem_file_setup(name, r->size);
	if (IS_ERR(s->file)) {
		long err = PTR_ERR(s->file);

		kfree(s);
		return ERR_PTR(err);
	}
	ipc_init_perm(&s->perm, key, (u32)r->flags);
	s->size = r->size;
	s->cpid = get_pid(task_tgid(current));
	s->ctime = ipc_now();
	return &s->perm;
}

static void shm_unmake(struct ipc_perm *p)
{
	struct shm *s = container_of(p, struct shm, perm);

	fput(s->file);
	put_pid(s->cpid);
	put_pid(s->lpid);
	kfree(s);
}

static int shm_check(struct ipc_perm *p, void *arg)
{
	return container_of(p, struct shm, perm)->size < ((struct shm_request *)arg)->size ? -EINVAL : 0;
}

static int shm_room(struct ipc_ids *ids, struct ipc_perm *p)
{
	u64 pages = pages_of(container_of(p, struct shm, perm));

	if (ids->total + pages < pages || ids->total + pages > SHMALL)
		return -ENOSPC;
	ids->total += pages;
	return 0;
}

const struct ipc_kind shm_kind = { .name = "shm_ids", .make = shm_make, .unmake = shm_unmake,
	.check = shm_check, .room = shm_room };

/*
 * Takes s from its slot if it was removed and nobody uses it: then true, and the caller, without
 * the lock, frees it. shm_ids.lock held.
 */
static bool retire(struct ipc_ids *ids, struct shm *s)
{
	if (s->attached || !(s->perm.mode & SHM_DEST))
		return false;
	ids->total -= pages_of(s);
	ipc_remove(ids, &s->perm);
	return true;
}

/* --- mappings --- */

static struct attachment *attachment_of(const struct vma *v)
{
	return v->file->private;
}

static void shm_open(struct vma *v)
{
	struct ipc_ids *ids = &attachment_of(v)->ns->shm_ids;
	struct shm *s = attachment_of(v)->shm;

	spin_lock(&ids->lock);
	s->attached++;
	s->atime = ipc_now();
	ipc_update_pid(&s->lpid, task_tgid(current));
	spin_unlock(&ids->lock);
}

static void shm_close(struct vma *v)
{
	struct ipc_ids *ids = &attachment_of(v)->ns->shm_ids;
	struct shm *s = attachment_of(v)->shm;
	bool last;

	spin_lock(&ids->lock);
	assert(s->attached);
	s->attached--;
	s->dtime = ipc_now();
	ipc_update_pid(&s->lpid, task_tgid(current));
	last = retire(ids, s);
	spin_unlock(&ids->lock);
	if (last)
		shm_unmake(&s->perm);
}

static const struct vm_ops shm_vm_ops = { .fault = generic_fault, .mkwrite = generic_mkwrite,
	.open = shm_open, .close = shm_close };

static int shm_mmap(struct file *f, struct vma *v)
{
	(void)f;
	v->ops = &shm_vm_ops;
	shm_open(v);
	return 0;
}

/* The last of its namespace may be this file. */
static void shm_release(struct file *f)
{
	struct attachment *a = f->private;

	ns_put(&a->ns->ns);
	kfree(a);
}

static const struct file_ops shm_fops = { .mmap = shm_mmap, .release = shm_release };

/* --- shmat --- */

static u32 shmat_prot(int flags)
{
	return PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) | (flags & SHM_EXEC ? PROT_EXEC : 0);
}

/* The segment, with one attachment that stands for this call, or ERR_PTR. */
static struct shm *shm_grab(struct ipc_ids *ids, int id, int flags)
{
	u32 mode = 0444 | (flags & SHM_RDONLY ? 0 : 0222) | (flags & SHM_EXEC ? 0111 : 0);
	struct ipc_perm *p;
	int err;

	spin_lock(&ids->lock);
	p = ipc_by_id(ids, id);
	err = IS_ERR(p) ? (int)PTR_ERR(p) : ipc_permitted(p, mode);
	if (!err)
		container_of(p, struct shm, perm)->attached++;
	spin_unlock(&ids->lock);
	return err ? ERR_PTR(err) : container_of(p, struct shm, perm);
}

/* What shm_grab took. */
static void shm_drop(struct ipc_ids *ids, struct shm *s)
{
	bool last;

	spin_lock(&ids->lock);
	s->attached--;
	last = retire(ids, s);
	spin_unlock(&ids->lock);
	if (last)
		shm_unmake(&s->perm);
}

/* An open file of s, of current's namespace, for shmat. ERR_PTR. */
static struct file *open_segment(struct shm *s, int flags)
{
	struct attachment *a = kmalloc(sizeof(*a), GFP_KERNEL);
	struct file *f;

	if (!a)
		return ERR_PTR(-ENOMEM);
	f = file_alloc(dget(s->file->dentry), &shm_fops, flags & SHM_RDONLY ? O_RDONLY : O_RDWR);
	if (IS_ERR(f)) {
		kfree(a);
		return f;
	}
	*a = (struct attachment){ current_ipc_ns(), s };
	ns_get(&a->ns->ns);
	f->private = a;
	f->opened = 1;
	return f;
}

static long map_segment(struct shm *s, struct file *f, uaddr_t addr, int flags)
{
	struct mm *mm = current->mm;
	struct vma *v;
	long at;

	mutex_lock(&mm->mmap_lock);
	at = -EINVAL;
	if (addr && !(flags & SHM_REMAP)) {
		v = find_vma(mm, addr);
		if (addr + s->size < addr || (v && v->start < addr + s->size))
			goto out;
	}
	at = do_mmap(mm, addr, s->size, (int)shmat_prot(flags), MAP_SHARED | (addr ? MAP_FIXED : 0), f, 0);
out:
	mutex_unlock(&mm->mmap_lock);
	return at;
}

long sys_shmat(int id, uaddr_t addr, int flags)
{
	struct ipc_ids *ids = shm_ids();
	struct file *f;
	struct shm *s;
	long at;

	if (id < 0)
		return -EINVAL;
	if (addr & ~PAGE_MASK && !(flags & SHM_RND))
		return -EINVAL;
	addr &= PAGE_MASK;
	if (!addr && flags & SHM_REMAP)
		return -EINVAL;
	s = shm_grab(ids, id, flags);
	if (IS_ERR(s))
		return PTR_ERR(s);
	f = open_segment(s, flags);
	if (IS_ERR(f)) {
		at = PTR_ERR(f);
	} else {
		at = map_segment(s, f, addr, flags);
		fput(f);
	}
	shm_drop(ids, s);
	return at;
}

/* --- shmdt --- */

/* The attachment that begins at addr, or what is left of it. mmap_lock held. */
static struct vma *find_attachment(struct mm *mm, uaddr_t addr)
{
	struct vma *v = find_vma(mm, addr);

	while (v && !(v->ops == &shm_vm_ops && v->start - addr == v->pgoff << PAGE_SHIFT))
		v = find_vma(mm, v->end);
	return v;
}

long sys_shmdt(uaddr_t addr)
{
	struct mm *mm = current->mm;
	struct file *f;
	struct vma *v;
	uaddr_t end;
	long err;

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	mutex_lock(&mm->mmap_lock);
	v = find_attachment(mm, addr);
	err = v ? 0 : -EINVAL;
	f = v ? get_file(v->file) : NULL;
	end = v ? addr + PAGE_ALIGN(attachment_of(v)->shm->size) : 0;
	while (v && !err) {
		err = do_munmap(mm, v->start, v->end - v->start);
		v = find_attachment(mm, addr);
		if (v && (v->file != f || v->end > end))
			v = NULL;
	}
	mutex_unlock(&mm->mmap_lock);
	if (f)
		fput(f);
	return err;
}

/* --- shmget, shmctl --- */

long sys_shmget(int key, size_t size, int flags)
{
	struct shm_request r = { size, flags };

	return ipc_get(shm_ids(), key, flags, &r);
}

static u64 resident(const struct shm *s)
{
	return READ_ONCE(s->file->inode->mapping->nr_pages);
}

static struct k_shmid64_ds shm_export(const struct shm *s)
{
	return (struct k_shmid64_ds){
		.shm_perm = ipc_export(&s->perm), .shm_segsz = s->size, .shm_atime = s->atime, .shm_dtime = s->dtime,
		.shm_ctime = s->ctime, .shm_cpid = entry_vnr(s->cpid), .shm_lpid = entry_vnr(s->lpid),
		.shm_nattch = s->attached,
	};
}

/* IPC_STAT, and by slot SHM_STAT and SHM_STAT_ANY, which tell the id. */
static long shm_stat(int id, int cmd, uaddr_t buf)
{
	struct ipc_ids *ids = shm_ids();
	struct k_shmid64_ds ds;
	struct ipc_perm *p;
	long ret;

	spin_lock(&ids->lock);
	p = cmd == IPC_STAT ? ipc_by_id(ids, id) : ipc_by_slot(ids, id);
	ret = IS_ERR(p) ? PTR_ERR(p) : cmd == SHM_STAT_ANY ? 0 : ipc_permitted(p, 0444);
	if (!ret) {
		ds = shm_export(container_of(p, struct shm, perm));
		ret = cmd == IPC_STAT ? 0 : p->id;
	}
	spin_unlock(&ids->lock);
	return ret >= 0 && copy_to_user(buf, &ds, sizeof(ds)) ? -EFAULT : ret;
}

static int mark_locked(struct shm *s, int cmd)
{
	if (ipc_owned(&s->perm) && !ipc_capable(CAP_IPC_LOCK))
		return -EPERM;
	if (cmd == SHM_LOCK && !ipc_capable(CAP_IPC_LOCK) && !READ_ONCE(current->group->rlim[RLIMIT_MEMLOCK].rlim_cur))
		return -EPERM;
	s->perm.mode = cmd == SHM_LOCK ? s->perm.mode | SHM_LOCKED : s->perm.mode & ~SHM_LOCKED;
	return 0;
}

static long shm_change(int id, int cmd, uaddr_t buf)
{
	struct ipc_ids *ids = shm_ids();
	struct k_shmid64_ds ds;
	struct ipc_perm *p;
	struct shm *s = NULL;
	bool last = false;
	long err;

	if (cmd == IPC_SET && copy_from_user(&ds, buf, sizeof(ds)))
		return -EFAULT;
	spin_lock(&ids->lock);
	p = ipc_by_id(ids, id);
	err = IS_ERR(p) ? PTR_ERR(p) : 0;
	if (!err) {
		s = container_of(p, struct shm, perm);
		err = cmd == SHM_LOCK || cmd == SHM_UNLOCK ? mark_locked(s, cmd) : ipc_owned(p);
	}
	if (!err && cmd == IPC_SET) {
		err = ipc_change(p, &ds.shm_perm);
		s->ctime = err ? s->ctime : ipc_now();
	} else if (!err && cmd == IPC_RMID) {
		p->mode |= SHM_DEST;
		p->key = IPC_PRIVATE;
		last = retire(ids, s);
	}
	spin_unlock(&ids->lock);
	if (last)
		shm_unmake(&s->perm);
	return err;
}

static long shm_limits(uaddr_t buf)
{
	struct ipc_ids *ids = shm_ids();
	const struct k_shminfo64 info = { .shmmax = SHMMAX, .shmmin = 1, .shmmni = IPC_MAX,
		.shmseg = IPC_MAX, .shmall = SHMALL };
	int last;

	spin_lock(&ids->lock);
	last = ipc_last_slot(ids);
	spin_unlock(&ids->lock);
	return copy_to_user(buf, &info, sizeof(info)) ? -EFAULT : last;
}

static long shm_sums(uaddr_t buf)
{
	struct ipc_ids *ids = shm_ids();
	struct k_shm_info info;
	int last;

	spin_lock(&ids->lock);
	info = (struct k_shm_info){ .used_ids = (int)ids->used, .shm_tot = ids->total };
	for (unsigned i = 0; i < ids->size; i++)
		if (ids->slot[i])
			info.shm_rss += resident(container_of(ids->slot[i], struct shm, perm));
	last = ipc_last_slot(ids);
	spin_unlock(&ids->lock);
	return copy_to_user(buf, &info, sizeof(info)) ? -EFAULT : last;
}

long sys_shmctl(int id, int cmd, uaddr_t buf)
{
	if (cmd < 0 || id < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
		return shm_limits(buf);
	case SHM_INFO:
		return shm_sums(buf);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		return shm_stat(id, cmd, buf);
	case IPC_SET:
	case IPC_RMID:
	case SHM_LOCK:
	case SHM_UNLOCK:
		return shm_change(id, cmd, buf);
	}
	return -EINVAL;
}

/* --- /proc --- */

static s64 sysvipc_shm_show(char *buf, size_t n)
{
	struct ipc_ids *ids = shm_ids();
	size_t len = kscnprintf(buf, n, "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid"
					"      atime      dtime      ctime                   rss                  swap\n");

	spin_lock(&ids->lock);
	for (unsigned i = 0; i < ids->size; i++) {
		struct shm *s = ids->slot[i] ? container_of(ids->slot[i], struct shm, perm) : NULL;
		struct k_ipc64_perm p;

		if (!s)
			continue;
		p = ipc_export(&s->perm);
		len += kscnprintf(
			buf + len, n - len,
			"%10d %10d  %4o %21lu %5u %5u  %5lu %5u %5u %5u %5u %10lu %10lu %10lu %21lu %21lu\n",
			s->perm.key, s->perm.id, s->perm.mode, s->size, (u32)entry_vnr(s->cpid),
			(u32)entry_vnr(s->lpid), s->attached, p.uid, p.gid, p.cuid, p.cgid,
			(u64)s->atime, (u64)s->dtime, (u64)s->ctime, resident(s) << PAGE_SHIFT,
			0ul);
	}
	spin_unlock(&ids->lock);
	return (s64)len;
}
PSEUDO_FILE(proc_sysvipc_shm, .path = "/proc/sysvipc/shm", .mode = 0444, .show = sysvipc_shm_show);

IPC_LIMIT(shmmax, SHMMAX);
IPC_LIMIT(shmall, SHMALL);
IPC_LIMIT(shmmni, IPC_MAX);
