// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * on_connect — services for the node's own processes, at their sockets.
 *
 *     process ── connect(10.96.0.10:80) ────▶ [on_connect] ──▶ pod:8080
 *     process ◀─ "from 10.96.0.10:80" ─────── [on_connect] ◀── pod:8080
 *
 * Packets to 127.0.0.1, or to the node from itself, never meet a device with a
 * program, and nobody has a route to a ClusterIP; and what is decided once per
 * connection need not be done per packet. From then on the socket talks to the
 * backend, with the node's address; who asks is told the address it has named.
 *
 * A socket without connect() keeps its backend for as long as it goes on asking,
 * as conntrack would. A connected UDP socket is moved to another one by the daemon
 * when its own is gone (docs/decisions/0022); until then a datagram that names the
 * service goes there, too. A service without backends refuses in the system call
 * itself.
 *
 * Sockets of the node's own network namespace only: pods keep the translation of
 * their packets. A socket that is bound to loopback stays there.
 * Price: a comparison for sockets of others; one array read for a connect to a port
 * that no service has; for each datagram received one lookup that misses; one for
 * each that a connected socket sends to a service by name.
 */
#include <linux/errno.h>

#include "bpf/path/40_service.h"
#include "bpf/family/socket_address.h"
#include "maps/service/socket_maps.bpf.h"

#define REFUSE 0
#define ALLOW  1

static __always_inline bool is_of_this_node(struct bpf_sock_addr *ctx)
{
	return bpf_get_netns_cookie(ctx) == config.netns_cookie;
}

/* From there no packet could reach a pod. */
static __always_inline bool is_bound_to_loopback(const struct bpf_sock_addr *ctx)
{
	struct FAMILY(ip) own;

	if (!ctx->sk)
		return true;
	read_own(ctx->sk, &own);
	return is_loopback(&own);
}

/* The service that the process has named; NULL: none. Ports of every address of
 * the node are on its loopback, too.
 */
static __always_inline struct service *find_named(const struct bpf_sock_addr *ctx,
						  const struct packet *pkt)
{
	const struct FAMILY(ip) *named = &pkt->tuple.destination;
	struct service *service;

	if (!is_service_port(pkt) || is_bound_to_loopback(ctx))
		return NULL;
	service = find_frontend(pkt, named);
	if (service || !(is_loopback(named) || is_own_address(named)))
		return service;
	return find_on_every_address(pkt);
}

static __always_inline void fill_key(struct bpf_sock_addr *ctx,
				     struct FAMILY(socket_peer_key) * key,
				     const struct FAMILY(ip) * address)
{
	key->cookie = bpf_get_socket_cookie(ctx);
	key->address = *address;
	key->port = ctx->user_port;
}

/* Takes the backend that the socket is connected to, if it has named the same then. Answers
 * of any other the kernel would throw away; whether it still serves is the daemon's care.
 */
static __always_inline bool take_connected(struct bpf_sock_addr *ctx, struct packet *pkt)
{
	struct FAMILY(socket_peer_key) key = {};
	struct FAMILY(socket_peer) * named;

	if (!ctx->sk || !ctx->sk->dst_port)
		return false;
	key.cookie = bpf_get_socket_cookie(ctx);
	key.port = ctx->sk->dst_port;
	read_connected(ctx->sk, &key.address);
	named = bpf_map_lookup_elem(&FAMILY(socket_peers), &key);
	if (!named || named->port != pkt->tuple.destination_port ||
	    !is_same_ip(&named->address, &pkt->tuple.destination))
		return false;
	pkt->out.destination = key.address;
	pkt->out.destination_port = key.port;
	return true;
}

/* Takes the backend that the socket's last datagram to this service went to. */
static __always_inline bool take_last(struct packet *pkt, const struct service *service,
				      struct socket_flow *flow)
{
	struct FAMILY(backend) * backend;

	if (!flow || age_of(flow->used, pkt->now) > config.timeout[TIMEOUT_OTHER_CONVERSATION])
		return false;
	pkt->backend = flow->backend;
	backend = bpf_map_lookup_elem(&FAMILY(backends), &pkt->backend);
	if (!backend || backend->state == BACKEND_FREE || backend->generation != flow->generation ||
	    backend->service != service->id)
		return false;
	flow->used = pkt->now;
	pkt->out.destination = backend->address;
	pkt->out.destination_port = backend->port;
	return true;
}

/* Two threads that send their first datagrams at the same time may begin with two
 * backends; all later ones go to the one that was written last.
 */
static __always_inline int take_for_datagram(struct bpf_sock_addr *ctx, struct packet *pkt,
					     const struct service *service)
{
	struct FAMILY(socket_peer_key) key = {};
	struct socket_flow flow = {};
	int reason;

	if (take_connected(ctx, pkt))
		return 0;
	pkt->now = (__u32)bpf_jiffies64() | 1;
	fill_key(ctx, &key, &pkt->tuple.destination);
	if (take_last(pkt, service, bpf_map_lookup_elem(&FAMILY(socket_flows), &key)))
		return 0;
	reason = take_inside(pkt, service);
	if (reason)
		return reason;
	flow.backend = pkt->backend;
	flow.generation = pkt->backend_generation;
	flow.used = pkt->now;
	bpf_map_update_elem(&FAMILY(socket_flows), &key, &flow, BPF_ANY);
	return 0;
}

/* For recvmsg and getpeername. A look first: most datagrams find it there. */
static __always_inline void remember_named(struct bpf_sock_addr *ctx, const struct packet *pkt)
{
	struct FAMILY(socket_peer_key) key = {};
	struct FAMILY(socket_peer) said = {};
	struct FAMILY(socket_peer) * known;

	fill_key(ctx, &key, &pkt->out.destination);
	known = bpf_map_lookup_elem(&FAMILY(socket_peers), &key);
	if (known && known->port == pkt->tuple.destination_port &&
	    is_same_ip(&known->address, &pkt->tuple.destination))
		return;
	said.address = pkt->tuple.destination;
	said.port = pkt->tuple.destination_port;
	bpf_map_update_elem(&FAMILY(socket_peers), &key, &said, BPF_ANY);
}

/* The caller gets an errno. One that a traffic policy leaves without a backend here, or
 * that may not come, would wait in vain. A UDP socket that is connected already keeps
 * the name instead, until there is a backend again.
 */
static __always_inline int refuse(const struct bpf_sock_addr *ctx, struct packet *pkt, int reason,
				  bool datagram)
{
	if (!datagram && ctx->sk && ctx->sk->dst_port)
		return ALLOW;
	if (reason == RUN_REPLACED)
		reason = DROP_NO_BACKEND;
	pkt->hook = HOOK_ON_CONNECT;
	note(pkt, reason);
	bpf_set_retval(reason == DROP_NO_BACKEND ? -ECONNREFUSED : -EHOSTUNREACH);
	return REFUSE;
}

/* To affinity and source ranges, whatever address its packets will have. */
static __always_inline void be_the_node(struct packet *pkt)
{
	const struct FAMILY(node_state) *node = this_node();

	if (node)
		pkt->tuple.source = node->address;
}

static __always_inline int speak(struct bpf_sock_addr *ctx, bool mapped, bool datagram)
{
	struct packet pkt = {.backend = BACKEND_NONE};
	struct service *service;
	int reason = RUN_REPLACED;

	if (!is_of_this_node(ctx) || !read_peer(ctx, mapped, &pkt.tuple.destination))
		return ALLOW;
	pkt.tuple.destination_port = ctx->user_port;
	pkt.tuple.protocol = ctx->protocol;
	for (int look = 0; reason == RUN_REPLACED && look < MOST_LOOKS; look++) {
		service = find_named(ctx, &pkt);
		if (!service)
			return ALLOW;
		be_the_node(&pkt);
		reason = datagram ? take_for_datagram(ctx, &pkt, service)
				  : take_inside(&pkt, service);
	}
	if (reason)
		return refuse(ctx, &pkt, reason, datagram);
	write_peer(ctx, mapped, &pkt.out.destination);
	ctx->user_port = pkt.out.destination_port;
	remember_named(ctx, &pkt);
	return ALLOW;
}

static __always_inline int on_connect(struct bpf_sock_addr *ctx, bool mapped)
{
	return speak(ctx, mapped, false);
}

/* sendmsg with an address */
static __always_inline int on_send(struct bpf_sock_addr *ctx, bool mapped)
{
	return speak(ctx, mapped, true);
}

/* recvmsg, getpeername: the address that the process knows. */
static __always_inline int on_listen(struct bpf_sock_addr *ctx, bool mapped)
{
	struct FAMILY(socket_peer_key) key = {};
	struct FAMILY(socket_peer) * said;
	struct FAMILY(ip) peer;

	if (!is_of_this_node(ctx) || !read_peer(ctx, mapped, &peer))
		return ALLOW;
	fill_key(ctx, &key, &peer);
	said = bpf_map_lookup_elem(&FAMILY(socket_peers), &key);
	if (said) {
		write_peer(ctx, mapped, &said->address);
		ctx->user_port = said->port;
	}
	return ALLOW;
}

SOCKET_HOOKS(on_connect, on_send, on_listen)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
