// SPDX-License-Identifier: GPL-2.0
/*
 * A memory with one writer and one reader, in which the reader sees every value
 * that the barriers do not forbid, in one execution after the other.
 *
 * The writer runs first, to its end, since it does not depend on the reader;
 * each of its stores is kept with its number. Then the reader runs repeatedly.
 * Each of its loads of a word with several values returns one of them, and
 * weak_next() goes through all combinations. A load does not return
 *
 *  - a value older than one that the reader got from this word (coherence);
 *  - a value that was overwritten before a store that the reader knows of.
 *
 * A store-release makes all stores before it known, and a store after smp_wmb()
 * all stores before the barrier. A load-acquire of that value makes them known
 * at once, any other load at the next smp_rmb(). This is what the kernel's
 * memory model says of these primitives. Loads and stores without any may be
 * reordered freely, as a compiler and a CPU may do.
 *
 * One word goes the other way, from the reader to the writer (weak_flag()).
 * With a store, an smp_mb() and a load on both sides, at least one side sees
 * the other's store. So if the writer did not see the flag, the reader knows,
 * after its own smp_mb(), all stores before the writer's.
 *
 * The writer's plain stores are found by comparing the memory with its contents
 * at the writer's last call; the order between two calls does not matter.
 */
#include <stdio.h>

#include "shim.h"
#undef memcpy
#include "weak.h"

#define MAX_WORDS	64
#define MAX_STORES	512
#define MAX_CHOICES	4096

/* A store: the word, the value, and the stores that it makes known. */
static struct store {
	unsigned int word;
	u64 value;
	unsigned int knows;
} stores[MAX_STORES + 1];	/* from 1: 0 is the initial value */

static u64 *memory;
static unsigned int words, nstores, fence;
static u64 before[MAX_WORDS], start[MAX_WORDS];
static bool reading;

/* The reader's state. */
static unsigned int known, pending, had[MAX_WORDS];

/* The flag: its address, what the writer sees, whether the reader set it. */
static void *flag;
static bool flag_seen, flag_set;
static unsigned int full_fence;

/* The execution: the choices made, and the alternatives of each. */
static struct { unsigned int made, of; } choices[MAX_CHOICES];
static unsigned int nchoices, depth;
static u64 random_state;

void weak_watch(void *at, size_t size)
{
	memory = at;
	words = size / sizeof(u64);
	if (words > MAX_WORDS)
		abort();
	memcpy(before, memory, size);
	memcpy(start, memory, size);
	nstores = 0;
	fence = 0;
	reading = false;
	nchoices = 0;
	random_state = 0;
	flag = NULL;
	full_fence = 0;
}

void weak_flag(void *at, bool seen)
{
	flag = at;
	flag_seen = seen;
}

static bool watched(const void *at)
{
	const u64 *word = (const void *)((uintptr_t)at & ~7ul);

	return word >= memory && word < memory + words;
}

static void note_store(unsigned int word, u64 value, bool release)
{
	if (++nstores > MAX_STORES)
		abort();
	stores[nstores].word = word;
	stores[nstores].value = value;
	stores[nstores].knows = release ? nstores : fence;
}

/* Find the stores that were made without a call. */
static void note_plain_stores(void)
{
	unsigned int word;

	for (word = 0; word < words; word++)
		if (memory[word] != before[word]) {
			note_store(word, memory[word], false);
			before[word] = memory[word];
		}
}

void weak_store(void *at, u64 value, size_t size, bool release)
{
	if (!watched(at)) {
		flag_set |= at == flag;
		memcpy(at, &value, size);
		return;
	}
	if (reading || size != sizeof(u64))
		abort();
	note_plain_stores();
	*(u64 *)at = value;
	note_store((u64 *)at - memory, value, release);
	before[(u64 *)at - memory] = value;
}

void weak_wmb(void)
{
	note_plain_stores();
	fence = nstores;
}

void weak_rmb(void)
{
	known = max(known, pending);
}

void weak_mb(void)
{
	if (!reading) {
		weak_wmb();
		full_fence = nstores;
		return;
	}
	weak_rmb();
	if (flag_set && !flag_seen)
		known = max(known, full_fence);
}

void weak_reading(void)
{
	unsigned int word;

	note_plain_stores();
	reading = true;
	known = 0;
	pending = 0;
	depth = 0;
	flag_set = false;
	for (word = 0; word < words; word++)
		had[word] = 0;
}

void weak_settle(void)
{
	known = nstores;
}

static u64 load_word(unsigned int word, bool acquire)
{
	unsigned int can[MAX_STORES + 1], n = 0, i, oldest = had[word], got;

	for (i = oldest; i <= known; i++)
		if (i && stores[i].word == word)
			oldest = i;
	can[n++] = oldest;
	for (i = oldest + 1; i <= nstores; i++)
		if (stores[i].word == word)
			can[n++] = i;
	got = can[weak_choose(n)];
	had[word] = got;
	if (!got)
		return start[word];
	pending = max(pending, stores[got].knows);
	if (acquire)
		known = max(known, stores[got].knows);
	return stores[got].value;
}

u64 weak_load(const void *at, size_t size, bool acquire)
{
	u64 value = 0;

	if (at == flag && !reading)
		return flag_seen;
	if (!watched(at) || !reading) {
		memcpy(&value, at, size);
		return value;
	}
	if (size != sizeof(u64))
		abort();
	return load_word((const u64 *)at - memory, acquire);
}

void weak_copy(void *to, const void *from, size_t len)
{
	size_t i;

	if (!watched(from) || !reading) {
		memcpy(to, from, len);
		return;
	}
	for (i = 0; i < len / sizeof(u64); i++)
		((u64 *)to)[i] = load_word((const u64 *)from - memory + i, false);
}

/* ---- executions ---- */

unsigned int weak_choose(unsigned int n)
{
	if (n == 1)
		return 0;
	if (random_state) {
		random_state ^= random_state << 13;
		random_state ^= random_state >> 7;
		random_state ^= random_state << 17;
		return random_state % n;
	}
	if (depth == MAX_CHOICES)
		abort();
	if (depth == nchoices) {
		choices[nchoices].made = 0;
		choices[nchoices].of = n;
		nchoices++;
	}
	return choices[depth++].made;
}

bool weak_next(void)
{
	if (!random_state) {
		while (nchoices && choices[nchoices - 1].made + 1 ==
				   choices[nchoices - 1].of)
			nchoices--;
		if (!nchoices)
			return false;
		choices[nchoices - 1].made++;
	}
	weak_reading();
	return true;
}

void weak_random(unsigned long long seed)
{
	random_state = seed;
	weak_reading();
}
