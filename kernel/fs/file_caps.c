// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attribute security.capability: what a program may do whoever runs it. Mirrors the part of
 * Linux security/commoncap.c about it.
 *
 * It is for the user namespace whose root it names (version 3), or for that of the file system
 * (version 2). Whoever is not in that namespace, or below it, sees none. In an attribute that
 * comes from user mode, or goes there, root is called as its own namespace calls it.
 *
 * Locks: the inode's mutex.
 */
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"
#include "kernel/user_namespace.h"

static bool header_valid(const struct k_vfs_ns_cap_data *c, size_t size)
{
	u32 revision = c->magic_etc & ~VFS_CAP_FLAGS_EFFECTIVE;

	return (size == VFS_CAPS_SIZE_2 && revision == VFS_CAP_REVISION_2) ||
	       (size == VFS_CAPS_SIZE_3 && revision == VFS_CAP_REVISION_3);
}

long file_caps_from_user(const struct inode *i, uaddr_t value, size_t size, struct k_vfs_ns_cap_data *out)
{
	struct user_namespace *fs_ns = i->sb->user_ns;
	u32 root;

	*out = (struct k_vfs_ns_cap_data){ 0 };
	if (copy_from_user(out, value, min(size, sizeof(*out))))
		return -EFAULT;
	if (sb_says(i->sb, MS_RDONLY))
		return -EROFS;
	if (!header_valid(out, size))
		return -EINVAL;
	if (!capable_wrt_inode_uidgid(i, CAP_SETFCAP))
		return -EPERM;
	if (size == VFS_CAPS_SIZE_2 && ns_capable(fs_ns, CAP_SETFCAP))
		return (long)size;
	root = make_kuid(current_user_ns(), size == VFS_CAPS_SIZE_3 ? out->rootid : 0);
	if (root != INVALID_ID)
		root = from_kuid(fs_ns, root);
	if (root == INVALID_ID)
		return -EINVAL;
	out->rootid = root;
	out->magic_etc = VFS_CAP_REVISION_3 | (out->magic_etc & VFS_CAP_FLAGS_EFFECTIVE);
	return VFS_CAPS_SIZE_3;
}

/* Is root the root of current's namespace or of one above it? */
static bool owns_current_ns(u32 root)
{
	for (const struct user_namespace *ns = current_user_ns();; ns = user_ns_parent(ns)) {
		if (from_kuid(ns, root) == 0)
			return true;
		if (ns == &init_user_ns)
			return false;
	}
}

static u32 root_of(const struct inode *i, const struct k_vfs_ns_cap_data *c, size_t size)
{
	return make_kuid(i->sb->user_ns, size == VFS_CAPS_SIZE_3 ? c->rootid : 0);
}

long file_caps_to_user(const struct inode *i, struct k_vfs_ns_cap_data *c, size_t size)
{
	u32 root, mapped;

	if (!header_valid(c, size))
		return -EINVAL;
	root = root_of(i, c, size);
	if (size == VFS_CAPS_SIZE_2 && current_user_ns() == i->sb->user_ns)
		return (long)size;
	mapped = root == INVALID_ID ? INVALID_ID : from_kuid(current_user_ns(), root);
	if (mapped != INVALID_ID && mapped) {
		c->magic_etc = VFS_CAP_REVISION_3 | (c->magic_etc & VFS_CAP_FLAGS_EFFECTIVE);
		c->rootid = mapped;
		return VFS_CAPS_SIZE_3;
	}
	if (root == INVALID_ID || !owns_current_ns(root))
		return -EOVERFLOW;
	c->magic_etc = VFS_CAP_REVISION_2 | (c->magic_etc & VFS_CAP_FLAGS_EFFECTIVE);
	return VFS_CAPS_SIZE_2;
}

int file_caps(struct inode *i, struct file_caps *out)
{
	struct k_vfs_ns_cap_data c = { 0 };
	long size = xattr_read(i, XATTR_CAPS, &c, sizeof(c));
	u32 root;

	*out = (struct file_caps){ 0 };
	if (size < 0)
		return 0;			/* there is none */
	if (!header_valid(&c, (size_t)size))
		return -EINVAL;
	root = root_of(i, &c, (size_t)size);
	if (root == INVALID_ID || !owns_current_ns(root))
		return 0;
	out->there = true;
	out->effective = c.magic_etc & VFS_CAP_FLAGS_EFFECTIVE;
	out->permitted = (c.data[0].permitted | (u64)c.data[1].permitted << 32) & CAP_FULL_SET;
	out->inheritable = (c.data[0].inheritable | (u64)c.data[1].inheritable << 32) & CAP_FULL_SET;
	return 0;
}
