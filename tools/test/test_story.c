// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the explanation of OOM episodes that are made of constructed records.
 */
#include "test_episode.h"
#include "test_story.h"

static const char *explanation(void)
{
	return story_text(&story);
}

/* The episode of a memory cgroup that the documentation shows. */
static void feed_whole(u64 episode)
{
	struct oomtrace_verdict v = make_verdict(episode);
	struct oomtrace_oom_end e = make_end(episode, OOMTRACE_ENDING_KILLED);

	feed_begin(episode, OOMTRACE_SCOPE_MEMCG);
	feed_retries(episode);
	feed_leading(episode, "a", 1, 0, 300);
	feed_kept(episode, "b", 2, 1, 200);
	feed_leading(episode, "sh", 811, 2, 310);
	feed_exempt(episode, "sshd", 400, 3, OOMTRACE_REASON_ADJ_MIN);
	feed_exempt(episode, "old", 300, 4, OOMTRACE_REASON_OOM_SKIP);
	feed_exempt(episode, "init", 1, 5, OOMTRACE_REASON_INIT);
	feed_exempt(episode, "zombie", 500, 6, OOMTRACE_REASON_NO_MM);
	feed_kept(episode, "c", 3, 7, -50);
	feed_exempt(episode, "udevd", 401, 8, OOMTRACE_REASON_ADJ_MIN);
	feed_hog(episode);
	feed(&v);
	feed_victim(episode, 812, OOMTRACE_WHY_CHOSEN);
	e.victims = 1;
	e.candidates = 10;
	e.exempt_kthread = 51;
	e.exempt_init = 1;
	/* Fewer than there are records: the records count. */
	e.exempt_adj_min = 1;
	feed(&e);
	feed_reap(episode, 812, OOMTRACE_STEP_EXITED, 12345678, 0);
}

static const char whole[] =
"OOM episode 3: memory cgroup 4127, 123.456789 s after boot (suspend not counted)\n"
"Killed:    hog[812], uid 1000, cgroup 4127\n"
"Victims:   hog[812]: anon 24,020 pages (93.8 MiB), file 80 pages (320 KiB), shmem 0 pages, swap 0 pages (chosen)\n"
"Freed:     hog[812] released its memory after 12.3 ms\n"
"Ended:     killed, victims: 1; out_of_memory() took 1.2 ms\n"
"Decided:   the kernel's OOM killer, by score\n"
"Why:       it has the most points of 5 eligible tasks\n"
"Points:    hog[812] 24,310 (94.9 MiB) = rss 24,100 (anon 24,020, file 80, shmem 0) + swap 10 + page tables 150 + adj 50 (oom_score_adj 2 x 25 pages)\n"
"Runner-up: sh[811] with 310 points, 24,000 pages behind (93.7 MiB)\n"
"Next:      a[1] 300 (1.1 MiB), b[2] 200 (800 KiB), c[3] -50\n"
"Exempt:    51 kernel threads, init\n"
"           1 without an address space\n"
"           2 with oom_score_adj -1000: sshd[400], udevd[401]\n"
"           1 whose memory was already reaped: old[300]\n"
"Asked:     hog[812], uid 1000, cgroup 4127, oom_score_adj 0\n"
"           for 2^0 pages (4 KiB), gfp 0xcc0 (GFP_KERNEL), because of an allocation that failed\n"
"Memory:    the cgroup uses 25,600~ pages (100 MiB) of its limit of 25,600 pages (100 MiB)\n"
"Machine:   1,234 pages (4.8 MiB) free of 32,768 pages (128 MiB); watermarks min 500, low 625, high 750\n"
"           anon 24,100 (94.1 MiB), file 20 (80 KiB), shmem 0, reclaimable slab 0, unreclaimable slab 0\n"
"           no swap\n"
"Before:    1.2 ms earlier DMA32 on node 0, order 0: reclaimable 20, with free 480, min 500; loops without progress 16, the kernel gave up\n"
"           1.2 ms earlier compaction, order 0: result 0, priority 0, retries 0, allowed 16, another try followed and failed\n"
"           ~ read just before or after the kernel used it, or computed\n";

static void test_whole(void)
{
	oomtrace_story_init(&story, 0, 4096);
	feed_whole(3);
	check_text(explanation(), whole, "an_episode_is_told_from_begin_to_end");

	oomtrace_story_init(&story, 3, 4096);
	feed_begin(2, OOMTRACE_SCOPE_GLOBAL);
	feed_whole(3);
	feed_begin(4, OOMTRACE_SCOPE_GLOBAL);
	check_text(explanation(), whole, "an_episode_can_be_asked_for");
}

static void test_newest(void)
{
	oomtrace_story_init(&story, 0, 4096);
	check_text(explanation(), "no OOM episode recorded\n",
		   "without_records_it_says_so");
	feed_whole(3);
	feed_begin(4, OOMTRACE_SCOPE_GLOBAL);
	feed_reap(3, 812, OOMTRACE_STEP_FINISH, 1, 0);
	feed_end(4, OOMTRACE_ENDING_CALLER_EXITING);
	check_has(explanation(), "OOM episode 4: global", "the_newest_is_told");
	check_hasnt(explanation(), "Killed:", "nothing_is_left_of_the_one_before");
	check_has(explanation(), "See also:  episode 3, the last one that killed a task",
		  "the_last_kill_is_pointed_to");
	check(oomtrace_story_killed_before(&story) == 3, "and_can_be_told_instead");
	feed_whole(2);
	check_has(explanation(), "OOM episode 4:", "an_older_one_is_ignored");

	oomtrace_story_init(&story, 0, 4096);
	feed_whole(3);
	check(!oomtrace_story_killed_before(&story), "the_newest_is_told_if_it_killed");
	oomtrace_story_use_later(&story, 3);
	check_hasnt(explanation(), "Later:", "a_kill_that_is_the_newest_has_no_later_ones");
	oomtrace_story_use_later(&story, 5);
	check_has(explanation(), "1.2 ms\nLater:     2 more OOMs have no victim, the last one is episode 5\nDecided:",
		  "what_followed_the_kill_is_counted");
	check(oomtrace_story_begin_ns(&story) / 1000 == 123456789, "the_begin_has_a_time");
	oomtrace_story_use_time(&story, "2026-11-29 17:47:13 UTC");
	check_has(explanation(), "OOM episode 3: memory cgroup 4127, 2026-11-29 17:47:13 UTC, 123.456789 s after",
		  "the_time_of_day_is_in_the_title");
	feed_begin(4, OOMTRACE_SCOPE_GLOBAL);
	feed_victim(4, 812, OOMTRACE_WHY_CALLER_EXITING);
	check(oomtrace_story_killed_before(&story) == 3, "memory_reserves_kill_nobody");

	oomtrace_story_init(&story, 7, 4096);
	feed_whole(3);
	check_text(explanation(), "no record of OOM episode 7 found\n",
		   "an_episode_that_is_not_held_is_not_made_up");
	check(!oomtrace_story_found(&story), "and_is_not_found");
}

/* A story with one verdict, changed by the caller before it is fed. */
static struct oomtrace_verdict start_choice(void)
{
	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_GLOBAL);
	feed_kept(1, "sh", 811, 2, 310);
	feed_hog(1);
	return make_verdict(1);
}

static void test_choice(void)
{
	struct oomtrace_oom_end e = make_end(1, OOMTRACE_ENDING_KILLED);
	struct oomtrace_verdict v = start_choice();

	v.constraint = OOMTRACE_CONSTRAINT_CPUSET;
	v.points = 24311;
	feed(&v);
	check_has(explanation(), "OOM episode 1: the memory nodes of a cpuset, ",
		  "the_constraint_is_told");
	check_has(explanation(), "read just before the kernel did, the terms add up to 24,310\n",
		  "terms_that_do_not_add_up_are_told");

	v = start_choice();
	v.recomputed = OOMTRACE_RECOMPUTED_TIE;
	v.runner_up_points = v.points;
	feed(&v);
	check_has(explanation(), "it ties with the runner-up, and the kernel kills the later one; out of",
		  "a_tie_is_told");
	check_has(explanation(), "24,310 points, 0 pages behind\n",
		  "a_tie_has_no_margin");

	v = start_choice();
	v.recomputed = OOMTRACE_RECOMPUTED_RACED;
	feed(&v);
	check_has(explanation(), "the recorded points name another task; out of at least 2 ",
		  "a_race_is_told");

	v = start_choice();
	feed(&v);
	e.candidates = 900;
	e.scored = 900;
	feed(&e);
	check_has(explanation(), "Why:       it has the most points of 900 eligible tasks\n",
		  "tasks_without_a_record_were_compared_too");

	v = start_choice();
	v.recomputed = OOMTRACE_RECOMPUTED_ORIGIN;
	v.points = LLONG_MAX;
	feed(&v);
	check_has(explanation(), "it was marked to die first (swapoff, KSM, a larger trace buffer); out of",
		  "an_origin_is_told");
	check_has(explanation(), "Points:    hog[812] the maximum, which is a mark and not a sum\n",
		  "the_maximum_is_no_number");

	v = start_choice();
	v.recomputed = OOMTRACE_RECOMPUTED_UNAVAILABLE;
	v.h.valid &= ~(OOMTRACE_BIT(verdict, runner_up_pid) |
		       OOMTRACE_BIT(verdict, runner_up_points) |
		       OOMTRACE_BIT(verdict, totalpages));
	feed(&v);
	check_has(explanation(), "not checked: not all points are known",
		  "what_could_not_be_checked_is_told");
	check_has(explanation(), "Runner-up: not known\n",
		  "an_unknown_runner_up_is_not_known");
	check_has(explanation(), "adj not known (oom_score_adj 2)",
		  "an_unknown_term_is_not_known");
}

/* As with PREEMPT_RT, where no handler may read it. */
static void test_no_terms(void)
{
	struct oomtrace_candidate c = make_candidate(1, "hog", 812, 24310, 2);
	struct oomtrace_verdict v = make_verdict(1);

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_GLOBAL);
	c.h.valid &= ~OOMTRACE_BIT(candidate, rss_anon);
	feed(&c);
	feed(&v);
	check_has(explanation(), "hog[812] 24,310 (94.9 MiB); terms not known because",
		  "points_without_terms_have_no_second_unit");
}

static void test_no_choice(void)
{
	struct oomtrace_verdict v;

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_GLOBAL);
	v = make_verdict(1);
	v.h.valid &= ~(OOMTRACE_BIT(verdict, points) |
		       OOMTRACE_BIT(verdict, runner_up_pid) |
		       OOMTRACE_BIT(verdict, runner_up_points));
	v.policy = OOMTRACE_POLICY_ALLOCATING_TASK;
	feed(&v);
	check_has(explanation(), "no tasks were compared: vm.oom_kill_allocating_task is set",
		  "oom_kill_allocating_task_is_told");
	check_hasnt(explanation(), "Points:", "and_has_no_points");

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_GLOBAL);
	v.policy = OOMTRACE_POLICY_OTHER;
	strcpy(v.message, "low on\nmemory");
	feed(&v);
	check_has(explanation(), "chosen by another policy than the kernel's",
		  "another_policy_is_told");
	check_has(explanation(), "Decided:   a policy in the kernel, not the OOM killer's own; its message: \"low on\\nmemory\"\n",
		  "a_policys_message_is_its_rule");
	check_hasnt(explanation(), "oom_kill_allocating_task",
		    "and_is_not_taken_for_the_sysctl");
	feed(&v);
	check_has(explanation(), "1 more task was chosen in this episode, see the victims\n",
		  "several_verdicts_are_counted");

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_GLOBAL);
	v.h.valid &= ~OOMTRACE_BIT(verdict, message);
	feed(&v);
	check_has(explanation(), "OOM killer's own; its message is not recorded\n",
		  "no_message_is_made_up");

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_GLOBAL);
	v.h.valid &= ~OOMTRACE_BIT(verdict, policy);
	feed(&v);
	check_has(explanation(), "not known: no compared tasks are recorded",
		  "without_the_policy_no_sysctl_is_claimed");
	check_hasnt(explanation(), "Decided:", "nor_who_decided");

	v = start_choice();
	feed_open(1, "x", 5);
	feed(&v);
	check_has(explanation(), "not checked, because the points of 1 of the 3 candidates are not known)\n",
		  "unknown_points_are_told");
	check_hasnt(explanation(), "eligible", "and_no_eligible_tasks_are_counted");
	check_hasnt(explanation(), "Next:", "and_no_order_is_claimed");

	oomtrace_story_init(&story, 0, 4096);
	v = make_verdict(1);
	v.h.valid = OOMTRACE_BIT(verdict, episode);
	feed(&v);
	check_has(explanation(), "; its begin record is missing\n",
		  "a_lost_beginning_is_told");
	check_has(explanation(), "Killed:    (name not known)[not known]",
		  "an_unknown_victim_is_not_named");
}

/* Of equals the one that was looked at later is worse. */
static void test_order(void)
{
	char name[8];
	int i;

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_GLOBAL);
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		feed_kept(1, name, 100 + i, i, 1000 + i / 2);
	}
	check_has(explanation(), "Scored:    t19[119] 1,009 (3.9 MiB), t18[118] 1,009 (3.9 MiB), t17[117] 1,008 (3.9 MiB), t16[116] 1,008 (3.9 MiB), t15[115] 1,007 (3.9 MiB), t14[114] 1,007 (3.9 MiB), t13[113] 1,006 (3.9 MiB)\n",
		  "the_worst_come_first_and_of_equals_the_later");

	for (i = 0; i < 20; i++)
		feed_exempt(1, "x", 200 + i, 20 + i, OOMTRACE_REASON_ADJ_MIN);
	feed_exempt(1, "y", 300, 40, OOMTRACE_REASON_OOM_SKIP);
	feed_exempt(1, "z", 301, 41, 200);
	check_has(explanation(), "20 with oom_score_adj -1000: x[200], x[201], x[202], x[203], x[204], x[205], x[206], x[207], ...\n",
		  "only_some_exempt_tasks_are_named");
	check_has(explanation(), "1 whose memory was already reaped\n",
		  "but_all_are_counted");
	check_has(explanation(), "1 for a reason not known\n",
		  "an_unknown_reason_is_not_made_up");
}

static void test_victims(void)
{
	int i;

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_MEMCG);
	for (i = 0; i < 10; i++)
		feed_victim(1, 500 + i, OOMTRACE_WHY_GROUP);
	feed_reap(1, 500, OOMTRACE_STEP_QUEUED, 1000, -1);
	feed_reap(1, 500, OOMTRACE_STEP_START, 2000000000, 100);
	feed_reap(1, 500, OOMTRACE_STEP_FINISH, 2010000000, 25);
	feed_reap(1, 501, OOMTRACE_STEP_SKIP, 999, 25);
	feed_reap(1, 501, OOMTRACE_STEP_SKIP, 1999, -1);
	feed_reap(1, 502, OOMTRACE_STEP_START, 2000000000, 100);
	feed_reap(1, 509, OOMTRACE_STEP_EXITED, 1, -1);
	feed_held(1, 504, 5885800, 10223, 1);
	feed_reap(1, 504, OOMTRACE_STEP_FINISH, 2012000000, 0);
	feed_held(1, 505, 5885800, 10223, 2);
	feed_held(1, 506, 5885800, 3, 0);
	feed_reap(1, 507, OOMTRACE_STEP_EXITED, 5885800, -1);
	check_has(explanation(), "           and 2 more\n",
		  "victims_that_are_not_kept_are_counted");
	check_has(explanation(), "Freed:     hog[500] the reaper finished after 2.01 s, 25 pages (100 KiB) left\n",
		  "a_reaped_victim_is_told");
	check_has(explanation(), "hog[501] the reaper skipped it 2 times, last after 1.9 us\n",
		  "a_skipped_victim_is_told");
	check_has(explanation(), "hog[502] the reaper started after 2.00 s, its finish is not recorded\n",
		  "a_victim_being_reaped_is_told");
	check_has(explanation(), "hog[503] nothing recorded yet",
		  "a_dying_victim_is_told");
	check_has(explanation(), "hog[504] its main thread has exited after 5.8 ms, 10,223 pages (39.9 MiB) were still held by 1 other thread or process; the reaper finished after 2.01 s, 0 pages left\n",
		  "memory_that_others_hold_is_not_released");
	check_has(explanation(), "hog[505] its main thread has exited after 5.8 ms, 10,223 pages (39.9 MiB) were still held by 2 other threads or processes\n",
		  "a_release_that_is_not_recorded_is_not_made_up");
	check_has(explanation(), "hog[506] its main thread has exited after 5.8 ms, 3 pages (12 KiB) were still being freed\n",
		  "memory_that_another_task_frees_is_not_yet_released");
	check_has(explanation(), "hog[507] its main thread has exited after 5.8 ms, what others held then is not known\n",
		  "without_the_number_of_users_no_release_is_claimed");
	check_has(explanation(), "(memory.oom.group kills its whole cgroup)\n",
		  "a_group_kill_is_told");
	check_has(explanation(), "Ended:     not recorded",
		  "an_episode_without_end_is_told");
}

/* The kernel does not mark a process that shares the victim's memory, unless for its group. */
static void test_shared(void)
{
	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_MEMCG);
	feed_victim(1, 500, OOMTRACE_WHY_CHOSEN);
	feed_victim(1, 501, OOMTRACE_WHY_SHARED_MM);
	feed_victim(1, 502, OOMTRACE_WHY_SHARED_MM);
	feed_victim(1, 502, OOMTRACE_WHY_GROUP);
	feed_reap(1, 500, OOMTRACE_STEP_EXITED, 12345678, 0);
	feed_reap(1, 502, OOMTRACE_STEP_EXITED, 12345678, 0);
	check_has(explanation(), "\nFreed:     hog[500] released its memory after 12.3 ms\n           hog[502] released its memory after 12.3 ms\nEnded:",
		  "no_step_is_expected_of_a_process_that_is_not_marked");
}

/* What the state of memory says: was anything reclaimable, which zone failed? */
static void test_memory(void)
{
	struct oomtrace_memory m = make_memory(1);
	struct oomtrace_zone z;

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_GLOBAL);
	check_hasnt(explanation(), "Reclaim:", "what_could_be_reclaimed_is_not_guessed");
	feed(&m);
	check_has(explanation(), "dirty 3 (12 KiB), writeback 4 (16 KiB), unevictable 5 (20 KiB); in huge pages: anon 512 (2 MiB), shmem 0, hugetlb 1,024 (4 MiB), of these unused 513 (2.0 MiB)\n",
		  "what_holds_pages_is_told");
	check_has(explanation(), "Reclaim:   at most 27 pages (108 KiB): file 20, reclaimable slab 0, other kernel memory 7, anon that fits into free swap 0\n",
		  "what_could_be_reclaimed_is_told");
	m.h.valid &= ~OOMTRACE_BIT(memory, kernel_misc_reclaimable);
	m.anon_thp = 0;
	m.hugetlb = 0;
	m.hugetlb_free = 0;
	feed(&m);
	check_has(explanation(), "unevictable 5 (20 KiB); no huge pages\n",
		  "no_huge_pages_are_told");
	check_hasnt(explanation(), "Reclaim:", "a_sum_without_a_term_is_not_told");
	check_hasnt(explanation(), "Zones:", "without_zones_none_is_told");

	feed_zone(1, "Movable", 9000, 600);
	feed_zone(1, "DMA32", 1500, 500);
	check_has(explanation(), "Zones:     DMA32 on node 0 has 1,500 pages (5.8 MiB) free, above its min of 500; low 600, high 700\n           and 1 more above min\n",
		  "the_zone_nearest_to_its_min_is_told");
	z = make_zone(1, "Normal", 500, 500);
	z.node = 1;
	z.wmark_boost = 40;
	feed(&z);
	check_has(explanation(), "Zones:     Normal on node 1 has 500 pages (1.9 MiB) free, not above its min of 500 (boosted by 40); low 600, high 700\n           and 2 more above min\n",
		  "the_zone_that_failed_is_told");
	feed_zone(1, "a", 10, 20);
	feed_zone(1, "b", 10, 40);
	feed_zone(1, "c", 10, 30);
	check_has(explanation(), "Zones:     b on node 0 has 10 pages (40 KiB) free, not above its min of 40; low 140, high 240\n           c on",
		  "the_zone_that_lacks_most_comes_first");
	check_has(explanation(), "           a on node 0 has 10 pages (40 KiB) free, not above its min of 20; low 120, high 220\n           and 3 more, 1 of them not above min\n",
		  "zones_that_are_not_kept_are_counted");

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_MEMCG);
	m = make_memory(1);
	feed(&m);
	feed_zone(1, "Normal", 1, 2);
	check_hasnt(explanation(), "Zones:", "a_cgroups_oom_is_not_the_zones");
	check_hasnt(explanation(), "Reclaim:", "nor_what_the_machine_could_reclaim");
	check_hasnt(explanation(), " of swap ", "nor_about_swap_where_there_is_none");
}

/* Begin of a memcg OOM on a machine with swap. */
static void test_memcg_swap(void)
{
	struct oomtrace_memory m = make_memory(1);

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_MEMCG);
	story.begin.total_swap = 1000;
	feed(&m);
	check_has(explanation(), "limit of 25,600 pages (100 MiB), and 256 pages (1 MiB) of swap without a limit\n",
		  "a_cgroups_swap_is_told");
	m.memcg_swap_max = 512;
	feed(&m);
	check_has(explanation(), " of swap of its limit of 512 pages (2 MiB)\n",
		  "and_its_limit");
}

static void test_stalls(void)
{
	struct oomtrace_psi p;

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_MEMCG);
	check_hasnt(explanation(), "Stalls:", "without_averages_none_is_told");
	feed_psi(1, OOMTRACE_RESOURCE_MEMORY, 0, 5000, 999);
	feed_psi(1, OOMTRACE_RESOURCE_IO, 0, 99, 0);
	check_has(explanation(), "Stalls:    memory, % of 10, 60, 300 s: some 50.00, 25.00, 12.50; all 9.99, 4.99, 2.49, 1.23 s old\n           I/O, % of 10, 60, 300 s: some 0.99, 0.49, 0.24; all 0.00, 0.00, 0.00, 1.23 s old\n",
		  "stalls_are_told");
	feed_psi(1, OOMTRACE_RESOURCE_MEMORY, 4127, 5000, 1000);
	feed_psi(1, OOMTRACE_RESOURCE_MEMORY, 0, 0, 0);
	check_has(explanation(), "Stalls:    memory in the cgroup, % of 10, 60, 300 s: some 50.00,",
		  "the_cgroups_own_stalls_are_told");
	check_has(explanation(), "all 10.00, 5.00, 2.50, 1.23 s old: thrashing\n",
		  "thrashing_is_told");
	feed_psi(1, OOMTRACE_RESOURCE_MEMORY, 4127, 99, 0);
	check_has(explanation(), "1.23 s old: sudden, with hardly any stalls before\n",
		  "a_sudden_oom_is_told");
	p = make_psi(1, OOMTRACE_RESOURCE_MEMORY, 4127, 9999, 9999);
	p.age_ns = 5000000000ULL;
	feed(&p);
	check_has(explanation(), "all 99.99, 49.99, 24.99, 5.00 s old\n",
		  "old_averages_are_not_judged");
}

/* The chosen task can exit before it is killed, and SysRq-f can choose a dying victim. */
static void test_exited(void)
{
	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_GLOBAL);
	feed_end(1, OOMTRACE_ENDING_KILLED);
	check_has(explanation(), "Ended:     no task was killed: the chosen one was dying or gone already; out_of_memory() took 1.2 ms\n",
		  "a_chosen_task_that_was_dying_was_not_killed");
}

/* Not out_of_memory() but a daemon. */
static void test_userspace(void)
{
	struct oomtrace_oom_end e = make_end(1, OOMTRACE_ENDING_KILLED);
	RECORD(v, VICTIM, victim);
	RECORD(gone, REMAINS, remains);

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_USERSPACE);
	feed_kept(1, "sh", 811, 0, 310);
	v.h.valid &= ~OOMTRACE_BIT(victim, earlier);
	v.episode = 1;
	v.pid = 812;
	strcpy(v.comm, "hog");
	v.why = OOMTRACE_WHY_DAEMON;
	v.signal = 9;
	feed(&v);
	e.victims = 1;
	feed(&e);
	check_has(explanation(), "Killer:    hog[812], uid 1000, cgroup 4127, oom_score_adj 0\nMemory:",
		  "a_daemon_has_asked_for_nothing");
	check_has(explanation(), "swap 0 pages (was sent SIGKILL from user space)\n",
		  "a_daemons_signal_is_told");
	check_has(explanation(), "Ended:     killed, victims: 1\n",
		  "a_daemons_kill_is_not_out_of_memorys");
	check_hasnt(explanation(), "Freed:", "its_end_is_not_said_to_be_missing");
	check_has(explanation(), "Ranked:    sh[811] 310 (1.2 MiB)\n",
		  "the_ranking_is_not_the_daemons_choice");

	e.victims = 2;
	feed(&e);
	check_has(explanation(), "victims: 2; from the first signal to the last 1.2 ms\n",
		  "the_time_between_its_signals_is_told");
	feed_reap(1, 812, OOMTRACE_STEP_RELEASED, 2000000, 25);
	check_has(explanation(), "Freed:     hog[812] process_mrelease() reaped its memory after 2.0 ms, 25 pages (100 KiB) left\n",
		  "process_mrelease_is_told");
	check_has(explanation(), "Decided:   hog[812] in user space, by a rule of its own\n",
		  "the_daemon_decided");
	/* It was not seen for a second or more, and is then gone. */
	gone.episode = 1;
	gone.pid = 812;
	gone.threads = 0;
	gone.since_kill_ns = 1002000000;
	feed(&gone);
	check_has(explanation(), "           hog[812] was gone within 1.00 s\n",
		  "when_it_was_gone_is_told");
	v.pid = 813;
	v.signal = 15;
	feed(&v);
	check_has(explanation(), "(was sent SIGTERM from user space, which it may survive)\n",
		  "the_polite_signal_is_told");
	v.pid = 814;
	v.h.valid &= ~OOMTRACE_BIT(victim, signal);
	feed(&v);
	check_has(explanation(), "(process_mrelease() reaped its memory)\n",
		  "no_signal_is_made_up");
	v.pid = 815;
	v.h.valid |= OOMTRACE_BIT(victim, signal);
	v.signal = 9;
	v.how = OOMTRACE_HOW_MRELEASE;
	feed(&v);
	check_has(explanation(), "(was sent SIGKILL from user space by process_mrelease())\n",
		  "how_it_was_sent_is_told");

	/* What another OOM had killed is not killed once more. */
	oomtrace_story_init(&story, 0, 4096);
	feed_begin(2, OOMTRACE_SCOPE_GLOBAL);
	v.episode = 2;
	v.why = OOMTRACE_WHY_CHOSEN;
	v.earlier = 1;
	v.h.valid |= OOMTRACE_BIT(victim, earlier);
	feed(&v);
	check_has(explanation(), "(chosen; it was killed before, in episode 1)\n",
		  "an_earlier_kill_is_told");
	check(!oomtrace_victim_is_new(&v.h), "and_is_no_new_one");
}

static const char *ending_of(unsigned int ending)
{
	struct oomtrace_candidate c = make_candidate(1, "old", 300, 0, 0);

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_GLOBAL);
	c.h.valid &= ~OOMTRACE_BIT(candidate, points);
	c.verdict = OOMTRACE_EVAL_ABORT;
	c.reason = OOMTRACE_REASON_IN_FLIGHT;
	feed(&c);
	feed_end(1, ending);
	return strstr(explanation(), "Ended:");
}

static void test_endings(void)
{
	check_has(ending_of(OOMTRACE_ENDING_NOTIFIER_FREED),
		  "notifiers freed memory: 77 pages (308 KiB); out_of_memory()",
		  "freed_by_a_notifier_is_told");
	check_has(ending_of(OOMTRACE_ENDING_CALLER_EXITING), "already exiting",
		  "a_dying_caller_is_told");
	check_has(ending_of(OOMTRACE_ENDING_SCAN_ABORTED),
		  "waits for an earlier victim still dying: old[300];",
		  "an_aborted_scan_names_who_is_dying");
	check_has(ending_of(OOMTRACE_ENDING_NO_FS), "__GFP_FS",
		  "no_gfp_fs_is_told");
	check_has(ending_of(OOMTRACE_ENDING_NO_CANDIDATE), "no task was eligible",
		  "no_candidate_is_told");
	check_has(ending_of(OOMTRACE_ENDING_PANIC), "panicked",
		  "a_panic_is_told");
	check_has(ending_of(OOMTRACE_ENDING_DISABLED), "is disabled",
		  "a_disabled_killer_is_told");
	check_has(ending_of(OOMTRACE_ENDING_POLICY_FREED), "a policy, not the kernel's own,",
		  "memory_freed_by_a_policy_is_told");
	check_has(ending_of(OOMTRACE_ENDING_UNKNOWN), "was not seen",
		  "a_return_not_seen_is_told");
	check_has(ending_of(99), "does not know",
		  "an_ending_of_a_newer_module_is_told");
}

/* Two records of repeats, and one of another episode's. */
static void test_repeats(void)
{
	RECORD(r, REPEAT, repeat);

	check(!strstr(ending_of(OOMTRACE_ENDING_SCAN_ABORTED), "Repeated"),
	      "without_repeats_there_is_no_line");
	r.episode = 1;
	r.count = 1200;
	r.last_ns = 900000000;
	feed(&r);
	r.count = 34;
	r.last_ns = story.begin.h.ts_ns + 1500000000;
	feed(&r);
	r.episode = 0;
	feed(&r);
	check_has(explanation(), "Repeated:  1,234 more OOMs ended the same way, the last one 1.50 s later; these are only counted\n",
		  "repeats_are_added_up");
}

static const char *panicked_by(unsigned int panic, bool known)
{
	struct oomtrace_oom_end e = make_end(1, OOMTRACE_ENDING_PANIC);

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_GLOBAL);
	e.candidates = 0;
	e.exempt_kthread = 51;
	e.panic = panic;
	if (!known)
		e.h.valid &= ~OOMTRACE_BIT(oom_end, panic);
	feed(&e);
	return explanation();
}

static void test_panic(void)
{
	check_has(panicked_by(OOMTRACE_PANIC_SYSCTL, true),
		  "the kernel panicked, before it looked at any task: vm.panic_on_oom;",
		  "a_panic_by_sysctl_is_told");
	check_has(panicked_by(OOMTRACE_PANIC_NO_TASK, true),
		  "the kernel panicked, because no task was eligible;",
		  "a_panic_for_lack_of_a_victim_is_told");
	check_has(explanation(), "Exempt:    51 kernel threads\n",
		  "kernel_threads_are_counted");
	check_has(panicked_by(OOMTRACE_PANIC_OTHER, true),
		  "the kernel panicked, for another reason, while this OOM was under way;",
		  "a_panic_for_another_reason_is_told");
	check_has(panicked_by(99, true),
		  "the kernel panicked, for a reason that this version does not know;",
		  "a_panic_of_a_newer_module_is_told");
	check_has(panicked_by(0, false),
		  "the kernel panicked, while this OOM was under way;",
		  "a_panic_of_an_older_module_is_told");
}

static void test_missing(void)
{
	struct oomtrace_oom_end e = make_end(1, OOMTRACE_ENDING_KILLED);
	RECORD(l, LOST, lost);

	oomtrace_story_init(&story, 0, 4096);
	l.ring = OOMTRACE_RING_OOM;
	l.count = 5;
	feed(&l);
	feed_begin(1, OOMTRACE_SCOPE_GLOBAL);
	feed_kept(1, "a", 1, 0, 1);
	feed(&l);
	l.ring = OOMTRACE_RING_COMMIT;
	feed(&l);
	e.candidates = 1500;
	e.missed = 100;
	feed(&e);
	check_has(explanation(), "1,499 of 1,500 candidates have no record (never written: 100, no longer buffered: 1,399)\n",
		  "missing_candidates_are_counted");
	check_has(explanation(), "Missing:   5 records of the OOM ring were overwritten",
		  "losses_within_the_episode_are_counted");
}

void test_story(void)
{
	test_whole();
	test_newest();
	test_choice();
	test_no_terms();
	test_no_choice();
	test_order();
	test_victims();
	test_shared();
	test_exited();
	test_memory();
	test_memcg_swap();
	test_stalls();
	test_userspace();
	test_endings();
	test_repeats();
	test_panic();
	test_missing();
}
