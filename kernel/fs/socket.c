// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system calls of sockets: addresses and message headers. Mirrors Linux
 * net/socket.c. The families are AF_UNIX and, on the loopback interface, AF_INET: unix.c, unix_msg.c, inet.c.
 *
 * Locks: none of its own.
 */
#include "kernel/fs/socket.h"
#include "kernel/cred.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define STORAGE_LEN	128u		/* of a sockaddr_storage */

/* --- bytes --- */

/* A whole step of one part: how much, and where. */
static size_t iter_step(struct iter *it, size_t n)
{
	while (it->n && !it->v->iov_len) {
		it->v++;
		it->n--;
	}
	return min(n, it->n ? it->v->iov_len : 0);
}

static void iter_advance(struct iter *it, size_t n)
{
	it->left -= n;
	if (it->kernel) {
		it->kernel += n;
	} else {
		it->v->iov_base += n;
		it->v->iov_len -= n;
	}
}

size_t iter_get(struct iter *it, void *dst, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t part = it->kernel ? n : iter_step(it, n - done);

		if (!part)
			break;
		if (it->kernel)
			kmemcpy(dst, it->kernel, part);
		else if (copy_from_user((char *)dst + done, it->v->iov_base, part))
			break;
		iter_advance(it, part);
		done += part;
	}
	return n - done;
}

size_t iter_put(struct iter *it, const void *src, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t part = it->kernel ? n : iter_step(it, n - done);

		if (!part)
			break;
		if (it->kernel)
			kmemcpy(it->kernel, src, part);
		else if (copy_to_user(it->v->iov_base, (const char *)src + done, part))
			break;
		iter_advance(it, part);
		done += part;
	}
	return n - done;
}

/* --- descriptors and addresses --- */

struct file *fget_sock(int fd, struct sock **sk)
{
	struct file *f = fget(fd);

	if (!f)
		return ERR_PTR(-EBADF);
	*sk = file_sock(f);
	if (*sk)
		return f;
	fput(f);
	return ERR_PTR(-ENOTSOCK);
}

/* Longer than any family's own may be what holds an AF_INET one. */
static int address_from_user(struct address *a, uaddr_t ua, int len)
{
	kmemset(a, 0, sizeof(*a));
	if (len < (int)ADDRESS_MIN || len > (int)STORAGE_LEN)
		return -EINVAL;
	a->len = min((u32)len, ADDRESS_MIN + UNIX_PATH_MAX);
	if (copy_from_user(&a->family, ua, a->len))
		return -EFAULT;
	return a->len < (u32)len && a->family != AF_INET ? -EINVAL : 0;
}

/* As much as fits; *ulen gets the whole length. ua 0: nobody asked. */
static int address_to_user(const struct address *a, uaddr_t ua, uaddr_t ulen)
{
	int room;

	if (copy_from_user(&room, ulen, sizeof(room)))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (copy_to_user(ua, &a->family, min((size_t)room, (size_t)a->len)))
		return -EFAULT;
	return copy_to_user(ulen, &a->len, sizeof(int)) ? -EFAULT : 0;
}

/* A descriptor for f, whose reference it takes over. */
static long install(struct file *f, u32 flags)
{
	return fd_alloc(f, flags & SOCK_CLOEXEC ? O_CLOEXEC : 0, 0);
}

static int check_inet(int type, int protocol)
{
	if (protocol < 0 || protocol >= IPPROTO_MAX)
		return -EINVAL;
	if (type == SOCK_RAW)
		return protocol && !ns_capable(current->nsproxy->ns[NS_NET]->user_ns, CAP_NET_RAW) ?
			-EPERM : -EPROTONOSUPPORT;
	if (type != SOCK_STREAM && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	return !protocol || protocol == (type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP) ? type : -EPROTONOSUPPORT;
}

/* What socket(2) asks for: the type, or -errno. */
static int check_socket(int family, int type, int protocol)
{
	if (type & ~(SOCK_TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	type &= SOCK_TYPE_MASK;
	if (family < 0 || family >= AF_MAX)
		return -EAFNOSUPPORT;
	if (type < 0 || type >= SOCK_MAX)
		return -EINVAL;
	if (family == AF_INET)
		return check_inet(type, protocol);
	if (family != AF_UNIX)
		return -EAFNOSUPPORT;
	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == SOCK_RAW)
		type = SOCK_DGRAM;	/* as BSD has it */
	return type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_SEQPACKET ? type : -ESOCKTNOSUPPORT;
}

/* --- messages --- */

static int import_header(struct k_msghdr *h, struct iov *iov, uaddr_t umsg)
{
	if (copy_from_user(h, umsg, sizeof(*h)))
		return -EFAULT;
	if (h->msg_iovlen > K_IOV_MAX)
		return -EMSGSIZE;
	return iov_import(iov, h->msg_iov, h->msg_iovlen);
}

static s64 do_sendmsg(struct file *f, struct sock *sk, uaddr_t umsg, u32 flags, struct scm *scm)
{
	struct k_msghdr h;
	struct address to;
	struct iter it;
	struct iov iov;
	s64 ret = import_header(&h, &iov, umsg);

	if (ret)
		return ret;
	if (h.msg_name && h.msg_namelen)
		ret = address_from_user(&to, h.msg_name, (int)min(h.msg_namelen, (u32)INT32_MAX));
	if (!ret)
		ret = scm_send(scm, &h, sock_family(sk));
	it = (struct iter){ .v = iov.v, .n = iov.n, .left = iov.total };
	if (!ret)
		ret = unix_send(sk, &it, h.msg_name && h.msg_namelen ? &to : NULL, scm,
			flags | (f->flags & O_NONBLOCK ? MSG_DONTWAIT : 0));
	iov_free(&iov);
	return ret;
}

/* Everything about a received message but its bytes goes to the header at umsg. */
static int export_header(uaddr_t umsg, const struct k_msghdr *h, struct scm *scm, bool passcred, u32 flags)
{
	struct control c = { .buf = h->msg_control, .room = h->msg_control ? h->msg_controllen : 0 };
	const u64 zero = 0;
	u32 len = 0;

	if (h->msg_name) {
		len = scm->got && scm->from.len ? scm->from.len : 0;
		if (len && copy_to_user(h->msg_name, &scm->from.family, min(len, h->msg_namelen)))
			return -EFAULT;
		if (copy_to_user(umsg + offsetof(struct k_msghdr, msg_namelen), &len, sizeof(len)))
			return -EFAULT;
	}
	if (passcred && scm->got) {
		const struct k_ucred creds = creds_export(&scm->creds);

		put_cmsg(&c, SCM_CREDENTIALS, &creds, sizeof(creds));
	}
	if (scm->nr_files)
		scm_detach_fds(&c, scm, flags & MSG_CMSG_CLOEXEC ? O_CLOEXEC : 0);
	if (scm->truncated)
		c.flags |= MSG_TRUNC;
	c.flags |= flags & MSG_CMSG_CLOEXEC;
	if (copy_to_user(umsg + offsetof(struct k_msghdr, msg_flags), &c.flags, sizeof(c.flags)))
		return -EFAULT;
	return copy_to_user(umsg + offsetof(struct k_msghdr, msg_controllen), c.used ? &c.used : &zero, sizeof(zero)) ? -EFAULT : 0;
}

static s64 do_recvmsg(struct file *f, struct sock *sk, uaddr_t umsg, u32 flags, struct scm *scm)
{
	struct k_msghdr h;
	struct iter it;
	struct iov iov;
	int err, pass = 0;
	s64 ret = import_header(&h, &iov, umsg);

	if (ret)
		return ret;
	it = (struct iter){ .v = iov.v, .n = iov.n, .left = iov.total };
	ret = unix_recv(sk, &it, scm, flags | (f->flags & O_NONBLOCK ? MSG_DONTWAIT : 0));
	iov_free(&iov);
	if (ret < 0)
		return ret;
	pass = unix_passes_creds(sk);
	err = export_header(umsg, &h, scm, pass, flags);
	return err ? err : flags & MSG_TRUNC ? ret + scm->truncated : ret;
}

/* One of the two above on descriptor fd. */
static s64 on_message(int fd, uaddr_t umsg, u32 flags,
		s64 (*fn)(struct file *, struct sock *, uaddr_t, u32, struct scm *))
{
	struct sock *sk;
	struct file *f;
	struct scm *scm;
	s64 ret = -ENOMEM;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	f = fget_sock(fd, &sk);
	if (IS_ERR(f))
		return PTR_ERR(f);
	scm = kzalloc(sizeof(*scm), GFP_KERNEL);
	if (scm) {
		ret = fn(f, sk, umsg, flags, scm);
		scm_put(scm);
		kfree(scm);
	}
	fput(f);
	return ret;
}

/* A row of messages, until one fails: how many, or the first one's error. */
static long message_row(int fd, uaddr_t umsgs, unsigned n, u32 flags,
		s64 (*fn)(struct file *, struct sock *, uaddr_t, u32, struct scm *))
{
	const size_t size = sizeof(struct k_msghdr) + 8;
	unsigned done;
	s64 ret = 0;

	for (done = 0; done < min(n, 1024u); done++) {
		u32 len;

		ret = on_message(fd, umsgs + done * size, flags & ~(u32)MSG_WAITFORONE, fn);
		if (ret < 0)
			break;
		len = (u32)ret;
		if (copy_to_user(umsgs + done * size + sizeof(struct k_msghdr), &len, sizeof(len))) {
			ret = -EFAULT;
			break;
		}
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
	}
	return done ? (long)done : ret;
}

/* --- system calls --- */

long sys_socket(int family, int type, int protocol)
{
	int kind = check_socket(family, type, protocol);
	struct file *f = kind < 0 ? ERR_PTR(kind) : sock_create(family, kind, (u32)type & SOCK_NONBLOCK);

	return IS_ERR(f) ? PTR_ERR(f) : install(f, (u32)type);
}

long sys_socketpair(int family, int type, int protocol, uaddr_t ufds)
{
	int kind = check_socket(family, type, protocol), fds[2];
	struct file *a, *b;

	if (kind < 0)
		return kind;
	if (family == AF_INET)
		return -EOPNOTSUPP;
	a = sock_create(family, kind, (u32)type & SOCK_NONBLOCK);
	if (IS_ERR(a))
		return PTR_ERR(a);
	b = sock_create(family, kind, (u32)type & SOCK_NONBLOCK);
	if (IS_ERR(b)) {
		fput(a);
		return PTR_ERR(b);
	}
	unix_pair(file_sock(a), file_sock(b));
	fds[0] = (int)install(a, (u32)type);
	if (fds[0] < 0) {
		fput(b);
		return fds[0];
	}
	fds[1] = (int)install(b, (u32)type);
	if (fds[1] < 0) {
		fd_close(fds[0]);
		return fds[1];
	}
	if (!copy_to_user(ufds, fds, sizeof(fds)))
		return 0;
	fd_close(fds[0]);
	fd_close(fds[1]);
	return -EFAULT;
}

/* bind and connect */
static long with_address(int fd, uaddr_t ua, int len,
		long (*fn)(struct sock *sk, const struct address *a, u32 file_flags))
{
	struct sock *sk;
	struct file *f = fget_sock(fd, &sk);
	struct address a;
	long ret;

	if (IS_ERR(f))
		return PTR_ERR(f);
	ret = address_from_user(&a, ua, len);
	if (!ret)
		ret = fn(sk, &a, f->flags);
	fput(f);
	return ret;
}

static long do_bind(struct sock *sk, const struct address *a, u32 file_flags)
{
	(void)file_flags;
	return unix_bind(sk, a);
}

long sys_bind(int fd, uaddr_t ua, int len)
{
	return with_address(fd, ua, len, do_bind);
}

long sys_connect(int fd, uaddr_t ua, int len)
{
	return with_address(fd, ua, len, unix_connect);
}

long sys_listen(int fd, int backlog)
{
	struct sock *sk;
	struct file *f = fget_sock(fd, &sk);
	long ret;

	if (IS_ERR(f))
		return PTR_ERR(f);
	ret = unix_listen(sk, backlog);
	fput(f);
	return ret;
}

long sys_accept4(int fd, uaddr_t ua, uaddr_t ulen, int flags)
{
	struct sock *sk;
	struct file *f, *new;
	struct address a;
	int newfd;
	long ret;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	f = fget_sock(fd, &sk);
	if (IS_ERR(f))
		return PTR_ERR(f);
	/* First, for a connection that is taken and has no descriptor would be lost. */
	newfd = fd_reserve(flags & SOCK_CLOEXEC ? O_CLOEXEC : 0);
	if (newfd < 0) {
		fput(f);
		return newfd;
	}
	new = unix_accept(sk, f->flags, (u32)flags & SOCK_NONBLOCK);
	fput(f);
	if (ua && !IS_ERR(new)) {
		ret = unix_peer_name(file_sock(new), &a) ? -ECONNABORTED : address_to_user(&a, ua, ulen);
		if (ret) {
			fput(new);
			new = ERR_PTR(ret);
		}
	}
	return fd_install(newfd, new);
}

long sys_accept(int fd, uaddr_t ua, uaddr_t ulen)
{
	return sys_accept4(fd, ua, ulen, 0);
}

long sys_getsockname(int fd, uaddr_t ua, uaddr_t ulen)
{
	struct sock *sk;
	struct file *f = fget_sock(fd, &sk);
	struct address a;

	if (IS_ERR(f))
		return PTR_ERR(f);
	unix_name(sk, &a);
	fput(f);
	return address_to_user(&a, ua, ulen);
}

long sys_getpeername(int fd, uaddr_t ua, uaddr_t ulen)
{
	struct sock *sk;
	struct file *f = fget_sock(fd, &sk);
	struct address a;
	long ret;

	if (IS_ERR(f))
		return PTR_ERR(f);
	ret = sock_connected(sk) ? unix_peer_name(sk, &a) : -ENOTCONN;
	fput(f);
	return ret ? ret : address_to_user(&a, ua, ulen);
}

long sys_shutdown(int fd, int how)
{
	struct sock *sk;
	struct file *f = fget_sock(fd, &sk);
	long ret;

	if (IS_ERR(f))
		return PTR_ERR(f);
	ret = unix_shutdown(sk, how);
	fput(f);
	return ret;
}

long sys_sendto(int fd, uaddr_t buf, size_t n, u32 flags, uaddr_t ua, int len)
{
	struct k_iovec v = { buf, min(n, (size_t)INT32_MAX) };
	struct iter it = { .v = &v, .n = 1, .left = v.iov_len };
	struct address to;
	struct sock *sk;
	struct file *f;
	s64 ret = 0;

	if (!access_ok(buf, v.iov_len))
		return -EFAULT;
	f = fget_sock(fd, &sk);
	if (IS_ERR(f))
		return PTR_ERR(f);
	if (ua && len)
		ret = address_from_user(&to, ua, len);
	if (!ret)
		ret = unix_send(sk, &it, ua && len ? &to : NULL, NULL, flags | (f->flags & O_NONBLOCK ? MSG_DONTWAIT : 0));
	fput(f);
	return ret;
}

long sys_recvfrom(int fd, uaddr_t buf, size_t n, u32 flags, uaddr_t ua, uaddr_t ulen)
{
	struct k_iovec v = { buf, min(n, (size_t)INT32_MAX) };
	struct iter it = { .v = &v, .n = 1, .left = v.iov_len };
	struct sock *sk;
	struct file *f;
	struct scm *scm;
	s64 ret = -ENOMEM;
	int err = 0;

	if (!access_ok(buf, v.iov_len))
		return -EFAULT;
	f = fget_sock(fd, &sk);
	if (IS_ERR(f))
		return PTR_ERR(f);
	scm = kzalloc(sizeof(*scm), GFP_KERNEL);
	if (scm) {
		ret = unix_recv(sk, &it, scm, flags | (f->flags & O_NONBLOCK ? MSG_DONTWAIT : 0));
		if (ret >= 0 && ua)
			err = address_to_user(&scm->from, ua, ulen);
		if (ret >= 0 && flags & MSG_TRUNC)
			ret += scm->truncated;
		scm_put(scm);
		kfree(scm);
	}
	fput(f);
	return err ? err : ret;
}

long sys_sendmsg(int fd, uaddr_t umsg, u32 flags)
{
	return on_message(fd, umsg, flags, do_sendmsg);
}

long sys_recvmsg(int fd, uaddr_t umsg, u32 flags)
{
	return on_message(fd, umsg, flags, do_recvmsg);
}

long sys_sendmmsg(int fd, uaddr_t umsgs, unsigned n, u32 flags)
{
	return message_row(fd, umsgs, n, flags, do_sendmsg);
}

/* LINUX: the timeout is not looked at, which there too is only done between messages. */
long sys_recvmmsg(int fd, uaddr_t umsgs, unsigned n, u32 flags, uaddr_t timeout)
{
	struct k_timespec ts = { 0 };

	if (timeout && copy_from_user(&ts, timeout, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || (u64)ts.tv_nsec >= 1000000000u)
		return -EINVAL;
	return message_row(fd, umsgs, n, flags, do_recvmsg);
}
