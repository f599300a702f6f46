// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/net: the sockets and interfaces of a task's network namespace. Mirrors Linux
 * fs/proc/proc_net.c, and what it shows of net/ipv4/tcp_ipv4.c, udp.c, net/unix/af_unix.c and
 * net/core/net-procfs.c.
 *
 * LINUX: the namespace is that of the time of the read, and users are called as the reader has it,
 * not who opened the file. Nothing is counted of what the interface carries. Of AF_UNIX only those
 * with a name are shown.
 *
 * Locks: task_lock, then unix_lock.
 */
#include "kernel/fs/proc.h"
#include "kernel/fs/unix.h"
#include "kernel/mm/mm.h"

#define TCP_WIDTH	149
#define UDP_WIDTH	127

enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_FIN_WAIT2 = 5, TCP_CLOSE = 7, TCP_CLOSE_WAIT = 8, TCP_LISTEN = 10 };

struct page_of {			/* a text in the making */
	char *buf;
	size_t n, len;
	unsigned lines;
};

static __printf(2, 3) void put(struct page_of *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	p->len = min(p->len + (size_t)kvsnprintf(p->buf + p->len, p->n - p->len, fmt, ap), p->n - 1);
	va_end(ap);
}

/* The line that began at `start` is so wide, and over. */
static void end_line(struct page_of *p, size_t start, size_t width)
{
	put(p, "%*s\n", (int)(width - min(p->len - start, width)), "");
}

/* --- AF_INET --- */

/* 0: it is not shown. unix_lock held. */
static unsigned tcp_state(const struct sock *sk)
{
	bool sent = sk->shutdown & SEND_SHUTDOWN, got;

	if (sk->state == SS_LISTENING)
		return TCP_LISTEN;
	if (sk->state == SS_CONNECTING)
		return TCP_SYN_SENT;
	if (sk->state != SS_CONNECTED || sk->reset || !sk->peer)
		return 0;
	got = sk->peer->dead || sk->peer->shutdown & SEND_SHUTDOWN;
	if (sent)
		return got ? 0 : TCP_FIN_WAIT2;
	return got ? TCP_CLOSE_WAIT : TCP_ESTABLISHED;
}

/* What both protocols say of a socket. unix_lock held. */
static void put_sock(struct page_of *p, const struct sock *sk, int width, unsigned state, size_t queued)
{
	assert_held(&unix_lock);
	put(p, "%*u: %08X:%04X %08X:%04X %02X 00000000:%08X 00:00000000 00000000 %5u        0 %lu %u 0000000000000000", width, p->lines++,
	    sk->name.in.addr, __builtin_bswap16(sk->name.in.port), sk->dest.len ? sk->dest.in.addr : 0,
	    sk->dest.len ? __builtin_bswap16(sk->dest.in.port) : 0, state, (u32)queued,
	    from_kuid_munged(current_user_ns(), sk->uid),
	    sk->ino, atomic_load(&sk->refs));
}

static void put_tcp(struct page_of *p, const struct sock *sk, bool listening)
{
	size_t start = p->len;
	unsigned state = is_dgram(sk) ? 0 : tcp_state(sk);

	if (!state || (state == TCP_LISTEN) != listening)
		return;
	put_sock(p, sk, 4, state, listening ? sk->nr_accepting : (size_t)sock_inq(sk));
	put(p, listening ? " 100 0 0 10 0" : " 20 0 0 10 -1");
	end_line(p, start, TCP_WIDTH);
}

static void tcp_show(struct net *net, struct page_of *p)
{
	const struct sock *sk;

	put(p, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode");
	end_line(p, 0, TCP_WIDTH);
	spin_lock(&unix_lock);
	list_for_each(sk, &net->inet_names, names_node)
		put_tcp(p, sk, true);
	list_for_each(sk, &net->inet_names, names_node)
		put_tcp(p, sk, false);
	spin_unlock(&unix_lock);
}

static void udp_show(struct net *net, struct page_of *p)
{
	const struct sock *sk;

	put(p, "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops");
	end_line(p, 0, UDP_WIDTH);
	spin_lock(&unix_lock);
	list_for_each(sk, &net->inet_names, names_node) {
		size_t start = p->len;

		if (!is_dgram(sk))
			continue;
		put_sock(p, sk, 5, sk->state == SS_CONNECTED ? TCP_ESTABLISHED : TCP_CLOSE, sk->queued);
		put(p, " 0");
		end_line(p, start, UDP_WIDTH);
	}
	spin_unlock(&unix_lock);
}

/* --- AF_UNIX --- */

/* unix_lock held. */
static void put_unix(struct page_of *p, const struct sock *sk)
{
	bool listens = sk->state == SS_LISTENING, abstract = !sk->name.path[0];
	u32 len = sk->name.len - ADDRESS_MIN - !abstract;	/* Linux: no NUL at the end of a path */

	assert_held(&unix_lock);
	put(p, "0000000000000000: %08X 00000000 %08X %04X %02X %5lu ", atomic_load(&sk->refs) + 1 /* its name's */,
	    listens ? 0x10000 : 0, (u32)sk->type, sk->state == SS_CONNECTED ? 3 : 1, sk->ino);
	for (u32 i = 0; i < len; i++)
		put(p, "%c", sk->name.path[i] ? sk->name.path[i] : '@');
	put(p, "\n");
}

static void unix_show(struct net *net, struct page_of *p)
{
	const struct sock *sk;

	put(p, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	spin_lock(&unix_lock);
	list_for_each(sk, &net->unix_names, names_node)
		put_unix(p, sk);
	list_for_each(sk, &unix_names, names_node)
		if (sk->net == net)
			put_unix(p, sk);
	spin_unlock(&unix_lock);
}

/* --- interfaces --- */

static void dev_show(struct net *net, struct page_of *p)
{
	(void)net;
	put(p, "Inter-|   Receive                                                |  Transmit\n"
	       " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
	       "    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n");
}

/* --- the directory --- */

static const struct net_file {
	const char *name;
	void (*show)(struct net *net, struct page_of *p);
} net_files[] = {
	{ "dev", dev_show },
	{ "tcp", tcp_show },
	{ "udp", udp_show },
	{ "unix", unix_show },
};

static s64 net_file_show(struct file *f, char *buf, size_t n)
{
	struct page_of p = { .buf = buf, .n = n };
	struct ns_common *ns = task_ns(task_of(f->inode), NS_NET);

	if (!ns)
		return -ESRCH;
	net_files[NR_OF(f->inode)].show(to_net(ns), &p);
	ns_put(ns);
	return (s64)p.len;
}

static s64 net_file_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	return text_read(f, buf, n, pos, net_file_show);
}

static const struct inode_ops net_file_ops = { .evict = evict_task };
static const struct file_ops net_file_fops = {
	.open = text_open, .release = text_release, .read = net_file_read, .lseek = text_lseek,
};

static int net_lookup(struct inode *dir, struct dentry *d)
{
	struct task *t = task_of(dir);

	for (u32 k = 0; k < ARRAY_SIZE(net_files); k++) {
		if (!kstreq(net_files[k].name, d->name))
			continue;
		d->inode = task_inode(dir->sb, get_task(t), S_IFREG | 0444, KIND_NET, k);
		if (!d->inode) {
			put_task(t);
			return -ENOMEM;
		}
		d->inode->ops = &net_file_ops;
		d->inode->fops = &net_file_fops;
		return 0;
	}
	return -ENOENT;
}

static int net_readdir(struct file *f, emit_fn *emit, void *ctx)
{
	struct task *t = task_of(f->inode);

	if (!task_alive(t))
		return -ENOENT;
	if (!emit_dots(f, emit, ctx))
		return 0;
	for (u64 k = f->pos > 2 ? f->pos - 2 : 0; k < ARRAY_SIZE(net_files); k++)
		if (!emit(ctx, net_files[k].name, kstrlen(net_files[k].name),
			  task_ino(t->pid, KIND_NET, (u32)k), DT_REG, k + 3))
			break;
	return 0;
}

const struct inode_ops proc_net_dir_ops = { .lookup = net_lookup, .evict = evict_task };
const struct file_ops proc_net_dir_fops = TASK_DIR_FOPS(net_readdir);
