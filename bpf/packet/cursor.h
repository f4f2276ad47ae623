/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bounds-checked access to the frame. The fast path is one comparison; only a
 * frame whose headers are not in the linear part costs a helper call.
 */
#ifndef FAIRLEAD_BPF_PACKET_CURSOR_H_
#define FAIRLEAD_BPF_PACKET_CURSOR_H_

#include "bpf/packet/context.h"

/* No header of ours starts beyond: offsets are masked with it, which tells the
 * verifier a bound.
 */
#define MAX_OFFSET 0x1ff

/* The start of a frame. struct ethhdr is packed: the compiler would read and
 * write its addresses byte by byte.
 */
struct frame_addresses {
	__u16 destination[3];
	__u16 source[3];
};

static __always_inline void *frame_start(context *skb)
{
	return (void *)(unsigned long)skb->data;
}

static __always_inline void *frame_end(context *skb)
{
	return (void *)(unsigned long)skb->data_end;
}

/* Makes the first `bytes` of the frame directly accessible. Pointers taken
 * before are void afterwards.
 */
static __always_inline bool is_reachable(context *skb, __u32 bytes)
{
	if (frame_start(skb) + bytes <= frame_end(skb))
		return true;
	return bytes <= frame_bytes(skb) && gather(skb, bytes);
}

/* The header of `bytes` at `offset`, or NULL if the frame is too short. `offset`
 * is masked so that the verifier knows a bound for what is never above it: no
 * header of ours starts beyond 511 bytes.
 */
static __always_inline void *header_at(context *skb, __u32 offset, __u32 bytes)
{
	void *header = frame_start(skb) + (offset & 0x1ff);

	/* Keeps the comparison: the compiler would drop it where an earlier one
	 * implies it, and the verifier cannot follow that over a reloaded pointer.
	 */
	barrier_var(header);
	return header + bytes <= frame_end(skb) ? header : NULL;
}

/* A MAC as it is written, and as it is copied. */
union mac {
	__u8 byte[6];
	__u16 part[3];
};

/* Writes both ends of the frame, each six bytes; false if it is too short. */
static __always_inline bool write_macs(context *skb, const void *destination, const void *source)
{
	struct frame_addresses *frame = header_at(skb, 0, ETH_HLEN);
	const __u16 *to = destination, *from = source;

	if (!frame)
		return false;
	for (int i = 0; i < 3; i++) {
		frame->destination[i] = to[i];
		frame->source[i] = from[i];
	}
	return true;
}

#endif /* FAIRLEAD_BPF_PACKET_CURSOR_H_ */
