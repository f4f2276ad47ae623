/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is special about IPv6: extension headers, neighbour discovery, and the
 * numbers of its ICMP.
 */
#ifndef FAIRLEAD_BPF_FAMILY_FAMILY_V6_H_
#define FAIRLEAD_BPF_FAMILY_FAMILY_V6_H_

#include <linux/ipv6.h>

typedef struct ipv6hdr ip_header;

#define ETHERTYPE_OURS	  ETH_P_IPV6
#define IP_HEADER_BYTES	  sizeof(struct ipv6hdr)
#define IPPROTO_OURS_ICMP IPPROTO_ICMPV6
#define ADDRESS_FAMILY	  10 /* AF_INET6 */

/* RFC 4443, 4861, 2710, 3810 */
#define ECHO_REQUEST	 128
#define ECHO_REPLY	 129
#define UNREACHABLE	 1
#define PORT_UNREACHABLE 4
#define TOO_BIG		 2
#define TOO_BIG_CODE	 0
#define TIME_EXCEEDED	 3

#define ND_ROUTER_SOLICIT    133
#define ND_NEIGHBOUR_SOLICIT 135
#define ND_NEIGHBOUR_ADVERT  136
#define ND_REDIRECT	     137
#define MLD_QUERY	     130
#define MLD_DONE	     132
#define MLD2_REPORT	     143

/* RFC 8200 names seven; a packet with more is an attack on the parser. */
#define MAX_EXTENSIONS 7

static const struct ip6 gateway_ip = {.word = {bpf_htonl(0xfe800000), 0, 0, bpf_htonl(1)}};

static __always_inline bool is_icmp_error(__u8 type)
{
	return type && type < 128;
}

static __always_inline bool is_neighbour_message(__u8 type)
{
	return type >= ND_ROUTER_SOLICIT && type <= ND_REDIRECT;
}

/* Multicast, link-local, loopback, unspecified: not for routers. */
static __always_inline bool is_link_scope(const struct ip6 *ip)
{
	__u32 top = bpf_ntohl(ip->word[0]);

	return (top >> 24) == 0xff || (top >> 22) == 0x3fa ||
	       (!ip->word[0] && !ip->word[1] && !ip->word[2] && bpf_ntohl(ip->word[3]) <= 1);
}

static __always_inline bool is_loopback(const struct ip6 *ip)
{
	return !ip->word[0] && !ip->word[1] && !ip->word[2] && bpf_ntohl(ip->word[3]) == 1;
}

static __always_inline bool is_multicast(const struct ip6 *ip)
{
	return (bpf_ntohl(ip->word[0]) >> 24) == 0xff;
}

/* A source that no wire may bring. */
static __always_inline bool is_martian(const struct ip6 *ip)
{
	return (bpf_ntohl(ip->word[0]) >> 24) == 0xff ||
	       (!ip->word[0] && !ip->word[1] && !ip->word[2] && bpf_ntohl(ip->word[3]) == 1);
}

static __always_inline void read_addresses(const struct ipv6hdr *ip, struct tuple6 *tuple)
{
	const void *addresses = &ip->saddr;
	const __u64 *from = addresses;
	__u64 *to = (__u64 *)tuple;

	for (int i = 0; i < 4; i++)
		to[i] = from[i];
}

static __always_inline void reverse_addresses(const struct tuple6 *from, struct tuple6 *to)
{
	const __u64 *word = (const __u64 *)from;
	__u64 *reversed = (__u64 *)to;

	reversed[0] = word[2];
	reversed[1] = word[3];
	reversed[2] = word[0];
	reversed[3] = word[1];
}

static __always_inline void write_addresses(struct ipv6hdr *ip, const struct ip6 *source,
					    const struct ip6 *destination)
{
	void *addresses = &ip->saddr;
	__u64 *to = addresses;

	to[0] = ((const __u64 *)source)[0];
	to[1] = ((const __u64 *)source)[1];
	to[2] = ((const __u64 *)destination)[0];
	to[3] = ((const __u64 *)destination)[1];
}

static __always_inline void fix_ip_checksum(struct ipv6hdr *ip, __u16 address_delta)
{
	/* IPv6 has no header checksum. */
}

static __always_inline void decrement_hop_limit(struct ipv6hdr *ip)
{
	ip->hop_limit--;
}

/* The opposite, of which a sum over the whole packet learns, too. */
static __always_inline void regain_a_hop(context *skb, struct ipv6hdr *ip)
{
	ip->hop_limit++;
	if (checksum_state(skb) == CHECKSUM_COMPLETE)
		change_sum(skb, bpf_htons(1));
}

static __always_inline __u16 icmp_address_delta(__u16 address_delta)
{
	return address_delta; /* ICMPv6 sums the pseudo header */
}

static __always_inline bool is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT ||
	       protocol == IPPROTO_AH || protocol == IPPROTO_MH;
}

/* The protocol is not always in sight in a later fragment, nor part of its name
 * (RFC 8200).
 */
static __always_inline __u32 fragment_key_protocol(__u8 protocol)
{
	return 0;
}

struct fragment_header {
	__u8 next;
	__u8 reserved;
	__be16 offset_and_more; /* offset in the upper thirteen bits */
	__be32 id;
};

#define FRAGMENT_MASK	      0xfff9
#define FRAGMENT_OFFSET_SHIFT 3

/* An atomic fragment (RFC 6946) is a whole packet; 0 or a drop reason. */
static __always_inline __u32 read_fragment(struct packet *pkt, const struct fragment_header *header)
{
	if (!(header->offset_and_more & bpf_htons(FRAGMENT_MASK)))
		return 0;
	if (pkt->shape & PACKET_FRAGMENT)
		return DROP_TOO_MANY_EXTENSIONS;
	note_fragment(pkt, header->id, bpf_ntohs(header->offset_and_more) >> FRAGMENT_OFFSET_SHIFT,
		      pkt->l4_offset + sizeof(*header));
	return 0;
}

/* Walks to the transport header. Few packets have extensions, so this is a
 * function of its own; 0 or a drop reason.
 */
__first_packet int skip_extensions(context *skb, struct packet *pkt)
{
	struct ipv6_opt_hdr *extension;
	__u32 bytes;

	if (!pkt)
		return DROP_TOO_SHORT;
	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		if (!is_extension(pkt->tuple.protocol))
			return 0;
		if (!is_reachable(skb, (pkt->l4_offset & 0x1ff) + 8))
			return DROP_TOO_SHORT;
		extension = header_at(skb, pkt->l4_offset, 8);
		if (!extension)
			return DROP_TOO_SHORT;

		bytes = (extension->hdrlen + 1) * 8;
		if (pkt->tuple.protocol == IPPROTO_AH)
			bytes = (extension->hdrlen + 2) * 4;
		if (pkt->tuple.protocol == IPPROTO_FRAGMENT) {
			bytes = sizeof(struct fragment_header);
			if (read_fragment(pkt, (void *)extension))
				return DROP_TOO_MANY_EXTENSIONS;
		}
		if (pkt->l4_offset + bytes > 0x1ff)
			return DROP_TOO_MANY_EXTENSIONS;
		pkt->tuple.protocol = extension->nexthdr;
		pkt->l4_offset += bytes;
		if (pkt->shape & PACKET_LATER)
			return 0; /* data follows */
	}
	return is_extension(pkt->tuple.protocol) ? DROP_TOO_MANY_EXTENSIONS : 0;
}

/* What rewriting addresses does to a sum over the whole packet: the transport
 * checksum takes back what the addresses add, where it covers them.
 */
static __always_inline __u16 whole_packet_delta(__u8 protocol, __u16 address_delta)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_ICMPV6
		       ? 0
		       : address_delta;
}

/* A sum over the whole packet must lose the hop, too. */
static __always_inline void forget_hop(context *skb)
{
	if (checksum_state(skb) == CHECKSUM_COMPLETE)
		change_sum(skb, (__u16)~bpf_htons(1));
}

/* The rest of a header whose version and addresses are set. */
static __always_inline void finish_ip_header(struct ipv6hdr *ip, __u8 protocol, __u16 payload,
					     __u8 hop_limit)
{
	ip->payload_len = bpf_htons(payload);
	ip->nexthdr = protocol;
	ip->hop_limit = hop_limit;
}

static __always_inline __u64 icmp_pseudo_sum(__u64 pseudo)
{
	return pseudo;
}

/* A quoted header's protocol and where its transport begins; false if it names no
 * socket.
 */
static __always_inline bool quoted_transport(context *skb, const struct ipv6hdr *ip,
					     struct tuple6 *tuple, __u16 offset, __u16 *l4_offset)
{
	struct fragment_header *fragment;

	if (ip->version != 6)
		return false;
	tuple->protocol = ip->nexthdr;
	*l4_offset = offset + sizeof(*ip);
	/* "Too big" is mostly said of a first fragment; in IPv4 it looks like a whole packet. */
	if (tuple->protocol == IPPROTO_FRAGMENT) {
		fragment = header_at(skb, *l4_offset, sizeof(*fragment));
		if (!fragment || bpf_ntohs(fragment->offset_and_more) >> FRAGMENT_OFFSET_SHIFT)
			return false;
		tuple->protocol = fragment->next;
		*l4_offset += sizeof(*fragment);
	}
	return !is_extension(tuple->protocol);
}

/* What new addresses add to the sum of a quoted header. */
static __always_inline __u64 quoted_header_change(__u16 address_delta)
{
	return address_delta;
}

/* Header and payload as the header says, without the link's padding; 0 if it does
 * not say (jumbograms, GSO frames too long for the field).
 */
static __always_inline __u32 packet_bytes(const struct ipv6hdr *ip)
{
	return ip->payload_len ? sizeof(*ip) + bpf_ntohs(ip->payload_len) : 0;
}

/* What precedes the transport header in each segment of a GSO frame: the option that
 * tells the length of one beyond 64 KiB is in none of them.
 */
static __always_inline __u32 segment_ip_bytes(context *skb, const struct packet *pkt)
{
	struct ipv6hdr *ip = header_at(skb, IP_OFFSET, sizeof(*ip));

	return ip && ip->payload_len ? pkt->l4_offset - IP_OFFSET : sizeof(*ip);
}

/* Only its sender may send an IPv6 packet in pieces. */
static __always_inline bool may_be_fragmented(context *skb)
{
	return false;
}

/* Reads the header at IP_OFFSET into `pkt`. */
static __always_inline __u32 parse_ip(context *skb, struct packet *pkt)
{
	struct ipv6hdr *ip;
	__u32 payload;

	if (!is_reachable(skb, IP_OFFSET + sizeof(*ip)))
		return DROP_TOO_SHORT;
	ip = header_at(skb, IP_OFFSET, sizeof(*ip));
	if (!ip)
		return DROP_TOO_SHORT;

	payload = bpf_ntohs(ip->payload_len);
	if (ip->version != 6)
		return DROP_BAD_IP_HEADER;
	/* Zero: a jumbogram, or a GSO frame too long for the field. */
	if (payload > frame_bytes(skb) - IP_OFFSET - sizeof(*ip))
		return DROP_TOO_SHORT;

	read_addresses(ip, &pkt->tuple);
	set_protocol(&pkt->tuple, ip->nexthdr);
	pkt->hop_limit = ip->hop_limit;
	pkt->l4_offset = IP_OFFSET + sizeof(*ip);
	if (is_extension(ip->nexthdr))
		return skip_extensions(skb, pkt);
	return 0;
}

#endif /* FAIRLEAD_BPF_FAMILY_FAMILY_V6_H_ */
