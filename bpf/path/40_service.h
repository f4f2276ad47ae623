/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 40 service — turn a service address into one of its backends.
 *
 *	10.96.0.10:80 ──services──▶ runs[first … first+count)
 *	                                 │ choose_affine, choose_…
 *	                                 ▼
 *	                            backends[number] ──▶ pkt->out
 *
 * A service is found by its address, or, on a port that service_ports knows, by
 * every address that the node has. Who asks from inside the node and who from
 * outside may get different backends: externalTrafficPolicy.
 *
 * First packets only: 30_conntrack has answered for the others. It must not be
 * asked twice for one flow — a second choice could move a live connection to a
 * backend that has never heard of it.
 * Price: one array lookup as long as no service has the port. Else a hash lookup,
 * and two array lookups for the backend; what an algorithm adds says bpf/choose/.
 */
#ifndef FAIRLEAD_BPF_PATH_40_SERVICE_H_
#define FAIRLEAD_BPF_PATH_40_SERVICE_H_

#include "bpf/path/30_conntrack.h"
#include "bpf/choose/choose_affine.h"
#include "bpf/choose/choose_by_hash.h"
#include "bpf/choose/choose_least.h"

static __always_inline struct service *find_frontend(const struct packet *pkt,
						     const struct FAMILY(ip) * vip)
{
	struct FAMILY(service_key) key = {.vip = *vip};
	/* In a register: see conntrack/tuples.h about small stores. */
	const union {
		struct {
			__be16 port;
			__u8 protocol;
			__u8 relayed;
		};
		__u32 word;
	} tail = {
		.port = pkt->tuple.destination_port,
		.protocol = pkt->tuple.protocol,
		.relayed = is_relayed(pkt),
	};

	*(__u32 *)&key.port = tail.word;
	return bpf_map_lookup_elem(&FAMILY(services), &key);
}

/* Does this port lead to a service on some address? Price: one array read. */
static __always_inline bool is_service_port(const struct packet *pkt)
{
	switch (pkt->tuple.protocol) {
	case IPPROTO_TCP:
		return has_port_bit(SERVICE_PORT_TCP, pkt->tuple.destination_port);
	case IPPROTO_UDP:
		return has_port_bit(SERVICE_PORT_UDP, pkt->tuple.destination_port);
	case IPPROTO_SCTP:
		return has_port_bit(SERVICE_PORT_SCTP, pkt->tuple.destination_port);
	}
	return false;
}

/* The service of a port that every address of the node has. */
static __always_inline struct service *find_on_every_address(const struct packet *pkt)
{
	const struct FAMILY(ip) every = {};

	return find_frontend(pkt, &every);
}

/* The service of a port that has a bit. One of this very address comes before one of
 * every address.
 */
static __always_inline struct service *find_at_port(const struct packet *pkt)
{
	struct service *service = find_frontend(pkt, &pkt->tuple.destination);
	bool is_of_node;

	if (service)
		return service;
	is_of_node =
		is_relayed(pkt) ? is_port_of_relay(pkt) : is_own_address(&pkt->tuple.destination);
	return is_of_node ? find_on_every_address(pkt) : NULL;
}

/* The service behind the packet's destination, if any. */
static __always_inline struct service *find_service(const struct packet *pkt)
{
	return is_service_port(pkt) ? find_at_port(pkt) : NULL;
}

/* Backends of a service for clients of one side. */
struct choice {
	__u32 first;
	__u32 count;
	__u32 no_local; /* flag that says why there are none */
	__u32 set;	/* BACKEND_IN_* */
};

/* By loadBalancerSourceRanges; the client's address is its own still. */
static __always_inline bool may_come(const struct packet *pkt, const struct service *service)
{
	struct FAMILY(source_range_key) key = {
		.length = SOURCE_RANGE_SERVICE_BITS + 8 * sizeof(struct FAMILY(ip)),
		.service = service->id,
		.address = pkt->tuple.source,
	};

	return !(service->flags & SERVICE_SOURCE_RANGES) ||
	       bpf_map_lookup_elem(&FAMILY(source_ranges), &key);
}

/* By the service's algorithm. */
static __always_inline __u32 choose_number(const struct packet *pkt, __u32 flags,
					   const struct choice *among)
{
	if (flags & SERVICE_LEAST_CONNECTIONS)
		return choose_least(pkt, among->first, among->count);
	return number_at(among->first + (flags & SERVICE_BY_HASH
						 ? choose_by_hash(pkt, among->count)
						 : choose_random(pkt, among->count)));
}

/* Instead of a reason: the run was read just before it was replaced, and its backends
 * were freed. Rare, and the service as it is now has others.
 */
#define RUN_REPLACED -1
#define MOST_LOOKS   2

/* Fills pkt->out's destination with one of the backends; 0 or a reason. */
static __always_inline int take_backend(struct packet *pkt, const struct service *service,
					const struct choice *among)
{
	struct FAMILY(backend) * backend;
	bool is_new = true;

	if (!may_come(pkt, service))
		return DROP_SOURCE_NOT_ALLOWED;
	if (!among->count)
		return service->flags & among->no_local ? DROP_NO_LOCAL_BACKEND : DROP_NO_BACKEND;
	pkt->backend = BACKEND_NONE;
	if (service->affinity) {
		pkt->backend = choose_affine(pkt, service, among->set);
		is_new = pkt->backend == BACKEND_NONE;
	}
	if (is_new)
		pkt->backend = choose_number(pkt, service->flags, among);
	backend = bpf_map_lookup_elem(&FAMILY(backends), &pkt->backend);
	if (!backend || backend->state == BACKEND_FREE || backend->service != service->id)
		return RUN_REPLACED;

	pkt->backend_generation = backend->generation;
	if (service->affinity && is_new)
		keep_backend(pkt, service);
	pkt->out.destination = backend->address;
	pkt->out.destination_port = backend->port;
	return 0;
}

/* For pods and processes of this node. */
static __always_inline int take_inside(struct packet *pkt, const struct service *service)
{
	const struct choice among = {
		.first = service->first,
		.count = service->count,
		.no_local = SERVICE_NO_LOCAL_BACKEND,
		.set = service->flags & SERVICE_INSIDE_LOCAL ? BACKEND_IN_LOCAL
							     : BACKEND_IN_CLUSTER,
	};

	return take_backend(pkt, service, &among);
}

/* For everybody else. */
static __always_inline int take_outside(struct packet *pkt, const struct service *service)
{
	const struct choice among = {
		.first = service->outside_first,
		.count = service->outside_count,
		.no_local = SERVICE_OUTSIDE_NO_LOCAL,
		.set = service->flags & SERVICE_OUTSIDE_LOCAL ? BACKEND_IN_LOCAL
							      : BACKEND_IN_CLUSTER,
	};

	return take_backend(pkt, service, &among);
}

/* Fills pkt->out's destination if there is a service; 0 or a drop reason. */
__first_packet int choose_backend(struct packet *pkt)
{
	struct service *service;
	int reason;

	if (!pkt)
		return 0;
	for (int look = 0; look < MOST_LOOKS; look++) {
		service = find_service(pkt);
		reason = service ? take_inside(pkt, service) : 0; /* 0: an ordinary destination */
		if (reason != RUN_REPLACED)
			return reason;
	}
	return DROP_NO_BACKEND;
}

/* A connection that a process of the host has is not taken from it by a service at
 * an address of the node, on the same port: the answers to what it has sent, and what
 * it has accepted before. One that only listens gives way, as to kube-proxy and portmap.
 */
static __always_inline bool is_of_host_socket(context *skb, struct packet *pkt,
					      const struct service *service)
{
	struct bpf_sock_tuple *tuple = (void *)&pkt->tuple;
	struct bpf_sock *sk = NULL;
	bool connected;

	if (is_syn(pkt) ||
	    (!(service->flags & SERVICE_ON_HOST) && !is_own_address(&pkt->tuple.destination)))
		return false;
	if (pkt->tuple.protocol == IPPROTO_TCP)
		sk = bpf_sk_lookup_tcp(skb, tuple, SOCKET_TUPLE_BYTES, BPF_F_CURRENT_NETNS, 0);
	else if (pkt->tuple.protocol == IPPROTO_UDP)
		sk = bpf_sk_lookup_udp(skb, tuple, SOCKET_TUPLE_BYTES, BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return false;
	connected = sk->state != BPF_TCP_LISTEN && sk->dst_port;
	bpf_sk_release(sk);
	return connected;
}

/* The same for what comes from outside. */
__first_packet int choose_outside_backend(context *skb, struct packet *pkt)
{
	struct service *service;
	int reason;

	if (!pkt)
		return 0;
	if (is_relayed_here(pkt))
		pkt->shape |= PACKET_RELAYED;
	for (int look = 0; look < MOST_LOOKS; look++) {
		service = find_at_port(pkt);
		if (!service || is_of_host_socket(skb, pkt, service))
			return 0;
		if (config.direct_return && may_be_relayed(pkt, service))
			pkt->shape |= PACKET_RELAYED;
		reason = take_outside(pkt, service);
		if (reason != RUN_REPLACED)
			return reason;
	}
	return DROP_NO_BACKEND;
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

/* What a client is told. Without a backend, or at a port that its Service does not have,
 * it is refused instead of falling through: nobody has a route to a ClusterIP, it would
 * end at the default gateway. A TCP client gets a reset: it is still inside connect(),
 * where Linux ignores an ICMP error and tries again after a second
 * (docs/decisions/0009).
 */
static __always_inline enum verdict turn_away(struct packet *pkt, __u32 reason)
{
	if (reason != DROP_NO_BACKEND && reason != DROP_NO_SUCH_SERVICE_PORT)
		return drop(pkt, reason);
	return answer(pkt,
		      pkt->tuple.protocol == IPPROTO_TCP ? TAIL_ANSWER_TCP_RESET
							 : TAIL_ANSWER_UNREACHABLE,
		      reason);
}

/* Another proxy's connection goes on as the host's conntrack knows it. */
static __always_inline bool is_of_stranger(const struct packet *pkt)
{
	return config.strangers && pkt->tuple.protocol == IPPROTO_TCP && !is_syn(pkt);
}

__stage service(context *skb, struct packet *pkt, const struct known *known)
{
	__u32 reason;

	if (known->side || (pkt->remembered && !predates_service(pkt)))
		return CONTINUE;
	if (is_of_stranger(pkt))
		return STOP_PASS;
	reason = choose_backend(pkt);
	return reason ? turn_away(pkt, reason) : CONTINUE;
}

/* Packets from outside the node: most are the host's, and learn that by one bit. */
__stage outside_service(context *skb, struct packet *pkt, const struct known *known)
{
	__u32 reason;

	if (known->side || pkt->remembered || !(pkt->shape & PACKET_HAS_PORTS) ||
	    !is_service_port(pkt))
		return CONTINUE;
	if (is_of_stranger(pkt))
		return STOP_PASS;
	reason = choose_outside_backend(skb, pkt);
	return reason ? turn_away(pkt, reason) : CONTINUE;
}

#endif /* FAIRLEAD_BPF_PATH_40_SERVICE_H_ */
