/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * runs4/6:     a service's run of backend numbers, contiguous:
 * backends4/6: a backend by its number, which it keeps while it lives.
 *
 *	services --> runs[first .. first+count) --> backends[number]
 *
 * Two steps, so that a run may be rewritten elsewhere while the flows that
 * remember a backend's number stay right (docs/decisions/0002). No include
 * guard: see both_families.h.
 */
struct FAMILY(backend) {
	struct FAMILY(ip) address;
	__be16 port;
	__u16 state;	  /* BACKEND_* */
	__u32 generation; /* changes when the number is given to another */
	__u32 service;	  /* id of the service port it serves */
#if FAIRLEAD_FAMILY == 6
	__u32 pad; /* 32 bytes: two to a cache line */
#endif
};
FL_ASSERT(sizeof(struct FAMILY(backend)) == (FL_IP_WORDS == 1 ? 16 : 32),
	  "backend has hidden padding");

#ifndef FAIRLEAD_BACKEND_ABI_ONCE
#define FAIRLEAD_BACKEND_ABI_ONCE
#define BACKEND_FREE	 0
#define BACKEND_READY	 1	     /* takes new flows */
#define BACKEND_DRAINING 2	     /* keeps the flows it has */
#define BACKEND_NONE	 0xffffffffU /* "this flow has no backend" */
#endif
