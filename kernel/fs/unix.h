// SPDX-License-Identifier: GPL-2.0-only
/*
 * What unix.c (names and connections), unix_msg.c (what is sent and received) and sockopt.c share:
 * the socket. Mirrors Linux include/net/af_unix.h.
 */
#pragma once
#include "kernel/fs/socket.h"
#include "kernel/signal.h"
#include "kernel/timer.h"
#include "kernel/waitq.h"

#define RCV_SHUTDOWN	1u
#define SEND_SHUTDOWN	2u

enum sock_state { SS_UNCONNECTED, SS_LISTENING, SS_CONNECTED };

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
	int type;			/* (!) SOCK_* */
	struct mutex read_lock;
	struct waitq wait;		/* for anything about this socket */
	/* all of it [unix_lock] */
	enum sock_state state;
	u32 shutdown;
	int err;			/* told once */
	struct sock *peer;		/* referenced */
	struct list queue;		/* of struct msg */
	size_t queued;			/* bytes of it, overhead included */
	unsigned nr_queued;
	struct list accepting;		/* a listener's: connections to accept; else the place on such a list */
	unsigned nr_accepting, backlog;
	struct address name;
	struct dentry *bound;		/* referenced: the name in the file system */
	struct list names_node;		/* on unix_names while bound */
	struct creds peer_creds;	/* of a listener: its own */
	u32 sndbuf, rcvbuf;
	u64 rcvtimeo, sndtimeo;		/* ns, 0: for ever */
	bool passcred, dead;
};

extern struct spinlock unix_lock;
extern struct waitq unix_dgram_wait;	/* senders of datagrams that poll: some receiver has room */

static inline bool is_stream(const struct sock *sk) { return sk->type == SOCK_STREAM; }
static inline bool is_dgram(const struct sock *sk) { return sk->type == SOCK_DGRAM; }

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
/* The socket there, referenced; ERR_PTR. An abstract name is one of its type, a path may be of any. Sleeps. */
struct sock *find_address(const struct address *a, int type);

/* unix_msg.c */
extern const struct file_ops sock_fops;
void msg_free(struct msg *m);
