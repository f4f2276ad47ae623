/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The context of TC programs.
 */
#ifndef FAIRLEAD_BPF_PACKET_CONTEXT_SKB_H_
#define FAIRLEAD_BPF_PACKET_CONTEXT_SKB_H_

#include <bpf/bpf_core_read.h>

typedef struct __sk_buff context;

struct sk_buff {
	__u8 ip_summed : 2;
} __attribute__((preserve_access_index));

/* Since Linux 6.2; the verifier replaces the call by a register move. */
extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym;

static __always_inline __u32 frame_bytes(const context *skb)
{
	return skb->len;
}

/* Makes the first `bytes` of a frame that is long enough directly accessible. */
static __always_inline bool gather(context *skb, __u32 bytes)
{
	return !bpf_skb_pull_data(skb, bytes);
}

/* In the byte order of the wire. */
static __always_inline __u32 frame_protocol(const context *skb)
{
	return skb->protocol;
}

/* Its tag is not in the frame. */
static __always_inline bool has_vlan(const context *skb)
{
	return skb->vlan_present;
}

/* Takes the tag off if it names no VLAN, but a priority (802.1p). Moves the frame. */
static __always_inline bool drop_priority_tag(context *skb)
{
	return !(skb->vlan_tci & 0xfff) && !bpf_skb_vlan_pop(skb);
}

/* The device that the program sits on. */
static __always_inline __u32 device_of(const context *skb)
{
	return skb->ifindex;
}

/* What the segments of a GSO frame carry; 0: it is one packet. */
static __always_inline __u32 segment_size(const context *skb)
{
	return skb->gso_size;
}

static __always_inline __u32 mark_of(const context *skb)
{
	return skb->mark;
}

static __always_inline void set_mark(context *skb, __u32 mark)
{
	skb->mark = mark;
}

/* For a tail program: CB_*. */
static __always_inline void leave_word(context *skb, __u32 which, __u32 word)
{
	skb->cb[which] = word;
}

static __always_inline void clone_to(context *skb, __u32 ifindex)
{
	bpf_clone_redirect(skb, ifindex, 0);
}

static __always_inline bool get_tunnel_key(context *skb, struct bpf_tunnel_key *key, __u64 flags)
{
	return !bpf_skb_get_tunnel_key(skb, key, sizeof(*key), flags);
}

static __always_inline bool set_tunnel_key(context *skb, struct bpf_tunnel_key *key, __u64 flags)
{
	return !bpf_skb_set_tunnel_key(skb, key, sizeof(*key), flags);
}

/* CHECKSUM_*: __sk_buff does not say, so the kernel's own struct is read. Without
 * this, a checksum would be written by the wrong convention, or every rewrite would
 * need two helper calls.
 */
static __always_inline __u32 checksum_state(context *skb)
{
	struct sk_buff *kernel_skb = bpf_cast_to_kern_ctx(skb);

	return BPF_CORE_READ_BITFIELD(kernel_skb, ip_summed);
}

/* The sum of the whole packet (CHECKSUM_COMPLETE) has changed by `delta`. */
static __always_inline void change_sum(context *skb, __u32 delta)
{
	bpf_csum_update(skb, delta);
}

#endif /* FAIRLEAD_BPF_PACKET_CONTEXT_SKB_H_ */
