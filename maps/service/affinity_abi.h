/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * affinity4/6: the backend that a client of a service port keeps, whatever
 * frontend and port it comes by. No include guard: see both_families.h.
 */
struct FAMILY(affinity_key) {
	__u32 service; /* its id */
	struct FAMILY(ip) client;
};
FL_ASSERT(sizeof(struct FAMILY(affinity_key)) == sizeof(struct FAMILY(ip)) + 4,
	  "affinity_key has hidden padding");

#ifndef FAIRLEAD_AFFINITY_ABI_ONCE
#define FAIRLEAD_AFFINITY_ABI_ONCE
struct affinity {
	__u32 backend;
	__u32 backend_generation;
	__u32 stamp; /* of its last new flow, in milliseconds: service.affinity counts from there */
};
FL_ASSERT(sizeof(struct affinity) == 12, "affinity has hidden padding");
#endif
