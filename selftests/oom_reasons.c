// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a record states a reason only if it is known. A victim whose memory
 * others still hold has not released it. A task is exempt only for a reason that
 * the kernel can have. A task that another policy chose was not compared. For a
 * small machine (256 MB), with the module that provokes OOMs.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"

static struct scene *held, *blind, *unhooked, *policy, *spliced;

/* What oomtrace last prints after the scene. */
static char *explanation;

#define EXPLANATION_SIZE	16384

static void __attribute__((constructor)) make_scenes(void)
{
	held = scene_new();
	blind = scene_new();
	unhooked = scene_new();
	policy = scene_new();
	spliced = scene_new();
	explanation = alloc_shared(EXPLANATION_SIZE);
}

#define NEED_MEMCG()							\
	do {								\
		if (access("/sys/fs/cgroup/cgroup.controllers", F_OK))	\
			SKIP(return, "no cgroup v2 memory controller");	\
	} while (0)

static void ask_last(void)
{
	run_program(explanation, EXPLANATION_SIZE, (char *[]){ "oomtrace", "last", "-v", NULL });
}

/* ---- a victim with a thread that does not exit ---- */

#define HELD_MB		40

/* The reaper comes two seconds after the kill. */
#define REAPED_MS	4000

static pid_t *second;
static int go[2];

static void *sleep_forever(void *unused)
{
	(void)unused;
	*second = syscall(SYS_gettid);
	for (;;)
		pause();
	return NULL;
}

/* Two threads; the first one fills the cgroup. */
static int fill_cgroup(void *dir)
{
	char path[160], pid[16], c;
	pthread_t thread;

	snprintf(path, sizeof(path), "%s/cgroup.procs", (char *)dir);
	snprintf(pid, sizeof(pid), "%d", getpid());
	prctl(PR_SET_NAME, "threads");
	/* Children of the tests are exempt. */
	spill("/proc/self/oom_score_adj", "0");
	if (spill(path, pid) ||
	    pthread_create(&thread, NULL, sleep_forever, NULL) ||
	    read(go[0], &c, 1) != 1)
		return 1;
	for (;;)
		memset(mmap(NULL, MB(1), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, MB(1));
}

/* A tracer stops the second thread as it exits: it keeps the address space. */
static void play_held(struct scene *s)
{
	int i;

	second = alloc_shared(sizeof(*second));
	scene_start(s, NULL);
	memcg_make(&s->cg, "held", MB(HELD_MB));
	if (pipe(go))
		die("cannot make a pipe");
	s->big = start_child(fill_cgroup, s->cg.dir);
	for (i = 0; i < 500 && !*second; i++)
		sleep_ms(10);
	if (!*second || ptrace(PTRACE_SEIZE, *second, 0, PTRACE_O_TRACEEXIT) ||
	    write(go[1], "g", 1) != 1)
		die("cannot trace thread %d", *second);
	sleep_ms(REAPED_MS);
	ask_last();
	/* The thread stands at PTRACE_EVENT_EXIT: let it go. */
	for (i = 0; i < 500; i++) {
		if (waitpid(*second, NULL, __WALL | WNOHANG) == *second)
			break;
		sleep_ms(10);
	}
	ptrace(PTRACE_DETACH, *second, 0, 0);
	s->status = wait_child(s->big);
	scene_end(s);
	memcg_remove(&s->cg);
}

TEST(memory_that_another_thread_holds_is_not_released)
{
	const struct oomtrace_reap *exited, *start, *finish;
	char line[256];

	NEED_MEMCG();
	scene_play(held, play_held);
	EXPECT_EQ(128 + SIGKILL, held->status);
	line_with(explanation, "Freed:", line, sizeof(line));
	fprintf(stderr, "# %s\n", line);
	EXPECT_EQ(NULL, strstr(explanation, "released its memory"));
	exited = scene_find_reap(held, held->big, OOMTRACE_STEP_EXITED);
	start = scene_find_reap(held, held->big, OOMTRACE_STEP_START);
	finish = scene_find_reap(held, held->big, OOMTRACE_STEP_FINISH);
	ASSERT_NE(NULL, exited) TH_LOG("%s", held->log);
	ASSERT_NE(NULL, start) TH_LOG("%s", held->log);
	ASSERT_NE(NULL, finish) TH_LOG("%s", held->log);
	EXPECT_GT(start->since_kill_ns, exited->since_kill_ns);
	EXPECT_TRUE(HAS(exited, reap, mm_users));
	EXPECT_EQ(1, exited->mm_users);
	EXPECT_LE((HELD_MB - 1) * 256, exited->rss_anon);
	EXPECT_FALSE(HAS(start, reap, mm_users));
	EXPECT_NE(NULL, strstr(line, "MiB) were still held by 1 other thread or process"));
	EXPECT_NE(NULL, strstr(line, "the reaper finished"));
	EXPECT_LE((HELD_MB - 1) * 256, start->rss_anon);
}

/* ---- an oom_badness() that is not seen ---- */

/* The kernel calls it before it hibernates. */
#define NEVER_CALLED	"oom_killer_disable"

static char *hooks;

static void play_blind(struct scene *s)
{
	struct hog small, exempt, big;
	char *text;

	hooks = explanation + EXPLANATION_SIZE / 2;
	scene_start(s, "badness=" NEVER_CALLED);
	memcg_make(&s->cg, "blind", MB(24));
	hog_start(&small, "--cgroup %s --comm small --anon 5 --hold", s->cg.dir);
	hog_ready(&small);
	hog_start(&exempt, "--cgroup %s --comm exempt --anon 3 --adj -1000 --hold",
		  s->cg.dir);
	hog_ready(&exempt);
	hog_start(&big, "--cgroup %s --comm big --grow 64", s->cg.dir);
	s->small = small.pid;
	s->exempt = exempt.pid;
	s->big = big.pid;
	s->status = hog_wait(&big);
	sleep_ms(200);
	run_program(explanation, EXPLANATION_SIZE / 2,
		    (char *[]){ "oomtrace", "last", "-v", NULL });
	text = slurp(DEBUGFS "/hooks", NULL);
	line_with(text, NEVER_CALLED, hooks, 256);
	free(text);
	scene_end(s);
	memcg_remove(&s->cg);
	hog_wait(&small);
	hog_wait(&exempt);
}

TEST(scores_that_are_not_seen_exempt_no_task)
{
	const struct oomtrace_candidate *c;
	struct scene_oom oom;
	size_t i;
	int open = 0;

	NEED_MEMCG();
	scene_play(blind, play_blind);
	scene_load_oom(_metadata, &oom, blind, blind->big);
	for (i = 0; i < blind->recs.n; i++) {
		c = &blind->recs.r[i].candidate;
		if (c->h.type != OOMTRACE_CANDIDATE)
			continue;
		EXPECT_FALSE(HAS(c, candidate, reason) &&
			     c->reason != OOMTRACE_REASON_NONE)
			TH_LOG("%.16s has reason %u", c->comm, c->reason);
		open += !HAS(c, candidate, verdict);
	}
	EXPECT_LE(1, open);
	c = scene_candidate(blind, oom.begin->episode, blind->exempt);
	ASSERT_NE(NULL, c);
	EXPECT_FALSE(HAS(c, candidate, verdict));
	EXPECT_FALSE(HAS(c, candidate, reason));
	EXPECT_FALSE(HAS(c, candidate, points));
	/* The points of the chosen task are the kernel's own. */
	EXPECT_TRUE(HAS(oom.verdict, verdict, points));
	EXPECT_EQ(OOMTRACE_POLICY_MEMCG, oom.verdict->policy);
	EXPECT_EQ(OOMTRACE_RECOMPUTED_UNAVAILABLE, oom.verdict->recomputed);
	EXPECT_FALSE(HAS(oom.verdict, verdict, runner_up_pid));
	EXPECT_IN(" silent ", hooks);
	EXPECT_IN("(never called, though the kernel scored tasks)", hooks);
	EXPECT_EQ(NULL, strstr(explanation, "other nodes")) TH_LOG("%s", explanation);
	EXPECT_EQ(NULL, strstr(explanation, "Exempt:")) TH_LOG("%s", explanation);
	EXPECT_NE(NULL, strstr(explanation, "are not known)")) TH_LOG("%s", explanation);
}

/* ---- a kernel whose oom_kill_process() has another prototype ---- */

static void play_unhooked(struct scene *s)
{
	struct hog spare, big;

	scene_start(s, "expect=\"void oom_kill_process(struct oom_control *oc)\"");
	memcg_make(&s->cg, "unhooked", MB(24));
	hog_start(&spare, "--cgroup %s --comm spare --anon 5 --hold", s->cg.dir);
	hog_ready(&spare);
	hog_start(&big, "--cgroup %s --comm big --grow 64", s->cg.dir);
	s->big = big.pid;
	s->status = hog_wait(&big);
	ask_last();
	scene_end(s);
	hog_kill(&spare);
	memcg_remove(&s->cg);
}

/* The choice alone shows that the kernel killed, and no task was exiting by itself. */
TEST(a_kill_that_is_not_hooked_is_one_all_the_same)
{
	const struct oomtrace_victim *victim = NULL;
	const struct oomtrace_oom_end *end = NULL;
	size_t i;

	NEED_MEMCG();
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		SKIP(return, "the kernel has no BTF to compare with");
	scene_play(unhooked, play_unhooked);
	EXPECT_EQ(128 + SIGKILL, unhooked->status);
	for (i = 0; i < unhooked->recs.n; i++) {
		const union record *r = &unhooked->recs.r[i];

		EXPECT_NE(OOMTRACE_VERDICT, r->h.type);
		if (!victim && r->h.type == OOMTRACE_VICTIM)
			victim = &r->victim;
		if (victim && !end && r->h.type == OOMTRACE_OOM_END &&
		    r->end.episode == victim->episode)
			end = &r->end;
	}
	ASSERT_NE(NULL, victim) TH_LOG("%s", unhooked->log);
	ASSERT_NE(NULL, end) TH_LOG("%s", unhooked->log);
	EXPECT_EQ(unhooked->big, victim->tgid);
	EXPECT_EQ(OOMTRACE_WHY_CHOSEN, victim->why);
	EXPECT_EQ(OOMTRACE_ENDING_KILLED, end->ending);
	EXPECT_EQ(1, end->victims);
	EXPECT_NE(NULL, strstr(explanation, "Ended:     killed, victims: 1"))
		TH_LOG("%s", explanation);
	EXPECT_EQ(NULL, strstr(explanation, "exiting"))
		TH_LOG("%s", explanation);
}

/* ---- another policy ---- */

static void play_policy(struct scene *s)
{
	struct hog spare[2], big;
	char pid[16];
	int i;

	scene_start(s, NULL);
	for (i = 0; i < 2; i++) {
		hog_start(&spare[i], "--comm spare --anon 8 --hold");
		hog_ready(&spare[i]);
		snprintf(pid, sizeof(pid), "%d", spare[i].pid);
		if (spill(PROVOKE("policy"), pid))
			die("cannot choose %s", pid);
	}
	hog_start(&big, "--comm big --adj 500 --grow 4096");
	s->small = spare[0].pid;
	s->exempt = spare[1].pid;
	s->big = big.pid;
	s->status = hog_wait(&big);
	run_program(explanation, EXPLANATION_SIZE,
		    (char *[]){ "oomtrace", "last", "-v", "1", NULL });
	scene_end(s);
	for (i = 0; i < 2; i++)
		hog_wait(&spare[i]);
	provoke_unload();
}

TEST(a_task_chosen_by_another_policy_was_not_compared)
{
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_verdict *v;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;
	const pid_t *pid;

	if (!provoke_load())
		SKIP(return, "the module that provokes OOMs was not built");
	scene_play(policy, play_policy);
	/* One episode with two verdicts. */
	for (pid = (pid_t[]){ policy->small, policy->exempt, 0 }; *pid; pid++) {
		ASSERT_TRUE(scene_find(policy, *pid, &begin, &v, &victim, &end))
			TH_LOG("%s", policy->log);
		EXPECT_EQ(OOMTRACE_POLICY_OTHER, v->policy);
		EXPECT_EQ(1, v->episode);
		EXPECT_FALSE(HAS(v, verdict, points));
		EXPECT_FALSE(HAS(v, verdict, totalpages));
		EXPECT_FALSE(HAS(v, verdict, runner_up_pid));
		EXPECT_EQ(OOMTRACE_RECOMPUTED_UNAVAILABLE, v->recomputed);
		EXPECT_EQ(OOMTRACE_WHY_CHOSEN, victim->why);
		EXPECT_EQ(OOMTRACE_ENDING_KILLED, end->ending);
		EXPECT_EQ(2, end->victims);
		EXPECT_EQ(0, end->candidates);
	}
	EXPECT_NE(NULL, strstr(explanation, "chosen by another policy")) TH_LOG("%s", explanation);
	EXPECT_NE(NULL, strstr(explanation, "1 more task was chosen")) TH_LOG("%s", explanation);
	EXPECT_EQ(NULL, strstr(explanation, "oom_kill_allocating_task")) TH_LOG("%s", explanation);
	/* What the kernel chooses itself afterwards was compared. */
	ASSERT_TRUE(scene_find(policy, policy->big, &begin, &v, &victim, &end))
		TH_LOG("%s", policy->log);
	EXPECT_EQ(OOMTRACE_POLICY_GLOBAL, v->policy);
	EXPECT_TRUE(HAS(v, verdict, points));
	EXPECT_EQ(OOMTRACE_RECOMPUTED_AGREE, v->recomputed);
	scene_check_episodes(_metadata, &policy->recs);
}

/* ---- a write to memory.max that is no write(2) ---- */

static int splice_limit(void *dir)
{
	char path[160];
	int fd, p[2];

	snprintf(path, sizeof(path), "%s/memory.max", (char *)dir);
	prctl(PR_SET_NAME, "splicer");
	fd = open(path, O_WRONLY);
	if (fd < 0 || pipe(p) || write(p[1], "4M", 2) != 2)
		return 1;
	return splice(p[0], NULL, fd, NULL, 2, 0) == 2 ? 0 : 2;
}

static void play_spliced(struct scene *s)
{
	struct hog big;

	scene_start(s, NULL);
	memcg_make(&s->cg, "spliced", MB(24));
	hog_start(&big, "--cgroup %s --comm big --anon 16 --hold", s->cg.dir);
	hog_ready(&big);
	s->big = big.pid;
	s->small = start_child(splice_limit, s->cg.dir);
	s->status = wait_child(s->small);
	hog_kill(&big);
	scene_end(s);
	memcg_remove(&s->cg);
}

TEST(a_splice_to_memory_max_is_that_trigger)
{
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_verdict *verdict;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;

	NEED_MEMCG();
	scene_play(spliced, play_spliced);
	if (spliced->status == 2)
		SKIP(return, "this kernel cannot splice to a file of a cgroup");
	EXPECT_EQ(0, spliced->status);
	ASSERT_TRUE(scene_find(spliced, spliced->big, &begin, &verdict, &victim,
			       &end)) TH_LOG("%s", spliced->log);
	EXPECT_EQ(spliced->small, begin->tgid);
	EXPECT_EQ(OOMTRACE_TRIGGER_MEMORY_MAX, begin->trigger);
}

TEST_HARNESS_MAIN
