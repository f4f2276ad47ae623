// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * answer_too_big — "that does not fit, this would".
 *
 *	sender ──▶ 1500 bytes ──▶ [57 fit] ─ way of 1450 ─▶ [answer_too_big]
 *	sender ◀── fragmentation needed (RFC 1191) or packet too big (RFC 4443)
 *
 * Path MTU discovery: the sender's stack remembers the MTU for the destination it
 * knows, and sends again in smaller pieces. An IPv4 packet that may be fragmented
 * is answered, too: a redirect cannot cut it, and Linux cuts it itself from then
 * on (docs/decisions/0014).
 */
#include "bpf/answers/icmp_error.h"

SEC("tc")
int answer_too_big(struct __sk_buff *skb)
{
	struct icmp_error error = {
		.type = TOO_BIG,
		.code = TOO_BIG_CODE,
		.rest = bpf_htonl(skb->cb[CB_MTU]),
	};

	return tell_sender(skb, &error);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
