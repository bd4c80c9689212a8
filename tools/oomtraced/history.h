/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A directory of files of saved records with a limited total size and age. If there
 * is no room, the oldest files are deleted, those without an OOM first. One service
 * at a time has it. A restarted service saves no record again.
 */
#ifndef OOMTRACE_HISTORY_H
#define OOMTRACE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "../../include/oomtrace.h"
#include "stacks.h"

struct history_dir;

/**
 * struct history_config - what to keep, and where
 * @dir: an existing directory; a path of at most 4000 bytes.
 * @max_bytes: approximate limit of all files "*.oom" in @dir together.
 * @max_age_ns: files that ended longer ago are deleted; 0 to keep them.
 * @info: the module's information, for the files' headers.
 * @get_stack: gets a stack that a file lacks; NULL if there is no way.
 * @ctx: passed to @get_stack.
 */
struct history_config {
	const char *dir;
	unsigned long long max_bytes;
	long long max_age_ns;
	struct oomtrace_info info;
	stacks_get_fn get_stack;
	void *ctx;
};

/**
 * history_open() - start a new file in a directory
 * @config: what to keep; @config->dir must stay valid.
 * @error: out: the message of a failure; "" if there is none.
 * @size: bytes of @error.
 *
 * Return: the directory, or NULL if it does not exist or may not be written. After
 * any other failure, of a full or damaged disk or because another service has the
 * directory, each history_flush() tries again.
 */
struct history_dir *history_open(const struct history_config *config, char *error,
				 size_t size);

/**
 * history_error() - why no records are saved now
 *
 * Return: 0 if they are saved, -EBUSY while another service has the directory, or
 * another negative errno.
 */
int history_error(const struct history_dir *h);

/** history_is_of_oom() - is the record of an OOM, so that it has an episode number? */
bool history_is_of_oom(const struct oomtrace_header *rec);

/**
 * history_add() - save a record, after the stack that it refers to
 *
 * A record that was saved before a restart is skipped.
 *
 * Return: 0 or a negative errno.
 */
int history_add(struct history_dir *h, const struct oomtrace_header *rec);

/**
 * history_flush() - write the records to disk, and start a new file if necessary
 * @h: the directory.
 * @all_ns: all records of before this time were added, CLOCK_MONOTONIC; 0 if that is
 *	known only of records older than the last one.
 *
 * Stores up to when all records are saved, unless some were dropped: a restarted
 * service saves these again, as far as the module still has them.
 *
 * Return: 0 or a negative errno. After a failure a new file is started, in this
 * or the next call; records that could not be written are dropped.
 */
int history_flush(struct history_dir *h, unsigned long long all_ns);

/** history_close() - end the current file */
void history_close(struct history_dir *h);

#endif /* OOMTRACE_HISTORY_H */
