/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What holds for every OOM, checked on the records of a scene. These are
 * functions in a header because only one file of a program can include
 * kselftest's harness.
 */
#ifndef SELFTESTS_SCENE_CHECK_H
#define SELFTESTS_SCENE_CHECK_H

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "test.h"

/*
 * The OOM of a scene that killed one process: its records and the kernel's
 * report.
 */
struct scene_oom {
	const struct scene *s;
	struct report report;
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_verdict *verdict;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;
};

static inline void scene_load_oom(struct __test_metadata *_metadata,
				  struct scene_oom *oom, const struct scene *s,
				  pid_t victim)
{
	oom->s = s;
	ASSERT_TRUE(scene_find(s, victim, &oom->begin, &oom->verdict,
			       &oom->victim, &oom->end))
		TH_LOG("no complete episode that killed %d:\n%s", victim, s->log);
	ASSERT_TRUE(scene_report(s, victim, &oom->report))
		TH_LOG("the kernel reported no kill of %d:\n%s", victim, s->log);
}

/* The process with oom_score_adj -1000 is ineligible for that reason. */
static inline void scene_check_exempt(struct __test_metadata *_metadata,
				      const struct scene_oom *oom)
{
	const struct oomtrace_candidate *c;

	c = scene_candidate(oom->s, oom->begin->episode, oom->s->exempt);
	ASSERT_NE(NULL, c);
	EXPECT_EQ(OOMTRACE_EVAL_INELIGIBLE, c->verdict);
	EXPECT_EQ(OOMTRACE_REASON_ADJ_MIN, c->reason);
	EXPECT_EQ(-1000, c->oom_score_adj);
	EXPECT_FALSE(HAS(c, candidate, points));
}

/* oom_badness(): pages of all kinds, plus a thousandth of all per adj. */
static inline void scene_check_points(struct __test_metadata *_metadata,
				      const struct scene *s, unsigned long long episode,
				      unsigned long totalpages)
{
	const struct oomtrace_candidate *c;
	int exact = 0, derived = 0;
	size_t i;
	long sum;

	for (i = 0; i < s->recs.n; i++) {
		c = &s->recs.r[i].candidate;
		if (c->h.type != OOMTRACE_CANDIDATE || c->episode != episode ||
		    !HAS(c, candidate, points) || !HAS(c, candidate, rss_anon))
			continue;
		sum = c->rss_anon + c->rss_file + c->rss_shmem + c->swapents +
		      (long)(c->pgtables_bytes / PAGE) +
		      c->oom_score_adj * ((long)totalpages / 1000);
		if (DERIVED(c, candidate, rss_anon)) {
			derived++;
			EXPECT_NE(sum, c->points);
			EXPECT_GT(256, labs(sum - c->points));
		} else {
			exact++;
			EXPECT_EQ(sum, c->points)
				TH_LOG("%.16s[%d]", c->comm, c->pid);
		}
	}
	/* Where the lock sleeps, these fields are absent. */
	if (is_preempt_rt()) {
		EXPECT_EQ(0, exact + derived);
		return;
	}
	EXPECT_LE(1, exact);
	EXPECT_LE(derived, exact);
}

/* The kernel takes the highest score, and among equals the later task. */
static inline void scene_check_choice(struct __test_metadata *_metadata,
				      const struct scene *s,
				      const struct oomtrace_verdict *v)
{
	const struct oomtrace_candidate *c, *best = NULL, *second = NULL;
	const struct oomtrace_candidate *leading = NULL;
	size_t i;

	for (i = 0; i < s->recs.n; i++) {
		c = &s->recs.r[i].candidate;
		if (c->h.type != OOMTRACE_CANDIDATE ||
		    c->episode != v->episode)
			continue;
		if (c->verdict == OOMTRACE_EVAL_LEADING)
			leading = c;
		if (!HAS(c, candidate, points))
			continue;
		EXPECT_TRUE(c->verdict == OOMTRACE_EVAL_LEADING ||
			    c->verdict == OOMTRACE_EVAL_KEPT);
		/* A candidate leads if no earlier one has more points. */
		EXPECT_EQ(!best || c->points >= best->points,
			  c->verdict == OOMTRACE_EVAL_LEADING)
			TH_LOG("%.16s[%d] %lld points, best so far %lld",
			       c->comm, c->pid, c->points,
			       best ? best->points : LLONG_MIN);
		if (!best || c->points >= best->points) {
			second = best;
			best = c;
		} else if (!second || c->points >= second->points) {
			second = c;
		}
	}
	ASSERT_NE(NULL, best);
	EXPECT_EQ(best, leading);
	EXPECT_EQ(best->tgid, v->tgid);
	EXPECT_EQ(best->points, v->points);
	EXPECT_EQ(!!second, HAS(v, verdict, runner_up_pid));
	if (!second)
		return;
	EXPECT_EQ(second->pid, v->runner_up_pid);
	EXPECT_EQ(second->points, v->runner_up_points);
}

/* The victim record of a process. */
static inline const struct oomtrace_victim *
scene_victim(const struct scene *s, pid_t pid)
{
	size_t i;

	for (i = 0; i < s->recs.n; i++)
		if (s->recs.r[i].h.type == OOMTRACE_VICTIM &&
		    s->recs.r[i].victim.pid == pid)
			return &s->recs.r[i].victim;
	return NULL;
}

/*
 * Each "Killed process" line of the log matches a victim record, number for
 * number, and each killed victim has a line. A victim on another CPU can change
 * by up to @drift pages between the record and the line. A thread that wakes up
 * to die flushes its buffered counts, maybe before the line is printed.
 */
static inline void scene_check_kills(struct __test_metadata *_metadata,
				     const struct scene *s, long drift)
{
	const struct oomtrace_victim *v;
	struct report_kill k;
	const char *at;
	char word[64];
	int lines = 0;
	size_t i;

	drift += pages_kept_back();
	for (at = s->log; (at = report_next_kill(at, &k)); lines++) {
		v = scene_victim(s, k.pid);
		ASSERT_NE(NULL, v) TH_LOG("no victim %d (%s)", k.pid, k.comm);
		EXPECT_STREQ(k.comm, v->comm);
		EXPECT_EQ(k.uid, v->uid);
		EXPECT_EQ(k.adj, v->oom_score_adj);
		EXPECT_EQ(k.total_vm_kb, PAGE_KB * v->total_vm);
		EXPECT_LE(labs(k.anon_kb / PAGE_KB - v->rss_anon), drift);
		EXPECT_LE(labs(k.file_kb / PAGE_KB - v->rss_file), drift);
		EXPECT_LE(labs(k.shmem_kb / PAGE_KB - v->rss_shmem), drift);
		EXPECT_EQ(k.pgtables_kb * 1024, v->pgtables_bytes);
	}
	EXPECT_LE(1, lines);
	for (i = 0; i < s->recs.n; i++) {
		v = &s->recs.r[i].victim;
		if (v->h.type != OOMTRACE_VICTIM ||
		    (v->why != OOMTRACE_WHY_CHOSEN &&
		     v->why != OOMTRACE_WHY_GROUP))
			continue;
		snprintf(word, sizeof(word), "Killed process %d (", v->pid);
		EXPECT_NE(NULL, strstr(s->log, word)) TH_LOG("%s", word);
	}
}

/* The report shows a cgroup's path from the root of the hierarchy. */
static inline bool scene_is_path(const char *path, const char *dir)
{
	size_t n = strlen(path), all = strlen(dir);

	return n && all >= n && !strcmp(dir + all - n, path);
}

/*
 * The kernel's report of a kill agrees with the episode: the allocation, the
 * constraint, the cgroups and the victim.
 */
/*
 * Does a candidate have its memory as the kernel's table has it? Where the kernel
 * adds up counters over all CPUs, the module does so only for tasks with points;
 * others have what is near, marked as derived.
 */
static inline bool scene_check_exact(struct __test_metadata *_metadata,
				     const struct oomtrace_candidate *c,
				     long table_rss)
{
	if (!DERIVED(c, candidate, rss_anon))
		return true;
	EXPECT_EQ(OOMTRACE_EVAL_INELIGIBLE, c->verdict);
	EXPECT_GE(64 * sysconf(_SC_NPROCESSORS_CONF),
		  labs(table_rss - c->rss_anon - c->rss_shmem - c->rss_file));
	return false;
}

static inline void scene_check_report(struct __test_metadata *_metadata,
				      const struct scene *s, pid_t pid)
{
	static const char * const constraints[] = {
		"NONE", "CPUSET", "MEMORY_POLICY", "MEMCG",
	};
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_verdict *verdict;
	struct scene_oom oom;

	scene_load_oom(_metadata, &oom, s, pid);
	begin = oom.begin;
	verdict = oom.verdict;
	EXPECT_STREQ(oom.report.invoker, begin->comm);
	EXPECT_EQ(oom.report.gfp, begin->gfp);
	EXPECT_EQ(oom.report.order, begin->order);
	EXPECT_EQ(oom.report.adj, begin->oom_score_adj);
	EXPECT_EQ(oom.report.pid, verdict->pid);
	EXPECT_EQ(oom.report.uid, oom.victim->uid);
	ASSERT_GT(ARRAY_SIZE(constraints), verdict->constraint);
	EXPECT_STREQ(oom.report.constraint, constraints[verdict->constraint]);
	/* The cgroup at its limit, and the victim's cgroup. */
	EXPECT_EQ(oom.report.oom_memcg[0] != '\0', HAS(verdict, verdict, memcg_id));
	EXPECT_EQ(HAS(verdict, verdict, memcg_id),
		  HAS(begin, oom_begin, memcg_id));
	if (s->cg.id) {
		EXPECT_EQ(scene_is_path(oom.report.oom_memcg, s->cg_dir),
			  verdict->memcg_id == s->cg.id)
			TH_LOG("oom_memcg=%s", oom.report.oom_memcg);
		EXPECT_EQ(scene_is_path(oom.report.task_memcg, s->cg_dir),
			  verdict->cgroup_id == s->cg.id)
			TH_LOG("task_memcg=%s", oom.report.task_memcg);
	}
}

/*
 * Sequence numbers rise by one on each CPU's ring. An episode is begin ... end,
 * with no record of another episode in between but the exits of earlier
 * victims. Its candidates are numbered from 0, as many as its end record
 * counts.
 */
static inline void scene_check_episodes(struct __test_metadata *_metadata,
					const struct records *recs)
{
	unsigned long long last[OOMTRACE_RINGS][64] = { 0 }, open = 0, episode = 0;
	unsigned int candidates = 0, victims = 0;
	size_t i;

	for (i = 0; i < recs->n; i++) {
		const union record *r = &recs->r[i];
		unsigned int ring = r->h.flags & OOMTRACE_FLAG_RING;

		if (ring == OOMTRACE_RING_COMMIT ||
		    r->h.type == OOMTRACE_STACK)
			continue;
		ASSERT_NE(OOMTRACE_LOST, r->h.type);
		if (last[ring][r->h.cpu])
			EXPECT_EQ(last[ring][r->h.cpu] + 1, r->h.seq);
		last[ring][r->h.cpu] = r->h.seq;

		switch (r->h.type) {
		case OOMTRACE_OOM_BEGIN:
			/* Tasks wait while others call the OOM killer. */
			if (r->begin.trigger == OOMTRACE_TRIGGER_OOM_CONTROL) {
				episode = r->begin.episode;
				break;
			}
			EXPECT_EQ(0, open);
			if (episode)
				EXPECT_EQ(episode + 1, r->begin.episode);
			episode = r->begin.episode;
			open = episode;
			candidates = 0;
			victims = 0;
			break;
		case OOMTRACE_CANDIDATE:
			EXPECT_EQ(open, r->candidate.episode);
			EXPECT_EQ(candidates, r->candidate.index);
			candidates++;
			break;
		case OOMTRACE_VERDICT:
			EXPECT_EQ(open, r->verdict.episode);
			break;
		case OOMTRACE_VICTIM:
			if (HAS(&r->victim, victim, episode))
				EXPECT_EQ(open, r->victim.episode);
			victims += HAS(&r->victim, victim, episode);
			break;
		case OOMTRACE_REAP:
			if (HAS(&r->reap, reap, episode))
				EXPECT_GE(episode, r->reap.episode);
			break;
		case OOMTRACE_OOM_END:
			if (r->end.ending >= OOMTRACE_ENDING_MEMORY_CAME &&
			    r->end.ending <= OOMTRACE_ENDING_WAITERS_KILLED)
				break;
			EXPECT_EQ(open, r->end.episode);
			EXPECT_EQ(candidates + r->end.missed,
				  r->end.candidates);
			EXPECT_EQ(victims, r->end.victims);
			open = 0;
			break;
		}
	}
	EXPECT_EQ(0, open);
	EXPECT_LT(0, episode);
}

#endif /* SELFTESTS_SCENE_CHECK_H */
