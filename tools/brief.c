// SPDX-License-Identifier: GPL-2.0
/*
 * Writes an OOM on one screen.
 *
 * Every number is that of a record, or a sum of such; one that is absent is left
 * out. The whole explanation has all numbers.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "brief.h"
#include "brief_parts.h"
#include "clock.h"
#include "human.h"
#include "size.h"
#include "store_pick.h"
#include "term.h"
#include "victim.h"
#include "when.h"

/* Victims named besides the first. */
#define NAMES		4
/* Bytes that hold a pid in a container, in words. */
#define INNER_MAX	48
/* The kernel updates the averages of stalls every 2 s while tasks are active. */
#define FRESH_NS	(4 * NS_PER_S)

/* ---- pieces ---- */

/* ", user mysql" or ", uid 1000": names are those of this machine only. */
static const char *write_user(char *buf, size_t size, const struct brief *b, u32 uid)
{
	struct passwd *pw = b->here || !uid ? getpwuid(uid) : NULL;
	char clean[80];

	if (pw)
		snprintf(buf, size, ", user %s", term_clean(clean, sizeof(clean), pw->pw_name));
	else
		snprintf(buf, size, ", uid %u", uid);
	return buf;
}

const char *brief_ns(char buf[40], u64 ns)
{
	if (ns < 1000000)
		snprintf(buf, 40, "%.1f ms", ns / 1e6);
	else if (ns < 1000000000)
		snprintf(buf, 40, "%llu ms", ns / 1000000);
	else
		snprintf(buf, 40, "%.1f s", ns / 1e9);
	return buf;
}

/* A sum of fields of a record. Returns false if one of them is absent. */
bool brief_sum(const struct oomtrace_header *rec, const u8 *idx, unsigned int n,
	       s64 *sum)
{
	unsigned int i;
	s64 one;

	*sum = 0;
	for (i = 0; i < n; i++) {
		if (!get_field(rec, idx[i], &one))
			return false;
		*sum = (u64)*sum + (u64)one;
	}
	return true;
}

static bool victim_memory(const struct oomtrace_victim *v, s64 *pages)
{
	static const u8 terms[] = {
		B(victim_rss_anon), B(victim_rss_file), B(victim_rss_shmem),
	};

	return brief_sum(&v->h, terms, ARRAY_SIZE(terms), pages);
}

/* ---- title ---- */

void brief_title(const struct store *st, const struct episode *ep)
{
	const struct saved_header *facts = &st->load[ep->load].recs.facts;
	char id[STORE_ID_MAX], node[160], when[WHEN_MAX] = "", age[WHEN_MAX];
	char left[300];

	snprintf(left, sizeof(left), "%s %s%s%s",
		 ep->killed ? "OOM kill" : "OOM", store_id(id, st, ep),
		 *facts->node ? " on " : "",
		 term_clean(node, sizeof(node), facts->node));
	if (ep->dated)
		printf("%s%-26s%s %s, %s\n", term_bold(), left, term_plain(),
		       when_write(when, ep->wall_ns),
		       when_write_age(age, clock_ns(CLOCK_REALTIME) - ep->wall_ns));
	else
		printf("%s%-26s%s %.6f s after boot\n", term_bold(), left,
		       term_plain(), ep->ts_ns / 1e9);
}

/* ---- Killed ---- */

/* "; 119.7 MiB came back after 224 ms": what is known of the freed memory. */
static void write_freed(char *buf, size_t size, const struct brief *b, unsigned int i)
{
	const struct oomtrace_victim *v = &b->s.victim[i];
	const struct oomtrace_story_reap *r = &b->s.reap[i];
	bool exited = r->seen & (1 << OOMTRACE_STEP_EXITED);
	char text[SIZE_TEXT_MAX], left[SIZE_TEXT_MAX], time[40];
	unsigned int step;
	s64 pages;

	if (!victim_memory(v, &pages)) {
		*buf = '\0';
		return;
	}
	step = r->seen & (1 << OOMTRACE_STEP_FINISH) ? OOMTRACE_STEP_FINISH :
	       !exited && r->seen & (1 << OOMTRACE_STEP_RELEASED) ?
	       OOMTRACE_STEP_RELEASED : OOMTRACE_STEP_EXITED;
	if (exited && r->held_known && !r->users && !r->held)
		step = OOMTRACE_STEP_EXITED;
	size_write(text, pages, b->page);
	if (!(r->timed & (1 << step)) && r->gone_ns) {
		snprintf(buf, size, ": it had %s and was gone within %s", text,
			 brief_ns(time, r->gone_ns));
		return;
	}
	if (!(r->timed & (1 << step))) {
		snprintf(buf, size, ": it had %s; %s", text, r->seen ?
			 "when that came back is not recorded" :
			 "nothing is recorded yet of its end");
		return;
	}
	brief_ns(time, r->since_ns[step]);
	if (step != OOMTRACE_STEP_EXITED && r->left_known && r->left > 0)
		snprintf(buf, size, ": %s came back after %s, %s stayed",
			 size_write(text, pages - r->left, b->page), time,
			 size_write(left, r->left, b->page));
	else if (step == OOMTRACE_STEP_EXITED && r->held_known && (r->users || r->held))
		snprintf(buf, size, ": %s exited after %s; %s%s%s then",
			 v->pid == v->tgid ? "its main thread" : "one of its threads",
			 time, r->users ? "other threads or processes held " : "",
			 size_write(left, r->held, b->page),
			 r->users ? "" : " were still being freed");
	else
		/* Pages of files and of shared memory may stay for others. */
		snprintf(buf, size, ": %s came back after %s",
			 size_write(text, v->rss_anon, b->page), time);
}

static const char *describe_other(const struct oomtrace_victim *v, bool several)
{
	switch (oomtrace_field_valid(&v->h, B(victim_why)) ? v->why : OOMTRACE_WHYS) {
	case OOMTRACE_WHY_GROUP:
		return "its whole cgroup is killed (memory.oom.group)";
	case OOMTRACE_WHY_SHARED_MM:
		return several ? "share a victim's memory" : "shares a victim's memory";
	default:
		return "in the same OOM";
	}
}

static bool are_alike(const struct oomtrace_victim *x, const struct oomtrace_victim *y)
{
	return describe_other(x, false) == describe_other(y, false);
}

/* Name those of @n victims that are like the first one. */
static void say_alike(const struct oomtrace_victim **v, size_t n)
{
	char names[NAMES * (HUMAN_TASK_LEN + 2)] = "", one[HUMAN_TASK_LEN], more[40] = "";
	unsigned int alike = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!are_alike(v[0], v[i]) || alike++ >= NAMES)
			continue;
		if (i)
			strcat(names, ", ");
		strcat(names, human_task(one, v[i]->comm, v[i]->pid));
	}
	if (alike > NAMES)
		snprintf(more, sizeof(more), " and %u more", alike - NAMES);
	term_say("", "and %s%s: %s", names, more, describe_other(v[0], alike > 1));
}

/* The victims besides the first, one line for each reason. */
static void say_others(const struct brief *b)
{
	const struct oomtrace_victim **list;
	size_t n, i, j;

	list = victim_list(&n, b->recs, b->ep->number);
	for (i = 1; i < n; i++) {
		for (j = 1; j < i && !are_alike(list[j], list[i]); j++)
			;
		if (j == i)
			say_alike(list + i, n - i);
	}
	free(list);
}

static const char *describe_end(const struct brief *b)
{
	s64 ending, victims;

	if (!b->s.end.h.type && story_waits(&b->s))
		return "nobody: the OOM killer of the cgroup is off, and tasks wait";
	if (!get_field(&b->s.end.h, B(oom_end_ending), &ending))
		return "nobody so far: the end of this OOM is not recorded";
	switch (ending) {
	case OOMTRACE_ENDING_KILLED:
		if (!get_field(&b->s.end.h, B(oom_end_victims), &victims) || victims)
			return "its record is missing";
		return "nobody: the chosen process was dying or gone already";
	case OOMTRACE_ENDING_NOTIFIER_FREED:
		return "nobody: the kernel's oom notifiers freed memory";
	case OOMTRACE_ENDING_CALLER_EXITING:
		return "nobody: the process that asked was already exiting";
	case OOMTRACE_ENDING_SCAN_ABORTED:
		return "nobody: the kernel waited for an earlier victim to die";
	case OOMTRACE_ENDING_NO_FS:
		return "nobody: the request may not wait for file systems (no __GFP_FS)";
	case OOMTRACE_ENDING_NO_CANDIDATE:
		return "nobody: no process may be killed";
	case OOMTRACE_ENDING_PANIC:
		return "nobody: the kernel panicked";
	case OOMTRACE_ENDING_DISABLED:
		return "nobody: the OOM killer is disabled (suspend)";
	case OOMTRACE_ENDING_MEMORY_CAME:
		return "nobody: its OOM killer was off; tasks waited until memory came";
	case OOMTRACE_ENDING_LIMIT_RAISED:
		return "nobody: its OOM killer was off; tasks waited until the limit was raised";
	case OOMTRACE_ENDING_KILLER_ON:
		return "nobody: its OOM killer was off; tasks waited until it was switched on";
	case OOMTRACE_ENDING_WAITERS_KILLED:
		return "nobody: its OOM killer was off; tasks waited until a signal killed them";
	case OOMTRACE_ENDING_POLICY_FREED:
		return "nobody: a policy, not the kernel's own, ended the OOM";
	default:
		return "not known: how this OOM ended was not seen";
	}
}

/* " (pid 2 in its container)", if a task has another pid there. */
static const char *write_inner(char buf[INNER_MAX], s32 pid, bool known, s32 inner)
{
	*buf = '\0';
	if (known && inner && inner != pid)
		snprintf(buf, INNER_MAX, " (pid %d in its container)", inner);
	return buf;
}

/* "(earlyoom[77] had killed it before, in OOM 3: oomtrace last 3)" */
static void say_earlier(const struct brief *b, const struct oomtrace_victim *v)
{
	const struct oomtrace_oom_begin *first;
	char killer[HUMAN_TASK_LEN] = "the OOM killer";
	s64 earlier;

	if (!get_field(&v->h, B(victim_earlier), &earlier))
		return;
	first = records_first(b->recs, earlier, OOMTRACE_OOM_BEGIN);
	if (!first)
		snprintf(killer, sizeof(killer), "another one");
	else if (first->scope == OOMTRACE_SCOPE_USERSPACE)
		human_task(killer, first->comm, first->pid);
	term_say("", "(%s had killed it before, in OOM %lld: it was killed once)", killer,
		 earlier);
}

static void say_killed(const struct brief *b)
{
	const struct oomtrace_victim *v = &b->s.victim[0];
	char name[HUMAN_TASK_LEN], user[100] = "", freed[200], what[VICTIM_TEXT_MAX];
	char inner[INNER_MAX];
	char when[HUMAN_LEN];
	u64 ago;

	if (!b->s.victims) {
		term_say("Killed", "%s", describe_end(b));
		return;
	}
	if (oomtrace_field_valid(&v->h, B(victim_uid)))
		write_user(user, sizeof(user), b, v->uid);
	write_freed(freed, sizeof(freed), b, 0);
	write_inner(inner, v->pid, oomtrace_field_valid(&v->h, B(victim_ns_pid)), v->ns_pid);
	term_say("Killed", "\001%s\002%s%s%s", human_task(name, v->comm, v->pid), inner, user,
		 freed);
	if (victim_describe(what, b->recs, b->cgroups, b->ep->number, v->tgid, &ago))
		term_say("", "(%s; read %s before)", what, human_time(when, ago / NS_PER_S));
	else if (brief_container(what, sizeof(what), b))
		term_say("", "(of %s)", what);
	say_earlier(b, v);
	if (v->why == OOMTRACE_WHY_DYING && !oomtrace_field_valid(&v->h, B(victim_earlier)))
		term_say("", "(it was dying already: the kernel only gave it access to its reserves)");
	say_others(b);
}

/* ---- Left ---- */

/* The victims that did not go within a second. */
static void say_remains(const struct brief *b)
{
	const struct oomtrace_story_remains *r;
	char name[HUMAN_TASK_LEN];
	unsigned int i;

	for (i = 0; i < b->s.nremains; i++) {
		struct sentence text = { .len = 0 };
		const struct oomtrace_out out = {
			.vprint = brief_append, .ctx = &text,
		};
		struct text_writer w = { .out = &out, .page_size = b->page };

		r = &b->s.remains[i];
		write_remains(&w, r);
		term_say(i ? "" : "Left", "%s %s",
			 human_task(name, r->last.comm, r->last.tgid), text.text);
	}
}

/* The tasks that wait, since their cgroup's OOM killer is off. */
static void say_waits(const struct brief *b)
{
	unsigned int i, kept = b->s.waits < OOMTRACE_STORY_WAITS ?
			       b->s.waits : OOMTRACE_STORY_WAITS;

	for (i = 0; i < kept; i++) {
		struct sentence text = { .len = 0 };
		const struct oomtrace_out out = {
			.vprint = brief_append, .ctx = &text,
		};
		struct text_writer w = { .out = &out, .page_size = b->page };

		write_wait(&w, &b->s.wait[i]);
		term_say(i ? "" : "Waits", "%s", text.text);
	}
	if (b->s.waits > kept)
		term_say("", "and %u more", b->s.waits - kept);
}

/* ---- Asked, Before ---- */

static void write_stall(char *buf, size_t size, const struct oomtrace_psi *psi,
			const char *what)
{
	s64 some, age;

	*buf = '\0';
	if (!get_field(&psi->h, B(psi_some_avg10), &some))
		return;
	snprintf(buf, size, "%s" TERM_GLUE "%.1f" TERM_GLUE "%%", what, some / 100.0);
	if (get_field(&psi->h, B(psi_age_ns), &age) && age > FRESH_NS)
		snprintf(buf + strlen(buf), size - strlen(buf), " (%.0f s earlier)",
			 age / 1e9);
}

/* An upper bound of what the kernel could have reclaimed on the machine. */
static bool find_reclaimable(const struct brief *b, s64 *pages)
{
	const struct oomtrace_oom_begin *r = &b->s.begin;
	s64 file, slab, misc, anon, swap;

	if (r->scope != OOMTRACE_SCOPE_GLOBAL ||
	    !get_field(&r->h, B(oom_begin_file), &file) ||
	    !get_field(&r->h, B(oom_begin_slab_reclaimable), &slab) ||
	    !get_field(&r->h, B(oom_begin_anon), &anon) ||
	    !get_field(&r->h, B(oom_begin_swap_free), &swap) ||
	    !get_field(&b->s.memory.h, B(memory_kernel_misc_reclaimable), &misc))
		return false;
	*pages = (u64)file + (u64)slab + (u64)misc + (u64)(anon < swap ? anon : swap);
	return true;
}

/* "CPU 0/KVM[820], a thread of qemu-blue[818], for 4 KiB: anonymous memory" */
static void say_asked(const struct brief *b)
{
	const struct oomtrace_oom_begin *r = &b->s.begin;
	const char *process = story_process(&b->s), *need = story_need(&b->s);
	char name[HUMAN_TASK_LEN], leader[HUMAN_TASK_LEN], of[HUMAN_TASK_LEN + 32] = "";
	char pages[SIZE_TEXT_MAX];
	char inner[INNER_MAX];

	if (!r->h.type || r->scope == OOMTRACE_SCOPE_USERSPACE || r->order < 0 ||
	    r->order > 31 || r->trigger != OOMTRACE_TRIGGER_ALLOCATION)
		return;
	write_inner(inner, r->pid, oomtrace_field_valid(&r->h, B(oom_begin_ns_pid)), r->ns_pid);
	if (process)
		snprintf(of, sizeof(of), ", a thread of %s,",
			 human_task(leader, process, r->tgid));
	else if (r->pid != r->tgid)
		snprintf(of, sizeof(of), ", a thread of process %d,", r->tgid);
	term_say("Asked", "%s%s%s for %s%s%s", human_task(name, r->comm, r->pid), inner, of,
		 size_write(pages, 1LL << r->order, b->page), need ? ": " : "",
		 need ? need : "");
}

static void say_before(const struct brief *b)
{
	const struct oomtrace_oom_begin *r = &b->s.begin;
	char memory[80], io[80], size[SIZE_TEXT_MAX];
	char stalls[240] = "", left[120] = "";
	s64 pages = 0;

	if (!r->h.type)
		return;
	write_stall(memory, sizeof(memory), &b->s.psi[OOMTRACE_RESOURCE_MEMORY],
		    "memory pressure");
	write_stall(io, sizeof(io), &b->s.psi[OOMTRACE_RESOURCE_IO], "I/O");
	if (*memory)
		snprintf(stalls, sizeof(stalls), "%s (some, 10 s)%s%s", memory,
			 *io ? ", " : "", io);
	if (find_reclaimable(b, &pages))
		snprintf(left, sizeof(left), "%s%s left to reclaim", *stalls ? "; " : "",
			 pages ? size_write(size, pages, b->page) : "nothing");
	if (*left && pages)
		snprintf(left, sizeof(left), "%sat most %s left to reclaim",
			 *stalls ? "; " : "", size);
	if (*stalls || *left)
		term_say("Before", "%s%s", stalls, left);
}

/* ---- Next ---- */

/* A limit to try: half as much again. */
static u64 limit_to_try(const struct brief *b)
{
	u64 mib = (b->s.begin.memcg_limit * b->page) >> 20;

	return mib + (mib + 1) / 2 + !mib;
}

/* A command and what it is for, if the line has room for that. */
static void say_command(const char *label, const char *command, const char *use)
{
	bool fits = strlen(command) <= 27;

	term_say(label, fits ? "%-27s %s" : "%s%.0s", command, use);
}

static void say_next(const struct brief *b)
{
	const struct oomtrace_victim *v = &b->s.victim[0];
	char id[STORE_ID_MAX] = "", args[600], limit[SIZE_TEXT_MAX], what[700];
	char command[800];
	bool memcg = brief_scope(b->recs, b->ep->number) == OOMTRACE_SCOPE_MEMCG;
	s64 pages;

	store_name_sources(args, sizeof(args), b->opt);
	if (b->opt->id.number || b->opt->timed)
		store_id(id, b->st, b->ep);
	snprintf(what, sizeof(what), "%s%s%s", args, *id ? " " : "", id);
	putchar('\n');
	if (memcg && get_field(&b->s.begin.h, B(oom_begin_memcg_limit), &pages)) {
		term_say("Next", "raise the limit above %s, or see what needs it",
			 size_write(limit, pages, b->page));
		snprintf(command, sizeof(command), "oomtrace whatif --limit %lluM%s",
			 limit_to_try(b), what);
		if (b->ep->chosen)
			say_command("", command, "what a higher limit would do");
	} else {
		say_command("Next", "oomtrace protect", "who is next, and how to prevent it");
		snprintf(command, sizeof(command), "oomtrace whatif --save %d%s",
			 v->tgid, what);
		if (b->ep->chosen && b->s.victims)
			say_command("", command, "what would have saved it");
	}
	snprintf(command, sizeof(command), "oomtrace last -v%s", what);
	say_command("", command, "every number");
	snprintf(command, sizeof(command), "oomtrace report -o oom.html%s", what);
	say_command("", command, "a page to send");
}

/* The path, with its middle left out if it is long. */
static void say_path(const struct brief *b)
{
	char clean[4 * CGROUP_PATH_MAX];
	const char *path, *first, *last;
	s64 id;

	if (!get_field(&b->s.begin.h, B(oom_begin_memcg_id), &id))
		return;
	path = cgroups_path(b->cgroups, id);
	if (!path)
		return;
	oomtrace_escape(clean, sizeof(clean), path, CGROUP_PATH_MAX);
	if (strlen(clean) <= TERM_WIDTH - 9) {
		term_say("Cgroup", "%s", clean);
		return;
	}
	first = strchr(clean + 1, '/');
	last = strrchr(clean, '/');
	term_say("Cgroup", "%.*s/.../%.16s...%s  (-v: whole)",
		 first ? (int)(first - clean) : 0, clean, last + 1,
		 strlen(last) > 28 ? last + strlen(last) - 12 : "");
}

void brief_print(const struct store *st, const struct episode *ep,
		 const struct cgroups *cgroups, const struct options *opt)
{
	static struct brief b;
	size_t i;

	b = (struct brief){ .st = st, .ep = ep, .cgroups = cgroups, .opt = opt,
			    .recs = &st->load[ep->load].recs };
	b.here = load_is_here(&st->load[ep->load]);
	oomtrace_story_init(&b.s, ep->number, b.recs->facts.page_size);
	for (i = 0; i < b.recs->n; i++)
		oomtrace_story_feed(&b.s, b.recs->rec[i]);
	oomtrace_story_use_stack(&b.s, records_stack(b.recs, oomtrace_story_stack(&b.s)));
	b.page = b.s.page_size;
	brief_title(st, ep);
	putchar('\n');
	say_killed(&b);
	say_remains(&b);
	say_waits(&b);
	brief_say_decided(&b);
	brief_say_where(&b);
	brief_say_why(&b);
	say_asked(&b);
	say_before(&b);
	brief_say_after(&b);
	say_next(&b);
	say_path(&b);
}
