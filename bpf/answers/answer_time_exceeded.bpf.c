// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * answer_time_exceeded — "your packet has died here".
 *
 *	sender ──▶ hop limit 1 ──▶ [57 fit] ──▶ [answer_time_exceeded]
 *	sender ◀── time exceeded in transit, from this node
 *
 * RFC 792, RFC 4443. This is how traceroute shows the nodes that a packet passes,
 * and how a loop becomes visible.
 */
#include "bpf/answers/icmp_error.h"

SEC("tc")
int answer_time_exceeded(struct __sk_buff *skb)
{
	struct icmp_error error = {.type = TIME_EXCEEDED};

	return tell_sender(skb, &error);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
