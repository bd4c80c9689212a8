/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A binary heap of rings, ordered by the time of each ring's next record, so that
 * the earliest of N rings costs log N comparisons instead of N. For the readers
 * of the module and of the library; contains no allocation and no lock.
 */
#ifndef OOMTRACE_HEAP_H
#define OOMTRACE_HEAP_H

#include "shim.h"

/**
 * struct oomtrace_heap_entry - a ring that has a record
 * @ts_ns: time of the record, ns of CLOCK_MONOTONIC.
 * @at: index of the ring; of two records of the same time, that of the lower
 *	index comes first.
 */
struct oomtrace_heap_entry {
	u64 ts_ns;
	u32 at;
};

/**
 * struct oomtrace_heap - the rings that have a record
 * @n: number of rings in @entry.
 * @entry: entry[0] is the earliest; entry[i] is not later than entry[2 * i + 1]
 *	and entry[2 * i + 2]. The owner allocates it, with room for all rings.
 */
struct oomtrace_heap {
	u32 n;
	struct oomtrace_heap_entry *entry;
};

static inline bool oomtrace_heap_before(const struct oomtrace_heap_entry *a,
					const struct oomtrace_heap_entry *b)
{
	return a->ts_ns < b->ts_ns || (a->ts_ns == b->ts_ns && a->at < b->at);
}

/* Move entry @i down to its place; everything below it is in order. */
static inline void oomtrace_heap_sink(struct oomtrace_heap *heap, u32 i)
{
	struct oomtrace_heap_entry *e = heap->entry, moved = e[i];
	u32 child;

	while ((child = 2 * i + 1) < heap->n) {
		if (child + 1 < heap->n &&
		    oomtrace_heap_before(&e[child + 1], &e[child]))
			child++;
		if (!oomtrace_heap_before(&e[child], &moved))
			break;
		e[i] = e[child];
		i = child;
	}
	e[i] = moved;
}

/* Put all entries in order. */
static inline void oomtrace_heap_build(struct oomtrace_heap *heap)
{
	u32 i;

	for (i = heap->n / 2; i; i--)
		oomtrace_heap_sink(heap, i - 1);
}

/* The earliest ring has a later record now. */
static inline void oomtrace_heap_delay(struct oomtrace_heap *heap, u64 ts_ns)
{
	heap->entry[0].ts_ns = ts_ns;
	oomtrace_heap_sink(heap, 0);
}

/* The earliest ring has no record any more. */
static inline void oomtrace_heap_pop(struct oomtrace_heap *heap)
{
	heap->entry[0] = heap->entry[--heap->n];
	if (heap->n)
		oomtrace_heap_sink(heap, 0);
}

#endif /* OOMTRACE_HEAP_H */
