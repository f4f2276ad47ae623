/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 57 fit — does the packet fit the way it is about to take?
 *
 *	hop limit used up      ─▶ answer_time_exceeded
 *	bigger than the way    ─▶ answer_too_big
 *
 * A redirect goes round the kernel's own checks: without this one, what is too
 * big vanishes, and path MTU discovery with it. Before 60, because what is not
 * sent is not remembered; before 70, because an answer quotes the packet as its
 * sender knows it. What is for the host's stack is the stack's to judge.
 *
 * Price: two comparisons for a packet no bigger than the narrowest way out, a
 * call more for a GSO frame; the exit and an array or hash lookup for others.
 */
#ifndef FAIRLEAD_BPF_PATH_57_FIT_H_
#define FAIRLEAD_BPF_PATH_57_FIT_H_

#include "bpf/path/55_masquerade.h"

/* The longest packet that the frame becomes on the wire, from its IP header on: a
 * GSO frame is judged by its segments. 0: cannot be told.
 */
__first_packet int longest_packet(context *skb, struct packet *pkt)
{
	struct tcp_header *tcp;

	if (!pkt)
		return 0;
	if (!segment_size(skb))
		return packet_end(skb) - IP_OFFSET;
	switch (pkt->tuple.protocol) {
	case IPPROTO_TCP:
		tcp = header_at(skb, pkt->l4_offset, sizeof(*tcp));
		if (!tcp)
			return 0;
		return segment_ip_bytes(skb, pkt) + (tcp->data_offset >> 4) * 4 + segment_size(skb);
	case IPPROTO_UDP:
		return segment_ip_bytes(skb, pkt) + sizeof(struct udp_header) + segment_size(skb);
	}
	return 0; /* SCTP has made its chunks for the path already */
}

/* 0: not known, or not ours to say. */
static __always_inline __u32 mtu_of_exit(const struct packet *pkt)
{
	__u32 target = pkt->exit_target;

	if (pkt->exit == EXIT_POD) {
		struct pod *pod = bpf_map_lookup_elem(&pods, &target);

		return pod ? pod->mtu : 0;
	}
	if (pkt->exit == EXIT_NODE) {
		struct node *node = bpf_map_lookup_elem(&nodes, &target);

		return node ? node->mtu : 0;
	}
	if (is_way_of_relay(pkt->exit)) {
		struct node *node = bpf_map_lookup_elem(&nodes, &target);

		return node ? mtu_of_relay(node) : 0;
	}
	if (pkt->exit == EXIT_UPLINK) {
		struct uplink *uplink = bpf_map_lookup_elem(&uplinks, &target);

		return uplink ? uplink->mtu : 0;
	}
	return 0;
}

/* Whether the packet may leave by pkt->exit: 0, or why not. */
__first_packet int judge_fit(context *skb, struct packet *pkt)
{
	__u32 mtu;

	if (!pkt || pkt->exit == EXIT_STACK)
		return 0;
	if (pkt->hop_limit <= 1)
		return DROP_TTL_EXCEEDED;
	mtu = mtu_of_exit(pkt);
	if (!mtu || longest_packet(skb, pkt) <= mtu)
		return 0;
	/* A veth pair hands over what it is given: no need to lose what a router
	 * would have cut up for the pod to put together again.
	 */
	if (pkt->exit == EXIT_POD && may_be_fragmented(skb))
		return 0;
	leave_word(skb, CB_MTU, mtu);
	return DROP_TOO_BIG;
}

__stage fit(context *skb, struct packet *pkt, const struct known *known)
{
	__u32 reason;

	if (pkt->hop_limit > 1 && (frame_bytes(skb) <= pkt->longest_frame ||
				   longest_packet(skb, pkt) + ETH_HLEN <= pkt->longest_frame))
		return CONTINUE;
	reason = know_exit(skb, pkt, known) ?: judge_fit(skb, pkt);
	switch (reason) {
	case 0:
		return CONTINUE;
	case DROP_TTL_EXCEEDED:
		return answer(pkt, TAIL_ANSWER_TIME_EXCEEDED, reason);
	case DROP_TOO_BIG:
		return answer(pkt, TAIL_ANSWER_TOO_BIG, reason);
	}
	return drop(pkt, reason);
}

#endif /* FAIRLEAD_BPF_PATH_57_FIT_H_ */
