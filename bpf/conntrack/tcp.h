/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What TCP flags mean to a flow: which timeout it lives under, when its tuple
 * may be used again, and which FIN or reset is believed.
 */
#ifndef FAIRLEAD_BPF_CONNTRACK_TCP_H_
#define FAIRLEAD_BPF_CONNTRACK_TCP_H_

#include "bpf/conntrack/age.h"
#include "bpf/path/10_parse.h"

#define NO_WINDOW_SCALE	     0xff
#define UNKNOWN_WINDOW_SCALE 14 /* the largest (RFC 7323): when we missed the SYN */

#define TCP_OPTION_END	   0
#define TCP_OPTION_NOP	   1
#define TCP_OPTION_SCALE   3
#define TCP_OPTIONS_LOOKED 12 /* options examined before giving up */

static __always_inline bool is_syn(const struct packet *pkt)
{
	return (pkt->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

static __always_inline bool is_syn_ack(const struct packet *pkt)
{
	return (pkt->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK);
}

/* The shift that a SYN or SYN-ACK announces. Handshakes only. */
__first_packet int window_scale(context *skb, __u32 l4_offset)
{
	__u32 offset = l4_offset & 0x1ff;
	struct tcp_header *tcp = header_at(skb, offset, sizeof(*tcp));
	__u32 end;

	if (!tcp)
		return NO_WINDOW_SCALE;
	end = offset + (tcp->data_offset >> 4) * 4;
	if (!is_reachable(skb, end))
		return NO_WINDOW_SCALE;

	offset += sizeof(*tcp);
	for (int i = 0; i < TCP_OPTIONS_LOOKED && offset < end; i++) {
		__u8 *option = header_at(skb, offset, 3);
		__u8 kind;

		if (!option || option[0] == TCP_OPTION_END || offset + 3 > MAX_OFFSET)
			break;
		kind = option[0];
		if (kind == TCP_OPTION_SCALE)
			return option[2] > 14 ? 14 : option[2];
		if (kind == TCP_OPTION_NOP)
			offset++;
		else if (option[1] < 2)
			break;
		else
			offset += option[1];
	}
	return NO_WINDOW_SCALE;
}

/* Both ends must have offered scaling, or neither scales. */
static __always_inline void agree_on_scale(struct FAMILY(flow_side) * side,
					   struct FAMILY(flow_side) * peer, __u8 mine, __u8 theirs)
{
	bool scaled = mine != NO_WINDOW_SCALE && theirs != NO_WINDOW_SCALE;

	side->window_scale = scaled ? mine : 0;
	peer->window_scale = scaled ? theirs : 0;
}

/* The client has not acknowledged the SYN-ACK: anyone can send a SYN. */
static __always_inline bool is_unacknowledged(const struct FAMILY(flow) * flow)
{
	return flow->side[SIDE_ORIGIN].protocol == IPPROTO_TCP &&
	       !(flow->side[SIDE_ORIGIN].flags & FLOW_HAS_WINDOW);
}

static __always_inline __u32 timeout_of(const struct FAMILY(flow) * flow)
{
	const struct FAMILY(flow_side) *origin = &flow->side[SIDE_ORIGIN];
	const struct FAMILY(flow_side) *reply = &flow->side[SIDE_REPLY];
	__u8 any = origin->flags | reply->flags;

	if (origin->protocol != IPPROTO_TCP)
		return config.timeout[TIMEOUT_OTHER_CONVERSATION];
	if ((any & FLOW_RESET) || (origin->flags & reply->flags & FLOW_FIN))
		return config.timeout[TIMEOUT_TCP_CLOSED];
	/* Relayed: of two FINs one is seen, of the server's resets none. */
	if (config.direct_return && (any & FLOW_ONE_WAY))
		return config
			.timeout[any & FLOW_FIN ? TIMEOUT_TCP_HALF_OPEN : TIMEOUT_TCP_HALF_CLOSED];
	if (any & FLOW_FIN)
		return config.timeout[TIMEOUT_TCP_HALF_CLOSED];
	if (is_unacknowledged(flow))
		return config.timeout[TIMEOUT_TCP_HALF_OPEN];
	return config.timeout[TIMEOUT_TCP_ESTABLISHED];
}

/* The clock of a flow is its later side. */
static __always_inline __u32 quiet_for(const struct FAMILY(flow) * flow, __u32 now)
{
	__u32 age0 = age_of(flow->side[0].last_seen, now);
	__u32 age1 = age_of(flow->side[1].last_seen, now);

	return age0 < age1 ? age0 : age1;
}

/* Asked only when the packet's own side has been quiet for longer than the
 * shortest timeout.
 */
static __always_inline bool is_expired(const struct FAMILY(flow) * flow, __u32 now)
{
	return quiet_for(flow, now) > timeout_of(flow);
}

static __always_inline bool is_closing(const struct known *known)
{
	return (known->side->flags | known->peer->flags) & (FLOW_FIN | FLOW_RESET);
}

/* A reset counts if the other end would accept it: inside the window that the
 * other end last offered (RFC 793, 5961). A forged one is forwarded, as a
 * router does, but does not end the flow here.
 */
static __always_inline bool is_believed_reset(const struct packet *pkt,
					      const struct FAMILY(flow_side) * peer)
{
	if (!(peer->flags & FLOW_HAS_WINDOW))
		return true;
	return pkt->sequence - peer->acked <= peer->window;
}

/* What follows the TCP header. FINs only. */
__first_packet int payload_bytes(context *skb, __u32 l4_offset)
{
	__u32 offset = l4_offset & 0x1ff;
	struct tcp_header *tcp = header_at(skb, offset, sizeof(*tcp));

	return tcp ? packet_end(skb) - offset - (tcp->data_offset >> 4) * 4 : 0;
}

/* The same of a FIN, which is one sequence number behind the data. It may be sent once more when
 * it has been acknowledged.
 */
static __always_inline bool is_believed_fin(context *skb, const struct packet *pkt,
					    const struct FAMILY(flow_side) * peer)
{
	__u32 ahead;

	if (!(peer->flags & FLOW_HAS_WINDOW))
		return true;
	ahead = pkt->sequence + payload_bytes(skb, pkt->l4_offset) - peer->acked;
	return ahead <= peer->window || ahead + 1 == 0;
}

/* Per packet: what this side has acknowledged and still accepts. */
static __always_inline void follow_tcp(context *skb, const struct packet *pkt,
				       const struct known *known)
{
	struct FAMILY(flow_side) *side = known->side;
	__u8 flags = side->flags;

	if (pkt->tcp_flags & TCP_ACK) {
		side->acked = pkt->acknowledged;
		side->window = pkt->tcp_flags & TCP_SYN
				       ? pkt->window
				       : (__u32)pkt->window << (side->window_scale & 15);
		flags |= FLOW_HAS_WINDOW;
	}
	if ((pkt->tcp_flags & TCP_FIN) && is_believed_fin(skb, pkt, known->peer))
		flags |= FLOW_FIN;
	if ((pkt->tcp_flags & TCP_RST) && is_believed_reset(pkt, known->peer))
		flags |= FLOW_RESET;
	if (flags != side->flags)
		side->flags = flags;
}

#endif /* FAIRLEAD_BPF_CONNTRACK_TCP_H_ */
