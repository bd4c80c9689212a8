/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of everything oomtrace hooks in the kernel (hooks.c), and the
 * handlers that the table names (commit.c, selection.c, candidate.c, victim.c).
 */
#ifndef OOMTRACE_HOOKS_H
#define OOMTRACE_HOOKS_H

#include <linux/compaction.h>
#include <linux/kprobes.h>
#include <linux/mmzone.h>
#include <linux/notifier.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

/* Every hook, in the order in which they are attached. */
enum oomtrace_hook_id {
	/* Steps of a victim's end first: none of an episode's end is missed. */
	OOMTRACE_HOOK_WAKE_REAPER,
	OOMTRACE_HOOK_START_REAPING,
	OOMTRACE_HOOK_FINISH_REAPING,
	OOMTRACE_HOOK_SKIP_REAPING,
	OOMTRACE_HOOK_EXIT_VICTIM,
	OOMTRACE_HOOK_MARK_VICTIM,
	OOMTRACE_HOOK_SIGNAL,
	OOMTRACE_HOOK_REAP_MM,
	OOMTRACE_HOOK_KILL_ONE,
	OOMTRACE_HOOK_NOTIFIER,
	OOMTRACE_HOOK_KILL_PROCESS,
	OOMTRACE_HOOK_BADNESS,
	OOMTRACE_HOOK_EVALUATE,
	OOMTRACE_HOOK_OUT_OF_MEMORY,
	OOMTRACE_HOOK_RECLAIM_RETRY,
	OOMTRACE_HOOK_COMPACT_RETRY,
	OOMTRACE_HOOK_VM_ENOUGH,
	OOMTRACE_HOOKS,
};

/* How often each hook's handler ran, per CPU. */
struct oomtrace_hits {
	u64 n[OOMTRACE_HOOKS];
};

DECLARE_PER_CPU(struct oomtrace_hits, oomtrace_hits);

#define oomtrace_hit(id)	this_cpu_inc(oomtrace_hits.n[id])

/**
 * struct oomtrace_hook_choice - how the user wants a function hooked
 * @words: the words for ftrace and for a probe, in this order.
 * @probe: by a probe, even where it could be by ftrace.
 */
struct oomtrace_hook_choice {
	const char *words[2];
	bool probe;
};

extern struct oomtrace_hook_choice oomtrace_commit_hook;
extern struct oomtrace_hook_choice oomtrace_select_hook;

int oomtrace_hooks_attach(void);
void oomtrace_hooks_detach(void);
int oomtrace_hooks_enable(bool on);
bool oomtrace_hooks_enabled(void);
bool oomtrace_hook_attached(enum oomtrace_hook_id id);
unsigned int oomtrace_hooks_missing(void);
void oomtrace_hooks_show(struct seq_file *m);

/* commit.c */
void oomtrace_commit_init(void);
extern const size_t oomtrace_commit_call_size;
extern struct oomtrace_detour oomtrace_vm_enough_detour;
int oomtrace_vm_enough_entry(struct kretprobe_instance *ri,
			     struct pt_regs *regs);
int oomtrace_vm_enough_return(struct kretprobe_instance *ri,
			      struct pt_regs *regs);

/* selection.c */
int oomtrace_oom_entry(struct kretprobe_instance *ri, struct pt_regs *regs);
int oomtrace_oom_return(struct kretprobe_instance *ri, struct pt_regs *regs);
int oomtrace_kill_entry(struct kprobe *kp, struct pt_regs *regs);
int oomtrace_oom_notify(struct notifier_block *nb, unsigned long unused,
			void *freed);

/* candidate.c */
extern struct oomtrace_detour oomtrace_evaluate_detour;
extern struct oomtrace_detour oomtrace_badness_detour;
int oomtrace_evaluate_entry(struct kprobe *kp, struct pt_regs *regs);
int oomtrace_badness_entry(struct kretprobe_instance *ri, struct pt_regs *regs);
int oomtrace_badness_return(struct kretprobe_instance *ri,
			    struct pt_regs *regs);

/* pressure.c */
void oomtrace_reclaim_retry(void *data, struct zoneref *zoneref, int order,
			    unsigned long reclaimable, unsigned long available,
			    unsigned long min_wmark, int no_progress_loops,
			    bool wmark_check);
void oomtrace_compact_retry(void *data, int order,
			    enum compact_priority priority,
			    enum compact_result result, int retries,
			    int max_retries, bool ret);

/* victim.c */
void oomtrace_mark_victim(void *data, struct task_struct *task, uid_t uid);
int oomtrace_kill_one_entry(struct kprobe *kp, struct pt_regs *regs);
void oomtrace_signal(void *data, int sig, struct kernel_siginfo *info,
		     struct task_struct *task, int group, int result);
int oomtrace_exit_victim(struct kprobe *kp, struct pt_regs *regs);
void oomtrace_wake_reaper(void *data, int pid);
void oomtrace_start_reaping(void *data, int pid);
void oomtrace_finish_reaping(void *data, int pid);
void oomtrace_skip_reaping(void *data, int pid);

/* daemons.c */
extern const size_t oomtrace_reap_mm_size;
int oomtrace_reap_mm_entry(struct kretprobe_instance *ri, struct pt_regs *regs);
int oomtrace_reap_mm_return(struct kretprobe_instance *ri,
			    struct pt_regs *regs);

#endif /* OOMTRACE_HOOKS_H */
