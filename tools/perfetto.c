// SPDX-License-Identifier: GPL-2.0
/*
 * Prints records in the JSON Trace Event Format of Perfetto and Chrome.
 *
 * OOM episodes are slices on one track. Each victim has a track with a slice from
 * the kill until its memory is free. Denials and retries are instants. Committed
 * memory, headroom and available memory are counters. Times are in microseconds of
 * CLOCK_MONOTONIC, as the format requires.
 */
#include <stdio.h>
#include <string.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "cgroups.h"
#include "json.h"
#include "perfetto.h"

/* Process ids of the trace, unrelated to real pids. */
enum { PID_OOM = 1, PID_COMMIT = 2 };
/* Thread ids of PID_OOM: the OOM killer, then one for each victim. */
enum { TID_KILLER = 1, TID_FIRST_VICTIM = 2 };

static bool first;

static struct json_object *new_event(const char *name, const char *phase, int pid,
				     int tid, double us)
{
	struct json_object *obj = json_object_new_object();

	json_add_string(obj, "name", name, strlen(name));
	json_object_object_add(obj, "ph", json_object_new_string(phase));
	json_object_object_add(obj, "pid", json_object_new_int(pid));
	json_object_object_add(obj, "tid", json_object_new_int(tid));
	json_object_object_add(obj, "ts", json_object_new_double(us));
	return obj;
}

static void put_event(struct json_object *obj)
{
	printf("%s%s", first ? "\n" : ",\n", json_text(obj));
	first = false;
	json_object_put(obj);
}

/* Add a record's fields as the arguments of an event. */
static void add_args(struct json_object *obj, const struct oomtrace_header *rec)
{
	char text[16384];

	if (oomtrace_json(rec, text, sizeof(text)) < (int)sizeof(text))
		json_object_object_add(obj, "args", json_tokener_parse(text));
}

static double to_us(unsigned long long ns)
{
	return ns / 1000.0;
}

static void name_track(const char *what, const char *name, int pid, int tid)
{
	struct json_object *obj = new_event(what, "M", pid, tid, 0);
	struct json_object *args = json_object_new_object();

	json_add_string(args, "name", name, strlen(name));
	json_object_object_add(obj, "args", args);
	put_event(obj);
}

static void put_instant(const char *name, int pid, int tid,
			const struct oomtrace_header *rec, double at)
{
	struct json_object *obj = new_event(name, "i", pid, tid, at);

	json_object_object_add(obj, "s", json_object_new_string("t"));
	add_args(obj, rec);
	put_event(obj);
}

static void put_slice(const char *name, int tid, double from, double dur,
		      const struct oomtrace_header *rec)
{
	struct json_object *obj = new_event(name, "X", PID_OOM, tid, from);

	json_object_object_add(obj, "dur",
			       json_object_new_double(dur > 0 ? dur : 0));
	add_args(obj, rec);
	put_event(obj);
}

static void put_counter(const char *name, unsigned long long ns,
			const char *series, double bytes)
{
	struct json_object *obj = new_event(name, "C", PID_COMMIT, 0, to_us(ns));
	struct json_object *args = json_object_new_object();

	json_object_object_add(args, series, json_object_new_double(bytes));
	json_object_object_add(obj, "args", args);
	put_event(obj);
}

/* ---- episodes ---- */

static void put_episode(const struct records *recs,
			const struct oomtrace_oom_end *end)
{
	const struct oomtrace_oom_begin *b =
		records_first(recs, end->episode, OOMTRACE_OOM_BEGIN);
	const char *ending = oomtrace_value_name(OOMTRACE_OOM_END, "ending",
						 end->ending);
	double to = to_us(end->h.ts_ns), from = to - to_us(end->duration_ns);
	char name[64];

	if (b)
		from = to_us(b->h.ts_ns);
	snprintf(name, sizeof(name), "OOM %llu: %s", (u64)end->episode,
		 ending ? ending : "?");
	put_slice(name, TID_KILLER, from, to - from,
		  b ? &b->h : &end->h);
}

/* The time when a victim's memory was free, as far as recorded. */
static unsigned long long freed_ns(const struct records *recs,
				   const struct oomtrace_victim *v)
{
	const struct oomtrace_header *rec;
	unsigned long long end = v->h.ts_ns;
	size_t pos = 0;

	while ((rec = records_next(recs, v->episode, &pos)))
		if (rec->type == OOMTRACE_REAP && rec->ts_ns > end &&
		    ((const struct oomtrace_reap *)rec)->pid == v->pid)
			end = rec->ts_ns;
	return end;
}

static void put_victim(const struct records *recs,
		       const struct oomtrace_victim *v, int tid)
{
	char comm[OOMTRACE_COMM_LEN + 1], name[64];

	snprintf(comm, sizeof(comm), "%.16s", v->comm);
	snprintf(name, sizeof(name), "%s[%d]", comm, v->pid);
	name_track("thread_name", name, PID_OOM, tid);
	snprintf(name, sizeof(name), "%s dies", comm);
	put_slice(name, tid, to_us(v->h.ts_ns),
		  to_us(freed_ns(recs, v) - v->h.ts_ns), &v->h);
}

static void put_record_events(const struct records *recs,
			      const struct oomtrace_header *rec, int *tid)
{
	const struct oomtrace_commit *c = (const void *)rec;
	const struct oomtrace_sample *s = (const void *)rec;
	const struct oomtrace_retry *p = (const void *)rec;
	double size = recs->facts.page_size;

	switch (rec->type) {
	case OOMTRACE_OOM_END:
		put_episode(recs, (const void *)rec);
		break;
	case OOMTRACE_VICTIM:
		put_victim(recs, (const void *)rec, (*tid)++);
		break;
	case OOMTRACE_RETRY:
		put_instant("retry", PID_OOM, TID_KILLER, rec,
			    to_us(rec->ts_ns - p->age_ns));
		break;
	case OOMTRACE_COMMIT:
		if (c->ret)
			put_instant("denied", PID_COMMIT, 1, rec,
				    to_us(rec->ts_ns));
		if (!oomtrace_field_valid(rec, OOMTRACE_BIT_commit_committed))
			break;
		put_counter("committed", rec->ts_ns, "bytes",
			    c->committed * size);
		if (oomtrace_field_valid(rec, OOMTRACE_BIT_commit_limit))
			put_counter("headroom", rec->ts_ns, "bytes",
				    (c->limit - c->committed) * size);
		break;
	case OOMTRACE_SAMPLE:
		put_counter("committed", rec->ts_ns, "bytes",
			    s->committed * size);
		put_counter("headroom", rec->ts_ns, "bytes",
			    (s->limit - s->committed) * size);
		put_counter("available", rec->ts_ns, "bytes",
			    s->available * size);
		break;
	}
}

void perfetto_print(const struct records *recs)
{
	int tid = TID_FIRST_VICTIM;
	size_t i;

	first = true;
	printf("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
	name_track("process_name", "OOM killer", PID_OOM, 0);
	name_track("thread_name", "out_of_memory()", PID_OOM, TID_KILLER);
	name_track("process_name", "commit accounting", PID_COMMIT, 0);
	name_track("thread_name", "denials", PID_COMMIT, 1);
	for (i = 0; i < recs->n; i++)
		put_record_events(recs, recs->rec[i], &tid);
	printf("\n]}\n");
}
