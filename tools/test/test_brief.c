// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the sentences of an OOM on one screen, by constructed records in a file
 * that the command explains. Needs ./oomtrace and removes its file.
 */
#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include "test_brief.h"
#include "test_episode.h"

static char path[] = "/tmp/oomtrace-brief-XXXXXX";
static FILE *file;
static u64 seq;

static void start_file(void)
{
	file = fopen(path, "w");
	seq = 0;
	if (!file)
		abort();
}

/* Save a record, a millisecond after the one before. */
static void save(void *rec)
{
	struct oomtrace_header *h = rec;

	h->seq = ++seq;
	h->ts_ns = 1000000000 + 1000000 * seq;
	if (fwrite(rec, h->size, 1, file) != 1)
		abort();
}

/* What a command prints of OOM 7 in the file, as one line with single spaces. */
static const char *run(const char *command)
{
	static char text[1 << 16];
	char cmd[100];
	size_t n = 0;
	FILE *p;
	int c;

	snprintf(cmd, sizeof(cmd), "./oomtrace %s %s 7 2>&1", command, path);
	fflush(stdout);
	p = popen(cmd, "r");
	if (!p)
		abort();
	while ((c = getc(p)) != EOF && n < sizeof(text) - 1) {
		c = isspace(c) ? ' ' : c;
		if (c != ' ' || (n && text[n - 1] != ' '))
			text[n++] = c;
	}
	text[n] = '\0';
	pclose(p);
	return text;
}

static const char *brief(void)
{
	if (fclose(file))
		abort();
	return run("last");
}

/* ---- Killed ---- */

static void test_no_victim(void)
{
	struct oomtrace_oom_end e = make_end(7, OOMTRACE_ENDING_KILLED);

	start_file();
	save(&e);
	check_has(brief(), "Killed nobody: the chosen process was dying or gone already ",
		  "a_process_that_was_dying_was_not_killed");
	e.h.valid &= ~OOMTRACE_BIT(oom_end, victims);
	start_file();
	save(&e);
	check_has(brief(), "Killed its record is missing ", "without_a_number_nothing_is_claimed");
}

static void save_victim(const char *comm, s32 pid, unsigned int why)
{
	RECORD(v, VICTIM, victim);

	v.h.valid &= ~OOMTRACE_BIT(victim, earlier);
	v.episode = 7;
	v.pid = pid;
	v.tgid = pid;
	v.why = why;
	strcpy(v.comm, comm);
	save(&v);
}

static void test_others(void)
{
	start_file();
	save_victim("p", 10, OOMTRACE_WHY_CHOSEN);
	save_victim("p2", 11, OOMTRACE_WHY_SHARED_MM);
	save_victim("q2", 12, OOMTRACE_WHY_SHARED_MM);
	save_victim("q", 13, OOMTRACE_WHY_GROUP);
	save_victim("q2", 12, OOMTRACE_WHY_GROUP);
	save_victim("r", 14, OOMTRACE_WHY_GROUP);
	check_has(brief(), " and p2[11], q2[12]: share a victim's memory and q[13], r[14]: its whole cgroup is killed (memory.oom.group) ",
		  "each_reason_has_its_own_processes");
	check_has(run("report -o -"), "; and 4 more processes in the same OOM",
		  "a_page_counts_each_process_once");
	check_has(run("list --noheadings"), " +4", "so_does_a_list");
	start_file();
	save_victim("p", 10, OOMTRACE_WHY_DAEMON);
	save_victim("p", 10, OOMTRACE_WHY_DAEMON);
	check_hasnt(brief(), "in the same OOM", "two_signals_are_not_two_processes");
	check_hasnt(run("report -o -"), "more process", "nor_on_a_page");
	start_file();
	save_victim("p", 10, OOMTRACE_WHY_CHOSEN);
	save_victim("p2", 11, OOMTRACE_WHY_SHARED_MM);
	check_has(brief(), " and p2[11]: shares a victim's memory ", "one_shares_it");
}

/* ---- Why ---- */

/* Save candidates with 5000, 4000 ... points and these values of oom_score_adj. */
static void save_candidates(const s16 *adj, unsigned int n)
{
	struct oomtrace_candidate c;
	unsigned int i;

	start_file();
	for (i = 0; i < n; i++) {
		c = make_candidate(7, "hog", 812 - i, i, 5000 - 1000 * i);
		c.oom_score_adj = adj[i];
		save(&c);
	}
}

/* Save the choice of the first of these candidates. */
static void save_choice(unsigned int how, s64 next, unsigned int candidates)
{
	struct oomtrace_verdict v = make_verdict(7);
	struct oomtrace_oom_end e = make_end(7, OOMTRACE_ENDING_KILLED);

	v.points = 5000;
	v.recomputed = how;
	v.runner_up_points = next;
	save(&v);
	e.candidates = candidates;
	save(&e);
}

static void test_reason(void)
{
	static const s16 none[4], last[] = { 0, 0, 0, -900 };

	save_candidates(none, 4);
	save_choice(OOMTRACE_RECOMPUTED_AGREE, 4000, 4);
	check_has(brief(), "Why it was the largest of 4 processes that could be killed ",
		  "without_oom_score_adj_the_largest_dies");
	save_candidates(last, 4);
	save_choice(OOMTRACE_RECOMPUTED_AGREE, 4000, 4);
	check_has(brief(), "Why it had the highest score of 4 processes that could be killed ",
		  "with_one_of_any_candidate_the_highest_score_does");
	save_candidates(none, 4);
	save_choice(OOMTRACE_RECOMPUTED_AGREE, 4000, 5);
	check_has(brief(), "Why it had the highest score of 4 processes that could be killed ",
		  "a_candidate_without_a_record_may_have_one");
}

/* The end of the scan counts those whose records were overwritten, too. */
static void test_overwritten(void)
{
	static const s16 none[1];
	struct oomtrace_oom_end e = make_end(7, OOMTRACE_ENDING_KILLED);
	struct oomtrace_verdict v = make_verdict(7);

	save_candidates(none, 1);
	v.points = 5000;
	save(&v);
	e.candidates = 3;
	e.scored = 3;
	save(&e);
	check_has(brief(), "Why it had the highest score of 3 processes that could be killed ",
		  "a_lost_candidate_could_be_killed_all_the_same");
}

static void test_tie(void)
{
	static const s16 none[4];

	save_candidates(none, 2);
	save_choice(OOMTRACE_RECOMPUTED_TIE, 5000, 2);
	check_has(brief(), "Why a tie of 2 processes that could be killed: the kernel kills the later one ",
		  "two_that_tie_are_told");
	save_candidates(none, 4);
	save_choice(OOMTRACE_RECOMPUTED_TIE, 5000, 4);
	check_has(brief(), "Why a tie of the top 2 of 4 processes that could be killed: the kernel ",
		  "others_do_not_tie");
	save_candidates(none, 4);
	save_choice(OOMTRACE_RECOMPUTED_AGREE, 4999, 4);
	check_has(brief(), "Why a near tie of the top 2 of 4 processes that could be killed: it was 4 KiB ahead",
		  "nor_nearly");
	save_candidates(none, 4);
	save_choice(OOMTRACE_RECOMPUTED_ORIGIN, 4999, 4);
	check_has(brief(), "Why it was marked to die first (swapoff, KSM, a larger trace buffer) ",
		  "each_kind_of_origin_is_told");
}

/* ---- After ---- */

/* Save the kill of a process, and an OOM that waits for one, with so many repeats. */
static void save_wait(s32 pid, u64 repeats)
{
	struct oomtrace_candidate c = make_candidate(8, "hog", pid, 0, 0);
	struct oomtrace_oom_end e = make_end(8, OOMTRACE_ENDING_SCAN_ABORTED);
	RECORD(r, REPEAT, repeat);

	start_file();
	save_victim("hog", 812, OOMTRACE_WHY_CHOSEN);
	c.h.valid &= ~OOMTRACE_BIT(candidate, points);
	c.verdict = OOMTRACE_EVAL_ABORT;
	c.reason = OOMTRACE_REASON_IN_FLIGHT;
	save(&c);
	save(&e);
	r.episode = 8;
	r.count = repeats;
	r.victim_pid = pid;
	r.ending = OOMTRACE_ENDING_SCAN_ABORTED;
	save(&r);
}

static void test_after(void)
{
	save_wait(812, 5);
	check_has(brief(), "After 6 more calls of the OOM killer waited for it; nobody else was killed ",
		  "calls_that_wait_for_the_victim_are_counted");
	save_wait(811, 5);
	check_has(brief(), "After 6 more calls of the OOM killer ended without a kill; nobody else ",
		  "calls_that_wait_for_another_one_do_not_wait_for_it");
}

void test_brief(void)
{
	int fd = mkstemp(path);

	if (fd < 0 || close(fd))
		abort();
	test_no_victim();
	test_others();
	test_reason();
	test_overwritten();
	test_tie();
	test_after();
	if (unlink(path))
		abort();
}
