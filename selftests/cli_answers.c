// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: the predictions of the oomtrace command come true. The task that
 * whatif names dies when this is tried, the requests that advise expects mode 2
 * to refuse are refused, and a recording contains what was buffered.
 */
#include <errno.h>
#include <fcntl.h>
#include <json.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"

static char said[1 << 20], again[1 << 20];

FIXTURE(cli_answers) {
	char dir[32];
};

FIXTURE_SETUP(cli_answers)
{
	module_start(NULL);
	strcpy(self->dir, "/tmp/answers-XXXXXX");
	if (!mkdtemp(self->dir) || chdir(self->dir))
		die("cannot make %s", self->dir);
}

FIXTURE_TEARDOWN(cli_answers)
{
	char *rm[] = { "rm", "-rf", self->dir, NULL };

	sysctl_restore();
	if (!chdir("/"))
		run_program(said, sizeof(said), rm);
	module_stop();
}

#define OOMTRACE(...) \
	run_program(said, sizeof(said), \
		    (char *[]){ "oomtrace", __VA_ARGS__, NULL })

/* A number of the last output, by its JSON path; LLONG_MIN if absent. */
static long long json_number(const char *path)
{
	struct json_object *obj = json_tokener_parse(said), *value;
	long long n = LLONG_MIN;

	if (obj && !json_pointer_get(obj, path, &value))
		n = json_object_get_int64(value);
	json_object_put(obj);
	return n;
}

/* ---- whatif ---- */

struct scene {
	pid_t big;
	pid_t small;
	bool big_died;
	bool small_died;
	char episode[24];
};

/*
 * The first victim that this descriptor reports. More may follow: the kernel
 * reports a victim's memory as freed before all of it is uncharged from the
 * cgroup (exit_mmap()), so the grower can fail again.
 */
static pid_t first_victim(int fd, struct scene *s)
{
	const union record *r;
	struct records recs = { 0 };
	pid_t pid = 0;

	device_drain(fd, &recs);
	r = records_get(&recs, OOMTRACE_VERDICT, 0);
	if (r) {
		pid = r->verdict.pid;
		snprintf(s->episode, sizeof(s->episode), "%llu",
			 (unsigned long long)r->verdict.episode);
	}
	records_free(&recs);
	return pid;
}

/* An exempt task fills the cgroup, so that one of two others must die. */
static bool play_scene(struct scene *s, int big_adj)
{
	struct hog big, small, grower;
	struct memcg cg;
	pid_t victim;
	int fd;

	if (!memcg_make(&cg, "answers", MB(24)))
		return false;
	/* Kernels 6.2 to 6.15 buffer up to 31 pages of a task on each CPU. */
	pin_to_cpu(0);
	hog_start(&big, "--cgroup %s --comm big --anon 12 --adj %d --hold",
		  cg.dir, big_adj);
	hog_start(&small, "--cgroup %s --comm small --anon 6 --hold", cg.dir);
	hog_ready(&big);
	hog_ready(&small);
	fd = device_open_at_end();
	hog_start(&grower, "--cgroup %s --comm grower --adj -1000 --grow 9",
		  cg.dir);
	hog_wait(&grower);
	s->big = big.pid;
	s->small = small.pid;
	hog_kill(&big);
	hog_kill(&small);
	/*
	 * The exit statuses do not show the victim: this test kills the
	 * survivor.
	 */
	victim = first_victim(fd, s);
	s->big_died = victim == s->big;
	s->small_died = victim == s->small;
	close(fd);
	memcg_remove(&cg);
	return true;
}

TEST_F(cli_answers, whatif_predicts_the_victim)
{
	struct scene s = { 0 };
	char pid[16];
	long long adj;

	if (!play_scene(&s, 0))
		SKIP(return, "no cgroup v2 memory controller");
	ASSERT_TRUE(s.big_died);
	ASSERT_EQ(0, OOMTRACE("whatif", "--json", s.episode));
	EXPECT_EQ(s.big, json_number("/was_pid")) TH_LOG("%s", said);
	EXPECT_EQ(s.big, json_number("/then/pid"));
	EXPECT_EQ(0, json_number("/caveats/0") != LLONG_MIN) TH_LOG("%s", said);

	snprintf(pid, sizeof(pid), "%d", s.big);
	ASSERT_EQ(0, OOMTRACE("whatif", "--save", pid, "--json",
			      s.episode));
	adj = json_number("/save_adj");
	EXPECT_EQ(s.small, json_number("/then/pid")) TH_LOG("%s", said);
	/* The difference is 6 MiB, and one adj is worth six pages. */
	ASSERT_LE(-300, adj) TH_LOG("%s", said);
	ASSERT_GE(-200, adj) TH_LOG("%s", said);

	/* The kernel agrees within 3 adj, which is 18 pages. */
	play_scene(&s, adj - 3);
	EXPECT_TRUE(s.small_died) TH_LOG("with %lld", adj - 3);
	play_scene(&s, adj + 3);
	EXPECT_TRUE(s.big_died) TH_LOG("with %lld", adj + 3);
	printf("# predicted that oom_score_adj %lld saves it: with %lld it survived, with %lld it died\n",
	       adj, adj - 3, adj + 3);
}

TEST_F(cli_answers, whatif_exempts_and_limits)
{
	struct scene s = { 0 };
	char arg[32];

	if (!play_scene(&s, 0))
		SKIP(return, "no cgroup v2 memory controller");
	snprintf(arg, sizeof(arg), "%d=-1000", s.big);
	EXPECT_EQ(0, OOMTRACE("whatif", "--adj", arg, "--adj",
			      "small=-1000", "--json", s.episode));
	EXPECT_IN("\"ending\":\"no_candidate\"", said);
	EXPECT_EQ(0, OOMTRACE("whatif", "--adj", "grower=1000", "--json",
			      s.episode));
	EXPECT_IN("\"comm\":\"grower\"", said);
	EXPECT_EQ(0, OOMTRACE("whatif", "--limit", "1G", "--json",
			      s.episode));
	EXPECT_IN("\"ending\":\"no_oom\"", said);
	EXPECT_EQ(1, OOMTRACE("whatif", "99"));
	EXPECT_IN("no record of OOM episode 99 is available", said);
}

/* ---- advise ---- */

#define STEPS		400
#define MAPS		24

/* A seeded random number, so that two runs make the same requests. */
static unsigned int rnd(unsigned int *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Map and unmap at random; the exit status is the number of refusals. */
static int workload(void *unused)
{
	size_t size[MAPS] = { 0 };
	void *map[MAPS] = { NULL };
	unsigned int state = 20240229, i, at;
	int refused = 0;

	(void)unused;
	prctl(PR_SET_NAME, "workload");
	for (i = 0; i < STEPS; i++) {
		at = rnd(&state) % MAPS;
		if (size[at] && map[at] != MAP_FAILED)
			munmap(map[at], size[at]);
		size[at] = (size_t)(1 + rnd(&state) % 16) << 20;
		map[at] = mmap(NULL, size[at], PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		refused += map[at] == MAP_FAILED;
		usleep(2000);
	}
	return refused < 255 ? refused : 255;
}

/* A limit about 1 MiB below the peak of the workload. */
static long limit_kb(void)
{
	return meminfo("Committed_AS") + 170 * 1024;
}

static pid_t start_record(char *const argv[])
{
	pid_t pid = fork();

	if (!pid) {
		execvp("oomtrace", argv);
		_exit(127);
	}
	wait_until_open(pid, DEVICE);
	return pid;
}

TEST_F(cli_answers, advise_predicts_what_mode_2_refuses)
{
	char *argv[] = { "oomtrace", "record", "--all", "--sample", "5ms",
			 "-o", "work.oom", NULL };
	long long least, probably, most, seen, error;
	char kbytes[24];
	pid_t pid;

	sysctl_set("vm/overcommit_memory", ALWAYS);
	/* No reserve for root, and a small one for the workload. */
	sysctl_set("vm/user_reserve_kbytes", 0);
	snprintf(kbytes, sizeof(kbytes), "%ld", limit_kb());
	pid = start_record(argv);
	EXPECT_EQ(0, run_child(workload, NULL));
	kill(pid, SIGTERM);
	EXPECT_EQ(0, wait_child(pid));

	EXPECT_EQ(0, OOMTRACE("advise", "--kbytes", kbytes, "--json",
			      "work.oom"));
	least = json_number("/limits/0/least");
	probably = json_number("/limits/0/probably");
	most = json_number("/limits/0/most");
	EXPECT_LT(STEPS, json_number("/decisions"));
	EXPECT_IN("\"comm\":\"workload\"", said);

	sysctl_set("vm/overcommit_kbytes", atol(kbytes));
	sysctl_set("vm/overcommit_memory", NEVER);
	seen = run_child(workload, NULL);
	sysctl_set("vm/overcommit_memory", GUESS);

	error = probably > seen ? probably - seen : seen - probably;
	printf("# advise: %lld refused, probably (at least %lld, at most %lld); seen in mode 2: %lld; error %lld of %d requests\n",
	       probably, least, most, seen, error, STEPS);
	EXPECT_LT(10, seen);
	EXPECT_GE(seen, least);
	EXPECT_LE(seen, most);
	EXPECT_LE(error, STEPS / 20) TH_LOG("%s", said);
}

TEST_F(cli_answers, advise_finds_the_smallest_ratio)
{
	char *argv[] = { "oomtrace", "record", "--all", "--sample", "5ms",
			 "-o", "work.oom", NULL };
	long long ratio;
	pid_t pid;

	sysctl_set("vm/overcommit_memory", ALWAYS);
	pid = start_record(argv);
	EXPECT_EQ(0, run_child(workload, NULL));
	kill(pid, SIGTERM);
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(0, OOMTRACE("advise", "--json", "work.oom"));
	ratio = json_number("/smallest_ratio_sure");
	ASSERT_LT(0, ratio) TH_LOG("%s", said);
	/* The counter of mode 2 can be off by 0.4 % of RAM. */
	sysctl_set("vm/overcommit_ratio", ratio + 1);
	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(0, run_child(workload, NULL));
	sysctl_set("vm/overcommit_ratio", ratio / 2);
	EXPECT_LT(0, run_child(workload, NULL));
	sysctl_set("vm/overcommit_memory", GUESS);
	printf("# advise: predicted no refusal with ratio %lld; seen with %lld: none, with %lld: some\n",
	       ratio, ratio + 1, ratio / 2);
}

/* ---- record ---- */

/* Write some records to save. */
static void deny_some(void)
{
	sysctl_set("vm/overcommit_memory", NEVER);
	deny(50);
	sysctl_set("vm/overcommit_memory", GUESS);
}

TEST_F(cli_answers, the_saved_records_are_the_buffered_ones)
{
	deny_some();
	spill(DEBUGFS "/enable", "0");
	EXPECT_EQ(0, OOMTRACE("record", "--held", "-o", "held.oom"));
	/* JSON has the time of day too, by the clock when it was read or saved. */
	EXPECT_EQ(0, OOMTRACE("dump"));
	memcpy(again, said, sizeof(said));
	EXPECT_EQ(0, OOMTRACE("dump", "-d", "held.oom"));
	EXPECT_EQ(0, strcmp(said, again));
	EXPECT_IN(" ret=-12 ", said);
}

TEST_F(cli_answers, record_saves_what_is_in_the_time)
{
	deny_some();
	EXPECT_EQ(0, OOMTRACE("record", "--held", "--since", "1h", "-o", "hour.oom"));
	EXPECT_EQ(0, OOMTRACE("dump", "hour.oom"));
	EXPECT_IN(" ret=-12 ", said);
	EXPECT_EQ(0, OOMTRACE("record", "--held", "--until", "1h", "-o", "old.oom"));
	EXPECT_EQ(0, OOMTRACE("dump", "--type", "commit", "old.oom"));
	EXPECT_STREQ("", said);
	/* The end is past, so that it does not wait for new records. */
	EXPECT_EQ(0, OOMTRACE("record", "--since", "1h", "--until", "0s", "-o", "now.oom"));
	EXPECT_EQ(0, OOMTRACE("dump", "now.oom"));
	EXPECT_IN(" ret=-12 ", said);
}

TEST_F(cli_answers, a_recorder_that_is_killed_loses_little)
{
	char *argv[] = { "oomtrace", "record", "-o", "killed.oom", NULL };
	pid_t pid = start_record(argv);

	deny_some();
	sleep_ms(1500);
	kill(pid, SIGKILL);
	wait_child(pid);
	EXPECT_EQ(1, OOMTRACE("dump", "--type", "commit", "-d", "killed.oom"));
	EXPECT_IN("the recording was cut short", said);
	EXPECT_IN(" ret=-12 ", said);
}

TEST_F(cli_answers, a_full_disk_is_reported_and_the_saved_records_are_kept)
{
	char *argv[] = { "oomtrace", "record", "--all", "-o",
			 "disk/full.oom", NULL };
	char *count[] = { "sh", "-c",
			  "oomtrace dump -d disk/full.oom --type commit | grep -c comm=.cli_answers",
			  NULL };
	char *line;
	pid_t pid;
	int i;

	ASSERT_EQ(0, mkdir("disk", 0700));
	ASSERT_EQ(0, mount("disk", "disk", "tmpfs", 0, "size=64k"));
	pid = start_record(argv);
	for (i = 0; i < 20000; i++)
		ask(1 + i % 977);
	EXPECT_EQ(1, wait_child(pid));
	/* The output is too large for the buffer. */
	EXPECT_EQ(0, run_program(said, sizeof(said), count));
	EXPECT_IN("the recording was cut short", said);
	/* Take the last line; a report of lost records may precede it. */
	line = said + strlen(said) - 1;
	while (line > said && line[-1] != '\n')
		line--;
	EXPECT_LT(100, atoi(line)) TH_LOG("%s", said);
	umount("disk");
	module_param("commit_records", said, sizeof(said));
	EXPECT_STREQ("denied", said);
}

TEST_F(cli_answers, last_reads_a_file_too)
{
	struct scene s = { 0 };

	if (!play_scene(&s, 0))
		SKIP(return, "no cgroup v2 memory controller");
	spill(DEBUGFS "/enable", "0");
	EXPECT_EQ(0, OOMTRACE("record", "--held", "-o", "oom.oom"));
	EXPECT_EQ(0, OOMTRACE("last", "-v", s.episode));
	memcpy(again, said, sizeof(said));
	EXPECT_EQ(0, OOMTRACE("last", "-v", "oom.oom", s.episode));
	/* The first line has the age. */
	EXPECT_EQ(0, strcmp(strchr(said, '\n'), strchr(again, '\n')));
	EXPECT_IN("big[", said);
}

/* ---- now ---- */

TEST_F(cli_answers, protect_names_the_first_victim_and_what_saves_it)
{
	struct hog big, small;
	struct memcg cg;
	char what[64];
	char *wide[] = {
		"sh", "-c",
		"{ COLUMNS=80 oomtrace protect --number 1000; COLUMNS=80 oomtrace protect --cgroup $0; } | awk 'length > 80'",
		cg.dir, NULL
	};

	if (!memcg_make(&cg, "answers-of-a-cgroup-with-a-name-that-takes-half-of-a-line", MB(64)))
		SKIP(return, "no cgroup v2 memory controller");
	hog_start(&small, "--cgroup %s --comm small --anon 6 --hold", cg.dir);
	hog_start(&big, "--cgroup %s --comm big --anon 12 --hold", cg.dir);
	hog_ready(&big);
	hog_ready(&small);
	EXPECT_EQ(0, OOMTRACE("protect", "--cgroup", cg.dir));
	snprintf(what, sizeof(what), "big[%d] would be killed first", big.pid);
	EXPECT_IN(what, said);
	EXPECT_IN("--comm small --anon 6 --hold", said);
	/* All processes, and those of a cgroup with a long name. */
	EXPECT_EQ(0, run_program(said, sizeof(said), wide));
	EXPECT_STREQ("", said);
	EXPECT_EQ(0, OOMTRACE("protect", "--cgroup", cg.dir, "--number", "1",
			      "--json"));
	EXPECT_EQ(big.pid, json_number("/pid")) TH_LOG("%s", said);
	hog_kill(&big);
	hog_kill(&small);
	memcg_remove(&cg);
}

TEST_F(cli_answers, status_says_that_all_is_well)
{
	deny_some();
	EXPECT_EQ(0, OOMTRACE("status"));
	EXPECT_IN("Module:    loaded", said);
	EXPECT_IN("Hooks:     none missing", said);
	EXPECT_IN(" commit requests since the module was loaded", said);
	EXPECT_IN("Next:      oomtrace refusals", said);
	EXPECT_EQ(0, OOMTRACE("status", "--check"));
	EXPECT_IN("OK: recording", said);
	spill(DEBUGFS "/enable", "0");
	EXPECT_EQ(3, OOMTRACE("status", "--check"));
	EXPECT_IN("CRITICAL: not recording: disabled", said);
	spill(DEBUGFS "/enable", "1");
}

TEST_F(cli_answers, without_a_command_all_is_on_one_screen)
{
	char *overview[] = { "oomtrace", NULL }, word[64], *line;
	unsigned int lines = 0;
	struct memcg cg;
	struct hog hog;

	EXPECT_EQ(0, run_program(said, sizeof(said), overview));
	EXPECT_IN("Killed   nothing", said);
	if (!memcg_make(&cg, "overview", MB(8)))
		SKIP(return, "no cgroup v2 memory controller");
	hog_start(&hog, "--comm piggy --cgroup %s --grow 64", cg.dir);
	snprintf(word, sizeof(word), " piggy[%d] ", hog.pid);
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	deny_some();
	EXPECT_EQ(0, run_program(said, sizeof(said), overview));
	memcg_remove(&cg);
	EXPECT_IN("State    recording, no hook is missing", said);
	EXPECT_IN("Killed   1 OOM kill recorded or saved since 20", said);
	EXPECT_IN(word, said);
	EXPECT_IN(" requests since the module was loaded; the last was ", said);
	EXPECT_IN("Memory   ", said);
	EXPECT_IN(" is nearest to its limit: ", said);
	EXPECT_IN(" would be killed first: ", said);
	EXPECT_IN("oomtrace last ", said);
	for (line = said; *line; line += strcspn(line, "\n") + 1) {
		EXPECT_GE(80, strcspn(line, "\n")) TH_LOG("%s", line);
		lines++;
	}
	EXPECT_GE(24, lines) TH_LOG("%s", said);
	printf("# %s", said);
	spill(DEBUGFS "/enable", "0");
	EXPECT_EQ(3, run_program(said, sizeof(said), overview));
	EXPECT_IN("not recording", said);
	spill(DEBUGFS "/enable", "1");
}

TEST_F(cli_answers, a_refusal_is_explained_with_the_kernels_sum)
{
	char *dump[] = {
		"sh", "-c",
		"oomtrace dump --type commit | sed -n 's/.* shortfall=//p' | tail -n 1",
		NULL
	};
	char *why_record[] = {
		"sh", "-c",
		"oomtrace why \"$(oomtrace dump --json --type commit | sed -n 's/.*\"record_id\":\"\\([^\"]*\\)\".*\"ret\":-12.*/\\1/p' | tail -n 1)\"",
		NULL
	};
	/* How often the most frequent id is there: that of a stack was the commit's, too. */
	char *most[] = {
		"sh", "-c",
		"oomtrace dump --json | grep -o '\"record_id\":\"[^\"]*' | sort | uniq -c | sort -n | tail -n 1",
		NULL
	};
	long long short_bytes, shortfall;

	EXPECT_EQ(1, OOMTRACE("refusals"));
	EXPECT_IN("no refused request is recorded", said);
	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	sysctl_set("vm/overcommit_memory", GUESS);
	EXPECT_EQ(0, run_program(said, sizeof(said), dump));
	shortfall = atoll(said);
	EXPECT_LT(0, shortfall);
	EXPECT_EQ(0, OOMTRACE("refusals", "--json", "-n", "1"));
	short_bytes = json_number("/short_bytes");
	EXPECT_EQ(shortfall * sysconf(_SC_PAGESIZE), short_bytes) TH_LOG("%s", said);
	EXPECT_EQ(10LL << 30, json_number("/asked_bytes"));
	EXPECT_EQ(getpid(), json_number("/pid"));
	EXPECT_EQ(0, OOMTRACE("refusals"));
	EXPECT_IN("Limit    mode 2: ", said);
	EXPECT_EQ(0, OOMTRACE("why"));
	EXPECT_IN("= limit (CommitLimit) ", said);
	EXPECT_IN(" 10 GiB\n", said);
	EXPECT_IN("= short by ", said);
	if (has_stacks())
		EXPECT_IN("Stack ", said);
	printf("# %s", said);
	EXPECT_EQ(0, run_program(said, sizeof(said), why_record));
	EXPECT_IN(" 10 GiB by mmap, refused with ENOMEM", said);
	EXPECT_EQ(0, run_program(said, sizeof(said), most));
	EXPECT_EQ(1, atoi(said)) TH_LOG("%s", said);
}

static int status_as_user(void *unused)
{
	(void)unused;
	become_user();
	return OOMTRACE("status") || !strstr(said, "only root may read it");
}

TEST_F(cli_answers, status_needs_no_root)
{
	EXPECT_EQ(0, run_child(status_as_user, NULL));
}

/* Like run_program(), but on a terminal. */
static int run_at_terminal(char *buf, size_t size, char *const argv[])
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave = -1;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	if (master >= 0 && !grantpt(master) && !unlockpt(master))
		slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0)
		die("no terminal: %s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("cannot fork: %s", strerror(errno));
	if (!pid) {
		dup2(slave, STDIN_FILENO);
		dup2(slave, STDOUT_FILENO);
		dup2(slave, STDERR_FILENO);
		setenv("TERM", "vt100", 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(slave);
	/* When the other end closes, read() fails. */
	while ((got = read(master, buf + n, size - 1 - n)) > 0)
		n += got;
	buf[n] = '\0';
	close(master);
	return wait_child(pid);
}

TEST_F(cli_answers, top_draws_a_screen)
{
	char *top[] = { "oomtrace", "top", "-n", "1", NULL };

	EXPECT_EQ(0, run_at_terminal(said, sizeof(said), top)) TH_LOG("%s", said);
	EXPECT_IN("available of", said);
	EXPECT_IN("NEAREST TO THEIR LIMIT", said);
	EXPECT_IN("command", said);
	/* Only mode 2 enforces the commit limit. */
	EXPECT_EQ(NULL, strstr(said, "headroom"));
	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(0, run_at_terminal(said, sizeof(said), top)) TH_LOG("%s", said);
	EXPECT_IN("headroom", said);
	sysctl_set("vm/overcommit_memory", GUESS);
	/* Its exit status says whether anything is recorded. */
	spill(DEBUGFS "/enable", "0");
	EXPECT_EQ(3, run_at_terminal(said, sizeof(said), top)) TH_LOG("%s", said);
	spill(DEBUGFS "/enable", "1");
}

TEST_HARNESS_MAIN
