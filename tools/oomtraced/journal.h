/* SPDX-License-Identifier: GPL-2.0 */
/*
 * OOM episodes for the journal: gathered record by record, sent as one entry
 * with fields when they are over and their cgroups have names.
 */
#ifndef OOMTRACE_JOURNAL_H
#define OOMTRACE_JOURNAL_H

#include <sys/uio.h>

#include "../../common/shim.h"
#include "../cgroups.h"

/* Entries of this kind; `journalctl MESSAGE_ID=...` finds them. */
#define JOURNAL_MESSAGE_ID	"c0d2b1f5a3c24b5f9d1e7a6b8e4f3d21"

#define JOURNAL_OPEN	16	/* episodes that can be under way at once */
#define JOURNAL_FIELDS	32
#define JOURNAL_TEXT	1536	/* bytes of one field */

/**
 * struct journal_episode - an episode under way. All private.
 */
struct journal_episode {
	u64 episode;		/* 0: free */
	u64 ended_ns;		/* when its end was seen; 0: not yet */
	struct oomtrace_oom_begin begin;
	struct oomtrace_verdict verdict;
	struct oomtrace_victim victim;
	u32 again;		/* further signals to that one */
	struct oomtrace_oom_end end;
	int err;		/* why it could not be sent */
};

/**
 * struct journal - what is needed to write entries; zero to start with
 * @send: takes an entry: fields "NAME=value" of any bytes; 0 or -errno.
 * @sent_ns: when the last episode that was sent had ended, as records count it.
 *	One that ended before is not sent: that was done before a restart.
 */
struct journal {
	int (*send)(const struct iovec *field, int n);
	u64 sent_ns;
	/* private: */
	struct journal_episode open[JOURNAL_OPEN];
	int err;		/* of an entry that had to make room, unsent */
	struct iovec field[JOURNAL_FIELDS];
	char text[JOURNAL_FIELDS][JOURNAL_TEXT];
	int n;
};

/**
 * journal_feed() - take a record into account
 * @j: the journal.
 * @g: names of cgroups, for what has to be sent at once to make room.
 * @rec: the record.
 * @now_ns: as records count it.
 */
void journal_feed(struct journal *j, const struct cgroups *g,
		  const struct oomtrace_header *rec, u64 now_ns);

/**
 * journal_flush() - send what is over for a while, in the order of its end
 * @j: the journal.
 * @g: names of cgroups.
 * @now_ns: as records count it; ~0 to send everything.
 *
 * Return: 0 or a negative errno of an entry that could not be sent: it is tried
 * again a moment later, and as long as it waits all calls return that.
 */
int journal_flush(struct journal *j, const struct cgroups *g, u64 now_ns);

/** journal_pending() - does an episode wait for journal_flush()? */
bool journal_pending(const struct journal *j);

#endif /* OOMTRACE_JOURNAL_H */
