// SPDX-License-Identifier: GPL-2.0
/*
 * The independent witness of the OOM killer: logs the tasks it considers, the
 * points it gives and the task it chooses. It uses the kernel's own BPF and no
 * code of oomtrace. BTF gives the offsets of the kernel's fields.
 *
 * oom_badness() also serves /proc/PID/oom_score, so only calls of the task
 * inside out_of_memory() are logged; all calls are counted.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "choice.h"
#include "log.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* From the kernel's sched.h. */
#define PF_KTHREAD	0x00200000

/* The fields that are read; the loader finds their offsets. */
struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
} __attribute__((preserve_access_index));

struct oom_control {
	struct task_struct *chosen;
	long chosen_points;
} __attribute__((preserve_access_index));

/* The task inside out_of_memory(), as from bpf_get_current_pid_tgid(). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} inside SEC(".maps");

static __always_inline void log_event(__u32 what, __s32 pid, __s32 tgid,
				      __s64 points)
{
	struct choice_event *e;

	e = bpf_ringbuf_reserve(&oracle_log, sizeof(*e), 0);
	if (!e) {
		count(CHOICE_LOG_FULL);
		return;
	}
	e->what = what;
	e->pid = pid;
	e->tgid = tgid;
	e->reserved = 0;
	e->points = points;
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

static __always_inline void log_current(__u32 what, __s64 points)
{
	__u64 task = bpf_get_current_pid_tgid();

	log_event(what, (__s32)task, task >> 32, points);
}

static __always_inline void set_inside(__u64 task)
{
	__u32 zero = 0;

	bpf_map_update_elem(&inside, &zero, &task, BPF_ANY);
}

SEC("kprobe/out_of_memory")
int choice_begin(struct pt_regs *ctx)
{
	count(CHOICE_BEGIN);
	set_inside(bpf_get_current_pid_tgid());
	log_current(CHOICE_BEGIN, 0);
	return 0;
}

SEC("kprobe/oom_evaluate_task")
int choice_evaluate(struct pt_regs *ctx)
{
	struct task_struct *task = (void *)PT_REGS_PARM1(ctx);

	count(CHOICE_EVALUATE);
	log_event(CHOICE_EVALUATE, BPF_CORE_READ(task, pid),
		  BPF_CORE_READ(task, tgid),
		  BPF_CORE_READ(task, flags) & PF_KTHREAD);
	return 0;
}

SEC("kretprobe/oom_badness")
int choice_points(struct pt_regs *ctx)
{
	__u32 zero = 0;
	__u64 *task = bpf_map_lookup_elem(&inside, &zero);

	count(CHOICE_POINTS);
	if (task && *task == bpf_get_current_pid_tgid())
		log_current(CHOICE_POINTS, (__s64)PT_REGS_RC(ctx));
	return 0;
}

SEC("kprobe/oom_kill_process")
int choice_kill(struct pt_regs *ctx)
{
	struct oom_control *oc = (void *)PT_REGS_PARM1(ctx);

	count(CHOICE_KILL);
	log_event(CHOICE_KILL, BPF_CORE_READ(oc, chosen, pid),
		  BPF_CORE_READ(oc, chosen, tgid),
		  BPF_CORE_READ(oc, chosen_points));
	return 0;
}

SEC("kretprobe/out_of_memory")
int choice_end(struct pt_regs *ctx)
{
	count(CHOICE_END);
	log_current(CHOICE_END, (__s64)PT_REGS_RC(ctx));
	set_inside(0);
	return 0;
}
