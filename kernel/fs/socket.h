// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets: what socket.c (system calls, message headers, options) and unix.c (connections and
 * queues) tell each other. The family is AF_UNIX or AF_INET; where the two differ, unix.c asks inet.c.
 */
#pragma once
#include "kernel/fs/dcache.h"

#define SCM_MAX_FD	253u
#define UNIX_PATH_MAX	108u

/* Where the bytes of a message come from or go to: user memory in parts, or the kernel's own. */
struct iter {
	struct k_iovec *v;
	unsigned n;
	char *kernel;			/* NULL: user */
	size_t left;
};
size_t iter_get(struct iter *it, void *dst, size_t n);	/* bytes NOT copied */
size_t iter_put(struct iter *it, const void *src, size_t n);

struct address {
	u32 len;			/* 0: none; else of what follows, a sockaddr_un's or a sockaddr_in's */
	u16 family;
	union {
		char path[UNIX_PATH_MAX + 1];	/* a name of full length gets its NUL here */
		struct {
			u16 port;		/* both as they travel, the high byte first */
			u32 addr;
		} __attribute__((packed)) in;
	};
} __attribute__((packed, aligned(4)));
#define ADDRESS_MIN	2u		/* of len: the family alone */
#define INET_ADDRESS_LEN	16u

struct creds {
	struct pid *pid;		/* referenced; NULL: nobody */
	u32 uid, gid;
};
struct k_ucred creds_export(const struct creds *c);	/* as current sees them */

struct sock;

/* What goes along with the bytes. */
struct scm {
	unsigned nr_files;
	struct file *files[SCM_MAX_FD];	/* referenced */
	struct creds creds;		/* if got, and then also when it is sent */
	struct address from;
	u32 truncated;			/* received: of the message, bytes that did not fit */
	bool got;			/* received: this is somebody's */
};
void scm_put(struct scm *scm);			/* drops the files and the sender */
/*
 * scm.c: the control messages of a header; AF_INET carries none. 0 or -errno; what of *scm is set
 * is the caller's to put.
 */
int scm_send(struct scm *scm, const struct k_msghdr *h, int family);
/* One after the other into a header's buffer. */
struct control {
	uaddr_t buf;
	size_t room, used;
	u32 flags;			/* MSG_CTRUNC: not all fitted */
};
void put_cmsg(struct control *c, int type, const void *data, size_t n);
void scm_detach_fds(struct control *c, struct scm *scm, u32 fd_flags);	/* descriptors for scm's files */

struct file *fget_sock(int fd, struct sock **sk);	/* referenced; ERR_PTR(-EBADF, -ENOTSOCK) */
struct sock *file_sock(const struct file *f);	/* NULL: not a socket */
int sock_family(const struct sock *sk);
bool sock_has_packets(const struct sock *sk);	/* it is no stream */
struct file *sock_create(int family, int type, u32 flags);	/* a new socket's open file; ERR_PTR */
long unix_bind(struct sock *sk, const struct address *a);
long unix_listen(struct sock *sk, int backlog);
long unix_connect(struct sock *sk, const struct address *a, u32 file_flags);
struct file *unix_accept(struct sock *sk, u32 file_flags, u32 new_flags);	/* ERR_PTR */
long unix_pair(struct sock *a, struct sock *b);
long unix_shutdown(struct sock *sk, int how);
/* to: NULL or an address; flags: MSG_*. Takes over scm's files if it sends anything. */
s64 unix_send(struct sock *sk, struct iter *it, const struct address *to, struct scm *scm, u32 flags);
s64 unix_recv(struct sock *sk, struct iter *it, struct scm *scm, u32 flags);
/* What read and write of an open socket do. flags: O_NONBLOCK counts, whatever the file's own say. */
s64 sock_read_iter(struct file *f, struct iter *it, u32 flags);
s64 sock_write_iter(struct file *f, struct iter *it);
bool unix_passes_creds(struct sock *sk);	/* SO_PASSCRED */
void unix_name(struct sock *sk, struct address *out);
int unix_peer_name(struct sock *sk, struct address *out);	/* 0, -ENOTCONN */
bool sock_connected(struct sock *sk);		/* and not cut off, which AF_UNIX does not ask */
