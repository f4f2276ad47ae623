/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose address is it (prefixes, tunnel_peers), how to get there (nodes, uplinks),
 * and the facts of this node (node_state).
 */
#ifndef FAIRLEAD_MAPS_NODE_NODE_MAPS_BPF_H_
#define FAIRLEAD_MAPS_NODE_NODE_MAPS_BPF_H_

/*
 * Written by: the daemon
 * Read by:    30_conntrack, 45_locate, 90_deliver, to_overlay, fairlead
 * Lives:      as long as the Node; the generation outlives it
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FL_MAX_NODES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct node);
} nodes SEC(".maps");

/*
 * Written by: the daemon
 * Read by:    20_guard, fairlead
 * Lives:      as long as a Node has the address and routing uses tunnels
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * FL_MAX_NODES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tunnel_peer_key);
	__type(value, struct tunnel_peer);
} tunnel_peers SEC(".maps");

/*
 * Written by: the daemon
 * Read by:    45_locate, 55_masquerade, fairlead
 * Lives:      as long as the device is one of --devices
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct uplink);
} uplinks SEC(".maps");

/*
 * Written by: the daemon
 * Read by:    from_wire, fairlead
 * Lives:      as long as XDP can send by that device
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} wire_exits SEC(".maps");

/*
 * Written by: the daemon
 * Read by:    20_guard, 45_locate, to_network, to_overlay, fairlead
 * Lives:      as long as the Node or the address
 */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 5 * FL_MAX_NODES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct FAMILY(prefix_key));
	__type(value, struct prefix);
} FAMILY(prefixes) SEC(".maps");

/*
 * Written by: the daemon
 * Read by:    20_guard, 55_masquerade, fairlead
 * Lives:      as long as the maps
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct FAMILY(node_state));
} FAMILY(node_state) SEC(".maps");

#endif /* FAIRLEAD_MAPS_NODE_NODE_MAPS_BPF_H_ */
