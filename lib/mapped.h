/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads records from the mapped rings.
 */
#ifndef OOMTRACE_MAPPED_H
#define OOMTRACE_MAPPED_H

struct oomtrace;
struct oomtrace_header;

/** mapped_next() - do what oomtrace_next() does */
int mapped_next(struct oomtrace *ot, const struct oomtrace_header **rec);

#endif /* OOMTRACE_MAPPED_H */
