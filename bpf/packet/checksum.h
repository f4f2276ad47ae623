/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One's complement arithmetic on the packet's own byte order (RFC 1071, 1624).
 * A delta is what a change of words adds to the sum; checksums hold the
 * complement of the sum, except in packets whose checksum the device will
 * finish (CHECKSUM_PARTIAL): those hold the plain sum of the pseudo header.
 */
#ifndef FAIRLEAD_BPF_PACKET_CHECKSUM_H_
#define FAIRLEAD_BPF_PACKET_CHECKSUM_H_

#include "bpf/packet/context.h"

static __always_inline __u16 sum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static __always_inline __u16 sum_add(__u16 a, __u16 b)
{
	__u32 sum = (__u32)a + b;

	return (sum & 0xffff) + (sum >> 16);
}

/* One's complement sum of `bytes`, an even number of them. */
static __always_inline __u64 sum_of(const void *data, __u32 bytes)
{
	const __u16 *word = data;
	__u64 sum = 0;

	for (__u32 i = 0; i < bytes / 2; i++)
		sum += word[i];
	return sum;
}

/* The pseudo header's share of a transport checksum. */
static __always_inline __u64 pseudo_sum(const struct FAMILY(tuple) * tuple, __u8 protocol,
					__u16 payload)
{
	return sum_of(&tuple->source, 2 * sizeof(tuple->source)) + bpf_htons(protocol) +
	       bpf_htons(payload);
}

/* The sum's change when an address becomes another one, unfolded. */
static __always_inline __u64 ip_delta(const struct FAMILY(ip) * from, const struct FAMILY(ip) * to)
{
	__u64 sum = 0;

	for (int i = 0; i < FL_IP_WORDS; i++)
		sum += (__u64)(__u32)~from->word[i] + to->word[i];
	return sum;
}

static __always_inline __u64 port_delta(__be16 from, __be16 to)
{
	return (__u64)(__u16)~from + to;
}

/* A complemented checksum after its data has changed by `delta`. */
static __always_inline __u16 checksum_add(__u16 check, __u16 delta)
{
	return ~sum_add(~check, delta);
}

#endif /* FAIRLEAD_BPF_PACKET_CHECKSUM_H_ */
