// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a commit record has the numbers that the kernel compared. Each is
 * checked against the kernel's own files, the limit is recomputed, and a search
 * finds the boundary between grant and refusal exactly where the record puts
 * it.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/swap.h>

#include "lib/commit.h"
#include "lib/test.h"

FIXTURE(terms) {
	int fd;
	struct records recs;
};

/*
 * The first decision in mode 2 arms the hook that also sees the return value.
 */
static void enter_mode_2(void)
{
	sysctl_set("vm/overcommit_memory", NEVER);
	ask(1);
}

FIXTURE_SETUP(terms)
{
	module_keep("");
	enter_mode_2();
	self->fd = device_open_at_end();
}

FIXTURE_TEARDOWN(terms)
{
	sysctl_restore();
	close(self->fd);
	records_free(&self->recs);
}

static long min(long a, long b)
{
	return a < b ? a : b;
}

/* The machine's own values, pages, while a setting is in force. */
struct machine {
	long totalram;
	long total_swap;
	long hugetlb;
	long limit;
	long admin_reserve;
	long user_reserve;
	long kbytes;
	long ratio;
	long total_vm;
	int err;
};

/* All fields from @pages to the last sysctl. */
#define TERMS	(OOMTRACE_BIT(commit, overcommit_ratio) * 2 - \
		 OOMTRACE_BIT(commit, pages))

/* Allocate nothing before the request: it may be refused. */
static void read_and_request(struct machine *m, long pages)
{
	m->totalram = meminfo("MemTotal") / PAGE_KB;
	m->total_swap = meminfo("SwapTotal") / PAGE_KB;
	m->hugetlb = 0;
	if (sysctl_exists("vm/nr_hugepages"))
		m->hugetlb = meminfo("Hugetlb") / PAGE_KB;
	m->limit = meminfo("CommitLimit") / PAGE_KB;
	m->admin_reserve = sysctl_get("vm/admin_reserve_kbytes") / PAGE_KB;
	m->user_reserve = sysctl_get("vm/user_reserve_kbytes") / PAGE_KB;
	m->kbytes = sysctl_get("vm/overcommit_kbytes");
	m->ratio = sysctl_get("vm/overcommit_ratio");
	m->total_vm = own_total_vm();
	m->err = ask(pages);
}

static void expect_terms(struct __test_metadata *_metadata,
			 const struct machine *m,
			 const struct oomtrace_commit *rec)
{
	long allowed, limit;

	/*
	 * In this mode, on a kernel with all variables, every term is present.
	 */
	EXPECT_EQ(TERMS, rec->h.valid & TERMS);
	EXPECT_EQ(0, rec->h.derived & TERMS &
		  ~OOMTRACE_BIT(commit, committed));
	EXPECT_EQ(m->totalram, rec->totalram);
	EXPECT_EQ(m->total_swap, rec->total_swap);
	EXPECT_EQ(m->hugetlb, rec->hugetlb);
	EXPECT_EQ(m->kbytes, rec->overcommit_kbytes);
	EXPECT_EQ(m->ratio, rec->overcommit_ratio);
	EXPECT_EQ(m->admin_reserve, rec->admin_reserve);
	EXPECT_EQ(m->user_reserve, rec->user_reserve);
	EXPECT_EQ(m->limit, rec->limit);

	/* The kernel's arithmetic on the values of its files. */
	if (m->kbytes)
		limit = m->kbytes / PAGE_KB;
	else
		limit = (m->totalram - m->hugetlb) * m->ratio / 100;
	limit += m->total_swap;
	EXPECT_EQ(limit, rec->limit);
	allowed = limit;
	if (!rec->cap_sys_admin)
		allowed -= m->admin_reserve;
	allowed -= min(rec->total_vm / 32, m->user_reserve);
	EXPECT_EQ(allowed, rec->allowed);
}

static void check_setting(struct __test_metadata *_metadata, int fd,
			  struct records *recs)
{
	const struct oomtrace_commit *rec;
	struct machine m;

	read_and_request(&m, TEN_GIB_PAGES);
	/* Allow the test's own allocations again. */
	sysctl_restore();
	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(ENOMEM, m.err);
	records_free(recs);
	device_drain(fd, recs);
	rec = commit_of(recs, getpid(), TEN_GIB_PAGES);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(m.total_vm, rec->total_vm);
	expect_terms(_metadata, &m, rec);
}

TEST_F(terms, every_term_has_the_kernels_value)
{
	check_setting(_metadata, self->fd, &self->recs);
}

TEST_F(terms, limit_by_ratio)
{
	static const int ratios[] = { 0, 1, 33, 50, 99, 100, 250 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ratios); i++) {
		sysctl_set("vm/overcommit_ratio", ratios[i]);
		check_setting(_metadata, self->fd, &self->recs);
	}
}

TEST_F(terms, limit_by_kbytes)
{
	/* Odd values: the kernel rounds them down to pages. */
	static const long kbytes[] = { 1, 3, 4, 200000, 200003, 2000000 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kbytes); i++) {
		sysctl_set("vm/overcommit_kbytes", kbytes[i]);
		check_setting(_metadata, self->fd, &self->recs);
	}
}

TEST_F(terms, reserves)
{
	/* total_vm / 32 caps the user reserve: test both sides of the cap. */
	static const long reserves[][2] = {
		{ 0, 0 }, { 8, 8 }, { 8192, 4 }, { 100000, 1000000 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reserves); i++) {
		sysctl_set("vm/admin_reserve_kbytes", reserves[i][0]);
		sysctl_set("vm/user_reserve_kbytes", reserves[i][1]);
		check_setting(_metadata, self->fd, &self->recs);
	}
}

TEST_F(terms, huge_pages_reduce_the_limit)
{
	const struct oomtrace_commit *rec;

	if (!sysctl_exists("vm/nr_hugepages"))
		SKIP(return, "this kernel has no huge pages");
	sysctl_set("vm/nr_hugepages", 4);
	if (sysctl_get("vm/nr_hugepages") != 4)
		SKIP(return, "the kernel cannot allocate 4 huge pages");
	check_setting(_metadata, self->fd, &self->recs);
	rec = commit_of(&self->recs, getpid(), TEN_GIB_PAGES);
	EXPECT_EQ(4 * meminfo("Hugepagesize") / PAGE_KB, rec->hugetlb);
}

static int run_shell(const char *command)
{
	char said[1024];

	return run_program(said, sizeof(said),
			   (char *[]){ "sh", "-c", (char *)command, NULL });
}

TEST_F(terms, swap_is_part_of_the_limit)
{
	sysctl_set("vm/overcommit_memory", GUESS);
	if (run_shell("modprobe zram && echo 32M >/sys/block/zram0/disksize && "
		      "mkswap /dev/zram0") || swapon("/dev/zram0", 0))
		SKIP(return, "no zram for swap");
	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_LT(0, meminfo("SwapTotal"));
	check_setting(_metadata, self->fd, &self->recs);
	sysctl_set("vm/overcommit_memory", GUESS);
	EXPECT_EQ(0, swapoff("/dev/zram0"));
	EXPECT_EQ(0, run_shell("modprobe -r zram"));
}

/* ---- access to the reserves ---- */

static int read_and_request_as_user(void *arg)
{
	become_user();
	read_and_request(arg, TEN_GIB_PAGES);
	return 0;
}

static int read_and_request_without_capability(void *arg)
{
	drop_capability(CAP_SYS_ADMIN);
	read_and_request(arg, TEN_GIB_PAGES);
	return 0;
}

static void expect_no_admin(struct __test_metadata *_metadata, int fd,
			    struct records *recs, int (*fn)(void *))
{
	const struct oomtrace_commit *rec;
	struct machine *m;
	pid_t pid;

	m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, m);
	pid = start_child(fn, m);
	EXPECT_EQ(0, wait_child(pid));
	device_drain(fd, recs);
	rec = commit_of(recs, pid, TEN_GIB_PAGES);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(0, rec->cap_sys_admin);
	EXPECT_EQ(m->total_vm, rec->total_vm);
	expect_terms(_metadata, m, rec);
	/* The reserve makes a visible difference. */
	EXPECT_LT(0, rec->admin_reserve);
	EXPECT_EQ(rec->limit - rec->admin_reserve -
		  min(rec->total_vm / 32, rec->user_reserve), rec->allowed);
}

TEST_F(terms, another_user_has_no_admin_reserve)
{
	expect_no_admin(_metadata, self->fd, &self->recs,
			read_and_request_as_user);
}

TEST_F(terms, root_without_the_capability_has_no_admin_reserve)
{
	expect_no_admin(_metadata, self->fd, &self->recs,
			read_and_request_without_capability);
}

/* ---- the counter ---- */

TEST_F(terms, committed_is_the_counter_after_the_charge)
{
	long before, after, batch = meminfo("MemTotal") / PAGE_KB / 64 + 1024;
	const struct oomtrace_commit *rec;

	before = meminfo("Committed_AS") / PAGE_KB;
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	after = meminfo("Committed_AS") / PAGE_KB;
	device_drain(self->fd, &self->recs);
	rec = commit_of(&self->recs, getpid(), TEN_GIB_PAGES);
	ASSERT_NE(NULL, rec);
	/* /proc shows the exact sum; the decision uses an approximate one. */
	EXPECT_GE(rec->committed - TEN_GIB_PAGES, min(before, after) - batch);
	EXPECT_LE(rec->committed - TEN_GIB_PAGES, after + batch);
}

static void search_edge(struct __test_metadata *_metadata, int cpu)
{
	long granted = 1, refused = meminfo("MemTotal") / PAGE_KB;
	const struct oomtrace_commit *yes, *no;
	struct records recs = { };
	int fd, tries = 0;

	pin_to_cpu(cpu);
again:
	granted = 1;
	refused = meminfo("MemTotal") / PAGE_KB;
	fd = device_open_at_end();
	while (refused - granted > 1) {
		long middle = granted + (refused - granted) / 2;

		if (ask(middle))
			refused = middle;
		else
			granted = middle;
	}
	/* Repeat both neighbours. */
	EXPECT_EQ(0, ask(granted));
	EXPECT_EQ(ENOMEM, ask(refused));
	device_drain(fd, &recs);
	close(fd);
	yes = commit_of(&recs, getpid(), granted);
	no = commit_of(&recs, getpid(), refused);
	ASSERT_NE(NULL, yes);
	ASSERT_NE(NULL, no);
	EXPECT_EQ(0, yes->ret);
	EXPECT_EQ(-ENOMEM, no->ret);
	/* Another process mapped memory meanwhile: search again. */
	if ((DERIVED(yes, commit, committed) ||
	     DERIVED(no, commit, committed) ||
	     no->committed - yes->committed != 1) && tries++ < 5) {
		records_free(&recs);
		goto again;
	}
	EXPECT_FALSE(DERIVED(yes, commit, committed));
	EXPECT_FALSE(DERIVED(no, commit, committed));
	/* One more page makes the counter reach the limit. */
	EXPECT_EQ(no->allowed, no->committed);
	EXPECT_EQ(yes->allowed - 1, yes->committed);
	EXPECT_EQ(yes->allowed, no->allowed);
	records_free(&recs);
}

TEST_F(terms, the_record_has_the_exact_edge_between_grant_and_refusal)
{
	close(self->fd);
	module_start("commit_records=all");
	enter_mode_2();
	self->fd = device_open_at_end();
	search_edge(_metadata, 0);
	search_edge(_metadata, sysconf(_SC_NPROCESSORS_ONLN) - 1);
}

static int search_edge_as_nobody(void *arg)
{
	struct { long granted, refused; } *edge = arg;

	become_user();
	edge->granted = 1;
	edge->refused = meminfo("MemTotal") / PAGE_KB;
	while (edge->refused - edge->granted > 1) {
		long middle = (edge->granted + edge->refused) / 2;

		if (ask(middle))
			edge->refused = middle;
		else
			edge->granted = middle;
	}
	return ask(edge->refused) == ENOMEM ? 0 : 1;
}

TEST_F(terms, the_exact_edge_without_the_admin_reserve)
{
	struct { long granted, refused; } *edge;
	const struct oomtrace_commit *no;
	int tries = 0;
	pid_t pid;

	pin_to_cpu(0);
	edge = mmap(NULL, sizeof(*edge), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, edge);
again:
	pid = start_child(search_edge_as_nobody, edge);
	EXPECT_EQ(0, wait_child(pid));
	device_drain(self->fd, &self->recs);
	no = commit_of(&self->recs, pid, edge->refused);
	ASSERT_NE(NULL, no);
	/* As above: another process may have mapped memory meanwhile. */
	if (no->allowed != no->committed && tries++ < 5)
		goto again;
	EXPECT_EQ(no->allowed, no->committed)
		TH_LOG("derived: %d", DERIVED(no, commit, committed));
}

TEST_F(terms, small_requests_leave_the_counter_where_the_kernel_reads_it)
{
	const struct oomtrace_commit *rec;
	long i, n = 0, derived = 0;

	close(self->fd);
	module_start("commit_records=all");
	enter_mode_2();
	self->fd = device_open_at_end();
	pin_to_cpu(0);
	for (i = 1; i <= 500; i++)
		EXPECT_EQ(0, ask(i));
	device_drain(self->fd, &self->recs);
	for (i = 1; i <= 500; i++) {
		rec = commit_of(&self->recs, getpid(), i);
		if (!rec)
			continue;
		n++;
		derived += DERIVED(rec, commit, committed);
		EXPECT_LT(rec->committed, rec->allowed);
	}
	EXPECT_EQ(500, n);
	/* No other process maps anything, so almost all are exact. */
	EXPECT_GT(25, derived);
}

TEST_HARNESS_MAIN
