/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 20 guard — is the sender who it claims to be?
 *
 *	from a pod:       source address and MAC are the pod's, and it talks to
 *	                  its gateway: ARP and neighbour requests end here
 *	from the network: nobody outside speaks with our pods' addresses or ours
 *	from a tunnel:    its other end is a node
 *
 * Price: two array lookups, a few comparisons; no hash but that of the tunnel's
 * other end.
 */
#ifndef FAIRLEAD_BPF_PATH_20_GUARD_H_
#define FAIRLEAD_BPF_PATH_20_GUARD_H_

#include "bpf/packet/tunnel.h"
#include "bpf/verdict/verdict.h"

/* The host's stack sends in order, and knows where to. */
static __always_inline bool is_leaving_host(const struct packet *pkt)
{
	return pkt->hook == HOOK_TO_NETWORK || pkt->hook == HOOK_TO_OVERLAY ||
	       pkt->hook == HOOK_TO_GUEST;
}

static __always_inline bool is_sent_by_host(const struct packet *pkt)
{
	return pkt->hook == HOOK_TO_POD || is_leaving_host(pkt);
}

static __always_inline struct pod *pod_in_slot(__u32 slot)
{
	return bpf_map_lookup_elem(&pods, &slot);
}

static __always_inline struct FAMILY(node_state) * this_node(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&FAMILY(node_state), &zero);
}

/* The longest of at most `length` bits. */
static __always_inline struct prefix *find_prefix_within(const struct FAMILY(ip) * ip, __u32 length)
{
	struct FAMILY(prefix_key) key = {.length = length, .address = *ip};

	return bpf_map_lookup_elem(&FAMILY(prefixes), &key);
}

/* Whose address is it? NULL: the world's. A Service that has it too does not change
 * that. Price: an LPM lookup, two for a virtual IP.
 */
static __always_inline struct prefix *find_prefix(const struct FAMILY(ip) * ip)
{
	struct prefix *prefix = find_prefix_within(ip, FL_IP_WORDS * 32);

	if (prefix && prefix->kind == PREFIX_VIRTUAL_IP)
		prefix = find_prefix_within(ip, FL_IP_WORDS * 32 - 1);
	return prefix;
}

/* Why nobody but a port's Service is at an address that only Services have; 0: it is
 * another's.
 */
static __always_inline __u32 no_such_service(const struct prefix *prefix)
{
	switch (prefix->kind) {
	case PREFIX_SERVICE:
		return DROP_NO_SUCH_SERVICE_PORT;
	case PREFIX_SERVICE_CIDR:
		return DROP_NO_SUCH_SERVICE;
	}
	return 0;
}

static __always_inline bool is_own_address(const struct FAMILY(ip) * ip)
{
	struct prefix *prefix = find_prefix(ip);

	return prefix && prefix->kind == PREFIX_HOST;
}

/* What later stages ask of the entry that the guard has found anyway. */
static __always_inline void take_facts(struct packet *pkt, const struct FAMILY(node_state) * node)
{
	pkt->policy_epoch = node->policy_epoch;
	pkt->uplink_epoch = node->uplink_epoch;
	pkt->longest_frame = node->smallest_mtu + ETH_HLEN;
}

static __always_inline bool is_mac_of(context *skb, const struct pod *pod)
{
	const struct frame_addresses *frame = header_at(skb, 0, ETH_HLEN);
	const __u16 *mac = (const __u16 *)pod->mac;

	return frame && !((frame->source[0] ^ mac[0]) | (frame->source[1] ^ mac[1]) |
			  (frame->source[2] ^ mac[2]));
}

/* A pod's link ends here, but for multicast the pods of this node are one. */
static __always_inline enum verdict stay_on_link(struct packet *pkt)
{
	if (is_multicast(&pkt->tuple.destination))
		return answer(pkt, TAIL_DELIVER_MULTICAST, VERDICT_TO_GROUP);
	return drop(pkt, DROP_LINK_SCOPE);
}

__stage guard_pod(context *skb, struct packet *pkt)
{
	struct pod *pod = pod_in_slot(device_of(skb) - FL_POD_IFINDEX_BASE);
	const struct FAMILY(node_state) *node = this_node();
	const struct FAMILY(ip) * address;

	if (!pod || pod->ifindex != device_of(skb) || !node)
		return drop(pkt, DROP_UNKNOWN_POD);
	take_facts(pkt, node);
	if (!is_mac_of(skb, pod))
		return drop(pkt, DROP_SPOOFED_MAC);

	/* Before the address: a neighbour request may carry none, or another. */
	if (pkt->shape & PACKET_NEIGHBOUR)
		return answer(pkt, TAIL_ANSWER_NEIGHBOUR, VERDICT_ANSWERED);

	address = &pod->FAMILY(address);
	if (!is_same_ip(&pkt->tuple.source, address) || is_zero_ip(address)) {
		/* Its own link-local address is no forgery, but goes no further than
		 * to pods of this node: deliver_multicast looks whether it is its own.
		 */
		if (!is_link_scope(&pkt->tuple.source))
			return drop(pkt, DROP_SPOOFED_SOURCE);
		return stay_on_link(pkt);
	}
	if (is_link_scope(&pkt->tuple.destination))
		return stay_on_link(pkt);
	return CONTINUE;
}

/* Says, from outside, to be this node, a pod of it, or nobody. */
static __always_inline bool is_forged_outside(const struct packet *pkt,
					      const struct FAMILY(node_state) * node)
{
	return is_martian(&pkt->tuple.source) ||
	       (is_same_ip(&pkt->tuple.source, &node->address) && !is_zero_ip(&node->address)) ||
	       is_in_network(&pkt->tuple.source, &node->pod_network, &node->pod_mask);
}

/* A tunnel's outer packet, for the node. It has an inner one that from_overlay
 * looks at, so nothing is looked up for it.
 */
static __always_inline bool is_tunnel(const struct packet *pkt,
				      const struct FAMILY(node_state) * node)
{
	return config.tunnel_port && pkt->tuple.protocol == IPPROTO_UDP &&
	       pkt->tuple.destination_port == bpf_htons(config.tunnel_port) &&
	       is_same_ip(&pkt->tuple.destination, &node->address);
}

__stage guard_network(context *skb, struct packet *pkt)
{
	const struct FAMILY(node_state) *node = this_node();

	if (!node || (pkt->shape & PACKET_NEIGHBOUR) || is_tunnel(pkt, node))
		return STOP_PASS;
	take_facts(pkt, node);
	if (is_forged_outside(pkt, node))
		return drop(pkt, DROP_SPOOFED_SOURCE);
	if (is_link_scope(&pkt->tuple.destination))
		return STOP_PASS;
	return CONTINUE;
}

/* Another node itself, or its pods. */
static __always_inline bool leads_to_node(const struct prefix *prefix)
{
	return prefix->kind == PREFIX_PEER_PODS || prefix->kind == PREFIX_PEER ||
	       prefix->kind == PREFIX_PEER_HIDE;
}

/* The source is a pod of the node that tunnelled the packet, or that node itself. */
__first_packet int is_from_tunnel_node(struct packet *pkt)
{
	struct prefix *prefix;

	if (!pkt)
		return 0;
	prefix = find_prefix(&pkt->tuple.source);
	return prefix && leads_to_node(prefix) && prefix->node == pkt->tunnel_node;
}

/* Neither a pod's address nor a node's. */
static __always_inline bool is_of_world(const struct prefix *prefix)
{
	return !prefix || prefix->kind == PREFIX_DIRECT;
}

__first_packet int is_from_world(struct packet *pkt)
{
	return pkt && is_of_world(find_prefix(&pkt->tuple.source));
}

/* A client outside whom another node has relayed to us (relay.h): it gets Services only. */
static __always_inline bool is_relayed_here(struct packet *pkt)
{
	return config.direct_return && pkt->hook == HOOK_FROM_OVERLAY && is_from_world(pkt);
}

__stage guard_overlay(context *skb, struct packet *pkt)
{
	const struct FAMILY(node_state) *node = this_node();
	struct tunnel_peer_key sender = {};
	struct tunnel_peer *peer;
	__u32 vni = 0;

	if (!node || !read_tunnel(skb, &sender, &vni))
		return drop(pkt, DROP_UNKNOWN_TUNNEL_PEER);
	peer = bpf_map_lookup_elem(&tunnel_peers, &sender);
	if (!peer)
		return drop(pkt, DROP_UNKNOWN_TUNNEL_PEER);
	if (vni != config.vni)
		return drop(pkt, DROP_WRONG_VNI);
	pkt->tunnel_node = peer->node;
	leave_word(skb, CB_NODE, peer->node); /* for an answer, when 45 has overwritten it */
	take_facts(pkt, node);
	if ((pkt->shape & PACKET_NEIGHBOUR) || is_link_scope(&pkt->tuple.destination))
		return drop(pkt, DROP_LINK_SCOPE);
	if (is_forged_outside(pkt, node))
		return drop(pkt, DROP_SPOOFED_SOURCE);
	/* An error finds its flow by what it quotes, a fragment may go on through the
	 * room: their sender is asked for here, not in 45.
	 */
	if ((pkt->shape & (PACKET_ICMP_ERROR | PACKET_FRAGMENT)) && !is_from_tunnel_node(pkt) &&
	    !is_relayed_here(pkt))
		return drop(pkt, DROP_SPOOFED_SOURCE);
	return CONTINUE;
}

/* What the host's stack sends to a pod needs no proof, only sorting out; and who
 * another network's pods are is that network's to prove.
 */
__stage guard_host(context *skb, struct packet *pkt)
{
	const struct FAMILY(node_state) *node = this_node();

	if (!node || (pkt->shape & PACKET_NEIGHBOUR) || is_link_scope(&pkt->tuple.destination) ||
	    is_link_scope(&pkt->tuple.source))
		return STOP_PASS;
	take_facts(pkt, node);
	return CONTINUE;
}

static __always_inline bool has_port_bit(__u32 kind, __be16 port)
{
	__u32 number = bpf_ntohs(port);
	__u32 word = SERVICE_PORT_WORD(kind, number);
	__u32 *bits = bpf_map_lookup_elem(&FAMILY(service_ports), &word);

	return bits && (*bits & SERVICE_PORT_BIT(number));
}

/* What the host's stack sends is its own, unless a process of it may speak as the
 * backend of a Service: its port says so. A later fragment has none, and an error
 * is about another packet.
 */
__stage guard_answer(context *skb, struct packet *pkt)
{
	const struct FAMILY(node_state) *node = this_node();

	if (!node || (pkt->shape & PACKET_NEIGHBOUR))
		return STOP_PASS;
	if (!(pkt->shape & (PACKET_LATER | PACKET_ICMP_ERROR)) &&
	    !has_port_bit(SERVICE_PORT_OF_BACKEND, pkt->tuple.source_port))
		return STOP_PASS;
	take_facts(pkt, node);
	return CONTINUE;
}

/* The same out of an uplink, where no pod leaves under its own address. */
__stage guard_leaving(context *skb, struct packet *pkt)
{
	struct prefix *prefix;

	if ((pkt->shape & PACKET_NEIGHBOUR) ||
	    !bpf_map_lookup_elem(&FAMILY(pod_address), &pkt->tuple.source))
		return guard_answer(skb, pkt);
	/* Inside the cluster pods keep their addresses, whichever way they go. */
	prefix = find_prefix(&pkt->tuple.destination);
	if (!config.masquerade || (prefix && !no_such_service(prefix)))
		return STOP_PASS;
	return drop(pkt, DROP_UNTRANSLATED_SOURCE);
}

#endif /* FAIRLEAD_BPF_PATH_20_GUARD_H_ */
