// SPDX-License-Identifier: GPL-2.0
/*
 * Writes OOM episodes to the journal. Allocates nothing, so it works while memory
 * is out.
 */
#include <signal.h>
#include <stdio.h>
#include <syslog.h>

#include "../../common/format.h"
#include "journal.h"

/* How long an ended episode waits for the paths of its cgroups. */
#define WAIT_NS	1000000000ULL

static void store_record(void *to, size_t size, const struct oomtrace_header *rec)
{
	memcpy(to, rec, rec->size < size ? rec->size : size);
}

/* ---- an entry ---- */

__printf(2, 3)
static void add_entry_field(struct journal *j, const char *fmt, ...)
{
	va_list args;

	if (j->n == JOURNAL_FIELDS)
		return;
	va_start(args, fmt);
	j->field[j->n].iov_base = j->text[j->n];
	j->field[j->n].iov_len = vscnprintf(j->text[j->n], JOURNAL_TEXT, fmt,
					    args);
	j->n++;
	va_end(args);
}

/* Add a field of a record, unless it is absent: a number, a name or any bytes. */
static void add_record_field(struct journal *j, const char *name,
			     const struct oomtrace_header *rec, unsigned int idx)
{
	const struct oomtrace_field *f;
	const char *s;
	size_t len;
	s64 n;

	if (!rec->type || !oomtrace_field_valid(rec, idx))
		return;
	f = &oomtrace_type_desc(rec->type)->fields[idx];
	if (f->kind == OOMTRACE_KIND_STR) {
		s = oomtrace_field_str(rec, f, &len);
		add_entry_field(j, "%s=%.*s", name, (int)len, s);
		return;
	}
	n = oomtrace_field_int(rec, f);
	if (oomtrace_field_name(f, n))
		add_entry_field(j, "%s=%s", name, oomtrace_field_name(f, n));
	else
		add_entry_field(j, "%s=%lld", name, n);
}

/* Add a cgroup's id, its path if known, and the container or unit it belongs to. */
static void add_cgroup_fields(struct journal *j, const char *name,
			      const struct cgroups *g,
			      const struct oomtrace_header *rec, unsigned int idx)
{
	char label[CGROUP_LABEL_MAX];
	const char *path;
	u64 id;

	if (!rec->type || !oomtrace_field_valid(rec, idx))
		return;
	id = oomtrace_field_int(rec,
				&oomtrace_type_desc(rec->type)->fields[idx]);
	path = cgroups_path(g, id);
	add_entry_field(j, "%s_ID=%llu", name, id);
	if (!path)
		return;
	add_entry_field(j, "%s=%s", name, path);
	if (cgroup_kind(path, label, sizeof(label)) != CGROUP_OTHER)
		add_entry_field(j, "%s_UNIT=%s", name, label);
}

/* A victim that was exiting anyway was not killed. */
static bool is_killed(const struct journal_episode *e)
{
	return e->victim.h.type &&
	       e->victim.why != OOMTRACE_WHY_CALLER_EXITING;
}

/* What an OOM daemon did to a victim, as a verb. */
static const char *daemon_verb(const struct oomtrace_victim *v)
{
	if (!oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_signal))
		return "reaped the memory of";
	return v->signal == SIGKILL ? "killed" : "asked to exit:";
}

/* The number of processes; a victim may get more than one signal. */
static u32 count_victims(const struct journal_episode *e)
{
	return e->end.victims > e->again ? e->end.victims - e->again : 1;
}

static void add_message(struct journal *j, const struct journal_episode *e)
{
	const struct oomtrace_field *f =
		&oomtrace_type_desc(OOMTRACE_OOM_END)->fields[OOMTRACE_BIT_oom_end_ending];
	const char *ending = oomtrace_field_name(f, e->end.ending);
	char victim[4 * OOMTRACE_COMM_LEN + 1], asker[4 * OOMTRACE_COMM_LEN + 1];

	oomtrace_escape(asker, sizeof(asker), e->begin.comm,
			sizeof(e->begin.comm));
	if (e->victim.h.type)
		oomtrace_escape(victim, sizeof(victim), e->victim.comm,
				sizeof(e->victim.comm));
	if (e->victim.h.type && e->begin.scope == OOMTRACE_SCOPE_USERSPACE)
		add_entry_field(j, "MESSAGE=OOM episode %llu: %s[%d] %s %s[%d], %u in all (oomtrace last %llu)",
				e->episode, asker, e->begin.pid, daemon_verb(&e->victim),
				victim, e->victim.pid, count_victims(e), e->episode);
	else if (is_killed(e) && !e->begin.h.type)
		add_entry_field(j, "MESSAGE=OOM episode %llu: killed %s[%d], %u in all (oomtrace last %llu)",
				e->episode, victim, e->victim.pid, count_victims(e), e->episode);
	else if (is_killed(e))
		add_entry_field(j, "MESSAGE=OOM episode %llu: killed %s[%d], %u in all; asked by %s[%d] (oomtrace last %llu)",
				e->episode, victim, e->victim.pid, count_victims(e), asker,
				e->begin.pid, e->episode);
	else if (!e->begin.h.type)
		add_entry_field(j, "MESSAGE=OOM episode %llu: no process was killed, %s (oomtrace last %llu)",
				e->episode, ending ? ending : "ending unknown", e->episode);
	else
		add_entry_field(j, "MESSAGE=OOM episode %llu: no process was killed, %s; asked by %s[%d] (oomtrace last %llu)",
				e->episode, ending ? ending : "ending unknown", asker,
				e->begin.pid, e->episode);
}

static int send_entry(struct journal *j, const struct cgroups *g,
		      const struct journal_episode *e)
{
	j->n = 0;
	add_message(j, e);
	add_entry_field(j, "MESSAGE_ID=" JOURNAL_MESSAGE_ID);
	add_entry_field(j, "SYSLOG_IDENTIFIER=oomtrace");
	add_entry_field(j, "PRIORITY=%d", is_killed(e) ? LOG_ERR : LOG_WARNING);
	add_entry_field(j, "OOM_EPISODE=%llu", e->episode);
#define ADD(name, member, type, field) \
	add_record_field(j, name, &e->member.h, OOMTRACE_BIT_##type##_##field)
	ADD("OOM_SCOPE", begin, oom_begin, scope);
	ADD("OOM_TRIGGER", begin, oom_begin, trigger);
	ADD("OOM_ENDING", end, oom_end, ending);
	ADD("OOM_ASKER_PID", begin, oom_begin, pid);
	ADD("OOM_ASKER_COMM", begin, oom_begin, comm);
	ADD("OOM_VICTIM_PID", victim, victim, pid);
	ADD("OOM_VICTIM_COMM", victim, victim, comm);
	ADD("OOM_VICTIM_UID", victim, victim, uid);
	ADD("OOM_VICTIM_OOM_SCORE_ADJ", victim, victim, oom_score_adj);
	if (e->end.h.type &&
	    oomtrace_field_valid(&e->end.h, OOMTRACE_BIT_oom_end_victims))
		add_entry_field(j, "OOM_VICTIMS=%u", count_victims(e));
	ADD("OOM_POINTS", verdict, verdict, points);
	ADD("OOM_TOTALPAGES", verdict, verdict, totalpages);
	ADD("OOM_CONSTRAINT", verdict, verdict, constraint);
	ADD("OOM_DURATION_NS", end, oom_end, duration_ns);
#undef ADD
	add_cgroup_fields(j, "OOM_CGROUP", g, &e->begin.h,
			  OOMTRACE_BIT_oom_begin_memcg_id);
	add_cgroup_fields(j, "OOM_VICTIM_CGROUP", g, &e->victim.h,
			  OOMTRACE_BIT_victim_cgroup_id);
	return j->send(j->field, j->n);
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
		store_record(&e->victim, sizeof(e->victim), &v->h);
}

void journal_feed(struct journal *j, const struct cgroups *g,
		  const struct oomtrace_header *rec, u64 now_ns)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);
	struct journal_episode *e;
	u64 episode;

	if (rec->type != OOMTRACE_OOM_BEGIN && rec->type != OOMTRACE_VERDICT &&
	    rec->type != OOMTRACE_VICTIM && rec->type != OOMTRACE_OOM_END)
		return;
	episode = oomtrace_field_int(rec, &desc->fields[0]);
	if (!oomtrace_field_valid(rec, 0) || !episode)
		return;
	e = find_slot(j, g, episode, now_ns);
	switch (rec->type) {
	case OOMTRACE_OOM_BEGIN:
		store_record(&e->begin, sizeof(e->begin), rec);
		break;
	case OOMTRACE_VERDICT:
		store_record(&e->verdict, sizeof(e->verdict), rec);
		break;
	case OOMTRACE_VICTIM:
		store_victim(e, (const void *)rec);
		break;
	case OOMTRACE_OOM_END:
		if (rec->ts_ns <= j->sent_ns) {
			memset(e, 0, sizeof(*e));
			break;
		}
		store_record(&e->end, sizeof(e->end), rec);
		e->ended_ns = now_ns;
		break;
	}
}
