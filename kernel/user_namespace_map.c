// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/uid_map, gid_map, projid_map and setgroups: what ids are called in a user namespace, and
 * who may say so. Mirrors that part of Linux kernel/user_namespace.c and fs/proc/base.c.
 *
 * Each of the maps is written once and whole, by one write(2). Without a capability in the parent a
 * namespace gets one name: that of who made it, for itself.
 *
 * Locks: userns_mutex.
 */
#include "kernel/abi.h"
#include "kernel/fs/proc.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

#define MAX_LINE	34u			/* three numbers of ten digits, and two spaces, a newline, a zero */
#define UNSORTED	5u			/* so few stay in the order in which they were written */

static struct mutex userns_mutex = MUTEX_INIT(userns_mutex, "userns", RANK_FS_RENAME);

/* An open file: whose namespace it is about, and who opened it. */
struct id_file {
	struct user_namespace *ns;	/* (!) referenced */
	struct cred opener;		/* (!) with references of its own */
	enum id_kind kind;		/* (!) */
};

bool userns_setgroups_allowed(struct user_namespace *ns)
{
	bool allowed;

	mutex_lock(&userns_mutex);
	allowed = !ns->setgroups_denied;
	mutex_unlock(&userns_mutex);
	return allowed;
}

bool userns_may_setgroups(struct user_namespace *ns)
{
	return ns == &init_user_ns || (atomic_load(&ns->map[ID_GID].nr) && userns_setgroups_allowed(ns));
}

/* --- the text --- */

/* Linux's isspace(): Latin-1. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (u8)c == 0xa0;
}

static const char *skip_spaces(const char *s)
{
	while (is_space(*s))
		s++;
	return s;
}

/* As on Linux what does not fit is cut, and no digits are a 0. */
static const char *parse_id(const char *s, u32 *id)
{
	u64 v = 0;

	for (s = skip_spaces(s); kisdigit(*s); s++)
		v = v * 10 + (u64)(*s - '0');
	*id = (u32)v;
	return s;
}

static bool parse_extent(const char *line, struct uid_gid_extent *e)
{
	const char *s = parse_id(line, &e->first);

	if (!is_space(*s))
		return false;
	s = parse_id(s, &e->lower_first);
	if (!is_space(*s))
		return false;
	s = parse_id(s, &e->count);
	return !*skip_spaces(s) && e->first != INVALID_ID && e->lower_first != INVALID_ID &&
		e->first + e->count > e->first && e->lower_first + e->count > e->lower_first;
}

static bool ranges_overlap(u32 a, u32 b, u32 na, u32 nb)
{
	return a < b ? b - a < na : a - b < nb;
}

static bool overlaps(const struct uid_gid_extent *v, u32 n, const struct uid_gid_extent *e)
{
	for (u32 i = 0; i < n; i++)
		if (ranges_overlap(v[i].first, e->first, v[i].count, e->count) ||
		    ranges_overlap(v[i].lower_first, e->lower_first, v[i].count, e->count))
			return true;
	return false;
}

/* The lines of text, which is cut up. Extents, or -EINVAL. */
static int parse_map(char *text, struct uid_gid_extent *v)
{
	int n = 0;

	for (char *line = text, *next; line; line = next) {
		next = kstrchr(line, '\n');
		if (next) {
			*next++ = 0;
			if (!*next)
				next = NULL;
		}
		if (n == UID_GID_MAP_MAX_EXTENTS || !parse_extent(line, &v[n]) || overlaps(v, (u32)n, &v[n]))
			return -EINVAL;
		n++;
	}
	return n;
}

static void sort_extents(struct uid_gid_extent *v, u32 n)
{
	for (u32 i = 1; n > UNSORTED && i < n; i++)
		for (u32 k = i; k && v[k].first < v[k - 1].first; k--) {
			struct uid_gid_extent e = v[k];

			v[k] = v[k - 1];
			v[k - 1] = e;
		}
}

/* --- writing --- */

/* Root above has a name in the namespace only if who asks had its capability over files' capabilities. */
static bool may_map_root(const struct id_file *f, const struct uid_gid_extent *v, u32 n)
{
	u32 i = 0;

	while (i < n && v[i].lower_first)
		i++;
	if (i == n)
		return true;
	if (f->opener.user_ns == f->ns)
		return f->ns->parent_could_setfcap;
	return cred_ns_capable(&f->opener, user_ns_parent(f->ns), CAP_SETFCAP);
}

/* Who made the namespace gives its own id a name there. */
static bool maps_own_id(const struct id_file *f, const struct uid_gid_extent *e)
{
	const struct user_namespace *parent = user_ns_parent(f->ns);

	if (f->ns->owner != f->opener.euid)
		return false;
	if (f->kind == ID_UID)
		return make_kuid(parent, e->lower_first) == f->opener.euid;
	return f->kind == ID_GID && f->ns->setgroups_denied && make_kgid(parent, e->lower_first) == f->opener.egid;
}

static bool map_permitted(const struct id_file *f, const struct uid_gid_extent *v, u32 n)
{
	struct user_namespace *parent = user_ns_parent(f->ns);
	int cap = f->kind == ID_UID ? CAP_SETUID : CAP_SETGID;

	if (f->kind == ID_UID && !may_map_root(f, v, n))
		return false;
	if (n == 1 && v[0].count == 1 && maps_own_id(f, &v[0]))
		return true;
	return f->kind == ID_PROJID || (ns_capable(parent, cap) && cred_ns_capable(&f->opener, parent, cap));
}

/* The parent has one name for all of the ids; they become the machine's. */
static bool translate(const struct user_namespace *parent, enum id_kind k, struct uid_gid_extent *v, u32 n)
{
	const struct uid_gid_map *m = &parent->map[k];

	for (u32 i = 0; i < n; i++) {
		u32 at = 0, nr = atomic_load(&m->nr);

		for (; at < nr; at++)
			if (v[i].lower_first >= m->extents[at].first &&
			    v[i].lower_first - m->extents[at].first < m->extents[at].count &&
			    v[i].count <= m->extents[at].count -
					    (v[i].lower_first - m->extents[at].first))
				break;
		if (at == nr)
			return false;
		v[i].lower_first = v[i].lower_first - m->extents[at].first + m->extents[at].lower_first;
	}
	return true;
}

/* v has room for all extents there may be. 0, -EPERM, -EINVAL, -ENOMEM. */
static int set_map(const struct id_file *f, char *text, struct uid_gid_extent *v)
{
	struct uid_gid_map *m = &f->ns->map[f->kind];
	struct uid_gid_extent *extents;
	int n;

	assert_held(&userns_mutex);
	if (atomic_load(&m->nr))
		return -EPERM;
	if (f->kind != ID_PROJID && !cred_ns_capable(&f->opener, f->ns, CAP_SYS_ADMIN))
		return -EPERM;
	n = parse_map(text, v);
	if (n < 0)
		return n;
	if (!map_permitted(f, v, (u32)n) || !translate(user_ns_parent(f->ns), f->kind, v, (u32)n))
		return -EPERM;
	sort_extents(v, (u32)n);
	extents = kmalloc((size_t)n * sizeof(*v), GFP_KERNEL);
	if (!extents)
		return -ENOMEM;
	kmemcpy(extents, v, (size_t)n * sizeof(*v));
	m->extents = extents;
	atomic_store_explicit(&m->nr, (u32)n, memory_order_release);
	return 0;
}

static s64 map_write(struct file *file, uaddr_t buf, size_t n, u64 *pos)
{
	const struct id_file *f = file->private;
	struct user_namespace *parent = user_ns_parent(f->ns), *opener = f->opener.user_ns;
	struct uid_gid_extent *v;
	char *text;
	int err;

	if (!parent || (opener != f->ns && opener != parent))
		return -EPERM;
	if (*pos || n >= PAGE_SIZE)
		return -EINVAL;
	text = text_from_user(buf, n);
	if (IS_ERR(text))
		return PTR_ERR(text);
	v = kmalloc(UID_GID_MAP_MAX_EXTENTS * sizeof(*v), GFP_KERNEL);
	err = -ENOMEM;
	if (v) {
		mutex_lock(&userns_mutex);
		err = set_map(f, text, v);
		mutex_unlock(&userns_mutex);
	}
	kfree(v);
	kfree(text);
	if (err)
		return err;
	*pos = n;
	return (s64)n;
}

/* --- reading --- */

/*
 * The ids on the right are called as the opener calls them, or, in the namespace itself, as its
 * parent does.
 */
static const struct user_namespace *names_for(const struct id_file *f)
{
	const struct user_namespace *ns = f->opener.user_ns;

	return ns == f->ns && user_ns_parent(ns) ? user_ns_parent(ns) : ns;
}

static s64 map_read(struct file *file, uaddr_t buf, size_t n, u64 *pos)
{
	const struct id_file *f = file->private;
	const struct uid_gid_map *m = &f->ns->map[f->kind];
	u32 nr = atomic_load_explicit(&m->nr, memory_order_acquire);
	char *text = kmalloc(nr * MAX_LINE + 1, GFP_KERNEL);
	size_t len = 0;

	if (!text)
		return -ENOMEM;
	for (u32 i = 0; i < nr; i++)
		len += kscnprintf(text + len, MAX_LINE, "%10u %10u %10u\n", m->extents[i].first,
				  map_id_up(names_for(f), f->kind, m->extents[i].lower_first), m->extents[i].count);
	n = *pos < len ? min(n, len - (size_t)*pos) : 0;
	if (copy_to_user(buf, text + *pos, n))
		len = 0;
	kfree(text);
	if (n && !len)
		return -EFAULT;
	*pos += n;
	return (s64)n;
}

/* --- opening --- */

static int id_open(struct inode *i, struct file *file, enum id_kind kind)
{
	struct id_file *f;

	if (!task_alive(task_of(i)))
		return -EINVAL;
	f = kmalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	f->ns = task_user_ns(task_of(i));
	f->kind = kind;
	copy_creds(&f->opener, &current->cred);
	file->private = f;
	return 0;
}

static void id_release(struct file *file)
{
	struct id_file *f = file->private;

	put_creds(&f->opener);
	put_user_ns(f->ns);
	kfree(f);
}

static int uid_map_open(struct inode *i, struct file *f) { return id_open(i, f, ID_UID); }
static int gid_map_open(struct inode *i, struct file *f) { return id_open(i, f, ID_GID); }
static int projid_map_open(struct inode *i, struct file *f) { return id_open(i, f, ID_PROJID); }

#define MAP_FOPS(fn)	{ .open = fn, .release = id_release, .read = map_read, .write = map_write, .lseek = text_lseek }
const struct file_ops proc_uid_map_fops = MAP_FOPS(uid_map_open);
const struct file_ops proc_gid_map_fops = MAP_FOPS(gid_map_open);
const struct file_ops proc_projid_map_fops = MAP_FOPS(projid_map_open);

/* --- setgroups --- */

static int setgroups_open(struct inode *i, struct file *f)
{
	int err = id_open(i, f, ID_GID);

	if (!err && f->writable && !ns_capable(((struct id_file *)f->private)->ns, CAP_SYS_ADMIN)) {
		id_release(f);
		err = -EACCES;
	}
	return err;
}

static s64 setgroups_read(struct file *file, uaddr_t buf, size_t n, u64 *pos)
{
	const struct id_file *f = file->private;
	const char *text = userns_setgroups_allowed(f->ns) ? "allow\n" : "deny\n";
	size_t len = kstrlen(text);

	n = *pos < len ? min(n, len - (size_t)*pos) : 0;
	if (copy_to_user(buf, text + *pos, n))
		return -EFAULT;
	*pos += n;
	return (s64)n;
}

/* Once denied it stays so; and who has used the groups' names may have let go of one to be kept out by. */
static int set_setgroups(struct user_namespace *ns, bool deny)
{
	int err = 0;

	mutex_lock(&userns_mutex);
	if (deny ? atomic_load(&ns->map[ID_GID].nr) : ns->setgroups_denied)
		err = -EPERM;
	else if (deny)
		ns->setgroups_denied = true;
	mutex_unlock(&userns_mutex);
	return err;
}

static s64 setgroups_write(struct file *file, uaddr_t buf, size_t n, u64 *pos)
{
	const struct id_file *f = file->private;
	char text[8] = { 0 };
	bool deny;
	int err;

	if (*pos || n >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, n))
		return -EFAULT;
	deny = !kstrncmp(text, "deny", 4);
	if ((!deny && kstrncmp(text, "allow", 5)) || *skip_spaces(text + (deny ? 4 : 5)))
		return -EINVAL;
	err = set_setgroups(f->ns, deny);
	if (err)
		return err;
	*pos = n;
	return (s64)n;
}

const struct file_ops proc_setgroups_fops = {
	.open = setgroups_open, .release = id_release, .read = setgroups_read,
	.write = setgroups_write, .lseek = text_lseek,
};
