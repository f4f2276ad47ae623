/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * socket_peers, socket_flows: one entry per socket and translated peer. LRU: a
 * socket that was closed leaves its entries behind, its cookie never comes back.
 */
#ifndef FAIRLEAD_MAPS_SERVICE_SOCKET_MAPS_BPF_H_
#define FAIRLEAD_MAPS_SERVICE_SOCKET_MAPS_BPF_H_

/*
 * Written by: on_connect, when it translates
 * Read by:    on_connect: sendmsg, recvmsg, getpeername
 * Lives:      until the space is needed
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct FAMILY(socket_peer_key));
	__type(value, struct FAMILY(socket_peer));
} FAMILY(socket_peers) SEC(".maps");

/*
 * Written by: on_connect, for datagrams of sockets that are not connected
 * Read by:    on_connect: sendmsg
 * Lives:      until the space is needed; in use as long as a flow of UDP
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct FAMILY(socket_peer_key));
	__type(value, struct socket_flow);
} FAMILY(socket_flows) SEC(".maps");

#endif /* FAIRLEAD_MAPS_SERVICE_SOCKET_MAPS_BPF_H_ */
