/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The age of a stamp. Another CPU may have written it a tick after this packet
 * read its clock: that is no age at all, and must not look like an eternity.
 */
#ifndef FAIRLEAD_BPF_CONNTRACK_AGE_H_
#define FAIRLEAD_BPF_CONNTRACK_AGE_H_

#include "bpf/packet/packet.h"

/* Jiffies since `stamp`; right for stamps of the last half of the clock's range,
 * 99 days at 250 jiffies a second.
 */
static __always_inline __u32 age_of(__u32 stamp, __u32 now)
{
	__s32 age = now - stamp;

	return age < 0 ? 0 : age;
}

#endif /* FAIRLEAD_BPF_CONNTRACK_AGE_H_ */
