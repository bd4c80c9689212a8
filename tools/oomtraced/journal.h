/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes OOM episodes to the journal: collects the records of an episode, and
 * sends one entry with fields when the episode has ended and the paths of its
 * cgroups are known.
 */
#ifndef OOMTRACE_JOURNAL_H
#define OOMTRACE_JOURNAL_H

#include <sys/uio.h>

#include "../../common/shim.h"
#include "../cgroups.h"

/* The type of the entries; `journalctl MESSAGE_ID=...` finds them. */
#define JOURNAL_MESSAGE_ID	"c0d2b1f5a3c24b5f9d1e7a6b8e4f3d21"

#define JOURNAL_OPEN	16	/* episodes in progress at the same time */
#define JOURNAL_FIELDS	32
#define JOURNAL_TEXT	1536	/* bytes of one field */

/**
 * struct journal_episode - an episode in progress. All private.
 */
struct journal_episode {
	u64 episode;		/* 0: free */
	u64 ended_ns;		/* when its end was read; 0: not yet */
	struct oomtrace_oom_begin begin;
	struct oomtrace_verdict verdict;
	struct oomtrace_victim victim;
	u32 again;		/* further signals to the same victim */
	struct oomtrace_oom_end end;
	int err;		/* negative errno of the last attempt to send it */
};

/**
 * struct journal - state for writing entries; zeroed at the start
 * @send: sends an entry, fields "NAME=value" of any bytes; 0 or -errno.
 * @sent_ns: end of the last episode that was sent, CLOCK_MONOTONIC. Episodes that
 *	ended earlier are not sent: that was done before a restart.
 */
struct journal {
	int (*send)(const struct iovec *field, int n);
	u64 sent_ns;
	/* private: */
	struct journal_episode open[JOURNAL_OPEN];
	int err;		/* negative errno of an entry dropped to make room */
	struct iovec field[JOURNAL_FIELDS];
	char text[JOURNAL_FIELDS][JOURNAL_TEXT];
	int n;
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
