/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The half-open tier: a flow is entered twice, once for packets of either side,
 * in a bucket of four by a seeded hash.
 *
 * Races. Writers claim an entry by exchanging its stamp for BUSY, so two never
 * write the same one; who loses the race does not remember, and the next packet
 * does. A reader copies first and then looks whether the entry still has its
 * tuple and is not BUSY: it may miss a flow that is just being replaced, never
 * mix two.
 */
#ifndef FAIRLEAD_BPF_CONNTRACK_HALF_OPEN_H_
#define FAIRLEAD_BPF_CONNTRACK_HALF_OPEN_H_

#include "bpf/conntrack/age.h"
#include "bpf/conntrack/tcp.h"
#include "bpf/conntrack/tuples.h"

/* What finds a tuple's bucket, and its entry there. Never 0: pkt has 0 for "not asked yet". */
static __always_inline __u32 half_open_hash(const struct FAMILY(tuple) * tuple)
{
	__u32 hash = hash_tuple(tuple, config.hash_seed) >> 32;

	return hash ?: 1;
}

static __always_inline struct FAMILY(half_open_bucket) * bucket_of(__u32 hash)
{
	__u32 index = hash & config.half_open_mask;

	return bpf_map_lookup_elem(&FAMILY(half_open), &index);
}

/* Asks for the bucket's memory without waiting for it: while it comes, flow_index is asked. */
static __always_inline void fetch_bucket(__u32 hash)
{
	struct FAMILY(half_open_bucket) *bucket = bucket_of(hash);

	for (int i = 0; bucket && i < HALF_OPEN_WAYS; i++)
		*(volatile __u32 *)&bucket->way[i].hash;
}

static __always_inline bool is_entry_of(const struct FAMILY(half_open) * entry, __u32 hash,
					const struct FAMILY(tuple) * tuple)
{
	return entry->hash == hash && is_same_tuple(&entry->tuple, tuple);
}

static __always_inline bool is_fresh(const struct FAMILY(half_open) * entry, __u32 now)
{
	__u32 stamp = entry->stamp;
	__u32 timeout = entry->tuple.protocol == IPPROTO_TCP ? config.timeout[TIMEOUT_TCP_HALF_OPEN]
							     : config.timeout[TIMEOUT_OTHER_FIRST];

	return stamp != STAMP_EMPTY && stamp != STAMP_BUSY && age_of(stamp, now) <= timeout;
}

static __always_inline struct FAMILY(half_open) *
	find_by_hash(__u32 hash, const struct FAMILY(tuple) * tuple, __u32 now)
{
	struct FAMILY(half_open_bucket) *bucket = bucket_of(hash);

	if (!bucket)
		return NULL;
	for (int i = 0; i < HALF_OPEN_WAYS; i++) {
		struct FAMILY(half_open) *entry = &bucket->way[i];

		if (is_entry_of(entry, hash, tuple) && is_fresh(entry, now))
			return entry;
	}
	return NULL;
}

static __always_inline struct FAMILY(half_open) *
	find_half_open(const struct FAMILY(tuple) * tuple, __u32 now)
{
	return find_by_hash(half_open_hash(tuple), tuple, now);
}

/* Moves a stamp on, unless a writer has claimed the entry meanwhile. */
static __always_inline void touch_half_open(struct FAMILY(half_open) * entry, __u32 from, __u32 to)
{
	if (from != to && from != STAMP_BUSY)
		__sync_val_compare_and_swap(&entry->stamp, from, to);
}

static __always_inline void forget_half_open(const struct FAMILY(tuple) * tuple, __u32 now)
{
	struct FAMILY(half_open) *entry = find_half_open(tuple, now);

	if (entry)
		touch_half_open(entry, entry->stamp, STAMP_EMPTY);
}

/* The entry to write: this tuple's own, or else the emptiest or oldest. */
static __always_inline struct FAMILY(half_open) *
	choose_victim(struct FAMILY(half_open_bucket) * bucket, __u32 hash,
		      const struct FAMILY(tuple) * tuple, __u32 now)
{
	struct FAMILY(half_open) *victim = &bucket->way[0];
	__u32 victim_age = 0;

	for (int i = 0; i < HALF_OPEN_WAYS; i++) {
		struct FAMILY(half_open) *entry = &bucket->way[i];
		__u32 age = entry->stamp == STAMP_EMPTY ? 0xffffffff : age_of(entry->stamp, now);

		if (is_entry_of(entry, hash, tuple))
			return entry;
		if (age > victim_age) {
			victim_age = age;
			victim = entry;
		}
	}
	return victim;
}

/* Enters one side: packets that arrive as `tuple`, answers as `reverse`. */
static __always_inline void remember_side(struct packet *pkt, __u32 hash,
					  const struct FAMILY(tuple) * tuple,
					  const struct FAMILY(tuple) * reverse, __u8 flags)
{
	struct FAMILY(half_open_bucket) *bucket = bucket_of(hash);
	struct FAMILY(half_open) * entry;
	__u32 stamp;

	if (!bucket)
		return;
	entry = choose_victim(bucket, hash, tuple, pkt->now);
	stamp = entry->stamp;
	if (stamp == STAMP_BUSY ||
	    __sync_val_compare_and_swap(&entry->stamp, stamp, STAMP_BUSY) != stamp)
		return;

	entry->tuple = *tuple;
	entry->reverse = *reverse;
	entry->hash = hash;
	entry->backend = pkt->backend;
	entry->backend_generation = pkt->backend_generation;
	entry->flags = flags;
	entry->window_scale = pkt->peer_window_scale;
	entry->policy_epoch = pkt->policy_epoch;
	entry->uplink_epoch = pkt->uplink_epoch;
	barrier();
	entry->stamp = pkt->now;
}

/* Enters both sides of the flow whose first packet this is. */
__first_packet int remember(struct packet *pkt)
{
	struct FAMILY(tuple) reply;
	__u32 hash;
	__u8 flags;

	if (!pkt)
		return 0;
	hash = pkt->hash ?: half_open_hash(&pkt->tuple);
	flags = (is_of_guest(pkt) ? HALF_OPEN_OF_GUEST : 0) |
		(has_no_way(pkt) ? HALF_OPEN_NO_WAY : 0);
	reverse_tuple(&pkt->out, &reply);
	/* No answer will come by here to vouch for the client: that it goes on talking must
	 * do instead.
	 */
	if (config.direct_return && pkt->exit == EXIT_RELAY) {
		remember_side(pkt, hash, &pkt->tuple, &reply,
			      pkt->remembered && !is_syn(pkt)
				      ? HALF_OPEN_ONE_WAY | HALF_OPEN_REPLIED
				      : HALF_OPEN_ONE_WAY);
		return 0;
	}
	remember_side(pkt, hash, &pkt->tuple, &reply, flags);
	remember_side(pkt, half_open_hash(&reply), &reply, &pkt->tuple, flags | HALF_OPEN_REPLY);
	return 0;
}

__first_packet int forget_both(const struct FAMILY(tuple) * one, const struct FAMILY(tuple) * other,
			       __u32 now)
{
	if (one && other) {
		forget_half_open(one, now);
		forget_half_open(other, now);
	}
	return 0;
}

/* Somebody else expects the answer to pkt->out: one client port to two Services with the
 * same backend, or to a Service and to its backend, or a source port given away since the entry
 * for our answers was overwritten. Not so if it is this flow itself, promoted by another CPU
 * since we looked.
 */
__first_packet int is_reply_taken(struct packet *pkt)
{
	struct FAMILY(half_open) * entry;
	struct FAMILY(tuple) reply;
	__u32 hash;

	if (!pkt)
		return 0;
	reverse_tuple(&pkt->out, &reply);
	hash = half_open_hash(&reply);
	fetch_bucket(hash);
	if (bpf_map_lookup_elem(&FAMILY(flow_index), &reply))
		return !bpf_map_lookup_elem(&FAMILY(flow_index), &pkt->tuple);
	entry = find_by_hash(hash, &reply, pkt->now);
	return entry && !is_same_tuple(&entry->reverse, &pkt->tuple);
}

#endif /* FAIRLEAD_BPF_CONNTRACK_HALF_OPEN_H_ */
