// SPDX-License-Identifier: GPL-2.0
/*
 * The independent witness: logs every call of __vm_enough_memory(), with the
 * kernel's own BPF and no code of oomtrace.
 *
 * Entry and return of a call are paired by task. Calls that cannot be paired or
 * logged are counted, so that the reader knows whether the log is complete. An
 * incomplete log proves nothing.
 *
 * clang builds it on the machine that runs the tests; bpftool loads it.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "log.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* What is known of a call at its entry. */
struct open_call {
	__u64	entry_ns;
	__s64	pages;
	__s32	cap;
	__u32	has_mm;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct open_call);
} open_calls SEC(".maps");

SEC("kprobe/__vm_enough_memory")
int vm_enough_entry(struct pt_regs *ctx)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct open_call call = {
		.entry_ns = bpf_ktime_get_ns(),
		.pages = (__s64)PT_REGS_PARM2(ctx),
		.cap = (__s32)PT_REGS_PARM3(ctx),
		.has_mm = PT_REGS_PARM1(ctx) != 0,
	};

	count(ORACLE_ENTRIES);
	if (bpf_map_lookup_elem(&open_calls, &task))
		count(ORACLE_STALE);
	if (bpf_map_update_elem(&open_calls, &task, &call, BPF_ANY))
		count(ORACLE_NO_ROOM);
	return 0;
}

SEC("kretprobe/__vm_enough_memory")
int vm_enough_return(struct pt_regs *ctx)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct open_call *call = bpf_map_lookup_elem(&open_calls, &task);
	struct oracle_event *event;

	count(ORACLE_RETURNS);
	if (!call) {
		count(ORACLE_UNPAIRED);
		return 0;
	}
	event = bpf_ringbuf_reserve(&oracle_log, sizeof(*event), 0);
	if (event) {
		event->entry_ns = call->entry_ns;
		event->return_ns = bpf_ktime_get_ns();
		event->pages = call->pages;
		event->tgid = task >> 32;
		event->pid = (__s32)task;
		event->uid = (__u32)bpf_get_current_uid_gid();
		event->cap = call->cap;
		event->ret = (__s32)PT_REGS_RC(ctx);
		event->has_mm = call->has_mm;
		bpf_get_current_comm(event->comm, sizeof(event->comm));
		bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
		count(ORACLE_EVENTS);
	} else {
		count(ORACLE_LOG_FULL);
	}
	bpf_map_delete_elem(&open_calls, &task);
	return 0;
}
