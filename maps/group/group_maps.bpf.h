/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Multicast between pods of this node: who listens to which group, learnt from
 * their own reports (IGMP, MLD).
 */
#ifndef FAIRLEAD_MAPS_GROUP_GROUP_MAPS_BPF_H_
#define FAIRLEAD_MAPS_GROUP_GROUP_MAPS_BPF_H_

/*
 * Written by: deliver_multicast, by a pod's reports; the daemon, at CNI DEL
 * Read by:    deliver_multicast, fairlead
 * Lives:      as long as a pod listens
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FL_MAX_GROUPS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct FAMILY(group));
	__type(value, struct group_listeners);
} FAMILY(groups) SEC(".maps");

/*
 * Written by: as groups
 * Read by:    deliver_multicast: how many groups the pod in a slot listens to
 * Lives:      as long as the pod
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FL_MAX_PODS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u32);
} FAMILY(group_counts) SEC(".maps");

#endif /* FAIRLEAD_MAPS_GROUP_GROUP_MAPS_BPF_H_ */
