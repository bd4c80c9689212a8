// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a refused system call is recorded with every limit of the process's memory
 * that explains the refusal, and with no other one. A limit is compared as the kernel
 * does it, with what was in use before the call.
 */
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "lib/refused.h"
#include "lib/test.h"

/* ---- the number of maps ---- */

static int fill_maps(void *unused)
{
	char *guard = map_anonymous(3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	int i;

	(void)unused;
	for (i = 0; i < 5000; i++)
		if (map_anonymous(PAGE, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE) ==
		    MAP_FAILED)
			break;
	if (i == 5000 || errno != ENOMEM)
		return 1;
	if (!mprotect(guard + PAGE, PAGE, PROT_NONE) || errno != ENOMEM)
		return 2;
	return munmap(guard + PAGE, PAGE) && errno == ENOMEM ? 0 : 3;
}

TEST_F(refused, max_map_count_is_the_cause)
{
	static const unsigned int calls[] = {
		OOMTRACE_CALL_MMAP, OOMTRACE_CALL_MPROTECT, OOMTRACE_CALL_MUNMAP,
	};
	const struct oomtrace_refused *rec;
	pid_t pid;
	size_t i;

	sysctl_write("vm/max_map_count", 1000);
	pid = EXPECT_REFUSED(fill_maps, NULL);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		rec = expect_causes(_metadata, self->fd, &self->recs, pid, calls[i],
				    ONE(MAP_COUNT));
		EXPECT_EQ(OOMTRACE_CAUSE_MAP_COUNT, rec->cause);
		EXPECT_EQ(1000, rec->limit);
		EXPECT_LE(1000, rec->used);
		EXPECT_GE(1002, rec->used);
		EXPECT_EQ(PAGE, rec->bytes);
		EXPECT_EQ(-ENOMEM, rec->ret);
		EXPECT_FALSE(HAS(rec, refused, cause2));
		EXPECT_FALSE(HAS(rec, refused, commit_seq));
	}
}

/* The number of maps of this process. Reading it does not change it. */
static long own_maps(void)
{
	char *text = slurp("/proc/self/maps", NULL);
	/* A page of the kernel is listed, and not counted. */
	long n = count_lines(text) - !!strstr(text, "[vsyscall]");

	free(text);
	return n;
}

static int advise_hole(void *unused)
{
	char *at = map_anonymous(2 * PAGE, PROT_READ, MAP_PRIVATE);
	long most = sysctl_get("vm/max_map_count");
	int failed;

	(void)unused;
	munmap(at + PAGE, PAGE);
	sysctl_write("vm/max_map_count", own_maps());
	failed = madvise(at, 2 * PAGE, MADV_NORMAL) && errno == ENOMEM ? 0 : 1;
	sysctl_write("vm/max_map_count", most);
	return failed;
}

/* It answers EAGAIN where it cannot split a map. */
TEST_F(refused, max_map_count_is_no_cause_of_an_enomem_of_madvise)
{
	pid_t pid = EXPECT_REFUSED(advise_hole, NULL);

	expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MADVISE,
		      ONE(UNKNOWN));
}

/* ---- address space and data ---- */

static int exceed_address_space(void *vm)
{
	limit_to(RLIMIT_AS, own_total_vm() * PAGE + MB(64));
	*(long *)vm = own_total_vm();
	return map_refused(MB(128));
}

TEST_F(refused, rlimit_as_is_the_cause)
{
	long *vm = alloc_shared(sizeof(*vm));
	const struct oomtrace_refused *rec;
	pid_t pid = EXPECT_REFUSED(exceed_address_space, vm);

	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MMAP,
			    ONE(RLIMIT_AS));
	EXPECT_EQ(*vm * PAGE, rec->used);
	EXPECT_EQ(*vm * PAGE + MB(64), rec->limit);
	EXPECT_EQ(MB(128), rec->bytes);
	EXPECT_TRUE(DERIVED(rec, refused, used));
}

/* The size and what is in use are together more than 64 bits can hold. */
static bool is_too_much(void)
{
	void *at = map_anonymous(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	return syscall(SYS_mremap, at, PAGE, -2UL * PAGE, MREMAP_MAYMOVE) == -1 &&
	       errno == ENOMEM;
}

static int grow_beyond_all(void *unused)
{
	(void)unused;
	limit_to(RLIMIT_AS, own_total_vm() * PAGE + MB(64));
	return is_too_much() ? 0 : 1;
}

TEST_F(refused, a_size_that_no_sum_can_hold_exceeds_the_limit)
{
	const struct oomtrace_refused *rec;
	pid_t pid;

	if (!is_too_much())
		SKIP(return, "this kernel takes such a size for invalid, not for too large");
	pid = EXPECT_REFUSED(grow_beyond_all, NULL);
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MREMAP,
			    ONE(RLIMIT_AS));
	EXPECT_EQ(-3UL * PAGE, rec->bytes);
	EXPECT_GT(rec->limit, rec->used);
}

TEST_F(refused, rlimit_data_is_the_cause)
{
	pid_t pid = EXPECT_REFUSED(exceed_data, NULL);
	const struct oomtrace_refused *rec;

	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MMAP,
			    ONE(RLIMIT_DATA));
	EXPECT_EQ(MB(64), rec->limit);
	EXPECT_GT(rec->limit, rec->used);
}

static int exceed_data_by_brk(void *top)
{
	limit_to(RLIMIT_DATA, MB(64));
	*(void **)top = sbrk(0);
	return syscall(SYS_brk, *(char **)top + MB(128)) == *(long *)top ? 0 : 1;
}

TEST_F(refused, brk_answers_with_the_old_break)
{
	long *top = alloc_shared(sizeof(*top));
	pid_t pid = EXPECT_REFUSED(exceed_data_by_brk, top);
	const struct oomtrace_refused *rec;

	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_BRK,
			    ONE(RLIMIT_DATA));
	EXPECT_EQ(*top, rec->ret);
	EXPECT_EQ(MB(128), rec->bytes);
}

static int exceed_both(void *unused)
{
	(void)unused;
	limit_to(RLIMIT_DATA, MB(64));
	limit_to(RLIMIT_AS, own_total_vm() * PAGE + MB(64));
	return map_refused(MB(128));
}

/* Shared memory is no data. */
static int exceed_one(void *unused)
{
	(void)unused;
	limit_to(RLIMIT_DATA, MB(64));
	limit_to(RLIMIT_AS, own_total_vm() * PAGE + MB(64));
	return map_anonymous(MB(128), PROT_READ | PROT_WRITE, MAP_SHARED) == MAP_FAILED &&
	       errno == ENOMEM ? 0 : 1;
}

TEST_F(refused, two_limits_that_explain_it_are_both_recorded)
{
	pid_t pid = EXPECT_REFUSED(exceed_both, NULL);
	const struct oomtrace_refused *rec;

	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MMAP,
			    ONE(RLIMIT_DATA) | ONE(RLIMIT_AS));
	EXPECT_EQ(OOMTRACE_CAUSE_RLIMIT_AS, rec->cause);
	EXPECT_EQ(OOMTRACE_CAUSE_RLIMIT_DATA, rec->cause2);
	EXPECT_EQ(MB(64), rec->limit2);
	EXPECT_TRUE(HAS(rec, refused, used2));
	EXPECT_FALSE(HAS(rec, refused, cause3));
	pid = EXPECT_REFUSED(exceed_one, NULL);
	expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MMAP,
		      ONE(RLIMIT_AS));
}

static int grow_by_mremap(void *unused)
{
	void *at = map_anonymous(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	(void)unused;
	limit_to(RLIMIT_AS, own_total_vm() * PAGE + MB(64));
	at = mremap(at, PAGE, MB(128), MREMAP_MAYMOVE);
	return at == MAP_FAILED && errno == ENOMEM ? 0 : 1;
}

TEST_F(refused, mremap_asks_for_what_is_added)
{
	pid_t pid = EXPECT_REFUSED(grow_by_mremap, NULL);
	const struct oomtrace_refused *rec;

	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MREMAP,
			    ONE(RLIMIT_AS));
	EXPECT_EQ(MB(128) - PAGE, rec->bytes);
}

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif

/* 0 if a copy of a map's address space is refused. */
static int copy_refused(size_t bytes, long spare_maps)
{
	void *at = map_anonymous(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	long most = sysctl_get("vm/max_map_count"), ret;

	if (spare_maps)
		sysctl_write("vm/max_map_count", own_maps() + spare_maps);
	else
		limit_to(RLIMIT_AS, own_total_vm() * PAGE + bytes / 2);
	ret = syscall(SYS_mremap, at, bytes, bytes, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
		      NULL);
	sysctl_write("vm/max_map_count", most);
	return ret == -1 && errno == ENOMEM ? 0 : 1;
}

static int copy_much(void *unused)
{
	(void)unused;
	return copy_refused(MB(64), 0);
}

static int copy_with_few_maps(void *unused)
{
	(void)unused;
	return copy_refused(PAGE, 4);
}

TEST_F(refused, mremap_that_keeps_the_old_map_asks_for_all_of_it)
{
	pid_t pid = EXPECT_REFUSED(copy_much, NULL);
	const struct oomtrace_refused *rec;

	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MREMAP,
			    ONE(RLIMIT_AS));
	EXPECT_EQ(MB(64), rec->bytes);
	pid = EXPECT_REFUSED(copy_with_few_maps, NULL);
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MREMAP,
			    ONE(MAP_COUNT));
	EXPECT_EQ(rec->used + 4, rec->limit);
	EXPECT_EQ(PAGE, rec->bytes);
}

#define IGNORE_RLIMIT_DATA	"/sys/module/kernel/parameters/ignore_rlimit_data"

static int exceed_data_only_by_brk(void *unused)
{
	char *top = sbrk(0);

	(void)unused;
	limit_to(RLIMIT_DATA, MB(1));
	if (map_anonymous(MB(4), PROT_READ | PROT_WRITE, MAP_PRIVATE) == MAP_FAILED)
		return 1;
	return syscall(SYS_brk, top + MB(2)) == (long)top ? 0 : 2;
}

TEST_F(refused, brk_is_limited_also_where_rlimit_data_is_ignored)
{
	const struct oomtrace_refused *rec;
	pid_t pid;

	if (spill(IGNORE_RLIMIT_DATA, "1"))
		SKIP(return, "this kernel cannot ignore RLIMIT_DATA");
	pid = EXPECT_REFUSED(exceed_data_only_by_brk, NULL);
	EXPECT_EQ(0, spill(IGNORE_RLIMIT_DATA, "0"));
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_BRK,
			    ONE(RLIMIT_DATA));
	EXPECT_EQ(MB(1), rec->limit);
	EXPECT_EQ(MB(2), rec->bytes);
}

static int exceed_the_hard_limit(void *unused)
{
	const struct rlimit limit = { 0, MB(64) };
	char *at = map_anonymous(2 * PAGE, PROT_NONE, MAP_PRIVATE), *top = sbrk(0);

	(void)unused;
	munmap(at + PAGE, PAGE);
	setrlimit(RLIMIT_DATA, &limit);
	if (!mprotect(at, 2 * PAGE, PROT_READ | PROT_WRITE) || errno != ENOMEM)
		return 1;
	if (syscall(SYS_brk, top + PAGE) != (long)top)
		return 2;
	return map_refused(MB(128));
}

/* The kernel does so for Valgrind, except in brk. */
TEST_F(refused, an_rlimit_data_of_0_means_the_hard_limit)
{
	pid_t pid = EXPECT_REFUSED(exceed_the_hard_limit, NULL);
	const struct oomtrace_refused *rec;

	expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MPROTECT,
		      ONE(UNKNOWN));
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MMAP,
			    ONE(RLIMIT_DATA));
	EXPECT_EQ(MB(64), rec->limit);
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_BRK,
			    ONE(RLIMIT_DATA));
	EXPECT_EQ(0, rec->limit);
}

/* All but the last page of these ranges is changed before the call fails. */
static int make_data_of_a_hole(void *unused)
{
	char *at = map_anonymous(MB(40) + PAGE, PROT_READ, MAP_PRIVATE);

	(void)unused;
	munmap(at + MB(40), PAGE);
	limit_to(RLIMIT_DATA, MB(64));
	return mprotect(at, MB(40) + PAGE, PROT_READ | PROT_WRITE) && errno == ENOMEM ?
	       0 : 1;
}

TEST_F(refused, data_that_the_call_itself_made_is_not_in_use_before)
{
	pid_t pid = EXPECT_REFUSED(make_data_of_a_hole, NULL);

	expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MPROTECT,
		      ONE(UNKNOWN));
}

/* ---- locked memory ---- */

static int lock_too_much(void *unused)
{
	void *at = map_anonymous(MB(1), PROT_READ | PROT_WRITE, MAP_PRIVATE);

	(void)unused;
	limit_to(RLIMIT_MEMLOCK, 64 << 10);
	become_user();
	if (!mlock(at, MB(1)) || errno != ENOMEM)
		return 1;
	return mlockall(MCL_CURRENT) && errno == ENOMEM ? 0 : 2;
}

TEST_F(refused, rlimit_memlock_is_the_cause)
{
	pid_t pid = EXPECT_REFUSED(lock_too_much, NULL);
	const struct oomtrace_refused *rec;

	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MLOCK,
			    ONE(RLIMIT_MEMLOCK));
	EXPECT_EQ(64 << 10, rec->limit);
	EXPECT_EQ(0, rec->used);
	EXPECT_EQ(1000, rec->uid);
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MLOCKALL,
			    ONE(RLIMIT_MEMLOCK));
	EXPECT_FALSE(HAS(rec, refused, bytes));
}

static int lock_a_hole(void *unused)
{
	char *at = map_anonymous(11 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	(void)unused;
	munmap(at + 10 * PAGE, PAGE);
	limit_to(RLIMIT_MEMLOCK, 16 * PAGE);
	become_user();
	return mlock(at, 11 * PAGE) && errno == ENOMEM ? 0 : 1;
}

TEST_F(refused, what_the_call_itself_locked_is_not_in_use_before)
{
	pid_t pid = EXPECT_REFUSED(lock_a_hole, NULL);

	expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MLOCK,
		      ONE(UNKNOWN));
}

/* ---- huge pages ---- */

static int ask_for_huge_pages(void *unused)
{
	void *at = map_anonymous(MB(64), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_HUGETLB);

	(void)unused;
	if (at != MAP_FAILED || errno != ENOMEM)
		return 1;
	return shmget(IPC_PRIVATE, MB(64), SHM_HUGETLB | 0600) < 0 &&
	       errno == ENOMEM ? 0 : 2;
}

TEST_F(refused, the_pool_of_huge_pages_is_the_cause)
{
	const struct oomtrace_refused *rec;
	pid_t pid;
	int i;

	if (!sysctl_exists("vm/nr_hugepages"))
		SKIP(return, "this kernel has no huge pages");
	sysctl_write("vm/nr_hugepages", 2);
	pid = EXPECT_REFUSED(ask_for_huge_pages, NULL);
	for (i = 0; i < 2; i++) {
		rec = expect_causes(_metadata, self->fd, &self->recs, pid,
				    i ? OOMTRACE_CALL_SHMGET : OOMTRACE_CALL_MMAP,
				    ONE(HUGETLB));
		EXPECT_EQ(0, rec->used);
		EXPECT_EQ(meminfo("HugePages_Free"), rec->limit);
		EXPECT_EQ(meminfo("Hugepagesize") / PAGE_KB, 1L << rec->order);
		EXPECT_EQ(MB(64), rec->bytes);
	}
}

static int map_huge_pages_without_reserve(void *unused)
{
	void *at;

	(void)unused;
	limit_to(RLIMIT_AS, own_total_vm() * PAGE + MB(32));
	at = map_anonymous(MB(64), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_HUGETLB | MAP_NORESERVE);
	return at == MAP_FAILED && errno == ENOMEM ? 0 : 1;
}

TEST_F(refused, the_pool_is_no_cause_where_no_huge_page_is_reserved)
{
	pid_t pid;

	if (!sysctl_exists("vm/nr_hugepages"))
		SKIP(return, "this kernel has no huge pages");
	sysctl_write("vm/nr_hugepages", 2);
	pid = EXPECT_REFUSED(map_huge_pages_without_reserve, NULL);
	expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MMAP,
		      ONE(RLIMIT_AS));
}

TEST_HARNESS_MAIN
