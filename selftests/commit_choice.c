// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: users choose which commit decisions are recorded: by a filter, as
 * text or by ioctl; near misses; marks for changed sysctls; stacks of denials.
 * All decisions are counted, whatever the choice.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/shm.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"

#define FILTER		DEBUGFS "/filter"
#define NEAR		DEBUGFS "/near_percent"

FIXTURE(choice) {
	int fd;
	struct records recs;
};

/* What an earlier test may have chosen. */
static void restore_choice(void)
{
	if (spill(DEBUGFS "/enable", "1") || spill(DEBUGFS "/commit_records", "denied") ||
	    spill(FILTER, "none") || spill(NEAR, "0"))
		die("cannot restore the module's settings");
}

FIXTURE_SETUP(choice)
{
	module_keep("");
	restore_choice();
	sysctl_set("vm/overcommit_memory", NEVER);
	/* The first decision writes a mark, which the tests do not expect. */
	ask(1);
	self->fd = device_open_at_end();
}

FIXTURE_TEARDOWN(choice)
{
	sysctl_restore();
	close(self->fd);
	records_free(&self->recs);
}

/* ---- filters ---- */

/* Is a refused request recorded? */
static bool is_recorded(int fd, long pages)
{
	struct records recs = { 0 };
	bool found;

	device_drain(fd, &recs);
	records_free(&recs);
	recs = (struct records){ 0 };
	if (ask(pages) != ENOMEM)
		die("%ld pages were not refused", pages);
	device_drain(fd, &recs);
	found = commit_of(&recs, getpid(), pages);
	records_free(&recs);
	return found;
}

/* This process's memory cgroup, from its own record. */
static long long cgroup_id(int fd)
{
	const long pages = TEN_GIB_PAGES + 1;
	struct records recs = { 0 };
	long long id;

	ask(pages);
	device_drain(fd, &recs);
	id = commit_of(&recs, getpid(), pages)->cgroup_id;
	records_free(&recs);
	return id;
}

TEST_F(choice, each_word_of_a_filter_passes_or_drops)
{
	char comm[OOMTRACE_COMM_LEN] = "", text[128];
	const long pages = TEN_GIB_PAGES;
	size_t i;

	prctl(PR_GET_NAME, comm);
	struct {
		const char *fmt;
		long long yes, no;
	} words[] = {
		{ "pid=%lld", getpid(), 1 },
		{ "tgid=%lld", getpid(), 1 },
		{ "uid=%lld", 0, 1000 },
		{ "min_pages=%lld", pages, pages + 1 },
		{ "mode=%lld", 2, 0 },
		{ "cgroup_id=%lld", cgroup_id(self->fd), 1LL << 40 },
	};

	ASSERT_TRUE(is_recorded(self->fd, pages));
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		snprintf(text, sizeof(text), words[i].fmt, words[i].no);
		ASSERT_EQ(0, spill(FILTER, text)) TH_LOG("%s", text);
		EXPECT_FALSE(is_recorded(self->fd, pages)) TH_LOG("%s", text);
		snprintf(text, sizeof(text), words[i].fmt, words[i].yes);
		ASSERT_EQ(0, spill(FILTER, text)) TH_LOG("%s", text);
		EXPECT_TRUE(is_recorded(self->fd, pages)) TH_LOG("%s", text);
	}
	snprintf(text, sizeof(text), "comm=%s", comm);
	ASSERT_EQ(0, spill(FILTER, text));
	EXPECT_TRUE(is_recorded(self->fd, pages));
	ASSERT_EQ(0, spill(FILTER, "comm=somebody-else"));
	EXPECT_FALSE(is_recorded(self->fd, pages));
	ASSERT_EQ(0, spill(FILTER, "outcome=granted"));
	EXPECT_FALSE(is_recorded(self->fd, pages));
	ASSERT_EQ(0, spill(FILTER, "outcome=denied"));
	EXPECT_TRUE(is_recorded(self->fd, pages));
	/* All words must match. */
	snprintf(text, sizeof(text), "pid=%d mode=0", getpid());
	ASSERT_EQ(0, spill(FILTER, text));
	EXPECT_FALSE(is_recorded(self->fd, pages));
	ASSERT_EQ(0, spill(FILTER, "none\n"));
	EXPECT_TRUE(is_recorded(self->fd, pages));
}

/* In mode 0 the kernel refuses it for its size, which has become negative. */
TEST_F(choice, a_size_that_overflows_is_not_too_small_for_a_filter)
{
	sysctl_set("vm/overcommit_memory", GUESS);
	ASSERT_EQ(0, spill(FILTER, "min_pages=9223372036854775807"));
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	EXPECT_EQ(-1, shmget(IPC_PRIVATE, LONG_MAX, IPC_CREAT | 0600));
	EXPECT_EQ(ENOMEM, errno);
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(1, commits_by(&self->recs, getpid()));
	EXPECT_NE(NULL, commit_of(&self->recs, getpid(), LONG_MIN / PAGE));
	EXPECT_EQ(0, spill(FILTER, "none"));
}

TEST_F(choice, filtered_decisions_are_counted)
{
	unsigned long long before, after;

	ASSERT_EQ(0, spill(FILTER, "pid=1"));
	before = stat_decisions(NEVER, true);
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	after = stat_decisions(NEVER, true);
	EXPECT_EQ(before + 1, after);
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(0, commits_by(&self->recs, getpid()));
}

TEST_F(choice, a_bad_filter_changes_nothing_and_the_log_names_the_word)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{ "pid", "'pid' is not name=value" },
		{ "pid=abc", "'abc' is not a valid pid" },
		{ "pid=", "'' is not a valid pid" },
		{ "colour=red", "'colour' is not a field" },
		{ "mode=3", "'3' is not a valid mode" },
		{ "outcome=maybe", "'maybe' is not a valid outcome" },
		{ "uid=-1", "'-1' is not a valid uid" },
		{ "comm=", "'' is not a valid comm" },
		{ "comm=a-name-of-16-chr", "is not a valid comm" },
		{ "pid=1 pid=2", "pid is given twice" },
		{ "min_pages=99999999999999999999", "is not a valid min_pages" },
	};
	int kmsg = kmsg_open();
	char *log, *now;
	size_t i;

	ASSERT_EQ(0, spill(FILTER, "pid=7 outcome=denied"));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, spill(FILTER, bad[i].text))
			TH_LOG("%s", bad[i].text);
		now = slurp(FILTER, NULL);
		EXPECT_STREQ("pid=7 outcome=denied\n", now);
		free(now);
		log = kmsg_text(kmsg);
		/* The log is rate-limited to 10 lines in 5 seconds. */
		if (i < 9)
			EXPECT_IN(bad[i].word, log);
		free(log);
	}
	close(kmsg);
}

TEST_F(choice, the_filter_by_ioctl_is_the_filter_as_text)
{
	struct oomtrace_filter f = {
		.size = sizeof(f),
		.mask = OOMTRACE_FILTER_COMM | OOMTRACE_FILTER_MIN_PAGES,
		.comm = "a b",
		.min_pages = 5,
	}, got = { .size = sizeof(got) };
	char *text;

	ASSERT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_SET_FILTER, &f));
	ASSERT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_GET_FILTER, &got));
	EXPECT_EQ(0, memcmp(&f, &got, sizeof(f)));
	text = slurp(FILTER, NULL);
	EXPECT_STREQ("comm=a b min_pages=5\n", text);
	free(text);

	f = (struct oomtrace_filter){ .size = sizeof(f) };
	ASSERT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_SET_FILTER, &f));
	text = slurp(FILTER, NULL);
	EXPECT_STREQ("none\n", text);
	free(text);
}

TEST_F(choice, an_invalid_filter_by_ioctl_is_refused)
{
	const struct oomtrace_filter sane = {
		.size = sizeof(sane), .mask = OOMTRACE_FILTER_PID, .pid = 1,
	};
	struct oomtrace_filter f;

#define REFUSED(change) do {						\
	f = sane;							\
	change;								\
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_SET_FILTER, &f))	\
		TH_LOG("%s", #change);					\
	EXPECT_EQ(EINVAL, errno);					\
} while (0)
	REFUSED(f.size--);
	REFUSED(f.mask |= 256);
	REFUSED(f.reserved[0] = 1);
	REFUSED(f.reserved[1] = 1);
	REFUSED(f.tgid = 1);
	REFUSED(f.comm[0] = 'x');
	REFUSED(f.mode = 1);
	REFUSED((f.mask |= OOMTRACE_FILTER_MODE, f.mode = 3));
	REFUSED((f.mask |= OOMTRACE_FILTER_OUTCOME, f.denied = 2));
	REFUSED((f.mask |= OOMTRACE_FILTER_COMM, memset(f.comm, 'x', 16)));
#undef REFUSED
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_SET_FILTER, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_GET_FILTER, NULL));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(choice, commit_records_can_be_set_by_ioctl)
{
	__u32 what = 1;

	ASSERT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_COMMIT_RECORDS, &what));
	EXPECT_EQ(0, ask(3));
	device_drain(self->fd, &self->recs);
	EXPECT_NE(NULL, commit_of(&self->recs, getpid(), 3));
	what = 3;
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_COMMIT_RECORDS, &what));
	EXPECT_EQ(EINVAL, errno);
	what = 101;
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_NEAR_PERCENT, &what));
	EXPECT_EQ(EINVAL, errno);
}

/* ---- near misses ---- */

/* About the number of pages that mode 2 still grants. */
static long headroom(void)
{
	return (meminfo("CommitLimit") - meminfo("Committed_AS")) / PAGE_KB;
}

TEST_F(choice, a_grant_that_leaves_little_is_recorded_as_near)
{
	long most = headroom() * 9 / 10;
	const struct oomtrace_commit *rec;

	EXPECT_EQ(0, ask(most));
	ASSERT_EQ(0, spill(NEAR, "25\n"));
	EXPECT_EQ(0, ask(most - 1));
	EXPECT_EQ(0, ask(2));
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(NULL, commit_of(&self->recs, getpid(), most));
	EXPECT_EQ(NULL, commit_of(&self->recs, getpid(), 2));
	rec = commit_of(&self->recs, getpid(), most - 1);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(0, rec->ret);
	EXPECT_EQ(OOMTRACE_RECORDED_NEAR, rec->recorded);
	EXPECT_LT(rec->allowed - rec->committed, rec->allowed / 4 + 1);
}

/* Any grant leaves less than 100 %. These are far from the limit. */
TEST_F(choice, near_percent_can_be_set_by_ioctl)
{
	__u32 percent = 100;

	ASSERT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_NEAR_PERCENT, &percent));
	EXPECT_EQ(0, ask(3001));
	percent = 0;
	ASSERT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_NEAR_PERCENT, &percent));
	EXPECT_EQ(0, ask(3002));
	device_drain(self->fd, &self->recs);
	EXPECT_NE(NULL, commit_of(&self->recs, getpid(), 3001));
	EXPECT_EQ(NULL, commit_of(&self->recs, getpid(), 3002));
}

TEST_F(choice, suppressed_near_misses_are_counted)
{
	long most = headroom() * 9 / 10, left_out = 0;
	int i, near = 0;
	size_t n;

	pin_to_cpu(0);
	ASSERT_EQ(0, spill(NEAR, "25"));
	for (i = 0; i < 100; i++)
		EXPECT_EQ(0, ask(most));
	sleep_ms(1500);
	EXPECT_EQ(0, ask(most));
	device_drain(self->fd, &self->recs);
	for (n = 0; n < self->recs.n; n++) {
		const struct oomtrace_commit *rec = &self->recs.r[n].commit;

		if (rec->h.type != OOMTRACE_COMMIT || rec->pid != getpid() ||
		    rec->recorded != OOMTRACE_RECORDED_NEAR)
			continue;
		near++;
		EXPECT_TRUE(HAS(rec, commit, left_out));
		left_out += rec->left_out;
	}
	EXPECT_LT(near, 100);
	EXPECT_EQ(101, near + left_out);
}

TEST_F(choice, a_bad_percentage_is_refused)
{
	char *text;

	EXPECT_EQ(0, spill(NEAR, "100"));
	EXPECT_EQ(-EINVAL, spill(NEAR, "101"));
	EXPECT_EQ(-EINVAL, spill(NEAR, "-1"));
	EXPECT_EQ(-EINVAL, spill(NEAR, "much"));
	EXPECT_EQ(-EINVAL, spill(NEAR, ""));
	text = slurp(NEAR, NULL);
	EXPECT_STREQ("100\n", text);
	free(text);
}

/* ---- marks ---- */

/* The mark of a sysctl, or NULL. */
static const struct oomtrace_mark *mark_of(const struct records *recs, int knob)
{
	size_t i;

	for (i = 0; i < recs->n; i++) {
		const struct oomtrace_mark *m = (const void *)&recs->r[i];

		if (m->h.type == OOMTRACE_MARK && m->knob == knob)
			return m;
	}
	return NULL;
}

TEST_F(choice, each_sysctl_that_changes_leaves_one_mark)
{
	static const struct {
		const char *name;
		int knob;
		long value;
	} knobs[] = {
		{ "vm/admin_reserve_kbytes", OOMTRACE_KNOB_ADMIN_RESERVE, 4096 },
		{ "vm/user_reserve_kbytes", OOMTRACE_KNOB_USER_RESERVE, 2048 },
		{ "vm/overcommit_ratio", OOMTRACE_KNOB_RATIO, 60 },
		{ "vm/overcommit_memory", OOMTRACE_KNOB_MEMORY, ALWAYS },
	};
	const struct oomtrace_mark *m;
	size_t i;
	long old;

	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		records_free(&self->recs);
		self->recs = (struct records){ 0 };
		old = sysctl_get(knobs[i].name);
		sysctl_set(knobs[i].name, knobs[i].value);
		ask(TEN_GIB_PAGES);
		ask(TEN_GIB_PAGES);
		device_drain(self->fd, &self->recs);
		EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_MARK))
			TH_LOG("%s", knobs[i].name);
		m = mark_of(&self->recs, knobs[i].knob);
		ASSERT_NE(NULL, m) TH_LOG("%s", knobs[i].name);
		EXPECT_EQ(old, (long)m->old);
		EXPECT_EQ(knobs[i].value, (long)m->new);
	}
}

TEST_F(choice, a_change_while_the_hooks_are_off_leaves_a_mark)
{
	const struct oomtrace_mark *m;

	ASSERT_EQ(0, spill(DEBUGFS "/enable", "0"));
	sysctl_write("vm/overcommit_memory", ALWAYS);
	ASSERT_EQ(0, spill(DEBUGFS "/enable", "1"));
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_MARK));
	m = mark_of(&self->recs, OOMTRACE_KNOB_MEMORY);
	ASSERT_NE(NULL, m);
	EXPECT_EQ(NEVER, (long)m->old);
	EXPECT_EQ(ALWAYS, (long)m->new);
}

/* ---- stacks ---- */

TEST_F(choice, a_stack_comes_once_before_the_first_denial_that_names_it)
{
	const struct oomtrace_commit *first = NULL, *second = NULL;
	const struct oomtrace_stack *stack = NULL;
	size_t i, stacks = 0;

	if (!has_stacks())
		SKIP(return, NO_STACKS);
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	/* A different path in the kernel has a different stack. */
	EXPECT_EQ((void *)-1, sbrk(10L << 30));
	device_drain(self->fd, &self->recs);
	for (i = 0; i < self->recs.n; i++) {
		const union record *r = &self->recs.r[i];

		if (r->h.type == OOMTRACE_STACK) {
			stacks++;
			if (!stack)
				stack = (const void *)r;
		}
		if (r->h.type != OOMTRACE_COMMIT)
			continue;
		ASSERT_NE(NULL, stack);
		if (!first)
			first = &r->commit;
		else if (!second)
			second = &r->commit;
	}
	ASSERT_NE(NULL, second);
	EXPECT_TRUE(HAS(first, commit, stack));
	EXPECT_EQ(first->stack, second->stack);
	EXPECT_EQ(stack->id, first->stack);
	EXPECT_EQ(2, stacks);
	EXPECT_LT(2, stack->frames);
	EXPECT_IN("mmap", stack->text);
	/* Neither oomtrace's handlers nor an address appears. */
	EXPECT_EQ(NULL, strstr(stack->text, "oomtrace"));
	EXPECT_EQ(NULL, strstr(stack->text, "probe"));
	EXPECT_EQ(NULL, strstr(stack->text, "ffff"));
}

TEST_F(choice, refusals_by_turns_have_the_stacks_of_their_own_paths)
{
	unsigned int stacks[2] = { 0 };
	size_t i, n = 0;

	for (i = 0; i < 20; i++) {
		EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
		EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
		EXPECT_EQ((void *)-1, sbrk(10L << 30));
	}
	device_drain(self->fd, &self->recs);
	for (i = 0; i < self->recs.n; i++) {
		const struct oomtrace_commit *rec = &self->recs.r[i].commit;
		unsigned int *stack = &stacks[rec->origin == OOMTRACE_ORIGIN_BRK];

		if (rec->h.type != OOMTRACE_COMMIT || rec->pid != getpid())
			continue;
		n++;
		if (!HAS(rec, commit, stack))
			SKIP(return, NO_STACKS);
		if (!*stack)
			*stack = rec->stack;
		EXPECT_EQ(*stack, rec->stack);
	}
	EXPECT_EQ(60, (int)n);
	EXPECT_NE(stacks[0], stacks[1]);
}

TEST_F(choice, a_grant_has_no_stack)
{
	const struct oomtrace_commit *rec;

	ASSERT_EQ(0, spill(DEBUGFS "/commit_records", "all"));
	EXPECT_EQ(0, ask(3));
	device_drain(self->fd, &self->recs);
	rec = commit_of(&self->recs, getpid(), 3);
	ASSERT_NE(NULL, rec);
	EXPECT_FALSE(HAS(rec, commit, stack));
}

/* ---- what is certain at entry ---- */

/* Grants may be counted without a look at commit_records, but for no longer than that. */
TEST_F(choice, the_next_request_follows_commit_records)
{
	static const int modes[] = { GUESS, ALWAYS, NEVER };
	size_t i, m;

	for (m = 0; m < ARRAY_SIZE(modes); m++) {
		size_t all = 0, denied = 0;

		sysctl_set("vm/overcommit_memory", modes[m]);
		records_free(&self->recs);
		self->recs = (struct records){ 0 };
		for (i = 0; i < 100; i++) {
			ASSERT_EQ(0, spill(DEBUGFS "/commit_records", "all"));
			ask(3);
			ASSERT_EQ(0, spill(DEBUGFS "/commit_records", "denied"));
			ask(5);
			device_drain(self->fd, &self->recs);
		}
		for (i = 0; i < self->recs.n; i++) {
			const struct oomtrace_commit *rec = &self->recs.r[i].commit;

			if (rec->h.type != OOMTRACE_COMMIT || rec->pid != getpid())
				continue;
			all += rec->pages == 3;
			denied += rec->pages == 5;
		}
		EXPECT_EQ(100, (int)all) TH_LOG("mode %d", modes[m]);
		EXPECT_EQ(0, (int)denied) TH_LOG("mode %d", modes[m]);
	}
}

/* The sizes that were requested, in the bucket of 2 and 3 pages. */
static unsigned long long requests_of_3_pages(void)
{
	char *text = slurp(DEBUGFS "/stats", NULL);
	unsigned long long n;
	char line[256];

	line_with(text, " 2 .. 3 ", line, sizeof(line));
	free(text);
	/* No line: no such request yet. */
	return sscanf(line, " 2 .. 3 %llu", &n) == 1 ? n : 0;
}

static unsigned long long entry_hits(void)
{
	char *text = slurp(DEBUGFS "/hooks", NULL);
	unsigned long long n;
	char line[256];

	/* The hook at the entry comes first. */
	line_with(text, "__vm_enough_memory", line, sizeof(line));
	free(text);
	if (sscanf(line, "%*[^=]=%llu", &n) != 1)
		die("no hits in '%s'", line);
	return n;
}

TEST_F(choice, a_request_is_one_hit_one_decision_and_one_size)
{
	static const int modes[] = { GUESS, ALWAYS, NEVER };
	const unsigned long long n = 1000, others = 100;
	size_t i, m;

	for (m = 0; m < ARRAY_SIZE(modes); m++) {
		unsigned long long hit, granted, size;

		sysctl_set("vm/overcommit_memory", modes[m]);
		sleep_ms(100);
		hit = entry_hits();
		granted = stat_decisions(modes[m], false);
		size = requests_of_3_pages();
		for (i = 0; i < n; i++)
			EXPECT_EQ(0, ask(3));
		size = requests_of_3_pages() - size;
		granted = stat_decisions(modes[m], false) - granted;
		hit = entry_hits() - hit;
		/* This test's own requests for memory, and those of other processes. */
		EXPECT_EQ(1, n <= size && size <= n + others)
			TH_LOG("mode %d: %llu sizes", modes[m], size);
		EXPECT_EQ(1, n <= granted && granted <= n + others)
			TH_LOG("mode %d: %llu decisions", modes[m], granted);
		EXPECT_EQ(1, n <= hit && hit <= n + others)
			TH_LOG("mode %d: %llu hits", modes[m], hit);
	}
}

/* ---- changes of the mode ---- */

/* However soon one change follows another. */
TEST_F(choice, each_change_of_the_mode_leaves_a_mark)
{
	int i, mode = NEVER, changes = 0;
	size_t n;

	for (i = 0; i < 300; i++) {
		int next = i % 7 == 0 ? NEVER : i % 2 ? ALWAYS : GUESS;

		changes += next != mode;
		mode = next;
		sysctl_write("vm/overcommit_memory", mode);
		ask(3);
		if (i % 3 == 0)
			sleep_ms(i % 11);
	}
	device_drain(self->fd, &self->recs);
	n = records_count(&self->recs, OOMTRACE_MARK);
	EXPECT_EQ(changes, (int)n);
}

TEST_F(choice, no_denial_is_missed_while_the_mode_changes)
{
	unsigned long long denied = stat_decisions(NEVER, true);
	int i, n = 0;

	for (i = 0; i < 20; i++) {
		sysctl_set("vm/overcommit_memory", i % 2 ? NEVER : ALWAYS);
		for (int j = 0; j < 50; j++)
			n += ask(TEN_GIB_PAGES) == ENOMEM;
		sleep_ms(i * 3);
	}
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(500, n);
	EXPECT_EQ(n, commits_by(&self->recs, getpid()));
	EXPECT_EQ(n, (int)(stat_decisions(NEVER, true) - denied));
}

/* Is the return probe attached? To find out asks for no memory. */
static bool has_return_probe_quietly(void)
{
	static char text[1 << 16];
	int fd = open(DEBUGFS "/hooks", O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got;
	char *at;

	while ((got = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += got;
	if (got < 0)
		die("cannot read " DEBUGFS "/hooks: %s", strerror(errno));
	close(fd);
	text[n] = '\0';
	for (at = text; (at = strstr(at, "__vm_enough_memory+")); at += strcspn(at, "\n"))
		if (memmem(at, strcspn(at, "\n"), " return ", 8) ||
		    memmem(at, strcspn(at, "\n"), " kretprobe ", 11))
			return memmem(at, strcspn(at, "\n"), " attached ", 10);
	return false;
}

/*
 * Mode 2 is left while the hooks are off, and nothing asks for memory until it is
 * in force again: no handler ever sees another mode.
 */
TEST_F(choice, mode_2_is_noticed_though_its_end_was_not)
{
	int i;

	ASSERT_TRUE(wait_for_return_probe());
	EXPECT_TRUE(has_return_probe_quietly());
	ASSERT_EQ(0, spill(DEBUGFS "/enable", "0"));
	sysctl_write("vm/overcommit_memory", GUESS);
	ASSERT_EQ(0, spill(DEBUGFS "/enable", "1"));
	/* It stays for some seconds. */
	for (i = 0; i < 2000 && has_return_probe_quietly(); i++)
		sleep_ms(10);
	EXPECT_FALSE(has_return_probe_quietly());
	sysctl_write("vm/overcommit_memory", NEVER);
	EXPECT_TRUE(wait_for_return_probe());
}

TEST_HARNESS_MAIN
