// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: an OOM of the whole machine is recorded as the kernel reports it,
 * and in more detail: every task that was considered, with the kernel's points
 * or the reason why it is ineligible. For a small machine (256 MB), since each
 * test fills it.
 *
 * A scene is played once, for the first test that examines it. Its result is in
 * shared memory, since each test is a process of its own.
 */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"

static struct scene *plain, *adj, *sysrq, *allocating;

static void __attribute__((constructor)) make_scenes(void)
{
	plain = scene_new();
	adj = scene_new();
	sysrq = scene_new();
	allocating = scene_new();
}

/* A hog grows until a task is killed; others hold their memory. */
static void play_plain(struct scene *s)
{
	struct hog small, shm, exempt, big;

	hog_start(&small, "--comm small --anon 12 --hold");
	hog_start(&shm, "--comm shm --anon 2 --shmem 6 --hold");
	hog_start(&exempt, "--comm exempt --anon 4 --adj -1000 --hold");
	hog_ready(&small);
	hog_ready(&shm);
	hog_ready(&exempt);
	scene_start(s, NULL);
	hog_start(&big, "--comm big --uid 1000 --grow 4096");
	s->small = small.pid;
	s->shm = shm.pid;
	s->exempt = exempt.pid;
	s->big = big.pid;
	s->status = hog_wait(&big);
	scene_end(s);
	hog_kill(&small);
	hog_kill(&shm);
	hog_kill(&exempt);
}

/* A small task has a high oom_score_adj, so the big one survives. */
static void play_adj(struct scene *s)
{
	struct hog offered, big;

	hog_start(&offered, "--comm offered --anon 8 --adj 900 --hold");
	scene_start_pair(s, &offered, &big, "--comm big");
	s->status = hog_wait(&offered);
	hog_kill(&big);
	scene_end(s);
}

static void play_sysrq(struct scene *s)
{
	struct hog big, small;

	sysctl_set("kernel/sysrq", 1);
	hog_start(&big, "--comm big --anon 24 --hold");
	hog_start(&small, "--comm small --anon 12 --hold");
	hog_ready(&big);
	hog_ready(&small);
	scene_start(s, NULL);
	s->big = big.pid;
	s->small = small.pid;
	if (spill("/proc/sysrq-trigger", "f"))
		die("cannot write to sysrq-trigger");
	s->status = hog_wait(&big);
	scene_end(s);
	hog_kill(&small);
}

static void play_allocating(struct scene *s)
{
	struct hog big;

	scene_start(s, NULL);
	sysctl_set("vm/oom_kill_allocating_task", 1);
	hog_start(&big, "--comm big --grow 4096");
	s->big = big.pid;
	s->status = hog_wait(&big);
	sysctl_set("vm/oom_kill_allocating_task", 0);
	scene_end(s);
}

FIXTURE(global) {
	struct scene_oom oom;
};

FIXTURE_SETUP(global)
{
	scene_play(plain, play_plain);
	scene_load_oom(_metadata, &self->oom, plain, plain->big);
}

FIXTURE_TEARDOWN(global)
{
}

TEST_F(global, the_big_hog_dies_and_is_the_verdict)
{
	EXPECT_EQ(128 + SIGKILL, self->oom.s->status);
	EXPECT_EQ(self->oom.s->big, self->oom.verdict->pid);
	EXPECT_EQ(self->oom.s->big, self->oom.verdict->tgid);
	EXPECT_STREQ("big", self->oom.verdict->comm);
	EXPECT_EQ(OOMTRACE_CONSTRAINT_NONE, self->oom.verdict->constraint);
	EXPECT_STREQ("NONE", self->oom.report.constraint);
	EXPECT_FALSE(HAS(self->oom.verdict, verdict, memcg_id));
	EXPECT_EQ(self->oom.report.pid, self->oom.verdict->pid);
}

TEST_F(global, begin_has_no_cgroup)
{
	EXPECT_EQ(OOMTRACE_SCOPE_GLOBAL, self->oom.begin->scope);
	EXPECT_EQ(OOMTRACE_TRIGGER_ALLOCATION, self->oom.begin->trigger);
	EXPECT_FALSE(HAS(self->oom.begin, oom_begin, memcg_id));
	EXPECT_FALSE(HAS(self->oom.begin, oom_begin, memcg_limit));
}

TEST_F(global, begin_has_the_memory_sizes)
{
	EXPECT_EQ(meminfo("MemTotal") / PAGE_KB, self->oom.begin->totalram);
	EXPECT_EQ(meminfo("SwapTotal") / PAGE_KB, self->oom.begin->total_swap);
	EXPECT_EQ(0, self->oom.begin->swap_free);
	/* Almost nothing is free, and the hogs use most of it. */
	EXPECT_GT(self->oom.begin->totalram / 8, self->oom.begin->free);
	EXPECT_LT(self->oom.begin->totalram / 3, self->oom.begin->anon);
	EXPECT_LT(0, self->oom.begin->wmark_min);
	EXPECT_LE(self->oom.begin->wmark_min, self->oom.begin->wmark_low);
	EXPECT_LE(self->oom.begin->wmark_low, self->oom.begin->wmark_high);
	EXPECT_LE((long)MB(6) / PAGE, self->oom.begin->shmem);
	EXPECT_GE(self->oom.begin->totalram, self->oom.begin->anon +
		  self->oom.begin->file + self->oom.begin->free);
}

TEST_F(global, every_task_in_the_kernels_table_is_a_candidate)
{
	const struct oomtrace_candidate *c;
	long drift, most = 0;
	int i, differ = 0;

	EXPECT_LE(5, self->oom.report.nrows);
	for (i = 0; i < self->oom.report.nrows; i++) {
		const struct report_row *row = &self->oom.report.rows[i];

		c = scene_candidate(self->oom.s, self->oom.begin->episode, row->tgid);
		ASSERT_NE(NULL, c) TH_LOG("no candidate %d %s", row->tgid,
					  row->name);
		EXPECT_EQ(row->adj, c->oom_score_adj);
		EXPECT_EQ(row->uid, c->uid);
		if (!HAS(c, candidate, rss_anon))
			continue;
		EXPECT_EQ(row->pgtables_bytes, c->pgtables_bytes);
		EXPECT_EQ(row->swapents, c->swapents);
		/* Reclaim continues while the kernel prints the table. */
		drift = labs(row->rss -
			     (c->rss_anon + c->rss_file + c->rss_shmem));
		differ += drift != 0;
		if (drift > most)
			most = drift;
	}
	fprintf(stderr, "# table rows: %d, rss differs in %d, at most by %ld pages\n",
		self->oom.report.nrows, differ, most);
	EXPECT_GE(1024, most);
}

TEST_F(global, idle_tasks_have_exactly_the_tables_numbers)
{
	const pid_t still[] = { self->oom.s->small, self->oom.s->shm,
				self->oom.s->exempt };
	const struct oomtrace_candidate *c;
	const struct report_row *row;
	size_t i;

	if (is_preempt_rt())
		SKIP(return, "PREEMPT_RT: reading a candidate's memory takes a sleeping lock");
	for (i = 0; i < ARRAY_SIZE(still); i++) {
		c = scene_candidate(self->oom.s, self->oom.begin->episode, still[i]);
		row = report_row(&self->oom.report, still[i]);
		ASSERT_NE(NULL, c);
		ASSERT_NE(NULL, row);
		/*
		 * File pages may be reclaimed; without swap the others cannot.
		 */
		EXPECT_EQ(row->pgtables_bytes, c->pgtables_bytes);
		if (!scene_check_exact(_metadata, c, row->rss))
			continue;
		if (row->rss_anon >= 0) {
			EXPECT_EQ(row->rss_anon, c->rss_anon);
			EXPECT_EQ(row->rss_shmem, c->rss_shmem);
		}
		EXPECT_LE(labs(row->rss - c->rss_anon - c->rss_shmem -
			       c->rss_file), 64);
	}
	/*
	 * Within what the kernel's counters buffer on each CPU (64 pages of
	 * each kind, until 6.2) or round.
	 */
	c = scene_candidate(self->oom.s, self->oom.begin->episode, self->oom.s->small);
	EXPECT_GE(160, labs(c->rss_anon - (long)MB(12) / PAGE));
	/*
	 * The hog's program, less than 1 MiB, is in tmpfs and counts as shmem.
	 */
	c = scene_candidate(self->oom.s, self->oom.begin->episode, self->oom.s->shm);
	EXPECT_GE(160 + (long)MB(1) / PAGE, labs(c->rss_shmem - (long)MB(6) / PAGE));
}

TEST_F(global, points_are_the_formula_over_the_terms)
{
	EXPECT_EQ(self->oom.begin->totalram + self->oom.begin->total_swap,
		  self->oom.verdict->totalpages);
	scene_check_points(_metadata, self->oom.s, self->oom.begin->episode,
			   self->oom.verdict->totalpages);
}

TEST_F(global, the_victim_has_the_most_points_and_the_next_is_runner_up)
{
	scene_check_choice(_metadata, self->oom.s, self->oom.verdict);
	EXPECT_EQ(OOMTRACE_RECOMPUTED_AGREE, self->oom.verdict->recomputed);
	EXPECT_EQ(OOMTRACE_POLICY_GLOBAL, self->oom.verdict->policy);
}

TEST_F(global, init_and_kernel_threads_are_counted_and_not_recorded)
{
	const struct oomtrace_oom_end *end = self->oom.end;
	const struct oomtrace_candidate *c;
	size_t i;

	EXPECT_EQ(1, end->exempt_init);
	EXPECT_LE(10, end->exempt_kthread);
	EXPECT_FALSE(DERIVED(end, oom_end, exempt_kthread));
	for (i = 0; i < self->oom.s->recs.n; i++) {
		c = &self->oom.s->recs.r[i].candidate;
		if (c->h.type != OOMTRACE_CANDIDATE)
			continue;
		EXPECT_NE(1, c->pid);
		EXPECT_NE(OOMTRACE_REASON_KTHREAD, c->reason);
	}
}

TEST_F(global, adj_minus_1000_is_ineligible_for_that_reason)
{
	scene_check_exempt(_metadata, &self->oom);
}

TEST_F(global, the_end_counts_what_happened)
{
	size_t i, n = 0;

	for (i = 0; i < self->oom.s->recs.n; i++)
		n += self->oom.s->recs.r[i].h.type == OOMTRACE_CANDIDATE &&
		     self->oom.s->recs.r[i].candidate.episode ==
		     self->oom.begin->episode;
	EXPECT_EQ(OOMTRACE_ENDING_KILLED, self->oom.end->ending);
	EXPECT_EQ(1, self->oom.end->victims);
	EXPECT_EQ(n, self->oom.end->candidates);
	EXPECT_EQ(0, self->oom.end->missed);
	EXPECT_LT(0, self->oom.end->duration_ns);
	/* The record is written shortly after its time is read. */
	EXPECT_LE(self->oom.end->h.ts_ns - self->oom.begin->h.ts_ns,
		  self->oom.end->duration_ns);
	EXPECT_GT(60000000000ULL, self->oom.end->duration_ns);
	EXPECT_TRUE(HAS(self->oom.end, oom_end, notifier_freed));
}

TEST_F(global, the_victims_own_exit_is_recorded)
{
	const struct oomtrace_reap *r = NULL;
	size_t i;

	for (i = 0; i < self->oom.s->recs.n; i++)
		if (self->oom.s->recs.r[i].h.type == OOMTRACE_REAP &&
		    self->oom.s->recs.r[i].reap.pid == self->oom.s->big &&
		    self->oom.s->recs.r[i].reap.step == OOMTRACE_STEP_EXITED)
			r = &self->oom.s->recs.r[i].reap;
	ASSERT_NE(NULL, r);
	EXPECT_TRUE(HAS(r, reap, since_kill_ns));
	EXPECT_LT(0, r->since_kill_ns);
	EXPECT_GT(60000000000ULL, r->since_kill_ns);
	EXPECT_TRUE(HAS(r, reap, episode));
}

TEST_F(global, the_whole_report_is_this_episodes)
{
	/* The victim can still grow if it runs on another CPU. */
	long drift = self->oom.begin->tgid == self->oom.s->big ? 0 : 64;

	scene_check_report(_metadata, self->oom.s, self->oom.s->big);
	scene_check_kills(_metadata, self->oom.s, drift);
	EXPECT_EQ(1000, self->oom.victim->uid);
	EXPECT_EQ(OOMTRACE_WHY_CHOSEN, self->oom.victim->why);
}

TEST_F(global, episodes_are_whole)
{
	scene_check_episodes(_metadata, &self->oom.s->recs);
}

/* ---- other scenes ---- */

TEST(oom_score_adj_makes_a_small_one_die_first)
{
	struct scene_oom oom;
	const struct oomtrace_candidate *c;

	scene_play(adj, play_adj);
	EXPECT_EQ(128 + SIGKILL, adj->status);
	scene_load_oom(_metadata, &oom, adj, adj->small);
	EXPECT_EQ(900, oom.victim->oom_score_adj);
	c = scene_candidate(adj, oom.begin->episode, adj->small);
	ASSERT_NE(NULL, c);
	EXPECT_EQ(900, c->oom_score_adj);
	EXPECT_LT(900 * (long)(oom.verdict->totalpages / 1000), c->points);
	scene_check_points(_metadata, adj, oom.begin->episode,
			   oom.verdict->totalpages);
	scene_check_choice(_metadata, adj, oom.verdict);
	EXPECT_EQ(adj->big, oom.verdict->runner_up_pid);
	scene_check_report(_metadata, adj, adj->small);
	scene_check_kills(_metadata, adj, 64);
}

TEST(sysrq_f_is_recorded_as_the_trigger)
{
	struct scene_oom oom;

	scene_play(sysrq, play_sysrq);
	EXPECT_EQ(128 + SIGKILL, sysrq->status);
	scene_load_oom(_metadata, &oom, sysrq, sysrq->big);
	EXPECT_EQ(OOMTRACE_TRIGGER_SYSRQ, oom.begin->trigger);
	EXPECT_EQ(OOMTRACE_SCOPE_GLOBAL, oom.begin->scope);
	EXPECT_EQ(-1, oom.begin->order);
	EXPECT_EQ(0, strncmp(oom.begin->comm, "kworker/", 8))
		TH_LOG("%.16s", oom.begin->comm);
	EXPECT_EQ(OOMTRACE_ENDING_KILLED, oom.end->ending);
	EXPECT_EQ(sysrq->small, oom.verdict->runner_up_pid);
	scene_check_points(_metadata, sysrq, oom.begin->episode,
			   oom.verdict->totalpages);
	scene_check_choice(_metadata, sysrq, oom.verdict);
	scene_check_report(_metadata, sysrq, sysrq->big);
	scene_check_kills(_metadata, sysrq, 0);
}

TEST(oom_kill_allocating_task_compares_no_candidates)
{
	struct scene_oom oom;

	scene_play(allocating, play_allocating);
	EXPECT_EQ(128 + SIGKILL, allocating->status);
	scene_load_oom(_metadata, &oom, allocating, allocating->big);
	EXPECT_EQ(oom.begin->tgid, oom.verdict->tgid);
	EXPECT_FALSE(HAS(oom.verdict, verdict, points));
	EXPECT_FALSE(HAS(oom.verdict, verdict, runner_up_pid));
	EXPECT_FALSE(HAS(oom.verdict, verdict, runner_up_points));
	EXPECT_EQ(OOMTRACE_RECOMPUTED_UNAVAILABLE, oom.verdict->recomputed);
	EXPECT_EQ(OOMTRACE_POLICY_ALLOCATING_TASK, oom.verdict->policy);
	EXPECT_EQ(0, oom.end->candidates);
	EXPECT_EQ(1, oom.end->victims);
	EXPECT_EQ(OOMTRACE_ENDING_KILLED, oom.end->ending);
	EXPECT_EQ(OOMTRACE_WHY_CHOSEN, oom.victim->why);
	scene_check_report(_metadata, allocating, allocating->big);
	scene_check_kills(_metadata, allocating, 0);
}

TEST_HARNESS_MAIN
