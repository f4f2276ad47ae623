/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pods: a pod of this node by its slot. Both families share the entry.
 */
#ifndef FAIRLEAD_MAPS_POD_POD_ABI_H_
#define FAIRLEAD_MAPS_POD_POD_ABI_H_

#include "maps/abi/family.h"

struct pod {
	__u32 ifindex;	      /* host end of its veth pair; 0: nobody lives here */
	__u32 generation;     /* changes with every tenant of the slot */
	__u8 mac[6];	      /* of the pod's own interface */
	__u16 mtu;	      /* of its interface; 0: not known */
	struct ip4 address4;  /* 0.0.0.0: none */
	struct ip6 address6;  /* :: : none */
	__u32 policy_subject; /* 0: no policy selects it */
};
FL_ASSERT(sizeof(struct pod) == 40, "pod has hidden padding");

#endif /* FAIRLEAD_MAPS_POD_POD_ABI_H_ */
