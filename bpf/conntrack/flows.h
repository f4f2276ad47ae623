/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Flow objects: made when a conversation has proved itself, released when it
 * is over.
 *
 *	free_flows --> number --> flows[number], index[tuple of either side]
 *
 * Races. Two CPUs may promote the same flow at once: the index takes the first
 * (BPF_NOEXIST), the other gives its number back. A packet may still hold an
 * object that another CPU releases: numbers are reused first-freed first, so
 * the object rests for as long as it takes to hand out all other free numbers,
 * and the packet leaves with the translation of the flow it belongs to.
 */
#ifndef FAIRLEAD_BPF_CONNTRACK_FLOWS_H_
#define FAIRLEAD_BPF_CONNTRACK_FLOWS_H_

#include "bpf/conntrack/backend_flows.h"
#include "bpf/conntrack/tuples.h"

static __always_inline void arrival_tuple(const struct FAMILY(flow_side) * other,
					  struct FAMILY(tuple) * tuple)
{
	tuple->source = other->destination;
	tuple->destination = other->source;
	tuple->source_port = other->destination_port;
	tuple->destination_port = other->source_port;
	tuple->protocol = other->protocol;
	tuple->pad[0] = tuple->pad[1] = tuple->pad[2] = 0;
}

/* Takes a flow out of the index and gives its number back, if it still has this
 * generation; 1 if it did. Whoever moves the generation on owns the release, and
 * nobody can enter the keys anew while the old ones are there.
 */
__first_packet int release_flow(__u32 number, __u32 generation)
{
	struct FAMILY(flow) *flow = bpf_map_lookup_elem(&FAMILY(flows), &number);
	struct FAMILY(tuple) key;

	if (!flow || __sync_val_compare_and_swap(&flow->side[SIDE_ORIGIN].generation, generation,
						 generation + 1) != generation)
		return 0;
	flow->side[SIDE_REPLY].generation = generation + 1;

	arrival_tuple(&flow->side[SIDE_REPLY], &key);
	bpf_map_delete_elem(&FAMILY(flow_index), &key);
	arrival_tuple(&flow->side[SIDE_ORIGIN], &key);
	bpf_map_delete_elem(&FAMILY(flow_index), &key);

	count_flow(flow->side[SIDE_ORIGIN].backend, flow->side[SIDE_ORIGIN].backend_generation, -1);
	flow->side[SIDE_ORIGIN].last_seen = 0;
	flow->side[SIDE_REPLY].last_seen = 0;
	bpf_map_push_elem(&FAMILY(free_flows), &number, 0);
	return 1;
}

/* Releases the packet's flow. */
__first_packet int forget_flow(struct packet *pkt)
{
	struct flow_ref *ref;

	if (!pkt)
		return 0;
	ref = bpf_map_lookup_elem(&FAMILY(flow_index), &pkt->tuple);
	return ref ? release_flow(ref->flow_and_side >> 1, ref->generation) : 0;
}

/* What the packet's side of a new object holds; the other side is its mirror. */
static __always_inline void fill_sides(struct packet *pkt, struct FAMILY(flow_side) * side,
				       struct FAMILY(flow_side) * peer, __u32 generation)
{
	bool is_reply = pkt->side_number == SIDE_REPLY;
	__u8 flags = (is_same_tuple(&pkt->tuple, &pkt->out) ? 0 : FLOW_TRANSLATED) |
		     (is_of_guest(pkt) ? FLOW_OF_GUEST : 0);

	if (config.direct_return && pkt->exit == EXIT_RELAY)
		flags |= FLOW_ONE_WAY;
	side->generation = peer->generation = generation;
	side->created = peer->created = pkt->now;
	side->policy_epoch = peer->policy_epoch = pkt->policy_epoch;
	side->protocol = peer->protocol = pkt->tuple.protocol;
	side->exit = peer->exit = EXIT_UNKNOWN;
	side->flags = peer->flags = flags;
	side->packets = peer->packets = 1;

	side->backend = is_reply ? BACKEND_NONE : pkt->backend;
	peer->backend = is_reply ? pkt->backend : BACKEND_NONE;
	side->backend_generation = peer->backend_generation = pkt->backend_generation;

	side->address_delta = pkt->address_delta;
	side->l4_delta = pkt->l4_delta;
	side->source = pkt->out.source;
	side->destination = pkt->out.destination;
	side->source_port = pkt->out.source_port;
	side->destination_port = pkt->out.destination_port;

	/* Mirrored: the reverse of how we arrived, and the negative deltas. */
	peer->address_delta = ~pkt->address_delta;
	peer->l4_delta = ~pkt->l4_delta;
	peer->source = pkt->tuple.destination;
	peer->destination = pkt->tuple.source;
	peer->source_port = pkt->tuple.destination_port;
	peer->destination_port = pkt->tuple.source_port;

	side->acked = peer->acked = 0;
	side->window = peer->window = 0;
	side->window_scale = peer->window_scale = 0;
	side->last_seen = peer->last_seen = pkt->now;
}

/* Turns a half-open flow into the object pkt->flow_number; 0, or -1 when the
 * table is full or another CPU was faster: the flow goes on half-open then.
 */
__first_packet int promote(struct packet *pkt)
{
	struct FAMILY(tuple) other;
	struct FAMILY(flow) * flow;
	struct flow_ref ref;
	__u32 number = 0, side;

	if (!pkt || bpf_map_pop_elem(&FAMILY(free_flows), &number))
		return -1;
	flow = bpf_map_lookup_elem(&FAMILY(flows), &number);
	if (!flow)
		return -1;

	side = pkt->side_number & 1;
	ref.generation = flow->side[0].generation + 1;
	fill_sides(pkt, &flow->side[side], &flow->side[side ^ 1], ref.generation);

	reverse_tuple(&pkt->out, &other);
	ref.flow_and_side = number << 1 | side;
	if (bpf_map_update_elem(&FAMILY(flow_index), &pkt->tuple, &ref, BPF_NOEXIST))
		goto give_back;
	ref.flow_and_side ^= 1;
	if (bpf_map_update_elem(&FAMILY(flow_index), &other, &ref, BPF_NOEXIST)) {
		bpf_map_delete_elem(&FAMILY(flow_index), &pkt->tuple);
		goto give_back;
	}
	count_flow(pkt->backend, pkt->backend_generation, 1);
	pkt->flow_number = number;
	return 0;

give_back:
	flow->side[0].last_seen = 0;
	flow->side[1].last_seen = 0;
	bpf_map_push_elem(&FAMILY(free_flows), &number, 0);
	return -1;
}

#endif /* FAIRLEAD_BPF_CONNTRACK_FLOWS_H_ */
