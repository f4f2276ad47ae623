/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the answering programs share: turning the frame in hand into a reply to
 * its sender, a pod of this node or somebody outside. The reply is built on the
 * stack and stored over the frame, then goes back where the packet came from.
 */
#ifndef FAIRLEAD_BPF_ANSWERS_REPLY_H_
#define FAIRLEAD_BPF_ANSWERS_REPLY_H_

#include "bpf/path/90_deliver.h"

/* Swaps the ends: from the gateway's MAC to whoever sent the frame. */
static __always_inline bool address_reply(struct __sk_buff *skb, struct ethhdr *reply)
{
	const __u8 gateway[6] = FL_GATEWAY_MAC;
	struct ethhdr *eth = header_at(skb, 0, sizeof(*eth));

	if (!eth)
		return false;
	__builtin_memcpy(reply->h_dest, eth->h_source, 6);
	__builtin_memcpy(reply->h_source, gateway, 6);
	reply->h_proto = eth->h_proto;
	return true;
}

/* Gives the frame the reply's length; 0 or an error. A sum that the device shall
 * finish (CHECKSUM_PARTIAL) would be written into the middle of the reply: the
 * kernel takes the frame for finished when what the sum starts at is cut away.
 */
static __always_inline long resize_to_reply(struct __sk_buff *skb, __u32 l4_offset, __u32 bytes)
{
	__u32 cut = checksum_state(skb) == CHECKSUM_PARTIAL ? (l4_offset & MAX_OFFSET) + 2 : 0;

	if (bpf_skb_change_tail(skb, bytes + cut, 0))
		return -1;
	return cut ? bpf_skb_adjust_room(skb, -(__s32)cut, BPF_ADJ_ROOM_MAC, 0) : 0;
}

/* Stores a reply over the frame, which has its length already. Apart, because no
 * device's sum (CHECKSUM_COMPLETE) covers the Ethernet header. 0 or an error.
 */
static __always_inline long store_reply(struct __sk_buff *skb, const void *frame, __u32 bytes)
{
	return bpf_skb_store_bytes(skb, 0, frame, ETH_HLEN, 0)
		       ?: bpf_skb_store_bytes(skb, ETH_HLEN, frame + ETH_HLEN, bytes - ETH_HLEN,
					      BPF_F_RECOMPUTE_CSUM);
}

static __always_inline int give_up(struct __sk_buff *skb, __u32 reason)
{
	return finish(skb, skb->cb[CB_HOOK] & FL_HOOK_MASK, TC_ACT_SHOT, reason, 0);
}

/* Sends the frame back to the pod; `reason` is counted if that is a drop. */
static __always_inline int return_to_sender(struct __sk_buff *skb, __u32 reason)
{
	return finish(skb, skb->cb[CB_HOOK] & FL_HOOK_MASK, bpf_redirect_peer(skb->ifindex, 0),
		      reason, skb->ifindex);
}

/* The reply in hand is for a client outside whom another node has relayed to us. As
 * what follows a function of its own: the stack of its caller is full.
 */
static __noinline int is_for_relayed(struct __sk_buff *skb)
{
	ip_header *ip = header_at(skb, IP_OFFSET, IP_HEADER_BYTES);

	return ip && is_of_world(find_prefix((const struct FAMILY(ip) *)&ip->daddr));
}

/* The device that leads to whom the reply is for; 0: none. */
static __noinline int device_to_receiver(struct __sk_buff *skb)
{
	ip_header *ip = header_at(skb, IP_OFFSET, IP_HEADER_BYTES);
	struct bpf_fib_lookup fib = {.family = ADDRESS_FAMILY, .ifindex = skb->ifindex};

	if (!ip)
		return 0;
	*(struct FAMILY(ip) *)fib.ipv6_src = *(const struct FAMILY(ip) *)&ip->saddr;
	*(struct FAMILY(ip) *)fib.ipv6_dst = *(const struct FAMILY(ip) *)&ip->daddr;
	return bpf_fib_lookup(skb, &fib, sizeof(fib), FIB_LOOKUP_SKIP_NEIGH) ? 0 : fib.ifindex;
}

/* To a client outside, as the host's routes say: the node that has relayed it would take
 * an answer of ours for a forged one.
 */
static __always_inline int send_past_tunnel(struct __sk_buff *skb, __u32 reason)
{
	__u32 ifindex = device_to_receiver(skb);

	if (!ifindex)
		return give_up(skb, reason);
	skb->mark = FL_MARK_DONE;
	return finish(skb, HOOK_FROM_OVERLAY, bpf_redirect_neigh(ifindex, NULL, 0, 0), reason,
		      ifindex);
}

/* Back through the tunnel it came by, to the node that sent it. */
static __noinline int send_into_tunnel(struct __sk_buff *skb, __u32 reason)
{
	__u32 slot = skb->cb[CB_NODE];
	struct node *node = bpf_map_lookup_elem(&nodes, &slot);

	if (!node || node->way == NODE_NATIVE || !address_inner_frame(skb) ||
	    !write_tunnel(skb, node))
		return give_up(skb, reason);
	skb->mark = FL_MARK_DONE;
	return finish(skb, HOOK_FROM_OVERLAY, bpf_redirect(skb->ifindex, 0), reason, skb->ifindex);
}

/* Back to the pod, or out of the uplink it came by, as the host's routes say. */
static __always_inline int send_reply(struct __sk_buff *skb, __u32 hook, __u32 reason)
{
	if (hook == HOOK_FROM_POD || hook == HOOK_FROM_GUEST)
		return return_to_sender(skb, reason);
	if (hook == HOOK_FROM_OVERLAY)
		return config.direct_return && is_for_relayed(skb) ? send_past_tunnel(skb, reason)
								   : send_into_tunnel(skb, reason);
	skb->mark = FL_MARK_DONE;
	return finish(skb, hook, bpf_redirect_neigh(skb->ifindex, NULL, 0, 0), reason,
		      skb->ifindex);
}

#endif /* FAIRLEAD_BPF_ANSWERS_REPLY_H_ */
