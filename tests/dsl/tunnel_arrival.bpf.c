// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tunnel_arrival — gives BPF_PROG_TEST_RUN's packet the metadata of a tunnel.
 *
 *	test run ─▶ [tunnel_arrival: who sent it, in which network] ─▶ target
 *
 * A test run cannot say that a packet came out of a tunnel. The kernel reads a
 * sender where a program writes a local end, so this one writes it and tail-calls
 * the program under test.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "tests/dsl/tunnel_arrival_abi.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arriving_tunnel);
} outer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target SEC(".maps");

SEC("tc")
int tunnel_arrival(struct __sk_buff *skb)
{
	struct bpf_tunnel_key key = {};
	__u32 zero = 0;
	const struct arriving_tunnel *arrival = bpf_map_lookup_elem(&outer, &zero);

	if (!arrival)
		return TC_ACT_SHOT;
	key.tunnel_id = arrival->vni;
	if (arrival->is_ipv6)
		__builtin_memcpy(key.local_ipv6, arrival->source, sizeof(key.local_ipv6));
	else
		key.local_ipv4 = arrival->source[0];
	if (bpf_skb_set_tunnel_key(skb, &key, sizeof(key),
				   arrival->is_ipv6 ? BPF_F_TUNINFO_IPV6 : 0))
		return TC_ACT_SHOT;
	bpf_tail_call(skb, &target, 0);
	return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
