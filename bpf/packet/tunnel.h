/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which two nodes a packet's tunnel connects. The kernel's VXLAN device keeps no
 * table of its own: it asks the packet's metadata, and these functions are all
 * that reads and writes it.
 */
#ifndef FAIRLEAD_BPF_PACKET_TUNNEL_H_
#define FAIRLEAD_BPF_PACKET_TUNNEL_H_

#include "bpf/packet/cursor.h"

#define MAPPED_IPV4 bpf_htonl(0xffff) /* ::ffff:a.b.c.d */

/* Who sent the packet, and in which network; false if it came in no tunnel. The
 * helper wants to be told the outer family, so that of IPv6 is asked second.
 */
static __always_inline bool read_tunnel(context *skb, struct tunnel_peer_key *sender, __u32 *vni)
{
	struct bpf_tunnel_key key = {};

	if (get_tunnel_key(skb, &key, 0)) {
		sender->address.word[0] = 0;
		sender->address.word[1] = 0;
		sender->address.word[2] = MAPPED_IPV4;
		sender->address.word[3] = bpf_htonl(key.remote_ipv4);
	} else if (get_tunnel_key(skb, &key, BPF_F_TUNINFO_IPV6)) {
		__builtin_memcpy(&sender->address, key.remote_ipv6, sizeof(sender->address));
	} else {
		return false;
	}
	*vni = key.tunnel_id;
	return true;
}

/* Sends the packet to `node` once the tunnel device gets it; false if the kernel
 * refuses. The outer checksum is left out: what it would protect has checksums of
 * its own, and no device would have to add it up (RFC 6935, 7348).
 */
static __always_inline bool write_tunnel_of(context *skb, const struct node *node, bool is_ipv6)
{
	struct bpf_tunnel_key key = {.tunnel_id = config.vni};
	__u64 flags = BPF_F_ZERO_CSUM_TX;

	if (is_ipv6) {
		flags |= BPF_F_TUNINFO_IPV6;
		__builtin_memcpy(key.remote_ipv6, &node->tunnel_remote, sizeof(key.remote_ipv6));
		__builtin_memcpy(key.local_ipv6, &node->tunnel_local, sizeof(key.local_ipv6));
	} else {
		key.remote_ipv4 = bpf_ntohl(node->tunnel_remote.word[3]);
		key.local_ipv4 = bpf_ntohl(node->tunnel_local.word[3]);
	}
	return set_tunnel_key(skb, &key, flags);
}

static __always_inline bool write_tunnel(context *skb, const struct node *node)
{
	return write_tunnel_of(skb, node, node->way == NODE_TUNNEL6);
}

/* The inner frame as the other end's tunnel device takes it. */
static __always_inline bool address_inner_frame(context *skb)
{
	const union mac to = {.byte = FL_GATEWAY_MAC}, from = {.byte = FL_TUNNEL_MAC};

	return write_macs(skb, to.part, from.part);
}

#endif /* FAIRLEAD_BPF_PACKET_TUNNEL_H_ */
