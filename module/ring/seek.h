/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Moves a reader to a time or to an OOM episode.
 */
#ifndef OOMTRACE_SEEK_H
#define OOMTRACE_SEEK_H

#include <linux/types.h>

struct oomtrace_reader;

void oomtrace_reader_since(struct oomtrace_reader *r, u64 ts_ns);
int oomtrace_reader_seek_episode(struct oomtrace_reader *r, u64 episode);

#endif /* OOMTRACE_SEEK_H */
