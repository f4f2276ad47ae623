/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The context of XDP programs: the frame as the device has received it. It may lie in
 * several buffers, of which the first can be read.
 */
#ifndef FAIRLEAD_BPF_PACKET_CONTEXT_XDP_H_
#define FAIRLEAD_BPF_PACKET_CONTEXT_XDP_H_

typedef struct xdp_md context;

/* A helper call: where a frame of one buffer is expected, compare its ends. */
static __always_inline __u32 frame_bytes(context *xdp)
{
	return bpf_xdp_get_buff_len(xdp);
}

/* TC can move headers into the first buffer. */
static __always_inline bool gather(context *xdp, __u32 bytes)
{
	return false;
}

/* In the byte order of the wire. */
static __always_inline __u32 frame_protocol(const context *xdp)
{
	const struct ethhdr *eth = (void *)(unsigned long)xdp->data;
	const void *end = (void *)(unsigned long)xdp->data_end;

	return (const void *)(eth + 1) <= end ? eth->h_proto : 0;
}

/* A tag that the device has not taken out is the frame's protocol. */
static __always_inline bool has_vlan(const context *xdp)
{
	return false;
}

static __always_inline bool drop_priority_tag(context *xdp)
{
	return false;
}

static __always_inline __u32 device_of(const context *xdp)
{
	return xdp->ingress_ifindex;
}

/* Frames are as they were on the wire. */
static __always_inline __u32 segment_size(const context *xdp)
{
	return 0;
}

/* What a wire brings is summed, or from_wire leaves it to TC. */
static __always_inline __u32 checksum_state(context *xdp)
{
	return CHECKSUM_NONE;
}

/*
 * What XDP has not. from_wire leaves packets that need it to TC before a stage asks.
 */
static __always_inline __u32 mark_of(const context *xdp)
{
	return 0;
}

static __always_inline void set_mark(context *xdp, __u32 mark)
{
}

static __always_inline void leave_word(context *xdp, __u32 which, __u32 word)
{
}

static __always_inline void clone_to(context *xdp, __u32 ifindex)
{
}

static __always_inline bool get_tunnel_key(context *xdp, struct bpf_tunnel_key *key, __u64 flags)
{
	return false;
}

static __always_inline bool set_tunnel_key(context *xdp, struct bpf_tunnel_key *key, __u64 flags)
{
	return false;
}

static __always_inline void change_sum(context *xdp, __u32 delta)
{
}

#endif /* FAIRLEAD_BPF_PACKET_CONTEXT_XDP_H_ */
