/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 45 locate — whose address is the (translated) destination?
 *
 *	a local pod ─▶ EXIT_POD      pod_address
 *	a peer      ─▶ EXIT_NODE     prefixes: its podCIDR or itself
 *	this node   ─▶ EXIT_STACK    prefixes: its own addresses
 *	the world   ─▶ EXIT_UPLINK   by the host's routes, if they lead to an uplink
 *
 * 50_policy wants to know the receiver and 55_masquerade the way out, both
 * before the flow is remembered; a known flow keeps the answer in its side.
 * Price, first packets only: one hash lookup for a local pod, an LPM lookup
 * more for a peer, bpf_fib_lookup more for the world.
 */
#ifndef FAIRLEAD_BPF_PATH_45_LOCATE_H_
#define FAIRLEAD_BPF_PATH_45_LOCATE_H_

#include "bpf/path/40_service.h"

#define FIB_LOOKUP_SKIP_NEIGH 4 /* BPF_FIB_LOOKUP_SKIP_NEIGH, in newer uapi headers */

/* By the host's routes. Devices that are no uplink of ours are the stack's. */
static __always_inline __u32 locate_by_route(struct __sk_buff *skb, struct packet *pkt)
{
	struct bpf_fib_lookup fib = {};
	struct FAMILY(ip) *source = (void *)fib.ipv6_src;
	struct FAMILY(ip) *destination = (void *)fib.ipv6_dst;
	long result;

	fib.family = ADDRESS_FAMILY;
	fib.l4_protocol = pkt->tuple.protocol;
	fib.ifindex = skb->ifindex;
	*source = pkt->out.source;
	*destination = pkt->out.destination;
	result = bpf_fib_lookup(skb, &fib, sizeof(fib), FIB_LOOKUP_SKIP_NEIGH);
	if (result == BPF_FIB_LKUP_RET_NOT_FWDED) {
		pkt->exit = EXIT_STACK;
		return 0;
	}
	if (result)
		return DROP_NO_ROUTE;
	if (!bpf_map_lookup_elem(&uplinks, &fib.ifindex)) {
		pkt->exit = EXIT_STACK;
		return 0;
	}
	pkt->exit = EXIT_UPLINK;
	pkt->exit_target = fib.ifindex;
	return 0;
}

static __always_inline __u32 locate_by_prefix(struct __sk_buff *skb, struct packet *pkt)
{
	struct FAMILY(prefix_key) key = {
		.length = FL_IP_WORDS * 32,
		.address = pkt->out.destination,
	};
	struct prefix *prefix = bpf_map_lookup_elem(&FAMILY(prefixes), &key);
	struct node *node;

	if (!prefix)
		return locate_by_route(skb, pkt);
	switch (prefix->kind) {
	case PREFIX_HOST:
		pkt->exit = EXIT_STACK;
		return 0;
	case PREFIX_OWN_PODS:
		return DROP_NO_SUCH_POD;
	}
	node = bpf_map_lookup_elem(&nodes, &prefix->node);
	if (!node || !node->ifindex)
		return DROP_NO_ROUTE;
	pkt->exit = EXIT_NODE;
	pkt->exit_target = prefix->node;
	pkt->exit_generation = node->generation;
	return 0;
}

/* Sets the exit and says so if pkt->out.destination is a pod of this node. */
static __always_inline bool find_local_pod(struct packet *pkt)
{
	struct pod_slot *slot = bpf_map_lookup_elem(&FAMILY(pod_address), &pkt->out.destination);

	if (!slot)
		return false;
	pkt->exit = EXIT_POD;
	pkt->exit_target = slot->slot;
	pkt->exit_generation = slot->generation;
	return true;
}

/* Finds the exit for pkt->out.destination; 0 or a drop reason. */
__first_packet int find_exit(struct __sk_buff *skb, struct packet *pkt)
{
	if (!pkt)
		return DROP_NO_ROUTE;
	return find_local_pod(pkt) ? 0 : locate_by_prefix(skb, pkt);
}

__stage locate(struct __sk_buff *skb, struct packet *pkt, const struct known *known)
{
	__u32 reason;

	if (known->side || pkt->remembered)
		return CONTINUE;
	reason = find_exit(skb, pkt);
	return reason ? drop(pkt, reason) : CONTINUE;
}

/* The wire also brings what is not for pods: that is the host's. */
__stage locate_pod(struct __sk_buff *skb, struct packet *pkt, const struct known *known)
{
	if (known->side || pkt->remembered || find_local_pod(pkt))
		return CONTINUE;
	return STOP_PASS;
}

#endif /* FAIRLEAD_BPF_PATH_45_LOCATE_H_ */
