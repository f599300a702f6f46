// SPDX-License-Identifier: GPL-2.0-only
/* Network namespaces. Mirrors Linux include/net/net_namespace.h. */
#pragma once
#include "kernel/abi.h"
#include "kernel/lib/list.h"
#include "kernel/nsproxy.h"

struct net {
	struct ns_common ns;		/* a reference for each socket too */
	struct list inet_names;		/* [unix_lock] sockets with a port, of both protocols */
	struct list unix_names;		/* [unix_lock] sockets with an abstract name */
	/* The loopback interface. Plain loads and stores, the last one wins. */
	u32 lo_flags;			/* IFF_*, of those that can be set */
	bool lo_routed;			/* it was up once, and has its address since */
};
extern struct net init_net;

static inline struct net *to_net(struct ns_common *ns) { return container_of(ns, struct net, ns); }
static inline struct net *net_get(struct net *net) { ns_get(&net->ns); return net; }
static inline void net_put(struct net *net) { ns_put(&net->ns); }
static inline bool lo_is_up(const struct net *net) { return READ_ONCE(net->lo_flags) & IFF_UP; }

/*
 * What a socket of either family answers about interfaces and its namespace: 0, a descriptor or
 * -errno. Sleeps.
 */
long net_ioctl(struct net *net, bool inet, unsigned cmd, uaddr_t arg);
