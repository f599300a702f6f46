// SPDX-License-Identifier: GPL-2.0-only
/*
 * The names of sockets of AF_UNIX: a path, or an abstract one. Mirrors that part of Linux
 * net/unix/af_unix.c.
 *
 * Locks: unix_lock (spinning).
 */
#include "kernel/fs/unix.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"

struct list unix_names = LIST_INIT(unix_names);

static bool is_abstract(const struct address *a)
{
	return a->len > ADDRESS_MIN && !a->path[0];
}

/* Who has the abstract name, of sk's type and namespace? Or NULL. unix_lock held. */
static struct sock *abstract_owner(const struct sock *sk, const struct address *a)
{
	struct sock *other;

	assert_held(&unix_lock);
	list_for_each(other, &sk->net->unix_names, names_node)
		if (other->type == sk->type && other->name.len == a->len &&
		    !kmemcmp(other->name.path, a->path, a->len - ADDRESS_MIN))
			return other;
	return NULL;
}

/* Who has i for its name in the file system? Or NULL. unix_lock held. */
static struct sock *inode_owner(const struct inode *i)
{
	struct sock *sk;

	assert_held(&unix_lock);
	list_for_each(sk, &unix_names, names_node)
		if (sk->bound->inode == i)
			return sk;
	return NULL;
}

/* Referenced, or NULL. i: NULL, a is an abstract name. */
static struct sock *find_name(const struct sock *sk, const struct address *a, const struct inode *i)
{
	struct sock *found;

	spin_lock(&unix_lock);
	found = i ? inode_owner(i) : abstract_owner(sk, a);
	if (found)
		sock_get(found);
	spin_unlock(&unix_lock);
	return found;
}

/* sk gets its one name. 0, -EINVAL: it has one, -EADDRINUSE. */
static long set_name(struct sock *sk, const struct address *a, struct dentry *d)
{
	long err = 0;

	spin_lock(&unix_lock);
	if (sk->name.len)
		err = -EINVAL;
	else if (!d && abstract_owner(sk, a))
		err = -EADDRINUSE;
	if (!err) {
		sk->name = *a;
		sk->bound = d ? dget(d) : NULL;
		list_add_tail(&sk->names_node, d ? &unix_names : &sk->net->unix_names);
	}
	spin_unlock(&unix_lock);
	return err;
}

static long bind_path(struct sock *sk, const struct address *a)
{
	char path[sizeof(a->path)] = { 0 };
	struct parent_path pp;
	struct address name = *a;
	struct dentry *d;
	long err;

	kmemcpy(path, a->path, a->len - ADDRESS_MIN);
	name.len = (u32)kstrlen(path) + 1 + ADDRESS_MIN;	/* Linux's: with the NUL */
	err = path_lookup_parent(AT_FDCWD, path, &pp);
	if (err)
		return err == -EEXIST ? -EADDRINUSE : err;
	d = pp.type == LAST_NORM && !pp.trailing_slash ?
	    vfs_create(pp.dir, pp.last.name, pp.last.len, S_IFSOCK | (0777 & ~current_umask()), 0) : ERR_PTR(-EEXIST);
	parent_path_put(&pp);
	if (IS_ERR(d))
		return PTR_ERR(d) == -EEXIST ? -EADDRINUSE : PTR_ERR(d);
	err = set_name(sk, &name, d);
	dput(d);
	return err;
}

/* Five digits that nobody else has. */
static long autobind(struct sock *sk)
{
	static _Atomic u32 next;
	struct address a = { .family = AF_UNIX, .len = ADDRESS_MIN + 6 };
	char digits[8];
	long err;

	do {
		ksnprintf(digits, sizeof(digits), "%05x", atomic_fetch_add(&next, 1) & 0xfffff);
		kmemcpy(a.path + 1, digits, 5);
		err = set_name(sk, &a, NULL);
	} while (err == -EADDRINUSE);
	return err;
}

long unix_bind(struct sock *sk, const struct address *a)
{
	if (is_inet(sk))
		return inet_bind(sk, a);
	if (a->len == ADDRESS_MIN)
		return a->family != AF_UNIX ? -EINVAL : sk->name.len ? 0 : autobind(sk);
	if (a->family != AF_UNIX || sk->name.len)
		return -EINVAL;
	return is_abstract(a) ? set_name(sk, a, NULL) : bind_path(sk, a);
}

void unix_name(struct sock *sk, struct address *out)
{
	spin_lock(&unix_lock);
	*out = sk->name;
	spin_unlock(&unix_lock);
	if (!out->len) {
		out->len = is_inet(sk) ? INET_ADDRESS_LEN : ADDRESS_MIN;
		out->family = (u16)sk->family;
	}
}

int unix_peer_name(struct sock *sk, struct address *out)
{
	struct sock *peer;

	spin_lock(&unix_lock);
	peer = sk->peer ? sock_get(sk->peer) : NULL;
	*out = sk->dest;
	spin_unlock(&unix_lock);
	if (is_inet(sk)) {
		sock_put(peer);
		return out->len ? 0 : -ENOTCONN;
	}
	if (!peer)
		return -ENOTCONN;
	unix_name(peer, out);
	sock_put(peer);
	return 0;
}

struct sock *find_address(const struct sock *sk, const struct address *a)
{
	char path[sizeof(a->path)] = { 0 };
	struct sock *found;
	struct dentry *d;
	int err;

	if (a->len <= ADDRESS_MIN || a->family != AF_UNIX)
		return ERR_PTR(-EINVAL);
	if (is_abstract(a)) {
		found = find_name(sk, a, NULL);
		return found ? found : ERR_PTR(-ECONNREFUSED);
	}
	kmemcpy(path, a->path, a->len - ADDRESS_MIN);
	err = path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW, &d);
	if (err)
		return ERR_PTR(err);
	err = inode_permission(d->inode, MAY_WRITE);
	found = err ? ERR_PTR(err) : inode_is(d->inode, S_IFSOCK) ? find_name(sk, NULL, d->inode) : NULL;
	dput(d);
	return found ? found : ERR_PTR(-ECONNREFUSED);
}
