/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What tunnel_arrival.bpf.c says of a packet's tunnel.
 */
#ifndef FAIRLEAD_TESTS_DSL_TUNNEL_ARRIVAL_ABI_H_
#define FAIRLEAD_TESTS_DSL_TUNNEL_ARRIVAL_ABI_H_

#include <linux/types.h>

struct arriving_tunnel {
	__u32 source[4]; /* outer; as bpf_tunnel_key wants it: IPv4 in host order */
	__u32 vni;
	__u32 is_ipv6;
};

#endif /* FAIRLEAD_TESTS_DSL_TUNNEL_ARRIVAL_ABI_H_ */
