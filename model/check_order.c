// SPDX-License-Identifier: GPL-2.0
/*
 * Checks the order of records from many CPUs: no record comes before one that is
 * earlier, although other CPUs write while the reader loads the heads. Writers
 * run only in model_step(), which is called before each load of a head, so every
 * record is complete and the order must be exact. Some records are overwritten,
 * and some are put back; each is received or lost, exactly once.
 */
#include <stdio.h>

#include "shim.h"
#include "model.h"

#define SLOTS		32
#define ROUNDS		20000

static u64 now, next[MODEL_CPUS], written, received, lost, last_ts;
static unsigned int burst;
static u64 state = 88172645463325252ull;

static u64 rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

u64 model_clock(void)
{
	return ++now;
}

void oomtrace_ring_kick(void)
{
}

/* A CPU writes some records, now and then more than its ring has slots. */
static void write_some(void)
{
	unsigned int n = rnd() % 16 ? rnd() % 4 : rnd() % (2 * SLOTS);

	model_cpu = rnd() % MODEL_CPUS;
	written += n;
	while (n--)
		model_write();
}

void model_step(void)
{
	if (burst && rnd() % 2) {
		burst--;
		write_some();
	}
}

static int check(const struct oomtrace_header *h)
{
	const struct oomtrace_lost *l = (const void *)h;

	if (h->seq != next[h->cpu]) {
		printf("# CPU %u: number %llu instead of %llu\n", h->cpu,
		       (u64)h->seq, next[h->cpu]);
		return 1;
	}
	if (h->type == OOMTRACE_LOST) {
		lost += l->count;
		next[h->cpu] += l->count;
		return 0;
	}
	if (h->ts_ns < last_ts) {
		printf("# CPU %u: time %llu after %llu\n", h->cpu,
		       (u64)h->ts_ns, last_ts);
		return 1;
	}
	last_ts = h->ts_ns;
	received++;
	next[h->cpu]++;
	return !model_whole((const void *)h);
}

/* Take what fits, and put back a part of it half of the time. */
static int read_once(struct oomtrace_reader *r, int *size)
{
	u64 buf[512];
	size_t at, keep;
	int bad = 0;

	*size = oomtrace_reader_fill(r, buf, sizeof(buf) >> rnd() % 5);
	if (*size <= 0)
		return *size < 0;
	keep = rnd() % 2 ? (size_t)*size : rnd() % *size;
	for (at = 0; !bad && at < (size_t)*size;) {
		const struct oomtrace_header *h = (void *)buf + at;

		at += h->size;
		if (at <= keep)
			bad = check(h);
		else
			oomtrace_reader_unread(r, h);
	}
	return bad;
}

/*
 * A reader that stops at the newest records, on half of the CPUs all of which are
 * overwritten before it reads.
 */
static int stopped_reader(void)
{
	const u64 want = MODEL_CPUS * SLOTS;
	u64 buf[OOMTRACE_MAX_RECORD / sizeof(u64)];
	struct oomtrace_reader r;
	unsigned int n;
	u64 got = 0;

	model_ring(SLOTS);
	for_each_possible_cpu(model_cpu)
		for (n = 0; n < SLOTS; n++)
			model_write();
	if (oomtrace_reader_init(&r, BIT(OOMTRACE_RING_COMMIT), true))
		return 1;
	for_each_possible_cpu(model_cpu)
		for (n = 0; n < 2 * SLOTS && model_cpu % 2; n++)
			model_write();
	while (oomtrace_reader_next(&r, buf)) {
		const struct oomtrace_lost *l = (const void *)buf;

		got += l->h.type == OOMTRACE_LOST ? l->count : 1;
	}
	oomtrace_reader_free(&r);
	printf("# %llu received or lost of %llu up to the end\n", got, want);
	return got != want;
}

int main(void)
{
	struct oomtrace_reader r;
	int round, size, bad = 0;
	unsigned int cpu;

	model_ring(SLOTS);
	if (oomtrace_reader_init(&r, BIT(OOMTRACE_RING_COMMIT), false))
		return 1;
	for_each_possible_cpu(cpu)
		next[cpu] = 1;
	for (round = 0; !bad && round < ROUNDS; round++) {
		burst = rnd() % 64;
		write_some();
		do {
			bad = read_once(&r, &size);
		} while (!bad && size);
		burst = 0;
		do {
			bad = bad || read_once(&r, &size);
		} while (!bad && size);
		/* A put-back leaves nothing out: all of it was read again. */
		bad = bad || received + lost != written;
	}
	printf("# %llu received + %llu lost of %llu written on %u CPUs, in the order of time\n",
	       received, lost, written, MODEL_CPUS);
	oomtrace_reader_free(&r);
	return bad || stopped_reader();
}
