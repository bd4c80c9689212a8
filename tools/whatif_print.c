// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the answer of oomtrace whatif as text and as JSON.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../common/format.h"
#include "../common/say.h"
#include "json.h"
#include "whatif_print.h"

/* Number of tasks listed, those with the most points. */
#define LISTED		5

s64 whatif_request(const struct whatif *a)
{
	const struct oomtrace_oom_begin *b = a->begin;

	if (!b || !oomtrace_field_valid(&b->h, OOMTRACE_BIT_oom_begin_order) ||
	    b->order < 0 || b->order > 31)
		return 1;
	return 1LL << b->order;
}

/* ---- the answer as text ---- */

static __printf(2, 0)
void print_whatif_text(void *ctx, const char *fmt, va_list args)
{
	vfprintf(ctx, fmt, args);
}

static void write_candidate(struct text_writer *w, const struct oomtrace_candidate *c)
{
	write_task(w, &c->h, OOMTRACE_BIT_candidate_comm,
		   OOMTRACE_BIT_candidate_pid);
}

static void write_score(struct text_writer *w, const struct replay_task *task)
{
	switch (task->state) {
	case REPLAY_ELIGIBLE:
		write_count(w, task->points);
		write_tilde(w, task->worked_out);
		write_text(w, " points");
		break;
	case REPLAY_ORIGIN:
		write_text(w, "the maximum of points (an OOM origin: swapoff, KSM, a larger trace buffer)");
		break;
	case REPLAY_EXEMPT:
		write_text(w, "exempt");
		break;
	case REPLAY_ABORTS:
		write_text(w, "already dying");
		break;
	case REPLAY_UNKNOWN:
		write_text(w, "unknown points");
		break;
	}
}

static void print_changes(struct text_writer *w, const struct whatif *a)
{
	const struct replay *r = &a->r;
	const struct replay_task *task;
	size_t i;

	if (a->limit) {
		write_label(w, "Assumed:");
		write_text(w, "a limit of ");
		write_count(w, a->limit);
		write_text(w, " pages instead of ");
		write_count(w, a->begin->memcg_limit);
		write_text(w, "\n");
	}
	for (i = 0; i < r->n; i++) {
		task = &r->task[i];
		if (task->adj == task->c->oom_score_adj)
			continue;
		write_label(w, "Assumed:");
		write_candidate(w, task->c);
		write_text(w, " with oom_score_adj %d instead of %d: ", task->adj,
			   task->c->oom_score_adj);
		write_score(w, task);
		write_text(w, "\n");
	}
}

/* What out_of_memory() does if it finds no task. */
static const char *describe_nobody(const struct whatif *a)
{
	if (!a->begin || a->begin->scope != OOMTRACE_SCOPE_GLOBAL)
		return "the allocation fails";
	if (a->begin->trigger == OOMTRACE_TRIGGER_SYSRQ)
		return "sysrq-f kills none, and does not panic";
	return "the kernel panics";
}

static void print_result(struct text_writer *w, const struct whatif *a)
{
	write_label(w, "Then:");
	if (a->no_oom) {
		write_text(w, "no OOM at that moment: the cgroup used ");
		write_count(w, a->begin->memcg_usage);
		write_text(w, " pages, and the limit has room for the ");
		write_count(w, whatif_request(a));
		write_text(w, " that were asked for\n");
	} else if (a->then == REPLAY_ABORTED) {
		write_text(w, "no task is killed: an earlier victim was still dying, so no oom_score_adj matters\n");
	} else if (a->then == REPLAY_NOBODY) {
		write_text(w, "no task can be killed: %s\n", describe_nobody(a));
	} else {
		write_candidate(w, a->r.task[a->then].c);
		write_text(w, " dies with ");
		write_score(w, &a->r.task[a->then]);
		write_text(w, "%s\n", a->then == a->was ? ", as before" : "");
	}
}

static void print_saved(struct text_writer *w, const struct whatif *a)
{
	const struct replay_task *task;

	if (a->saved == NOT_ASKED)
		return;
	task = &a->r.task[a->save];
	write_label(w, "To save:");
	write_candidate(w, task->c);
	if (a->saved == NOT_CHOSEN)
		write_text(w, " is not chosen even without a change\n");
	else if (a->saved == NOT_SAVED)
		write_text(w, " is chosen with any oom_score_adj\n");
	else
		write_text(w, " needs an oom_score_adj of %d%s\n", task->adj,
			   task->adj == ADJ_MIN ? ", which makes it exempt" : " or lower");
}

static int compare_points(const void *x, const void *y)
{
	const struct replay_task *a = *(struct replay_task * const *)x;
	const struct replay_task *b = *(struct replay_task * const *)y;

	if (a->state != b->state)
		return a->state == REPLAY_ORIGIN ? -1 : 1;
	if (a->points != b->points)
		return a->points > b->points ? -1 : 1;
	return a->c->index > b->c->index ? -1 : 1;
}

/* Sort the tasks that can be killed, the one with the most points first. */
static size_t sort_by_points(const struct replay *r, const struct replay_task **order)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		if (r->task[i].state == REPLAY_ELIGIBLE ||
		    r->task[i].state == REPLAY_ORIGIN)
			order[n++] = &r->task[i];
	qsort(order, n, sizeof(order[0]), compare_points);
	return n;
}

static void print_order(struct text_writer *w, const struct whatif *a)
{
	const struct replay_task **order = xcalloc(a->r.n, sizeof(*order));
	size_t i, n = sort_by_points(&a->r, order);

	for (i = 0; i < n && i < LISTED; i++) {
		write_label(w, i ? "" : "Order:");
		write_candidate(w, order[i]->c);
		write_text(w, ", ");
		write_score(w, order[i]);
		write_text(w, ", oom_score_adj %d\n", order[i]->adj);
	}
	if (n > LISTED) {
		write_label(w, "");
		write_text(w, "and %zu more\n", n - LISTED);
	}
	free(order);
}

/* The caveat of an index; NULL after the last one. */
static const char *whatif_caveat(const struct whatif *a, unsigned int n)
{
	static char text[200];
	size_t unknown = replay_unknown(&a->r);
	unsigned int i = 0;

	if ((a->was < 0 || a->r.task[a->was].c->pid != a->v->pid) && i++ == n) {
		snprintf(text, sizeof(text),
			 "without any change, the replay chooses another task than the kernel, which killed pid %d: the points changed during the scan",
			 a->v->pid);
		return text;
	}
	if (a->missed > a->dropped && i++ == n) {
		snprintf(text, sizeof(text),
			 "%llu candidates have no record, and one of them may have more points",
			 a->missed - a->dropped);
		return text;
	}
	if (a->dropped && i++ == n) {
		snprintf(text, sizeof(text),
			 "%llu candidates have no record: of those with the same oom_score_adj, one with at least as many points is recorded",
			 a->dropped);
		return text;
	}
	if (unknown && i++ == n) {
		snprintf(text, sizeof(text),
			 "the memory of %zu tasks is unknown, and one of them may have more points",
			 unknown);
		return text;
	}
	if (a->group && i++ == n) {
		snprintf(text, sizeof(text),
			 "memory.oom.group: %u more tasks of the victim's cgroup were killed with it, except those with -1000; the setting of other cgroups is unknown",
			 a->group);
		return text;
	}
	if (a->no_oom && i++ == n)
		return "the limits of the cgroups above it are not recorded";
	return NULL;
}

void whatif_text(const struct whatif *a)
{
	struct oomtrace_out out = { .vprint = print_whatif_text, .ctx = stdout };
	struct text_writer w = { .out = &out, .page_size = a->r.page_size };
	const char *text;
	unsigned int i;

	write_text(&w, "OOM episode %llu: one oom_score_adj is worth ", a->episode);
	write_count(&w, a->r.assumed / 1000);
	write_text(&w, " pages, a thousandth of ");
	write_count(&w, a->r.assumed);
	write_text(&w, "\n");
	write_label(&w, "Was:");
	write_task(&w, &a->v->h, OOMTRACE_BIT_verdict_comm,
		   OOMTRACE_BIT_verdict_pid);
	write_text(&w, " died with ");
	write_field(&w, &a->v->h, OOMTRACE_BIT_verdict_points);
	write_text(&w, " points\n");
	print_changes(&w, a);
	print_saved(&w, a);
	print_result(&w, a);
	print_order(&w, a);
	for (i = 0; (text = whatif_caveat(a, i)); i++) {
		write_label(&w, "But:");
		write_text(&w, "%s\n", text);
	}
	if (w.tilde) {
		write_label(&w, "");
		write_text(&w, "~ computed from the task's memory, since the kernel did not score it\n");
	}
}

/* ---- the answer as JSON ---- */

static const char * const state_names[] = {
	[REPLAY_ELIGIBLE] = "eligible",
	[REPLAY_ORIGIN] = "origin",
	[REPLAY_EXEMPT] = "exempt",
	[REPLAY_ABORTS] = "dying",
	[REPLAY_UNKNOWN] = "unknown",
};

static struct json_object *task_json(const struct replay_task *t)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "pid", json_object_new_int64(t->c->pid));
	json_add_string(obj, "comm", t->c->comm, sizeof(t->c->comm));
	json_object_object_add(obj, "cgroup_id",
			       json_object_new_uint64(t->c->cgroup_id));
	json_object_object_add(obj, "state",
			       json_object_new_string(state_names[t->state]));
	if (t->state == REPLAY_ELIGIBLE)
		json_object_object_add(obj, "points",
				       json_object_new_int64(t->points));
	json_object_object_add(obj, "derived",
			       json_object_new_boolean(t->worked_out));
	json_object_object_add(obj, "recorded_adj",
			       json_object_new_int64(t->c->oom_score_adj));
	json_object_object_add(obj, "oom_score_adj",
			       json_object_new_int64(t->adj));
	return obj;
}

static const char *ending_name(const struct whatif *a)
{
	if (a->no_oom)
		return "no_oom";
	if (a->then == REPLAY_ABORTED)
		return "scan_aborted";
	return a->then == REPLAY_NOBODY ? "no_candidate" : "killed";
}

void whatif_json(const struct whatif *a)
{
	static const char * const saved[] = {
		[SAVED] = "saved", [NOT_CHOSEN] = "not_chosen",
		[NOT_SAVED] = "not_saved",
	};
	struct json_object *obj = json_object_new_object();
	struct json_object *tasks = json_object_new_array();
	struct json_object *caveats = json_object_new_array();
	const char *text;
	unsigned int n;
	size_t i;

	json_object_object_add(obj, "episode",
			       json_object_new_uint64(a->episode));
	json_object_object_add(obj, "totalpages",
			       json_object_new_int64(a->r.totalpages));
	json_object_object_add(obj, "assumed_totalpages",
			       json_object_new_int64(a->r.assumed));
	json_object_object_add(obj, "was_pid",
			       json_object_new_int64(a->v->pid));
	json_object_object_add(obj, "ending",
			       json_object_new_string(ending_name(a)));
	if (a->then >= 0 && !a->no_oom)
		json_object_object_add(obj, "then",
				       task_json(&a->r.task[a->then]));
	if (a->saved != NOT_ASKED) {
		const struct replay_task *t =
			&a->r.task[a->save];

		json_object_object_add(obj, "save",
				       json_object_new_string(saved[a->saved]));
		if (a->saved == SAVED)
			json_object_object_add(obj, "save_adj",
					       json_object_new_int64(t->adj));
	}
	for (i = 0; i < a->r.n; i++)
		json_object_array_add(tasks, task_json(&a->r.task[i]));
	json_object_object_add(obj, "candidates", tasks);
	for (n = 0; (text = whatif_caveat(a, n)); n++)
		json_object_array_add(caveats, json_object_new_string(text));
	json_object_object_add(obj, "caveats", caveats);
	puts(json_text(obj));
	json_object_put(obj);
}
