// SPDX-License-Identifier: GPL-2.0
/*
 * Checks the promises of the rings' source on real threads: writers at full
 * speed, and readers that sleep, pause or hurry. For each reader received +
 * lost = written, exactly; no record is torn; no reader sleeps while there is a
 * record. A second build runs under ThreadSanitizer, which reports every race
 * except those on the records themselves.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"
#include "model.h"

#define SLOTS		16
#define READERS		4

#ifdef __SANITIZE_THREAD__
#define RECORDS		100000
#define TURNS		20000
#else
#define RECORDS		500000
#define TURNS		150000
#endif

static int over;

u64 model_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* ---- sleeping, as in the module ---- */

static pthread_mutex_t wait_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wait_queue = PTHREAD_COND_INITIALIZER;

void oomtrace_ring_kick(void)
{
	if (!__atomic_exchange_n(&oomtrace_ring_waiting, 0, __ATOMIC_SEQ_CST))
		return;
	pthread_mutex_lock(&wait_lock);
	pthread_cond_broadcast(&wait_queue);
	pthread_mutex_unlock(&wait_lock);
}

/*
 * Sleep until there is a record; false if no wakeup came within five seconds.
 */
static bool wait_for_record(struct oomtrace_reader *r)
{
	struct timespec until;
	bool woken = true;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 5;
	pthread_mutex_lock(&wait_lock);
	while (woken && !oomtrace_reader_arm(r))
		woken = !pthread_cond_timedwait(&wait_queue, &wait_lock, &until);
	pthread_mutex_unlock(&wait_lock);
	return woken;
}

/* ---- full speed ---- */

static void *writer(void *arg)
{
	u64 i;

	model_cpu = (uintptr_t)arg;
	for (i = 0; i < RECORDS; i++)
		model_write();
	return NULL;
}

/* Records received and lost, by CPU. */
struct tally {
	int index;
	int bad;
	u64 got, lost;
	u64 next[MODEL_CPUS];
};

static void count(struct tally *t, const struct oomtrace_header *h)
{
	const struct oomtrace_lost *lost = (const void *)h;
	u64 *next = &t->next[h->cpu];

	if (h->seq != *next)
		t->bad++;
	if (h->type == OOMTRACE_LOST) {
		t->lost += lost->count;
		*next = h->seq + lost->count;
		return;
	}
	t->got++;
	t->bad += !model_whole((const void *)h);
	*next = h->seq + 1;
}

static void *reader(void *arg)
{
	u64 buf[OOMTRACE_MAX_RECORD / sizeof(u64)];
	struct tally *t = arg;
	struct oomtrace_reader r;
	bool last = false;

	oomtrace_reader_init(&r, BIT(OOMTRACE_RING_COMMIT), false);
	for (unsigned int cpu = 0; cpu < MODEL_CPUS; cpu++) {
		t->next[cpu] = 1;
		oomtrace_reader_seek(&r, OOMTRACE_RING_COMMIT, cpu, 1);
	}
	do {
		last = __atomic_load_n(&over, __ATOMIC_ACQUIRE);
		while (oomtrace_reader_next(&r, buf)) {
			count(t, (void *)buf);
			if (t->index % 2 && t->got % 1000 == 0)
				usleep(100);
		}
		if (t->index == 2)
			usleep(50);
	} while (!last);
	oomtrace_reader_free(&r);
	return NULL;
}

static int full_speed(void)
{
	struct tally t[READERS] = { };
	pthread_t w[MODEL_CPUS], r[READERS];
	int i, bad = 0;

	model_ring(SLOTS);
	over = 0;
	for (i = 0; i < READERS; i++) {
		t[i].index = i;
		pthread_create(&r[i], NULL, reader, &t[i]);
	}
	for (i = 0; i < MODEL_CPUS; i++)
		pthread_create(&w[i], NULL, writer, (void *)(uintptr_t)i);
	for (i = 0; i < MODEL_CPUS; i++)
		pthread_join(w[i], NULL);
	__atomic_store_n(&over, 1, __ATOMIC_RELEASE);
	for (i = 0; i < READERS; i++) {
		pthread_join(r[i], NULL);
		printf("# reader %d: %llu received + %llu lost of %u written, %d bad\n",
		       i, t[i].got, t[i].lost, MODEL_CPUS * RECORDS, t[i].bad);
		if (t[i].bad || t[i].got + t[i].lost != MODEL_CPUS * RECORDS)
			bad = 1;
	}
	return bad;
}

/* ---- ping-pong: each record wakes the reader ---- */

static u64 turns_read;

static void *answering_writer(void *arg)
{
	unsigned int spin = 1;
	u64 turn;

	(void)arg;
	model_cpu = 0;
	for (turn = 1; turn <= TURNS; turn++) {
		/* Vary the moment around which the reader goes to sleep. */
		spin = spin * 1103515245 + 12345;
		for (volatile unsigned int i = spin >> 16 & 255; i; i--)
			;
		model_write();
		while (__atomic_load_n(&turns_read, __ATOMIC_ACQUIRE) < turn) {
			if (__atomic_load_n(&over, __ATOMIC_ACQUIRE))
				return NULL;
		}
	}
	return NULL;
}

static int to_and_fro(void)
{
	u64 buf[OOMTRACE_MAX_RECORD / sizeof(u64)], turn = 0;
	struct oomtrace_reader r;
	pthread_t w;

	model_ring(SLOTS);
	over = 0;
	turns_read = 0;
	oomtrace_ring_waiting = 0;
	oomtrace_reader_init(&r, BIT(OOMTRACE_RING_COMMIT), false);
	pthread_create(&w, NULL, answering_writer, NULL);
	while (turn < TURNS && wait_for_record(&r)) {
		if (!oomtrace_reader_next(&r, buf))
			break;
		turn++;
		__atomic_store_n(&turns_read, turn, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&over, 1, __ATOMIC_RELEASE);
	pthread_join(w, NULL);
	oomtrace_reader_free(&r);
	printf("# %llu of %u records woke their reader\n", turn, TURNS);
	return turn != TURNS;
}

int main(void)
{
	return full_speed() || to_and_fro();
}
