/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Everything that can happen to a packet, by name. The kernel counts it, the
 * CLI prints its sentence, a test reaches each one.
 *
 *	FL_VERDICTS(X): X(NAME, "sentence")
 */
#ifndef FAIRLEAD_MAPS_ABI_VERDICT_ABI_H_
#define FAIRLEAD_MAPS_ABI_VERDICT_ABI_H_

#include "maps/abi/family.h"

#define FL_FORWARD_VERDICTS(X)                                                                     \
	X(TO_POD, "delivered to a pod of this node")                                               \
	X(TO_NODE, "sent to another node")                                                         \
	X(TO_WORLD, "sent to the world with the node's address")                                   \
	X(TO_STACK, "given to the host's own stack")                                               \
	X(PASSED, "not fairlead's business: left to the host")                                     \
	X(TO_TC, "left by XDP, as it came, to from_network")                                       \
	X(ANSWERED, "answered on the spot")                                                        \
	X(TO_ROOM, "fragment out of order: into the reassembly room")                              \
	X(IN_ORDER, "fragment out of the reassembly room, back to where it came from")             \
	X(COPY, "second copy of a fragment that the host has already")                             \
	X(TO_GROUP, "copied to the pods of this node that listen to its group")                    \
	X(GROUPS_NOTED, "told which multicast groups a pod listens to")                            \
	X(NOT_PROMOTED, "flow table full: the flow goes on, half-open")                            \
	X(UNANSWERED, "the ICMP error due for it was withheld: too many, or nobody to tell")

#define FL_DROP_VERDICTS(X)                                                                        \
	X(TOO_SHORT, "ends before its headers do")                                                 \
	X(NOT_IP, "neither IPv4, IPv6 nor ARP")                                                    \
	X(BAD_IP_HEADER, "IP header contradicts itself")                                           \
	X(BAD_L4_HEADER, "transport header contradicts itself")                                    \
	X(TOO_MANY_EXTENSIONS, "more IPv6 extension headers than anyone needs")                    \
	X(UNKNOWN_POD, "came from an interface that is no pod's")                                  \
	X(SPOOFED_MAC, "source MAC address is not the pod's")                                      \
	X(SPOOFED_SOURCE, "source address is not the sender's")                                    \
	X(UNKNOWN_TUNNEL_PEER, "tunnelled by an address that is no node's")                        \
	X(WRONG_VNI, "tunnelled with another network's identifier")                                \
	X(FORGED_TUNNEL, "a pod's packet to the tunnel port about to leave as the node's")         \
	X(LINK_SCOPE, "stays on the link by its address")                                          \
	X(NO_LISTENER, "multicast that no other pod of this node listens to")                      \
	X(TOO_MANY_GROUPS, "no room to note that a pod listens to one more multicast group")       \
	X(BAD_NEIGHBOUR_REQUEST, "ARP or neighbour request for something else than the gateway")   \
	X(NO_HANDSHAKE, "TCP SYN-ACK that answers no SYN")                                         \
	X(TINY_FRAGMENT, "first fragment that ends inside its transport header")                   \
	X(OVERLAPPING_FRAGMENT, "later fragment that begins inside the transport header")          \
	X(ORPHAN_FRAGMENT, "later fragment whose first one is not known")                          \
	X(NO_FRAGMENT, "left the reassembly room and is no fragment")                              \
	X(SCTP_FRAGMENT, "fragment of an SCTP message whose ports would change under its CRC")     \
	X(NO_BACKEND, "service has no endpoints")                                                  \
	X(NO_LOCAL_BACKEND, "service has no endpoint on this node, as its policy demands")         \
	X(SOURCE_NOT_ALLOWED, "load balancer address that is not for clients from there")          \
	X(POLICY_DENIED, "denied by policy")                                                       \
	X(BACKEND_GONE, "the flow's backend is gone")                                              \
	X(NO_SUCH_POD, "address of this node's podCIDR without a pod")                             \
	X(NO_SUCH_SERVICE_PORT, "service address without a service at that port")                  \
	X(NO_SUCH_SERVICE, "address of a ServiceCIDR that no service has")                         \
	X(WRONG_NODE, "tunnelled to this node, but the address is elsewhere")                      \
	X(NO_ROUTE, "no route to its destination")                                                 \
	X(NO_NODE_ADDRESS, "node has no address of this family to masquerade with")                \
	X(NO_SNAT_PORT, "no free source port for masquerading")                                    \
	X(NO_PORTS, "its protocol has no ports to masquerade by")                                  \
	X(ADDRESS_GONE, "the flow's masquerade address has left its way out")                      \
	X(UNTRANSLATED_SOURCE, "a pod's address about to leave untranslated by the host's stack")  \
	X(TTL_EXCEEDED, "hop limit used up: its sender is told")                                   \
	X(TOO_BIG, "bigger than its way on allows: its sender is told the MTU")                    \
	X(UNKNOWN_ICMP_ERROR, "ICMP error about a flow nobody knows")                              \
	X(BAD_ICMP_QUOTE, "ICMP error whose quoted packet cannot be read")                         \
	X(TAIL_CALL_MISSING, "the program for this rare case is not loaded")

#define FL_VERDICT_NAME(name, text) VERDICT_##name,
#define FL_DROP_NAME(name, text)    DROP_##name,

enum verdict_reason {
	FL_FORWARD_VERDICTS(FL_VERDICT_NAME) FL_FIRST_DROP,
	FL_BEFORE_FIRST_DROP = FL_FIRST_DROP - 1,
	FL_DROP_VERDICTS(FL_DROP_NAME) FL_VERDICT_COUNT
};

/* Hooks, in the order in which packets of a pod meet them; from_wire comes before
 * from_network, where it is attached.
 */
enum hook {
	HOOK_FROM_POD,
	HOOK_TO_POD,
	HOOK_FROM_NETWORK,
	HOOK_TO_NETWORK,
	HOOK_FROM_ROOM,
	HOOK_FROM_OVERLAY,
	HOOK_TO_OVERLAY,
	HOOK_FROM_GUEST,
	HOOK_TO_GUEST,
	HOOK_FROM_WIRE,
	HOOK_COUNT
};

/* Counts system calls, and no packet passes it. */
#define HOOK_ON_CONNECT	  HOOK_COUNT
#define FL_COUNTING_HOOKS (HOOK_ON_CONNECT + 1)

/* Covers every hook: for numbers that the verifier does not know. */
#define FL_HOOK_MASK 15
FL_ASSERT(FL_COUNTING_HOOKS <= FL_HOOK_MASK + 1, "hooks outgrow their mask");

/* Index into `counters`: hook, family, reason. */
#define FL_COUNTER_REASONS 64
#define FL_COUNTER_INDEX(hook, family, reason)                                                     \
	((((hook) * 2 + ((family) == 6)) * FL_COUNTER_REASONS) + (reason))
#define FL_COUNTERS ((FL_HOOK_MASK + 1) * 2 * FL_COUNTER_REASONS) /* room for more hooks */

#endif /* FAIRLEAD_MAPS_ABI_VERDICT_ABI_H_ */
