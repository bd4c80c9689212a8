// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: no calls on the device and the debugfs files, by several threads at
 * once while memory runs out, harm the kernel. Each read returns whole records,
 * and the module works afterwards.
 *
 *   fuzz [--seed N] [--calls N] [--threads N]
 *
 * Without --calls, OOMTRACE_CALLS in the environment sets their number. The
 * default seed is the time, and is printed. A thread's calls depend only on the
 * seed and not on results, so that a seed repeats them all; only the
 * interleaving differs.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "lib/stress.h"
#include "lib/commit.h"
#include "lib/fuzz.h"
#include "lib/test.h"

#define MAX_THREADS	16

static struct {
	unsigned long long seed;
	unsigned long calls;
	unsigned int threads;
} options = { .calls = 20000, .threads = 4 };

static pthread_t threads[MAX_THREADS];
static struct fuzzer *fuzzers[MAX_THREADS];
static atomic_uint running;
static atomic_bool on_fire;

static void *run(void *arg)
{
	struct fuzzer *f = arg;
	unsigned long i;

	while (!atomic_load(&on_fire))
		sleep_ms(10);
	for (i = 0; i < options.calls / options.threads; i++)
		fuzz_call(f);
	atomic_fetch_sub(&running, 1);
	return NULL;
}

static void wake(int sig)
{
	(void)sig;
}

FIXTURE(fuzz) {
	struct stress stress;
};

FIXTURE_SETUP(fuzz)
{
	struct sigaction sa = { .sa_handler = wake };

	/* Without SA_RESTART: a thread that waits for a record continues. */
	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	module_start("commit_buffer_kb=16 oom_buffer_kb=16");
}

FIXTURE_TEARDOWN(fuzz)
{
	module_stop();
}

/* Restore the defaults as a user would. */
static void back_to_normal(struct __test_metadata *_metadata)
{
	EXPECT_EQ(0, spill(DEBUGFS "/filter", "none"));
	EXPECT_EQ(0, spill(DEBUGFS "/commit_records", "denied"));
	EXPECT_EQ(0, spill(DEBUGFS "/near_percent", "0"));
	EXPECT_EQ(0, spill(DEBUGFS "/enable", "1"));
}

TEST_F_TIMEOUT(fuzz, no_sequence_of_calls_does_harm, 36000)
{
	struct records recs = { };
	unsigned int i, op;
	int fd;

	TH_LOG("seed %llu, %lu calls by %u threads", options.seed,
	       options.calls, options.threads);
	/* Before the load starts, which may leave no memory for the fuzzers. */
	atomic_store(&running, options.threads);
	for (i = 0; i < options.threads; i++) {
		fuzzers[i] = fuzz_new(options.seed + i);
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run,
					    fuzzers[i]));
	}
	stress_start(&self->stress, false);
	/* A slow machine needs time for its first OOM. */
	for (i = 0; i < 600 && !self->stress.count->ooms; i++)
		sleep_ms(100);
	atomic_store(&on_fire, true);
	while (atomic_load(&running)) {
		sleep_ms(20);
		/*
		 * A thread that has finished still exists until it is joined.
		 */
		for (i = 0; i < options.threads; i++)
			pthread_kill(threads[i], SIGUSR1);
	}
	for (i = 0; i < options.threads; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, fuzzers[i]->bad_reads)
			TH_LOG("%s", fuzzers[i]->why);
	}
	EXPECT_LT(0, self->stress.count->ooms);
	stress_stop(&self->stress);

	/* Calls get past the first checks. */
	for (op = 0; op < FUZZ_OPS; op++) {
		unsigned long calls = 0, good = 0;

		for (i = 0; i < options.threads; i++) {
			calls += fuzzers[i]->calls[op];
			good += fuzzers[i]->good[op];
		}
		TH_LOG("%-10s %8lu calls, %8lu succeeded", fuzz_op_names[op],
		       calls, good);
		EXPECT_LT(0, calls);
		if (!fuzz_op_is_refused(op))
			EXPECT_LT(0, good) TH_LOG("%s", fuzz_op_names[op]);
	}
	for (i = 0; i < options.threads; i++)
		fuzz_free(fuzzers[i]);

	back_to_normal(_metadata);
	fd = device_open_at_end();
	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	device_drain(fd, &recs);
	EXPECT_EQ(1, commits_by(&recs, getpid()));
	records_free(&recs);
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "calls", required_argument, NULL, 'c' },
		{ "threads", required_argument, NULL, 't' },
		{ },
	};
	char *self[] = { argv[0], NULL };
	int opt;

	options.seed = time(NULL);
	if (getenv("OOMTRACE_CALLS"))
		options.calls = strtoul(getenv("OOMTRACE_CALLS"), NULL, 0);
	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (opt == 's')
			options.seed = strtoull(optarg, NULL, 0);
		else if (opt == 'c')
			options.calls = strtoul(optarg, NULL, 0);
		else if (opt == 't')
			options.threads = strtoul(optarg, NULL, 0);
		else
			die("usage: fuzz [--seed N] [--calls N] [--threads N]");
	}
	if (options.threads < 1 || options.threads > MAX_THREADS)
		die("--threads must be 1 to %d", MAX_THREADS);
	return test_harness_run(1, self);
}
