// SPDX-License-Identifier: GPL-2.0
/*
 * Reads records from the mapped rings, without a system call while records are
 * available, and without any cost to the writer.
 *
 * The result equals that of read(2): the records of all rings and CPUs by time,
 * with lost records in their place and each stack before the first record that
 * refers to it. The numbered steps below are those of struct oomtrace_ring_page.
 *
 * Each ring keeps a copy of its next record. The copies are compared to find the
 * oldest record, and the writer cannot overwrite one that was returned.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../common/format.h"
#include "handle.h"
#include "mapped.h"

/* Upper bound of stack ids; the module has fewer stacks. */
#define STACKS	4096

/**
 * struct ring - one ring on one CPU
 * @page: the mapping; NULL if the CPU is not possible.
 * @size: bytes of the mapping.
 * @next: number of the next record to return.
 * @head: number of the newest complete record, when last read.
 * @lost: overwritten records before @copy that are not reported yet.
 * @ready: @copy holds record @next.
 * @copy: copy of a record.
 */
struct ring {
	const struct oomtrace_ring_page *page;
	size_t size;
	u64 next;
	u64 head;
	u64 lost;
	bool ready;
	u64 copy[OOMTRACE_MAX_RECORD / sizeof(u64)];
};

/**
 * struct mapped - all mapped rings
 * @cpus: highest CPU number plus 1.
 * @given: bit n is set if stack n was returned.
 * @made: a lost or stack record, composed here.
 * @ring: indexed by ring and CPU; unmapped if the CPU is not possible.
 */
struct mapped {
	unsigned int cpus;
	u64 given[STACKS / 64];
	union {
		struct oomtrace_lost lost;
		struct oomtrace_stack stack;
	} made;
	struct ring ring[];
};

static size_t nrings(const struct mapped *m)
{
	return (size_t)OOMTRACE_RINGS * m->cpus;
}

static struct oomtrace_header *copy_of(struct ring *r)
{
	return (void *)r->copy;
}

static u64 load_head(const struct ring *r)
{
	/* Step 1: load the head before the records. */
	return __atomic_load_n(&r->page->head, __ATOMIC_ACQUIRE);
}

/* Step 2: the number of the oldest record that is not overwritten. */
static u64 oldest_seq(const struct ring *r)
{
	u64 slots = r->page->slots, first = r->page->first;
	u64 held = r->head >= slots ? r->head - slots + 1 : 1;

	return held > first ? held : first;
}

/* Steps 3 and 4: copy a record. False if it was overwritten. */
static bool copy_record(struct ring *r, u64 seq)
{
	const struct oomtrace_ring_page *p = r->page;
	const struct oomtrace_header *h = (const void *)((const char *)p +
		p->data_offset + (seq - 1) % p->slots * p->slot_size);
	size_t size = __atomic_load_n(&h->size, __ATOMIC_RELAXED);

	if (size < sizeof(*h) || size > p->slot_size || size > sizeof(r->copy))
		size = sizeof(*h);
	memcpy(r->copy, h, size);
	/* Load the record before its number: an overwrite changes the number. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&h->seq, __ATOMIC_RELAXED) == seq &&
	       copy_of(r)->seq == seq && copy_of(r)->size == size;
}

/* Fill the copy with the next record; false if there is none. */
static bool fetch_next(struct ring *r)
{
	u64 old;

	if (r->ready)
		return true;
	if (r->next > r->head)
		r->head = load_head(r);
	while (r->next <= r->head) {
		if (copy_record(r, r->next)) {
			r->ready = true;
			return true;
		}
		/* The writer wrapped around: skip what it overwrote. */
		r->head = load_head(r);
		old = oldest_seq(r);
		if (old <= r->next)
			old = r->next + 1;
		r->lost += old - r->next;
		r->next = old;
	}
	return false;
}

/* ---- mapping ---- */

static int map_ring(struct oomtrace *ot, struct ring *r, unsigned int id,
		    unsigned int cpu)
{
	struct oomtrace_ring_cpu_info info;
	void *at;
	int tries;

	/* A resize between ioctl() and mmap() makes the offset stale: retry. */
	for (tries = 0; tries < 100; tries++) {
		memset(&info, 0, sizeof(info));
		info.size = sizeof(info);
		info.ring = id;
		info.cpu = cpu;
		if (ioctl(ot->fd, OOMTRACE_IOC_RING, &info))
			return -errno;
		at = mmap(NULL, info.mmap_size, PROT_READ, MAP_SHARED, ot->fd,
			  info.mmap_offset);
		if (at != MAP_FAILED) {
			r->page = at;
			r->size = info.mmap_size;
			r->head = 0;
			return 0;
		}
		if (errno != EINVAL)
			return -errno;
	}
	return -EINVAL;
}

static void unmap_ring(struct ring *r)
{
	if (r->page)
		munmap((void *)r->page, r->size);
	r->page = NULL;
}

/*
 * Step 5: map the new memory of a ring that was resized. Record numbers go on.
 * Returns 1 if there may be a record now, 0 if the ring was not resized, or a
 * negative errno.
 */
static int follow_resize(struct oomtrace *ot, struct ring *r)
{
	struct ring new = { };
	unsigned int id, cpu;
	int err;

	if (!__atomic_load_n(&r->page->closed, __ATOMIC_ACQUIRE))
		return 0;
	r->head = load_head(r);
	if (r->next <= r->head)
		return 1;
	id = r->page->ring;
	cpu = r->page->cpu;
	/* On failure the old mapping stays, still marked as closed. */
	err = map_ring(ot, &new, id, cpu);
	if (err)
		return err;
	new.next = r->next;
	new.lost = r->lost;
	unmap_ring(r);
	*r = new;
	return 1;
}

void mapped_close(struct mapped *m)
{
	size_t i;

	if (!m)
		return;
	for (i = 0; i < nrings(m); i++)
		unmap_ring(&m->ring[i]);
	free(m);
}

int mapped_open(struct oomtrace *ot, unsigned int cpus, unsigned int possible)
{
	unsigned int id, cpu, n = 0;
	struct mapped *m;
	int err;

	m = calloc(1, sizeof(*m) + OOMTRACE_RINGS * cpus * sizeof(m->ring[0]));
	if (!m)
		return -ENOMEM;
	m->cpus = cpus;
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		for (cpu = 0; cpu < cpus; cpu++) {
			err = map_ring(ot, &m->ring[id * cpus + cpu], id, cpu);
			/* This CPU is not possible. */
			if (err == -EINVAL && cpu)
				continue;
			if (err) {
				mapped_close(m);
				return err;
			}
			n++;
		}
	}
	if (n != OOMTRACE_RINGS * possible) {
		mapped_close(m);
		return -EPROTO;
	}
	ot->mapped = m;
	mapped_oldest(m);
	return 0;
}

/* ---- position ---- */

static void set_position(struct ring *r, u64 seq)
{
	r->next = seq;
	r->ready = false;
	r->lost = 0;
}

void mapped_oldest(struct mapped *m)
{
	struct ring *r;

	memset(m->given, 0, sizeof(m->given));
	for (r = m->ring; r < m->ring + nrings(m); r++) {
		if (!r->page)
			continue;
		r->head = load_head(r);
		set_position(r, oldest_seq(r));
	}
}

void mapped_newest(struct mapped *m)
{
	struct ring *r;

	for (r = m->ring; r < m->ring + nrings(m); r++) {
		if (!r->page)
			continue;
		r->head = load_head(r);
		set_position(r, r->head + 1);
	}
}

void mapped_seek(struct mapped *m, unsigned int ring, unsigned int cpu, u64 seq)
{
	set_position(&m->ring[ring * m->cpus + cpu], seq);
}

/* Find the time at which an episode began. Overwrites the ring's copy. */
static bool find_begin(struct ring *r, u64 episode, u64 *ts_ns)
{
	const struct oomtrace_oom_begin *rec = (const void *)r->copy;
	u64 seq;

	r->head = load_head(r);
	for (seq = oldest_seq(r); seq <= r->head; seq++) {
		if (!copy_record(r, seq) || rec->h.type != OOMTRACE_OOM_BEGIN ||
		    rec->episode != episode)
			continue;
		*ts_ns = rec->h.ts_ns;
		return true;
	}
	return false;
}

/* The first record since a time. A record overwritten meanwhile is older. */
static u64 first_since(struct ring *r, u64 ts_ns)
{
	u64 at, end, middle;

	r->head = load_head(r);
	end = r->head + 1;
	for (at = oldest_seq(r); at < end;) {
		middle = at + (end - at) / 2;
		if (copy_record(r, middle) && copy_of(r)->ts_ns >= ts_ns)
			end = middle;
		else
			at = middle + 1;
	}
	return at;
}

int mapped_seek_episode(struct mapped *m, u64 episode)
{
	struct ring *r, *end = m->ring + nrings(m);
	bool found = false;
	u64 ts_ns = 0;

	for (r = m->ring; r < end && !found; r++)
		found = r->page && r->page->ring == OOMTRACE_RING_OOM &&
			find_begin(r, episode, &ts_ns);
	for (r = m->ring; r < end; r++) {
		if (!r->page)
			continue;
		if (found)
			set_position(r, first_since(r, ts_ns));
		/* The search has overwritten the copy. */
		r->ready = false;
	}
	if (found)
		memset(m->given, 0, sizeof(m->given));
	return found ? 0 : ENOENT;
}

/* ---- records ---- */

static const struct oomtrace_header *make_lost(struct mapped *m,
					       struct ring *r)
{
	struct oomtrace_lost *lost = &m->made.lost;

	memset(lost, 0, sizeof(*lost));
	lost->h.type = OOMTRACE_LOST;
	lost->h.size = sizeof(*lost);
	lost->h.cpu = r->page->cpu;
	lost->h.flags = r->page->ring;
	lost->h.seq = r->next - r->lost;
	lost->h.ts_ns = copy_of(r)->ts_ns;
	lost->h.valid = OOMTRACE_ALL(lost);
	lost->count = r->lost;
	lost->ring = r->page->ring;
	r->lost = 0;
	return &lost->h;
}

/* The stack that a record refers to; NULL if there is none or it was returned. */
static const struct oomtrace_header *
stack_first(struct oomtrace *ot, const struct oomtrace_header *rec)
{
	struct oomtrace_stack *stack = &ot->mapped->made.stack;
	u64 *given = ot->mapped->given;
	u32 id = oomtrace_stack_of(rec);

	if (!id || id >= STACKS || (given[id / 64] >> id % 64 & 1))
		return NULL;
	memset(stack, 0, sizeof(*stack));
	stack->id = id;
	if (ioctl(ot->fd, OOMTRACE_IOC_STACK, stack))
		return NULL;
	given[id / 64] |= 1ULL << id % 64;
	stack->h = *rec;
	stack->h.type = OOMTRACE_STACK;
	stack->h.size = sizeof(*stack);
	stack->h.valid = OOMTRACE_ALL(stack);
	stack->h.derived = 0;
	return &stack->h;
}

int mapped_next(struct oomtrace *ot, const struct oomtrace_header **rec)
{
	struct mapped *m = ot->mapped;
	struct ring *r, *best = NULL;
	int ret;

	for (r = m->ring; r < m->ring + nrings(m); r++) {
		if (!r->page)
			continue;
		while (!fetch_next(r)) {
			ret = follow_resize(ot, r);
			if (ret < 0)
				return ret;
			if (!ret)
				break;
		}
		if (r->ready && (!best || copy_of(r)->ts_ns < copy_of(best)->ts_ns))
			best = r;
	}
	if (!best)
		return 0;
	if (best->lost) {
		*rec = make_lost(m, best);
		return 1;
	}
	*rec = stack_first(ot, copy_of(best));
	if (*rec)
		return 1;
	*rec = copy_of(best);
	best->ready = false;
	best->next++;
	return 1;
}

/*
 * lseek() makes poll() wait for records that are written from now on. Check the
 * rings again after it, so that a record written before it is not missed.
 */
bool mapped_arm(struct oomtrace *ot)
{
	struct mapped *m = ot->mapped;
	struct ring *r;

	if (lseek(ot->fd, 0, SEEK_END) < 0)
		return true;
	for (r = m->ring; r < m->ring + nrings(m); r++)
		if (r->page && (fetch_next(r) ||
				__atomic_load_n(&r->page->closed,
						__ATOMIC_ACQUIRE)))
			return true;
	return false;
}
