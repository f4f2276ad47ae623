/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tail_calls: where the programs for rare work hang. See maps/abi/tail_slot_abi.h.
 */
#ifndef FAIRLEAD_BPF_VERDICT_TAIL_CALLS_BPF_H_
#define FAIRLEAD_BPF_VERDICT_TAIL_CALLS_BPF_H_

/*
 * Written by: the daemon, before any hook is attached
 * Read by:    whoever answers instead of forwarding
 * Lives:      as long as the programs that jump through it
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, TAIL_SLOT_COUNT);
	__type(key, __u32);
	__type(value, __u32);
} FAMILY(tail_calls) SEC(".maps");

#endif /* FAIRLEAD_BPF_VERDICT_TAIL_CALLS_BPF_H_ */
