/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * counters: packets and bytes by hook, family and verdict, one value per CPU.
 * last_verdict: what the last packet on this CPU met; read by trace and tests,
 * written only where hook_config.record_verdicts is set.
 */
#ifndef FAIRLEAD_MAPS_COUNTER_COUNTER_ABI_H_
#define FAIRLEAD_MAPS_COUNTER_COUNTER_ABI_H_

#include "maps/abi/family.h"

struct counter {
	__u64 packets;
	__u64 bytes;
};

struct verdict_record {
	__u32 hook;    /* HOOK_* */
	__u32 reason;  /* VERDICT_*: what happened and why */
	__u32 ifindex; /* where it was sent, 0 if nowhere */
	__u32 family;  /* 4 or 6 */
};

#endif /* FAIRLEAD_MAPS_COUNTER_COUNTER_ABI_H_ */
