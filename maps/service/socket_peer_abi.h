/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * socket_peers4/6: whom a process of the host believes to talk to, by what
 * on_connect has made of it. No include guard: see both_families.h.
 */
struct FAMILY(socket_peer_key) {
	__u64 cookie;		   /* of the socket */
	struct FAMILY(ip) address; /* of the backend */
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
