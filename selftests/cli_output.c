// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: the oomtrace command shows exactly what the device holds, as valid
 * JSON and as text, and reports what is wrong if it cannot.
 */
#include <json.h>
#include <signal.h>
#include <sys/prctl.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"

static char said[1 << 20];

FIXTURE(cli_output) {
	int fd;
	struct records recs;
};

FIXTURE_SETUP(cli_output)
{
	module_start(NULL);
	self->fd = device_open();
}

FIXTURE_TEARDOWN(cli_output)
{
	sysctl_restore();
	close(self->fd);
	records_free(&self->recs);
	module_stop();
}

#define OOMTRACE(...) \
	run_program(said, sizeof(said), \
		    (char *[]){ "oomtrace", __VA_ARGS__, NULL })

/* Write the records of a denial with an odd name and of an OOM. */
static void cause_records(void)
{
	struct memcg cg;
	struct hog hog;

	prctl(PR_SET_NAME, "odd\n\"\\\xff\xc3\xa9");
	sysctl_set("vm/overcommit_memory", NEVER);
	if (ask(TEN_GIB_PAGES) != ENOMEM)
		die("10 GiB were granted");
	sysctl_set("vm/overcommit_memory", GUESS);
	if (!memcg_make(&cg, "tools", MB(8)))
		return;
	hog_start(&hog, "--cgroup %s --comm piggy --grow 64", cg.dir);
	hog_wait(&hog);
	memcg_remove(&cg);
}

static const char * const type_names[] = {
#define NAME(TYPE, type)	[OOMTRACE_##TYPE] = #type,
	OOMTRACE_TYPES(NAME)
#undef NAME
};

static long long json_int(struct json_object *obj, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(obj, name, &value) ||
	    !json_object_is_type(value, json_type_int))
		return -4711;
	return json_object_get_int64(value);
}

static const char *json_word(struct json_object *obj, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(obj, name, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "(none)";
	return json_object_get_string(value);
}

/* Has the record an OOM, or a number that no other one has? */
static bool has_id(const union record *r, long long episode)
{
	return episode > 0 ||
	       (r->h.seq && (r->h.flags & OOMTRACE_FLAG_RING) == OOMTRACE_RING_COMMIT &&
		r->h.type != OOMTRACE_STACK && r->h.type != OOMTRACE_LOST);
}

static void expect_record(struct __test_metadata *_metadata,
			  struct json_object *obj, const union record *r)
{
	const char *id;

	EXPECT_STREQ(type_names[r->h.type], json_word(obj, "type"));
	EXPECT_EQ(r->h.seq, json_int(obj, "seq"));
	EXPECT_EQ(r->h.cpu, json_int(obj, "cpu"));
	EXPECT_EQ(r->h.ts_ns, json_int(obj, "ts_ns"));
	EXPECT_IN("Z", json_word(obj, "time"));
	/* Boot, load and number: of the OOM, or of the record. */
	id = json_word(obj, json_int(obj, "episode") > 0 ? "oom_id" : "record_id");
	EXPECT_EQ(has_id(r, json_int(obj, "episode")) ? 32 : strlen("(none)"),
		  strcspn(id, "."));
	switch (r->h.type) {
	case OOMTRACE_COMMIT:
		EXPECT_EQ(r->commit.pid, json_int(obj, "pid"));
		EXPECT_EQ(r->commit.ret, json_int(obj, "ret"));
		EXPECT_EQ(r->commit.pages, json_int(obj, "pages"));
		EXPECT_EQ(r->commit.allowed, json_int(obj, "allowed"));
		EXPECT_EQ(r->commit.committed, json_int(obj, "committed"));
		EXPECT_STREQ("mmap", json_word(obj, "origin"));
		break;
	case OOMTRACE_OOM_BEGIN:
		EXPECT_EQ(r->begin.memcg_id, json_int(obj, "memcg_id"));
		EXPECT_EQ(r->begin.gfp, json_int(obj, "gfp"));
		EXPECT_STREQ("memcg", json_word(obj, "scope"));
		break;
	case OOMTRACE_CANDIDATE:
		EXPECT_EQ(r->candidate.pid, json_int(obj, "pid"));
		EXPECT_EQ(r->candidate.points, json_int(obj, "points"));
		EXPECT_EQ(r->candidate.rss_anon, json_int(obj, "rss_anon"));
		break;
	case OOMTRACE_VERDICT:
		EXPECT_EQ(r->verdict.points, json_int(obj, "points"));
		EXPECT_EQ(r->verdict.totalpages, json_int(obj, "totalpages"));
		EXPECT_STREQ("memcg", json_word(obj, "constraint"));
		/* There was no other candidate, so the field is absent. */
		EXPECT_EQ(-4711, json_int(obj, "runner_up_pid"));
		break;
	case OOMTRACE_VICTIM:
		EXPECT_STREQ("piggy", json_word(obj, "comm"));
		EXPECT_EQ(r->victim.pgtables_bytes,
			  json_int(obj, "pgtables_bytes"));
		break;
	}
}

TEST_F(cli_output, dump_json_has_every_record_of_the_device)
{
	struct json_object *obj;
	char *line, *save;
	size_t n = 0;

	cause_records();
	spill(DEBUGFS "/enable", "0");
	device_drain(self->fd, &self->recs);
	EXPECT_LE(6, self->recs.n);
	EXPECT_EQ(0, OOMTRACE("dump", "--json")) TH_LOG("%.500s", said);
	for (line = strtok_r(said, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		obj = json_tokener_parse(line);
		ASSERT_NE(NULL, obj) TH_LOG("line %zu is not JSON: %s", n, line);
		ASSERT_GT(self->recs.n, n) TH_LOG("unexpected line: %s", line);
		expect_record(_metadata, obj, &self->recs.r[n++]);
		json_object_put(obj);
	}
	EXPECT_EQ(self->recs.n, n);
}

TEST_F(cli_output, dump_shows_what_trace_shows)
{
	char *text, *body;

	cause_records();
	spill(DEBUGFS "/enable", "0");
	EXPECT_EQ(0, OOMTRACE("dump"));
	text = slurp(DEBUGFS "/trace", NULL);
	/* Skip the heading, whose lines begin with #. */
	for (body = text; *body == '#'; body += strcspn(body, "\n") + 1)
		;
	EXPECT_EQ(0, strcmp(body, said))
		TH_LOG("trace:\n%.1000s\ndump:\n%.1000s", body, said);
	free(text);
}

TEST_F(cli_output, last_shows_what_last_oom_shows)
{
	char *text, *body, episode[24] = "";
	size_t len;

	cause_records();
	spill(DEBUGFS "/enable", "0");
	text = slurp(DEBUGFS "/last_oom", NULL);
	ASSERT_EQ(0, strncmp(text, "OOM episode ", 12)) TH_LOG("%s", text);
	snprintf(episode, sizeof(episode), "%.*s",
		 (int)strspn(text + 12, "0123456789"), text + 12);
	EXPECT_EQ(0, OOMTRACE("last", "-v", episode));
	/* The command has a line with the time of day first. */
	EXPECT_EQ(0, strncmp(said, "OOM", 3)) TH_LOG("%s", said);
	body = said + strcspn(said, "\n") + 1;
	/* The command may add the cgroup's path, if that record is buffered. */
	len = strlen(text);
	while (len && text[len - 1] == '\n')
		len--;
	EXPECT_EQ(0, strncmp(text, body, len))
		TH_LOG("last_oom:\n%s\nlast:\n%s", text, body);
	EXPECT_TRUE(!strcmp("\n", body + len) ||
		    !strncmp("\nCgroups:   out of memory: cgroup ", body + len, 34))
		TH_LOG("after it:%s", body + len);
	EXPECT_IN("OOM episode", said);
	free(text);
}

TEST_F(cli_output, last_without_an_oom_says_so)
{
	EXPECT_EQ(1, OOMTRACE("last"));
	EXPECT_IN("no OOM is recorded", said);
	EXPECT_EQ(1, OOMTRACE("list"));
	EXPECT_IN("no OOM is recorded", said);
}

TEST_F(cli_output, last_and_list_tell_of_the_kill)
{
	cause_records();
	EXPECT_EQ(0, OOMTRACE("last"));
	EXPECT_IN("OOM kill 1 on ", said);
	EXPECT_IN("\nKilled   piggy[", said);
	EXPECT_IN(" reached its limit", said);
	EXPECT_EQ(0, OOMTRACE("list", "--since", "1h"));
	EXPECT_IN(" piggy[", said);
	EXPECT_EQ(1, OOMTRACE("list", "--until", "2h"));
	EXPECT_IN("no OOM is recorded in that time", said);
}

/* The id must name the same episode when the module was loaded again. */
TEST_F(cli_output, an_id_stays_when_the_module_is_loaded_again)
{
	char *save[] = {
		"sh", "-c",
		"rm -rf /tmp/kept; mkdir /tmp/kept && "
		"oomtrace record --held -o /tmp/kept/1.oom 2>/dev/null && "
		"oomtrace list --json | sed 's/.*\"id\":\"\\([^\"]*\\)\".*/\\1/'",
		NULL
	};
	char *again[] = {
		"sh", "-c",
		"oomtrace list --dir /tmp/kept --noheadings | wc -l",
		NULL
	};
	char id[96] = "";

	cause_records();
	EXPECT_EQ(0, run_program(said, sizeof(said), save));
	snprintf(id, sizeof(id), "%.*s", (int)strcspn(said, "\n"), said);
	EXPECT_EQ(0, run_program(said, sizeof(said), again));
	EXPECT_EQ(1, atoi(said));
	close(self->fd);
	module_stop();
	EXPECT_EQ(0, OOMTRACE("last", "--dir", "/tmp/kept"));
	EXPECT_IN("\nKilled   piggy[", said);
	module_start(NULL);
	self->fd = device_open();
	cause_records();
	EXPECT_EQ(0, run_program(said, sizeof(said), again));
	EXPECT_EQ(2, atoi(said));
	EXPECT_EQ(0, OOMTRACE("last", "--dir", "/tmp/kept", id)) TH_LOG("%s", said);
	EXPECT_IN("-1 on ", said);
	EXPECT_EQ(1, OOMTRACE("last", id));
}

TEST_F(cli_output, info_is_that_of_the_device)
{
	struct oomtrace_info info;
	struct json_object *obj;

	device_info(self->fd, &info);
	EXPECT_EQ(0, OOMTRACE("info", "--json"));
	obj = json_tokener_parse(said);
	ASSERT_NE(NULL, obj) TH_LOG("%s", said);
	EXPECT_EQ(info.abi, json_int(obj, "abi"));
	EXPECT_EQ(info.cpus, json_int(obj, "cpus"));
	EXPECT_EQ(info.episodes, json_int(obj, "episodes"));
	EXPECT_EQ(info.hooks_missing, json_int(obj, "hooks_missing"));
	json_object_put(obj);
}

static int dump_as_user(void *unused)
{
	int status;

	(void)unused;
	become_user();
	status = OOMTRACE("dump");
	if (!strstr(said, "no permission")) {
		fprintf(stderr, "# the output is: %s\n", said);
		return 100;
	}
	return status;
}

TEST_F(cli_output, without_root_it_reports_that_and_exits_with_1)
{
	EXPECT_EQ(1, run_child(dump_as_user, NULL));
}

TEST_F(cli_output, without_the_module_it_reports_that_and_exits_with_3)
{
	close(self->fd);
	module_stop();
	EXPECT_EQ(3, OOMTRACE("dump"));
	EXPECT_IN("not loaded", said);
	EXPECT_EQ(3, OOMTRACE("last"));
	EXPECT_IN("not loaded", said);
	EXPECT_EQ(3, OOMTRACE("info"));
	EXPECT_IN("not loaded", said);
	module_start(NULL);
	self->fd = device_open();
}

TEST_F(cli_output, live_shows_new_records_and_ends_on_sigterm)
{
	char line[1 << 16] = "";
	size_t n = 0;
	int fds[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		execlp("oomtrace", "oomtrace", "live", "--json", NULL);
		_exit(127);
	}
	close(fds[1]);
	/* Wait until the command has the device open. */
	wait_until_open(pid, DEVICE);
	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	while (!strstr(line, "\"commit\"") && n < sizeof(line) - 1) {
		ssize_t got = read(fds[0], line + n, sizeof(line) - 1 - n);

		if (got <= 0)
			break;
		n += got;
		line[n] = '\0';
	}
	EXPECT_IN("\"commit\"", line);
	kill(pid, SIGTERM);
	EXPECT_EQ(0, wait_child(pid));
	close(fds[0]);
}

TEST_HARNESS_MAIN
