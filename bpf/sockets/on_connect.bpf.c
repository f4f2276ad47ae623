// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * on_connect — services for the node's own processes, at their sockets.
 *
 *     process ── connect(127.0.0.1:8080) ──▶ [on_connect] ──▶ pod:80
 *     process ◀─ "from 127.0.0.1:8080" ───── [on_connect] ◀── pod:80
 *
 * Packets to 127.0.0.1, or to the node from itself, never meet a device with a
 * program; and what is decided once per connection need not be done per packet.
 * From then on the socket talks to the pod, with the node's address; who asks is
 * told the address it has named.
 *
 * Sockets of the node's own network namespace only: pods keep the translation of
 * their packets. Serves ports of this node (service_ports). A socket that is bound to
 * 127.0.0.1 itself stays there.
 * Price: a comparison for sockets of others; one array read for a connect to
 * anything else; for each datagram received one lookup that misses.
 */
#include "bpf/path/40_service.h"
#include "bpf/family/socket_address.h"
#include "maps/service/socket_maps.bpf.h"

#define ALLOW 1

static __always_inline bool is_of_this_node(struct bpf_sock_addr *ctx)
{
	return bpf_get_netns_cookie(ctx) == config.netns_cookie;
}

/* Whether the address is one that ports of this node are found under; bound to
 * loopback, a socket could not reach a pod.
 */
static __always_inline bool leads_to_host(struct bpf_sock_addr *ctx, const struct packet *pkt)
{
	struct FAMILY(ip) own;

	if (!is_loopback(&pkt->tuple.destination))
		return is_own_address(&pkt->tuple.destination);
	if (!ctx->sk)
		return false;
	read_own(ctx->sk, &own);
	return !is_loopback(&own);
}

/* Sets pkt->out's destination; false: not ours. */
static __always_inline bool find_pod(struct bpf_sock_addr *ctx, struct packet *pkt)
{
	struct service *service;

	if (!is_service_port(pkt) || !leads_to_host(ctx, pkt))
		return false;
	service = find_frontend(pkt, &pkt->tuple.destination);
	if (!service)
		service = find_on_every_address(pkt);
	return service && (service->flags & SERVICE_ON_HOST) && !take_inside(pkt, service);
}

static __always_inline void fill_key(struct bpf_sock_addr *ctx,
				     struct FAMILY(socket_peer_key) * key)
{
	key->cookie = bpf_get_socket_cookie(ctx);
	key->port = ctx->user_port;
}

/* connect, and sendmsg without connect */
static __always_inline int speak(struct bpf_sock_addr *ctx, bool mapped)
{
	struct packet pkt = {.backend = BACKEND_NONE};
	struct FAMILY(socket_peer_key) key = {};
	struct FAMILY(socket_peer) said = {};

	if (!is_of_this_node(ctx) || !read_peer(ctx, mapped, &pkt.tuple.destination))
		return ALLOW;
	pkt.tuple.destination_port = ctx->user_port;
	pkt.tuple.protocol = ctx->protocol;
	if (!find_pod(ctx, &pkt))
		return ALLOW;
	said.address = pkt.tuple.destination;
	said.port = pkt.tuple.destination_port;
	write_peer(ctx, mapped, &pkt.out.destination);
	ctx->user_port = pkt.out.destination_port;
	fill_key(ctx, &key);
	key.address = pkt.out.destination;
	bpf_map_update_elem(&FAMILY(socket_peers), &key, &said, BPF_ANY);
	return ALLOW;
}

/* recvmsg, getpeername: the address that the process knows. */
static __always_inline int listen_to(struct bpf_sock_addr *ctx, bool mapped)
{
	struct FAMILY(socket_peer_key) key = {};
	struct FAMILY(socket_peer) * said;

	if (!is_of_this_node(ctx) || !read_peer(ctx, mapped, &key.address))
		return ALLOW;
	fill_key(ctx, &key);
	said = bpf_map_lookup_elem(&FAMILY(socket_peers), &key);
	if (said) {
		write_peer(ctx, mapped, &said->address);
		ctx->user_port = said->port;
	}
	return ALLOW;
}

SOCKET_HOOKS(speak, listen_to)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
