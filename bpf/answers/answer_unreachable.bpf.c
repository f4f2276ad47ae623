// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * answer_unreachable — a Service without endpoints refuses at once.
 *
 *	pod ──▶ VIP:80 ──▶ [from_pod] ─ no backend ─▶ [answer_unreachable]
 *	pod ◀── ICMP port unreachable, from the VIP ──────────┘
 *
 * The client's socket reports "connection refused" instead of waiting for a
 * timeout (RFC 792, RFC 4443). TCP is refused by answer_tcp_reset. Quotes the header and the eight bytes that name
 * the socket.
 */
#include "bpf/answers/ip_reply.h"

#define QUOTE_MAX  128 /* headers with extensions beyond that are quoted in part */
#define ICMP_BYTES 8

struct icmp_error {
	__u16 pad; /* aligns what follows the Ethernet header, for the stack */
	struct ethhdr eth;
	ip_header ip;
	__u8 type;
	__u8 code;
	__u16 check;
	__u32 unused;
	__u8 quote[QUOTE_MAX];
} __attribute__((packed, aligned(8)));

SEC("tc")
int answer_unreachable(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_FROM_POD};
	struct icmp_error error = {};
	__u32 reason = skb->cb[CB_REASON];
	__u32 quoted, payload;
	__u64 sum;

	/* Nobody is told about a later fragment (RFC 1122, RFC 4443). */
	if (skb->cb[CB_HOOK] != HOOK_FROM_POD || parse(skb, &pkt) || (pkt.shape & PACKET_LATER))
		return give_up(skb, reason);
	quoted = (pkt.l4_offset - IP_OFFSET) + 8;
	/* Even and bounded, so that the sum below is over whole words. */
	quoted = quoted > QUOTE_MAX ? QUOTE_MAX : quoted & ~1U;
	if (quoted < IP_HEADER_BYTES || bpf_skb_load_bytes(skb, IP_OFFSET, error.quote, quoted))
		return give_up(skb, reason);
	payload = ICMP_BYTES + quoted;

	if (!address_reply(skb, &error.eth))
		return give_up(skb, reason);
	write_ip_reply(&error.ip, &pkt.tuple, IPPROTO_OURS_ICMP, payload);
	error.type = UNREACHABLE;
	error.code = PORT_UNREACHABLE;
	sum = sum_of(&error.type, ICMP_BYTES + QUOTE_MAX) +
	      icmp_pseudo_sum(pseudo_sum(&pkt.tuple, IPPROTO_OURS_ICMP, payload));
	error.check = ~sum_fold(sum);

	payload += IP_OFFSET + IP_HEADER_BYTES;
	if (payload > sizeof(error) - sizeof(error.pad) || bpf_skb_change_tail(skb, payload, 0) ||
	    store_reply(skb, &error.eth, payload))
		return give_up(skb, reason);
	return return_to_sender(skb, reason);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
