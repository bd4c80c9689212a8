// SPDX-License-Identifier: GPL-2.0
/*
 * Reads records from the mapped rings, without a system call while records are
 * available, and without any cost to the writer.
 *
 * The result equals that of read(2): the records of all rings and CPUs by time,
 * with lost records in their place and each stack before the first record that
 * refers to it. The numbered steps below are those of struct oomtrace_ring_page.
 *
 * The heads of all rings are loaded once. A heap orders the rings that have a
 * record by the time of their next one, and gives the records of that moment; then
 * the heads are loaded again. So the cost of a record does not grow with the
 * number of CPUs. A record is copied when it is returned, so that the writer
 * cannot overwrite it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../common/format.h"
#include "../common/heap.h"
#include "handle.h"
#include "mapped.h"

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
 * @ready: @next is a record, with @ts_ns and @record_size.
 * @record_size: size of the next record, bytes.
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
	bool ready;
	u16 record_size;
	u64 ts_ns;
};

/**
 * struct mapped - all mapped rings
 * @cpus: highest CPU number plus 1.
 * @heap: the rings whose @ready is set; empty after a change of position.
 * @until: when the heads were loaded, ns of CLOCK_MONOTONIC.
 * @given: bit n is set if stack n was returned.
 * @copy: the record that was returned.
 * @made: a lost or stack record, composed here.
 * @ring: indexed by ring and CPU; unmapped if the CPU is not possible.
 */
struct mapped {
	unsigned int cpus;
	struct oomtrace_heap heap;
	u64 until;
	u64 given[STACKS / 64];
	u64 copy[OOMTRACE_MAX_RECORD / sizeof(u64)];
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

static u64 load_head(const struct ring *r)
{
	/* Step 1: load the head before the records. */
	return __atomic_load_n(&r->page->head, __ATOMIC_ACQUIRE);
}

/* Step 2: the number of the oldest record that is not overwritten. */
static u64 oldest_seq(const struct ring *r)
{
	u64 slots = r->nslots, first = r->page->first;
	u64 held = r->head >= slots ? r->head - slots + 1 : 1;

	return held > first ? held : first;
}

static const struct oomtrace_header *slot_of(const struct ring *r, u64 seq)
{
	if (!r->nslots)
		return NULL;
	return (const void *)(r->slots + (seq - 1) % r->nslots * r->slot_size);
}

/* Go to a record, or to the one that is written next. */
static void set_next(struct ring *r, u64 seq)
{
	r->next = seq;
	r->slot = slot_of(r, seq);
	r->ready = false;
}

/* Steps 3 and 4: load from a slot, then its number. False if it was overwritten. */
static bool is_record(const struct oomtrace_header *h, u64 seq)
{
	/* Load the record before its number: an overwrite changes the number. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&h->seq, __ATOMIC_RELAXED) == seq;
}

static bool copy_record(const struct ring *r, u64 seq, void *to, size_t size)
{
	const struct oomtrace_header *h = slot_of(r, seq);

	memcpy(to, h, size);
	return is_record(h, seq);
}

/* Get time and size of the next record. False if it was overwritten. */
static inline bool look_at_next(struct ring *r)
{
	const struct oomtrace_header *h = r->slot;

	r->ts_ns = __atomic_load_n(&h->ts_ns, __ATOMIC_RELAXED);
	r->record_size = __atomic_load_n(&h->size, __ATOMIC_RELAXED);
	r->ready = is_record(h, r->next) && r->record_size >= sizeof(*h) &&
		   r->record_size <= r->slot_size &&
		   r->record_size <= OOMTRACE_MAX_RECORD;
	return r->ready;
}

/* Look at the next record up to the known head; false if there is none. */
static bool find_next(struct ring *r)
{
	u64 old;

	r->ready = false;
	while (r->next <= r->head) {
		if (look_at_next(r))
			return true;
		/* The writer wrapped around: skip what it overwrote. */
		r->head = load_head(r);
		old = oldest_seq(r);
		if (old <= r->next)
			old = r->next + 1;
		r->lost += old - r->next;
		set_next(r, old);
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
			r->slots = (const char *)at + r->page->data_offset;
			r->nslots = r->page->slots;
			r->slot_size = r->page->slot_size;
			r->slots_end = r->slots + (size_t)r->nslots * r->slot_size;
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
	new.lost = r->lost;
	set_next(&new, r->next);
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
	free(m->heap.entry);
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
	m->heap.entry = calloc(nrings(m), sizeof(m->heap.entry[0]));
	if (!m->heap.entry) {
		mapped_close(m);
		return -ENOMEM;
	}
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		for (cpu = 0; cpu < cpus; cpu++) {
			err = map_ring(ot, &m->ring[id * cpus + cpu], id, cpu);
			/* This CPU is not possible, or an older module's ring. */
			if (err == -EINVAL && (cpu || id >= OOMTRACE_INFO_RINGS))
				continue;
			if (err) {
				mapped_close(m);
				return err;
			}
			n++;
		}
	}
	if (n != OOMTRACE_RINGS * possible &&
	    n != OOMTRACE_INFO_RINGS * possible) {
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
	set_next(r, seq);
	r->lost = 0;
}

void mapped_oldest(struct mapped *m)
{
	struct ring *r;

	memset(m->given, 0, sizeof(m->given));
	m->heap.n = 0;
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

	m->heap.n = 0;
	for (r = m->ring; r < m->ring + nrings(m); r++) {
		if (!r->page)
			continue;
		r->head = load_head(r);
		set_position(r, r->head + 1);
	}
}

void mapped_seek(struct mapped *m, unsigned int ring, unsigned int cpu, u64 seq)
{
	m->heap.n = 0;
	set_position(&m->ring[ring * m->cpus + cpu], seq);
}

/* Find the time at which an episode began. */
static bool find_begin(struct ring *r, u64 episode, u64 *ts_ns)
{
	struct oomtrace_oom_begin rec = { };
	size_t size = r->slot_size < sizeof(rec) ? r->slot_size : sizeof(rec);
	u64 seq;

	r->head = load_head(r);
	for (seq = oldest_seq(r); seq <= r->head; seq++) {
		if (!copy_record(r, seq, &rec, size) ||
		    rec.h.type != OOMTRACE_OOM_BEGIN || rec.episode != episode)
			continue;
		*ts_ns = rec.h.ts_ns;
		return true;
	}
	return false;
}

/* The first record since a time. A record overwritten meanwhile is older. */
static u64 first_since(struct ring *r, u64 ts_ns)
{
	struct oomtrace_header h;
	u64 at, end, middle;

	r->head = load_head(r);
	end = r->head + 1;
	for (at = oldest_seq(r); at < end;) {
		middle = at + (end - at) / 2;
		if (copy_record(r, middle, &h, sizeof(h)) && h.ts_ns >= ts_ns)
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
	if (!found)
		return ENOENT;
	for (r = m->ring; r < end; r++)
		if (r->page)
			set_position(r, first_since(r, ts_ns));
	m->heap.n = 0;
	memset(m->given, 0, sizeof(m->given));
	return 0;
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
	lost->h.ts_ns = r->ts_ns;
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

/* ---- the rings in the order of time ---- */

static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/*
 * Look at the next record of each ring. Takes the time before the heads: a record
 * that is complete by then is found. Returns 0 or a negative errno.
 */
static int load_heads(struct oomtrace *ot, struct mapped *m)
{
	size_t i;
	int ret;

	m->until = now_ns();
	m->heap.n = 0;
	for (i = 0; i < nrings(m); i++) {
		struct ring *r = &m->ring[i];

		if (!r->page)
			continue;
		r->head = load_head(r);
		while (!r->ready && !find_next(r)) {
			ret = follow_resize(ot, r);
			if (ret < 0)
				return ret;
			if (!ret)
				break;
			r->head = load_head(r);
		}
		if (!r->ready)
			continue;
		m->heap.entry[m->heap.n].ts_ns = r->ts_ns;
		m->heap.entry[m->heap.n++].at = i;
	}
	oomtrace_heap_build(&m->heap);
	return 0;
}

/*
 * Find the ring whose next record is the earliest. Returns 1, 0 if there is no
 * record, or a negative errno. A record that is later than the time of loading
 * has to wait: a ring whose head was loaded before may have an earlier one now.
 * The second load finds that, unless the clock here is not the module's (a time
 * namespace).
 */
static int earliest_ring(struct oomtrace *ot, struct ring **r)
{
	struct mapped *m = ot->mapped;
	int tries, ret;

	for (tries = 0; tries < 2; tries++) {
		if (m->heap.n && m->heap.entry[0].ts_ns <= m->until)
			break;
		ret = load_heads(ot, m);
		if (ret < 0 || !m->heap.n)
			return ret;
	}
	*r = &m->ring[m->heap.entry[0].at];
	return 1;
}

/* The earliest ring has another next record, or none: put it in its place. */
static void reorder_earliest(struct mapped *m, struct ring *r)
{
	if (find_next(r))
		oomtrace_heap_delay(&m->heap, r->ts_ns);
	else
		oomtrace_heap_pop(&m->heap);
}

/* Go on to the next slot of a ring. */
static void advance(struct ring *r)
{
	const char *next = (const char *)r->slot + r->slot_size;

	r->next++;
	r->ready = false;
	r->slot = (const void *)(next == r->slots_end ? r->slots : next);
}

int mapped_next(struct oomtrace *ot, const struct oomtrace_header **rec)
{
	struct mapped *m = ot->mapped;
	struct ring *r;
	int ret;

	while ((ret = earliest_ring(ot, &r)) > 0) {
		if (r->lost) {
			*rec = make_lost(m, r);
			return 1;
		}
		memcpy(m->copy, r->slot, r->record_size);
		if (!is_record(r->slot, r->next)) {
			/* Overwritten since it was looked at: lost. */
			reorder_earliest(m, r);
			continue;
		}
		*rec = stack_first(ot, (void *)m->copy);
		if (*rec)
			return 1;
		*rec = (void *)m->copy;
		advance(r);
		if (r->next <= r->head && look_at_next(r))
			oomtrace_heap_delay(&m->heap, r->ts_ns);
		else
			reorder_earliest(m, r);
		return 1;
	}
	return ret;
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
		if (r->page && (load_head(r) >= r->next ||
				__atomic_load_n(&r->page->closed,
						__ATOMIC_ACQUIRE)))
			return true;
	return false;
}
