/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * FAMILY(name) pastes the address family in use: service_key -> service_key4.
 *
 * A BPF object is compiled once per family with -DFAIRLEAD_FAMILY=4 or 6; user
 * space includes the per-family headers twice through both_families.h. Macros
 * expand late, so FAIRLEAD_FAMILY may change between two inclusions.
 */
#ifndef FAIRLEAD_MAPS_ABI_FAMILY_H_
#define FAIRLEAD_MAPS_ABI_FAMILY_H_

#include <linux/types.h>

#define FL_PASTE_NOW(a, b) a##b
#define FL_PASTE(a, b)	   FL_PASTE_NOW(a, b)
#define FAMILY(name)	   FL_PASTE(name, FAIRLEAD_FAMILY)

#define FL_IP_WORDS_4 1
#define FL_IP_WORDS_6 4
#define FL_IP_WORDS   FL_PASTE(FL_IP_WORDS_, FAIRLEAD_FAMILY)

#ifdef __cplusplus
#define FL_ASSERT(condition, text) static_assert(condition, text)
#else
#define FL_ASSERT(condition, text) _Static_assert(condition, text)
#endif

struct ip4 {
	__be32 word[1];
};

struct ip6 {
	__be32 word[4];
};

#endif /* FAIRLEAD_MAPS_ABI_FAMILY_H_ */
