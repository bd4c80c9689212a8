// SPDX-License-Identifier: GPL-2.0
/*
 * Goes to a time or to an OOM episode: finds the first record of each ring since
 * then, and moves a reader there. Uses only what readers provide. Runs in process
 * context.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "ring/reader.h"
#include "ring/seek.h"

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
	u64 seq;

	oomtrace_reader_oldest(r);
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		for_each_possible_cpu(cpu) {
			rcu_read_lock();
			seq = find_first_since(oomtrace_ring_mem(&oomtrace_rings[id],
								 cpu), ts_ns);
			rcu_read_unlock();
			oomtrace_reader_seek(r, id, cpu, seq);
		}
	}
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
