/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log and the counts of every witness's BPF program, read through the
 * pinned maps.
 */
#ifndef ORACLE_LOG_BPF_H
#define ORACLE_LOG_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "event.h"

/*
 * Read only afterwards, so it must hold everything. All pages are preallocated.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, ORACLE_LOG_BYTES);
} oracle_log SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LOADER_COUNTS);
	__type(key, __u32);
	__type(value, __u64);
} oracle_counts SEC(".maps");

static __always_inline void count(__u32 what)
{
	__u64 *n = bpf_map_lookup_elem(&oracle_counts, &what);

	if (n)
		__sync_fetch_and_add(n, 1);
}

#endif /* ORACLE_LOG_BPF_H */
