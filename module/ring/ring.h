/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rings: where records stay until they are overwritten.
 *
 * Writers reserve a slot, fill it and publish it, or have a finished record
 * written. All of that is inline, because the cost of a commit decision is
 * counted in instructions.
 */
#ifndef OOMTRACE_RING_H
#define OOMTRACE_RING_H

#include <linux/compiler.h>
#include <linux/irqflags.h>
#include <linux/kref.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/ktime.h>
#include <linux/string.h>

#include "include/oomtrace.h"
#include "ring/events.h"
#include "ring/wakeup.h"

/**
 * struct oomtrace_ring_mem - the memory of one ring on one CPU
 * @page: its first page, see include/oomtrace.h.
 * @slots: the slots; they follow on the next page.
 * @nslots: how many there are.
 * @slot_size: bytes from one to the next.
 * @bytes: memory taken, @page included; whole pages.
 * @id: of which ring.
 * @ref: held by the ring while it writes there, and by each mapping.
 *
 * Constant once a ring has it, but for what @page and @slots point to.
 */
struct oomtrace_ring_mem {
	struct oomtrace_ring_page *page;
	void *slots;
	u32 nslots;
	u32 slot_size;
	size_t bytes;
	enum oomtrace_ring_id id;
	struct kref ref;
};

/**
 * struct oomtrace_ring_cpu - the writer's side of one ring on one CPU
 * @page: of @mem.
 * @slots: of @mem.
 * @nslots: of @mem.
 * @next: index of the slot that the next record goes to: @seq % @nslots.
 * @busy: a write is under way on this CPU.
 * @seq: number of the last record; a copy of @page->head that nobody else can
 *	touch.
 * @mem: where records go; under RCU for readers.
 * @refused: writes that came inside another one and were turned away, by what
 *	they were in.
 *
 * Written only on its own CPU with preemption off, or, when the CPU is offline,
 * by whoever keeps it so; @refused is read from elsewhere.
 */
struct oomtrace_ring_cpu {
	struct oomtrace_ring_page *page;
	void *slots;
	u32 nslots;
	u32 next;
	u32 busy;
	u64 seq;
	struct oomtrace_ring_mem __rcu *mem;
	u64 refused[OOMTRACE_REFUSALS];
};

/**
 * struct oomtrace_ring - one ring, on all CPUs
 * @cpu: the writers' sides.
 * @slot_size: bytes from one slot to the next, a multiple of 64.
 * @id: which ring this is.
 * @bytes: memory taken, mappings of memory that a resize replaced included.
 */
struct oomtrace_ring {
	struct oomtrace_ring_cpu __percpu *cpu;
	u32 slot_size;
	enum oomtrace_ring_id id;
	atomic64_t bytes;
};

extern struct oomtrace_ring oomtrace_rings[OOMTRACE_RINGS];

void oomtrace_ring_refuse(struct oomtrace_ring_cpu *rc);

void oomtrace_ring_refuse(struct oomtrace_ring_cpu *rc);

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

	lockdep_assert_preemption_disabled();
	if (unlikely(rc->busy)) {
		oomtrace_ring_refuse(rc);
		return NULL;
	}
	rc->busy = 1;
	/* An interrupt on this CPU must see busy before any of the record. */
	barrier();

	h = rc->slots + (size_t)rc->next * ring->slot_size;
	WRITE_ONCE(h->seq, 0);
	/* (A) "Being written" before any byte changes: pairs with (B). */
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

	WRITE_ONCE(h->seq, seq);
	/* (C) The record and its number before the head: pairs with (D). */
	smp_store_release(&rc->page->head, seq);
	if (++rc->next == rc->nslots)
		rc->next = 0;
	/* The next write, maybe an interrupt's, finds everything in place. */
	barrier();
	rc->busy = 0;

	/* (E) The head before the look at waiting: pairs with (F). */
	smp_mb();
	if (unlikely(READ_ONCE(oomtrace_ring_waiting)))
		oomtrace_ring_kick();

	if (static_branch_unlikely(&oomtrace_events_key))
		oomtrace_event(h);
}

/**
 * oomtrace_ring_write() - write a finished record
 * @ring: the ring.
 * @rec: the record; of its header, @valid and @derived are written.
 * @type: enum oomtrace_type.
 * @size: the record's size; a constant where the cost matters.
 *
 * Interrupts are off for the copy only, so any context but NMI may call this and
 * no write is ever nested in another.
 *
 * Return: false if the write was rejected as nested.
 */
static __always_inline bool
oomtrace_ring_write(struct oomtrace_ring *ring,
		    const struct oomtrace_header *rec, u16 type, u16 size)
{
	struct oomtrace_header *to;
	unsigned long flags;

	local_irq_save(flags);
	to = oomtrace_ring_reserve(ring, type, size);
	if (to) {
		to->valid = rec->valid;
		to->derived = rec->derived;
		memcpy(to + 1, rec + 1, size - sizeof(*rec));
		oomtrace_ring_publish(ring, to);
	}
	local_irq_restore(flags);
	return to;
}

/* The number of the last record that is whole in this memory. */
static inline u64 oomtrace_ring_head(const struct oomtrace_ring_mem *mem)
{
	/* (D) The head before the slots: pairs with (C). */
	return smp_load_acquire(&mem->page->head);
}

/* The memory that a CPU writes to now; inside rcu_read_lock(). */
static inline const struct oomtrace_ring_mem *
oomtrace_ring_mem(const struct oomtrace_ring *ring, unsigned int cpu)
{
	return rcu_dereference(per_cpu_ptr(ring->cpu, cpu)->mem);
}

/* Offsets of mappings: this far apart, one for each ring on each CPU. */
#define OOMTRACE_MMAP_SPAN	BIT_ULL(31)
#define OOMTRACE_MMAP_OFFSET(id, cpu) \
	(((u64)(cpu) * OOMTRACE_RINGS + (id)) * OOMTRACE_MMAP_SPAN)

int oomtrace_rings_init(const unsigned int kb[OOMTRACE_RINGS]);
void oomtrace_rings_exit(void);
void oomtrace_ring_info(enum oomtrace_ring_id id,
			struct oomtrace_ring_info *info);
u64 oomtrace_ring_written(enum oomtrace_ring_id id, unsigned int cpu);
int oomtrace_ring_cpu_info(struct oomtrace_ring_cpu_info *info);
bool oomtrace_ring_fits(unsigned int kb);
struct oomtrace_ring_mem *oomtrace_ring_mem_alloc(enum oomtrace_ring_id id,
						  unsigned int cpu,
						  unsigned int kb);
struct oomtrace_ring_mem *oomtrace_ring_mem_get(enum oomtrace_ring_id id,
						unsigned int cpu);
void oomtrace_ring_mem_put(struct oomtrace_ring_mem *mem);
void oomtrace_ring_use(struct oomtrace_ring_cpu *rc,
		       struct oomtrace_ring_mem *mem);

#endif /* OOMTRACE_RING_H */
