/* SPDX-License-Identifier: GPL-2.0 */
/* A memory that gives a reader every value that the barriers allow. */
#ifndef MODEL_WEAK_H
#define MODEL_WEAK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Watch this memory from now on; its current contents are known to both sides.
 */
void weak_watch(void *at, size_t size);
/*
 * A word that the reader sets and the writer reads, after its smp_mb() if it
 * has one. @seen: whether the writer sees it set.
 */
void weak_flag(void *at, bool seen);
/* The writer has finished: loads are the reader's from now on. */
void weak_reading(void);
/* The reader sees all stores, as after a long time. */
void weak_settle(void);
/* One of n values from 0; the executions go through all of them. */
unsigned int weak_choose(unsigned int n);
/* Start the next execution; false if all were run. */
bool weak_next(void);
/* Choose at random from now on; weak_next() then never returns false. */
void weak_random(unsigned long long seed);

#endif /* MODEL_WEAK_H */
