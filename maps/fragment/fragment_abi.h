/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fragments4/6: what the first fragment of a datagram says about the later ones,
 * which carry no ports. No include guard: see both_families.h.
 */
struct FAMILY(fragment_key) {
	struct FAMILY(ip) source;      /* as received */
	struct FAMILY(ip) destination; /* as received */
	__be32 id;		       /* the sender's number of the datagram */
	__u32 protocol;		       /* IPv6: 0, the number alone tells its datagrams apart */
};
FL_ASSERT(sizeof(struct FAMILY(fragment_key)) == 2 * sizeof(struct FAMILY(ip)) + 8,
	  "fragment_key has hidden padding");

#ifndef FAIRLEAD_FRAGMENT_ABI_ONCE
#define FAIRLEAD_FRAGMENT_ABI_ONCE
/* No first one has been seen yet: all of the datagram goes through the room. */
#define FRAGMENT_IN_ROOM 0x80

struct fragment {
	__u32 created;	    /* jiffies|1; never moved on, so that no entry lives for ever */
	__be16 source_port; /* as in the tuple of a whole packet: an echo's id, too */
	__be16 destination_port;
	__u8 protocol; /* IPPROTO_* of the transport header */
	__u8 shape;    /* PACKET_HAS_PORTS, if the first one has it; FRAGMENT_IN_ROOM */
	__u8 headers;  /* eights of bytes that its headers take: no later one begins inside */
	__u8 pad;
};
FL_ASSERT(sizeof(struct fragment) == 12, "fragment has hidden padding");
#endif
