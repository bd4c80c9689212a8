// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: the text files have the right modes, and show the same text in any
 * chunk size without consuming records. The control files accept valid input,
 * and reject invalid input with EINVAL and a line in the log, without effect.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"

FIXTURE(debugfs) {
	int fd;
	struct records recs;
};

FIXTURE_SETUP(debugfs)
{
	module_start(NULL);
	self->fd = device_open();
	sysctl_set("vm/overcommit_memory", NEVER);
}

FIXTURE_TEARDOWN(debugfs)
{
	sysctl_restore();
	close(self->fd);
	records_free(&self->recs);
	module_stop();
}

static unsigned int mode_of(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), DEBUGFS "/%s", name);
	return stat(path, &st) ? 0 : st.st_mode & 07777;
}

TEST_F(debugfs, text_files_are_read_only_and_controls_are_roots)
{
	EXPECT_EQ(0444, mode_of("trace"));
	EXPECT_EQ(0444, mode_of("last_oom"));
	EXPECT_EQ(0444, mode_of("stats"));
	EXPECT_EQ(0444, mode_of("hooks"));
	EXPECT_EQ(0644, mode_of("enable"));
}

/* ---- trace ---- */

static char *read_in_chunks(const char *path, size_t chunk, size_t *len)
{
	int fd = open(path, O_RDONLY);
	char *text = malloc(1 << 20);
	size_t n = 0;
	ssize_t got;

	if (fd < 0 || !text)
		die("cannot open %s", path);
	while ((got = read(fd, text + n, chunk)) > 0)
		n += got;
	if (got < 0)
		die("cannot read %s: %s", path, strerror(errno));
	close(fd);
	text[n] = '\0';
	*len = n;
	return text;
}

TEST_F(debugfs, trace_is_the_same_in_chunks_of_any_size)
{
	static const size_t chunks[] = { 1, 7, 100, 511, 4096, 65536 };
	char *whole, *text;
	size_t len, n, i;

	deny(40);
	whole = read_in_chunks(DEBUGFS "/trace", 1 << 19, &len);
	EXPECT_LT(4096, len);
	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		text = read_in_chunks(DEBUGFS "/trace", chunks[i], &n);
		EXPECT_EQ(len, n) TH_LOG("chunk %zu", chunks[i]);
		EXPECT_EQ(0, strcmp(whole, text));
		free(text);
	}
	free(whole);
}

TEST_F(debugfs, trace_read_from_its_start_again_is_the_same)
{
	char *whole, *text = malloc(1 << 19);
	int fd = open(DEBUGFS "/trace", O_RDONLY);
	size_t len;
	ssize_t n, got;

	deny(40);
	close(fd);
	whole = read_in_chunks(DEBUGFS "/trace", 1 << 19, &len);
	fd = open(DEBUGFS "/trace", O_RDONLY);
	while (read(fd, text, 1 << 18) > 0)
		;
	/* It may fail, but must not give part of the text. */
	if (lseek(fd, 0, SEEK_SET) == 0) {
		for (n = 0; (got = read(fd, text + n, 1 << 18)) > 0; n += got)
			;
		text[n] = '\0';
		EXPECT_EQ(len, n);
		EXPECT_EQ(0, strcmp(whole, text))
			TH_LOG("the second reading is:\n%.300s", text);
	}
	got = pread(fd, text, 100, 1000);
	if (got > 0)
		EXPECT_EQ(0, memcmp(whole + 1000, text, got));
	close(fd);
	free(whole);
	free(text);
}

TEST_F(debugfs, reading_consumes_nothing)
{
	char *first, *second;

	deny(10);
	first = slurp(DEBUGFS "/trace", NULL);
	second = slurp(DEBUGFS "/trace", NULL);
	EXPECT_EQ(0, strcmp(first, second));
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(10, commits_by(&self->recs, getpid()));
	free(second);
	second = slurp(DEBUGFS "/trace", NULL);
	EXPECT_EQ(0, strcmp(first, second));
	free(first);
	free(second);
}

TEST_F(debugfs, trace_has_the_devices_records_in_their_order)
{
	char *text, *at, want[64];
	size_t i;

	deny(30);
	device_drain(self->fd, &self->recs);
	text = slurp(DEBUGFS "/trace", NULL);
	at = text;
	for (i = 0; i < self->recs.n; i++) {
		const union record *r = &self->recs.r[i];

		if (r->h.type != OOMTRACE_COMMIT)
			continue;
		snprintf(want, sizeof(want), "%llu.%06llu [%03u] commit: pid=%d ",
			 r->h.ts_ns / 1000000000, r->h.ts_ns / 1000 % 1000000,
			 r->h.cpu, r->commit.pid);
		at = strstr(at, want);
		ASSERT_NE(NULL, at) TH_LOG("'%s' is not in\n%s", want, text);
		snprintf(want, sizeof(want), " pages=%lld ", r->commit.pages);
		at = strstr(at, want);
		ASSERT_NE(NULL, at) TH_LOG("'%s' is not in\n%s", want, text);
	}
	free(text);
}

/* ---- last_oom ---- */

TEST_F(debugfs, last_oom_says_that_there_was_none)
{
	char *text = slurp(DEBUGFS "/last_oom", NULL);

	EXPECT_IN("no OOM episode", text);
	free(text);
}

TEST_F(debugfs, last_oom_names_the_victim_and_does_the_sum)
{
	char want[64], line[512], *text, *at;
	struct tm tm = { 0 };
	struct memcg cg;
	struct hog hog;

	sysctl_set("vm/overcommit_memory", GUESS);
	if (!memcg_make(&cg, "last", MB(8)))
		SKIP(return, "no cgroup v2 memory controller");
	hog_start(&hog, "--comm piggy --cgroup %s --grow 64", cg.dir);
	snprintf(want, sizeof(want), "piggy[%d]", hog.pid);
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	memcg_remove(&cg);

	/* A dying task may cause an OOM of its own: the kill is shown. */
	text = slurp(DEBUGFS "/last_oom", NULL);
	at = strstr(text, "\nKilled:");
	ASSERT_NE(NULL, at) TH_LOG("%s", text);
	/* It stands below the title, which has the time of day. */
	EXPECT_EQ(text + strcspn(text, "\n"), at) TH_LOG("%s", text);
	line_with(text, "OOM episode", line, sizeof(line));
	at = strstr(line, ", 20");
	ASSERT_NE(NULL, at) TH_LOG("%s", line);
	ASSERT_NE(NULL, strptime(at + 2, "%F %T UTC, ", &tm)) TH_LOG("%s", line);
	EXPECT_GE(60, llabs((long long)(time(NULL) - timegm(&tm)))) TH_LOG("%s", line);
	line_with(text, "Killed:", line, sizeof(line));
	EXPECT_IN(want, line);
	line_with(text, "Victims:", line, sizeof(line));
	EXPECT_IN("MiB)", line);
	line_with(text, "Points:", line, sizeof(line));
	EXPECT_IN(" = rss ", line);
	free(text);
}

/* ---- enable ---- */

static char enabled(void)
{
	char *text = slurp(DEBUGFS "/enable", NULL);
	char c = text[0];

	free(text);
	return c;
}

TEST_F(debugfs, enable_0_stops_recording_and_counting)
{
	unsigned long long denied;

	EXPECT_EQ('1', enabled());
	deny(1);
	denied = stat_decisions(NEVER, true);
	EXPECT_EQ(0, spill(DEBUGFS "/enable", "0\n"));
	EXPECT_EQ('0', enabled());
	deny(5);
	EXPECT_EQ(denied, stat_decisions(NEVER, true));
	EXPECT_EQ(0, spill(DEBUGFS "/enable", "1"));
	EXPECT_EQ('1', enabled());
	deny(2);
	EXPECT_EQ(denied + 2, stat_decisions(NEVER, true));
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(3, commits_by(&self->recs, getpid()));
}

TEST_F(debugfs, enable_0_leaves_no_probe_armed)
{
	char *text;

	EXPECT_EQ(0, spill(DEBUGFS "/enable", "0"));
	text = slurp("/sys/kernel/debug/kprobes/list", NULL);
	if (strstr(text, "__vm_enough_memory"))
		EXPECT_IN("[DISABLED]", text);
	free(text);
	text = slurp("/sys/kernel/tracing/enabled_functions", NULL);
	EXPECT_EQ(NULL, strstr(text, "__vm_enough_memory")) TH_LOG("%s", text);
	free(text);
	text = slurp(DEBUGFS "/hooks", NULL);
	EXPECT_EQ(NULL, strstr(text, " attached ")) TH_LOG("%s", text);
	free(text);
}

TEST_F(debugfs, enable_twice_is_no_error)
{
	EXPECT_EQ(0, spill(DEBUGFS "/enable", "1"));
	EXPECT_EQ(0, spill(DEBUGFS "/enable", "0"));
	EXPECT_EQ(0, spill(DEBUGFS "/enable", "0"));
	EXPECT_EQ('0', enabled());
	EXPECT_EQ(0, spill(DEBUGFS "/enable", "1"));
	EXPECT_EQ('1', enabled());
}

static void expect_rejected(struct __test_metadata *_metadata, const char *file,
			    const char *rubbish)
{
	int kmsg = kmsg_open();
	char path[128], *before, *after, *log;

	snprintf(path, sizeof(path), DEBUGFS "/%s", file);
	before = slurp(path, NULL);
	EXPECT_EQ(-EINVAL, spill(path, rubbish))
		TH_LOG("'%s' to %s", rubbish, file);
	after = slurp(path, NULL);
	EXPECT_STREQ(before, after);
	log = kmsg_text(kmsg);
	EXPECT_IN("oomtrace: ", log);
	EXPECT_IN(file, log);
	free(before);
	free(after);
	free(log);
	close(kmsg);
}

TEST_F(debugfs, enable_refuses_rubbish)
{
	expect_rejected(_metadata, "enable", "2");
	expect_rejected(_metadata, "enable", "rubbish");
	expect_rejected(_metadata, "enable", "10");
	expect_rejected(_metadata, "enable", "-1");
	expect_rejected(_metadata, "enable", "\n");
}

TEST_F(debugfs, commit_records_refuses_rubbish)
{
	if (!mode_of("commit_records"))
		SKIP(return, "this module has no such file");
	EXPECT_EQ(0644, mode_of("commit_records"));
	expect_rejected(_metadata, "commit_records", "foo");
	expect_rejected(_metadata, "commit_records", "al");
	expect_rejected(_metadata, "commit_records", "all none");
}

TEST_F(debugfs, commit_records_is_switched_at_run_time)
{
	if (!mode_of("commit_records"))
		SKIP(return, "this module has no such file");
	EXPECT_EQ(0, spill(DEBUGFS "/commit_records", "all\n"));
	EXPECT_EQ(0, ask(4321));
	EXPECT_EQ(0, spill(DEBUGFS "/commit_records", "none"));
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES + 1));
	EXPECT_EQ(0, spill(DEBUGFS "/commit_records", "denied"));
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES + 2));
	EXPECT_EQ(0, ask(4322));
	device_drain(self->fd, &self->recs);
	EXPECT_NE(NULL, commit_of(&self->recs, getpid(), 4321));
	EXPECT_EQ(NULL, commit_of(&self->recs, getpid(), TEN_GIB_PAGES + 1));
	EXPECT_NE(NULL, commit_of(&self->recs, getpid(), TEN_GIB_PAGES + 2));
	EXPECT_EQ(NULL, commit_of(&self->recs, getpid(), 4322));
}

TEST_F(debugfs, text_files_refuse_to_be_written)
{
	static const char * const files[] = {
		"trace", "last_oom", "stats", "hooks",
	};
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), DEBUGFS "/%s", files[i]);
		EXPECT_GT(0, spill(path, "x")) TH_LOG("%s", path);
	}
}

TEST_HARNESS_MAIN
