// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fresh_packet — makes BPF_PROG_TEST_RUN's one packet new for every repetition.
 *
 *	repeat ─▶ [fresh_packet: headers and ports of the next flow] ─▶ target
 *
 * The kernel hands a program its own output again, so a program that rewrites
 * headers would be measured on packets it has already translated. This one
 * writes the headers back, picks the next flow's ports and tail-calls the
 * program in target[0]. Its own price is what it costs to tail-call `empty`.
 *
 * Headers are restored field by field (addresses and ports in one piece), so
 * that no load of a program spans two of these stores: it would wait for both,
 * and real packets were not written a nanosecond ago. Checksums are left as they are:
 * nobody looks whether they are right.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "bench/fresh_packet_abi.h"

#define IP_OFFSET    14
#define ADDRESSES    (IP_OFFSET + (FAIRLEAD_FAMILY == 4 ? 12 : 8))
#define PORTS_OFFSET (IP_OFFSET + (FAIRLEAD_FAMILY == 4 ? 20 : 40))
#define TCP_BYTES    20
#define END	     (PORTS_OFFSET + TCP_BYTES)

/* The kernel runs a program on a packet (TC) or on a frame (XDP). */
#ifdef FAIRLEAD_XDP
#define SECTION "xdp.frags"
typedef struct xdp_md context;

static __always_inline void forget_notes(context *xdp)
{
}
#else
#define SECTION "tc"
typedef struct __sk_buff context;

static __always_inline void forget_notes(context *skb)
{
	skb->mark = 0;
	skb->cb[0] = 0;
	skb->cb[1] = 0;
}
#endif

struct fresh_packet fresh;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target SEC(".maps");

#define RESTORE(type, offset) (*(type *)(data + (offset)) = *(type *)(fresh.frame + (offset)))

static __always_inline __u16 port_of(const struct fresh_port *port, __u32 flow)
{
	return bpf_htons(port->base + (flow & port->low_mask) +
			 ((flow >> FRESH_LOW_BITS) & port->high_mask));
}

SEC(SECTION)
int fresh_packet(context *skb)
{
	void *data = (void *)(unsigned long)skb->data;
	__u32 flow = fresh.next++ & fresh.mask;
	union {
		__be16 port[2];
		__u32 both;
	} ports;

	if (data + END > (void *)(unsigned long)skb->data_end)
		return -1;
	RESTORE(__u32, 0);
	RESTORE(__u16, 4);
	RESTORE(__u32, 6);
	RESTORE(__u16, 10);
	RESTORE(__u16, 12);
#pragma unroll
	for (int offset = IP_OFFSET; offset < ADDRESSES; offset += 4)
		RESTORE(__u32, offset);
#pragma unroll
	for (int offset = ADDRESSES; offset < PORTS_OFFSET; offset += 8)
		RESTORE(__u64, offset);
#pragma unroll
	for (int offset = PORTS_OFFSET + 4; offset < END; offset += 4)
		RESTORE(__u32, offset);
	ports.port[0] = port_of(&fresh.source, flow);
	ports.port[1] = port_of(&fresh.destination, flow);
	*(__u32 *)(data + PORTS_OFFSET) = ports.both;

	forget_notes(skb);
	bpf_tail_call(skb, &target, 0);
	return -1; /* nobody in target[0] */
}

/*
 * One lookup in a hash of 16-byte keys: a yardstick, to compare machines with.
 */
struct yardstick_key {
	__u64 flow;
	__u64 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1048576);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct yardstick_key);
	__type(value, struct yardstick_key);
} yardstick SEC(".maps");

SEC(SECTION)
int look_up(context *skb)
{
	struct yardstick_key key = {.flow = fresh.next & fresh.mask};

	return bpf_map_lookup_elem(&yardstick, &key) ? 0 : -1;
}

SEC(SECTION)
int empty(context *skb)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
