/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * source_ranges4/6: who may come to a service that has SERVICE_SOURCE_RANGES:
 * whoever has an entry. No include guard: see both_families.h.
 */
struct FAMILY(source_range_key) {
	__u32 length;  /* bits of what follows, as the kernel's LPM trie wants it */
	__u32 service; /* its id, always whole */
	struct FAMILY(ip) address;
};
FL_ASSERT(sizeof(struct FAMILY(source_range_key)) == sizeof(struct FAMILY(ip)) + 8,
	  "source_range_key has hidden padding");

#ifndef FAIRLEAD_SOURCE_RANGE_ABI_ONCE
#define FAIRLEAD_SOURCE_RANGE_ABI_ONCE
#define SOURCE_RANGE_SERVICE_BITS 32 /* of the length */
#endif
