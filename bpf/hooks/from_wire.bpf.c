// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * from_wire — what the wire brings, before the kernel has made a packet of it (XDP).
 *
 *     wire ──▶ uplink's driver ──▶ [from_wire] ──▶ wire: a Service's packet to a
 *                                   │   │          backend elsewhere, or its answer
 *                                   │   └────────▶ from_network: all else, untouched
 *                                   ▼
 *                             counted drop
 *
 * Promise: from_network would have done the same, by the same tables, so that a flow
 * may begin at one of them and go on at the other. Stages 10 to 57 write nothing but
 * that an idle SYN has lost its port: they find out whether XDP can do all there is. What it cannot do (pods,
 * sockets, tunnels, answers, fragments, neighbours nobody has asked for) is
 * from_network's, which finds the packet and the tables as if this had not been.
 * Price for a known flow: one hash lookup, one rewrite, the kernel's route and
 * neighbour once a tick. For what is left to from_network: a lookup that misses, a bucket of
 * half_open and a bit of service_ports, all of which from_network asks again.
 */
#define FAIRLEAD_XDP

#include "bpf/verdict/wire_hops.bpf.h"
#include "bpf/path/80_route.h"
#include "bpf/verdict/next_family.bpf.h"

#define FIB_LOOKUP_OUTPUT 2 /* BPF_FIB_LOOKUP_OUTPUT: by the device that is named */

/* All of the frame can be read. */
static __always_inline bool is_in_one_buffer(context *skb)
{
	return frame_end(skb) - frame_start(skb) == frame_bytes(skb);
}

/* The checksum is what a sender leaves for its device to finish. Frames that have met
 * no wire, as from another machine's veth or bridge, are like that, and XDP is not
 * told. One in 65536 of all others looks the same: TC knows which it is.
 */
static __always_inline bool is_sum_unfinished(context *skb, const struct packet *pkt)
{
	__u32 offset = pkt->l4_offset & MAX_OFFSET;
	__u16 sum =
		sum_fold(pseudo_sum(&pkt->tuple, pkt->tuple.protocol, packet_end(skb) - offset));
	struct tcp_header *tcp;
	struct udp_header *udp;

	if (pkt->tuple.protocol == IPPROTO_TCP) {
		tcp = header_at(skb, offset, sizeof(*tcp));
		return !tcp || tcp->check == sum;
	}
	udp = header_at(skb, offset, sizeof(*udp));
	return !udp || udp->check == sum;
}

static __always_inline bool is_plain(context *skb, const struct packet *pkt)
{
	return (pkt->tuple.protocol == IPPROTO_TCP || pkt->tuple.protocol == IPPROTO_UDP) &&
	       !(pkt->shape & PACKET_FRAGMENT) && pkt->hop_limit > 1 && is_in_one_buffer(skb) &&
	       !is_sum_unfinished(skb, pkt);
}

__stage parse_plain(context *skb, struct packet *pkt)
{
	enum verdict parsed = parse(skb, pkt);

	/* Its headers may be in another buffer. */
	if (parsed == STOP_DROP && pkt->reason == DROP_TOO_SHORT)
		return STOP_PASS;
	if (parsed)
		return parsed;
	return is_plain(skb, pkt) ? CONTINUE : STOP_PASS;
}

/* Nothing about the flow has changed that somebody must be told of. */
static __always_inline bool is_steady(const struct packet *pkt, const struct known *known)
{
	const struct FAMILY(flow_side) *side = known->side;

	return is_backend_alive(side->backend, side->backend_generation) &&
	       is_exit_alive(pkt, side) && has_current_way(pkt, side) && !is_over(pkt, known);
}

/* What a half-open flow has remembered; 0 if it has to be left to TC. */
__first_packet int look_up_half_open(struct packet *pkt)
{
	struct FAMILY(half_open) * entry;
	struct memory memory;

	if (!pkt)
		return 0;
	pkt->out = pkt->tuple;
	pkt->hash = half_open_hash(&pkt->tuple);
	entry = find_by_hash(pkt->hash, &pkt->tuple, pkt->now);
	if (!entry)
		return 1;
	if (!copy_half_open(pkt, entry, &memory) || what_is_lost(pkt, &memory))
		return 0;
	take_memory(pkt, &memory);
	return !has_lost_answers(pkt, &memory);
}

__stage conntrack_quietly(context *skb, struct packet *pkt, struct known *known)
{
	pkt->now = (__u32)bpf_jiffies64() | 1;
	pkt->backend = BACKEND_NONE;
	if (!find_flow(pkt, known))
		return look_up_half_open(pkt) ? CONTINUE : STOP_PASS;
	pkt->out.source = known->side->source;
	pkt->out.destination = known->side->destination;
	return is_steady(pkt, known) ? CONTINUE : STOP_PASS;
}

__stage locate_on_wire(context *skb, struct packet *pkt, const struct known *known)
{
	if (!known->side && !pkt->remembered && pkt->backend == BACKEND_NONE)
		return STOP_PASS;
	if (know_exit(skb, pkt, known))
		return STOP_PASS;
	return pkt->exit == EXIT_NODE || pkt->exit == EXIT_UPLINK ? CONTINUE : STOP_PASS;
}

/* XDP does not tell the kernel that a neighbour is in use, which then never asks
 * whether it is still there. So now and then all packets of a tick go by TC.
 */
static __always_inline bool is_tick_of_tc(const struct packet *pkt)
{
	return config.neighbour_mask && (pkt->now & config.neighbour_mask) == 1;
}

/* The device to leave by, and in `hop` whom to ask its neighbours for. */
static __always_inline bool find_device(struct packet *pkt, struct FAMILY(ip) * hop)
{
	struct node *node;

	*hop = pkt->out.destination;
	pkt->ifindex = pkt->exit_target;
	if (pkt->exit == EXIT_UPLINK)
		return true;
	node = bpf_map_lookup_elem(&nodes, &pkt->exit_target);
	if (!node || node->way != NODE_NATIVE)
		return false;
	pkt->ifindex = node->ifindex;
	if (!is_zero_ip(&node->FAMILY(next_hop)))
		*hop = node->FAMILY(next_hop);
	return true;
}

/* Asks the kernel; false if XDP cannot send there, or the neighbour is not known yet. */
static __always_inline bool find_hop(context *skb, const struct packet *pkt,
				     const struct FAMILY(ip) * address,
				     struct FAMILY(wire_hop) * hop)
{
	struct bpf_fib_lookup fib = {.family = ADDRESS_FAMILY,
				     .l4_protocol = pkt->tuple.protocol,
				     .ifindex = pkt->ifindex};

	if (!bpf_map_lookup_elem(&wire_exits, &pkt->ifindex))
		return false;
	*(struct FAMILY(ip) *)fib.ipv6_dst = *address;
	*(struct FAMILY(ip) *)fib.ipv6_src = pkt->out.source;
	if (bpf_fib_lookup(skb, &fib, sizeof(fib), FIB_LOOKUP_OUTPUT))
		return false;
	hop->address = *address;
	hop->source = pkt->out.source;
	hop->ifindex = pkt->ifindex;
	hop->tick = pkt->now;
	__builtin_memcpy(hop->to, fib.dmac, sizeof(hop->to));
	__builtin_memcpy(hop->from, fib.smac, sizeof(hop->from));
	return true;
}

/* Addresses the frame to its next hop. 0 if XDP cannot: then nothing is written. */
__first_packet int address_next_hop(context *skb, struct packet *pkt)
{
	struct FAMILY(wire_hop) * hop;
	struct FAMILY(ip) address;

	if (!pkt || !find_device(pkt, &address))
		return 0;
	hop = hop_of(pkt, &address);
	if (!hop || (!is_hop_to(hop, pkt, &address) && !find_hop(skb, pkt, &address, hop)))
		return 0;
	return write_macs(skb, hop->to, hop->from);
}

/* The last look: what passes it is XDP's. */
__stage fit_wire(context *skb, struct packet *pkt)
{
	if (frame_end(skb) - frame_start(skb) > pkt->longest_frame || is_tick_of_tc(pkt))
		return STOP_PASS;
	return address_next_hop(skb, pkt) ? CONTINUE : STOP_PASS;
}

/* What has been remembered, told that it goes on; or why it does not, in the very moment since
 * we looked. Another flow that has the answers now has the port: the packet stands here without
 * its translation then, but with the MACs of a way that it was to take with it, so TC cannot
 * have it. The entry is gone, and the sender's next try begins anew.
 */
static __always_inline __u32 recall_again(struct packet *pkt)
{
	__u32 lost = recall(pkt);

	return lost || pkt->remembered ? lost : DROP_NO_SNAT_PORT;
}

__stage commit_all(context *skb, struct packet *pkt, struct known *known)
{
	__u32 lost = 0;

	if (known->side)
		go_on(skb, pkt, known);
	else if (pkt->remembered)
		lost = recall_again(pkt);
	return lost ? drop(pkt, lost) : commit(skb, pkt, known);
}

__stage route_on_wire(context *skb, struct packet *pkt, const struct known *known)
{
	__u32 reason = lose_a_hop(skb, pkt);

	if (known->side && !known->side->exit)
		remember_exit(pkt, known->side);
	return reason ? drop(pkt, reason) : CONTINUE;
}

/* Out of the device it came in by, too: XDP_TX would cost less, but a veth whose other
 * end runs no XDP program leaves such frames lying until another one comes.
 */
static __always_inline int send_on_wire(context *skb, struct packet *pkt)
{
	return finish(skb, pkt->hook, bpf_redirect(pkt->ifindex, 0),
		      pkt->exit == EXIT_NODE ? VERDICT_TO_NODE : VERDICT_TO_WORLD, pkt->ifindex);
}

/* As 90_deliver, with what XDP has to offer. */
static __always_inline int deliver_on_wire(context *skb, struct packet *pkt, enum verdict verdict)
{
	switch (verdict) {
	case CONTINUE:
		return send_on_wire(skb, pkt);
	case STOP_DROP:
		return finish(skb, pkt->hook, XDP_DROP, pkt->reason, 0);
	case STOP_NEXT: /* of IPv4's program only: that of IPv6 gets nothing else */
		bpf_tail_call(skb, &next_family, 0);
		return XDP_PASS;
	default:
		return finish(skb, pkt->hook, XDP_PASS, VERDICT_TO_TC, 0);
	}
}

SEC("xdp") /* frames in several buffers by Programs, unless it runs generic */
int from_wire(context *skb)
{
	struct packet pkt = {.hook = HOOK_FROM_WIRE};
	struct known known = {};

	/* clang-format off */
	enum verdict verdict =
		parse_plain(skb, &pkt)                ?: /* 10  bytes to pkt, if XDP sees them all   */
		guard_network(skb, &pkt)              ?: /* 20  nobody outside speaks for our pods   */
		conntrack_quietly(skb, &pkt, &known)  ?: /* 30  seen before? Nothing is written yet  */
		outside_service(skb, &pkt, &known)    ?: /* 40  service address to backend           */
		locate_on_wire(skb, &pkt, &known)     ?: /* 45  for somebody on the wire again?      */
		policy(skb, &pkt, &known)             ?: /* 50  may these two talk?                  */
		masquerade_outside(skb, &pkt, &known) ?: /* 55  a backend elsewhere answers us       */
		fit_wire(skb, &pkt)                   ?: /* 57  can XDP send it? If not, it is TC's  */
		commit_all(skb, &pkt, &known)         ?: /* 60  remember the packet, or the answer   */
		translate(skb, &pkt, &known)          ?: /* 70  rewrite addresses and ports          */
		route_on_wire(skb, &pkt, &known);        /* 80  one hop less                         */
	/* clang-format on */

	return deliver_on_wire(skb, &pkt, verdict); /* 90  act, count, record */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
