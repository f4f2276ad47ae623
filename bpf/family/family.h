/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Picks the family this object is compiled for. family_v4.h and family_v6.h
 * offer the same names; nothing else may say 4 or 6.
 */
#ifndef FAIRLEAD_BPF_FAMILY_FAMILY_H_
#define FAIRLEAD_BPF_FAMILY_FAMILY_H_

#include "bpf/packet/packet.h"

#ifndef FAIRLEAD_FAMILY
#error "compile with -DFAIRLEAD_FAMILY=4 or 6"
#endif

static __always_inline bool is_same_ip(const struct FAMILY(ip) * a, const struct FAMILY(ip) * b)
{
	__u32 difference = 0;

	for (int i = 0; i < FL_IP_WORDS; i++)
		difference |= a->word[i] ^ b->word[i];
	return !difference;
}

static __always_inline bool is_zero_ip(const struct FAMILY(ip) * a)
{
	__u32 bits = 0;

	for (int i = 0; i < FL_IP_WORDS; i++)
		bits |= a->word[i];
	return !bits;
}

static __always_inline bool is_in_network(const struct FAMILY(ip) * a,
					  const struct FAMILY(ip) * network,
					  const struct FAMILY(ip) * mask)
{
	__u32 difference = 0;
	__u32 bits = 0;

	for (int i = 0; i < FL_IP_WORDS; i++) {
		difference |= (a->word[i] & mask->word[i]) ^ network->word[i];
		bits |= mask->word[i];
	}
	return bits && !difference;
}

/* Together with the padding: see bpf/conntrack/tuples.h about small stores. */
static __always_inline void set_protocol(struct FAMILY(tuple) * tuple, __u8 protocol)
{
	*(__u32 *)&tuple->protocol = bpf_htonl((__u32)protocol << 24);
}

/* A part of a datagram: what follows in the frame from `start` on lies at `offset`
 * in it, in eights of bytes.
 */
static __always_inline void note_fragment(struct packet *pkt, __be32 id, __u16 offset, __u16 start)
{
	pkt->shape |= offset ? PACKET_FRAGMENT | PACKET_LATER : PACKET_FRAGMENT;
	pkt->fragment_id = id;
	pkt->fragment_offset = offset;
	pkt->fragment_start = start;
}

#include "bpf/packet/cursor.h"
#include "bpf/packet/checksum.h"

#if FAIRLEAD_FAMILY == 4
#include "bpf/family/family_v4.h"
#else
#include "bpf/family/family_v6.h"
#endif

/* Where the packet ends in the frame: Ethernet pads short ones. */
static __always_inline __u32 packet_end(context *skb)
{
	ip_header *ip = header_at(skb, IP_OFFSET, IP_HEADER_BYTES);
	__u32 bytes = ip ? packet_bytes(ip) : 0;

	return bytes ? IP_OFFSET + bytes : frame_bytes(skb);
}

#endif /* FAIRLEAD_BPF_FAMILY_FAMILY_H_ */
