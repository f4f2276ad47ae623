/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Datagrams that come in fragments: the ports of the first for the later ones, and
 * where those go whose first is late.
 */
#ifndef FAIRLEAD_MAPS_FRAGMENT_FRAGMENT_MAPS_BPF_H_
#define FAIRLEAD_MAPS_FRAGMENT_FRAGMENT_MAPS_BPF_H_

/*
 * Written by: 25_fragment
 * Read by:    25_fragment
 * Lives:      30 s after the first fragment, or until a flood needs the place
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct FAMILY(fragment_key));
	__type(value, struct fragment);
} FAMILY(fragments) SEC(".maps");

/*
 * Written by: the daemon
 * Read by:    25_fragment, from_room
 * Lives:      as long as the maps
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct room);
} room SEC(".maps");

#endif /* FAIRLEAD_MAPS_FRAGMENT_FRAGMENT_MAPS_BPF_H_ */
