/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The witness: oracle.bpf.c loaded, attached and read, and whether it saw
 * everything. witness.c has it; it knows nothing of oomtrace.
 *
 * What cannot be done says why on stderr and aborts.
 */
#ifndef WITNESS_H
#define WITNESS_H

#include <stdbool.h>
#include <stddef.h>

#include "oracle.h"

/* Load the object file and attach it to entry and return of the function. */
void witness_start(const char *object);
void witness_stop(void);
/* Forget what was logged so far; the numbers begin at zero again. */
void witness_begin(void);
/*
 * Take out of the log what is there, at most room events, in the order of the
 * returns.
 */
size_t witness_read(struct oracle_event *events, size_t room);
/*
 * Is what was logged since witness_begin() all that happened? If not, says on
 * stdout what was lost. To be asked when nobody is inside the function.
 */
bool witness_saw_everything(void);

#endif /* WITNESS_H */
