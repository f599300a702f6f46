// SPDX-License-Identifier: GPL-2.0-only
//
// AF_UNIX sockets: pairs, names, connections, datagrams, descriptors in flight, shutdown, options.
#include "msg.h"

#include <asm/poll.h>
#include <asm/socket.h>
#include <linux/eventpoll.h>
#include <linux/un.h>

// What no header of the kernel's own gives to user programs.
enum { AF_UNIX = 1, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RDM = 4, SOCK_SEQPACKET = 5 };
enum { SOCK_CLOEXEC = O_CLOEXEC, SOCK_NONBLOCK = O_NONBLOCK };
enum { MSG_OOB = 1, MSG_PEEK = 2, MSG_CTRUNC = 8, MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40, MSG_WAITALL = 0x100,
	MSG_NOSIGNAL = 0x4000, MSG_CMSG_CLOEXEC = 0x40000000 };
enum { SHUT_RD, SHUT_WR, SHUT_RDWR };
enum { SCM_RIGHTS = 1, SCM_CREDENTIALS = 2 };

static int a, b;
static void *const nowhere = (void *)8;
static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

static void pair(int type)
{
	int fds[2];

	CHECK_EQ(sys(socketpair, AF_UNIX, type, 0, fds), 0);
	a = fds[0];
	b = fds[1];
}

static int open_socket(int type)
{
	long fd = sys(socket, AF_UNIX, type, 0);

	CHECK_GE(fd, 0);
	return (int)fd;
}

// An abstract name of this process; its length.
static int name(struct sockaddr_un *un, int nr)
{
	memset(un, 0, sizeof *un);
	un->sun_family = AF_UNIX;
	return 3 + t_snprintf(un->sun_path + 1, 100, "thaw-%d-%d", t_getpid(), nr);
}

static int bound(int type, struct sockaddr_un *un, int *len)
{
	static int nr;
	int fd = open_socket(type);

	*len = name(un, nr++);
	CHECK_EQ(sys(bind, fd, un, *len), 0);
	return fd;
}

// A listener, a connected client in a and its other end in b.
static int connection(int type)
{
	struct sockaddr_un un;
	int len, l = bound(type, &un, &len);

	CHECK_EQ(sys(listen, l, 5), 0);
	a = open_socket(type);
	CHECK_EQ(sys(connect, a, &un, len), 0);
	b = (int)sys(accept4, l, 0, 0, 0);
	CHECK_GE(b, 0);
	return l;
}

static long send(int fd, const char *text, int flags)
{
	return sys(sendto, fd, text, strlen(text), flags, 0, 0);
}

static long recv(int fd, char *buf, size_t n, int flags)
{
	return sys(recvfrom, fd, buf, n, flags, 0, 0);
}

// The next message, or all there is, is `text`.
#define CHECK_GETS(fd, text)                                                                       \
	do {                                                                                       \
		char in_[64] = {0};                                                                \
		CHECK_EQ(recv(fd, in_, sizeof in_, MSG_DONTWAIT), strlen(text));                   \
		CHECK(!strcmp(in_, text));                                                         \
	} while (0)

// ---- socket and socketpair ----

TEST(what_there_is)
{
	int fds[2];

	for (int i = 0; i < 3; i++)
		CHECK_EQ(sys(close, open_socket(types[i])), 0);
	CHECK_EQ(sys(close, open_socket(3)), 0); // raw is a datagram
	CHECK_EQ(sys(socket, -1, SOCK_STREAM, 0), -EAFNOSUPPORT);
	CHECK_EQ(sys(socket, 46, SOCK_STREAM, 0), -EAFNOSUPPORT);
	CHECK_EQ(sys(socket, 0, SOCK_STREAM, 0), -EAFNOSUPPORT);
	CHECK_EQ(sys(socket, AF_UNIX, SOCK_STREAM, 2), -EPROTONOSUPPORT);
	CHECK_EQ(sys(close, sys(socket, AF_UNIX, SOCK_STREAM, 1)), 0);
	CHECK_EQ(sys(socket, AF_UNIX, SOCK_RDM, 0), -ESOCKTNOSUPPORT);
	CHECK_EQ(sys(socket, AF_UNIX, 11, 0), -EINVAL);
	CHECK_EQ(sys(socket, AF_UNIX, 0x10 | SOCK_STREAM, 0), -EINVAL);
	CHECK_EQ(sys(socketpair, AF_UNIX, SOCK_STREAM, 2, fds), -EPROTONOSUPPORT);
	CHECK_EQ(sys(socketpair, AF_UNIX, SOCK_STREAM, 0, nowhere), -EFAULT);
	CHECK_EQ(sys(fcntl, 3, F_GETFD), -EBADF); // nothing stayed open
}

TEST(flags_of_new_descriptors)
{
	pair(SOCK_STREAM);
	CHECK_EQ(sys(fcntl, a, F_GETFD), 0);
	CHECK_EQ(sys(fcntl, a, F_GETFL), O_RDWR);
	pair(SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK);
	CHECK_EQ(sys(fcntl, b, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(fcntl, b, F_GETFL), O_RDWR | O_NONBLOCK);
}

TEST(a_socket_as_a_file)
{
	struct stat st;
	char link[32] = {0}, path[32], c;

	pair(SOCK_STREAM);
	CHECK_EQ(sys(fstat, a, &st), 0);
	CHECK_EQ(st.st_mode & 0170000, 0140000);
	t_snprintf(path, sizeof path, "/proc/self/fd/%d", a);
	CHECK_GE(sys(readlink, path, link, sizeof link - 1), 9);
	CHECK(!strncmp(link, "socket:[", 8));
	CHECK_EQ(sys(open, path, O_RDWR), -ENXIO);
	CHECK_EQ(sys(lseek, a, 0, SEEK_SET), -ESPIPE);
	CHECK_EQ(sys(pread64, a, &c, 1, 0), -ESPIPE);
}

TEST(no_descriptor_and_no_socket)
{
	char buf[64];
	struct msghdr h = {0};
	int len = 16;
	long null = sys(open, "/dev/null", O_RDWR);
	int bad[2] = {99, (int)null}, err[2] = {-EBADF, -ENOTSOCK};

	CHECK_GE(null, 0);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(sys(bind, bad[i], buf, 16), err[i]);
		CHECK_EQ(sys(listen, bad[i], 1), err[i]);
		CHECK_EQ(sys(connect, bad[i], buf, 16), err[i]);
		CHECK_EQ(sys(accept, bad[i], 0, 0), err[i]);
		CHECK_EQ(sys(accept4, bad[i], 0, 0, 0), err[i]);
		CHECK_EQ(sys(sendto, bad[i], buf, 1, 0, 0, 0), err[i]);
		CHECK_EQ(sys(recvfrom, bad[i], buf, 1, 0, 0, 0), err[i]);
		CHECK_EQ(sys(sendmsg, bad[i], &h, 0), err[i]);
		CHECK_EQ(sys(recvmsg, bad[i], &h, 0), err[i]);
		CHECK_EQ(sys(shutdown, bad[i], 0), err[i]);
		CHECK_EQ(sys(getsockname, bad[i], buf, &len), err[i]);
		CHECK_EQ(sys(getpeername, bad[i], buf, &len), err[i]);
		CHECK_EQ(sys(setsockopt, bad[i], SOL_SOCKET, SO_PASSCRED, buf, 4), err[i]);
		CHECK_EQ(sys(getsockopt, bad[i], SOL_SOCKET, SO_PASSCRED, buf, &len), err[i]);
	}
}

// ---- data ----

TEST(a_stream_has_no_borders)
{
	char buf[16] = {0};
	struct iovec in[2] = {{"l", 1}, {"o!", 2}}, out[2] = {{buf, 2}, {buf + 2, 10}};

	pair(SOCK_STREAM);
	CHECK_EQ(sys(write, a, "hel", 3), 3);
	CHECK_EQ(sys(writev, a, in, 2), 3);
	CHECK_EQ(recv(b, buf, sizeof buf, MSG_PEEK), 6);
	CHECK(!strcmp(buf, "hello!"));
	memset(buf, 0, sizeof buf);
	CHECK_EQ(sys(readv, b, out, 2), 6);
	CHECK(!strcmp(buf, "hello!"));
	CHECK_EQ(send(b, "back", 0), 4);
	CHECK_GETS(a, "back");
	CHECK_EQ(sys(read, a, buf, 0), 0);
}

TEST(messages_have_borders)
{
	char buf[16] = {0};
	int n;
	struct iovec in[2] = {{"thr", 3}, {"ee", 2}};

	for (int i = 1; i < 3; i++) {
		pair(types[i]);
		CHECK_EQ(send(a, "one", 0), 3);
		CHECK_EQ(sys(write, a, "two!", 4), 4);
		CHECK_EQ(sys(writev, a, in, 2), 5);
		CHECK_EQ(sys(ioctl, b, 0x541B, &n), 0); // FIONREAD: of the first datagram
		CHECK_EQ(n, i == 1 ? 3 : 12);
		CHECK_EQ(recv(b, buf, 2, MSG_PEEK), 2);
		CHECK_EQ(recv(b, buf, 2, MSG_PEEK | MSG_TRUNC), 3);
		CHECK_EQ(sys(read, b, buf, 2), 2); // the rest is gone
		CHECK_GETS(b, "two!");
		CHECK_GETS(b, "three");
		CHECK_EQ(send(a, "", 0), 0); // an empty message is one
		CHECK_EQ(recv(b, buf, 2, MSG_DONTWAIT), 0);
		CHECK_EQ(recv(b, buf, 2, MSG_DONTWAIT), -EAGAIN);
	}
}

TEST(nothing_yet_and_no_room)
{
	static char big[1 << 16];
	long n, total = 0;

	for (int i = 0; i < 3; i++) {
		pair(types[i] | SOCK_NONBLOCK);
		CHECK_EQ(sys(read, a, big, 1), -EAGAIN);
		while ((n = sys(write, a, big, 10000)) > 0)
			total += n;
		CHECK_EQ(n, -EAGAIN);
		CHECK_GE(total, 50000);
		while (sys(read, b, big, sizeof big) > 0)
			;
		CHECK_EQ(sys(write, a, big, 10000), 10000);
	}
}

// Whom a socket tells by a signal, as fcntl has it.
TEST(the_owner_of_a_socket)
{
	int who = t_getpid();

	pair(SOCK_STREAM);
	CHECK_EQ(sys(ioctl, a, FIOSETOWN, &who), 0);
	CHECK_EQ(sys(fcntl, a, F_GETOWN), who);
	who = -(int)sys(getpgid, 0);
	CHECK_EQ(sys(ioctl, a, SIOCSPGRP, &who), 0);
	CHECK_EQ(sys(ioctl, a, SIOCGPGRP, &(int){0}), 0);
	int got = 0;

	CHECK_EQ(sys(ioctl, a, FIOGETOWN, &got), 0);
	CHECK_EQ(got, who);
	who = 0x3fffffff;
	CHECK_EQ(sys(ioctl, a, FIOSETOWN, &who), -ESRCH);
	who = (int)0x80000000;
	CHECK_EQ(sys(ioctl, a, FIOSETOWN, &who), -EINVAL);
	who = 0;
	CHECK_EQ(sys(ioctl, a, FIOSETOWN, &who), 0);
	CHECK_EQ(sys(fcntl, a, F_GETOWN), 0);
}

TEST(what_was_sent_and_not_read)
{
	enum { SIOCOUTQ = 0x5411 };
	char text[100] = "";
	int n = -1;

	pair(SOCK_STREAM);
	CHECK_EQ(sys(ioctl, a, SIOCOUTQ, &n), 0);
	CHECK_EQ(n, 0);
	CHECK_EQ(sys(write, a, text, sizeof text), sizeof text);
	CHECK_EQ(sys(ioctl, a, SIOCOUTQ, &n), 0);
	CHECK_GE(n, sizeof text); // in memory, which may be more
	CHECK_EQ(sys(ioctl, b, SIOCOUTQ, &n), 0);
	CHECK_EQ(n, 0);
	CHECK_EQ(sys(read, b, text, sizeof text), sizeof text);
	CHECK_EQ(sys(ioctl, a, SIOCOUTQ, &n), 0);
	CHECK_EQ(n, 0);
	CHECK_EQ(sys(ioctl, a, SIOCOUTQ, nowhere), -EFAULT);
}

TEST(a_message_that_never_fits)
{
	static char big[500000];

	for (int i = 1; i < 3; i++) {
		pair(types[i]);
		CHECK_EQ(sys(write, a, big, sizeof big), -EMSGSIZE);
	}
}

TEST(a_large_write_blocks_until_it_is_read)
{
	enum { SIZE = 700000 };
	unsigned char *data = t_map(SIZE), *got = t_map(SIZE);
	long total = 0, n;

	pair(SOCK_STREAM);
	for (int i = 0; i < SIZE; i++)
		data[i] = (unsigned char)(i * 7 + i / 256);
	int pid = t_fork();

	if (pid == 0) {
		CHECK_EQ(sys(write, a, data, SIZE), SIZE);
		t_exit(0);
	}
	sys(close, a);
	while ((n = sys(read, b, got + total, 50000)) > 0)
		total += n;
	CHECK_EQ(total, SIZE);
	CHECK(!memcmp(data, got, SIZE));
	CHECK_EQ(t_wait(pid), 0);
}

TEST(wait_for_all)
{
	char buf[8] = {0};

	pair(SOCK_STREAM);
	int pid = t_fork();

	if (pid == 0) {
		CHECK_EQ(recv(b, buf, 6, MSG_WAITALL), 6);
		CHECK(!strcmp(buf, "abcdef"));
		t_exit(0);
	}
	CHECK_EQ(send(a, "abc", 0), 3);
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(send(a, "def", 0), 3);
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(send(a, "xy", 0), 2);
	sys(close, a);
	CHECK_EQ(recv(b, buf, 6, MSG_WAITALL), 2); // the end comes before
}

TEST(out_of_band_is_not_for_messages)
{
	char c;

	for (int i = 1; i < 3; i++) {
		pair(types[i]);
		CHECK_EQ(send(a, "x", MSG_OOB), -EOPNOTSUPP);
		CHECK_EQ(recv(b, &c, 1, MSG_OOB), -EOPNOTSUPP);
	}
}

// ---- the end ----

TEST(the_other_end_closes)
{
	char c;

	for (int i = 0; i < 3; i += 2) {
		pair(types[i]);
		CHECK_EQ(send(a, "x", 0), 1);
		sys(close, a);
		CHECK_GETS(b, "x");
		CHECK_EQ(sys(read, b, &c, 1), 0);
		CHECK_EQ(send(b, "x", MSG_NOSIGNAL), -EPIPE);
		CHECK_EQ(IN_CHILD(sys(write, b, "x", 1)), i ? 0 : SIGNALLED(SIGPIPE));
		CHECK_EQ(IN_CHILD(send(b, "x", 0)), i ? 0 : SIGNALLED(SIGPIPE));
	}
	pair(SOCK_DGRAM);
	sys(close, a);
	CHECK_EQ(recv(b, &c, 1, MSG_DONTWAIT), -EAGAIN);
	CHECK_EQ(send(b, "x", 0), -ECONNREFUSED);
	CHECK_EQ(send(b, "x", 0), -ENOTCONN); // and it is alone
}

TEST(unread_bytes_reset_the_other_end)
{
	char c;
	int err, len = sizeof err;

	pair(SOCK_STREAM);
	CHECK_EQ(send(b, "x", 0), 1);
	sys(close, a);
	CHECK_EQ(sys(read, b, &c, 1), -ECONNRESET);
	CHECK_EQ(sys(read, b, &c, 1), 0); // told once
	pair(SOCK_STREAM);
	CHECK_EQ(send(b, "x", 0), 1);
	sys(close, a);
	CHECK_EQ(sys(getsockopt, b, SOL_SOCKET, SO_ERROR, &err, &len), 0);
	CHECK_EQ(err, ECONNRESET);
	CHECK_EQ(sys(read, b, &c, 1), 0);
}

TEST(half_closed)
{
	char c;

	pair(SOCK_STREAM);
	CHECK_EQ(sys(shutdown, a, 3), -EINVAL);
	CHECK_EQ(sys(shutdown, a, -1), -EINVAL);
	CHECK_EQ(send(a, "x", 0), 1);
	CHECK_EQ(sys(shutdown, a, SHUT_WR), 0);
	CHECK_EQ(send(a, "x", MSG_NOSIGNAL), -EPIPE);
	CHECK_GETS(b, "x");
	CHECK_EQ(sys(read, b, &c, 1), 0);
	CHECK_EQ(send(b, "y", 0), 1); // the other way still goes
	CHECK_GETS(a, "y");
	pair(SOCK_STREAM);
	CHECK_EQ(send(a, "x", 0), 1);
	CHECK_EQ(sys(shutdown, b, SHUT_RD), 0);
	CHECK_GETS(b, "x");
	CHECK_EQ(sys(read, b, &c, 1), 0);
	CHECK_EQ(send(a, "x", MSG_NOSIGNAL), -EPIPE);
	CHECK_EQ(send(b, "y", 0), 1);
}

// ---- names and connections ----

TEST(names)
{
	struct sockaddr_un un, got;
	int len, glen, s = bound(SOCK_STREAM, &un, &len);

	glen = sizeof got;
	CHECK_EQ(sys(getsockname, s, &got, &glen), 0);
	CHECK_EQ(glen, len);
	CHECK(!memcmp(&got, &un, (size_t)len));
	glen = 4; // less room: cut off, and the whole length told
	memset(&got, 0, sizeof got);
	CHECK_EQ(sys(getsockname, s, &got, &glen), 0);
	CHECK_EQ(glen, len);
	CHECK_EQ(got.sun_path[1], un.sun_path[1]);
	CHECK_EQ(got.sun_path[2], 0);
	CHECK_EQ(sys(bind, s, &un, len), -EINVAL); // has one
	a = open_socket(SOCK_STREAM);
	glen = sizeof got;
	CHECK_EQ(sys(getsockname, a, &got, &glen), 0);
	CHECK_EQ(glen, 2);
	CHECK_EQ(got.sun_family, AF_UNIX);
	CHECK_EQ(sys(getpeername, a, &got, &glen), -ENOTCONN);
	CHECK_EQ(sys(bind, a, &un, len), -EADDRINUSE);
	CHECK_EQ(sys(bind, a, &un, 1), -EINVAL);
	CHECK_EQ(sys(bind, a, &un, 111), -EINVAL);
	CHECK_EQ(sys(bind, a, &un, -1), -EINVAL);
	CHECK_EQ(sys(bind, a, nowhere, len), -EFAULT);
	un.sun_family = 2;
	CHECK_EQ(sys(bind, a, &un, len), -EINVAL);
	un.sun_family = AF_UNIX;
	sys(close, s);
	CHECK_EQ(sys(bind, a, &un, len), 0); // free again
	b = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(bind, b, &un, 2), 0); // the kernel chooses
	glen = sizeof got;
	CHECK_EQ(sys(getsockname, b, &got, &glen), 0);
	CHECK_EQ(glen, 8);
	CHECK_EQ(got.sun_path[0], 0);
	glen = -1;
	CHECK_EQ(sys(getsockname, b, &got, &glen), -EINVAL);
	glen = 8;
	CHECK_EQ(sys(getsockname, b, nowhere, &glen), -EFAULT);
	CHECK_EQ(sys(getsockname, b, &got, nowhere), -EFAULT);
}

TEST(names_in_the_file_system)
{
	struct sockaddr_un un = {AF_UNIX, "door"}, got;
	int s = open_socket(SOCK_STREAM), len = sizeof got;
	struct stat st;

	t_tmpdir();
	CHECK_EQ(sys(bind, s, &un, sizeof un), 0);
	CHECK_EQ(sys(getsockname, s, &got, &len), 0);
	CHECK_EQ(len, 2 + 5);
	CHECK_EQ(sys(stat, "door", &st), 0);
	CHECK_EQ(st.st_mode & 0170000, 0140000);
	CHECK_EQ(sys(open, "door", O_RDWR), -ENXIO);
	a = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(bind, a, &un, 2 + 4), -EADDRINUSE);
	CHECK_EQ(sys(connect, a, &un, 2 + 5), -ECONNREFUSED); // nobody listens
	CHECK_EQ(sys(listen, s, 1), 0);
	CHECK_EQ(sys(connect, a, &un, sizeof un), 0);
	len = sizeof got;
	CHECK_EQ(sys(getpeername, a, &got, &len), 0);
	CHECK_EQ(len, 2 + 5);
	CHECK(!strcmp(got.sun_path, "door"));
	CHECK_EQ(sys(chmod, "door", 0444), 0); // to connect is to write
	CHECK_EQ(IN_CHILD(
			 if (sys(geteuid) == 0)
				 CHECK_EQ(sys(setuid, 1000), 0);
			 CHECK(sys(connect, open_socket(SOCK_STREAM), &un, sizeof un) == -EACCES)),
		0);
	CHECK_EQ(sys(chmod, "door", 0777), 0);
	CHECK_EQ(sys(connect, open_socket(SOCK_DGRAM), &un, sizeof un), -EPROTOTYPE);
	CHECK_EQ(sys(sendto, open_socket(SOCK_DGRAM), "x", 1, 0, &un, sizeof un), -EPROTOTYPE);
	sys(close, s);
	a = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(connect, a, &un, sizeof un), -ECONNREFUSED); // the name outlives the socket
	CHECK_EQ(sys(bind, a, &un, sizeof un), -EADDRINUSE);
	CHECK_EQ(sys(unlink, "door"), 0);
	CHECK_EQ(sys(connect, a, &un, sizeof un), -ENOENT);
	CHECK_EQ(t_spit("door", "x"), 0);
	CHECK_EQ(sys(connect, a, &un, sizeof un), -ECONNREFUSED);
	memset(un.sun_path, '/', sizeof un.sun_path); // a full name has no NUL, but its length counts one
	un.sun_path[0] = '.';
	un.sun_path[107] = 'x';
	CHECK_EQ(sys(bind, a, &un, sizeof un), 0);
	len = 2;
	CHECK_EQ(sys(getsockname, a, &got, &len), 0);
	CHECK_EQ(len, 111);
	CHECK_EQ(sys(unlink, "x"), 0);
	a = open_socket(SOCK_STREAM);
	memcpy(un.sun_path, "no/door", 8);
	CHECK_EQ(sys(bind, a, &un, sizeof un), -ENOENT);
	memcpy(un.sun_path, "door/x", 7);
	CHECK_EQ(sys(bind, a, &un, sizeof un), -ENOTDIR);
	CHECK_EQ(sys(connect, a, &un, sizeof un), -ENOTDIR);
	CHECK_EQ(sys(unlink, "door"), 0);
}

TEST(connect_and_accept)
{
	struct sockaddr_un un, got;
	int len, glen, l;

	for (int i = 0; i < 3; i += 2) {
		l = connection(types[i]);
		CHECK_EQ(send(a, "ping", 0), 4);
		CHECK_GETS(b, "ping");
		CHECK_EQ(send(b, "pong", 0), 4);
		CHECK_GETS(a, "pong");
		glen = sizeof un;
		CHECK_EQ(sys(getsockname, l, &un, &glen), 0);
		len = glen;
		glen = sizeof got;
		CHECK_EQ(sys(getsockname, b, &got, &glen), 0); // the listener's
		CHECK_EQ(glen, len);
		CHECK(!memcmp(&un, &got, (size_t)len));
		CHECK_EQ(sys(connect, a, &un, len), -EISCONN);
		CHECK_EQ(sys(listen, a, 1), -EINVAL);
		CHECK_EQ(sys(accept4, a, 0, 0, 0), -EINVAL);
		CHECK_EQ(sys(connect, l, &un, len), -EINVAL);
	}
}

TEST(connect_fails)
{
	struct sockaddr_un un, un2;
	int len, len2, s = bound(SOCK_STREAM, &un, &len);
	char c;

	a = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(connect, a, &un, len), -ECONNREFUSED); // does not listen
	len2 = name(&un2, 1000);
	CHECK_EQ(sys(connect, a, &un2, len2), -ECONNREFUSED); // nobody
	CHECK_EQ(sys(connect, a, &un, 2), -EINVAL);
	CHECK_EQ(sys(connect, a, nowhere, len), -EFAULT);
	un.sun_family = 2;
	CHECK_EQ(sys(connect, a, &un, len), -EINVAL);
	un.sun_family = AF_UNIX;
	CHECK_EQ(sys(listen, open_socket(SOCK_STREAM), 1), -EINVAL); // no name
	CHECK_EQ(sys(listen, s, 0), 0);
	// An abstract name is one of its type.
	CHECK_EQ(sys(bind, open_socket(SOCK_DGRAM), &un, len), 0);
	CHECK_EQ(sys(connect, open_socket(SOCK_SEQPACKET), &un, len), -ECONNREFUSED);
	CHECK_EQ(send(a, "x", MSG_NOSIGNAL), -ENOTCONN);
	CHECK_EQ(sys(read, a, &c, 1), -EINVAL);
	CHECK_EQ(recv(open_socket(SOCK_SEQPACKET), &c, 1, 0), -ENOTCONN);
	CHECK_EQ(send(open_socket(SOCK_SEQPACKET), "x", 0), -ENOTCONN);
	CHECK_EQ(send(open_socket(SOCK_DGRAM), "x", 0), -ENOTCONN);
	CHECK_EQ(sys(sendto, a, "x", 1, MSG_NOSIGNAL, &un, len), -EOPNOTSUPP);
	CHECK_EQ(sys(connect, a, &un, len), 0);
	CHECK_EQ(sys(sendto, a, "x", 1, MSG_NOSIGNAL, &un, len), -EISCONN);
	b = open_socket(SOCK_STREAM | SOCK_NONBLOCK);
	CHECK_EQ(sys(connect, b, &un, len), -EAGAIN); // the queue of one is full
	sys(close, s);
	CHECK_EQ(sys(connect, b, &un, len), -ECONNREFUSED);
	CHECK_EQ(sys(read, a, &c, 1), -ECONNRESET); // was never accepted
	CHECK_EQ(sys(read, a, &c, 1), 0);
}

TEST(accept_fails)
{
	struct sockaddr_un un, got;
	int len, glen, l = bound(SOCK_STREAM, &un, &len);

	CHECK_EQ(sys(accept, l, 0, 0), -EINVAL);
	CHECK_EQ(sys(accept, open_socket(SOCK_DGRAM), 0, 0), -EOPNOTSUPP);
	CHECK_EQ(sys(listen, open_socket(SOCK_DGRAM), 1), -EOPNOTSUPP);
	CHECK_EQ(sys(listen, l, 5), 0);
	CHECK_EQ(sys(accept4, l, 0, 0, 1), -EINVAL);
	CHECK_EQ(sys(fcntl, l, F_SETFL, O_NONBLOCK), 0);
	CHECK_EQ(sys(accept, l, 0, 0), -EAGAIN);
	a = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(connect, a, &un, len), 0);
	glen = sizeof got;
	CHECK_EQ(sys(accept, l, nowhere, &glen), -EFAULT); // and the connection is gone
	CHECK_EQ(sys(accept, l, &got, &glen), -EAGAIN);
	a = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(connect, a, &un, len), 0);
	b = (int)sys(accept4, l, &got, &glen, SOCK_CLOEXEC | SOCK_NONBLOCK);
	CHECK_GE(b, 0);
	CHECK_EQ(glen, 2); // the client has no name
	CHECK_EQ(got.sun_family, AF_UNIX);
	CHECK_EQ(sys(fcntl, b, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(fcntl, b, F_GETFL), O_RDWR | O_NONBLOCK);
	struct rlimit limit = {60, 60};

	CHECK_EQ(IN_CHILD({
		long last = 0;

		a = open_socket(SOCK_STREAM);
		CHECK_EQ(sys(connect, a, &un, len), 0);
		CHECK_EQ(sys(setrlimit, RLIMIT_NOFILE, &limit), 0);
		for (long fd; (fd = sys(dup, 0)) >= 0;)
			last = fd;
		CHECK_EQ(sys(accept, l, 0, 0), -EMFILE);
		sys(close, last);
		CHECK_EQ(sys(accept, l, 0, 0), last); // the connection was not lost
	}),
		0);
	CHECK_EQ(sys(shutdown, l, SHUT_RD), 0);
	CHECK_EQ(sys(accept, l, 0, 0), -EAGAIN);
	CHECK_EQ(sys(fcntl, l, F_SETFL, 0), 0);
	CHECK_EQ(sys(accept, l, 0, 0), -EINVAL);
}

TEST(datagrams_to_names)
{
	struct sockaddr_un ua, ub, from;
	int la, lb, len = sizeof from;
	char buf[8];

	a = bound(SOCK_DGRAM, &ua, &la);
	b = bound(SOCK_DGRAM, &ub, &lb);
	CHECK_EQ(sys(sendto, a, "hi", 2, 0, &ub, lb), 2);
	CHECK_EQ(sys(recvfrom, b, buf, sizeof buf, 0, &from, &len), 2);
	CHECK_EQ(len, la);
	CHECK(!memcmp(&from, &ua, (size_t)la));
	int c = open_socket(SOCK_DGRAM);

	CHECK_EQ(sys(sendto, c, "hi", 2, 0, &ub, lb), 2);
	len = sizeof from;
	CHECK_EQ(sys(recvfrom, b, buf, sizeof buf, 0, &from, &len), 2);
	CHECK_EQ(len, 0); // from nobody
	CHECK_EQ(sys(connect, b, &ua, la), 0);
	CHECK_EQ(sys(sendto, c, "hi", 2, 0, &ub, lb), -EPERM); // talks to a alone
	CHECK_EQ(sys(connect, c, &ub, lb), -EPERM);
	CHECK_EQ(sys(sendto, a, "me", 2, 0, &ub, lb), 2);
	CHECK_GETS(b, "me");
	CHECK_EQ(send(b, "to", 0), 2);
	CHECK_GETS(a, "to");
	from.sun_family = 0;
	CHECK_EQ(sys(connect, b, &from, 2), 0); // talks to all again
	CHECK_EQ(sys(sendto, c, "hi", 2, 0, &ub, lb), 2);
	CHECK_EQ(send(b, "x", 0), -ENOTCONN);
	CHECK_EQ(sys(sendto, c, "hi", 2, 0, nowhere, lb), -EFAULT);
	sys(close, b);
	CHECK_EQ(sys(sendto, c, "hi", 2, 0, &ub, lb), -ECONNREFUSED);
}

TEST(only_so_many_datagrams_wait)
{
	struct sockaddr_un un;
	int len, i;
	char c;

	b = bound(SOCK_DGRAM, &un, &len);
	a = open_socket(SOCK_DGRAM | SOCK_NONBLOCK);
	CHECK_EQ(sys(connect, a, &un, len), 0);
	for (i = 0; sys(write, a, "x", 1) == 1; i++)
		;
	CHECK_EQ(sys(write, a, "x", 1), -EAGAIN);
	struct pollfd p = {a, POLLOUT, 0};

	CHECK_EQ(sys(poll, &p, 1, 0), 0);
	int pid = t_fork();

	if (pid == 0) {
		CHECK_EQ(sys(poll, &p, 1, 10000), 1);
		CHECK_EQ(p.revents, POLLOUT);
		t_exit(0);
	}
	UNTIL(t_state(pid) == 'S');
	while (recv(b, &c, 1, MSG_DONTWAIT) == 1)
		i--;
	CHECK_EQ(i, 0);
	CHECK_EQ(t_wait(pid), 0);
}

// ---- what travels along ----

static long send_cmsg(int fd, struct cmsg *c, size_t len)
{
	struct iovec v = {"m", 1};
	struct msghdr h = {.iov = &v, .iovlen = 1, .control = c, .controllen = len};

	return sys(sendmsg, fd, &h, MSG_NOSIGNAL);
}

static long send_fd(int fd, int what)
{
	struct cmsg c = {HEAD + 4, SOL_SOCKET, SCM_RIGHTS, {{what}}};

	return send_cmsg(fd, &c, sizeof c);
}

// Receives one message into h with room for n bytes of control.
static long recv_cmsg(int fd, struct cmsg *c, size_t n, struct msghdr *h, int flags)
{
	static char buf[8];
	static struct iovec v;

	v = (struct iovec){buf, sizeof buf};
	*h = (struct msghdr){.iov = &v, .iovlen = 1, .control = c, .controllen = n};
	return sys(recvmsg, fd, h, flags | MSG_DONTWAIT);
}

TEST(descriptors_travel)
{
	struct cmsg c;
	struct msghdr h;
	int p[2];
	char x;

	for (int i = 0; i < 3; i++) {
		pair(types[i]);
		CHECK_EQ(sys(pipe, p), 0);
		CHECK_EQ(send_fd(a, p[0]), 1);
		sys(close, p[0]); // in flight it lives on
		CHECK_EQ(sys(write, p[1], "x", 1), 1);
		CHECK_EQ(recv_cmsg(b, &c, sizeof c, &h, MSG_CMSG_CLOEXEC), 1);
		CHECK_EQ(h.controllen, 24);
		CHECK_EQ(h.flags, MSG_CMSG_CLOEXEC);
		CHECK_EQ(c.len, HEAD + 4);
		CHECK_EQ(c.level, SOL_SOCKET);
		CHECK_EQ(c.type, SCM_RIGHTS);
		CHECK_EQ(sys(fcntl, c.fd[0], F_GETFD), FD_CLOEXEC);
		CHECK_EQ(sys(read, c.fd[0], &x, 1), 1);
		sys(close, c.fd[0]);
		CHECK_EQ(IN_CHILD(sys(write, p[1], "x", 1)), SIGNALLED(SIGPIPE)); // nobody has it now
	}
}

static int new_fd(void)
{
	int fd = (int)sys(dup, 0);

	sys(close, fd);
	return fd;
}

// The message comes all the same; what could not be told is not there.
TEST(descriptors_that_cannot_be_told)
{
	struct cmsg c = {HEAD + 8, SOL_SOCKET, SCM_RIGHTS, {{0, 0}}};
	char *end = t_map(2 * PAGE) + PAGE;
	struct msghdr h;
	int one = 1;

	pair(SOCK_STREAM);
	int next = new_fd();

	CHECK_EQ(sys(munmap, end, PAGE), 0);
	for (int tail = 0; tail <= HEAD; tail += HEAD) { // nothing can be written; the header alone
		CHECK_EQ(send_cmsg(a, &c, sizeof c), 1);
		CHECK_EQ(recv_cmsg(b, (struct cmsg *)(end - tail), sizeof c, &h, 0), 1);
		CHECK_EQ(h.flags, MSG_CTRUNC);
		CHECK_EQ(h.controllen, 0);
		CHECK_EQ(new_fd(), next);
	}
	CHECK_EQ(send_cmsg(a, &c, sizeof c), 1);
	CHECK_EQ(recv_cmsg(b, (struct cmsg *)(end - HEAD - 4), sizeof c, &h, 0), 1);
	CHECK_EQ(h.flags, MSG_CTRUNC);
	CHECK_EQ(h.controllen, HEAD + 8); // of which 4 say nothing
	CHECK_EQ(*(size_t *)(end - HEAD - 4), HEAD + 4);
	CHECK_EQ(((int *)end)[-1], next);
	sys(close, next);
	CHECK_EQ(sys(setsockopt, b, SOL_SOCKET, 16 /* SO_PASSCRED */, &one, sizeof one), 0);
	CHECK_EQ(send(a, "x", 0), 1);
	CHECK_EQ(recv_cmsg(b, (struct cmsg *)end, sizeof c, &h, 0), 1);
	CHECK_EQ(h.controllen, 0);
	CHECK_EQ(h.flags, 0);
}

TEST(descriptors_end_a_read)
{
	struct cmsg c;
	struct msghdr h;
	int p[2];

	pair(SOCK_STREAM);
	CHECK_EQ(sys(pipe, p), 0);
	CHECK_EQ(send_fd(a, p[0]), 1);
	CHECK_EQ(send(a, "rest", 0), 4);
	CHECK_EQ(recv_cmsg(b, &c, sizeof c, &h, MSG_PEEK), 1);
	CHECK_EQ(h.controllen, 24);
	CHECK_EQ(recv_cmsg(b, &c, sizeof c, &h, 0), 1);
	CHECK_EQ(h.controllen, 24);
	CHECK_EQ(recv_cmsg(b, &c, sizeof c, &h, 0), 4);
	CHECK_EQ(h.controllen, 0);
}

TEST(descriptors_that_nobody_takes)
{
	struct cmsg c;
	struct msghdr h;
	int p[2];

	for (int how = 0; how < 4; how++) {
		pair(SOCK_STREAM);
		CHECK_EQ(sys(pipe, p), 0);
		CHECK_EQ(send_fd(a, p[0]), 1);
		sys(close, p[0]);
		if (how == 0) { // both ends close
			sys(close, a);
			sys(close, b);
		} else if (how == 1) { // read without room
			CHECK_EQ(recv_cmsg(b, NULL, 0, &h, 0), 1);
			CHECK_EQ(h.flags, MSG_CTRUNC);
		} else if (how == 2) { // read as bytes
			CHECK_GETS(b, "m");
		} else { // no number left
			struct rlimit none = {0, 0};

			CHECK_EQ(IN_CHILD(
					 sys(setrlimit, RLIMIT_NOFILE, &none);
					 CHECK_EQ(recv_cmsg(b, &c, sizeof c, &h, 0), 1);
					 CHECK_EQ(h.flags, MSG_CTRUNC);
					 CHECK_EQ(h.controllen, 0)),
				0);
		}
		CHECK_EQ(IN_CHILD(sys(write, p[1], "x", 1)), SIGNALLED(SIGPIPE));
	}
}

TEST(hostile_control)
{
	struct cmsg c = {HEAD + 4, SOL_SOCKET, SCM_RIGHTS, {{99}}};
	struct msghdr h = {0};
	char x;

	pair(SOCK_STREAM);
	CHECK_EQ(send_cmsg(a, &c, sizeof c), -EBADF);
	CHECK_EQ(send_cmsg(a, nowhere, sizeof c), -EFAULT);
	c.fd[0] = b;
	c.len = HEAD - 1;
	CHECK_EQ(send_cmsg(a, &c, sizeof c), -EINVAL);
	c.len = 1000;
	CHECK_EQ(send_cmsg(a, &c, sizeof c), -EINVAL);
	c.len = ~0UL;
	CHECK_EQ(send_cmsg(a, &c, sizeof c), -EINVAL);
	c.len = HEAD + 4;
	c.type = 77;
	CHECK_EQ(send_cmsg(a, &c, sizeof c), -EINVAL);
	c.type = SCM_CREDENTIALS;
	CHECK_EQ(send_cmsg(a, &c, sizeof c), -EINVAL);
	h.iovlen = 1025;
	CHECK_EQ(sys(sendmsg, a, &h, 0), -EMSGSIZE);
	CHECK_EQ(sys(recvmsg, a, &h, 0), -EMSGSIZE);
	h.iovlen = 1;
	h.iov = nowhere;
	CHECK_EQ(sys(sendmsg, a, &h, 0), -EFAULT);
	CHECK_EQ(sys(recvmsg, a, &h, 0), -EFAULT);
	CHECK_EQ(sys(sendmsg, a, nowhere, 0), -EFAULT);
	CHECK_EQ(sys(recvmsg, a, nowhere, 0), -EFAULT);
	CHECK_EQ(sys(sendto, a, nowhere, 5, 0, 0, 0), -EFAULT);
	CHECK_EQ(sys(sendto, a, -4096UL, 5, 0, 0, 0), -EFAULT);
	CHECK_EQ(recv(b, &x, 1, MSG_DONTWAIT), -EAGAIN); // nothing of all that came
	CHECK_EQ(send(a, "y", 0), 1);
	CHECK_EQ(recv(b, nowhere, 1, 0), -EFAULT);
	CHECK_GETS(b, "y"); // a stream keeps what could not be given
	CHECK_EQ(sys(sendmmsg, a, nowhere, 1, 0), -EFAULT);
	CHECK_EQ(sys(recvmmsg, a, nowhere, 1, MSG_DONTWAIT, 0), -EFAULT);
}

TEST(who_sends)
{
	struct cmsg c;
	struct msghdr h;
	struct ucred peer;
	int one = 1, len = sizeof peer;

	for (int i = 0; i < 3; i++) {
		pair(types[i]);
		CHECK_EQ(sys(setsockopt, b, SOL_SOCKET, SO_PASSCRED, &one, 4), 0);
		int pid = t_fork();

		if (pid == 0) {
			CHECK_EQ(send(a, "x", 0), 1);
			t_exit(0);
		}
		CHECK_EQ(t_wait(pid), 0);
		CHECK_EQ(recv_cmsg(b, &c, sizeof c, &h, 0), 1);
		CHECK_EQ(c.type, SCM_CREDENTIALS);
		CHECK_EQ(c.len, HEAD + sizeof c.cred);
		CHECK_EQ(c.cred.pid, pid);
		CHECK_EQ(c.cred.uid, sys(geteuid));
		CHECK_EQ(c.cred.gid, sys(getegid));
	}
	c = (struct cmsg){HEAD + sizeof c.cred, SOL_SOCKET, SCM_CREDENTIALS, {{t_getpid(), (int)sys(getuid), (int)sys(getgid)}}};
	CHECK_EQ(send_cmsg(a, &c, HEAD + sizeof c.cred), 1);
	CHECK_EQ(recv_cmsg(b, &c, sizeof c, &h, 0), 1);
	CHECK_EQ(c.cred.pid, t_getpid());
	CHECK_EQ(sys(getsockopt, a, SOL_SOCKET, SO_PEERCRED, &peer, &len), 0);
	CHECK_EQ(peer.pid, t_getpid());
	len = sizeof peer;
	CHECK_EQ(sys(getsockopt, open_socket(SOCK_STREAM), SOL_SOCKET, SO_PEERCRED, &peer, &len), 0);
	CHECK_EQ(peer.pid, 0);
	CHECK_EQ(peer.uid, ~0u);
}

TEST(rows_of_messages)
{
	struct iovec v[2] = {{"one", 3}, {"four", 4}}, in[2];
	char buf[2][8] = {{0}};
	struct {
		struct msghdr h;
		unsigned len;
	} m[2] = {{{.iov = v, .iovlen = 1}, 0}, {{.iov = v + 1, .iovlen = 1}, 0}};

	pair(SOCK_DGRAM);
	CHECK_EQ(sys(sendmmsg, a, m, 2, 0), 2);
	CHECK_EQ(m[0].len, 3);
	CHECK_EQ(m[1].len, 4);
	for (int i = 0; i < 2; i++) {
		in[i] = (struct iovec){buf[i], 8};
		m[i].h.iov = &in[i];
	}
	CHECK_EQ(sys(recvmmsg, b, m, 2, 0, 0), 2);
	CHECK(!strcmp(buf[0], "one") && !strcmp(buf[1], "four"));
	CHECK_EQ(sys(recvmmsg, b, m, 2, MSG_DONTWAIT, 0), -EAGAIN);
}

// ---- options ----

static int option(int fd, int name)
{
	int v = -1, len = sizeof v;

	CHECK_EQ(sys(getsockopt, fd, SOL_SOCKET, name, &v, &len), 0);
	CHECK_EQ(len, 4);
	return v;
}

TEST(options)
{
	struct sockaddr_un un;
	int v = 20000, len = 4, l = bound(SOCK_STREAM, &un, &len);
	long tv[2] = {0, 30000};

	CHECK_EQ(option(l, SO_ACCEPTCONN), 0);
	CHECK_EQ(sys(listen, l, 1), 0);
	CHECK_EQ(option(l, SO_ACCEPTCONN), 1);
	for (int i = 0; i < 3; i++) {
		pair(types[i]);
		CHECK_EQ(option(a, SO_TYPE), types[i]);
		CHECK_EQ(option(a, SO_DOMAIN), AF_UNIX);
		CHECK_EQ(option(a, SO_PROTOCOL), 0);
		CHECK_EQ(option(a, SO_ERROR), 0);
	}
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_SNDBUF, &v, 4), 0);
	CHECK_EQ(option(a, SO_SNDBUF), 40000);
	v = 1;
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_SNDBUF, &v, 4), 0);
	CHECK_GE(option(a, SO_SNDBUF), 2000);
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_PASSCRED, &v, 4), 0);
	CHECK_EQ(option(a, SO_PASSCRED), 1);
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_PASSCRED, &v, 3), -EINVAL);
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_PASSCRED, &v, -1), -EINVAL);
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_PASSCRED, nowhere, 4), -EFAULT);
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_TYPE, &v, 4), -ENOPROTOOPT);
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, 9999, &v, 4), -ENOPROTOOPT);
	CHECK_EQ(sys(setsockopt, a, 6, 1, &v, 4), -EOPNOTSUPP);
	len = 4;
	CHECK_EQ(sys(getsockopt, a, SOL_SOCKET, 9999, &v, &len), -ENOPROTOOPT);
	CHECK_EQ(sys(getsockopt, a, 6, 1, &v, &len), -EOPNOTSUPP);
	CHECK_EQ(sys(getsockopt, a, SOL_SOCKET, SO_TYPE, nowhere, &len), -EFAULT);
	CHECK_EQ(sys(getsockopt, a, SOL_SOCKET, SO_TYPE, &v, nowhere), -EFAULT);
	len = -1;
	CHECK_EQ(sys(getsockopt, a, SOL_SOCKET, SO_TYPE, &v, &len), -EINVAL);
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_RCVTIMEO_OLD, tv, 8), -EINVAL);
	tv[1] = 1000000;
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_RCVTIMEO_OLD, tv, 16), -EDOM);
}

TEST(limits_of_time)
{
	static char big[65536];
	long tv[2] = {0, 30000}, start = t_now_ms();
	struct sockaddr_un un;
	int len, l = bound(SOCK_STREAM, &un, &len);

	pair(SOCK_STREAM);
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_RCVTIMEO_OLD, tv, 16), 0);
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_SNDTIMEO_OLD, tv, 16), 0);
	CHECK_EQ(sys(setsockopt, l, SOL_SOCKET, SO_RCVTIMEO_OLD, tv, 16), 0);
	CHECK_EQ(sys(read, a, big, 1), -EAGAIN);
	CHECK_GE(t_now_ms() - start, 25);
	while (sys(write, a, big, sizeof big) == sizeof big)
		;
	CHECK_EQ(sys(write, a, big, sizeof big), -EAGAIN);
	CHECK_EQ(sys(listen, l, 1), 0);
	CHECK_EQ(sys(accept, l, 0, 0), -EAGAIN);
}

// ---- poll ----

static int events(int fd)
{
	struct pollfd p = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};

	CHECK_GE(sys(poll, &p, 1, 0), 0);
	return p.revents;
}

TEST(poll_events)
{
	static char big[1 << 16];
	struct sockaddr_un un;
	int len, l;
	char c;

	CHECK_EQ(events(open_socket(SOCK_STREAM)), POLLOUT | POLLHUP);
	CHECK_EQ(events(open_socket(SOCK_DGRAM)), POLLOUT);
	pair(SOCK_STREAM);
	CHECK_EQ(events(a), POLLOUT);
	CHECK_EQ(send(b, "x", 0), 1);
	CHECK_EQ(events(a), POLLIN | POLLOUT);
	CHECK_EQ(sys(read, a, &c, 1), 1);
	CHECK_EQ(sys(shutdown, b, SHUT_WR), 0);
	CHECK_EQ(events(a), POLLIN | POLLOUT | POLLRDHUP);
	sys(close, b);
	CHECK_EQ(events(a), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	l = bound(SOCK_STREAM, &un, &len);
	CHECK_EQ(sys(listen, l, 2), 0);
	CHECK_EQ(events(l), 0);
	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &un, len), 0);
	CHECK_EQ(events(l), POLLIN);
	pair(SOCK_STREAM | SOCK_NONBLOCK);
	while (sys(write, a, big, sizeof big) > 0)
		;
	CHECK_EQ(events(a), 0); // as write says
	while (sys(read, b, big, sizeof big) > 0)
		;
	CHECK_EQ(events(a), POLLOUT);
}

TEST(epoll_hears_of_sockets)
{
	struct epoll_event ev = {EPOLLIN, 7};
	struct sockaddr_un un;
	int len, l = bound(SOCK_STREAM, &un, &len);
	int ep = (int)sys(epoll_create1, 0);

	pair(SOCK_STREAM);
	CHECK_EQ(sys(listen, l, 2), 0);
	CHECK_EQ(sys(epoll_ctl, ep, EPOLL_CTL_ADD, a, &ev), 0);
	ev.data = 8;
	CHECK_EQ(sys(epoll_ctl, ep, EPOLL_CTL_ADD, l, &ev), 0);
	CHECK_EQ(sys(epoll_wait, ep, &ev, 1, 0), 0);
	int pid = t_fork();

	if (pid == 0) {
		CHECK_EQ(sys(epoll_wait, ep, &ev, 1, 10000), 1);
		CHECK_EQ(ev.data, 7);
		char c;

		CHECK_EQ(sys(read, a, &c, 1), 1);
		CHECK_EQ(sys(epoll_wait, ep, &ev, 1, 10000), 1);
		CHECK_EQ(ev.data, 8);
		t_exit(0);
	}
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(send(b, "x", 0), 1);
	int n = 1;

	UNTIL(sys(ioctl, a, 0x541B, &n) == 0 && n == 0); // FIONREAD
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &un, len), 0);
	CHECK_EQ(t_wait(pid), 0);
}

// ---- tasks that wait in a call ----

static struct sockaddr_un door;
static int door_len, door_fd;

static void wait_in(int call)
{
	static char big[65536];
	char c;

	switch (call) {
	case 0:
		sys(read, a, &c, 1);
		break;
	case 1:
		for (;;)
			sys(write, a, big, sizeof big);
	case 2:
		sys(accept, door_fd, 0, 0);
		break;
	case 3:
		for (;;)
			sys(connect, open_socket(SOCK_STREAM), &door, door_len);
	}
}

TEST(killed_and_stopped_in_every_wait)
{
	for (int call = 0; call < 4; call++) {
		pair(SOCK_STREAM);
		door_fd = bound(SOCK_STREAM, &door, &door_len);
		CHECK_EQ(sys(listen, door_fd, 1), 0);
		int pid = t_fork();

		if (pid == 0) {
			wait_in(call);
			t_exit(9);
		}
		UNTIL(t_state(pid) == 'S');
		sys(kill, pid, SIGSTOP);
		UNTIL(t_state(pid) == 'T');
		sys(kill, pid, SIGCONT);
		UNTIL(t_state(pid) == 'S'); // it waits again
		sys(kill, pid, SIGKILL);
		CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	}
}

static void nothing(int sig)
{
	(void)sig;
}

TEST(a_handler_interrupts_a_wait)
{
	char c;

	pair(SOCK_STREAM);
	int pid = t_fork();

	if (pid == 0) {
		t_action(SIGUSR1, nothing, 0);
		CHECK_EQ(sys(write, b, "x", 1), 1); // ready
		CHECK_EQ(sys(read, b, &c, 1), -EINTR);
		t_action(SIGUSR1, nothing, SA_RESTART);
		CHECK_EQ(sys(write, b, "x", 1), 1);
		CHECK_EQ(sys(read, b, &c, 1), 1);
		t_exit(0);
	}
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(sys(read, a, &c, 1), 1);
		UNTIL(t_state(pid) == 'S');
		sys(kill, pid, SIGUSR1);
	}
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(send(a, "y", 0), 1);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(shutdown_wakes)
{
	char c;

	for (int call = 0; call < 3; call++) {
		pair(SOCK_STREAM);
		door_fd = bound(SOCK_STREAM, &door, &door_len);
		CHECK_EQ(sys(listen, door_fd, 1), 0);
		int pid = t_fork();

		if (pid == 0) {
			if (call == 0)
				CHECK_EQ(sys(read, a, &c, 1), 0);
			else if (call == 1)
				wait_in(1);
			else
				CHECK_EQ(sys(accept, door_fd, 0, 0), -EINVAL);
			t_exit(0);
		}
		UNTIL(t_state(pid) == 'S');
		CHECK_EQ(sys(shutdown, call == 2 ? door_fd : b, SHUT_RDWR), 0);
		CHECK_EQ(t_wait(pid), call == 1 ? SIGNALLED(SIGPIPE) : 0);
	}
}

TEST(many_clients)
{
	enum { CLIENTS = 8, EACH = 30 };
	int served = 0;
	char c;

	door_fd = bound(SOCK_STREAM, &door, &door_len);
	CHECK_EQ(sys(listen, door_fd, 2), 0);
	for (int i = 0; i < CLIENTS; i++)
		if (t_fork() == 0) {
			for (int n = 0; n < EACH; n++) {
				int s = open_socket(SOCK_STREAM);

				CHECK_EQ(sys(connect, s, &door, door_len), 0);
				CHECK_EQ(sys(write, s, "q", 1), 1);
				CHECK_EQ(sys(read, s, &c, 1), 1);
				sys(close, s);
			}
			t_exit(0);
		}
	for (; served < CLIENTS * EACH; served++) {
		int s = (int)sys(accept, door_fd, 0, 0);

		CHECK_EQ(sys(read, s, &c, 1), 1);
		CHECK_EQ(sys(write, s, &c, 1), 1);
		sys(close, s);
	}
	for (int i = 0; i < CLIENTS; i++)
		CHECK_EQ(t_wait(-1), 0);
}

// Parts of a message are one message, however long.
TEST(long_messages_in_parts)
{
	enum { SIZE = 100000 };
	char *out = t_map(SIZE), *got = t_map(SIZE);
	struct iovec put[] = {{out, 70000}, {out + 70000, 0}, {out + 70000, SIZE - 70000}};
	struct iovec take[] = {{got, 10}, {got + 10, 65536}, {got + 65546, SIZE - 65546}};
	int s[2];

	for (int i = 0; i < SIZE; i++)
		out[i] = (char)(i * 7);
	for (int type = SOCK_DGRAM; type <= SOCK_SEQPACKET; type += SOCK_SEQPACKET - SOCK_DGRAM) {
		CHECK_EQ(sys(socketpair, AF_UNIX, type, 0, s), 0);
		CHECK_EQ(sys(writev, s[0], put, 3), SIZE);
		CHECK_EQ(sys(readv, s[1], take, 3), SIZE);
		CHECK(!memcmp(out, got, SIZE));
		memset(got, 0, SIZE);
		CHECK_EQ(sys(writev, s[0], put, 2), 70000);
		CHECK_EQ(sys(writev, s[0], put + 1, 1), 0); // unlike a write of nothing
		CHECK_EQ(sys(writev, s[0], put, 0), 0);
		CHECK_EQ(sys(readv, s[1], take, 2), 65546); // the rest of it is lost
		CHECK_EQ(sys(readv, s[1], put + 1, 1), 0);
		CHECK_EQ(sys(recvfrom, s[1], got, SIZE, MSG_DONTWAIT, 0, 0), -EAGAIN);
		sys(close, s[0]);
		sys(close, s[1]);
	}
}

TEST(a_larger_send_buffer_is_room_at_once)
{
	static char buf[1000];
	int v = 1, pid;

	pair(SOCK_STREAM);
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_SNDBUF, &v, 4), 0);
	while (sys(sendto, a, buf, sizeof buf, MSG_DONTWAIT, 0, 0) > 0)
		;
	pid = t_fork();
	if (pid == 0)
		t_exit(sys(write, a, buf, sizeof buf) == sizeof buf ? 0 : 1);
	UNTIL(t_state(pid) == 'S');
	v = 100000;
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_SNDBUF, &v, 4), 0);
	CHECK_EQ(t_wait(pid), 0);
}
