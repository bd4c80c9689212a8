/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Readers of the rings: each has its own position in every ring on every CPU
 * and gets the records of all of them in time order. reader.c has it.
 */
#ifndef OOMTRACE_READER_H
#define OOMTRACE_READER_H

#include <linux/bitmap.h>

#include "ring/ring.h"
#include "ring/stacks.h"

/**
 * struct oomtrace_reader_pos - a reader's position in one ring on one CPU
 * @next: number of the record it wants next.
 * @stop: it gets none after this one.
 * @seq: what it found when it last looked: the number of the record that it can
 *	have next, @next or more if some were overwritten; 0: it has to look.
 * @ts_ns: when that was written.
 * @size: its size, bytes.
 */
struct oomtrace_reader_pos {
	u64 next;
	u64 stop;
	u64 seq;
	u64 ts_ns;
	u16 size;
};

/**
 * struct oomtrace_reader - one reader's position in all rings
 * @rings: bit mask of the rings it reads.
 * @ncpus: CPUs in @pos.
 * @pos: one per ring and CPU.
 * @stacks: the stacks it was given already.
 *
 * Not locked: whoever owns it lets one thread at a time use it, but for
 * oomtrace_reader_arm().
 */
struct oomtrace_reader {
	unsigned int rings;
	unsigned int ncpus;
	struct oomtrace_reader_pos *pos;
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
void oomtrace_reader_since(struct oomtrace_reader *r, u64 ts_ns);
int oomtrace_reader_seek(struct oomtrace_reader *r, unsigned int id,
			 unsigned int cpu, u64 seq);
int oomtrace_reader_seek_episode(struct oomtrace_reader *r, u64 episode);
unsigned int oomtrace_reader_next(struct oomtrace_reader *r, void *buf);
void oomtrace_reader_unread(struct oomtrace_reader *r, const void *buf);
bool oomtrace_reader_arm(struct oomtrace_reader *r);

#endif /* OOMTRACE_READER_H */
