/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is special about IPv4: its header, its fragments, its ARP and the
 * numbers of its ICMP.
 */
#ifndef FAIRLEAD_BPF_FAMILY_FAMILY_V4_H_
#define FAIRLEAD_BPF_FAMILY_FAMILY_V4_H_

#include <linux/ip.h>

typedef struct iphdr ip_header;

#define ETHERTYPE_OURS	  ETH_P_IP
#define IP_HEADER_BYTES	  sizeof(struct iphdr)
#define IPPROTO_OURS_ICMP IPPROTO_ICMP
#define ADDRESS_FAMILY	  2 /* AF_INET */

/* RFC 792. <linux/icmp.h> would bring the C library's sockets along. */
#define ECHO_REQUEST	  8
#define ECHO_REPLY	  0
#define UNREACHABLE	  3
#define PORT_UNREACHABLE  3
#define TOO_BIG		  UNREACHABLE
#define TOO_BIG_CODE	  4 /* RFC 1191: the MTU in the low half of the second word */
#define SOURCE_QUENCH	  4
#define TIME_EXCEEDED	  11
#define PARAMETER_PROBLEM 12

#define FRAGMENT_MASK	0x3fff /* more-fragments and offset */
#define FRAGMENT_OFFSET 0x1fff
#define FRAGMENT_DONT	0x4000

static const struct ip4 gateway_ip = {.word = {bpf_htonl(FL_GATEWAY_IP4)}};

static __always_inline bool is_icmp_error(__u8 type)
{
	return type == UNREACHABLE || type == SOURCE_QUENCH || type == TIME_EXCEEDED ||
	       type == PARAMETER_PROBLEM;
}

static __always_inline bool is_neighbour_message(__u8 type)
{
	return false; /* ARP is no ICMP */
}

static __always_inline bool is_extension(__u8 protocol)
{
	return false; /* options are part of the header */
}

/* Senders number the datagrams of each protocol apart (RFC 791). */
static __always_inline __u32 fragment_key_protocol(__u8 protocol)
{
	return protocol;
}

/* Multicast, broadcast, link-local, loopback, "this network": not for routers. */
static __always_inline bool is_link_scope(const struct ip4 *ip)
{
	__u32 address = bpf_ntohl(ip->word[0]);

	return address >= 0xe0000000 || (address >> 16) == 0xa9fe || (address >> 24) == 127 ||
	       !(address >> 24);
}

static __always_inline bool is_loopback(const struct ip4 *ip)
{
	return (bpf_ntohl(ip->word[0]) >> 24) == 127;
}

static __always_inline bool is_multicast(const struct ip4 *ip)
{
	return (bpf_ntohl(ip->word[0]) >> 28) == 0xe;
}

/* A source that no wire may bring. */
static __always_inline bool is_martian(const struct ip4 *ip)
{
	__u32 address = bpf_ntohl(ip->word[0]);

	return address >= 0xe0000000 || (address >> 24) == 127;
}

static __always_inline void read_addresses(const struct iphdr *ip, struct tuple4 *tuple)
{
	const void *addresses = &ip->saddr;

	*(__u64 *)tuple = *(const __u64 *)addresses;
}

static __always_inline void reverse_addresses(const struct tuple4 *from, struct tuple4 *to)
{
	__u64 addresses = *(const __u64 *)from;

	*(__u64 *)to = addresses << 32 | addresses >> 32;
}

static __always_inline void write_addresses(struct iphdr *ip, const struct ip4 *source,
					    const struct ip4 *destination)
{
	ip->saddr = source->word[0];
	ip->daddr = destination->word[0];
}

/* The header checksum covers the addresses, and the hop limit that goes down. */
static __always_inline void fix_ip_checksum(struct iphdr *ip, __u16 address_delta)
{
	ip->check = checksum_add(ip->check, address_delta);
}

static __always_inline void decrement_hop_limit(struct iphdr *ip)
{
	__u32 check = ip->check;

	ip->ttl--;
	check += bpf_htons(0x0100);
	ip->check = check + (check >= 0xffff);
}

/* The opposite. */
static __always_inline void regain_a_hop(context *skb, struct iphdr *ip)
{
	ip->ttl++;
	ip->check = checksum_add(ip->check, bpf_htons(0x0100));
}

static __always_inline __u16 icmp_address_delta(__u16 address_delta)
{
	return 0; /* ICMP has no pseudo header */
}

/* What rewriting addresses does to a sum over the whole packet: the header sums
 * to nothing before and after, so only the transport checksum's answer to the
 * new pseudo header remains.
 */
static __always_inline __u16 whole_packet_delta(__u8 protocol, __u16 address_delta)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ? (__u16)~address_delta : 0;
}

static __always_inline void forget_hop(context *skb)
{
	/* The header's checksum answers for the hop limit. */
}

/* The rest of a header whose version and addresses are set. */
static __always_inline void finish_ip_header(struct iphdr *ip, __u8 protocol, __u16 payload,
					     __u8 hop_limit)
{
	const __u16 *word = (const __u16 *)ip;
	__u32 sum = 0;

	ip->ihl = sizeof(*ip) / 4;
	ip->tot_len = bpf_htons(sizeof(*ip) + payload);
	ip->frag_off = bpf_htons(FRAGMENT_DONT);
	ip->ttl = hop_limit;
	ip->protocol = protocol;
	for (int i = 0; i < sizeof(*ip) / 2; i++)
		sum += word[i];
	ip->check = ~sum_fold(sum);
}

static __always_inline __u64 icmp_pseudo_sum(__u64 pseudo)
{
	return 0;
}

/* A quoted header's protocol and where its transport begins; false if it names no
 * socket.
 */
static __always_inline bool quoted_transport(context *skb, const struct iphdr *ip,
					     struct tuple4 *tuple, __u16 offset, __u16 *l4_offset)
{
	if (ip->version != 4 || ip->ihl < 5 || (ip->frag_off & bpf_htons(0x1fff)))
		return false;
	tuple->protocol = ip->protocol;
	*l4_offset = offset + ip->ihl * 4;
	return true;
}

/* What new addresses add to the sum of a quoted header: its checksum takes it back. */
static __always_inline __u64 quoted_header_change(__u16 address_delta)
{
	return 0;
}

/* Header and payload as the header says, without the link's padding; 0 if it does
 * not say (BIG TCP).
 */
static __always_inline __u32 packet_bytes(const struct iphdr *ip)
{
	return bpf_ntohs(ip->tot_len);
}

/* What precedes the transport header in each segment of a GSO frame. */
static __always_inline __u32 segment_ip_bytes(context *skb, const struct packet *pkt)
{
	return pkt->l4_offset - IP_OFFSET;
}

/* Its sender allows that it is sent in pieces. */
static __always_inline bool may_be_fragmented(context *skb)
{
	struct iphdr *ip = header_at(skb, IP_OFFSET, sizeof(*ip));

	return ip && !(ip->frag_off & bpf_htons(FRAGMENT_DONT));
}

/* Reads the header at IP_OFFSET into `pkt`. */
static __always_inline __u32 parse_ip(context *skb, struct packet *pkt)
{
	struct iphdr *ip;
	__u32 header, total;

	if (!is_reachable(skb, IP_OFFSET + sizeof(*ip)))
		return DROP_TOO_SHORT;
	ip = header_at(skb, IP_OFFSET, sizeof(*ip));
	if (!ip)
		return DROP_TOO_SHORT;

	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	/* BIG TCP: a GSO frame too long for the field says zero. */
	if (!total && segment_size(skb))
		total = frame_bytes(skb) - IP_OFFSET;
	if (ip->version != 4 || header < sizeof(*ip) || total < header)
		return DROP_BAD_IP_HEADER;
	if (total > frame_bytes(skb) - IP_OFFSET)
		return DROP_TOO_SHORT;

	read_addresses(ip, &pkt->tuple);
	set_protocol(&pkt->tuple, ip->protocol);
	pkt->hop_limit = ip->ttl;
	pkt->l4_offset = IP_OFFSET + header;
	if (ip->frag_off & bpf_htons(FRAGMENT_MASK))
		note_fragment(pkt, ip->id, bpf_ntohs(ip->frag_off) & FRAGMENT_OFFSET,
			      pkt->l4_offset);
	return 0;
}

#endif /* FAIRLEAD_BPF_FAMILY_FAMILY_V4_H_ */
