// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: of an OOM of the machine, all of RAM is accounted for: what the kernel
 * counts, in its own numbers, and the rest, which no counter names.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"

/* Pages of pipes are counted nowhere. */
#define PIPES_MB	60
/* The counters move, and each CPU keeps some changes, and free pages, to itself. */
#define NEAR_PAGES	2048

enum { CLEAN, PIPES, SCENES };

struct witness {
	char story[1 << 14];
	long pagetables_kb, vmalloc_kb, percpu_kb;	/* of /proc/meminfo, before */
	volatile int ready;
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

/* Fill pipes, which no OOM may take away, and hold them. */
static int hold_pipes(void *ready)
{
	static char block[4096];
	size_t filled = 0;
	int fd[2];

	spill("/proc/self/oom_score_adj", "-1000");
	while (filled < MB(PIPES_MB)) {
		if (pipe2(fd, O_NONBLOCK))
			return 1;
		fcntl(fd[1], F_SETPIPE_SZ, 1 << 20);
		while (write(fd[1], block, sizeof(block)) > 0)
			filled += sizeof(block);
	}
	*(volatile int *)ready = 1;
	for (;;)
		pause();
	return 0;
}

static void keep_story(struct witness *w)
{
	FILE *f = popen("oomtrace last; oomtrace last -v", "r");

	if (!f)
		die("cannot run oomtrace");
	w->story[fread(w->story, 1, sizeof(w->story) - 1, f)] = '\0';
	pclose(f);
}

static void play(int which)
{
	struct witness *w = &seen[which];
	struct scene *s = scenes[which];
	pid_t holder = 0;
	struct hog big;
	int i;

	if (which == PIPES) {
		holder = start_child(hold_pipes, (void *)&w->ready);
		for (i = 0; i < 400 && !w->ready; i++)
			sleep_ms(50);
	}
	scene_start(s, NULL);
	w->pagetables_kb = meminfo("PageTables");
	w->vmalloc_kb = meminfo("VmallocUsed");
	w->percpu_kb = meminfo("Percpu");
	hog_start(&big, "--comm big --adj 1000 --grow 4096");
	s->big = big.pid;
	s->status = hog_wait(&big);
	keep_story(w);
	scene_end(s);
	if (holder) {
		kill(holder, SIGKILL);
		wait_child(holder);
	}
}

static void play_clean(struct scene *s)
{
	(void)s;
	play(CLEAN);
}

static void play_pipes(struct scene *s)
{
	(void)s;
	play(PIPES);
}

/* The begin and the memory record of a scene's kill. */
static void find_memory(struct __test_metadata *_metadata, int which,
			const struct oomtrace_oom_begin **begin,
			const struct oomtrace_memory **memory)
{
	const struct scene *s = scenes[which];
	const struct oomtrace_verdict *verdict;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;
	size_t i;

	*memory = NULL;
	scene_play(scenes[which], which == PIPES ? play_pipes : play_clean);
	ASSERT_TRUE(scene_find(s, s->big, begin, &verdict, &victim, &end))
		TH_LOG("%s", s->log);
	for (i = 0; i < s->recs.n; i++)
		if (s->recs.r[i].h.type == OOMTRACE_MEMORY &&
		    s->recs.r[i].memory.episode == (*begin)->episode)
			*memory = &s->recs.r[i].memory;
	ASSERT_NE(NULL, *memory);
}

TEST(what_the_kernel_uses_is_what_proc_shows)
{
	const struct oomtrace_oom_begin *b;
	const struct oomtrace_memory *m;
	const struct witness *w = &seen[CLEAN];

	find_memory(_metadata, CLEAN, &b, &m);
	EXPECT_TRUE(HAS(m, memory, vmalloc));
	EXPECT_TRUE(HAS(m, memory, percpu));
	/* The task that grows has page tables of its own. */
	EXPECT_LE(w->pagetables_kb / 4 - 64, m->pagetables);
	EXPECT_GE(w->pagetables_kb / 4 + 1024, m->pagetables);
	EXPECT_GE(256, labs(w->vmalloc_kb / 4 - (long)m->vmalloc))
		TH_LOG("%ld kB, %lld pages", w->vmalloc_kb, (long long)m->vmalloc);
	EXPECT_GE(256, labs(w->percpu_kb / 4 - (long)m->percpu))
		TH_LOG("%ld kB, %lld pages", w->percpu_kb, (long long)m->percpu);
}

TEST(the_parts_of_ram_add_up)
{
	const struct oomtrace_oom_begin *b;
	const struct oomtrace_memory *m;
	long long sum;

	find_memory(_metadata, CLEAN, &b, &m);
	ASSERT_TRUE(HAS(m, memory, not_counted));
	EXPECT_TRUE(DERIVED(m, memory, not_counted));
	/* This kernel's stacks are in vmalloc memory (CONFIG_VMAP_STACK). */
	sum = b->free + m->active_anon + m->inactive_anon + m->isolated_anon +
	      m->active_file + m->inactive_file + m->isolated_file + m->unevictable +
	      b->slab_reclaimable + b->slab_unreclaimable + m->pagetables +
	      m->sec_pagetables + m->vmalloc + m->percpu + m->hugetlb +
	      m->kernel_misc_reclaimable + m->zsmalloc + m->gpu + m->not_counted;
	EXPECT_GE(256, llabs(b->totalram - sum)) TH_LOG("%lld of %lld pages", sum,
							(long long)b->totalram);
	EXPECT_GE(NEAR_PAGES * 3, llabs(m->not_counted));
	EXPECT_IN("not counted ", seen[CLEAN].story);
	EXPECT_EQ(NULL, strstr(seen[CLEAN].story, "no counter names"));
}

TEST(pages_that_no_counter_names_are_told)
{
	const struct oomtrace_memory *with, *without;
	const struct oomtrace_oom_begin *b;
	long long more;

	find_memory(_metadata, CLEAN, &b, &without);
	find_memory(_metadata, PIPES, &b, &with);
	more = with->not_counted - without->not_counted;
	EXPECT_LE(PIPES_MB * 256 - NEAR_PAGES, more);
	EXPECT_GE(PIPES_MB * 256 + NEAR_PAGES, more);
	EXPECT_IN(" of RAM are in pages that no counter names", seen[PIPES].story);
	EXPECT_IN(" are in pages that no counter names: of drivers, pipes", seen[PIPES].story);
}

TEST_HARNESS_MAIN
