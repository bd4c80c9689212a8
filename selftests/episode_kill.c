// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: every process that dies in an OOM is recorded: a process that shares
 * the victim's memory, a thread whose leader has exited, a process in its own
 * pid namespace. For machines with memory cgroups.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/test.h"

/* The pids of the processes in a test. */
struct cast {
	pid_t first;
	pid_t second;
};

struct play {
	int fd;
	struct memcg cg;
	struct cast *cast;
	struct records recs;
};

FIXTURE(kill) {
	struct play play;
};

FIXTURE_SETUP(kill)
{
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK))
		SKIP(return, "no cgroup v2 memory controller");
	module_start(NULL);
	self->play.fd = device_open();
	memcg_make(&self->play.cg, "kill", MB(8));
	self->play.cast = alloc_shared(sizeof(*self->play.cast));
}

FIXTURE_TEARDOWN(kill)
{
	if (!self->play.fd)
		return;
	close(self->play.fd);
	memcg_remove(&self->play.cg);
	records_free(&self->play.recs);
	module_stop();
}

static void join_cgroup(const struct memcg *cg)
{
	spill("/proc/self/oom_score_adj", "0");
	memcg_set(cg, "cgroup.procs", "0");
}

static void *allocate_until_killed(void *unused)
{
	int i;

	(void)unused;
	for (i = 0; i < 64; i++) {
		char *at = mmap(NULL, MB(1), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at == MAP_FAILED)
			_exit(1);
		memset(at, 1, MB(1));
	}
	_exit(0);
}

static void collect_records(struct play *play)
{
	sleep_ms(200);
	device_drain(play->fd, &play->recs);
}

/* ---- a process that shares the memory ---- */

static int just_sit(void *arg)
{
	static const struct sched_param none;
	struct cast *cast = arg;

	/* A signal does not let it run at once in the place of the one that sends it. */
	sched_setscheduler(0, SCHED_IDLE, &none);
	cast->second = syscall(SYS_getpid);
	for (;;)
		pause();
	return 0;
}

static int grow_and_share(void *arg)
{
	struct play *play = arg;
	static char stack[65536] __attribute__((aligned(16)));

	join_cgroup(&play->cg);
	play->cast->first = getpid();
	/* Neither a thread nor vfork: two processes share the address space. */
	if (clone(just_sit, stack + sizeof(stack), CLONE_VM | SIGCHLD,
		  play->cast) < 0)
		return 1;
	allocate_until_killed(NULL);
	return 0;
}

TEST_F(kill, a_process_that_shares_the_victims_memory_is_recorded)
{
	struct play *play = &self->play;
	const struct oomtrace_victim *v, *chosen = NULL, *shared = NULL;
	const union record *r, *end;
	size_t i;

	EXPECT_EQ(128 + SIGKILL, run_child(grow_and_share, play));
	collect_records(play);
	for (i = 0; (r = records_get(&play->recs, OOMTRACE_VICTIM, i)); i++) {
		v = &r->victim;
		EXPECT_EQ(play->cg.id, v->cgroup_id);
		ASSERT_TRUE(HAS(v, victim, signal));
		EXPECT_EQ(SIGKILL, v->signal);
		if (v->why == OOMTRACE_WHY_CHOSEN) {
			EXPECT_EQ(NULL, chosen);
			chosen = v;
		} else if (v->why == OOMTRACE_WHY_SHARED_MM) {
			EXPECT_EQ(NULL, shared);
			shared = v;
		} else {
			EXPECT_EQ(OOMTRACE_WHYS, v->why);
		}
	}
	ASSERT_NE(NULL, chosen);
	ASSERT_NE(NULL, shared);
	/* Both have the same score, so the kernel can choose either. */
	EXPECT_NE(chosen->tgid, shared->tgid);
	EXPECT_TRUE(chosen->tgid == play->cast->first ||
		    chosen->tgid == play->cast->second);
	EXPECT_TRUE(shared->tgid == play->cast->first ||
		    shared->tgid == play->cast->second);
	EXPECT_EQ(chosen->episode, shared->episode);
	EXPECT_TRUE(HAS(chosen, victim, rss_anon));
	/* The memory is the same, so only one record shows its size. */
	EXPECT_FALSE(HAS(shared, victim, rss_anon));
	end = records_get(&play->recs, OOMTRACE_OOM_END, 0);
	ASSERT_NE(NULL, end);
	EXPECT_EQ(2, end->end.victims);
	/* The kernel counts one kill, and does not report the other process. */
	EXPECT_EQ(1, memcg_event(&play->cg, "oom_kill"));
}

/* On one CPU, so that the other process cannot run while the kernel kills both. */
static int grow_and_share_a_cpu(void *arg)
{
	pin_to_cpu(0);
	return grow_and_share(arg);
}

TEST_F(kill, a_whole_cgroup_has_one_record_for_each_process)
{
	struct play *play = &self->play;
	const union record *end;

	if (!memcg_has(&play->cg, "memory.oom.group"))
		SKIP(return, "no memory.oom.group");
	memcg_set(&play->cg, "memory.oom.group", "1");
	EXPECT_EQ(128 + SIGKILL, run_child(grow_and_share_a_cpu, play));
	collect_records(play);
	/* The kernel signals the second with the first, and then kills each once more. */
	EXPECT_LT(1, memcg_event(&play->cg, "oom_kill"));
	ASSERT_EQ(2, records_count(&play->recs, OOMTRACE_VICTIM));
	EXPECT_NE(records_get(&play->recs, OOMTRACE_VICTIM, 0)->victim.tgid,
		  records_get(&play->recs, OOMTRACE_VICTIM, 1)->victim.tgid);
	end = records_get(&play->recs, OOMTRACE_OOM_END, 0);
	ASSERT_NE(NULL, end);
	EXPECT_EQ(2, end->end.victims);
}

/* ---- a thread whose leader has exited ---- */

static int leave_a_thread(void *arg)
{
	struct play *play = arg;
	pthread_t thread;

	join_cgroup(&play->cg);
	play->cast->first = getpid();
	if (pthread_create(&thread, NULL, allocate_until_killed, NULL))
		return 1;
	/* Exits this thread only. */
	syscall(SYS_exit, 0);
	return 1;
}

TEST_F(kill, a_thread_dies_in_its_leaders_place)
{
	struct play *play = &self->play;
	const union record *verdict, *victim;
	const struct oomtrace_candidate *c = NULL;
	const union record *r;
	size_t i;

	EXPECT_EQ(128 + SIGKILL, run_child(leave_a_thread, play));
	collect_records(play);
	verdict = records_get(&play->recs, OOMTRACE_VERDICT, 0);
	victim = records_get(&play->recs, OOMTRACE_VICTIM, 0);
	ASSERT_NE(NULL, verdict);
	ASSERT_NE(NULL, victim);
	EXPECT_EQ(play->cast->first, verdict->verdict.tgid);
	EXPECT_EQ(play->cast->first, victim->victim.tgid);
	/* The thread that still had the mm. */
	EXPECT_NE(victim->victim.tgid, victim->victim.pid);
	EXPECT_EQ(OOMTRACE_WHY_CHOSEN, victim->victim.why);
	EXPECT_LT(1024, victim->victim.rss_anon);
	EXPECT_EQ(SIGKILL, victim->victim.signal);
	for (i = 0; (r = records_get(&play->recs, OOMTRACE_CANDIDATE, i)); i++)
		if (r->candidate.tgid == play->cast->first)
			c = &r->candidate;
	ASSERT_NE(NULL, c);
	/* The score is that of the remaining memory. */
	EXPECT_EQ(OOMTRACE_EVAL_LEADING, c->verdict);
	EXPECT_LT(1024, c->rss_anon);
	EXPECT_EQ(c->points, verdict->verdict.points);
}

/* ---- a pid namespace ---- */

static int grow_as_pid_1(void *arg)
{
	struct play *play = arg;
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		return 1;
	pid = fork();
	if (!pid) {
		join_cgroup(&play->cg);
		allocate_until_killed(NULL);
	}
	play->cast->first = pid;
	waitpid(pid, &status, 0);
	return WTERMSIG(status) == SIGKILL ? 0 : 2;
}

TEST_F(kill, both_pids_are_recorded_in_a_pid_namespace)
{
	struct play *play = &self->play;
	const union record *begin, *cand, *victim;

	EXPECT_EQ(0, run_child(grow_as_pid_1, play));
	collect_records(play);
	begin = records_get(&play->recs, OOMTRACE_OOM_BEGIN, 0);
	cand = records_get(&play->recs, OOMTRACE_CANDIDATE, 0);
	victim = records_get(&play->recs, OOMTRACE_VICTIM, 0);
	ASSERT_NE(NULL, begin);
	ASSERT_NE(NULL, cand);
	ASSERT_NE(NULL, victim);
	EXPECT_EQ(play->cast->first, begin->begin.pid);
	EXPECT_EQ(1, begin->begin.ns_pid);
	EXPECT_EQ(play->cast->first, cand->candidate.pid);
	EXPECT_EQ(1, cand->candidate.ns_pid);
	EXPECT_EQ(play->cast->first, victim->victim.pid);
	EXPECT_EQ(1, victim->victim.ns_pid);
}

TEST_HARNESS_MAIN
