/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 60 commit — remember the answer.
 *
 *	first packet         ─▶ half_open, both sides
 *	TCP: first reply     ─┐
 *	others: client again ─┴▶ a flow object; the half-open entries go
 *
 * A flow the table has no room for stays half-open: it works, but may be
 * forgotten when a flood comes.
 * Price: two buckets for a first packet; a promotion pops a number and inserts
 * two keys. Nothing for a known flow.
 */
#ifndef FAIRLEAD_BPF_PATH_60_COMMIT_H_
#define FAIRLEAD_BPF_PATH_60_COMMIT_H_

#include "bpf/path/57_fit.h"
#include "bpf/conntrack/reclaim.h"

static __always_inline bool is_translated(const struct packet *pkt)
{
	return !is_same_tuple(&pkt->tuple, &pkt->out);
}

/* What changing pkt->tuple into pkt->out does to checksums. */
static __always_inline void compute_deltas(struct packet *pkt)
{
	__u64 addresses = ip_delta(&pkt->tuple.source, &pkt->out.source) +
			  ip_delta(&pkt->tuple.destination, &pkt->out.destination);
	__u64 ports = port_delta(pkt->tuple.source_port, pkt->out.source_port) +
		      port_delta(pkt->tuple.destination_port, pkt->out.destination_port);

	pkt->address_delta = sum_fold(addresses);
	if (pkt->tuple.protocol == IPPROTO_OURS_ICMP)
		addresses = icmp_address_delta(pkt->address_delta);
	pkt->l4_delta = sum_fold(addresses + ports);
}

/* In the place of the hash, which nobody needs any more. */
static __always_inline void know_deltas(struct packet *pkt)
{
	pkt->hash = 0;
	if (is_translated(pkt))
		compute_deltas(pkt);
}

static __always_inline void begin_flow(context *skb, struct packet *pkt, struct known *known)
{
	__u8 mine = UNKNOWN_WINDOW_SCALE, theirs = UNKNOWN_WINDOW_SCALE;
	struct FAMILY(tuple) reply;
	struct FAMILY(flow) * flow;

	if (promote(pkt) && !(reclaim_flows(pkt->now) && !promote(pkt))) {
		note(pkt, VERDICT_NOT_PROMOTED);
		return;
	}
	reverse_tuple(&pkt->out, &reply);
	forget_both(&pkt->tuple, &reply, pkt->now);

	flow = bpf_map_lookup_elem(&FAMILY(flows), &pkt->flow_number);
	if (!flow)
		return;
	known->flow = flow;
	known->side = &flow->side[pkt->side_number & 1];
	known->peer = &flow->side[(pkt->side_number & 1) ^ 1];
	if (pkt->tuple.protocol != IPPROTO_TCP)
		return;
	if (is_syn_ack(pkt)) {
		mine = window_scale(skb, pkt->l4_offset);
		theirs = pkt->peer_window_scale;
	}
	agree_on_scale(known->side, known->peer, mine, theirs);
	follow_tcp(skb, pkt, known);
}

/* A flow that stays half-open; 0 or a reason. */
static __always_inline __u32 commit_half_open(context *skb, struct packet *pkt)
{
	/* Its reply, or a refusal, says nothing new. */
	if (pkt->side_number == SIDE_REPLY || (pkt->tcp_flags & TCP_RST))
		return 0;
	if (pkt->tuple.protocol == IPPROTO_TCP && !pkt->remembered) {
		/* Its SYN is forgotten, so nobody knows whom it speaks for. */
		if (is_syn_ack(pkt))
			return DROP_NO_HANDSHAKE;
		pkt->peer_window_scale =
			is_syn(pkt) ? window_scale(skb, pkt->l4_offset) : UNKNOWN_WINDOW_SCALE;
	}
	remember(pkt);
	return 0;
}

__stage commit(context *skb, struct packet *pkt, struct known *known)
{
	__u32 reason = 0;

	if (known->side)
		return CONTINUE;
	if (!pkt->promote)
		reason = commit_half_open(skb, pkt);
	know_deltas(pkt);
	if (pkt->promote)
		begin_flow(skb, pkt, known);
	return reason ? drop(pkt, reason) : CONTINUE;
}

#endif /* FAIRLEAD_BPF_PATH_60_COMMIT_H_ */
