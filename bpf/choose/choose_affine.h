/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Session affinity: a client comes back to the backend that it had, until it has
 * stayed away for service.affinity seconds. Only while that backend may still be
 * chosen by this side: the same generation, and in the set that is in use.
 *
 * Price: nothing without affinity, a hash lookup and an array lookup with it, an
 * insert for a client that is new.
 */
#ifndef FAIRLEAD_BPF_CHOOSE_CHOOSE_AFFINE_H_
#define FAIRLEAD_BPF_CHOOSE_CHOOSE_AFFINE_H_

#include "bpf/packet/packet.h"

#define NS_PER_MS  1000000
#define MS_PER_SEC 1000

static __always_inline __u32 affinity_clock(void)
{
	return bpf_ktime_get_coarse_ns() / NS_PER_MS;
}

/* The number of the client's backend, if it has one among those of `set`
 * (BACKEND_IN_*), or BACKEND_NONE.
 */
static __always_inline __u32 choose_affine(const struct packet *pkt, const struct service *service,
					   __u32 set)
{
	struct FAMILY(affinity_key) key = {.service = service->id, .client = pkt->tuple.source};
	struct FAMILY(backend) * backend;
	struct affinity *kept;
	__u32 number, now;

	kept = bpf_map_lookup_elem(&FAMILY(affinity), &key);
	if (!kept)
		return BACKEND_NONE;
	now = affinity_clock();
	/* Another CPU's stamp may be a tick ahead: no age at all. */
	if (now - kept->stamp >= service->affinity * MS_PER_SEC && kept->stamp - now > MS_PER_SEC)
		return BACKEND_NONE;
	number = kept->backend;
	backend = bpf_map_lookup_elem(&FAMILY(backends), &number);
	if (!backend || backend->service != service->id || !(backend->state & set) ||
	    backend->generation != kept->backend_generation)
		return BACKEND_NONE;
	kept->stamp = now;
	return number;
}

static __always_inline void keep_backend(const struct packet *pkt, const struct service *service)
{
	struct FAMILY(affinity_key) key = {.service = service->id, .client = pkt->tuple.source};
	struct affinity kept = {.backend = pkt->backend,
				.backend_generation = pkt->backend_generation,
				.stamp = affinity_clock()};

	bpf_map_update_elem(&FAMILY(affinity), &key, &kept, BPF_ANY);
}

#endif /* FAIRLEAD_BPF_CHOOSE_CHOOSE_AFFINE_H_ */
