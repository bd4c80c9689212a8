// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: rare triggers of the OOM killer are recorded as such: an allocation
 * of contiguous pages for which compaction failed, kswapd's min_ttl_ms, and an
 * OOM while cgroups around it are removed. For a small machine (256 MB).
 *
 * It is checked against the kernel's tracepoints and its report.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"
#include "lib/tracer.h"

#define TRACEFS	"/sys/kernel/tracing"
#define LRU_GEN	"/sys/kernel/mm/lru_gen"

/* ---- compaction ---- */

#define ORDER	"3"

static int grab_order(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, "grabber");
	/* Only this task is to die. */
	spill("/proc/self/oom_score_adj", "1000");
	return spill(PROVOKE("grab_order"), ORDER) ? 1 : 0;
}

/* Fragment the free memory into single pages. */
static void play_compact(struct scene *s, char *trace, size_t size)
{
	char *text;

	char said[256];

	scene_start(s, NULL);
	spill(PROVOKE("scatter"), "1");
	/* Fill the gaps with page cache, which can be reclaimed. */
	run_program(said, sizeof(said), (char *[]){ "sh", "-c",
		    "cat /dev/vda >/dev/null", NULL });
	tracer_forget();
	spill(TRACEFS "/events/oom/compact_retry/enable", "1");
	spill(TRACEFS "/events/oom/mark_victim/enable", "1");
	s->big = start_child(grab_order, NULL);
	s->status = wait_child(s->big);
	spill(TRACEFS "/events/oom/mark_victim/enable", "0");
	spill(TRACEFS "/events/oom/compact_retry/enable", "0");
	text = slurp(TRACEFS "/trace", NULL);
	snprintf(trace, size, "%s", text);
	free(text);
	scene_end(s);
	provoke_unload();
}

/* The n-th last line of a task in the trace; NULL if there are fewer. */
static const char *last_line(char *trace, pid_t pid, int n)
{
	char task[32], *at, *found = NULL;
	size_t end = strlen(trace);

	snprintf(task, sizeof(task), "grabber-%d ", pid);
	while (n--) {
		char *line = NULL;

		for (at = trace; (at = strstr(at, task)) &&
		     at < trace + end; at++)
			line = at;
		if (!line)
			return NULL;
		end = line - trace;
		found = line;
	}
	return found;
}

TEST(retries_of_compaction_are_those_that_the_kernel_traced)
{
	static char trace[1 << 18];
	struct scene *s = scene_new();
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_verdict *verdict;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;
	const struct oomtrace_retry *p;
	int retries, max, traced_order, found, n = 0;
	char was[16];
	const char *line;
	size_t i;

	if (!provoke_load())
		SKIP(return, "the module that provokes OOMs was not built");
	play_compact(s, trace, sizeof(trace));
	ASSERT_TRUE(scene_find(s, s->big, &begin, &verdict, &victim, &end))
		TH_LOG("%s", s->log);
	EXPECT_EQ(atoi(ORDER), begin->order);
	EXPECT_EQ(OOMTRACE_TRIGGER_ALLOCATION, begin->trigger);
	/* Enough pages are free, just not contiguous. */
	EXPECT_LT(begin->wmark_min, begin->free);
	EXPECT_TRUE(tracer_cut_at_kill(trace, s->big)) TH_LOG("%s", trace);
	for (i = s->recs.n; i-- > 0;) {
		p = &s->recs.r[i].retry;
		if (p->h.type != OOMTRACE_RETRY ||
		    p->episode != begin->episode ||
		    p->kind != OOMTRACE_RETRY_COMPACT)
			continue;
		/* Back from the last retry, as many as are buffered. */
		line = last_line(trace, s->big, ++n);
		ASSERT_NE(NULL, line) TH_LOG("%d recorded, the trace has\n%s",
					     n, trace);
		found = sscanf(strstr(line, "compact_retry: "),
			       "compact_retry: order=%d priority=%*s compaction_result=%15s retries=%d max_retries=%d",
			       &traced_order, was, &retries, &max);
		ASSERT_EQ(4, found) TH_LOG("%s", line);
		EXPECT_EQ(traced_order, p->order);
		EXPECT_EQ(retries, p->retries);
		EXPECT_EQ(max, p->max_retries);
		EXPECT_EQ(p->retry, !!memmem(line, strcspn(line, "\n"),
					     "should_retry=1", 14))
			TH_LOG("retry %d from the last in\n%s", n, trace);
		EXPECT_FALSE(HAS(p, retry, zone_name));
		EXPECT_TRUE(HAS(p, retry, priority));
		EXPECT_TRUE(HAS(p, retry, result));
	}
	EXPECT_LE(1, n) TH_LOG("no retry of compaction is recorded; the trace has\n%s\n%s",
			       trace, s->log);
	scene_check_episodes(_metadata, &s->recs);
	scene_check_report(_metadata, s, s->big);
}

/* ---- kswapd ---- */

static void play_min_ttl(struct scene *s)
{
	char *was = slurp(LRU_GEN "/enabled", NULL);
	struct hog spare, hog;

	/* If kswapd triggers another OOM, this one can be killed. */
	hog_start(&spare, "--comm spare --adj 900 --anon 1 --hold");
	hog_ready(&spare);
	scene_start(s, NULL);
	spill(LRU_GEN "/enabled", "y");
	hog_start(&hog, "--comm big --adj 1000 --anon 32 --go --grow 4096");
	hog_ready(&hog);
	/* Protect everything that was used in the last hours from reclaim. */
	spill(LRU_GEN "/min_ttl_ms", "100000000");
	hog_go(&hog);
	s->big = hog.pid;
	s->status = hog_wait(&hog);
	spill(LRU_GEN "/min_ttl_ms", "0");
	spill(LRU_GEN "/enabled", strtoul(was, NULL, 0) & 1 ? "y" : "n");
	free(was);
	scene_end(s);
	hog_kill(&spare);
}

TEST(an_oom_by_min_ttl_is_kswapds)
{
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_verdict *verdict;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;
	struct scene *s;
	int tries = 0;

	if (access(LRU_GEN "/min_ttl_ms", W_OK))
		SKIP(return, "this kernel has no lru_gen");
	/* If kswapd's CPU is stalled, the hog itself may trigger the OOM. */
	do {
		s = scene_new();
		play_min_ttl(s);
		EXPECT_EQ(128 + SIGKILL, s->status);
		ASSERT_TRUE(scene_find(s, s->big, &begin, &verdict, &victim,
				       &end)) TH_LOG("%s", s->log);
	} while (begin->trigger != OOMTRACE_TRIGGER_MIN_TTL && ++tries < 5);
	EXPECT_EQ(OOMTRACE_TRIGGER_MIN_TTL, begin->trigger)
		TH_LOG("%.16s called the OOM killer, trigger %u", begin->comm, begin->trigger);
	EXPECT_EQ(0, strncmp(begin->comm, "kswapd", 6));
	EXPECT_EQ(OOMTRACE_SCOPE_GLOBAL, begin->scope);
	EXPECT_EQ(OOMTRACE_ENDING_KILLED, end->ending);
	scene_check_episodes(_metadata, &s->recs);
	scene_check_report(_metadata, s, s->big);
}

/* ---- cgroups that are created and removed ---- */

/*
 * Create cgroups below @dir, let a process live in each shortly, and remove it.
 */
static int recreate_cgroups(void *dir)
{
	char path[256];
	struct hog hog;
	int i;

	for (i = 0;; i++) {
		snprintf(path, sizeof(path), "%s/gone-%d-%d", (char *)dir,
			 getpid(), i % 4);
		if (mkdir(path, 0755))
			return 1;
		hog_start(&hog, "--cgroup %s --comm guest --hold", path);
		hog_ready(&hog);
		hog_kill(&hog);
		while (rmdir(path))
			sleep_ms(1);
	}
	return 0;
}

/*
 * Every candidate of an episode has a cgroup, which still exists or was
 * removed.
 */
TEST(candidates_whose_cgroup_is_removed_keep_its_id)
{
	unsigned long long ids = 0, named = 0, removed = 0;
	struct scene *s = scene_new();
	const struct oomtrace_candidate *c;
	pid_t pid[2];
	struct hog hog;
	size_t i, j;
	int n;

	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK))
		SKIP(return, "no cgroup v2 memory controller");
	scene_start(s, NULL);
	memcg_make(&s->cg, "around", MB(24));
	memcg_set(&s->cg, "cgroup.subtree_control", "+memory");
	for (n = 0; n < 2; n++)
		pid[n] = start_child(recreate_cgroups, s->cg.dir);
	for (n = 0; n < 12; n++) {
		char dir[160];

		snprintf(dir, sizeof(dir), "%s/eater", s->cg.dir);
		mkdir(dir, 0755);
		/* The guests are small, so the eater dies. */
		hog_start(&hog, "--cgroup %s --comm eater --grow 64", dir);
		EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
		while (rmdir(dir))
			sleep_ms(1);
	}
	for (n = 0; n < 2; n++) {
		kill(pid[n], SIGKILL);
		wait_child(pid[n]);
	}
	scene_end(s);
	for (i = 0; i < s->recs.n; i++) {
		c = &s->recs.r[i].candidate;
		if (c->h.type != OOMTRACE_CANDIDATE)
			continue;
		ids++;
		EXPECT_TRUE(HAS(c, candidate, cgroup_id));
		EXPECT_NE(0, c->cgroup_id);
		for (j = 0; j < s->recs.n; j++) {
			const struct oomtrace_name *name = &s->recs.r[j].name;

			if (name->h.type != OOMTRACE_NAME ||
			    name->episode != c->episode ||
			    name->cgroup_id != c->cgroup_id)
				continue;
			named++;
			removed += name->removed;
			EXPECT_EQ(0, strncmp(name->path, "/oomtrace-", 10))
				TH_LOG("%.64s", name->path);
			break;
		}
	}
	fprintf(stderr, "# %llu candidates, %llu with their cgroup's path, %llu of these removed\n",
		ids, named, removed);
	EXPECT_LE(12, ids);
	/* The table of cgroup paths may have been in use. */
	EXPECT_LE(ids / 2, named);
	scene_check_episodes(_metadata, &s->recs);
}

TEST_HARNESS_MAIN
