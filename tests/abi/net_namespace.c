// SPDX-License-Identifier: GPL-2.0-only
//
// Network namespaces: whose ports and abstract names are whose, the loopback interface of each, and how they are
// made, entered and asked for.
#include "namespace.h"
#include "pid_namespace.h"

#include <asm/socket.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/stat.h>

// What no header of the kernel's own gives to user programs without much else.
enum { AF_UNIX = 1, AF_INET };
enum { SOCK_STREAM = 1, SOCK_DGRAM };
enum { MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000 };
enum {
	SIOCGIFNAME = 0x8910,
	SIOCGIFCONF = 0x8912,
	SIOCGIFFLAGS,
	SIOCSIFFLAGS,
	SIOCGIFADDR,
	SIOCGIFDSTADDR = 0x8917,
	SIOCGIFBRDADDR = 0x8919,
	SIOCGIFNETMASK = 0x891b,
	SIOCGIFMETRIC = 0x891d,
	SIOCGIFMTU = 0x8921,
	SIOCGIFHWADDR = 0x8927,
	SIOCGIFINDEX = 0x8933,
	SIOCGIFTXQLEN = 0x8942,
	SIOCGSKNS = 0x894c,
	SIOCGIFMAP = 0x8970,
};
enum { IFF_UP = 1, IFF_LOOPBACK = 8, IFF_NOARP = 0x80, IFF_RUNNING = 0x40 };
#define HOME 0x7f000001u

struct in {
	unsigned short family, port; // the port and the address as they travel
	unsigned addr;
	char zero[8];
};
struct un {
	unsigned short family;
	char path[108];
};
struct ifreq {
	char name[16];
	union {
		short flags;
		int nr;
		struct in in;
		char all[24];
	};
};
struct ifconf {
	int len;
	void *buf;
};

static void *const nowhere = (void *)8;

static struct in at(unsigned addr, unsigned port)
{
	return (struct in){AF_INET, __builtin_bswap16((unsigned short)port), __builtin_bswap32(addr), {0}};
}

static int open_socket(int family, int type)
{
	int fd = (int)sys(socket, family, type, 0);

	CHECK_GE(fd, 0);
	return fd;
}

static long on_lo(int family, unsigned cmd, struct ifreq *r)
{
	int fd = open_socket(family, SOCK_DGRAM);
	long ret;

	memcpy(r->name, "lo", 3);
	ret = sys(ioctl, fd, cmd, r);
	sys(close, fd);
	return ret;
}

static void set_flags(int flags)
{
	struct ifreq r = {.flags = (short)flags};

	CHECK_EQ(on_lo(AF_INET, SIOCSIFFLAGS, &r), 0);
}

static unsigned flags(void)
{
	struct ifreq r = {0};

	CHECK_EQ(on_lo(AF_INET, SIOCGIFFLAGS, &r), 0);
	return (unsigned short)r.flags;
}

// Current is alone on a new net, the interface of which is up, or is not.
static void new_net(bool up)
{
	CHECK_EQ(sys(unshare, CLONE_NEWNET), 0);
	if (up)
		set_flags(IFF_UP);
}

static long try_bind(int type, unsigned addr, unsigned port)
{
	struct in in = at(addr, port);
	int fd = open_socket(AF_INET, type);
	long ret = sys(bind, fd, &in, sizeof in);

	sys(close, fd);
	return ret;
}

static long try_connect(int type, unsigned addr, unsigned port)
{
	struct in in = at(addr, port);
	int fd = open_socket(AF_INET, type);
	long ret = sys(connect, fd, &in, sizeof in);

	sys(close, fd);
	return ret;
}

static int bound(int type, unsigned addr, unsigned port)
{
	struct in in = at(addr, port);
	int fd = open_socket(AF_INET, type);

	CHECK_EQ(sys(bind, fd, &in, sizeof in), 0);
	return fd;
}

static int listener(unsigned addr, unsigned port)
{
	int fd = bound(SOCK_STREAM, addr, port);

	CHECK_EQ(sys(listen, fd, 5), 0);
	return fd;
}

static unsigned port_of(int fd)
{
	struct in in;
	int len = sizeof in;

	CHECK_EQ(sys(getsockname, fd, &in, &len), 0);
	return __builtin_bswap16(in.port);
}

static long send_to(int fd, unsigned addr, unsigned port)
{
	struct in in = at(addr, port);

	return sys(sendto, fd, "x", 1, MSG_NOSIGNAL, &in, sizeof in);
}

static long receive(int fd)
{
	char c[4];

	return sys(recvfrom, fd, c, sizeof c, MSG_DONTWAIT, 0, 0);
}

// An abstract name, and the length of its address.
#define ABSTRACT "\0net_namespace"
static struct un name_of(const char *name, size_t n)
{
	struct un un = {AF_UNIX, {0}};

	memcpy(un.path, name, n);
	return un;
}
#define NAMED(call, fd, name)                                                                      \
	({                                                                                         \
		struct un un_ = name_of(name, sizeof(name));                                       \
		sys(call, fd, &un_, 2 + sizeof(name));                                             \
	})

// The inode number of the namespace that a socket is in.
static unsigned long net_of(int fd)
{
	int ns = (int)sys(ioctl, fd, SIOCGSKNS, 0);
	struct stat st;

	CHECK_GE(ns, 0);
	CHECK_EQ(sys(fstat, ns, &st), 0);
	CHECK_EQ(sys(fcntl, ns, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(ioctl, ns, NS_GET_NSTYPE, 0), CLONE_NEWNET);
	sys(close, ns);
	return st.st_ino;
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct caps[2] = {0};

	CHECK_EQ(sys(capset, &head, caps), 0);
}

// ---- ports and names ----

TEST(ports_are_of_a_namespace)
{
	ns_prepare(CLONE_NEWNET);
	CHECK_EQ(IN_CHILD({
		new_net(true);
		int fd = listener(0, 5000);

		bound(SOCK_DGRAM, HOME, 5000);
		CHECK_EQ(port_of(fd), 5000);
		CHECK_EQ(try_bind(SOCK_STREAM, HOME, 5000), -EADDRINUSE);
		CHECK_EQ(try_bind(SOCK_DGRAM, 0, 5000), -EADDRINUSE);
		CHECK_EQ(try_connect(SOCK_STREAM, HOME, 5000), 0);
		CHECK_EQ(IN_CHILD({
			new_net(true);
			CHECK_EQ(try_connect(SOCK_STREAM, HOME, 5000), -ECONNREFUSED);
			CHECK_EQ(try_bind(SOCK_STREAM, HOME, 5000), 0);
			CHECK_EQ(try_bind(SOCK_DGRAM, 0, 5000), 0);
			// What was made outside, still is there.
			CHECK_GE(sys(accept4, fd, 0, 0, O_NONBLOCK), 0);
		}), 0);
	}), 0);
}

TEST(datagrams_stay_inside)
{
	ns_prepare(CLONE_NEWNET);
	CHECK_EQ(IN_CHILD({
		new_net(true);
		int fd = bound(SOCK_DGRAM, HOME, 5000);

		CHECK_EQ(IN_CHILD({
			new_net(true);
			int other = bound(SOCK_DGRAM, HOME, 5000);

			CHECK_EQ(send_to(open_socket(AF_INET, SOCK_DGRAM), HOME, 5000), 1);
			CHECK_EQ(receive(fd), -EAGAIN);
			CHECK_EQ(receive(other), 1);
			CHECK_EQ(send_to(fd, HOME, 5000), 1); // to itself, where it is
			CHECK_EQ(receive(other), -EAGAIN);
			CHECK_EQ(receive(fd), 1);
		}), 0);
	}), 0);
}

TEST(every_port_again)
{
	ns_prepare(CLONE_NEWNET);
	CHECK_EQ(IN_CHILD({
		for (int i = 0; i < 8; i++) {
			new_net(true);
			int fd = listener(HOME, 0), to = open_socket(AF_INET, SOCK_STREAM);
			struct in in = at(HOME, port_of(fd));

			CHECK_EQ(sys(connect, to, &in, sizeof in), 0);
			for (int port = 2000; port < 2032; port++) // none that is given to who does not name one
				listener(HOME, (unsigned)port);
		}
	}), 0);
}

TEST(abstract_names_are_of_a_namespace)
{
	ns_prepare(CLONE_NEWNET);
	for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
		int fd = open_socket(AF_UNIX, type);

		CHECK_EQ(NAMED(bind, fd, ABSTRACT), 0);
		if (type == SOCK_STREAM)
			CHECK_EQ(sys(listen, fd, 5), 0);
		CHECK_EQ(IN_CHILD({
			int out = open_socket(AF_UNIX, type);

			CHECK_EQ(NAMED(bind, out, ABSTRACT), -EADDRINUSE);
			new_net(false);
			int in = open_socket(AF_UNIX, type);

			CHECK_EQ(NAMED(connect, in, ABSTRACT), -ECONNREFUSED);
			CHECK_EQ(NAMED(bind, out, ABSTRACT), -EADDRINUSE); // made outside
			CHECK_EQ(NAMED(connect, out, ABSTRACT), 0);
			CHECK_EQ(sys(write, out, "x", 1), 1);
			CHECK_EQ(NAMED(bind, in, ABSTRACT), 0);
			if (type == SOCK_STREAM)
				CHECK_EQ(sys(listen, in, 5), 0);
			int to = open_socket(AF_UNIX, type);

			CHECK_EQ(NAMED(connect, to, ABSTRACT), 0);
			CHECK_EQ(sys(write, to, "xy", 2), 2);
			if (type == SOCK_STREAM)
				in = (int)sys(accept, in, 0, 0);
			CHECK_EQ(receive(in), 2);
		}), 0);
		if (type == SOCK_STREAM)
			fd = (int)sys(accept, fd, 0, 0);
		CHECK_EQ(receive(fd), 1);
		sys(close, fd);
	}
}

TEST(paths_are_everybodys)
{
	ns_prepare(CLONE_NEWNET);
	int l = open_socket(AF_UNIX, SOCK_STREAM), d = open_socket(AF_UNIX, SOCK_DGRAM);
	unsigned long outside = ns_ino(t_getpid(), "net");

	sys(unlink, "stream");
	sys(unlink, "dgram");
	CHECK_EQ(NAMED(bind, l, "stream"), 0);
	CHECK_EQ(NAMED(bind, d, "dgram"), 0);
	CHECK_EQ(sys(listen, l, 5), 0);
	CHECK_EQ(IN_CHILD({
		new_net(false);
		int fd = open_socket(AF_UNIX, SOCK_STREAM);

		CHECK_EQ(NAMED(bind, open_socket(AF_UNIX, SOCK_STREAM), "stream"), -EADDRINUSE);
		CHECK_EQ(NAMED(connect, fd, "stream"), 0);
		CHECK_EQ(sys(write, fd, "x", 1), 1);
		int served = (int)sys(accept, l, 0, 0);

		CHECK_EQ(receive(served), 1);
		CHECK_EQ(net_of(l), outside);
		CHECK_EQ(net_of(fd), ns_ino(t_getpid(), "net"));
		CHECK_EQ(net_of(served), net_of(fd)); // of who connected
		fd = open_socket(AF_UNIX, SOCK_DGRAM);
		CHECK_EQ(NAMED(connect, fd, "dgram"), 0);
		CHECK_EQ(sys(write, fd, "x", 1), 1);
		CHECK_EQ(receive(d), 1);
	}), 0);
	CHECK_EQ(sys(unlink, "stream"), 0);
	CHECK_EQ(sys(unlink, "dgram"), 0);
}

// ---- the interface ----

TEST(a_new_one_is_down)
{
	ns_prepare(CLONE_NEWNET);
	CHECK_EQ(IN_CHILD({
		new_net(false);
		CHECK_EQ(flags(), IFF_LOOPBACK);
		CHECK_EQ(try_bind(SOCK_STREAM, HOME, 5000), 0);
		CHECK_EQ(try_bind(SOCK_DGRAM, HOME, 5000), 0);
		int l = listener(0, 5000), fd;

		CHECK_EQ(try_connect(SOCK_STREAM, HOME, 5000), -ENETUNREACH);
		CHECK_EQ(try_connect(SOCK_STREAM, 0, 5000), -ENETUNREACH);
		CHECK_EQ(try_connect(SOCK_DGRAM, HOME, 5000), -ENETUNREACH);
		CHECK_EQ(try_connect(SOCK_DGRAM, 0, 5000), -ENETUNREACH);
		fd = open_socket(AF_INET, SOCK_STREAM);
		CHECK_EQ(sys(fcntl, fd, F_SETFL, O_NONBLOCK), 0);
		struct in in = at(HOME, 5000);

		CHECK_EQ(sys(connect, fd, &in, sizeof in), -ENETUNREACH);
		CHECK_EQ(port_of(fd), 0);
		fd = bound(SOCK_DGRAM, 0, 5001);
		CHECK_EQ(send_to(fd, HOME, 5001), -ENETUNREACH);
		CHECK_EQ(send_to(fd, 0, 5001), 1); // and lost
		CHECK_EQ(receive(fd), -EAGAIN);
		set_flags(IFF_UP);
		CHECK_EQ(sys(connect, open_socket(AF_INET, SOCK_STREAM), &in, sizeof in), 0);
		CHECK_GE(sys(accept, l, 0, 0), 0);
		CHECK_EQ(receive(fd), -EAGAIN);
		CHECK_EQ(send_to(fd, HOME, 5001), 1);
		CHECK_EQ(receive(fd), 1);
		CHECK_EQ(try_bind(SOCK_STREAM, 0x0a000001, 5002), -EADDRNOTAVAIL);
	}), 0);
}

TEST(up_and_down)
{
	ns_prepare(CLONE_NEWNET);
	CHECK_EQ(IN_CHILD({
		new_net(true);
		CHECK_EQ(flags(), IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
		int fd = bound(SOCK_DGRAM, HOME, 5001), to = open_socket(AF_INET, SOCK_DGRAM);
		struct in in = at(HOME, 5001);

		CHECK_EQ(sys(connect, to, &in, sizeof in), 0);
		CHECK_EQ(sys(write, to, "x", 1), 1);
		set_flags(0);
		CHECK_EQ(flags(), IFF_LOOPBACK);
		// The address stays, and what is sent is lost.
		CHECK_EQ(try_bind(SOCK_STREAM, HOME, 5000), 0);
		CHECK_EQ(sys(write, to, "x", 1), 1);
		CHECK_EQ(send_to(to, HOME, 5001), 1);
		CHECK_EQ(send_to(to, HOME, 5002), 1);
		CHECK_EQ(try_connect(SOCK_DGRAM, HOME, 5001), 0);
		CHECK_EQ(receive(fd), 1);
		CHECK_EQ(receive(fd), -EAGAIN);
		set_flags(IFF_UP);
		CHECK_EQ(sys(write, to, "xy", 2), 2);
		CHECK_EQ(receive(fd), 2);
		CHECK_EQ(receive(fd), -EAGAIN);
		// Some others can be set, and those that say how it is cannot.
		set_flags(0xffff);
		CHECK_EQ(flags() & 0x7fff, 0x73ed);
		set_flags(IFF_NOARP);
		CHECK_EQ(flags(), IFF_LOOPBACK | IFF_NOARP);
	}), 0);
}

// Each has its own.
TEST(one_is_up_and_one_is_down)
{
	ns_prepare(CLONE_NEWNET);
	CHECK_EQ(IN_CHILD({
		new_net(true);
		int fd = open_socket(AF_INET, SOCK_DGRAM);

		CHECK_EQ(IN_CHILD({
			struct ifreq r = {"lo", {0}};

			new_net(false);
			CHECK_EQ(flags(), IFF_LOOPBACK);
			CHECK_EQ(sys(ioctl, fd, SIOCGIFFLAGS, &r), 0); // the socket's
			CHECK_EQ(r.flags, IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
			CHECK_EQ(send_to(fd, HOME, 9), 1);
			CHECK_EQ(send_to(open_socket(AF_INET, SOCK_DGRAM), HOME, 9), -ENETUNREACH);
		}), 0);
		CHECK_EQ(flags(), IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
	}), 0);
}

TEST(questions)
{
	ns_prepare(CLONE_NEWNET);
	CHECK_EQ(IN_CHILD({
		struct ifreq r;
		struct ifconf c = {sizeof r, &r};

		new_net(false);
		int inet = open_socket(AF_INET, SOCK_STREAM), local = open_socket(AF_UNIX, SOCK_STREAM);

		CHECK_EQ(on_lo(AF_INET, SIOCGIFADDR, &r), -EADDRNOTAVAIL);
		CHECK_EQ(on_lo(AF_INET, SIOCGIFNETMASK, &r), -EADDRNOTAVAIL);
		CHECK_EQ(on_lo(AF_UNIX, SIOCGIFADDR, &r), -ENOTTY);
		CHECK_EQ(sys(ioctl, inet, SIOCGIFCONF, &c), 0);
		CHECK_EQ(c.len, 0);
		set_flags(IFF_UP);
		CHECK_EQ(on_lo(AF_INET, SIOCGIFADDR, &r), 0);
		CHECK_EQ(r.in.family, AF_INET);
		CHECK_EQ(r.in.addr, at(HOME, 0).addr);
		CHECK_EQ(on_lo(AF_INET, SIOCGIFNETMASK, &r), 0);
		CHECK_EQ(r.in.addr, at(0xff000000, 0).addr);
		CHECK_EQ(on_lo(AF_INET, SIOCGIFDSTADDR, &r), 0);
		CHECK_EQ(r.in.addr, at(HOME, 0).addr);
		CHECK_EQ(on_lo(AF_INET, SIOCGIFBRDADDR, &r), 0);
		CHECK_EQ(r.in.family, AF_INET);
		CHECK_EQ(r.in.addr, 0);
		CHECK_EQ(on_lo(AF_UNIX, SIOCGIFBRDADDR, &r), -ENOTTY);
		for (int family = AF_UNIX; family <= AF_INET; family++) {
			CHECK_EQ(on_lo(family, SIOCGIFINDEX, &r), 0);
			CHECK_EQ(r.nr, 1);
			CHECK_EQ(on_lo(family, SIOCGIFMTU, &r), 0);
			CHECK_EQ(r.nr, 65536);
			CHECK_EQ(on_lo(family, SIOCGIFMETRIC, &r), 0);
			CHECK_EQ(r.nr, 0);
			CHECK_EQ(on_lo(family, SIOCGIFTXQLEN, &r), 0);
			CHECK_EQ(r.nr, 1000);
			memset(r.all, 'x', sizeof r.all);
			CHECK_EQ(on_lo(family, SIOCGIFMAP, &r), 0);
			CHECK_EQ(r.all[0] | r.all[20], 0);
			CHECK_EQ(r.all[21], 'x');
			CHECK_EQ(on_lo(family, SIOCGIFHWADDR, &r), 0);
			CHECK_EQ(r.in.family, 772);
			memset(&r, 'x', sizeof r);
			r.nr = 1;
			CHECK_EQ(sys(ioctl, family == AF_UNIX ? local : inet, SIOCGIFNAME, &r), 0);
			CHECK_EQ(strcmp(r.name, "lo"), 0);
			r.nr = 99;
			CHECK_EQ(sys(ioctl, family == AF_UNIX ? local : inet, SIOCGIFNAME, &r), -ENODEV);
		}
		c = (struct ifconf){sizeof r + 1, &r};
		memset(&r, 'x', sizeof r);
		CHECK_EQ(sys(ioctl, inet, SIOCGIFCONF, &c), 0);
		CHECK_EQ(c.len, sizeof r);
		CHECK_EQ(strcmp(r.name, "lo"), 0);
		CHECK_EQ(r.in.addr, at(HOME, 0).addr);
		c = (struct ifconf){sizeof r - 1, &r};
		CHECK_EQ(sys(ioctl, inet, SIOCGIFCONF, &c), 0);
		CHECK_EQ(c.len, 0);
		c = (struct ifconf){-1, &r};
		CHECK_EQ(sys(ioctl, inet, SIOCGIFCONF, &c), 0);
		CHECK_EQ(c.len, 0);
		c = (struct ifconf){0, NULL};
		CHECK_EQ(sys(ioctl, local, SIOCGIFCONF, &c), 0);
		CHECK_EQ(c.len, sizeof r);
	}), 0);
}

TEST(bad_questions)
{
	static const unsigned cmds[] = {SIOCGIFNAME, SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCGIFADDR, SIOCGIFNETMASK, SIOCGIFMTU, SIOCGIFHWADDR, SIOCGIFINDEX,
		SIOCGIFDSTADDR, SIOCGIFBRDADDR, SIOCGIFMETRIC, SIOCGIFTXQLEN, SIOCGIFMAP};

	ns_prepare(CLONE_NEWNET);
	CHECK_EQ(IN_CHILD({
		struct ifconf c = {400, nowhere};
		struct ifreq r;

		new_net(true);
		int fd = open_socket(AF_INET, SOCK_STREAM), local = open_socket(AF_UNIX, SOCK_STREAM);

		for (unsigned i = 0; i < sizeof cmds / sizeof *cmds; i++) {
			CHECK_EQ(sys(ioctl, fd, cmds[i], nowhere), -EFAULT);
			CHECK_EQ(sys(ioctl, local, cmds[i], nowhere), -EFAULT);
			memset(&r, 0, sizeof r);
			CHECK_EQ(sys(ioctl, fd, cmds[i], &r), -ENODEV);
			memset(&r, 'o', sizeof r);
			CHECK_EQ(sys(ioctl, fd, cmds[i], &r), -ENODEV);
			memcpy(r.name, "lol", 4);
			CHECK_EQ(sys(ioctl, fd, cmds[i], &r), -ENODEV);
		}
		memcpy(r.name, "lo:1", 5); // another address of it
		CHECK_EQ(sys(ioctl, fd, SIOCGIFFLAGS, &r), 0);
		CHECK_EQ(sys(ioctl, fd, SIOCGIFADDR, &r), -EADDRNOTAVAIL);
		CHECK_EQ(sys(ioctl, fd, SIOCSIFFLAGS, &r), -EADDRNOTAVAIL);
		CHECK_EQ(sys(ioctl, fd, SIOCGIFCONF, &c), -EFAULT);
		CHECK_EQ(sys(ioctl, fd, SIOCGIFCONF, nowhere), -EFAULT);
		CHECK_EQ(sys(ioctl, fd, 0x8999, &r), -ENOTTY);
		CHECK_EQ(sys(ioctl, fd, 0x9999, nowhere), -ENOTTY);
		CHECK_EQ(sys(ioctl, local, 0x9999, nowhere), -ENOTTY);
		drop_capabilities();
		CHECK_EQ(sys(ioctl, fd, SIOCSIFFLAGS, &r), -EPERM);
		CHECK_EQ(sys(ioctl, local, SIOCSIFFLAGS, &r), -EPERM);
		CHECK_EQ(sys(ioctl, fd, SIOCGSKNS, 0), -EPERM);
		CHECK_EQ(sys(ioctl, local, SIOCGSKNS, 0), -EPERM);
		CHECK_EQ(flags(), IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
	}), 0);
}

// ---- /proc/net ----

static char text[65536];

static bool shows(const char *file, const char *what)
{
	char path[64];

	t_snprintf(path, sizeof path, "/proc/net/%s", file);
	CHECK_GE(t_slurp(path, text, sizeof text), 1);
	return strstr(text, what);
}

// A port as it is shown.
static const char *hex(unsigned port)
{
	static char digits[5];

	for (int i = 0; i < 4; i++)
		digits[i] = "0123456789ABCDEF"[port >> (12 - 4 * i) & 15];
	return digits;
}

static int lines(const char *file)
{
	int n = 0;

	shows(file, "");
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

TEST(proc_shows_ones_own)
{
	ns_prepare(CLONE_NEWNET);
	CHECK_EQ(IN_CHILD({
		char line[128];
		struct stat st;

		new_net(true);
		CHECK_EQ(lines("tcp"), 1);
		CHECK_EQ(lines("udp"), 1);
		CHECK_EQ(lines("unix"), 1);
		CHECK(shows("dev", "    lo: "));
		int l = listener(HOME, 5000), to = open_socket(AF_INET, SOCK_STREAM), dgram = bound(SOCK_DGRAM, 0, 5001);
		struct in in = at(HOME, 5000);

		CHECK_EQ(sys(fstat, l, &st), 0);
		t_snprintf(line, sizeof line, ": 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 %lu 1 ", st.st_ino);
		CHECK(shows("tcp", line));
		CHECK(shows("tcp", "   0: 0100007F:1388"));
		CHECK_EQ(strlen(text), 300); // each line is as long
		CHECK_EQ(sys(connect, to, &in, sizeof in), 0);
		CHECK(shows("tcp", ": 0100007F:1388 00000000:0000 0A 00000000:00000001 ")); // one to accept
		int served = (int)sys(accept, l, 0, 0);

		CHECK_EQ(sys(write, to, "abc", 3), 3);
		t_snprintf(line, sizeof line, ": 0100007F:1388 0100007F:%s 01 00000000:00000003 ", hex(port_of(to)));
		CHECK(shows("tcp", line));
		t_snprintf(line, sizeof line, ": 0100007F:%s 0100007F:1388 01 ", hex(port_of(to)));
		CHECK(shows("tcp", line));
		CHECK_EQ(lines("tcp"), 4);
		CHECK_EQ(sys(shutdown, to, 1), 0);
		UNTIL(shows("tcp", "0100007F:1388 05 "));
		t_snprintf(line, sizeof line, "0100007F:%s 08 ", hex(port_of(to)));
		CHECK(shows("tcp", line));
		CHECK(shows("udp", ": 00000000:1389 00000000:0000 07 00000000:00000000 "));
		CHECK_EQ(lines("udp"), 2);
		CHECK_EQ(strlen(text), 256);
		in = at(HOME, 9);
		CHECK_EQ(sys(connect, dgram, &in, sizeof in), 0);
		CHECK(shows("udp", ": 0100007F:1389 0100007F:0009 01 "));
		int local = open_socket(AF_UNIX, SOCK_STREAM);

		CHECK_EQ(NAMED(bind, local, ABSTRACT), 0);
		CHECK_EQ(sys(listen, local, 5), 0);
		CHECK_EQ(sys(fstat, local, &st), 0);
		t_snprintf(line, sizeof line, " %lu @net_namespace@\n", st.st_ino);
		CHECK(shows("unix", line));
		CHECK(shows("unix", ": 00000002 00000000 00010000 0001 01 "));
		local = open_socket(AF_UNIX, SOCK_DGRAM);
		sys(unlink, "dgram");
		CHECK_EQ(NAMED(bind, local, "dgram"), 0);
		CHECK_EQ(sys(fstat, local, &st), 0);
		t_snprintf(line, sizeof line, " %lu dgram\n", st.st_ino);
		CHECK(shows("unix", line));
		CHECK(shows("unix", ": 00000002 00000000 00000000 0002 01 "));
		CHECK_EQ(sys(unlink, "dgram"), 0);
		int pid = t_getpid();

		CHECK_EQ(IN_CHILD({
			new_net(false);
			CHECK_EQ(lines("tcp"), 1);
			CHECK_EQ(lines("udp"), 1);
			CHECK_EQ(lines("unix"), 1);
			t_snprintf(line, sizeof line, "/proc/%d/net/tcp", pid);
			CHECK_GE(t_slurp(line, text, sizeof text), 600);
			CHECK(strstr(text, ": 0100007F:1388 00000000:0000 0A "));
		}), 0);
		(void)served;
	}), 0);
}

TEST(proc_is_a_directory)
{
	char to[32];
	long n = sys(readlink, "/proc/net", to, sizeof to - 1);
	struct stat st;

	CHECK_EQ(n, 8);
	to[n] = 0;
	CHECK_EQ(strcmp(to, "self/net"), 0);
	CHECK_EQ(sys(stat, "/proc/net", &st), 0);
	CHECK_EQ(st.st_mode, S_IFDIR | 0555);
	CHECK_EQ(sys(stat, "/proc/self/net/tcp", &st), 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0444);
	CHECK_EQ(sys(open, "/proc/net/nothing", O_RDONLY), -ENOENT);
	CHECK_EQ(sys(mkdir, "/proc/net/x", 0755), -ENOENT);
	int fd = (int)sys(open, "/proc/net", O_RDONLY | O_DIRECTORY);

	CHECK_GE(sys(getdents64, fd, text, sizeof text), 100);
	CHECK_EQ(sys(getdents64, fd, (void *)8, 100), 0);
	fd = (int)sys(open, "/proc/net/unix", O_RDONLY);
	CHECK_EQ(sys(read, fd, nowhere, 10), -EFAULT);
	// A task that is gone has none.
	int pid = t_fork();
	char path[32];

	if (pid == 0)
		thread_pause(NULL);
	t_snprintf(path, sizeof path, "/proc/%d/net", pid);
	CHECK_EQ(sys(stat, path, &st), 0);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(stat, path, &st), -ENOENT);
}

// ---- made, entered, asked for ----

TEST(a_socket_stays_where_it_was_made)
{
	ns_prepare(CLONE_NEWNET);
	CHECK_EQ(IN_CHILD({
		new_net(true);
		int fd = listener(HOME, 5000), own = ns_open(t_getpid(), "net");
		unsigned long inside = ns_ino(t_getpid(), "net");

		CHECK_EQ(net_of(fd), inside);
		new_net(true);
		CHECK_EQ(net_of(fd), inside);
		CHECK(net_of(open_socket(AF_UNIX, SOCK_DGRAM)) != inside);
		int to = open_socket(AF_INET, SOCK_STREAM);
		struct in in = at(HOME, 5000);

		CHECK_EQ(sys(connect, to, &in, sizeof in), -ECONNREFUSED);
		CHECK_EQ(sys(setns, own, CLONE_NEWNET), 0);
		CHECK_EQ(sys(connect, to, &in, sizeof in), -ECONNREFUSED);
		to = open_socket(AF_INET, SOCK_STREAM);
		CHECK_EQ(sys(connect, to, &in, sizeof in), 0);
		new_net(false);
		int served = (int)sys(accept, fd, 0, 0);

		CHECK_EQ(net_of(served), inside);
		CHECK_EQ(sys(write, to, "x", 1), 1);
		CHECK_EQ(receive(served), 1);
	}), 0);
}

// The file of a socket keeps its namespace, and that one can be entered again by it.
TEST(back_by_a_socket)
{
	ns_prepare(CLONE_NEWNET);
	CHECK_EQ(IN_CHILD({
		new_net(true);
		int fd = listener(HOME, 5000);
		unsigned long inside = ns_ino(t_getpid(), "net");

		new_net(false);
		int ns = (int)sys(ioctl, fd, SIOCGSKNS, 0);

		CHECK_GE(ns, 0);
		CHECK_EQ(sys(setns, ns, CLONE_NEWUTS), -EINVAL);
		CHECK_EQ(sys(setns, fd, CLONE_NEWNET), -EINVAL);
		CHECK_EQ(sys(setns, ns, CLONE_NEWNET), 0);
		CHECK_EQ(ns_ino(t_getpid(), "net"), inside);
		CHECK_EQ(try_connect(SOCK_STREAM, HOME, 5000), 0);
	}), 0);
}

TEST(clone_makes_one_for_the_child)
{
	ns_prepare(CLONE_NEWNET);
	unsigned long before = ns_ino(t_getpid(), "net");
	int pid = (int)sys(clone, CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		CHECK(ns_ino(t_getpid(), "net") != before);
		CHECK_EQ(flags(), IFF_LOOPBACK);
		t_exit(0);
	}
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(ns_ino(t_getpid(), "net"), before);
}

static int be_apart(void *arg)
{
	new_net(false);
	CHECK_EQ(flags(), IFF_LOOPBACK);
	CHECK_EQ(NAMED(bind, open_socket(AF_UNIX, SOCK_DGRAM), ABSTRACT), 0);
	(void)arg;
	return 0;
}

TEST(a_thread_may_have_its_own)
{
	ns_prepare(CLONE_NEWNET);
	CHECK_EQ(IN_CHILD({
		struct thread t;

		new_net(true);
		CHECK_EQ(NAMED(bind, open_socket(AF_UNIX, SOCK_DGRAM), ABSTRACT), 0);
		thread_start(&t, be_apart, NULL);
		thread_join(&t);
		CHECK_EQ(flags(), IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
	}), 0);
}

static void be_there(void)
{
	new_net(true);
	listener(HOME, 5000);
	yield_to_parent();
}

TEST(setns_by_file_and_by_pidfd)
{
	ns_prepare(CLONE_NEWNET);
	int pid = in_namespace(be_there), fd = ns_open(pid, "net"), own = ns_open(t_getpid(), "net"), pidfd = (int)sys(pidfd_open, pid, 0);
	unsigned long there = ns_ino(pid, "net"), before = ns_ino(t_getpid(), "net");

	CHECK(there != before);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, fd, CLONE_NEWUTS), -EINVAL);
		CHECK_EQ(sys(setns, fd, CLONE_NEWNET), 0);
		CHECK_EQ(ns_ino(t_getpid(), "net"), there);
		CHECK_EQ(try_connect(SOCK_STREAM, HOME, 5000), 0);
		CHECK_EQ(sys(setns, own, 0), 0);
		CHECK_EQ(ns_ino(t_getpid(), "net"), before);
	}), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, pidfd, CLONE_NEWNET | CLONE_NEWPID), 0);
		CHECK_EQ(ns_ino(t_getpid(), "net"), there);
		CHECK_EQ(IN_CHILD(t_exit(t_getpid() == 2)), 1);
	}), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(setns, fd, 0), -EPERM);
		CHECK_EQ(sys(setns, own, 0), -EPERM);
		CHECK_EQ(sys(setns, pidfd, CLONE_NEWNET), -EPERM);
		CHECK_EQ(sys(unshare, CLONE_NEWNET), -EPERM);
	}), 0);
	end_namespace();
	CHECK_EQ(IN_CHILD({ // the file keeps it, but nobody listens any more
		CHECK_EQ(sys(setns, fd, 0), 0);
		CHECK_EQ(flags(), IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
		CHECK_EQ(try_connect(SOCK_STREAM, HOME, 5000), -ECONNREFUSED);
	}), 0);
}

TEST(its_file)
{
	ns_prepare(CLONE_NEWNET);
	ns_check_file("net", CLONE_NEWNET);
}

// ---- whose it is ----

// Who makes one with a namespace of users has the rights over it, and over no other.
TEST(rights_of_its_owner)
{
	ns_prepare(CLONE_NEWUSER | CLONE_NEWNET);
	int outside = open_socket(AF_INET, SOCK_STREAM), fd;
	struct ifreq r = {"lo", {.flags = IFF_UP}};
	struct in in = at(HOME, 80);

	CHECK_EQ(IN_CHILD({
		if (!sys(geteuid))
			CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		long uid = sys(geteuid), gid = sys(getegid);

		CHECK_EQ(sys(unshare, CLONE_NEWUSER), 0);
		fd = open_socket(AF_INET, SOCK_STREAM); // of the net outside
		CHECK_EQ(sys(ioctl, fd, SIOCSIFFLAGS, &r), -EPERM);
		CHECK_EQ(sys(ioctl, fd, SIOCGSKNS, 0), -EPERM);
		CHECK_EQ(sys(bind, fd, &in, sizeof in), -EACCES);
		new_net(true);
		CHECK_EQ(flags(), IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
		CHECK_EQ(sys(ioctl, outside, SIOCSIFFLAGS, &r), -EPERM);
		CHECK_EQ(sys(ioctl, outside, SIOCGSKNS, 0), -EPERM);
		CHECK_EQ(sys(ioctl, fd, SIOCSIFFLAGS, &r), -EPERM);
		CHECK_EQ(sys(bind, outside, &in, sizeof in), -EACCES);
		fd = listener(HOME, 80);
		CHECK_EQ(net_of(fd), ns_ino(t_getpid(), "net"));
		CHECK_EQ(try_connect(SOCK_STREAM, HOME, 80), 0);
		// Nobody said what users are called here.
		CHECK(shows("tcp", ": 0100007F:0050 00000000:0000 0A "));
		CHECK(strstr(text, " 65534        0 "));
		// Below, and no longer above.
		int up = (int)sys(ioctl, fd, SIOCGSKNS, 0);

		CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
		t_snprintf(text, sizeof text, "0 %ld 1", uid);
		CHECK_EQ(t_spit("/proc/self/uid_map", text), 0);
		CHECK_EQ(t_spit("/proc/self/setgroups", "deny"), 0);
		t_snprintf(text, sizeof text, "0 %ld 1", gid);
		CHECK_EQ(t_spit("/proc/self/gid_map", text), 0);
		CHECK(shows("tcp", "     0        0 "));
		CHECK_EQ(sys(unshare, CLONE_NEWUSER), 0);
		CHECK_EQ(sys(ioctl, fd, SIOCGSKNS, 0), -EPERM);
		CHECK_EQ(sys(setns, up, CLONE_NEWNET), -EPERM);
		CHECK_EQ(try_bind(SOCK_STREAM, HOME, 81), -EACCES);
		new_net(true);
		CHECK_EQ(try_bind(SOCK_STREAM, HOME, 81), 0);
	}), 0);
}

// ---- many, and all at once ----

TEST(many)
{
	ns_prepare(CLONE_NEWNET);
	CHECK_EQ(IN_CHILD({
		for (int i = 0; i < (t_on_thaw ? 500 : 50); i++) {
			CHECK_EQ(sys(unshare, CLONE_NEWNET), 0);
			int fd = listener(0, 5000), local = open_socket(AF_UNIX, SOCK_STREAM);

			CHECK_EQ(NAMED(bind, local, ABSTRACT), 0);
			if (i % 8) { // the others stay until the end, and so do their namespaces
				sys(close, fd);
				sys(close, local);
			}
		}
	}), 0);
}

static int shared; // a socket of some thread's namespace, to be used by the others

// Ports and names that all others use too, each in a namespace of its own.
static int come_and_go(void *arg)
{
	for (int i = 0; i < (t_on_thaw ? 50 : 10); i++) {
		new_net(true);
		int l = listener(HOME, 5000), to = open_socket(AF_INET, SOCK_STREAM), local = open_socket(AF_UNIX, SOCK_DGRAM), served;
		struct in in = at(HOME, 5000);

		CHECK_EQ(NAMED(bind, local, ABSTRACT), 0);
		CHECK_EQ(sys(connect, to, &in, sizeof in), 0);
		served = (int)sys(accept, l, 0, 0);
		CHECK_GE(served, 0);
		CHECK_EQ(sys(write, to, "x", 1), 1);
		CHECK_EQ(receive(served), 1);
		int dgram = bound(SOCK_DGRAM, HOME, 5000), old = __atomic_exchange_n(&shared, dgram, __ATOMIC_SEQ_CST);

		if (old >= 0) {
			CHECK_EQ(send_to(old, HOME, 5000), 1); // to itself, far away
			CHECK_EQ(receive(old), 1);
			sys(close, old);
		}
		sys(close, served);
		sys(close, local);
		sys(close, to);
		sys(close, l);
	}
	(void)arg;
	return 0;
}

static struct thread comers[4];
static _Atomic int looks_on;

// What they have, as it comes and goes.
static int look_on(void *arg)
{
	static const char *const files[] = {"tcp", "udp", "unix", "dev"};
	char path[64];

	for (unsigned i = 0; looks_on; i++) {
		t_snprintf(path, sizeof path, "/proc/self/task/%d/net/%s", comers[i / 4 % 4].id, files[i % 4]);
		long n = t_slurp(path, text, sizeof text);

		CHECK(n > 40 || n == -ENOENT || n == -ESRCH || n == -EINVAL); // it may be gone already
	}
	(void)arg;
	return 0;
}

TEST(all_at_once)
{
	struct thread looker;

	ns_prepare(CLONE_NEWNET);
	__atomic_store_n(&shared, -1, __ATOMIC_SEQ_CST);
	looks_on = 1;
	for (unsigned i = 0; i < 4; i++)
		thread_start(&comers[i], come_and_go, NULL);
	thread_start(&looker, look_on, NULL);
	for (unsigned i = 0; i < 4; i++)
		thread_join(&comers[i]);
	looks_on = 0;
	thread_join(&looker);
}
