// SPDX-License-Identifier: GPL-2.0
/*
 * The rings: per-CPU, preallocated, overwriting the oldest record.
 *
 * Two rings, so that a flood of commit decisions never evicts an OOM episode.
 * Each has, for every possible CPU, an array of equal slots, one record each.
 * Nothing is allocated after load, nothing is locked, and a writer does no work
 * for readers but look whether one sleeps.
 *
 * What always holds, for one ring on one CPU with N slots:
 *
 *  1. One writer: only that CPU writes, with preemption off. An interrupt may
 *     come in between and want to write too; it finds @busy set, is turned away
 *     and counted. (The OOM ring's writers switch interrupts off: nothing of an
 *     episode is ever turned away by that.)
 *  2. Records are numbered 1, 2, 3, ... Record n lives in slot (n - 1) % N and
 *     nowhere else.
 *  3. A slot's header.seq is n only while every byte of record n is in it: the
 *     writer sets it to 0 before it touches the slot and to n after it is done.
 *  4. head is n only after record n is whole. So the records that can be had
 *     are those from max(1, head - N + 1) to head, but for the oldest, which
 *     the next write may be taking away just now.
 *
 * A reader knows the number it wants next. From (4) it knows whether that
 * number is still there; if not, the difference is exactly what it has lost.
 * It copies the slot and by (3) knows from the sequence number before and after
 * whether it has record n whole; if not, the record was overwritten meanwhile,
 * and it starts over with a newer number. Readers keep all their state in
 * struct oomtrace_reader, so there can be any number of them.
 *
 * Waking: a reader about to sleep sets oomtrace_ring_waiting and looks at the
 * heads once more; the first writer to publish after that clears the flag and
 * queues an irq_work which wakes all sleepers. So there is one wake-up per
 * sleep, not one per record.
 */
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "../common/fields.h"
#include "ring.h"

struct oomtrace_ring oomtrace_rings[OOMTRACE_RINGS];

int oomtrace_ring_waiting;
static DECLARE_WAIT_QUEUE_HEAD(ring_wait);

/* Slots are as large as the longest record that goes there, in cache lines. */
static const u32 slot_sizes[OOMTRACE_RINGS] = {
	[OOMTRACE_RING_COMMIT]	= ALIGN(sizeof(struct oomtrace_commit), 64),
	[OOMTRACE_RING_OOM]	= ALIGN(sizeof(struct oomtrace_oom_begin), 64),
};

static void wake_readers(struct irq_work *work)
{
	wake_up_interruptible_poll(&ring_wait, EPOLLIN | EPOLLRDNORM);
}

static struct irq_work wake_work;

/**
 * oomtrace_ring_kick() - wake the readers that sleep, soon
 *
 * Called by a writer that found oomtrace_ring_waiting set, in any context but
 * NMI.
 */
void oomtrace_ring_kick(void)
{
	/* Of many writers at once, only one wakes. */
	if (xchg(&oomtrace_ring_waiting, 0))
		irq_work_queue(&wake_work);
}

/**
 * oomtrace_ring_wait() - where readers sleep
 *
 * Return: the wait queue; check oomtrace_reader_arm() as the condition.
 */
wait_queue_head_t *oomtrace_ring_wait(void)
{
	return &ring_wait;
}

static void ring_free(struct oomtrace_ring *ring)
{
	unsigned int cpu;

	if (!ring->cpu)
		return;
	for_each_possible_cpu(cpu)
		vfree(per_cpu_ptr(ring->cpu, cpu)->page);
	free_percpu(ring->cpu);
	ring->cpu = NULL;
}

static int ring_alloc(struct oomtrace_ring *ring, enum oomtrace_ring_id id,
		      unsigned int kb)
{
	size_t bytes = (size_t)kb * SZ_1K;
	unsigned int cpu;

	ring->id = id;
	ring->slot_size = slot_sizes[id];
	ring->slots = (bytes - PAGE_SIZE) / ring->slot_size;
	ring->cpu = alloc_percpu(struct oomtrace_ring_cpu);
	if (!ring->cpu)
		return -ENOMEM;

	for_each_possible_cpu(cpu) {
		struct oomtrace_ring_cpu *rc = per_cpu_ptr(ring->cpu, cpu);

		/* Zeroed: no slot has a number, no stale byte can be read. */
		rc->page = vzalloc_node(bytes, cpu_to_node(cpu));
		if (!rc->page) {
			ring_free(ring);
			return -ENOMEM;
		}
		rc->slots = (void *)rc->page + PAGE_SIZE;
	}
	return 0;
}

/**
 * oomtrace_rings_init() - allocate both rings
 * @commit_kb: kilobytes per CPU for commit decisions.
 * @oom_kb: kilobytes per CPU for OOM episodes.
 *
 * Both numbers were checked by the caller: at least two pages, a multiple of
 * the page size.
 *
 * Return: 0 or -ENOMEM, with nothing left allocated.
 */
int oomtrace_rings_init(unsigned int commit_kb, unsigned int oom_kb)
{
	int ret;

	init_irq_work(&wake_work, wake_readers);
	ret = ring_alloc(&oomtrace_rings[OOMTRACE_RING_COMMIT],
			 OOMTRACE_RING_COMMIT, commit_kb);
	if (ret)
		return ret;
	ret = ring_alloc(&oomtrace_rings[OOMTRACE_RING_OOM],
			 OOMTRACE_RING_OOM, oom_kb);
	if (ret)
		ring_free(&oomtrace_rings[OOMTRACE_RING_COMMIT]);
	return ret;
}

/**
 * oomtrace_rings_quiesce() - wait until no wake-up is under way
 *
 * To be called when no writer is left.
 */
void oomtrace_rings_quiesce(void)
{
	irq_work_sync(&wake_work);
}

/**
 * oomtrace_rings_exit() - free the rings
 *
 * To be called last: no writer, no reader, no wake-up may be left.
 */
void oomtrace_rings_exit(void)
{
	int id;

	for (id = 0; id < OOMTRACE_RINGS; id++)
		ring_free(&oomtrace_rings[id]);
}

static u64 ring_head(struct oomtrace_ring_cpu *rc)
{
	/* Pairs with the release in oomtrace_ring_publish(). */
	return smp_load_acquire(&rc->page->head);
}

/**
 * oomtrace_ring_written() - records written on one CPU since load
 * @id: which ring.
 * @cpu: which CPU.
 *
 * Return: the count.
 */
u64 oomtrace_ring_written(enum oomtrace_ring_id id, unsigned int cpu)
{
	return ring_head(per_cpu_ptr(oomtrace_rings[id].cpu, cpu));
}

/**
 * oomtrace_ring_refused() - writes refused on one CPU since load
 * @id: which ring.
 * @cpu: which CPU.
 *
 * Return: the count.
 */
u64 oomtrace_ring_refused(enum oomtrace_ring_id id, unsigned int cpu)
{
	return READ_ONCE(per_cpu_ptr(oomtrace_rings[id].cpu, cpu)->refused);
}

/**
 * oomtrace_ring_info() - geometry and totals of a ring
 * @id: which ring.
 * @info: filled in, every byte.
 */
void oomtrace_ring_info(enum oomtrace_ring_id id,
			struct oomtrace_ring_info *info)
{
	const struct oomtrace_ring *ring = &oomtrace_rings[id];
	unsigned int cpu;

	memset(info, 0, sizeof(*info));
	info->slot_size = ring->slot_size;
	info->slots = ring->slots;
	for_each_possible_cpu(cpu) {
		info->bytes += PAGE_ALIGN(PAGE_SIZE +
				(size_t)ring->slots * ring->slot_size);
		info->written += oomtrace_ring_written(id, cpu);
		info->refused += oomtrace_ring_refused(id, cpu);
	}
}

/* ---- readers ---- */

static unsigned int pos_of(const struct oomtrace_reader *r, unsigned int id,
			   unsigned int cpu)
{
	return id * r->ncpus + cpu;
}

/**
 * oomtrace_reader_init() - make a reader that stands at the oldest record
 * @r: the reader.
 * @rings: bit mask of the rings it is to read.
 * @stop_at_now: it never gets records that are written from now on.
 *
 * Return: 0 or -ENOMEM.
 */
int oomtrace_reader_init(struct oomtrace_reader *r, unsigned int rings,
			 bool stop_at_now)
{
	size_t n = (size_t)OOMTRACE_RINGS * nr_cpu_ids;

	r->rings = rings;
	r->ncpus = nr_cpu_ids;
	r->stop = NULL;
	r->next = kvcalloc(stop_at_now ? 2 * n : n, sizeof(u64), GFP_KERNEL);
	if (!r->next)
		return -ENOMEM;
	if (stop_at_now) {
		u64 *stop = r->next + n;
		unsigned int id, cpu;

		for (id = 0; id < OOMTRACE_RINGS; id++)
			for_each_possible_cpu(cpu)
				stop[pos_of(r, id, cpu)] =
					oomtrace_ring_written(id, cpu);
		r->stop = stop;
	}
	oomtrace_reader_oldest(r);
	return 0;
}

/**
 * oomtrace_reader_free() - free what oomtrace_reader_init() allocated
 * @r: the reader.
 */
void oomtrace_reader_free(struct oomtrace_reader *r)
{
	kvfree(r->next);
	r->next = NULL;
	r->stop = NULL;
}

/* The oldest record that is held; it may be overwritten any moment. */
static u64 oldest_held(const struct oomtrace_ring *ring, u64 head)
{
	return head >= ring->slots ? head - ring->slots + 1 : 1;
}

/**
 * oomtrace_reader_oldest() - go to the oldest records held
 * @r: the reader. What is no longer held is not lost: it was never asked for.
 */
void oomtrace_reader_oldest(struct oomtrace_reader *r)
{
	unsigned int id, cpu;

	bitmap_zero(r->stacks, OOMTRACE_STACKS);
	for (id = 0; id < OOMTRACE_RINGS; id++)
		for_each_possible_cpu(cpu)
			r->next[pos_of(r, id, cpu)] =
				oldest_held(&oomtrace_rings[id],
					    oomtrace_ring_written(id, cpu));
}

/**
 * oomtrace_reader_newest() - skip everything held
 * @r: the reader.
 */
void oomtrace_reader_newest(struct oomtrace_reader *r)
{
	unsigned int id, cpu;

	for (id = 0; id < OOMTRACE_RINGS; id++)
		for_each_possible_cpu(cpu)
			r->next[pos_of(r, id, cpu)] =
				oomtrace_ring_written(id, cpu) + 1;
}

/*
 * Copy the first @len bytes of record @seq. False if it was overwritten before
 * or meanwhile.
 */
static bool copy_record(const struct oomtrace_ring *ring,
			const struct oomtrace_ring_cpu *rc, u64 seq,
			void *buf, size_t len)
{
	const struct oomtrace_header *h;
	u32 slot;

	div_u64_rem(seq - 1, ring->slots, &slot);
	h = rc->slots + (size_t)slot * ring->slot_size;
	/* The number before the record: pairs with oomtrace_ring_publish(). */
	if (smp_load_acquire(&h->seq) != seq)
		return false;
	/* May race with a writer; the number afterwards tells. */
	data_race(memcpy(buf, h, len));
	/* The record before the number: pairs with oomtrace_ring_reserve(). */
	smp_rmb();
	return READ_ONCE(h->seq) == seq;
}

/*
 * The first record held that is no older than @ts_ns, or the next one to be
 * written. One that is overwritten under our eyes is older.
 */
static u64 first_since(const struct oomtrace_ring *ring,
		       struct oomtrace_ring_cpu *rc, u64 ts_ns)
{
	u64 end = ring_head(rc) + 1;
	u64 at = oldest_held(ring, end - 1);
	struct oomtrace_header h;

	while (at < end) {
		u64 middle = at + (end - at) / 2;

		if (copy_record(ring, rc, middle, &h, sizeof(h)) &&
		    h.ts_ns >= ts_ns)
			end = middle;
		else
			at = middle + 1;
	}
	return at;
}

/**
 * oomtrace_reader_since() - go to the first record from a time on
 * @r: the reader. What comes before, or is no longer held, is not lost.
 * @ts_ns: CLOCK_MONOTONIC.
 *
 * Takes a few looks per ring and CPU, waits for nothing, runs anywhere.
 */
void oomtrace_reader_since(struct oomtrace_reader *r, u64 ts_ns)
{
	unsigned int id, cpu;

	bitmap_zero(r->stacks, OOMTRACE_STACKS);
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		const struct oomtrace_ring *ring = &oomtrace_rings[id];

		for_each_possible_cpu(cpu)
			r->next[pos_of(r, id, cpu)] =
				first_since(ring, per_cpu_ptr(ring->cpu, cpu),
					    ts_ns);
	}
}

/**
 * struct peek - the next record of one ring on one CPU
 * @seq: its number; at least the one wanted, more if some were overwritten.
 * @ts_ns: when it was written.
 */
struct peek {
	u64 seq;
	u64 ts_ns;
};

/*
 * Find the next record that can be had. A writer that laps us while we look
 * makes us try further ahead, twice as far each time, so that this ends however
 * fast it writes.
 */
static bool peek_next(const struct oomtrace_ring *ring,
		      struct oomtrace_ring_cpu *rc, u64 next, u64 stop,
		      struct peek *p)
{
	struct oomtrace_header h;
	u64 ahead = 0;

	for (;;) {
		u64 head = min(ring_head(rc), stop);

		if (next > head)
			return false;
		p->seq = max(next, oldest_held(ring, ring_head(rc)) + ahead);
		if (p->seq > head) {
			/*
			 * All that this reader could have had is overwritten:
			 * one past its end stands for "lost, none follows".
			 */
			p->seq = head + 1;
			p->ts_ns = ktime_get_mono_fast_ns();
			return true;
		}
		if (copy_record(ring, rc, p->seq, &h, sizeof(h))) {
			p->ts_ns = h.ts_ns;
			return true;
		}
		ahead = ahead ? min_t(u64, ahead * 2, ring->slots / 2) : 1;
		cpu_relax();
	}
}

static unsigned int make_lost(struct oomtrace_lost *lost, unsigned int id,
			      unsigned int cpu, u64 first, const struct peek *p)
{
	memset(lost, 0, sizeof(*lost));
	lost->h.type = OOMTRACE_LOST;
	lost->h.size = sizeof(*lost);
	lost->h.cpu = cpu;
	lost->h.flags = id;
	lost->h.seq = first;
	lost->h.ts_ns = p->ts_ns;
	lost->h.valid = OOMTRACE_ALL(lost);
	lost->count = p->seq - first;
	lost->ring = id;
	return sizeof(*lost);
}

/*
 * A record that names a stack which this reader has not been given: give it the
 * stack in the record's stead, and the record next time.
 */
static unsigned int stack_first(struct oomtrace_reader *r, void *buf)
{
	const struct oomtrace_commit *rec = buf;
	struct oomtrace_stack *stack = buf;
	u32 id;

	if (rec->h.type != OOMTRACE_COMMIT ||
	    !(rec->h.valid & OOMTRACE_BIT(commit, stack)))
		return 0;
	id = rec->stack;
	if (id > OOMTRACE_STACKS || test_bit(id - 1, r->stacks) ||
	    !oomtrace_stack_fill(id, stack))
		return 0;
	__set_bit(id - 1, r->stacks);
	/* CPU, ring, number and time stay those of the record. */
	stack->h.type = OOMTRACE_STACK;
	stack->h.size = sizeof(*stack);
	stack->h.valid = OOMTRACE_ALL(stack);
	stack->h.derived = 0;
	return sizeof(*stack);
}

/**
 * oomtrace_reader_next() - take the next record, in time order
 * @r: the reader.
 * @buf: OOMTRACE_MAX_RECORD bytes.
 *
 * Where records were overwritten before this reader got to them, it first gets
 * a lost record that counts them; before the first record that names a stack,
 * the stack.
 *
 * Return: bytes of the record in @buf, or 0 if there is none (yet).
 */
unsigned int oomtrace_reader_next(struct oomtrace_reader *r, void *buf)
{
	for (;;) {
		struct peek best = { .ts_ns = U64_MAX }, p;
		unsigned int id, cpu, size, best_id = 0, best_cpu = 0;
		const struct oomtrace_ring *ring;
		u64 *next;

		for (id = 0; id < OOMTRACE_RINGS; id++) {
			if (!(r->rings & BIT(id)))
				continue;
			ring = &oomtrace_rings[id];
			for_each_possible_cpu(cpu) {
				unsigned int pos = pos_of(r, id, cpu);
				u64 stop = r->stop ? r->stop[pos] : U64_MAX;

				next = &r->next[pos];
				if (!peek_next(ring, per_cpu_ptr(ring->cpu, cpu),
					       *next, stop, &p))
					continue;
				if (p.ts_ns < best.ts_ns) {
					best = p;
					best_id = id;
					best_cpu = cpu;
				}
			}
		}
		if (!best.seq)
			return 0;

		ring = &oomtrace_rings[best_id];
		next = &r->next[pos_of(r, best_id, best_cpu)];
		if (best.seq > *next) {
			u64 first = *next;

			*next = best.seq;
			return make_lost(buf, best_id, best_cpu, first, &best);
		}
		if (copy_record(ring, per_cpu_ptr(ring->cpu, best_cpu),
				best.seq, buf, ring->slot_size)) {
			size = stack_first(r, buf);
			if (size)
				return size;
			++*next;
			return ((struct oomtrace_header *)buf)->size;
		}
		/* Overwritten between the look and the copy: look again. */
		cond_resched();
	}
}

/**
 * oomtrace_reader_unread() - put the record just taken back
 * @r: the reader.
 * @buf: what oomtrace_reader_next() gave last.
 */
void oomtrace_reader_unread(struct oomtrace_reader *r, const void *buf)
{
	const struct oomtrace_header *h = buf;

	r->next[pos_of(r, h->flags & OOMTRACE_FLAG_RING, h->cpu)] = h->seq;
	if (h->type == OOMTRACE_STACK)
		__clear_bit(((const struct oomtrace_stack *)buf)->id - 1,
			    r->stacks);
}

static bool reader_has_next(const struct oomtrace_reader *r)
{
	unsigned int id, cpu;

	for (id = 0; id < OOMTRACE_RINGS; id++) {
		if (!(r->rings & BIT(id)))
			continue;
		for_each_possible_cpu(cpu)
			if (oomtrace_ring_written(id, cpu) >=
			    r->next[pos_of(r, id, cpu)])
				return true;
	}
	return false;
}

/**
 * oomtrace_reader_arm() - is there a record? If not, ask to be woken by one
 * @r: the reader.
 *
 * The condition to sleep on at oomtrace_ring_wait().
 *
 * Return: true if oomtrace_reader_next() has something to give.
 */
bool oomtrace_reader_arm(struct oomtrace_reader *r)
{
	if (reader_has_next(r))
		return true;
	WRITE_ONCE(oomtrace_ring_waiting, 1);
	/* The flag before the heads: pairs with oomtrace_ring_publish(). */
	smp_mb();
	return reader_has_next(r);
}
