// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * answer_tcp_reset — tell a TCP client that there is nobody for it.
 *
 *	client ──▶ VIP:80, no backend, or its backend is gone ──▶ [from_pod]
 *	client ◀── RST, from the VIP ───────────── [answer_tcp_reset] ◀──┘
 *
 * connect() says "connection refused" at once; a connection whose backend has
 * gone ends with its next packet instead of after minutes of retransmissions
 * (RFC 793, section 3.4: reset generation). A reset is never
 * answered with a reset.
 */
#include "bpf/answers/ip_reply.h"

struct tcp_reset {
	__u16 pad; /* aligns what follows the Ethernet header, for the stack */
	struct ethhdr eth;
	ip_header ip;
	struct tcp_header tcp;
} __attribute__((packed, aligned(8)));

/* Not sizeof the struct: its alignment may pad the end, too. */
#define RESET_BYTES (ETH_HLEN + IP_HEADER_BYTES + sizeof(struct tcp_header))

/* What the sender occupies of its sequence space. */
static __always_inline __u32 sequence_length(struct __sk_buff *skb, const struct packet *pkt)
{
	struct tcp_header *tcp = header_at(skb, pkt->l4_offset, sizeof(*tcp));
	__u32 headers = pkt->l4_offset;
	__u32 end = packet_end(skb);

	if (!tcp)
		return 0;
	headers += (tcp->data_offset >> 4) * 4;
	return (end > headers ? end - headers : 0) + !!(tcp->flags & TCP_SYN) +
	       !!(tcp->flags & TCP_FIN);
}

SEC("tc")
int answer_tcp_reset(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = skb->cb[CB_HOOK] & FL_HOOK_MASK};
	struct tcp_reset reset = {};
	__u32 reason = skb->cb[CB_REASON];
	__u64 sum;

	if (parse(skb, &pkt) || pkt.tuple.protocol != IPPROTO_TCP || (pkt.tcp_flags & TCP_RST) ||
	    (pkt.shape & PACKET_LATER))
		return give_up(skb, reason);

	reset.tcp.ports.source = pkt.tuple.destination_port;
	reset.tcp.ports.destination = pkt.tuple.source_port;
	reset.tcp.data_offset = (sizeof(reset.tcp) / 4) << 4;
	if (pkt.tcp_flags & TCP_ACK) {
		reset.tcp.flags = TCP_RST;
		reset.tcp.sequence = bpf_htonl(pkt.acknowledged);
	} else {
		reset.tcp.flags = TCP_RST | TCP_ACK;
		reset.tcp.acknowledged = bpf_htonl(pkt.sequence + sequence_length(skb, &pkt));
	}
	if (!address_reply(skb, &reset.eth))
		return give_up(skb, reason);
	write_ip_reply(&reset.ip, &pkt.tuple, IPPROTO_TCP, sizeof(reset.tcp));
	sum = sum_of(&reset.tcp, sizeof(reset.tcp)) +
	      pseudo_sum(&pkt.tuple, IPPROTO_TCP, sizeof(reset.tcp));
	reset.tcp.check = ~sum_fold(sum);

	if (resize_to_reply(skb, pkt.l4_offset, RESET_BYTES) ||
	    store_reply(skb, &reset.eth, RESET_BYTES))
		return give_up(skb, reason);
	return send_reply(skb, pkt.hook, reason);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
