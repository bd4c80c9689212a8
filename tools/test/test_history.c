// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the service's directory of saved records: a flood of refused requests,
 * however fast, displaces no OOM, the directory keeps to its limit, two services do
 * not share it, a restart saves nothing twice, and each file is complete.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../clock.h"
#include "../oomtraced/history.h"
#include "../savefile_read.h"
#include "test_history.h"
#include "test_util.h"

#define MAX_BYTES	(1ULL << 20)
#define FLOOD		300000

static char dir[] = "/tmp/oomtrace-history-XXXXXX";

static const struct oomtrace_info info = {
	.abi = OOMTRACE_ABI_VERSION, .page_size = 4096, .cpus = 1,
};

static unsigned long long max_bytes = MAX_BYTES;
static long long max_age_ns;
static stacks_get_fn get_stack;

/* The message of the last begin_in(). */
static char error[512];

static struct history_dir *begin_in(const char *where)
{
	struct history_config c = {
		.dir = where, .max_bytes = max_bytes, .max_age_ns = max_age_ns, .info = info,
		.get_stack = get_stack,
	};

	return history_open(&c, error, sizeof(error));
}

static struct history_dir *begin(void)
{
	struct history_dir *h = begin_in(dir);

	if (!h)
		abort();
	return h;
}

static unsigned long long now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void add_oom_of(struct history_dir *h, unsigned int episode, unsigned long long ts_ns)
{
	RECORD(e, OOM_END, oom_end);

	e.h.seq = episode;
	e.h.ts_ns = ts_ns;
	e.episode = episode;
	history_add(h, &e.h);
}

static void add_oom(struct history_dir *h, unsigned int episode)
{
	add_oom_of(h, episode, now_ns());
}

/* Everything that refused requests cause. Random contents, so that it compresses badly. */
static void add_denials(struct history_dir *h, unsigned int n)
{
	unsigned long long x = 88172645463325252ULL, ts_ns = now_ns();
	RECORD(a, ALLOC_FAILURE, alloc_failure);
	RECORD(r, REFUSED, refused);
	RECORD(c, COMMIT, commit);
	RECORD(m, MARK, mark);
	struct oomtrace_header * const rec[] = { &c.h, &r.h, &a.h, &m.h };
	unsigned int i;

	for (i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		c.pages = x;
		r.bytes = x;
		a.bytes = x;
		m.new = x;
		memcpy(c.comm, &x, sizeof(x));
		memcpy(r.comm, &x, sizeof(x));
		memcpy(a.comm, &x, sizeof(x));
		rec[i % 4]->seq = i + 1;
		rec[i % 4]->ts_ns = ts_ns;
		history_add(h, rec[i % 4]);
	}
}

static unsigned long long bytes_of(const glob_t *g)
{
	unsigned long long sum = 0;
	struct stat st;
	size_t i;

	for (i = 0; i < g->gl_pathc; i++)
		if (!stat(g->gl_pathv[i], &st))
			sum += st.st_size;
	return sum;
}

/*
 * How often the end of each of the first eight episodes is in these files: a hexadecimal
 * digit each, the last one that of episode 0.
 */
static unsigned int episodes_in(const glob_t *g)
{
	const struct oomtrace_header *rec;
	unsigned int found = 0;
	struct oomtrace *ot;
	size_t i;

	for (i = 0; i < g->gl_pathc; i++) {
		ot = oomtrace_new();
		if (!ot || saved_open(ot, g->gl_pathv[i], 0))
			abort();
		while (oomtrace_next(ot, &rec) > 0)
			if (rec->type == OOMTRACE_OOM_END)
				found += 1U << 4 * ((const struct oomtrace_oom_end *)rec)->episode;
		saved_close();
		oomtrace_free(ot);
	}
	return found;
}

static void remove_all(const glob_t *g)
{
	char path[64];
	size_t i;

	for (i = 0; i < g->gl_pathc; i++)
		unlink(g->gl_pathv[i]);
	snprintf(path, sizeof(path), "%s/saved", dir);
	unlink(path);
	rmdir(dir);
}

static void remove_dir(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command))
		abort();
}

/* Create a file that was last written some days ago. */
static void make_file(const char *name, int days)
{
	struct timespec times[2] = { 0 };
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fclose(f))
		abort();
	clock_gettime(CLOCK_REALTIME, &times[1]);
	times[1].tv_sec -= days * 86400;
	times[0] = times[1];
	if (utimensat(AT_FDCWD, path, times, 0))
		abort();
}

static bool has_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !access(path, F_OK);
}

static void test_age(void)
{
	struct history_dir *h;

	if (mkdir(dir, 0700))
		abort();
	make_file("20010101T000000.000000Z.oom", 31);
	make_file("20010102T000000.000000Z.oom", 29);
	history_close(begin());
	check(has_file("20010101T000000.000000Z.oom"),
	      "without a largest age all files are kept");
	max_age_ns = 30 * 86400 * 1000000000LL;
	h = begin();
	check(!has_file("20010101T000000.000000Z.oom") &&
	      has_file("20010102T000000.000000Z.oom"),
	      "files beyond the largest age are deleted");
	history_close(h);
	remove_dir();
}

/* The second service saves nothing, and begins when the first one has ended. */
static void test_two_services(void)
{
	struct history_dir *first, *second;
	char pattern[64];
	glob_t g;

	if (mkdir(dir, 0700))
		abort();
	first = begin();
	second = begin();
	check(!history_error(first) && history_error(second) == -EBUSY,
	      "one service at a time has the directory");
	add_oom(first, 1);
	add_oom(second, 2);
	check(!history_flush(first, 0) && history_flush(second, 0) == -EBUSY,
	      "the other one says so while that lasts");
	history_close(first);
	/* This call still reports what was not saved. */
	history_flush(second, 0);
	check(!history_flush(second, 0) && !history_error(second),
	      "it begins when the first one ends");
	add_oom(second, 3);
	history_close(second);
	snprintf(pattern, sizeof(pattern), "%s/*.oom", dir);
	if (glob(pattern, 0, NULL, &g))
		abort();
	check(g.gl_pathc == 2 && episodes_in(&g) == 0x1010,
	      "and saves what comes from then on");
	globfree(&g);
	remove_dir();
}

/* The module's ring still has the OOMs that were saved before a restart. */
static void test_restart(void)
{
	unsigned long long now = now_ns();
	char pattern[64];
	struct history_dir *h;
	unsigned int i;
	glob_t g;

	if (mkdir(dir, 0700))
		abort();
	h = begin();
	add_oom_of(h, 1, now - 10 * NS_PER_S);
	history_flush(h, now - 9 * NS_PER_S);
	add_oom_of(h, 2, now - 8 * NS_PER_S);
	history_flush(h, now);
	history_close(h);
	for (i = 0; i < 3; i++) {
		h = begin();
		add_oom_of(h, 1, now - 10 * NS_PER_S);
		add_oom_of(h, 2, now - 8 * NS_PER_S);
		/* A slow CPU made this one readable after the last flush. */
		if (!i)
			add_oom_of(h, 3, now - NS_PER_S);
		history_flush(h, now + 2 * NS_PER_S);
		history_close(h);
	}
	snprintf(pattern, sizeof(pattern), "%s/*[0-9]Z.oom", dir);
	if (glob(pattern, 0, NULL, &g))
		abort();
	check(episodes_in(&g) == 0x1110, "a restart saves no record again, and misses none");
	check(g.gl_pathc == 2, "a file of a restart without an OOM is a quiet one");
	globfree(&g);
	remove_dir();
}

/* Let no file grow, as on a full disk. */
static void fill_disk(bool full)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	fflush(stdout);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = full ? 0 : limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* A disk that does not work costs the records only. */
static void test_failing_disk(void)
{
	struct history_dir *h;

	if (mkdir(dir, 0700))
		abort();
	fill_disk(true);
	h = begin_in(dir);
	fill_disk(false);
	check(h && history_error(h) == -EFBIG, "a disk that fails at the start ends no service");
	check_has(error, "File too large", "it is reported");
	if (h)
		history_flush(h, 0);
	check(h && !history_error(h) && !history_flush(h, 0), "and used when it works");
	history_close(h);
	check(!begin_in("/nonexistent/oomtrace"), "a directory that does not exist is an error");
	check_has(error, "No such file or directory", "that is reported, too");
	remove_dir();
}

static void test_dropped(void)
{
	unsigned long long now = now_ns();
	char pattern[64];
	struct history_dir *h;
	glob_t g;

	if (mkdir(dir, 0700))
		abort();
	h = begin();
	add_oom_of(h, 1, now - 20 * NS_PER_S);
	history_flush(h, now - 15 * NS_PER_S);
	add_oom_of(h, 2, now - 10 * NS_PER_S);
	fill_disk(true);
	history_flush(h, now - 9 * NS_PER_S);
	fill_disk(false);
	history_flush(h, now - 8 * NS_PER_S);
	add_oom_of(h, 3, now - 7 * NS_PER_S);
	history_flush(h, now);
	history_close(h);
	h = begin();
	add_oom_of(h, 1, now - 20 * NS_PER_S);
	add_oom_of(h, 2, now - 10 * NS_PER_S);
	history_flush(h, now);
	history_close(h);
	snprintf(pattern, sizeof(pattern), "%s/*.oom", dir);
	if (glob(pattern, 0, NULL, &g))
		abort();
	check(episodes_in(&g) == 0x1110, "a restart saves what a full disk had no room for");
	globfree(&g);
	remove_dir();
}

static int give_stack(void *ctx, struct oomtrace_stack *stack)
{
	(void)ctx;
	if (stack->id != 5)
		return -ENOENT;
	stack->frames = 1;
	strcpy(stack->text, "out_of_memory+0x1/0x2");
	return 0;
}

static void add_begin(struct history_dir *h, unsigned int number, unsigned int stack)
{
	RECORD(b, OOM_BEGIN, oom_begin);

	b.h.seq = number;
	b.episode = number;
	b.stack = stack;
	history_add(h, &b.h);
}

/* Are the stacks of all OOMs in a file, each once and before its first OOM? */
static bool has_stacks(const char *path, unsigned int *ooms)
{
	struct oomtrace *ot = oomtrace_new();
	const struct oomtrace_header *rec;
	unsigned int stacks = 0, begun = 0;
	bool ok = true;

	if (!ot || saved_open(ot, path, 0))
		abort();
	while (oomtrace_next(ot, &rec) > 0) {
		stacks += rec->type == OOMTRACE_STACK &&
			  ((const struct oomtrace_stack *)rec)->id == 5;
		begun += rec->type == OOMTRACE_OOM_BEGIN;
		ok &= !begun || stacks == 1;
	}
	saved_close();
	oomtrace_free(ot);
	*ooms += begun;
	return ok;
}

/* The module gives a stack once, when the first file is written. */
static void test_stacks(void)
{
	unsigned int ooms = 0, i;
	char pattern[64];
	struct history_dir *h;
	RECORD(s, STACK, stack);
	bool ok = true;
	glob_t g;

	if (mkdir(dir, 0700))
		abort();
	get_stack = give_stack;
	max_bytes = MAX_BYTES / 8;
	h = begin();
	s.id = 5;
	history_add(h, &s.h);
	for (i = 1; i <= 6; i += 2) {
		add_begin(h, i, 5);
		add_begin(h, i + 1, 5);
		add_denials(h, 2400);
		history_flush(h, 0);
	}
	/* A stack that the module does not have costs nothing else. */
	add_begin(h, i, 5);
	add_begin(h, i + 1, 6);
	history_close(h);
	max_bytes = MAX_BYTES;
	get_stack = NULL;
	snprintf(pattern, sizeof(pattern), "%s/*.oom", dir);
	if (glob(pattern, 0, NULL, &g))
		abort();
	for (i = 0; i < g.gl_pathc; i++)
		ok &= has_stacks(g.gl_pathv[i], &ooms);
	check(g.gl_pathc == 4 && ooms == 8 && ok,
	      "each file has the stacks that its records refer to, once");
	globfree(&g);
	remove_dir();
}

void test_history(void)
{
	struct history_dir *h;
	char pattern[64];
	unsigned int i;
	glob_t g;

	if (!mkdtemp(dir))
		abort();
	for (i = 1; i <= 3; i++) {
		h = begin();
		add_oom(h, i);
		history_close(h);
	}
	h = begin();
	add_oom(h, 4);
	/* The whole flood comes before the first flush. */
	add_denials(h, FLOOD);
	check(!history_flush(h, 0), "a flood is kept without a failure");
	history_close(h);
	snprintf(pattern, sizeof(pattern), "%s/*.oom", dir);
	if (glob(pattern, 0, NULL, &g))
		abort();
	check(bytes_of(&g) <= MAX_BYTES + MAX_BYTES / 4 &&
	      bytes_of(&g) > MAX_BYTES / 2,
	      "the directory keeps to its limit in a flood, and uses it");
	check(episodes_in(&g) == 0x11110,
	      "no OOM is pushed out by a flood between two flushes");
	remove_all(&g);
	globfree(&g);
	test_age();
	test_two_services();
	test_restart();
	test_dropped();
	test_failing_disk();
	test_stacks();
}
