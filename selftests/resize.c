// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: the rings can be resized at any time, while they are written, read
 * and mapped. Hooks stay armed, the newest records stay, lost records are
 * counted, and the memory shown is the memory in use. A resize that fails
 * changes nothing.
 */
#include <errno.h>
#include <sys/ioctl.h>

#include "lib/mapped.h"
#include "lib/oom.h"
#include "lib/account.h"
#include "lib/commit.h"
#include "lib/test.h"

#define SIZE_FILE	DEBUGFS "/buffer_size_kb"
#define CANDIDATE_KB	64

FIXTURE(resize) {
	int fd;
	int kmsg;
	struct records recs;
};

FIXTURE_SETUP(resize)
{
	module_start("commit_buffer_kb=64 oom_buffer_kb=64 candidate_buffer_kb=64");
	self->fd = device_open();
	self->kmsg = kmsg_open();
	sysctl_set("vm/overcommit_memory", NEVER);
}

FIXTURE_TEARDOWN(resize)
{
	sysctl_restore();
	close(self->fd);
	close(self->kmsg);
	records_free(&self->recs);
	module_stop();
}

static int resize_to(int fd, __u32 ring, __u32 kb)
{
	struct oomtrace_resize rs = {
		.size = sizeof(rs), .ring = ring, .kb = kb,
	};

	return ioctl(fd, OOMTRACE_IOC_RESIZE, &rs) ? errno : 0;
}

static void expect_sizes(struct __test_metadata *_metadata, int fd,
			 unsigned int commit_kb, unsigned int oom_kb)
{
	const unsigned int kb[] = { commit_kb, oom_kb };
	struct oomtrace_ring_cpu_info info;
	struct oomtrace_info all;
	char want[64], *text, value[32];
	__u32 ring, cpu;

	device_info(fd, &all);
	for (ring = 0; ring < ARRAY_SIZE(kb); ring++) {
		EXPECT_EQ((__u64)kb[ring] * 1024 * all.ring_cpus,
			  all.ring[ring].bytes);
		for (cpu = 0; !ring_ask(fd, ring, cpu, &info); cpu++)
			EXPECT_EQ(info.slots ? kb[ring] * 1024 : PAGE,
				  info.mmap_size);
	}
	EXPECT_EQ(CANDIDATE_KB * 1024, all.candidates.bytes);
	snprintf(want, sizeof(want), "commit=%u oom=%u candidate=%u\n", commit_kb,
		 oom_kb, CANDIDATE_KB);
	text = slurp(SIZE_FILE, NULL);
	EXPECT_STREQ(want, text);
	free(text);
	module_param("commit_buffer_kb", value, sizeof(value));
	EXPECT_EQ(commit_kb, atoi(value));
}

TEST_F(resize, by_file_and_by_ioctl)
{
	EXPECT_EQ(0, spill(SIZE_FILE, "commit=128\n"));
	expect_sizes(_metadata, self->fd, 128, 64);
	EXPECT_EQ(0, spill(SIZE_FILE, "oom=256 commit=32"));
	expect_sizes(_metadata, self->fd, 32, 256);
	EXPECT_EQ(0, spill(SIZE_FILE, "100"));
	expect_sizes(_metadata, self->fd, 100, 100);
	EXPECT_EQ(0, resize_to(self->fd, OOMTRACE_RING_OOM, 16));
	EXPECT_EQ(0, resize_to(self->fd, OOMTRACE_RING_COMMIT, 17));
	/* Rounded up to whole pages. */
	expect_sizes(_metadata, self->fd, 20, 16);
}

static void expect_size_rejected(struct __test_metadata *_metadata, int kmsg,
				 const char *text, int err, const char *word)
{
	char *log;

	EXPECT_EQ(err, spill(SIZE_FILE, text)) TH_LOG("'%s'", text);
	log = kmsg_text(kmsg);
	EXPECT_IN(word, log);
	free(log);
}

TEST_F(resize, an_invalid_size_is_refused_and_changes_nothing)
{
	static const struct {
		const char *text;
		const char *word;
	} bad[] = {
		{ "0", "out of range" }, { "commit=0", "commit=0" },
		{ "oom=15", "out of range" }, { "candidate=0", "candidate=0" },
		{ "candidate=1048577", "16 to 1048576 (KiB)" }, { "-1", "not a number" },
		{ "commit=1048577", "16 to 1048576" },
		{ "99999999999", "not a number" }, { "", "no size is given" },
		{ "many", "not a number" }, { "trace=64", "not a ring" },
		{ "commit=", "not a number" }, { "commit=128 oom=1", "oom=1" },
		{ "commit=128 oom", "not a number" },
	};
	struct oomtrace_resize rs;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		/* The kernel does not pass an empty write on. */
		if (*bad[i].text)
			expect_size_rejected(_metadata, self->kmsg, bad[i].text, -EINVAL,
					     bad[i].word);
	EXPECT_EQ(EINVAL, resize_to(self->fd, OOMTRACE_RING_COMMIT, 0));
	EXPECT_EQ(EINVAL, resize_to(self->fd, OOMTRACE_RING_COMMIT, 1048577));
	EXPECT_EQ(EINVAL, resize_to(self->fd, OOMTRACE_RING_COMMIT, ~0U));
	EXPECT_EQ(EINVAL, resize_to(self->fd, OOMTRACE_RINGS, 64));
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_RESIZE, NULL));
	EXPECT_EQ(EFAULT, errno);
	rs = (struct oomtrace_resize){ .size = sizeof(rs) - 4, .kb = 128 };
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_RESIZE, &rs));
	EXPECT_EQ(EINVAL, errno);
	rs = (struct oomtrace_resize){ .size = sizeof(rs), .kb = 128, .flags = 1 };
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_RESIZE, &rs));
	EXPECT_EQ(EINVAL, errno);
	expect_sizes(_metadata, self->fd, 64, 64);
}

TEST_F(resize, more_than_memory_holds_is_ENOMEM_and_kills_no_task)
{
	long mb = meminfo("MemTotal") / 1024;
	char text[64], *log;

	if (mb > 1024 * sysconf(_SC_NPROCESSORS_CONF) / 2)
		SKIP(return, "this machine has too much memory");
	expect_size_rejected(_metadata, self->kmsg, "commit=1048576", -ENOMEM, "no memory");
	EXPECT_EQ(ENOMEM, resize_to(self->fd, OOMTRACE_RING_OOM, 1048576));
	/* Enough for one CPU, but not for all. */
	snprintf(text, sizeof(text), "commit=%ld",
		 meminfo("MemAvailable") * 3 / 4);
	EXPECT_EQ(-ENOMEM, spill(SIZE_FILE, text));
	expect_sizes(_metadata, self->fd, 64, 64);
	log = kmsg_text(self->kmsg);
	EXPECT_EQ(NULL, strstr(log, "Killed process")) TH_LOG("%s", log);
	EXPECT_EQ(NULL, strstr(log, "page allocation failure"))
		TH_LOG("%s", log);
	free(log);
	deny(1);
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(1, commits_by(&self->recs, getpid()));
}

/* This process's records, as a new reader gets them. */
static void read_own_records(struct records *recs, pid_t pid)
{
	struct records all = { };
	int fd = device_open();
	size_t i;

	device_drain(fd, &all);
	close(fd);
	recs->n = 0;
	recs->room = all.n + 1;
	recs->r = calloc(recs->room, sizeof(*recs->r));
	for (i = 0; i < all.n; i++)
		if (all.r[i].h.type == OOMTRACE_COMMIT &&
		    all.r[i].commit.pid == pid)
			recs->r[recs->n++] = all.r[i];
	records_free(&all);
}

TEST_F(resize, keeps_the_newest_records)
{
	struct records before, grown, shrunk;
	struct oomtrace_ring_cpu_info info;
	size_t i;
	int fd;

	pin_to_cpu(0);
	deny(150);
	read_own_records(&before, getpid());
	ASSERT_LE(150, before.n);
	EXPECT_EQ(0, resize_to(self->fd, OOMTRACE_RING_COMMIT, 512));
	read_own_records(&grown, getpid());
	ASSERT_EQ(before.n, grown.n);
	EXPECT_EQ(0, memcmp(before.r, grown.r, before.n * sizeof(*before.r)));

	EXPECT_EQ(0, resize_to(self->fd, OOMTRACE_RING_COMMIT, 16));
	EXPECT_EQ(0, ring_ask(self->fd, OOMTRACE_RING_COMMIT, 0, &info));
	read_own_records(&shrunk, getpid());
	ASSERT_LT(0, shrunk.n);
	EXPECT_GE(info.slots, shrunk.n);
	EXPECT_LE(info.slots - 3, shrunk.n);
	for (i = 1; i <= shrunk.n; i++)
		EXPECT_EQ(0, memcmp(&before.r[before.n - i],
				    &shrunk.r[shrunk.n - i],
				    sizeof(*before.r)));

	/*
	 * In a larger ring that is not full, the oldest record is not number 1.
	 */
	EXPECT_EQ(0, resize_to(self->fd, OOMTRACE_RING_COMMIT, 512));
	EXPECT_EQ(0, ring_ask(self->fd, OOMTRACE_RING_COMMIT, 0, &info));
	fd = device_open();
	device_drain(fd, &self->recs);
	close(fd);
	/* A new reader has lost nothing. */
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_LOST));
	for (i = 0; i < self->recs.n; i++)
		if (self->recs.r[i].h.type != OOMTRACE_STACK &&
		    self->recs.r[i].h.cpu == 0)
			break;
	ASSERT_LT(i, self->recs.n);
	EXPECT_EQ(info.first, self->recs.r[i].h.seq);
	EXPECT_LT(1, info.first);
	records_free(&before);
	records_free(&grown);
	records_free(&shrunk);
}

/* A reader loses the records that no longer fit, and gets their exact count. */
TEST_F(resize, readers_go_on_and_their_count_is_exact)
{
	static struct accounts t;
	struct oomtrace_ring_cpu_info info;
	char *hooks[2];
	__u32 cpu;

	hooks[0] = slurp(DEBUGFS "/hooks", NULL);
	/* All on one CPU, to exceed a ring of 16 KiB. */
	pin_to_cpu(0);
	deny(100);
	EXPECT_EQ(0, resize_to(self->fd, OOMTRACE_RING_COMMIT, 16));
	deny(10);
	device_drain(self->fd, &self->recs);
	account_records(&t, &self->recs);
	EXPECT_EQ(0, resize_to(self->fd, OOMTRACE_RING_COMMIT, 1024));
	deny(10);
	records_free(&self->recs);
	device_drain(self->fd, &self->recs);
	account_records(&t, &self->recs);
	EXPECT_EQ(10, commits_by(&self->recs, getpid()));
	spill(DEBUGFS "/enable", "0");
	records_free(&self->recs);
	device_drain(self->fd, &self->recs);
	account_records(&t, &self->recs);
	EXPECT_LT(0, account_lost(&t, OOMTRACE_RING_COMMIT));
	for (cpu = 0; !ring_ask(self->fd, 0, cpu, &info); cpu++) {
		EXPECT_EQ(info.written, t.of[0][cpu].got + t.of[0][cpu].lost);
		EXPECT_EQ(0, t.of[0][cpu].wrong);
	}
	hooks[1] = slurp(DEBUGFS "/hooks", NULL);
	EXPECT_IN("__vm_enough_memory", hooks[1]);
	free(hooks[0]);
	free(hooks[1]);
}

TEST_F(resize, a_mapping_keeps_what_it_shows_and_its_memory_is_counted)
{
	struct oomtrace_info before, during, after;
	struct mapped m;
	union record r;
	int n = 0;

	pin_to_cpu(0);
	device_info(self->fd, &before);
	mapped_open(&m, self->fd, OOMTRACE_RING_COMMIT, 0, 1);
	deny(5);
	EXPECT_EQ(0, m.page->closed);
	EXPECT_EQ(0, resize_to(self->fd, OOMTRACE_RING_COMMIT, 128));
	EXPECT_EQ(1, m.page->closed);
	device_info(self->fd, &during);
	EXPECT_EQ(2 * before.ring[0].bytes + m.size, during.ring[0].bytes);
	deny(5);
	while (mapped_next(&m, &r)) {
		EXPECT_NE(OOMTRACE_LOST, r.h.type);
		n += r.h.type == OOMTRACE_COMMIT && r.commit.pid == getpid();
	}
	EXPECT_EQ(10, n);
	EXPECT_EQ(1, m.page->generation);
	device_info(self->fd, &after);
	EXPECT_EQ(2 * before.ring[0].bytes, after.ring[0].bytes);
	mapped_close(&m);
}

/* Resize continuously while four processes write and two readers read. */
TEST_F_TIMEOUT(resize, under_load_nothing_is_lost_uncounted, 300)
{
	static const unsigned int sizes[] = { 16, 1024, 32, 300, 20, 64 };
	static struct accounts by_read, by_map[2];
	struct oomtrace_ring_cpu_info info;
	struct mapped m[2];
	static char buf[65536];
	int i, cpus, alive = 1;
	union record r;
	pid_t pid[4];
	ssize_t n;

	spill(DEBUGFS "/commit_records", "all");
	sysctl_set("vm/overcommit_memory", ALWAYS);
	cpus = ring_ask(self->fd, 0, 1, &info) ? 1 : 2;
	for (i = 0; i < cpus; i++)
		mapped_open(&m[i], self->fd, OOMTRACE_RING_COMMIT, i, 1);
	for (i = 0; i < 4; i++) {
		struct flooder f = { .index = i, .times = 3000 };

		pid[i] = start_child(flood_verifiable, &f);
	}
	for (i = 0; alive; i++) {
		EXPECT_EQ(0, resize_to(self->fd, OOMTRACE_RING_COMMIT,
				       sizes[i % ARRAY_SIZE(sizes)]));
		n = read(self->fd, buf, sizeof(buf));
		if (n > 0)
			records_add(&self->recs, buf, n);
		account_records(&by_read, &self->recs);
		records_free(&self->recs);
		for (n = 0; n < 500 && mapped_next(&m[i % cpus], &r); n++)
			account_record(&by_map[i % cpus], &r);
		alive = stat_decisions(ALWAYS, false) < 4 * 3000 && i < 2000;
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	spill(DEBUGFS "/enable", "0");
	device_drain(self->fd, &self->recs);
	account_records(&by_read, &self->recs);
	for (i = 0; i < cpus; i++) {
		while (mapped_next(&m[i], &r))
			account_record(&by_map[i], &r);
		EXPECT_LT(0, m[i].page->generation);
		mapped_close(&m[i]);
	}
	for (i = 0; !ring_ask(self->fd, OOMTRACE_RING_COMMIT, i, &info); i++) {
		const struct account *c = &by_read.of[0][i];

		EXPECT_EQ(info.written, c->got + c->lost);
		EXPECT_EQ(0, c->wrong);
		EXPECT_EQ(0, c->torn);
		if (i >= cpus)
			continue;
		c = &by_map[i].of[0][i];
		EXPECT_EQ(info.written, c->got + c->lost);
		EXPECT_EQ(0, c->wrong);
		EXPECT_EQ(0, c->torn);
	}
}

TEST_HARNESS_MAIN
