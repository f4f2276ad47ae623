/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The packet quoted by an ICMP error: read, and rewritten so that the end that
 * gets the error recognises its own packet.
 *
 *	| IP | ICMP error | quoted IP | first bytes of its transport header |
 *	14   l4_offset    +8          inner_l4
 */
#ifndef FAIRLEAD_BPF_PACKET_ICMP_QUOTE_H_
#define FAIRLEAD_BPF_PACKET_ICMP_QUOTE_H_

#include "bpf/path/10_parse.h"

#define ICMP_ERROR_BYTES 8

struct quote {
	__u16 ip_offset;
	__u16 l4_offset;
};

/* Makes pkt->tuple that of an answer to the quoted packet; false if the quote
 * cannot be read. Quotes with extension headers or of later fragments name no
 * socket.
 */
static __always_inline bool read_quote(struct __sk_buff *skb, struct packet *pkt,
				       struct quote *quote)
{
	struct FAMILY(tuple) *answer = &pkt->tuple;
	struct FAMILY(ip) sender;
	ip_header *ip;
	struct ports *ports;

	quote->ip_offset = (pkt->l4_offset & 0x1ff) + ICMP_ERROR_BYTES;
	/* With less behind its header it names no socket either. */
	if (!is_reachable(skb, (quote->ip_offset & 0x1ff) + IP_HEADER_BYTES + 8))
		return false;
	ip = header_at(skb, quote->ip_offset, IP_HEADER_BYTES);
	if (!ip || !quoted_transport(skb, ip, answer, quote->ip_offset, &quote->l4_offset))
		return false;
	/* What lies beyond could not be told from what lies before. */
	if (quote->l4_offset + 8 > MAX_OFFSET)
		return false;
	read_addresses(ip, answer);
	sender = answer->source;
	answer->source = answer->destination;
	answer->destination = sender;
	if (!is_reachable(skb, (quote->l4_offset & 0x1ff) + 8))
		return false;
	ports = header_at(skb, quote->l4_offset, 8);
	if (!ports)
		return false;

	switch (answer->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		answer->destination_port = ports->source;
		answer->source_port = ports->destination;
		break;
	case IPPROTO_OURS_ICMP: {
		struct icmp_header *icmp = (void *)ports;

		if (icmp->type == ECHO_REQUEST)
			answer->destination_port = icmp->id;
		else if (icmp->type == ECHO_REPLY)
			answer->source_port = icmp->id;
		else
			return false;
	}
	}
	return true;
}

/* Rewrites the quote so that an answer to it would be pkt->out instead of
 * pkt->tuple; returns what that adds to the sum of the quoted bytes, or -1. Checksums inside the quote are moved along where
 * they were quoted: then they take back what they cover.
 */
static __always_inline long rewrite_quote(struct __sk_buff *skb, const struct packet *pkt,
					  const struct quote *quote)
{
	const struct FAMILY(tuple) *from = &pkt->tuple;
	const struct FAMILY(tuple) *to = &pkt->out;
	__u64 addresses = ip_delta(&from->source, &to->source) +
			  ip_delta(&from->destination, &to->destination);
	__u64 ports_moved = port_delta(from->source_port, to->source_port) +
			    port_delta(from->destination_port, to->destination_port);
	__u16 address_delta = sum_fold(addresses);
	__u64 change = quoted_header_change(address_delta) + ports_moved;
	ip_header *ip = header_at(skb, quote->ip_offset, IP_HEADER_BYTES);
	struct ports *ports = header_at(skb, quote->l4_offset, 8);

	if (!ip || !ports)
		return -1;
	write_addresses(ip, &to->destination, &to->source);
	fix_ip_checksum(ip, address_delta);
	if (from->protocol == IPPROTO_OURS_ICMP) {
		struct icmp_header *icmp = (void *)ports;
		__u64 delta = icmp_address_delta(address_delta) + ports_moved;

		icmp->id = icmp->type == ECHO_REQUEST ? to->destination_port : to->source_port;
		icmp->check = checksum_add(icmp->check, sum_fold(delta));
		return sum_fold(change + (__u16)~sum_fold(delta));
	}
	if (!to->source_port && !to->destination_port)
		return sum_fold(change);
	ports->source = to->destination_port;
	ports->destination = to->source_port;
	if (from->protocol == IPPROTO_UDP) {
		struct udp_header *udp = (void *)ports;

		if (udp->check) {
			udp->check = checksum_add(udp->check, sum_fold(addresses + ports_moved));
			change += (__u16)~sum_fold(addresses + ports_moved);
		}
	}
	/* TCP's checksum is rarely quoted, and no receiver looks at it. */
	return sum_fold(change);
}

#endif /* FAIRLEAD_BPF_PACKET_ICMP_QUOTE_H_ */
