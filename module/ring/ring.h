/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rings: where records stay until they are overwritten.
 *
 * A writer reserves a slot, fills it and publishes it, or has a finished record
 * copied into a slot. All of that is inline, because the cost of a commit
 * decision is counted in instructions. The letters (A) to (F) name the barriers
 * that pair; no write sleeps, allocates or takes a lock.
 */
#ifndef OOMTRACE_RING_H
#define OOMTRACE_RING_H

#include <linux/compiler.h>
#include <linux/cpumask.h>
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
 * @page: its first page, laid out as the ABI says.
 * @slots: the slots, from the second page on.
 * @nslots: number of slots.
 * @slot_size: bytes from one slot to the next.
 * @bytes: size of the memory with @page, a multiple of the page size.
 * @id: the ring that the memory belongs to.
 * @ref: one reference for the ring that writes here, one for each mapping.
 *
 * A CPU that was never online has memory without slots: oomtrace_ring_none, or,
 * once it is mapped, a page of its own.
 *
 * Constant while a ring uses it, except for what @page and @slots point to.
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
 * @page: copy of @mem->page.
 * @slots: copy of @mem->slots; NULL until the CPU has slots.
 * @nslots: copy of @mem->nslots.
 * @next: index of the slot for the next record: @seq % @nslots.
 * @home: @cpu and @flags of the records' headers; constant.
 * @busy: nonzero during a write on this CPU, and until the CPU has slots.
 * @seq: number of the last record; the writer's private copy of @page->head.
 * @mem: the memory that records go to; readers use it under RCU.
 * @refused: nested writes rejected, by context.
 * @no_memory: writes rejected because the CPU has no slots.
 *
 * Written only on its own CPU with preemption off. For an offline CPU, the task
 * that keeps the CPU offline may write it. Exception: any task may replace
 * oomtrace_ring_none in @mem. Any CPU reads @refused and @no_memory.
 */
struct oomtrace_ring_cpu {
	struct oomtrace_ring_page *page;
	void *slots;
	u32 nslots;
	u32 next;
	struct {
		u16 cpu;
		u16 flags;
	} home;
	u32 busy;
	u64 seq;
	struct oomtrace_ring_mem __rcu *mem;
	u64 refused[OOMTRACE_REFUSALS];
	u64 no_memory;
};

/**
 * struct oomtrace_ring - one ring, on all CPUs
 * @cpu: the writer's side of each CPU.
 * @slot_size: bytes from one slot to the next, a multiple of 64.
 * @id: which ring this is.
 * @shared: all CPUs write to the memory of CPU oomtrace_ring_home(), and no other
 *	CPU has any.
 * @writer: the writer's side of that CPU, if @shared.
 * @kb: KiB for a CPU that comes online; constant under cpus_read_lock().
 * @bytes: memory in use, including replaced memory that is still mapped.
 */
struct oomtrace_ring {
	struct oomtrace_ring_cpu __percpu *cpu;
	u32 slot_size;
	enum oomtrace_ring_id id;
	bool shared;
	struct oomtrace_ring_cpu *writer;
	unsigned int kb;
	atomic64_t bytes;
};

extern struct oomtrace_ring oomtrace_rings[OOMTRACE_RINGS];

/* The rings that have the records of OOM episodes, as a bit mask. */
#define OOMTRACE_OOM_RINGS	(BIT(OOMTRACE_RING_OOM) | BIT(OOMTRACE_RING_CANDIDATE))

/* The memory of CPUs that have none: no slots and no records. Never written. */
extern struct oomtrace_ring_mem oomtrace_ring_none;

void oomtrace_ring_refuse(struct oomtrace_ring_cpu *rc);

/* Set what is the same in all records of one ring on one CPU: @cpu and @flags. */
static __always_inline void oomtrace_ring_set_home(const struct oomtrace_ring_cpu *rc,
						   struct oomtrace_header *h)
{
	memcpy((char *)h + offsetof(struct oomtrace_header, cpu), &rc->home,
	       sizeof(rc->home));
}

/**
 * oomtrace_ring_is_busy() - check whether a record can be written on this CPU
 * @ring: the ring.
 *
 * Call with preemption off.
 *
 * Return: true if the write would be nested in another one, or if the CPU has no
 * slots; it is counted as rejected.
 */
static __always_inline bool oomtrace_ring_is_busy(struct oomtrace_ring *ring)
{
	struct oomtrace_ring_cpu *rc = this_cpu_ptr(ring->cpu);

	lockdep_assert_preemption_disabled();
	if (likely(!rc->busy))
		return false;
	oomtrace_ring_refuse(rc);
	return true;
}

/**
 * oomtrace_ring_begin() - reserve the slot for the next record, without its time
 * @ring: the ring, for which oomtrace_ring_is_busy() has just returned false.
 * @type: enum oomtrace_type of the record.
 * @size: bytes of the record, at most the ring's slot size.
 *
 * As oomtrace_ring_reserve(), but the caller sets @ts_ns of the header.
 */
static __always_inline void *
oomtrace_ring_begin(struct oomtrace_ring *ring, u16 type, u16 size)
{
	struct oomtrace_ring_cpu *rc = this_cpu_ptr(ring->cpu);
	struct oomtrace_header *h;

	rc->busy = 1;
	/* An interrupt on this CPU must see busy before it sees the slot change. */
	barrier();

	h = rc->slots + (size_t)rc->next * ring->slot_size;
	WRITE_ONCE(h->seq, 0);
	/* (A) Clear the number before any byte changes: pairs with (B). */
	smp_wmb();

	h->type = type;
	h->size = size;
	oomtrace_ring_set_home(rc, h);
	return h;
}

/**
 * oomtrace_ring_reserve() - reserve the slot for the next record of this CPU
 * @ring: the ring.
 * @type: enum oomtrace_type of the record.
 * @size: bytes of the record, at most the ring's slot size.
 *
 * Call with preemption off. Fill in every byte after the header, set the
 * header's @valid and @derived, then call oomtrace_ring_publish() before
 * enabling preemption.
 *
 * Return: the record, its header complete except for @valid and @derived; NULL
 * if the write is nested in another one on this CPU, or if the CPU has no slots
 * (both are counted).
 */
static __always_inline void *
oomtrace_ring_reserve(struct oomtrace_ring *ring, u16 type, u16 size)
{
	struct oomtrace_header *h;

	if (unlikely(oomtrace_ring_is_busy(ring)))
		return NULL;
	h = oomtrace_ring_begin(ring, type, size);
	h->ts_ns = ktime_get_mono_fast_ns();
	return h;
}

/**
 * oomtrace_ring_abandon() - give a reserved slot back
 * @ring: the ring.
 *
 * The next record on this CPU gets the slot. Until then readers see it as one that
 * is being written, so write a record soon.
 */
static __always_inline void oomtrace_ring_abandon(struct oomtrace_ring *ring)
{
	struct oomtrace_ring_cpu *rc = this_cpu_ptr(ring->cpu);

	/* An interrupt that sees busy clear must see all of the above. */
	barrier();
	rc->busy = 0;
}

/**
 * oomtrace_ring_publish() - make a record visible to readers
 * @ring: the ring.
 * @h: the record that oomtrace_ring_reserve() returned.
 */
static __always_inline void
oomtrace_ring_publish(struct oomtrace_ring *ring, struct oomtrace_header *h)
{
	struct oomtrace_ring_cpu *rc = this_cpu_ptr(ring->cpu);
	u64 seq = ++rc->seq;

	WRITE_ONCE(h->seq, seq);
	/* (C) Store the record and its number before the head: pairs with (D). */
	smp_store_release(&rc->page->head, seq);
	if (++rc->next == rc->nslots)
		rc->next = 0;
	/* An interrupt that sees busy clear must see all of the above. */
	barrier();
	rc->busy = 0;

	/* (E) Store the head before loading waiting: pairs with (F). */
	smp_mb();
	if (unlikely(READ_ONCE(oomtrace_ring_waiting)))
		oomtrace_ring_kick();

	if (static_branch_unlikely(&oomtrace_events_key))
		oomtrace_event(h);
}

/**
 * oomtrace_ring_write() - write a finished record
 * @ring: the ring.
 * @rec: the record; only @valid and @derived of its header are used.
 * @type: enum oomtrace_type.
 * @size: bytes of the record; a constant where the cost matters.
 *
 * Interrupts are off during the copy only. So any context except NMI may call
 * this, and an interrupt cannot nest a write.
 *
 * Return: false if the write was rejected: nested, or the CPU has no slots.
 */
static __always_inline bool
oomtrace_ring_write(struct oomtrace_ring *ring, const void *rec, u16 type,
		    u16 size)
{
	const struct oomtrace_header *from = rec;
	struct oomtrace_header *to;
	unsigned long flags;

	local_irq_save(flags);
	to = oomtrace_ring_reserve(ring, type, size);
	if (to) {
		to->valid = from->valid;
		to->derived = from->derived;
		memcpy((void *)to + sizeof(*to), rec + sizeof(*to),
		       size - sizeof(*to));
		oomtrace_ring_publish(ring, to);
	}
	local_irq_restore(flags);
	return to;
}

/* The CPU whose memory a shared ring uses. */
static inline unsigned int oomtrace_ring_home(void)
{
	return cpumask_first(cpu_possible_mask);
}

bool oomtrace_ring_claim_slowly(struct oomtrace_ring_cpu *rc);

/**
 * oomtrace_ring_try_claim() - exclude other writers of a shared ring
 * @rc: its writer's side.
 *
 * Until oomtrace_ring_release() preemption is off, and no interrupt of this CPU may
 * write to the ring.
 *
 * Return: false if another CPU writes.
 */
static __always_inline bool oomtrace_ring_try_claim(struct oomtrace_ring_cpu *rc)
{
	lockdep_assert_preemption_disabled();
	/* Acquire: pairs with the release in oomtrace_ring_release(). */
	return likely(!xchg_acquire(&rc->busy, 1));
}

/* The same, but wait. False if the other writer does not end: a panic stopped it. */
static __always_inline bool oomtrace_ring_claim(struct oomtrace_ring_cpu *rc)
{
	return oomtrace_ring_try_claim(rc) || oomtrace_ring_claim_slowly(rc);
}

static __always_inline void oomtrace_ring_release(struct oomtrace_ring_cpu *rc)
{
	/* Release: the next writer sees all that this one has stored. */
	smp_store_release(&rc->busy, 0);
}

/**
 * oomtrace_ring_begin_shared() - get the next slot of a shared ring
 * @ring: the ring, which the caller has claimed.
 * @type: enum oomtrace_type of the record.
 * @size: bytes of the record, at most the ring's slot size.
 * @ts_ns: time of the record, CLOCK_MONOTONIC.
 *
 * As oomtrace_ring_reserve(); oomtrace_ring_publish_shared() releases the ring.
 *
 * Return: the record, its header complete except for @valid and @derived.
 */
static __always_inline void *
oomtrace_ring_begin_shared(struct oomtrace_ring *ring, u16 type, u16 size, u64 ts_ns)
{
	struct oomtrace_ring_cpu *rc = ring->writer;
	struct oomtrace_header *h = rc->slots + (size_t)rc->next * ring->slot_size;

	WRITE_ONCE(h->seq, 0);
	/* (A) as in oomtrace_ring_reserve() */
	smp_wmb();
	h->type = type;
	h->size = size;
	oomtrace_ring_set_home(rc, h);
	h->ts_ns = ts_ns;
	return h;
}

/* Make a record of a shared ring visible; the ring stays claimed. */
static __always_inline void oomtrace_ring_show(struct oomtrace_ring_cpu *rc,
					       struct oomtrace_header *h)
{
	u64 seq = ++rc->seq;

	WRITE_ONCE(h->seq, seq);
	/* (C) as in oomtrace_ring_publish() */
	smp_store_release(&rc->page->head, seq);
	if (++rc->next == rc->nslots)
		rc->next = 0;
}

/* Wake readers that wait, after a record was made visible. */
static __always_inline void oomtrace_ring_wake(void)
{
	/* (E) as in oomtrace_ring_publish() */
	smp_mb();
	if (unlikely(READ_ONCE(oomtrace_ring_waiting)))
		oomtrace_ring_kick();
}

/**
 * oomtrace_ring_publish_quietly() - make a record visible to readers that look
 * @rc: the writer's side of a shared ring, which the caller has claimed.
 * @h: the record that oomtrace_ring_begin_shared() returned.
 *
 * Wakes no reader: call oomtrace_ring_wake() after the last one of many records.
 * Makes no trace event.
 */
static __always_inline void
oomtrace_ring_publish_quietly(struct oomtrace_ring_cpu *rc, struct oomtrace_header *h)
{
	oomtrace_ring_show(rc, h);
	oomtrace_ring_release(rc);
}

/**
 * oomtrace_ring_publish_shared() - make a record of a shared ring visible
 * @ring: the ring.
 * @h: the record that oomtrace_ring_begin_shared() returned.
 */
static __always_inline void
oomtrace_ring_publish_shared(struct oomtrace_ring *ring, struct oomtrace_header *h)
{
	struct oomtrace_ring_cpu *rc = ring->writer;

	oomtrace_ring_show(rc, h);
	/* Before the next writer can change the record. */
	if (static_branch_unlikely(&oomtrace_events_key))
		oomtrace_event(h);
	oomtrace_ring_release(rc);
	oomtrace_ring_wake();
}

bool oomtrace_ring_write_shared(struct oomtrace_ring *ring,
				const struct oomtrace_header *rec);

/* The number of the last complete record in this memory. */
static inline u64 oomtrace_ring_head(const struct oomtrace_ring_mem *mem)
{
	/* (D) Load the head before the slots: pairs with (C). */
	return smp_load_acquire(&mem->page->head);
}

/* The memory that a CPU writes to now. Call under rcu_read_lock(). */
static inline const struct oomtrace_ring_mem *
oomtrace_ring_mem(const struct oomtrace_ring *ring, unsigned int cpu)
{
	return rcu_dereference(per_cpu_ptr(ring->cpu, cpu)->mem);
}

/* Mapping offsets: bytes between two of them; one per ring and CPU. */
#define OOMTRACE_MMAP_SPAN	BIT_ULL(31)
#define OOMTRACE_MMAP_OFFSET(id, cpu) \
	(((u64)(cpu) * OOMTRACE_RINGS + (id)) * OOMTRACE_MMAP_SPAN)

void oomtrace_ring_info(enum oomtrace_ring_id id,
			struct oomtrace_ring_info *info);
u64 oomtrace_ring_written(enum oomtrace_ring_id id, unsigned int cpu);
u64 oomtrace_ring_no_memory(enum oomtrace_ring_id id, unsigned int cpu);
unsigned int oomtrace_ring_cpus(void);
int oomtrace_ring_cpu_info(struct oomtrace_ring_cpu_info *info);
bool oomtrace_ring_fits(unsigned int kb, unsigned int cpus);
struct oomtrace_ring_mem *oomtrace_ring_mem_alloc(enum oomtrace_ring_id id,
						  unsigned int cpu,
						  unsigned int kb);
struct oomtrace_ring_mem *oomtrace_ring_mem_get(enum oomtrace_ring_id id,
						unsigned int cpu);
void oomtrace_ring_mem_put(struct oomtrace_ring_mem *mem);
struct oomtrace_ring_mem *oomtrace_ring_use(struct oomtrace_ring_cpu *rc,
					    struct oomtrace_ring_mem *mem);
struct oomtrace_ring_mem *oomtrace_ring_mem_map(enum oomtrace_ring_id id,
						unsigned int cpu);

#endif /* OOMTRACE_RING_H */
