// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the replay of commit decisions on constructed recordings. The selftests
 * check its prediction on a real kernel.
 */
#include <stdlib.h>

#include "../overcommit.h"
#include "test_overcommit.h"
#include "test_util.h"

static struct records recs;
static struct history h;
static struct refusals got;
static u64 now;

static void begin(void)
{
	history_free(&h);
	records_free(&recs);
	recs.facts.page_size = 4096;
	now = 0;
}

/* RAM of 100,000 pages, so that a percent is 1,000; no reserves. */
static struct oomtrace_commit *ask(s64 pages)
{
	RECORD(c, COMMIT, commit);

	c.h.ts_ns = ++now;
	c.pages = pages;
	c.totalram = 100000;
	c.mode = 1;
	c.recorded = OOMTRACE_RECORDED_ALL;
	c.h.valid &= ~(OOMTRACE_BIT(commit, committed) |
		       OOMTRACE_BIT(commit, allowed));
	records_add(&recs, &c.h);
	return (void *)recs.rec[recs.n - 1];
}

static void sample(s64 committed)
{
	RECORD(s, SAMPLE, sample);

	s.h.ts_ns = ++now;
	s.committed = committed;
	records_add(&recs, &s.h);
}

static bool refuses(s64 ratio, size_t least, size_t guess, size_t most)
{
	struct limit l = { .value = ratio };

	history_free(&h);
	history_init(&h, &recs);
	free(got.refused);
	judge(&h, &l, &got);
	if (got.least == least && got.guess == guess && got.most == most)
		return true;
	printf("# at least %zu, probably %zu, at most %zu\n", got.least,
	       got.guess, got.most);
	return false;
}

static void test_exact(void)
{
	begin();
	sample(10000);
	ask(10000);
	ask(30000);
	sample(50000);
	check(refuses(51, 0, 0, 0), "below_the_limit_nothing_is_refused");
	check(refuses(50, 1, 1, 1) && got.pages == 30000 &&
	      got.first->rec->pages == 30000,
	      "the_limit_itself_is_refused_as_the_kernel_does");
	check(h.width == 0, "without_releases_the_counter_is_exact");
	check(smallest_ratio(&h, false) == 51 && smallest_ratio(&h, true) == 51,
	      "the_smallest_ratio_is_the_next_one");
	ask(5);
	check(refuses(10, 2, 2, 2) && h.unplaced == 1,
	      "what_no_sample_follows_is_left_out");
}

static void test_releases(void)
{
	begin();
	sample(10000);
	ask(20000);
	ask(20000);
	sample(20000);
	/* 30,000 pages were released at an unknown time. */
	check(refuses(60, 0, 0, 0), "beyond_the_highest_nothing_is_refused");
	check(refuses(45, 0, 0, 1), "what_may_be_refused_is_in_most_only");
	check(h.width == 30000, "the_width_is_what_was_given_back");
	check(refuses(20, 0, 1, 2),
	      "what_may_have_been_refused_before_is_taken_off");
}

static void test_reserves(void)
{
	struct oomtrace_commit *c;

	begin();
	sample(0);
	c = ask(40000);
	c->admin_reserve = 2000;
	c->user_reserve = 1000;
	c->total_vm = 320000;
	sample(40000);
	check(refuses(43, 1, 1, 1) && refuses(44, 0, 0, 0),
	      "both_reserves_are_taken_off");
	c->cap_sys_admin = 1;
	c->total_vm = 3200;
	check(refuses(40, 1, 1, 1) && refuses(41, 0, 0, 0),
	      "an_admin_and_a_small_task_have_less_taken_off");
	c->totalram = 110000;
	c->hugetlb = 10000;
	c->total_swap = 5000;
	check(refuses(35, 1, 1, 1) && refuses(36, 0, 0, 0),
	      "swap_is_added_and_huge_pages_are_taken_off");
}

static void test_modes(void)
{
	struct oomtrace_commit *c;
	struct limit l = { .by_kbytes = true, .value = 160000 };

	begin();
	c = ask(40000);
	c->mode = 2;
	c->committed = 40000;
	c->h.valid |= OOMTRACE_BIT(commit, committed);
	check(refuses(40, 1, 1, 1) && refuses(41, 0, 0, 0),
	      "mode_2_needs_no_samples");
	free(got.refused);
	judge(&h, &l, &got);
	check(got.guess == 1 && limit_pages(&l, c, 4096) == 40000,
	      "kbytes_are_kilobytes");

	begin();
	sample(0);
	c = ask(1LL << 62);
	c->ret = -12;
	ask(LLONG_MAX)->ret = -12;
	ask(100);
	sample(100);
	check(refuses(50, 2, 2, 2) && smallest_ratio(&h, false) == -1,
	      "absurd_requests_are_refused_and_change_nothing");

	begin();
	sample(0);
	ask(40000);
	ask(20000);
	sample(60000);
	check(refuses(30, 1, 1, 2),
	      "what_was_refused_is_not_there_later");
	ask(1)->h.valid = 0;
	sample(60000);
	check(refuses(30, 1, 1, 2) && h.incomplete == 1,
	      "a_decision_without_its_terms_is_left_out");
}

void test_overcommit(void)
{
	test_exact();
	test_releases();
	test_reserves();
	test_modes();
	free(got.refused);
	history_free(&h);
	records_free(&recs);
}
