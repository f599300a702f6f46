// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network namespaces, and the one interface that each has: the loopback. Mirrors Linux
 * net/core/net_namespace.c and dev_ioctl.c, and net/ipv4/devinet.c.
 *
 * A socket is in the namespace of who made it, and holds it.
 *
 * LINUX: the interface of the first namespace is up from the beginning.
 *
 * Locks: none of its own; the lists are empty when a namespace goes.
 */
#include "kernel/fs/net_namespace.h"
#include "kernel/cred.h"
#include "kernel/fs/unix.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define PROC_NET_INIT_INO	0xeffffff9u

#define LO_INDEX	1
#define LO_MTU		65536
#define LO_TXQLEN	1000
#define IFMAP_SIZE	21u		/* of a struct ifmap, but what fills it up */
#define LO_ADDRESS	0x7f000001u
#define LO_NETMASK	0xff000000u
#define LO_SETTABLE	(IFF_UP | IFF_DEBUG | IFF_NOTRAILERS | IFF_NOARP | IFF_PROMISC | IFF_ALLMULTI | \
			 IFF_MULTICAST | IFF_PORTSEL | IFF_AUTOMEDIA | IFF_DYNAMIC)

/* --- the namespaces --- */

static struct ns_common *copy_net_ns(struct ns_common *old, struct user_namespace *user_ns)
{
	struct net *net = kzalloc(sizeof(*net), GFP_KERNEL);

	(void)old;
	if (!net)
		return ERR_PTR(-ENOMEM);
	if (ns_init(&net->ns, &net_ns_ops, user_ns)) {
		kfree(net);
		return ERR_PTR(-ENOSPC);
	}
	list_init(&net->inet_names);
	list_init(&net->unix_names);
	return &net->ns;
}

static void free_net_ns(struct ns_common *ns)
{
	struct net *net = to_net(ns);

	assert(list_empty(&net->inet_names) && list_empty(&net->unix_names));
	kfree(net);
}

const struct ns_ops net_ns_ops = { .name = "net", .type = CLONE_NEWNET, .ucount = UCOUNT_NET,
	.copy = copy_net_ns, .free = free_net_ns };

struct net init_net = {
	.ns = NS_COMMON_INIT(PROC_NET_INIT_INO, &net_ns_ops),
	.inet_names = LIST_INIT(init_net.inet_names),
	.unix_names = LIST_INIT(init_net.unix_names),
	.lo_flags = IFF_UP,
	.lo_routed = true,
};

/* --- the interface --- */

static long set_flags(struct net *net, const struct k_ifreq *r)
{
	u32 flags = (u16)r->flags & LO_SETTABLE;

	if (flags & IFF_UP)
		WRITE_ONCE(net->lo_routed, true);
	WRITE_ONCE(net->lo_flags, flags);
	return 0;
}

static u32 get_flags(const struct net *net)
{
	u32 flags = READ_ONCE(net->lo_flags);

	return flags | IFF_LOOPBACK | (flags & IFF_UP ? IFF_RUNNING : 0);
}

static void set_address(struct k_ifreq *r, u32 addr)
{
	kmemset(r->addr, 0, sizeof(r->addr));
	r->family = AF_INET;
	addr = __builtin_bswap32(addr);
	kmemcpy(r->addr + 2, &addr, sizeof(addr));
}

static void set_name(struct k_ifreq *r)
{
	kmemset(r->name, 0, sizeof(r->name));
	kstrlcpy(r->name, "lo", sizeof(r->name));
}

/* One record for the one interface that has an address. */
static long get_conf(const struct net *net, uaddr_t arg)
{
	struct k_ifconf c;
	struct k_ifreq r = { 0 };
	int len = READ_ONCE(net->lo_routed) ? (int)sizeof(r) : 0;

	if (copy_from_user(&c, arg, sizeof(c)))
		return -EFAULT;
	if (c.buf && c.len < len)
		len = 0;
	set_name(&r);
	set_address(&r, LO_ADDRESS);
	if (c.buf && copy_to_user(c.buf, &r, (size_t)len))
		return -EFAULT;
	return copy_to_user(arg, &len, sizeof(len)) ? -EFAULT : 0;
}

/* Does r name the interface? alias: or a name of another address of it, "lo:..." */
static bool is_lo(const struct k_ifreq *r, bool *alias)
{
	*alias = r->name[2] == ':';
	return !kstrncmp(r->name, "lo", 2) && (*alias || !r->name[2]);
}

/* What is asked of an interface by its name. r gets the answer. */
static long by_name(struct net *net, bool inet, unsigned cmd, struct k_ifreq *r)
{
	bool alias;

	if (cmd == SIOCSIFFLAGS && !ns_capable(net->ns.user_ns, CAP_NET_ADMIN))
		return -EPERM;
	if (!is_lo(r, &alias))
		return -ENODEV;
	switch (cmd) {
	case SIOCSIFFLAGS:
		return inet && alias ? -EADDRNOTAVAIL : set_flags(net, r);
	case SIOCGIFFLAGS:
		r->flags = (s16)get_flags(net);
		return 0;
	case SIOCGIFINDEX:
		r->nr = LO_INDEX;
		return 0;
	case SIOCGIFMTU:
		r->nr = LO_MTU;
		return 0;
	case SIOCGIFMETRIC:
		r->nr = 0;
		return 0;
	case SIOCGIFTXQLEN:
		r->nr = LO_TXQLEN;
		return 0;
	case SIOCGIFMAP:		/* it is no device of the machine's */
		kmemset(r->all, 0, IFMAP_SIZE);
		return 0;
	case SIOCGIFHWADDR:
		kmemset(r->addr, 0, sizeof(r->addr));
		r->family = ARPHRD_LOOPBACK;
		return 0;
	}
	if (alias || !READ_ONCE(net->lo_routed))
		return -EADDRNOTAVAIL;
	set_address(r, cmd == SIOCGIFBRDADDR ? 0 : cmd == SIOCGIFNETMASK ? LO_NETMASK : LO_ADDRESS);
	return 0;
}

long net_ioctl(struct net *net, bool inet, unsigned cmd, uaddr_t arg)
{
	struct k_ifreq r;
	long err;

	if (cmd == SIOCGSKNS)
		return ns_capable(net->ns.user_ns, CAP_NET_ADMIN) ? open_ns(ns_get(&net->ns)) : -EPERM;
	if (cmd == SIOCGIFCONF)
		return get_conf(net, arg);
	if (cmd >> 8 != SIOCGIFNAME >> 8)
		return -ENOTTY;
	if (copy_from_user(&r, arg, sizeof(r)))
		return -EFAULT;
	r.name[sizeof(r.name) - 1] = 0;
	switch (cmd) {
	case SIOCGIFNAME:
		err = r.nr == LO_INDEX ? 0 : -ENODEV;
		set_name(&r);
		break;
	case SIOCGIFADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK:
		if (!inet)
			return -ENOTTY;
		/* fall through */
	case SIOCSIFFLAGS:
	case SIOCGIFFLAGS:
	case SIOCGIFINDEX:
	case SIOCGIFMTU:
	case SIOCGIFMETRIC:
	case SIOCGIFTXQLEN:
	case SIOCGIFMAP:
	case SIOCGIFHWADDR:
		err = by_name(net, inet, cmd, &r);
		break;
	default:
		return -ENOTTY;
	}
	if (!err && cmd != SIOCSIFFLAGS && copy_to_user(arg, &r, sizeof(r)))
		return -EFAULT;
	return err;
}
