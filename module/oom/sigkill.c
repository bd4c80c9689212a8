// SPDX-License-Identifier: GPL-2.0
/*
 * Who sent a SIGKILL: behind an exit status of 137 there may be the OOM killer, a
 * `kill -9`, a container runtime or the kernel.
 *
 * Off by default. With signals=kill there is a record of each SIGKILL, in the ring of
 * commit decisions, so that signals never overwrite an OOM. A CPU writes few records a
 * second. The next record counts those that were left out; if there is none, a worker
 * writes one that has only the count. So the counts add up to all that were sent. The
 * worker also has the paths of the cgroups recorded.
 *
 *   signal ──> record, or counted ──irq_work, 1 s──> count of the rest, names
 *              (handler)                             (worker)
 *
 * The handler runs with interrupts off and the victim's siglock held. It waits for
 * nothing.
 */
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <asm/unistd.h>
#if defined(CONFIG_X86_64) && defined(CONFIG_IA32_EMULATION)
#include <asm/unistd_32_ia32.h>
#endif
#include <trace/events/signal.h>

#include "later.h"
#include "oom/cgroup_paths.h"
#include "oom/episode.h"
#include "oom/sigkill.h"
#include "rate.h"
#include "ring/ring.h"
#include "stats.h"
#include "syscall.h"
#include "task.h"

/* ---- the setting: signals ---- */

bool oomtrace_record_sigkills;

static const char * const setting_names[] = { "none", "kill" };

/**
 * oomtrace_signals_set() - choose which signals are recorded
 * @name: none, or kill for SIGKILL. A newline may follow.
 *
 * Return: 0, or -EINVAL with a line in the log.
 */
int oomtrace_signals_set(const char *name)
{
	int i = sysfs_match_string(setting_names, name);

	if (i < 0) {
		pr_err_ratelimited("signals: invalid value " WORD_FMT
				   "; allowed are none and kill\n", WORD_ARG(name));
		return -EINVAL;
	}
	WRITE_ONCE(oomtrace_record_sigkills, i);
	return 0;
}

/**
 * oomtrace_signals_name() - get which signals are recorded
 *
 * Return: none or kill.
 */
const char *oomtrace_signals_name(void)
{
	return setting_names[READ_ONCE(oomtrace_record_sigkills)];
}

static int signals_param_set(const char *val, const struct kernel_param *kp)
{
	return oomtrace_signals_set(val);
}

static int signals_param_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", oomtrace_signals_name());
}

static const struct kernel_param_ops signals_ops = {
	.set = signals_param_set,
	.get = signals_param_get,
};
module_param_cb(signals, &signals_ops, NULL, 0444);
MODULE_PARM_DESC(signals,
		 "Which signals are recorded with their senders: none (default), or kill for each SIGKILL.");

/* ---- the rate ---- */

/* The most records of a CPU in a second. */
#define RECORDS_PER_SECOND	100

static DEFINE_PER_CPU(struct oomtrace_rate, sigkill_rate);

/* SIGKILLs that no record counts yet. */
static atomic64_t sigkills_left_out;

static struct oomtrace_later sigkill_work;

static void leave_out(u64 n)
{
	oomtrace_stats_unrecorded(OOMTRACE_UNRECORDED_SIGKILL, 1);
	/* The worker runs a second later, and takes what is there then. */
	if (atomic64_add_return(n, &sigkills_left_out) == n)
		oomtrace_later_ask(&sigkill_work);
}

/* ---- the record ---- */

/* The longest time after an episode that a SIGKILL is near to it. */
#define NEAR_NS		(60ULL * NSEC_PER_SEC)

#define OF_SENDER (OOMTRACE_BIT(sigkill, pid) |		\
		   OOMTRACE_BIT(sigkill, tgid) |	\
		   OOMTRACE_BIT(sigkill, comm) |	\
		   OOMTRACE_BIT(sigkill, uid) |		\
		   OOMTRACE_BIT(sigkill, cgroup_id) |	\
		   OOMTRACE_BIT(sigkill, ns_pid) |	\
		   OOMTRACE_BIT(sigkill, parent_pid) |	\
		   OOMTRACE_BIT(sigkill, parent_comm))

/* A system call of a 64-bit program, or of a 32-bit one on a 32-bit kernel. */
static u8 how_by_syscall(int nr)
{
	switch (nr) {
	case __NR_kill:
	case __NR_tkill:
	case __NR_tgkill:
	case __NR_rt_sigqueueinfo:
	case __NR_rt_tgsigqueueinfo:
		return OOMTRACE_HOW_KILL;
	case __NR_pidfd_send_signal:
		return OOMTRACE_HOW_PIDFD;
	case __NR_write:
	case __NR_writev:
	case __NR_pwrite64:
		return OOMTRACE_HOW_WRITE;
#ifdef __NR_process_mrelease
	case __NR_process_mrelease:
		return OOMTRACE_HOW_MRELEASE;
#endif
	}
	return OOMTRACE_HOW_OTHER;
}

/* A system call of a 32-bit program on a 64-bit kernel. */
static u8 how_by_ia32_syscall(int nr)
{
#if defined(CONFIG_X86_64) && defined(CONFIG_IA32_EMULATION)
	switch (nr) {
	case __NR_ia32_kill:
	case __NR_ia32_tkill:
	case __NR_ia32_tgkill:
	case __NR_ia32_rt_sigqueueinfo:
	case __NR_ia32_rt_tgsigqueueinfo:
		return OOMTRACE_HOW_KILL;
	case __NR_ia32_pidfd_send_signal:
		return OOMTRACE_HOW_PIDFD;
	case __NR_ia32_write:
	case __NR_ia32_writev:
	case __NR_ia32_pwrite64:
		return OOMTRACE_HOW_WRITE;
	}
#endif
	return OOMTRACE_HOW_OTHER;
}

/**
 * oomtrace_find_how() - find the way in which current sends a signal
 *
 * Return: enum oomtrace_how, by the system call that current is in.
 */
u8 oomtrace_find_how(void)
{
	bool ia32;
	int nr = oomtrace_syscall_nr(&ia32);

	return ia32 ? how_by_ia32_syscall(nr) : how_by_syscall(nr);
}

/* Is current of the process that has pid 1 in its pid namespace? RCU is held. */
static bool is_init_of_namespace(void)
{
	const struct pid *pid = task_tgid(current);

	return pid && pid->level && pid->numbers[pid->level].nr == 1;
}

/* The kernel's own test whether a signal is from user space. */
static bool is_from_user(const struct kernel_siginfo *info)
{
	if (info == SEND_SIG_NOINFO)
		return true;
	return info != SEND_SIG_PRIV && SI_FROMUSER(info);
}

static void fill_way(struct oomtrace_sigkill *rec, const struct kernel_siginfo *info,
		     struct task_struct *task)
{
	bool exits = current->flags & PF_EXITING;

	rec->sender = OOMTRACE_SENDER_KERNEL;
	rec->how = OOMTRACE_HOW_OTHER;
	if (!in_task())
		return;
	if (is_from_user(info)) {
		rec->sender = OOMTRACE_SENDER_PROCESS;
		rec->how = exits ? OOMTRACE_HOW_EXIT : oomtrace_find_how();
	} else if (oomtrace_episode_mine()) {
		rec->sender = OOMTRACE_SENDER_OOM_KILLER;
	} else if (exits) {
		rec->how = is_init_of_namespace() ? OOMTRACE_HOW_PID_NAMESPACE :
						    OOMTRACE_HOW_EXIT;
	} else if (same_thread_group(task, current)) {
		rec->how = OOMTRACE_HOW_ITSELF;
	}
}

static void fill_sender(struct oomtrace_sigkill *rec)
{
	const struct task_struct *parent;

	/* An interrupt runs in a task that has no part in it. */
	if (!in_task()) {
		rec->h.valid &= ~OF_SENDER;
		return;
	}
	parent = rcu_dereference(current->real_parent);
	rec->pid = current->pid;
	rec->tgid = current->tgid;
	rec->uid = oomtrace_uid(current);
	rec->cgroup_id = oomtrace_memcg_id(current);
	rec->ns_pid = oomtrace_ns_pid(current);
	rec->parent_pid = parent->tgid;
	oomtrace_comm(rec->comm, current->group_leader);
	oomtrace_comm(rec->parent_comm, parent->group_leader);
	if (!rec->ns_pid)
		rec->h.valid &= ~OOMTRACE_BIT(sigkill, ns_pid);
}

static void fill_receiver(struct oomtrace_sigkill *rec, struct task_struct *task)
{
	rec->victim_pid = task->pid;
	rec->victim_tgid = task->tgid;
	rec->victim_uid = oomtrace_uid(task);
	rec->victim_cgroup_id = oomtrace_memcg_id(task);
	rec->victim_ns_pid = oomtrace_ns_pid(task);
	oomtrace_comm(rec->victim_comm, task->group_leader);
	if (!rec->victim_ns_pid)
		rec->h.valid &= ~OOMTRACE_BIT(sigkill, victim_ns_pid);
}

/* @episode: of the OOM daemon that sends the signal, or 0. */
static void fill_near(struct oomtrace_sigkill *rec, u64 episode)
{
	u64 end_ns, age_ns;
	bool open;

	rec->h.valid &= ~OOMTRACE_BIT(sigkill, oom_age_ns);
	if (episode) {
		rec->near = OOMTRACE_NEAR_PART;
		rec->oom_episode = episode;
	} else {
		rec->oom_episode = oomtrace_episode_open(&open);
		if (open)
			rec->near = rec->sender == OOMTRACE_SENDER_OOM_KILLER ?
				    OOMTRACE_NEAR_PART : OOMTRACE_NEAR_OPEN;
	}
	if (rec->near == OOMTRACE_NEAR_NONE) {
		episode = oomtrace_episode_last(&end_ns);
		age_ns = oomtrace_ns_between(end_ns, ktime_get_mono_fast_ns());
		if (episode && age_ns <= NEAR_NS) {
			rec->near = OOMTRACE_NEAR_ENDED;
			rec->oom_episode = episode;
			rec->oom_age_ns = age_ns;
			rec->h.valid |= OOMTRACE_BIT(sigkill, oom_age_ns);
		}
	}
	if (!rec->oom_episode)
		rec->h.valid &= ~OOMTRACE_BIT(sigkill, oom_episode);
}

/* The cgroups of the records since the worker ran last; NULL: none. */
static struct oomtrace_paths *sigkill_paths;
/* Guards sigkill_paths. Raw, with interrupts off: signals are sent that way. */
static DEFINE_RAW_SPINLOCK(sigkill_paths_lock);

static void add_sigkill_paths(struct task_struct *task)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&sigkill_paths_lock, flags);
	if (!sigkill_paths) {
		sigkill_paths = oomtrace_paths_get(0);
		oomtrace_later_ask(&sigkill_work);
	}
	oomtrace_paths_add_task(sigkill_paths, task, false);
	if (in_task())
		oomtrace_paths_add_task(sigkill_paths, current, false);
	raw_spin_unlock_irqrestore(&sigkill_paths_lock, flags);
}

static bool write_sigkill(const struct oomtrace_sigkill *rec)
{
	return oomtrace_ring_write(&oomtrace_rings[OOMTRACE_RING_COMMIT], rec,
				   OOMTRACE_SIGKILL, sizeof(*rec));
}

/**
 * oomtrace_sigkill_record() - record a SIGKILL, or count it
 * @info: what the kernel knows of the sender, as in the tracepoint signal_generate.
 * @task: the victim, pinned by its siglock; RCU is held and interrupts are off.
 * @result: TRACE_SIGNAL_*.
 * @episode: number of the episode of the OOM daemon that sends it; 0 for none.
 */
void oomtrace_sigkill_record(const struct kernel_siginfo *info,
			     struct task_struct *task, int result, u64 episode)
{
	struct oomtrace_sigkill rec = {
		OOMTRACE_RECORD(SIGKILL, sigkill),
		.result = result,
	};

	/* The ring's slots have the size of a commit record. */
	BUILD_BUG_ON(sizeof(rec) > sizeof(struct oomtrace_commit));
	BUILD_BUG_ON((int)TRACE_SIGNAL_DELIVERED != OOMTRACE_SENT_DELIVERED);
	BUILD_BUG_ON((int)TRACE_SIGNAL_LOSE_INFO != OOMTRACE_SENT_LOSE_INFO);
	fill_way(&rec, info, task);
	oomtrace_stats_sigkill(rec.sender);
	if (!oomtrace_rate_allows(this_cpu_ptr(&sigkill_rate), RECORDS_PER_SECOND)) {
		leave_out(1);
		return;
	}
	fill_sender(&rec);
	fill_receiver(&rec, task);
	fill_near(&rec, episode);
	rec.left_out = atomic64_xchg(&sigkills_left_out, 0);
	if (write_sigkill(&rec))
		add_sigkill_paths(task);
	else
		leave_out(rec.left_out + 1);
}

/* ---- the worker ---- */

static void finish_sigkills(struct work_struct *unused)
{
	struct oomtrace_sigkill rec = {
		OOMTRACE_RECORD(SIGKILL, sigkill),
	};
	struct oomtrace_paths *paths;
	unsigned long flags;

	raw_spin_lock_irqsave(&sigkill_paths_lock, flags);
	paths = sigkill_paths;
	sigkill_paths = NULL;
	raw_spin_unlock_irqrestore(&sigkill_paths_lock, flags);
	oomtrace_paths_submit(paths);

	rec.left_out = atomic64_xchg(&sigkills_left_out, 0);
	rec.h.valid = OOMTRACE_BIT(sigkill, left_out);
	if (!rec.left_out || write_sigkill(&rec))
		return;
	atomic64_add(rec.left_out, &sigkills_left_out);
	oomtrace_later_repeat(&sigkill_work);
}

/**
 * oomtrace_sigkill_init() - prepare the worker, before the first handler runs
 */
void oomtrace_sigkill_init(void)
{
	oomtrace_later_init(&sigkill_work, finish_sigkills, HZ);
}

/**
 * oomtrace_sigkill_exit() - stop the worker
 *
 * Call it after the last handler has run, and before oomtrace_paths_exit().
 */
void oomtrace_sigkill_exit(void)
{
	oomtrace_later_cancel(&sigkill_work);
}
