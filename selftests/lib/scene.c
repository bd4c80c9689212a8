// SPDX-License-Identifier: GPL-2.0
/* Play a scene once, keep what it left, and find its records. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

#include "scene.h"

/* From syslog(2); no header defines them. */
#define SYSLOG_ACTION_READ_ALL		3
#define SYSLOG_ACTION_SIZE_BUFFER	10

struct scene *scene_new(void)
{
	return alloc_shared(sizeof(struct scene));
}

void scene_play(struct scene *s, void (*play)(struct scene *s))
{
	if (s->played < 0)
		die("playing the scene failed before");
	if (!s->played) {
		s->played = -1;
		play(s);
		s->played = 1;
	}
}

/* The number of OOM reports in the last seconds. */
static int reports_lately(double seconds)
{
	double now = (double)now_ns() / 1e9, then;
	int room = klogctl(SYSLOG_ACTION_SIZE_BUFFER, NULL, 0), got, n = 0;
	char *log, *at, *line;

	log = malloc(room + 1);
	got = log ? klogctl(SYSLOG_ACTION_READ_ALL, log, room) : -1;
	if (got < 0)
		die("cannot read the kernel's log");
	log[got] = '\0';
	for (at = log; (at = strstr(at, " invoked oom-killer: ")); at++) {
		for (line = at; line > log && line[-1] != '\n'; line--)
			;
		n += sscanf(line, "<%*d>[%lf]", &then) == 1 &&
		     then > now - seconds;
	}
	free(log);
	return n;
}

/* The kernel prints ten reports in five seconds at most: leave room. */
static void wait_for_reports(void)
{
	while (reports_lately(6) > 4)
		sleep_ms(500);
}

void scene_start(struct scene *s, const char *params)
{
	wait_for_reports();
	module_start(params);
	s->fd = device_open();
	s->kmsg = kmsg_open();
}

void scene_start_pair(struct scene *s, struct hog *holder, struct hog *grower,
		      const char *options)
{
	hog_ready(holder);
	scene_start(s, NULL);
	hog_start(grower, "%s --grow 4096", options);
	s->small = holder->pid;
	s->big = grower->pid;
}

void scene_end(struct scene *s)
{
	struct records recs = { };
	char *log;

	/* The victim has exited, but the reaper may still run. */
	sleep_ms(200);
	device_drain(s->fd, &recs);
	log = kmsg_text(s->kmsg);
	close(s->fd);
	close(s->kmsg);
	if (recs.n > SCENE_RECORDS || strlen(log) >= SCENE_LOG)
		die("a scene of %zu records and %zu bytes is too long", recs.n,
		    strlen(log));
	memcpy(s->record, recs.r, recs.n * sizeof(*recs.r));
	/*
	 * All tests are forks of one process, so the address is valid in each.
	 */
	s->recs.r = s->record;
	s->recs.n = recs.n;
	strcpy(s->log, log);
	free(log);
	records_free(&recs);
	module_stop();
	if (!s->cg.dir[0])
		return;
	strcpy(s->cg_dir, s->cg.dir);
	if (!memcg_has(&s->cg, "memory.events"))
		return;
	s->ooms = memcg_event(&s->cg, "oom");
	s->oom_kills = memcg_event(&s->cg, "oom_kill");
	s->oom_group_kills = memcg_event(&s->cg, "oom_group_kill");
}

bool scene_find(const struct scene *s, pid_t tgid,
		const struct oomtrace_oom_begin **begin,
		const struct oomtrace_verdict **verdict,
		const struct oomtrace_victim **victim,
		const struct oomtrace_oom_end **end)
{
	size_t i;

	*begin = NULL;
	*verdict = NULL;
	*victim = NULL;
	*end = NULL;
	for (i = 0; i < s->recs.n; i++) {
		const union record *r = &s->recs.r[i];

		if (r->h.type == OOMTRACE_VERDICT && r->verdict.tgid == tgid)
			*verdict = &r->verdict;
	}
	for (i = 0; *verdict && i < s->recs.n; i++) {
		const union record *r = &s->recs.r[i];

		if (r->h.type == OOMTRACE_OOM_BEGIN &&
		    r->begin.episode == (*verdict)->episode)
			*begin = &r->begin;
		if (r->h.type == OOMTRACE_VICTIM && r->victim.tgid == tgid &&
		    r->victim.episode == (*verdict)->episode)
			*victim = &r->victim;
		if (r->h.type == OOMTRACE_OOM_END &&
		    r->end.episode == (*verdict)->episode)
			*end = &r->end;
	}
	return *begin && *verdict && *victim && *end;
}

const struct oomtrace_candidate *
scene_candidate(const struct scene *s, unsigned long long episode, pid_t tgid)
{
	size_t i;

	for (i = 0; i < s->recs.n; i++) {
		const struct oomtrace_candidate *c = &s->recs.r[i].candidate;

		if (c->h.type == OOMTRACE_CANDIDATE && c->episode == episode &&
		    c->tgid == tgid)
			return c;
	}
	return NULL;
}

const struct oomtrace_oom_end *
scene_next_ending(const struct scene *s, size_t *at, unsigned int how,
		  const struct oomtrace_oom_begin **begin)
{
	for (; *at < s->recs.n; ++*at) {
		const union record *r = &s->recs.r[*at];

		if (r->h.type == OOMTRACE_OOM_BEGIN)
			*begin = &r->begin;
		if (r->h.type != OOMTRACE_OOM_END || r->end.ending != how)
			continue;
		++*at;
		return &r->end;
	}
	return NULL;
}

size_t scene_count(const struct scene *s, unsigned int type, unsigned long long episode)
{
	size_t i, n = 0;

	/* All types of an episode have its number right after the header. */
	for (i = 0; i < s->recs.n; i++)
		n += s->recs.r[i].h.type == type &&
		     s->recs.r[i].begin.episode == episode;
	return n;
}

const struct report_kill *scene_kill(const struct report *rep, pid_t pid)
{
	int i;

	for (i = 0; i < rep->nkills; i++)
		if (rep->kills[i].pid == pid)
			return &rep->kills[i];
	return NULL;
}

bool scene_report(const struct scene *s, pid_t pid, struct report *rep)
{
	int n;

	for (n = 0; report_parse(s->log, n, rep); n++)
		if (scene_kill(rep, pid))
			return true;
	return false;
}

const struct oomtrace_reap *scene_find_reap(const struct scene *s, pid_t pid,
					    unsigned int step)
{
	size_t i;

	for (i = 0; i < s->recs.n; i++)
		if (s->recs.r[i].h.type == OOMTRACE_REAP &&
		    s->recs.r[i].reap.pid == pid &&
		    s->recs.r[i].reap.step == step)
			return &s->recs.r[i].reap;
	return NULL;
}
