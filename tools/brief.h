/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An OOM on one screen: who was killed, where, why, what came before and after,
 * and what to type next. At most 80 columns and 25 lines.
 */
#ifndef OOMTRACE_BRIEF_H
#define OOMTRACE_BRIEF_H

#include "cgroups.h"
#include "store.h"

/**
 * brief_title() - write the first line: what happened, on which host, when
 * @st: the store.
 * @ep: the episode.
 */
void brief_title(const struct store *st, const struct episode *ep);

/**
 * brief_print() - write the whole screen
 * @st: the store.
 * @ep: an episode, whose records store_complete() has read.
 * @cgroups: the paths of its cgroups.
 * @opt: the command line, for what to type next.
 */
void brief_print(const struct store *st, const struct episode *ep,
		 const struct cgroups *cgroups, const struct options *opt);

/**
 * brief_where() - where an OOM happened, in a few words
 * @buf: out: "mysqld.service", "whole machine".
 * @size: bytes of @buf.
 * @recs: records of its load.
 * @ep: the episode.
 * @cgroups: the paths of its cgroups.
 *
 * Return: @buf.
 */
const char *brief_where(char *buf, size_t size, const struct records *recs,
			const struct episode *ep, const struct cgroups *cgroups);

#endif /* OOMTRACE_BRIEF_H */
