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
 * number of CPUs. Records of one ring that are earlier than the next one of any
 * other ring are a run, and returned without asking the heap. A record is copied
 * when it is returned, so that the writer cannot overwrite it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../common/format.h"
#include "../common/heap.h"
#include "account.h"
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

static size_t nrings(const struct mapped *m)
{
	return (size_t)OOMTRACE_RINGS * m->cpus;
}

static u64 load_head(const struct ring *r)
{
	/* Step 1: load the head before the records. */
	return __atomic_load_n(&r->page->head, __ATOMIC_ACQUIRE);
}

/* Has the ring moved to new memory? */
static bool is_closed(const struct ring *r)
{
	return __atomic_load_n(&r->page->closed, __ATOMIC_ACQUIRE);
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

static inline bool is_possible_size(const struct ring *r, u32 size)
{
	/* A size below that of the header wraps around. */
	return size - sizeof(struct oomtrace_header) <= r->longest;
}

/* Get the time of the next record. False if it was overwritten. */
static bool look_at_next(struct ring *r)
{
	const struct oomtrace_header *h = r->slot;
	u32 size = __atomic_load_n(&h->size, __ATOMIC_RELAXED);

	r->ts_ns = __atomic_load_n(&h->ts_ns, __ATOMIC_RELAXED);
	r->ready = is_record(h, r->next) && is_possible_size(r, size);
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
			r->longest = r->slot_size < OOMTRACE_MAX_RECORD ?
				     r->slot_size : OOMTRACE_MAX_RECORD;
			r->longest -= sizeof(struct oomtrace_header);
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

	if (!is_closed(r))
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

/* The order of the rings is no longer known. */
static void forget_order(struct mapped *m)
{
	m->heap.n = 0;
	m->run = NULL;
}

static void set_position(struct ring *r, u64 seq)
{
	set_next(r, seq);
	r->lost = 0;
}

void mapped_oldest(struct mapped *m)
{
	struct ring *r;

	memset(m->given, 0, sizeof(m->given));
	forget_order(m);
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

	forget_order(m);
	for (r = m->ring; r < m->ring + nrings(m); r++) {
		if (!r->page)
			continue;
		r->head = load_head(r);
		set_position(r, r->head + 1);
	}
}

void mapped_seek(struct mapped *m, unsigned int ring, unsigned int cpu, u64 seq)
{
	forget_order(m);
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
	forget_order(m);
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

/* Does a record refer to a stack that was not returned yet? */
static bool needs_stack(const struct mapped *m, const struct oomtrace_header *rec)
{
	u32 id = oomtrace_stack_of(rec);

	return id && id < STACKS && !(m->given[id / 64] >> id % 64 & 1);
}

/* The stack that a record refers to; NULL if the module does not have it. */
static const struct oomtrace_header *
make_stack(struct oomtrace *ot, const struct oomtrace_header *rec)
{
	struct oomtrace_stack *stack = &ot->mapped->made.stack;
	u64 *given = ot->mapped->given;
	u32 id = oomtrace_stack_of(rec);

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
		/* Most rings of a large machine have no record. */
		if (!r->ready && r->next > r->head && !is_closed(r))
			continue;
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

/* ---- a run ---- */

/* Begin a run of the earliest ring, whose next record is not later than @until. */
static void begin_run(struct oomtrace *ot, struct ring *r)
{
	struct mapped *m = ot->mapped;
	const struct oomtrace_heap_entry *e = m->heap.entry;
	u32 i;

	m->run = r;
	m->tally = account_tally(ot, r->page->cpu, r->page->ring);
	r->ready = false;
	m->run_end = m->until + 1;
	/* One of these two is the second. If both have one time, the heap decides. */
	for (i = 1; i < m->heap.n && i <= 2; i++)
		if (e[i].ts_ns < m->run_end)
			m->run_end = e[i].ts_ns;
	/*
	 * At the same time as the second, the first has the lower index. Or the time
	 * of loading is of another clock.
	 */
	if (m->run_end <= r->ts_ns)
		m->run_end = r->ts_ns + 1;
}

/* The ring of the run has a later record now, or none: put it in its place. */
static void end_run(struct mapped *m)
{
	struct ring *r = m->run;

	m->run = NULL;
	if (find_next(r))
		oomtrace_heap_delay(&m->heap, r->ts_ns);
	else
		oomtrace_heap_pop(&m->heap);
}

/* Copy the next record of the run; NULL if the run ends. */
static const struct oomtrace_header *copy_next(struct mapped *m)
{
	const struct ring *r = m->run;
	const struct oomtrace_header *h = r->slot;
	u32 size;

	if (r->next > r->head)
		return NULL;
	size = __atomic_load_n(&h->size, __ATOMIC_RELAXED);
	if (!is_possible_size(r, size) ||
	    __atomic_load_n(&h->ts_ns, __ATOMIC_RELAXED) >= m->run_end)
		return NULL;
	memcpy(m->copy.bytes, h, size);
	return is_record(h, r->next) ? &m->copy.h : NULL;
}

/* Go on to the next slot of a ring. */
static inline void advance(struct ring *r)
{
	const char *next = (const char *)r->slot + r->slot_size;

	r->next++;
	r->slot = (const void *)(next == r->slots_end ? r->slots : next);
}

/*
 * The next record with what precedes it: lost records, or a stack. Returns 1, 0 if
 * there is none, or a negative errno.
 */
static int find_record(struct oomtrace *ot, const struct oomtrace_header **rec)
{
	struct mapped *m = ot->mapped;
	struct ring *r;
	int ret;

	for (;;) {
		if (m->run) {
			*rec = copy_next(m);
			if (*rec)
				break;
			end_run(m);
		}
		ret = earliest_ring(ot, &r);
		if (ret <= 0)
			return ret;
		if (r->lost) {
			*rec = make_lost(m, r);
			return 1;
		}
		begin_run(ot, r);
	}
	r = m->run;
	if (needs_stack(m, *rec)) {
		const struct oomtrace_header *stack = make_stack(ot, *rec);

		if (stack) {
			*rec = stack;
			return 1;
		}
	}
	advance(r);
	return 1;
}

/*
 * lseek() makes poll() wait for records that are written from now on. Check the
 * rings again after it, so that a record written before it is not missed. Returns
 * true if there may be a record now, so do not wait.
 */
static bool arm_poll(struct oomtrace *ot)
{
	struct mapped *m = ot->mapped;
	struct ring *r;

	if (lseek(ot->fd, 0, SEEK_END) < 0)
		return true;
	for (r = m->ring; r < m->ring + nrings(m); r++)
		if (r->page && (load_head(r) >= r->next || is_closed(r)))
			return true;
	return false;
}

/* Not inline, so that mapped_next() saves no registers. */
static __attribute__((noinline))
int next_slowly(struct oomtrace *ot, const struct oomtrace_header **rec)
{
	int ret;

	*rec = NULL;
	do {
		ret = find_record(ot, rec);
	} while (!ret && arm_poll(ot));
	if (ret < 0)
		return handle_fail_errno(ot, -ret, "cannot map a resized ring: ");
	/* Cannot fail: the open has allocated the counters of all CPUs. */
	if (ret)
		account_add(ot, *rec);
	return ret;
}

/*
 * Commit decisions are the flood. A next one without a stack, in a run, is returned
 * here: by a copy of constant size, and without a call.
 */
int mapped_next(struct oomtrace *ot, const struct oomtrace_header **rec)
{
	struct mapped *m = ot->mapped;
	struct ring *r = m->run;
	struct oomtrace_commit *copy = &m->copy.commit;
	const struct oomtrace_header *h;
	struct tally *t;

	if (!r)
		return next_slowly(ot, rec);
	t = m->tally;
	h = r->slot;
	if (t->next != r->next || r->next > r->head ||
	    __atomic_load_n(&h->size, __ATOMIC_RELAXED) != sizeof(*copy) ||
	    __atomic_load_n(&h->ts_ns, __ATOMIC_RELAXED) >= m->run_end)
		return next_slowly(ot, rec);
	memcpy(copy, h, sizeof(*copy));
	if (!is_record(h, r->next) || copy->h.type != OOMTRACE_COMMIT ||
	    (copy->h.valid & OOMTRACE_BIT(commit, stack)))
		return next_slowly(ot, rec);
	t->received++;
	t->next++;
	advance(r);
	*rec = &copy->h;
	return 1;
}
