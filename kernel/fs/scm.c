// SPDX-License-Identifier: GPL-2.0-only
/*
 * What travels along with a message: open files and who sends. Mirrors Linux net/core/scm.c.
 *
 * Locks: none of its own.
 */
#include "kernel/fs/socket.h"
#include "kernel/cred.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

#define MAX_CONTROL	65536u
#define CMSG_ALIGN(n)	(((n) + 7) & ~(size_t)7)

void scm_put(struct scm *scm)
{
	for (unsigned i = 0; i < scm->nr_files; i++)
		fput(scm->files[i]);
	scm->nr_files = 0;
	put_pid(scm->creds.pid);
	scm->creds.pid = NULL;
}

struct k_ucred creds_export(const struct creds *c)
{
	const struct user_namespace *ns = current_user_ns();

	if (c->uid == INVALID_ID)	/* nobody's: of a socket without another end */
		return (struct k_ucred){ entry_vnr(c->pid), c->uid, c->gid };
	return (struct k_ucred){ entry_vnr(c->pid), from_kuid_munged(ns, c->uid), from_kgid_munged(ns, c->gid) };
}

static int add_files(struct scm *scm, const char *data, size_t n)
{
	int fd;

	if (n / sizeof(fd) > SCM_MAX_FD - scm->nr_files)
		return -EINVAL;
	for (size_t i = 0; i < n / sizeof(fd); i++) {
		struct file *f;

		kmemcpy(&fd, data + i * sizeof(fd), sizeof(fd));
		f = fget(fd);
		if (!f)
			return -EBADF;
		if (file_sock(f)) {
			fput(f);
			return -ETOOMANYREFS;
		}
		scm->files[scm->nr_files++] = f;
	}
	return 0;
}

/* Who may current say that it is? */
static bool may_be(int pid, u32 uid, u32 gid)
{
	const struct cred *me = &current->cred;

	return (pid == current->vtgid || ns_capable(current->group->pid_ns->ns.user_ns, CAP_SYS_ADMIN)) &&
	       (uid == me->uid || uid == me->euid || uid == me->suid || ns_capable(me->user_ns, CAP_SETUID)) &&
	       (gid == me->gid || gid == me->egid || gid == me->sgid || ns_capable(me->user_ns, CAP_SETGID));
}

static int set_creds(struct scm *scm, const char *data, size_t n)
{
	struct k_ucred c;
	struct pid *pid;
	u32 uid, gid;

	if (n != sizeof(c))
		return -EINVAL;
	kmemcpy(&c, data, sizeof(c));
	uid = make_kuid(current_user_ns(), c.uid);
	gid = make_kgid(current_user_ns(), c.gid);
	if (uid == INVALID_ID || gid == INVALID_ID)
		return -EINVAL;
	if (!may_be(c.pid, uid, gid))
		return -EPERM;
	pid = find_get_pid(c.pid);
	if (!pid)
		return -ESRCH;
	put_pid(scm->creds.pid);
	scm->creds = (struct creds){ pid, uid, gid };
	scm->got = true;
	return 0;
}

static int take_control(struct scm *scm, int type, const char *data, size_t n, int family)
{
	if (type != SCM_RIGHTS && type != SCM_CREDENTIALS)
		return -EINVAL;
	if (family == AF_INET)
		return 0;		/* Linux's: passed over */
	return type == SCM_RIGHTS ? add_files(scm, data, n) : set_creds(scm, data, n);
}

static int parse_control(struct scm *scm, const char *buf, size_t n, int family)
{
	struct k_cmsghdr h;
	int err = 0;

	for (size_t at = 0; !err && n - at >= sizeof(h); at += CMSG_ALIGN(h.cmsg_len)) {
		kmemcpy(&h, buf + at, sizeof(h));
		if (h.cmsg_len < sizeof(h) || h.cmsg_len > n - at)
			return -EINVAL;
		if (h.cmsg_level == SOL_SOCKET)
			err = take_control(scm, h.cmsg_type, buf + at + sizeof(h), h.cmsg_len - sizeof(h), family);
		if (CMSG_ALIGN(h.cmsg_len) > n - at)
			break;
	}
	return err;
}

int scm_send(struct scm *scm, const struct k_msghdr *h, int family)
{
	char *buf;
	int err;

	if (!h->msg_control || !h->msg_controllen)
		return 0;
	if (h->msg_controllen > MAX_CONTROL)
		return -ENOBUFS;
	buf = kmalloc(h->msg_controllen, GFP_KERNEL);
	if (!buf)
		return -ENOBUFS;
	err = copy_from_user(buf, h->msg_control, h->msg_controllen) ? -EFAULT
		: parse_control(scm, buf, h->msg_controllen, family);
	kfree(buf);
	return err;
}

/* What does not fit is cut off and said in the flags; where nobody can write there is nothing. */
void put_cmsg(struct control *c, int type, const void *data, size_t n)
{
	struct k_cmsghdr h = { .cmsg_len = sizeof(h) + n, .cmsg_level = SOL_SOCKET, .cmsg_type = type };
	size_t room = c->room - c->used;

	if (room < sizeof(h)) {
		c->flags |= MSG_CTRUNC;
		return;
	}
	if (room < h.cmsg_len) {
		c->flags |= MSG_CTRUNC;
		h.cmsg_len = room;
		n = room - sizeof(h);
	}
	if (!copy_to_user(c->buf + c->used, &h, sizeof(h)) && !copy_to_user(c->buf + c->used + sizeof(h), data, n))
		c->used += min(CMSG_ALIGN(h.cmsg_len), room);
}

/*
 * A new descriptor for f, told at addr; false: neither. LINUX: for a moment it can be used before
 * it is told.
 */
static bool give_fd(struct file *f, u32 fd_flags, uaddr_t addr)
{
	int fd = fd_alloc(get_file(f), fd_flags, 0);

	if (fd < 0)
		return false;
	if (!copy_to_user(addr, &fd, sizeof(fd)))
		return true;
	fd_close(fd);
	return false;
}

/* Descriptors for as many files as there is room for. */
void scm_detach_fds(struct control *c, struct scm *scm, u32 fd_flags)
{
	struct k_cmsghdr h = { .cmsg_len = sizeof(h), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	size_t room = c->room - c->used;
	uaddr_t head = c->buf + c->used;
	unsigned n = 0;

	for (; n < scm->nr_files && h.cmsg_len + sizeof(int) <= room; n++, h.cmsg_len += sizeof(int))
		if (!give_fd(scm->files[n], fd_flags, head + h.cmsg_len))
			break;
	if (n < scm->nr_files)
		c->flags |= MSG_CTRUNC;
	if (n && !copy_to_user(head, &h, sizeof(h)))
		c->used += min(CMSG_ALIGN(h.cmsg_len), room);
}
