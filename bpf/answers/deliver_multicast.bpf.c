// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * deliver_multicast — one packet, a copy for each pod of the node that listens.
 *
 *	pod ─▶ report: I listen to G ──▶ groups[G] |= pod          (IGMP, MLD)
 *	pod ─▶ to G ──▶ groups[G] ──▶ a copy to each other pod's veth ─▶ [to_pod]
 *
 * For multicast the pods of a node are one link, and this is its switch: frames
 * and hop limits stay as they are, so that protocols that demand a hop limit of
 * 255 (mDNS, VRRP) work, and those that send 1. Nothing goes to other nodes, to
 * the world or to the host (docs/decisions/0019). The receiver's policy has its
 * place in to_pod, which every copy meets.
 *
 * What pods may fill is bounded: FL_MAX_GROUPS groups, FL_GROUPS_PER_POD of them
 * by one pod. Nobody asks again who listens: a pod leaves by its report, or with
 * its life.
 */
#include "bpf/answers/reply.h"
#include "bpf/family/group_report.h"

#define MAX_RECORDS 64 /* in one report; who listens to more says it in several */

static const struct group_listeners nobody;

/* Two CPUs may add at once, and one may take the last listener's entry away while
 * another adds: then that report is lost. Hosts send each twice (RFC 3376, 3810:
 * the robustness variable), so the second makes it good.
 */
__first_packet int join_group(struct FAMILY(group) * group, __u32 slot)
{
	__u32 *count = bpf_map_lookup_elem(&FAMILY(group_counts), &slot);
	struct group_listeners *listeners;
	__u64 bit = 1ULL << (slot % 64);
	__u64 *word;

	if (!group || !count || is_unlearnt_group(&group->address))
		return 0;
	listeners = bpf_map_lookup_elem(&FAMILY(groups), group);
	if (!listeners && *count < FL_GROUPS_PER_POD) {
		bpf_map_update_elem(&FAMILY(groups), group, &nobody, BPF_NOEXIST);
		listeners = bpf_map_lookup_elem(&FAMILY(groups), group);
	}
	if (!listeners)
		return DROP_TOO_MANY_GROUPS;
	word = &listeners->slots[(slot / 64) % (FL_MAX_PODS / 64)];
	if (*word & bit)
		return 0;
	if (*count >= FL_GROUPS_PER_POD)
		return DROP_TOO_MANY_GROUPS;
	if (!(__sync_fetch_and_or(word, bit) & bit))
		__sync_fetch_and_add(count, 1);
	return 0;
}

__first_packet int leave_group(struct FAMILY(group) * group, __u32 slot)
{
	__u32 *count = bpf_map_lookup_elem(&FAMILY(group_counts), &slot);
	struct group_listeners *listeners;
	__u64 bit = 1ULL << (slot % 64);
	__u64 *word, any = 0;

	if (!group || !count)
		return 0;
	listeners = bpf_map_lookup_elem(&FAMILY(groups), group);
	if (!listeners)
		return 0;
	word = &listeners->slots[(slot / 64) % (FL_MAX_PODS / 64)];
	if (!(__sync_fetch_and_and(word, ~bit) & bit))
		return 0;
	__sync_fetch_and_add(count, -1);
	for (int i = 0; i < FL_MAX_PODS / 64; i++)
		any |= listeners->slots[i];
	if (!any)
		bpf_map_delete_elem(&FAMILY(groups), group);
	return 0;
}

/* Whose packets the listener wants to hear is its own stack's business: any source
 * is a reason to listen. Sources that go are none to leave.
 */
__first_packet int note_record(struct group_record *record, __u32 slot)
{
	struct FAMILY(group) group;

	if (!record || record->type == RECORD_BLOCK)
		return 0;
	group = record->group;
	if ((record->type == RECORD_IS_INCLUDE || record->type == RECORD_TO_INCLUDE) &&
	    !record->sources)
		return leave_group(&group, slot);
	return join_group(&group, slot);
}

/* 0 or a drop reason. */
static __always_inline __u32 note_records(struct __sk_buff *skb, __u32 offset, __u32 slot)
{
	struct group_record record;
	__be16 records;
	__u32 reason = 0;

	if (bpf_skb_load_bytes(skb, offset + 6, &records, sizeof(records)))
		return DROP_TOO_SHORT;
	offset += 8;
	for (__u32 i = 0; i < MAX_RECORDS; i++) {
		if (i >= bpf_ntohs(records))
			break;
		if (bpf_skb_load_bytes(skb, offset, &record, sizeof(record)))
			return DROP_TOO_SHORT;
		offset += sizeof(record) + bpf_ntohs(record.sources) * sizeof(record.group) +
			  record.aux_words * 4;
		reason = note_record(&record, slot) ?: reason;
	}
	return reason;
}

static __always_inline __u32 note_report(struct __sk_buff *skb, __u32 offset, __u8 type, __u32 slot)
{
	struct FAMILY(group) group;

	if (type == REPORT_RECORDS)
		return note_records(skb, offset, slot);
	if (type != REPORT_LEAVE && !is_group_join(type))
		return DROP_LINK_SCOPE; /* who asks is a router, and there is none */
	if (bpf_skb_load_bytes(skb, offset + REPORT_GROUP_OFFSET, &group, sizeof(group)))
		return DROP_TOO_SHORT;
	return type == REPORT_LEAVE ? leave_group(&group, slot) : join_group(&group, slot);
}

/* 1 if a copy went to the pod in `slot`. */
__first_packet int copy_to_pod(struct __sk_buff *skb, __u32 slot)
{
	struct pod *pod = pod_in_slot(slot);
	__u32 ifindex = pod ? pod->ifindex : 0;

	if (!ifindex || ifindex == skb->ifindex)
		return 0; /* its own stack has given the sender its copy */
	return !bpf_clone_redirect(skb, ifindex, 0);
}

__first_packet int copy_to_pods(struct __sk_buff *skb, __u64 listeners, __u32 first_slot)
{
	int copies = 0;

	for (__u32 i = 0; i < 64; i++) {
		if (listeners & 1)
			copies += copy_to_pod(skb, first_slot + i);
		listeners >>= 1;
	}
	return copies;
}

/* 0 or a drop reason. */
static __always_inline __u32 copy_to_listeners(struct __sk_buff *skb, struct FAMILY(group) * group)
{
	struct group_listeners *listeners = bpf_map_lookup_elem(&FAMILY(groups), group);
	int copies = 0;

	if (!listeners)
		return DROP_NO_LISTENER;
	for (__u32 i = 0; i < FL_MAX_PODS / 64; i++) {
		if (listeners->slots[i])
			copies += copy_to_pods(skb, listeners->slots[i], i * 64);
	}
	return copies ? 0 : DROP_NO_LISTENER;
}

SEC("tc")
int deliver_multicast(struct __sk_buff *skb)
{
	struct packet pkt = {.hook = HOOK_FROM_POD};
	__u32 slot = skb->ifindex - FL_POD_IFINDEX_BASE;
	struct FAMILY(group) group;
	struct pod *pod = pod_in_slot(slot);
	__u32 reason;
	__u8 type = 0;
	bool report;

	if (!pod || parse(skb, &pkt))
		return give_up(skb, DROP_TOO_SHORT);
	bpf_skb_load_bytes(skb, pkt.l4_offset, &type, sizeof(type));
	/* What a fragment begins with may be anything, and no report is that long. */
	report = !(pkt.shape & PACKET_FRAGMENT) && is_group_message(&pkt, type);
	/* An address that is still being checked for duplicates reports from none. */
	if (!is_same_ip(&pkt.tuple.source, &pod->FAMILY(address)) &&
	    !is_link_address_of(&pkt.tuple.source, pod) &&
	    !(report && is_zero_ip(&pkt.tuple.source)))
		return give_up(skb, DROP_SPOOFED_SOURCE);
	if (report) {
		reason = note_report(skb, pkt.l4_offset, type, slot);
		return give_up(skb, reason ?: VERDICT_GROUPS_NOTED);
	}
	group.address = pkt.tuple.destination;
	if (stays_inside(&group.address))
		return give_up(skb, DROP_LINK_SCOPE);
	if (!pkt.hop_limit)
		return give_up(skb, DROP_TTL_EXCEEDED);
	reason = copy_to_listeners(skb, &group);
	return give_up(skb, reason ?: VERDICT_TO_GROUP);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
