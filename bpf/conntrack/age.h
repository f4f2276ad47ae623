/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The age of a stamp. Another CPU may have written it a tick after this packet
 * read its clock: that is no age at all, and must not look like an eternity.
 */
#ifndef FAIRLEAD_BPF_CONNTRACK_AGE_H_
#define FAIRLEAD_BPF_CONNTRACK_AGE_H_

#include "bpf/packet/packet.h"

#define TICKS_AHEAD 1024 /* further than that, a stamp is old, not new */

/* Jiffies since `stamp`. */
static __always_inline __u32 age_of(__u32 stamp, __u32 now)
{
	return stamp - now < TICKS_AHEAD ? 0 : now - stamp;
}

#endif /* FAIRLEAD_BPF_CONNTRACK_AGE_H_ */
