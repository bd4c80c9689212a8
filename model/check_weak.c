// SPDX-License-Identifier: GPL-2.0
/*
 * Checks the promises of the rings' source in every execution that the barriers
 * allow, for a few records in a very small ring, and in many random ones with
 * more records. No record is torn, numbers rise, the count of lost records is
 * exact, and no record counts as lost that cannot have been overwritten. No
 * reader sleeps through a record.
 */
#include <stdio.h>

#include "shim.h"
#include "model.h"
#include "weak.h"

#define RANDOM_RUNS	100000

static const char *what;
static u32 slots;
static u64 written;

static int fail(const char *why, const struct oomtrace_header *h)
{
	printf("# %s: %s: type %u seq %llu\n", what, why, h->type,
	       (u64)h->seq);
	return 1;
}

/* Check a record that the reader got; *next is the number that must follow. */
static int check(const struct oomtrace_header *h, u64 *next)
{
	const struct oomtrace_lost *lost = (const void *)h;
	u64 end;

	if (h->seq != *next)
		return fail("unexpected number", h);
	if (h->type != OOMTRACE_LOST) {
		*next = h->seq + 1;
		return model_whole((const void *)h) ? 0 : fail("torn", h);
	}
	end = h->seq + lost->count;
	*next = end;
	if (!lost->count)
		return fail("count is 0", h);
	/* A record is lost only if a later one reused its slot. */
	if (end - 1 + slots > written)
		return fail("lost, but was not overwritten", h);
	return 0;
}

/*
 * A reader that exists before the first record takes a few records as it sees
 * them, and then the rest.
 */
static int one_reader(const struct oomtrace_reader *from, int takes)
{
	struct oomtrace_reader_pos pos[OOMTRACE_RINGS * MODEL_CPUS];
	struct oomtrace_heap_entry heap[OOMTRACE_RINGS * MODEL_CPUS];
	u64 buf[OOMTRACE_MAX_RECORD / sizeof(u64)], next = 1;
	struct oomtrace_reader r = *from;
	int bad = 0;

	/* It has read nothing yet, so that its heap is empty. */
	memmove(pos, from->pos, sizeof(pos));
	r.pos = pos;
	r.heap.entry = heap;
	while (!bad && takes-- && oomtrace_reader_next(&r, buf))
		bad = check((void *)buf, &next);
	weak_settle();
	while (!bad && oomtrace_reader_next(&r, buf))
		bad = check((void *)buf, &next);
	if (!bad && next != written + 1) {
		printf("# %s: received + lost is %llu of %llu\n", what, next - 1,
		       written);
		return 1;
	}
	return bad;
}

static int run(u32 nslots, u64 records, int takes, unsigned long limit)
{
	struct oomtrace_reader r;
	unsigned long runs = 0;
	char name[80];
	size_t size;
	int bad = 0;
	void *at;
	u64 i;

	snprintf(name, sizeof(name), "%llu records in %u slots, %d taken%s",
		 records, nslots, takes, limit ? ", at random" : "");
	what = name;
	slots = nslots;
	written = records;
	model_ring(nslots);
	at = model_memory(0, &size);
	weak_watch(at, size);
	if (oomtrace_reader_init(&r, BIT(OOMTRACE_RING_COMMIT), false))
		return 1;
	for (i = 0; i < records; i++)
		model_write();
	weak_reading();
	if (limit)
		weak_random(88172645463325252ull);
	do {
		bad = one_reader(&r, takes);
	} while (!bad && ++runs != limit && weak_next());
	printf("# %s: %lu executions\n", name, runs);
	oomtrace_reader_free(&r);
	return bad;
}

static bool kicked;

void oomtrace_ring_kick(void)
{
	kicked = true;
}

/*
 * A reader goes to sleep while a record is written. Either it sees the record,
 * or the writer has seen that it waits and wakes it. @seen: the writer has.
 */
static int run_to_sleep(bool seen)
{
	struct oomtrace_reader r;
	unsigned long runs = 0;
	size_t size;
	int bad = 0;
	void *at;

	model_ring(2);
	at = model_memory(0, &size);
	weak_watch(at, size);
	weak_flag(&oomtrace_ring_waiting, seen);
	if (oomtrace_reader_init(&r, BIT(OOMTRACE_RING_COMMIT), false))
		return 1;
	kicked = false;
	model_write();
	weak_reading();
	do {
		bad = !oomtrace_reader_arm(&r) && !kicked;
	} while (!bad && ++runs && weak_next());
	printf("# going to sleep, the writer %s it: %lu executions%s\n",
	       seen ? "sees" : "does not see", runs,
	       bad ? ", and no wakeup" : "");
	oomtrace_reader_free(&r);
	return bad;
}

u64 model_clock(void)
{
	static u64 now;

	return ++now;
}

int main(void)
{
	int bad;

	bad = run(2, 1, 1, 0) || run(2, 2, 1, 0) || run(2, 3, 1, 0) ||
	      run(1, 2, 1, 0) || run(1, 3, 1, 0) || run(3, 2, 2, 0) ||
	      run(2, 4, 3, RANDOM_RUNS) || run(3, 7, 4, RANDOM_RUNS) ||
	      run(1, 5, 4, RANDOM_RUNS) || run_to_sleep(false) ||
	      run_to_sleep(true);
	return bad;
}
