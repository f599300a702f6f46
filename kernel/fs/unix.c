// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets and their connections. Mirrors Linux net/unix/af_unix.c. What travels over a connection is
 * in unix_msg.c; the names of AF_UNIX in unix_name.c, those of AF_INET, and what else is its own, in
 * inet.c.
 *
 * A socket is held by its open file, by its peer and, until it is accepted, by the listener's queue.
 * A connected socket keeps its peer after that one was closed (dead), so that its name can be asked.
 *
 * Locks: unix_lock (spinning) for all fields of all sockets; no other is taken inside but those of
 * wait queues.
 */
#include "kernel/fs/unix.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define DEFAULT_BUF	212992u

struct spinlock unix_lock = SPINLOCK_INIT("unix", RANK_IO);
struct waitq unix_dgram_wait = WAITQ_INIT(unix_dgram_wait, "unix_dgram");

/* --- life --- */

static struct sock *sock_alloc(struct net *net, int family, int type)
{
	struct sock *sk = kzalloc(sizeof(*sk), GFP_KERNEL);

	if (!sk)
		return NULL;
	atomic_init(&sk->refs, 1);
	sk->family = family;
	sk->type = type;
	sk->uid = current->cred.euid;
	sk->net = net_get(net);
	sk->opts = (struct sock_opts)DEFAULT_OPTS;
	mutex_init(&sk->read_lock, "socket", RANK_PIPE);
	waitq_init(&sk->wait, "socket");
	list_init(&sk->queue);
	list_init(&sk->accepting);
	list_init(&sk->joining);
	list_init(&sk->names_node);
	inet_sock_init(sk);
	sk->peer_creds = (struct creds){ NULL, ~0u, ~0u };
	sk->sndbuf = sk->rcvbuf = DEFAULT_BUF;
	return sk;
}

struct sock *sock_get(struct sock *sk)
{
	atomic_fetch_add(&sk->refs, 1);
	return sk;
}

void sock_put(struct sock *sk)
{
	if (!sk || atomic_fetch_sub(&sk->refs, 1) != 1)
		return;
	assert(list_empty(&sk->queue) && list_empty(&sk->names_node) && !sk->peer && !sk->bound);
	if (is_inet(sk))
		timer_cancel_sync(&sk->give_up);
	put_pid(sk->peer_creds.pid);
	net_put(sk->net);
	kfree(sk);
}

/*
 * The end of a connection, as the other side sees it. unix_lock held. Peer's reference to sk is the
 * caller's to drop.
 */
static struct sock *break_off(struct sock *sk)
{
	struct sock *peer = sk->peer;

	assert_held(&unix_lock);
	sk->peer = NULL;
	if (!peer)
		return NULL;
	if (!is_dgram(sk) && peer->peer == sk) {
		bool half_closed = is_inet(sk) && peer->shutdown & RCV_SHUTDOWN;

		peer->reset = sk->nr_queued || sk->reset || !sk->dead;
		if (peer->reset)
			peer->err = half_closed ? EPIPE : ECONNRESET;
		peer->shutdown |= RCV_SHUTDOWN | (is_inet(sk) && !peer->reset ? 0 : SEND_SHUTDOWN);
	}
	wake_up_poll(&peer->wait, is_dgram(sk) ? 0 : POLLHUP);
	return peer;
}

struct sock *sock_stop_joining(struct sock *sk)
{
	struct sock *server = sk->server;

	assert_held(&unix_lock);
	timer_cancel(&sk->give_up);
	list_del(&sk->accepting);
	sk->server = NULL;
	return server;
}

static void sock_close(struct sock *sk);

void sock_cut(struct sock *sk, bool dead)
{
	struct sock *peer, *c, *n;
	struct msg *m, *next;
	struct dentry *bound;
	LIST_HEAD(queue);
	LIST_HEAD(waiting);
	LIST_HEAD(gone);

	spin_lock(&unix_lock);
	if (sk->state == SS_CONNECTING)
		list_add_tail(&sock_stop_joining(sk)->accepting, &gone);
	list_for_each_safe(c, n, &sk->joining, accepting) {
		list_add_tail(&sock_stop_joining(c)->accepting, &gone);
		inet_forget(c);
		inet_refuse(c, ECONNREFUSED);
	}
	sk->dead = dead;
	sk->shutdown = dead ? RCV_SHUTDOWN | SEND_SHUTDOWN : 0;
	peer = break_off(sk);
	list_splice_tail(&sk->queue, &queue);
	if (sk->state == SS_LISTENING)
		list_splice_tail(&sk->accepting, &waiting);
	sk->nr_queued = sk->nr_accepting = 0;
	sk->queued = 0;
	bound = sk->bound;
	sk->bound = NULL;
	if (dead)
		list_del(&sk->names_node);
	else
		inet_forget(sk);
	wake_up_all(&sk->wait);
	wake_up_all(&unix_dgram_wait);
	spin_unlock(&unix_lock);
	list_for_each_safe(m, next, &queue, node)
		msg_free(m);
	list_for_each_safe(c, n, &waiting, accepting) {
		list_del(&c->accepting);
		spin_lock(&unix_lock);
		c->reset = true;
		spin_unlock(&unix_lock);
		sock_close(c);
	}
	list_for_each_safe(c, n, &gone, accepting) {
		list_del(&c->accepting);
		sock_put(c);
	}
	place_put(bound);
	sock_put(peer);
}

/* Nobody has it open any more, or nobody ever accepted it. */
static void sock_close(struct sock *sk)
{
	sock_cut(sk, true);
	sock_put(sk);
}

/*
 * No close waits: what was sent is with the other end. With no time to linger it is as if nobody
 * had been here.
 */
void sock_release(struct file *f)
{
	struct sock *sk = f->private;

	spin_lock(&unix_lock);
	if (is_inet(sk) && sk->opts.on & 1u << SO_LINGER && !sk->opts.linger)
		sk->reset = true;
	spin_unlock(&unix_lock);
	sock_close(sk);
}

struct sock *file_sock(const struct file *f)
{
	return f->ops == &sock_fops ? f->private : NULL;
}

/* Takes over sk on success. */
static struct file *sock_file(struct sock *sk, u32 flags)
{
	struct inode *i = anon_inode(S_IFSOCK | 0777);
	char name[32];

	if (!i)
		return ERR_PTR(-ENOMEM);
	ksnprintf(name, sizeof(name), "socket:[%lu]", i->ino);
	struct file *f = file_alloc_anon(i, name, &sock_fops, O_RDWR | (flags & O_NONBLOCK));
	if (!IS_ERR(f)) {
		f->private = sk;
		WRITE_ONCE(sk->ino, i->ino);
	}
	return f;
}

int sock_family(const struct sock *sk)
{
	return sk->family;
}

bool sock_has_packets(const struct sock *sk)
{
	return !is_stream(sk);
}

struct file *sock_create(int family, int type, u32 flags)
{
	struct sock *sk = sock_alloc(to_net(current->nsproxy->ns[NS_NET]), family, type);
	struct file *f = sk ? sock_file(sk, flags) : ERR_PTR(family == AF_INET ? -ENOBUFS : -ENOMEM);

	if (sk && IS_ERR(f))
		sock_put(sk);
	return f;
}

/* --- connections --- */

bool sock_connected(struct sock *sk)
{
	bool ret;

	spin_lock(&unix_lock);
	ret = !is_inet(sk) || inet_connected(sk);
	spin_unlock(&unix_lock);
	return ret;
}

/* Takes over the reference of c. */
static void set_peer_creds(struct sock *sk, struct creds c)
{
	put_pid(sk->peer_creds.pid);
	sk->peer_creds = c;
}

static void join(struct sock *a, struct sock *b)
{
	a->peer = sock_get(b);
	b->peer = sock_get(a);
	a->state = b->state = SS_CONNECTED;
}

long unix_pair(struct sock *a, struct sock *b)
{
	join(a, b);
	set_peer_creds(a, my_creds());
	set_peer_creds(b, my_creds());
	return 0;
}

static void let_in(struct sock *listener);

long unix_listen(struct sock *sk, int backlog)
{
	long err = 0;

	if (is_dgram(sk))
		return -EOPNOTSUPP;
	spin_lock(&unix_lock);
	if (sk->state == SS_CONNECTED || sk->state == SS_CONNECTING)
		err = -EINVAL;
	else
		err = is_inet(sk) ? inet_may_listen(sk) : sk->name.len ? 0 : -EINVAL;
	if (!err) {
		sk->state = SS_LISTENING;
		sk->backlog = min((unsigned)backlog, 4096u);
		if (!is_inet(sk))
			set_peer_creds(sk, my_creds());
		let_in(sk);
		wake_up_all(&sk->wait);
	}
	spin_unlock(&unix_lock);
	return err;
}

static bool has_room(const struct sock *listener)
{
	return listener->dead || listener->state != SS_LISTENING || listener->shutdown & RCV_SHUTDOWN ||
	       listener->nr_accepting <= listener->backlog;
}

/*
 * sk and its new other end in the queue of the listener at a, which has room. Of AF_INET, sk's name
 * is reserved. unix_lock held.
 */
static void enter_queue(struct sock *sk, struct sock *listener, struct sock *server, const struct address *a)
{
	assert_held(&unix_lock);
	if (is_inet(sk)) {
		inet_join(sk, listener, server, a);
		join(sk, server);
	} else {
		unix_pair(sk, server);
		set_peer_creds(sk, creds_get(&listener->peer_creds));
		server->name = listener->name;
	}
	sk->shutdown = 0;
	server->rcvbuf = listener->rcvbuf;
	list_add_tail(&server->accepting, &listener->accepting);
	listener->nr_accepting++;
	wake_up_poll(&listener->wait, POLLIN);
	wake_up_all(&sk->wait);
}

/* enter_queue, if that may be. 0, -EAGAIN: full, or -errno. unix_lock held. */
static long join_listener(struct sock *sk, struct sock *listener, struct sock *server, const struct address *a)
{
	long err = 0;

	assert_held(&unix_lock);
	if (sk->state != SS_UNCONNECTED)
		return sk->state == SS_CONNECTED ? -EISCONN : -EINVAL;
	if (listener->dead || listener->state != SS_LISTENING || listener->shutdown & RCV_SHUTDOWN)
		return -ECONNREFUSED;
	if (listener->nr_accepting > listener->backlog)
		return -EAGAIN;
	if (is_inet(sk))
		err = inet_reserve(sk, a);
	if (!err)
		enter_queue(sk, listener, server, a);
	return err;
}

/* Those who wait for room, as far as there is any. unix_lock held. */
static void let_in(struct sock *listener)
{
	assert_held(&unix_lock);
	while (!list_empty(&listener->joining) && listener->nr_accepting <= listener->backlog) {
		struct sock *sk = list_first(&listener->joining, struct sock, accepting);
		struct address to = sk->dest;

		enter_queue(sk, listener, sock_stop_joining(sk), &to);
	}
}

/* sk is let in when the listener has room. -EINPROGRESS or -errno. unix_lock held. */
static long join_later(struct sock *sk, struct sock *listener, struct sock *server, const struct address *a)
{
	long err = inet_reserve(sk, a);

	if (err)
		return err;
	sk->state = SS_CONNECTING;
	sk->connecting = true;
	sk->server = server;
	list_add_tail(&sk->accepting, &listener->joining);
	inet_try_for_a_while(sk);
	return -EINPROGRESS;
}

long connect_stream(struct sock *sk, const struct address *a, u32 file_flags)
{
	u64 until = deadline(sk->sndtimeo);
	struct sock *listener = is_inet(sk) ? inet_find(sk, a, NULL) : find_address(sk, a), *server;
	bool later = false;
	long err;

	if (!listener)
		return -ECONNREFUSED;
	if (IS_ERR(listener))
		return PTR_ERR(listener);
	err = -EPROTOTYPE;
	server = NULL;
	if (listener->type != sk->type)
		goto out;
	err = -ENOMEM;
	server = sock_alloc(sk->net, sk->family, sk->type);
	if (!server)
		goto out;
	for (;;) {
		spin_lock(&unix_lock);
		err = join_listener(sk, listener, server, a);
		if (err == -EAGAIN && is_inet(sk))
			err = join_later(sk, listener, server, a);
		later = err == -EINPROGRESS;
		spin_unlock(&unix_lock);
		if (err != -EAGAIN || file_flags & O_NONBLOCK)
			break;
		err = sock_wait(listener, has_room(listener), until);
		if (err)
			break;
	}
	if (!err || later)
		server = NULL;
out:
	sock_put(server);
	sock_put(listener);
	return err;
}

static long connect_dgram(struct sock *sk, const struct address *a)
{
	struct sock *other = NULL, *old;
	long err = 0;

	if (a->family != AF_UNSPEC) {
		other = find_address(sk, a);
		if (IS_ERR(other))
			return PTR_ERR(other);
	}
	spin_lock(&unix_lock);
	old = NULL;
	if (other && other->type != sk->type)
		err = -EPROTOTYPE;
	else if (other && !may_send(sk, other))
		err = -EPERM;
	if (!err) {
		old = sk->peer;
		sk->peer = other;
		sk->state = other ? SS_CONNECTED : SS_UNCONNECTED;
		other = NULL;
	}
	spin_unlock(&unix_lock);
	sock_put(old);
	sock_put(other);
	return err;
}

long unix_connect(struct sock *sk, const struct address *a, u32 file_flags)
{
	if (is_inet(sk))
		return inet_connect(sk, a, file_flags);
	return is_dgram(sk) ? connect_dgram(sk, a) : connect_stream(sk, a, file_flags);
}

/*
 * The first that waits to be accepted; NULL: nobody does. ERR_PTR(-EINVAL): sk does not listen, or
 * no more, and its `accepting` may be its own place on another's list:
 *
 *	accept(2) of sk                         another who has sk
 *	sk listens: sleeps in its queue
 *	                                        connect(AF_UNSPEC): cut off, wakes it
 *	                                        connect to a full listener: SS_CONNECTING
 *	lock(unix_lock): looks again
 *
 * Runs in abi inet.a_listener_that_connects_accepts_nobody.
 */
static struct sock *take_connection(struct sock *sk)
{
	struct sock *c = NULL;

	spin_lock(&unix_lock);
	if (sk->state != SS_LISTENING) {
		c = ERR_PTR(-EINVAL);
	} else if (!list_empty(&sk->accepting)) {
		c = list_first(&sk->accepting, struct sock, accepting);
		list_del(&c->accepting);
		sk->nr_accepting--;
		let_in(sk);
		wake_up_all(&sk->wait);
	}
	spin_unlock(&unix_lock);
	return c;
}

/*
 * The first one to be taken again, unless meanwhile sk does not listen: then it is cut off as the
 * others were.
 */
static void put_back_connection(struct sock *sk, struct sock *c)
{
	bool listens;

	spin_lock(&unix_lock);
	listens = sk->state == SS_LISTENING;
	if (listens) {
		list_add(&c->accepting, &sk->accepting);
		sk->nr_accepting++;
		wake_up_all(&sk->wait);
	}
	c->reset = c->reset || !listens;
	spin_unlock(&unix_lock);
	if (!listens)
		sock_close(c);
}

static bool accepts(const struct sock *sk)
{
	return READ_ONCE(sk->state) == SS_LISTENING && !(READ_ONCE(sk->shutdown) & RCV_SHUTDOWN);
}

struct file *unix_accept(struct sock *sk, u32 file_flags, u32 new_flags)
{
	u64 until = deadline(sk->rcvtimeo);
	struct sock *c;
	struct file *f;
	int err;

	if (is_dgram(sk))
		return ERR_PTR(-EOPNOTSUPP);
	while (!(c = take_connection(sk))) {
		if (file_flags & O_NONBLOCK)
			return ERR_PTR(-EAGAIN);
		if (!accepts(sk))
			return ERR_PTR(-EINVAL);
		err = sock_wait(sk, !list_empty(&sk->accepting) || !accepts(sk), until);
		if (err)
			return ERR_PTR(err);
	}
	if (IS_ERR(c))
		return ERR_PTR(PTR_ERR(c));
	f = sock_file(c, new_flags);
	if (IS_ERR(f))
		put_back_connection(sk, c);
	return f;
}

long unix_shutdown(struct sock *sk, int how)
{
	u32 bits = (u32)how + 1;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	if (is_inet(sk))
		return inet_shutdown(sk, bits);
	spin_lock(&unix_lock);
	sk->shutdown |= bits;
	if (sk->peer && !is_dgram(sk))
		sk->peer->shutdown |= (bits & RCV_SHUTDOWN ? SEND_SHUTDOWN : 0) | (bits & SEND_SHUTDOWN ? RCV_SHUTDOWN : 0);
	wake_both(sk);
	if (sk->peer && !is_dgram(sk) && bits & SEND_SHUTDOWN)
		wake_up_poll(&sk->peer->wait, bits & RCV_SHUTDOWN ? POLLHUP : POLLIN);
	spin_unlock(&unix_lock);
	return 0;
}
