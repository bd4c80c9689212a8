// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the replay of an OOM: the kernel's rules, one by one, on constructed
 * candidates. Also tests the parsing of numbers and the index of records. The
 * selftests check that the replay of a real OOM chooses the kernel's victim.
 */
#include "../numbers.h"
#include "../replay.h"
#include "test_episode.h"
#include "test_replay.h"

static struct records recs;
static struct replay r;

static void keep(const void *rec)
{
	records_add(&recs, rec);
}

static void add_task(s32 pid, s64 points, int adj)
{
	struct oomtrace_candidate c = make_candidate(1, "task", pid, recs.n,
						     points);

	c.oom_score_adj = adj;
	c.rss_anon = points - 100 - adj * 25;
	keep(&c);
}

static void add_exempt(s32 pid, unsigned int reason, int adj)
{
	struct oomtrace_candidate c = make_candidate(1, "exempt", pid, recs.n,
						     9000);

	c.h.valid &= ~OOMTRACE_BIT(candidate, points);
	c.verdict = OOMTRACE_EVAL_INELIGIBLE;
	c.reason = reason;
	c.oom_score_adj = adj;
	keep(&c);
}

/* The verdict's totalpages make one oom_score_adj worth 25 pages. */
static void begin(void)
{
	struct oomtrace_verdict v = make_verdict(1);

	records_free(&recs);
	recs.facts.page_size = 4096;
	keep(&v);
}

static bool chooses(s32 pid)
{
	long i;

	replay_free(&r);
	if (!replay_init(&r, &recs, 1))
		return false;
	i = replay_choose(&r);
	return i >= 0 && r.task[i].c->pid == pid;
}

/* The choice after a change of one task's oom_score_adj. */
static s32 chosen_with(size_t i, int adj)
{
	long chosen;

	replay_set_adj(&r, i, adj);
	chosen = replay_choose(&r);
	return chosen < 0 ? (s32)chosen : r.task[chosen].c->pid;
}

static void test_rules(void)
{
	begin();
	add_task(10, 5000, 0);
	add_task(11, 4000, 100);
	check(chooses(10), "the_most_points_die");
	check(chosen_with(0, -40) == 11,
	      "of_equals_the_later_dies_when_adj_makes_them_equal");
	check(chosen_with(0, -39) == 10, "one_adj_less_and_the_first_dies");
	check(chosen_with(0, -1000) == 11, "minus_1000_is_exempt");
	check(chosen_with(1, -1000) == REPLAY_NOBODY,
	      "all_exempt_is_nobody");
	check(chosen_with(1, 100) == 11 && r.task[1].points == 4000,
	      "the_recorded_adj_gives_the_kernels_points_back");

	begin();
	add_task(10, 5000, 0);
	add_task(11, 5000, 0);
	check(chooses(11), "a_tie_goes_to_the_later_task");

	begin();
	add_task(10, -300, -500);
	check(chooses(10), "negative_points_can_win_too");
}

static void test_exempt(void)
{
	struct oomtrace_candidate *c;

	begin();
	add_task(10, 5000, 0);
	add_exempt(11, OOMTRACE_REASON_ADJ_MIN, -1000);
	check(chooses(10), "who_is_exempt_does_not_die");
	check(chosen_with(1, 0) == 11 && r.task[1].points == 9000 &&
	      r.task[1].worked_out,
	      "with_another_adj_its_memory_makes_the_points");
	c = (struct oomtrace_candidate *)recs.rec[2];
	c->h.valid &= ~OOMTRACE_BIT(candidate, rss_file);
	check(chosen_with(1, 0) == 10 && replay_unknown(&r) == 1,
	      "without_its_memory_it_is_unknown");

	begin();
	add_task(10, 5000, 0);
	add_exempt(11, OOMTRACE_REASON_INIT, 0);
	add_exempt(12, OOMTRACE_REASON_OOM_SKIP, 0);
	check(chooses(10) && chosen_with(1, 1000) == 10 &&
	      chosen_with(2, 1000) == 10,
	      "other_exemptions_do_not_depend_on_adj");
}

static void test_specials(void)
{
	struct oomtrace_candidate *c;

	begin();
	add_task(10, 5000, 0);
	add_task(11, LLONG_MAX, 0);
	add_task(12, 9000, 0);
	check(chooses(11) && chosen_with(1, -1000) == 11,
	      "an_origin_dies_whatever_its_adj");

	begin();
	add_task(10, 5000, 0);
	add_exempt(11, OOMTRACE_REASON_IN_FLIGHT, 0);
	c = (struct oomtrace_candidate *)recs.rec[2];
	c->verdict = OOMTRACE_EVAL_ABORT;
	check(!chooses(10) && chosen_with(0, 1000) == REPLAY_ABORTED,
	      "a_victim_still_dying_ends_the_scan");

	begin();
	add_task(11, 5000, 0);
	add_task(10, 5000, 0);
	((struct oomtrace_candidate *)recs.rec[1])->index = 7;
	((struct oomtrace_candidate *)recs.rec[2])->index = 3;
	check(chooses(11), "the_order_is_the_scans_not_the_files");

	begin();
	((struct oomtrace_verdict *)recs.rec[0])->h.valid = 0;
	add_task(10, 5000, 0);
	replay_free(&r);
	check(!replay_init(&r, &recs, 1),
	      "without_totalpages_there_is_no_replay");
}

static void test_save(void)
{
	begin();
	add_task(10, 5000, 0);
	add_task(11, 4000, 0);
	check(chooses(10) && replay_save(&r, 0) && r.task[0].adj == -40,
	      "the_smallest_change_that_saves_is_found");

	begin();
	add_task(10, 5000, 0);
	check(chooses(10) && replay_save(&r, 0) && r.task[0].adj == -1000,
	      "who_is_alone_must_be_exempt");

	begin();
	add_task(10, LLONG_MAX, 0);
	check(chooses(10) && !replay_save(&r, 0), "an_origin_cannot_be_saved");
}

static void test_limit(void)
{
	begin();
	add_task(10, 5000, 0);
	add_task(11, 4900, 10);
	check(chooses(10), "with_the_recorded_limit_the_first_dies");
	replay_set_total(&r, 51200);
	check(replay_choose(&r) == 1 && r.task[1].points == 4900 + 10 * 26,
	      "adj_weighs_more_with_a_larger_limit");
}

static void test_numbers(void)
{
	long long n;

	check(read_number("-500", -1000, 1000, &n) && n == -500 &&
	      !read_number("1001", -1000, 1000, &n) &&
	      !read_number(" 1", 0, 9, &n) && !read_number("1x", 0, 9, &n) &&
	      !read_number("", 0, 9, &n),
	      "a_number_has_nothing_around_it_and_bounds");
	check(read_size("3", &n) && n == 3 && read_size("2K", &n) &&
	      n == 2048 && read_size("1T", &n) && n == 1LL << 40 &&
	      !read_size("-1", &n) && !read_size("1k5", &n) &&
	      !read_size("9999999999G", &n),
	      "a_size_has_a_unit_and_does_not_overflow");
	check(read_time("90", &n) && n == 90000000000LL &&
	      read_time("20ms", &n) && n == 20000000 && read_time("2h", &n) &&
	      n == 7200000000000LL && !read_time("2w", &n),
	      "a_time_has_a_unit");
}

/* Interleaved episodes, some of which lack a type of record. */
static void test_index(void)
{
	struct records plain = { 0 }, indexed = { 0 };
	const struct oomtrace_header *a, *b;
	unsigned int i, x = 1, same = 0;
	size_t at_a, at_b;

	for (i = 0; i < 500; i++) {
		RECORD(e, OOM_END, oom_end);
		RECORD(v, VICTIM, victim);

		x = x * 1103515245 + 12345;
		e.h.seq = i;
		e.episode = 1 + x / 65536 % 40;
		v.h.seq = i;
		v.episode = e.episode;
		records_add(&plain, x & 0x8000 ? &e.h : &v.h);
		records_add(&indexed, x & 0x8000 ? &e.h : &v.h);
	}
	records_index(&indexed);
	for (i = 0; i <= 41; i++) {
		at_a = 0;
		at_b = 0;
		do {
			a = records_next(&plain, i, &at_a);
			b = records_next(&indexed, i, &at_b);
			same += a && b && a->seq == b->seq;
		} while (a && b);
		if (a || b)
			same = 0;
	}
	check(same == 500, "with_an_index_each_episode_has_the_same_records");
	records_free(&plain);
	records_free(&indexed);
}

/* ---- the answers with the records of contenders only ---- */

#define CROWD	600
#define BEST	64

static unsigned int seed;

static unsigned int dice(unsigned int sides)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % sides;
}

/* A task of a crowd: of equal points there are several, and of each adj. */
static struct oomtrace_candidate any_task(u32 index)
{
	int adj = (int)dice(9) * 100 - 400;
	s64 memory = 200 + dice(dice(2) ? 50 : 4000);
	struct oomtrace_candidate c = make_candidate(1, "task", 100 + index,
						     index, memory + adj * 25);

	c.oom_score_adj = adj;
	c.rss_anon = memory - 100;
	if (!dice(20)) {
		c.h.valid &= ~OOMTRACE_BIT(candidate, points);
		c.verdict = OOMTRACE_EVAL_INELIGIBLE;
		c.reason = OOMTRACE_REASON_ADJ_MIN;
		c.oom_score_adj = -1000;
	}
	return c;
}

static bool has_points(const struct oomtrace_candidate *c)
{
	return oomtrace_field_valid(&c->h, OOMTRACE_BIT_candidate_points);
}

/* How many of the crowd have more points than a task, by all or by one adj? */
static unsigned int count_better(const struct oomtrace_candidate *crowd,
				 const struct oomtrace_candidate *c, bool same_adj)
{
	unsigned int i, n = 0;

	for (i = 0; i < CROWD; i++)
		n += has_points(&crowd[i]) && crowd[i].points > c->points &&
		     (!same_adj || crowd[i].oom_score_adj == c->oom_score_adj);
	return n;
}

static bool contends(const struct oomtrace_candidate *crowd,
		     const struct oomtrace_candidate *c)
{
	return count_better(crowd, c, false) < BEST ||
	       !count_better(crowd, c, true);
}

/* What is asked of one OOM. */
struct question {
	s64 total;
	unsigned int task;	/* in the crowd */
	int adj;
};

struct answer {
	s32 was, with_limit, with_adj, saved;
};

static s32 chosen(void)
{
	long i = replay_choose(&r);

	return i < 0 ? i : r.task[i].c->pid;
}

static struct answer ask_replay(const struct question *q)
{
	struct answer a = { 0 };
	long victim;
	size_t i;

	replay_free(&r);
	if (!replay_init(&r, &recs, 1))
		return a;
	a.was = chosen();
	victim = replay_choose(&r);
	replay_set_total(&r, q->total);
	a.with_limit = chosen();
	replay_set_total(&r, r.totalpages);
	for (i = 0; i < r.n; i++)
		if (r.task[i].c->pid == 100 + (s32)q->task) {
			replay_set_adj(&r, i, q->adj);
			a.with_adj = chosen();
			replay_set_adj(&r, i, r.task[i].c->oom_score_adj);
		}
	if (victim >= 0 && replay_save(&r, victim))
		a.saved = r.task[victim].adj;
	return a;
}

enum what { ALL, SHORT, CONTENDERS };

static void shorten(struct oomtrace_candidate *c)
{
	c->h.valid &= ~(OOMTRACE_BIT(candidate, rss_anon) |
			OOMTRACE_BIT(candidate, rss_file) |
			OOMTRACE_BIT(candidate, rss_shmem) |
			OOMTRACE_BIT(candidate, swapents) |
			OOMTRACE_BIT(candidate, pgtables_bytes) |
			OOMTRACE_BIT(candidate, ns_pid));
	c->rss_anon = 0;
	c->rss_file = 0;
	c->rss_shmem = 0;
	c->swapents = 0;
	c->pgtables_bytes = 0;
	c->ns_pid = 0;
}

/* The verdict's totalpages are 25,000. */
static bool has_same_memory(const struct oomtrace_candidate *c)
{
	struct oomtrace_candidate brief = *c;
	s64 all, sum;

	shorten(&brief);
	return candidate_memory(c, 4096, 25000, &all) &&
	       candidate_memory(&brief, 4096, 25000, &sum) && all == sum &&
	       !candidate_memory(&brief, 4096, 0, &sum);
}

static void keep_crowd(const struct oomtrace_candidate *crowd, enum what what)
{
	struct oomtrace_candidate c;
	unsigned int i;

	begin();
	for (i = 0; i < CROWD; i++) {
		c = crowd[i];
		if (what != ALL && has_points(&c) && !contends(crowd, &c)) {
			if (what == CONTENDERS)
				continue;
			shorten(&c);
		}
		keep(&c);
	}
}

/*
 * The module records the terms of contenders only, and if its ring is full, no
 * other candidates. That changes no answer about a victim or a limit, and with
 * short records no answer about any task.
 */
static void test_crowds(void)
{
	static struct oomtrace_candidate crowd[CROWD];
	struct answer all, brief, few;
	unsigned int i, k, same_brief = 0, same_few = 0, other_memory = 0;
	struct question q;

	for (k = 0; k < 200; k++) {
		seed = k;
		for (i = 0; i < CROWD; i++)
			crowd[i] = any_task(i);
		for (i = 0; i < CROWD; i++)
			other_memory += has_points(&crowd[i]) &&
					!has_same_memory(&crowd[i]);
		q.total = 1000 * (1 + dice(100));
		q.task = dice(CROWD);
		q.adj = (int)dice(2001) - 1000;
		keep_crowd(crowd, ALL);
		all = ask_replay(&q);
		keep_crowd(crowd, SHORT);
		brief = ask_replay(&q);
		same_brief += !memcmp(&all, &brief, sizeof(all));
		keep_crowd(crowd, CONTENDERS);
		few = ask_replay(&q);
		/* A task without a record cannot be asked about. */
		if (!few.with_adj)
			few.with_adj = all.with_adj;
		same_few += !memcmp(&all, &few, sizeof(all));
	}
	check(!other_memory, "a_short_record_has_the_memory_of_a_full_one");
	check(same_brief == 200, "short_records_give_the_same_answers");
	check(same_few == 200, "contenders_give_the_same_answers");
}

void test_replay(void)
{
	test_index();
	test_rules();
	test_exempt();
	test_specials();
	test_save();
	test_limit();
	test_crowds();
	test_numbers();
	replay_free(&r);
	records_free(&recs);
}
