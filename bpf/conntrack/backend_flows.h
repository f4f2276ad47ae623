/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many flows each backend has. A flow is counted when it is made and when it is
 * released, both times only if the number is still its backend's: the count begins
 * at zero with every backend that gets the number.
 *
 * Races. Whoever releases owns the release, so a flow is counted once. Between the
 * look at the generation and the addition, the number can be taken away and given to
 * another backend: numbers rest as long as others are free, so that needs a full
 * table, and a new backend starts one too high or too low, for as long as it lives.
 * Readers take what is below zero for zero.
 */
#ifndef FAIRLEAD_BPF_CONNTRACK_BACKEND_FLOWS_H_
#define FAIRLEAD_BPF_CONNTRACK_BACKEND_FLOWS_H_

#include "bpf/packet/packet.h"

static __always_inline void count_flow(__u32 number, __u32 generation, __s32 change)
{
	struct FAMILY(backend) * backend;
	__u32 *flows;

	if (number == BACKEND_NONE)
		return;
	backend = bpf_map_lookup_elem(&FAMILY(backends), &number);
	flows = bpf_map_lookup_elem(&FAMILY(backend_flows), &number);
	if (backend && flows && backend->generation == generation)
		__sync_fetch_and_add(flows, change);
}

#endif /* FAIRLEAD_BPF_CONNTRACK_BACKEND_FLOWS_H_ */
