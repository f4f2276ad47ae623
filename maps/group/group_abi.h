/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * groups4/6: which pods of this node listen to a multicast group. No include
 * guard: see both_families.h.
 */
struct FAMILY(group) {
	struct FAMILY(ip) address;
};
#ifndef FAIRLEAD_GROUP_ABI_ONCE
#define FAIRLEAD_GROUP_ABI_ONCE
struct group_listeners {
	__u64 slots[FL_MAX_PODS / 64]; /* a bit per slot in pods */
};
#endif
