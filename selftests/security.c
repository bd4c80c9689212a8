// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: an ordinary user gets nothing from oomtrace. What root gets contains
 * no kernel address and no unintended byte. No process can choose a name that
 * makes its line look like two lines, or like a terminal command.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "../common/format.h"
#include "lib/bytes.h"
#include "lib/commit.h"
#include "lib/linger.h"
#include "lib/oom.h"
#include "lib/test.h"

/* Small rings, so that every slot is reused; but a global OOM fits. */
#define PARAMS	"commit_records=all commit_buffer_kb=16 oom_buffer_kb=48"

/* From syslog(2): read the whole log. */
#define SYSLOG_ACTION_READ_ALL	3

FIXTURE(security) {
	struct records recs;
	struct memcg cg;
};

FIXTURE_SETUP(security)
{
	memset(self, 0, sizeof(*self));
	module_start(PARAMS);
}

FIXTURE_TEARDOWN(security)
{
	memcg_remove(&self->cg);
	records_free(&self->recs);
	module_stop();
}

/* ---- ordinary users ---- */

/* The first path below that the caller can open, or NULL. */
static const char *opens_below(const char *path, const char *except)
{
	static char found[512];
	const char *in = NULL;
	char sub[512];
	struct dirent *e;
	struct stat st;
	DIR *dir;
	int fd;

	if (lstat(path, &st) || S_ISLNK(st.st_mode) ||
	    (except && strstr(path, except)))
		return NULL;
	if (!S_ISDIR(st.st_mode)) {
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			return NULL;
		close(fd);
		snprintf(found, sizeof(found), "%s", path);
		return found;
	}
	dir = opendir(path);
	while (dir && !in && (e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
		in = opens_below(sub, except);
	}
	if (dir)
		closedir(dir);
	return in;
}

static const char * const places[] = {
	DEVICE, DEBUGFS, "/sys/kernel/tracing/events/oomtrace",
	"/sys/kernel/debug/tracing/events/oomtrace",
};

static int open_as_user(void *unused)
{
	const char *found;
	size_t i;

	(void)unused;
	become_user();
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		found = opens_below(places[i], NULL);
		if (found)
			break;
	}
	if (i == ARRAY_SIZE(places))
		return 0;
	fprintf(stderr, "# uid 1000 opens %s\n", found);
	return 1;
}

TEST_F(security, an_ordinary_user_opens_nothing)
{
	EXPECT_EQ(0, run_child(open_as_user, NULL));
}

TEST_F(security, the_device_and_the_controls_are_for_their_owner)
{
	struct dirent *e;
	struct stat st;
	DIR *dir;

	ASSERT_EQ(0, stat(DEVICE, &st));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
	/* A user with access to debugfs may read, but only root may write. */
	dir = opendir(DEBUGFS);
	ASSERT_NE(NULL, dir);
	while ((e = readdir(dir))) {
		ASSERT_EQ(0, fstatat(dirfd(dir), e->d_name, &st, 0));
		EXPECT_EQ(0, st.st_mode & 0022) TH_LOG("%s", e->d_name);
		EXPECT_EQ(0, st.st_uid) TH_LOG("%s", e->d_name);
	}
	closedir(dir);
}

/* Parameters are readable; nothing is writable or shows an address. */
static int look_at_sys_module(void *unused)
{
	const char *found;

	(void)unused;
	become_user();
	found = opens_below("/sys/module/oomtrace/sections", NULL);
	if (!found)
		found = opens_below("/sys/module/oomtrace/notes", NULL);
	if (!found && !access("/sys/module/oomtrace/parameters/commit_records",
			      W_OK))
		found = "/sys/module/oomtrace/parameters/commit_records";
	if (found)
		fprintf(stderr, "# uid 1000 opens %s\n", found);
	return !!found && !strstr(found, "/notes/");
}

TEST_F(security, sysfs_shows_an_ordinary_user_no_address)
{
	EXPECT_EQ(0, run_child(look_at_sys_module, NULL));
}

/* ---- contents of records and texts ---- */

static int exceed_limit(void *arg)
{
	const struct memcg *cg = arg;
	size_t i, bytes = MB(16);
	char *at;

	memcg_set(cg, "cgroup.procs", "0");
	spill("/proc/self/oom_score_adj", "0");
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; at != MAP_FAILED && i < bytes; i += PAGE)
		((volatile char *)at)[i] = 1;
	return 0;
}

/* More than the machine has, so that the kernel retries before it kills. */
static void exhaust_machine(void)
{
	struct hog hog;

	hog_start(&hog, "--grow 4096 --adj 1000");
	hog_wait(&hog);
}

/*
 * Write records of every kind over slots of other kinds. The rings are too
 * small for all of them, so read from time to time if there is a device.
 */
static void fill_the_rings(struct __test_metadata *_metadata,
			   struct memcg *cg, int fd, struct records *recs)
{
	int i;

	ASSERT_TRUE(memcg_make(cg, "security", MB(4)));
	exhaust_machine();
	if (fd >= 0)
		device_drain(fd, recs);
	for (i = 0; i < 12; i++) {
		EXPECT_EQ(128 + SIGKILL, run_child(exceed_limit, cg));
		/* Not each time, so that some records are lost. */
		if (fd >= 0 && i % 4 == 0)
			device_drain(fd, recs);
	}
	for (i = 0; i < 200; i++) {
		sysctl_set("vm/overcommit_memory", i % 3);
		ask(i % 2 ? TEN_GIB_PAGES : 10);
	}
	sysctl_restore();
	if (fd >= 0)
		device_drain(fd, recs);
}

/* A victim that does not go: it is looked at a second later. */
static void leave_remains(struct __test_metadata *_metadata, int fd, struct records *recs)
{
	struct memcg cg;
	pid_t pid;

	ASSERT_TRUE(memcg_make(&cg, "lingers", MB(4)));
	pid = linger_start(&cg, "lingers", 16);
	EXPECT_TRUE(device_wait(fd, recs, OOMTRACE_REMAINS, 1));
	EXPECT_EQ(128 + SIGKILL, linger_end(pid));
	memcg_remove(&cg);
}

TEST_F(security, every_byte_of_a_record_is_intended)
{
	unsigned long seen[64] = { };
	size_t i;
	int fd;

	EXPECT_EQ(0, spill(DEBUGFS "/signals", "kill"));
	EXPECT_EQ(0, spill(DEBUGFS "/refusals", "syscalls"));
	/* Twice, so that the second pass overwrites the slots of the first. */
	fill_the_rings(_metadata, &self->cg, -1, NULL);
	fd = device_open();
	fill_the_rings(_metadata, &self->cg, fd, &self->recs);
	leave_remains(_metadata, fd, &self->recs);
	/* The cgroups of the SIGKILLs are named a second later. */
	EXPECT_TRUE(device_wait(fd, &self->recs, OOMTRACE_CGROUP, 1));
	close(fd);
	EXPECT_ALL_INTENDED(&self->recs);
	for (i = 0; i < self->recs.n; i++)
		seen[self->recs.r[i].h.type % 64]++;
	/*
	 * All types, except those that oomtraced writes, that some kernels lack, that of
	 * tasks that wait in a cgroup of version 1 (oom_v1), and that of failed allocations
	 * (alloc_failure).
	 */
	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		const struct oomtrace_type_desc *desc = oomtrace_type_desc(i);

		if (desc && i != OOMTRACE_SAMPLE && i != OOMTRACE_REPEAT &&
		    i != OOMTRACE_PROCESS && i != OOMTRACE_CONTAINER && i != OOMTRACE_WAIT &&
		    i != OOMTRACE_ALLOC_FAILURE &&
		    (i != OOMTRACE_STACK || has_stacks()))
			EXPECT_LT(0, seen[i]) TH_LOG("no %s", desc->name);
	}
}

/* An ioctl's answer, in memory that was filled with 0xa5. */
static void expect_clean(struct __test_metadata *_metadata, const void *answer,
			 size_t len, const char *what)
{
	const unsigned char *at = answer;
	size_t i, run = 0;

	for (i = 0; i < len; i++) {
		run = at[i] == 0xa5 ? run + 1 : 0;
		EXPECT_GT(4, run) TH_LOG("%s: byte %zu was not written", what, i);
	}
	for (i = 0; i + 8 <= len; i += 8) {
		__u64 n;

		memcpy(&n, at + i, 8);
		EXPECT_FALSE(looks_like_an_address(n))
			TH_LOG("%s: 0x%llx at %zu", what, n, i);
	}
}

TEST_F(security, every_byte_of_an_ioctl_is_intended)
{
	static const struct {
		unsigned int cmd;
		const char *name;
	} calls[] = {
		{ OOMTRACE_IOC_INFO, "info" },
		{ OOMTRACE_IOC_GET_FILTER, "filter" },
		{ OOMTRACE_IOC_RING, "ring" },
		{ OOMTRACE_IOC_STATS, "stats" },
		{ OOMTRACE_IOC_STACK, "stack" },
		{ OOMTRACE_IOC_RANKING, "ranking" },
	};
	static struct oomtrace_candidate ranked[64];
	union {
		__u32 size;
		struct oomtrace_ring_cpu_info ring;
		struct oomtrace_stats_info stats;
		struct oomtrace_stack stack;
		struct oomtrace_ranking ranking;
		unsigned char bytes[4096];
	} a;
	const union record *stack;
	const char *why;
	int fd = device_open();
	__u32 n;
	size_t i;

	fill_the_rings(_metadata, &self->cg, fd, &self->recs);
	stack = records_get(&self->recs, OOMTRACE_STACK, 0);
	ASSERT_TRUE(stack || !has_stacks());
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].cmd == OOMTRACE_IOC_STACK && !stack)
			continue;
		memset(&a, 0xa5, sizeof(a));
		a.size = _IOC_SIZE(calls[i].cmd);
		/* Input fields. */
		if (calls[i].cmd == OOMTRACE_IOC_RING) {
			a.ring.ring = OOMTRACE_RING_OOM;
			a.ring.cpu = 0;
		} else if (calls[i].cmd == OOMTRACE_IOC_STATS) {
			a.stats.reserved = 0;
		} else if (calls[i].cmd == OOMTRACE_IOC_STACK) {
			a.stack.id = ((struct oomtrace_stack *)stack)->id;
		} else if (calls[i].cmd == OOMTRACE_IOC_RANKING) {
			memset(ranked, 0xa5, sizeof(ranked));
			memset(&a.ranking, 0, sizeof(a.ranking));
			a.ranking.size = sizeof(a.ranking);
			a.ranking.room = ARRAY_SIZE(ranked);
			a.ranking.records = (unsigned long)ranked;
		}
		ASSERT_EQ(0, ioctl(fd, calls[i].cmd, &a))
			TH_LOG("%s: %s", calls[i].name, strerror(errno));
		expect_clean(_metadata, &a, _IOC_SIZE(calls[i].cmd),
			     calls[i].name);
	}
	ASSERT_LT(0, a.ranking.count);
	for (n = 0; n < a.ranking.count && n < ARRAY_SIZE(ranked); n++) {
		why = record_fault((union record *)&ranked[n]);
		EXPECT_EQ(NULL, why) TH_LOG("ranking: %s", why);
	}
	close(fd);
}

/* The contents of all text files. The caller frees it. */
static char *all_texts(void)
{
	char *all = strdup(""), *text, path[512];
	struct dirent *e;
	DIR *dir = opendir(DEBUGFS);
	struct stat st;

	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), DEBUGFS "/%s", e->d_name);
		/* A file that blocks has no end. */
		if (stat(path, &st) || !S_ISREG(st.st_mode) ||
		    !(st.st_mode & 0444) || strstr(path, "pipe"))
			continue;
		text = slurp(path, NULL);
		all = realloc(all, strlen(all) + strlen(text) + 1);
		if (!all)
			die("no memory for the texts");
		strcat(all, text);
		free(text);
	}
	if (dir)
		closedir(dir);
	return all;
}

TEST_F(security, no_text_shows_an_address)
{
	char *text, *at;
	long before;

	before = sysctl_get("kernel/kptr_restrict");
	sysctl_set("kernel/kptr_restrict", 0);
	fill_the_rings(_metadata, &self->cg, -1, NULL);
	text = all_texts();
	sysctl_set("kernel/kptr_restrict", before);
	EXPECT_IN("__vm_enough_memory", text);
	for (at = text; (at = strstr(at, "ffff")); at++) {
		size_t n = strspn(at, "0123456789abcdef");

		EXPECT_GT(16, n) TH_LOG("%.60s", at);
		at += n ? n - 1 : 0;
	}
	free(text);
}

/* ---- names ---- */

static const char * const names[] = {
	"a\nb: c=1", "\x1b[31mred", "\x1b]0;title\x07", "x\" pid=\"1", "\\n",
	"\x9b[2J", "\xff\xfe", "\r0.000 [000]", "},{\"a\":1", "\x7f\x08\x08",
	"\xe2\x80\xae-", "%s%n%p", "</script>", "=~ ", "\t\v\f",
};

struct named {
	const char *name;
	struct memcg *cg;
};

static int be_denied(void *arg)
{
	struct named *n = arg;

	prctl(PR_SET_NAME, n->name);
	return ask(TEN_GIB_PAGES) != ENOMEM;
}

static int be_killed(void *arg)
{
	struct named *n = arg;

	prctl(PR_SET_NAME, n->name);
	return exceed_limit(n->cg);
}

/* Printable ASCII and newlines only. */
static void expect_harmless(struct __test_metadata *_metadata, const char *text)
{
	const char *at;

	for (at = text; *at; at++)
		if (*at != '\n' && (*at < 0x20 || *at > 0x7e))
			break;
	EXPECT_EQ('\0', *at)
		TH_LOG("byte 0x%02x in '%.40s'", *at & 0xff,
		       at - text < 20 ? text : at - 20);
}

TEST_F(security, a_name_cannot_forge_a_line)
{
	struct named n = { .cg = &self->cg };
	char *dump[] = { "oomtrace", "dump", NULL };
	char *json[] = { "oomtrace", "dump", "--json", NULL };
	char *last[] = { "oomtrace", "last", NULL };
	char **const tools[] = { dump, json, last };
	static char said[1 << 22];
	char *text, *at;
	size_t i;

	module_start(NULL);
	ASSERT_TRUE(memcg_make(&self->cg, "names", MB(4)));
	sysctl_set("vm/overcommit_memory", NEVER);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		n.name = names[i];
		EXPECT_EQ(0, run_child(be_denied, &n));
		EXPECT_EQ(128 + SIGKILL, run_child(be_killed, &n));
		/* last_oom shows only the last OOM, with the victim's name. */
		text = all_texts();
		expect_harmless(_metadata, text);
		free(text);
	}
	/* Each line begins with a time. */
	text = slurp(DEBUGFS "/trace", NULL);
	for (at = text; *at; at += strcspn(at, "\n") + 1)
		EXPECT_TRUE(*at == '#' || strspn(at, " 0123456789."))
			TH_LOG("%.60s", at);
	free(text);
	for (i = 0; i < ARRAY_SIZE(tools); i++) {
		EXPECT_EQ(0, run_program(said, sizeof(said), tools[i]));
		/* JSON is UTF-8; control characters appear only as \u00xx. */
		if (i != 1)
			expect_harmless(_metadata, said);
		for (at = said; *at; at++)
			ASSERT_FALSE(*at != '\n' && (unsigned char)*at < 0x20)
				TH_LOG("byte 0x%02x", *at);
	}
}

/* Invalid input from root cannot add a second line to the log either. */
TEST_F(security, a_refused_word_cannot_forge_a_line_of_the_log)
{
	static char log[1 << 20];
	size_t len;
	char *at;
	int n;

	EXPECT_EQ(-EINVAL, spill(DEBUGFS "/enable", "x\nforged \x1b[31m"));
	EXPECT_EQ(-EINVAL, spill(DEBUGFS "/filter", "pid=x\x1b[31m"));
	EXPECT_EQ(-EINVAL, spill(DEBUGFS "/filter", "forged\x1b[31m"));
	EXPECT_EQ(-EINVAL, spill(DEBUGFS "/commit_records", "\x1b[31m\nforged"));
	EXPECT_EQ(-EINVAL, spill(DEBUGFS "/near_percent", "1\nforged\x1b[31m"));
	EXPECT_GT(0, spill(DEBUGFS "/buffer_size_kb", "\x1b[31m\nforged"));
	/* /dev/kmsg escapes control characters; the console does not. */
	n = klogctl(SYSLOG_ACTION_READ_ALL, log, sizeof(log) - 1);
	ASSERT_LT(0, n);
	log[n] = '\0';
	EXPECT_IN("oomtrace: enable: ", log);
	EXPECT_EQ(NULL, strstr(log, "] forged"));
	/* Only oomtrace's lines: the kernel's own contain raw names. */
	for (at = log; (at = strstr(at, "oomtrace: ")); at += len) {
		len = strcspn(at, "\n");
		EXPECT_EQ(NULL, memchr(at, '\x1b', len))
			TH_LOG("%.*s", (int)len, at);
	}
}

TEST_HARNESS_MAIN
