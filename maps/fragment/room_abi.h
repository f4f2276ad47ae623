/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * room: where fragments go that have come out of order. One entry.
 */
#ifndef FAIRLEAD_MAPS_FRAGMENT_ROOM_ABI_H_
#define FAIRLEAD_MAPS_FRAGMENT_ROOM_ABI_H_

#include "maps/abi/family.h"

struct room {
	__u32 ifindex; /* near end of the wire to the reassembly room; 0: there is none */
	__u32 uplink;  /* whose from_network takes back what came from outside; 0: none */
};
FL_ASSERT(sizeof(struct room) == 8, "room has hidden padding");

#endif /* FAIRLEAD_MAPS_FRAGMENT_ROOM_ABI_H_ */
