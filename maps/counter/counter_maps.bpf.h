/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * counters: one addition per packet, without atomics because each CPU has its
 * own. last_verdict: the same record that the counters sum up, of one packet.
 */
#ifndef FAIRLEAD_MAPS_COUNTER_COUNTER_MAPS_BPF_H_
#define FAIRLEAD_MAPS_COUNTER_COUNTER_MAPS_BPF_H_

/*
 * Written by: 90_deliver and the answers, each CPU its own
 * Read by:    fairlead
 * Lives:      as long as the maps; never reset
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FL_COUNTERS);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");

/*
 * Written by: 90_deliver and the answers, where record_verdicts is set
 * Read by:    tests, fairlead
 * Lives:      until the next packet on the CPU
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct verdict_record);
} last_verdict SEC(".maps");

#endif /* FAIRLEAD_MAPS_COUNTER_COUNTER_MAPS_BPF_H_ */
