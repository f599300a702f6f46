// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pseudo-terminals: a terminal whose other side is a file, the master, that /dev/ptmx makes, and
 * devpts, where each has a name. Mirrors Linux drivers/tty/pty.c and fs/devpts/inode.c.
 *
 * LINUX: there are 256 in all, whatever the instance of devpts; devpts takes no mount options.
 *
 * Locks: tty->lock for the state and for the output that the master has not read; the mutex of the
 * root of devpts around its names.
 */
#include "kernel/fs/dcache.h"
#include "kernel/fs/tty.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"

#define PTY_MAJOR	136u
#define NR_PTYS		256u
#define PTY_BUF		8192u		/* of output; power of two */
#define PTY_LEAST	(2 * TTY_PIECE)		/* room of which a writer is told */

struct pty {
	struct tty tty;			/* what the slave's files are open on */
	unsigned index;			/* (!) */
	bool locked;			/* [tty.lock] the slave cannot be opened */
	bool packet;			/* [tty.lock] a read of the master begins with a byte of its own */
	bool master_hung_up;		/* the master's file is of no use; the slave's are */
	u32 told;			/* [tty.lock] TIOCPKT_*: what the next of them is, if it is not 0 */
	struct dentry *dentry;		/* (!) the slave; referenced while the master is open */
	u32 head, tail;			/* [tty.lock] of buf */
	u8 *buf;			/* [tty.lock] written to the slave, not yet read from the master */
	struct waitq master_wait;	/* for output, or its end */
};

static _Atomic u64 ptys_used[NR_PTYS / 64];

static struct pty *to_pty(struct tty *t)
{
	return container_of(t, struct pty, tty);
}

/* --- the slave --- */

static u32 room(const struct pty *p)
{
	return PTY_BUF - (p->head - p->tail);
}

static bool pty_write(struct tty *t, const char *buf, size_t n)
{
	struct pty *p = to_pty(t);
	bool fits;

	spin_lock(&t->lock);
	fits = room(p) >= n;
	for (size_t i = 0; fits && i < n; i++)
		p->buf[p->head++ % PTY_BUF] = (u8)buf[i];
	spin_unlock(&t->lock);
	if (fits)
		wake_up_poll(&p->master_wait, POLLIN);
	return fits;
}

static bool pty_has_room(struct tty *t)
{
	bool yes;

	spin_lock(&t->lock);
	yes = room(to_pty(t)) >= PTY_LEAST;
	spin_unlock(&t->lock);
	return yes;
}

static void pty_idle(struct tty *t)
{
	wake_up_all(&to_pty(t)->master_wait);
}

static void pty_tell(struct tty *t, u32 what)
{
	struct pty *p = to_pty(t);

	if (!p->packet)
		return;
	if (what & (TIOCPKT_STOP | TIOCPKT_START))
		p->told &= ~(TIOCPKT_STOP | TIOCPKT_START);
	if (what & (TIOCPKT_NOSTOP | TIOCPKT_DOSTOP))
		p->told &= ~(TIOCPKT_NOSTOP | TIOCPKT_DOSTOP);
	p->told |= what;
	wake_up_all(&p->master_wait);
}

static void free_index(unsigned index)
{
	atomic_fetch_and(&ptys_used[index / 64], ~(1ull << index % 64));
}

static void pty_free(struct tty *t)
{
	struct pty *p = to_pty(t);

	assert(!t->session && !t->pgrp);
	free_index(p->index);
	kfree(p->buf);
	kfree(p);
}

static const struct tty_ops pty_ops = {
	.write = pty_write, .has_room = pty_has_room, .idle = pty_idle, .tell = pty_tell, .free = pty_free,
};

static int pts_open(struct inode *i, struct file *f)
{
	struct pty *p = i->private;
	int err = READ_ONCE(p->locked) ? -EIO : tty_open_file(&p->tty, f);

	if (!err)
		tty_open_ctty(&p->tty, f);
	return err;
}

static const struct file_ops pts_fops = TTY_FILE_OPS(pts_open);

/* --- making a pair --- */

/* A free number, or -ENOSPC. */
static int take_index(void)
{
	for (unsigned i = 0; i < NR_PTYS; i++)
		if (!(atomic_fetch_or(&ptys_used[i / 64], 1ull << i % 64) >> i % 64 & 1))
			return (int)i;
	return -ENOSPC;
}

static struct pty *pty_alloc(void)
{
	struct pty *p = kzalloc(sizeof(*p), GFP_KERNEL);
	u8 *buf = p ? kmalloc(PTY_BUF, GFP_KERNEL) : NULL;
	int index = buf ? take_index() : -ENOMEM;

	if (index < 0) {
		kfree(buf);
		kfree(p);
		return ERR_PTR(index);
	}
	p->index = (unsigned)index;
	p->buf = buf;
	p->locked = true;
	waitq_init(&p->master_wait, "pty_master");
	tty_init(&p->tty, &pty_ops, PTY_MAJOR << 8 | p->index);
	p->tty.termios.c_cflag &= ~(u32)HUPCL;
	return p;
}

static void pts_evict(struct inode *i)
{
	struct pty *p = i->private;

	tty_put(&p->tty);
}

static const struct inode_ops pts_inode_ops = { .evict = pts_evict };

/* The name of p's slave in devpts, referenced; it holds p. ERR_PTR. */
static struct dentry *pts_dentry(struct dentry *root, struct pty *p)
{
	char name[8];
	size_t len = kscnprintf(name, sizeof(name), "%u", p->index);
	struct dentry *d = dentry_alloc(root, name, len);
	struct inode *i = d ? inode_alloc(root->inode->sb, S_IFCHR | 0600) : NULL;

	if (!i) {
		dput(d);
		return ERR_PTR(-ENOMEM);
	}
	i->ino = p->index + 3;		/* the root has 1, ptmx 2 */
	i->rdev = MKDEV(PTY_MAJOR, p->index);
	i->uid = current->cred.fsuid;
	i->gid = current->cred.fsgid;
	i->ops = &pts_inode_ops;
	i->fops = &pts_fops;
	tty_get(&p->tty);
	i->private = p;
	d->inode = i;
	return d;
}

/*
 * LINUX: the directory is gone if devpts was unmounted meanwhile; the master works, its slave has
 * no name.
 */
static void pts_publish(struct dentry *d)
{
	struct inode *dir = d->parent->inode;

	mutex_lock(&dir->lock);
	if (!d->parent->unlinked) {
		d_add(d);
		fsnotify_name(d->parent, IN_CREATE, d->inode, (struct qstr){ d->name, d->len }, 0);
	}
	mutex_unlock(&dir->lock);
}

static void pts_unname(struct dentry *d)
{
	struct inode *dir = d->parent->inode;

	mutex_lock(&dir->lock);
	atomic_store(&d->inode->nlink, 0);
	if (!d->unlinked && !d->parent->unlinked) {
		fsnotify_name(d->parent, IN_DELETE, d->inode, (struct qstr){ d->name, d->len }, 0);
		d_drop(d);
	}
	mutex_unlock(&dir->lock);
}

/* --- the master --- */

/*
 * The root of devpts that a ptmx means: the file system it is in, or what is mounted on pts beside
 * it. ERR_PTR(-ENODEV).
 */
static struct dentry *find_devpts(struct dentry *ptmx)
{
	struct dentry *dir = dget_parent(ptmx), *d;

	if (!dir)
		return ERR_PTR(-ENODEV);
	if (ptmx->inode->sb->magic == DEVPTS_SUPER_MAGIC)
		return dir;
	d = lookup_one(dir, "pts", 3);
	dput(dir);
	if (IS_ERR(d))
		return ERR_PTR(-ENODEV);
	d = cross_mounts(d);
	if (d->inode->sb->magic == DEVPTS_SUPER_MAGIC && !d->parent)
		return d;
	dput(d);
	return ERR_PTR(-ENODEV);
}

static int ptmx_open(struct inode *i, struct file *f)
{
	struct dentry *root = find_devpts(f->dentry);
	struct pty *p;

	(void)i;
	if (IS_ERR(root))
		return (int)PTR_ERR(root);
	p = pty_alloc();
	if (!IS_ERR(p)) {
		p->dentry = pts_dentry(root, p);
		if (IS_ERR(p->dentry)) {
			tty_put(&p->tty);
			p = ERR_PTR(-ENOMEM);
		} else {
			pts_publish(p->dentry);
		}
	}
	dput(root);
	if (IS_ERR(p))
		return (int)PTR_ERR(p);
	f->private = p;
	return 0;
}

/* The slave's readers and writers wake up here and get EIO; later ones find it hung up. */
static void ptmx_release(struct file *f)
{
	struct pty *p = f->private;

	spin_lock(&p->tty.lock);
	p->tty.dead = true;
	spin_unlock(&p->tty.lock);
	tty_hangup(&p->tty);
	pts_unname(p->dentry);
	place_put(p->dentry);
	tty_put(&p->tty);
}

static bool slave_is_closed(const struct pty *p)
{
	return READ_ONCE(p->tty.was_opened) && !READ_ONCE(p->tty.users);
}

static bool was_told(const struct pty *p)
{
	return READ_ONCE(p->packet) && READ_ONCE(p->told);
}

static bool has_output(const struct pty *p)
{
	return READ_ONCE(p->head) != READ_ONCE(p->tail);
}

static size_t take_output(struct pty *p, u8 *out, size_t n)
{
	size_t done = 0;

	spin_lock(&p->tty.lock);
	while (done < n && p->tail != p->head)
		out[done++] = p->buf[p->tail++ % PTY_BUF];
	spin_unlock(&p->tty.lock);
	return done;
}

/*
 * Waits for output, and in packet mode for what is told. 0; 1: the master is hung up; -EIO, -EAGAIN,
 * -ERESTARTSYS.
 */
static int wait_output(struct file *f, struct pty *p, bool packet)
{
	int err = 0;

	while (!err) {
		bool closed = slave_is_closed(p);	/* before the last look at what it left */

		if (has_output(p) || (packet && was_told(p)))
			return 0;
		if (READ_ONCE(p->master_hung_up))
			return 1;
		if (closed)
			return -EIO;
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_freezable(&p->master_wait,
					   has_output(p) || (packet && was_told(p)) || slave_is_closed(p) ||
						   READ_ONCE(p->master_hung_up));
	}
	return err;
}

/* The first byte in packet mode. 1: data follows, 0: that was all; -errno. */
static int read_header(struct pty *p, uaddr_t buf)
{
	u8 told;

	spin_lock(&p->tty.lock);
	told = (u8)p->told;
	p->told = 0;
	spin_unlock(&p->tty.lock);
	return copy_to_user(buf, &told, 1) ? -EFAULT : !told;
}

static s64 ptmx_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct pty *p = f->private;
	size_t done = 0;
	u8 piece[256];
	int err = 0;

	(void)pos;
	if (READ_ONCE(p->master_hung_up))
		return 0;
	if (n && READ_ONCE(p->packet)) {
		err = wait_output(f, p, true);
		if (err)
			return min(err, 0);
		err = read_header(p, buf);
		if (err <= 0)
			return err ? err : 1;
		done = 1;
	}
	while (done < n) {
		size_t got = take_output(p, piece, min(n - done, sizeof(piece)));

		if (got && copy_to_user(buf + done, piece, got)) {
			err = -EFAULT;
			break;
		}
		done += got;
		if (got)
			continue;
		err = done ? -EAGAIN : wait_output(f, p, false);
		if (err)
			break;
	}
	if (done || err == -EFAULT)	/* something was taken */
		wake_up_all(&p->tty.write_wait);
	return done ? (s64)done : min(err, 0);
}

/* Types one byte: 0, -EAGAIN, -ERESTARTSYS. */
static int type_byte(struct file *f, struct tty *t, u8 c)
{
	int err;

	while (!tty_try_input(t, c)) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_freezable(&t->input_wait, tty_takes_input(t) || READ_ONCE(to_pty(t)->master_hung_up));
		if (!err && READ_ONCE(to_pty(t)->master_hung_up))
			err = -EIO;
		if (err)
			return err;
	}
	return 0;
}

static s64 ptmx_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct pty *p = f->private;
	size_t done = 0;
	u8 piece[256];
	int err = 0;

	(void)pos;
	if (READ_ONCE(p->master_hung_up))
		return -EIO;
	while (done < n && !err) {
		size_t chunk = min(n - done, sizeof(piece)), left = copy_from_user(piece, buf + done, chunk), k = 0;

		while (k < chunk - left && !(err = type_byte(f, &p->tty, piece[k])))
			k++;
		done += k;
		if (!err && left)
			err = -EFAULT;
		if (!err && done < n && signal_pending(current))
			err = -ERESTARTSYS;
		cond_resched();
	}
	return done ? (s64)done : err;
}

static unsigned ptmx_poll(struct file *f, struct poll_table *pt)
{
	struct pty *p = f->private;
	unsigned mask = 0;

	poll_wait(pt, &p->master_wait);
	poll_wait(pt, &p->tty.input_wait);
	if (READ_ONCE(p->master_hung_up))
		return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
	if (slave_is_closed(p))
		mask |= POLLHUP;
	if (has_output(p) || was_told(p))
		mask |= POLLIN | POLLRDNORM;
	if (was_told(p))
		mask |= POLLPRI;
	if (tty_takes_input(&p->tty))
		mask |= POLLOUT | POLLWRNORM;
	return mask;
}

static int ptmx_fasync(struct file *f, int fd, bool on)
{
	int err = fasync_helper(f, fd, on);

	return err || !on ? err : f_setown(f, get_pid(task_tgid(current)), F_OWNER_PID, false);
}

static long put_int(int n, uaddr_t arg)
{
	return copy_to_user(arg, &n, sizeof(n)) ? -EFAULT : 0;
}

static long set_locked(struct pty *p, uaddr_t arg)
{
	int on;

	if (copy_from_user(&on, arg, sizeof(on)))
		return -EFAULT;
	WRITE_ONCE(p->locked, on != 0);
	return 0;
}

static long set_packet(struct pty *p, uaddr_t arg)
{
	int on;

	if (copy_from_user(&on, arg, sizeof(on)))
		return -EFAULT;
	spin_lock(&p->tty.lock);
	if (!p->packet)
		p->told = 0;
	p->packet = on != 0;
	spin_unlock(&p->tty.lock);
	return 0;
}

/* Opens the slave without its name. */
static long open_peer(struct pty *p, u32 flags)
{
	struct file *f = file_open_dentry(dget(p->dentry), flags & ~(u32)(O_CLOEXEC | O_PATH));

	return IS_ERR(f) ? PTR_ERR(f) : fd_alloc(f, flags & O_CLOEXEC, 0);
}

static long flush_pair(struct pty *p, uaddr_t what)
{
	struct tty *t = &p->tty;

	if (what > TCIOFLUSH)
		return -EINVAL;
	spin_lock(&t->lock);
	if (what != TCOFLUSH)
		p->tail = p->head;
	spin_unlock(&t->lock);
	wake_up_all(&t->write_wait);
	return 0;
}

static long hang_up_master(struct pty *p)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	WRITE_ONCE(p->master_hung_up, true);
	wake_up_all(&p->master_wait);
	wake_up_all(&p->tty.input_wait);
	return 0;
}

/* TIOCSTI: the master reads it as if it had been written to the slave. */
static long type_at_master(struct pty *p, uaddr_t arg)
{
	char c;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&c, arg, sizeof(c)))
		return -EFAULT;
	pty_write(&p->tty, &c, 1);	/* no room: it is lost */
	return 0;
}

/* TIOCSIG: as if the key for it were typed. */
static long signal_front(struct pty *p, int sig)
{
	if (sig != SIGINT && sig != SIGQUIT && sig != SIGTSTP)
		return -EINVAL;
	tty_signal(&p->tty, sig);
	return 0;
}

/* What is asked of the master is about the slave, but for what can be read. */
static long ptmx_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct pty *p = f->private;

	if (READ_ONCE(p->master_hung_up))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	switch (cmd) {
	case TIOCVHANGUP:
		return hang_up_master(p);
	case TIOCGPTN:
		return put_int((int)p->index, arg);
	case TIOCSPTLCK:
		return set_locked(p, arg);
	case TIOCGPTLCK:
		return put_int(READ_ONCE(p->locked), arg);
	case TIOCPKT:
		return set_packet(p, arg);
	case TIOCGPKT:
		return put_int(READ_ONCE(p->packet), arg);
	case TIOCGPTPEER:
		return open_peer(p, (u32)arg);
	case TIOCGPGRP:
		return put_int(tty_number(&p->tty.pgrp), arg);
	case TIOCGSID:
		return READ_ONCE(p->tty.session) ? put_int(tty_number(&p->tty.session), arg) : -ENOTTY;
	case TIOCNOTTY:
		return -ENOTTY;
	case FIONREAD:
		return put_int((int)(READ_ONCE(p->head) - READ_ONCE(p->tail)), arg);
	case TCFLSH:
		return flush_pair(p, arg);
	case TIOCSTI:
		return type_at_master(p, arg);
	case TIOCSIG:
		return signal_front(p, (int)arg);
	case TIOCCONS:			/* for the slave to ask */
		return -EINVAL;
	}
	return __tty_ioctl(&p->tty, f, cmd, arg);
}

const struct file_ops ptmx_fops = {
	.open = ptmx_open, .release = ptmx_release, .read = ptmx_read, .write = ptmx_write,
	.poll = ptmx_poll, .ioctl = ptmx_ioctl,
	.fasync = ptmx_fasync,
};

/* --- devpts --- */

static const struct inode_ops devpts_dir_ops;

/* A node of the fixed part, with inode number ino; NULL: no memory. */
static struct dentry *devpts_node(struct super *sb, struct dentry *parent, const char *name, u32 mode, u64 ino)
{
	struct dentry *d = dentry_alloc(parent, name, kstrlen(name));

	if (!d)
		return NULL;
	d->inode = inode_alloc(sb, mode);
	if (!d->inode) {
		dput(d);
		return NULL;
	}
	d->inode->ino = ino;
	return d;
}

static int devpts_fill(struct super *sb, const char *options)
{
	struct dentry *ptmx;

	(void)options;
	sb->magic = DEVPTS_SUPER_MAGIC;
	sb->root = devpts_node(sb, NULL, "/", S_IFDIR | 0755, 1);
	if (!sb->root)
		return -ENOMEM;
	sb->root->inode->ops = &devpts_dir_ops;
	sb->root->inode->fops = &dir_fops;
	ptmx = devpts_node(sb, sb->root, "ptmx", S_IFCHR, 2);
	if (!ptmx)
		return -ENOMEM;
	inode_set_special(ptmx->inode, MKDEV(5, 2));
	d_add(ptmx);
	dput(ptmx);
	return 0;
}

FS_TYPE(devpts_type, .name = "devpts", .fill = devpts_fill);
