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
#include "bpf/answers/reply.h"
#include "bpf/packet/icmp_quote.h"

/* The translation of the side whose packets go where the error goes. */
static __always_inline bool find_flow_of(struct packet *pkt, struct packet *quoted,
					 struct known *known)
{
	quoted->now = pkt->now;
	quoted->policy_epoch = pkt->policy_epoch;
	if (find_flow(quoted, known)) {
		quoted->out.source = known->side->source;
		quoted->out.destination = known->side->destination;
		quoted->out.source_port = known->side->source_port;
		quoted->out.destination_port = known->side->destination_port;
		return true;
	}
	return !recall(quoted) && quoted->remembered;
}

/* Rewrites the error's own header, and its checksum by all that has changed. */
static __always_inline bool rewrite_error(struct __sk_buff *skb, struct packet *pkt,
					  __u16 quote_delta)
{
	ip_header *ip = header_at(skb, IP_OFFSET, IP_HEADER_BYTES);
	struct icmp_header *icmp = header_at(skb, pkt->l4_offset, sizeof(*icmp));
	__u64 delta = quote_delta;

	if (!ip || !icmp)
		return false;
	write_addresses(ip, &pkt->out.source, &pkt->out.destination);
	fix_ip_checksum(ip, pkt->address_delta);
	delta += icmp_address_delta(pkt->address_delta);
	icmp->check = checksum_add(icmp->check, sum_fold(delta));
	return true;
}

static __always_inline enum verdict follow(struct __sk_buff *skb, struct packet *pkt,
					   struct known *known)
{
	struct packet quoted = { .hook = pkt->hook };
	struct quote quote = {};
	long quote_delta;
	__u32 reason;

	if (!read_quote(skb, pkt, &quote, &quoted.tuple))
		return pkt->hook == HOOK_FROM_POD ? drop(pkt, DROP_BAD_ICMP_QUOTE) : STOP_PASS;
	quoted.out = quoted.tuple;
	if (!find_flow_of(pkt, &quoted, known))
		return pkt->hook == HOOK_FROM_POD ? drop(pkt, DROP_UNKNOWN_ICMP_ERROR) : STOP_PASS;

	pkt->out = pkt->tuple;
	pkt->out.destination = quoted.out.destination;
	if (is_same_ip(&pkt->tuple.source, &quoted.tuple.source))
		pkt->out.source = quoted.out.source;
	pkt->address_delta = sum_fold(ip_delta(&pkt->tuple.source, &pkt->out.source) +
				      ip_delta(&pkt->tuple.destination, &pkt->out.destination));
	quote_delta = rewrite_quote(skb, &quote, &quoted.tuple, &quoted.out);
	if (quote_delta < 0 || !rewrite_error(skb, pkt, quote_delta))
		return drop(pkt, DROP_NOT_WRITABLE);

	pkt->exit = EXIT_UNKNOWN;
	reason = find_exit(skb, pkt);
	return reason ? drop(pkt, reason) : CONTINUE;
}

/* Sends it on by the exit that follow() found. */
static __always_inline enum verdict forward(struct __sk_buff *skb, struct packet *pkt)
{
	__u32 reason;

	if (pkt->exit == EXIT_STACK)
		return CONTINUE;
	reason = lose_a_hop(skb, pkt) ?: resolve_exit(skb, pkt);
	return reason ? drop(pkt, reason) : CONTINUE;
}

SEC("tc")
int follow_icmp_error(struct __sk_buff *skb)
{
	struct packet pkt = { .hook = skb->cb[CB_HOOK] & 3 };
	struct known known = {};
	enum verdict verdict;

	pkt.now = (__u32)bpf_jiffies64() | 1;
	verdict = parse(skb, &pkt) ?: follow(skb, &pkt, &known);
	if (pkt.hook == HOOK_TO_POD)
		return let_pass(skb, &pkt, verdict, VERDICT_TO_POD);
	verdict = verdict ?: forward(skb, &pkt);
	return deliver(skb, &pkt, verdict);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
