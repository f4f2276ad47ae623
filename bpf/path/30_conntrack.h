/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 30 conntrack — seen before? Then the remembered answer replaces 40 to 60.
 *
 *	flow_index ──hit──▶ flows[number].side ──▶ 70_translate
 *	    │miss
 *	half_open ──hit──▶ pkt->out, and perhaps promotion in 60_commit
 *	    │miss
 *	    ▼
 *	  a first packet
 *
 * A remembered answer is checked before it is used: the flow must not have
 * expired, its backend and its pod must still be the same ones, and a new SYN
 * does not revive a closing flow.
 *
 * Price for a known flow: one hash lookup; arrays for the flow, the backend and
 * the pod. A miss costs one bucket of half_open on top.
 */
#ifndef FAIRLEAD_BPF_PATH_30_CONNTRACK_H_
#define FAIRLEAD_BPF_PATH_30_CONNTRACK_H_

#include "bpf/path/25_fragment.h"
#include "bpf/relay/relay.h"
#include "bpf/conntrack/flows.h"
#include "bpf/conntrack/half_open.h"
#include "bpf/conntrack/tcp.h"

static __always_inline bool is_backend_alive(__u32 number, __u32 generation)
{
	struct FAMILY(backend) * backend;

	if (number == BACKEND_NONE)
		return true;
	backend = bpf_map_lookup_elem(&FAMILY(backends), &number);
	return backend && backend->generation == generation;
}

static __always_inline bool is_node_alive(__u32 slot, __u32 generation)
{
	struct node *node = bpf_map_lookup_elem(&nodes, &slot);

	return node && node->generation == generation;
}

/* The pod or node that this side's packets were sent to is still the one. What came by a
 * tunnel is not relayed, even if its flow once began on the wire.
 */
static __always_inline bool is_exit_alive(const struct packet *pkt,
					  const struct FAMILY(flow_side) * side)
{
	__u32 target = side->exit_target;

	if (side->exit == EXIT_POD) {
		struct pod *pod = bpf_map_lookup_elem(&pods, &target);

		return pod && pod->generation == side->exit_generation;
	}
	if (side->exit == EXIT_NODE)
		return is_node_alive(target, side->exit_generation);
	if (is_way_of_relay(side->exit))
		return pkt->hook == HOOK_FROM_NETWORK &&
		       is_node_alive(target, side->exit_generation);
	return true;
}

/* What the flow relied on is gone: a TCP client is told so; anything else goes on as
 * a first packet, to another backend or from another address. What a process of the
 * host still sends must not leave untranslated.
 */
static __always_inline enum verdict begin_anew(struct packet *pkt, __u32 reason)
{
	if (is_leaving_host(pkt))
		return drop(pkt, reason);
	if (pkt->hook != HOOK_TO_POD && pkt->tuple.protocol == IPPROTO_TCP && !is_syn(pkt))
		return answer(pkt, TAIL_ANSWER_TCP_RESET, reason);
	return CONTINUE;
}

/* Masqueraded before the uplinks changed: the address may be another's by now. An
 * error only asks for the translation.
 */
static __always_inline bool is_from_old_uplink(const struct packet *pkt, __u32 uplink_epoch,
					       const struct FAMILY(tuple) * reverse)
{
	return uplink_epoch != pkt->uplink_epoch && !(pkt->shape & PACKET_ICMP_ERROR) &&
	       !is_same_ip(&reverse->destination, &pkt->tuple.source);
}

/* Beside another network (docs/decisions/0029). What is between a client and its
 * backend, the host's stack, bridges, filters, sees the same two addresses in both
 * directions: a flow is translated where its client is, there and back, and passes all
 * other devices as a stranger. A client that is its own backend never leaves its own.
 */
static __always_inline bool is_elsewhere(const struct packet *pkt, bool is_of_guest, bool is_reply,
					 const struct FAMILY(ip) * destination)
{
	switch (pkt->hook) {
	case HOOK_FROM_GUEST:
		return !is_of_guest || (is_reply && !is_same_ip(destination, &pkt->tuple.source));
	case HOOK_TO_GUEST:
		return !is_of_guest || !is_reply;
	}
	return is_of_guest;
}

/* The same of a known flow. */
static __always_inline bool is_known_elsewhere(const struct packet *pkt, const struct known *known)
{
	return config.guests && is_elsewhere(pkt, known->side->flags & FLOW_OF_GUEST,
					     known->side == &known->flow->side[SIDE_REPLY],
					     &known->side->destination);
}

/* A program whose packets are all ICMP errors: its flows are asked, never told. Its stack is
 * short, and what it does not do takes none of it.
 */
#ifndef ASKS_ONLY
#define ASKS_ONLY 0
#endif

/* A program whose packets are a pod's own; the others' stacks have no room for it. */
#ifndef SPEAKS_FOR_PODS
#define SPEAKS_FOR_PODS 0
#endif

/* A half-open flow as it was at one moment. */
struct memory {
	struct FAMILY(tuple) reverse;
	__u32 backend, backend_generation, policy_epoch, uplink_epoch, stamp;
	__u8 flags, window_scale;
};

/* False if the entry was replaced while it was copied. */
static __always_inline bool copy_half_open(const struct packet *pkt,
					   const struct FAMILY(half_open) * entry,
					   struct memory *memory)
{
	memory->stamp = entry->stamp;
	memory->reverse = entry->reverse;
	memory->backend = entry->backend;
	memory->backend_generation = entry->backend_generation;
	memory->policy_epoch = entry->policy_epoch;
	memory->uplink_epoch = entry->uplink_epoch;
	memory->flags = entry->flags;
	memory->window_scale = entry->window_scale;
	barrier();
	return is_same_tuple(&entry->tuple, &pkt->tuple) && memory->stamp != STAMP_BUSY &&
	       entry->stamp == memory->stamp;
}

/* Why the flow cannot go on; 0: it can. */
static __always_inline __u32 what_is_lost(const struct packet *pkt, const struct memory *memory)
{
	/* An answer on its way is still an answer when its backend has gone. */
	if (memory->flags & HALF_OPEN_REPLY)
		return 0;
	if (!is_backend_alive(memory->backend, memory->backend_generation))
		return DROP_BACKEND_GONE;
	return is_from_old_uplink(pkt, memory->uplink_epoch, &memory->reverse) ? DROP_ADDRESS_GONE
									       : 0;
}

/* A pod's, which kept its address because of its way out of then: 45 and 55 shall look again.
 * Who has an answer has a way, whatever routes say.
 */
static __always_inline bool is_way_doubtful(const struct packet *pkt, const struct memory *memory)
{
	if ((memory->flags & (HALF_OPEN_REPLY | HALF_OPEN_ONE_WAY)) ||
	    !is_same_ip(&memory->reverse.destination, &pkt->tuple.source))
		return false;
	if (memory->flags & HALF_OPEN_NO_WAY)
		return !(memory->flags & HALF_OPEN_REPLIED);
	return memory->backend == BACKEND_NONE && memory->uplink_epoch != pkt->uplink_epoch;
}

static __always_inline void take_memory(struct packet *pkt, const struct memory *memory)
{
	reverse_tuple(&memory->reverse, &pkt->out);
	pkt->backend = memory->backend;
	pkt->backend_generation = memory->backend_generation;
	pkt->remembered = memory->policy_epoch == pkt->policy_epoch ? 1 : 2;
	pkt->peer_window_scale = memory->window_scale;
	pkt->side_number = memory->flags & HALF_OPEN_REPLY ? SIDE_REPLY : SIDE_ORIGIN;
}

/* Another flow has the answers to this one. */
static __always_inline bool has_lost_answers(struct packet *pkt, const struct memory *memory)
{
	return !(memory->flags & (HALF_OPEN_REPLY | HALF_OPEN_ONE_WAY)) && is_reply_taken(pkt);
}

/* As if nothing had been remembered. */
static __always_inline void drop_memory(struct packet *pkt)
{
	pkt->out = pkt->tuple;
	pkt->backend = BACKEND_NONE;
	pkt->remembered = 0;
	pkt->peer_window_scale = 0;
}

/* What a half-open flow has remembered. Leaves pkt->remembered at zero if there
 * is none, or another flow has its answers now; a drop reason if what it relied on is gone;
 * VERDICT_PASSED if it is translated elsewhere.
 */
__first_packet int recall(struct packet *pkt)
{
	struct FAMILY(half_open) * entry, *origin;
	struct memory memory;
	bool is_relay;
	__u32 lost;

	if (!pkt)
		return 0;
	pkt->hash = pkt->hash ?: half_open_hash(&pkt->tuple);
	entry = find_by_hash(pkt->hash, &pkt->tuple, pkt->now);
	if (!entry || !copy_half_open(pkt, entry, &memory))
		return 0;
	if (config.guests && is_elsewhere(pkt, memory.flags & HALF_OPEN_OF_GUEST,
					  memory.flags & HALF_OPEN_REPLY, &memory.reverse.source))
		return VERDICT_PASSED;
	is_relay = config.direct_return && (memory.flags & HALF_OPEN_ONE_WAY);
	if (is_relay && pkt->hook != HOOK_FROM_NETWORK)
		return 0;
	lost = what_is_lost(pkt, &memory);
	if (lost) {
		if (!ASKS_ONLY)
			touch_half_open(entry, memory.stamp, STAMP_EMPTY);
		return lost;
	}
	if (SPEAKS_FOR_PODS && is_way_doubtful(pkt, &memory)) {
		touch_half_open(entry, memory.stamp, STAMP_EMPTY);
		return 0;
	}

	if (is_relay)
		pkt->shape |= PACKET_RELAYED;
	take_memory(pkt, &memory);
	if (ASKS_ONLY || (pkt->shape & PACKET_ICMP_ERROR))
		return 0; /* asks for the flow's translation, says nothing for it */
	if (has_lost_answers(pkt, &memory)) {
		touch_half_open(entry, memory.stamp, STAMP_EMPTY);
		drop_memory(pkt);
		return 0;
	}
	touch_half_open(entry, memory.stamp, pkt->now);

	if (!(memory.flags & HALF_OPEN_REPLY)) {
		/* The client again: a retransmission, or a conversation. */
		pkt->promote = (memory.flags & HALF_OPEN_REPLIED) && !is_syn(pkt);
		return 0;
	}
	if (pkt->tuple.protocol == IPPROTO_TCP) {
		pkt->promote = !(pkt->tcp_flags & TCP_RST);
		if (!pkt->promote) {
			/* Refused: the next SYN chooses anew. */
			forget_half_open(&pkt->tuple, pkt->now);
			forget_half_open(&memory.reverse, pkt->now);
		}
		return 0;
	}
	/* Either side keeps the flow alive; the client's entry learns of the answer. */
	entry->flags = memory.flags | HALF_OPEN_REPLIED;
	origin = find_half_open(&memory.reverse, pkt->now);
	if (origin) {
		origin->flags |= HALF_OPEN_REPLIED;
		touch_half_open(origin, origin->stamp, pkt->now);
	}
	return 0;
}

/* Not in flow_index: half-open, or new. */
static __always_inline enum verdict meet(struct packet *pkt)
{
	__u32 lost;

	pkt->out = pkt->tuple;
	lost = recall(pkt);
	if (lost == VERDICT_PASSED)
		return STOP_PASS;
	return lost ? begin_anew(pkt, lost) : CONTINUE;
}

/* The flow object has outlived its reason. */
static __always_inline bool is_over(const struct packet *pkt, const struct known *known)
{
	if (is_syn(pkt) && is_closing(known))
		return true;
	return age_of(known->side->last_seen, pkt->now) > config.timeout[TIMEOUT_TCP_CLOSED] &&
	       is_expired(known->flow, pkt->now);
}

/* The flow object that flow_index names, if it is still the one. */
static __always_inline bool find_flow(struct packet *pkt, struct known *known)
{
	struct flow_ref *ref = bpf_map_lookup_elem(&FAMILY(flow_index), &pkt->tuple);
	struct FAMILY(flow) * flow;
	__u32 number, side;

	if (!ref)
		return false;
	number = ref->flow_and_side >> 1;
	side = ref->flow_and_side & 1;
	flow = bpf_map_lookup_elem(&FAMILY(flows), &number);
	if (!flow || flow->side[side].generation != ref->generation)
		return false;
	known->flow = flow;
	known->side = &flow->side[side];
	known->peer = &flow->side[side ^ 1];
	return true;
}

/* The flow has had one more packet. */
static __always_inline void go_on(context *skb, const struct packet *pkt, const struct known *known)
{
	known->side->last_seen = pkt->now;
	known->side->packets++;
	if (pkt->tuple.protocol == IPPROTO_TCP)
		follow_tcp(skb, pkt, known);
}

__stage conntrack(context *skb, struct packet *pkt, struct known *known)
{
	struct FAMILY(flow_side) * side;
	bool has_backend;

	pkt->now = (__u32)bpf_jiffies64() | 1;
	pkt->backend = BACKEND_NONE;
	if (pkt->shape & PACKET_ICMP_ERROR)
		return answer(pkt, TAIL_FOLLOW_ICMP_ERROR, VERDICT_ANSWERED);
	if (is_syn(pkt)) {
		pkt->hash = half_open_hash(&pkt->tuple);
		fetch_bucket(pkt->hash);
	}
	if (!find_flow(pkt, known))
		return meet(pkt);

	side = known->side;
	if (is_known_elsewhere(pkt, known))
		return STOP_PASS;
	if (!is_backend_alive(side->backend, side->backend_generation) ||
	    !is_exit_alive(pkt, side)) {
		has_backend = side->backend != BACKEND_NONE;
		known->side = NULL;
		forget_flow(pkt);
		pkt->out = pkt->tuple;
		return has_backend ? begin_anew(pkt, DROP_BACKEND_GONE) : CONTINUE;
	}
	if (is_over(pkt, known)) {
		known->side = NULL;
		forget_flow(pkt);
		return meet(pkt);
	}

	go_on(skb, pkt, known);
	return CONTINUE;
}

#endif /* FAIRLEAD_BPF_PATH_30_CONNTRACK_H_ */
