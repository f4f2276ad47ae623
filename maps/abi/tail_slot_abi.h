/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tail_calls4/6: rare work, by name. Every slot is filled before a hook is
 * attached; a jump that falls through is a counted drop.
 */
#ifndef FAIRLEAD_MAPS_ABI_TAIL_SLOT_ABI_H_
#define FAIRLEAD_MAPS_ABI_TAIL_SLOT_ABI_H_

enum tail_slot {
	TAIL_ANSWER_NEIGHBOUR,	   /* ARP reply, neighbour advertisement */
	TAIL_ANSWER_UNREACHABLE,   /* ICMP port unreachable */
	TAIL_ANSWER_TCP_RESET,	   /* polite refusal of a TCP packet */
	TAIL_FOLLOW_ICMP_ERROR,	   /* translate the packet quoted by an ICMP error */
	TAIL_ANSWER_TOO_BIG,	   /* ICMP fragmentation needed, ICMPv6 packet too big */
	TAIL_ANSWER_TIME_EXCEEDED, /* ICMP time exceeded */
	TAIL_DELIVER_MULTICAST,	   /* a copy for each pod that listens */
	TAIL_SLOT_COUNT
};

#endif /* FAIRLEAD_MAPS_ABI_TAIL_SLOT_ABI_H_ */
