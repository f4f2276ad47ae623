/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 40 service — turn a service address into one of its backends.
 *
 *	10.96.0.10:80 ──services──▶ runs[first … first+count)
 *	                                 │ choose_random
 *	                                 ▼
 *	                            backends[number] ──▶ pkt->out
 *
 * First packets only: 30_conntrack has answered for the others. It must not be
 * asked twice for one flow — a second choice could move a live connection to a
 * backend that has never heard of it.
 * Price: one hash lookup, two array lookups.
 */
#ifndef FAIRLEAD_BPF_PATH_40_SERVICE_H_
#define FAIRLEAD_BPF_PATH_40_SERVICE_H_

#include "bpf/path/30_conntrack.h"
#include "bpf/choose/choose_random.h"

static __always_inline struct service *find_service(const struct packet *pkt)
{
	struct FAMILY(service_key) key = {.vip = pkt->tuple.destination};
	/* In a register: see conntrack/tuples.h about small stores. */
	const union {
		struct {
			__be16 port;
			__u8 protocol;
			__u8 pad;
		};
		__u32 word;
	} tail = {.port = pkt->tuple.destination_port, .protocol = pkt->tuple.protocol};

	*(__u32 *)&key.port = tail.word;
	return bpf_map_lookup_elem(&FAMILY(services), &key);
}

/* Fills pkt->out's destination if there is a service; 0 or a drop reason. */
__first_packet int choose_backend(struct packet *pkt)
{
	struct FAMILY(backend) * backend;
	struct service *service;
	__u32 index, *number;

	if (!pkt)
		return 0;
	service = find_service(pkt);
	if (!service)
		return 0; /* an ordinary destination */
	if (!service->count)
		return service->flags & SERVICE_NO_LOCAL_BACKEND ? DROP_NO_LOCAL_BACKEND
								 : DROP_NO_BACKEND;
	index = service->first + choose_random(pkt, service->count);
	number = bpf_map_lookup_elem(&FAMILY(runs), &index);
	if (!number)
		return DROP_NO_BACKEND;
	pkt->backend = *number;
	backend = bpf_map_lookup_elem(&FAMILY(backends), &pkt->backend);
	/* Free only if the run was read just before it was replaced: the client's
	 * next try sees the new one.
	 */
	if (!backend || backend->state == BACKEND_FREE || backend->service != service->id)
		return DROP_NO_BACKEND;

	pkt->backend_generation = backend->generation;
	pkt->out.destination = backend->address;
	pkt->out.destination_port = backend->port;
	return 0;
}

/* A half-open flow that began before its Service existed went wherever the host's
 * routes led. It begins anew, or a client's retries would go there for as long
 * as they last.
 */
static __always_inline bool predates_service(struct packet *pkt)
{
	if (pkt->side_number != SIDE_ORIGIN || pkt->backend != BACKEND_NONE || !find_service(pkt))
		return false;
	pkt->remembered = 0;
	pkt->promote = 0;
	pkt->out = pkt->tuple;
	return true;
}

__stage service(struct __sk_buff *skb, struct packet *pkt, const struct known *known)
{
	__u32 reason;

	if (known->side || (pkt->remembered && !predates_service(pkt)))
		return CONTINUE;
	reason = choose_backend(pkt);
	/* Refuse instead of falling through: nobody has a route to a ClusterIP, it
	 * would end at the default gateway. A TCP client gets a reset: it is still
	 * inside connect(), where Linux ignores an ICMP error and tries again after
	 * a second (docs/decisions/0009).
	 */
	if (reason == DROP_NO_BACKEND)
		return answer(pkt,
			      pkt->tuple.protocol == IPPROTO_TCP ? TAIL_ANSWER_TCP_RESET
								 : TAIL_ANSWER_UNREACHABLE,
			      reason);
	return reason ? drop(pkt, reason) : CONTINUE;
}

#endif /* FAIRLEAD_BPF_PATH_40_SERVICE_H_ */
