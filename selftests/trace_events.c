// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: the trace events oomtrace:* are the device's records, each once and
 * with every field, for ftrace, perf, trace-cmd and bpftrace. The filter
 * applies to them. None appears while they are disabled, and loading and
 * unloading is safe while they are enabled.
 */
#include <fcntl.h>
#include <liboomtrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"
#include "lib/tracer.h"

#define TRACING	"/sys/kernel/tracing"
#define EVENTS	TRACING "/events/oomtrace"

/* The record types that are trace events. */
static const unsigned int event_types[] = {
	OOMTRACE_COMMIT, OOMTRACE_CANDIDATE, OOMTRACE_VERDICT,
	OOMTRACE_VICTIM, OOMTRACE_OOM_END,
};

FIXTURE(trace_events) {
	int fd;
	char *said;
	struct records recs;
};

#define ROOM	(4 << 20)

FIXTURE_SETUP(trace_events)
{
	module_start(NULL);
	self->fd = device_open();
	self->said = malloc(ROOM);
	if (!self->said)
		die("no memory");
	tracer_forget();
}

FIXTURE_TEARDOWN(trace_events)
{
	spill(EVENTS "/enable", "0");
	sysctl_restore();
	close(self->fd);
	free(self->said);
	records_free(&self->recs);
	module_stop();
}

static bool is_event(unsigned int type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(event_types); i++)
		if (type == event_types[i])
			return true;
	return false;
}

/* Cause two refusals, and an OOM if there is a memory cgroup. */
static void cause_events(void)
{
	struct memcg cg;
	struct hog hog;

	if (ask(TEN_GIB_PAGES) != ENOMEM || ask(TEN_GIB_PAGES + 1) != ENOMEM)
		die("10 GiB were granted");
	if (!memcg_make(&cg, "events", MB(8)))
		return;
	hog_start(&hog, "--cgroup %s --comm piggy --grow 64", cg.dir);
	hog_wait(&hog);
	memcg_remove(&cg);
}

/* ---- the expected text of an event ---- */

static int put_value(char *to, size_t size, const struct oomtrace_header *rec,
		     const char *field)
{
	char text[128] = "";
	const char *name;
	long long n;

	/* An absent text is empty. */
	if (!strcmp(field, "comm") || !strcmp(field, "message")) {
		oomtrace_get_str(rec, field, text, sizeof(text));
		return snprintf(to, size, " %s=%s", field, text);
	}
	/* An absent field is 0, which has a name as well. */
	oomtrace_get_int(rec, field, &n);
	name = oomtrace_value_name(rec->type, field, n);
	if (name)
		return snprintf(to, size, " %s=%s", field, name);
	return snprintf(to, size, " %s=%lld", field, n);
}

/* "commit: seq=1 pid=..." */
static void format_expected(char *to, size_t size, const struct oomtrace_header *rec)
{
	const char *field;
	unsigned int i;
	size_t n;

	n = snprintf(to, size, "%s: seq=%llu", oomtrace_type_name(rec->type),
		     (unsigned long long)rec->seq);
	for (i = 0; (field = oomtrace_field(rec->type, i)); i++)
		n += put_value(to + n, size - n, rec, field);
	snprintf(to + n, size - n, " valid=0x%llx derived=0x%llx\n",
		 (unsigned long long)rec->valid,
		 (unsigned long long)rec->derived);
}

static size_t count_matches(const char *text, const char *part)
{
	size_t n = 0;

	while ((text = strstr(text, part))) {
		text++;
		n++;
	}
	return n;
}

/* Reduce runs of blanks to one, and drop those at the end of a line. */
static void squeeze(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == ' ' && (text[1] == ' ' || text[1] == '\n'))
			continue;
		*to++ = *text;
	}
	*to = '\0';
}

/* The text has each record once, and no others. */
static void expect_records(struct __test_metadata *_metadata,
			   const struct records *recs, char *text)
{
	size_t i, events = 0, there = 0;
	char want[4096];

	squeeze(text);
	for (i = 0; i < recs->n; i++) {
		const struct oomtrace_header *h = &recs->r[i].h;

		if (!is_event(h->type))
			continue;
		events++;
		format_expected(want, sizeof(want), h);
		EXPECT_EQ(1, count_matches(text, want))
			TH_LOG("not once:\n%s in:\n%.3000s", want, text);
	}
	for (i = 0; i < ARRAY_SIZE(event_types); i++) {
		snprintf(want, sizeof(want), "%s: seq=",
			 oomtrace_type_name(event_types[i]));
		there += count_matches(text, want);
	}
	EXPECT_LE(2, events);
	EXPECT_EQ(events, there) TH_LOG("%.3000s", text);
}

static void finish(struct __test_metadata *_metadata, int fd,
		   struct records *recs, char *text)
{
	spill(DEBUGFS "/enable", "0");
	device_drain(fd, recs);
	EXPECT_EQ(2, records_count(recs, OOMTRACE_COMMIT));
	expect_records(_metadata, recs, text);
}

/* ---- ftrace ---- */

TEST_F(trace_events, formats_have_every_field_and_no_enumerator)
{
	char path[128], want[64], *text, *at;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(event_types); i++) {
		const char *field, *name = oomtrace_type_name(event_types[i]);

		snprintf(path, sizeof(path), EVENTS "/%s/format", name);
		text = slurp(path, NULL);
		at = text;
		for (n = 0; (field = oomtrace_field(event_types[i], n)); n++) {
			snprintf(want, sizeof(want), " %s%s;\toffset:", field,
				 !strcmp(field, "comm") ? "[16]" :
				 !strcmp(field, "message") ? "[64]" : "");
			at = strstr(at, want);
			ASSERT_NE(NULL, at) TH_LOG("'%s' is missing or out of order in\n%s",
						   want, text);
		}
		/*
		 * Names need numbers: user space does not know the
		 * enumerations.
		 */
		EXPECT_EQ(NULL, strstr(text, "OOMTRACE_")) TH_LOG("%s", text);
		free(text);
	}
}

TEST_F(trace_events, ftrace_shows_the_devices_records)
{
	char *text;

	ASSERT_EQ(0, spill(EVENTS "/enable", "1"));
	cause_events();
	spill(EVENTS "/enable", "0");
	text = slurp(TRACING "/trace", NULL);
	finish(_metadata, self->fd, &self->recs, text);
	free(text);
}

TEST_F(trace_events, one_event_alone_brings_no_other)
{
	char *text;

	ASSERT_EQ(0, spill(EVENTS "/verdict/enable", "1"));
	cause_events();
	text = slurp(TRACING "/trace", NULL);
	EXPECT_EQ(0, count_matches(text, " commit: seq="));
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(records_count(&self->recs, OOMTRACE_VERDICT),
		  count_matches(text, " verdict: seq="));
	free(text);
}

TEST_F(trace_events, the_filter_and_commit_records_apply_to_events)
{
	char *text;

	ASSERT_EQ(0, spill(DEBUGFS "/filter", "min_pages=2621441"));
	ASSERT_EQ(0, spill(EVENTS "/enable", "1"));
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES + 1));
	ask(1);
	text = slurp(TRACING "/trace", NULL);
	EXPECT_EQ(1, count_matches(text, " commit: seq="));
	EXPECT_IN(" pages=2621441 ", text);
	free(text);
	spill(DEBUGFS "/filter", "none");
	spill(DEBUGFS "/commit_records", "none");
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	text = slurp(TRACING "/trace", NULL);
	EXPECT_EQ(1, count_matches(text, " commit: seq="));
	free(text);
}

TEST_F(trace_events, disabled_events_do_not_appear)
{
	char *text;

	ASSERT_EQ(0, spill(EVENTS "/enable", "1"));
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	ASSERT_EQ(0, spill(EVENTS "/enable", "0"));
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES + 1));
	text = slurp(TRACING "/trace", NULL);
	EXPECT_EQ(1, count_matches(text, " commit: seq="));
	free(text);
}

TEST_F(trace_events, unloading_while_they_are_on_is_clean)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, spill(EVENTS "/enable", "1"));
		EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
		close(self->fd);
		module_stop();
		EXPECT_NE(0, access(EVENTS, F_OK));
		module_start(NULL);
		self->fd = device_open();
	}
}

/* ---- a storm ---- */

static int request_often(void *unused)
{
	int i;

	(void)unused;
	for (i = 0; i < 4000; i++)
		ask(1 + i % 7);
	return 0;
}

/* The sum of a number over all CPUs' buffers: "overrun", "entries". */
static unsigned long long sum_buffers(const char *what)
{
	unsigned long long n = 0;
	char path[96], line[128];
	int cpu;

	for (cpu = 0; ; cpu++) {
		char *text;

		snprintf(path, sizeof(path), TRACING "/per_cpu/cpu%d/stats",
			 cpu);
		if (access(path, F_OK))
			return n;
		text = slurp(path, NULL);
		line_with(text, what, line, sizeof(line));
		n += strtoull(strchr(line, ':') + 1, NULL, 10);
		free(text);
	}
}

/* The worst case for the tracer: a stack for each event. */
TEST_F(trace_events, a_storm_of_events_is_counted_to_the_last_one)
{
	struct oomtrace_info before, after;
	pid_t pid[4];
	int i;

	/* The filter excludes the mark record for a change of the mode. */
	spill(DEBUGFS "/filter", "comm=storming");
	spill(DEBUGFS "/commit_records", "all");
	ASSERT_EQ(0, spill(EVENTS "/commit/enable", "1"));
	device_info(self->fd, &before);
	spill("/proc/self/comm", "storming");
	for (i = 0; i < 4; i++)
		pid[i] = start_child(request_often, NULL);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	spill(DEBUGFS "/commit_records", "none");
	device_info(self->fd, &after);
	EXPECT_LE(16000, after.ring[OOMTRACE_RING_COMMIT].written -
			 before.ring[OOMTRACE_RING_COMMIT].written);
	EXPECT_EQ(after.ring[OOMTRACE_RING_COMMIT].written -
		  before.ring[OOMTRACE_RING_COMMIT].written,
		  sum_buffers("entries") + sum_buffers("overrun"));
	EXPECT_EQ(0, sum_buffers("dropped events"));
}

/* ---- the tools ---- */

#define SYNC	"/tmp/trace-events-sync"

/* A program for a tool to run: it reports that it runs, and ends on request. */
static void make_sync(void)
{
	unlink(SYNC ".ready");
	unlink(SYNC ".go");
	if (mkfifo(SYNC ".ready", 0600) || mkfifo(SYNC ".go", 0600))
		die("cannot make a fifo: %s", strerror(errno));
	close(open(SYNC, O_CREAT | O_TRUNC | O_WRONLY, 0700));
	if (spill(SYNC, "#!/bin/sh\necho >" SYNC ".ready\nread x <" SYNC ".go\n"))
		die("cannot write " SYNC);
}

static int run_tool(void *argv)
{
	char **args = argv;
	int fd = open(SYNC ".out", O_CREAT | O_TRUNC | O_WRONLY, 0600);

	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execvp(args[0], args);
	return 127;
}

/* Start a tool that runs SYNC, provoke events, end the tool: its status. */
static int with_tool(char *const argv[])
{
	int fd, status = -1, i;
	pid_t pid;

	make_sync();
	pid = start_child(run_tool, (void *)argv);
	fd = open(SYNC ".ready", O_RDONLY | O_NONBLOCK);
	for (i = 0; i < 1800; i++) {
		char c;

		if (read(fd, &c, 1) == 1)
			break;
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WEXITSTATUS(status) ? WEXITSTATUS(status) : -1;
		sleep_ms(100);
	}
	if (i == 1800)
		die("%s has not started after three minutes", argv[0]);
	close(fd);
	cause_events();
	fd = open(SYNC ".go", O_WRONLY);
	if (write(fd, "\n", 1) != 1)
		die("cannot end the tool");
	close(fd);
	return wait_child(pid);
}

static bool have_tool(const char *tool)
{
	char path[64];

	snprintf(path, sizeof(path), "/usr/bin/%s", tool);
	return !access(path, X_OK);
}

TEST_F(trace_events, perf_shows_the_devices_records)
{
	int status;

	if (!have_tool("perf"))
		SKIP(return, "there is no perf");
	status = with_tool((char *[]){ "perf", "record", "-q", "-a", "-o",
			   "/tmp/perf.data", "-e", "oomtrace:*", SYNC, NULL });
	ASSERT_EQ(0, status) TH_LOG("%s", slurp(SYNC ".out", NULL));
	spill(DEBUGFS "/enable", "0");
	EXPECT_EQ(0, run_program(self->said, ROOM,
				 (char *[]){ "perf", "script", "-i",
				 "/tmp/perf.data", "-F", "event,trace", NULL }));
	finish(_metadata, self->fd, &self->recs, self->said);
}

TEST_F(trace_events, trace_cmd_shows_the_devices_records)
{
	int status;

	if (!have_tool("trace-cmd"))
		SKIP(return, "there is no trace-cmd");
	status = with_tool((char *[]){ "trace-cmd", "record", "-q", "-o",
			   "/tmp/trace.dat", "-e", "oomtrace", SYNC, NULL });
	ASSERT_EQ(0, status) TH_LOG("%s", slurp(SYNC ".out", NULL));
	spill(DEBUGFS "/enable", "0");
	EXPECT_EQ(0, run_program(self->said, ROOM,
				 (char *[]){ "trace-cmd", "report", "-q", "-i",
				 "/tmp/trace.dat", NULL }));
	finish(_metadata, self->fd, &self->recs, self->said);
}

/* bpftrace prints a few fields of each type. */
#define PROBE(type, field)						\
	"tracepoint:oomtrace:" type " { printf(\"" type		\
	" %lld %lld %lld %s\\n\", args->seq, args->" field ", "	\
	"args->pid, args->comm); } "

TEST_F(trace_events, bpftrace_shows_the_devices_records)
{
	static char program[] =
		PROBE("commit", "pages") PROBE("candidate", "points")
		PROBE("verdict", "points") PROBE("victim", "rss_anon")
		"tracepoint:oomtrace:oom_end "
		"{ printf(\"oom_end %lld %lld\\n\", args->seq, args->duration_ns); }";
	char want[128], comm[32], *text;
	size_t i, events = 0, there = 0;
	long long n, pid;
	int status;

	if (!have_tool("bpftrace"))
		SKIP(return, "there is no bpftrace");
	status = with_tool((char *[]){ "bpftrace", "-c", "/bin/sh " SYNC,
			   "-e", program, NULL });
	text = slurp(SYNC ".out", NULL);
	if (status == 127 || strstr(text, "No BTF") || strstr(text, "ERROR"))
		ASSERT_EQ(0, status) TH_LOG("%s", text);
	spill(DEBUGFS "/enable", "0");
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(2, records_count(&self->recs, OOMTRACE_COMMIT));
	for (i = 0; i < self->recs.n; i++) {
		const struct oomtrace_header *h = &self->recs.r[i].h;
		const char *field = h->type == OOMTRACE_COMMIT ? "pages" :
			h->type == OOMTRACE_VICTIM ? "rss_anon" : "points";

		if (!is_event(h->type))
			continue;
		events++;
		if (h->type == OOMTRACE_OOM_END) {
			oomtrace_get_int(h, "duration_ns", &n);
			snprintf(want, sizeof(want), "oom_end %llu %lld\n",
				 (unsigned long long)h->seq, n);
		} else {
			oomtrace_get_int(h, field, &n);
			oomtrace_get_int(h, "pid", &pid);
			oomtrace_get_str(h, "comm", comm, sizeof(comm));
			snprintf(want, sizeof(want), "%s %llu %lld %lld %s\n",
				 oomtrace_type_name(h->type),
				 (unsigned long long)h->seq, n, pid, comm);
		}
		EXPECT_EQ(1, count_matches(text, want))
			TH_LOG("not once:\n%s in:\n%.3000s", want, text);
	}
	/* And no others. */
	for (i = 0; i < ARRAY_SIZE(event_types); i++) {
		snprintf(want, sizeof(want), "\n%s ",
			 oomtrace_type_name(event_types[i]));
		there += count_matches(text, want);
	}
	EXPECT_LE(2, events);
	EXPECT_EQ(events, there) TH_LOG("%.3000s", text);
	free(text);
}

TEST_HARNESS_MAIN
