// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's nearest peer: a BPF program that writes the same record as
 * oomtrace with commit_records=all, as far as possible, to a BPF ring buffer.
 *
 * It is written for speed: a hash keyed by task passes on the values known at
 * entry, the record is filled in place, and no reader is woken up, which would
 * cost ten thousand instructions more. bpftool loads it.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "peer.h"

char LICENSE[] SEC("license") = "GPL";

/* The loader finds the fields' offsets in the running kernel. */
struct mm_struct {
	unsigned long total_vm;
} __attribute__((preserve_access_index));

struct percpu_counter {
	__s64 count;
} __attribute__((preserve_access_index));

extern const void vm_committed_as __ksym;
extern const void sysctl_overcommit_memory __ksym;
extern const void sysctl_overcommit_ratio __ksym;
extern const void sysctl_overcommit_kbytes __ksym;
extern const void sysctl_admin_reserve_kbytes __ksym;
extern const void sysctl_user_reserve_kbytes __ksym;
extern const void _totalram_pages __ksym;
extern const void total_swap_pages __ksym;

struct open_call {
	__s64	pages;
	__s64	total_vm;
	__s32	cap_sys_admin;
	__s32	mode;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct open_call);
} open_calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, PEER_LOG_BYTES);
} peer_log SEC(".maps");

#define READ(where, symbol) \
	bpf_probe_read_kernel(&(where), sizeof(where), &(symbol))

SEC("kprobe/__vm_enough_memory")
int peer_entry(struct pt_regs *ctx)
{
	struct mm_struct *mm = (void *)PT_REGS_PARM1(ctx);
	__u64 task = bpf_get_current_pid_tgid();
	struct open_call call = {
		.pages = (__s64)PT_REGS_PARM2(ctx),
		.cap_sys_admin = (__s32)PT_REGS_PARM3(ctx),
	};

	READ(call.mode, sysctl_overcommit_memory);
	if (mm)
		call.total_vm = BPF_CORE_READ(mm, total_vm);
	bpf_map_update_elem(&open_calls, &task, &call, BPF_ANY);
	return 0;
}

SEC("kretprobe/__vm_enough_memory")
int peer_return(struct pt_regs *ctx)
{
	const struct percpu_counter *committed = (const void *)&vm_committed_as;
	__u64 task = bpf_get_current_pid_tgid();
	struct open_call *call = bpf_map_lookup_elem(&open_calls, &task);
	struct peer_record *rec;

	if (!call)
		return 0;
	rec = bpf_ringbuf_reserve(&peer_log, sizeof(*rec), 0);
	if (rec) {
		rec->ts_ns = bpf_ktime_get_ns();
		rec->pid = (__s32)task;
		rec->tgid = task >> 32;
		rec->uid = (__u32)bpf_get_current_uid_gid();
		rec->ret = (__s32)PT_REGS_RC(ctx);
		bpf_get_current_comm(rec->comm, sizeof(rec->comm));
		rec->cgroup_id = bpf_get_current_cgroup_id();
		rec->pages = call->pages;
		rec->total_vm = call->total_vm;
		rec->cap_sys_admin = call->cap_sys_admin;
		rec->mode = call->mode;
		rec->committed = BPF_CORE_READ(committed, count);
		READ(rec->admin_reserve_kbytes, sysctl_admin_reserve_kbytes);
		READ(rec->user_reserve_kbytes, sysctl_user_reserve_kbytes);
		READ(rec->totalram, _totalram_pages);
		READ(rec->total_swap, total_swap_pages);
		READ(rec->overcommit_kbytes, sysctl_overcommit_kbytes);
		READ(rec->overcommit_ratio, sysctl_overcommit_ratio);
		rec->reserved = 0;
		bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
	}
	bpf_map_delete_elem(&open_calls, &task);
	return 0;
}
