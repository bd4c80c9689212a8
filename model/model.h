/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What both checks share: small rings, and records of which every word tells of
 * which record it is (model.c).
 */
#ifndef MODEL_H
#define MODEL_H

#include "ring/reader.h"

#define SLOT_SIZE	64
/* Words of a slot behind the header. */
#define WORDS		((SLOT_SIZE - sizeof(struct oomtrace_header)) / sizeof(u64))

struct model_record {
	struct oomtrace_header h;
	u64 word[WORDS];
};

/* Make the commit ring of that many slots on each CPU; again: anew. */
void model_ring(u32 nslots);
/* The ring's memory on a CPU, page and slots, bytes. */
void *model_memory(unsigned int cpu, size_t *size);
/* Write this CPU's next record. */
void model_write(void);
/* Is this what model_write() wrote as that number? */
bool model_whole(const struct model_record *rec);

#endif /* MODEL_H */
