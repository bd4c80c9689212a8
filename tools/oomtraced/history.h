/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A directory of files of saved records with a limit on its size: the oldest
 * files go when there is no room, and those without an OOM before all others.
 */
#ifndef OOMTRACE_HISTORY_H
#define OOMTRACE_HISTORY_H

#include "../../include/oomtrace.h"

struct history_dir;

/**
 * history_open() - begin a new file in a directory
 * @dir: the directory; it must be there.
 * @max_bytes: of all files "*.oom" in it together, about.
 * @info: the module's, for the files' headers.
 *
 * Return: the directory; NULL after a message, if that is impossible. A disk that
 * is full is told, too, and tried again by each history_flush().
 */
struct history_dir *history_open(const char *dir, unsigned long long max_bytes,
				 const struct oomtrace_info *info);

/** history_add() - save a record; 0 or a negative errno */
int history_add(struct history_dir *h, const struct oomtrace_header *rec);

/**
 * history_flush() - let it reach the disk, and begin a new file if it is time
 *
 * Return: 0 or a negative errno. A failure begins a new file, now or in
 * the next call: what could not be written is not saved.
 */
int history_flush(struct history_dir *h);

/** history_close() - end the file */
void history_close(struct history_dir *h);

#endif /* OOMTRACE_HISTORY_H */
