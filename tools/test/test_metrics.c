// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the metrics: what is counted, and that labels are limited and escaped.
 * promtool checks the format, if it is installed.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "../metrics.h"
#include "test_metrics.h"
#include "test_util.h"

static struct metrics m;
static char text[1 << 16];

static void deny(const char *comm)
{
	RECORD(c, COMMIT, commit);

	c.ret = -12;
	memcpy(c.comm, comm, strnlen(comm, sizeof(c.comm) - 1));
	metrics_feed(&m, &c.h);
}

static void oom(u64 episode, unsigned int scope, unsigned int ending)
{
	RECORD(b, OOM_BEGIN, oom_begin);
	RECORD(e, OOM_END, oom_end);

	b.episode = episode;
	b.scope = scope;
	e.episode = episode;
	e.ending = ending;
	metrics_feed(&m, &b.h);
	metrics_feed(&m, &e.h);
}

static void victim(u64 episode, s32 pid, u64 cgroup, u8 why, u8 signal)
{
	RECORD(v, VICTIM, victim);

	v.h.valid &= ~OOMTRACE_BIT(victim, earlier);
	v.episode = episode;
	v.pid = pid;
	v.cgroup_id = cgroup;
	v.why = why;
	v.signal = signal;
	if (!signal)
		v.h.valid &= ~OOMTRACE_BIT(victim, signal);
	metrics_feed(&m, &v.h);
}

/* A victim that an earlier OOM had killed. */
static void victim_again(u64 episode, s32 pid, u64 cgroup)
{
	RECORD(v, VICTIM, victim);

	v.episode = episode;
	v.pid = pid;
	v.cgroup_id = cgroup;
	v.signal = SIGKILL;
	v.earlier = episode - 1;
	metrics_feed(&m, &v.h);
}

static void kill_one(u64 episode, s32 pid, u64 cgroup, u64 freed_ns)
{
	RECORD(r, REAP, reap);

	victim(episode, pid, cgroup, OOMTRACE_WHY_CHOSEN, SIGKILL);
	r.episode = episode;
	r.pid = pid;
	/* Other threads still hold the memory: that is no release. */
	r.step = OOMTRACE_STEP_EXITED;
	r.since_kill_ns = 1;
	r.mm_users = 1;
	metrics_feed(&m, &r.h);
	r.mm_users = 0;
	r.step = OOMTRACE_STEP_FINISH;
	r.since_kill_ns = freed_ns;
	metrics_feed(&m, &r.h);
	/* A second end of the same victim does not count. */
	r.step = OOMTRACE_STEP_EXITED;
	r.since_kill_ns = 2 * freed_ns;
	metrics_feed(&m, &r.h);
}

static const char *page(bool openmetrics)
{
	struct metrics_source src = {
		.up = true, .page_size = 4096, .openmetrics = openmetrics,
		.wall_offset_ns = 1000000000, .info_known = true,
	};
	FILE *f = fmemopen(text, sizeof(text), "w");

	if (!f)
		abort();
	metrics_settle(&m, ~0ULL);
	metrics_print(&m, &src, f);
	fclose(f);
	return text;
}

static void test_counts(void)
{
	RECORD(s, SAMPLE, sample);
	RECORD(r, REPEAT, repeat);
	RECORD(l, LOST, lost);

	memset(&m, 0, sizeof(m));
	check_has(page(false),
		  "\noomtrace_oom_episodes_total{scope=\"memcg\",ending=\"killed\"} 0\n",
		  "what_one_alerts_on_is_there_from_the_start");
	oom(1, OOMTRACE_SCOPE_MEMCG, OOMTRACE_ENDING_KILLED);
	oom(2, OOMTRACE_SCOPE_GLOBAL, OOMTRACE_ENDING_NO_FS);
	r.episode = 2;
	r.ending = OOMTRACE_ENDING_NO_FS;
	r.count = 40;
	metrics_feed(&m, &r.h);
	kill_one(1, 10, 77, 20000000);
	kill_one(1, 11, 77, 3000000000);
	s.committed = 100;
	s.limit = 90;
	metrics_feed(&m, &s.h);
	l.ring = OOMTRACE_RING_COMMIT;
	l.count = 7;
	metrics_feed(&m, &l.h);
	check_has(page(false),
		  "{scope=\"memcg\",ending=\"killed\"} 1\n",
		  "episodes_are_counted_by_scope_and_ending");
	check_has(text, "{scope=\"global\",ending=\"no_fs\"} 41\n",
		  "ooms_without_a_kill_are_counted_with_their_repeats");
	check_has(text, "oomtrace_oom_kills_total{namespace=\"\",container=\"\",unit=\"unknown\"} 2\n",
		  "kills_without_a_path_are_of_an_unknown_workload");
	check_has(text, "oomtrace_oom_free_seconds_bucket{le=\"0.05\"} 1\n",
		  "the_time_until_memory_is_free_is_a_histogram");
	check_has(text,
		  "oomtrace_oom_free_seconds_bucket{le=\"+Inf\"} 2\noomtrace_oom_free_seconds_sum 3.02\noomtrace_oom_free_seconds_count 2\n",
		  "each_victims_memory_counts_once");
	check_has(text, "oomtrace_commit_headroom_bytes -40960\n",
		  "headroom_can_be_negative");
	check_has(text, "oomtrace_records_lost_total{ring=\"commit\"} 7\n",
		  "losses_are_counted");
	check_has(text, "oomtrace_last_oom_timestamp_seconds 13.3456789",
		  "the_last_oom_has_a_time_of_day");
}

/* A victim is not always killed. */
static void test_kills(void)
{
	memset(&m, 0, sizeof(m));
	victim(1, 10, 5, OOMTRACE_WHY_CALLER_EXITING, 0);
	victim(1, 14, 5, OOMTRACE_WHY_CHOSEN, 0);
	victim(2, 11, 5, OOMTRACE_WHY_DAEMON, SIGTERM);
	check_hasnt(page(false), "unit=\"unknown\"",
		    "an_exit_and_a_polite_signal_are_no_kills");
	check_hasnt(text, "last_oom_kill", "and_there_was_none_yet");
	victim(3, 12, 5, OOMTRACE_WHY_DAEMON, SIGKILL);
	victim(4, 13, 5, OOMTRACE_WHY_GROUP, SIGKILL);
	check_has(page(false), "unit=\"unknown\"} 2\n",
		  "a_daemons_and_a_groups_are");
	check_has(text, "\noomtrace_last_oom_kill_timestamp_seconds 13.3456789",
		  "the_last_kill_has_a_time_of_day");
	victim(5, 15, 5, OOMTRACE_WHY_CHOSEN, SIGKILL);
	victim_again(6, 15, 5);
	check_has(page(false), "unit=\"unknown\"} 3\n", "one_that_two_kill_is_killed_once");
}

/* Who decided is that of the begin, or of the verdict before the victim. */
static void test_deciders(void)
{
	RECORD(b, OOM_BEGIN, oom_begin);
	RECORD(v, VERDICT, verdict);

	memset(&m, 0, sizeof(m));
	b.episode = 1;
	b.scope = OOMTRACE_SCOPE_USERSPACE;
	metrics_feed(&m, &b.h);
	victim(1, 10, 5, OOMTRACE_WHY_DAEMON, SIGKILL);
	b.episode = 2;
	b.scope = OOMTRACE_SCOPE_GLOBAL;
	metrics_feed(&m, &b.h);
	v.episode = 2;
	v.policy = OOMTRACE_POLICY_OTHER;
	metrics_feed(&m, &v.h);
	victim(2, 11, 5, OOMTRACE_WHY_CHOSEN, SIGKILL);
	v.policy = OOMTRACE_POLICY_GLOBAL;
	/* As an older module wrote it. */
	v.h.size = offsetof(struct oomtrace_verdict, message);
	metrics_feed(&m, &v.h);
	victim(2, 12, 5, OOMTRACE_WHY_CHOSEN, SIGKILL);
	victim(2, 13, 5, OOMTRACE_WHY_GROUP, SIGKILL);
	check_has(page(false), "\noomtrace_oom_decided_kills_total{decider=\"kernel\"} 2\noomtrace_oom_decided_kills_total{decider=\"policy\"} 1\noomtrace_oom_decided_kills_total{decider=\"daemon\"} 1\n",
		  "kills_are_counted_by_who_decided");
}

static void name(u64 id, const char *path)
{
	RECORD(n, NAME, name);

	n.cgroup_id = id;
	n.length = strlen(path);
	strcpy(n.path, path);
	metrics_feed(&m, &n.h);
}

static void workload_kill(u64 id, const char *path)
{
	victim(id, id, id, OOMTRACE_WHY_CHOSEN, SIGKILL);
	name(id, path);
}

#define ID	"%064llx"
#define POD	"/kubepods/burstable/pod12345678-9abc-def0-1234-56789abcdef0/"

/* A container has another id, and its cgroup another path, after each restart. */
static void test_workloads(void)
{
	RECORD(c, CONTAINER, container);
	char path[512];
	u64 id;

	memset(&m, 0, sizeof(m));
	for (id = 1; id <= 66; id++) {
		snprintf(path, sizeof(path), POD ID, id);
		workload_kill(id, path);
	}
	for (; id <= 69; id++)
		workload_kill(id, "/system.slice/mysqld.service");
	check_has(page(false),
		  "{namespace=\"unknown\",container=\"unknown\",unit=\"\"} 66\n",
		  "a_container_that_is_restarted_is_one_workload");
	check_has(text, "unit=\"mysqld.service\"} 3\n",
		  "and_leaves_room_for_others");
	check_hasnt(text, "00001", "no_label_has_an_id");
	/* Saved names come before the path. */
	c.cgroup_id = 72;
	strcpy(c.pod_namespace, "shop");
	strcpy(c.container, "nginx");
	metrics_feed(&m, &c.h);
	workload_kill(72, path);
	check_has(page(false), "{namespace=\"shop\",container=\"nginx\",unit=\"\"} 1\n",
		  "saved_names_are_labels");
	workload_kill(70, "/user.slice/user-0.slice/session-4.scope");
	workload_kill(71, "/user.slice/user-0.slice/session-5.scope");
	check_has(page(false), "unit=\"session.scope\"} 2\n",
		  "the_number_of_a_session_is_left_out");
	/* The path of a known cgroup does not come again. */
	victim(99, 99, 69, OOMTRACE_WHY_CHOSEN, SIGKILL);
	check_has(page(false), "unit=\"mysqld.service\"} 4\n",
		  "a_known_cgroup_needs_no_other_name");
}

/* The places are taken by those whose last kill is the newest. */
static void test_places(void)
{
	char path[64];
	u64 id, i;

	memset(&m, 0, sizeof(m));
	for (id = 1; id <= METRICS_VALUES; id++) {
		snprintf(path, sizeof(path), "/s/u%llu.service", id);
		workload_kill(id, path);
	}
	/* The first one is killed again, so the second is the oldest. */
	workload_kill(id++, "/s/u1.service");
	workload_kill(id++, "/s/late.service");
	check_has(page(false), "unit=\"late.service\"} 1\n",
		  "a_new_workload_always_gets_a_place");
	check_has(text, "unit=\"u1.service\"} 2\n", "the_newest_stay");
	check_hasnt(text, "unit=\"u2.service\"", "the_oldest_makes_room");
	check_has(text, "unit=\"other\"} 1\n", "its_kills_are_counted_on");
	for (i = 0; i < 5000; i++) {
		snprintf(path, sizeof(path), "/s/x%llu.service", i);
		workload_kill(id++, path);
	}
	check_has(page(false), "unit=\"other\"} 5002\n",
		  "the_sum_of_all_never_decreases");
}

/* The begin of a long scan may be overwritten before it is read. */
static void test_no_begin(void)
{
	RECORD(v, VERDICT, verdict);
	RECORD(e, OOM_END, oom_end);

	memset(&m, 0, sizeof(m));
	/* An episode that has the same slot. */
	oom(3, OOMTRACE_SCOPE_MEMCG, OOMTRACE_ENDING_KILLED);
	v.episode = 3 + 256;
	v.constraint = OOMTRACE_CONSTRAINT_NONE;
	metrics_feed(&m, &v.h);
	e.episode = v.episode;
	e.ending = OOMTRACE_ENDING_KILLED;
	metrics_feed(&m, &e.h);
	check_has(page(false), "{scope=\"global\",ending=\"killed\"} 1\n",
		  "a_verdict_tells_the_scope_as_well");
}

/* A suspend changes the clock offset, but not for earlier records. */
static void test_suspend(void)
{
	memset(&m, 0, sizeof(m));
	m.wall_offset_ns = 500000000;
	oom(1, OOMTRACE_SCOPE_MEMCG, OOMTRACE_ENDING_KILLED);
	m.wall_offset_ns = 3600000000000;
	check_has(page(false), "oomtrace_last_oom_timestamp_seconds 12.845678",
		  "an_oom_keeps_its_time_of_day");
}

static void test_since(void)
{
	memset(&m, 0, sizeof(m));
	m.since_ns = ~0ULL;
	oom(1, OOMTRACE_SCOPE_MEMCG, OOMTRACE_ENDING_KILLED);
	victim(1, 10, 5, OOMTRACE_WHY_CHOSEN, SIGKILL);
	check_has(page(false), "{scope=\"memcg\",ending=\"killed\"} 0\n",
		  "what_was_before_is_not_counted");
	check_has(text, "oomtrace_last_oom_kill_timestamp_seconds",
		  "but_its_time_is_known");
	m.since_ns = 5000000000;
	check_has(page(false), "\noomtrace_start_timestamp_seconds 6\n",
		  "a_counter_has_the_time_of_its_zero");
	m.since_ns = 0;
	check_hasnt(page(false), "oomtrace_start_timestamp_seconds",
		    "which_the_records_of_a_file_do_not_have");
}

static void test_labels(void)
{
	char comm[16];
	int i, lines = 0;
	const char *at;

	memset(&m, 0, sizeof(m));
	deny("a\"b\\c\nd\xff");
	for (i = 0; i < 1000; i++) {
		snprintf(comm, sizeof(comm), "task%d", i);
		deny(comm);
		kill_one(i, i + 1, i + 1, 1);
	}
	deny("");
	deny("a\"b\\c\nd\xfe");
	check_has(page(false),
		  "{comm=\"a\\\"b\\\\c?d\xef\xbf\xbd\"} 2\n",
		  "an_evil_name_is_escaped_and_there_once");
	for (at = text; (at = strstr(at, "\noomtrace_commit_denials_total")); at++)
		lines++;
	check(lines == METRICS_VALUES + 1, "command_names_are_bounded");
	check_has(text, "{comm=\"\"} 938\n", "the_rest_is_counted_as_one");
	check_has(text, "unit=\"unknown\"} 1000\n",
		  "so_are_cgroups_without_a_path");
}

/* True if a program that parses the format accepts the page. */
static void parse(const char *have, const char *command, const char *name)
{
	char quiet[256];
	FILE *p;

	snprintf(quiet, sizeof(quiet), "%s >/dev/null 2>&1", have);
	if (system(quiet)) {
		printf("# not there: %s\n", have);
		snprintf(quiet, sizeof(quiet), "%s # SKIP no such program", name);
		check(true, quiet);
		return;
	}
	p = popen(command, "w");
	if (!p)
		abort();
	fputs(text, p);
	check(pclose(p) == 0, name);
}

/* Debian's Python: another python3 in PATH would lack Debian's packages. */
#define PARSER	"/usr/bin/python3 -c 'import sys\n" \
		"from prometheus_client.openmetrics import parser\n"
#define PARSE	"f = list(parser.text_fd_to_metric_families(sys.stdin))\n" \
		"sys.exit(len(f) < 9)'"

static void test_format(void)
{
	/* Count something in each family. */
	memset(&m, 0, sizeof(m));
	deny("a\"b\\c\nd\xff");
	oom(1, OOMTRACE_SCOPE_MEMCG, OOMTRACE_ENDING_KILLED);
	kill_one(1, 10, 77, 20000000);
	check_has(page(true), "# TYPE oomtrace_commit_denials counter\noomtrace_commit_denials_total{",
		  "a_family_in_openmetrics_has_no_total");
	check(!strcmp(text + strlen(text) - 6, "# EOF\n"),
	      "openmetrics_has_an_end");
	check_has(text, "_bucket{le=\"1.0\"} 1\n",
		  "openmetrics_writes_whole_numbers_in_its_way");
	parse(PARSER "'", PARSER PARSE, "openmetrics_is_parsed_by_its_parser");
	page(false);
	parse("promtool --version", "promtool check metrics",
	      "promtool_finds_no_fault");
}

/* Counters of zero would be wrong if the module cannot be read. */
static void test_down(void)
{
	struct metrics_source src = { .reason = "signature" };
	FILE *f = fmemopen(text, sizeof(text), "w");

	if (!f)
		abort();
	metrics_print(&m, &src, f);
	fclose(f);
	check_has(text, "\noomtrace_up{reason=\"signature\"} 0\n",
		  "a_module_that_cannot_be_read_has_a_reason");
	check_hasnt(text, "_total", "and_no_counters");
}

void test_metrics(void)
{
	test_counts();
	test_kills();
	test_deciders();
	test_workloads();
	test_places();
	test_no_begin();
	test_suspend();
	test_since();
	test_labels();
	test_format();
	test_down();
}
