// SPDX-License-Identifier: GPL-2.0
/*
 * An OOM on one screen: what came after it.
 */
#include <stdio.h>

#include "brief_parts.h"
#include "human.h"
#include "store_pick.h"
#include "term.h"

/* Another one that chose a process which this OOM had killed already. */
static void say_again(const struct brief *b)
{
	const struct oomtrace_victim *v;
	const struct episode *ep;
	char id[STORE_ID_MAX], time[40];
	s64 earlier;
	size_t i;

	for (i = 0; i < b->recs->n; i++) {
		v = (const void *)b->recs->rec[i];
		if (v->h.type == OOMTRACE_VICTIM && v->episode != b->ep->number &&
		    get_field(&v->h, B(victim_earlier), &earlier) &&
		    (u64)earlier == b->ep->number)
			break;
	}
	if (i == b->recs->n)
		return;
	for (i = 0; i < b->st->nepisode; i++) {
		ep = &b->st->episode[i];
		if (ep->load != b->ep->load || ep->number != v->episode)
			continue;
		term_say("After", "%s it, too, %s later: oomtrace last %s",
			 v->why == OOMTRACE_WHY_DAEMON ?
			 "a process in user space killed or reaped" :
			 "the kernel's OOM killer chose",
			 brief_ns(time, v->h.ts_ns - b->ep->ts_ns),
			 store_id(id, b->st, ep));
		return;
	}
}

/* Did this OOM kill a process with that pid? */
static bool killed_task(const struct brief *b, s32 pid)
{
	const struct oomtrace_header *rec;
	size_t pos = 0;

	while ((rec = records_next(b->recs, b->ep->number, &pos))) {
		const struct oomtrace_victim *v = (const void *)rec;

		if (rec->type == OOMTRACE_VICTIM && (v->tgid == pid || v->pid == pid))
			return true;
	}
	return false;
}

/*
 * Add the OOMs that the records of an episode are about, and those of them whose scan
 * stopped at a victim of this one.
 */
static void count_calls(const struct brief *b, u64 episode, unsigned long long *calls,
			unsigned long long *waited)
{
	const struct oomtrace_candidate *c;
	const struct oomtrace_repeat *repeat;
	const struct oomtrace_header *rec;
	size_t pos = 0;

	++*calls;
	while ((rec = records_next(b->recs, episode, &pos))) {
		c = (const void *)rec;
		repeat = (const void *)rec;
		if (rec->type == OOMTRACE_CANDIDATE && c->verdict == OOMTRACE_EVAL_ABORT)
			*waited += killed_task(b, c->tgid);
		if (rec->type != OOMTRACE_REPEAT)
			continue;
		*calls += repeat->count;
		if (oomtrace_field_valid(rec, B(repeat_victim_pid)) &&
		    killed_task(b, repeat->victim_pid))
			*waited += repeat->count;
	}
}

/* What came after the kill, up to the next one. */
static void say_after(const struct brief *b)
{
	const struct episode *next = NULL, *ep;
	unsigned long long calls = b->s.repeats, waited = 0;
	char text[200] = "", id[STORE_ID_MAX], time[40];
	size_t i;

	for (i = 0; i < b->st->nepisode && !next; i++) {
		ep = &b->st->episode[i];
		if (ep->load != b->ep->load || ep->number <= b->ep->number)
			continue;
		if (ep->killed)
			next = ep;
		else
			count_calls(b, ep->number, &calls, &waited);
	}
	if (calls)
		snprintf(text, sizeof(text), "%llu more %s of the OOM killer %s; ", calls,
			 calls == 1 ? "call" : "calls", waited == calls ?
			 "waited for it" : "ended without a kill");
	if (next)
		term_say("After", "%sthe next kill came %s later: oomtrace last %s", text,
			 brief_ns(time, next->ts_ns - b->ep->ts_ns),
			 store_id(id, b->st, next));
	else if (b->ep->killed)
		term_say("After", "%snobody else was killed", text);
	else
		term_say("After", "%snobody was killed", text);
}

void brief_say_after(const struct brief *b)
{
	say_again(b);
	say_after(b);
}
