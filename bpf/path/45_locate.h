/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 45 locate — whose address is the (translated) destination?
 *
 *	a local pod ─▶ EXIT_POD      pod_address
 *	a peer      ─▶ EXIT_NODE     prefixes: its podCIDR or itself
 *	this node   ─▶ EXIT_STACK    prefixes: its own addresses
 *	the world   ─▶ EXIT_UPLINK   by the host's routes, if they lead to an uplink
 *	a backend on a peer, asked from outside ─▶ EXIT_RELAY, see relay.h
 *
 * Of the world and of peers it also says whether they see the node's address
 * instead of the pod's (hides_source).
 *
 * 50_policy wants to know the receiver and 55_masquerade the way out, both
 * before the flow is remembered; a known flow keeps the answer in its side.
 * Price, first packets only: one hash lookup for a local pod, an LPM lookup
 * more for a peer, bpf_fib_lookup more for the world. A known flow to the world
 * compares one number, and asks again when the uplinks have changed. From the wire,
 * the host's address is a comparison, what is forwarded a hash and an LPM lookup.
 */
#ifndef FAIRLEAD_BPF_PATH_45_LOCATE_H_
#define FAIRLEAD_BPF_PATH_45_LOCATE_H_

#include "bpf/path/40_service.h"

#define FIB_LOOKUP_SKIP_NEIGH 4 /* BPF_FIB_LOOKUP_SKIP_NEIGH, in newer uapi headers */
#define LOOPBACK_DEVICE	      1 /* in every network namespace */

/* The host takes it from here; its routes lead it to `device`. */
static __always_inline void leave_to_stack(struct packet *pkt, __u32 device)
{
	pkt->exit = EXIT_STACK;
	pkt->exit_target = device;
	pkt->exit_generation = pkt->uplink_epoch;
}

/* By the host's routes. Devices that are no uplink of ours are the stack's. So is what no
 * route leads to, which the stack tells the sender; but the kernel says the same of a local
 * route to what is no address of the host.
 */
static __always_inline __u32 locate_by_route(context *skb, struct packet *pkt)
{
	struct bpf_fib_lookup fib = {};
	struct FAMILY(ip) *source = (void *)fib.ipv6_src;
	struct FAMILY(ip) *destination = (void *)fib.ipv6_dst;
	long result;

	fib.family = ADDRESS_FAMILY;
	fib.l4_protocol = pkt->tuple.protocol;
	fib.ifindex = device_of(skb);
	*source = pkt->out.source;
	*destination = pkt->out.destination;
	result = bpf_fib_lookup(skb, &fib, sizeof(fib), FIB_LOOKUP_SKIP_NEIGH);
	if (result == BPF_FIB_LKUP_RET_NOT_FWDED) {
		leave_to_stack(pkt, NO_DEVICE);
		return 0;
	}
	/* A frame longer than the device's MTU has a route, too: 57 judges its length. */
	if (result && result != BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return DROP_NO_ROUTE;
	if (!bpf_map_lookup_elem(&uplinks, &fib.ifindex)) {
		leave_to_stack(pkt, fib.ifindex);
		return 0;
	}
	pkt->exit = EXIT_UPLINK;
	pkt->exit_target = fib.ifindex;
	pkt->exit_generation = pkt->uplink_epoch;
	return 0;
}

static __always_inline __u32 locate_by_prefix(context *skb, struct packet *pkt)
{
	struct prefix *prefix = find_prefix(&pkt->out.destination);
	struct node *node;
	__u32 reason;

	pkt->hides_source = !prefix || prefix->kind == PREFIX_PEER_HIDE;
	if (is_of_world(prefix))
		return locate_by_route(skb, pkt);
	switch (prefix->kind) {
	case PREFIX_HOST:
		leave_to_stack(pkt, LOOPBACK_DEVICE);
		return 0;
	case PREFIX_OWN_PODS:
		return DROP_NO_SUCH_POD;
	}
	reason = no_such_service(prefix);
	if (reason)
		return reason;
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
__first_packet int find_exit(context *skb, struct packet *pkt)
{
	if (!pkt)
		return DROP_NO_ROUTE;
	return find_local_pod(pkt) ? 0 : locate_by_prefix(skb, pkt);
}

/* The exit as the flow's side remembers it, as found before, or found now; 0 or a
 * drop reason.
 */
static __always_inline __u32 know_exit(context *skb, struct packet *pkt, const struct known *known)
{
	const struct FAMILY(flow_side) *side = known->side;

	if (side && side->exit) {
		pkt->exit = side->exit;
		pkt->exit_target = side->exit_target;
		pkt->exit_generation = side->exit_generation;
		return 0;
	}
	if (pkt->exit)
		return 0;
	if (side) {
		pkt->out.source = side->source;
		pkt->out.destination = side->destination;
	}
	return find_exit(skb, pkt);
}

/* The way out has the address that the flow is masqueraded with. */
static __always_inline bool is_way_of(const struct packet *pkt, const struct FAMILY(ip) * address)
{
	struct uplink *uplink = bpf_map_lookup_elem(&uplinks, &pkt->exit_target);

	return pkt->exit == EXIT_UPLINK && uplink && is_same_ip(&uplink->FAMILY(address), address);
}

/* The way out is one for what is masqueraded with `address`; 0 or a drop reason. Which of a
 * route's hops it is says a hash of the addresses: of those that the flow came with, when it
 * began.
 */
static __always_inline __u32 keep_address(context *skb, struct packet *pkt,
					  const struct FAMILY(ip) * address)
{
	__u32 reason;

	if (is_way_of(pkt, address))
		return 0;
	pkt->out.source = pkt->tuple.source;
	reason = find_exit(skb, pkt);
	return reason ?: is_way_of(pkt, address) ? 0 : DROP_ADDRESS_GONE;
}

/* The pod's own address is one for the way out; 0 or a drop reason. It is none for the world
 * if it was kept because the way led through the stack.
 */
static __always_inline __u32 go_unmasked(const struct packet *pkt,
					 const struct FAMILY(flow_side) * side)
{
	return SPEAKS_FOR_PODS && config.masquerade && side->exit == EXIT_STACK &&
			       pkt->exit == EXIT_UPLINK && pkt->hides_source
		       ? DROP_ADDRESS_GONE
		       : 0;
}

/* The way out of a known flow once more, by the uplinks and routes of now. Only
 * what is masqueraded is bound to an address: DROP_ADDRESS_GONE if that is not
 * the way out's any more. Any other drop reason is of this packet alone.
 */
__first_packet int find_way_again(context *skb, struct packet *pkt)
{
	struct FAMILY(flow_side) * side;
	struct known known = {};
	__u32 reason;

	if (!pkt || !find_flow(pkt, &known))
		return DROP_NO_ROUTE;
	side = known.side;
	pkt->out.source = side->source;
	pkt->out.destination = side->destination;
	reason = find_exit(skb, pkt);
	if (reason)
		return reason;
	if (has_no_way(pkt))
		return side->exit == EXIT_STACK ? 0 : DROP_NO_ROUTE;
	/* A reply's source is the address that its client has chosen. */
	if (side == &known.flow->side[SIDE_ORIGIN]) {
		reason = is_same_ip(&side->source, &pkt->tuple.source)
				 ? go_unmasked(pkt, side)
				 : keep_address(skb, pkt, &side->source);
		if (reason)
			return reason;
	}
	side->exit_target = pkt->exit_target;
	side->exit_generation = pkt->exit_generation;
	barrier();
	side->exit = pkt->exit;
	return 0;
}

/* Pods and nodes have generations of their own. */
static __always_inline bool has_current_way(const struct packet *pkt,
					    const struct FAMILY(flow_side) * side)
{
	return (side->exit != EXIT_UPLINK && side->exit != EXIT_STACK) ||
	       side->exit_generation == pkt->uplink_epoch;
}

/* The uplinks have changed under a known flow. */
static __always_inline enum verdict follow_uplinks(context *skb, struct packet *pkt,
						   struct known *known)
{
	__u32 reason = find_way_again(skb, pkt);
	enum verdict verdict;

	if (reason != DROP_ADDRESS_GONE)
		return reason ? drop(pkt, reason) : CONTINUE;
	known->side = NULL;
	forget_flow(pkt);
	pkt->out = pkt->tuple;
	verdict = begin_anew(pkt, reason);
	if (verdict)
		return verdict;
	reason = choose_backend(pkt) ?: find_exit(skb, pkt);
	return reason ? drop(pkt, reason) : CONTINUE;
}

static __always_inline enum verdict locate_known(context *skb, struct packet *pkt,
						 struct known *known)
{
	return has_current_way(pkt, known->side) ? CONTINUE : follow_uplinks(skb, pkt, known);
}

__stage locate(context *skb, struct packet *pkt, struct known *known)
{
	__u32 reason;

	if (known->side)
		return locate_known(skb, pkt, known);
	if (pkt->remembered)
		return CONTINUE;
	reason = find_exit(skb, pkt);
	return reason ? turn_away(pkt, reason) : CONTINUE;
}

/* What came from outside, to a Service's backend, wherever that is. */
static __always_inline enum verdict locate_backend(context *skb, struct packet *pkt)
{
	__u32 reason = find_exit(skb, pkt);

	if (reason)
		return drop(pkt, reason);
	if (is_relayed(pkt) && pkt->hook == HOOK_FROM_NETWORK && !relay(pkt))
		pkt->shape &= ~PACKET_RELAYED;
	return CONTINUE;
}

/* The way of a relayed flow is that to its backend; 0 or a drop reason. */
__first_packet int find_relay(context *skb, struct packet *pkt)
{
	struct FAMILY(backend) * backend;
	__u32 number, reason;

	if (!pkt)
		return DROP_NO_ROUTE;
	number = pkt->backend;
	backend = bpf_map_lookup_elem(&FAMILY(backends), &number);
	if (!backend)
		return DROP_NO_ROUTE;
	pkt->out.destination = backend->address;
	reason = find_exit(skb, pkt);
	return reason ?: relay(pkt) ? 0 : DROP_NO_ROUTE;
}

static __always_inline enum verdict locate_remembered(context *skb, struct packet *pkt)
{
	__u32 reason = is_relayed(pkt) ? find_relay(skb, pkt) : 0;

	return reason ? drop(pkt, reason) : CONTINUE;
}

/* Nobody on the wire has a route to an address of Services either: from us it would
 * go round in circles.
 */
static __always_inline enum verdict leave_to_host(struct packet *pkt)
{
	struct prefix *prefix = find_prefix(&pkt->tuple.destination);
	__u32 reason = prefix ? no_such_service(prefix) : 0;

	return reason ? turn_away(pkt, reason) : STOP_PASS;
}

/* The wire also brings what is for neither pods nor Services: that is the host's, and
 * most of it is to its own address.
 */
__stage locate_outside(context *skb, struct packet *pkt, struct known *known)
{
	const struct FAMILY(node_state) *node = this_node();

	if (known->side)
		return locate_known(skb, pkt, known);
	if (pkt->remembered)
		return locate_remembered(skb, pkt);
	if (pkt->backend != BACKEND_NONE)
		return locate_backend(skb, pkt);
	if (node && is_same_ip(&pkt->tuple.destination, &node->address))
		return STOP_PASS;
	return find_local_pod(pkt) ? CONTINUE : leave_to_host(pkt);
}

/* The ways of another network's pods are the host's stack's. A connection under way is
 * no Service's, or 30 would know it.
 */
__stage locate_guest(context *skb, struct packet *pkt, const struct known *known)
{
	if (known->side || pkt->remembered || pkt->backend != BACKEND_NONE)
		return CONTINUE;
	if (pkt->tuple.protocol == IPPROTO_TCP && !is_syn(pkt))
		return STOP_PASS;
	return leave_to_host(pkt);
}

/* A node tunnels what is for our pods and for us, from its pods and itself. */
__stage locate_tunnelled(context *skb, struct packet *pkt, struct known *known)
{
	if (known->side)
		return locate_known(skb, pkt, known);
	if (pkt->remembered)
		return CONTINUE;
	if (is_relayed(pkt))
		return pkt->backend != BACKEND_NONE ? locate_backend(skb, pkt)
						    : drop(pkt, DROP_WRONG_NODE);
	if (!is_from_tunnel_node(pkt))
		return drop(pkt, DROP_SPOOFED_SOURCE);
	if (pkt->backend != BACKEND_NONE)
		return locate_backend(skb, pkt);
	if (find_local_pod(pkt))
		return CONTINUE;
	return is_own_address(&pkt->tuple.destination) ? STOP_PASS : drop(pkt, DROP_WRONG_NODE);
}

/* The host's stack has routed it already: only answers of Services are ours. */
__stage locate_answer(context *skb, struct packet *pkt, const struct known *known)
{
	return known->side || pkt->remembered ? CONTINUE : STOP_PASS;
}

#endif /* FAIRLEAD_BPF_PATH_45_LOCATE_H_ */
