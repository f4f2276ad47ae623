/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * nodes: how to reach another node, by slot. tunnel_peers: whose address an outer
 * source is. uplinks: devices that lead out.
 */
#ifndef FAIRLEAD_MAPS_NODE_NODE_ABI_H_
#define FAIRLEAD_MAPS_NODE_NODE_ABI_H_

#include "maps/abi/family.h"

/* node.way */
#define NODE_NATIVE  0 /* packets leave as they are, to next_hop */
#define NODE_TUNNEL4 1 /* in a tunnel between two IPv4 addresses */
#define NODE_TUNNEL6 2 /* or IPv6 ones */

/* One cache line. */
struct node {
	__u32 ifindex;		  /* device that leads to it; 0: no such node */
	__u32 generation;	  /* changes with every tenant of the slot */
	struct ip4 next_hop4;	  /* 0.0.0.0: as the host's routes say */
	struct ip6 next_hop6;	  /* the same for IPv6 */
	__u16 way;		  /* NODE_* */
	__u16 mtu;		  /* of the way there; 0: not known */
	struct ip6 tunnel_local;  /* ours; IPv4 as ::ffff:a.b.c.d */
	struct ip6 tunnel_remote; /* the node's; natively, too, where clients are relayed to it */
};
FL_ASSERT(sizeof(struct node) == 64, "node has hidden padding");

struct tunnel_peer_key {
	struct ip6 address; /* IPv4 as ::ffff:a.b.c.d */
};
FL_ASSERT(sizeof(struct tunnel_peer_key) == 16, "tunnel_peer_key has hidden padding");

struct tunnel_peer {
	__u32 node; /* slot in nodes */
};
FL_ASSERT(sizeof(struct tunnel_peer) == 4, "tunnel_peer has hidden padding");

struct uplink {
	struct ip4 address4; /* what masqueraded packets leave with; 0.0.0.0: none */
	struct ip6 address6;
	__u32 mtu; /* 0: not known */
};
FL_ASSERT(sizeof(struct uplink) == 24, "uplink has hidden padding");

#endif /* FAIRLEAD_MAPS_NODE_NODE_ABI_H_ */
