// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options of sockets. Mirrors Linux net/core/sock.c.
 *
 * Locks: unix_lock where an answer is of more than one word, or somebody waits for a change; single
 * words are plain loads and stores else.
 */
#include "kernel/fs/unix.h"

#define MIN_SNDBUF	4608u
#define MIN_RCVBUF	2304u
#define MAX_BUF		425984u

static long set_timeout(u64 *out, uaddr_t val, int len)
{
	struct k_timeval tv;

	if (len < (int)sizeof(tv))
		return -EINVAL;
	if (copy_from_user(&tv, val, sizeof(tv)))
		return -EFAULT;
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	if (tv.tv_sec < 0)
		tv = (struct k_timeval){ 0, 1 };	/* Linux: no time at all */
	*out = tv.tv_sec > 1000000000 ? 0 : (u64)tv.tv_sec * 1000000000 + (u64)tv.tv_usec * 1000;
	return 0;
}

static void set_on(struct sock *sk, int name, bool on)
{
	sk->opts.on = (sk->opts.on & ~(1u << name)) | (on ? 1u << name : 0);
}

static long set_linger(struct sock *sk, uaddr_t val, int len)
{
	struct k_linger l;

	if (len < (int)sizeof(l))
		return -EINVAL;
	if (copy_from_user(&l, val, sizeof(l)))
		return -EFAULT;
	spin_lock(&unix_lock);
	set_on(sk, SO_LINGER, l.on);
	if (l.on)
		sk->opts.linger = l.seconds;
	spin_unlock(&unix_lock);
	return 0;
}

/* There may be room now, for sk or for who sends to it. */
static void set_buf(struct sock *sk, u32 *buf, u32 bytes)
{
	spin_lock(&unix_lock);
	*buf = bytes;
	wake_both(sk);
	spin_unlock(&unix_lock);
}

static long unix_setsockopt(struct sock *sk, int name, uaddr_t val, int len)
{
	int v;

	if (name == SO_RCVTIMEO || name == SO_SNDTIMEO)
		return set_timeout(name == SO_RCVTIMEO ? &sk->rcvtimeo : &sk->sndtimeo, val, len);
	if (len < (int)sizeof(v))
		return -EINVAL;
	if (copy_from_user(&v, val, sizeof(v)))
		return -EFAULT;
	switch (name) {
	case SO_SNDBUF:
		set_buf(sk, &sk->sndbuf, max(min((u32)v, MAX_BUF / 2) * 2, MIN_SNDBUF));
		return 0;
	case SO_RCVBUF:
		set_buf(sk, &sk->rcvbuf, max(min((u32)v, MAX_BUF / 2) * 2, MIN_RCVBUF));
		return 0;
	case SO_PASSCRED:
		if (is_inet(sk))
			return -EOPNOTSUPP;
		sk->passcred = v != 0;
		return 0;
	case SO_TYPE:
	case SO_ERROR:
	case SO_DOMAIN:
	case SO_PROTOCOL:
		return -ENOPROTOOPT;
	case SO_REUSEPORT:
		if (v && !is_inet(sk))
			return -EOPNOTSUPP;
		/* fall through */
	case SO_REUSEADDR:
	case SO_KEEPALIVE:
	case SO_BROADCAST:
		spin_lock(&unix_lock);
		set_on(sk, name, v);
		spin_unlock(&unix_lock);
		return 0;
	case SO_LINGER:
		return set_linger(sk, val, len);
	case SO_PRIORITY:
		return 0;		/* nothing here depends on it */
	}
	return -ENOPROTOOPT;
}

static int int_option(struct sock *sk, int name, int *v)
{
	switch (name) {
	case SO_TYPE: *v = sk->type; return 0;
	case SO_DOMAIN: *v = sk->family; return 0;
	case SO_PROTOCOL: *v = !is_inet(sk) ? 0 : is_dgram(sk) ? IPPROTO_UDP : IPPROTO_TCP; return 0;
	case SO_ACCEPTCONN: *v = sk->state == SS_LISTENING; return 0;
	case SO_SNDBUF: *v = (int)sk->sndbuf; return 0;
	case SO_RCVBUF: *v = (int)sk->rcvbuf; return 0;
	case SO_PASSCRED: *v = sk->passcred; return 0;
	case SO_REUSEADDR:
	case SO_REUSEPORT:
	case SO_KEEPALIVE:
	case SO_BROADCAST: *v = (int)(sk->opts.on >> name & 1); return 0;
	case SO_PRIORITY: *v = 0; return 0;
	case SO_ERROR: *v = -sock_error(sk); return 0;
	}
	return -ENOPROTOOPT;
}

bool unix_passes_creds(struct sock *sk)
{
	return READ_ONCE(sk->passcred);
}

static long unix_getsockopt(struct sock *sk, int name, uaddr_t val, int *len)
{
	union {
		int i;
		struct k_ucred creds;
		struct k_timeval tv;
		struct k_linger linger;
	} v = { 0 };
	size_t size = sizeof(v.i);
	u64 ns = name == SO_RCVTIMEO ? sk->rcvtimeo : sk->sndtimeo;
	int err = 0;

	if (*len < 0)
		return -EINVAL;
	if (name == SO_PEERCRED) {
		size = sizeof(v.creds);
		spin_lock(&unix_lock);
		v.creds = creds_export(&sk->peer_creds);
		spin_unlock(&unix_lock);
	} else if (name == SO_LINGER) {
		size = sizeof(v.linger);
		spin_lock(&unix_lock);
		v.linger = (struct k_linger){ sk->opts.on >> SO_LINGER & 1, sk->opts.linger };
		spin_unlock(&unix_lock);
	} else if (name == SO_RCVTIMEO || name == SO_SNDTIMEO) {
		size = sizeof(v.tv);
		v.tv = (struct k_timeval){ (s64)(ns / 1000000000), (s64)(ns % 1000000000 / 1000) };
	} else {
		err = int_option(sk, name, &v.i);
	}
	if (err)
		return err;
	*len = (int)min((size_t)*len, size);
	return copy_to_user(val, &v, (size_t)*len) ? -EFAULT : 0;
}

long sys_setsockopt(int fd, int level, int name, uaddr_t val, int len)
{
	struct sock *sk;
	struct file *f;
	long ret;

	if (len < 0)
		return -EINVAL;
	f = fget_sock(fd, &sk);
	if (IS_ERR(f))
		return PTR_ERR(f);
	ret = level == SOL_SOCKET ? unix_setsockopt(sk, name, val, len) :
	      is_inet(sk) ? inet_setsockopt(sk, level, name, val, len) : -EOPNOTSUPP;
	fput(f);
	return ret;
}

long sys_getsockopt(int fd, int level, int name, uaddr_t val, uaddr_t ulen)
{
	struct sock *sk;
	struct file *f = fget_sock(fd, &sk);
	long ret = -EOPNOTSUPP;
	int len;

	if (IS_ERR(f))
		return PTR_ERR(f);
	if (level == SOL_SOCKET || is_inet(sk)) {
		if (copy_from_user(&len, ulen, sizeof(len)))
			ret = -EFAULT;
		else
			ret = level == SOL_SOCKET ? unix_getsockopt(sk, name, val, &len) :
						    inet_getsockopt(sk, level, name, val, &len);
		if (!ret && copy_to_user(ulen, &len, sizeof(len)))
			ret = -EFAULT;
	}
	fput(f);
	return ret;
}
