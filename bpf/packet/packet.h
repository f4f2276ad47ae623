/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct packet — what has been learnt about the packet so far. Every stage
 * reads and extends it.
 *
 * Numbers only: functions that the verifier checks on their own (__first_packet)
 * get a pointer to it, and may not be handed pointers inside. Those to the flow
 * object of a known flow travel beside it, in struct known.
 */
#ifndef FAIRLEAD_BPF_PACKET_PACKET_H_
#define FAIRLEAD_BPF_PACKET_PACKET_H_

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "maps/abi/family.h"
#include "maps/abi/limits_abi.h"
#include "maps/abi/hook_config_abi.h"
#include "maps/abi/tail_slot_abi.h"
#include "maps/abi/verdict_abi.h"
#include "maps/counter/counter_abi.h"
#include "maps/conntrack/flow_state_abi.h"
#include "maps/fragment/room_abi.h"
#include "maps/node/node_abi.h"
#include "maps/pod/pod_abi.h"
#include "maps/service/service_port_abi.h"
#include "maps/abi/per_family_abi.h"

#include "maps/service/service_maps.bpf.h"
#include "maps/backend/backend_maps.bpf.h"
#include "maps/conntrack/conntrack_maps.bpf.h"
#include "maps/fragment/fragment_maps.bpf.h"
#include "maps/pod/pod_maps.bpf.h"
#include "maps/group/group_maps.bpf.h"
#include "maps/node/node_maps.bpf.h"
#include "maps/answer/answer_maps.bpf.h"
#include "maps/counter/counter_maps.bpf.h"

#define IP_OFFSET ETH_HLEN

/* Shapes of packets that take another way than the usual one. */
#define PACKET_FRAGMENT	  0x01 /* part of a fragmented packet */
#define PACKET_ICMP_ERROR 0x02 /* quotes a packet of ours */
#define PACKET_NEIGHBOUR  0x04 /* ARP, neighbour discovery: link business */
#define PACKET_HAS_PORTS  0x08 /* ports, or an echo's id, that can be exchanged for others */
#define PACKET_LATER	  0x10 /* a fragment, and not the first: there is no transport header */
#define PACKET_TINY	  0x20 /* a first fragment that ends inside its transport header */
#define PACKET_RELAYED	  0x40 /* 40: see relay.h */

/* tcp_flags */
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

struct packet {
	struct FAMILY(tuple) tuple; /* 10_parse: as received; conntrack's key */
	struct FAMILY(tuple) out;   /* 30, 40, 55: as it shall leave; 70 writes it */
	__u32 now;		    /* 30: jiffies|1 */
	__u32 policy_epoch;	    /* 20: of this node, now */
	__u32 uplink_epoch;	    /* 20: the same, of a pod's packet; 45 compares it */
	__u32 longest_frame;	    /* 20: that fits every way out */
	union {
		__u32 flow_number;  /* 60: of the flow object just made */
		__be32 fragment_id; /* 10: of a fragment; 25 reads it */
	};
	__u32 hook;		  /* the hook: HOOK_* */
	__u32 reason;		  /* who ended the walk: enum verdict_reason */
	__u32 tail_slot;	  /* who asked for an answer: enum tail_slot */
	__u32 backend;		  /* 30, 40: number in backends, or BACKEND_NONE */
	__u32 backend_generation; /* 30, 40 */
	__u32 exit;		  /* 45: EXIT_*; 80 reads it */
	__u32 exit_target;	  /* 45 */
	union {
		__u32 exit_generation; /* 45 */
		__u32 tunnel_node;     /* 20: slot of who tunnelled it; 45 reads it first */
	};
	union {
		__u32 ifindex; /* 80: the device to leave by */
		struct {
			__u16 fragment_offset; /* 10: in the datagram, in eights; for 25 */
			__u16 fragment_start;  /* 10: in the frame; for 25 */
		};
	};
	union {
		__u32 hash; /* 30: of the tuple, for half_open; 60 reads it; 0: not known */
		struct {
			__u16 address_delta; /* 60: what new addresses add to a checksum; for 70 */
			__u16 l4_delta;	     /* 60: the same with ports */
		};
	};
	__u32 sequence;		/* 10: TCP, host order */
	__u32 acknowledged;	/* 10: TCP, host order */
	__u16 l4_offset;	/* 10: from the start of the frame */
	__u16 window;		/* 10: TCP, unscaled, host order */
	__u8 tcp_flags;		/* 10 */
	__u8 shape;		/* 10, 30, 40: PACKET_* */
	__u8 side_number;	/* 30: SIDE_* */
	__u8 promote;		/* 30: 60 shall turn the half-open flow into a flow */
	__u8 remembered;	/* 30: half_open knew it; 40-55 stand down */
	__u8 hop_limit;		/* 10 */
	__u8 peer_window_scale; /* 30, 60: what the flow's first packet announced */
	__u8 hides_source;	/* 45: whoever is there sees the node's address; 55 reads it */
};

/* The flow object of a packet whose flow has one; side is NULL otherwise. */
struct known {
	struct FAMILY(flow) * flow;	 /* 30, 60 */
	struct FAMILY(flow_side) * side; /* the packet's side of it */
	struct FAMILY(flow_side) * peer; /* the other side */
};

/* A function that the verifier checks once, whoever calls it: rare enough to
 * pay for the call, and no path of the caller multiplies with its own.
 */
#define __first_packet __attribute__((noinline))

/* Fixed while attached; see maps/abi/hook_config_abi.h. */
const volatile struct hook_config config;

/* No route leads on, for now: routes go and come back, so no flow remembers it. */
#define NO_DEVICE 0
static __always_inline bool has_no_way(const struct packet *pkt)
{
	return pkt->exit == EXIT_STACK && pkt->exit_target == NO_DEVICE;
}

/* At the device of a pod of another network. */
static __always_inline bool is_of_guest(const struct packet *pkt)
{
	return config.guests && (pkt->hook == HOOK_FROM_GUEST || pkt->hook == HOOK_TO_GUEST);
}

#endif /* FAIRLEAD_BPF_PACKET_PACKET_H_ */
