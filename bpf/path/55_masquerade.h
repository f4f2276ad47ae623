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
 * same client port already talks to the backend through another Service. A port
 * is free if nobody expects an answer to it from that destination, no process of
 * the host either: the full tuple is the key, so a port serves as many
 * destinations as there are.
 * Price, first packets only: an index lookup and a bucket of half_open for a
 * Service; the same and a look at the host's sockets per port tried for the
 * cases above.
 */
#ifndef FAIRLEAD_BPF_PATH_55_MASQUERADE_H_
#define FAIRLEAD_BPF_PATH_55_MASQUERADE_H_

#include "bpf/path/50_policy.h"

#define SNAT_TRIES 64

/* A process of the host listens on the reply's port, or has that connection. */
static __always_inline bool is_port_of_host(context *skb, struct FAMILY(tuple) * reply)
{
	struct bpf_sock_tuple *tuple = (void *)reply;
	struct bpf_sock *sk = NULL;

	if (reply->protocol == IPPROTO_TCP)
		sk = bpf_skc_lookup_tcp(skb, tuple, SOCKET_TUPLE_BYTES, BPF_F_CURRENT_NETNS, 0);
	else if (reply->protocol == IPPROTO_UDP)
		sk = bpf_sk_lookup_udp(skb, tuple, SOCKET_TUPLE_BYTES, BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return false;
	bpf_sk_release(sk);
	return true;
}

/* Nobody expects an answer to pkt->out: no flow of ours, and for what leaves with
 * an address of the host, none of its processes.
 */
__first_packet int is_reply_unused(context *skb, struct packet *pkt)
{
	struct FAMILY(tuple) reply;

	if (!pkt)
		return 0;
	reverse_tuple(&pkt->out, &reply);
	if (bpf_map_lookup_elem(&FAMILY(flow_index), &reply) || find_half_open(&reply, pkt->now))
		return 0;
	return is_same_ip(&pkt->out.source, &pkt->tuple.source) || !is_port_of_host(skb, &reply);
}

/* Names the pod that found no port: fairleadd and `fairlead pods` read it. */
static __always_inline void count_refusal(const context *skb)
{
	__u32 slot = device_of(skb) - FL_POD_IFINDEX_BASE;
	__u32 *refused = bpf_map_lookup_elem(&snat_refused, &slot);

	if (refused)
		__sync_fetch_and_add(refused, 1);
}

/* Sets pkt->out.source_port so that the reply's tuple is unused; 0 or a reason. The
 * start is random; the steps grow, so that tries that met the same start part, and
 * do not wrap within so many (triangular numbers). A small range is tried in order.
 */
__first_packet int choose_source_port(context *skb, struct packet *pkt)
{
	__u32 offset;

	if (!pkt || !config.snat_ports)
		return DROP_NO_SNAT_PORT;
	offset = chance(pkt, 1);
	for (__u32 i = 1; i <= SNAT_TRIES; i++) {
		offset %= config.snat_ports;
		pkt->out.source_port = bpf_htons(config.snat_first_port + offset);
		if (is_reply_unused(skb, pkt))
			return 0;
		offset += config.snat_ports > SNAT_TRIES * SNAT_TRIES ? i : 1;
	}
	count_refusal(skb);
	return DROP_NO_SNAT_PORT;
}

/* Somebody else expects the reply's tuple: one client port to two Services with
 * the same backend.
 */
__first_packet int is_reply_taken(struct packet *pkt)
{
	struct FAMILY(half_open) * entry;
	struct FAMILY(tuple) reply;

	if (!pkt)
		return 0;
	reverse_tuple(&pkt->out, &reply);
	if (bpf_map_lookup_elem(&FAMILY(flow_index), &reply))
		return 1;
	entry = find_half_open(&reply, pkt->now);
	return entry && !is_same_tuple(&entry->reverse, &pkt->tuple);
}

static __always_inline bool is_hairpin(const context *skb, const struct packet *pkt)
{
	return pkt->exit == EXIT_POD && pkt->exit_target == device_of(skb) - FL_POD_IFINDEX_BASE;
}

static __always_inline bool is_masqueraded(const struct packet *pkt)
{
	return config.masquerade && pkt->hides_source &&
	       (pkt->exit == EXIT_UPLINK || pkt->exit == EXIT_NODE);
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
	return pkt->shape & PACKET_HAS_PORTS ? 0 : DROP_NO_PORTS;
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
	} else if (pkt->backend == BACKEND_NONE || !is_reply_taken(pkt)) {
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

	if (known->side || pkt->remembered || pkt->backend == BACKEND_NONE ||
	    is_way_of_relay(pkt->exit))
		return CONTINUE;
	if (pkt->exit == EXIT_NODE || pkt->exit == EXIT_UPLINK)
		reason = choose_source(skb, pkt);
	else if (!is_reply_taken(pkt))
		return CONTINUE;
	reason = reason ?: choose_source_port(skb, pkt);
	return reason ? drop(pkt, reason) : CONTINUE;
}

#endif /* FAIRLEAD_BPF_PATH_55_MASQUERADE_H_ */
