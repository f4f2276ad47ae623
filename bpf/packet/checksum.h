/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One's complement arithmetic on the packet's own byte order (RFC 1071, 1624).
 * A delta is what a change of words adds to the sum; checksums hold the
 * complement of the sum, except in packets whose checksum the device will
 * finish (CHECKSUM_PARTIAL): those hold the plain sum of the pseudo header.
 */
#ifndef FAIRLEAD_BPF_PACKET_CHECKSUM_H_
#define FAIRLEAD_BPF_PACKET_CHECKSUM_H_

#include "bpf/packet/packet.h"
#include <bpf/bpf_core_read.h>

/* include/linux/skbuff.h */
#define CHECKSUM_COMPLETE 2
#define CHECKSUM_PARTIAL  3

struct sk_buff {
	__u8 ip_summed : 2;
} __attribute__((preserve_access_index));

/* Since Linux 6.2; the verifier replaces the call by a register move. */
extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym;

/* Who vouches for the checksum: __sk_buff does not say, so the kernel's own
 * struct is read. Without this, one of the two conventions above would be
 * written wrongly, or every rewrite would need two helper calls.
 */
static __always_inline __u32 checksum_state(struct __sk_buff *skb)
{
	struct sk_buff *kernel_skb = bpf_cast_to_kern_ctx(skb);

	return BPF_CORE_READ_BITFIELD(kernel_skb, ip_summed);
}

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
