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

#include "loads.h"
#include "options.h"

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
/* With these types: read a directory's files without an OOM, too. */
#define STORE_QUIET	RECORDS_TYPE(62)

/**
 * store_read() - read everything
 * @st: out; the caller frees it, also on failure.
 * @opt: names the sources.
 * @types: bits RECORDS_TYPE(), STORE_WHOLE and STORE_QUIET.
 *
 * Return: 0, or an exit status after an error message if nothing can be read.
 */
int store_read(struct store *st, const struct options *opt, unsigned long types);

/** store_free() - free everything */
void store_free(struct store *st);

/**
 * store_cgroups() - collect the paths of cgroups
 * @st: the store.
 *
 * Return: an array by load, since cgroup ids of two boots are not the same; the
 * caller frees it.
 */
struct cgroups *store_cgroups(const struct store *st);

/**
 * struct store_place - a record in the store
 * @rec: the record.
 * @load: index of its load.
 * @wall_ns: its time, ns of CLOCK_REALTIME; valid if @dated.
 * @dated: @wall_ns is known.
 * @next: index of the record after it in its load.
 */
struct store_place {
	const struct oomtrace_header *rec;
	size_t load;
	long long wall_ns;
	bool dated;
	size_t next;
};

/**
 * store_next() - find the next record of a type in the time range of the command line
 * @st: the store.
 * @opt: the command line.
 * @type: the type.
 * @at: the place of the last one, all zero at first; out: the place of the next one.
 *
 * Return: false if there is none.
 */
static inline bool store_next(const struct store *st, const struct options *opt,
			      unsigned int type, struct store_place *at)
{
	for (; at->load < st->nload; at->load++, at->next = 0) {
		const struct load *l = &st->load[at->load];

		while (at->next < l->recs.n) {
			size_t k = at->next++;

			at->rec = l->recs.rec[k];
			if (at->rec->type != type)
				continue;
			at->dated = l->wall[k];
			at->wall_ns = at->rec->ts_ns + l->wall[k];
			if (!opt->timed || (at->dated && is_in_time(opt, at->wall_ns)))
				return true;
		}
	}
	return false;
}

/**
 * store_complete() - read all records of an episode
 * @st: the store.
 * @ep: one of its episodes.
 *
 * Return: the records of the episode's load, with all those of the episode.
 */
struct records *store_complete(struct store *st, const struct episode *ep);

#endif /* OOMTRACE_STORE_H */
