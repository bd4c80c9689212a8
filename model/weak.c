// SPDX-License-Identifier: GPL-2.0
/*
 * A memory of one writer and one reader in which the reader sees whatever the
 * barriers do not forbid, in one execution after the other.
 *
 * The writer runs first and to its end, since nothing that it does depends on
 * the reader; each of its stores is kept with its number. Then the reader runs,
 * over and over, and each of its loads of a word that has several values gives
 * one of them: weak_next() goes through all combinations. Not given are
 *
 *  - a value older than one that the reader had from this word (coherence);
 *  - a value that was overwritten before a store which the reader knows of.
 *
 * What it knows: a store-release makes known all stores before it, and a store
 * after smp_wmb() all stores before that; to a load-acquire that gives it at
 * once, to any other load at the next smp_rmb(). That is what the kernel's memory
 * model says of these primitives; loads and stores without any can go anywhere,
 * as a compiler and a processor may let them.
 *
 * One word goes the other way, from the reader to the writer (weak_flag()). What
 * smp_mb() forbids there is that both sides store, have an smp_mb(), look, and
 * neither sees the other's store: so if the writer did not see the flag, the
 * reader knows, after its own smp_mb(), of all stores before the writer's.
 *
 * The writer's plain stores are found by comparing its memory with what it was at
 * its last call; between two calls their order means nothing.
 */
#include <stdio.h>

#include "shim.h"
#undef memcpy
#include "weak.h"

#define MAX_WORDS	64
#define MAX_STORES	512
#define MAX_CHOICES	4096

/* A store: to which word, what, and which stores whoever sees it knows of. */
static struct store {
	unsigned int word;
	u64 value;
	unsigned int knows;
} stores[MAX_STORES + 1];	/* from 1: 0 is "as it was at the start" */

static u64 *memory;
static unsigned int words, nstores, fence;
static u64 before[MAX_WORDS], start[MAX_WORDS];
static bool reading;

/* The reader. */
static unsigned int known, pending, had[MAX_WORDS];

/* The flag: is it there, what the writer sees of it, its smp_mb(); the reader. */
static void *flag;
static bool flag_seen, flag_set;
static unsigned int full_fence;

/* The execution: which choice was made of how many. */
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

/* Stores that were made without a call. */
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

/* ---- one execution after the other ---- */

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
