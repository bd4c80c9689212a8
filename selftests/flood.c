// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: when records come faster than they are read, each reader gets an
 * exact count of its lost records, and no record is torn or out of order. A
 * flood of commit decisions overwrites no OOM episode.
 *
 * usage: flood [harness options]; FLOOD_RECORDS=N for a longer flood.
 */
#include <signal.h>
#include <sys/wait.h>

#include "lib/mapped.h"
#include "lib/oom.h"
#include "lib/account.h"
#include "lib/test.h"

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

static void expect_exact(struct __test_metadata *_metadata, int fd,
			 const struct accounts *t)
{
	struct oomtrace_ring_cpu_info info;
	unsigned int ring, cpu;

	for (ring = 0; ring < OOMTRACE_RINGS; ring++)
		for (cpu = 0; cpu < CPUS; cpu++) {
			const struct account *c = &t->of[ring][cpu];

			if (ring_ask(fd, ring, cpu, &info))
				continue;
			EXPECT_EQ(info.written, c->got + c->lost)
				TH_LOG("ring %u, CPU %u: got %llu, lost %llu",
				       ring, cpu, c->got, c->lost);
			EXPECT_EQ(0, c->wrong);
			EXPECT_EQ(0, c->torn);
		}
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

TEST_F(flood, the_loss_of_a_late_reader_is_exact)
{
	static struct accounts t;
	pid_t pid[FLOODERS];

	/* The reader is at the first record ever, and reads only afterwards. */
	start_flood(pid, 1000, flood);
	reap_all(_metadata, pid, FLOODERS);
	/* No record may be written between the last read and the count. */
	spill(DEBUGFS "/enable", "0");
	device_drain(self->fd, &self->recs);
	account_records(&t, &self->recs);
	expect_exact(_metadata, self->fd, &t);
	EXPECT_LT(1000, account_lost(&t, OOMTRACE_RING_COMMIT));
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
}

TEST_F(flood, the_loss_of_a_reader_during_the_flood_is_exact)
{
	static struct accounts t;
	static char buf[4096];
	pid_t pid[FLOODERS];
	int i, alive = FLOODERS, rounds = 0;

	start_flood(pid, 4000, flood_verifiable);
	while (alive) {
		ssize_t got = read(self->fd, buf, sizeof(buf));

		rounds++;
		if (got > 0) {
			records_free(&self->recs);
			records_add(&self->recs, buf, got);
			account_records(&t, &self->recs);
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
	account_records(&t, &self->recs);
	EXPECT_LT(10, rounds);
	expect_exact(_metadata, self->fd, &t);
}

TEST_F(flood, two_readers_each_have_their_own_loss)
{
	static struct accounts t[2];
	struct records other = { };
	int fd = device_open(), round;
	pid_t pid[FLOODERS];

	for (round = 0; round < 4; round++) {
		start_flood(pid, 200, flood);
		reap_all(_metadata, pid, FLOODERS);
		records_free(&self->recs);
		device_drain(self->fd, &self->recs);
		account_records(&t[0], &self->recs);
	}
	spill(DEBUGFS "/enable", "0");
	records_free(&self->recs);
	device_drain(self->fd, &self->recs);
	account_records(&t[0], &self->recs);
	device_drain(fd, &other);
	account_records(&t[1], &other);
	expect_exact(_metadata, self->fd, &t[0]);
	expect_exact(_metadata, self->fd, &t[1]);
	/* The late reader lost more. */
	EXPECT_LT(account_lost(&t[0], OOMTRACE_RING_COMMIT),
		  account_lost(&t[1], OOMTRACE_RING_COMMIT));
	close(fd);
	records_free(&other);
}

/*
 * FLOOD_RECORDS=10000000 writes ten million records, and takes longer
 * accordingly.
 */
TEST_F_TIMEOUT(flood, leaves_the_oom_episodes_alone, 3600)
{
	const char *wanted = getenv("FLOOD_RECORDS");
	unsigned long long records = wanted ? atoll(wanted) : 40000;
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
	/*
	 * A worker looks up the cgroup's path, so that record is the last one.
	 */
	device_wait(self->fd, &first, OOMTRACE_NAME, 1);
	device_info(self->fd, &before);
	EXPECT_LE(1, before.episodes);

	start_flood(pid, records / FLOODERS, flood_fast);
	reap_all(_metadata, pid, FLOODERS);
	device_info(self->fd, &after);
	EXPECT_EQ(before.ring[OOMTRACE_RING_OOM].written,
		  after.ring[OOMTRACE_RING_OOM].written);
	EXPECT_LE(before.ring[OOMTRACE_RING_COMMIT].written + records,
		  after.ring[OOMTRACE_RING_COMMIT].written);

	/* The whole episode is still buffered, unchanged. */
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
	TH_LOG("after %llu records, the %zu of the OOM are unchanged",
	       after.ring[OOMTRACE_RING_COMMIT].written -
	       before.ring[OOMTRACE_RING_COMMIT].written, n);
	records_free(&first);
}

TEST_HARNESS_MAIN
