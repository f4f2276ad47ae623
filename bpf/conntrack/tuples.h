/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tuples compared, reversed and hashed, eight bytes at a time.
 */
#ifndef FAIRLEAD_BPF_CONNTRACK_TUPLES_H_
#define FAIRLEAD_BPF_CONNTRACK_TUPLES_H_

#include "bpf/verdict/verdict.h"

#define TUPLE_WORDS (sizeof(struct FAMILY(tuple)) / 8)

static __always_inline bool is_same_tuple(const struct FAMILY(tuple) *a,
					  const struct FAMILY(tuple) *b)
{
	const __u64 *left = (const __u64 *)a;
	const __u64 *right = (const __u64 *)b;
	__u64 difference = 0;

	for (int i = 0; i < TUPLE_WORDS; i++)
		difference |= left[i] ^ right[i];
	return !difference;
}

static __always_inline void reverse_tuple(const struct FAMILY(tuple) *from,
					  struct FAMILY(tuple) *to)
{
	to->source = from->destination;
	to->destination = from->source;
	to->source_port = from->destination_port;
	to->destination_port = from->source_port;
	to->protocol = from->protocol;
	to->pad[0] = to->pad[1] = to->pad[2] = 0;
}

/* Keyed multiply-and-fold: nobody outside can aim at a bucket without the seed. */
static __always_inline __u64 hash_tuple(const struct FAMILY(tuple) *tuple, __u64 seed)
{
	const __u64 *word = (const __u64 *)tuple;
	__u64 hash = seed;

	for (int i = 0; i < TUPLE_WORDS; i++) {
		hash = (hash ^ word[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 32;
	}
	return hash;
}

#endif /* FAIRLEAD_BPF_CONNTRACK_TUPLES_H_ */
