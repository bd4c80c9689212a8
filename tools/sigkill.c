// SPDX-License-Identifier: GPL-2.0
/*
 * Lists the SIGKILLs that were recorded, and says who sent each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "clock.h"
#include "human.h"
#include "sigkill.h"
#include "term.h"
#include "when.h"

#define HAS(k, field)	oomtrace_field_valid(&(k)->h, OOMTRACE_BIT_sigkill_##field)

/* ---- the list ---- */

static int compare_times(const void *a, const void *b)
{
	const struct sigkill *x = a, *y = b;

	if (x->load != y->load && x->dated && y->dated && x->wall_ns != y->wall_ns)
		return x->wall_ns < y->wall_ns ? -1 : 1;
	if (x->load != y->load)
		return x->load < y->load ? -1 : 1;
	if (x->k->h.ts_ns != y->k->h.ts_ns)
		return x->k->h.ts_ns < y->k->h.ts_ns ? -1 : 1;
	return 0;
}

/* A kill that was not recorded as one by a daemon, and its release that was. */
#define RELEASE_NS	(10 * (u64)NS_PER_S)

static void join_releases(const struct store *st, struct sigkill *list, size_t n)
{
	const struct oomtrace_victim *v;
	const struct records *recs;
	size_t load, i, k;

	for (load = 0; load < st->nload; load++) {
		recs = &st->load[load].recs;
		for (i = 0; i < recs->n; i++) {
			v = (const void *)recs->rec[i];
			if (v->h.type != OOMTRACE_VICTIM || v->why != OOMTRACE_WHY_DAEMON ||
			    oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_signal))
				continue;
			for (k = n; k-- > 0;)
				if (list[k].load == load && sigkill_is_kill(list[k].k) &&
				    list[k].k->victim_tgid == v->tgid &&
				    list[k].k->h.ts_ns <= v->h.ts_ns &&
				    v->h.ts_ns - list[k].k->h.ts_ns <= RELEASE_NS)
					list[k].released = v->episode;
		}
	}
}

struct sigkill *sigkills_find(const struct store *st, const struct options *opt,
			      size_t *n)
{
	struct store_place at = { 0 };
	struct sigkill *list = NULL;
	size_t room = 0;

	*n = 0;
	while (store_next(st, opt, OOMTRACE_SIGKILL, &at)) {
		list = xgrow(list, *n, &room, sizeof(*list));
		list[(*n)++] = (struct sigkill){
			.k = (const void *)at.rec, .load = at.load,
			.wall_ns = at.wall_ns, .dated = at.dated,
		};
	}
	if (*n)
		qsort(list, *n, sizeof(*list), compare_times);
	join_releases(st, list, *n);
	return list;
}

bool sigkill_is_kill(const struct oomtrace_sigkill *k)
{
	return HAS(k, victim_tgid) &&
	       (k->result == OOMTRACE_SENT_DELIVERED ||
		k->result == OOMTRACE_SENT_LOSE_INFO);
}

bool sigkill_is_oom(const struct oomtrace_sigkill *k)
{
	return HAS(k, sender) && (k->sender == OOMTRACE_SENDER_OOM_KILLER ||
				  k->near == OOMTRACE_NEAR_PART);
}

/* ---- the sentence ---- */

/* A program that only sends signals: its parent wanted it. */
static bool is_errand(const char *comm)
{
	static const char * const errands[] = {
		"kill", "pkill", "killall", "killall5", "skill", "fuser", "xargs",
		"timeout", "busybox",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errands); i++)
		if (!strncmp(comm, errands[i], OOMTRACE_COMM_LEN))
			return true;
	return false;
}

/* "bash[12]", "kill[13], started by bash[12],": the sender. */
static const char *write_sender(char *buf, size_t size, const struct oomtrace_sigkill *k)
{
	char task[HUMAN_TASK_LEN], parent[HUMAN_TASK_LEN];

	human_task(task, k->comm, k->tgid);
	if (is_errand(k->comm) && HAS(k, parent_pid))
		snprintf(buf, size, "%s, started by %s", task,
			 human_task(parent, k->parent_comm, k->parent_pid));
	else
		snprintf(buf, size, "%s", task);
	return buf;
}

static const char *name_daemon(const struct oomtrace_sigkill *k)
{
	return k->near == OOMTRACE_NEAR_PART ? "the OOM daemon " : "";
}

/* "by kill -9 of bash[12]" */
static void write_cause(char *buf, size_t size, const struct oomtrace_sigkill *k)
{
	char who[2 * HUMAN_TASK_LEN + 20];

	if (!HAS(k, tgid)) {
		snprintf(buf, size, "by the kernel, in an interrupt");
		return;
	}
	write_sender(who, sizeof(who), k);
	if (k->sender == OOMTRACE_SENDER_OOM_KILLER) {
		snprintf(buf, size, "by the OOM killer, when %s asked for memory", who);
		return;
	}
	switch (k->how) {
	case OOMTRACE_HOW_KILL:
		snprintf(buf, size, "by kill -9 of %s%s", name_daemon(k), who);
		break;
	case OOMTRACE_HOW_PIDFD:
		snprintf(buf, size, "by kill -9 of %s%s (pidfd_send_signal)",
			 name_daemon(k), who);
		break;
	case OOMTRACE_HOW_WRITE:
		snprintf(buf, size, "by %s%s, which wrote to a file: probably cgroup.kill",
			 name_daemon(k), who);
		break;
	case OOMTRACE_HOW_MRELEASE:
		snprintf(buf, size, "by process_mrelease of %s%s", name_daemon(k), who);
		break;
	case OOMTRACE_HOW_EXIT:
		snprintf(buf, size, "because %s exited, %s", who,
			 k->sender == OOMTRACE_SENDER_PROCESS ?
			 "as it had asked for (PR_SET_PDEATHSIG)" :
			 "which traced it");
		break;
	case OOMTRACE_HOW_PID_NAMESPACE:
		snprintf(buf, size, "by the kernel, because %s exited, the init of its container (pid namespace)",
			 who);
		break;
	case OOMTRACE_HOW_ITSELF:
		snprintf(buf, size, "by the kernel: its limit of CPU time (RLIMIT_CPU), or an exec that failed");
		break;
	default:
		snprintf(buf, size, "%s %s", k->sender == OOMTRACE_SENDER_PROCESS ?
			 "by" : "by the kernel, in", who);
	}
}

/* ", not by the OOM killer; the OOM 3 had ended 1.2 s before" */
static void write_near(char *buf, size_t size, const struct oomtrace_sigkill *k)
{
	char oom[48] = "an OOM";

	if (HAS(k, oom_episode))
		snprintf(oom, sizeof(oom), "OOM %llu", (unsigned long long)k->oom_episode);
	if (k->near == OOMTRACE_NEAR_PART)
		snprintf(buf, size, HAS(k, oom_episode) ? " (%s)" : "%.0s", oom);
	else if (k->near == OOMTRACE_NEAR_OPEN)
		snprintf(buf, size, ", not by the OOM killer, while %s was under way", oom);
	else if (k->near == OOMTRACE_NEAR_ENDED)
		snprintf(buf, size, ", not by the OOM killer; %s had ended %.1f s before",
			 oom, k->oom_age_ns / 1e9);
	else
		snprintf(buf, size, ", not by the OOM killer");
}

const char *sigkill_describe(char buf[SIGKILL_TEXT_MAX], const struct oomtrace_sigkill *k)
{
	char cause[400], near[120];

	write_cause(cause, sizeof(cause), k);
	write_near(near, sizeof(near), k);
	if (sigkill_is_kill(k))
		snprintf(buf, SIGKILL_TEXT_MAX, "was killed %s%s", cause, near);
	else
		snprintf(buf, SIGKILL_TEXT_MAX, "was sent a SIGKILL without effect %s: it was dying already, or is the init of a container",
			 cause);
	return buf;
}

/* ---- a hint ---- */

bool sigkills_say_newest(const struct store *st, const struct options *opt)
{
	char text[SIGKILL_TEXT_MAX], task[HUMAN_TASK_LEN], age[WHEN_MAX], more[60] = "";
	const struct sigkill *newest = NULL;
	struct sigkill *list;
	size_t n, i, others = 0;

	list = sigkills_find(st, opt, &n);
	for (i = 0; i < n; i++) {
		if (!sigkill_is_kill(list[i].k) || sigkill_is_oom(list[i].k) ||
		    list[i].released)
			continue;
		others += !!newest;
		newest = &list[i];
	}
	if (newest) {
		if (newest->dated)
			when_write_age(age, clock_ns(CLOCK_REALTIME) - newest->wall_ns);
		if (others)
			snprintf(more, sizeof(more), "; oomtrace kills lists it and %zu more",
				 others);
		term_say("SIGKILL", "%s %s%s%s%s",
			 human_task(task, newest->k->victim_comm, newest->k->victim_tgid),
			 sigkill_describe(text, newest->k), newest->dated ? ", " : "",
			 newest->dated ? age : "", more);
	}
	free(list);
	return newest;
}
