/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * answer_budgets: how soon the next ICMP error may be sent. One entry for each
 * pod by its slot, and one for the wire: the flood of one pod leaves the others
 * their answers.
 */
#ifndef FAIRLEAD_MAPS_ANSWER_ANSWER_MAPS_BPF_H_
#define FAIRLEAD_MAPS_ANSWER_ANSWER_MAPS_BPF_H_

/*
 * Written by: answer_too_big, answer_time_exceeded
 * Read by:    answer_too_big, answer_time_exceeded
 * Lives:      as long as the maps
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FL_ANSWER_BUDGETS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64); /* when all answers given so far are paid for; ns of uptime */
} answer_budgets SEC(".maps");

#endif /* FAIRLEAD_MAPS_ANSWER_ANSWER_MAPS_BPF_H_ */
