// SPDX-License-Identifier: GPL-2.0
/*
 * Maps the rings and goes to positions in them. Which record is the next one of all
 * rings is not known here: a change of position drops that order.
 *
 * A ring that was resized is mapped again, once its old memory is read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "handle.h"
#include "rings.h"

static bool copy_record(const struct ring *r, u64 seq, void *to, size_t size)
{
	const struct oomtrace_header *h = slot_of(r, seq);

	memcpy(to, h, size);
	return is_record(h, seq);
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

int rings_follow_resize(struct oomtrace *ot, struct ring *r)
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
