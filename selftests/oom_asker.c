// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: an OOM names the processes that matter as people know them: a thread that
 * asks with its process, a process of a container with both of its pids, and a
 * protected process that holds the memory, with the one that it is protected by.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"

#define LIMIT_MB	32
#define HELD_MB		20

enum { THREAD, CONTAINER, INHERITED, OWN, SCENES };

/* What the tests know of a scene besides its records. */
struct witness {
	char story[1 << 14];
	volatile pid_t holder;		/* the protected process that holds memory */
	volatile pid_t protector;	/* its parent */
};

static struct scene *scenes[SCENES];
static struct witness *seen;

static void __attribute__((constructor)) make_scenes(void)
{
	int i;

	for (i = 0; i < SCENES; i++)
		scenes[i] = scene_new();
	seen = alloc_shared(SCENES * sizeof(*seen));
}

/* The tests protect themselves from the OOM killer; a victim must not. */
static void join(const struct memcg *cg, const char *comm)
{
	char pid[16];

	spill("/proc/self/oom_score_adj", "0");
	snprintf(pid, sizeof(pid), "%d", getpid());
	memcg_set(cg, "cgroup.procs", pid);
	prctl(PR_SET_NAME, comm);
}

static void *touch(size_t mb)
{
	char *at = mmap(NULL, MB(mb), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (at == MAP_FAILED)
		_exit(3);
	for (i = 0; i < MB(mb); i += 4096)
		at[i] = 1;
	return at;
}

static void *run_thread(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, "CPU 0/KVM");
	return touch(2 * LIMIT_MB);
}

/* The thread asks; the process waits. */
static int ask_in_thread(void *cg)
{
	pthread_t thread;

	join(cg, "qemu-blue");
	touch(4);
	if (pthread_create(&thread, NULL, run_thread, NULL))
		return 1;
	pthread_join(thread, NULL);
	return 2;
}

/* In a pid namespace of its own, the second process asks. */
static int ask_in_container(void *cg)
{
	int status = 0;
	pid_t pid;

	join(cg, "runtime");
	if (unshare(CLONE_NEWPID))
		return 1;
	pid = fork();
	if (pid) {
		waitpid(pid, &status, 0);
		return WEXITSTATUS(status);
	}
	pid = fork();
	if (!pid) {
		prctl(PR_SET_NAME, "app");
		touch(2 * LIMIT_MB);
		_exit(2);
	}
	waitpid(pid, &status, 0);
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : 2);
}

/* In the cgroup: hold memory, and be protected. */
static void hold_protected(int which)
{
	char pid[16];

	prctl(PR_SET_NAME, "backup");
	snprintf(pid, sizeof(pid), "%d", getpid());
	memcg_set(&scenes[which]->cg, "cgroup.procs", pid);
	if (which == OWN)
		spill("/proc/self/oom_score_adj", "-1000");
	touch(HELD_MB);
	seen[which].holder = getpid();
	for (;;)
		pause();
}

/* A service, which is protected or not, forks a process that holds memory. */
static void serve(int which)
{
	prctl(PR_SET_NAME, "service");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	seen[which].protector = getpid();
	if (which == INHERITED)
		spill("/proc/self/oom_score_adj", "-1000");
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		hold_protected(which);
	}
	for (;;)
		pause();
}

/* The tests are protected themselves, so what starts the service must not be. */
static int start_service(void *which)
{
	int fd;

	/* An open device keeps the module loaded. */
	for (fd = 3; fd < 256; fd++)
		close(fd);
	spill("/proc/self/oom_score_adj", "0");
	if (!fork())
		serve((long)which);
	for (;;)
		pause();
	return 0;
}

static void keep_story(int which)
{
	FILE *f = popen("oomtrace last; oomtrace last -v", "r");
	struct witness *w = &seen[which];

	if (!f)
		die("cannot run oomtrace");
	w->story[fread(w->story, 1, sizeof(w->story) - 1, f)] = '\0';
	pclose(f);
}

static void end(int which)
{
	keep_story(which);
	scene_end(scenes[which]);
	memcg_remove(&scenes[which]->cg);
}

static void play(int which, const char *name, int (*function)(void *cg))
{
	struct scene *s = scenes[which];

	scene_start(s, NULL);
	memcg_make(&s->cg, name, MB(LIMIT_MB));
	s->big = start_child(function, &s->cg);
	s->status = wait_child(s->big);
	end(which);
}

static void play_thread(void)
{
	play(THREAD, "thread", ask_in_thread);
}

static void play_container(void)
{
	play(CONTAINER, "container", ask_in_container);
}

static void play_service(int which)
{
	struct scene *s = scenes[which];
	struct hog big;
	pid_t service;
	int i;

	scene_start(s, NULL);
	memcg_make(&s->cg, which == OWN ? "own" : "inherited", MB(LIMIT_MB));
	service = start_child(start_service, (void *)(long)which);
	for (i = 0; i < 200 && !seen[which].holder; i++)
		sleep_ms(50);
	hog_start(&big, "--cgroup %s --comm bystander --grow 64", s->cg.dir);
	s->big = big.pid;
	s->status = hog_wait(&big);
	end(which);
	kill(service, SIGKILL);
	wait_child(service);
}

/* The records of the one kill of a scene. */
struct kill {
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_verdict *verdict;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;
};

FIXTURE(asker) {
	struct kill kill;
};

FIXTURE_SETUP(asker)
{
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK))
		SKIP(return, "no cgroup v2 memory controller");
}

FIXTURE_TEARDOWN(asker)
{
}

/* Find the one kill of a scene that was played. */
static void find_kill(struct __test_metadata *_metadata, const struct scene *s,
		      struct kill *kill)
{
	const union record *r = records_get(&s->recs, OOMTRACE_VERDICT, 0);

	EXPECT_EQ(128 + SIGKILL, s->status);
	ASSERT_NE(NULL, r) TH_LOG("%s", s->log);
	ASSERT_TRUE(scene_find(s, r->verdict.tgid, &kill->begin, &kill->verdict,
			       &kill->victim, &kill->end)) TH_LOG("%s", s->log);
}

TEST_F(asker, a_thread_is_named_with_its_process)
{
	const struct scene *s = scenes[THREAD];
	const char *story = seen[THREAD].story;
	char text[128];

	if (!s->played)
		play_thread();
	find_kill(_metadata, s, &self->kill);
	EXPECT_EQ(s->big, self->kill.begin->tgid);
	EXPECT_NE(s->big, self->kill.begin->pid);
	EXPECT_STREQ("CPU 0/KVM", self->kill.begin->comm);
	snprintf(text, sizeof(text), "Asked:     CPU 0/KVM[%d], a thread of qemu-blue[%d], uid",
		 self->kill.begin->pid, s->big);
	EXPECT_IN(text, story);
	snprintf(text, sizeof(text), "Asked    CPU 0/KVM[%d], a thread of qemu-blue[%d], for 4 KiB",
		 self->kill.begin->pid, s->big);
	EXPECT_IN(text, story);
}

TEST_F(asker, a_process_of_a_container_has_both_pids)
{
	const struct scene *s = scenes[CONTAINER];
	const char *story = seen[CONTAINER].story;
	char text[128];

	if (!s->played)
		play_container();
	find_kill(_metadata, s, &self->kill);
	EXPECT_EQ(2, self->kill.victim->ns_pid);
	EXPECT_NE(2, self->kill.victim->pid);
	snprintf(text, sizeof(text), "Killed   app[%d] (pid 2 in its container)",
		 self->kill.victim->pid);
	EXPECT_IN(text, story);
	snprintf(text, sizeof(text), "Asked:     app[%d], pid 2 in its container, uid",
		 self->kill.victim->pid);
	EXPECT_IN(text, story);
	snprintf(text, sizeof(text), "Killed:    app[%d], pid 2 in its container, uid",
		 self->kill.victim->pid);
	EXPECT_IN(text, story);
}

/* The record of the protected process, compared with the kernel's own table. */
static const struct oomtrace_exempt *
check_exempt(struct __test_metadata *_metadata, const struct scene *s,
	     const struct witness *w)
{
	/* On 7.x each of two CPUs keeps up to 31 pages of four counters to itself. */
	const long near = 2 * 4 * 31;
	const union record *r = records_get(&s->recs, OOMTRACE_EXEMPT, 0);
	struct report rep;
	const struct report_row *row;

	EXPECT_NE(NULL, r) TH_LOG("%s", s->log);
	if (!r)
		return NULL;
	EXPECT_EQ(w->holder, r->exempt.pid);
	EXPECT_STREQ("backup", r->exempt.comm);
	EXPECT_LE(HELD_MB * 256, r->exempt.pages + near);
	EXPECT_TRUE(scene_report(s, s->big, &rep));
	row = report_row(&rep, w->holder);
	EXPECT_NE(NULL, row) TH_LOG("%s", s->log);
	if (row)
		EXPECT_GE(near, labs(row->rss + row->swapents - (long)r->exempt.pages));
	return &r->exempt;
}

TEST_F(asker, the_protected_process_that_holds_the_memory_is_told_with_its_parent)
{
	const struct witness *w = &seen[INHERITED];
	const struct scene *s = scenes[INHERITED];
	const struct oomtrace_exempt *e;
	char text[160];

	if (!s->played)
		play_service(INHERITED);
	find_kill(_metadata, s, &self->kill);
	e = check_exempt(_metadata, s, w);
	ASSERT_NE(NULL, e);
	EXPECT_TRUE(HAS(e, exempt, source_pid));
	EXPECT_TRUE(DERIVED(e, exempt, source_pid));
	EXPECT_EQ(w->protector, e->source_pid);
	EXPECT_STREQ("service", e->source_comm);
	snprintf(text, sizeof(text), "backup[%d] holds ", w->holder);
	EXPECT_IN(text, w->story);
	EXPECT_IN(" of the 32 MiB and is exempt", w->story);
	snprintf(text, sizeof(text), "inherited its oom_score_adj from service[%d]", w->protector);
	EXPECT_IN(text, w->story);
	snprintf(text, sizeof(text), "\nExempt   backup[%d] holds ", w->holder);
	EXPECT_IN(text, w->story);
	snprintf(text, sizeof(text), "inherited from service[%d])", w->protector);
	EXPECT_IN(text, w->story);
}

TEST_F(asker, a_process_that_protects_itself_inherits_from_none)
{
	const struct witness *w = &seen[OWN];
	const struct scene *s = scenes[OWN];
	const struct oomtrace_exempt *e;

	if (!s->played)
		play_service(OWN);
	find_kill(_metadata, s, &self->kill);
	e = check_exempt(_metadata, s, w);
	ASSERT_NE(NULL, e);
	EXPECT_FALSE(HAS(e, exempt, source_pid));
	EXPECT_FALSE(HAS(e, exempt, source_comm));
	EXPECT_EQ(NULL, strstr(w->story, "inherited"));
}

TEST_HARNESS_MAIN
