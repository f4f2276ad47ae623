/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Constants that the kernel side, the daemon, the CNI and the tests agree on.
 */
#ifndef FAIRLEAD_MAPS_ABI_LIMITS_ABI_H_
#define FAIRLEAD_MAPS_ABI_LIMITS_ABI_H_

/* Pods of this node. A pod's slot is its index in `pods`; the host end of its
 * veth pair gets the interface index FL_POD_IFINDEX_BASE + slot at creation,
 * so that from_pod finds the sender by subtraction instead of a lookup.
 */
#define FL_MAX_PODS	    4096
#define FL_POD_IFINDEX_BASE 0x100000

/* Those who are sent ICMP errors within a budget: each pod, and the wire. */
#define FL_BUDGET_OF_WIRE 4096
#define FL_ANSWER_BUDGETS 4097

/* Multicast groups that pods of this node listen to, per family, and those that
 * one pod may.
 */
#define FL_MAX_GROUPS	  2048
#define FL_GROUPS_PER_POD 32

/* Nodes of the cluster, this one included. */
#define FL_MAX_NODES 16384

/* What every pod takes for its gateway: the MAC of every host end. */
#define FL_GATEWAY_MAC {0x02, 0xfa, 0x17, 0x1e, 0xad, 0x01}
/* What inner frames of tunnels are from. They are to FL_GATEWAY_MAC, the tunnel
 * device's own; the kernel takes a frame from that for one that came back.
 */
#define FL_TUNNEL_MAC  {0x02, 0xfa, 0x17, 0x1e, 0xad, 0x03}
#define FL_GATEWAY_IP4 0xa9fe0101 /* 169.254.1.1, host order */
#define FL_GATEWAY_IP6 {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1} /* fe80::1 */

/* skb->mark of a packet that from_pod has finished and sent to an uplink.
 * Not kube-proxy's 0x4000/0x8000 and not portmap's 0x2000.
 */
#define FL_MARK_DONE 0x0fa10000

/* skb->mark of a fragment on its way back from the reassembly room. */
#define FL_MARK_IN_ORDER 0x0fa20000

/* The far end of the wire to that room. */
#define FL_ROOM_MAC {0x02, 0xfa, 0x17, 0x1e, 0xad, 0x02}

/* The directory below --bpffs that holds maps of this layout. */
#define FL_LAYOUT_VERSION "v4"

#endif /* FAIRLEAD_MAPS_ABI_LIMITS_ABI_H_ */
