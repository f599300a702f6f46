// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inodes, dentries and super blocks: who holds whom. Mirrors Linux fs/dcache.c and fs/inode.c.
 *
 * A dentry holds its parent and its inode, an inode its super block. A hashed dentry is also held
 * by the tree, so it never reaches zero references while it can be found; whoever unhashes it drops
 * that reference. LINUX: no negative dentries and no cache beyond use: a name that is not there is
 * looked for again.
 *
 * Locks: dentry_lock (spinning) for every link; a directory's inode mutex is held by whoever
 * changes its names.
 */
#include "kernel/fs/mount.h"
#include "kernel/mm/mm.h"

#define HASH_SIZE 512u

struct spinlock dentry_lock = SPINLOCK_INIT("dentry", RANK_DENTRY);
static struct list dentry_hash[HASH_SIZE];
static struct kmem_cache *dentry_cache, *inode_cache;
static u64 next_seq = 2;		/* [D] 0 and 1 are "." and ".." */
static _Atomic u32 next_dev = 1;
static struct super anon_super = { .refs = 1, .magic = PIPEFS_MAGIC, .user_ns = &init_user_ns };

void dcache_init(void)
{
	for (unsigned i = 0; i < HASH_SIZE; i++)
		list_init(&dentry_hash[i]);
	dentry_cache = kmem_cache_create("dentry", sizeof(struct dentry), 8);
	inode_cache = kmem_cache_create("inode_cache", sizeof(struct inode), 8);
	anon_super.dev = atomic_fetch_add(&next_dev, 1);
}

/* --- super blocks --- */

struct super *super_alloc(const struct fs_type *type)
{
	struct super *sb = kzalloc(sizeof(*sb), GFP_KERNEL);

	if (!sb)
		return NULL;
	atomic_init(&sb->refs, 1);
	list_init(&sb->lazy_node);
	sb->dev = atomic_fetch_add(&next_dev, 1);
	sb->type = type;
	sb->user_ns = get_user_ns(type && type->user_ns && !type->global ? type->user_ns() : &init_user_ns);
	atomic_init(&sb->next_ino, 1);
	return sb;
}

void super_put(struct super *sb)
{
	if (atomic_fetch_sub(&sb->refs, 1) != 1)
		return;
	assert(sb != &anon_super);
	assert_eq(atomic_load(&sb->used_pages), 0);
	if (sb->pid_ns)
		pid_ns_put(sb->pid_ns);
	put_user_ns(sb->user_ns);
	kfree(sb);
}

/* --- inodes --- */

static void mapping_init(struct mapping *m, struct inode *host, u32 flags)
{
	spin_init(&m->lock, "mapping", RANK_MAPPING);
	spin_init(&m->vmas_lock, "mapping_vmas", RANK_MAPPING);
	m->root = NULL;
	m->height = 0;
	m->nr_pages = 0;
	m->host = host;
	list_init(&m->vmas);
	m->flags = flags;
	m->readpage = NULL;
}

struct inode *inode_alloc(struct super *sb, u32 mode)
{
	struct inode *i = kmem_cache_alloc(inode_cache, GFP_KERNEL | GFP_ZERO);
	bool dir = (mode & S_IFMT) == S_IFDIR;
	static _Atomic u64 next_unique;

	if (!i)
		return NULL;
	atomic_init(&i->refs, 1);
	i->mode = mode;
	atomic_init(&i->nlink, dir ? 2 : 1);
	i->atime = i->mtime = i->ctime = now_realtime();
	mutex_init(&i->lock, dir ? "directory" : "inode", dir ? RANK_DIR : RANK_INODE);
	mapping_init(&i->own_mapping, i, 0);
	list_init(&i->locks);
	list_init(&i->watches);
	list_init(&i->leases);
	list_init(&i->dnotify);
	i->sb = sb;
	atomic_fetch_add(&sb->refs, 1);
	i->ino = atomic_fetch_add(&sb->next_ino, 1);
	i->unique = atomic_fetch_add(&next_unique, 1);
	return i;
}

struct inode *anon_inode(u32 mode)
{
	struct inode *i = inode_alloc(&anon_super, mode);

	if (i) {
		i->uid = current->cred.fsuid;
		i->gid = current->cred.fsgid;
	}
	return i;
}

void iput(struct inode *i)
{
	if (!i || atomic_fetch_sub(&i->refs, 1) != 1)
		return;
	might_sleep();
	if (i->ops && i->ops->evict)
		i->ops->evict(i);
	if (i->own_mapping.nr_pages)
		mapping_truncate(&i->own_mapping, 0);
	lru_forget_mapping(&i->own_mapping);
	if (unlikely(i->xattrs))
		xattrs_free(i);
	assert(list_empty(&i->own_mapping.vmas));
	assert(list_empty(&i->locks) && list_empty(&i->leases) && list_empty(&i->watches) && list_empty(&i->dnotify));
	super_put(i->sb);
	kmem_cache_free(inode_cache, i);
}

/* --- dentries --- */

static inline u32 hash_begin(const struct dentry *parent) { return (u32)((uintptr_t)parent >> 6) * 2654435761u; }
static inline u32 hash_char(u32 h, char c) { return (h ^ (u8)c) * 16777619u; }
static inline u32 hash_end(u32 h) { return h ^ h >> 15; }

static u32 name_hash(const struct dentry *parent, const char *name, size_t len)
{
	u32 h = hash_begin(parent);

	for (size_t i = 0; i < len; i++)
		h = hash_char(h, name[i]);
	return hash_end(h);
}

/* Room for a name of len in d, outside any lock: the buffer, or NULL. */
static char *name_room(struct dentry *d, size_t len)
{
	return len < sizeof(d->inline_name) ? d->inline_name : kmalloc(len + 1, GFP_KERNEL);
}

static void name_free(struct dentry *d, const char *name)
{
	if (name != d->inline_name)
		kfree(name);
}

struct dentry *dentry_alloc(struct dentry *parent, const char *name, size_t len)
{
	struct dentry *d = kmem_cache_alloc(dentry_cache, GFP_KERNEL | GFP_ZERO);
	char *room;

	if (!d)
		return NULL;
	room = name_room(d, len);
	if (!room) {
		kmem_cache_free(dentry_cache, d);
		return NULL;
	}
	kmemcpy(room, name, len);
	room[len] = 0;
	d->name = room;
	d->len = (u16)len;
	atomic_init(&d->refs, 1);
	list_init(&d->children);
	list_init(&d->sibling);
	list_init(&d->hash_node);
	d->parent = parent ? dget(parent) : NULL;
	return d;
}

struct dentry *d_make_root(struct inode *i)
{
	struct dentry *d = dentry_alloc(NULL, "/", 1);

	if (d)
		d->inode = i;
	else
		iput(i);
	return d;
}

/* A loop instead of recursion: dropping a child may drop its parents up to the root. */
void dput(struct dentry *d)
{
	while (d && atomic_fetch_sub(&d->refs, 1) == 1) {
		struct dentry *parent = d->parent;

		assert(list_empty(&d->children) && list_empty(&d->hash_node) && !d->mounted && !d->covers);
		fsnotify_gone(d->inode);
		iput(d->inode);
		name_free(d, d->name);
		kmem_cache_free(dentry_cache, d);
		d = parent;
	}
}

struct four { u32 bytes; } __attribute__((packed, may_alias));

static inline bool same_name(const char *a, const char *b, size_t len)
{
	for (; len >= sizeof(struct four);
	     len -= sizeof(struct four), a += sizeof(struct four), b += sizeof(struct four))
		if (((const struct four *)a)->bytes != ((const struct four *)b)->bytes)
			return false;
	for (; len; len--)
		if (*a++ != *b++)
			return false;
	return true;
}

/* NULL if it is not known. dentry_lock held. */
static inline struct dentry *hash_find(const struct dentry *dir, const char *name, size_t len, u32 hash)
{
	struct list *head = &dentry_hash[hash % HASH_SIZE];
	struct dentry *d;

	list_for_each(d, head, hash_node)
		if (d->hash == hash && d->parent == dir && d->len == len && same_name(d->name, name, len))
			return d;
	return NULL;
}

struct dentry *d_lookup(struct dentry *dir, const char *name, size_t len)
{
	u32 hash = name_hash(dir, name, len);
	struct dentry *d;

	spin_lock(&dentry_lock);
	d = hash_find(dir, name, len, hash);
	if (d)
		dget(d);
	spin_unlock(&dentry_lock);
	return d;
}

/*
 * The name at *p in d, and what is mounted there; *p moves behind it. NULL: not by this way.
 * dentry_lock held.
 */
static inline struct dentry *step_known(struct dentry *d, const char **p)
{
	const char *name = *p, *end = name;
	u32 hash = hash_begin(d);

	if (*name == '.' || (d->inode->mode & (S_IFMT | 0111)) != (S_IFDIR | 0111))
		return NULL;
	for (; *end && *end != '/'; end++)
		hash = hash_char(hash, *end);
	*p = end;
	d = hash_find(d, name, (size_t)(end - name), hash_end(hash));
	return d && unlikely(d->mounted) ? topmost(current_mnt_ns(), d) : d;
}

struct dentry *d_walk_known(struct dentry *const *from, const char *path)
{
	struct dentry *d;

	spin_lock(&dentry_lock);
	d = *from;
	for (;;) {
		while (*path == '/')
			path++;
		if (!*path && !inode_is(d->inode, S_IFDIR))
			d = NULL;	/* the slash says that it is a directory */
		if (!*path)
			break;
		d = step_known(d, &path);
		if (!d)
			break;
		if (!*path) {
			if (inode_is(d->inode, S_IFLNK))
				d = NULL;
			break;
		}
	}
	if (d)
		dget(d);
	spin_unlock(&dentry_lock);
	return d;
}

static void hash_in(struct dentry *d)
{
	d->hash = name_hash(d->parent, d->name, d->len);
	list_add(&d->hash_node, &dentry_hash[d->hash % HASH_SIZE]);
	d->seq = next_seq++;
	list_add_tail(&d->sibling, &d->parent->children);
}

void d_add(struct dentry *d)
{
	assert(d->inode && d->parent);
	spin_lock(&dentry_lock);
	dget(d);
	hash_in(d);
	spin_unlock(&dentry_lock);
}

void d_drop(struct dentry *d)
{
	spin_lock(&dentry_lock);
	assert(!list_empty(&d->hash_node));
	list_del(&d->hash_node);
	list_del(&d->sibling);
	d->unlinked = 1;
	spin_unlock(&dentry_lock);
	dput(d);
}

int d_name_room(size_t len, char **room)
{
	*room = NULL;
	if (len < sizeof(((struct dentry *)0)->inline_name))
		return 0;
	*room = kmalloc(len + 1, GFP_KERNEL);
	return *room ? 0 : -ENOMEM;
}

void d_move(struct dentry *d, struct dentry *dir, const char *name, size_t len, char *room)
{
	const char *old_name;
	struct dentry *old_parent;

	dget(dir);
	spin_lock(&dentry_lock);
	list_del(&d->hash_node);
	list_del(&d->sibling);
	old_name = d->name;
	old_parent = d->parent;
	if (!room)
		room = d->inline_name;
	kmemmove(room, name, len);
	room[len] = 0;
	d->name = room;
	d->len = (u16)len;
	d->parent = dir;
	hash_in(d);
	spin_unlock(&dentry_lock);
	if (old_name != room)
		name_free(d, old_name);
	dput(old_parent);
}

/* Where the name of d really lies after the two structs swapped their inline parts. */
static void name_fix(struct dentry *d, const struct dentry *other)
{
	if (d->name == other->inline_name)
		d->name = d->inline_name;
}

void d_exchange(struct dentry *a, struct dentry *b)
{
	char inl[sizeof(a->inline_name)];
	const char *name = a->name;
	u16 len = a->len;
	struct dentry *parent = a->parent;

	spin_lock(&dentry_lock);
	list_del(&a->hash_node);
	list_del(&a->sibling);
	list_del(&b->hash_node);
	list_del(&b->sibling);
	kmemcpy(inl, a->inline_name, sizeof(inl));
	kmemcpy(a->inline_name, b->inline_name, sizeof(inl));
	kmemcpy(b->inline_name, inl, sizeof(inl));
	a->name = b->name;
	a->len = b->len;
	a->parent = b->parent;
	b->name = name;
	b->len = len;
	b->parent = parent;
	name_fix(a, b);
	name_fix(b, a);
	hash_in(a);
	hash_in(b);
	spin_unlock(&dentry_lock);
}

bool d_is_ancestor(struct dentry *a, struct dentry *d)
{
	bool yes = false;

	spin_lock(&dentry_lock);
	for (; d && !yes; d = d->parent)
		yes = d == a;
	spin_unlock(&dentry_lock);
	return yes;
}

/*
 * The next dentry of the tree below root in an order that visits children first; NULL after the
 * last. dentry_lock held.
 */
static struct dentry *deepest(struct dentry *root)
{
	struct dentry *d = root;

	while (!list_empty(&d->children))
		d = list_first(&d->children, struct dentry, sibling);
	return d;
}

/*
 * Takes d off the tree unless somebody else did or it has children again. No reader of its
 * directory is on its way through it, and nobody is just making a name in it.
 */
static void kill_one(struct dentry *d)
{
	struct inode *dir = d->parent->inode;
	bool gone, is_dir = inode_is(d->inode, S_IFDIR);

	mutex_lock(&dir->lock);
	if (is_dir)
		mutex_lock_nested(&d->inode->lock);	/* parent before child */
	spin_lock(&dentry_lock);
	gone = !list_empty(&d->hash_node) && list_empty(&d->children);
	if (gone) {
		list_del(&d->hash_node);
		list_del(&d->sibling);
		d->unlinked = 1;
	}
	spin_unlock(&dentry_lock);
	if (is_dir)
		mutex_unlock(&d->inode->lock);
	mutex_unlock(&dir->lock);
	if (gone)
		dput(d);
}

struct dentry *dget_parent(struct dentry *d)
{
	struct dentry *up;

	spin_lock(&dentry_lock);
	up = d->parent ? dget(d->parent) : NULL;
	spin_unlock(&dentry_lock);
	return up;
}

void d_kill_tree(struct dentry *root)
{
	struct dentry *d;

	mutex_lock(&root->inode->lock);
	root->unlinked = 1;		/* nothing new */
	mutex_unlock(&root->inode->lock);
	do {
		spin_lock(&dentry_lock);
		d = deepest(root);
		dget(d);
		spin_unlock(&dentry_lock);
		if (d != root)
			kill_one(d);
		dput(d);
	} while (d != root);
}

static unsigned count_children(const struct dentry *d)
{
	const struct list *l;
	unsigned n = 0;

	for (l = d->children.next; l != &d->children; l = l->next)
		n++;
	return n;
}

/* Preorder step without recursion. dentry_lock held. */
static struct dentry *tree_next(struct dentry *root, struct dentry *d)
{
	if (!list_empty(&d->children))
		return list_first(&d->children, struct dentry, sibling);
	while (d != root) {
		if (d->sibling.next != &d->parent->children)
			return list_entry(d->sibling.next, struct dentry, sibling);
		d = d->parent;
	}
	return NULL;
}

/*
 * Each dentry of an idle tree has one reference of the tree (the root: of the super) and one a
 * child.
 */
bool d_tree_busy(struct dentry *root, unsigned known)
{
	bool busy = false;

	spin_lock(&dentry_lock);
	for (struct dentry *d = root; d && !busy; d = tree_next(root, d))
		busy = atomic_load(&d->refs) != 1 + count_children(d) + (d == root ? known : 0);
	spin_unlock(&dentry_lock);
	return busy;
}

/* --- names of dentries --- */

static char *prepend(char *p, const char *buf, const char *s, size_t len)
{
	if ((size_t)(p - buf) < len)
		return NULL;
	p -= len;
	kmemcpy(p, s, len);
	return p;
}

/*
 * Walks up to root or to the top, through what ns has mounted, writing backwards. *top: where it
 * ends. dentry_lock held.
 */
static char *path_upwards(const struct mnt_namespace *ns, struct dentry *d,
			  const struct dentry *root, char *buf, char *p,
			  struct dentry **top)
{
	char *end = p;

	while (p && d != root) {
		const struct mount *m = d->covers ? mount_of(ns, d) : NULL;

		if (m && m->where) {
			d = m->where;
			continue;
		}
		if (!d->parent)
			break;
		p = prepend(p, buf, d->name, d->len);
		if (p)
			p = prepend(p, buf, "/", 1);
		d = d->parent;
	}
	*top = d;
	return p == end ? prepend(p, buf, "/", 1) : p;
}

char *dentry_path(struct dentry *d, char *buf, size_t n)
{
	static const char deleted[] = " (deleted)";
	const struct mnt_namespace *ns = current->nsproxy ? current_mnt_ns() : &init_mnt_ns;
	struct fs *fs = current->fs;
	struct dentry *root = fs ? fs->root : NULL, *top;
	char *p = buf + n;

	if (!n)
		return ERR_PTR(-ENAMETOOLONG);
	*--p = 0;
	spin_lock(&dentry_lock);
	if (d->unlinked)
		p = prepend(p, buf, deleted, sizeof(deleted) - 1);
	if (p && d->anonymous)
		p = prepend(p, buf, d->name, d->len);
	else if (p)
		p = path_upwards(ns, d, root, buf, p, &top);
	spin_unlock(&dentry_lock);
	return p ? p : ERR_PTR(-ENAMETOOLONG);
}

char *dentry_path_below(const struct mnt_namespace *ns, struct dentry *root, struct dentry *d, char *buf, size_t n)
{
	struct dentry *top;
	char *p = buf + n;

	*--p = 0;
	spin_lock(&dentry_lock);
	p = path_upwards(ns, d, root, buf, p, &top);
	spin_unlock(&dentry_lock);
	return !p ? ERR_PTR(-ENAMETOOLONG) : top == root ? p : ERR_PTR(-ENOENT);
}

/* --- directories whose dentries are the directory --- */

static unsigned dirent_type(const struct inode *i)
{
	return (i->mode & S_IFMT) >> 12;
}

u64 d_parent_ino(struct dentry *d)
{
	u64 ino;

	spin_lock(&dentry_lock);
	ino = (d->parent ? d->parent : d)->inode->ino;
	spin_unlock(&dentry_lock);
	return ino;
}

static int dcache_readdir(struct file *f,
			  bool (*emit)(void *ctx, const char *name, size_t len, u64 ino,
				       unsigned type, u64 next),
			  void *ctx)
{
	struct dentry *dir = f->dentry, *d;
	u64 pos = f->pos;

	if (pos == 0) {
		if (!emit(ctx, ".", 1, dir->inode->ino, DT_DIR, 1))
			return 0;
		pos = 1;
	}
	if (pos == 1) {
		if (!emit(ctx, "..", 2, d_parent_ino(dir), DT_DIR, 2))
			return 0;
	}
	/* The directory's mutex, held by getdents, keeps its names still. */
	assert_held(&dir->inode->lock);
	list_for_each(d, &dir->children, sibling) {
		if (d->seq < pos)
			continue;
		if (!emit(ctx, d->name, d->len, d->inode->ino, dirent_type(d->inode), d->seq + 1))
			break;
	}
	return 0;
}

static s64 dir_lseek(struct file *f, s64 off, int whence)
{
	if (whence == SEEK_CUR)
		off += (s64)f->pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (off < 0)
		return -EINVAL;
	f->pos = (u64)off;
	return off;
}

static s64 dir_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	(void)f, (void)buf, (void)n, (void)pos;
	return -EISDIR;
}

static int dir_fsync(struct file *f)
{
	(void)f;
	return 0;
}

const struct file_ops dir_fops = {
	.read = dir_read,
	.readdir = dcache_readdir,
	.lseek = dir_lseek,
	.fsync = dir_fsync,
};
