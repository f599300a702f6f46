// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bytes from file to file without a detour through user memory: splice, tee, vmsplice and
 * copy_file_range. Mirrors Linux fs/splice.c and the end of fs/read_write.c.
 *
 * LINUX: no page changes hands; all of it is copied, by way of one page. What the far side does not
 * take goes back into a pipe only if nobody took its room meanwhile.
 *
 * Locks: none of its own.
 */
#include "kernel/fs/socket.h"
#include "kernel/mm/mm.h"

#define PIECE	PAGE_SIZE		/* a pipe takes as much at once or not at all */
#define LARGEST_PACKET	((size_t)1 << 19)	/* no SO_SNDBUF is as large */

/* One side: a pipe, or a file from a position on. */
struct side {
	struct file *f;
	u64 pos;
	uaddr_t upos;			/* where the caller keeps it, 0: it is the file's own */
};

/* After the first piece nobody waits any more: what is done is the answer. */
static u32 wait_flags(const struct file *f, unsigned flags, size_t done)
{
	return done || flags & SPLICE_F_NONBLOCK ? O_NONBLOCK : f->flags & O_NONBLOCK;
}

/* The flags of a call: if one of its pipes is not waited for, nothing is. */
static unsigned call_flags(const struct file *in, const struct file *out, unsigned flags)
{
	if ((is_pipe(in) && in->flags & O_NONBLOCK) || (is_pipe(out) && out->flags & O_NONBLOCK))
		flags |= SPLICE_F_NONBLOCK;
	return flags;
}

static s64 take_piece(struct side *in, unsigned flags, size_t done, char *buf, size_t n)
{
	if (is_pipe(in->f))
		return pipe_splice_take(in->f, wait_flags(in->f, flags, done), buf, n);
	if (file_sock(in->f))
		return sock_read_iter(in->f, &(struct iter){ .kernel = buf, .left = n }, wait_flags(in->f, flags, done));
	return in->f->ops->kread(in->f, buf, n, in->pos);
}

/*
 * Room for up to n bytes in a pipe, kept until they are put there: what in gives it does not take back.
 * It is other writers' room, too, so a pipe that is to give them must have some first; another reader
 * may still be faster. Bytes, or -errno.
 */
static s64 keep_room(struct file *in, struct file *out, unsigned flags, size_t done, size_t n)
{
	int err = is_pipe(in) ? pipe_wait_data(in, wait_flags(in, flags, done)) : 0;

	return err ? err : pipe_reserve(out, wait_flags(out, flags, done), n);
}

static s64 move(struct side *in, struct side *out, size_t n, unsigned flags)
{
	char *buf = kmalloc(PIECE, GFP_KERNEL);
	bool to_pipe = is_pipe(out->f), pipes = to_pipe && is_pipe(in->f);
	size_t done = 0;
	s64 got, put = 0;

	if (!buf)
		return -ENOMEM;
	while (done < n && !(done && signal_pending(current))) {
		size_t room = min(n - done, PIECE);

		if (to_pipe) {
			put = keep_room(in->f, out->f, flags, done, room);
			if (put < 0)
				break;
			room = (size_t)put;
		}
		got = take_piece(in, pipes ? SPLICE_F_NONBLOCK : flags, done, buf, room);
		if (to_pipe)
			put = pipe_put_reserved(out->f, buf, (size_t)max(got, 0l), room);
		else if (got > 0)
			put = kernel_write(out->f, buf, (size_t)got, &out->pos);
		if (pipes && got == -EAGAIN)
			continue;
		if (got <= 0) {
			put = got;
			break;
		}
		size_t left = (size_t)(got - max(put, 0l));
		if (left && is_pipe(in->f))
			pipe_splice_give_back(in->f, buf + got - left, left);
		in->pos += (size_t)got - left;
		done += (size_t)got - left;
		if (left)
			break;
		cond_resched();
	}
	kfree(buf);
	return done ? (s64)done : put;
}

/*
 * One packet from a socket to a pipe, for which all the room must be there before: what does not fit is
 * lost. Only the socket's own O_NONBLOCK counts for it.
 */
static s64 move_packet(struct file *in, struct file *out, size_t n, unsigned flags)
{
	s64 room = pipe_reserve(out, wait_flags(out, flags, 0), min(n, LARGEST_PACKET)), got = -ENOMEM, put;
	char *buf;

	if (room < 0)
		return room;
	buf = kmalloc((size_t)room, GFP_KERNEL);
	if (buf)
		got = sock_read_iter(in, &(struct iter){ .kernel = buf, .left = (size_t)room }, in->flags);
	put = pipe_put_reserved(out, buf, (size_t)max(got, 0l), (size_t)room);
	kfree(buf);
	return got > 0 ? put : got;
}

/* --- positions --- */

static bool has_position(const struct file *f)
{
	return f->ops->lseek != NULL;
}

static int side_begin(struct side *s, uaddr_t upos)
{
	s->upos = upos;
	if (upos)
		return copy_from_user(&s->pos, upos, sizeof(s->pos)) ? -EFAULT : 0;
	s->pos = s->f->pos;
	return 0;
}

static int side_end(struct side *s)
{
	if (s->upos)
		return copy_to_user(s->upos, &s->pos, sizeof(s->pos)) ? -EFAULT : 0;
	if (has_position(s->f))
		s->f->pos = s->pos;
	return 0;
}

/* After as much was moved, or an error. The same, or -EFAULT. */
static s64 sides_end(struct side *from, struct side *to, s64 moved)
{
	int err;

	if (moved <= 0)
		return moved;
	err = side_end(from);
	if (!err)
		err = side_end(to);
	return err ? err : moved;
}

/* --- splice --- */

static int check_splice(const struct file *in, uaddr_t in_pos, const struct file *out, uaddr_t out_pos)
{
	if (!in->readable || !out->writable)
		return -EBADF;
	if (!is_pipe(in) && !is_pipe(out))
		return -EINVAL;
	if ((is_pipe(in) && in_pos) || (is_pipe(out) && out_pos))
		return -ESPIPE;
	if (in->inode == out->inode)
		return -EINVAL;
	if ((in_pos && !has_position(in)) || (out_pos && !has_position(out)) || out->flags & O_APPEND)
		return -EINVAL;
	return in->ops->kread && out->ops->kwrite ? 0 : -EINVAL;
}

static s64 do_splice(struct file *in, uaddr_t in_pos, struct file *out, uaddr_t out_pos, size_t n, unsigned flags)
{
	struct side from = { .f = in }, to = { .f = out };
	struct sock *sk = file_sock(in);
	int err = check_splice(in, in_pos, out, out_pos);

	if (!err)
		err = side_begin(&from, in_pos);
	if (!err)
		err = side_begin(&to, out_pos);
	if (!err && ((s64)from.pos < 0 || (s64)to.pos < 0))
		err = -EINVAL;
	if (err)
		return err;
	flags = call_flags(in, out, flags);
	if (sk && sock_has_packets(sk))
		return move_packet(in, out, n, flags);
	return sides_end(&from, &to, move(&from, &to, min(n, (size_t)INT32_MAX & PAGE_MASK), flags));
}

/* Both files for the length of a call: fn, or -EBADF. */
#define WITH_BOTH(in_fd, out_fd, call)				\
({								\
	struct fdref in = fdget(in_fd), out = { 0 };		\
	s64 _ret = -EBADF;					\
	if (in.file)						\
		out = fdget(out_fd);				\
	if (out.file)						\
		_ret = (call);					\
	if (out.file)						\
		fdput(out);					\
	if (in.file)						\
		fdput(in);					\
	_ret;							\
})

long sys_splice(int in_fd, uaddr_t in_pos, int out_fd, uaddr_t out_pos, size_t n, unsigned flags)
{
	if (!n)
		return 0;
	if (flags & ~(unsigned)SPLICE_F_ALL)
		return -EINVAL;
	return WITH_BOTH(in_fd, out_fd, do_splice(in.file, in_pos, out.file, out_pos, n, flags));
}

/* --- tee --- */

/*
 * What is copied is what lies there at one moment, that of the last piece: if another reader took of
 * it, the pieces so far are all.
 */
static s64 do_tee(struct file *in, struct file *out, size_t n, unsigned flags)
{
	size_t done = 0;
	u64 next;
	char *buf;
	s64 got = 0, room;

	if (!in->readable || !out->writable)
		return -EBADF;
	if (!is_pipe(in) || !is_pipe(out) || in->inode == out->inode)
		return -EINVAL;
	buf = kmalloc(PIECE, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	while (done < n) {
		got = room = keep_room(in, out, flags, done, min(n - done, PIECE));
		if (room < 0)
			break;
		got = pipe_peek(in, &next, done, buf, (size_t)room);
		room = pipe_put_reserved(out, buf, (size_t)max(got, 0l), (size_t)room);
		if (got == -EAGAIN)
			continue;
		got = min(got, room);
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	kfree(buf);
	return done ? (s64)done : got;
}

long sys_tee(int in_fd, int out_fd, size_t n, unsigned flags)
{
	if (flags & ~(unsigned)SPLICE_F_ALL)
		return -EINVAL;
	if (!n)
		return 0;
	return WITH_BOTH(in_fd, out_fd, do_tee(in.file, out.file, n, call_flags(in.file, out.file, flags)));
}

/* --- vmsplice --- */

/* One piece of user memory to the pipe. Bytes; fewer than n, or -errno: no more now. */
static s64 user_to_pipe(struct file *f, uaddr_t at, char *buf, size_t n, u32 flags)
{
	if (copy_from_user(buf, at, n))
		return -EFAULT;
	return pipe_splice_put(f, flags, buf, n);
}

static s64 pipe_to_user(struct file *f, uaddr_t at, char *buf, size_t n, u32 flags)
{
	s64 got = pipe_splice_take(f, flags, buf, n);
	size_t left = got > 0 ? copy_to_user(at, buf, (size_t)got) : 0;

	pipe_splice_give_back(f, buf + got - left, left);
	return left && left == (size_t)got ? -EFAULT : got - (s64)left;
}

static s64 do_vmsplice(struct file *f, const struct iov *iov, unsigned flags)
{
	char *buf = kmalloc(PIECE, GFP_KERNEL);
	size_t total = 0;
	s64 ret = 0;

	if (!buf)
		return -ENOMEM;
	for (unsigned i = 0; i < iov->n; i++) {
		for (size_t done = 0; done < iov->v[i].iov_len; done += (size_t)ret) {
			size_t n = min(iov->v[i].iov_len - done, PIECE);
			uaddr_t at = (uaddr_t)iov->v[i].iov_base + done;

			if (f->writable)
				ret = user_to_pipe(f, at, buf, n, flags & SPLICE_F_NONBLOCK ? O_NONBLOCK : f->flags);
			else
				ret = pipe_to_user(f, at, buf, n, wait_flags(f, flags, total));
			total += ret > 0 ? (size_t)ret : 0;
			if (ret <= 0 || (size_t)ret < n)
				goto out;
		}
	}
out:
	kfree(buf);
	return total ? (s64)total : ret;
}

long sys_vmsplice(int fd, uaddr_t uv, u32 n, unsigned flags)
{
	struct fdref r;
	struct iov iov;
	s64 ret = -EBADF;

	if (flags & ~(unsigned)SPLICE_F_ALL)
		return -EINVAL;
	r = fdget(fd);
	if (r.file && is_pipe(r.file)) {
		ret = iov_import(&iov, uv, n);
		if (!ret) {
			ret = do_vmsplice(r.file, &iov, flags);
			iov_free(&iov);
		}
	}
	if (r.file)
		fdput(r);
	return ret;
}

/* --- copy_file_range --- */

static int check_copy(const struct file *in, const struct file *out)
{
	if (inode_is(in->inode, S_IFDIR) || inode_is(out->inode, S_IFDIR))
		return -EISDIR;
	if (!inode_is(in->inode, S_IFREG) || !inode_is(out->inode, S_IFREG))
		return -EINVAL;
	if (!in->readable || !out->writable || out->flags & O_APPEND)
		return -EBADF;
	if (in->inode->sb != out->inode->sb)
		return -EXDEV;
	return in->ops->kread && out->ops->kwrite ? 0 : -EINVAL;
}

/* How much of n is there to copy, or -errno. */
static s64 copy_room(const struct side *from, const struct side *to, size_t n)
{
	u64 size = READ_ONCE(from->f->inode->size);

	if (from->pos + n < n || to->pos + n < n)
		return -EOVERFLOW;
	if ((s64)from->pos < 0 || (s64)to->pos < 0)
		return -EINVAL;
	n = from->pos < size ? min(n, size - from->pos) : 0;
	if (from->f->inode == to->f->inode && from->pos + n > to->pos && from->pos < to->pos + n)
		return -EINVAL;
	return (s64)n;
}

static s64 do_copy(struct file *in, uaddr_t in_pos, struct file *out, uaddr_t out_pos, size_t n, unsigned flags)
{
	struct side from = { .f = in }, to = { .f = out };
	s64 ret;
	int err = side_begin(&from, in_pos);

	if (!err)
		err = side_begin(&to, out_pos);
	if (!err)
		err = flags ? -EINVAL : check_copy(in, out);
	if (err)
		return err;
	ret = copy_room(&from, &to, n);
	if (ret > 0)
		ret = move(&from, &to, min((size_t)ret, (size_t)INT32_MAX & PAGE_MASK), 0);
	return sides_end(&from, &to, ret);
}

long sys_copy_file_range(int in_fd, uaddr_t in_pos, int out_fd, uaddr_t out_pos, size_t n, unsigned flags)
{
	return WITH_BOTH(in_fd, out_fd, do_copy(in.file, in_pos, out.file, out_pos, n, flags));
}
