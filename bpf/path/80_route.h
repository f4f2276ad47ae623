/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 80 route — choose the way out.
 *
 *	EXIT_POD     the host end of the pod's veth pair; MACs are set here
 *	EXIT_NODE    the uplink, next hop is the node; or the tunnel device
 *	EXIT_UPLINK  the uplink, next hop as the host's routes say
 *	EXIT_RELAY   the tunnel device, whichever way leads to the node
 *	EXIT_STACK   nowhere: the host takes it from here
 *
 * A flow's first packets asked 45_locate; from then on its side remembers. As a
 * router does, a packet that goes on loses one hop.
 * Price: one array lookup.
 */
#ifndef FAIRLEAD_BPF_PATH_80_ROUTE_H_
#define FAIRLEAD_BPF_PATH_80_ROUTE_H_

#include "bpf/path/70_translate.h"

static __always_inline __u32 lose_a_hop(context *skb, struct packet *pkt)
{
	ip_header *ip = header_at(skb, IP_OFFSET, IP_HEADER_BYTES);

	if (pkt->hop_limit <= 1)
		return DROP_TTL_EXCEEDED;
	if (!ip)
		return DROP_TOO_SHORT;
	decrement_hop_limit(ip);
	forget_hop(skb);
	return 0;
}

static __always_inline __u32 address_frame(context *skb, const struct pod *pod)
{
	const union mac gateway = {.byte = FL_GATEWAY_MAC};

	return write_macs(skb, pod->mac, gateway.part) ? 0 : DROP_TOO_SHORT;
}

/* For the side's next packets. Not into an object that was released while we looked. */
static __always_inline void remember_exit(const struct packet *pkt, struct FAMILY(flow_side) * side)
{
	if (!side || !side->last_seen || has_no_way(pkt))
		return;
	side->exit_target = pkt->exit_target;
	side->exit_generation = pkt->exit_generation;
	barrier();
	side->exit = pkt->exit;
}

/* The remembered exit, or for a side's first packet a fresh one, remembered. */
static __always_inline __u32 recall_exit(context *skb, struct packet *pkt,
					 const struct known *known)
{
	struct FAMILY(flow_side) *side = known->side;
	bool is_remembered = side && side->exit;
	__u32 reason = know_exit(skb, pkt, known);

	if (reason || is_remembered)
		return reason;
	remember_exit(pkt, side);
	return 0;
}

static __always_inline __u32 resolve_exit(context *skb, struct packet *pkt)
{
	if (pkt->exit == EXIT_POD) {
		struct pod *pod = pod_in_slot(pkt->exit_target);

		if (!pod || !pod->ifindex || pod->generation != pkt->exit_generation)
			return DROP_NO_SUCH_POD;
		pkt->ifindex = pod->ifindex;
		return address_frame(skb, pod);
	}
	if (pkt->exit == EXIT_UPLINK)
		pkt->ifindex = pkt->exit_target;
	return 0;
}

__stage route(context *skb, struct packet *pkt, const struct known *known)
{
	__u32 reason = recall_exit(skb, pkt, known);

	if (reason)
		return drop(pkt, reason);
	if (pkt->exit == EXIT_STACK)
		return CONTINUE;
	reason = lose_a_hop(skb, pkt) ?: resolve_exit(skb, pkt);
	return reason ? drop(pkt, reason) : CONTINUE;
}

/* Back to who has sent it. */
static __always_inline __u32 turn_frame(context *skb)
{
	struct frame_addresses *frame = header_at(skb, 0, ETH_HLEN);
	__u16 before;

	if (!frame)
		return DROP_TOO_SHORT;
	for (int i = 0; i < 3; i++) {
		before = frame->destination[i];
		frame->destination[i] = frame->source[i];
		frame->source[i] = before;
	}
	return 0;
}

/* The host's stack knows the ways of another network's pods. Only a packet that returns
 * to its sender does not pass there: it has the node's own address by now, which the
 * stack takes for forged when it arrives from elsewhere.
 */
__stage route_guest(context *skb, struct packet *pkt, const struct known *known)
{
	const struct FAMILY(flow_side) *side = known->side;
	const struct FAMILY(ip) *destination = side ? &side->destination : &pkt->out.destination;
	__u32 reason;

	pkt->exit = EXIT_STACK;
	if (!is_same_ip(destination, &pkt->tuple.source))
		return CONTINUE;
	pkt->exit = EXIT_POD;
	pkt->ifindex = device_of(skb);
	reason = lose_a_hop(skb, pkt) ?: turn_frame(skb);
	return reason ? drop(pkt, reason) : CONTINUE;
}

/* What the host's own stack has sent into the tunnel device, to whom it is behind. */
__stage route_by_tunnel(context *skb, struct packet *pkt, const struct FAMILY(ip) * destination)
{
	struct prefix *prefix;
	struct node *node;

	/* The device has no addresses and resolves none. */
	if ((pkt->shape & PACKET_NEIGHBOUR) || is_link_scope(destination))
		return drop(pkt, DROP_LINK_SCOPE);
	prefix = find_prefix(destination);
	if (!prefix || !leads_to_node(prefix))
		return drop(pkt, DROP_NO_ROUTE);
	node = bpf_map_lookup_elem(&nodes, &prefix->node);
	if (!node || !node->ifindex || node->way == NODE_NATIVE || !address_inner_frame(skb) ||
	    !write_tunnel(skb, node))
		return drop(pkt, DROP_NO_ROUTE);
	set_mark(skb, FL_MARK_DONE); /* the outer packet is to_network's, as from_pod's is */
	return CONTINUE;
}

#endif /* FAIRLEAD_BPF_PATH_80_ROUTE_H_ */
