/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IP headers of our own packets, per family: family_v4.h and family_v6.h know
 * how to read a header, this one how to write one.
 */
#ifndef FAIRLEAD_BPF_ANSWERS_IP_REPLY_H_
#define FAIRLEAD_BPF_ANSWERS_IP_REPLY_H_

#include "bpf/answers/reply.h"

#define REPLY_HOP_LIMIT 64

/* From the packet's destination back to its source. */
static __always_inline void write_ip_reply(ip_header *ip, const struct FAMILY(tuple) * tuple,
					   __u8 protocol, __u16 payload)
{
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = FAIRLEAD_FAMILY;
	write_addresses(ip, &tuple->destination, &tuple->source);
	finish_ip_header(ip, protocol, payload, REPLY_HOP_LIMIT);
}

#endif /* FAIRLEAD_BPF_ANSWERS_IP_REPLY_H_ */
