/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Readers of the rings: each has its own position in every ring on every CPU,
 * and gets the records of all of them in time order.
 */
#ifndef OOMTRACE_READER_H
#define OOMTRACE_READER_H

#include <linux/bitmap.h>

#include "common/heap.h"
#include "ring/ring.h"
#include "ring/stacks.h"

/**
 * struct oomtrace_reader_pos - a reader's position in one ring on one CPU
 * @next: number of the record that the reader wants next.
 * @stop: number of the last record that the reader may get.
 * @head: number of the last record that the reader knows of, at most @stop.
 * @seq: number of the record found to be next: @next, or more if records were
 *	overwritten; 0 if the reader has to search.
 * @ts_ns: when record @seq was written, ns of CLOCK_MONOTONIC.
 * @size: size of record @seq, bytes.
 * @id: the ring.
 * @cpu: the CPU.
 */
struct oomtrace_reader_pos {
	u64 next;
	u64 stop;
	u64 head;
	u64 seq;
	u64 ts_ns;
	u16 size;
	u16 id;
	u32 cpu;
};

/**
 * struct oomtrace_reader - one reader's position in all rings
 * @rings: bit mask of the rings to read.
 * @ncpus: number of CPUs in @pos.
 * @pos: one position per ring and CPU.
 * @heap: the positions of which @seq is the next record.
 * @until: time at which the heads were loaded, ns of CLOCK_MONOTONIC. Every
 *	record that was complete by then is in @heap or behind one that is.
 * @stacks: the stacks that the reader has got.
 *
 * Has no lock: the owner serialises all calls except oomtrace_reader_arm().
 */
struct oomtrace_reader {
	unsigned int rings;
	unsigned int ncpus;
	struct oomtrace_reader_pos *pos;
	struct oomtrace_heap heap;
	u64 until;
	DECLARE_BITMAP(stacks, OOMTRACE_STACKS);
};

u64 oomtrace_oldest_held(const struct oomtrace_ring_mem *mem, u64 head);
bool oomtrace_copy_record(const struct oomtrace_ring_mem *mem, u64 seq,
			  void *buf, size_t len);

int oomtrace_reader_init(struct oomtrace_reader *r, unsigned int rings,
			 bool stop_at_now);
void oomtrace_reader_free(struct oomtrace_reader *r);
void oomtrace_reader_oldest(struct oomtrace_reader *r);
void oomtrace_reader_newest(struct oomtrace_reader *r);
int oomtrace_reader_seek(struct oomtrace_reader *r, unsigned int id,
			 unsigned int cpu, u64 seq);
unsigned int oomtrace_reader_next(struct oomtrace_reader *r, void *buf);
int oomtrace_reader_fill(struct oomtrace_reader *r, void *buf, size_t room);
void oomtrace_reader_unread(struct oomtrace_reader *r, const void *buf);
bool oomtrace_reader_arm(struct oomtrace_reader *r);

#endif /* OOMTRACE_READER_H */
