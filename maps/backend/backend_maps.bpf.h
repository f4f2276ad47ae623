/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * runs and backends: mapped into the daemon, so that thousands of endpoints are
 * plain memory writes.
 */
#ifndef FAIRLEAD_MAPS_BACKEND_BACKEND_MAPS_BPF_H_
#define FAIRLEAD_MAPS_BACKEND_BACKEND_MAPS_BPF_H_

/*
 * Written by: the daemon, a new run before the service that points to it
 * Read by:    40_service, fairlead
 * Lives:      until no service points to it
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 262144);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u32);
} FAMILY(runs) SEC(".maps");

/*
 * Written by: the daemon
 * Read by:    40_service, 30_conntrack for the generation, fairlead
 * Lives:      as long as the endpoint; its number rests before it means
 *             another
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 131072);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct FAMILY(backend));
} FAMILY(backends) SEC(".maps");

/*
 * Flows of this node that each backend has, by its number; changed without a lock,
 * and atomically.
 *
 * Written by: 60_commit, who releases a flow, the daemon when it gives the number
 *             to another
 * Read by:    40_service, fairlead
 * Lives:      as long as the maps
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 131072);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u32);
} FAMILY(backend_flows) SEC(".maps");

#endif /* FAIRLEAD_MAPS_BACKEND_BACKEND_MAPS_BPF_H_ */
