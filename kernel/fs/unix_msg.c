// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets: what is sent and received, and the open file. Mirrors the second half of Linux
 * net/unix/af_unix.c, and serves AF_INET as well.
 *
 * A message lies in the queue of whoever will receive it. A sender copies its bytes first and then
 * queues them; a receiver looks at the first message under read_lock, so that nobody else takes it
 * meanwhile, copies, and takes it off. A queue is bounded by the receiver's rcvbuf and the sender's
 * sndbuf, and a sender waits for room in the receiver's wait queue.
 *
 * Locks: sk->read_lock (sleeps, user memory is copied under it), then unix_lock.
 *
 * LINUX: a socket cannot be sent through a socket (ETOOMANYREFS): two that hold each other would
 * never go, and there is nobody to find them. No MSG_OOB. Files in flight are not counted against
 * RLIMIT_NOFILE.
 */
#include "kernel/fs/unix.h"
#include "kernel/mm/mm.h"

#define STREAM_CHUNK	32768u		/* a stream's bytes travel in pieces of at most that */
#define MSG_OVERHEAD	576u		/* what a message counts besides its bytes */
#define MAX_QUEUED	10u		/* datagrams from strangers: Linux's max_dgram_qlen */

void msg_free(struct msg *m)
{
	if (m->scm) {
		scm_put(m->scm);
		kfree(m->scm);
	}
	put_pid(m->creds.pid);
	kfree(m);
}

/* --- sending --- */

/* With bytes of it, its files (taken over by the first message of a stream) and who sends. ERR_PTR. */
struct msg *msg_alloc(struct sock *sk, struct iter *it, size_t n, struct scm *scm)
{
	struct msg *m = kmalloc(sizeof(*m) + n, GFP_USER);

	if (!m)
		return ERR_PTR(-ENOMEM);
	m->len = n;
	m->off = 0;
	m->scm = NULL;
	m->creds = scm && scm->got ? creds_get(&scm->creds) : my_creds();
	spin_lock(&unix_lock);
	m->from = sk->name;
	if (is_inet(sk) && is_stream(sk))
		m->from.len = 0;	/* who is connected knows */
	spin_unlock(&unix_lock);
	if (iter_get(it, m->data, n)) {
		msg_free(m);
		return ERR_PTR(-EFAULT);
	}
	if (!scm || !scm->nr_files)
		return m;
	m->scm = kmalloc(sizeof(*scm), GFP_KERNEL);
	if (!m->scm) {
		msg_free(m);
		return ERR_PTR(-ENOMEM);
	}
	*m->scm = *scm;
	m->scm->creds.pid = NULL;	/* m->creds are the sender's */
	scm->nr_files = 0;
	return m;
}

/* Whoever receives what sk sends, when nothing else was said. Referenced; ERR_PTR. */
struct sock *get_peer(struct sock *sk)
{
	struct sock *peer;

	spin_lock(&unix_lock);
	peer = sk->peer ? sock_get(sk->peer) : ERR_PTR(sk->state == SS_CONNECTED && !is_dgram(sk) ? -EPIPE : -ENOTCONN);
	spin_unlock(&unix_lock);
	return peer;
}

static bool queue_has_room(const struct sock *sk, const struct sock *to, size_t n)
{
	if (is_dgram(sk) && !is_inet(sk) && to != sk && to->peer != sk && to->nr_queued > MAX_QUEUED)
		return false;
	return !to->nr_queued || to->queued + n + MSG_OVERHEAD <= min(sk->sndbuf, to->rcvbuf);
}

/*
 * Why sk cannot send to that one, room or not: -errno, or 0. Only AF_UNIX knows that the other does
 * not read.
 */
static long cannot_send(const struct sock *sk, const struct sock *to)
{
	if (sk->shutdown & SEND_SHUTDOWN)
		return -EPIPE;
	if (to->dead)
		return is_dgram(sk) ? -ECONNREFUSED : -EPIPE;
	if (is_inet(sk))
		return is_dgram(sk) || sk->peer == to ? 0 : -EPIPE;
	if (to->shutdown & RCV_SHUTDOWN)
		return -EPIPE;
	return is_dgram(sk) && !may_send(sk, to) ? -EPERM : 0;
}

/* Into the queue of to. 0, -EAGAIN: no room, or -errno. */
long queue_msg(struct sock *sk, struct sock *to, struct msg *m)
{
	long err;

	spin_lock(&unix_lock);
	err = cannot_send(sk, to);
	if (!err && !queue_has_room(sk, to, m->len))
		err = -EAGAIN;
	sk->no_space |= err == -EAGAIN;
	if (!err) {
		list_add_tail(&m->node, &to->queue);
		to->queued += m->len + MSG_OVERHEAD;
		to->nr_queued++;
		wake_up_poll(&to->wait, POLLIN);
	}
	spin_unlock(&unix_lock);
	return err;
}

/* One message, waiting for room. Takes over m on success. */
static long send_msg(struct sock *sk, struct sock *to, struct msg *m, u32 flags, u64 until)
{
	long err;

	while ((err = queue_msg(sk, to, m)) == -EAGAIN && !(flags & MSG_DONTWAIT)) {
		err = sock_wait(to, cannot_send(sk, to) || queue_has_room(sk, to, m->len), until);
		if (err)
			break;
	}
	return err;
}

/* Bytes, or -errno if none was sent. */
s64 send_to(struct sock *sk, struct sock *to, struct iter *it, struct scm *scm, u32 flags)
{
	u64 until = deadline(sk->sndtimeo);
	size_t done = 0, n;
	long err = 0;

	if (!is_stream(sk) && it->left > sk->sndbuf - 32)
		return -EMSGSIZE;
	do {
		struct msg *m;

		n = is_stream(sk) ? min(it->left, (size_t)STREAM_CHUNK) : it->left;
		if (is_stream(sk) && !n)
			break;
		m = msg_alloc(sk, it, n, scm);
		if (IS_ERR(m)) {
			err = PTR_ERR(m);
			break;
		}
		err = send_msg(sk, to, m, flags, until);
		if (err) {
			msg_free(m);
			break;
		}
		done += n;
	} while (it->left);
	return done || !err ? (s64)done : err;
}

/* A datagram's receiver is closed: sk, if it is connected to that one, no longer is. */
static void forget_peer(struct sock *sk, struct sock *other)
{
	bool was;

	spin_lock(&unix_lock);
	was = sk->peer == other;
	if (was) {
		sk->peer = NULL;
		sk->state = SS_UNCONNECTED;
	}
	spin_unlock(&unix_lock);
	if (was)
		sock_put(other);
}

s64 unix_send(struct sock *sk, struct iter *it, const struct address *to, struct scm *scm, u32 flags)
{
	struct sock *other;
	s64 ret;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (is_inet(sk)) {
		ret = inet_send(sk, it, to, scm, flags);
		goto out;
	}
	if (is_stream(sk) && to)
		return READ_ONCE(sk->state) == SS_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (!is_dgram(sk) && READ_ONCE(sk->state) != SS_CONNECTED)
		return -ENOTCONN;
	other = to && is_dgram(sk) ? find_address(sk, to) : get_peer(sk);
	if (IS_ERR(other)) {
		ret = PTR_ERR(other);
	} else {
		ret = other->type != sk->type ? -EPROTOTYPE : send_to(sk, other, it, scm, flags);
		if (ret == -ECONNREFUSED)
			forget_peer(sk, other);
		sock_put(other);
	}
out:
	if (ret == -EPIPE && is_stream(sk) && !(flags & MSG_NOSIGNAL))
		send_sig_thread(SIGPIPE, NULL, current);
	return ret;
}

/* --- receiving --- */

/* The message behind one of the queue, or NULL. read_lock held: it stays. */
static struct msg *msg_behind(struct sock *sk, struct list *node)
{
	struct msg *m = NULL;

	spin_lock(&unix_lock);
	if (node->next != &sk->queue)
		m = list_first(node, struct msg, node);
	spin_unlock(&unix_lock);
	return m;
}

static struct msg *first_msg(struct sock *sk)
{
	return msg_behind(sk, &sk->queue);
}

static void remove_msg(struct sock *sk, struct msg *m)
{
	spin_lock(&unix_lock);
	list_del(&m->node);
	sk->queued -= m->len + MSG_OVERHEAD;
	sk->nr_queued--;
	wake_both(sk);
	if (sk->peer && sk->peer->no_space && sk->queued * 4 <= sk->peer->sndbuf) {
		sk->peer->no_space = false;
		wake_up_poll(&sk->peer->wait, POLLOUT);
	}
	if (is_dgram(sk))
		wake_up_all(&unix_dgram_wait);
	spin_unlock(&unix_lock);
	msg_free(m);
}

/* What comes with m's bytes; a peek leaves a reference of its own on each file. */
static void take_scm(struct msg *m, struct scm *scm, bool peek)
{
	scm->got = true;
	put_pid(scm->creds.pid);
	scm->creds = creds_get(&m->creds);
	scm->from = m->from;
	if (!m->scm)
		return;
	kmemcpy(scm->files, m->scm->files, m->scm->nr_files * sizeof(scm->files[0]));
	scm->nr_files = m->scm->nr_files;
	for (unsigned i = 0; peek && i < scm->nr_files; i++)
		get_file(scm->files[i]);
	if (!peek)
		m->scm->nr_files = 0;
}

/*
 * May m's bytes follow those that came with scm? Files end a call, and so does another sender if it
 * is told.
 */
static bool continues(const struct sock *sk, const struct msg *m, const struct scm *scm)
{
	if (!scm->got)
		return true;
	return !scm->nr_files &&
		(!sk->passcred ||
		 (m->creds.pid == scm->creds.pid && m->creds.uid == scm->creds.uid &&
		  m->creds.gid == scm->creds.gid));
}

/* Whole message or what fits of it. read_lock held. */
static s64 recv_packet(struct sock *sk, struct msg *m, struct iter *it, struct scm *scm, u32 flags)
{
	size_t n = min(m->len, it->left);

	if (iter_put(it, m->data, n))
		return -EFAULT;
	take_scm(m, scm, flags & MSG_PEEK);
	scm->truncated = (u32)(m->len - n);
	if (!(flags & MSG_PEEK))
		remove_msg(sk, m);
	return (s64)n;
}

/* Bytes of the stream from m on. read_lock held; m is the first. */
static s64 recv_bytes(struct sock *sk, struct msg *m, struct iter *it, struct scm *scm, u32 flags)
{
	size_t done = 0, n;

	while (m && it->left && continues(sk, m, scm)) {
		n = min(m->len - m->off, it->left);
		if (iter_put(it, m->data + m->off, n))
			return done ? (s64)done : -EFAULT;
		if (!scm->got || m->scm)
			take_scm(m, scm, flags & MSG_PEEK);
		done += n;
		if (flags & MSG_PEEK) {
			m = msg_behind(sk, &m->node);
			continue;
		}
		m->off += n;
		if (m->off == m->len)
			remove_msg(sk, m);
		m = first_msg(sk);
	}
	return (s64)done;
}

static bool readable(const struct sock *sk)
{
	return sk->nr_queued || sk->shutdown & RCV_SHUTDOWN || sk->err;
}

int sock_error(struct sock *sk)
{
	int err;

	spin_lock(&unix_lock);
	err = -sk->err;
	sk->err = 0;
	spin_unlock(&unix_lock);
	return err;
}

/*
 * Nothing is queued: the end, an error, or -EAGAIN. That the other end did not take the last bytes
 * is told to who sends.
 */
static s64 nothing_there(struct sock *sk)
{
	s64 ret = -EAGAIN;

	spin_lock(&unix_lock);
	if (sk->nr_queued) {
		ret = -EAGAIN;
	} else if (sk->err && sk->err != EPIPE) {
		ret = -sk->err;
		sk->err = 0;
	} else if (sk->shutdown & RCV_SHUTDOWN) {
		ret = 0;
	}
	spin_unlock(&unix_lock);
	return ret;
}

/* What is there now; -EAGAIN if nothing is. */
static s64 recv_now(struct sock *sk, struct iter *it, struct scm *scm, u32 flags)
{
	struct msg *m;
	s64 ret = 0;

	mutex_lock(&sk->read_lock);
	m = first_msg(sk);
	if (is_inet(sk) && is_dgram(sk) && READ_ONCE(sk->err))
		ret = sock_error(sk);	/* 0: it was told to another meanwhile */
	if (!ret && !m)
		ret = nothing_there(sk);
	else if (!ret)
		ret = is_stream(sk) ? recv_bytes(sk, m, it, scm, flags) : recv_packet(sk, m, it, scm, flags);
	mutex_unlock(&sk->read_lock);
	return ret;
}

long sock_wait_joined(struct sock *sk, u32 flags, u64 until)
{
	if (READ_ONCE(sk->state) != SS_CONNECTING)
		return 0;
	return flags & MSG_DONTWAIT ? -EAGAIN : sock_wait(sk, READ_ONCE(sk->state) != SS_CONNECTING, until);
}

/* What a receiver hears that has no connection. */
static s64 not_connected(struct sock *sk)
{
	s64 err = is_inet(sk) ? sock_error(sk) : is_stream(sk) ? -EINVAL : 0;

	return err ? err : -ENOTCONN;
}

s64 unix_recv(struct sock *sk, struct iter *it, struct scm *scm, u32 flags)
{
	u64 until = deadline(sk->rcvtimeo);
	s64 done = 0, got;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!is_dgram(sk) && READ_ONCE(sk->state) != SS_CONNECTED) {
		got = sock_wait_joined(sk, flags, until);
		if (got || READ_ONCE(sk->state) != SS_CONNECTED)
			return got ? got : not_connected(sk);
	}
	if (is_stream(sk) && !it->left)
		return 0;
	for (;;) {
		got = recv_now(sk, it, scm, flags);
		if (got >= 0)
			done += got;
		if (got != -EAGAIN &&
		    (got <= 0 || !(flags & MSG_WAITALL) || flags & MSG_PEEK || !is_stream(sk) ||
		     !it->left || scm->nr_files))
			break;
		if (got == -EAGAIN) {
			if (flags & MSG_DONTWAIT)
				break;
			got = sock_wait(sk, readable(sk), until);
			if (got)
				break;
		}
	}
	return done ? done : got;
}

/* --- the file --- */

static u32 file_msg_flags(u32 flags)
{
	return flags & O_NONBLOCK ? MSG_DONTWAIT : 0;
}

s64 sock_read_iter(struct file *f, struct iter *it, u32 flags)
{
	struct scm *scm;
	s64 ret;

	if (!it->left)
		return 0;		/* unlike recv of nothing, which waits for a message */
	scm = kzalloc(sizeof(*scm), GFP_KERNEL);
	if (!scm)
		return -ENOMEM;
	ret = unix_recv(f->private, it, scm, file_msg_flags(flags));
	scm_put(scm);
	kfree(scm);
	return ret;
}

static s64 sock_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct k_iovec v = { buf, n };
	struct iter it = { .v = &v, .n = 1, .left = n };

	(void)pos;
	return sock_read_iter(f, &it, f->flags);
}

static s64 sock_kread(struct file *f, void *buf, size_t n, u64 pos)
{
	struct iter it = { .kernel = buf, .left = n };

	(void)pos;
	return sock_read_iter(f, &it, f->flags);
}

s64 sock_write_iter(struct file *f, struct iter *it)
{
	return unix_send(f->private, it, NULL, NULL, file_msg_flags(f->flags));
}

static s64 sock_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct k_iovec v = { buf, n };
	struct iter it = { .v = &v, .n = 1, .left = n };

	(void)pos;
	return sock_write_iter(f, &it);
}

static s64 sock_kwrite(struct file *f, const void *buf, size_t n, u64 pos)
{
	struct iter it = { .kernel = (char *)(uintptr_t)buf, .left = n };

	(void)pos;
	return sock_write_iter(f, &it);
}

static unsigned sock_poll(struct file *f, struct poll_table *pt)
{
	struct sock *sk = f->private;
	unsigned mask = 0;

	poll_wait(pt, &sk->wait);
	if (is_dgram(sk))
		poll_wait(pt, &unix_dgram_wait);
	spin_lock(&unix_lock);
	if (sk->nr_queued || sk->nr_accepting || sk->shutdown & RCV_SHUTDOWN)
		mask |= POLLIN | POLLRDNORM;
	if (sk->shutdown & RCV_SHUTDOWN)
		mask |= POLLRDHUP;
	if (sk->shutdown == (RCV_SHUTDOWN | SEND_SHUTDOWN) || (!is_dgram(sk) && sk->state == SS_UNCONNECTED))
		mask |= POLLHUP;
	if (sk->err)
		mask |= POLLERR;
	if (sk->state != SS_LISTENING && sk->state != SS_CONNECTING &&
	    (!sk->peer || queue_has_room(sk, sk->peer, is_stream(sk) ? STREAM_CHUNK : 1)))
		mask |= POLLOUT | POLLWRNORM | (is_inet(sk) && is_stream(sk) ? 0 : POLLWRBAND);
	spin_unlock(&unix_lock);
	return mask;
}

int sock_inq(const struct sock *sk)
{
	const struct msg *m;
	int n = 0;

	assert_held(&unix_lock);
	list_for_each(m, &sk->queue, node) {
		n += (int)(m->len - m->off);
		if (is_dgram(sk))
			break;
	}
	return n;
}

/*
 * What was sent and takes memory still, overhead included. LINUX: what many send to one is not told
 * apart: of datagrams it is nothing. What goes to an address has arrived at once.
 */
static int sock_outq(const struct sock *sk)
{
	return sk->peer && sk->type != SOCK_DGRAM && !is_inet(sk) ? (int)sk->peer->queued : 0;
}

static long put_queue(struct sock *sk, unsigned cmd, uaddr_t arg)
{
	int n;

	if (READ_ONCE(sk->state) == SS_LISTENING && (cmd == FIONREAD || is_inet(sk)))
		return -EINVAL;
	spin_lock(&unix_lock);
	n = cmd == FIONREAD ? sock_inq(sk) : sock_outq(sk);
	spin_unlock(&unix_lock);
	return copy_to_user(arg, &n, sizeof(n)) ? -EFAULT : 0;
}

static long sock_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct sock *sk = f->private;
	int who;

	switch (cmd) {
	case FIONREAD:
	case SIOCOUTQ:
		return put_queue(sk, cmd, arg);
	case FIOSETOWN:
	case SIOCSPGRP:
		return copy_from_user(&who, arg, sizeof(who)) ? -EFAULT : fasync_fcntl(f, F_SETOWN, (u64)who);
	case FIOGETOWN:
	case SIOCGPGRP:
		who = (int)fasync_fcntl(f, F_GETOWN, 0);
		return copy_to_user(arg, &who, sizeof(who)) ? -EFAULT : 0;
	}
	return net_ioctl(sk->net, is_inet(sk), cmd, arg);
}

const struct file_ops sock_fops = {
	.read = sock_read,
	.write = sock_write,
	.kread = sock_kread,
	.kwrite = sock_kwrite,
	.poll = sock_poll,
	.fasync = fasync_helper,
	.ioctl = sock_ioctl,
	.release = sock_release,
};

