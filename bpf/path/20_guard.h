/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 20 guard — is the sender who it claims to be?
 *
 *	from a pod:       source address and MAC are the pod's, and it talks to
 *	                  its gateway: ARP and neighbour requests end here
 *	from the network: nobody outside speaks with our pods' addresses or ours
 *
 * Price: two array lookups, a few comparisons; no hash.
 */
#ifndef FAIRLEAD_BPF_PATH_20_GUARD_H_
#define FAIRLEAD_BPF_PATH_20_GUARD_H_

#include "bpf/verdict/verdict.h"

static __always_inline struct pod *pod_in_slot(__u32 slot)
{
	return bpf_map_lookup_elem(&pods, &slot);
}

static __always_inline struct FAMILY(node_state) * this_node(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&FAMILY(node_state), &zero);
}

/* What later stages ask of the entry that the guard has found anyway. */
static __always_inline void take_facts(struct packet *pkt, const struct FAMILY(node_state) * node)
{
	pkt->policy_epoch = node->policy_epoch;
	pkt->longest_frame = node->smallest_mtu + ETH_HLEN;
}

static __always_inline bool is_mac_of(struct __sk_buff *skb, const struct pod *pod)
{
	const struct frame_addresses *frame = header_at(skb, 0, ETH_HLEN);
	const __u16 *mac = (const __u16 *)pod->mac;

	return frame && !((frame->source[0] ^ mac[0]) | (frame->source[1] ^ mac[1]) |
			  (frame->source[2] ^ mac[2]));
}

__stage guard_pod(struct __sk_buff *skb, struct packet *pkt)
{
	struct pod *pod = pod_in_slot(skb->ifindex - FL_POD_IFINDEX_BASE);
	const struct FAMILY(node_state) *node = this_node();
	const struct FAMILY(ip) * address;

	if (!pod || pod->ifindex != skb->ifindex || !node)
		return drop(pkt, DROP_UNKNOWN_POD);
	take_facts(pkt, node);
	pkt->uplink_epoch = node->uplink_epoch;
	if (!is_mac_of(skb, pod))
		return drop(pkt, DROP_SPOOFED_MAC);

	/* Before the address: a neighbour request may carry none, or another. */
	if (pkt->shape & PACKET_NEIGHBOUR)
		return answer(pkt, TAIL_ANSWER_NEIGHBOUR, VERDICT_ANSWERED);

	address = &pod->FAMILY(address);
	if (!is_same_ip(&pkt->tuple.source, address) || is_zero_ip(address)) {
		/* Its own link-local address is no forgery, but goes nowhere. */
		if (is_link_scope(&pkt->tuple.source))
			return drop(pkt, DROP_LINK_SCOPE);
		return drop(pkt, DROP_SPOOFED_SOURCE);
	}
	if (is_link_scope(&pkt->tuple.destination))
		return drop(pkt, DROP_LINK_SCOPE);
	return CONTINUE;
}

__stage guard_network(struct __sk_buff *skb, struct packet *pkt)
{
	const struct FAMILY(node_state) *node = this_node();

	if (!node || (pkt->shape & PACKET_NEIGHBOUR))
		return STOP_PASS;
	take_facts(pkt, node);
	if (is_martian(&pkt->tuple.source) ||
	    (is_same_ip(&pkt->tuple.source, &node->address) && !is_zero_ip(&node->address)) ||
	    is_in_network(&pkt->tuple.source, &node->pod_network, &node->pod_mask))
		return drop(pkt, DROP_SPOOFED_SOURCE);
	if (is_link_scope(&pkt->tuple.destination))
		return STOP_PASS;
	return CONTINUE;
}

/* What the host's stack sends to a pod needs no proof, only sorting out. */
__stage guard_host(struct __sk_buff *skb, struct packet *pkt)
{
	const struct FAMILY(node_state) *node = this_node();

	if (!node || (pkt->shape & PACKET_NEIGHBOUR) || is_link_scope(&pkt->tuple.destination) ||
	    is_link_scope(&pkt->tuple.source))
		return STOP_PASS;
	pkt->policy_epoch = node->policy_epoch;
	return CONTINUE;
}

#endif /* FAIRLEAD_BPF_PATH_20_GUARD_H_ */
