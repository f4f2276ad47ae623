// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * from_room — what leaves the reassembly room goes back to where it came from.
 *
 *     from_pod, from_network ──(out of order)──▶ room: the kernel reassembles
 *              ▲                                  │    and fragments anew
 *              └────(mark, in order)── [from_room]◀┘
 *
 * The room is a network namespace of fairlead's, joined by one veth pair, on
 * whose near end this sits (docs/decisions/0013). A fragment of a pod of this
 * node meets from_pod again, any other from_network, with the hop that the room
 * has taken, and a mark that says: never into the room again.
 * Promise: nothing gets from the room into the host's stack.
 * Price: a lookup of the sender.
 */
#include "bpf/path/90_deliver.h"

static __always_inline __u32 address_from_pod(struct __sk_buff *skb, const struct pod *pod)
{
	const union mac gateway = {.byte = FL_GATEWAY_MAC};

	return write_macs(skb, gateway.part, pod->mac) ? 0 : DROP_TOO_SHORT;
}

__stage route_back(struct __sk_buff *skb, struct packet *pkt)
{
	struct pod_slot *slot = bpf_map_lookup_elem(&FAMILY(pod_address), &pkt->tuple.source);
	ip_header *ip = header_at(skb, IP_OFFSET, IP_HEADER_BYTES);
	__u32 zero = 0;
	struct room *this_room = bpf_map_lookup_elem(&room, &zero);
	struct pod *pod;

	/* Whatever else the namespace's stack may have to say, nobody asked. */
	if (!(pkt->shape & PACKET_FRAGMENT) || !ip || !this_room)
		return drop(pkt, DROP_NO_FRAGMENT);
	regain_a_hop(skb, ip);
	skb->mark = FL_MARK_IN_ORDER;
	if (!slot) {
		pkt->ifindex = this_room->uplink;
		return pkt->ifindex ? CONTINUE : drop(pkt, DROP_NO_ROUTE);
	}
	pod = pod_in_slot(slot->slot);
	if (!pod || !pod->ifindex || pod->generation != slot->generation)
		return drop(pkt, DROP_NO_SUCH_POD);
	pkt->ifindex = pod->ifindex;
	pkt->reason = address_from_pod(skb, pod);
	return pkt->reason ? STOP_DROP : CONTINUE;
}

SEC("tc")
int from_room(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_FROM_ROOM};

	/* clang-format off */
	enum verdict verdict =
		parse(skb, &pkt)       ?: /* 10  bytes to pkt                   */
		route_back(skb, &pkt);    /* 80  to whom has it been sent from? */
	/* clang-format on */

	return receive_again(skb, &pkt, verdict); /* 90  act, count, record */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
