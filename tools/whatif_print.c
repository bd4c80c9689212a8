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

/* ---- the answer as text ---- */

static __printf(2, 0)
void print_whatif_text(void *ctx, const char *fmt, va_list args)
{
	vfprintf(ctx, fmt, args);
}

static void say_candidate(struct teller *t, const struct oomtrace_candidate *c)
{
	say_task(t, &c->h, OOMTRACE_BIT_candidate_comm,
		 OOMTRACE_BIT_candidate_pid);
}

static void say_score(struct teller *t, const struct replay_task *task)
{
	switch (task->state) {
	case REPLAY_ELIGIBLE:
		say_count(t, task->points);
		say_tilde(t, task->worked_out);
		say(t, " points");
		break;
	case REPLAY_ORIGIN:
		say(t, "the maximum of points (an OOM origin: swapoff, KSM)");
		break;
	case REPLAY_EXEMPT:
		say(t, "exempt");
		break;
	case REPLAY_ABORTS:
		say(t, "already dying");
		break;
	case REPLAY_UNKNOWN:
		say(t, "unknown points");
		break;
	}
}

static void print_changes(struct teller *t, const struct whatif *a)
{
	const struct replay *r = &a->r;
	const struct replay_task *task;
	size_t i;

	if (r->assumed != r->totalpages) {
		say_label(t, "Assumed:");
		say(t, "a limit of ");
		say_count(t, a->limit);
		say(t, " pages instead of ");
		say_count(t, a->begin->memcg_limit);
		say(t, "\n");
	}
	for (i = 0; i < r->n; i++) {
		task = &r->task[i];
		if (task->adj == task->c->oom_score_adj)
			continue;
		say_label(t, "Assumed:");
		say_candidate(t, task->c);
		say(t, " with oom_score_adj %d instead of %d: ", task->adj,
		    task->c->oom_score_adj);
		say_score(t, task);
		say(t, "\n");
	}
}

static void print_result(struct teller *t, const struct whatif *a)
{
	say_label(t, "Then:");
	if (a->no_oom) {
		say(t, "no OOM at that moment: the cgroup used ");
		say_count(t, a->begin->memcg_usage);
		say(t, " pages, which is below the limit\n");
	} else if (a->then == REPLAY_ABORTED) {
		say(t, "no task is killed: an earlier victim was still dying, so no oom_score_adj matters\n");
	} else if (a->then == REPLAY_NOBODY) {
		say(t, "no task can be killed: %s\n",
		    a->begin && a->begin->scope == OOMTRACE_SCOPE_GLOBAL ?
		    "the kernel panics" : "the allocation fails");
	} else {
		say_candidate(t, a->r.task[a->then].c);
		say(t, " dies with ");
		say_score(t, &a->r.task[a->then]);
		say(t, "%s\n", a->then == a->was ? ", as before" : "");
	}
}

static void print_saved(struct teller *t, const struct whatif *a)
{
	const struct replay_task *task;

	if (a->saved == NOT_ASKED)
		return;
	task = &a->r.task[a->save];
	say_label(t, "To save:");
	say_candidate(t, task->c);
	if (a->saved == NOT_CHOSEN)
		say(t, " is not chosen even without a change\n");
	else if (a->saved == NOT_SAVED)
		say(t, " is chosen with any oom_score_adj\n");
	else
		say(t, " needs an oom_score_adj of %d%s\n", task->adj,
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

static void print_order(struct teller *t, const struct whatif *a)
{
	const struct replay_task **order = xcalloc(a->r.n, sizeof(*order));
	size_t i, n = sort_by_points(&a->r, order);

	for (i = 0; i < n && i < LISTED; i++) {
		say_label(t, i ? "" : "Order:");
		say_candidate(t, order[i]->c);
		say(t, ", ");
		say_score(t, order[i]);
		say(t, ", oom_score_adj %d\n", order[i]->adj);
	}
	if (n > LISTED) {
		say_label(t, "");
		say(t, "and %zu more\n", n - LISTED);
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
	if (a->missed && i++ == n) {
		snprintf(text, sizeof(text),
			 "%llu candidates have no record, and one of them may have more points",
			 a->missed);
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
	return NULL;
}

void whatif_text(const struct whatif *a)
{
	struct oomtrace_out out = { .vprint = print_whatif_text, .ctx = stdout };
	struct teller t = { .out = &out, .page_size = a->r.page_size };
	const char *text;
	unsigned int i;

	say(&t, "OOM episode %llu: one oom_score_adj is worth ", a->episode);
	say_count(&t, a->r.assumed / 1000);
	say(&t, " pages, a thousandth of ");
	say_count(&t, a->r.assumed);
	say(&t, "\n");
	say_label(&t, "Was:");
	say_task(&t, &a->v->h, OOMTRACE_BIT_verdict_comm,
		 OOMTRACE_BIT_verdict_pid);
	say(&t, " died with ");
	say_field(&t, &a->v->h, OOMTRACE_BIT_verdict_points);
	say(&t, " points\n");
	print_changes(&t, a);
	print_saved(&t, a);
	print_result(&t, a);
	print_order(&t, a);
	for (i = 0; (text = whatif_caveat(a, i)); i++) {
		say_label(&t, "But:");
		say(&t, "%s\n", text);
	}
	if (t.tilde) {
		say_label(&t, "");
		say(&t, "~ computed from the task's memory, since the kernel did not score it\n");
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
