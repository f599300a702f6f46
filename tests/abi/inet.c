// SPDX-License-Identifier: GPL-2.0-only
//
// AF_INET sockets on the loopback interface: ports, connections, datagrams, ends, options, bad arguments.
// All ports are given by the kernel, so that many of these can run at once.
#include "msg.h"

#include <asm/poll.h>
#include <asm/socket.h>
#include <linux/capability.h>
#include <linux/eventpoll.h>

// What no header of the kernel's own gives to user programs without much else.
enum { AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6 = 10 };
enum { SOCK_STREAM = 1, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, SOCK_NONBLOCK = O_NONBLOCK };
enum { TCP = 6, UDP = 17, TCP_NODELAY = 1, TCP_KEEPIDLE = 4, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_SYNCNT, TCP_USER_TIMEOUT = 18, IP_TOS = 1, IP_TTL = 2 };
enum { MSG_PEEK = 2, MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40, MSG_WAITALL = 0x100, MSG_NOSIGNAL = 0x4000 };
enum { SHUT_RD, SHUT_WR, SHUT_RDWR };
enum { SIOCSIFFLAGS = 0x8914, FIONREAD = 0x541B, IFF_UP = 1 };
#define HOME 0x7f000001u

struct in {
	unsigned short family, port; // the port and the address as they travel
	unsigned addr;
	char zero[8];
};

static int a, b;		// the ends of a connection
static struct in door;		// where the last listener, or bound socket, is
static void *const nowhere = (void *)8;

static struct in at(unsigned addr, unsigned port)
{
	return (struct in){AF_INET, __builtin_bswap16((unsigned short)port), __builtin_bswap32(addr), {0}};
}

static unsigned port_of(const struct in *in)
{
	return __builtin_bswap16(in->port);
}

static int open_socket(int type)
{
	int fd = (int)sys(socket, AF_INET, type, 0);

	CHECK_GE(fd, 0);
	t_loopback_up(fd);
	return fd;
}

static struct in name_of(int fd)
{
	struct in in;
	int len = sizeof in;

	CHECK_EQ(sys(getsockname, fd, &in, &len), 0);
	CHECK_EQ(len, 16);
	CHECK_EQ(in.family, AF_INET);
	return in;
}

static struct in peer_of(int fd)
{
	struct in in;
	int len = sizeof in;

	CHECK_EQ(sys(getpeername, fd, &in, &len), 0);
	CHECK_EQ(len, 16);
	return in;
}

#define CHECK_AT(got, where, nr)                                                                   \
	do {                                                                                       \
		struct in in_ = got;                                                               \
		CHECK_EQ(__builtin_bswap32(in_.addr), where);                                      \
		CHECK_EQ(port_of(&in_), nr);                                                       \
	} while (0)

// Bound to that address and a port of the kernel's choice.
static int bound(int type, unsigned addr)
{
	int fd = open_socket(type);

	door = at(addr, 0);
	CHECK_EQ(sys(bind, fd, &door, 16), 0);
	door = name_of(fd);
	return fd;
}

static int listener(int backlog)
{
	int fd = bound(SOCK_STREAM, HOME);

	CHECK_EQ(sys(listen, fd, backlog), 0);
	return fd;
}

static int connection(void)
{
	int l = listener(5);

	a = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(connect, a, &door, 16), 0);
	b = (int)sys(accept4, l, 0, 0, 0);
	CHECK_GE(b, 0);
	return l;
}

static long send(int fd, const char *text, int flags)
{
	return sys(sendto, fd, text, strlen(text), flags | MSG_NOSIGNAL, 0, 0);
}

static long recv(int fd, char *buf, size_t n, int flags)
{
	return sys(recvfrom, fd, buf, n, flags, 0, 0);
}

static int events(int fd)
{
	struct pollfd p = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};

	CHECK_GE(sys(poll, &p, 1, 0), 0);
	return p.revents;
}

static int option(int fd, int level, int name)
{
	int v = -1, len = sizeof v;

	CHECK_EQ(sys(getsockopt, fd, level, name, &v, &len), 0);
	CHECK_EQ(len, 4);
	return v;
}

static void set_option(int fd, int level, int name, int v)
{
	CHECK_EQ(sys(setsockopt, fd, level, name, &v, 4), 0);
}

#define CHECK_GETS(fd, text)                                                                       \
	do {                                                                                       \
		char in_[64] = {0};                                                                \
		CHECK_EQ(recv(fd, in_, sizeof in_, MSG_DONTWAIT), strlen(text));                   \
		CHECK(!strcmp(in_, text));                                                         \
	} while (0)

static void drop_capabilities(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct caps[2] = {0};

	CHECK_EQ(sys(capset, &head, caps), 0);
}

// ---- socket ----

TEST(what_there_is)
{
	int fds[2];

	CHECK_EQ(sys(close, sys(socket, AF_INET, SOCK_STREAM, TCP)), 0);
	CHECK_EQ(sys(close, sys(socket, AF_INET, SOCK_DGRAM, UDP)), 0);
	CHECK_EQ(sys(socket, AF_INET, SOCK_STREAM, UDP), -EPROTONOSUPPORT);
	CHECK_EQ(sys(socket, AF_INET, SOCK_DGRAM, TCP), -EPROTONOSUPPORT);
	CHECK_EQ(sys(socket, AF_INET, SOCK_STREAM, 263), -EINVAL);
	CHECK_EQ(sys(socket, AF_INET, SOCK_STREAM, -1), -EINVAL);
	CHECK_EQ(sys(socket, AF_INET, SOCK_RDM, 0), -ESOCKTNOSUPPORT);
	CHECK_EQ(sys(socket, AF_INET, SOCK_SEQPACKET, 0), -ESOCKTNOSUPPORT);
	CHECK_EQ(sys(socket, AF_INET, SOCK_RAW, 0), -EPROTONOSUPPORT);
	CHECK_EQ(sys(socketpair, AF_INET, SOCK_STREAM, 0, fds), -EOPNOTSUPP);
	CHECK_EQ(sys(fcntl, 3, F_GETFD), -EBADF); // nothing stayed open
	drop_capabilities();
	CHECK_EQ(sys(socket, AF_INET, SOCK_RAW, 1), -EPERM);
}

// ---- names ----

TEST(names)
{
	struct in in;
	int fd, len = 16;

	for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
		fd = open_socket(type);
		CHECK_AT(name_of(fd), 0, 0);
		CHECK_EQ(sys(getpeername, fd, &in, &len), -ENOTCONN);
		fd = bound(type, HOME + 1);
		CHECK_AT(door, HOME + 1, port_of(&door));
		CHECK_GE(port_of(&door), t_on_thaw ? 32768 : 1024); // elsewhere administrators choose
		CHECK_LE(port_of(&door), t_on_thaw ? 60999 : 65535);
		in = at(HOME, 0);
		CHECK_EQ(sys(bind, fd, &in, 16), -EINVAL); // it has one
		fd = open_socket(type);
		CHECK_EQ(sys(bind, fd, &in, 15), -EINVAL);
		CHECK_EQ(sys(bind, fd, &in, 129), -EINVAL);
		CHECK_EQ(sys(bind, fd, &in, -1), -EINVAL);
		CHECK_EQ(sys(bind, fd, nowhere, 16), -EFAULT);
		in.family = AF_INET6;
		CHECK_EQ(sys(bind, fd, &in, 16), -EAFNOSUPPORT);
		in.family = AF_UNSPEC;
		CHECK_EQ(sys(bind, fd, &in, 16), -EAFNOSUPPORT);
		in = at(0xc0000201, 0); // 192.0.2.1 is nobody's
		CHECK_EQ(sys(bind, fd, &in, 16), -EADDRNOTAVAIL);
		in = at(0, 0);
		in.family = AF_UNSPEC;
		CHECK_EQ(sys(bind, fd, &in, 16), 0);
	}
}

TEST(low_ports_are_for_the_privileged)
{
	struct in in = at(HOME, 1023);
	int fd = open_socket(SOCK_STREAM);
	char first[16];

	if (t_slurp("/proc/sys/net/ipv4/ip_unprivileged_port_start", first, sizeof first) > 0 && t_number(first) <= 1023)
		SKIP("the administrator has said otherwise");
	drop_capabilities();
	CHECK_EQ(sys(bind, fd, &in, 16), -EACCES);
}

// What a second socket says that binds to `addr` and the port of one that is at home, where nobody has been lately.
static long second(int type, unsigned addr, int reuse, int option, bool listens)
{
	int fd = open_socket(type), fd2 = open_socket(type);
	struct in in = at(HOME, 0);
	long ret;

	set_option(fd, SOL_SOCKET, option, reuse & 1);
	CHECK_EQ(sys(bind, fd, &in, 16), 0);
	if (listens)
		CHECK_EQ(sys(listen, fd, 1), 0);
	set_option(fd2, SOL_SOCKET, option, reuse >> 1);
	in = at(addr, port_of((struct in[]){name_of(fd)}));
	ret = sys(bind, fd2, &in, 16);
	if (!ret && type == SOCK_STREAM)
		ret = sys(listen, fd2, 1);
	sys(close, fd);
	sys(close, fd2);
	return ret;
}

TEST(a_port_is_ones_own)
{
	for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
		CHECK_EQ(second(type, HOME, 0, SO_REUSEADDR, false), -EADDRINUSE);
		CHECK_EQ(second(type, 0, 0, SO_REUSEADDR, false), -EADDRINUSE);
		CHECK_EQ(second(type, HOME + 1, 0, SO_REUSEADDR, false), 0);
		CHECK_EQ(second(type, HOME, 1, SO_REUSEADDR, false), -EADDRINUSE);
		CHECK_EQ(second(type, HOME, 2, SO_REUSEADDR, false), -EADDRINUSE);
		CHECK_EQ(second(type, HOME, 3, SO_REUSEADDR, false), 0);
		CHECK_EQ(second(type, HOME, 1, SO_REUSEPORT, false), -EADDRINUSE);
		CHECK_EQ(second(type, HOME, 3, SO_REUSEPORT, false), 0);
	}
	CHECK_EQ(second(SOCK_STREAM, HOME, 3, SO_REUSEADDR, true), -EADDRINUSE);
	CHECK_EQ(second(SOCK_STREAM, HOME, 3, SO_REUSEPORT, true), 0);
	// Both bound, the second to listen is too many.
	int fd = open_socket(SOCK_STREAM), fd2 = open_socket(SOCK_STREAM);

	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set_option(fd2, SOL_SOCKET, SO_REUSEADDR, 1);
	door = at(HOME, 0);
	CHECK_EQ(sys(bind, fd, &door, 16), 0);
	door = name_of(fd);
	CHECK_EQ(sys(bind, fd2, &door, 16), 0);
	CHECK_EQ(sys(listen, fd, 1), 0);
	CHECK_EQ(sys(listen, fd2, 1), -EADDRINUSE);
	// Neither protocol minds the other's ports.
	CHECK_EQ(sys(bind, open_socket(SOCK_DGRAM), &door, 16), 0);
	// A port outlives its listener in what was accepted there.
	int l = connection();

	sys(close, l);
	CHECK_EQ(sys(bind, open_socket(SOCK_STREAM), &door, 16), -EADDRINUSE);
}

// ---- connections ----

TEST(connect_and_accept)
{
	struct in in;
	int l = listener(5), len = 16;
	char storage[128] = {0};

	CHECK_EQ(events(open_socket(SOCK_STREAM)), POLLOUT | POLLHUP);
	CHECK_EQ(events(l), 0);
	a = open_socket(SOCK_STREAM);
	memcpy(storage, &door, sizeof door);
	CHECK_EQ(sys(connect, a, storage, sizeof storage), 0); // a sockaddr_storage will do
	CHECK_EQ(events(l), POLLIN);
	CHECK_EQ(send(a, "early", 0), 5);
	b = (int)sys(accept4, l, &in, &len, SOCK_NONBLOCK);
	CHECK_GE(b, 0);
	CHECK_EQ(len, 16);
	CHECK_EQ(sys(fcntl, b, F_GETFL), O_RDWR | O_NONBLOCK);
	CHECK_AT(in, HOME, port_of(&in));
	CHECK_AT(name_of(a), HOME, port_of(&in));
	CHECK_AT(peer_of(b), HOME, port_of(&in));
	CHECK_AT(name_of(b), HOME, port_of(&door));
	CHECK_AT(peer_of(a), HOME, port_of(&door));
	CHECK_EQ(events(a), POLLOUT);
	CHECK_EQ(events(b), POLLIN | POLLOUT);
	CHECK_GETS(b, "early");
	CHECK_EQ(sys(read, b, storage, 1), -EAGAIN);
	CHECK_EQ(sys(write, b, "back", 4), 4);
	CHECK_GETS(a, "back");
	CHECK_EQ(sys(connect, a, &door, 16), -EISCONN);
	CHECK_EQ(sys(connect, l, &door, 16), -EISCONN);
	CHECK_EQ(sys(listen, a, 1), -EINVAL);
	CHECK_EQ(sys(accept, a, 0, 0), -EINVAL);
	CHECK_EQ(sys(fcntl, l, F_SETFL, O_NONBLOCK), 0);
	CHECK_EQ(sys(accept, l, 0, 0), -EAGAIN);
}

TEST(any_address_is_here)
{
	int l = bound(SOCK_STREAM, 0), fd = open_socket(SOCK_STREAM);
	struct in in = at(0, port_of(&door));

	CHECK_EQ(sys(listen, l, 1), 0);
	CHECK_EQ(sys(connect, fd, &in, 16), 0);
	CHECK_AT(peer_of(fd), HOME, port_of(&door));
	CHECK_AT(name_of(l), 0, port_of(&door));
	b = (int)sys(accept, l, 0, 0);
	CHECK_AT(name_of(b), HOME, port_of(&door));
	in = at(HOME + 5, port_of(&door));
	fd = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(connect, fd, &in, 16), 0);
	CHECK_AT(name_of(fd), HOME, port_of((struct in[]){name_of(fd)}));
	b = (int)sys(accept, l, 0, 0);
	CHECK_AT(name_of(b), HOME + 5, port_of(&door));
	// One who names the address is preferred.
	int own = open_socket(SOCK_STREAM);

	in = at(HOME + 6, 0);
	CHECK_EQ(sys(bind, own, &in, 16), 0);
	CHECK_EQ(sys(listen, own, 1), 0);
	in = name_of(own);
	fd = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(connect, fd, &in, 16), 0);
	CHECK_EQ(events(own), POLLIN);
	// To listen without a name gets one.
	fd = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(listen, fd, 1), 0);
	in = name_of(fd);
	CHECK_AT(in, 0, port_of(&in));
	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &in, 16), 0);
}

TEST(connect_fails)
{
	int fd = bound(SOCK_STREAM, HOME); // and does not listen
	int s = open_socket(SOCK_STREAM);
	struct in in = door;

	CHECK_EQ(sys(connect, s, &door, 16), -ECONNREFUSED);
	CHECK_EQ(sys(connect, s, &door, 15), -EINVAL);
	CHECK_EQ(sys(connect, s, &door, 1), -EINVAL);
	CHECK_EQ(sys(connect, s, &door, 129), -EINVAL);
	CHECK_EQ(sys(connect, s, nowhere, 16), -EFAULT);
	CHECK_EQ(sys(connect, 1, &door, 16), -ENOTSOCK);
	in.family = AF_UNIX;
	CHECK_EQ(sys(connect, s, &in, 16), -EAFNOSUPPORT);
	CHECK_EQ(sys(listen, fd, 1), 0);
	CHECK_EQ(sys(connect, s, &door, 16), 0); // a failure is not for ever
	CHECK_EQ(sys(accept, open_socket(SOCK_STREAM), 0, 0), -EINVAL);
	CHECK_EQ(sys(accept, open_socket(SOCK_DGRAM), 0, 0), -EOPNOTSUPP);
	CHECK_EQ(sys(listen, open_socket(SOCK_DGRAM), 1), -EOPNOTSUPP);
	if (t_own_machine) { // elsewhere there is a world outside
		in = at(0xc0000201, 80);
		for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++)
			CHECK_EQ(sys(connect, open_socket(type), &in, 16), -ENETUNREACH);
		CHECK_EQ(sys(sendto, open_socket(SOCK_DGRAM), "x", 1, 0, &in, 16), -ENETUNREACH);
	}
}

TEST(connect_without_waiting)
{
	int l = listener(2), s = open_socket(SOCK_STREAM | SOCK_NONBLOCK);

	CHECK_EQ(sys(connect, s, &door, 16), -EINPROGRESS);
	UNTIL(events(s) == POLLOUT);
	CHECK_EQ(option(s, SOL_SOCKET, SO_ERROR), 0);
	CHECK_EQ(sys(connect, s, &door, 16), 0);
	CHECK_EQ(sys(connect, s, &door, 16), -EISCONN);
	sys(close, l);
	s = open_socket(SOCK_STREAM | SOCK_NONBLOCK);
	CHECK_EQ(sys(connect, s, &door, 16), -EINPROGRESS);
	UNTIL(events(s) == (POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP));
	CHECK_EQ(option(s, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	CHECK_EQ(option(s, SOL_SOCKET, SO_ERROR), 0);
	CHECK_EQ(sys(connect, s, &door, 16), -ECONNABORTED);
	CHECK_EQ(sys(connect, s, &door, 16), -EINPROGRESS);
	CHECK_EQ(sys(connect, s, &door, 16), -ECONNREFUSED);
}

static void handler(int sig)
{
	(void)sig;
}

TEST(who_does_not_wait_comes_in_later)
{
	int l = listener(0), s = open_socket(SOCK_STREAM | SOCK_NONBLOCK), len = 16;
	struct in in;
	char c;

	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &door, 16), 0);
	CHECK_EQ(sys(connect, s, &door, 16), -EINPROGRESS);
	CHECK_EQ(sys(connect, s, &door, 16), -EALREADY);
	CHECK_EQ(events(s), 0);
	CHECK_EQ(option(s, SOL_SOCKET, SO_ERROR), 0);
	CHECK_AT(name_of(s), HOME, port_of((struct in[]){name_of(s)}));
	CHECK_EQ(sys(getpeername, s, &in, &len), -ENOTCONN);
	CHECK_EQ(sys(read, s, &c, 1), -EAGAIN);
	CHECK_EQ(send(s, "x", 0), -EAGAIN);
	CHECK_EQ(sys(listen, s, 1), -EINVAL);
	CHECK_EQ(sys(bind, s, &door, 16), -EINVAL);
	CHECK_GE(sys(accept, l, 0, 0), 0);
	UNTIL(events(s) == POLLOUT);
	CHECK_EQ(sys(connect, s, &door, 16), 0);
	CHECK_EQ(send(s, "x", 0), 1);
	b = (int)sys(accept, l, 0, 0);
	CHECK_GETS(b, "x");
	sys(close, s);
	// Or never.
	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &door, 16), 0);
	a = open_socket(SOCK_STREAM | SOCK_NONBLOCK);
	s = open_socket(SOCK_STREAM | SOCK_NONBLOCK);
	CHECK_EQ(sys(connect, a, &door, 16), -EINPROGRESS);
	CHECK_EQ(sys(connect, s, &door, 16), -EINPROGRESS);
	CHECK_EQ(sys(close, a), 0);
	CHECK_EQ(sys(shutdown, s, 2), 0);
	CHECK_EQ(events(s), POLLOUT | POLLERR | POLLHUP);
	CHECK_EQ(option(s, SOL_SOCKET, SO_ERROR), ECONNRESET);
	CHECK_EQ(sys(connect, s, &door, 16), -EINPROGRESS);
	CHECK_EQ(sys(close, l), 0);
	UNTIL(events(s) == (POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP));
	CHECK_EQ(sys(connect, s, &door, 16), -ECONNREFUSED);
}

TEST(who_connects_is_interrupted)
{
	int l = listener(0);

	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &door, 16), 0);
	t_action(SIGALRM, handler, 0);
	t_alarms(10);
	a = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(connect, a, &door, 16), -EINTR);
	t_alarms(0);
	CHECK_EQ(sys(fcntl, a, F_SETFL, O_NONBLOCK), 0); // and nevertheless goes on
	CHECK_EQ(sys(connect, a, &door, 16), -EALREADY);
	CHECK_GE(sys(accept, l, 0, 0), 0);
	UNTIL(events(a) == POLLOUT);
	CHECK_EQ(sys(connect, a, &door, 16), 0);
}

TEST(who_connects_has_so_much_time)
{
	long tv[2] = {0, 30000};
	int l = listener(0);

	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &door, 16), 0);
	a = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_SNDTIMEO_OLD, tv, 16), 0);
	CHECK_EQ(sys(connect, a, &door, 16), -EINPROGRESS);
	CHECK_EQ(sys(connect, a, &door, 16), -EALREADY);
	CHECK_GE(sys(accept, l, 0, 0), 0);
	UNTIL(events(a) == POLLOUT);
	CHECK_EQ(sys(connect, a, &door, 16), 0);
}

// Gives up after a second, which is the shortest time that there is.
static int impatient(int flags)
{
	int fd = open_socket(SOCK_STREAM | flags);

	set_option(fd, TCP, TCP_USER_TIMEOUT, 1);
	return fd;
}

TEST(who_connects_gives_up)
{
	int l = listener(0), s, later[3];
	char c;

	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &door, 16), 0);
	for (int i = 0; i < 3; i++) {
		later[i] = impatient(SOCK_NONBLOCK);
		CHECK_EQ(sys(connect, later[i], &door, 16), -EINPROGRESS);
	}
	s = impatient(0);
	CHECK_EQ(sys(connect, s, &door, 16), -ETIMEDOUT);
	CHECK_EQ(events(s), POLLOUT | POLLHUP);
	CHECK_EQ(option(s, SOL_SOCKET, SO_ERROR), 0);
	for (int i = 0; i < 3; i++)
		UNTIL(events(later[i]) == (POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP));
	CHECK_EQ(option(later[0], SOL_SOCKET, SO_ERROR), ETIMEDOUT);
	CHECK_EQ(option(later[0], SOL_SOCKET, SO_ERROR), 0);
	CHECK_EQ(sys(connect, later[0], &door, 16), -ECONNABORTED);
	CHECK_EQ(sys(read, later[1], &c, 1), -ETIMEDOUT);
	CHECK_EQ(send(later[1], "x", 0), -EPIPE);
	CHECK_EQ(sys(connect, later[1], &door, 16), -ECONNABORTED);
	CHECK_EQ(sys(connect, later[2], &door, 16), -ETIMEDOUT);
	// It is not for ever. Now it has time, however late we are.
	set_option(later[2], TCP, TCP_USER_TIMEOUT, 0);
	CHECK_EQ(sys(connect, later[2], &door, 16), -EINPROGRESS);
	CHECK_EQ(sys(connect, later[2], &door, 16), -EALREADY);
	CHECK_GE(sys(accept, l, 0, 0), 0);
	UNTIL(events(later[2]) == POLLOUT);
	CHECK_EQ(sys(connect, later[2], &door, 16), 0);
}

// Of one address and port, one connection to another.
TEST(a_connection_that_there_is)
{
	struct in in;
	int l = listener(5), fds[2];

	in = at(HOME, 0);
	for (int i = 0; i < 2; i++) {
		fds[i] = open_socket(SOCK_STREAM);
		set_option(fds[i], SOL_SOCKET, SO_REUSEADDR, 1);
		CHECK_EQ(sys(bind, fds[i], &in, 16), 0);
		in = name_of(fds[i]);
	}
	CHECK_EQ(sys(connect, fds[0], &door, 16), 0);
	CHECK_EQ(sys(connect, fds[1], &door, 16), -EADDRNOTAVAIL);
	CHECK_EQ(sys(close, l), 0);
}

static int reusing(unsigned port, int flags)
{
	struct in in = at(HOME, port);
	int fd = open_socket(SOCK_STREAM | flags);

	set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	CHECK_EQ(sys(bind, fd, &in, 16), 0);
	return fd;
}

// Who waits to be let in has a name; somebody else's other end has it too by then.
TEST(let_in_under_a_name_that_is_taken)
{
	int first = reusing(0, 0), second = reusing(0, 0), s, c;
	struct in one = name_of(first), two = name_of(second);

	CHECK_EQ(sys(listen, first, 0), 0);
	CHECK_EQ(sys(listen, second, 5), 0);
	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &one, 16), 0);
	s = reusing(port_of(&two), SOCK_NONBLOCK);
	CHECK_EQ(sys(connect, s, &one, 16), -EINPROGRESS);
	c = reusing(port_of(&one), SOCK_NONBLOCK);
	CHECK_EQ(sys(connect, c, &two, 16), -EINPROGRESS);
	CHECK_GE(sys(accept, first, 0, 0), 0);
	UNTIL(events(s) & POLLOUT);
	UNTIL(events(c) & POLLOUT);
}

TEST(a_full_queue_lets_who_connects_wait)
{
	int l = listener(0), pid;

	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &door, 16), 0);
	pid = t_fork();
	if (pid == 0) {
		CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &door, 16), 0);
		t_exit(0);
	}
	UNTIL(t_state(pid) == 'S');
	CHECK_GE(sys(accept, l, 0, 0), 0);
	CHECK_GE(sys(accept, l, 0, 0), 0); // his, be it a moment later
	CHECK_EQ(t_wait(pid), 0);
}

// ---- the ends of a connection ----

TEST(the_other_end_closes)
{
	char c;

	connection();
	CHECK_EQ(send(b, "last", 0), 4);
	sys(close, b);
	CHECK_EQ(events(a), POLLIN | POLLOUT | POLLRDHUP);
	CHECK_GETS(a, "last");
	CHECK_EQ(recv(a, &c, 1, 0), 0);
	peer_of(a);
	CHECK_EQ(send(a, "x", 0), 1); // comes back
	CHECK_EQ(events(a), POLLIN | POLLOUT | POLLRDHUP | POLLERR | POLLHUP);
	CHECK_EQ(recv(a, &c, 1, 0), 0);
	CHECK_EQ(send(a, "x", 0), -EPIPE);
	CHECK_EQ(send(a, "x", 0), -EPIPE);
	CHECK_EQ(option(a, SOL_SOCKET, SO_ERROR), 0);
	CHECK_EQ(IN_CHILD(sys(write, a, "x", 1)), SIGNALLED(SIGPIPE));
}

TEST(unread_bytes_reset_the_other_end)
{
	struct in in;
	int len = 16;
	char c;

	connection();
	CHECK_EQ(send(a, "never read", 0), 10);
	CHECK_EQ(send(b, "kept", 0), 4);
	sys(close, b);
	CHECK_EQ(events(a), POLLIN | POLLOUT | POLLRDHUP | POLLERR | POLLHUP);
	CHECK_EQ(sys(getpeername, a, &in, &len), -ENOTCONN);
	CHECK_GETS(a, "kept");
	CHECK_EQ(recv(a, &c, 1, 0), -ECONNRESET);
	CHECK_EQ(recv(a, &c, 1, 0), 0);
	CHECK_EQ(send(a, "x", 0), -EPIPE);
	connection();
	CHECK_EQ(send(a, "x", 0), 1);
	sys(close, b);
	CHECK_EQ(send(a, "x", 0), -ECONNRESET);
	CHECK_EQ(send(a, "x", 0), -EPIPE);
	connection();
	CHECK_EQ(send(a, "x", 0), 1);
	sys(close, b);
	CHECK_EQ(option(a, SOL_SOCKET, SO_ERROR), ECONNRESET);
	CHECK_EQ(sys(connect, a, &door, 16), -EISCONN);
}

TEST(never_accepted)
{
	int l = listener(5);
	char c;

	a = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(connect, a, &door, 16), 0);
	sys(close, l);
	CHECK_EQ(recv(a, &c, 1, 0), -ECONNRESET);
	l = listener(5);
	a = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(connect, a, &door, 16), 0);
	CHECK_EQ(sys(shutdown, l, SHUT_WR), 0); // nothing to a listener
	CHECK_EQ(sys(shutdown, l, SHUT_RD), 0);
	CHECK_EQ(recv(a, &c, 1, 0), -ECONNRESET);
	CHECK_EQ(sys(accept, l, 0, 0), -EINVAL);
	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &door, 16), -ECONNREFUSED);
	CHECK_EQ(sys(listen, l, 1), 0);
	door = name_of(l); // another port, for bind did not name one
	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &door, 16), 0);
}

TEST(half_closed)
{
	struct in in;
	int len = 16;
	char c;

	connection();
	CHECK_EQ(sys(shutdown, a, 3), -EINVAL);
	CHECK_EQ(sys(shutdown, a, SHUT_WR), 0);
	CHECK_EQ(send(a, "x", 0), -EPIPE);
	CHECK_EQ(recv(b, &c, 1, 0), 0);
	CHECK_EQ(events(b), POLLIN | POLLOUT | POLLRDHUP);
	CHECK_EQ(send(b, "answer", 0), 6);
	CHECK_GETS(a, "answer");
	CHECK_EQ(sys(shutdown, b, SHUT_WR), 0);
	CHECK_EQ(recv(a, &c, 1, 0), 0);
	CHECK_EQ(events(a), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	CHECK_EQ(sys(getpeername, a, &in, &len), -ENOTCONN); // it is over in both directions
	CHECK_EQ(sys(shutdown, a, SHUT_WR), -ENOTCONN);
	connection();
	CHECK_EQ(sys(shutdown, a, SHUT_RD), 0);
	CHECK_EQ(recv(a, &c, 1, 0), 0);
	CHECK_EQ(events(b), POLLOUT); // the other does not hear of it
	CHECK_EQ(send(b, "still", 0), 5);
	CHECK_GETS(a, "still");
	for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++)
		CHECK_EQ(sys(shutdown, open_socket(type), SHUT_WR), -ENOTCONN);
	a = open_socket(SOCK_STREAM);
	CHECK_EQ(send(a, "x", 0), -EPIPE);
	CHECK_EQ(recv(a, &c, 1, 0), -ENOTCONN);
}

TEST(a_connection_is_dissolved)
{
	struct in none = {0}, in;
	int len = 16, l = connection();
	char c;

	CHECK_EQ(send(b, "unread", 0), 6);
	CHECK_EQ(sys(connect, a, &none, 16), 0);
	CHECK_EQ(recv(b, &c, 1, 0), -ECONNRESET);
	CHECK_EQ(sys(getpeername, a, &in, &len), -ENOTCONN);
	CHECK_EQ(recv(a, &c, 1, 0), -ECONNRESET);
	CHECK_EQ(recv(a, &c, 1, 0), -ENOTCONN);
	CHECK_EQ(sys(connect, a, &door, 16), 0);
	sys(close, b); // of the old one: the new one lives
	b = (int)sys(accept, l, 0, 0);
	CHECK_EQ(send(b, "new", 0), 3);
	CHECK_GETS(a, "new");
}

TEST(wait_for_all_and_peek)
{
	static char big[300000];
	char buf[8] = {0};
	int n = 0, pid;

	connection();
	CHECK_EQ(send(a, "abc", 0), 3);
	CHECK_EQ(sys(sendto, a, "def", 3, 0, &door, 16), 3); // the address does not matter
	CHECK_EQ(sys(ioctl, b, FIONREAD, &n), 0);
	CHECK_EQ(n, 6);
	CHECK_EQ(recv(b, buf, 8, MSG_PEEK), 6);
	CHECK_EQ(recv(b, buf, 6, MSG_WAITALL), 6);
	CHECK(!strcmp(buf, "abcdef"));
	pid = t_fork();
	if (pid == 0) {
		CHECK_EQ(sys(write, a, big, sizeof big), sizeof big);
		t_exit(0);
	}
	CHECK_EQ(recv(b, big, sizeof big, MSG_WAITALL), sizeof big);
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(sys(fcntl, a, F_SETFL, O_NONBLOCK), 0);
	UNTIL(sys(write, a, big, sizeof big) == -EAGAIN && !events(a)); // what is on its way makes room once more
}

// ---- datagrams ----

TEST(datagrams)
{
	int one = bound(SOCK_DGRAM, HOME), two = open_socket(SOCK_DGRAM), len = 16, n;
	struct in in;
	char buf[8] = {0};

	CHECK_EQ(events(one), POLLOUT);
	CHECK_EQ(sys(sendto, two, "hello", 5, 0, &door, 16), 5);
	CHECK_EQ(sys(sendto, two, "", 0, 0, &door, 16), 0);
	CHECK_EQ(sys(sendto, two, "!", 1, 0, &door, 16), 1);
	CHECK_EQ(events(one), POLLIN | POLLOUT);
	CHECK_EQ(sys(ioctl, one, FIONREAD, &n), 0);
	CHECK_EQ(n, 5);
	CHECK_EQ(recv(one, buf, 2, MSG_PEEK | MSG_TRUNC), 5);
	CHECK_EQ(sys(recvfrom, one, buf, 4, 0, &in, &len), 4);
	CHECK(!strcmp(buf, "hell"));
	CHECK_EQ(len, 16);
	CHECK_AT(in, HOME, port_of((struct in[]){name_of(two)}));
	CHECK_AT(name_of(two), 0, port_of(&in));
	CHECK_EQ(recv(one, buf, 4, 0), 0);
	CHECK_EQ(recv(one, buf, 4, 0), 1);
	CHECK_EQ(recv(one, buf, 4, MSG_DONTWAIT), -EAGAIN);
	CHECK_EQ(sys(sendto, one, "back", 4, 0, &in, 16), 4);
	CHECK_EQ(recv(two, buf, 4, 0), 4);
	in = at(0, port_of(&door)); // here, too
	CHECK_EQ(sys(sendto, two, "any", 3, 0, &in, 16), 3);
	CHECK_EQ(recv(one, buf, 4, 0), 3);
	CHECK_EQ(sys(write, two, "x", 1), -EDESTADDRREQ);
	struct iovec v = {"x", 1};

	CHECK_EQ(sys(writev, two, &v, 1), -EDESTADDRREQ);
	in = at(HOME, 0);
	CHECK_EQ(sys(sendto, two, "x", 1, 0, &in, 16), -EINVAL);
	in = door;
	in.family = AF_INET6;
	CHECK_EQ(sys(sendto, two, "x", 1, 0, &in, 16), -EAFNOSUPPORT);
	in.family = AF_UNSPEC;
	CHECK_EQ(sys(sendto, two, "x", 1, 0, &in, 16), 1);
	CHECK_EQ(sys(sendto, two, "x", 1, 0, &door, 8), -EINVAL);
	CHECK_EQ(sys(sendto, two, nowhere, 1, 0, &door, 16), -EFAULT);
}

TEST(connected_datagrams)
{
	int one = bound(SOCK_DGRAM, HOME), two = open_socket(SOCK_DGRAM), three = open_socket(SOCK_DGRAM);
	struct in none = {0}, in, first = door;
	int len = 16;
	char c;

	CHECK_EQ(sys(connect, two, &door, 16), 0);
	in = name_of(two);
	CHECK_AT(in, HOME, port_of(&in));
	CHECK_AT(peer_of(two), HOME, port_of(&door));
	CHECK_EQ(sys(sendto, three, "x", 1, 0, &in, 16), 1); // not for whom it is connected to: lost
	CHECK_EQ(recv(two, &c, 1, MSG_DONTWAIT), -EAGAIN);
	CHECK_EQ(send(two, "x", 0), 1);
	CHECK_GETS(one, "x");
	CHECK_EQ(sys(sendto, one, "y", 1, 0, &in, 16), 1);
	CHECK_GETS(two, "y");
	int other = bound(SOCK_DGRAM, HOME + 9);

	CHECK_EQ(sys(sendto, two, "z", 1, 0, &door, 16), 1); // the address counts
	CHECK_GETS(other, "z");
	CHECK_EQ(sys(connect, two, &door, 16), 0); // another one
	CHECK_EQ(send(two, "w", 0), 1);
	CHECK_GETS(other, "w");
	CHECK_EQ(sys(connect, two, &none, 16), 0);
	CHECK_AT(name_of(two), 0, 0);
	CHECK_EQ(sys(getpeername, two, &in, &len), -ENOTCONN);
	CHECK_EQ(send(two, "x", 0), -EDESTADDRREQ);
	CHECK_EQ(sys(connect, one, &first, 16), 0);
	CHECK_EQ(sys(connect, one, &none, 16), 0); // what bind named stays
	CHECK_AT(name_of(one), HOME, 0);
	CHECK_EQ(sys(sendto, one, "x", 1, 0, &door, 16), 1);
	CHECK_AT(name_of(one), HOME, port_of((struct in[]){name_of(one)}));
	CHECK(name_of(one).port != 0);
}

// A datagram socket; door is one that was there beside it, and is not any more.
static int beside_a_closed_one(void)
{
	int one = bound(SOCK_DGRAM, HOME), two;
	struct in gone = door;

	two = bound(SOCK_DGRAM, HOME);
	door = gone;
	sys(close, one);
	return two;
}

TEST(nobody_is_there)
{
	int two = beside_a_closed_one();
	char c;

	CHECK_EQ(sys(sendto, two, "x", 1, 0, &door, 16), 1); // who is not connected never hears
	CHECK_EQ(recv(two, &c, 1, MSG_DONTWAIT), -EAGAIN);
	CHECK_EQ(sys(connect, two, &door, 16), 0);
	CHECK_EQ(send(two, "x", 0), 1);
	CHECK_EQ(events(two), POLLOUT | POLLERR);
	CHECK_EQ(recv(two, &c, 1, 0), -ECONNREFUSED);
	CHECK_EQ(events(two), POLLOUT);
	CHECK_EQ(send(two, "x", 0), 1);
	CHECK_EQ(send(two, "x", 0), -ECONNREFUSED);
	CHECK_EQ(send(two, "x", 0), 1);
	CHECK_EQ(option(two, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	CHECK_EQ(sys(shutdown, two, SHUT_WR), 0);
	CHECK_EQ(sys(write, two, "x", 1), -EPIPE); // and no signal
}

TEST(large_datagrams)
{
	static char big[65536];
	int one = bound(SOCK_DGRAM, HOME), two = open_socket(SOCK_DGRAM);

	CHECK_EQ(sys(connect, two, &door, 16), 0);
	CHECK_EQ(sys(write, two, big, 65508), -EMSGSIZE);
	CHECK_EQ(sys(write, two, big, 65507), 65507);
	CHECK_EQ(sys(read, one, big, sizeof big), 65507);
	for (int i = 0; i < 100; i++) // what finds no room is lost, and nobody waits
		CHECK_EQ(sys(write, two, big, 20000), 20000);
	int n = 0;

	while (sys(recvfrom, one, big, sizeof big, MSG_DONTWAIT, 0, 0) > 0)
		n++;
	CHECK(n > 0 && n < 100);
}

TEST(messages_with_headers)
{
	struct {
		size_t len;
		int level, type, fd, pad;
	} c = {20, SOL_SOCKET, 1, 0, 0};
	int one = bound(SOCK_DGRAM, HOME), two = open_socket(SOCK_DGRAM);
	struct iovec v[2] = {{"ab", 2}, {"cd", 2}};
	struct msghdr h = {.name = &door, .namelen = 16, .iov = v, .iovlen = 2, .control = &c, .controllen = sizeof c};
	struct in from;
	char buf[3];

	CHECK_EQ(sys(sendmsg, two, &h, 0), 4); // a descriptor does not travel, and nobody says so
	v[0] = (struct iovec){buf, 3};
	h = (struct msghdr){.name = &from, .namelen = 16, .iov = v, .iovlen = 1, .control = &c, .controllen = sizeof c};
	CHECK_EQ(sys(recvmsg, one, &h, 0), 3);
	CHECK_EQ(h.flags, MSG_TRUNC);
	CHECK_EQ(h.controllen, 0);
	CHECK_EQ(h.namelen, 16);
	CHECK_AT(from, HOME, port_of((struct in[]){name_of(two)}));
	c.len = 20;
	c.type = 99;
	h = (struct msghdr){.name = &door, .namelen = 16, .iov = v, .iovlen = 1, .control = &c, .controllen = sizeof c};
	CHECK_EQ(sys(sendmsg, two, &h, 0), -EINVAL);
	c.len = 4;
	CHECK_EQ(sys(sendmsg, two, &h, 0), -EINVAL);
	connection();
	c.len = 20;
	c.type = 1;
	CHECK_EQ(sys(sendmsg, a, &h, 0), 3);
	h = (struct msghdr){.name = &from, .namelen = 16, .iov = v, .iovlen = 1};
	CHECK_EQ(sys(recvmsg, b, &h, 0), 3);
	CHECK_EQ(h.namelen, 0); // a connection's end is known
}

// ---- options ----

TEST(options)
{
	static const int on_off[] = {SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE, SO_BROADCAST};
	long tv[2] = {0, 30000};
	int v = 1, len, l;
	char c;

	for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
		a = open_socket(type);
		CHECK_EQ(option(a, SOL_SOCKET, SO_TYPE), type);
		CHECK_EQ(option(a, SOL_SOCKET, SO_DOMAIN), AF_INET);
		CHECK_EQ(option(a, SOL_SOCKET, SO_PROTOCOL), type == SOCK_STREAM ? TCP : UDP);
		CHECK_EQ(option(a, SOL_SOCKET, SO_ERROR), 0);
		for (int i = 0; i < 4; i++) {
			CHECK_EQ(option(a, SOL_SOCKET, on_off[i]), 0);
			set_option(a, SOL_SOCKET, on_off[i], 5);
			CHECK_EQ(option(a, SOL_SOCKET, on_off[i]), 1);
		}
		set_option(a, SOL_SOCKET, SO_SNDBUF, 20000);
		set_option(a, SOL_SOCKET, SO_RCVBUF, 30000);
		CHECK_EQ(option(a, SOL_SOCKET, SO_SNDBUF), 40000);
		CHECK_EQ(option(a, SOL_SOCKET, SO_RCVBUF), 60000);
		CHECK_EQ(option(a, 0, IP_TOS), 0);
		CHECK_EQ(option(a, 0, IP_TTL), 64);
		set_option(a, 0, IP_TOS, 0x13);
		CHECK_EQ(option(a, 0, IP_TOS), type == SOCK_STREAM ? 0x10 : 0x13);
		set_option(a, 0, IP_TTL, 9);
		CHECK_EQ(option(a, 0, IP_TTL), 9);
		set_option(a, 0, IP_TTL, -1);
		CHECK_EQ(option(a, 0, IP_TTL), 64);
		v = 256;
		CHECK_EQ(sys(setsockopt, a, 0, IP_TTL, &v, 4), -EINVAL);
		CHECK_EQ(sys(setsockopt, a, 0, IP_TTL, &v, 0), -EINVAL);
		CHECK_EQ(sys(setsockopt, a, 0, IP_TTL, nowhere, 4), -EFAULT);
		c = 8;
		CHECK_EQ(sys(setsockopt, a, 0, IP_TTL, &c, 1), 0);
		len = 1;
		CHECK_EQ(sys(getsockopt, a, 0, IP_TTL, &c, &len), 0);
		CHECK(c == 8 && len == 1);
		CHECK_EQ(sys(setsockopt, a, 0, 999, &v, 4), -ENOPROTOOPT);
		CHECK_EQ(sys(getsockopt, a, 0, 999, &v, &len), -ENOPROTOOPT);
		CHECK_EQ(sys(setsockopt, a, 77, 1, &v, 4), -ENOPROTOOPT);
		len = -1;
		CHECK_EQ(sys(getsockopt, a, 0, IP_TTL, &v, &len), -EINVAL);
		CHECK_EQ(sys(getsockopt, a, 0, IP_TTL, &v, nowhere), -EFAULT);
		CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_RCVTIMEO_OLD, tv, 16), 0);
		if (type == SOCK_DGRAM)
			CHECK_EQ(recv(a, &c, 1, 0), -EAGAIN);
	}
	CHECK_EQ(sys(setsockopt, a, TCP, TCP_NODELAY, &v, 4), -ENOPROTOOPT); // UDP has none
	l = listener(1);
	CHECK_EQ(option(l, SOL_SOCKET, SO_ACCEPTCONN), 1);
	set_option(l, TCP, TCP_NODELAY, 3);
	set_option(l, 0, IP_TTL, 7);
	CHECK_EQ(sys(setsockopt, l, TCP, TCP_NODELAY, &v, 3), -EINVAL);
	a = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(connect, a, &door, 16), 0);
	CHECK_EQ(option(a, TCP, TCP_NODELAY), 0);
	b = (int)sys(accept, l, 0, 0);
	CHECK_EQ(option(b, TCP, TCP_NODELAY), 1); // of the listener
	CHECK_EQ(option(b, 0, IP_TTL), 7);
	CHECK_EQ(option(b, SOL_SOCKET, SO_ACCEPTCONN), 0);
}

TEST(linger)
{
	int l[3] = {5, 5}, len = sizeof l;

	for (int family = AF_UNIX; family <= AF_INET; family++) {
		a = (int)sys(socket, family, SOCK_STREAM, 0);
		len = 12;
		CHECK_EQ(sys(getsockopt, a, SOL_SOCKET, SO_LINGER, l, &len), 0);
		CHECK(!l[0] && !l[1] && len == 8);
		l[0] = 7;
		l[1] = 9;
		CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_LINGER, l, 8), 0);
		CHECK_EQ(sys(getsockopt, a, SOL_SOCKET, SO_LINGER, l, &len), 0);
		CHECK(l[0] == 1 && l[1] == 9);
		l[0] = 0;
		l[1] = 3;
		CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_LINGER, l, 12), 0);
		CHECK_EQ(sys(getsockopt, a, SOL_SOCKET, SO_LINGER, l, &len), 0);
		CHECK(l[0] == 0 && l[1] == 9); // off: the time stays
		CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_LINGER, l, 7), -EINVAL);
		CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_LINGER, l, 3), -EINVAL);
		CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_LINGER, nowhere, 8), -EFAULT);
		CHECK_EQ(sys(getsockopt, a, SOL_SOCKET, SO_LINGER, nowhere, &len), -EFAULT);
		len = 5;
		CHECK_EQ(sys(getsockopt, a, SOL_SOCKET, SO_LINGER, l, &len), 0);
		CHECK_EQ(len, 5);
	}
}

static void lingering(int seconds)
{
	int l[2] = {1, seconds};

	CHECK_EQ(sys(setsockopt, a, SOL_SOCKET, SO_LINGER, l, 8), 0);
}

TEST(no_time_to_linger)
{
	char c[4];
	int len = 16, l;
	struct in in;

	connection();
	lingering(0);
	CHECK_EQ(send(a, "abc", 0), 3);
	CHECK_EQ(sys(close, a), 0);
	UNTIL(events(b) & POLLERR);
	CHECK_EQ(events(b), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	CHECK_EQ(recv(b, c, 4, 0), 3);
	CHECK_EQ(recv(b, c, 4, 0), -ECONNRESET);
	CHECK_EQ(recv(b, c, 4, 0), 0);
	CHECK_EQ(send(b, "x", 0), -EPIPE);
	CHECK_EQ(sys(getpeername, b, &in, &len), -ENOTCONN);
	// Its end was told already.
	connection();
	lingering(0);
	CHECK_EQ(sys(shutdown, a, SHUT_WR), 0);
	sys(close, a);
	UNTIL(events(b) & POLLERR);
	CHECK_EQ(recv(b, c, 4, 0), 0);
	CHECK_EQ(send(b, "x", 0), -EPIPE);
	// Before it was accepted, after which it shows.
	l = listener(5);
	a = open_socket(SOCK_STREAM);
	CHECK_EQ(sys(connect, a, &door, 16), 0);
	lingering(0);
	sys(close, a);
	b = (int)sys(accept, l, 0, 0);
	CHECK_GE(b, 0);
	UNTIL(events(b) & POLLERR);
	CHECK_EQ(option(b, SOL_SOCKET, SO_ERROR), ECONNRESET);
	// Some time: what was sent arrives, and the end as ever.
	connection();
	lingering(2);
	CHECK_EQ(send(a, "abc", 0), 3);
	sys(close, a);
	CHECK_EQ(recv(b, c, 4, 0), 3);
	CHECK_EQ(recv(b, c, 4, 0), 0);
}

TEST(how_patient)
{
	static const struct {
		int name, first, max;
	} o[] = {{TCP_KEEPIDLE, 7200, 32767}, {TCP_KEEPINTVL, 75, 32767}, {TCP_KEEPCNT, 9, 127}, {TCP_SYNCNT, 6, 127}};
	int v = 0, len = 2, dgram = open_socket(SOCK_DGRAM);

	connection();
	for (int i = 0; i < 4; i++) {
		if (t_own_machine)
			CHECK_EQ(option(a, TCP, o[i].name), o[i].first); // elsewhere administrators choose
		set_option(a, TCP, o[i].name, o[i].max);
		CHECK_EQ(option(a, TCP, o[i].name), o[i].max);
		set_option(a, TCP, o[i].name, 1);
		for (int bad = -1; bad < 2; bad++) {
			v = bad > 0 ? o[i].max + 1 : bad;
			CHECK_EQ(sys(setsockopt, a, TCP, o[i].name, &v, 4), -EINVAL);
		}
		CHECK_EQ(option(a, TCP, o[i].name), 1);
		CHECK_EQ(sys(setsockopt, a, TCP, o[i].name, &v, 3), -EINVAL);
		CHECK_EQ(sys(setsockopt, a, TCP, o[i].name, nowhere, 4), -EFAULT);
		CHECK_EQ(sys(setsockopt, dgram, TCP, o[i].name, &v, 4), -ENOPROTOOPT);
		CHECK_EQ(sys(getsockopt, dgram, TCP, o[i].name, &v, &len), -EOPNOTSUPP);
		v = 0;
		CHECK_EQ(sys(getsockopt, a, TCP, o[i].name, &v, &len), 0);
		CHECK(v == 1 && len == 2);
	}
	CHECK_EQ(option(a, TCP, TCP_USER_TIMEOUT), 0);
	set_option(a, TCP, TCP_USER_TIMEOUT, 0x7fffffff);
	v = -1;
	CHECK_EQ(sys(setsockopt, a, TCP, TCP_USER_TIMEOUT, &v, 4), -EINVAL);
	CHECK_EQ(sys(setsockopt, a, TCP, TCP_USER_TIMEOUT, &v, 3), -EINVAL);
	CHECK_EQ(sys(setsockopt, a, TCP, TCP_USER_TIMEOUT, nowhere, 4), -EFAULT);
	CHECK_EQ(sys(setsockopt, dgram, TCP, TCP_USER_TIMEOUT, &v, 4), -ENOPROTOOPT);
	CHECK_EQ(option(a, TCP, TCP_USER_TIMEOUT), 0x7fffffff);
	set_option(a, SOL_SOCKET, SO_KEEPALIVE, 1);
	CHECK_EQ(send(a, "x", 0), 1);
}

TEST(broadcasts_must_be_meant)
{
	struct in in = at(0x7fffffff, 9);

	a = open_socket(SOCK_DGRAM);
	CHECK_EQ(sys(sendto, a, "x", 1, 0, &in, 16), -EACCES);
	CHECK_EQ(sys(connect, a, &in, 16), -EACCES);
	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &in, 16), -ENETUNREACH);
	b = bound(SOCK_DGRAM, 0);
	set_option(a, SOL_SOCKET, SO_BROADCAST, 1);
	in = at(0x7fffffff, port_of(&door));
	CHECK_EQ(sys(sendto, a, "x", 1, 0, &in, 16), 1);
	UNTIL(events(b) & POLLIN);
	CHECK_GETS(b, "x");
	CHECK_EQ(sys(connect, a, &in, 16), 0);
}

TEST(the_interface)
{
	struct {
		char name[16];
		short flags;
		char unused[22];
	} r = {"none", IFF_UP, {0}};
	int fd = open_socket(SOCK_DGRAM);

	CHECK_EQ(sys(ioctl, fd, SIOCSIFFLAGS, nowhere), -EFAULT);
	CHECK_EQ(sys(ioctl, fd, SIOCSIFFLAGS, &r), -ENODEV);
	drop_capabilities();
	CHECK_EQ(sys(ioctl, fd, SIOCSIFFLAGS, &r), -EPERM);
}

// ---- many, and bad ones ----

TEST(tasks_that_wait)
{
	static char big[65536];
	struct epoll_event ev = {EPOLLIN, 7};
	int ep = (int)sys(epoll_create1, 0), l, pid;
	char c;

	for (int call = 0; call < 4; call++) {
		l = connection();
		CHECK_EQ(sys(epoll_ctl, ep, EPOLL_CTL_ADD, a, &ev), 0);
		pid = t_fork();
		if (pid == 0) {
			if (call == 0)
				CHECK_EQ(sys(read, a, &c, 1), 1);
			else if (call == 1)
				CHECK_EQ(sys(epoll_wait, ep, &ev, 1, -1), 1);
			else if (call == 2)
				CHECK_EQ(sys(accept, l, 0, 0), -EINVAL);
			else
				for (;;)
					sys(write, a, big, sizeof big);
			t_exit(0);
		}
		UNTIL(t_state(pid) == 'S');
		if (call < 2)
			CHECK_EQ(send(b, "x", 0), 1);
		else if (call == 2)
			CHECK_EQ(sys(shutdown, l, SHUT_RDWR), 0);
		else
			sys(kill, pid, SIGKILL);
		CHECK_EQ(t_wait(pid), call == 3 ? SIGNALLED(SIGKILL) : 0);
		sys(close, a);
		sys(close, b);
		sys(close, l);
	}
}

TEST(a_listener_that_connects_accepts_nobody)
{
	static const struct in none;
	struct in full;
	int pid, l;

	listener(0);
	full = door;
	CHECK_EQ(sys(connect, open_socket(SOCK_STREAM), &full, 16), 0);
	a = open_socket(SOCK_STREAM | SOCK_NONBLOCK);
	CHECK_EQ(sys(connect, a, &full, 16), -EINPROGRESS);
	for (int i = 0; i < 20; i++) {
		l = listener(5);
		pid = t_fork();
		if (pid == 0) {
			CHECK_EQ(sys(accept, l, 0, 0), -EINVAL);
			t_exit(0);
		}
		UNTIL(t_state(pid) == 'S');
		CHECK_EQ(sys(fcntl, l, F_SETFL, O_NONBLOCK), 0);
		CHECK_EQ(sys(connect, l, &none, 16), 0);
		CHECK_EQ(sys(connect, l, &full, 16), -EINPROGRESS);
		CHECK_EQ(t_wait(pid), 0);
		sys(close, l);
	}
}

TEST(many_clients)
{
	enum { CLIENTS = 8, EACH = 30 };
	int l = listener(100);
	char c;

	for (int i = 0; i < CLIENTS; i++)
		if (t_fork() == 0) {
			for (int n = 0; n < EACH; n++) {
				int s = open_socket(SOCK_STREAM);

				CHECK_EQ(sys(connect, s, &door, 16), 0);
				CHECK_EQ(sys(write, s, "q", 1), 1);
				CHECK_EQ(sys(read, s, &c, 1), 1);
				sys(close, s);
			}
			t_exit(0);
		}
	for (int served = 0; served < CLIENTS * EACH; served++) {
		int s = (int)sys(accept, l, 0, 0);

		CHECK_EQ(sys(read, s, &c, 1), 1);
		CHECK_EQ(sys(write, s, &c, 1), 1);
		sys(close, s);
	}
	for (int i = 0; i < CLIENTS; i++)
		CHECK_EQ(t_wait(-1), 0);
}

static unsigned dice(unsigned *seed, unsigned sides)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % sides;
}

static void any_call(int *fds, int n, unsigned *seed)
{
	struct in in = door;
	static char buf[4096];
	struct in none = {0};
	unsigned call = dice(seed, 14), size = dice(seed, sizeof buf), coin = dice(seed, 2);
	int fd = fds[dice(seed, (unsigned)n)], flags = MSG_DONTWAIT | MSG_NOSIGNAL;

	if (call == 0)
		sys(connect, fd, &none, 16);
	else if (call < 3)
		sys(connect, fd, &in, 16);
	else if (call == 3)
		sys(listen, fd, dice(seed, 3));
	else if (call == 4)
		sys(close, sys(accept, fd, 0, 0));
	else if (call == 5)
		sys(shutdown, fd, dice(seed, 3));
	else if (call < 9)
		sys(sendto, fd, buf, size, flags, coin ? &in : 0, 16);
	else if (call < 12)
		sys(recvfrom, fd, buf, size, flags | (coin ? MSG_PEEK : 0), 0, 0);
	else if (call == 12)
		events(fd);
	else
		sys(bind, fd, &in, 16);
}

// Processes that have the same sockets and do anything at all with them: only what is left afterwards is of interest.
TEST(sockets_in_many_hands)
{
	enum { SOCKETS = 6, HANDS = 4, CALLS = 1500 };
	int fds[SOCKETS];

	for (int i = 0; i < SOCKETS; i++) {
		fds[i] = open_socket((i % 3 ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK);
		set_option(fds[i], SOL_SOCKET, SO_REUSEADDR, 1);
	}
	door = at(HOME, 0);
	CHECK_EQ(sys(bind, fds[1], &door, 16), 0);
	door = name_of(fds[1]);
	CHECK_EQ(sys(bind, open_socket(SOCK_DGRAM), &door, 16), 0);
	CHECK_EQ(sys(listen, fds[1], 2), 0);
	for (int i = 0; i < HANDS; i++)
		if (t_fork() == 0) {
			unsigned seed = (unsigned)i + 1;

			for (int n = 0; n < CALLS; n++)
				any_call(fds, SOCKETS, &seed);
			t_exit(0);
		}
	for (int i = 0; i < HANDS; i++)
		CHECK_EQ(t_wait(-1), 0);
}

TEST(connections_nobody_takes)
{
	int l = listener(4096);

	// Each has its end in the listener's queue, and some have gone before they were accepted.
	for (int n = 0; n < 700; n++) {
		int s = (int)sys(socket, AF_INET, SOCK_STREAM, 0);

		CHECK_EQ(sys(connect, s, &door, 16), 0);
		if (n >= 500 || n % 3 == 0)
			sys(close, s);
	}
	b = (int)sys(accept, l, 0, 0);
	char c;

	CHECK_EQ(recv(b, &c, 1, 0), 0);
	sys(close, l);
}

// An error is told to one only, and to who looked for it at the same time there is nothing.
TEST(no_datagram_comes_from_an_error_that_another_took)
{
	int two = beside_a_closed_one(), pids[2];
	long err = 0;
	char c;

	CHECK_EQ(sys(connect, two, &door, 16), 0);
	for (int i = 0; i < 2; i++) {
		pids[i] = t_fork();
		while (pids[i] == 0)
			if (i)
				option(two, SOL_SOCKET, SO_ERROR);
			else
				send(two, "x", 0);
	}
	for (long end = t_now_ms() + 500; t_now_ms() < end;) {
		for (int i = 0; i < 100; i++) {
			err = recv(two, &c, 1, MSG_DONTWAIT);
			CHECK(err == -ECONNREFUSED || err == -EAGAIN);
		}
	}
	for (int i = 0; i < 2; i++) {
		sys(kill, pids[i], SIGKILL);
		sys(wait4, pids[i], 0, 0, 0);
	}
}

TEST(wild_pointers)
{
	int l = connection(), len = 16, one = bound(SOCK_DGRAM, HOME);
	struct in in;
	char c;

	CHECK_EQ(sys(getsockname, l, nowhere, &len), -EFAULT);
	CHECK_EQ(sys(getsockname, l, &in, nowhere), -EFAULT);
	CHECK_EQ(sys(getpeername, a, nowhere, &len), -EFAULT);
	len = -1;
	CHECK_EQ(sys(getpeername, a, &in, &len), -EINVAL);
	len = 3;
	memset(&in, 0x55, sizeof in);
	CHECK_EQ(sys(getsockname, l, &in, &len), 0);
	CHECK_EQ(len, 16);
	CHECK_EQ(in.addr, 0x55555555); // as much as there was room for
	CHECK_EQ(sys(write, a, nowhere, 10), -EFAULT);
	CHECK_EQ(send(a, "x", 0), 1);
	CHECK_EQ(recv(b, nowhere, 1, 0), -EFAULT);
	CHECK_GETS(b, "x"); // it was not lost
	CHECK_EQ(sys(sendto, one, "y", 1, 0, &door, 16), 1); // to oneself
	len = 16;
	CHECK_EQ(sys(recvfrom, one, &c, 1, 0, nowhere, &len), -EFAULT);
	CHECK_EQ(sys(sendto, one, &c, 1, 0, nowhere, 16), -EFAULT);
	CHECK_EQ(sys(sendmsg, one, nowhere, 0), -EFAULT);
	CHECK_EQ(sys(recvmsg, one, nowhere, 0), -EFAULT);
	CHECK_EQ(sys(ioctl, b, FIONREAD, nowhere), -EFAULT);
	CHECK_EQ(sys(connect, one, &door, 0), -EINVAL);
	CHECK_EQ(sys(connect, one, &door, 15), -EINVAL);
}
