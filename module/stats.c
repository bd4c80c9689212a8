// SPDX-License-Identifier: GPL-2.0
/*
 * Counters since load, and their sums for readers.
 *
 * Handlers of frequent events increment per-CPU counters directly. OOM episodes
 * are rare, so all CPUs share their counters. Counting works in any context;
 * readers run in process context.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/jhash.h>
#include <linux/mman.h>

#include "common/format.h"
#include "stats.h"
#include "task.h"

DEFINE_PER_CPU(struct oomtrace_stats, oomtrace_stats);

static atomic64_t endings[OOMTRACE_ENDINGS];
static atomic64_t unrecorded[OOMTRACE_UNRECORDED];
static atomic64_t sigkills[OOMTRACE_SENDERS];

/**
 * oomtrace_stats_ending() - count an episode that ended
 * @ending: enum oomtrace_ending.
 */
void oomtrace_stats_ending(unsigned int ending)
{
	atomic64_inc(&endings[ending]);
}

/**
 * oomtrace_stats_sigkill() - count a SIGKILL
 * @sender: enum oomtrace_sender.
 */
void oomtrace_stats_sigkill(unsigned int sender)
{
	atomic64_inc(&sigkills[sender]);
}

/**
 * oomtrace_stats_unrecorded() - count events that have no record
 * @kind: their kind.
 * @n: their number.
 *
 * Any context.
 */
void oomtrace_stats_unrecorded(enum oomtrace_unrecorded kind, unsigned int n)
{
	atomic64_add(n, &unrecorded[kind]);
}

/* ---- denials by command ---- */

/* Commands counted separately, and slots tried for one from its hash on. */
#define COMMANDS	128
#define TRIES		8

enum { FREE, BEING_WRITTEN, READY };

/**
 * struct command - a command that is counted separately
 * @state: FREE; BEING_WRITTEN by the CPU that claimed the slot; READY: @comm is
 *	constant.
 * @comm: the command's name.
 */
static struct command {
	atomic_t state;
	char comm[OOMTRACE_COMM_LEN];
} commands[COMMANDS];

/**
 * struct denials - denials of each command on one CPU
 * @n: by slot of commands[]; the last: commands that found no slot.
 * @last: the slot of the command that was counted last.
 * @comm: that command's name.
 */
struct denials {
	u64 n[COMMANDS + 1];
	u32 last;
	char comm[OOMTRACE_COMM_LEN];
};

/* Not static per-CPU data: modules share a small area for that. */
static struct denials __percpu *denials;

/**
 * oomtrace_stats_init() - before the first handler runs
 *
 * Return: 0 or -ENOMEM.
 */
int oomtrace_stats_init(void)
{
	unsigned int cpu;

	denials = alloc_percpu(struct denials);
	if (!denials)
		return -ENOMEM;
	/* No command has an empty name and this slot. */
	for_each_possible_cpu(cpu)
		per_cpu_ptr(denials, cpu)->last = COMMANDS;
	return 0;
}

/* Call when no handler and no reader is left. */
void oomtrace_stats_exit(void)
{
	free_percpu(denials);
}

static u32 find_command(const char *comm)
{
	u32 hash = jhash(comm, OOMTRACE_COMM_LEN, 0);
	u32 i;

	for (i = 0; i < TRIES; i++) {
		struct command *c = &commands[(hash + i) % COMMANDS];
		/* Pairs with the release below: a READY slot's comm is complete. */
		int state = atomic_read_acquire(&c->state);

		if (state == FREE &&
		    atomic_cmpxchg(&c->state, FREE, BEING_WRITTEN) == FREE) {
			memcpy(c->comm, comm, sizeof(c->comm));
			atomic_set_release(&c->state, READY);
			state = READY;
		}
		if (state == READY && !memcmp(c->comm, comm, sizeof(c->comm)))
			return c - commands;
	}
	return COMMANDS;
}

/**
 * oomtrace_stats_denial() - count a denial by current's command
 *
 * For handlers, with preemption off. Commands that find no slot are counted
 * together.
 */
void oomtrace_stats_denial(void)
{
	struct denials *d = this_cpu_ptr(denials);
	char comm[OOMTRACE_COMM_LEN];

	oomtrace_comm(comm, current);
	if (memcmp(d->comm, comm, sizeof(comm)) || d->last == COMMANDS) {
		d->last = find_command(comm);
		memcpy(d->comm, comm, sizeof(comm));
	}
	/* Readers on other CPUs read it at the same time. */
	WRITE_ONCE(d->n[d->last], d->n[d->last] + 1);
}

static u64 sum_denials(u32 slot)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(denials, cpu)->n[slot]);
	return sum;
}

static void show_commands(struct seq_file *m)
{
	char comm[4 * OOMTRACE_COMM_LEN + 1];
	int i;

	seq_puts(m, "# commit denials by command\n");
	for (i = 0; i < COMMANDS; i++) {
		struct command *c = &commands[i];

		/* Pairs with the release in find_command(). */
		if (atomic_read_acquire(&c->state) != READY)
			continue;
		oomtrace_escape(comm, sizeof(comm), c->comm, sizeof(c->comm));
		seq_printf(m, "%20llu \"%s\"\n", sum_denials(i), comm);
	}
	seq_printf(m, "%20llu others\n", sum_denials(COMMANDS));
}

/* ---- the file ---- */

/* The sum over all CPUs. READ_ONCE: handlers increment without a lock. */
#define SUM(member) ({							\
	unsigned int cpu_;						\
	u64 sum_ = 0;							\
	for_each_possible_cpu(cpu_)					\
		sum_ += READ_ONCE(per_cpu(oomtrace_stats, cpu_).member);\
	sum_;								\
})

#define QUICK_MODES	ARRAY_SIZE(oomtrace_stats.quick[0])
#define QUICK_BUCKETS	ARRAY_SIZE(oomtrace_stats.quick)

/**
 * oomtrace_stats_quick() - count grants that took a quick way
 * @mode: the overcommit mode.
 *
 * Return: the count since load.
 */
u64 oomtrace_stats_quick(int mode)
{
	u64 sum = 0;
	int bucket;

	for (bucket = 0; bucket < QUICK_BUCKETS; bucket++)
		sum += SUM(quick[bucket][mode]);
	return sum;
}

static u64 sum_granted(int mode)
{
	return SUM(decisions[mode][0]) + oomtrace_stats_quick(mode);
}

/* Decisions in a bucket of requested pages. */
static u64 sum_pages(int bucket)
{
	u64 sum = SUM(pages[bucket]);
	int mode;

	/* The bucket where oomtrace_quick_add() counts negative requests. */
	if (bucket == OOMTRACE_PAGES_BUCKETS - 1)
		return sum + SUM(quick[QUICK_BUCKETS - 1][OVERCOMMIT_NEVER]);
	for (mode = 0; mode < QUICK_MODES; mode++)
		if (mode != OVERCOMMIT_NEVER || bucket < QUICK_BUCKETS - 1)
			sum += SUM(quick[bucket][mode]);
	return sum;
}

/**
 * oomtrace_stats_decisions() - count calls of __vm_enough_memory()
 *
 * Return: the count since load, with calls that have not returned yet.
 */
u64 oomtrace_stats_decisions(void)
{
	u64 sum = 0;
	int bucket;

	for (bucket = 0; bucket < OOMTRACE_PAGES_BUCKETS; bucket++)
		sum += sum_pages(bucket);
	return sum;
}

static void show_decisions(struct seq_file *m, u64 no_stack)
{
	static const char * const modes[] = {
		"0 (guess)", "1 (always)", "2 (never)", "unknown",
	};
	int mode;

	seq_puts(m, "# commit decisions by overcommit mode\n");
	seq_printf(m, "%-12s %16s %16s\n", "mode", "granted", "denied");
	for (mode = 0; mode <= OOMTRACE_MODE_UNKNOWN; mode++) {
		u64 granted = sum_granted(mode);
		u64 denied = SUM(decisions[mode][1]);

		if (mode == OOMTRACE_MODE_UNKNOWN && !granted && !denied)
			continue;
		seq_printf(m, "%-12s %16llu %16llu\n", modes[mode],
			   granted, denied);
	}
	seq_printf(m, "not recorded (write rejected): %llu\n", SUM(unrecorded));
	seq_printf(m, "denials without a stack (table full): %llu\n", no_stack);
}

/* One line of a histogram of pages; the last bucket has its own label. */
static void show_bucket(struct seq_file *m, int bucket, const char *last, u64 n)
{
	if (!n)
		return;
	if (bucket == 0)
		seq_printf(m, "%20d .. %-20d %16llu\n", 0, 0, n);
	else if (bucket == OOMTRACE_PAGES_BUCKETS - 1)
		seq_printf(m, "%20s    %-20s %16llu\n", last, "", n);
	else
		seq_printf(m, "%20llu .. %-20llu %16llu\n",
			   1ULL << (bucket - 1), (1ULL << bucket) - 1, n);
}

static void show_histograms(struct seq_file *m)
{
	int bucket;

	seq_puts(m, "# commit decisions by pages requested\n");
	for (bucket = 0; bucket < OOMTRACE_PAGES_BUCKETS; bucket++)
		show_bucket(m, bucket, "negative", sum_pages(bucket));
	seq_puts(m, "# commit decisions in mode 2 by pages left (allowed - committed)\n");
	for (bucket = 0; bucket < OOMTRACE_PAGES_BUCKETS; bucket++)
		show_bucket(m, bucket, "nothing", SUM(headroom[bucket]));
}

static void show_endings(struct seq_file *m, u64 episodes)
{
#define E(constant, name) [constant] = name,
	static const char * const names[] = { OOMTRACE_NAMES_ending(E) };
#undef E
	static const char * const unrecorded_names[] = {
		[OOMTRACE_UNRECORDED_REPEAT] =
			"repeats of these (counted, not recorded individually)",
		[OOMTRACE_UNRECORDED_RETRY] =
			"retries not recorded (too many tasks at once)",
		[OOMTRACE_UNRECORDED_PATH] = "cgroups without a recorded path (no room)",
		[OOMTRACE_UNRECORDED_SIGNAL] =
			"signals of OOM daemons not recorded (too many at once)",
		[OOMTRACE_UNRECORDED_SIGKILL] =
			"SIGKILLs counted by a later record (too many at once)",
		[OOMTRACE_UNRECORDED_WATCH] =
			"victims not watched until they are gone (too many at once)",
		[OOMTRACE_UNRECORDED_WAIT] =
			"waits for memory not recorded (too many at once)",
	};
	int i;

	seq_puts(m, "# OOM episodes by ending\n");
	seq_printf(m, "%-16s %llu\n", "begun", episodes);
	for (i = 0; i < OOMTRACE_ENDINGS; i++)
		seq_printf(m, "%-16s %llu\n", names[i],
			   (u64)atomic64_read(&endings[i]));
	for (i = 0; i < OOMTRACE_UNRECORDED; i++)
		seq_printf(m, "%s: %llu\n", unrecorded_names[i],
			   (u64)atomic64_read(&unrecorded[i]));
}

static void show_sigkills(struct seq_file *m)
{
#define E(constant, name) [constant] = name,
	static const char * const names[] = { OOMTRACE_NAMES_sender(E) };
#undef E
	int i;

	seq_puts(m, "# SIGKILLs while signals=kill\n");
	for (i = 0; i < OOMTRACE_SENDERS; i++)
		seq_printf(m, "sent by %s: %llu\n", names[i],
			   (u64)atomic64_read(&sigkills[i]));
}

/**
 * oomtrace_stats_info() - fill in the counters for OOMTRACE_IOC_STATS
 * @info: the counters; @stacks_refused is left 0.
 */
void oomtrace_stats_info(struct oomtrace_stats_info *info)
{
	int i;

	static_assert(ARRAY_SIZE(info->endings) >= OOMTRACE_ENDINGS);
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	for (i = 0; i <= OOMTRACE_MODE_UNKNOWN; i++) {
		info->granted[i] = sum_granted(i);
		info->denied[i] = SUM(decisions[i][1]);
	}
	info->unrecorded = SUM(unrecorded);
	for (i = 0; i < OOMTRACE_ENDINGS; i++)
		info->endings[i] = atomic64_read(&endings[i]);
}

/**
 * oomtrace_stats_show() - print all counters
 * @m: the stats file.
 * @episodes: OOM episodes that began since load.
 * @no_stack: denials since load whose stack was not saved.
 */
void oomtrace_stats_show(struct seq_file *m, u64 episodes, u64 no_stack)
{
	show_decisions(m, no_stack);
	show_histograms(m);
	show_commands(m);
	show_endings(m, episodes);
	show_sigkills(m);
}
