/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A source port for pkt->out to which nobody expects an answer from that
 * destination, no process of the host either: the full tuple is the key, so a
 * port serves as many destinations as there are.
 *
 * A SYN without an answer for longer than a round trip, or whose answer was not
 * acknowledged for as long, holds no port: a flood would have them all for a
 * minute. If it was no flood, its retransmission gets another port.
 */
#ifndef FAIRLEAD_BPF_CONNTRACK_SOURCE_PORT_H_
#define FAIRLEAD_BPF_CONNTRACK_SOURCE_PORT_H_

#include "bpf/conntrack/half_open.h"
#include "bpf/conntrack/reclaim.h"
#include "bpf/verdict/port_shortages.bpf.h"

#define SNAT_TRIES     64
#define SNAT_FEW_TRIES 4

/* A process of the host listens on the reply's port, or has that connection. */
static __always_inline bool is_port_of_host(context *skb, struct FAMILY(tuple) * reply)
{
	struct bpf_sock_tuple *tuple = (void *)reply;
	struct bpf_sock *sk = NULL;

	if (reply->protocol == IPPROTO_TCP)
		sk = bpf_skc_lookup_tcp(skb, tuple, SOCKET_TUPLE_BYTES, BPF_F_CURRENT_NETNS, 0);
	else if (reply->protocol == IPPROTO_UDP)
		sk = bpf_sk_lookup_udp(skb, tuple, SOCKET_TUPLE_BYTES, BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return false;
	bpf_sk_release(sk);
	return true;
}

/* No flow has the reply's tuple, or none that may keep it. */
static __always_inline bool is_left_by_flow(const struct FAMILY(tuple) * reply, __u32 now)
{
	struct flow_ref *ref = bpf_map_lookup_elem(&FAMILY(flow_index), reply);
	struct FAMILY(flow) * flow;
	__u32 number, generation;

	if (!ref)
		return true;
	number = ref->flow_and_side >> 1;
	generation = ref->generation;
	barrier(); /* as in reclaim_flows() */
	flow = bpf_map_lookup_elem(&FAMILY(flows), &number);
	return flow && is_idle_syn(flow, quiet_for(flow, now)) && release_flow(number, generation);
}

/* The same of a half-open one. */
static __always_inline bool is_left_half_open(const struct FAMILY(tuple) * reply, __u32 now)
{
	struct FAMILY(half_open) *entry = find_half_open(reply, now);

	if (!entry)
		return true;
	if (reply->protocol != IPPROTO_TCP || age_of(entry->stamp, now) <= SYN_PATIENCE)
		return false;
	/* Who overwrites the entry meanwhile makes it point to nobody, or to its own flow:
	 * that one's next packet enters it again.
	 */
	forget_both(&entry->reverse, reply, now);
	return true;
}

/* Nobody expects an answer to pkt->out: no flow of ours, and for what leaves with
 * an address of the host, none of its processes.
 */
__first_packet int is_reply_unused(context *skb, struct packet *pkt)
{
	struct FAMILY(tuple) reply;

	if (!pkt)
		return 0;
	reverse_tuple(&pkt->out, &reply);
	if (!is_left_by_flow(&reply, pkt->now) || !is_left_half_open(&reply, pkt->now))
		return 0;
	return is_same_ip(&pkt->out.source, &pkt->tuple.source) || !is_port_of_host(skb, &reply);
}

/* Names the pod that found no port: fairleadd and `fairlead pods` read it. */
static __always_inline void count_refusal(const context *skb)
{
	__u32 slot = device_of(skb) - FL_POD_IFINDEX_BASE;
	__u32 *refused = bpf_map_lookup_elem(&snat_refused, &slot);

	if (refused)
		__sync_fetch_and_add(refused, 1);
}

/* Sets pkt->out.source_port so that the reply's tuple is unused; 0 or a reason. The
 * start is random; the steps grow, so that tries that met the same start part, and
 * do not wrap within so many (triangular numbers). A small range is tried in order.
 */
__first_packet int choose_source_port(context *skb, struct packet *pkt)
{
	__u32 offset;

	if (!pkt || !config.snat_ports)
		return DROP_NO_SNAT_PORT;
	offset = chance(pkt, 1);
	for (__u32 i = 1; i <= SNAT_TRIES; i++) {
		offset %= config.snat_ports;
		pkt->out.source_port = bpf_htons(config.snat_first_port + offset);
		if (is_reply_unused(skb, pkt))
			return 0;
		offset += config.snat_ports > SNAT_TRIES * SNAT_TRIES ? i : 1;
		if (i == SNAT_FEW_TRIES && is_short_of_ports(pkt))
			break;
	}
	note_port_shortage(pkt);
	count_refusal(skb);
	return DROP_NO_SNAT_PORT;
}

#endif /* FAIRLEAD_BPF_CONNTRACK_SOURCE_PORT_H_ */
