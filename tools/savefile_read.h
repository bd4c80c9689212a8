/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading saved records, or a device in the same way.
 */
#ifndef OOMTRACE_SAVEFILE_READ_H
#define OOMTRACE_SAVEFILE_READ_H

#include <stdbool.h>

#include "liboomtrace.h"
#include "savefile.h"

/**
 * saved_open() - open records: a device, or a file of any of these kinds
 * @ot: a handle of the library.
 * @path: the device or file.
 * @flags: for a device, as oomtrace_open() takes them.
 *
 * One can be open at a time.
 *
 * Return: 0, or a negative errno; saved_error() then says why.
 */
int saved_open(struct oomtrace *ot, const char *path, unsigned int flags);

/** saved_error() - why saved_open() or oomtrace_next() on @ot failed */
const char *saved_error(const struct oomtrace *ot);

/**
 * saved_facts() - where the records of what is open come from
 * @ot: the handle.
 * @facts: out: from the file's header, or from the device.
 *
 * Return: false if the file has no header; @facts then has this machine's page
 * size, and zeroes.
 */
bool saved_facts(struct oomtrace *ot, struct saved_header *facts);

/** saved_close() - what saved_open() took, apart from @ot */
void saved_close(void);

#endif /* OOMTRACE_SAVEFILE_READ_H */
