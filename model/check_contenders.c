// SPDX-License-Identifier: GPL-2.0
/*
 * Checks module/oom/contenders.c in user space, on random crowds: whatever their
 * size and order, and whatever the size of the ring, the records of those that can
 * matter are kept, each record is written once, and all others are counted.
 *
 * What can matter: the task that the kernel kills, the runner-up, the points of
 * the best 64, and of each oom_score_adj the task that dies first.
 */
#include <assert.h>
#include <stdio.h>

#define current	NULL
#define OOM_SCORE_ADJ_MIN	(-1000)
#define OOM_SCORE_ADJ_MAX	1000

struct task_struct;

#include "../module/oom/contenders.c"

#define MOST	3000

static struct oomtrace_candidate crowd[MOST];
static bool recorded[MOST];
static unsigned int written, twice;

bool oomtrace_oom_write(const struct oomtrace_header *rec)
{
	const struct oomtrace_candidate *c = (const void *)rec;

	twice += recorded[c->index];
	recorded[c->index] = true;
	written++;
	return true;
}

static unsigned int seed;

static unsigned int dice(unsigned int sides)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % sides;
}

enum order { ANY, RISING, FALLING, EQUAL, ORDERS };

static void make_crowd(unsigned int n, enum order order, unsigned int adjs)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		memset(&crowd[i], 0, sizeof(crowd[i]));
		crowd[i].h.type = OOMTRACE_CANDIDATE;
		crowd[i].index = i;
		crowd[i].oom_score_adj = (int)dice(adjs) * 7 - 500;
		crowd[i].points = order == RISING ? i : order == FALLING ? n - i :
				  order == EQUAL ? 5 : (long)dice(1000) - 100;
	}
}

/* As the module does: the ring has @room for all, and @reserve for staged ones. */
static unsigned int scan(unsigned int n, u32 room, u32 reserve)
{
	unsigned int i, missed = 0;

	memset(recorded, 0, sizeof(recorded));
	written = 0;
	twice = 0;
	oomtrace_contenders_begin();
	for (i = 0; i < n; i++) {
		struct oomtrace_candidate *c = &crowd[i];

		if (oomtrace_contends(c->points, c->oom_score_adj))
			oomtrace_contender_add(c->points, c->oom_score_adj);
		if (i < room)
			oomtrace_oom_write(&c->h);
		else
			missed += oomtrace_contender_stage(c, reserve);
	}
	return missed + oomtrace_contenders_write();
}

/* Would the kernel kill @a and not @b? */
static bool dies_first(const struct oomtrace_candidate *a,
		       const struct oomtrace_candidate *b)
{
	return a->points != b->points ? a->points > b->points :
					a->index > b->index;
}

static unsigned int place_of(unsigned int n, const struct oomtrace_candidate *c,
			     bool same_adj)
{
	unsigned int i, place = 0;

	for (i = 0; i < n; i++)
		place += dies_first(&crowd[i], c) &&
			 (!same_adj || crowd[i].oom_score_adj == c->oom_score_adj);
	return place;
}

/* How many that can matter are not recorded? @top: places that must be. */
static unsigned int count_forgotten(unsigned int n, unsigned int top, bool by_adj)
{
	unsigned int i, forgotten = 0;

	for (i = 0; i < n; i++)
		forgotten += !recorded[i] &&
			     (place_of(n, &crowd[i], false) < top ||
			      (by_adj && !place_of(n, &crowd[i], true)));
	return forgotten;
}

/* The points of the best 64 are recorded, perhaps of others with as many. */
static bool has_best_points(unsigned int n)
{
	unsigned int i, better, all, best = n < OOMTRACE_TOP ? n : OOMTRACE_TOP;

	for (i = 0; i < n; i++) {
		unsigned int k;

		for (k = better = all = 0; k < n; k++) {
			better += recorded[k] && crowd[k].points >= crowd[i].points;
			all += crowd[k].points >= crowd[i].points;
		}
		if (better < (all < best ? all : best))
			return false;
	}
	return true;
}

static unsigned int number;

static void check(bool ok, const char *name)
{
	printf("%sok %u %s\n", ok ? "" : "not ", ++number, name);
}

int main(void)
{
	bool counted = true, once = true, fits = true, victim = true;
	bool all_matter = true, best = true;
	unsigned int k;

	oomtrace_contenders_init();
	printf("1..6\n");
	for (k = 0; k < 60; k++) {
		unsigned int n, missed;
		u32 room, reserve;

		seed = k;
		n = 1 + dice(k % 3 ? 800 : 300);
		reserve = k % 5 ? 32 + dice(289) : 1 + dice(32);
		room = reserve + dice(200);
		make_crowd(n, k % ORDERS, 1 + dice(60));
		missed = scan(n, room, reserve);
		counted &= written + missed == n;
		once &= !twice;
		fits &= written <= room + reserve;
		victim &= !count_forgotten(n, reserve > 1 ? 2 : 1, false);
		/* With less room the ones with the fewest points are dropped. */
		if (reserve >= OOMTRACE_TOP + 60) {
			all_matter &= k % ORDERS == EQUAL ||
				      !count_forgotten(n, 2, true);
			best &= has_best_points(n);
		}
	}
	check(counted, "each_candidate_is_recorded_or_counted");
	check(once, "none_is_written_twice");
	check(fits, "they_fit_the_ring");
	check(victim, "victim_and_runner_up_are_recorded");
	check(all_matter, "the_first_to_die_of_each_adj_is_recorded");
	check(best, "the_points_of_the_best_64_are_recorded");
	return !(counted && once && fits && victim && all_matter && best);
}
