/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * next_family: a device has one XDP program, that of IPv4, which jumps to that of
 * IPv6 in here. TC has a chain of programs for that.
 */
#ifndef FAIRLEAD_BPF_VERDICT_NEXT_FAMILY_BPF_H_
#define FAIRLEAD_BPF_VERDICT_NEXT_FAMILY_BPF_H_

/*
 * Written by: the daemon, before from_wire is attached
 * Read by:    from_wire
 * Lives:      as long as the programs that jump through it
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next_family SEC(".maps");

#endif /* FAIRLEAD_BPF_VERDICT_NEXT_FAMILY_BPF_H_ */
