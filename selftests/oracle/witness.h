/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The witness of commit decisions, a BPF program: loaded, attached and read,
 * and checked for completeness. Independent of oomtrace.
 *
 * A function that fails prints the reason on stderr and aborts.
 */
#ifndef WITNESS_H
#define WITNESS_H

#include <stdbool.h>
#include <stddef.h>

#include "event.h"

/* Load the object file and attach it to the function's entry and return. */
void witness_start(const char *object);
void witness_stop(void);
/* Drop what was logged so far and reset the counts. */
void witness_begin(void);
/* Consume the log, at most @room events, in the order of the returns. */
size_t witness_read(struct oracle_event *events, size_t room);
/*
 * Is the log since witness_begin() complete? Prints what is missing. Call this
 * while no task is inside the function.
 */
bool witness_saw_everything(void);

#endif /* WITNESS_H */
