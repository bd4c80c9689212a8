// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: when records come faster than they are read, each reader is told
 * exactly how many it lost, nothing it gets is torn or out of order, and a
 * flood of commit decisions takes nothing away from the OOM episodes.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "commit.h"
#include "oom.h"
#include "test.h"

FIXTURE(flood) {
	int fd;
	struct records recs;
};

FIXTURE_SETUP(flood)
{
	module_start("commit_buffer_kb=16 commit_records=all");
	self->fd = device_open();
}

FIXTURE_TEARDOWN(flood)
{
	sysctl_restore();
	close(self->fd);
	records_free(&self->recs);
	module_stop();
}

/* What a reader got and lost of one ring on one CPU. */
struct tally {
	unsigned long long got;
	unsigned long long lost;
	unsigned long long last;	/* number of the last one it knows of */
	int wrong;			/* gaps that no lost record explains */
};

#define CPUS	64

/* Lost and stack records are made for the reader: they have no own number. */
static void count_record(struct tally t[OOMTRACE_RINGS][CPUS],
			 const union record *r)
{
	struct tally *c = &t[r->h.flags & OOMTRACE_FLAG_RING][r->h.cpu % CPUS];

	if (r->h.type == OOMTRACE_STACK)
		return;
	if (r->h.seq != c->last + 1)
		c->wrong++;
	if (r->h.type == OOMTRACE_LOST) {
		c->lost += r->lost.count;
		c->last += r->lost.count;
	} else {
		c->got++;
		c->last = r->h.seq;
	}
}

static void count_all(struct tally t[OOMTRACE_RINGS][CPUS],
		      const struct records *recs)
{
	size_t i;

	for (i = 0; i < recs->n; i++)
		count_record(t, &recs->r[i]);
}

static void expect_exact(struct __test_metadata *_metadata, int fd,
			 struct tally t[OOMTRACE_RINGS][CPUS])
{
	struct oomtrace_info info;
	int ring, cpu;

	device_info(fd, &info);
	for (ring = 0; ring < OOMTRACE_RINGS; ring++) {
		unsigned long long got = 0, lost = 0;

		for (cpu = 0; cpu < CPUS; cpu++) {
			got += t[ring][cpu].got;
			lost += t[ring][cpu].lost;
			EXPECT_EQ(0, t[ring][cpu].wrong);
		}
		EXPECT_EQ(info.ring[ring].written, got + lost)
			TH_LOG("ring %d: got %llu, lost %llu", ring, got, lost);
	}
}

struct flooder {
	int index;
	int times;
};

static int flood(void *arg)
{
	const struct flooder *f = arg;
	int i;

	for (i = 0; i < f->times; i++)
		ask(10000 + f->index);
	return 0;
}

/*
 * A writer whose records could not be put together from two: its name, at the
 * record's start, says what total_vm is, near its end.
 */
static int flood_telling(void *arg)
{
	const struct flooder *f = arg;
	long base = own_total_vm();
	char name[32];
	void *at;
	int i;

	for (i = 0; i < f->times; i++) {
		long more = 1 + i % 100;

		/* Costs nothing that is asked for. */
		at = mmap(NULL, more * PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		snprintf(name, sizeof(name), "vm%ld", base + more);
		prctl(PR_SET_NAME, name);
		ask(10000 + f->index);
		munmap(at, more * PAGE);
	}
	return 0;
}

/* Is this record what its writer wrote? */
static int torn(const union record *r)
{
	if (r->h.type != OOMTRACE_COMMIT || r->commit.pages < 10000)
		return 0;
	if (!strncmp(r->commit.comm, "vm", 2) &&
	    atol(r->commit.comm + 2) != r->commit.total_vm)
		return 1;
	return r->commit.pid <= 0 || r->commit.tgid <= 0 ||
	       r->commit.h.size != sizeof(r->commit) || r->commit.mode > 2 ||
	       (r->commit.ret != 0 && r->commit.ret != -ENOMEM);
}

static void reap_all(struct __test_metadata *_metadata, pid_t *pid, int n)
{
	int i;

	for (i = 0; i < n; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
}

#define FLOODERS	4

static void start_flood(pid_t pid[FLOODERS], int times, int (*fn)(void *))
{
	int i;

	for (i = 0; i < FLOODERS; i++) {
		struct flooder f = { .index = i, .times = times };

		pid[i] = start_child(fn, &f);
	}
}

TEST_F(flood, what_a_late_reader_lost_is_exact)
{
	static struct tally t[OOMTRACE_RINGS][CPUS];
	unsigned long long lost = 0;
	pid_t pid[FLOODERS];
	int cpu;

	/* It stands at the first record ever, and looks only afterwards. */
	start_flood(pid, 1000, flood);
	reap_all(_metadata, pid, FLOODERS);
	/* Nothing more may be written between the last read and the count. */
	spill(DEBUGFS "/enable", "0");
	device_drain(self->fd, &self->recs);
	count_all(t, &self->recs);
	expect_exact(_metadata, self->fd, t);
	for (cpu = 0; cpu < CPUS; cpu++)
		lost += t[OOMTRACE_RING_COMMIT][cpu].lost;
	EXPECT_LT(1000, lost);
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
}

TEST_F(flood, what_a_reader_in_the_middle_of_it_lost_is_exact)
{
	static struct tally t[OOMTRACE_RINGS][CPUS];
	static char buf[4096];
	pid_t pid[FLOODERS];
	int i, alive = FLOODERS, tears = 0, rounds = 0;
	size_t n;

	start_flood(pid, 4000, flood_telling);
	while (alive) {
		ssize_t got = read(self->fd, buf, sizeof(buf));

		rounds++;
		if (got > 0) {
			records_free(&self->recs);
			records_add(&self->recs, buf, got);
			count_all(t, &self->recs);
			for (n = 0; n < self->recs.n; n++)
				tears += torn(&self->recs.r[n]);
		}
		for (i = 0; i < FLOODERS; i++)
			if (pid[i] && waitpid(pid[i], NULL, WNOHANG) == pid[i]) {
				pid[i] = 0;
				alive--;
			}
	}
	spill(DEBUGFS "/enable", "0");
	records_free(&self->recs);
	device_drain(self->fd, &self->recs);
	count_all(t, &self->recs);
	EXPECT_EQ(0, tears);
	EXPECT_LT(10, rounds);
	expect_exact(_metadata, self->fd, t);
}

TEST_F(flood, two_readers_lose_each_its_own)
{
	static struct tally t[2][OOMTRACE_RINGS][CPUS];
	struct records other = { };
	int fd = device_open(), round;
	pid_t pid[FLOODERS];

	for (round = 0; round < 4; round++) {
		start_flood(pid, 200, flood);
		reap_all(_metadata, pid, FLOODERS);
		records_free(&self->recs);
		device_drain(self->fd, &self->recs);
		count_all(t[0], &self->recs);
	}
	spill(DEBUGFS "/enable", "0");
	records_free(&self->recs);
	device_drain(self->fd, &self->recs);
	count_all(t[0], &self->recs);
	device_drain(fd, &other);
	count_all(t[1], &other);
	expect_exact(_metadata, self->fd, t[0]);
	expect_exact(_metadata, self->fd, t[1]);
	/* Who came late lost more. */
	EXPECT_LT(t[0][0][0].lost + t[0][0][1].lost,
		  t[1][0][0].lost + t[1][0][1].lost);
	close(fd);
	records_free(&other);
}

TEST_F(flood, leaves_the_oom_episodes_alone)
{
	struct oomtrace_info before, after;
	struct records first = { };
	pid_t pid[FLOODERS];
	size_t i, j = 0, n = 0;
	struct memcg cg;
	struct hog hog;

	if (!memcg_make(&cg, "flood", MB(8)))
		SKIP(return, "no cgroup v2 memory controller");
	hog_start(&hog, "--cgroup %s --grow 64", cg.dir);
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	memcg_remove(&cg);
	device_drain(self->fd, &first);
	device_info(self->fd, &before);
	EXPECT_LE(1, before.episodes);

	start_flood(pid, 1000, flood);
	reap_all(_metadata, pid, FLOODERS);
	device_info(self->fd, &after);
	EXPECT_EQ(before.ring[OOMTRACE_RING_OOM].written,
		  after.ring[OOMTRACE_RING_OOM].written);
	EXPECT_LE(before.ring[OOMTRACE_RING_COMMIT].written + 4000,
		  after.ring[OOMTRACE_RING_COMMIT].written);

	/* All of the episode is there yet, the same as before. */
	lseek(self->fd, 0, SEEK_SET);
	device_drain(self->fd, &self->recs);
	for (i = 0; i < first.n; i++) {
		if ((first.r[i].h.flags & OOMTRACE_FLAG_RING) !=
		    OOMTRACE_RING_OOM)
			continue;
		n++;
		for (j = 0; j < self->recs.n; j++)
			if (!memcmp(&first.r[i], &self->recs.r[j],
				    sizeof(first.r[i])))
				break;
		EXPECT_NE(self->recs.n, j)
			TH_LOG("type %u seq %llu is gone", first.r[i].h.type,
			       first.r[i].h.seq);
	}
	EXPECT_LE(6, n);
	records_free(&first);
}

TEST_HARNESS_MAIN
