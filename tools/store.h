/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All records that there are: of the device, of the directory where oomtraced
 * saves them, or of the files and directories on the command line.
 *
 * Records of the same load of the module are merged, whatever they were read
 * from, and each record is kept once. An episode is identified by boot, load and
 * number, so episode 1 of this load is not that of the previous one.
 *
 * Files of a directory may be many and large. Of these only the records that
 * name an episode are read at first, and the rest of one episode when it is
 * needed.
 */
#ifndef OOMTRACE_STORE_H
#define OOMTRACE_STORE_H

#include "options.h"
#include "records.h"

/**
 * struct load - the records of one load of the module
 * @recs: the records by time, each once; @recs.facts describes the machine.
 * @wall: for each record: from its ts_ns to CLOCK_REALTIME, nanoseconds; 0 if
 *	that is not known.
 * @named: @recs.facts has the names of the boot and of the load.
 * @live: the device's load.
 * @sources: private; number of sources.
 * @device: private; for each record: it was read from the device.
 */
struct load {
	struct records recs;
	long long *wall;
	bool named;
	bool live;
	size_t sources;
	bool *device;
};

/**
 * struct episode - one OOM
 * @load: index of its load.
 * @number: its number in the load.
 * @ts_ns: CLOCK_MONOTONIC of its begin, or of its first record.
 * @wall_ns: CLOCK_REALTIME of the same; valid if @dated.
 * @dated: @wall_ns is known.
 * @killed: a task was killed, or the kernel panicked.
 * @chosen: the kernel chose a task, so there is something to replay.
 */
struct episode {
	size_t load;
	unsigned long long number;
	unsigned long long ts_ns;
	long long wall_ns;
	bool dated;
	bool killed;
	bool chosen;
};

/**
 * struct store - everything that was read
 * @load: the loads, in the order in which their first source was read.
 * @nload: number of loads.
 * @episode: the episodes, oldest first.
 * @nepisode: number of episodes.
 * @damaged: exit status: a file that was named on the command line is damaged,
 *	and was read up to there; 0 if none is.
 * @blind: exit status: nothing was found, and the device cannot be read; 0
 *	otherwise.
 * @source: private.
 * @nsource: private.
 */
struct store {
	struct load *load;
	size_t nload;
	struct episode *episode;
	size_t nepisode;
	int damaged;
	int blind;
	struct store_source *source;
	size_t nsource;
};

/* With the types of store_read(): read whole files of directories at once. */
#define STORE_WHOLE	RECORDS_TYPE(63)

/**
 * store_read() - read everything
 * @st: out; the caller frees it, also on failure.
 * @opt: names the sources.
 * @types: bits RECORDS_TYPE(), and STORE_WHOLE.
 *
 * Return: 0, or an exit status after an error message if nothing can be read.
 */
int store_read(struct store *st, const struct options *opt, unsigned long types);

/** store_free() - free everything */
void store_free(struct store *st);

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

/**
 * store_complete() - read all records of an episode
 * @st: the store.
 * @ep: one of its episodes.
 *
 * Return: the records of the episode's load, with all those of the episode.
 */
struct records *store_complete(struct store *st, const struct episode *ep);

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

#endif /* OOMTRACE_STORE_H */
