// SPDX-License-Identifier: GPL-2.0
/*
 * Collects the records of OOM episodes until they are complete. Allocates nothing,
 * so it works while memory is out.
 */
#include <signal.h>
#include <string.h>

#include "../../common/format.h"
#include "journal.h"

/* How long an ended episode waits for the paths of its cgroups. */
#define WAIT_NS	1000000000ULL

static int send_entry(struct journal *j, const struct cgroups *g,
		      const struct journal_episode *e)
{
	entry_build(&j->entry, e, g, j->wall_offset_ns, j->boot_offset_ns);
	return j->send(&j->entry);
}

/* Send an ended episode and free its slot, or keep it for another attempt. */
static void send_and_free(struct journal *j, const struct cgroups *g,
			  struct journal_episode *e, u64 now_ns)
{
	int err = send_entry(j, g, e);

	if (err) {
		e->err = err;
		e->ended_ns = now_ns;
		return;
	}
	if (e->end.h.ts_ns > j->sent_ns)
		j->sent_ns = e->end.h.ts_ns;
	memset(e, 0, sizeof(*e));
}

/* Of the episodes that have waited long enough, the one that ended first. */
static struct journal_episode *next_due(struct journal *j, u64 now_ns)
{
	struct journal_episode *e, *first = NULL;

	for (e = j->open; e < j->open + JOURNAL_OPEN; e++)
		if (e->ended_ns && now_ns - e->ended_ns >= WAIT_NS &&
		    (!first || e->end.h.ts_ns < first->end.h.ts_ns))
			first = e;
	return first;
}

int journal_flush(struct journal *j, const struct cgroups *g, u64 now_ns)
{
	struct journal_episode *e;
	int err;

	while ((e = next_due(j, now_ns)))
		send_and_free(j, g, e, now_ns);
	err = j->err;
	j->err = 0;
	for (e = j->open; e < j->open + JOURNAL_OPEN; e++)
		err = e->err ?: err;
	return err;
}

bool journal_pending(const struct journal *j)
{
	unsigned int i;

	for (i = 0; i < JOURNAL_OPEN; i++)
		if (j->open[i].ended_ns)
			return true;
	return false;
}

/* ---- records ---- */

/*
 * Find or assign the slot of an episode. If all slots are used, send an ended
 * episode early. If there is none, or sending fails, drop an episode.
 */
static struct journal_episode *find_slot(struct journal *j, const struct cgroups *g,
					 u64 episode, u64 now_ns)
{
	struct journal_episode *e, *oldest = &j->open[0];

	for (e = j->open; e < j->open + JOURNAL_OPEN; e++)
		if (e->episode == episode)
			return e;
	/* A free slot has the number 0. */
	for (e = j->open; e < j->open + JOURNAL_OPEN; e++)
		if (e->episode < oldest->episode)
			oldest = e;
	if (oldest->episode) {
		e = next_due(j, ~0ULL);
		if (e) {
			send_and_free(j, g, e, now_ns);
			j->err = e->err ?: j->err;
			oldest = e;
		}
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->episode = episode;
	return oldest;
}

/*
 * Store the first victim of a group: it is the one that was chosen. Replace it if
 * an OOM daemon follows an earlier signal with SIGKILL.
 */
static void store_victim(struct journal_episode *e,
			 const struct oomtrace_victim *v)
{
	bool again = e->victim.h.type && e->victim.tgid == v->tgid;

	e->again += again;
	if (!e->victim.h.type || (again && v->signal == SIGKILL))
		oomtrace_copy_known(&e->victim, sizeof(e->victim), &v->h);
}

void journal_feed(struct journal *j, const struct cgroups *g,
		  const struct oomtrace_header *rec, u64 now_ns)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);
	struct journal_episode *e;
	u64 episode;

	if (rec->type != OOMTRACE_OOM_BEGIN && rec->type != OOMTRACE_MEMCG &&
	    rec->type != OOMTRACE_VERDICT &&
	    rec->type != OOMTRACE_VICTIM && rec->type != OOMTRACE_OOM_END)
		return;
	episode = oomtrace_field_int(rec, &desc->fields[0]);
	if (!oomtrace_field_valid(rec, 0) || !episode)
		return;
	e = find_slot(j, g, episode, now_ns);
	switch (rec->type) {
	case OOMTRACE_OOM_BEGIN:
		oomtrace_copy_known(&e->begin, sizeof(e->begin), rec);
		break;
	case OOMTRACE_MEMCG:
		oomtrace_copy_known(&e->account, sizeof(e->account), rec);
		break;
	case OOMTRACE_VERDICT:
		oomtrace_copy_known(&e->verdict, sizeof(e->verdict), rec);
		break;
	case OOMTRACE_VICTIM:
		store_victim(e, (const void *)rec);
		break;
	case OOMTRACE_OOM_END:
		if (rec->ts_ns <= j->sent_ns) {
			memset(e, 0, sizeof(*e));
			break;
		}
		oomtrace_copy_known(&e->end, sizeof(e->end), rec);
		e->ended_ns = now_ns;
		break;
	}
}
