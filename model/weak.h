/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A memory that answers a reader with everything that the barriers allow
 * (weak.c).
 */
#ifndef MODEL_WEAK_H
#define MODEL_WEAK_H

#include <stdbool.h>
#include <stddef.h>

/* Watch this memory from now on; as it is now, everybody knows it. */
void weak_watch(void *at, size_t size);
/*
 * A word that readers set and the writer looks at, after its smp_mb() if it has
 * one. Whether the writer sees it set, the caller says.
 */
void weak_flag(void *at, bool seen);
/* All is written: loads are a reader's from now on. */
void weak_reading(void);
/* The reader sees all that was ever written, as after a long time. */
void weak_settle(void);
/* One of n, from 0: each of them in one execution or another. */
unsigned int weak_choose(unsigned int n);
/* Begin the next execution; false: there was none left. */
bool weak_next(void);
/* Choose at random from now on; weak_next() never ends then. */
void weak_random(unsigned long long seed);

#endif /* MODEL_WEAK_H */
