/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ICMP errors of our own: the packet in hand becomes one about itself.
 *
 *	| Ethernet | IP | type code sum | rest | quote: the packet's beginning |
 *	0          14   14 + IP                14 + IP + 8
 *
 * The quote is long enough for whoever wants more than the eight bytes that name
 * a socket: QUIC looks for its connection (RFC 9000, 14.2.1). Its length, odd or
 * even, is summed over the zeros behind it.
 */
#ifndef FAIRLEAD_BPF_ANSWERS_ICMP_ERROR_H_
#define FAIRLEAD_BPF_ANSWERS_ICMP_ERROR_H_

#include "bpf/answers/budget.h"
#include "bpf/answers/ip_reply.h"

#define QUOTE_MAX  128
#define ICMP_BYTES 8

struct icmp_error {
	__u16 pad; /* aligns what follows the Ethernet header, for the stack */
	struct ethhdr eth;
	ip_header ip;
	__u8 type;
	__u8 code;
	__u16 check;
	__be32 rest;
	__u8 quote[QUOTE_MAX];
} __attribute__((packed, aligned(8)));

/* Completes an error whose type, code and rest are set, from `from` to the packet's
 * sender, and stores it over the packet.
 */
static __always_inline bool become_error(struct __sk_buff *skb, const struct packet *pkt,
					 const struct FAMILY(ip) * from, struct icmp_error *error)
{
	struct FAMILY(tuple) about = {.source = pkt->tuple.source, .destination = *from};
	__u32 quoted = packet_end(skb) - IP_OFFSET;
	__u32 payload;
	__u64 sum;

	if (quoted > QUOTE_MAX)
		quoted = QUOTE_MAX;
	if (quoted < IP_HEADER_BYTES || bpf_skb_load_bytes(skb, IP_OFFSET, error->quote, quoted) ||
	    !address_reply(skb, &error->eth))
		return false;
	payload = ICMP_BYTES + quoted;
	write_ip_reply(&error->ip, &about, IPPROTO_OURS_ICMP, payload);
	sum = sum_of(&error->type, ICMP_BYTES + QUOTE_MAX) +
	      icmp_pseudo_sum(pseudo_sum(&about, IPPROTO_OURS_ICMP, payload));
	error->check = ~sum_fold(sum);

	payload += IP_OFFSET + IP_HEADER_BYTES;
	return payload <= sizeof(*error) - sizeof(error->pad) &&
	       !resize_to_reply(skb, pkt->l4_offset, payload) &&
	       !store_reply(skb, &error->eth, payload);
}

/* As whom this node speaks to the sender. The gateway's address serves where the
 * node has none: it is on the pod's link.
 */
static __always_inline bool choose_speaker(struct __sk_buff *skb, const struct packet *pkt,
					   struct FAMILY(ip) * from)
{
	const struct FAMILY(node_state) *node = this_node();
	__u32 ifindex = skb->ifindex;
	struct uplink *uplink;

	if (!node)
		return false;
	*from = node->address;
	if (pkt->hook == HOOK_FROM_POD) {
		if (is_zero_ip(from))
			*from = gateway_ip;
		return true;
	}
	uplink = bpf_map_lookup_elem(&uplinks, &ifindex);
	if (uplink && !is_zero_ip(&uplink->FAMILY(address)))
		*from = uplink->FAMILY(address);
	return !is_zero_ip(from);
}

/* Tells the packet's sender of its fate. Nobody is told about a later fragment, and
 * no address that stays on its link (RFC 1122, 3.2.2; RFC 4443, 2.4); a packet that
 * is an ICMP error itself has left the walk in 30.
 */
static __always_inline int tell_sender(struct __sk_buff *skb, struct icmp_error *error)
{
	struct packet pkt = {.hook = skb->cb[CB_HOOK] & FL_HOOK_MASK};
	__u32 reason = skb->cb[CB_REASON];
	struct FAMILY(ip) from;

	if (parse(skb, &pkt) || is_link_scope(&pkt.tuple.source) || (pkt.shape & PACKET_LATER) ||
	    !choose_speaker(skb, &pkt, &from) || !pay_for_answer(pkt.hook, skb->ifindex)) {
		note(&pkt, VERDICT_UNANSWERED);
		return give_up(skb, reason);
	}
	return become_error(skb, &pkt, &from, error) ? send_reply(skb, pkt.hook, reason)
						     : give_up(skb, reason);
}

#endif /* FAIRLEAD_BPF_ANSWERS_ICMP_ERROR_H_ */
