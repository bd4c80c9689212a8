/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes OOM episodes to the journal: collects the records of an episode, and
 * sends one entry with fields when the episode has ended and the paths of its
 * cgroups are known.
 */
#ifndef OOMTRACE_JOURNAL_H
#define OOMTRACE_JOURNAL_H

#include "entry.h"

#define JOURNAL_OPEN	16	/* episodes in progress at the same time */

/**
 * struct journal - state for writing entries; zeroed at the start
 * @send: sends an entry; 0 or -errno.
 * @sent_ns: end of the last episode that was sent, CLOCK_MONOTONIC. Episodes that
 *	ended earlier are not sent: that was done before a restart.
 * @wall_offset_ns: current offset from CLOCK_MONOTONIC to CLOCK_REALTIME.
 * @boot_offset_ns: the same to CLOCK_BOOTTIME.
 */
struct journal {
	int (*send)(const struct entry *entry);
	u64 sent_ns;
	s64 wall_offset_ns;
	s64 boot_offset_ns;
	/* private: */
	struct journal_episode open[JOURNAL_OPEN];
	int err;		/* negative errno of an entry dropped to make room */
	struct entry entry;
};

/**
 * journal_feed() - process a record
 * @j: the journal.
 * @g: paths of cgroups, for an entry that is sent early to make room.
 * @rec: the record.
 * @now_ns: current time, CLOCK_MONOTONIC.
 */
void journal_feed(struct journal *j, const struct cgroups *g,
		  const struct oomtrace_header *rec, u64 now_ns);

/**
 * journal_flush() - send the episodes that ended some time ago, in order
 * @j: the journal.
 * @g: paths of cgroups.
 * @now_ns: current time, CLOCK_MONOTONIC; ~0 to send all ended episodes.
 *
 * Return: 0, or the negative errno of an entry that could not be sent. Later calls
 * send it again, and return the error until they succeed.
 */
int journal_flush(struct journal *j, const struct cgroups *g, u64 now_ns);

/** journal_pending() - test if an ended episode waits for journal_flush() */
bool journal_pending(const struct journal *j);

#endif /* OOMTRACE_JOURNAL_H */
