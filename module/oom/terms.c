// SPDX-License-Identifier: GPL-2.0
/*
 * The terms of a candidate's score: its memory by kind. oom_badness() adds them
 * up. They cost more than all else of a record, so by default they are recorded
 * only where they can matter.
 *
 * Runs in the task inside out_of_memory(), with preemption off. Does not wait or
 * allocate.
 */
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/oom.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "compat/mm.h"
#include "oom/episode.h"
#include "oom/terms.h"
#include "task.h"

/* ---- the setting: candidates ---- */

/* Record the terms of all candidates, not only of contenders. */
static bool record_all_terms;

static const char * const setting_names[] = { "compact", "full" };

/**
 * oomtrace_candidates_set() - choose for which candidates all terms are recorded
 * @name: compact: for contenders; full: for all. A newline may follow.
 *
 * Return: 0, or -EINVAL with a line in the log.
 */
int oomtrace_candidates_set(const char *name)
{
	int i = sysfs_match_string(setting_names, name);

	if (i < 0) {
		pr_err_ratelimited("candidates: invalid value " WORD_FMT
				   "; allowed are compact and full\n",
				   WORD_ARG(name));
		return -EINVAL;
	}
	WRITE_ONCE(record_all_terms, i);
	return 0;
}

/**
 * oomtrace_candidates_name() - get for which candidates all terms are recorded
 *
 * Return: compact or full.
 */
const char *oomtrace_candidates_name(void)
{
	return setting_names[READ_ONCE(record_all_terms)];
}

/**
 * oomtrace_terms_of_all() - ask whether the terms of all candidates are recorded
 *
 * Return: true if so; false if only those of contenders.
 */
bool oomtrace_terms_of_all(void)
{
	return READ_ONCE(record_all_terms);
}

static int param_set(const char *val, const struct kernel_param *kp)
{
	return oomtrace_candidates_set(val);
}

static int param_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", oomtrace_candidates_name());
}

static const struct kernel_param_ops candidates_ops = {
	.set = param_set,
	.get = param_get,
};
module_param_cb(candidates, &candidates_ops, NULL, 0444);
MODULE_PARM_DESC(candidates,
		 "For which candidates of an OOM the memory is recorded: compact (default; those with the most points, and the best of each oom_score_adj) or full (all).");

/* ---- reading ---- */

/* Threads of a process searched for one with an mm, at most. */
#define MAX_THREADS	64

/*
 * Read the terms of a score. @exact: as the kernel does. Otherwise they are read
 * without sums over all CPUs, and are derived on kernels that make such sums.
 */
static void fill_candidate_mm(struct oomtrace_candidate *rec,
			      struct mm_struct *mm, bool exact)
{
	if (exact || !OOMTRACE_MM_COUNTER_SUMS) {
		rec->rss_anon = oomtrace_mm_counter(mm, MM_ANONPAGES);
		rec->rss_file = oomtrace_mm_counter(mm, MM_FILEPAGES);
		rec->rss_shmem = oomtrace_mm_counter(mm, MM_SHMEMPAGES);
		rec->swapents = oomtrace_mm_counter(mm, MM_SWAPENTS);
	} else {
		rec->rss_anon = get_mm_counter(mm, MM_ANONPAGES);
		rec->rss_file = get_mm_counter(mm, MM_FILEPAGES);
		rec->rss_shmem = get_mm_counter(mm, MM_SHMEMPAGES);
		rec->swapents = get_mm_counter(mm, MM_SWAPENTS);
		rec->h.derived |= OOMTRACE_TERMS &
				  ~OOMTRACE_BIT(candidate, pgtables_bytes);
	}
	rec->pgtables_bytes = mm_pgtables_bytes(mm);
	rec->h.valid |= OOMTRACE_TERMS;
}

/*
 * Why does oom_badness() reject a task with an mm? In the order of its tests, of
 * which only the first needs no lock. @thread is locked; NULL if no thread is.
 */
static u8 find_refusal(struct task_struct *task, struct task_struct *thread)
{
	if (task->signal->oom_score_adj == OOM_SCORE_ADJ_MIN)
		return OOMTRACE_REASON_ADJ_MIN;
	if (!thread)
		return OOMTRACE_REASON_NONE;
	if (oomtrace_mm_oom_skip(thread->mm))
		return OOMTRACE_REASON_OOM_SKIP;
	if (in_vfork(thread))
		return OOMTRACE_REASON_VFORK;
	return OOMTRACE_REASON_NONE;
}

/*
 * Read the mm of the first thread that has one: find_lock_task_mm() without
 * waiting. @rec gets the terms; they stay absent if no thread has an mm, or if its
 * task_lock() is contended. Preemption is off, which suffices for
 * for_each_thread().
 *
 * Return: enum oomtrace_reason: why oom_badness() rejects the task, if it does.
 * Nothing is asked about a @scored one.
 */
static __always_inline u8 read_mm(struct oomtrace_candidate *rec,
				  struct task_struct *task, bool exact, bool scored)
{
	struct task_struct *t;
	int n = 0;
	u8 never;

	for_each_thread(task, t) {
		if (++n > MAX_THREADS)
			break;
		/* Without the lock t->mm may change; it is read again below. */
		if (!READ_ONCE(t->mm))
			continue;
		/* Contended: the mm may go away, so its fields are absent. */
		if (!oomtrace_task_trylock(t))
			return find_refusal(task, NULL);
		if (!t->mm) {
			task_unlock(t);
			continue;
		}
		fill_candidate_mm(rec, t->mm, exact);
		never = scored ? OOMTRACE_REASON_NONE : find_refusal(task, t);
		task_unlock(t);
		return never;
	}
	return OOMTRACE_REASON_NO_MM;
}

/* Do the recorded terms give the kernel's points? */
static bool terms_add_up(const struct oomtrace_candidate *rec,
			 const struct oomtrace_episode *ep)
{
	long sum = rec->rss_anon + rec->rss_file + rec->rss_shmem +
		   rec->swapents + rec->pgtables_bytes / PAGE_SIZE +
		   rec->oom_score_adj * ep->adj_unit;

	return sum == rec->points;
}

static void fill_ns_pid(struct oomtrace_candidate *rec, struct task_struct *task)
{
	rec->ns_pid = oomtrace_ns_pid(task);
	if (rec->ns_pid)
		rec->h.valid |= OOMTRACE_BIT(candidate, ns_pid);
}

/**
 * oomtrace_terms_of_scored() - add what a short record of a scored task lacks
 * @rec: the record, with its points.
 * @ep: the episode.
 * @task: the task that oom_badness() has just returned the points of.
 * @exact: read the terms as the kernel does; otherwise they may be derived.
 *
 * The terms stay absent if no thread has an mm, or if its lock is contended.
 */
void oomtrace_terms_of_scored(struct oomtrace_candidate *rec,
			      const struct oomtrace_episode *ep,
			      struct task_struct *task, bool exact)
{
	fill_ns_pid(rec, task);
	read_mm(rec, task, exact, true);
	if (!terms_add_up(rec, ep))
		rec->h.derived |= rec->h.valid & OOMTRACE_TERMS;
}

/**
 * oomtrace_terms_of_unscored() - add what a short record of another task lacks
 * @rec: the record.
 * @task: the task, which oom_badness() rejected or was not called for yet.
 *
 * The terms stay absent if no thread has an mm, or if its lock is contended.
 *
 * Return: enum oomtrace_reason: why oom_badness() rejects the task, if it does.
 */
u8 oomtrace_terms_of_unscored(struct oomtrace_candidate *rec,
			      struct task_struct *task)
{
	fill_ns_pid(rec, task);
	return read_mm(rec, task, false, false);
}
