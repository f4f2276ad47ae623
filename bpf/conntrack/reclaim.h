/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Room in a full flow table: a new conversation that finds no free number looks
 * at a few others, and releases what has expired, and what is most likely of a
 * flood: a SYN that was answered, and that answer not acknowledged for a while.
 */
#ifndef FAIRLEAD_BPF_CONNTRACK_RECLAIM_H_
#define FAIRLEAD_BPF_CONNTRACK_RECLAIM_H_

#include "bpf/conntrack/flows.h"
#include "bpf/conntrack/tcp.h"

#define RECLAIM_PROBES 8
/* Of a handshake's minute a second, more than a round trip. */
#define SYN_PATIENCE (config.timeout[TIMEOUT_TCP_HALF_OPEN] / 64)

static __always_inline bool is_idle_syn(const struct FAMILY(flow) * flow, __u32 age)
{
	return is_unacknowledged(flow) && age > SYN_PATIENCE;
}

static __always_inline bool may_go(const struct FAMILY(flow) * flow, __u32 now)
{
	__u32 age = quiet_for(flow, now);

	return age > timeout_of(flow) || is_idle_syn(flow, age);
}

/* How many flows it released. Only when free_flows is empty, so what another CPU releases is
 * taken at once: the generation is read before the flow is judged, or its heir would go.
 */
__first_packet int reclaim_flows(__u32 now)
{
	int released = 0;

	for (int i = 0; i < RECLAIM_PROBES; i++) {
		__u32 number = bpf_get_prandom_u32() & config.flow_mask;
		struct FAMILY(flow) *flow = bpf_map_lookup_elem(&FAMILY(flows), &number);
		__u32 generation;

		if (!flow)
			continue;
		generation = flow->side[SIDE_ORIGIN].generation;
		barrier();
		if (flow->side[0].last_seen && flow->side[1].last_seen && may_go(flow, now))
			released += release_flow(number, generation);
	}
	return released;
}

#endif /* FAIRLEAD_BPF_CONNTRACK_RECLAIM_H_ */
