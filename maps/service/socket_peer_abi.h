/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * socket_peers4/6: whom a process of the host believes to talk to, by what
 * on_connect has made of it.
 * socket_flows4/6: the other way round, of sockets that are not connected: which
 * backend gets their datagrams. No include guard: see both_families.h.
 */
struct FAMILY(socket_peer_key) {
	__u64 cookie;		   /* of the socket */
	struct FAMILY(ip) address; /* of the backend; socket_flows: as the process said it */
	__be16 port;
	__u16 pad;
#if FAIRLEAD_FAMILY == 6
	__u32 pad2;
#endif
};
FL_ASSERT(sizeof(struct FAMILY(socket_peer_key)) == (FL_IP_WORDS == 1 ? 16 : 32),
	  "socket_peer_key has hidden padding");

struct FAMILY(socket_peer) {
	struct FAMILY(ip) address; /* as the process said it */
	__be16 port;
	__u16 pad;
};
FL_ASSERT(sizeof(struct FAMILY(socket_peer)) == sizeof(struct FAMILY(ip)) + 4,
	  "socket_peer has hidden padding");

#ifndef FAIRLEAD_SOCKET_PEER_ABI_ONCE
#define FAIRLEAD_SOCKET_PEER_ABI_ONCE
struct socket_flow {
	__u32 backend;
	__u32 generation; /* of the backend */
	__u32 used;	  /* jiffies|1 of the last datagram */
};
FL_ASSERT(sizeof(struct socket_flow) == 12, "socket_flow has hidden padding");
#endif
