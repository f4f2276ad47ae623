// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * follow_icmp_error — an ICMP error takes the way of the packet it quotes.
 *
 *	error { quotes: client ─▶ backend }  from the backend, or a router
 *	    the quote reversed is a packet of the backend's side of a flow,
 *	    so the error is translated like one: its destination, its source if
 *	    the backend itself speaks, and the quote, which becomes what the
 *	    client sent: client ─▶ VIP
 *
 * Without this, path MTU discovery and "connection refused" die at the first
 * translation. An error about a flow nobody knows is dropped: no pod asked for
 * it, and it may be forged.
 */
#define ASKS_ONLY 1

#include "bpf/answers/reply.h"
#include "bpf/packet/icmp_quote.h"

/* Fills pkt->out with what packets of the flow's side that goes where the error
 * goes leave with; pkt->tuple is such a packet, the answer to the quoted one.
 */
static __always_inline bool find_translation(struct packet *pkt, struct known *known)
{
	pkt->out = pkt->tuple;
	if (!find_flow(pkt, known))
		return !recall(pkt) && pkt->remembered;
	if (is_known_elsewhere(pkt, known))
		return false;
	pkt->out.source = known->side->source;
	pkt->out.destination = known->side->destination;
	pkt->out.source_port = known->side->source_port;
	pkt->out.destination_port = known->side->destination_port;
	return true;
}

/* The flow's end has another name where the error goes to. A router keeps its own, unless
 * both ends have others: there the flow is this node's, and nobody else is believed about
 * it (20_guard).
 */
static __always_inline bool is_sender_translated(const struct packet *pkt,
						 const struct FAMILY(ip) * sender)
{
	return is_same_ip(sender, &pkt->tuple.source) ||
	       (!is_same_ip(&pkt->tuple.source, &pkt->out.source) &&
		!is_same_ip(&pkt->tuple.destination, &pkt->out.destination));
}

/* Rewrites the error's own header, and its checksum by all that has changed. */
static __always_inline bool rewrite_error(struct __sk_buff *skb, struct packet *pkt,
					  struct FAMILY(ip) * sender, __u16 quote_delta)
{
	ip_header *ip = header_at(skb, IP_OFFSET, IP_HEADER_BYTES);
	struct icmp_header *icmp = header_at(skb, pkt->l4_offset, sizeof(*icmp));
	const struct FAMILY(ip) *from =
		is_sender_translated(pkt, sender) ? &pkt->out.source : sender;
	__u16 address_delta = sum_fold(ip_delta(sender, from) +
				       ip_delta(&pkt->tuple.destination, &pkt->out.destination));

	if (!ip || !icmp)
		return false;
	write_addresses(ip, from, &pkt->out.destination);
	fix_ip_checksum(ip, address_delta);
	icmp->check =
		checksum_add(icmp->check, sum_add(quote_delta, icmp_address_delta(address_delta)));
	return true;
}

/* An error that no flow of ours explains: no pod has asked for it. The host may. */
static __always_inline enum verdict refuse(struct packet *pkt, const struct FAMILY(ip) * receiver,
					   __u32 reason)
{
	if (pkt->hook == HOOK_FROM_POD || bpf_map_lookup_elem(&FAMILY(pod_address), receiver))
		return drop(pkt, reason);
	/* What a tunnel brings goes no further than to this node. */
	if (pkt->hook == HOOK_FROM_OVERLAY && !is_own_address(receiver))
		return drop(pkt, reason);
	return STOP_PASS;
}

static __always_inline enum verdict follow(struct __sk_buff *skb, struct packet *pkt,
					   struct known *known)
{
	struct FAMILY(ip) sender = pkt->tuple.source;
	struct FAMILY(ip) receiver = pkt->tuple.destination;
	struct quote quote = {};
	long quote_delta;

	if (!read_quote(skb, pkt, &quote))
		return refuse(pkt, &receiver, DROP_BAD_ICMP_QUOTE);
	/* To whom the quoted packet is from; and a pod is no router, it speaks of its
	 * own flows only.
	 */
	if (!is_same_ip(&receiver, &pkt->tuple.destination) ||
	    (pkt->hook == HOOK_FROM_POD && !is_same_ip(&sender, &pkt->tuple.source)))
		return refuse(pkt, &receiver, DROP_BAD_ICMP_QUOTE);
	if (!find_translation(pkt, known) || (known->side && !is_exit_alive(pkt, known->side)))
		return refuse(pkt, &receiver, DROP_UNKNOWN_ICMP_ERROR);
	quote_delta = rewrite_quote(skb, pkt, &quote);
	return quote_delta < 0 || !rewrite_error(skb, pkt, &sender, quote_delta)
		       ? drop(pkt, DROP_TOO_SHORT)
		       : CONTINUE;
}

/* About answers of a client whom this node has relayed: they are another node's. A
 * function of its own: the stack of its caller is full.
 */
__first_packet int is_known_relay(struct packet *pkt)
{
	struct known known = {};

	if (!pkt || !config.direct_return || !find_flow(pkt, &known) ||
	    known.side->exit != EXIT_RELAY)
		return 0;
	pkt->exit = EXIT_RELAY;
	pkt->exit_target = known.side->exit_target;
	return 1;
}

/* Sends it on to where follow() has addressed it. */
static __always_inline enum verdict forward(struct __sk_buff *skb, struct packet *pkt)
{
	__u32 reason = 0;

	if (is_relayed(pkt))
		reason = find_relay(skb, pkt);
	else if (!is_known_relay(pkt))
		reason = find_exit(skb, pkt);
	if (!reason && pkt->exit != EXIT_STACK)
		reason = lose_a_hop(skb, pkt) ?: resolve_exit(skb, pkt);
	return reason ? drop(pkt, reason) : CONTINUE;
}

SEC("tc")
int follow_icmp_error(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = skb->cb[CB_HOOK] & FL_HOOK_MASK};
	struct known known = {};
	struct FAMILY(ip) receiver;
	enum verdict verdict;

	pkt.now = (__u32)bpf_jiffies64() | 1;
	verdict = parse(skb, &pkt);
	receiver = pkt.tuple.destination;
	verdict = verdict ?: follow(skb, &pkt, &known);
	switch (pkt.hook) {
	case HOOK_FROM_GUEST:
		verdict = verdict ?: route_guest(skb, &pkt, &known);
		return deliver(skb, &pkt, verdict);
	case HOOK_TO_POD:
	case HOOK_TO_GUEST:
		return let_pass(skb, &pkt, verdict, VERDICT_TO_POD);
	case HOOK_TO_NETWORK:
		return let_pass(skb, &pkt, verdict, VERDICT_TO_WORLD);
	case HOOK_TO_OVERLAY:
		/* The host's own goes the same way. */
		if (verdict == CONTINUE || verdict == STOP_PASS)
			verdict = route_by_tunnel(skb, &pkt, &receiver);
		return let_pass(skb, &pkt, verdict, VERDICT_TO_NODE);
	}
	verdict = verdict ?: forward(skb, &pkt);
	return deliver(skb, &pkt, verdict);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
