/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pod_address4/6: the address of a local pod -> its slot. No include guard: see both_families.h. */
struct FAMILY(pod_address) {
	struct FAMILY(ip) address;
};
#ifndef FAIRLEAD_POD_ADDRESS_ABI_ONCE
#define FAIRLEAD_POD_ADDRESS_ABI_ONCE
struct pod_slot {
	__u32 slot;
	__u32 generation; /* that the pod in the slot must have */
};
#endif
