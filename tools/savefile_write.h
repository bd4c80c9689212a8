/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writing files of saved records.
 */
#ifndef OOMTRACE_SAVEFILE_WRITE_H
#define OOMTRACE_SAVEFILE_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "../include/oomtrace.h"

/** struct saver - a file being written */
struct saver;

/**
 * saver_open() - begin a file
 * @path: it is replaced, if it is there; "-" is standard output.
 * @info: the module's, for the header.
 * @error: out: what is wrong, if something is.
 * @size: bytes of @error.
 *
 * Return: the saver; NULL, with errno set, if that failed.
 */
struct saver *saver_open(const char *path, const struct oomtrace_info *info,
			 char *error, size_t size);

/**
 * saver_add() - write a record
 *
 * Allocates nothing. Return: 0 or a negative errno.
 */
int saver_add(struct saver *s, const struct oomtrace_header *rec);

/**
 * saver_flush() - let all that was added reach the file
 * @s: the saver.
 * @sync: and the disk.
 *
 * Allocates nothing. Once a write failed, the file stays as it is, and can be
 * read up to there; all further calls fail likewise.
 *
 * Return: 0 or a negative errno.
 */
int saver_flush(struct saver *s, bool sync);

/** saver_bytes() - size of the file by now */
unsigned long long saver_bytes(const struct saver *s);

/** saver_close() - end the file; 0, or the negative errno of what failed first */
int saver_close(struct saver *s);

#endif /* OOMTRACE_SAVEFILE_WRITE_H */
