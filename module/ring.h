/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rings: where records stay until they are overwritten.
 *
 * ring.c tells how they work. Writers (commit.c, selection.c, victim.c) use
 * reserve and publish below, which are inline because the commit decision's
 * cost is counted in instructions; readers (chardev.c, debugfs.c) use struct
 * oomtrace_reader.
 */
#ifndef OOMTRACE_RING_H
#define OOMTRACE_RING_H

#include <linux/bitmap.h>
#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/timekeeping.h>
#include <linux/wait.h>

#include "../include/oomtrace.h"
#include "stacks.h"

/**
 * struct oomtrace_ring_page - the first page of a CPU's ring memory
 * @head: sequence number of the last record published; 0: none yet. Written by
 *	the CPU's writer with release order, read with acquire.
 */
struct oomtrace_ring_page {
	u64 head;
};

/**
 * struct oomtrace_ring_cpu - the writer's side of one ring on one CPU
 * @page: first page of the memory; the slots follow it on the next page.
 * @slots: the slots.
 * @next: index of the slot that the next record goes to.
 * @busy: a write is under way on this CPU.
 * @seq: sequence number of the last record; a copy of @page->head that nobody
 *	else can touch.
 * @refused: writes that came inside another one and were turned away.
 *
 * Written only on its own CPU with preemption off; @refused is read from
 * elsewhere.
 */
struct oomtrace_ring_cpu {
	struct oomtrace_ring_page *page;
	void *slots;
	u32 next;
	u32 busy;
	u64 seq;
	u64 refused;
};

/**
 * struct oomtrace_ring - one ring, on all CPUs
 * @cpu: the writers' sides.
 * @slot_size: bytes from one slot to the next, a multiple of 64.
 * @slots: slots per CPU.
 * @id: which ring this is.
 */
struct oomtrace_ring {
	struct oomtrace_ring_cpu __percpu *cpu;
	u32 slot_size;
	u32 slots;
	enum oomtrace_ring_id id;
};

extern struct oomtrace_ring oomtrace_rings[OOMTRACE_RINGS];

/* Nonzero while a reader sleeps and wants to be woken by the next record. */
extern int oomtrace_ring_waiting;

void oomtrace_ring_kick(void);

/**
 * oomtrace_ring_reserve() - get the slot for the next record of this CPU
 * @ring: the ring.
 * @type: enum oomtrace_type of the record.
 * @size: its size, at most the ring's slot size.
 *
 * To be called with preemption off; fill in every byte after the header, set
 * the header's @valid and @derived, then call oomtrace_ring_publish() before
 * preemption comes back on.
 *
 * Return: the record, header filled in but for @valid and @derived, or NULL if
 * another write is under way on this CPU (counted as refused).
 */
static __always_inline void *
oomtrace_ring_reserve(struct oomtrace_ring *ring, u16 type, u16 size)
{
	struct oomtrace_ring_cpu *rc = this_cpu_ptr(ring->cpu);
	struct oomtrace_header *h;

	if (unlikely(rc->busy)) {
		rc->refused++;
		return NULL;
	}
	rc->busy = 1;
	/* An interrupt on this CPU must see busy before any of the record. */
	barrier();

	h = rc->slots + (size_t)rc->next * ring->slot_size;
	WRITE_ONCE(h->seq, 0);
	/*
	 * The slot says "being written" before any byte of it changes. Pairs
	 * with smp_rmb() in copy_record().
	 */
	smp_wmb();

	h->type = type;
	h->size = size;
	h->cpu = smp_processor_id();
	h->flags = ring->id;
	h->ts_ns = ktime_get_mono_fast_ns();
	return h;
}

/**
 * oomtrace_ring_publish() - let readers have the record
 * @ring: the ring.
 * @h: what oomtrace_ring_reserve() returned.
 */
static __always_inline void
oomtrace_ring_publish(struct oomtrace_ring *ring, struct oomtrace_header *h)
{
	struct oomtrace_ring_cpu *rc = this_cpu_ptr(ring->cpu);
	u64 seq = ++rc->seq;

	/* The whole record before its number: pairs with copy_record(). */
	smp_store_release(&h->seq, seq);
	/* The number in the slot before the head: pairs with ring_head(). */
	smp_store_release(&rc->page->head, seq);
	if (++rc->next == ring->slots)
		rc->next = 0;
	/* The next write, maybe an interrupt's, finds everything in place. */
	barrier();
	rc->busy = 0;

	/*
	 * Head before the look at waiting: pairs with the barrier between
	 * setting waiting and the look at the head in oomtrace_reader_arm().
	 */
	smp_mb();
	if (unlikely(READ_ONCE(oomtrace_ring_waiting)))
		oomtrace_ring_kick();
}

/**
 * struct oomtrace_reader - one reader's position in all rings
 * @rings: bit mask of the rings it reads.
 * @ncpus: CPUs in @next.
 * @next: sequence number it wants next, one per ring and CPU; private.
 * @stop: numbers after which it stops, like @next; NULL: never.
 * @stacks: the stacks it was given already.
 *
 * Not locked: whoever owns it lets one thread at a time use it.
 */
struct oomtrace_reader {
	unsigned int rings;
	unsigned int ncpus;
	u64 *next;
	u64 *stop;
	DECLARE_BITMAP(stacks, OOMTRACE_STACKS);
};

int oomtrace_rings_init(unsigned int commit_kb, unsigned int oom_kb);
void oomtrace_rings_exit(void);
void oomtrace_rings_quiesce(void);
void oomtrace_ring_info(enum oomtrace_ring_id id,
			struct oomtrace_ring_info *info);
u64 oomtrace_ring_written(enum oomtrace_ring_id id, unsigned int cpu);
u64 oomtrace_ring_refused(enum oomtrace_ring_id id, unsigned int cpu);

int oomtrace_reader_init(struct oomtrace_reader *r, unsigned int rings,
			 bool stop_at_now);
void oomtrace_reader_free(struct oomtrace_reader *r);
void oomtrace_reader_oldest(struct oomtrace_reader *r);
void oomtrace_reader_newest(struct oomtrace_reader *r);
void oomtrace_reader_since(struct oomtrace_reader *r, u64 ts_ns);
unsigned int oomtrace_reader_next(struct oomtrace_reader *r, void *buf);
void oomtrace_reader_unread(struct oomtrace_reader *r, const void *buf);
bool oomtrace_reader_arm(struct oomtrace_reader *r);
wait_queue_head_t *oomtrace_ring_wait(void);

#endif /* OOMTRACE_RING_H */
