// SPDX-License-Identifier: GPL-2.0
/*
 * A BPF ring buffer as the rings' peer: one program writes a record of a commit
 * decision's size, for bpftool to run many times. The other does nothing, to
 * measure the cost of running a program.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "ring.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BPF_BYTES);
} ring_log SEC(".maps");

SEC("tc")
int ring_write(struct __sk_buff *skb)
{
	__u64 *rec = bpf_ringbuf_reserve(&ring_log, RING_RECORD_BYTES, 0);
	int i;

	(void)skb;
	if (!rec)
		return 1;
	rec[0] = bpf_ktime_get_ns();
#pragma unroll
	for (i = 1; i < RING_RECORD_BYTES / 8; i++)
		((volatile __u64 *)rec)[i] = i;
	bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tc")
int ring_nothing(struct __sk_buff *skb)
{
	(void)skb;
	return 0;
}
