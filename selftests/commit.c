// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: each refused request for address space is recorded once, whichever
 * task made it. Grants are counted, and recorded on request.
 */
#include <limits.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include "lib/commit.h"
#include "lib/test.h"

FIXTURE(commit) {
	int fd;
	struct records recs;
};

FIXTURE_SETUP(commit)
{
	module_keep("");
	self->fd = device_open_at_end();
}

FIXTURE_TEARDOWN(commit)
{
	sysctl_restore();
	close(self->fd);
	records_free(&self->recs);
}

/* ---- one refusal, one record ---- */

/* The inode of this process's cgroup directory; 0 without cgroup v2. */
static unsigned long long own_cgroup(void)
{
	char *text = slurp("/proc/self/cgroup", NULL);
	char *at = strstr(text, "0::/");
	char path[256];
	struct stat st;

	if (!at)
		return 0;
	snprintf(path, sizeof(path), "/sys/fs/cgroup%.*s",
		 (int)strcspn(at + 3, "\n"), at + 3);
	free(text);
	return stat(path, &st) ? 0 : st.st_ino;
}

TEST_F(commit, mode_2_refusal_is_recorded_once_with_task_and_size)
{
	const struct oomtrace_commit *rec;
	char comm[OOMTRACE_COMM_LEN] = "";
	unsigned long long from, to;

	sysctl_set("vm/overcommit_memory", NEVER);
	prctl(PR_GET_NAME, comm);
	from = now_ns();
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	to = now_ns();
	device_drain(self->fd, &self->recs);

	EXPECT_EQ(1, commits_by(&self->recs, getpid()));
	rec = commit_of(&self->recs, getpid(), TEN_GIB_PAGES);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(getpid(), rec->tgid);
	EXPECT_EQ(0, rec->uid);
	EXPECT_EQ(-ENOMEM, rec->ret);
	EXPECT_EQ(NEVER, rec->mode);
	EXPECT_EQ(OOMTRACE_ORIGIN_MMAP, rec->origin);
	EXPECT_EQ(1, rec->cap_sys_admin);
	EXPECT_EQ(0, memcmp(comm, rec->comm, sizeof(comm)))
		TH_LOG("comm '%s', recorded '%.16s'", comm, rec->comm);
	if (own_cgroup())
		EXPECT_EQ(own_cgroup(), rec->cgroup_id);
	EXPECT_EQ(OOMTRACE_RING_COMMIT, rec->h.flags & OOMTRACE_FLAG_RING);
	EXPECT_LE(from, rec->h.ts_ns);
	EXPECT_GE(to, rec->h.ts_ns);
}

TEST_F(commit, mode_2_refusal_explains_itself)
{
	const struct oomtrace_commit *rec;

	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	device_drain(self->fd, &self->recs);
	rec = commit_of(&self->recs, getpid(), TEN_GIB_PAGES);
	ASSERT_NE(NULL, rec);
	EXPECT_TRUE(HAS(rec, commit, committed));
	EXPECT_TRUE(HAS(rec, commit, allowed));
	/* The kernel grants if committed < allowed. */
	EXPECT_GE(rec->committed, rec->allowed);
	EXPECT_GE(rec->committed, TEN_GIB_PAGES);
}

TEST_F(commit, mode_0_refuses_what_ram_and_swap_cannot_hold)
{
	long most = (meminfo("MemTotal") + meminfo("SwapTotal")) / PAGE_KB;
	const struct oomtrace_commit *rec;

	sysctl_set("vm/overcommit_memory", GUESS);
	EXPECT_EQ(0, ask(most));
	EXPECT_EQ(ENOMEM, ask(most + 1));
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(1, commits_by(&self->recs, getpid()));
	rec = commit_of(&self->recs, getpid(), most + 1);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(-ENOMEM, rec->ret);
	EXPECT_EQ(GUESS, rec->mode);
	EXPECT_EQ(most, rec->allowed);
	EXPECT_EQ(rec->totalram + rec->total_swap, rec->allowed);
	/* This mode compares no counter. */
	EXPECT_FALSE(HAS(rec, commit, committed));
}

TEST_F(commit, mode_1_refuses_and_records_nothing_but_counts)
{
	unsigned long long granted, denied;

	sysctl_set("vm/overcommit_memory", ALWAYS);
	granted = stat_decisions(ALWAYS, false);
	denied = stat_decisions(ALWAYS, true);
	EXPECT_EQ(0, ask(TEN_GIB_PAGES));
	EXPECT_EQ(0, ask(100 * TEN_GIB_PAGES));
	EXPECT_LE(granted + 2, stat_decisions(ALWAYS, false));
	EXPECT_EQ(denied, stat_decisions(ALWAYS, true));
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(0, commits_by(&self->recs, getpid()));
}

TEST_F(commit, the_first_refusal_after_a_switch_of_mode_is_recorded)
{
	int i;

	for (i = 0; i < 100; i++) {
		sysctl_set("vm/overcommit_memory", i % 2 ? GUESS : ALWAYS);
		EXPECT_EQ(0, ask(1));
		/* Sometimes leave time for deferred work. */
		if (i % 10 == 0)
			sleep_ms(50);
		sysctl_set("vm/overcommit_memory", NEVER);
		EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES + i));
	}
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(100, commits_by(&self->recs, getpid()));
	for (i = 0; i < 100; i++)
		EXPECT_NE(NULL, commit_of(&self->recs, getpid(),
					  TEN_GIB_PAGES + i))
			TH_LOG("refusal %d has no record", i);
}

TEST_F(commit, the_first_refusal_after_a_switch_to_mode_0_is_recorded)
{
	int i;

	for (i = 0; i < 50; i++) {
		sysctl_set("vm/overcommit_memory", i % 2 ? NEVER : ALWAYS);
		EXPECT_EQ(0, ask(1));
		if (i % 10 == 0)
			sleep_ms(50);
		sysctl_set("vm/overcommit_memory", GUESS);
		EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES + i));
	}
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(50, commits_by(&self->recs, getpid()));
	for (i = 0; i < 50; i++)
		EXPECT_NE(NULL, commit_of(&self->recs, getpid(),
					  TEN_GIB_PAGES + i))
			TH_LOG("refusal %d has no record", i);
}

/* ---- absurd sizes: System V accepts what mmap() rejects at once ---- */

static void expect_absurd_refused(struct __test_metadata *_metadata, int fd,
				  struct records *recs, int mode, size_t bytes)
{
	/* The kernel rounds a signed size up, which overflows for the largest. */
	const long pages = (long)((bytes + PAGE - 1) & -PAGE) / PAGE;
	const struct oomtrace_commit *rec;

	sysctl_set("vm/overcommit_memory", mode);
	errno = 0;
	EXPECT_EQ(-1, shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600));
	EXPECT_EQ(ENOMEM, errno);
	device_drain(fd, recs);
	EXPECT_EQ(1, commits_by(recs, getpid()));
	rec = commit_of(recs, getpid(), pages);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(-ENOMEM, rec->ret);
	EXPECT_EQ(OOMTRACE_ORIGIN_SHMEM, rec->origin);
	/* Both are unsigned in the kernel's comparison. */
	EXPECT_LT((unsigned long)rec->allowed, (unsigned long)pages);
	EXPECT_FALSE(DERIVED(rec, commit, ret));
	if (mode == NEVER) {
		EXPECT_GE(rec->committed, pages);
		EXPECT_LT(rec->committed - pages, 1L << 30);
	}
}

TEST_F(commit, five_exabytes_are_recorded_in_mode_0)
{
	expect_absurd_refused(_metadata, self->fd, &self->recs, GUESS, 5000000000000000000);
}

/* Mode 2 grants it: the counter is negative then, and counts as 0. */
TEST_F(commit, a_size_that_overflows_is_recorded_in_mode_0)
{
	expect_absurd_refused(_metadata, self->fd, &self->recs, GUESS, LONG_MAX);
}

TEST_F(commit, five_exabytes_are_recorded_in_mode_2)
{
	expect_absurd_refused(_metadata, self->fd, &self->recs, NEVER, 5000000000000000000);
}

TEST_F(commit, the_most_pages_a_file_can_have_are_recorded)
{
	expect_absurd_refused(_metadata, self->fd, &self->recs, NEVER, LONG_MAX - PAGE + 1);
}

/* ---- commit_records ---- */

TEST_F(commit, grants_are_counted_but_not_recorded_by_default)
{
	unsigned long long before;
	char value[32];
	int i;

	module_param("commit_records", value, sizeof(value));
	EXPECT_STREQ("denied", value);
	sysctl_set("vm/overcommit_memory", NEVER);
	before = stat_decisions(NEVER, false);
	for (i = 0; i < 50; i++)
		EXPECT_EQ(0, ask(100 + i));
	EXPECT_LE(before + 50, stat_decisions(NEVER, false));
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(0, commits_by(&self->recs, getpid()));
}

/* With commit_records=all. */
FIXTURE(all) {
	int fd;
	struct records recs;
};

FIXTURE_SETUP(all)
{
	module_keep("commit_records=all");
	self->fd = device_open_at_end();
}

FIXTURE_TEARDOWN(all)
{
	sysctl_restore();
	close(self->fd);
	records_free(&self->recs);
}

static void expect_grant_recorded(struct __test_metadata *_metadata, int fd,
				  struct records *recs, int mode)
{
	const struct oomtrace_commit *rec;

	sysctl_set("vm/overcommit_memory", mode);
	EXPECT_EQ(0, ask(777));
	device_drain(fd, recs);
	rec = commit_of(recs, getpid(), 777);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(0, rec->ret);
	EXPECT_EQ(mode, rec->mode);
	EXPECT_EQ(OOMTRACE_ORIGIN_MMAP, rec->origin);
	EXPECT_EQ(mode == NEVER, HAS(rec, commit, committed));
	EXPECT_EQ(mode != ALWAYS, HAS(rec, commit, allowed));
	if (mode == NEVER)
		EXPECT_LT(rec->committed, rec->allowed);
}

TEST_F(all, grants_of_mode_0_are_recorded)
{
	expect_grant_recorded(_metadata, self->fd, &self->recs, GUESS);
}

TEST_F(all, grants_of_mode_1_are_recorded)
{
	expect_grant_recorded(_metadata, self->fd, &self->recs, ALWAYS);
}

TEST_F(all, grants_of_mode_2_are_recorded)
{
	expect_grant_recorded(_metadata, self->fd, &self->recs, NEVER);
}

TEST_F(commit, none_records_nothing_but_counts)
{
	unsigned long long denied;

	close(self->fd);
	module_start("commit_records=none");
	self->fd = device_open_at_end();
	sysctl_set("vm/overcommit_memory", NEVER);
	denied = stat_decisions(NEVER, true);
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	EXPECT_EQ(denied + 1, stat_decisions(NEVER, true));
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_COMMIT));
}

#define ASKERS	4
#define TIMES	250

/* Start together: while 10 GiB are being refused, a fork may be refused too. */
static int request_repeatedly(void *gate)
{
	char c;
	int i;

	close(((int *)gate)[1]);
	if (read(((int *)gate)[0], &c, 1))
		return 1;
	for (i = 0; i < TIMES; i++)
		if (ask(TEN_GIB_PAGES + i) != ENOMEM)
			return 1;
	return 0;
}

TEST_F(commit, each_of_1000_denials_in_4_processes_is_counted_and_recorded)
{
	unsigned long long before, unrecorded;
	pid_t pid[ASKERS];
	size_t i, denied = 0;
	int n, gate[2];

	ASSERT_EQ(0, pipe(gate));
	sysctl_set("vm/overcommit_memory", NEVER);
	before = stat_decisions(NEVER, true);
	unrecorded = stat_number("not recorded");
	for (n = 0; n < ASKERS; n++)
		pid[n] = start_child(request_repeatedly, gate);
	close(gate[1]);
	for (n = 0; n < ASKERS; n++)
		EXPECT_EQ(0, wait_child(pid[n]));
	device_drain(self->fd, &self->recs);
	for (i = 0; i < self->recs.n; i++)
		denied += self->recs.r[i].h.type == OOMTRACE_COMMIT &&
			  self->recs.r[i].commit.ret == -ENOMEM;
	for (n = 0; n < ASKERS; n++)
		EXPECT_EQ(TIMES, commits_by(&self->recs, pid[n]));
	EXPECT_EQ(0, stat_number("not recorded") - unrecorded);
	EXPECT_EQ(before + denied, stat_decisions(NEVER, true));
}

/* ---- the task that made the request ---- */

static void expect_comm_escaped(struct __test_metadata *_metadata, int fd,
				struct records *recs, const char *name,
				const char *escaped)
{
	const struct oomtrace_commit *rec;
	char raw[OOMTRACE_COMM_LEN] = "", line[1024], want[128], *text;
	size_t lines = 0, records, i;

	memcpy(raw, name, strlen(name));
	ASSERT_EQ(0, prctl(PR_SET_NAME, name));
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	device_drain(fd, recs);
	rec = commit_of(recs, getpid(), TEN_GIB_PAGES);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(0, memcmp(raw, rec->comm, sizeof(raw)));

	text = slurp(DEBUGFS "/trace", NULL);
	snprintf(want, sizeof(want), " comm=\"%s\" ", escaped);
	line_with(text, want, line, sizeof(line));
	EXPECT_IN(" commit: ", line);
	for (i = 0; text[i]; i++) {
		lines += text[i] == '\n';
		if (text[i] != '\n')
			EXPECT_TRUE(text[i] >= 0x20 && text[i] < 0x7f);
	}
	/*
	 * Two lines are the heading. A reader from the start sees all records.
	 */
	records_free(recs);
	lseek(fd, 0, SEEK_SET);
	device_drain(fd, recs);
	records = recs->n;
	EXPECT_EQ(records + 2, lines) TH_LOG("%s", text);
	free(text);
}

TEST_F(commit, odd_names_are_raw_in_the_record_and_escaped_in_the_text)
{
	static const struct {
		const char *name;
		const char *escaped;
	} odd[] = {
		{ "two words", "two words" },
		{ "new\nline", "new\\nline" },
		{ "\"quote\\'", "\\\"quote\\\\'" },
		{ "\x01\x1b[31m\x7f", "\\x01\\x1b[31m\\x7f" },
		{ "\x80\xc3\xa9\xfe\xff", "\\x80\\xc3\\xa9\\xfe\\xff" },
		{ "fifteen bytes !", "fifteen bytes !" },
		{ "", "" },
		{ "x commit: ret=0", "x commit: ret=0" },
	};
	size_t i;

	sysctl_set("vm/overcommit_memory", NEVER);
	for (i = 0; i < ARRAY_SIZE(odd); i++)
		expect_comm_escaped(_metadata, self->fd, &self->recs, odd[i].name,
				    odd[i].escaped);
}

static int request_as_user(void *unused)
{
	(void)unused;
	become_user();
	return ask(TEN_GIB_PAGES) == ENOMEM ? 0 : 1;
}

TEST_F(commit, another_users_denial_has_its_uid)
{
	const struct oomtrace_commit *rec;
	pid_t pid;

	sysctl_set("vm/overcommit_memory", NEVER);
	pid = start_child(request_as_user, NULL);
	EXPECT_EQ(0, wait_child(pid));
	device_drain(self->fd, &self->recs);
	rec = commit_of(&self->recs, pid, TEN_GIB_PAGES);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(1000, rec->uid);
	EXPECT_EQ(0, rec->cap_sys_admin);
}

static int request_in_thread(void *unused)
{
	(void)unused;
	return ask(TEN_GIB_PAGES) == ENOMEM ? 0 : 1;
}

TEST_F(commit, a_threads_denial_has_its_pid_and_the_processes_tgid)
{
	const struct oomtrace_commit *rec;
	static char stack[1 << 16] __attribute__((aligned(16)));
	int status;
	pid_t tid;

	sysctl_set("vm/overcommit_memory", NEVER);
	/*
	 * A thread of this process, without libpthread; its exit shows in
	 * /proc.
	 */
	tid = clone(request_in_thread, stack + sizeof(stack),
		    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		    CLONE_THREAD, NULL);
	ASSERT_LT(0, tid);
	for (status = 0; status < 500; status++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/task/%d", tid);
		if (access(path, F_OK))
			break;
		sleep_ms(10);
	}
	device_drain(self->fd, &self->recs);
	rec = commit_of(&self->recs, tid, TEN_GIB_PAGES);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(getpid(), rec->tgid);
}

TEST_HARNESS_MAIN
