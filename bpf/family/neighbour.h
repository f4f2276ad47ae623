/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The two protocols that resolve a neighbour's MAC: ARP and neighbour
 * discovery. Both answer in place of the gateway; nothing but their names is
 * the same.
 */
#ifndef FAIRLEAD_BPF_FAMILY_NEIGHBOUR_H_
#define FAIRLEAD_BPF_FAMILY_NEIGHBOUR_H_

#include "bpf/answers/ip_reply.h"

#if FAIRLEAD_FAMILY == 4

#define ARP_ETHERNET 1
#define ARP_REQUEST  1
#define ARP_REPLY    2

struct arp_packet {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_bytes;
	__u8 protocol_bytes;
	__be16 operation;
	__u8 sender_mac[6];
	__be32 sender_ip;
	__u8 target_mac[6];
	__be32 target_ip;
} __attribute__((packed));

/* Turns a request for the gateway into the reply; 0 or a drop reason. */
static __always_inline __u32 answer_gateway(struct __sk_buff *skb)
{
	const __u8 gateway[6] = FL_GATEWAY_MAC;
	struct arp_packet *arp;
	struct ethhdr *eth;
	__be32 asker;

	if (!is_reachable(skb, ETH_HLEN + sizeof(*arp)))
		return DROP_TOO_SHORT;
	arp = header_at(skb, ETH_HLEN, sizeof(*arp));
	eth = header_at(skb, 0, sizeof(*eth));
	if (!arp || !eth)
		return DROP_TOO_SHORT;
	if (arp->hardware != bpf_htons(ARP_ETHERNET) || arp->protocol != bpf_htons(ETH_P_IP) ||
	    arp->hardware_bytes != 6 || arp->protocol_bytes != 4 ||
	    arp->operation != bpf_htons(ARP_REQUEST) || arp->target_ip != gateway_ip.word[0])
		return DROP_BAD_NEIGHBOUR_REQUEST;

	asker = arp->sender_ip;
	arp->operation = bpf_htons(ARP_REPLY);
	__builtin_memcpy(arp->target_mac, arp->sender_mac, 6);
	__builtin_memcpy(arp->sender_mac, gateway, 6);
	arp->target_ip = asker;
	arp->sender_ip = gateway_ip.word[0];
	__builtin_memcpy(eth->h_dest, eth->h_source, 6);
	__builtin_memcpy(eth->h_source, gateway, 6);
	return 0;
}

#else

#define ND_HOP_LIMIT	 255  /* proves that no router was passed */
#define ND_FLAGS	 0xe0 /* router, solicited, override */
#define ND_OPTION_TARGET 2    /* target link-layer address */

struct neighbour_message {
	__u8 type;
	__u8 code;
	__u16 check;
	__u8 flags;
	__u8 reserved[3];
	struct ip6 target;
} __attribute__((packed));

struct neighbour_advert {
	__u16 pad; /* aligns what follows the Ethernet header, for the stack */
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct neighbour_message message;
	__u8 option;
	__u8 option_units;
	__u8 mac[6];
} __attribute__((packed, aligned(8)));

#define ADVERT_BYTES   (sizeof(struct neighbour_advert) - 2)
#define ADVERT_PAYLOAD (sizeof(struct neighbour_message) + 8)

/* Turns a solicitation of the gateway into the advertisement; 0 or a reason. */
static __always_inline __u32 answer_gateway(struct __sk_buff *skb)
{
	const __u8 gateway[6] = FL_GATEWAY_MAC;
	struct packet pkt = {.hook = HOOK_FROM_POD};
	struct neighbour_advert advert = {};
	struct neighbour_message *asked;
	struct icmp_header *header;
	struct tuple6 from_gateway = {};
	__u64 sum;

	if (parse(skb, &pkt))
		return DROP_TOO_SHORT;
	/* Nobody needs to split these, but for deceit (RFC 6980). */
	if (pkt.shape & PACKET_FRAGMENT)
		return DROP_BAD_NEIGHBOUR_REQUEST;
	header = header_at(skb, pkt.l4_offset, sizeof(*header));
	/* Router solicitations, listener reports, the pod's own address check. */
	if (!header || header->type != ND_NEIGHBOUR_SOLICIT || is_zero_ip(&pkt.tuple.source))
		return DROP_LINK_SCOPE;
	if (!is_reachable(skb, (pkt.l4_offset & 0x1ff) + sizeof(*asked)))
		return DROP_TOO_SHORT;
	asked = header_at(skb, pkt.l4_offset, sizeof(*asked));
	if (!asked)
		return DROP_TOO_SHORT;
	if (asked->code || pkt.hop_limit != ND_HOP_LIMIT ||
	    !is_same_ip(&asked->target, &gateway_ip))
		return DROP_BAD_NEIGHBOUR_REQUEST;

	if (!address_reply(skb, &advert.eth))
		return DROP_TOO_SHORT;
	from_gateway.source = pkt.tuple.source;
	from_gateway.destination = gateway_ip;
	write_ip_reply(&advert.ip, &from_gateway, IPPROTO_ICMPV6, ADVERT_PAYLOAD);
	advert.ip.hop_limit = ND_HOP_LIMIT;
	advert.message.type = ND_NEIGHBOUR_ADVERT;
	advert.message.flags = ND_FLAGS;
	advert.message.target = gateway_ip;
	advert.option = ND_OPTION_TARGET;
	advert.option_units = 1;
	__builtin_memcpy(advert.mac, gateway, 6);
	sum = sum_of(&advert.message, ADVERT_PAYLOAD) +
	      pseudo_sum(&from_gateway, IPPROTO_ICMPV6, ADVERT_PAYLOAD);
	advert.message.check = ~sum_fold(sum);

	if (bpf_skb_change_tail(skb, ADVERT_BYTES, 0) ||
	    store_reply(skb, &advert.eth, ADVERT_BYTES))
		return DROP_TOO_SHORT;
	return 0;
}

#endif

#endif /* FAIRLEAD_BPF_FAMILY_NEIGHBOUR_H_ */
