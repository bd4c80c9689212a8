/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Opens a file of saved records, or a device, for the library to read.
 */
#ifndef OOMTRACE_SAVEFILE_READ_H
#define OOMTRACE_SAVEFILE_READ_H

#include <stdbool.h>

#include "liboomtrace.h"
#include "savefile.h"

/**
 * saved_open() - open a device or a file of saved records
 * @ot: a handle of the library.
 * @path: the device or file.
 * @flags: of oomtrace_open(), for a device.
 *
 * Only one can be open at a time.
 *
 * Return: 0, or a negative errno, which saved_error() explains.
 */
int saved_open(struct oomtrace *ot, const char *path, unsigned int flags);

/** saved_error() - message of a failed saved_open() or oomtrace_next() on @ot */
const char *saved_error(const struct oomtrace *ot);

/**
 * saved_facts() - the origin of the records
 * @ot: the handle.
 * @facts: out: from the file's header, or from the device.
 *
 * Return: false if the file has no header; @facts then has only the page size of
 * this machine, and zeroes.
 */
bool saved_facts(struct oomtrace *ot, struct saved_header *facts);

/** saved_is_cut() - did the file end early, as one that is being written does? */
bool saved_is_cut(void);

/** saved_close() - free what saved_open() allocated, except @ot */
void saved_close(void);

#endif /* OOMTRACE_SAVEFILE_READ_H */
