/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * nodes: how to reach another node, by slot. uplinks: devices that lead out.
 */
#ifndef FAIRLEAD_MAPS_NODE_NODE_ABI_H_
#define FAIRLEAD_MAPS_NODE_NODE_ABI_H_

#include "maps/abi/family.h"

struct node {
	__u32 ifindex;	      /* uplink that leads to it; 0: no such node */
	__u32 generation;     /* changes with every tenant of the slot */
	struct ip4 next_hop4; /* 0.0.0.0: as the host's routes say */
	struct ip6 next_hop6;
	__u32 mtu; /* of the way there; 0: not known */
};
FL_ASSERT(sizeof(struct node) == 32, "node has hidden padding");

struct uplink {
	struct ip4 address4; /* what masqueraded packets leave with; 0.0.0.0: none */
	struct ip6 address6;
	__u32 mtu; /* 0: not known */
};
FL_ASSERT(sizeof(struct uplink) == 24, "uplink has hidden padding");

#endif /* FAIRLEAD_MAPS_NODE_NODE_ABI_H_ */
