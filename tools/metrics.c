// SPDX-License-Identifier: GPL-2.0
/*
 * Counts records and prints the counters for Prometheus.
 *
 * The two text formats differ in counters, whose family name has no _total in
 * OpenMetrics, and in the last line.
 */
#include <signal.h>
#include <string.h>

#include "../common/format.h"
#include "../lib/utf8.h"
#include "metrics.h"

static const double buckets[METRICS_BUCKETS] = {
	0.001, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30,
};

/* ---- counting ---- */

static bool has_field(const struct oomtrace_header *rec, unsigned int idx)
{
	return oomtrace_field_valid(rec, idx);
}

/* Names are compared as they are printed: two samples must not be the same. */
static void count_denial(struct metrics *m, const struct oomtrace_commit *c)
{
	char comm[METRICS_COMM] = "";
	unsigned int i;

	if (!has_field(&c->h, OOMTRACE_BIT_commit_ret) || !c->ret)
		return;
	workload_clean(comm, sizeof(comm), c->comm,
		       strnlen(c->comm, OOMTRACE_COMM_LEN));
	/* The empty name stands for the rest, so count it there. */
	for (i = 0; i < METRICS_VALUES && *comm; i++) {
		if (!m->denials[i].n)
			memcpy(m->denials[i].comm, comm, sizeof(comm));
		if (strcmp(m->denials[i].comm, comm))
			continue;
		m->denials[i].n++;
		return;
	}
	m->denials_other++;
}

/*
 * Count kills of a workload. If all places are taken, the workload whose last kill
 * is the oldest gives its place away; its kills are counted as "other" from then
 * on, so that the sum of all series never decreases.
 */
static void count_workload(struct metrics *m, const char *path, u64 n)
{
	struct workload w;
	unsigned int i, at = 0;

	workload_of(&m->cgroups, path, &w);
	for (i = 0; i < METRICS_VALUES; i++) {
		if (m->kills[i].n && !memcmp(&m->kills[i].workload, &w, sizeof(w))) {
			at = i;
			break;
		}
		if (m->kills[i].used < m->kills[at].used)
			at = i;
	}
	if (i == METRICS_VALUES) {
		m->kills_other += m->kills[at].n;
		m->kills[at].n = 0;
		m->kills[at].workload = w;
	}
	m->kills[at].n += n;
	m->kills[at].used = ++m->kills_used;
}

void metrics_settle(struct metrics *m, u64 before_ns)
{
	unsigned int i;

	for (i = 0; i < METRICS_UNNAMED; i++) {
		if (m->unnamed[i].ts_ns >= before_ns)
			continue;
		m->kills_unknown += m->unnamed[i].n;
		memset(&m->unnamed[i], 0, sizeof(m->unnamed[i]));
	}
}

/* Count a kill until the path of its cgroup is read. */
static void count_unnamed(struct metrics *m, u64 id, u64 ts_ns)
{
	unsigned int i, at = 0;

	for (i = 0; i < METRICS_UNNAMED; i++) {
		if (m->unnamed[i].n && m->unnamed[i].id == id)
			break;
		if (m->unnamed[i].ts_ns < m->unnamed[at].ts_ns)
			at = i;
	}
	if (i == METRICS_UNNAMED) {
		m->kills_unknown += m->unnamed[at].n;
		m->unnamed[at].n = 0;
		i = at;
	}
	m->unnamed[i].id = id;
	m->unnamed[i].n++;
	m->unnamed[i].ts_ns = ts_ns;
}

/* Who decided in an episode. */
static enum oomtrace_decider decider_of(const struct metrics *m, u64 episode)
{
	const struct metrics_scope *s = &m->scopes[episode % METRICS_EPISODES];

	return s->episode == episode ? s->decider : OOMTRACE_DECIDER_UNKNOWN;
}

/*
 * An exiting victim gets no signal, and one may survive a signal but SIGKILL. One that
 * an earlier OOM had killed is counted there.
 */
static bool is_kill(const struct oomtrace_victim *v)
{
	return has_field(&v->h, OOMTRACE_BIT_victim_signal) && v->signal == SIGKILL &&
	       oomtrace_victim_is_new(&v->h);
}

static void count_kill(struct metrics *m, const struct oomtrace_victim *v)
{
	const char *path;
	unsigned int i;

	if (!is_kill(v))
		return;
	m->deciders[decider_of(m, v->episode)]++;
	i = m->npending++ % METRICS_PENDING;
	m->pending[i].episode = v->episode;
	m->pending[i].pid = v->pid;
	path = cgroups_path(&m->cgroups, v->cgroup_id);
	if (path)
		count_workload(m, path, 1);
	else
		count_unnamed(m, v->cgroup_id, v->h.ts_ns);
}

/* A path may come in several parts. */
static void name_kills(struct metrics *m, const struct oomtrace_name *rec)
{
	const char *path = cgroups_path(&m->cgroups, rec->cgroup_id);
	unsigned int i;

	if (!path || strlen(path) < rec->length)
		return;
	for (i = 0; i < METRICS_UNNAMED; i++) {
		if (!m->unnamed[i].n || m->unnamed[i].id != rec->cgroup_id)
			continue;
		count_workload(m, path, m->unnamed[i].n);
		memset(&m->unnamed[i], 0, sizeof(m->unnamed[i]));
	}
}

/* Did the exit of the marked thread release the address space? */
static bool is_released(const struct oomtrace_reap *r)
{
	return has_field(&r->h, OOMTRACE_BIT_reap_mm_users) && !r->mm_users &&
	       has_field(&r->h, OOMTRACE_BIT_reap_rss_anon) &&
	       !r->rss_anon && !r->rss_file && !r->rss_shmem;
}

/*
 * The memory is free when the reaper finishes or the victim has released it, if
 * earlier. If another thread releases it later, the time is not known.
 */
static void count_freed(struct metrics *m, const struct oomtrace_reap *r)
{
	double seconds = r->since_kill_ns / 1e9;
	unsigned int i, b;

	if (!has_field(&r->h, OOMTRACE_BIT_reap_since_kill_ns) ||
	    (r->step != OOMTRACE_STEP_FINISH &&
	     (r->step != OOMTRACE_STEP_EXITED || !is_released(r))))
		return;
	for (i = 0; i < METRICS_PENDING; i++)
		if (m->pending[i].pid == r->pid &&
		    m->pending[i].episode == r->episode)
			break;
	if (i == METRICS_PENDING)
		return;
	m->pending[i].pid = 0;
	m->freed_count++;
	m->freed_sum += seconds;
	for (b = 0; b < METRICS_BUCKETS; b++)
		m->freed[b] += seconds <= buckets[b];
}

static void store_scope(struct metrics *m, u64 episode, u32 scope,
			enum oomtrace_decider decider)
{
	m->scopes[episode % METRICS_EPISODES] =
		(struct metrics_scope){ episode, scope, decider };
}

/* The scope of an episode; OOMTRACE_SCOPES if it is unknown. */
static u32 scope_of(const struct metrics *m, u64 episode)
{
	const struct metrics_scope *s = &m->scopes[episode % METRICS_EPISODES];

	return s->episode == episode ? s->scope : OOMTRACE_SCOPES;
}

static void count_begin(struct metrics *m, const struct oomtrace_oom_begin *b)
{
	if (has_field(&b->h, OOMTRACE_BIT_oom_begin_scope) &&
	    b->scope < OOMTRACE_SCOPES)
		store_scope(m, b->episode, b->scope, oomtrace_decider(b, NULL));
}

/* The begin of a long scan may have been overwritten before it was read. */
static void count_verdict(struct metrics *m, const struct oomtrace_verdict *v)
{
	u32 scope = scope_of(m, v->episode);

	if (scope == OOMTRACE_SCOPES)
		scope = oomtrace_verdict_scope(v);
	store_scope(m, v->episode, scope, oomtrace_decider(NULL, v));
}

/* Count one episode, or the repeats of one, by scope and ending. */
static void count_ends(struct metrics *m, unsigned long long episode,
		       unsigned int ending, unsigned long long n)
{
	if (ending >= OOMTRACE_ENDINGS)
		ending = OOMTRACE_ENDING_UNKNOWN;
	m->episodes[scope_of(m, episode)][ending] += n;
}

static void count_end(struct metrics *m, const struct oomtrace_oom_end *e)
{
	count_ends(m, e->episode, e->ending, 1);
}

static void count_repeats(struct metrics *m, const struct oomtrace_repeat *r)
{
	count_ends(m, r->episode, r->ending, r->count);
}

static void count_lost(struct metrics *m, const struct oomtrace_lost *l)
{
	if (l->ring < OOMTRACE_RINGS)
		m->lost[l->ring] += l->count;
}

static void store_last_time(struct metrics *m, const struct oomtrace_header *rec)
{
	struct metrics_time when = { rec->ts_ns, m->wall_offset_ns };

	if (rec->type == OOMTRACE_OOM_BEGIN)
		m->last_oom = when;
	else if (rec->type == OOMTRACE_VICTIM && is_kill((const void *)rec))
		m->last_kill = when;
}

void metrics_feed(struct metrics *m, const struct oomtrace_header *rec)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);
	union {
		struct oomtrace_header h;
		unsigned char bytes[OOMTRACE_MAX_RECORD];
	} whole;

	if (!desc)
		return;
	if (rec->size < desc->size && rec->type != OOMTRACE_SAMPLE) {
		oomtrace_copy_known(&whole, sizeof(whole), rec);
		rec = &whole.h;
	}
	store_last_time(m, rec);
	if (rec->ts_ns < m->since_ns && rec->type != OOMTRACE_NAME)
		return;
	switch (rec->type) {
	case OOMTRACE_COMMIT:
		count_denial(m, (const void *)rec);
		break;
	case OOMTRACE_OOM_BEGIN:
		count_begin(m, (const void *)rec);
		break;
	case OOMTRACE_VERDICT:
		count_verdict(m, (const void *)rec);
		break;
	case OOMTRACE_VICTIM:
		count_kill(m, (const void *)rec);
		break;
	case OOMTRACE_REAP:
		count_freed(m, (const void *)rec);
		break;
	case OOMTRACE_OOM_END:
		count_end(m, (const void *)rec);
		break;
	case OOMTRACE_REPEAT:
		count_repeats(m, (const void *)rec);
		break;
	case OOMTRACE_LOST:
		count_lost(m, (const void *)rec);
		break;
	case OOMTRACE_SAMPLE:
		if (rec->size >= sizeof(m->sample))
			memcpy(&m->sample, rec, sizeof(m->sample));
		break;
	case OOMTRACE_CONTAINER:
		cgroups_feed(&m->cgroups, rec);
		break;
	case OOMTRACE_NAME:
		cgroups_feed(&m->cgroups, rec);
		name_kills(m, (const void *)rec);
		break;
	}
}

/* ---- printing ---- */

/* A page being written. */
struct page {
	FILE *to;
	bool openmetrics;
	const char *name;
	bool counter;
};

static void begin_family(struct page *p, const char *name, const char *type,
			 const char *help)
{
	p->name = name;
	p->counter = !strcmp(type, "counter");
	fprintf(p->to, "# HELP %s%s %s\n", name,
		p->counter && !p->openmetrics ? "_total" : "", help);
	fprintf(p->to, "# TYPE %s%s %s\n", name,
		p->counter && !p->openmetrics ? "_total" : "", type);
}

static void begin_sample(const struct page *p)
{
	fprintf(p->to, "%s%s", p->name, p->counter ? "_total" : "");
}

static void print_value(const struct page *p, u64 n)
{
	fprintf(p->to, " %llu\n", n);
}

static void print_single_sample(const struct page *p, double n)
{
	begin_sample(p);
	fprintf(p->to, " %.17g\n", n);
}

/* Print a clean label value, with the escapes of the format. */
static void print_label_value(const struct page *p, const char *s)
{
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(p->to, "\\%c", *s);
		else
			fputc(*s, p->to);
	}
}

static void print_episodes(struct page *p, const struct metrics *m)
{
#define E(constant, name) [constant] = name,
	static const char * const scopes[] = {
		OOMTRACE_NAMES_scope(E)[OOMTRACE_SCOPES] = "unknown",
	};
	static const char * const endings[] = { OOMTRACE_NAMES_ending(E) };
#undef E
	unsigned int scope, ending;

	begin_family(p, "oomtrace_oom_episodes", "counter",
		     "OOM episodes, by scope and ending.");
	for (scope = 0; scope <= OOMTRACE_SCOPES; scope++) {
		for (ending = 0; ending < OOMTRACE_ENDINGS; ending++) {
			/* Counters that alerts use exist from the start. */
			if (!m->episodes[scope][ending] &&
			    (scope > OOMTRACE_SCOPE_MEMCG ||
			     ending != OOMTRACE_ENDING_KILLED))
				continue;
			begin_sample(p);
			fprintf(p->to, "{scope=\"%s\",ending=\"%s\"}",
				scopes[scope], endings[ending]);
			print_value(p, m->episodes[scope][ending]);
		}
	}
}

static void print_label(const struct page *p, const char *comma,
			const char *name, const char *value)
{
	fprintf(p->to, "%s%s=\"", comma, name);
	print_label_value(p, value);
	fputc('"', p->to);
}

static void print_kills_of(const struct page *p, const struct workload *w, u64 n)
{
	begin_sample(p);
	print_label(p, "{", "namespace", w->namespace_);
	print_label(p, ",", "container", w->container);
	print_label(p, ",", "unit", w->unit);
	fputc('}', p->to);
	print_value(p, n);
}

static void print_kills(struct page *p, const struct metrics *m)
{
	static const struct workload other = { .unit = "other" },
				     unknown = { .unit = "unknown" };
	unsigned int i;

	begin_family(p, "oomtrace_oom_kills", "counter",
		     "Processes killed by the OOM killer or an OOM daemon, by workload.");
	for (i = 0; i < METRICS_VALUES; i++)
		if (m->kills[i].n)
			print_kills_of(p, &m->kills[i].workload, m->kills[i].n);
	if (m->kills_unknown)
		print_kills_of(p, &unknown, m->kills_unknown);
	/* Exists from the start, so that a sum over all series does. */
	print_kills_of(p, &other, m->kills_other);
}

static void print_deciders(struct page *p, const struct metrics *m)
{
	unsigned int i;

	begin_family(p, "oomtrace_oom_decided_kills", "counter",
		     "Processes killed, by who decided: the kernel's OOM killer, a policy in the kernel that is not its own, a daemon in user space.");
	for (i = 0; i < OOMTRACE_DECIDERS; i++) {
		/* Counters that alerts use exist from the start. */
		if (i == OOMTRACE_DECIDER_UNKNOWN && !m->deciders[i])
			continue;
		begin_sample(p);
		fprintf(p->to, "{decider=\"%s\"}", oomtrace_decider_name(i));
		print_value(p, m->deciders[i]);
	}
}

static void print_denials(struct page *p, const struct metrics *m)
{
	unsigned int i;

	begin_family(p, "oomtrace_commit_denials", "counter",
		     "Recorded requests that commit accounting refused, by command.");
	for (i = 0; i < METRICS_VALUES && m->denials[i].n; i++) {
		begin_sample(p);
		fputs("{comm=\"", p->to);
		print_label_value(p, m->denials[i].comm);
		fputs("\"}", p->to);
		print_value(p, m->denials[i].n);
	}
	begin_sample(p);
	fputs("{comm=\"\"}", p->to);
	print_value(p, m->denials_other);
}

static void print_freed(struct page *p, const struct metrics *m)
{
	unsigned int b;

	begin_family(p, "oomtrace_oom_free_seconds", "histogram",
		     "Time from the kill until the victim's memory was free.");
	for (b = 0; b < METRICS_BUCKETS; b++) {
		/* OpenMetrics requires 1.0 for whole numbers; Prometheus keeps 1. */
		fprintf(p->to, "%s_bucket{le=\"%g%s\"}", p->name, buckets[b],
			p->openmetrics && buckets[b] == (int)buckets[b] ?
			".0" : "");
		print_value(p, m->freed[b]);
	}
	fprintf(p->to, "%s_bucket{le=\"+Inf\"}", p->name);
	print_value(p, m->freed_count);
	fprintf(p->to, "%s_sum %.17g\n", p->name, m->freed_sum);
	fprintf(p->to, "%s_count", p->name);
	print_value(p, m->freed_count);
}

static void print_lost_counter(struct page *p, const struct metrics *m)
{
#define E(constant, name) [constant] = name,
	static const char * const rings[] = { OOMTRACE_NAMES_ring(E) };
#undef E
	unsigned int i;

	begin_family(p, "oomtrace_records_lost", "counter",
		     "Records that were overwritten before they were read.");
	for (i = 0; i < OOMTRACE_RINGS; i++) {
		begin_sample(p);
		fprintf(p->to, "{ring=\"%s\"}", rings[i]);
		print_value(p, m->lost[i]);
	}
}

static void print_memory_gauges(struct page *p, const struct oomtrace_sample *s,
				unsigned int page_size)
{
	double size = page_size;

	if (!s->h.type)
		return;
	if (has_field(&s->h, OOMTRACE_BIT_sample_committed)) {
		begin_family(p, "oomtrace_committed_bytes", "gauge",
			     "Committed address space.");
		print_single_sample(p, s->committed * size);
	}
	if (!has_field(&s->h, OOMTRACE_BIT_sample_limit))
		return;
	begin_family(p, "oomtrace_commit_limit_bytes", "gauge",
		     "Limit that vm.overcommit_memory=2 enforces, in all modes.");
	print_single_sample(p, s->limit * size);
	begin_family(p, "oomtrace_commit_headroom_bytes", "gauge",
		     "Limit minus committed address space; can be negative in modes 0 and 1.");
	print_single_sample(p, (s->limit - s->committed) * size);
}

static void print_time_gauge(struct page *p, const char *name, const char *help,
			     const struct metrics_time *when,
			     const struct metrics_source *src)
{
	s64 offset = when->wall_offset_ns ?: src->wall_offset_ns;

	if (!when->ns || !offset)
		return;
	begin_family(p, name, "gauge", help);
	print_single_sample(p, (when->ns + offset) / 1e9);
}

static void print_module(struct page *p, const struct metrics *m,
			 const struct metrics_source *src)
{
	begin_family(p, "oomtrace_up", "gauge",
		     "1 while the module is loaded and followed; 0 with the reason if it cannot be.");
	if (!src->up && src->reason) {
		fprintf(p->to, "%s{reason=\"%s\"} 0\n", p->name, src->reason);
		return;
	}
	print_single_sample(p, src->up);
	if (src->info_known) {
		begin_family(p, "oomtrace_hooks_missing", "gauge",
			     "Hooks that are not attached or never fired, so records lack fields.");
		print_single_sample(p, src->info.hooks_missing);
		begin_family(p, "oomtrace_enabled", "gauge",
			     "1 if the hooks are armed.");
		print_single_sample(p, src->info.enabled);
	}
	if (src->mode >= 0) {
		begin_family(p, "oomtrace_overcommit_mode", "gauge",
			     "vm.overcommit_memory: the commit limit is enforced in mode 2 only.");
		print_single_sample(p, src->mode);
	}
	print_time_gauge(p, "oomtrace_last_oom_timestamp_seconds",
			 "Start of the last OOM episode.", &m->last_oom, src);
	print_time_gauge(p, "oomtrace_last_oom_kill_timestamp_seconds",
			 "Last kill by the OOM killer or an OOM daemon.",
			 &m->last_kill, src);
}

void metrics_print(const struct metrics *m, const struct metrics_source *src,
		   FILE *to)
{
	struct page p = { .to = to, .openmetrics = src->openmetrics };

	print_module(&p, m, src);
	/* Counters of a module that cannot be read would look like zeroes. */
	if (src->up || !src->reason) {
		print_time_gauge(&p, "oomtrace_start_timestamp_seconds",
				 "Since when the counters count.",
				 &(struct metrics_time){ .ns = m->since_ns }, src);
		print_episodes(&p, m);
		print_kills(&p, m);
		print_deciders(&p, m);
		print_freed(&p, m);
		print_denials(&p, m);
		print_memory_gauges(&p, src->sample.h.type ? &src->sample : &m->sample,
				    src->page_size);
		print_lost_counter(&p, m);
	}
	if (src->openmetrics)
		fputs("# EOF\n", to);
}
