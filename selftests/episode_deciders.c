// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: whoever decides, a kill is reported once, with who decided and by which rule:
 * the kernel's OOM killer, a policy in the kernel with its message, or a process in user
 * space. A process_mrelease(2) that kills and reaps is one kill. A process that two of
 * them kill is killed once, and the second refers to the first.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/bytes.h"
#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/test.h"

#ifndef SYS_process_mrelease
#define SYS_process_mrelease	448
#endif

/* PROCESS_MRELEASE_REAP_KILL, as proposed. */
#define REAP_KILL	1
#define HELD_MB		20
#define LIMIT_MB	32
#define LONG_MS		"60000"
#define MESSAGE		"Out of memory (policy of a test)"

static char said[1 << 18];

#define OOMTRACE(...) \
	run_program(said, sizeof(said), \
		    (char *[]){ "oomtrace", __VA_ARGS__, NULL })

static const struct oomtrace_victim *victim_of(const struct records *recs, size_t n)
{
	const union record *r = records_get(recs, OOMTRACE_VICTIM, n);

	return r ? &r->victim : NULL;
}

static size_t count_steps(const struct records *recs, unsigned int step)
{
	const union record *r;
	size_t i, n = 0;

	for (i = 0; (r = records_get(recs, OOMTRACE_REAP, i)); i++)
		n += r->reap.step == step;
	return n;
}

/* ---- a process_mrelease(2) that kills ---- */

/* Who calls process_mrelease(), for which process, with which flags. */
struct reaping {
	const char *comm;
	pid_t pid;
	unsigned int flags;
};

static int reap_as(void *arg)
{
	const struct sched_param fifo = { .sched_priority = 50 };
	const struct reaping *r = arg;
	int pidfd;

	prctl(PR_SET_NAME, r->comm);
	pidfd = syscall(SYS_pidfd_open, r->pid, 0);
	/* On the victim's CPU, ahead of it: its memory is not freed yet. */
	pin_to_cpu(0);
	if (sched_setscheduler(0, SCHED_FIFO, &fifo))
		return 1;
	return syscall(SYS_process_mrelease, pidfd, r->flags) ? errno : 0;
}

/* EBADF shows that the system call exists. */
#define NEED_MRELEASE()							\
	do {								\
		if (syscall(SYS_process_mrelease, -1, 0) && errno != EBADF)	\
			SKIP(return, "this kernel has no process_mrelease()");	\
	} while (0)

static void set_reap_kill(pid_t pid)
{
	char text[16];
	int err;

	snprintf(text, sizeof(text), "%d", pid);
	err = spill(PROVOKE("reap_kill"), text);
	if (err)
		die("cannot write reap_kill: %s", strerror(-err));
}

FIXTURE(deciders) {
	int fd;
	struct memcg cg;
	struct records recs;
};

FIXTURE_VARIANT(deciders) {
	const char *comm;
};

/* In the list of daemons or not. */
FIXTURE_VARIANT_ADD(deciders, a_daemon) { .comm = "lmkd" };
FIXTURE_VARIANT_ADD(deciders, any_process) { .comm = "someone" };

FIXTURE_SETUP(deciders)
{
	if (!memcg_make(&self->cg, "deciders", MB(LIMIT_MB)))
		SKIP(return, "no cgroup v2 memory controller");
	if (!provoke_load())
		SKIP(return, "no oomtrace_provoke.ko for this kernel");
	module_start("signals=kill");
	self->fd = device_open();
}

FIXTURE_TEARDOWN(deciders)
{
	/* A test that failed may have left a process that does not go. */
	spill(PROVOKE_RELEASE, "1");
	memcg_remove(&self->cg);
	if (!self->fd)
		return;
	close(self->fd);
	EXPECT_ALL_INTENDED(&self->recs);
	records_free(&self->recs);
	module_stop();
	provoke_unload();
}

TEST_F(deciders, a_release_that_kills_is_one_kill)
{
	const struct oomtrace_victim *v;
	const union record *r;
	struct reaping reaping = { .comm = variant->comm, .flags = REAP_KILL };
	struct hog hog;
	char want[128];
	int status;
	pid_t pid;

	NEED_MRELEASE();
	pin_to_cpu(0);
	hog_start(&hog, "--comm greedy --anon 12 --hold");
	hog_ready(&hog);
	pid = hog.pid;
	reaping.pid = pid;
	set_reap_kill(pid);
	status = run_child(reap_as, &reaping);
	set_reap_kill(0);
	EXPECT_EQ(0, status);
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	EXPECT_TRUE(device_wait(self->fd, &self->recs, OOMTRACE_REMAINS, 1));

	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_END));
	ASSERT_EQ(1, records_count(&self->recs, OOMTRACE_VICTIM));
	v = victim_of(&self->recs, 0);
	EXPECT_EQ(pid, v->tgid);
	EXPECT_EQ(OOMTRACE_WHY_DAEMON, v->why);
	EXPECT_EQ(SIGKILL, v->signal);
	EXPECT_EQ(OOMTRACE_HOW_MRELEASE, v->how);
	EXPECT_FALSE(HAS(v, victim, earlier));
	EXPECT_LE((long)MB(12) / PAGE - 64, v->rss_anon);
	/* The reap belongs to it, and it is then gone. */
	ASSERT_EQ(1, count_steps(&self->recs, OOMTRACE_STEP_RELEASED));
	r = records_get(&self->recs, OOMTRACE_REAP, 0);
	EXPECT_EQ(v->episode, r->reap.episode);
	EXPECT_EQ(pid, r->reap.pid);
	EXPECT_GT(64, r->reap.rss_anon);
	r = records_get(&self->recs, OOMTRACE_REMAINS, 0);
	EXPECT_EQ(v->episode, r->remains.episode);
	EXPECT_EQ(0, r->remains.threads);
	/* The record of the signal refers to it. */
	ASSERT_EQ(1, records_count(&self->recs, OOMTRACE_SIGKILL));
	r = records_get(&self->recs, OOMTRACE_SIGKILL, 0);
	EXPECT_EQ(OOMTRACE_NEAR_PART, r->sigkill.near);
	EXPECT_EQ(v->episode, r->sigkill.oom_episode);
	EXPECT_EQ(OOMTRACE_HOW_MRELEASE, r->sigkill.how);

	EXPECT_EQ(0, OOMTRACE("list", "--noheadings"));
	EXPECT_EQ(1, count_lines(said)) TH_LOG("%s", said);
	snprintf(want, sizeof(want), "killed by %s[", variant->comm);
	EXPECT_IN(want, said);
	EXPECT_EQ(0, OOMTRACE("last", "-v"));
	EXPECT_IN("(was sent SIGKILL from user space by process_mrelease())", said);
	EXPECT_IN("] process_mrelease() reaped its memory after ", said);
	snprintf(want, sizeof(want), "\nDecided:   %s[", variant->comm);
	EXPECT_IN(want, said);
	EXPECT_EQ(0, OOMTRACE("kills"));
	EXPECT_IN("was killed by process_mrelease of ", said);
}

static int kill_and_reap_as(void *arg)
{
	const struct reaping *r = arg;
	const struct sched_param fifo = { .sched_priority = 50 };

	/* On the victim's CPU, ahead of it: see reap_as(). */
	pin_to_cpu(0);
	if (sched_setscheduler(0, SCHED_FIFO, &fifo))
		return 1;
	prctl(PR_SET_NAME, r->comm);
	return kill(r->pid, SIGKILL) ? errno : reap_as(arg);
}

TEST_F(deciders, a_kill_and_a_release_are_one_kill)
{
	struct reaping reaping = { .comm = variant->comm };
	struct hog hog;
	int status;

	NEED_MRELEASE();
	pin_to_cpu(0);
	hog_start(&hog, "--comm greedy --anon 12 --hold");
	hog_ready(&hog);
	reaping.pid = hog.pid;
	status = run_child(kill_and_reap_as, &reaping);
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(device_wait(self->fd, &self->recs, OOMTRACE_REMAINS, 1));
	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_VICTIM));
	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_SIGKILL));
	EXPECT_EQ(1, count_steps(&self->recs, OOMTRACE_STEP_RELEASED));
	/* One row, and the signal is no second kill. */
	EXPECT_EQ(0, OOMTRACE("list"));
	EXPECT_EQ(2, count_lines(said)) TH_LOG("%s", said);
	EXPECT_EQ(0, OOMTRACE("kills"));
	EXPECT_IN("was killed by kill -9 of ", said);
	EXPECT_IN("OOM 1)", said);
}

/* Read by no one, so that the compiler keeps the writes. */
static char *volatile held;

static void hold_memory(size_t mb)
{
	held = malloc(MB(mb));
	if (!held)
		die("no memory");
	memset(held, 1, MB(mb));
}

/* Share the memory of the process that starts it. */
static int wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

static int hold_and_share(void *shared)
{
	static char stack[1 << 14] __attribute__((aligned(16)));
	volatile pid_t *other = shared;

	hold_memory(12);
	*other = clone(wait_for_ever, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	return wait_for_ever(NULL);
}

TEST_F(deciders, memory_that_several_share_is_told_once)
{
	struct reaping reaping = { .comm = variant->comm, .flags = REAP_KILL };
	const struct oomtrace_victim *v[2];
	volatile pid_t *other = alloc_shared(sizeof(*other));
	const union record *r;
	int status, i;
	pid_t pid;

	NEED_MRELEASE();
	pin_to_cpu(0);
	pid = start_child(hold_and_share, (void *)other);
	while (!*other)
		sleep_ms(5);
	reaping.pid = pid;
	set_reap_kill(pid);
	status = run_child(reap_as, &reaping);
	set_reap_kill(0);
	EXPECT_EQ(0, status);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_TRUE(device_wait(self->fd, &self->recs, OOMTRACE_REMAINS, 2));
	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
	ASSERT_EQ(2, records_count(&self->recs, OOMTRACE_VICTIM));
	for (i = 0; i < 2; i++) {
		v[i] = victim_of(&self->recs, i);
		EXPECT_EQ(v[0]->episode, v[i]->episode);
		EXPECT_EQ(SIGKILL, v[i]->signal);
		EXPECT_EQ(OOMTRACE_HOW_MRELEASE, v[i]->how);
	}
	EXPECT_TRUE((v[0]->tgid == pid && v[1]->tgid == *other) ||
		    (v[1]->tgid == pid && v[0]->tgid == *other));
	EXPECT_EQ(OOMTRACE_WHY_DAEMON, v[0]->why);
	EXPECT_EQ(OOMTRACE_WHY_SHARED_MM, v[1]->why);
	EXPECT_LE((long)MB(12) / PAGE - 64, v[0]->rss_anon);
	EXPECT_FALSE(HAS(v[1], victim, rss_anon));
	/* The reap is of the victim whose record has the memory. */
	ASSERT_EQ(1, count_steps(&self->recs, OOMTRACE_STEP_RELEASED));
	r = records_get(&self->recs, OOMTRACE_REAP, 0);
	EXPECT_EQ(v[0]->tgid, r->reap.pid);
	EXPECT_EQ(0, OOMTRACE("list", "--noheadings"));
	EXPECT_EQ(1, count_lines(said)) TH_LOG("%s", said);
}

/* ---- two that kill the same ---- */

/* A process that holds memory of a cgroup. */
struct stuck {
	struct memcg *cg;
	volatile int ready;
};

/* Hold memory in the cgroup, and then wait in the kernel, where no signal reaches it. */
static int be_stuck(void *arg)
{
	struct stuck *s = arg;

	prctl(PR_SET_NAME, "nfsapp");
	spill("/proc/self/oom_score_adj", "0");
	memcg_set(s->cg, "cgroup.procs", "0");
	hold_memory(HELD_MB);
	s->ready = 1;
	spill(PROVOKE("stall_ms"), LONG_MS);
	return 0;
}

static pid_t start_stuck(struct memcg *cg)
{
	struct stuck *s = alloc_shared(sizeof(*s));
	char path[64], *text, *state;
	bool blocked = false;
	pid_t pid;

	s->cg = cg;
	pid = start_child(be_stuck, s);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (!blocked) {
		sleep_ms(20);
		text = slurp(path, NULL);
		state = strrchr(text, ')');
		blocked = s->ready && state && state[2] == 'D';
		free(text);
	}
	return pid;
}

static int kill_as_daemon(void *pid)
{
	prctl(PR_SET_NAME, "earlyoom");
	return kill(*(pid_t *)pid, SIGKILL);
}

/* Another process of the cgroup needs more memory than is left. */
static void make_oom(const struct memcg *cg)
{
	struct hog other;

	hog_start(&other, "--cgroup %s --comm other --grow 14", cg->dir);
	hog_wait(&other);
}

/* The record of the kernel's choice of a process. */
static const struct oomtrace_verdict *find_verdict(const struct records *recs, pid_t pid)
{
	const union record *r;
	size_t i;

	for (i = 0; (r = records_get(recs, OOMTRACE_VERDICT, i)); i++)
		if (r->verdict.tgid == pid)
			return &r->verdict;
	return NULL;
}

TEST_F(deciders, a_process_that_both_kill_is_killed_once)
{
	const struct oomtrace_victim *first, *second;
	const struct oomtrace_verdict *verdict;
	char want[160];
	pid_t pid;

	if (strcmp(variant->comm, "lmkd"))
		SKIP(return, "the name of the process plays no part here");
	pid = start_stuck(&self->cg);
	EXPECT_EQ(0, run_child(kill_as_daemon, &pid));
	make_oom(&self->cg);
	EXPECT_EQ(0, spill(PROVOKE_RELEASE, "1"));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	sleep_ms(1500);
	device_drain(self->fd, &self->recs);

	verdict = find_verdict(&self->recs, pid);
	ASSERT_NE(NULL, verdict);
	EXPECT_EQ(2, records_count(&self->recs, OOMTRACE_VICTIM));
	first = victim_of(&self->recs, 0);
	second = victim_of(&self->recs, 1);
	ASSERT_NE(NULL, second);
	EXPECT_EQ(pid, first->tgid);
	EXPECT_EQ(OOMTRACE_WHY_DAEMON, first->why);
	EXPECT_EQ(OOMTRACE_HOW_KILL, first->how);
	EXPECT_FALSE(HAS(first, victim, earlier));
	EXPECT_EQ(pid, second->tgid);
	EXPECT_EQ(verdict->episode, second->episode);
	EXPECT_EQ(OOMTRACE_WHY_DYING, second->why);
	EXPECT_FALSE(HAS(second, victim, how));
	ASSERT_TRUE(HAS(second, victim, earlier));
	EXPECT_EQ(first->episode, second->earlier);
	/* One kill of a process, in one row. */
	EXPECT_EQ(0, OOMTRACE("list", "--noheadings"));
	EXPECT_EQ(1, count_lines(said)) TH_LOG("%s", said);
	EXPECT_IN("killed by earlyoom[", said);
	EXPECT_EQ(0, OOMTRACE("list", "--all"));
	snprintf(want, sizeof(want), "nfsapp[%d], again", pid);
	EXPECT_IN(want, said);
	/* Each refers to the other. */
	snprintf(want, sizeof(want), "%llu", (unsigned long long)first->episode);
	EXPECT_EQ(0, OOMTRACE("last", want));
	EXPECT_IN("the kernel's OOM killer chose it, too", said);
	snprintf(want, sizeof(want), "%llu", (unsigned long long)second->episode);
	EXPECT_EQ(0, OOMTRACE("last", want));
	EXPECT_IN("(earlyoom[", said);
	EXPECT_IN("had killed it before, in OOM ", said);
	EXPECT_EQ(0, OOMTRACE("last", "-v", want));
	EXPECT_IN("; it was killed before, in episode ", said);
}

TEST_F(deciders, a_release_of_the_kernels_victim_is_part_of_its_kill)
{
	struct reaping reaping = { .comm = variant->comm };
	const struct oomtrace_reap *released = NULL;
	const struct oomtrace_victim *v;
	const union record *r;
	struct hog other;
	int status;
	size_t i;
	pid_t pid;

	NEED_MRELEASE();
	pid = start_stuck(&self->cg);
	hog_start(&other, "--cgroup %s --comm other --grow 14", self->cg.dir);
	EXPECT_TRUE(device_wait(self->fd, &self->recs, OOMTRACE_VICTIM, 1));
	/* Before the reaper, which comes after 2 s. */
	reaping.pid = pid;
	status = run_child(reap_as, &reaping);
	hog_wait(&other);
	EXPECT_EQ(0, spill(PROVOKE_RELEASE, "1"));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_EQ(0, status);
	sleep_ms(500);
	device_drain(self->fd, &self->recs);
	ASSERT_EQ(1, records_count(&self->recs, OOMTRACE_VICTIM));
	v = victim_of(&self->recs, 0);
	EXPECT_EQ(pid, v->tgid);
	EXPECT_EQ(OOMTRACE_WHY_CHOSEN, v->why);
	for (i = 0; (r = records_get(&self->recs, OOMTRACE_REAP, i)); i++)
		if (r->reap.step == OOMTRACE_STEP_RELEASED)
			released = &r->reap;
	ASSERT_NE(NULL, released);
	EXPECT_EQ(v->episode, released->episode);
	EXPECT_EQ(v->pid, released->pid);
	for (i = 0; (r = records_get(&self->recs, OOMTRACE_OOM_BEGIN, i)); i++)
		EXPECT_EQ(OOMTRACE_SCOPE_MEMCG, r->begin.scope);
}

/* ---- the three, side by side ---- */

TEST_F(deciders, each_is_named_with_its_rule)
{
	const struct oomtrace_verdict *v;
	struct hog spare, big;
	char text[64], want[64];
	pid_t chosen[2];

	if (strcmp(variant->comm, "lmkd"))
		SKIP(return, "the name of the process plays no part here");
	/* A policy kills spare, and the kernel big. */
	hog_start(&spare, "--comm spare --anon 8 --hold");
	hog_ready(&spare);
	snprintf(text, sizeof(text), "%d", spare.pid);
	ASSERT_EQ(0, spill(PROVOKE("policy"), text));
	chosen[0] = spare.pid;
	hog_start(&big, "--comm big --adj 500 --grow 4096");
	chosen[1] = big.pid;
	EXPECT_EQ(128 + SIGKILL, hog_wait(&big));
	EXPECT_EQ(128 + SIGKILL, hog_wait(&spare));
	sleep_ms(500);
	device_drain(self->fd, &self->recs);
	v = find_verdict(&self->recs, chosen[0]);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(OOMTRACE_POLICY_OTHER, v->policy);
	ASSERT_TRUE(HAS(v, verdict, message));
	EXPECT_STREQ(MESSAGE, v->message);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)v->episode);
	EXPECT_EQ(0, OOMTRACE("last", text));
	EXPECT_IN("Decided  a policy in the kernel, not the OOM killer's own; its message: \"Out of",
		  said);
	EXPECT_EQ(0, OOMTRACE("last", "-v", text));
	EXPECT_IN("\nDecided:   a policy in the kernel, not the OOM killer's own; its message: \""
		  MESSAGE "\"\n", said);
	v = find_verdict(&self->recs, chosen[1]);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(OOMTRACE_POLICY_GLOBAL, v->policy);
	EXPECT_FALSE(HAS(v, verdict, message));
	snprintf(text, sizeof(text), "%llu", (unsigned long long)v->episode);
	EXPECT_EQ(0, OOMTRACE("last", text));
	EXPECT_IN("\nDecided  the kernel's OOM killer, by score\n", said);
	/* A daemon kills a third. */
	hog_start(&spare, "--comm third --anon 8 --hold");
	hog_ready(&spare);
	EXPECT_EQ(0, run_child(kill_as_daemon, &spare.pid));
	EXPECT_EQ(128 + SIGKILL, hog_wait(&spare));
	EXPECT_TRUE(device_wait(self->fd, &self->recs, OOMTRACE_REMAINS, 1));
	EXPECT_EQ(0, OOMTRACE("last"));
	EXPECT_IN("\nDecided  earlyoom[", said);
	EXPECT_IN("] in user space, by a rule of its own", said);
	EXPECT_IN(" and was gone within ", said);
	EXPECT_EQ(0, OOMTRACE("list", "--noheadings"));
	EXPECT_EQ(3, count_lines(said)) TH_LOG("%s", said);
	EXPECT_IN("whole machine, by a policy", said);
	EXPECT_EQ(0, OOMTRACE("list", "--json"));
	snprintf(want, sizeof(want), "\"message\":\"%s\"", MESSAGE);
	EXPECT_IN(want, said);
	EXPECT_IN("\"decided_by\":\"kernel\"", said);
	EXPECT_IN("\"decided_by\":\"policy\"", said);
	EXPECT_IN("\"decided_by\":\"daemon\"", said);
}

TEST_HARNESS_MAIN
