// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: an OOM of a memory cgroup is recorded with what the cgroup's memory was
 * used for, in the numbers of the kernel's log; and `oomtrace last` says which part
 * no kill frees.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/lib.h"
#include "lib/memcg_check.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"

#define LIMIT_MB	32
#define TMPFS_FILE	"/dev/shm/oom_account"
/* Of the limit's bytes: what the kernel's per-CPU stocks and counters may hide. */
#define NEAR_BYTES	MB(2)

enum { TMPFS, PIPES, HUGE, STORM, SCENES };

static struct scene *scenes[SCENES];
static char (*stories)[1 << 14];

static void __attribute__((constructor)) make_scenes(void)
{
	int i;

	for (i = 0; i < SCENES; i++)
		scenes[i] = scene_new();
	stories = alloc_shared(SCENES * sizeof(*stories));
}

static void keep_story(int which)
{
	FILE *f = popen("oomtrace last; oomtrace last -v", "r");

	if (!f)
		die("cannot run oomtrace");
	stories[which][fread(stories[which], 1, sizeof(*stories) - 1, f)] = '\0';
	pclose(f);
}

/* The tests protect themselves from the OOM killer; a victim must not. */
static void join(const struct memcg *cg)
{
	char pid[16];

	spill("/proc/self/oom_score_adj", "0");
	snprintf(pid, sizeof(pid), "%d", getpid());
	memcg_set(cg, "cgroup.procs", pid);
}

/* In the cgroup: write a file of 20 MiB in tmpfs, and exit. */
static int write_tmpfs(void *cg)
{
	static char block[1 << 20];
	int i, fd;

	join(cg);
	fd = open(TMPFS_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	for (i = 0; fd >= 0 && i < 20; i++)
		if (write(fd, block, sizeof(block)) != sizeof(block))
			return 1;
	return fd < 0;
}

/* In the cgroup: fill pipes until that is too much. */
static int fill_pipes(void *cg)
{
	static char block[4096];
	int fd[2], i;

	join(cg);
	for (i = 0; i < 500; i++) {
		if (pipe2(fd, O_NONBLOCK))
			return 1;
		fcntl(fd[1], F_SETPIPE_SZ, 1 << 20);
		while (write(fd[1], block, sizeof(block)) > 0)
			;
	}
	return 2;
}

/* In the cgroup: touch huge pages, or small ones if there are none. */
static int touch_huge(void *cg)
{
	size_t i, size = MB(2 * LIMIT_MB);
	char *at;

	join(cg);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return 1;
	madvise(at, size, MADV_HUGEPAGE);
	for (i = 0; i < size; i += 4096)
		at[i] = 1;
	return 2;
}

static void play(int which, const char *name, int (*function)(void *cg))
{
	struct scene *s = scenes[which];
	pid_t pid;

	scene_start(s, NULL);
	memcg_make(&s->cg, name, MB(LIMIT_MB));
	if (function) {
		pid = start_child(function, &s->cg);
		s->status = wait_child(pid);
		s->big = pid;
	}
}

static void end(int which)
{
	keep_story(which);
	scene_end(scenes[which]);
	memcg_remove(&scenes[which]->cg);
}

static void play_tmpfs(struct scene *s)
{
	struct hog big;

	play(TMPFS, "tmpfs", write_tmpfs);
	hog_start(&big, "--cgroup %s --comm app --grow 64", s->cg.dir);
	s->big = big.pid;
	s->status = hog_wait(&big);
	end(TMPFS);
	unlink(TMPFS_FILE);
}

static void play_pipes(struct scene *s)
{
	(void)s;
	spill("/proc/sys/fs/pipe-user-pages-soft", "0");
	play(PIPES, "pipes", fill_pipes);
	end(PIPES);
}

#define THP_FILE	"/sys/kernel/mm/transparent_hugepage/enabled"

/* The kernel switches huge pages off on a machine of less than 512 MiB. */
static void play_huge(struct scene *s)
{
	char *modes = access(THP_FILE, R_OK) ? strdup("") : slurp(THP_FILE, NULL);
	char *mode = strchr(modes, '[');

	(void)s;
	spill(THP_FILE, "madvise");
	play(HUGE, "huge", touch_huge);
	end(HUGE);
	if (mode) {
		mode[strcspn(mode, "]")] = '\0';
		spill(THP_FILE, mode + 1);
	}
	free(modes);
}

#define STORM_KILLS	30

/* More OOMs than the kernel prints. */
static void play_storm(struct scene *s)
{
	struct hog big;
	int i;

	play(STORM, "storm", NULL);
	memcg_set(&s->cg, "memory.max", "4M");
	for (i = 0; i < STORM_KILLS; i++) {
		hog_start(&big, "--cgroup %s --comm storm --grow 64", s->cg.dir);
		s->big = big.pid;
		hog_wait(&big);
	}
	end(STORM);
}

FIXTURE(account) {
	const struct scene *s;
	const char *story;
	const struct oomtrace_memcg *m;
};

FIXTURE_VARIANT(account) {
	int scene;
	void (*play)(struct scene *s);
};

FIXTURE_VARIANT_ADD(account, tmpfs) { .scene = TMPFS, .play = play_tmpfs };
FIXTURE_VARIANT_ADD(account, pipes) { .scene = PIPES, .play = play_pipes };
FIXTURE_VARIANT_ADD(account, huge) { .scene = HUGE, .play = play_huge };

FIXTURE_SETUP(account)
{
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_verdict *verdict;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;

	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK))
		SKIP(return, "no cgroup v2 memory controller");
	if (!memcg_numbers_known())
		SKIP(return, "this kernel has no BTF");
	self->s = scenes[variant->scene];
	self->story = stories[variant->scene];
	scene_play(scenes[variant->scene], variant->play);
	ASSERT_EQ(128 + SIGKILL, self->s->status);
	ASSERT_TRUE(scene_find(self->s, self->s->big, &begin, &verdict, &victim, &end))
		TH_LOG("%s", self->s->log);
	self->m = memcg_account(_metadata, self->s, begin->episode);
	ASSERT_NE(NULL, self->m);
}

FIXTURE_TEARDOWN(account)
{
}

TEST_F(account, its_numbers_are_those_of_the_kernels_log)
{
	unsigned int n = memcg_check_log(_metadata, self->m, self->s->log);

	TH_LOG("%u numbers are equal", n);
	EXPECT_LE(16, n) TH_LOG("%s", self->s->log);
	EXPECT_EQ(self->s->cg.id, self->m->cgroup_id);
}

/* What older kernels do not count for a cgroup may be missing. */
TEST_F(account, its_parts_add_up_to_the_usage)
{
	const struct oomtrace_memcg *m = self->m;
	unsigned long long sum = m->anon + m->file + m->kernel + m->sock;

	EXPECT_EQ(MB(LIMIT_MB), m->limit);
	EXPECT_LE(MB(LIMIT_MB) - NEAR_BYTES, m->usage);
	EXPECT_GE(MB(LIMIT_MB), m->usage);
	EXPECT_FALSE(HAS(m, memcg, memsw));
	EXPECT_GE(m->usage + NEAR_BYTES, sum);
	if (HAS(m, memcg, kernel))
		EXPECT_LE(m->usage - NEAR_BYTES, sum);
}

TEST_F(account, the_part_that_is_large_is_explained)
{
	const struct oomtrace_memcg *m = self->m;

	if (variant->scene == TMPFS) {
		EXPECT_LE(MB(20) - NEAR_BYTES, m->shmem);
		EXPECT_GE(MB(22), m->shmem);
		EXPECT_IN(" MiB are files in tmpfs or shared memory", self->story);
		EXPECT_IN("killing frees none of", self->story);
		return;
	}
	EXPECT_EQ(NULL, strstr(self->story, "tmpfs"));
	if (variant->scene == PIPES) {
		EXPECT_GE(MB(2), m->anon + m->file);
		EXPECT_IN(" MiB are the kernel's own", self->story);
		EXPECT_IN("(pipes, for example)", self->story);
		return;
	}
	if (!m->anon_thp)
		SKIP(return, "the kernel gave no huge pages");
	EXPECT_LE(MB(16), m->anon_thp);
	EXPECT_IN(" MiB are anonymous huge pages", self->story);
}

/* The story's numbers of the cgroup are not taken for the machine's, nor reversed. */
TEST_F(account, the_machines_numbers_are_told_apart)
{
	const char *of_group = strstr(self->story, "the cgroup's pages: anon");
	const char *of_machine = strstr(self->story, "\nMachine:");

	ASSERT_NE(NULL, of_group) TH_LOG("%s", self->story);
	ASSERT_NE(NULL, of_machine) TH_LOG("%s", self->story);
	EXPECT_LT(of_group, of_machine);
}

TEST(what_the_kernel_does_not_print_is_recorded_as_derived)
{
	unsigned int printed = 0, derived = 0;
	const struct oomtrace_memcg *m;
	const union record *r;
	struct scene *s = scenes[STORM];
	size_t i;

	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK))
		SKIP(return, "no cgroup v2 memory controller");
	if (!memcg_numbers_known())
		SKIP(return, "this kernel has no BTF");
	scene_play(s, play_storm);
	for (i = 0; i < s->recs.n; i++) {
		r = &s->recs.r[i];
		if (r->h.type != OOMTRACE_OOM_END ||
		    r->end.ending != OOMTRACE_ENDING_KILLED)
			continue;
		m = memcg_account(_metadata, s, r->end.episode);
		if (!m)
			continue;
		EXPECT_TRUE(HAS(m, memcg, anon));
		EXPECT_FALSE(DERIVED(m, memcg, usage));
		if (DERIVED(m, memcg, anon))
			derived++;
		else
			printed++;
	}
	TH_LOG("%u printed by the kernel, %u not", printed, derived);
	EXPECT_LT(0, printed);
	EXPECT_LT(0, derived);
	EXPECT_LE(STORM_KILLS, printed + derived);
}

TEST_HARNESS_MAIN
