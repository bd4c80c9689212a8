// SPDX-License-Identifier: GPL-2.0
/*
 * A record as a sentence, for a person who watches records as they come.
 *
 * May not trust the contents of a record: it may be from a file, and shorter or longer
 * than the struct that is known here. Text in it is escaped.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <liboomtrace.h>

#include "../common/decider.h"
#include "../common/format.h"
#include "alloc_failure.h"
#include "human.h"
#include "plain.h"
#include "refused.h"
#include "sigkill.h"
#include "term.h"

#define HAS(r, type, field)	oomtrace_field_valid(&(r)->h, OOMTRACE_BIT_##type##_##field)

/* Any record that has a sentence, as large as it is known here. */
union record {
	struct oomtrace_header h;
	struct oomtrace_commit commit;
	struct oomtrace_mark mark;
	struct oomtrace_oom_begin begin;
	struct oomtrace_verdict verdict;
	struct oomtrace_victim victim;
	struct oomtrace_oom_end end;
	struct oomtrace_repeat repeat;
	struct oomtrace_lost lost;
	struct oomtrace_refused refused;
	struct oomtrace_alloc_failure alloc;
	struct oomtrace_sigkill sigkill;
	struct oomtrace_wait wait;
	struct oomtrace_remains remains;
	struct oomtrace_cgroup cgroup;
};

/* A sentence that is being written. */
struct sentence {
	char *text;
	size_t len;
};

static __printf(2, 0)
void extend_sentence(void *ctx, const char *fmt, va_list args)
{
	struct sentence *s = ctx;
	int n = vsnprintf(s->text + s->len, PLAIN_MAX - s->len, fmt, args);

	if (n > 0)
		s->len += n;
	if (s->len >= PLAIN_MAX)
		s->len = PLAIN_MAX - 1;
}

static __printf(2, 3)
void say(struct sentence *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	extend_sentence(s, fmt, args);
	va_end(args);
}

static const char *name_of(const union record *r, const char *field, unsigned int value)
{
	return oomtrace_value_name(r->h.type, field, value) ?: "?";
}

/* ---- refusals ---- */

static void say_commit(struct sentence *s, const union record *r, unsigned int page)
{
	const struct oomtrace_commit *c = &r->commit;
	char task[HUMAN_TASK_LEN], size[HUMAN_LEN];
	u64 over;

	say(s, "%s was %s %s by %s", human_task(task, c->comm, c->tgid),
	    c->ret ? "refused" : "granted",
	    c->pages < 0 ? "a size that overflowed" :
	    human_size(size, (double)c->pages * page),
	    name_of(r, "origin", c->origin));
	if (c->ret && oomtrace_shortfall(&r->h, &over))
		say(s, ", %s too much", human_size(size, (double)over * page));
}

static void say_refused(struct sentence *s, const union record *r, unsigned int page)
{
	const struct oomtrace_refused *c = &r->refused;
	char task[HUMAN_TASK_LEN], asked[80], cause[REFUSED_TEXT_MAX];

	say(s, "%s: %s was refused with %s: %s", human_task(task, c->comm, c->tgid),
	    refused_asked(asked, sizeof(asked), c), refused_answer(c),
	    refused_cause(cause, c, page));
	if (c->left_out)
		say(s, " (%u before it have no record)", c->left_out);
}

static void say_alloc_failure(struct sentence *s, const union record *r, unsigned int page)
{
	char who[HUMAN_TASK_LEN], words[ALLOC_TEXT_MAX];

	say(s, "%s: %s", alloc_failure_who(who, sizeof(who), &r->alloc),
	    alloc_failure_words(words, &r->alloc, page));
	if (r->alloc.left_out)
		say(s, " (%u before it have no record)", r->alloc.left_out);
}

static void say_mark(struct sentence *s, const union record *r)
{
	say(s, "vm.%s was changed from %llu to %llu", name_of(r, "knob", r->mark.knob),
	    (u64)r->mark.old, (u64)r->mark.new);
}

/* ---- OOMs ---- */

static void say_begin(struct sentence *s, const union record *r)
{
	const struct oomtrace_oom_begin *b = &r->begin;
	char task[HUMAN_TASK_LEN];

	if (b->scope == OOMTRACE_SCOPE_USERSPACE)
		say(s, "OOM %llu: the OOM daemon %s kills", (u64)b->episode,
		    human_task(task, b->comm, b->pid));
	else
		say(s, "OOM %llu: %s has no memory left; %s needed some", (u64)b->episode,
		    b->scope == OOMTRACE_SCOPE_MEMCG ? "a cgroup" : "the machine",
		    human_task(task, b->comm, b->pid));
}

static void say_verdict(struct sentence *s, const union record *r)
{
	const struct oomtrace_verdict *v = &r->verdict;
	char task[HUMAN_TASK_LEN], message[4 * OOMTRACE_MESSAGE_LEN + 1];

	say(s, "OOM %llu: %s chose %s", (u64)v->episode,
	    oomtrace_decider(NULL, v) == OOMTRACE_DECIDER_POLICY ?
	    "a policy in the kernel" : "the kernel", human_task(task, v->comm, v->tgid));
	if (HAS(v, verdict, message))
		say(s, " with the message \"%s\"",
		    term_clean(message, sizeof(message), v->message));
	if (HAS(v, verdict, points))
		say(s, ", with %lld points", (long long)v->points);
}

static void say_victim(struct sentence *s, const union record *r, unsigned int page)
{
	const struct oomtrace_victim *v = &r->victim;
	char task[HUMAN_TASK_LEN], size[HUMAN_LEN];

	say(s, "OOM %llu: %s %s", (u64)v->episode, human_task(task, v->comm, v->tgid),
	    v->why == OOMTRACE_WHY_CALLER_EXITING ? "exits by itself" :
	    HAS(v, victim, earlier) ? "was killed before" :
	    v->why == OOMTRACE_WHY_DYING ? "was chosen, but is dying already" : "is killed");
	if (HAS(v, victim, earlier))
		say(s, ", in OOM %llu", (u64)v->earlier);
	if (HAS(v, victim, rss_anon) && HAS(v, victim, rss_file) && HAS(v, victim, rss_shmem))
		say(s, "; it has %s of memory",
		    human_size(size, ((double)v->rss_anon + v->rss_file + v->rss_shmem) *
			       page));
}

static void say_end(struct sentence *s, const union record *r)
{
	char time[HUMAN_LEN];

	say(s, "OOM %llu is over: %s, %u killed", (u64)r->end.episode,
	    name_of(r, "ending", r->end.ending), r->end.victims);
	if (HAS(&r->end, oom_end, duration_ns)) {
		snprintf(time, sizeof(time), "%.3f", r->end.duration_ns / 1e6);
		say(s, ", after %s ms", time);
	}
}

static void say_repeat(struct sentence *s, const union record *r)
{
	say(s, "OOM %llu: %llu more ended like it", (u64)r->repeat.episode,
	    (u64)r->repeat.count);
}

/* ---- tasks ---- */

static void say_sigkill(struct sentence *s, const union record *r)
{
	const struct oomtrace_sigkill *k = &r->sigkill;
	char task[HUMAN_TASK_LEN], words[SIGKILL_TEXT_MAX];

	if (!HAS(k, sigkill, victim_tgid)) {
		say(s, "%llu SIGKILLs have no record of their own", (u64)k->left_out);
		return;
	}
	say(s, "%s %s", human_task(task, k->victim_comm, k->victim_tgid),
	    sigkill_describe(words, k));
	if (k->left_out)
		say(s, " (%llu before it have no record)", (u64)k->left_out);
}

static void say_wait(struct sentence *s, const union record *r, struct text_writer *w)
{
	say(s, "OOM %llu: ", (u64)r->wait.episode);
	if (HAS(&r->wait, wait, waited_ns)) {
		write_wait(w, &r->wait);
		return;
	}
	write_task(w, &r->h, OOMTRACE_BIT_wait_comm, OOMTRACE_BIT_wait_pid);
	say(s, " waits, since the OOM killer of its cgroup is off");
}

static void say_remains(struct sentence *s, const union record *r, struct text_writer *w)
{
	const struct oomtrace_story_remains last = { .last = r->remains };
	char task[HUMAN_TASK_LEN];

	say(s, "OOM %llu: %s ", (u64)r->remains.episode,
	    human_task(task, r->remains.comm, r->remains.tgid));
	if (HAS(&r->remains, remains, threads) && !r->remains.threads)
		say(s, "is gone, %.2f s after the kill", r->remains.since_kill_ns / 1e9);
	else
		write_remains(w, &last);
}

static void say_cgroup(struct sentence *s, const union record *r)
{
	char path[OOMTRACE_CGROUP_PATH + 1], clean[4 * OOMTRACE_CGROUP_PATH];
	const struct oomtrace_cgroup *g = &r->cgroup;

	say(s, "cgroup %llu", (u64)g->cgroup_id);
	if (!HAS(g, cgroup, path)) {
		say(s, " has no path%s", g->removed ? ": it was removed" : "");
		return;
	}
	oomtrace_get_str(&r->h, "path", path, sizeof(path));
	if (g->offset)
		say(s, " continues: %s", term_clean(clean, sizeof(clean), path));
	else
		say(s, " is %s", term_clean(clean, sizeof(clean), path));
	if (g->removed)
		say(s, ", which was removed");
	if (g->truncated)
		say(s, " (cut)");
}

static void say_lost(struct sentence *s, const union record *r)
{
	say(s, "%llu records were overwritten before they were read",
	    (u64)r->lost.count);
}

/* ---- all of them ---- */

static bool say_record(struct sentence *s, const union record *r, unsigned int page,
		       struct text_writer *w)
{
	switch (r->h.type) {
	case OOMTRACE_COMMIT:
		say_commit(s, r, page);
		return true;
	case OOMTRACE_REFUSED:
		say_refused(s, r, page);
		return true;
	case OOMTRACE_ALLOC_FAILURE:
		say_alloc_failure(s, r, page);
		return true;
	case OOMTRACE_MARK:
		say_mark(s, r);
		return true;
	case OOMTRACE_OOM_BEGIN:
		say_begin(s, r);
		return true;
	case OOMTRACE_VERDICT:
		say_verdict(s, r);
		return true;
	case OOMTRACE_VICTIM:
		say_victim(s, r, page);
		return true;
	case OOMTRACE_OOM_END:
		say_end(s, r);
		return true;
	case OOMTRACE_REPEAT:
		say_repeat(s, r);
		return true;
	case OOMTRACE_SIGKILL:
		say_sigkill(s, r);
		return true;
	case OOMTRACE_WAIT:
		say_wait(s, r, w);
		return true;
	case OOMTRACE_REMAINS:
		say_remains(s, r, w);
		return true;
	case OOMTRACE_CGROUP:
		say_cgroup(s, r);
		return true;
	case OOMTRACE_LOST:
		say_lost(s, r);
		return true;
	}
	return false;
}

bool plain_sentence(char buf[PLAIN_MAX], const struct oomtrace_header *rec,
		    unsigned int page_size)
{
	struct sentence s = { .text = buf };
	const struct oomtrace_out out = { .vprint = extend_sentence, .ctx = &s };
	struct text_writer w = { .out = &out, .page_size = page_size ?: 4096 };
	union record r;

	oomtrace_copy_known(&r, sizeof(r), rec);
	buf[0] = '\0';
	return say_record(&s, &r, w.page_size, &w);
}
