/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * services: one lookup per first packet; the run and the backend are arrays.
 */
#ifndef FAIRLEAD_MAPS_SERVICE_SERVICE_MAPS_BPF_H_
#define FAIRLEAD_MAPS_SERVICE_SERVICE_MAPS_BPF_H_

/*
 * Written by: the daemon, an entry as a whole
 * Read by:    40_service, fairlead
 * Lives:      as long as the Service has this frontend
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct FAMILY(service_key));
	__type(value, struct service);
} FAMILY(services) SEC(".maps");

/*
 * Written by: the daemon, a bit after its first service and before its last goes
 * Read by:    40_service, on_connect
 * Lives:      as long as the maps
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERVICE_PORT_WORDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u32);
} FAMILY(service_ports) SEC(".maps");

/*
 * Written by: the daemon, before the service that needs them
 * Read by:    40_service
 * Lives:      as long as the service has them
 */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct FAMILY(source_range_key));
	__type(value, __u32);
} FAMILY(source_ranges) SEC(".maps");

/*
 * Written by: 40_service
 * Read by:    40_service
 * Lives:      until the space is needed
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct FAMILY(affinity_key));
	__type(value, struct affinity);
} FAMILY(affinity) SEC(".maps");

#endif /* FAIRLEAD_MAPS_SERVICE_SERVICE_MAPS_BPF_H_ */
