/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mapped rings of a handle: their memory, and the position in each. The numbered
 * steps are those of struct oomtrace_ring_page.
 */
#ifndef OOMTRACE_RINGS_H
#define OOMTRACE_RINGS_H

#include <stdbool.h>

#include "../common/heap.h"
#include "../common/shim.h"
#include "../include/oomtrace.h"

struct oomtrace;
struct tally;

/* Upper bound of stack ids; the module has fewer stacks. */
#define STACKS	4096

/**
 * struct ring - one ring on one CPU
 * @page: the mapping; NULL if the CPU is not possible.
 * @slots: the slots in the mapping.
 * @slots_end: end of the slots.
 * @nslots: copy of @page->slots, so that no line that the writer changes is read.
 * @slot_size: copy of @page->slot_size.
 * @size: bytes of the mapping.
 * @next: number of the next record to return.
 * @slot: the slot of record @next; NULL if the CPU has no slots (yet).
 * @head: number of the newest complete record, when last read.
 * @lost: overwritten records before @next that are not reported yet.
 * @longest: bytes that a record may have after its header.
 * @ready: @next is a record, with @ts_ns; not set during a run of this ring.
 * @ts_ns: time of the next record, ns of CLOCK_MONOTONIC.
 */
struct ring {
	const struct oomtrace_ring_page *page;
	const char *slots;
	const char *slots_end;
	u32 nslots;
	u32 slot_size;
	size_t size;
	u64 next;
	const struct oomtrace_header *slot;
	u64 head;
	u64 lost;
	u32 longest;
	bool ready;
	u64 ts_ns;
};

/**
 * struct mapped - all mapped rings
 * @cpus: highest CPU number plus 1.
 * @heap: the rings whose @ready is set; empty after a change of position. During a
 *	run, the ring at the top has been read further than the heap knows.
 * @run: the ring at the top of the heap during a run; else NULL.
 * @run_end: records of @run before this time are the next ones of all rings; ns of
 *	CLOCK_MONOTONIC.
 * @tally: the counters of @run, if that is not NULL.
 * @until: when the heads were loaded, ns of CLOCK_MONOTONIC.
 * @given: bit n is set if stack n was returned.
 * @copy: the record that was returned.
 * @made: a lost or stack record, composed here.
 * @ring: indexed by ring and CPU; unmapped if the CPU is not possible.
 */
struct mapped {
	unsigned int cpus;
	struct ring *run;
	u64 run_end;
	struct tally *tally;
	struct oomtrace_heap heap;
	u64 until;
	u64 given[STACKS / 64];
	union {
		char bytes[OOMTRACE_MAX_RECORD];
		struct oomtrace_header h;
		struct oomtrace_commit commit;
	} copy;
	union {
		struct oomtrace_lost lost;
		struct oomtrace_stack stack;
	} made;
	struct ring ring[];
};

static inline size_t nrings(const struct mapped *m)
{
	return (size_t)OOMTRACE_RINGS * m->cpus;
}

static inline u64 load_head(const struct ring *r)
{
	/* Step 1: load the head before the records. */
	return __atomic_load_n(&r->page->head, __ATOMIC_ACQUIRE);
}

/* Has the ring moved to new memory? */
static inline bool is_closed(const struct ring *r)
{
	return __atomic_load_n(&r->page->closed, __ATOMIC_ACQUIRE);
}

/* Step 2: the number of the oldest record that is not overwritten. */
static inline u64 oldest_seq(const struct ring *r)
{
	u64 slots = r->nslots, first = r->page->first;
	u64 held = r->head >= slots ? r->head - slots + 1 : 1;

	return held > first ? held : first;
}

static inline const struct oomtrace_header *slot_of(const struct ring *r, u64 seq)
{
	if (!r->nslots)
		return NULL;
	return (const void *)(r->slots + (seq - 1) % r->nslots * r->slot_size);
}

/* Go to a record, or to the one that is written next. */
static inline void set_next(struct ring *r, u64 seq)
{
	r->next = seq;
	r->slot = slot_of(r, seq);
	r->ready = false;
}

/* Steps 3 and 4: load from a slot, then its number. False if it was overwritten. */
static inline bool is_record(const struct oomtrace_header *h, u64 seq)
{
	/* Load the record before its number: an overwrite changes the number. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&h->seq, __ATOMIC_RELAXED) == seq;
}

/**
 * rings_follow_resize() - step 5: map the new memory of a ring that was resized
 *
 * Record numbers go on.
 *
 * Return: 1 if there may be a record now, 0 if the ring was not resized, or a
 * negative errno.
 */
int rings_follow_resize(struct oomtrace *ot, struct ring *r);

/**
 * mapped_open() - map the rings of an open device, at their oldest records
 * @ot: the handle.
 * @cpus: highest CPU number plus 1.
 * @possible: number of possible CPUs.
 *
 * Return: 0 or a negative errno; -EPROTO if a CPU number is not below @cpus.
 */
int mapped_open(struct oomtrace *ot, unsigned int cpus, unsigned int possible);

/** mapped_close() - unmap the rings; @m may be NULL */
void mapped_close(struct mapped *m);

/** mapped_oldest() - go to the oldest buffered records; return all stacks again */
void mapped_oldest(struct mapped *m);

/** mapped_newest() - skip all buffered records */
void mapped_newest(struct mapped *m);

/** mapped_seek() - go to a record number that the module has accepted */
void mapped_seek(struct mapped *m, unsigned int ring, unsigned int cpu, u64 seq);

/**
 * mapped_seek_episode() - go to the first records since an episode's begin
 *
 * Return: 0, or ENOENT if its begin is not buffered, with nothing changed.
 */
int mapped_seek_episode(struct mapped *m, u64 episode);

#endif /* OOMTRACE_RINGS_H */
