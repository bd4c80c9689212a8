// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the explanation of what a cgroup's memory was used for, which task asked for
 * more, and which protected task holds much, by constructed records.
 */
#include "test_account.h"
#include "test_episode.h"

#define MIB	(1ULL << 20)

static const char *explanation(void)
{
	return story_text(&story);
}

/* 30 of 32 MiB are the processes' own. */
static struct oomtrace_memcg make_account(void)
{
	RECORD(m, MEMCG, memcg);

	m.h.valid &= ~(OOMTRACE_BIT(memcg, memsw) | OOMTRACE_BIT(memcg, memsw_limit));
	m.episode = 1;
	m.usage = 32 * MIB;
	m.limit = 32 * MIB;
	m.anon = 30 * MIB;
	m.kernel = 2 * MIB;
	return m;
}

static const char *explain(const struct oomtrace_memcg *m)
{
	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_MEMCG);
	feed(m);
	return explanation();
}

static void test_parts(void)
{
	struct oomtrace_memcg m = make_account();

	check_has(explain(&m),
		  "           the cgroup's pages: anon 7,680 (30 MiB), shmem 0, other files 0, kernel 512 (2 MiB), sockets 0, not named 0~\n",
		  "the_parts_of_a_cgroup_are_told");
	check_hasnt(explanation(), "of its 32 MiB", "memory_of_processes_needs_no_words");
	check_has(explanation(), "\nMachine:   1,234 pages", "the_machine_is_told_apart");

	m.h.derived = OOMTRACE_BIT(memcg, anon);
	m.anon = 64 * MIB;
	check_has(explain(&m), "anon 16,384~ (64 MiB), shmem 0, other files 0~, kernel 512~ (2 MiB), sockets 0~, not named 0~\n",
		  "parts_that_are_older_than_the_usage_are_marked");

	m = make_account();
	m.h.valid &= ~OOMTRACE_BIT(memcg, kernel);
	m.anon = 2 * MIB;
	check_has(explain(&m), "kernel 7,680~ (30 MiB),", "what_the_kernel_does_not_count_is_computed");
	check_has(explanation(), "30 MiB of its 32 MiB are the kernel's own: 30 MiB that no counter names",
		  "and_told");

	m.h.valid &= ~OOMTRACE_BIT(memcg, anon);
	check_hasnt(explain(&m), "the cgroup's pages", "without_the_numbers_nothing_is_told");
	m = make_account();
	m.usage = 0;
	check_hasnt(explain(&m), "the cgroup's pages", "nor_of_an_empty_cgroup");
}

static void test_shmem(void)
{
	struct oomtrace_memcg m = make_account();

	m.anon = 5 * MIB;
	m.file = 26 * MIB;
	m.shmem = 26 * MIB;
	m.kernel = MIB;
	check_has(explain(&m), "           26 MiB of its 32 MiB are files in tmpfs or shared memory, which no process maps: killing frees none of it (except deleted files that are still open)\n",
		  "files_in_tmpfs_are_told");
	m.file_mapped = 4096;
	check_has(explain(&m), "shared memory, of which processes map at most 4 KiB: killing frees none of the rest",
		  "those_that_are_mapped_are_told");
	m.file_mapped = 26 * MIB;
	check_has(explain(&m), "shared memory: killing frees those that are deleted, but open or mapped, and no others\n",
		  "and_if_that_may_be_all");
	m.h.derived = OOMTRACE_BIT(memcg, anon);
	check_has(explain(&m), "about 26 MiB of its 32 MiB are files", "older_numbers_are_told_as_such");
}

static void test_kernel(void)
{
	struct oomtrace_memcg m = make_account();

	m.anon = MIB;
	m.kernel = 31 * MIB;
	m.slab_unreclaimable = 20 * MIB;
	m.slab_reclaimable = MIB;
	m.pagetables = 9 * MIB;
	check_has(explain(&m), "31 MiB of its 32 MiB are the kernel's own: 20 MiB unreclaimable slab, 9 MiB page tables\n",
		  "the_kernels_own_memory_is_told");
	m.slab_unreclaimable = 8 * MIB;
	check_has(explain(&m), "the kernel's own: 8 MiB unreclaimable slab, 9 MiB page tables, 13 MiB that no counter names (pipes, for example)\n",
		  "with_what_no_counter_names");
}

static void test_others(void)
{
	struct oomtrace_memcg m = make_account();

	m.anon = 0;
	m.sock = 10 * MIB;
	m.file = 12 * MIB;
	m.file_dirty = 4 * MIB;
	m.file_writeback = 2 * MIB;
	m.kernel = 0;
	check_has(explain(&m), "10 MiB of its 32 MiB are buffers of sockets\n", "sockets_are_told");
	check_has(explanation(), "12 MiB of its 32 MiB are page cache, which must be written to disk before it can be freed: 4 MiB are dirty, 2 MiB are being written\n",
		  "dirty_page_cache_is_told");
	check_has(explanation(), "10 MiB of its 32 MiB are in pages that memory.stat does not name\n",
		  "and_what_no_counter_names");
	m.file_dirty = 0;
	m.file_writeback = 0;
	m.file_mapped = 12 * MIB;
	check_has(explain(&m), "are page cache, of which processes map 12 MiB\n",
		  "mapped_page_cache_is_told");
	/* In v1, sockets are not part of the usage. */
	m.h.valid |= OOMTRACE_BIT(memcg, memsw);
	check_hasnt(explain(&m), "sockets\n", "in_v1_sockets_are_not_in_the_sum");

	m = make_account();
	m.anon_thp = 24 * MIB;
	m.unevictable = 8 * MIB;
	check_has(explain(&m), "24 MiB of its 32 MiB are anonymous huge pages (THP), of which processes may use only a part\n",
		  "huge_pages_are_told");
	check_has(explanation(), "8 MiB of its 32 MiB are unevictable (mlock, for example)\n",
		  "locked_pages_are_told");
}

static void feed_asker(const char *comm, s32 pid, s32 tgid, s32 inner)
{
	RECORD(r, OOM_BEGIN, oom_begin);

	oomtrace_story_init(&story, 0, 4096);
	r.episode = 1;
	strcpy(r.comm, comm);
	r.pid = pid;
	r.tgid = tgid;
	r.ns_pid = inner;
	feed(&r);
}

static void test_asker(void)
{
	struct oomtrace_candidate c = make_candidate(1, "qemu-blue", 1886, 1, 300);

	feed_asker("CPU 0/KVM", 1889, 1886, 1889);
	check_has(explanation(), "Asked:     CPU 0/KVM[1889], a thread of process 1886, uid 0",
		  "a_thread_has_its_process");
	c.tgid = 1885;
	feed(&c);
	check_has(explanation(), "a thread of process 1886,", "another_process_is_not_taken_for_it");
	c.tgid = 1886;
	feed(&c);
	check_has(explanation(), "Asked:     CPU 0/KVM[1889], a thread of qemu-blue[1886], uid 0",
		  "the_process_has_its_name");

	feed_asker("app", 2022, 2022, 2);
	check_has(explanation(), "Asked:     app[2022], pid 2 in its container, uid 0",
		  "a_pid_in_a_container_is_told_beside_the_hosts");
	feed_asker("app", 2022, 2022, 2022);
	check_has(explanation(), "Asked:     app[2022], uid 0", "and_only_there");
}

static void feed_protected(const char *comm, s32 pid, s64 pages)
{
	struct oomtrace_candidate c = make_candidate(1, comm, pid, pid, 0);

	c.h.valid &= ~OOMTRACE_BIT(candidate, points);
	c.tgid = pid;
	c.rss_anon = pages;
	c.verdict = OOMTRACE_EVAL_INELIGIBLE;
	c.reason = OOMTRACE_REASON_ADJ_MIN;
	feed(&c);
}

static void test_exempt(void)
{
	struct oomtrace_verdict v = make_verdict(1);
	RECORD(e, EXEMPT, exempt);
	s32 pid;

	feed_asker("sh", 5, 5, 5);
	feed(&v);
	for (pid = 10; pid < 20; pid++)
		feed_protected("bash", pid, 16);
	feed_protected("backup", 1590, 12288);
	feed_protected("cron", 30, 256);
	check_has(explanation(), "12 with oom_score_adj -1000: backup[1590] 48 MiB, cron[30] 1 MiB, bash[10] 64 KiB, bash[11] 64 KiB, bash[12] 64 KiB, bash[13] 64 KiB, bash[14] 64 KiB, bash[15] 64 KiB, ...\n",
		  "the_largest_exempt_tasks_are_told");
	e.episode = 1;
	e.pid = 1590;
	e.pages = 12288;
	strcpy(e.comm, "backup");
	e.source_pid = 812;
	strcpy(e.source_comm, "sshd");
	feed(&e);
	check_has(explanation(), "           backup[1590] holds 48 MiB of the 100 MiB and is exempt; it probably inherited its oom_score_adj from sshd[812]\n",
		  "where_it_has_that_from_is_told");
	e.h.valid &= ~OOMTRACE_BIT(exempt, source_pid);
	feed(&e);
	check_has(explanation(), "           backup[1590] holds 48 MiB of the 100 MiB and is exempt\n",
		  "but_not_guessed");
}

void test_account(void)
{
	test_asker();
	test_exempt();
	test_parts();
	test_shmem();
	test_kernel();
	test_others();
}
