/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * .rodata of the programs: what is fixed while a program is attached. The
 * verifier removes the code of what is switched off.
 */
#ifndef FAIRLEAD_MAPS_ABI_HOOK_CONFIG_ABI_H_
#define FAIRLEAD_MAPS_ABI_HOOK_CONFIG_ABI_H_

#include "maps/abi/family.h"
#include "maps/conntrack/flow_state_abi.h"

struct hook_config {
	__u64 hash_seed;	      /* of half_open; as node_state keeps it across restarts */
	__u64 netns_cookie;	      /* of the node's namespace: whose sockets on_connect serves */
	__u32 timeout[TIMEOUT_COUNT]; /* jiffies, by enum flow_timeout */
	__u32 half_open_mask;	      /* buckets in half_open - 1; a power of two less one */
	__u32 snat_first_port;	      /* first source port for masquerading, host order */
	__u32 snat_ports;	      /* how many follow it */
	__u32 masquerade;	      /* pods reach the world with the node's address */
	__u32 record_verdicts;	      /* fill last_verdict (trace, tests) */
	__u32 default_deny;   /* policy denies what nothing allows (tests; later: strict mode) */
	__u32 test_seed;      /* not 0: choices follow from the packet, not from chance */
	__u32 flow_mask;      /* covers the numbers of flows: a power of two less one */
	__u32 tunnel_port;    /* UDP, host order; 0: no tunnels */
	__u32 vni;	      /* of the tunnels */
	__u32 guests;	      /* the pods are another network's (--mode proxy) */
	__u32 strangers;      /* TCP that we have not seen begin is another proxy's, and its own */
	__u32 neighbour_mask; /* ticks of from_network alone: 1 under this mask; 0: none */
	__u32 direct_return; /* nodes relay outside clients to each other, and answer them directly */
	__u32 pad;
};
FL_ASSERT(sizeof(struct hook_config) == 4 * (TIMEOUT_COUNT + 19), "hook_config has hidden padding");

#endif /* FAIRLEAD_MAPS_ABI_HOOK_CONFIG_ABI_H_ */
