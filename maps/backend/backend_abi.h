/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * runs4/6:     runs of backend numbers, each contiguous:
 * backends4/6: a backend by its number, which it keeps while it lives.
 *
 *	services --> runs[first .. first+count) --> backends[number]
 *
 * Two steps, so that a run may be rewritten elsewhere while the flows that
 * remember a backend's number stay right (docs/decisions/0002). A run of a
 * service that chooses by hash is a Maglev table: its numbers again and again, each
 * as often as its weight says (docs/decisions/0023). No include guard: see
 * both_families.h.
 */
struct FAMILY(backend) {
	struct FAMILY(ip) address;
	__be16 port;
	__u8 state;	  /* BACKEND_* */
	__u8 weight;	  /* its share of new flows where the algorithm has shares; at least 1 */
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
/* Bits of backend.state. LIVE alone: it drains, keeping the flows that it has. */
#define BACKEND_FREE	   0x0
#define BACKEND_LIVE	   0x1
#define BACKEND_IN_CLUSTER 0x2 /* takes new flows where any node's endpoints may */
#define BACKEND_IN_LOCAL   0x4 /* takes new flows where only this node's may */

/* Its answers come out of the host's stack and are known by their port: a process of this
 * node; every backend where pods are another network's.
 */
#define BACKEND_ON_HOST 0x8

#define BACKEND_NONE 0xffffffffU /* "this flow has no backend" */
#endif
