// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * read_clock — the time in the unit of the flow tables, for user space: its
 * return value is the low half of jiffies. Pinned, so that the CLI can ask when
 * the daemon is dead.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("syscall")
int read_clock(void *context)
{
	return (int)bpf_jiffies64();
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
