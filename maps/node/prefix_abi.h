/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * prefixes4/6: whose address is that? Longest match; what no prefix contains is
 * the world. Local pods are not in here but in pod_address4/6. No include
 * guard: see both_families.h.
 */
struct FAMILY(prefix_key) {
	__u32 length; /* bits, as the kernel's LPM trie wants it */
	struct FAMILY(ip) address;
};
FL_ASSERT(sizeof(struct FAMILY(prefix_key)) == sizeof(struct FAMILY(ip)) + 4,
	  "prefix_key has hidden padding");

#ifndef FAIRLEAD_PREFIX_ABI_ONCE
#define FAIRLEAD_PREFIX_ABI_ONCE
#define PREFIX_HOST	    1 /* this node itself: the host stack */
#define PREFIX_OWN_PODS	    2 /* our podCIDR: no such pod, or pod_address had it */
#define PREFIX_PEER_PODS    3 /* pods of another node */
#define PREFIX_PEER	    4 /* another node itself */
#define PREFIX_DIRECT	    5 /* the world, where pods keep their address */
#define PREFIX_PEER_HIDE    6 /* another node, that sees our address instead of the pod's */
#define PREFIX_SERVICE	    7 /* a ClusterIP: with that port 40 would have known it */
#define PREFIX_SERVICE_CIDR 8 /* where ClusterIPs are from: this one is no Service's */
#define PREFIX_VIRTUAL_IP   9 /* external or of a load balancer: its other ports are the world's */
struct prefix {
	__u32 kind; /* PREFIX_* */
	__u32 node; /* slot in nodes, for the PEER kinds */
};
#endif
