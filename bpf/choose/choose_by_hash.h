/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Choice by the packet alone: the run is a Maglev table, the hash of the tuple an
 * index in it. Every node has the same table for the same backends and the same
 * hash, so a connection that comes to another node meets the backend it had
 * (docs/decisions/0023).
 *
 * Whoever picks its own ports can aim at a backend, as with any hash that all nodes
 * share.
 *
 * Price: the hash, no lookup.
 */
#ifndef FAIRLEAD_BPF_CHOOSE_CHOOSE_BY_HASH_H_
#define FAIRLEAD_BPF_CHOOSE_CHOOSE_BY_HASH_H_

#include "bpf/choose/choose_random.h"

/* The same on all nodes and in all versions: it says who meets whom. */
#define CHOICE_SEED 0x6d61676c65760001ULL

/* A process's connection has no port yet when on_connect is asked: no node but this
 * one sees it, and chance spreads it over the table.
 */
static __always_inline __u32 choose_by_hash(const struct packet *pkt, __u32 count)
{
	if (!pkt->tuple.source_port)
		return choose_random(pkt, count);
	return ((hash_tuple(&pkt->tuple, CHOICE_SEED) >> 32) * count) >> 32;
}

#endif /* FAIRLEAD_BPF_CHOOSE_CHOOSE_BY_HASH_H_ */
