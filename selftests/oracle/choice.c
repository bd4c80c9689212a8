// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: the candidates that oomtrace records are those that the kernel
 * considered, in its order and with its points, and its verdict is the kernel's
 * choice. They are compared one for one with the log of a BPF program, the
 * oracle, on the same functions: over OOMs of a crowd of random sizes, of a
 * memory cgroup, and of one without an eligible task, while another process
 * reads /proc/PID/oom_score.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kselftest.h>

#include "../lib/crowd.h"
#include "../lib/lib.h"
#include "../lib/oom.h"
#include "choice.h"
#include "loader.h"

#define CROWD	300
#define ROOM	20000
#define ATTEMPTS	3

static struct loader_probe probes[] = {
	{ .event = "begin", .definition = "p:oracle/begin out_of_memory",
	  .pinned = { "choice_begin", "kprobe_out_of_memory" },
	  .count = CHOICE_BEGIN },
	{ .event = "evaluate",
	  .definition = "p:oracle/evaluate oom_evaluate_task",
	  .pinned = { "choice_evaluate", "kprobe_oom_evaluate_task" },
	  .count = CHOICE_EVALUATE },
	{ .event = "points", .definition = "r64:oracle/points oom_badness",
	  .pinned = { "choice_points", "kretprobe_oom_badness" },
	  .count = CHOICE_POINTS },
	{ .event = "kill", .definition = "p:oracle/kill oom_kill_process",
	  .pinned = { "choice_kill", "kprobe_oom_kill_process" },
	  .count = CHOICE_KILL },
	{ .event = "end", .definition = "r16:oracle/end out_of_memory",
	  .pinned = { "choice_end", "kretprobe_out_of_memory" },
	  .count = CHOICE_END },
};

/* If the compiler split the function, the selection calls only this part. */
static void find_badness(void)
{
	char *names = slurp("/proc/kallsyms", NULL);

	if (strstr(names, " oom_badness.part.0\n"))
		probes[2].definition = "r64:oracle/points oom_badness.part.0";
	free(names);
}

static struct choice_event *events;
static size_t nr_events;
static struct records recs;
static int differences;

/* ---- OOMs ---- */

static int read_scores(void *arg)
{
	char path[64], text[32];
	int i, fd;

	(void)arg;
	for (i = 0;; i = (i + 1) % CROWD) {
		snprintf(path, sizeof(path), "/proc/%d/oom_score",
			 crowd_pid(i));
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		/* A process that has exited has no score. */
		if (read(fd, text, sizeof(text)) < 0 && errno != ESRCH)
			return 1;
		close(fd);
	}
}

static void wait_for_ends(int fd, size_t n)
{
	int i;

	for (i = 0; i < 500; i++) {
		device_drain(fd, &recs);
		if (records_count(&recs, OOMTRACE_OOM_END) >= n)
			return;
		sleep_ms(20);
	}
	die("no %zu episodes after 10 s", n);
}

static void ooms_of_the_crowd(int fd)
{
	size_t i;

	for (i = 0; i < 4; i++) {
		crowd_sysrq_f();
		wait_for_ends(fd, i + 1);
	}
}

static void ooms_of_a_cgroup(void)
{
	struct hog small, exempt, big;
	struct memcg cg;
	int i;

	if (!memcg_make(&cg, "choice", MB(16)))
		return;
	hog_start(&small, "--cgroup %s --anon 2 --hold", cg.dir);
	hog_start(&exempt, "--cgroup %s --anon 1 --adj -1000 --hold", cg.dir);
	hog_ready(&small);
	hog_ready(&exempt);
	for (i = 0; i < 5; i++) {
		hog_start(&big, "--cgroup %s --adj %d --grow 64", cg.dir, i);
		hog_wait(&big);
	}
	hog_kill(&small);
	hog_kill(&exempt);
	/* An OOM without an eligible task. */
	hog_start(&big, "--cgroup %s --adj -1000 --populate 32 --hold", cg.dir);
	hog_ready(&big);
	hog_kill(&big);
	memcg_remove(&cg);
}

/* ---- the two accounts ---- */

static void report_difference(unsigned long long episode, const char *what,
			      long long kernels, long long ours)
{
	if (differences++ < 20)
		printf("# episode %llu: %s: the oracle has %lld, oomtrace %lld\n",
		       episode, what, kernels, ours);
}

static void expect_same(unsigned long long episode, const char *what,
			long long kernels, long long ours)
{
	if (kernels != ours)
		report_difference(episode, what, kernels, ours);
}

/* What the kernel evaluates; only processes have records. */
enum { PROCESS, KTHREAD, INIT, KINDS };

static unsigned int kind_of(const struct choice_event *e)
{
	return e->points ? KTHREAD : e->tgid == 1 ? INIT : PROCESS;
}

/* The candidate with that index, or the record of that type, in an episode. */
static const union record *record_of(unsigned int type,
				     unsigned long long episode,
				     unsigned int idx)
{
	size_t i;

	for (i = 0; i < recs.n; i++) {
		const union record *r = &recs.r[i];

		if (r->h.type == type && r->begin.episode == episode &&
		    (type != OOMTRACE_CANDIDATE || r->candidate.index == idx))
			return r;
	}
	return NULL;
}

static void compare_candidate(unsigned long long episode, unsigned int idx,
			      const struct choice_event *e,
			      const struct choice_event *points)
{
	const union record *r = record_of(OOMTRACE_CANDIDATE, episode, idx);
	bool scored = points && points->points != LONG_MIN;

	if (!r) {
		report_difference(episode, "candidate", idx, -1);
		return;
	}
	expect_same(episode, "candidate's pid", e->pid, r->candidate.pid);
	expect_same(episode, "candidate's tgid", e->tgid, r->candidate.tgid);
	expect_same(episode, "has points", scored, HAS(&r->candidate, candidate,
						       points));
	if (scored)
		expect_same(episode, "points", points->points, r->candidate.points);
}

static void compare_verdict(unsigned long long episode,
			    const struct choice_event *e)
{
	const union record *r = record_of(OOMTRACE_VERDICT, episode, 0);

	if (!r) {
		report_difference(episode, "verdict", e->pid, -1);
		return;
	}
	expect_same(episode, "chosen pid", e->pid, r->verdict.pid);
	expect_same(episode, "chosen tgid", e->tgid, r->verdict.tgid);
	expect_same(episode, "chosen points", e->points, r->verdict.points);
}

static void compare_end(unsigned long long episode, const unsigned int *evaluated,
			bool killed)
{
	const union record *r = record_of(OOMTRACE_OOM_END, episode, 0);

	if (!r) {
		report_difference(episode, "end", 1, 0);
		return;
	}
	expect_same(episode, "candidates", evaluated[PROCESS], r->end.candidates);
	expect_same(episode, "kernel threads", evaluated[KTHREAD],
		    r->end.exempt_kthread);
	expect_same(episode, "init", evaluated[INIT], r->end.exempt_init);
	expect_same(episode, "killed", killed,
		    r->end.ending == OOMTRACE_ENDING_KILLED);
}

/* OOMs without a kill that were only counted, as repeats of the one before. */
static unsigned long long repeats(void)
{
	unsigned long long n = 0;
	const union record *r;
	size_t i;

	for (i = 0; (r = records_get(&recs, OOMTRACE_REPEAT, i)); i++)
		n += r->repeat.count;
	return n;
}

/* The index where an OOM of the oracle ends, and whether it killed. */
static size_t end_of(size_t i, bool *killed)
{
	*killed = false;
	for (; i < nr_events && events[i].what != CHOICE_END; i++)
		*killed |= events[i].what == CHOICE_KILL;
	return i;
}

/*
 * Walk through the oracle's log; return the number of candidates compared. A
 * repeat is an OOM without a kill right after another one.
 */
static size_t compare_logs(unsigned long long *episodes)
{
	bool killed = false, kills, killed_before = true;
	unsigned long long left = repeats();
	unsigned int evaluated[KINDS] = { 0 };
	size_t i, end, all = 0;

	*episodes = 0;
	for (i = 0; i < nr_events; i++) {
		const struct choice_event *e = &events[i];

		switch (e->what) {
		case CHOICE_BEGIN:
			end = end_of(i, &kills);
			if (left && !kills && !killed_before) {
				left--;
				i = end;
				break;
			}
			killed_before = kills;
			++*episodes;
			memset(evaluated, 0, sizeof(evaluated));
			killed = false;
			expect_same(*episodes, "caller's pid", e->pid,
				    record_of(OOMTRACE_OOM_BEGIN, *episodes, 0) ?
				    record_of(OOMTRACE_OOM_BEGIN, *episodes,
					      0)->begin.pid : -1);
			break;
		case CHOICE_EVALUATE:
			if (kind_of(e) != PROCESS) {
				evaluated[kind_of(e)]++;
				break;
			}
			compare_candidate(*episodes, evaluated[PROCESS]++, e,
					  i + 1 < nr_events &&
					  e[1].what == CHOICE_POINTS ?
					  &e[1] : NULL);
			all++;
			break;
		case CHOICE_KILL:
			killed = true;
			compare_verdict(*episodes, e);
			break;
		case CHOICE_END:
			compare_end(*episodes, evaluated, killed);
			break;
		}
	}
	expect_same(0, "repeats", 0, left);
	expect_same(0, "episodes", *episodes,
		    records_count(&recs, OOMTRACE_OOM_BEGIN));
	expect_same(0, "candidates of all episodes", all,
		    records_count(&recs, OOMTRACE_CANDIDATE));
	return all;
}

/* Collect both accounts; false if the oracle missed something. */
static bool collect_logs(const char *object)
{
	pid_t reader;
	bool whole;
	int fd;

	records_free(&recs);
	crowd_gather(CROWD, 4, false);
	module_start("oom_buffer_kb=4096 candidate_buffer_kb=4096");
	find_badness();
	loader_start(object, probes, ARRAY_SIZE(probes));
	fd = device_open_at_end();
	loader_begin();
	reader = start_child(read_scores, NULL);
	ooms_of_the_crowd(fd);
	ooms_of_a_cgroup();
	kill(reader, SIGKILL);
	wait_child(reader);
	crowd_disperse();
	/* Repeat records are written within a second. */
	sleep_ms(1500);
	device_drain(fd, &recs);
	whole = loader_missed_nothing() &
		loader_is_zero("log full", loader_count(CHOICE_LOG_FULL));
	nr_events = loader_read(events, sizeof(*events), ROOM);
	loader_stop();
	close(fd);
	module_stop();
	return whole;
}

int main(void)
{
	char own[PATH_MAX], object[PATH_MAX + 16];
	unsigned long long episodes;
	size_t candidates;
	int attempt = 1;
	bool whole;
	ssize_t n;

	ksft_print_header();
	n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	if (n < 0)
		die("cannot read /proc/self/exe");
	own[n] = '\0';
	snprintf(object, sizeof(object), "%s/choice.bpf.o", dirname(own));
	if (access(object, R_OK))
		ksft_exit_skip("no %s: it was built without clang\n",
			       object);
	ksft_set_plan(2);
	events = calloc(ROOM, sizeof(*events));
	if (!events)
		die("no memory");

	sysctl_set("kernel/sysrq", 1);
	sysctl_set("vm/oom_dump_tasks", 0);
	while (!(whole = collect_logs(object)) && attempt++ < ATTEMPTS)
		printf("# the oracle missed something, so this attempt does not count\n");

	ksft_test_result(whole, "the_oracle_saw_everything\n");
	candidates = compare_logs(&episodes);
	printf("# compared %zu candidates in %llu OOMs, %d differences, in all, on %ld CPUs\n",
	       candidates, episodes, differences,
	       sysconf(_SC_NPROCESSORS_ONLN));
	ksft_test_result(!differences && candidates >= 4 * (CROWD - 4) &&
			 episodes >= 10, "candidates_are_one_for_one\n");
	ksft_finished();
}
