// SPDX-License-Identifier: GPL-2.0
/*
 * Reading the rings: any number of readers, each with its own position and its
 * own exact count of the records that it lost.
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

/**
 * oomtrace_copy_record() - copy a record, or the start of it
 * @mem: the memory.
 * @seq: the record's number, at most the result of oomtrace_ring_head().
 * @buf: destination.
 * @len: bytes to copy, at most a slot's size.
 *
 * Return: false if the record was overwritten before or during the copy.
 */
bool oomtrace_copy_record(const struct oomtrace_ring_mem *mem, u64 seq,
			  void *buf, size_t len)
{
	const struct oomtrace_header *h;
	u32 slot;

	div_u64_rem(seq - 1, mem->nslots, &slot);
	h = mem->slots + (size_t)slot * mem->slot_size;
	/* May race with the writer; the number then shows it. */
	data_race(memcpy(buf, h, len));
	/* (B) Load the record before its number: pairs with (A). */
	smp_rmb();
	return READ_ONCE(h->seq) == seq;
}

/* Records that may be overwritten during a search before it skips some. */
#define MAX_OVERWRITTEN	8

/*
 * Find the next readable record. A record that is overwritten during the search
 * is lost, and the search goes on with the one after it. After several of those,
 * the search skips twice as many records each time, so that it ends however fast
 * the writer is.
 */
static bool find_next_record(const struct oomtrace_ring *ring, unsigned int cpu,
			     struct oomtrace_reader_pos *p)
{
	struct oomtrace_header h;
	u64 from = p->next, step = 1;
	unsigned int tries = 0;

	for (;;) {
		const struct oomtrace_ring_mem *mem = oomtrace_ring_mem(ring, cpu);
		u64 head = oomtrace_ring_head(mem), end = min(head, p->stop);

		if (p->next > end)
			return false;
		p->seq = max(from, oomtrace_oldest_held(mem, head));
		if (p->seq > end) {
			/*
			 * All records up to the reader's end are overwritten.
			 * One past the end means: lost, and none follows.
			 */
			p->seq = end + 1;
			p->ts_ns = ktime_get_mono_fast_ns();
			return true;
		}
		if (oomtrace_copy_record(mem, p->seq, &h, sizeof(h))) {
			p->ts_ns = h.ts_ns;
			p->size = h.size;
			return true;
		}
		if (++tries > MAX_OVERWRITTEN)
			step = min_t(u64, step * 2, mem->nslots / 2 + 1);
		from = p->seq + step;
		cpu_relax();
	}
}

/* Copy the record that was found; false if it was overwritten since. */
static bool copy_found_record(const struct oomtrace_ring *ring, unsigned int cpu,
			      const struct oomtrace_reader_pos *p, void *buf)
{
	const struct oomtrace_ring_mem *mem;
	bool got = false;

	rcu_read_lock();
	mem = oomtrace_ring_mem(ring, cpu);
	if (p->seq >= oomtrace_oldest_held(mem, oomtrace_ring_head(mem)))
		got = oomtrace_copy_record(mem, p->seq, buf, p->size);
	rcu_read_unlock();
	return got;
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
	if (!r->pos)
		return -ENOMEM;
	for (id = 0; id < OOMTRACE_RINGS; id++)
		for_each_possible_cpu(cpu)
			pos_of(r, id, cpu)->stop = stop_at_now ?
				oomtrace_ring_written(id, cpu) : U64_MAX;
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
	return 0;
}

/* Find when an episode began: 0; -ENOENT if its begin is gone; -ENOMEM. */
static int find_episode_begin(u64 episode, u64 *ts_ns)
{
	struct {
		struct oomtrace_reader reader;
		u64 buf[OOMTRACE_MAX_RECORD / sizeof(u64)];
	} *w;
	const struct oomtrace_oom_begin *rec;
	int ret;

	w = kvzalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		return -ENOMEM;
	rec = (void *)w->buf;
	ret = oomtrace_reader_init(&w->reader, BIT(OOMTRACE_RING_OOM), true);
	if (ret)
		goto free;
	ret = -ENOENT;
	while (ret && oomtrace_reader_next(&w->reader, w->buf)) {
		if (rec->h.type == OOMTRACE_OOM_BEGIN &&
		    rec->episode == episode) {
			*ts_ns = rec->h.ts_ns;
			ret = 0;
		}
		cond_resched();
	}
	oomtrace_reader_free(&w->reader);
free:
	kvfree(w);
	return ret;
}

/*
 * Find the first buffered record that is not older than @ts_ns, or else the next
 * one to be written. A record that is overwritten during the search is older.
 */
static u64 find_first_since(const struct oomtrace_ring_mem *mem, u64 ts_ns)
{
	u64 end = oomtrace_ring_head(mem) + 1;
	u64 at = oomtrace_oldest_held(mem, end - 1);
	struct oomtrace_header h;

	while (at < end) {
		u64 middle = at + (end - at) / 2;

		if (oomtrace_copy_record(mem, middle, &h, sizeof(h)) &&
		    h.ts_ns >= ts_ns)
			end = middle;
		else
			at = middle + 1;
	}
	return at;
}

/**
 * oomtrace_reader_since() - go to the first record at or after a time
 * @r: the reader. Earlier or overwritten records do not count as lost.
 * @ts_ns: the time, ns of CLOCK_MONOTONIC.
 *
 * A binary search per ring and CPU. Never sleeps.
 */
void oomtrace_reader_since(struct oomtrace_reader *r, u64 ts_ns)
{
	unsigned int id, cpu;

	bitmap_zero(r->stacks, OOMTRACE_STACKS);
	rcu_read_lock();
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		const struct oomtrace_ring *ring = &oomtrace_rings[id];

		for_each_possible_cpu(cpu)
			set_position(pos_of(r, id, cpu),
				     find_first_since(oomtrace_ring_mem(ring, cpu),
						      ts_ns));
	}
	rcu_read_unlock();
}

/**
 * oomtrace_reader_seek_episode() - go to the begin of an OOM episode
 * @r: the reader; goes, in every ring, to the first record that is not older
 *	than the episode's begin.
 * @episode: the episode's number.
 *
 * Return: 0. On error @r does not change: -ENOENT if the begin record is no
 * longer buffered, -ENOMEM.
 */
int oomtrace_reader_seek_episode(struct oomtrace_reader *r, u64 episode)
{
	u64 ts_ns;
	int ret;

	ret = find_episode_begin(episode, &ts_ns);
	if (!ret)
		oomtrace_reader_since(r, ts_ns);
	return ret;
}

/* ---- what a reader gets ---- */

static unsigned int fill_lost(struct oomtrace_lost *lost, unsigned int id,
			      unsigned int cpu, u64 first,
			      const struct oomtrace_reader_pos *p)
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
 * If the record names a stack that this reader has not got, replace the record
 * by the stack; the record is then the next one.
 */
static unsigned int put_stack_first(struct oomtrace_reader *r, void *buf)
{
	struct oomtrace_stack *stack = buf;
	u32 id = oomtrace_stack_of(buf);

	if (!id || id > OOMTRACE_STACKS || test_bit(id - 1, r->stacks) ||
	    !oomtrace_stack_fill(id, stack))
		return 0;
	__set_bit(id - 1, r->stacks);
	/* CPU, ring, number and time remain those of the record. */
	stack->h.type = OOMTRACE_STACK;
	stack->h.size = sizeof(*stack);
	stack->h.valid = OOMTRACE_ALL(stack);
	stack->h.derived = 0;
	return sizeof(*stack);
}

/* Find the ring and the CPU whose next record is the oldest of all. */
static struct oomtrace_reader_pos *find_earliest(const struct oomtrace_reader *r,
						 unsigned int *best_id,
						 unsigned int *best_cpu)
{
	struct oomtrace_reader_pos *best = NULL;
	unsigned int id, cpu;

	rcu_read_lock();
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		if (!(r->rings & BIT(id)))
			continue;
		for_each_possible_cpu(cpu) {
			struct oomtrace_reader_pos *p = pos_of(r, id, cpu);

			if (!p->seq &&
			    !find_next_record(&oomtrace_rings[id], cpu, p))
				continue;
			if (!best || p->ts_ns < best->ts_ns) {
				best = p;
				*best_id = id;
				*best_cpu = cpu;
			}
		}
	}
	rcu_read_unlock();
	return best;
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
	struct oomtrace_reader_pos *p;
	unsigned int id, cpu, size;

	while ((p = find_earliest(r, &id, &cpu))) {
		if (p->seq > p->next) {
			size = fill_lost(buf, id, cpu, p->next, p);
			set_position(p, p->seq);
			return size;
		}
		if (copy_found_record(&oomtrace_rings[id], cpu, p, buf)) {
			size = put_stack_first(r, buf);
			if (size)
				return size;
			size = p->size;
			set_position(p, p->next + 1);
			return size;
		}
		/* Overwritten between the search and the copy: search again. */
		p->seq = 0;
		cond_resched();
	}
	return 0;
}

/**
 * oomtrace_reader_unread() - go back by one record
 * @r: the reader.
 * @buf: the last record that oomtrace_reader_next() returned.
 */
void oomtrace_reader_unread(struct oomtrace_reader *r, const void *buf)
{
	const struct oomtrace_header *h = buf;

	set_position(pos_of(r, h->flags & OOMTRACE_FLAG_RING, h->cpu), h->seq);
	if (h->type == OOMTRACE_STACK)
		__clear_bit(((const struct oomtrace_stack *)buf)->id - 1,
			    r->stacks);
}

static bool has_next(const struct oomtrace_reader *r)
{
	unsigned int id, cpu;

	for (id = 0; id < OOMTRACE_RINGS; id++) {
		if (!(r->rings & BIT(id)))
			continue;
		for_each_possible_cpu(cpu)
			if (oomtrace_ring_written(id, cpu) >=
			    READ_ONCE(pos_of(r, id, cpu)->next))
				return true;
	}
	return false;
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
