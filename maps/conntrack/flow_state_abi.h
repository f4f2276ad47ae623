/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the conntrack tables say about a flow, whatever its family.
 */
#ifndef FAIRLEAD_MAPS_CONNTRACK_FLOW_STATE_ABI_H_
#define FAIRLEAD_MAPS_CONNTRACK_FLOW_STATE_ABI_H_

#include "maps/abi/family.h"

/* Value of flow_index4/6: which flow, seen from which of its ends. */
struct flow_ref {
	__u32 flow_and_side; /* index in flows << 1 | side */
	__u32 generation;    /* that the flow must have, or the ref is stale */
};
FL_ASSERT(sizeof(struct flow_ref) == 8, "flow_ref has hidden padding");

/* Sides of a flow: packets of the end that spoke first, and of the other. */
#define SIDE_ORIGIN 0
#define SIDE_REPLY  1

/* flow_side.flags: what this side has said, and what is done to its packets. */
#define FLOW_FIN	0x01 /* sent a believed FIN */
#define FLOW_RESET	0x02 /* sent a believed RST */
#define FLOW_TRANSLATED 0x04 /* addresses or ports change */
#define FLOW_HAS_WINDOW 0x08 /* acked and window are known */
#define FLOW_OF_GUEST	0x10 /* translated at the device of its client, another network's pod */
#define FLOW_ONE_WAY	0x20 /* relayed: its answers do not pass this node */

/* half_open.flags */
#define HALF_OPEN_REPLY	   0x01 /* this entry is keyed by the reply's tuple */
#define HALF_OPEN_REPLIED  0x02 /* the other end has answered; ONE_WAY: the client went on */
#define HALF_OPEN_OF_GUEST 0x04 /* as FLOW_OF_GUEST */
#define HALF_OPEN_ONE_WAY  0x08 /* relayed: its answers do not pass this node */
#define HALF_OPEN_NO_WAY   0x10 /* no route led to its other end */

/* flow_side.exit: where this side's packets go. */
#define EXIT_UNKNOWN 0 /* the next packet finds out */
#define EXIT_POD     1 /* exit_target: slot in pods */
#define EXIT_NODE    2 /* exit_target: slot in nodes */
#define EXIT_UPLINK  3 /* exit_target: interface index */
#define EXIT_STACK   4 /* the host itself; exit_target: the device that its routes lead to */
#define EXIT_RELAY   5 /* exit_target: slot in nodes, by tunnel and as it is: that node chooses */

/* Timeouts by state; seconds in the configuration, jiffies in hook_config. */
enum flow_timeout {
	TIMEOUT_TCP_HALF_OPEN,	    /* a SYN without an answer: 60 s */
	TIMEOUT_TCP_ESTABLISHED,    /* 24 h */
	TIMEOUT_TCP_HALF_CLOSED,    /* one FIN: 1 h */
	TIMEOUT_TCP_CLOSED,	    /* both FINs or a RST: 10 s */
	TIMEOUT_OTHER_FIRST,	    /* UDP, ICMP, ... before a conversation: 30 s */
	TIMEOUT_OTHER_CONVERSATION, /* 120 s */
	TIMEOUT_FRAGMENT,	    /* after the first fragment of a datagram: 30 s */
	TIMEOUT_COUNT
};

#endif /* FAIRLEAD_MAPS_CONNTRACK_FLOW_STATE_ABI_H_ */
