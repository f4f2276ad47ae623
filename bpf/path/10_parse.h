/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 10 parse — bytes to struct packet; refuses what it cannot read.
 *
 *	| Ethernet | IP (options, extensions) | TCP UDP SCTP ICMP | ...
 *	0          14                         l4_offset
 *
 * Reads; writes nothing. Price: no lookup; a helper call only when the headers
 * are not in the linear part of the frame.
 */
#ifndef FAIRLEAD_BPF_PATH_10_PARSE_H_
#define FAIRLEAD_BPF_PATH_10_PARSE_H_

#include "bpf/verdict/verdict.h"

struct ports {
	__be16 source;
	__be16 destination;
};

struct tcp_header {
	struct ports ports;
	__be32 sequence;
	__be32 acknowledged;
	__u8 data_offset; /* in the upper four bits, in words */
	__u8 flags;
	__be16 window;
	__u16 check;
	__be16 urgent;
};

struct udp_header {
	struct ports ports;
	__be16 length;
	__u16 check;
};

struct sctp_header {
	struct ports ports;
	__be32 tag;
	__le32 check;
};

struct icmp_header {
	__u8 type;
	__u8 code;
	__u16 check;
	__be16 id; /* of an echo */
	__be16 sequence;
};

/* In one piece: see bpf/conntrack/tuples.h about small stores. */
static __always_inline void set_ports(struct packet *pkt, const void *ports)
{
	*(__u32 *)&pkt->tuple.source_port = *(const __u32 *)ports;
	pkt->shape |= PACKET_HAS_PORTS;
}

static __always_inline enum verdict parse_tcp(context *skb, struct packet *pkt)
{
	struct tcp_header *tcp;

	if (!is_reachable(skb, (pkt->l4_offset & 0x1ff) + sizeof(*tcp)))
		return drop(pkt, DROP_TOO_SHORT);
	tcp = header_at(skb, pkt->l4_offset, sizeof(*tcp));
	if (!tcp)
		return drop(pkt, DROP_TOO_SHORT);
	if ((tcp->data_offset >> 4) * 4 < sizeof(*tcp))
		return drop(pkt, DROP_BAD_L4_HEADER);

	set_ports(pkt, &tcp->ports);
	pkt->tcp_flags = tcp->flags;
	pkt->sequence = bpf_ntohl(tcp->sequence);
	pkt->acknowledged = bpf_ntohl(tcp->acknowledged);
	pkt->window = bpf_ntohs(tcp->window);
	return CONTINUE;
}

static __always_inline enum verdict parse_udp(context *skb, struct packet *pkt)
{
	struct udp_header *udp;

	if (!is_reachable(skb, (pkt->l4_offset & 0x1ff) + sizeof(*udp)))
		return drop(pkt, DROP_TOO_SHORT);
	udp = header_at(skb, pkt->l4_offset, sizeof(*udp));
	if (!udp)
		return drop(pkt, DROP_TOO_SHORT);
	/* Zero is a jumbogram's length (RFC 2675); others cannot be that short. */
	if (udp->length && bpf_ntohs(udp->length) < sizeof(*udp))
		return drop(pkt, DROP_BAD_L4_HEADER);

	set_ports(pkt, &udp->ports);
	return CONTINUE;
}

static __always_inline enum verdict parse_sctp(context *skb, struct packet *pkt)
{
	struct sctp_header *sctp;

	if (!is_reachable(skb, (pkt->l4_offset & 0x1ff) + sizeof(*sctp)))
		return drop(pkt, DROP_TOO_SHORT);
	sctp = header_at(skb, pkt->l4_offset, sizeof(*sctp));
	if (!sctp)
		return drop(pkt, DROP_TOO_SHORT);

	set_ports(pkt, &sctp->ports);
	return CONTINUE;
}

static __always_inline enum verdict parse_icmp(context *skb, struct packet *pkt)
{
	struct icmp_header *icmp;

	if (!is_reachable(skb, (pkt->l4_offset & 0x1ff) + sizeof(*icmp)))
		return drop(pkt, DROP_TOO_SHORT);
	icmp = header_at(skb, pkt->l4_offset, sizeof(*icmp));
	if (!icmp)
		return drop(pkt, DROP_TOO_SHORT);

	if (icmp->type == ECHO_REQUEST) {
		pkt->tuple.source_port = icmp->id;
		pkt->shape |= PACKET_HAS_PORTS;
	} else if (icmp->type == ECHO_REPLY) {
		pkt->tuple.destination_port = icmp->id;
	} else if (is_icmp_error(icmp->type)) {
		pkt->shape |= PACKET_ICMP_ERROR;
	} else if (is_neighbour_message(icmp->type)) {
		pkt->shape |= PACKET_NEIGHBOUR;
	}
	return CONTINUE;
}

/* What the transport header takes at least; 0: its protocol has no ports. */
static __always_inline __u32 transport_bytes(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return sizeof(struct tcp_header);
	case IPPROTO_UDP:
		return sizeof(struct udp_header);
	case IPPROTO_SCTP:
		return sizeof(struct sctp_header);
	case IPPROTO_OURS_ICMP:
		return sizeof(struct icmp_header);
	}
	return 0;
}

/* A first fragment has its transport header as a whole, or a filter could be
 * shown another one than the receiver (RFC 1858). What the link has padded is no
 * part of it.
 */
__first_packet int has_transport_header(context *skb, struct packet *pkt)
{
	if (!pkt || (pkt->shape & PACKET_LATER))
		return 0;
	if (pkt->l4_offset + transport_bytes(pkt->tuple.protocol) <= packet_end(skb))
		return 1;
	pkt->shape |= PACKET_TINY;
	return 0;
}

/* What the wire brings may have a tag that only says how urgent it is. */
static __always_inline bool is_of_vlan(context *skb, const struct packet *pkt)
{
	return has_vlan(skb) && !(pkt->hook == HOOK_FROM_NETWORK && drop_priority_tag(skb));
}

__stage parse(context *skb, struct packet *pkt)
{
	bool is_tagged = is_of_vlan(skb, pkt);
	__u32 reason;

	if (frame_protocol(skb) != bpf_htons(ETHERTYPE_OURS) || is_tagged) {
#if FAIRLEAD_FAMILY == 4
		/* The IPv4 program comes first and speaks for all but IPv6. */
		if (frame_protocol(skb) == bpf_htons(ETH_P_IPV6) && !is_tagged)
			return STOP_NEXT;
		if (frame_protocol(skb) == bpf_htons(ETH_P_ARP) && !is_tagged) {
			pkt->shape |= PACKET_NEIGHBOUR;
			return CONTINUE;
		}
		/* Bridges, LLDP, VLANs of the host are none of our business. */
		return pkt->hook == HOOK_FROM_POD || pkt->hook == HOOK_FROM_OVERLAY ||
				       pkt->hook == HOOK_TO_OVERLAY
			       ? drop(pkt, DROP_NOT_IP)
			       : STOP_PASS;
#else
		return STOP_NEXT;
#endif
	}

	reason = parse_ip(skb, pkt);
	if (reason)
		return drop(pkt, reason);
	if ((pkt->shape & PACKET_FRAGMENT) && !has_transport_header(skb, pkt))
		return CONTINUE;

	switch (pkt->tuple.protocol) {
	case IPPROTO_TCP:
		return parse_tcp(skb, pkt);
	case IPPROTO_UDP:
		return parse_udp(skb, pkt);
	case IPPROTO_SCTP:
		return parse_sctp(skb, pkt);
	case IPPROTO_OURS_ICMP:
		return parse_icmp(skb, pkt);
	}
	return CONTINUE; /* no ports: known by its addresses alone */
}

#endif /* FAIRLEAD_BPF_PATH_10_PARSE_H_ */
