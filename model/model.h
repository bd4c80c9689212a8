/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by both checks: small rings, and records whose words all contain the
 * record's number.
 */
#ifndef MODEL_H
#define MODEL_H

#include "ring/reader.h"

#ifndef SLOT_SIZE
#define SLOT_SIZE	64
#endif
/* Words of a slot after the header. */
#define WORDS		((SLOT_SIZE - sizeof(struct oomtrace_header)) / sizeof(u64))

struct model_record {
	struct oomtrace_header h;
	u64 word[WORDS];
};

/* Create the commit ring with that many slots on each CPU, or recreate it. */
void model_ring(u32 nslots);
/* The ring's memory on a CPU, page and slots; *size in bytes. */
void *model_memory(unsigned int cpu, size_t *size);
/* Write this CPU's next record. */
void model_write(void);
/* Is this the record that model_write() wrote with that number? */
bool model_whole(const struct model_record *rec);

#endif /* MODEL_H */
