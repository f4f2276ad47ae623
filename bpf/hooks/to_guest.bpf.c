// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * to_guest — whatever reaches a pod of another network (--mode proxy).
 *
 *      host namespace                        ┊   pod namespace
 *                                            ┊
 *     bridge, host stack ──▶ [to_guest] ─────┊──▶ eth0 ──▶ app
 *
 * Promise: the pod gets a Service's answer from the address that it has asked. All
 * else passes untouched.
 * Price: one array read, which tells most packets that they are no such answer; for
 * the others one hash lookup.
 */
#include "bpf/path/90_deliver.h"

SEC("tc")
int to_guest(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_TO_GUEST};
	struct known known = {};

	/* clang-format off */
	enum verdict verdict =
		parse(skb, &pkt)                 ?: /* 10  bytes to pkt                       */
		guard_answer(skb, &pkt)          ?: /* 20  perhaps a Service's answer?        */
		fragment(skb, &pkt)              ?: /* 25  its ports, if it has none itself   */
		conntrack(skb, &pkt, &known)     ?: /* 30  a Service's answer?                */
		locate_answer(skb, &pkt, &known) ?: /* 45  if not, it stays as it is          */
		commit(skb, &pkt, &known)        ?: /* 60  remember the answer                */
		translate(skb, &pkt, &known);       /* 70  rewrite addresses and ports        */
	/* clang-format on */

	return let_pass(skb, &pkt, verdict, VERDICT_TO_POD); /* 90 */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
