/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* services4/6: a frontend -> the run of its backends. No include guard: see both_families.h. */
struct FAMILY(service_key) {
	struct FAMILY(ip) vip; /* as on the wire; zero: every address of this node */
	__be16 port;
	__u8 protocol;
	__u8 pad; /* explicit: keys are hashed bytewise */
};
FL_ASSERT(sizeof(struct FAMILY(service_key)) == sizeof(struct FAMILY(ip)) + 4,
	  "service_key has hidden padding");

#ifndef FAIRLEAD_SERVICE_ABI_ONCE
#define FAIRLEAD_SERVICE_ABI_ONCE
/* Endpoints exist, but the traffic policy leaves none here: drop, don't refuse. */
#define SERVICE_NO_LOCAL_BACKEND 0x1

/* A port of this node: also reached from outside and by the node's own processes. */
#define SERVICE_ON_HOST 0x2

/* Replaced as a whole, so a packet sees the old run or the new one, never half. */
struct service {
	__u32 first; /* index of its run in runs4/6 */
	__u32 count; /* backends that may be chosen */
	__u32 id;    /* the daemon's number of this service port */
	__u32 flags; /* SERVICE_* */
};
FL_ASSERT(sizeof(struct service) == 16, "service has hidden padding");
#endif
