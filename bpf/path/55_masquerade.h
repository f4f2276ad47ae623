/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 55 masquerade — who shall the packet say it is from?
 *
 *	pod ─▶ world              the node's address of the uplink, and a port;
 *	                          none of either where the daemon says so
 *	pod ─▶ another node       the same, only with --masquerade-nodes
 *	pod ─▶ service ─▶ itself  the node's address: its own stack would refuse
 *	                          a packet that claims to come from itself
 *	outside ─▶ service ─▶ elsewhere   the node's address: the answer comes back
 *	                          to be translated
 *
 * Between pods the source address is never touched; the port only if the very
 * same client port already talks to the backend another way: through a Service, or
 * past it. Which port is free says conntrack/source_port.h.
 * Price, first packets only: an index lookup and a bucket of half_open; the same and
 * a look at the host's sockets per port tried for the cases above.
 */
#ifndef FAIRLEAD_BPF_PATH_55_MASQUERADE_H_
#define FAIRLEAD_BPF_PATH_55_MASQUERADE_H_

#include "bpf/path/50_policy.h"
#include "bpf/conntrack/source_port.h"

static __always_inline bool is_hairpin(const context *skb, const struct packet *pkt)
{
	return pkt->exit == EXIT_POD && pkt->exit_target == device_of(skb) - FL_POD_IFINDEX_BASE;
}

static __always_inline bool is_masqueraded(const struct packet *pkt)
{
	return config.masquerade && pkt->hides_source &&
	       (pkt->exit == EXIT_UPLINK || pkt->exit == EXIT_NODE);
}

/* What has no port can only be one flow with whoever it talks to. */
static __always_inline bool may_change_port(const struct packet *pkt)
{
	return pkt->shape & PACKET_HAS_PORTS;
}

/* The source address of a packet that may not keep its own; 0 or a drop reason. */
static __always_inline __u32 choose_source(context *skb, struct packet *pkt)
{
	struct FAMILY(node_state) * node;
	struct uplink *uplink;

	if (pkt->exit == EXIT_UPLINK) {
		uplink = bpf_map_lookup_elem(&uplinks, &pkt->exit_target);
		if (!uplink)
			return DROP_NO_ROUTE;
		pkt->out.source = uplink->FAMILY(address);
	} else {
		node = this_node();
		if (!node)
			return DROP_NO_NODE_ADDRESS;
		pkt->out.source = node->address;
	}
	if (is_zero_ip(&pkt->out.source))
		return DROP_NO_NODE_ADDRESS;
	/* Another node would believe that we tunnelled what it contains. */
	if (config.tunnel_port && pkt->out.protocol == IPPROTO_UDP &&
	    pkt->out.destination_port == bpf_htons(config.tunnel_port))
		return DROP_FORGED_TUNNEL;
	/* Without a port the reply could not be told from the host's own traffic. */
	return may_change_port(pkt) ? 0 : DROP_NO_PORTS;
}

__stage masquerade(context *skb, struct packet *pkt, const struct known *known)
{
	__u32 reason;

	if (known->side || pkt->remembered)
		return CONTINUE;
	if (is_masqueraded(pkt) || is_hairpin(skb, pkt)) {
		reason = choose_source(skb, pkt);
		if (reason)
			return drop(pkt, reason);
	} else if (!may_change_port(pkt) || !is_reply_taken(pkt)) {
		return CONTINUE;
	}
	reason = choose_source_port(skb, pkt);
	return reason ? drop(pkt, reason) : CONTINUE;
}

/* A pod of another network keeps its address, but for a Service that leads to itself.
 * What else is to be masqueraded, that network does in the host's stack.
 */
__stage masquerade_guest(context *skb, struct packet *pkt, const struct known *known)
{
	__u32 reason = 0;

	if (known->side || pkt->remembered)
		return CONTINUE;
	if (is_same_ip(&pkt->out.destination, &pkt->tuple.source))
		reason = choose_source(skb, pkt);
	else if (!is_reply_taken(pkt))
		return CONTINUE;
	reason = reason ?: choose_source_port(skb, pkt);
	return reason ? drop(pkt, reason) : CONTINUE;
}

/* A client outside keeps its address unless its Service's backend is elsewhere: the
 * answer has to come back through here.
 */
__stage masquerade_outside(context *skb, struct packet *pkt, const struct known *known)
{
	__u32 reason = 0;

	if (known->side || pkt->remembered || is_way_of_relay(pkt->exit) ||
	    (pkt->backend == BACKEND_NONE && pkt->exit != EXIT_POD))
		return CONTINUE;
	if (pkt->exit == EXIT_NODE || pkt->exit == EXIT_UPLINK)
		reason = choose_source(skb, pkt);
	else if (!may_change_port(pkt) || !is_reply_taken(pkt))
		return CONTINUE;
	reason = reason ?: choose_source_port(skb, pkt);
	return reason ? drop(pkt, reason) : CONTINUE;
}

#endif /* FAIRLEAD_BPF_PATH_55_MASQUERADE_H_ */
