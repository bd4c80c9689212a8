// SPDX-License-Identifier: GPL-2.0
/*
 * Reads records from the mapped rings, without a system call while records are
 * available, and without any cost to the writer.
 *
 * The result equals that of read(2): the records of all rings and CPUs by time,
 * with lost records in their place and each stack before the first record that
 * refers to it.
 *
 * The heads of all rings are loaded once. A heap orders the rings that have a
 * record by the time of their next one, and gives the records of that moment; then
 * the heads are loaded again. So the cost of a record does not grow with the
 * number of CPUs. Records of one ring that are earlier than the next one of any
 * other ring are a run, and returned without asking the heap. A record is copied
 * when it is returned, so that the writer cannot overwrite it.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../common/format.h"
#include "account.h"
#include "handle.h"
#include "mapped.h"
#include "rings.h"

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
			ret = rings_follow_resize(ot, r);
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
