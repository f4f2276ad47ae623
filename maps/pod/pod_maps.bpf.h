/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pods by slot (a subtraction from the interface index), and their addresses.
 */
#ifndef FAIRLEAD_MAPS_POD_POD_MAPS_BPF_H_
#define FAIRLEAD_MAPS_POD_POD_MAPS_BPF_H_

/*
 * Written by: the daemon, at CNI ADD and DEL
 * Read by:    20_guard, 30_conntrack, 80_route, fairlead
 * Lives:      as long as the pod; the generation outlives it
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FL_MAX_PODS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct pod);
} pods SEC(".maps");

/*
 * Written by: the daemon, at CNI ADD and DEL
 * Read by:    45_locate, to_network
 * Lives:      as long as the pod
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FL_MAX_PODS);
	__type(key, struct FAMILY(pod_address));
	__type(value, struct pod_slot);
} FAMILY(pod_address) SEC(".maps");

/*
 * Written by: 55_masquerade, a pod's slot counts; the daemon, zero for a new tenant
 * Read by:    the daemon, which names the pod; fairlead
 * Lives:      as long as the maps
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FL_MAX_PODS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u32);
} snat_refused SEC(".maps");

#endif /* FAIRLEAD_MAPS_POD_POD_MAPS_BPF_H_ */
