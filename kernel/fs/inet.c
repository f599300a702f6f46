// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_INET sockets on a machine whose only interface is the loopback: who has which address and
 * port. Mirrors Linux net/ipv4/af_inet.c, inet_connection_sock.c and udp.c as far as user programs
 * see them.
 *
 * There are no packets. A TCP connection is a pair of sockets as in unix.c, and what is sent goes
 * straight into the receiver's queue (unix_msg.c); a datagram finds its receiver by its address,
 * each time anew, and is lost where there is no room. Reachable is 127.0.0.0/8, where 0.0.0.0 means
 * 127.0.0.1.
 *
 * Names are those of a network namespace, and so is the interface, which may be down.
 *
 * Locks: unix_lock, for the names as for all else; read_lock outside of it.
 *
 * LINUX: a port is free again as soon as nobody has it (there is no TIME_WAIT). Who waits for a
 * queue that is full comes in at once when there is room. Of listeners that share a port the last
 * gets all. Buffers do not grow. A broadcast has one receiver. No urgent data. TCP_USER_TIMEOUT is
 * for connect(2) alone: nothing that was sent gets lost. Where the interface has never been up,
 * there too only its own addresses can be bound. When it goes down, datagrams are lost and
 * connect(2) is ETIMEDOUT at once, but connections that are there go on.
 */
#include "kernel/fs/unix.h"
#include "kernel/cred.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define LOOPBACK	0x7f000001u
#define BROADCAST	0x7fffffffu
#define UDP_MAX		65507u
#define FIRST_PORT	32768u		/* of those that are given to who does not name one */
#define LAST_PORT	60999u
#define NR_PORTS	(LAST_PORT - FIRST_PORT + 1)

/* --- names --- */

static u32 addr_of(const struct address *a)
{
	return __builtin_bswap32(a->in.addr);
}

static unsigned port_of(const struct address *a)
{
	return __builtin_bswap16(a->in.port);
}

static struct address inet_address(u32 addr, unsigned port)
{
	return (struct address){
		.len = INET_ADDRESS_LEN,
		.family = AF_INET,
		.in = { .port = __builtin_bswap16((u16)port), .addr = __builtin_bswap32(addr) },
	};
}

static bool is_loopback(u32 addr)
{
	return addr >> 24 == 127;
}

static bool both(const struct sock *a, const struct sock *b, int option)
{
	return a->opts.on & b->opts.on & 1u << option;
}

/* May they not have the same port? */
static bool conflict(const struct sock *sk, const struct sock *other)
{
	if (both(sk, other, SO_REUSEPORT) && sk->uid == other->uid)
		return false;
	return !both(sk, other, SO_REUSEADDR) || other->state == SS_LISTENING;
}

/* Is there somebody for whose sake sk cannot be there? unix_lock held. */
static bool is_taken(const struct sock *sk, u32 addr, unsigned port)
{
	const struct sock *other;

	assert_held(&unix_lock);
	list_for_each(other, &sk->net->inet_names, names_node) {
		u32 his = addr_of(&other->name);

		if (other != sk && other->type == sk->type && port_of(&other->name) == port &&
		    (!addr || !his || addr == his) && conflict(sk, other))
			return true;
	}
	return false;
}

/* One that nobody has, or 0. unix_lock held. */
static unsigned free_port(const struct sock *sk)
{
	static u64 used[(NR_PORTS + 63) / 64];
	static unsigned next;
	const struct sock *other;

	kmemset(used, 0, sizeof(used));
	list_for_each(other, &sk->net->inet_names, names_node) {
		unsigned i = port_of(&other->name) - FIRST_PORT;

		if (other->type == sk->type && i < NR_PORTS)
			used[i / 64] |= 1ull << i % 64;
	}
	for (unsigned n = 0; n < NR_PORTS; n++) {
		unsigned i = next++ % NR_PORTS;

		if (!(used[i / 64] & 1ull << i % 64))
			return FIRST_PORT + i;
	}
	return 0;
}

/* 0 or -EADDRINUSE. unix_lock held. */
static long set_name(struct sock *sk, u32 addr, unsigned port)
{
	assert_held(&unix_lock);
	if (port ? is_taken(sk, addr, port) : !(port = free_port(sk)))
		return -EADDRINUSE;
	sk->name = inet_address(addr, port);
	list_add_tail(&sk->names_node, &sk->net->inet_names);
	return 0;
}

/* 0, and then it has a port, or -EADDRINUSE. unix_lock held. */
static long autobind(struct sock *sk)
{
	assert_held(&unix_lock);
	return sk->name.len ? 0 : set_name(sk, sk->given_addr, 0);
}

long inet_bind(struct sock *sk, const struct address *a)
{
	u32 addr = addr_of(a);
	unsigned port = port_of(a);
	long err = -EINVAL;

	if (a->len < INET_ADDRESS_LEN)
		return -EINVAL;
	if (a->family != AF_INET && (a->family != AF_UNSPEC || addr))
		return -EAFNOSUPPORT;
	if (addr && !is_loopback(addr))
		return -EADDRNOTAVAIL;
	if (port && port < 1024 && !ns_capable(sk->net->ns.user_ns, CAP_NET_BIND_SERVICE))
		return -EACCES;
	spin_lock(&unix_lock);
	if (!sk->name.len && sk->state == SS_UNCONNECTED)
		err = set_name(sk, addr, port);
	if (!err) {
		sk->given_addr = addr;
		sk->given_port = port;
	}
	spin_unlock(&unix_lock);
	return err;
}

long inet_may_listen(struct sock *sk)
{
	long err = autobind(sk);

	if (!err && sk->state != SS_LISTENING && is_taken(sk, addr_of(&sk->name), port_of(&sk->name)))
		err = -EADDRINUSE;
	return err;
}

/* How well sk suits what comes for `to`, 0: not at all. unix_lock held. */
static int suits(const struct sock *sk, const struct address *to, const struct address *from)
{
	u32 addr = addr_of(&sk->name);
	int score = addr ? 2 : 1;

	if (sk->name.in.port != to->in.port || (addr && addr != addr_of(to)))
		return 0;
	if (!is_dgram(sk))
		return sk->state == SS_LISTENING ? score : 0;
	if (sk->state != SS_CONNECTED)
		return score;
	return sk->dest.in.port == from->in.port && sk->dest.in.addr == from->in.addr ? score + 2 : 0;
}

struct sock *inet_find(const struct sock *sk, const struct address *to, const struct address *from)
{
	struct sock *other, *found = NULL;
	int best = 1, score;

	spin_lock(&unix_lock);
	list_for_each(other, &sk->net->inet_names, names_node) {
		score = other->type == sk->type ? suits(other, to, from) : 0;
		if (score >= best) {
			best = score;
			found = other;
		}
	}
	if (found)
		sock_get(found);
	spin_unlock(&unix_lock);
	return found;
}

/* Where the user's address a is, for sk. 0 or -errno. */
static long destination(struct sock *sk, const struct address *a, struct address *to)
{
	u32 addr = addr_of(a);

	if (a->len < INET_ADDRESS_LEN)
		return -EINVAL;
	if (a->family != AF_INET && !(is_dgram(sk) && a->family == AF_UNSPEC))
		return -EAFNOSUPPORT;
	if (addr && (!is_loopback(addr) || !READ_ONCE(sk->net->lo_routed)))
		return -ENETUNREACH;
	if (addr == BROADCAST && !is_dgram(sk))
		return -ENETUNREACH;
	if (addr == BROADCAST && !(READ_ONCE(sk->opts.on) & 1u << SO_BROADCAST))
		return -EACCES;
	if (!addr) {
		spin_lock(&unix_lock);
		addr = addr_of(&sk->name);
		spin_unlock(&unix_lock);
	}
	*to = inet_address(addr ? addr : LOOPBACK, port_of(a));
	return 0;
}

/* --- connections --- */

/* sk is going to talk to this one. unix_lock held. */
static void set_dest(struct sock *sk, const struct address *to)
{
	assert_held(&unix_lock);
	if (!sk->name.in.addr)
		sk->name.in.addr = __builtin_bswap32(LOOPBACK);
	sk->dest = *to;
}

/* Is there a connection from where sk is to this one already? unix_lock held. */
static bool is_connected(const struct sock *sk, const struct address *to)
{
	u32 addr = addr_of(&sk->name) ? addr_of(&sk->name) : LOOPBACK;
	const struct sock *other;

	list_for_each(other, &sk->net->inet_names, names_node)
		if (other != sk && other->type == sk->type && other->dest.len && addr_of(&other->name) == addr &&
		    other->name.in.port == sk->name.in.port && other->dest.in.addr == to->in.addr &&
		    other->dest.in.port == to->in.port)
			return true;
	return false;
}

long inet_reserve(struct sock *sk, const struct address *to)
{
	assert_held(&unix_lock);
	if (autobind(sk) || (sk->given_port && is_connected(sk, to)))
		return -EADDRNOTAVAIL;
	set_dest(sk, to);
	return 0;
}

void inet_join(struct sock *sk, const struct sock *listener, struct sock *server, const struct address *to)
{
	assert_held(&unix_lock);
	sk->err = 0;
	server->name = *to;
	server->dest = sk->name;
	server->opts = listener->opts;
	server->uid = listener->uid;
	server->sndbuf = listener->sndbuf;
	list_add_tail(&server->names_node, &server->net->inet_names);
}

static long connect_udp(struct sock *sk, const struct address *to)
{
	long err;

	spin_lock(&unix_lock);
	err = autobind(sk) ? -EAGAIN : 0;
	if (!err) {
		set_dest(sk, to);
		sk->state = SS_CONNECTED;
	}
	spin_unlock(&unix_lock);
	return err;
}

void inet_forget(struct sock *sk)
{
	assert_held(&unix_lock);
	sk->err = !is_dgram(sk) && (sk->state == SS_CONNECTED || sk->state == SS_CONNECTING) ? ECONNRESET : 0;
	sk->state = SS_UNCONNECTED;
	sk->dest.len = 0;
	sk->connecting = sk->reset = false;
	sk->name = inet_address(sk->given_addr, sk->given_port);
	if (!sk->given_port) {
		sk->name.len = 0;
		list_del(&sk->names_node);
	}
}

/*
 * How long sk tries to come into a queue that is full, in ns. As if there were packets: what is lost is
 * sent again after 1, 2, 4 ... seconds, as often as TCP_SYNCNT says. TCP_USER_TIMEOUT ends that, but not
 * before it was sent again once.
 */
static u64 patience(const struct sock *sk)
{
	int tries = READ_ONCE(sk->opts.syncnt), limit = READ_ONCE(sk->opts.user_timeout);
	u64 ms = 0, wait = 1000;

	for (int i = 0; i <= tries; i++) {
		ms += wait;
		wait = min(2 * wait, 120000ul);
	}
	if (limit)
		ms = min(ms, max((u64)limit, 1000ul));
	return ms * 1000000;
}

/*
 * Nobody let sk in. Meanwhile somebody may have, or sk may have been cut off, and may try anew:
 *
 *	the timer's CPU                         another
 *	the time is over                        lock(unix_lock)
 *	                                        no server: let in, or cut off
 *	                                        perhaps a server again, and the timer later
 *	lock(unix_lock)                         unlock
 */
static void connect_timed_out(struct timer *t)
{
	struct sock *sk = container_of(t, struct sock, give_up), *server = NULL;

	spin_lock(&unix_lock);
	if (sk->server && ktime_ns() >= t->expires) {
		server = sock_stop_joining(sk);
		inet_forget(sk);
		inet_refuse(sk, ETIMEDOUT);
	}
	spin_unlock(&unix_lock);
	sock_put(server);
}

void inet_try_for_a_while(struct sock *sk)
{
	assert_held(&unix_lock);
	timer_start(&sk->give_up, ktime_ns() + patience(sk));
}

void inet_sock_init(struct sock *sk)
{
	timer_setup(&sk->give_up, connect_timed_out);
}

static long disconnect(struct sock *sk)
{
	if (is_dgram(sk)) {
		spin_lock(&unix_lock);
		inet_forget(sk);
		spin_unlock(&unix_lock);
	} else {
		mutex_lock(&sk->read_lock);	/* nobody is looking at a message of the queue */
		sock_cut(sk, false);
		mutex_unlock(&sk->read_lock);
	}
	return 0;
}

/*
 * How a connect(2) ended that did not end at once, or, as told to the next one, that did not wait.
 * @meanwhile: it goes on, and this one does not wait, or no longer.
 */
static long connect_over(struct sock *sk, u32 file_flags, long meanwhile)
{
	long err = 0;

	if (READ_ONCE(sk->state) == SS_CONNECTING) {
		if (file_flags & O_NONBLOCK)
			return meanwhile;
		err = sock_wait(sk, READ_ONCE(sk->state) != SS_CONNECTING, deadline(sk->sndtimeo));
		if (err)
			return err == -EAGAIN ? meanwhile : err;
	}
	spin_lock(&unix_lock);
	sk->connecting = false;
	if (sk->state != SS_CONNECTED) {
		err = sk->err ? -sk->err : -ECONNABORTED;
		sk->err = 0;
		sk->shutdown = 0;
	}
	spin_unlock(&unix_lock);
	return err;
}

void inet_refuse(struct sock *sk, int err)
{
	assert_held(&unix_lock);
	sk->connecting = true;
	sk->err = err;
	sk->shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
	wake_up_all(&sk->wait);
}

static long connect_later(struct sock *sk, long err)
{
	spin_lock(&unix_lock);
	if (err)
		inet_refuse(sk, (int)-err);
	else
		sk->connecting = true;
	spin_unlock(&unix_lock);
	return -EINPROGRESS;
}

long inet_connect(struct sock *sk, const struct address *a, u32 file_flags)
{
	struct address to;
	long err;

	if (a->family == AF_UNSPEC)
		return disconnect(sk);
	if (READ_ONCE(sk->connecting))
		return connect_over(sk, file_flags, -EALREADY);
	if (!is_dgram(sk) && READ_ONCE(sk->state) != SS_UNCONNECTED)
		return -EISCONN;
	err = destination(sk, a, &to);
	if (!err && !READ_ONCE(sk->net->lo_routed))
		err = -ENETUNREACH;
	if (err)
		return err;
	if (is_dgram(sk))
		return connect_udp(sk, &to);
	err = lo_is_up(sk->net) ? connect_stream(sk, &to, file_flags) : -ETIMEDOUT;
	if (err == -EINPROGRESS && !(file_flags & O_NONBLOCK))
		return connect_over(sk, file_flags, -EINPROGRESS);
	return file_flags & O_NONBLOCK && (!err || err == -ECONNREFUSED || err == -ETIMEDOUT) ?
		connect_later(sk, err) : err;
}

bool inet_connected(const struct sock *sk)
{
	assert_held(&unix_lock);
	if (sk->state != SS_CONNECTED || is_dgram(sk))
		return sk->state == SS_CONNECTED;
	return !sk->reset && !(sk->shutdown & sk->peer->shutdown & SEND_SHUTDOWN);
}

long inet_shutdown(struct sock *sk, u32 bits)
{
	bool listens, was;

	spin_lock(&unix_lock);
	listens = sk->state == SS_LISTENING;
	if (listens || sk->state == SS_CONNECTING) {
		spin_unlock(&unix_lock);
		return !listens || bits & RCV_SHUTDOWN ? disconnect(sk) : 0;
	}
	was = inet_connected(sk);
	sk->shutdown |= bits;
	if (sk->peer && sk->peer->peer == sk && bits & SEND_SHUTDOWN)
		sk->peer->shutdown |= RCV_SHUTDOWN;
	wake_both(sk);
	spin_unlock(&unix_lock);
	return was ? 0 : -ENOTCONN;
}

/* --- sending --- */

/*
 * A datagram that does not arrive is no error, except that one who is connected hears of a port
 * where nobody is.
 */
static void deliver(struct sock *sk, const struct address *to, struct msg *m)
{
	struct sock *other = NULL;
	long err = -EAGAIN;

	m->from = inet_address(addr_of(&m->from) ? addr_of(&m->from) : LOOPBACK, port_of(&m->from));
	if (lo_is_up(sk->net)) {
		other = inet_find(sk, to, &m->from);
		err = other ? queue_msg(sk, other, m) : -ECONNREFUSED;
	}
	sock_put(other);
	if (!err)
		return;
	msg_free(m);
	spin_lock(&unix_lock);
	if (err == -ECONNREFUSED && sk->state == SS_CONNECTED) {
		sk->err = ECONNREFUSED;
		wake_up_all(&sk->wait);
	}
	spin_unlock(&unix_lock);
}

static s64 send_udp(struct sock *sk, struct iter *it, const struct address *a, struct scm *scm)
{
	struct address to;
	size_t n = it->left;
	struct msg *m;
	long err;

	spin_lock(&unix_lock);
	err = autobind(sk) ? -EAGAIN : n > UDP_MAX ? -EMSGSIZE : 0;
	to = sk->dest;
	if (!err && !a && sk->state != SS_CONNECTED)
		err = -EDESTADDRREQ;
	spin_unlock(&unix_lock);
	if (!err && a)
		err = port_of(a) || a->len < INET_ADDRESS_LEN ? destination(sk, a, &to) : -EINVAL;
	if (!err)
		err = sock_error(sk);
	if (!err && READ_ONCE(sk->shutdown) & SEND_SHUTDOWN)
		err = -EPIPE;
	if (err)
		return err;
	m = msg_alloc(sk, it, n, scm);
	if (IS_ERR(m))
		return PTR_ERR(m);
	deliver(sk, &to, m);
	return (s64)n;
}

/*
 * What is said where no more can be sent; the first bytes after the other end was closed are sent,
 * and come back.
 */
static s64 broken(struct sock *sk, size_t n)
{
	s64 ret = -EPIPE;

	spin_lock(&unix_lock);
	if (sk->err) {
		ret = -sk->err;
		sk->err = 0;
	} else if (sk->peer && sk->peer->dead && !(sk->shutdown & SEND_SHUTDOWN)) {
		sk->err = EPIPE;
		sk->shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
		sk->reset = true;
		wake_up_all(&sk->wait);
		ret = (s64)n;
	}
	spin_unlock(&unix_lock);
	return ret;
}

static s64 send_tcp(struct sock *sk, struct iter *it, struct scm *scm, u32 flags)
{
	struct sock *peer;
	size_t n = it->left;
	s64 ret = sock_wait_joined(sk, flags, deadline(sk->sndtimeo));

	if (ret)
		return ret;
	peer = get_peer(sk);
	ret = -EPIPE;
	if (!IS_ERR(peer)) {
		ret = send_to(sk, peer, it, scm, flags);
		sock_put(peer);
	}
	return ret == -EPIPE ? broken(sk, n - it->left) : ret;
}

s64 inet_send(struct sock *sk, struct iter *it, const struct address *to, struct scm *scm, u32 flags)
{
	return is_dgram(sk) ? send_udp(sk, it, to, scm) : send_tcp(sk, it, scm, flags);
}

/* --- options --- */

static int *option(struct sock *sk, int level, int name)
{
	if (level == IPPROTO_TCP && !is_dgram(sk)) {
		switch (name) {
		case TCP_NODELAY: return &sk->opts.nodelay;
		case TCP_KEEPIDLE: return &sk->opts.keepidle;
		case TCP_KEEPINTVL: return &sk->opts.keepintvl;
		case TCP_KEEPCNT: return &sk->opts.keepcnt;
		case TCP_SYNCNT: return &sk->opts.syncnt;
		case TCP_USER_TIMEOUT: return &sk->opts.user_timeout;
		}
		return NULL;
	}
	if (level == IPPROTO_IP)
		return name == IP_TOS ? &sk->opts.tos : name == IP_TTL ? &sk->opts.ttl : NULL;
	return NULL;
}

/* The most that an option of TCP can be that is at least 1; 0: it is none of those. */
static int option_max(const struct sock *sk, const int *o)
{
	if (o == &sk->opts.keepcnt || o == &sk->opts.syncnt)
		return 127;
	return o == &sk->opts.keepidle || o == &sk->opts.keepintvl ? 32767 : 0;
}

/* All but those of connect(2) are only remembered. */
long inet_setsockopt(struct sock *sk, int level, int name, uaddr_t val, int len)
{
	int *o = option(sk, level, name), v = 0;
	size_t size = len >= (int)sizeof(v) ? sizeof(v) : len && level == IPPROTO_IP ? 1 : 0;

	if (!o)
		return -ENOPROTOOPT;
	if (!size)
		return -EINVAL;
	if (copy_from_user(&v, val, size))
		return -EFAULT;
	if (o == &sk->opts.ttl && v != -1 && (v < 1 || v > 255))
		return -EINVAL;
	if (option_max(sk, o) && (v < 1 || v > option_max(sk, o)))
		return -EINVAL;
	if (o == &sk->opts.user_timeout && v < 0)
		return -EINVAL;
	if (o == &sk->opts.nodelay)
		v = v != 0;
	else if (o == &sk->opts.ttl)
		v = v == -1 ? DEFAULT_TTL : v;
	else if (o == &sk->opts.tos)
		v = is_dgram(sk) ? v & 0xff : (v & 0xfc) | (*o & 3);
	WRITE_ONCE(*o, v);
	return 0;
}

long inet_getsockopt(struct sock *sk, int level, int name, uaddr_t val, int *len)
{
	const int *o = option(sk, level, name);
	int v;

	if (!o)
		return level == IPPROTO_IP || level == (is_dgram(sk) ? IPPROTO_UDP : IPPROTO_TCP)
			? -ENOPROTOOPT : -EOPNOTSUPP;
	if (*len < 0)
		return -EINVAL;
	v = READ_ONCE(*o);
	*len = *len >= (int)sizeof(v) ? (int)sizeof(v) : level == IPPROTO_IP ? min(*len, 1) : *len;
	return copy_to_user(val, &v, (size_t)*len) ? -EFAULT : 0;
}
