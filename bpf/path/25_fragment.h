/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 25 fragment — a later fragment gets the ports of its datagram's first one.
 *
 *	first  ──ports──▶ fragments[source, destination, id]
 *	later  ◀──ports──     │ at most 30 s old
 *	    ▼                 └─ none yet: out of order
 *	30 to 90, as packets of one flow          ▼
 *	    ▲                        the reassembly room, and all others
 *	    └───────(in order)─────── of this datagram after it
 *
 * After 20, so that nobody writes into the table, or reads from it, under a name
 * that is not his; before 30, which finds flows by their ports. What is the
 * host's stays the host's: only fragments of pods and Services are refused here.
 *
 * Races: two first fragments of one name may be written at once, when a sender
 * uses a number again too soon. The later ones follow one of the two, and the
 * receiver's checksum finds out, as it must without us (RFC 4963). A first and a
 * later one that meet on two CPUs insert both, and one of them sees that it came
 * second.
 * Price: one comparison for whole packets. An insertion for a first fragment, a
 * lookup for each; one more, and an LPM lookup, for those from the wire.
 */
#ifndef FAIRLEAD_BPF_PATH_25_FRAGMENT_H_
#define FAIRLEAD_BPF_PATH_25_FRAGMENT_H_

#include "bpf/path/10_parse.h"
#include "bpf/path/20_guard.h"
#include "bpf/conntrack/half_open.h"

/* Whom a fragment can be for: for others, nothing is remembered. */
enum receiver {
	RECEIVER_POD,	/* or a Service, or what a pod sends: it must not get past its flow */
	RECEIVER_HOST,	/* or a pod behind the host's address */
	RECEIVER_OTHER, /* forwarded by the host's stack */
};

/* What stage 25 knows of a fragment beside struct packet. */
struct datagram {
	struct FAMILY(fragment_key) key;
	enum receiver receiver;
	__u32 now;
	bool is_in_order; /* it has been in the room */
};

static __always_inline enum receiver receiver_of(const struct packet *pkt)
{
	struct prefix *prefix;

	if (is_leaving_host(pkt))
		return RECEIVER_HOST;
	if (pkt->hook == HOOK_FROM_POD || pkt->hook == HOOK_TO_POD ||
	    bpf_map_lookup_elem(&FAMILY(pod_address), &pkt->tuple.destination))
		return RECEIVER_POD;
	prefix = find_prefix_within(&pkt->tuple.destination, FL_IP_WORDS * 32);
	if (prefix && prefix->kind == PREFIX_HOST)
		return RECEIVER_HOST;
	if (prefix && config.direct_return && pkt->hook == HOOK_FROM_OVERLAY &&
	    leads_to_node(prefix))
		return RECEIVER_POD; /* a port of the node that has relayed it */
	return prefix && (no_such_service(prefix) || prefix->kind == PREFIX_VIRTUAL_IP)
		       ? RECEIVER_POD
		       : RECEIVER_OTHER;
}

static __always_inline enum verdict refuse_fragment(struct packet *pkt, enum receiver receiver,
						    __u32 reason)
{
	return receiver == RECEIVER_POD ? drop(pkt, reason) : STOP_PASS;
}

/* False if all fragments of the datagram show the same tuple without our help. */
static __always_inline bool has_hidden_ports(const struct packet *pkt)
{
	if (pkt->shape & PACKET_LATER)
		return transport_bytes(pkt->tuple.protocol) || is_extension(pkt->tuple.protocol);
	return transport_bytes(pkt->tuple.protocol) || pkt->l4_offset != pkt->fragment_start;
}

/* Some flow of ours expects the packet: else it is the host's own. */
__first_packet int is_expected(struct packet *pkt, __u32 now)
{
	return pkt && (bpf_map_lookup_elem(&FAMILY(flow_index), &pkt->tuple) ||
		       find_half_open(&pkt->tuple, now));
}

/* A copy for the room: it may be a pod's; the host keeps the original. */
static __always_inline void clone_into(context *skb, __u32 ifindex)
{
	const union mac inside = {.byte = FL_ROOM_MAC};
	struct frame_addresses *frame = header_at(skb, 0, ETH_HLEN);
	__u16 before[3];

	if (!frame)
		return;
	for (int i = 0; i < 3; i++) {
		before[i] = frame->destination[i];
		frame->destination[i] = inside.part[i];
	}
	clone_to(skb, ifindex);
	frame = header_at(skb, 0, ETH_HLEN);
	if (!frame)
		return;
	for (int i = 0; i < 3; i++)
		frame->destination[i] = before[i];
}

/* Out of order. */
static __always_inline enum verdict enter_room(context *skb, struct packet *pkt,
					       const struct datagram *datagram, bool is_copy)
{
	__u32 zero = 0;
	struct room *to = bpf_map_lookup_elem(&room, &zero);

	/* A guest's own stack sends in order, and the room would not know it again. What comes
	 * out of the room has not come by a tunnel.
	 */
	if (!to || !to->ifindex || pkt->hook == HOOK_FROM_GUEST || is_relayed_here(pkt))
		return refuse_fragment(pkt, datagram->receiver, DROP_ORPHAN_FRAGMENT);
	/* The room takes a hop, which from_room gives back. */
	if (pkt->hop_limit <= 1)
		return refuse_fragment(pkt, datagram->receiver, DROP_TTL_EXCEEDED);
	if (is_copy) {
		note(pkt, VERDICT_TO_ROOM);
		clone_into(skb, to->ifindex);
		return STOP_PASS;
	}
	pkt->ifindex = to->ifindex;
	return STOP_ROOM;
}

static __always_inline bool is_known(const struct fragment *entry, const struct datagram *datagram)
{
	return entry && age_of(entry->created, datagram->now) <= config.timeout[TIMEOUT_FRAGMENT];
}

/* Enters what is known of the datagram. False if another CPU has just done so. */
static __always_inline bool enter(const struct datagram *datagram, const struct fragment *known,
				  const struct fragment *entry)
{
	return !bpf_map_update_elem(&FAMILY(fragments), &datagram->key, entry,
				    known ? BPF_ANY : BPF_NOEXIST);
}

static __always_inline enum verdict meet_first(context *skb, struct packet *pkt,
					       const struct datagram *datagram)
{
	struct fragment *known = bpf_map_lookup_elem(&FAMILY(fragments), &datagram->key);
	bool is_late = is_known(known, datagram) && (known->shape & FRAGMENT_IN_ROOM);
	__u32 headers = pkt->l4_offset - pkt->fragment_start + transport_bytes(pkt->tuple.protocol);
	const struct fragment first = {
		.created = datagram->now,
		.source_port = pkt->tuple.source_port,
		.destination_port = pkt->tuple.destination_port,
		.protocol = pkt->tuple.protocol,
		.shape = pkt->shape & PACKET_HAS_PORTS,
		.headers = (headers + 7) / 8,
	};
	bool is_ours;

	if (!datagram->is_in_order && !is_late && enter(datagram, known, &first))
		return CONTINUE;
	is_ours = datagram->receiver == RECEIVER_POD || is_expected(pkt, datagram->now);
	/* The host has had the original of each fragment. */
	if (datagram->is_in_order && !is_ours)
		return drop(pkt, VERDICT_COPY);
	if (!datagram->is_in_order && is_ours && !is_sent_by_host(pkt))
		return enter_room(skb, pkt, datagram, false);
	bpf_map_update_elem(&FAMILY(fragments), &datagram->key, &first, BPF_ANY);
	return CONTINUE;
}

static __always_inline enum verdict follow_first(context *skb, struct packet *pkt,
						 const struct datagram *datagram)
{
	struct fragment *first = bpf_map_lookup_elem(&FAMILY(fragments), &datagram->key);
	const struct fragment in_room = {.created = datagram->now, .shape = FRAGMENT_IN_ROOM};

	/* The host's stack sends in order; what it forwards to a pod is not translated. */
	if (is_sent_by_host(pkt) &&
	    (!is_known(first, datagram) || (first->shape & FRAGMENT_IN_ROOM)))
		return STOP_PASS;
	if (!is_known(first, datagram) && !datagram->is_in_order &&
	    !enter(datagram, first, &in_room))
		first = bpf_map_lookup_elem(&FAMILY(fragments), &datagram->key);
	if (!is_known(first, datagram) || (first->shape & FRAGMENT_IN_ROOM)) {
		if (!datagram->is_in_order)
			return enter_room(skb, pkt, datagram, datagram->receiver == RECEIVER_HOST);
		return drop(pkt, datagram->receiver == RECEIVER_HOST ? VERDICT_COPY
								     : DROP_ORPHAN_FRAGMENT);
	}
	/* Would replace ports that have been judged (RFC 1858, RFC 3128). */
	if (pkt->fragment_offset < first->headers)
		return refuse_fragment(pkt, datagram->receiver, DROP_OVERLAPPING_FRAGMENT);
	pkt->tuple.source_port = first->source_port;
	pkt->tuple.destination_port = first->destination_port;
	set_protocol(&pkt->tuple, first->protocol);
	pkt->shape |= first->shape;
	return CONTINUE;
}

__first_packet int follow_fragment(context *skb, struct packet *pkt)
{
	struct datagram datagram = {};

	datagram.is_in_order = mark_of(skb) == FL_MARK_IN_ORDER;
	if (datagram.is_in_order)
		set_mark(skb, 0);
	/* Errors are found by what they quote, neighbours by nobody. */
	if (!pkt || !has_hidden_ports(pkt) || (pkt->shape & (PACKET_ICMP_ERROR | PACKET_NEIGHBOUR)))
		return CONTINUE;
	datagram.receiver = receiver_of(pkt);
	/* 45 refuses what is tunnelled to the wrong node. */
	if (datagram.receiver == RECEIVER_OTHER)
		return pkt->hook == HOOK_FROM_OVERLAY ? CONTINUE : STOP_PASS;
	if (pkt->shape & PACKET_TINY)
		return refuse_fragment(pkt, datagram.receiver, DROP_TINY_FRAGMENT);
	datagram.now = (__u32)bpf_jiffies64() | 1;
	datagram.key.source = pkt->tuple.source;
	datagram.key.destination = pkt->tuple.destination;
	datagram.key.id = pkt->fragment_id;
	datagram.key.protocol = fragment_key_protocol(pkt->tuple.protocol);
	return pkt->shape & PACKET_LATER ? follow_first(skb, pkt, &datagram)
					 : meet_first(skb, pkt, &datagram);
}

__stage fragment(context *skb, struct packet *pkt)
{
	return pkt->shape & PACKET_FRAGMENT ? follow_fragment(skb, pkt) : CONTINUE;
}

#endif /* FAIRLEAD_BPF_PATH_25_FRAGMENT_H_ */
