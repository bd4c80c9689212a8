// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: an OOM of a memory cgroup is recorded with the cgroup, its limit and
 * only its members; a group kill with every member.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"

#define LIMIT_MB	24

static struct scene *one, *group, *hopeless, *shrunk;

static void __attribute__((constructor)) make_scenes(void)
{
	one = scene_new();
	group = scene_new();
	hopeless = scene_new();
	shrunk = scene_new();
}

static bool have_memcg(void)
{
	return !access("/sys/fs/cgroup/cgroup.controllers", F_OK);
}

static size_t count_ends(const struct scene *s, unsigned int how)
{
	size_t i, n = 0;

	for (i = 0; i < s->recs.n; i++)
		n += s->recs.r[i].h.type == OOMTRACE_OOM_END &&
		     s->recs.r[i].end.ending == how;
	return n;
}

static void end_and_remove(struct scene *s)
{
	scene_end(s);
	memcg_remove(&s->cg);
}

/* One hog holds memory, one is exempt, one exceeds the limit. */
static void play_one(struct scene *s)
{
	struct hog small, exempt, big;

	scene_start(s, NULL);
	memcg_make(&s->cg, "one", MB(LIMIT_MB));
	hog_start(&small, "--cgroup %s --comm small --anon 5 --hold",
		  s->cg.dir);
	hog_start(&exempt, "--cgroup %s --comm exempt --anon 3 --adj -1000 --hold",
		  s->cg.dir);
	hog_ready(&small);
	hog_ready(&exempt);
	hog_start(&big, "--cgroup %s --comm big --adj 100 --shmem 2 --uid 1000 --grow 64",
		  s->cg.dir);
	s->small = small.pid;
	s->exempt = exempt.pid;
	s->big = big.pid;
	s->status = hog_wait(&big);
	end_and_remove(s);
	hog_wait(&small);
	hog_wait(&exempt);
}

FIXTURE(memcg) {
	struct scene_oom oom;
};

FIXTURE_SETUP(memcg)
{
	if (!have_memcg())
		SKIP(return, "no cgroup v2 memory controller");
	scene_play(one, play_one);
	scene_load_oom(_metadata, &self->oom, one, one->big);
}

FIXTURE_TEARDOWN(memcg)
{
}

TEST_F(memcg, the_cgroup_and_its_limit_are_recorded)
{
	EXPECT_EQ(128 + SIGKILL, self->oom.s->status);
	EXPECT_EQ(OOMTRACE_SCOPE_MEMCG, self->oom.begin->scope);
	EXPECT_EQ(self->oom.s->cg.id, self->oom.begin->memcg_id);
	EXPECT_EQ(LIMIT_MB * 256, self->oom.begin->memcg_limit);
	EXPECT_LE(LIMIT_MB * 256 - 64, self->oom.begin->memcg_usage);
	EXPECT_GE(LIMIT_MB * 256 + 64, self->oom.begin->memcg_usage);
	EXPECT_EQ(self->oom.s->cg.id, self->oom.begin->cgroup_id);
	EXPECT_EQ(OOMTRACE_CONSTRAINT_MEMCG, self->oom.verdict->constraint);
	EXPECT_STREQ("MEMCG", self->oom.report.constraint);
	EXPECT_EQ(self->oom.s->cg.id, self->oom.verdict->memcg_id);
	EXPECT_EQ(self->oom.s->cg.id, self->oom.verdict->cgroup_id);
	EXPECT_EQ(self->oom.s->cg.id, self->oom.victim->cgroup_id);
	/* totalpages / 1000 is the weight of one oom_score_adj. */
	EXPECT_EQ(LIMIT_MB * 256, self->oom.verdict->totalpages);
}

TEST_F(memcg, begin_has_the_task_that_allocates)
{
	EXPECT_EQ(OOMTRACE_TRIGGER_ALLOCATION, self->oom.begin->trigger);
	EXPECT_EQ(self->oom.s->big, self->oom.begin->tgid);
	EXPECT_EQ(1000, self->oom.begin->uid);
}

TEST_F(memcg, candidates_are_the_members_only)
{
	const pid_t members[] = { self->oom.s->small, self->oom.s->exempt,
				  self->oom.s->big };
	const struct oomtrace_candidate *c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(members); i++) {
		c = scene_candidate(self->oom.s, self->oom.begin->episode, members[i]);
		EXPECT_NE(NULL, c);
		if (c)
			EXPECT_EQ(self->oom.s->cg.id, c->cgroup_id);
	}
	EXPECT_EQ(3, self->oom.end->candidates);
	EXPECT_EQ(0, self->oom.end->missed);
	EXPECT_EQ(3, self->oom.report.nrows);
}

TEST_F(memcg, candidates_have_exactly_the_tables_numbers)
{
	const struct oomtrace_candidate *c;
	int i;

	for (i = 0; i < self->oom.report.nrows; i++) {
		const struct report_row *row = &self->oom.report.rows[i];

		c = scene_candidate(self->oom.s, self->oom.begin->episode, row->tgid);
		ASSERT_NE(NULL, c);
		EXPECT_EQ(row->adj, c->oom_score_adj);
		EXPECT_EQ(row->uid, c->uid);
		EXPECT_STREQ(row->name, c->comm);
		EXPECT_EQ(!is_preempt_rt(), HAS(c, candidate, rss_anon));
		if (is_preempt_rt())
			continue;
		EXPECT_EQ(row->pgtables_bytes, c->pgtables_bytes);
		if (!scene_check_exact(_metadata, c, row->rss))
			continue;
		EXPECT_EQ(row->rss, c->rss_anon + c->rss_file + c->rss_shmem);
		if (row->rss_anon >= 0) {
			EXPECT_EQ(row->rss_anon, c->rss_anon);
			EXPECT_EQ(row->rss_file, c->rss_file);
			EXPECT_EQ(row->rss_shmem, c->rss_shmem);
		}
		EXPECT_EQ(row->swapents, c->swapents);
	}
}

TEST_F(memcg, points_and_choice_are_the_kernels)
{
	scene_check_points(_metadata, self->oom.s, self->oom.begin->episode,
			   self->oom.verdict->totalpages);
	scene_check_choice(_metadata, self->oom.s, self->oom.verdict);
	EXPECT_EQ(self->oom.s->small, self->oom.verdict->runner_up_pid);
	EXPECT_EQ(OOMTRACE_RECOMPUTED_AGREE, self->oom.verdict->recomputed);
	EXPECT_EQ(OOMTRACE_POLICY_MEMCG, self->oom.verdict->policy);
}

TEST_F(memcg, adj_minus_1000_is_ineligible_for_that_reason)
{
	scene_check_exempt(_metadata, &self->oom);
}

TEST_F(memcg, the_end_counts_what_memory_events_counts)
{
	size_t i, victims = 0;

	EXPECT_EQ(OOMTRACE_ENDING_KILLED, self->oom.end->ending);
	EXPECT_EQ(1, self->oom.end->victims);
	EXPECT_FALSE(HAS(self->oom.end, oom_end, notifier_freed));
	for (i = 0; i < self->oom.s->recs.n; i++)
		victims += self->oom.s->recs.r[i].h.type == OOMTRACE_VICTIM &&
			   self->oom.s->recs.r[i].victim.why == OOMTRACE_WHY_CHOSEN;
	EXPECT_EQ(self->oom.s->oom_kills, victims);
	EXPECT_EQ(self->oom.s->oom_kills,
		  count_ends(self->oom.s, OOMTRACE_ENDING_KILLED));
	/* The kernel counts an OOM before it rechecks for free memory. */
	EXPECT_LE(records_count(&self->oom.s->recs, OOMTRACE_OOM_BEGIN),
		  self->oom.s->ooms);
}

TEST_F(memcg, the_whole_report_is_this_episodes)
{
	scene_check_report(_metadata, self->oom.s, self->oom.s->big);
	/* The victim itself allocates, so it does not run meanwhile. */
	scene_check_kills(_metadata, self->oom.s, 0);
	EXPECT_EQ(1000, self->oom.victim->uid);
	EXPECT_EQ(100, self->oom.victim->oom_score_adj);
	EXPECT_EQ(OOMTRACE_WHY_CHOSEN, self->oom.victim->why);
}

TEST_F(memcg, episodes_are_whole)
{
	scene_check_episodes(_metadata, &self->oom.s->recs);
}

/* ---- memory.oom.group ---- */

#define MEMBERS	4

static void play_group(struct scene *s)
{
	struct hog member[MEMBERS], exempt, big;
	int i;

	scene_start(s, NULL);
	memcg_make(&s->cg, "group", MB(LIMIT_MB));
	memcg_set(&s->cg, "memory.oom.group", "1");
	for (i = 0; i < MEMBERS; i++)
		hog_start(&member[i], "--cgroup %s --comm member%d --anon 1 --hold",
			  s->cg.dir, i);
	hog_start(&exempt, "--cgroup %s --comm exempt --anon 1 --adj -1000 --hold",
		  s->cg.dir);
	for (i = 0; i < MEMBERS; i++)
		hog_ready(&member[i]);
	hog_ready(&exempt);
	hog_start(&big, "--cgroup %s --comm big --grow 64", s->cg.dir);
	s->small = member[0].pid;
	s->exempt = exempt.pid;
	s->big = big.pid;
	s->status = hog_wait(&big);
	for (i = 0; i < MEMBERS; i++)
		if (hog_wait(&member[i]) != 128 + SIGKILL)
			die("a member of the group survived");
	hog_kill(&exempt);
	end_and_remove(s);
}

TEST(a_group_kill_lists_every_member)
{
	struct scene_oom oom;
	int chosen = 0, others = 0;
	pid_t seen[16] = { 0 };
	size_t i;
	int j;

	if (!have_memcg())
		SKIP(return, "no cgroup v2 memory controller");
	scene_play(group, play_group);
	scene_load_oom(_metadata, &oom, group, group->big);
	EXPECT_EQ(OOMTRACE_WHY_CHOSEN, oom.victim->why);
	for (i = 0; i < group->recs.n; i++) {
		const struct oomtrace_victim *v = &group->recs.r[i].victim;

		if (v->h.type != OOMTRACE_VICTIM ||
		    v->episode != oom.begin->episode)
			continue;
		chosen += v->why == OOMTRACE_WHY_CHOSEN;
		others += v->why == OOMTRACE_WHY_GROUP;
		EXPECT_EQ(group->cg.id, v->cgroup_id);
		EXPECT_NE(group->exempt, v->pid);
		for (j = 0; j < 16 && seen[j]; j++)
			EXPECT_NE(seen[j], v->pid);
		if (j < 16)
			seen[j] = v->pid;
	}
	EXPECT_EQ(1, chosen);
	EXPECT_EQ(MEMBERS, others);
	EXPECT_EQ(1 + MEMBERS, oom.end->victims);
	/* The kernel counts every kill, and may count the chosen task twice. */
	EXPECT_LE(1 + MEMBERS, group->oom_kills);
	EXPECT_GE(2 + MEMBERS, group->oom_kills);
	if (group->oom_group_kills >= 0)
		EXPECT_EQ(1, group->oom_group_kills);
	EXPECT_NE(NULL, strstr(group->log, "are going to be killed due to memory.oom.group set"));
	scene_check_report(_metadata, group, group->big);
	scene_check_kills(_metadata, group, 0);
	scene_check_episodes(_metadata, &group->recs);
}

/* ---- no eligible task ---- */

static void play_hopeless(struct scene *s)
{
	struct hog exempt;

	scene_start(s, NULL);
	memcg_make(&s->cg, "hopeless", MB(8));
	hog_start(&exempt, "--cgroup %s --comm exempt --adj -1000 --populate 32 --hold",
		  s->cg.dir);
	s->exempt = exempt.pid;
	hog_ready(&exempt);
	hog_kill(&exempt);
	s->status = 0;
	end_and_remove(s);
}

TEST(an_oom_without_an_eligible_task_is_recorded)
{
	const struct oomtrace_oom_begin *begin = NULL;
	size_t i, ends = 0;

	if (!have_memcg())
		SKIP(return, "no cgroup v2 memory controller");
	scene_play(hopeless, play_hopeless);
	EXPECT_EQ(0, hopeless->oom_kills);
	for (i = 0; i < hopeless->recs.n; i++) {
		const union record *r = &hopeless->recs.r[i];

		if (r->h.type == OOMTRACE_OOM_BEGIN &&
		    r->begin.memcg_id == hopeless->cg.id)
			begin = &r->begin;
		EXPECT_NE(OOMTRACE_VERDICT, r->h.type);
		EXPECT_NE(OOMTRACE_VICTIM, r->h.type);
		if (r->h.type != OOMTRACE_OOM_END)
			continue;
		ends++;
		EXPECT_EQ(OOMTRACE_ENDING_NO_CANDIDATE, r->end.ending);
		EXPECT_EQ(0, r->end.victims);
		EXPECT_EQ(1, r->end.candidates);
	}
	EXPECT_LE(1, ends);
	ASSERT_NE(NULL, begin);
	EXPECT_EQ(hopeless->exempt, begin->tgid);
	EXPECT_EQ(-1000, begin->oom_score_adj);
	scene_check_episodes(_metadata, &hopeless->recs);
}

/* ---- a limit put below the usage ---- */

static void play_shrunk(struct scene *s)
{
	struct hog big;

	scene_start(s, NULL);
	memcg_make(&s->cg, "shrunk", MB(LIMIT_MB));
	hog_start(&big, "--cgroup %s --comm big --anon 12 --hold", s->cg.dir);
	hog_ready(&big);
	s->big = big.pid;
	memcg_set(&s->cg, "memory.max", "4194304");
	s->status = hog_wait(&big);
	end_and_remove(s);
}

TEST(a_write_to_memory_max_is_recorded_as_the_trigger)
{
	struct scene_oom oom;

	if (!have_memcg())
		SKIP(return, "no cgroup v2 memory controller");
	scene_play(shrunk, play_shrunk);
	EXPECT_EQ(128 + SIGKILL, shrunk->status);
	scene_load_oom(_metadata, &oom, shrunk, shrunk->big);
	EXPECT_EQ(OOMTRACE_TRIGGER_MEMORY_MAX, oom.begin->trigger);
	EXPECT_EQ(OOMTRACE_SCOPE_MEMCG, oom.begin->scope);
	EXPECT_EQ(1024, oom.begin->memcg_limit);
	/* The writer is outside the cgroup, and is not the victim. */
	EXPECT_NE(shrunk->big, oom.begin->tgid);
	EXPECT_NE(shrunk->cg.id, oom.begin->cgroup_id);
	EXPECT_EQ(shrunk->cg.id, oom.begin->memcg_id);
	scene_check_report(_metadata, shrunk, shrunk->big);
	scene_check_kills(_metadata, shrunk, 0);
}

/* ---- what is not an OOM ---- */

FIXTURE(crowd) {
	int fd;
	struct records recs;
};

FIXTURE_SETUP(crowd)
{
	module_start(NULL);
	self->fd = device_open();
}

FIXTURE_TEARDOWN(crowd)
{
	close(self->fd);
	records_free(&self->recs);
	module_stop();
}

static int read_scores(void *arg)
{
	const int *rounds = arg;
	char path[64], text[32];
	int i, fd;
	pid_t pid;

	for (i = 0; !*rounds || i < *rounds; i++) {
		for (pid = 1; pid < 200; pid++) {
			snprintf(path, sizeof(path), "/proc/%d/oom_score", pid);
			fd = open(path, O_RDONLY);
			if (fd < 0)
				continue;
			if (read(fd, text, sizeof(text)) < 0)
				return 1;
			close(fd);
		}
	}
	return 0;
}

TEST_F(crowd, reading_oom_score_is_no_candidate)
{
	int rounds = 5;

	EXPECT_EQ(0, run_child(read_scores, &rounds));
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_CANDIDATE));
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
}

#define SITTERS	40

/* Read the scores of the scanned tasks as fast as possible. */
static int read_sitters(void *arg)
{
	const struct hog *sitter = arg;
	int fd[SITTERS], i;
	char path[64];

	for (i = 0; i < SITTERS; i++) {
		snprintf(path, sizeof(path), "/proc/%d/oom_score",
			 sitter[i].pid);
		fd[i] = open(path, O_RDONLY);
	}
	for (i = 0;; i = (i + 1) % SITTERS)
		if (pread(fd[i], path, sizeof(path), 0) < 0)
			return 1;
}

TEST_F_TIMEOUT(crowd, reading_oom_score_during_an_oom_is_no_candidate, 300)
{
	struct hog sitter[SITTERS], hog;
	const union record *r;
	pid_t reader[2];
	struct memcg cg;
	size_t i;
	int n;

	if (!have_memcg())
		SKIP(return, "no cgroup v2 memory controller");
	memcg_make(&cg, "score", MB(48));
	for (n = 0; n < SITTERS; n++)
		/* Half of them have more points than the other half. */
		hog_start(&sitter[n], "--cgroup %s --comm sitter %s --hold",
			  cg.dir, n % 2 ? "--anon 1" : "");
	for (n = 0; n < SITTERS; n++)
		hog_ready(&sitter[n]);
	for (n = 0; n < 2; n++)
		reader[n] = start_child(read_sitters, sitter);
	for (n = 0; n < 3; n++) {
		hog_start(&hog, "--cgroup %s --grow 64", cg.dir);
		EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	}
	for (n = 0; n < 2; n++) {
		kill(reader[n], SIGKILL);
		wait_child(reader[n]);
	}
	device_drain(self->fd, &self->recs);
	for (n = 0; n < SITTERS; n++)
		hog_kill(&sitter[n]);

	EXPECT_EQ(3, records_count(&self->recs, OOMTRACE_VERDICT));
	for (i = 0; (r = records_get(&self->recs, OOMTRACE_VERDICT, i)); i++)
		EXPECT_EQ(OOMTRACE_RECOMPUTED_AGREE, r->verdict.recomputed);
	for (i = 0; (r = records_get(&self->recs, OOMTRACE_OOM_END, i)); i++)
		if (r->end.ending == OOMTRACE_ENDING_KILLED)
			EXPECT_EQ(SITTERS + 1, r->end.candidates);
	for (i = 0; (r = records_get(&self->recs, OOMTRACE_CANDIDATE, i));
	     i++) {
		EXPECT_EQ(cg.id, r->candidate.cgroup_id);
		/* An idle task has the terms that its points consist of. */
		if (!strcmp(r->candidate.comm, "sitter"))
			EXPECT_FALSE(DERIVED(&r->candidate, candidate,
					     rss_anon));
	}
	scene_check_episodes(_metadata, &self->recs);
	memcg_remove(&cg);
}

TEST_HARNESS_MAIN
