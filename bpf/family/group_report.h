/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IGMP (RFC 1112, 2236, 3376) and MLD (RFC 2710, 3810): by which a host says to
 * which multicast groups it listens. The same messages under other numbers.
 */
#ifndef FAIRLEAD_BPF_FAMILY_GROUP_REPORT_H_
#define FAIRLEAD_BPF_FAMILY_GROUP_REPORT_H_

#include "bpf/path/90_deliver.h"

/* One group in a report of the newer versions; its sources follow. */
struct group_record {
	__u8 type;
	__u8 aux_words;
	__be16 sources;
	struct FAMILY(group) group;
};

#define RECORD_IS_INCLUDE 1
#define RECORD_TO_INCLUDE 3
#define RECORD_BLOCK	  6

#if FAIRLEAD_FAMILY == 4

#define REPORT_RECORDS	    0x22 /* IGMPv3 */
#define REPORT_LEAVE	    0x17
#define REPORT_GROUP_OFFSET 4 /* of the older versions' only group */

static __always_inline bool is_group_message(const struct packet *pkt, __u8 type)
{
	return pkt->tuple.protocol == IPPROTO_IGMP;
}

static __always_inline bool is_group_join(__u8 type)
{
	return type == 0x12 || type == 0x16; /* versions 1 and 2 */
}

/* All hosts: nobody reports it. */
static __always_inline bool is_unlearnt_group(const struct ip4 *group)
{
	return group->word[0] == bpf_htonl(0xe0000001);
}

/* Pods have no link-local address of IPv4. */
static __always_inline bool is_link_address_of(const struct ip4 *source, const struct pod *pod)
{
	return false;
}

/* IPv4 has no scope that ends at the interface. */
static __always_inline bool stays_inside(const struct ip4 *group)
{
	return false;
}

#else

#define MLD1_REPORT	    131
#define REPORT_RECORDS	    143 /* MLDv2 */
#define REPORT_LEAVE	    132
#define REPORT_GROUP_OFFSET 8

static __always_inline bool is_group_message(const struct packet *pkt, __u8 type)
{
	return pkt->tuple.protocol == IPPROTO_ICMPV6 &&
	       ((type >= MLD_QUERY && type <= MLD_DONE) || type == MLD2_REPORT);
}

static __always_inline bool is_group_join(__u8 type)
{
	return type == MLD1_REPORT;
}

/* All nodes, which nobody reports, and the groups of neighbour discovery, which
 * everybody does: nothing is delivered by them, a pod's only neighbour answers by
 * program.
 */
static __always_inline bool is_unlearnt_group(const struct ip6 *group)
{
	__u32 last = bpf_ntohl(group->word[3]);

	return group->word[0] == bpf_htonl(0xff020000) && !group->word[1] &&
	       ((!group->word[2] && last == 1) ||
		(group->word[2] == bpf_htonl(1) && (last >> 24) == 0xff));
}

/* fe80:: and the pod's MAC in the way of EUI-64 (RFC 4291): the only link-local
 * address that is its own.
 */
static __always_inline bool is_link_address_of(const struct ip6 *source, const struct pod *pod)
{
	const __u8 *mac = pod->mac;

	return source->word[0] == bpf_htonl(0xfe800000) && !source->word[1] &&
	       source->word[2] ==
		       bpf_htonl((__u32)(mac[0] ^ 2) << 24 | mac[1] << 16 | mac[2] << 8 | 0xff) &&
	       source->word[3] == bpf_htonl(0xfe000000 | mac[3] << 16 | mac[4] << 8 | mac[5]);
}

/* Scopes 0 and 1 are not for any link. */
static __always_inline bool stays_inside(const struct ip6 *group)
{
	return (bpf_ntohl(group->word[0]) >> 16 & 0xf) <= 1;
}

#endif

#endif /* FAIRLEAD_BPF_FAMILY_GROUP_REPORT_H_ */
