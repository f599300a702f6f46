// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what with a file: the nine bits, owners, sticky directories, and what root's
 * capabilities excuse. Mirrors the first part of Linux fs/namei.c, fs/attr.c and fs/inode.c.
 *
 * Mode and owner are read without a lock, as on Linux: a check beside a chmod sees the one or the
 * other. LINUX: no access lists; no protected_symlinks, _hardlinks, _fifos and _regular (there they
 * are off unless somebody turns them on).
 *
 * Locks: the inode's mutex where a contract says so.
 */
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"

/* The bits of the class that current is in. */
static bool allowed_by_mode(const struct inode *i, u32 mode, unsigned mask)
{
	if (current->cred.fsuid == i->uid)
		mode >>= 6;
	else if (in_group(i->gid))
		mode >>= 3;
	return !(mask & ~mode);
}

/* What CAP_DAC_* excuse: nobody runs a file that nobody may run. */
static bool allowed_by_capability(const struct inode *i, u32 mode, unsigned mask)
{
	bool dir = (mode & S_IFMT) == S_IFDIR;

	if ((dir ? !(mask & MAY_WRITE) : mask == MAY_READ) && capable_wrt_inode_uidgid(i, CAP_DAC_READ_SEARCH))
		return true;
	return (dir || !(mask & MAY_EXEC) || mode & 0111) && capable_wrt_inode_uidgid(i, CAP_DAC_OVERRIDE);
}

bool is_immutable(const struct inode *i)
{
	return READ_ONCE(i->fsflags) & FS_IMMUTABLE_FL || (i->ops && i->ops->keeps & KEEPS_ALL);
}

static __attribute__((noinline)) bool is_read_only(const struct inode *i)
{
	return sb_says(i->sb, MS_RDONLY) && (inode_is(i, S_IFREG) || inode_is(i, S_IFDIR) || inode_is(i, S_IFLNK));
}

int inode_permission(const struct inode *i, unsigned mask)
{
	u32 mode = READ_ONCE(i->mode);

	if (mask & MAY_WRITE && is_immutable(i))
		return -EPERM;
	if (mask & MAY_WRITE && sb_might_say(i->sb, MS_RDONLY) && is_read_only(i))
		return -EROFS;
	if (unlikely(i->ops && i->ops->permission))
		return i->ops->permission(i, mask);
	return allowed_by_mode(i, mode, mask) || allowed_by_capability(i, mode, mask) ? 0 : -EACCES;
}

bool inode_owner_or_capable(const struct inode *i)
{
	struct user_namespace *ns = current_user_ns();

	return current->cred.fsuid == i->uid || (from_kuid(ns, i->uid) != INVALID_ID && ns_capable(ns, CAP_FOWNER));
}

int may_unname(const struct inode *dir, const struct inode *i)
{
	u32 fsuid = current->cred.fsuid;
	int err = inode_permission(dir, MAY_WRITE | MAY_EXEC);

	if (!err && dir->mode & S_ISVTX && fsuid != i->uid && fsuid != dir->uid &&
	    !capable_wrt_inode_uidgid(i, CAP_FOWNER))
		err = -EPERM;
	return !err && (is_append(dir) || is_fixed(i)) ? -EPERM : err;
}

bool fsuidgid_has_mapping(const struct super *sb)
{
	const struct cred *c = &current->cred;

	return from_kuid(sb->user_ns, c->fsuid) != INVALID_ID && from_kgid(sb->user_ns, c->fsgid) != INVALID_ID;
}

/* --- set-user-id and set-group-id --- */

/* May current give a file of the group of i, or in i, the set-group-id bit? */
static bool may_set_group_id(const struct inode *i)
{
	return in_group(i->gid) || capable_wrt_inode_uidgid(i, CAP_FSETID);
}

void inode_init_owner(struct inode *i, const struct inode *dir)
{
	i->uid = current->cred.fsuid;
	i->gid = current->cred.fsgid;
	i->fsflags = dir->fsflags & (FS_NODUMP_FL | FS_NOATIME_FL);
	if (!(dir->mode & S_ISGID))
		return;
	i->gid = dir->gid;
	if (inode_is(i, S_IFDIR))
		i->mode |= S_ISGID;
	else if (i->mode & S_IXGRP && !may_set_group_id(dir))
		i->mode &= ~(u32)S_ISGID;
}

/* Without S_IXGRP the bit once meant mandatory locks: that is no privilege to its own group. */
static u32 without_set_ids(const struct inode *i)
{
	u32 mode = i->mode & ~(u32)S_ISUID;

	return mode & S_IXGRP || !may_set_group_id(i) ? mode & ~(u32)S_ISGID : mode;
}

void inode_remove_privs(struct inode *i)
{
	assert_held(&i->lock);
	if (i->mode & (S_ISUID | S_ISGID) && inode_is(i, S_IFREG) && !capable(CAP_FSETID))
		i->mode = without_set_ids(i);
	if (unlikely(i->xattrs) && !inode_is(i, S_IFDIR))
		xattr_forget(i, XATTR_CAPS);
}

/* --- chmod, chown --- */

static bool keeps(const struct inode *i, unsigned what)
{
	return is_fixed(i) || (i->ops && i->ops->keeps & what);
}

int inode_chmod(struct inode *i, u32 mode)
{
	assert_held(&i->lock);
	if (keeps(i, KEEPS_MODE) || !inode_owner_or_capable(i))
		return -EPERM;
	if (!may_set_group_id(i))
		mode &= ~(u32)S_ISGID;
	i->mode = (i->mode & S_IFMT) | (mode & 07777);
	return 0;
}

/* ~0u: stays. */
static bool chown_allowed(const struct inode *i, u32 uid, u32 gid)
{
	bool owner = current->cred.fsuid == i->uid;

	if (capable_wrt_inode_uidgid(i, CAP_CHOWN))
		return true;
	return (uid == ~0u || (owner && uid == i->uid)) && (gid == ~0u || (owner && (gid == i->gid || in_group(gid))));
}

int inode_chown(struct inode *i, u32 uid, u32 gid)
{
	u32 mode = inode_is(i, S_IFDIR) ? i->mode : without_set_ids(i);

	assert_held(&i->lock);
	if (((uid != ~0u || gid != ~0u) && keeps(i, KEEPS_OWNER)) || !chown_allowed(i, uid, gid) ||
	    (mode != i->mode && !inode_owner_or_capable(i)))
		return -EPERM;
	if (uid != ~0u)
		i->uid = uid;
	if (gid != ~0u)
		i->gid = gid;
	i->mode = mode;
	if (unlikely(i->xattrs) && !inode_is(i, S_IFDIR))
		xattr_forget(i, XATTR_CAPS);
	return 0;
}
