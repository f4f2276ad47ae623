/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * node_state4/6: the few facts of this node that change under traffic. One
 * entry. No include guard: see both_families.h.
 */
struct FAMILY(node_state) {
	__u64 hash_seed;    /* of half_open; drawn once, kept across restarts */
	__u32 policy_epoch; /* bumped by every change of a policy */
	__u32 uplink_epoch; /* bumped when uplinks, their addresses or the host's routes change */
	struct FAMILY(ip) pod_network; /* our podCIDR, to know a forged source from outside */
	struct FAMILY(ip) pod_mask;    /* all zero: no podCIDR of this family */
	struct FAMILY(ip) address;     /* the node's own; zero: none of this family */
	__u32 smallest_mtu;   /* of all ways out: only what is bigger asks for that of its own */
	__u32 tunnel_ifindex; /* by which clients are relayed to other nodes; 0: they are not */
#if FAIRLEAD_FAMILY == 4
	__u32 pad;
#endif
};
FL_ASSERT(sizeof(struct FAMILY(node_state)) == (FL_IP_WORDS == 1 ? 40 : 72),
	  "node_state has hidden padding");
