/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* services4/6: a frontend -> its service port and the runs of its backends. No include guard: see both_families.h. */
struct FAMILY(service_key) {
	struct FAMILY(ip) vip; /* as on the wire; zero: every address of this node */
	__be16 port;
	__u8 protocol;
	__u8 relayed; /* 1: for what another node has relayed; its vip is zero for that node's ports */
};
FL_ASSERT(sizeof(struct FAMILY(service_key)) == sizeof(struct FAMILY(ip)) + 4,
	  "service_key has hidden padding");

#ifndef FAIRLEAD_SERVICE_ABI_ONCE
#define FAIRLEAD_SERVICE_ABI_ONCE
/*
 * A run may be empty. Endpoints exist then, but the traffic policy leaves none
 * here: drop, don't refuse.
 */
#define SERVICE_NO_LOCAL_BACKEND 0x1 /* for clients inside  */
#define SERVICE_OUTSIDE_NO_LOCAL 0x2 /* for clients outside */

/* A port of this node: also reached from outside and by the node's own processes. */
#define SERVICE_ON_HOST 0x4

/* That side gets the endpoints of this node, by traffic policy. */
#define SERVICE_INSIDE_LOCAL  0x8
#define SERVICE_OUTSIDE_LOCAL 0x10

#define SERVICE_SOURCE_RANGES 0x20 /* only these may come */

/* How a backend is chosen; neither: at random. */
#define SERVICE_BY_HASH		  0x40 /* the run is a table: hash of the tuple scaled to count */
#define SERVICE_LEAST_CONNECTIONS 0x80 /* two at random, then the one with fewer flows */

/* A client outside whose backend is elsewhere is relayed to that node, which answers it. */
#define SERVICE_RELAYED 0x100

enum service_kind {
	SERVICE_CLUSTER_IP,
	SERVICE_NODE_PORT,
	SERVICE_EXTERNAL_IP,
	SERVICE_LOAD_BALANCER,
	SERVICE_HOST_PORT,
};

/*
 * A frontend of a service port. Inside are this node's pods and processes,
 * outside is all else. Replaced as a whole, so a packet sees the old runs or the
 * new ones, never half.
 */
struct service {
	__u32 id;    /* of the service port: its frontends and backends share it */
	__u32 flags; /* SERVICE_* */
	__u32 first; /* index of the run for inside in runs4/6 */
	__u32 count; /* its length; zero: nobody may be chosen */
	__u32 outside_first;
	__u32 outside_count;
	__u32 affinity; /* seconds a client keeps its backend; 0: none */
	__u32 kind;	/* enum service_kind: for people */
};
FL_ASSERT(sizeof(struct service) == 32, "service has hidden padding");
#endif
