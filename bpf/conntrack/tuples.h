/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tuples compared, reversed and hashed, eight bytes at a time.
 *
 * Who writes a tuple does so in pieces no smaller than who reads it next: a load
 * that spans several young stores waits until all have left the store buffer,
 * which costs more than the hash itself.
 */
#ifndef FAIRLEAD_BPF_CONNTRACK_TUPLES_H_
#define FAIRLEAD_BPF_CONNTRACK_TUPLES_H_

#include "bpf/verdict/verdict.h"

#define TUPLE_WORDS (sizeof(struct FAMILY(tuple)) / 8)

/* What bpf_sk_lookup_* reads of a tuple: both addresses, both ports. */
#define SOCKET_TUPLE_BYTES (2 * sizeof(struct FAMILY(ip)) + 4)

static __always_inline bool is_same_tuple(const struct FAMILY(tuple) * a,
					  const struct FAMILY(tuple) * b)
{
	const __u64 *left = (const __u64 *)a;
	const __u64 *right = (const __u64 *)b;
	__u64 difference = 0;

	for (int i = 0; i < TUPLE_WORDS; i++)
		difference |= left[i] ^ right[i];
	return !difference;
}

/* The last word of a tuple, put together in a register. */
union tuple_tail {
	struct {
		__be16 source_port;
		__be16 destination_port;
		__u32 protocol; /* and the padding */
	};
	__u64 word;
};

static __always_inline void reverse_tuple(const struct FAMILY(tuple) * from,
					  struct FAMILY(tuple) * to)
{
	union tuple_tail old = {.word = ((const __u64 *)from)[TUPLE_WORDS - 1]};
	union tuple_tail tail = {
		.source_port = old.destination_port,
		.destination_port = old.source_port,
		.protocol = old.protocol,
	};

	reverse_addresses(from, to);
	((__u64 *)to)[TUPLE_WORDS - 1] = tail.word;
}

/* Keyed multiply-and-fold: nobody outside can aim at a bucket without the seed. */
static __always_inline __u64 hash_tuple(const struct FAMILY(tuple) * tuple, __u64 seed)
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
