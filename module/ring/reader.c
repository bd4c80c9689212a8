// SPDX-License-Identifier: GPL-2.0
/*
 * Reading the rings: any number of readers, each with its own position and its
 * own exact count of the records that it lost.
 *
 * Records are returned in the order of time. A reader loads the heads of all
 * rings once, puts the rings that have a record into a heap, and takes the
 * records of that moment from there. So a record costs the same on a machine with
 * many CPUs. A record that is later than that moment waits until the heads are
 * loaded again, since another ring may have got an earlier one meanwhile.
 *
 * A reader's whole state is in struct oomtrace_reader. Readers write only one
 * variable that writers load: oomtrace_ring_waiting. The letters at the barriers
 * are those of the rings' invariants. A resize may replace a ring's
 * memory at any time, so each access looks the memory up again, under RCU. The
 * records' numbers continue across a resize, so the count stays exact.
 *
 * Runs in process context; may be preempted anywhere.
 */
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "common/format.h"
#include "ring/reader.h"

/* ---- one record ---- */

/**
 * oomtrace_oldest_held() - get the number of the oldest readable record
 * @mem: the memory.
 * @head: its head.
 *
 * Return: the number of a record that may be overwritten at any moment; @head +
 * 1 if no record is buffered.
 */
u64 oomtrace_oldest_held(const struct oomtrace_ring_mem *mem, u64 head)
{
	u64 oldest = head >= mem->nslots ? head - mem->nslots + 1 : 1;

	return max_t(u64, oldest, mem->page->first);
}

/*
 * Copy words that a writer may change meanwhile; the record's number then shows
 * it. A record has so few that copying them one by one takes no longer than a
 * string instruction, which memcpy() is on many CPUs.
 */
static __always_inline void copy_words(void *to, const void *from, size_t len)
{
	for (; len >= 64; len -= 64, to += 64, from += 64)
		/* May race with the writer. */
		data_race(memcpy(to, from, 64));
	for (; len; len -= 8, to += 8, from += 8)
		/* May race with the writer. */
		data_race(memcpy(to, from, 8));
}

static __always_inline bool copy_slot(const struct oomtrace_ring_mem *mem,
				      u64 seq, void *buf, size_t len)
{
	const struct oomtrace_header *h;
	u32 slot;

	div_u64_rem(seq - 1, mem->nslots, &slot);
	h = mem->slots + (size_t)slot * mem->slot_size;
	copy_words(buf, h, len);
	/* (B) Load the record before its number: pairs with (A). */
	smp_rmb();
	return READ_ONCE(h->seq) == seq;
}

/**
 * oomtrace_copy_record() - copy a record, or the start of it
 * @mem: the memory, which has slots.
 * @seq: the record's number, at most the result of oomtrace_ring_head().
 * @buf: destination.
 * @len: bytes to copy, a multiple of 8, at most a slot's size.
 *
 * Return: false if the record was overwritten before or during the copy.
 */
bool oomtrace_copy_record(const struct oomtrace_ring_mem *mem, u64 seq,
			  void *buf, size_t len)
{
	return copy_slot(mem, seq, buf, len);
}

/* Get time and size of record @seq; false if it was overwritten. */
static bool look_at_record(const struct oomtrace_ring_mem *mem, u64 seq,
			   struct oomtrace_reader_pos *p)
{
	struct oomtrace_header h;

	/* Up to the time: the copy of a constant size is a few instructions. */
	if (!copy_slot(mem, seq, &h, offsetofend(struct oomtrace_header, ts_ns)))
		return false;
	p->seq = seq;
	p->ts_ns = h.ts_ns;
	p->size = h.size;
	return true;
}

static const struct oomtrace_ring_mem *mem_of(const struct oomtrace_reader_pos *p)
{
	return oomtrace_ring_mem(&oomtrace_rings[p->id], p->cpu);
}

/* The number of the last record that the reader may get now. */
static u64 load_head(const struct oomtrace_ring_mem *mem,
		     const struct oomtrace_reader_pos *p)
{
	return min(oomtrace_ring_head(mem), p->stop);
}

/* Records that may be overwritten during a search before it skips some. */
#define MAX_OVERWRITTEN	8

/*
 * Find the next readable record. A record that is overwritten during the search
 * is lost, and the search goes on with the one after it. After several of those,
 * the search skips twice as many records each time, so that it ends however fast
 * the writer is.
 */
static bool find_next_record(struct oomtrace_reader_pos *p)
{
	u64 from = p->next, step = 1;
	unsigned int tries = 0;

	for (;;) {
		const struct oomtrace_ring_mem *mem = mem_of(p);
		u64 head = oomtrace_ring_head(mem), seq;

		p->head = min(head, p->stop);
		if (p->next > p->head) {
			p->seq = 0;
			return false;
		}
		seq = max(from, oomtrace_oldest_held(mem, head));
		if (seq > p->head) {
			/*
			 * All records up to the reader's end are overwritten.
			 * A size of 0 means: lost, and none is known to follow.
			 */
			p->seq = p->head + 1;
			p->size = 0;
			p->ts_ns = ktime_get_mono_fast_ns();
			return true;
		}
		if (look_at_record(mem, seq, p))
			return true;
		if (++tries > MAX_OVERWRITTEN)
			step = min_t(u64, step * 2, mem->nslots / 2 + 1);
		from = seq + step;
		cpu_relax();
	}
}

/* ---- the rings in the order of time ---- */

/*
 * Find the next record in each ring. Takes the time before the heads: a record
 * that is complete by then is found.
 */
static void load_heads(struct oomtrace_reader *r)
{
	struct oomtrace_heap *heap = &r->heap;
	unsigned int id, cpu;

	r->until = ktime_get_mono_fast_ns();
	heap->n = 0;
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		if (!(r->rings & BIT(id)))
			continue;
		for_each_possible_cpu(cpu) {
			u32 at = id * r->ncpus + cpu;
			struct oomtrace_reader_pos *p = &r->pos[at];

			if (p->seq)
				p->head = load_head(mem_of(p), p);
			else if (!find_next_record(p))
				continue;
			heap->entry[heap->n].ts_ns = p->ts_ns;
			heap->entry[heap->n++].at = at;
		}
	}
	oomtrace_heap_build(heap);
}

/* The ring whose next record is the earliest; NULL if none has a record. */
static struct oomtrace_reader_pos *earliest_ring(struct oomtrace_reader *r)
{
	struct oomtrace_heap *heap = &r->heap;
	unsigned int tries;

	/*
	 * All that is found may be later than the load began. The second load
	 * begins after that, unless the clocks of the CPUs differ.
	 */
	for (tries = 0; tries < 2; tries++) {
		if (heap->n && heap->entry[0].ts_ns <= r->until)
			break;
		load_heads(r);
		if (!heap->n)
			return NULL;
	}
	return &r->pos[heap->entry[0].at];
}

/* Put the earliest ring in its place after @seq, @ts_ns or @head changed. */
static void reorder_earliest(struct oomtrace_reader *r, bool has_record,
			     const struct oomtrace_reader_pos *p)
{
	if (has_record)
		oomtrace_heap_delay(&r->heap, p->ts_ns);
	else
		oomtrace_heap_pop(&r->heap);
}

/* ---- position ---- */

static struct oomtrace_reader_pos *pos_of(const struct oomtrace_reader *r,
					  unsigned int id, unsigned int cpu)
{
	return &r->pos[id * r->ncpus + cpu];
}

static void set_position(struct oomtrace_reader_pos *p, u64 seq)
{
	/* oomtrace_reader_arm() may load it at the same time. */
	WRITE_ONCE(p->next, seq);
	p->seq = 0;
}

/* Positions have changed: find the rings' next records again. */
static void forget_order(struct oomtrace_reader *r)
{
	r->heap.n = 0;
}

static u64 find_oldest_record(unsigned int id, unsigned int cpu)
{
	const struct oomtrace_ring_mem *mem;
	u64 seq;

	rcu_read_lock();
	mem = oomtrace_ring_mem(&oomtrace_rings[id], cpu);
	seq = oomtrace_oldest_held(mem, oomtrace_ring_head(mem));
	rcu_read_unlock();
	return seq;
}

/**
 * oomtrace_reader_init() - set up a reader at the oldest record
 * @r: the reader.
 * @rings: bit mask of the rings to read.
 * @stop_at_now: the reader gets no record that is written after this call.
 *
 * Return: 0 or -ENOMEM.
 */
int oomtrace_reader_init(struct oomtrace_reader *r, unsigned int rings,
			 bool stop_at_now)
{
	size_t n = (size_t)OOMTRACE_RINGS * nr_cpu_ids;
	unsigned int id, cpu;

	r->rings = rings;
	r->ncpus = nr_cpu_ids;
	r->pos = kvcalloc(n, sizeof(*r->pos), GFP_KERNEL);
	r->heap.entry = kvcalloc(n, sizeof(*r->heap.entry), GFP_KERNEL);
	if (!r->pos || !r->heap.entry) {
		oomtrace_reader_free(r);
		return -ENOMEM;
	}
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		for_each_possible_cpu(cpu) {
			struct oomtrace_reader_pos *p = pos_of(r, id, cpu);

			p->id = id;
			p->cpu = cpu;
			p->stop = stop_at_now ? oomtrace_ring_written(id, cpu) :
						U64_MAX;
		}
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
	kvfree(r->pos);
	r->pos = NULL;
	kvfree(r->heap.entry);
	r->heap.entry = NULL;
}

/**
 * oomtrace_reader_oldest() - go to the oldest buffered records
 * @r: the reader. Records overwritten by now do not count as lost.
 */
void oomtrace_reader_oldest(struct oomtrace_reader *r)
{
	unsigned int id, cpu;

	bitmap_zero(r->stacks, OOMTRACE_STACKS);
	for (id = 0; id < OOMTRACE_RINGS; id++)
		for_each_possible_cpu(cpu)
			set_position(pos_of(r, id, cpu),
				     find_oldest_record(id, cpu));
	forget_order(r);
}

/**
 * oomtrace_reader_newest() - skip all buffered records
 * @r: the reader.
 */
void oomtrace_reader_newest(struct oomtrace_reader *r)
{
	unsigned int id, cpu;

	for (id = 0; id < OOMTRACE_RINGS; id++)
		for_each_possible_cpu(cpu)
			set_position(pos_of(r, id, cpu),
				     oomtrace_ring_written(id, cpu) + 1);
	forget_order(r);
}

/**
 * oomtrace_reader_seek() - go to a record of one ring on one CPU
 * @r: the reader; its other positions do not change.
 * @id: which ring.
 * @cpu: which CPU.
 * @seq: the record's number. If the record is no longer buffered, it and the
 *	overwritten ones after it count as lost.
 *
 * Return: 0; -EINVAL if there is no such ring, CPU or number; -ENXIO if the
 * number is greater than that of the next record to be written.
 */
int oomtrace_reader_seek(struct oomtrace_reader *r, unsigned int id,
			 unsigned int cpu, u64 seq)
{
	if (id >= OOMTRACE_RINGS || cpu >= r->ncpus || !cpu_possible(cpu) ||
	    seq == 0)
		return -EINVAL;
	if (seq > oomtrace_ring_written(id, cpu) + 1)
		return -ENXIO;
	set_position(pos_of(r, id, cpu), seq);
	forget_order(r);
	return 0;
}

/* ---- what a reader gets ---- */

static unsigned int fill_lost(struct oomtrace_lost *lost,
			      const struct oomtrace_reader_pos *p)
{
	u64 first = p->next;

	memset(lost, 0, sizeof(*lost));
	lost->h.type = OOMTRACE_LOST;
	lost->h.size = sizeof(*lost);
	lost->h.cpu = p->cpu;
	lost->h.flags = p->id;
	lost->h.seq = first;
	lost->h.ts_ns = p->ts_ns;
	lost->h.valid = OOMTRACE_ALL(lost);
	lost->count = p->seq - first;
	lost->ring = p->id;
	return sizeof(*lost);
}

/*
 * If the record names a stack that this reader has not got, replace the record
 * by the stack; the record is then the next one. @room is that of the record and
 * everything after it. Returns 0 if there is no such stack.
 */
static int put_stack_first(struct oomtrace_reader *r, void *buf, size_t room)
{
	struct oomtrace_stack *stack = buf;
	u32 id = oomtrace_stack_of(buf);

	if (!id || id > OOMTRACE_STACKS || test_bit(id - 1, r->stacks))
		return 0;
	if (room < sizeof(*stack))
		return -EMSGSIZE;
	if (!oomtrace_stack_fill(id, stack))
		return 0;
	__set_bit(id - 1, r->stacks);
	/* CPU, ring, number and time remain those of the record. */
	stack->h.type = OOMTRACE_STACK;
	stack->h.size = sizeof(*stack);
	stack->h.valid = OOMTRACE_ALL(stack);
	stack->h.derived = 0;
	return sizeof(*stack);
}

static int take_lost(struct oomtrace_reader *r, struct oomtrace_reader_pos *p,
		     void *buf, size_t room)
{
	int size;

	if (room < sizeof(struct oomtrace_lost))
		return -EMSGSIZE;
	size = fill_lost(buf, p);
	/* oomtrace_reader_arm() may load it at the same time. */
	WRITE_ONCE(p->next, p->seq);
	if (!p->size)
		reorder_earliest(r, find_next_record(p), p);
	return size;
}

/* Go on to the next record of this ring that is known; look at its time. */
static void advance(struct oomtrace_reader *r, struct oomtrace_reader_pos *p)
{
	u64 next = p->next + 1;

	set_position(p, next);
	reorder_earliest(r, next <= p->head &&
			 (look_at_record(mem_of(p), next, p) ||
			  find_next_record(p)), p);
}

/*
 * Take the next record. Returns its size, 0 if there is none, or -EMSGSIZE if it
 * takes more than @room. Call under rcu_read_lock().
 */
static int take_record(struct oomtrace_reader *r, void *buf, size_t room)
{
	struct oomtrace_reader_pos *p;
	int size;

	while ((p = earliest_ring(r))) {
		if (p->seq > p->next)
			return take_lost(r, p, buf, room);
		size = p->size;
		if ((size_t)size > room)
			return -EMSGSIZE;
		if (copy_slot(mem_of(p), p->seq, buf, size)) {
			int stack = put_stack_first(r, buf, room);

			if (stack)
				return stack;
			advance(r, p);
			return size;
		}
		/*
		 * Overwritten since it was looked at. The search finds a later
		 * record, so the next turn of this loop ends with a lost record
		 * if it is still the turn of this ring.
		 */
		reorder_earliest(r, find_next_record(p), p);
	}
	return 0;
}

/**
 * oomtrace_reader_next() - get the next record, in time order
 * @r: the reader.
 * @buf: destination, OOMTRACE_MAX_RECORD bytes.
 *
 * Records that were overwritten before this reader got them are counted in a
 * lost record, which comes first. A stack comes before the first record that
 * names it.
 *
 * Return: bytes of the record in @buf, or 0 if there is none (yet).
 */
unsigned int oomtrace_reader_next(struct oomtrace_reader *r, void *buf)
{
	int size;

	rcu_read_lock();
	size = take_record(r, buf, OOMTRACE_MAX_RECORD);
	rcu_read_unlock();
	return size;
}

/**
 * oomtrace_reader_fill() - get as many records as are available and fit
 * @r: the reader.
 * @buf: destination: whole records, in time order.
 * @room: bytes of @buf; a few KiB, because this does not sleep.
 *
 * Return: bytes in @buf; 0 if there is no record (yet); -EMSGSIZE if the next
 * one takes more than @room.
 */
int oomtrace_reader_fill(struct oomtrace_reader *r, void *buf, size_t room)
{
	size_t done = 0;
	int size;

	rcu_read_lock();
	while ((size = take_record(r, buf + done, room - done)) > 0)
		done += size;
	rcu_read_unlock();
	return done ? (int)done : size;
}

/**
 * oomtrace_reader_unread() - put back a record
 * @r: the reader.
 * @buf: a record that the reader has got. All later ones are put back as well,
 *	in any order.
 */
void oomtrace_reader_unread(struct oomtrace_reader *r, const void *buf)
{
	const struct oomtrace_header *h = buf;
	struct oomtrace_reader_pos *p =
		pos_of(r, h->flags & OOMTRACE_FLAG_RING, h->cpu);

	/* A stack has the number of the record that it was put before. */
	if (h->seq < p->next)
		set_position(p, h->seq);
	if (h->type == OOMTRACE_STACK)
		__clear_bit(((const struct oomtrace_stack *)buf)->id - 1,
			    r->stacks);
	forget_order(r);
}

static bool has_next(const struct oomtrace_reader *r)
{
	unsigned int id, cpu;
	bool has = false;

	rcu_read_lock();
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		if (!(r->rings & BIT(id)))
			continue;
		for_each_possible_cpu(cpu) {
			const struct oomtrace_reader_pos *p = pos_of(r, id, cpu);

			has = oomtrace_ring_head(mem_of(p)) >= READ_ONCE(p->next);
			if (has)
				goto unlock;
		}
	}
unlock:
	rcu_read_unlock();
	return has;
}

/**
 * oomtrace_reader_arm() - check for a record; if none, request a wake-up
 * @r: the reader.
 *
 * The condition for sleeping on the queue of oomtrace_ring_wait().
 *
 * Return: true if oomtrace_reader_next() can return a record.
 */
bool oomtrace_reader_arm(struct oomtrace_reader *r)
{
	if (has_next(r))
		return true;
	WRITE_ONCE(oomtrace_ring_waiting, 1);
	/* (F) Store the flag before loading the heads: pairs with (E). */
	smp_mb();
	return has_next(r);
}
