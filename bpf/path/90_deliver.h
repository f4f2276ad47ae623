/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 90 deliver — the only exit: act, count, record the verdict.
 *
 * Every packet that entered a hook leaves through finish(), whatever became of
 * it; a tail call that falls through comes back here as a drop with a name.
 * Price: one per-CPU array lookup.
 */
#ifndef FAIRLEAD_BPF_PATH_90_DELIVER_H_
#define FAIRLEAD_BPF_PATH_90_DELIVER_H_

#include "bpf/path/80_route.h"
#include "bpf/verdict/tail_call.h"

/* Beside another network, its programs behind ours have their say, too. */
static __always_inline int pass_on(void)
{
	return config.guests ? TC_ACT_UNSPEC : TC_ACT_OK;
}

/* The tunnel device asks the packet where it shall go. */
static __always_inline int send_by_tunnel(struct __sk_buff *skb, struct packet *pkt,
					  const struct node *node)
{
	if (!address_inner_frame(skb) || !write_tunnel(skb, node))
		return finish(skb, pkt->hook, TC_ACT_SHOT, DROP_NO_ROUTE, 0);
	skb->mark = FL_MARK_DONE;
	return finish(skb, pkt->hook, bpf_redirect(node->ifindex, 0), VERDICT_TO_NODE,
		      node->ifindex);
}

static __always_inline int send_to_node(struct __sk_buff *skb, struct packet *pkt)
{
	struct node *node = bpf_map_lookup_elem(&nodes, &pkt->exit_target);
	struct bpf_redir_neigh next_hop = {.nh_family = ADDRESS_FAMILY};

	if (!node || !node->ifindex)
		return finish(skb, pkt->hook, TC_ACT_SHOT, DROP_NO_ROUTE, 0);
	if (node->way != NODE_NATIVE)
		return send_by_tunnel(skb, pkt, node);
	*(struct FAMILY(ip) *)next_hop.ipv6_nh = node->FAMILY(next_hop);
	skb->mark = FL_MARK_DONE;
	/* A node on none of our links is reached as the host's routes say. */
	if (is_zero_ip(&node->FAMILY(next_hop)))
		return finish(skb, pkt->hook, bpf_redirect_neigh(node->ifindex, NULL, 0, 0),
			      VERDICT_TO_NODE, node->ifindex);
	return finish(skb, pkt->hook,
		      bpf_redirect_neigh(node->ifindex, &next_hop, sizeof(next_hop), 0),
		      VERDICT_TO_NODE, node->ifindex);
}

/* As it came, to the node that shall choose. */
static __always_inline int send_by_relay(struct __sk_buff *skb, struct packet *pkt)
{
	const struct FAMILY(node_state) *this = this_node();
	struct node *node = bpf_map_lookup_elem(&nodes, &pkt->exit_target);

	if (!this || !this->tunnel_ifindex || !node || !address_inner_frame(skb) ||
	    !write_tunnel_of(skb, node, has_ipv6_tunnel(node)))
		return finish(skb, pkt->hook, TC_ACT_SHOT, DROP_NO_ROUTE, 0);
	skb->mark = FL_MARK_DONE;
	return finish(skb, pkt->hook, bpf_redirect(this->tunnel_ifindex, 0), VERDICT_TO_NODE,
		      this->tunnel_ifindex);
}

static __always_inline int send(struct __sk_buff *skb, struct packet *pkt)
{
	switch (pkt->exit) {
	case EXIT_POD:
		return finish(skb, pkt->hook, bpf_redirect_peer(pkt->ifindex, 0), VERDICT_TO_POD,
			      pkt->ifindex);
	case EXIT_NODE:
		return send_to_node(skb, pkt);
	case EXIT_UPLINK:
		skb->mark = FL_MARK_DONE;
		return finish(skb, pkt->hook, bpf_redirect_neigh(pkt->ifindex, NULL, 0, 0),
			      VERDICT_TO_WORLD, pkt->ifindex);
	case EXIT_RELAY:
		if (config.direct_return)
			return send_by_relay(skb, pkt);
	}
	return finish(skb, pkt->hook, pass_on(), VERDICT_TO_STACK, 0);
}

/* What the walk could not send: refused, answered elsewhere, or not ours. */
static __always_inline int end_walk(struct __sk_buff *skb, struct packet *pkt, enum verdict verdict)
{
	switch (verdict) {
	case STOP_NEXT:
		return TC_ACT_UNSPEC; /* counted by the program that deals with it */
	case STOP_PASS:
		return finish(skb, pkt->hook, pass_on(), VERDICT_PASSED, 0);
	case STOP_ROOM:
		return finish(skb, pkt->hook, bpf_redirect_peer(pkt->ifindex, 0), VERDICT_TO_ROOM,
			      pkt->ifindex);
	case STOP_ANSWER:
		jump_to(skb, pkt);
		return finish(skb, pkt->hook, TC_ACT_SHOT, DROP_TAIL_CALL_MISSING, 0);
	default:
		return finish(skb, pkt->hook, TC_ACT_SHOT, pkt->reason, 0);
	}
}

__always_inline static int deliver(struct __sk_buff *skb, struct packet *pkt, enum verdict verdict)
{
	return verdict ? end_walk(skb, pkt, verdict) : send(skb, pkt);
}

/* The packet is already on its way to where the hook sits. */
static __always_inline int let_pass(struct __sk_buff *skb, struct packet *pkt, enum verdict verdict,
				    __u32 reason)
{
	return verdict ? end_walk(skb, pkt, verdict)
		       : finish(skb, pkt->hook, pass_on(), reason, skb->ifindex);
}

/* The packet starts anew, as if the device had just received it. */
static __always_inline int receive_again(struct __sk_buff *skb, struct packet *pkt,
					 enum verdict verdict)
{
	return verdict ? end_walk(skb, pkt, verdict)
		       : finish(skb, pkt->hook, bpf_redirect(pkt->ifindex, BPF_F_INGRESS),
				VERDICT_IN_ORDER, pkt->ifindex);
}

#endif /* FAIRLEAD_BPF_PATH_90_DELIVER_H_ */
