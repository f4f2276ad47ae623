/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 70 translate — rewrite addresses, ports and checksums, forward or back.
 *
 *	pkt->tuple ──▶ pkt->out, or what the flow's side remembers
 *
 * Every store is direct packet access. The checksum is not computed but moved
 * by a delta: of the addresses where the protocol sums them, and of the ports.
 * Who vouches for it decides how (packet/checksum.h).
 * Price: nothing looked up; one helper call if the device summed the packet.
 */
#ifndef FAIRLEAD_BPF_PATH_70_TRANSLATE_H_
#define FAIRLEAD_BPF_PATH_70_TRANSLATE_H_

#include "bpf/path/60_commit.h"
#include "bpf/packet/sctp_checksum.h"

#define IPPROTO_NONE 59 /* "no next header" */

struct translation {
	const struct FAMILY(ip) * source;
	const struct FAMILY(ip) * destination;
	struct ports ports;
	__u16 address_delta;
	__u16 l4_delta;
};

/* A transport checksum after the change. */
static __always_inline __u16 moved_checksum(__u16 check, const struct translation *to, __u32 state)
{
	if (state == CHECKSUM_PARTIAL)
		return sum_add(check, to->address_delta);
	return checksum_add(check, to->l4_delta);
}

static __always_inline bool rewrite_tcp(context *skb, struct packet *pkt,
					const struct translation *to, __u32 state)
{
	struct tcp_header *tcp = header_at(skb, pkt->l4_offset, sizeof(*tcp));

	if (!tcp)
		return false;
	tcp->ports = to->ports;
	tcp->check = moved_checksum(tcp->check, to, state);
	return true;
}

static __always_inline bool rewrite_udp(context *skb, struct packet *pkt,
					const struct translation *to, __u32 state)
{
	struct udp_header *udp = header_at(skb, pkt->l4_offset, sizeof(*udp));

	if (!udp)
		return false;
	udp->ports = to->ports;
	if (state == CHECKSUM_PARTIAL) {
		udp->check = moved_checksum(udp->check, to, state);
	} else if (udp->check) {
		/* Zero would say "no checksum" (RFC 768). */
		udp->check = moved_checksum(udp->check, to, state) ?: 0xffff;
	} else if (state == CHECKSUM_COMPLETE) {
		/* No checksum takes back what the sum of the whole packet gains. */
		change_sum(skb, to->l4_delta);
	}
	return true;
}

static __always_inline bool rewrite_icmp(context *skb, struct packet *pkt,
					 const struct translation *to, __u32 state)
{
	struct icmp_header *icmp = header_at(skb, pkt->l4_offset, sizeof(*icmp));

	if (!icmp)
		return false;
	if (icmp->type == ECHO_REQUEST)
		icmp->id = to->ports.source;
	else if (icmp->type == ECHO_REPLY)
		icmp->id = to->ports.destination;
	icmp->check = checksum_add(icmp->check, to->l4_delta);
	return true;
}

static __always_inline bool rewrite(context *skb, struct packet *pkt, const struct translation *to)
{
	ip_header *ip = header_at(skb, IP_OFFSET, IP_HEADER_BYTES);
	__u32 state = checksum_state(skb);
	/* A later fragment has no transport header: its addresses are all that changes. */
	__u8 protocol = pkt->shape & PACKET_LATER ? IPPROTO_NONE : pkt->tuple.protocol;
	bool done = true;

	if (!ip)
		return false;
	write_addresses(ip, to->source, to->destination);
	fix_ip_checksum(ip, to->address_delta);

	switch (protocol) {
	case IPPROTO_TCP:
		done = rewrite_tcp(skb, pkt, to, state);
		break;
	case IPPROTO_UDP:
		done = rewrite_udp(skb, pkt, to, state);
		break;
	case IPPROTO_OURS_ICMP:
		done = rewrite_icmp(skb, pkt, to, state);
		break;
	case IPPROTO_SCTP:
		done = !rewrite_sctp(skb, pkt->l4_offset, &to->ports, state);
		break;
	}
	if (state == CHECKSUM_COMPLETE)
		change_sum(skb, whole_packet_delta(protocol, to->address_delta));
	return done;
}

__stage translate(context *skb, struct packet *pkt, const struct known *known)
{
	struct FAMILY(flow_side) *side = known->side;
	struct translation to;

	if (side) {
		if (!(side->flags & FLOW_TRANSLATED))
			return CONTINUE;
		to.source = &side->source;
		to.destination = &side->destination;
		to.ports.source = side->source_port;
		to.ports.destination = side->destination_port;
		to.address_delta = side->address_delta;
		to.l4_delta = side->l4_delta;
	} else {
		if (!is_translated(pkt))
			return CONTINUE;
		to.source = &pkt->out.source;
		to.destination = &pkt->out.destination;
		to.ports.source = pkt->out.source_port;
		to.ports.destination = pkt->out.destination_port;
		to.address_delta = pkt->address_delta;
		to.l4_delta = pkt->l4_delta;
	}
	/* Nobody who sees one fragment at a time knows the CRC of the whole. */
	if ((pkt->shape & PACKET_FRAGMENT) && pkt->tuple.protocol == IPPROTO_SCTP &&
	    *(const __u32 *)&pkt->tuple.source_port != *(const __u32 *)&to.ports)
		return drop(pkt, DROP_SCTP_FRAGMENT);
	return rewrite(skb, pkt, &to) ? CONTINUE : drop(pkt, DROP_TOO_SHORT);
}

#endif /* FAIRLEAD_BPF_PATH_70_TRANSLATE_H_ */
