/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which episode is meant, and the ids of episodes.
 */
#ifndef OOMTRACE_STORE_PICK_H
#define OOMTRACE_STORE_PICK_H

#include "store.h"

/** enum store_want - which episode is meant if none is named */
enum store_want {
	STORE_ANY,
	STORE_KILLED,	/* the newest in which a task was killed, or else any */
	STORE_CHOSEN,	/* the newest in which the kernel chose one, or else any */
};

/**
 * store_pick() - select the episode that the command line asks for
 * @st: the store.
 * @opt: the command line: an id, or a time range.
 * @want: which one without an id.
 *
 * Return: the episode, or NULL if there is none; store_report_none() says so.
 */
const struct episode *store_pick(const struct store *st, const struct options *opt,
				 enum store_want want);

/**
 * store_report_none() - report that no episode was found
 *
 * Return: exit status.
 */
int store_report_none(const struct store *st, const struct options *opt);

/* Bytes that hold any id. */
#define STORE_ID_MAX	96

/** store_id() - the id to show: NUMBER of the newest load, else STAMP-NUMBER */
const char *store_id(char buf[STORE_ID_MAX], const struct store *st,
		     const struct episode *ep);

/** store_long_id() - the id that stays: BOOT.LOAD.NUMBER; STAMP-NUMBER if unknown */
const char *store_long_id(char buf[STORE_ID_MAX], const struct store *st,
			  const struct episode *ep);

/** store_is_newest_load() - is there no later load? */
bool store_is_newest_load(const struct store *st, size_t load);

/**
 * store_name_sources() - what to type after a command to read the same again
 *
 * Return: " FILE..."; "" for the device and the default directory.
 */
const char *store_name_sources(char *buf, size_t size, const struct options *opt);

#endif /* OOMTRACE_STORE_PICK_H */
