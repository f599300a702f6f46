// SPDX-License-Identifier: GPL-2.0-only
/*
 * What unix.c (connections), unix_name.c (AF_UNIX's names), unix_msg.c (what is sent and received),
 * inet.c (AF_INET's names) and sockopt.c share: the socket. Mirrors Linux include/net/af_unix.h.
 */
#pragma once
#include "kernel/fs/net_namespace.h"
#include "kernel/fs/socket.h"
#include "kernel/signal.h"
#include "kernel/timer.h"
#include "kernel/waitq.h"

#define RCV_SHUTDOWN	1u
#define SEND_SHUTDOWN	2u

/* the last: AF_INET, on a listener's list of joining */
enum sock_state { SS_UNCONNECTED, SS_LISTENING, SS_CONNECTED, SS_CONNECTING };

#define DEFAULT_TTL	64
#define DEFAULT_OPTS	{ .ttl = DEFAULT_TTL, .keepidle = 7200, .keepintvl = 75, .keepcnt = 9, .syncnt = 6 }

/* What was set, and on a listener what its connections will have. */
struct sock_opts {
	u32 on;				/* bits by SO_*, of those that are on or off */
	int nodelay, tos, ttl, keepidle, keepintvl, keepcnt;
	int syncnt, user_timeout;	/* how often connect(2) tries again, and for how many ms; 0: no such limit */
	int linger;			/* seconds, if SO_LINGER is on */
};

struct msg {
	struct list node;
	size_t len, off;		/* [read_lock] off: read so far, of a stream */
	struct scm *scm;		/* NULL: nothing but bytes and creds */
	struct creds creds;
	struct address from;
	char data[];
};

struct sock {
	_Atomic u32 refs;
	int family, type;		/* (!) AF_*, SOCK_* */
	u32 uid;			/* (!) whose it is */
	struct net *net;		/* (!) referenced */
	u64 ino;			/* of its file; 0: it was not accepted yet. Plain loads and stores. */
	struct mutex read_lock;
	struct waitq wait;		/* for anything about this socket */
	/* all of it [unix_lock], but of what setsockopt(2) sets single words: plain loads and stores */
	enum sock_state state;
	u32 shutdown;
	int err;			/* told once */
	struct sock *peer;		/* referenced */
	struct list queue;		/* of struct msg */
	size_t queued;			/* bytes of it, overhead included */
	unsigned nr_queued;
	struct list accepting;		/* a listener's: connections to accept; else the place on such a list, or on joining */
	struct list joining;		/* a listener's: those who come in as soon as it has room */
	struct sock *server;		/* SS_CONNECTING: what will be the other end, referenced */
	unsigned nr_accepting, backlog;
	struct address name;
	struct dentry *bound;		/* referenced: the name in the file system */
	struct list names_node;		/* on unix_names, or a list of net's, while bound */
	struct creds peer_creds;	/* of a listener: its own */
	u32 sndbuf, rcvbuf;
	u64 rcvtimeo, sndtimeo;		/* ns, 0: for ever */
	bool passcred, dead;
	bool no_space;			/* it could not send, and was not told of room since */
	struct sock_opts opts;
	/* AF_INET: */
	bool connecting;		/* connect(2) has begun, and not yet said how it ended */
	struct timer give_up;		/* SS_CONNECTING: pending */
	bool reset;			/* the other end went, and what was under way with it */
	struct address dest;		/* whom it is connected to */
	u32 given_addr, given_port;	/* by bind(2); 0: not given */
};

extern struct spinlock unix_lock;
extern struct list unix_names;			/* [unix_lock] sockets with a name in the file system, of all namespaces */
extern struct waitq unix_dgram_wait;	/* senders of datagrams that poll: some receiver has room */

static inline bool is_stream(const struct sock *sk) { return sk->type == SOCK_STREAM; }
static inline bool is_dgram(const struct sock *sk) { return sk->type == SOCK_DGRAM; }
static inline bool is_inet(const struct sock *sk) { return sk->family == AF_INET; }

static inline struct creds creds_get(const struct creds *c)
{
	get_pid(c->pid);
	return *c;
}

/* Referenced. */
static inline struct creds my_creds(void)
{
	return (struct creds){ get_pid(task_tgid(current)), current->cred.euid, current->cred.egid };
}

/* Something about sk changed that its other end may wait for too. unix_lock held. */
static inline void wake_both(struct sock *sk)
{
	wake_up_all(&sk->wait);
	if (sk->peer)
		wake_up_all(&sk->peer->wait);
}

/* May sk send to other, which may have chosen whom it talks to? unix_lock held. */
static inline bool may_send(const struct sock *sk, const struct sock *other)
{
	return !other->peer || other->peer == sk;
}

static inline u64 deadline(u64 timeout)
{
	return timeout ? ktime_ns() + timeout : NO_DEADLINE;
}

/*
 * Sleeps in sk's queue until cond. 0, -EAGAIN: the time is over, -ERESTARTSYS, or -EINTR if there
 * was a limit of time, which a restart would begin anew.
 */
#define sock_wait(sk, cond, until)								\
({												\
	int _err = wait_event_state(&(sk)->wait, cond, TASK_INTERRUPTIBLE | TASK_FREEZABLE, until);	\
	_err == -ETIME ? -EAGAIN : _err && (until) != NO_DEADLINE ? -EINTR : _err;		\
})

/* unix.c */
struct sock *sock_get(struct sock *sk);
void sock_put(struct sock *sk);			/* NULL is fine */
void sock_release(struct file *f);

/*
 * Ends what sk has to do with others: its connection, its queue, and those that wait to be accepted.
 * dead: its name too, and there is nobody else who could use it; else read_lock held, and of AF_INET.
 */
void sock_cut(struct sock *sk, bool dead);
/* sk is not let in any more. What would have been its other end, to be put. unix_lock held. */
struct sock *sock_stop_joining(struct sock *sk);
/* 0, -EINPROGRESS: AF_INET, and sk is SS_CONNECTING; -errno. Waits only for AF_UNIX. */
long connect_stream(struct sock *sk, const struct address *a, u32 file_flags);

/* unix_name.c */
/*
 * The socket there for sk, referenced; ERR_PTR. An abstract name is one of sk's type and namespace,
 * a path may be of any. Sleeps.
 */
struct sock *find_address(const struct sock *sk, const struct address *a);

/* unix_msg.c */
/*
 * Until who was not let in yet is, or is refused. 0, -EAGAIN with MSG_DONTWAIT or in the end,
 * -ERESTARTSYS, -EINTR.
 */
long sock_wait_joined(struct sock *sk, u32 flags, u64 until);
extern const struct file_ops sock_fops;
struct msg *msg_alloc(struct sock *sk, struct iter *it, size_t n, struct scm *scm);
void msg_free(struct msg *m);
long queue_msg(struct sock *sk, struct sock *to, struct msg *m);
struct sock *get_peer(struct sock *sk);
int sock_inq(const struct sock *sk);		/* FIONREAD: bytes that are there to read. unix_lock held */
s64 send_to(struct sock *sk, struct sock *to, struct iter *it, struct scm *scm, u32 flags);
int sock_error(struct sock *sk);		/* the negative error that waits to be told, which it then is; or 0 */

/* inet.c */
long inet_bind(struct sock *sk, const struct address *a);
long inet_may_listen(struct sock *sk);		/* 0, and then it has a port, or -EADDRINUSE. unix_lock held */
long inet_connect(struct sock *sk, const struct address *a, u32 file_flags);
void inet_refuse(struct sock *sk, int err);	/* so ended the connect(2) of sk. unix_lock held. */
void inet_sock_init(struct sock *sk);
void inet_try_for_a_while(struct sock *sk);	/* SS_CONNECTING, and then ETIMEDOUT. unix_lock held. */
/* sk has the name that it will have with @to. 0, -EADDRNOTAVAIL: no port is free, or it is taken. unix_lock held. */
long inet_reserve(struct sock *sk, const struct address *to);
/* Names and options of a new connection's ends; sk's is reserved. unix_lock held. */
void inet_join(struct sock *sk, const struct sock *listener, struct sock *server, const struct address *to);
/* Who listens at `to`, or gets the datagrams that sk sends there as `from`. Referenced, or NULL. */
struct sock *inet_find(const struct sock *sk, const struct address *to, const struct address *from);
/* As it was before it was connected; of its name what bind(2) gave stays. unix_lock held. */
void inet_forget(struct sock *sk);
bool inet_connected(const struct sock *sk);	/* with a way to its peer. unix_lock held */
long inet_shutdown(struct sock *sk, u32 bits);
s64 inet_send(struct sock *sk, struct iter *it, const struct address *to, struct scm *scm, u32 flags);
long inet_setsockopt(struct sock *sk, int level, int name, uaddr_t val, int len);
long inet_getsockopt(struct sock *sk, int level, int name, uaddr_t val, int *len);
