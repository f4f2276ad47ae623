/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The memory of conversations.
 *
 *	first packet    half_open    array, lossy: a few stores
 *	proved          flow_index   tuple of either side -> flow and side
 *	                flows        all that a side's packets need, mapped
 *	                free_flows   numbers of unused flow objects; first freed,
 *	                             first reused, so a number rests long before
 *	                             it means another flow
 */
#ifndef FAIRLEAD_MAPS_CONNTRACK_CONNTRACK_MAPS_BPF_H_
#define FAIRLEAD_MAPS_CONNTRACK_CONNTRACK_MAPS_BPF_H_

/*
 * Written by: 60_commit, 30_conntrack
 * Read by:    30_conntrack, 55_masquerade, follow_icmp_error, fairlead
 * Lives:      until answered, replaced, or 60 s (TCP) or 30 s without a
 *             packet
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct FAMILY(half_open_bucket));
} FAMILY(half_open) SEC(".maps");

/*
 * Written by: 60_commit; taken out by 30_conntrack and the daemon's sweep
 * Read by:    30_conntrack, 55_masquerade, follow_icmp_error
 * Lives:      as long as the flow
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 524288);
	__type(key, struct FAMILY(tuple));
	__type(value, struct flow_ref);
} FAMILY(flow_index) SEC(".maps");

/*
 * Written by: 60_commit; then the stages that forward the side's packets
 * Read by:    30_conntrack to 80_route, the daemon's sweep, fairlead
 * Lives:      until its timeout has passed: 24 h for established TCP
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 262144);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct FAMILY(flow));
} FAMILY(flows) SEC(".maps");

/*
 * Written by: the daemon at first; 30_conntrack and the sweep give back
 * Read by:    60_commit takes
 * Lives:      as long as the maps
 */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 262144);
	__type(value, __u32);
} FAMILY(free_flows) SEC(".maps");

#endif /* FAIRLEAD_MAPS_CONNTRACK_CONNTRACK_MAPS_BPF_H_ */
