/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes files of saved records.
 */
#ifndef OOMTRACE_SAVEFILE_WRITE_H
#define OOMTRACE_SAVEFILE_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "../include/oomtrace.h"

/** struct saver - a file being written */
struct saver;

/**
 * saver_open() - start a file
 * @path: path of the file, which is replaced; "-" is standard output.
 * @info: the module's information, for the header.
 * @error: out: the message of a failure.
 * @size: bytes of @error.
 *
 * Return: the saver, or NULL with errno set.
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
 * saver_flush() - write all added records to the file
 * @s: the saver.
 * @sync: also synchronise the file with the disk.
 *
 * Allocates nothing. After a failed write, the file is not changed any more and
 * stays readable up to there; all further calls fail with the same error.
 *
 * Return: 0 or a negative errno.
 */
int saver_flush(struct saver *s, bool sync);

/** saver_bytes() - bytes written so far */
unsigned long long saver_bytes(const struct saver *s);

/** saver_close() - end the file; 0, or the negative errno of the first failure */
int saver_close(struct saver *s);

#endif /* OOMTRACE_SAVEFILE_WRITE_H */
