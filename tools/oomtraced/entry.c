// SPDX-License-Identifier: GPL-2.0
/*
 * Builds an entry from the records of an episode, from what was known of the
 * victim before it died, and from the names of containers.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "../../common/decider.h"
#include "../clock.h"
#include "../container_names.h"
#include "../findings.h"
#include "../human.h"
#include "../when.h"
#include "entry.h"
#include "known.h"

/* A command line is shown up to this length in the message. */
#define CMDLINE_SHOWN	60

/* What the fields of an entry are made of. */
struct facts {
	const struct journal_episode *e;
	const struct cgroups *g;
	s64 wall_offset_ns;
	s64 boot_offset_ns;
	const struct known_process *known;	/* the victim; NULL if not known */
	const char *path;		/* cgroup of the victim; NULL if not known */
	struct cgroup_owner owner;	/* of @path */
	struct container_names names;
	char label[CGROUP_LABEL_MAX];	/* "" if not known */
};

/* ---- fields ---- */

__printf(3, 0)
static void add_field(struct entry *to, bool numeric, const char *fmt,
		      va_list args)
{
	if (to->n == ENTRY_FIELDS)
		return;
	to->numeric[to->n] = numeric;
	to->field[to->n].iov_base = to->text[to->n];
	to->field[to->n].iov_len = vscnprintf(to->text[to->n], ENTRY_TEXT, fmt,
					      args);
	to->n++;
}

__printf(2, 3)
static void add_text(struct entry *to, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_field(to, false, fmt, args);
	va_end(args);
}

__printf(2, 3)
static void add_number(struct entry *to, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_field(to, true, fmt, args);
	va_end(args);
}

static void add_known_text(struct entry *to, const char *name, const char *value)
{
	if (*value)
		add_text(to, "%s=%s", name, value);
}

/* Add a field of a record, unless it is absent: a number, a name or any bytes. */
static void add_record_field(struct entry *to, const char *name,
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
		add_text(to, "%s=%.*s", name, (int)len, s);
		return;
	}
	n = oomtrace_field_int(rec, f);
	if (oomtrace_field_name(f, n))
		add_text(to, "%s=%s", name, oomtrace_field_name(f, n));
	else
		add_number(to, "%s=%lld", name, n);
}

/* Add a number of pages in bytes. */
static void add_bytes(struct entry *to, const char *name,
		      const struct oomtrace_header *rec, unsigned int idx)
{
	if (rec->type && oomtrace_field_valid(rec, idx))
		add_number(to, "%s=%lld", name,
			   oomtrace_field_int(rec, &oomtrace_type_desc(rec->type)->fields[idx]) *
			   sysconf(_SC_PAGESIZE));
}

/* Add a cgroup's id, its path if known, and the container or unit it belongs to. */
static void add_cgroup(struct entry *to, const char *name,
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
	add_number(to, "%s_ID=%llu", name, id);
	if (!path)
		return;
	add_text(to, "%s=%s", name, path);
	if (cgroup_kind(path, label, sizeof(label)) != CGROUP_OTHER)
		add_text(to, "%s_UNIT=%s", name, label);
}

/* ---- facts ---- */

/* A victim that was exiting anyway, or killed in an earlier OOM, was not killed. */
static bool is_killed(const struct journal_episode *e)
{
	return e->victim.h.type && oomtrace_victim_is_new(&e->victim.h);
}

/* The number of processes; a victim may get more than one signal. */
static u32 count_victims(const struct journal_episode *e)
{
	return e->end.victims > e->again ? e->end.victims - e->again : 1;
}

/* When the episode began, or the first that is known of it. */
static u64 start_of(const struct journal_episode *e)
{
	return e->begin.h.type ? e->begin.h.ts_ns :
	       e->verdict.h.type ? e->verdict.h.ts_ns :
	       e->victim.h.type ? e->victim.h.ts_ns : e->end.h.ts_ns;
}

/* The victim's resident and swapped memory in pages; false if not known. */
static bool victim_pages(const struct oomtrace_victim *v, s64 *pages)
{
	if (!v->h.type ||
	    !oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_rss_anon))
		return false;
	*pages = v->rss_anon + v->rss_file + v->rss_shmem;
	if (oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_swapents))
		*pages += v->swapents;
	return true;
}

static void collect_facts(struct facts *f)
{
	const struct oomtrace_victim *v = &f->e->victim;

	if (v->h.type) {
		f->known = known_find(v->tgid, v->comm, v->h.ts_ns);
		if (oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_cgroup_id))
			f->path = cgroups_path(f->g, v->cgroup_id);
		if (!f->path && f->known && *f->known->cgroup)
			f->path = f->known->cgroup;
	} else if (f->e->begin.h.type &&
		   oomtrace_field_valid(&f->e->begin.h, OOMTRACE_BIT_oom_begin_memcg_id)) {
		f->path = cgroups_path(f->g, f->e->begin.memcg_id);
	}
	if (!f->path)
		return;
	cgroup_owner_parse(f->path, &f->owner);
	cgroups_names(f->g, &f->owner, f->path, &f->names);
	container_names_label(&f->owner, &f->names, f->label, sizeof(f->label));
}

/* ---- the message ---- */

/* A text that grows; what does not fit is cut. */
struct message {
	char text[ENTRY_TEXT];
	size_t len;
};

__printf(2, 3)
static void say(struct message *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	m->len += vscnprintf(m->text + m->len, sizeof(m->text) - m->len, fmt,
			     args);
	va_end(args);
}

/* Names may have any byte: a message must not control a terminal. */
static void say_name(struct message *m, const char *name, size_t n)
{
	char clean[4 * CGROUP_PATH_MAX + 1];

	oomtrace_escape(clean, sizeof(clean), name, n);
	say(m, "%s", clean);
}

static void say_task(struct message *m, const char *comm, s32 pid)
{
	say_name(m, comm, strnlen(comm, OOMTRACE_COMM_LEN));
	say(m, "[%d]", pid);
}

/* What an OOM daemon did to a victim, as a verb. */
static const char *daemon_verb(const struct oomtrace_victim *v)
{
	if (!oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_signal))
		return "reaped the memory of";
	return v->signal == SIGKILL ? "killed" : "asked to exit:";
}

static void say_known(struct message *m, const struct facts *f)
{
	s64 up_ns = f->e->victim.h.ts_ns + f->boot_offset_ns - f->known->start_ns;
	size_t len = strlen(f->known->cmdline);
	char up[HUMAN_LEN];

	say(m, " (read before: ");
	if (len)
		say(m, "%.*s%s, ", CMDLINE_SHOWN, f->known->cmdline,
		    len > CMDLINE_SHOWN ? "..." : "");
	say(m, "up %s)", human_time(up, up_ns / NS_PER_S));
}

/* Where memory was out; the limit's owner if that is not the victim's. */
static void say_where(struct message *m, const struct facts *f)
{
	const struct oomtrace_oom_begin *b = &f->e->begin;
	char size[HUMAN_LEN], label[CGROUP_LABEL_MAX];
	struct findings found;
	const char *path;

	if (!b->h.type) {
		say(m, ", its begin was overwritten");
		return;
	}
	if (b->scope == OOMTRACE_SCOPE_USERSPACE)
		return;
	if (b->scope == OOMTRACE_SCOPE_GLOBAL) {
		say(m, ", %s",
		    b->trigger == OOMTRACE_TRIGGER_SYSRQ ? "asked by sysrq-f" :
		    f->e->verdict.constraint == OOMTRACE_CONSTRAINT_CPUSET ?
		    "the nodes of a cpuset were out of memory" :
		    f->e->verdict.constraint == OOMTRACE_CONSTRAINT_MEMORY_POLICY ?
		    "the nodes of a memory policy were out of memory" :
		    "the machine was out of memory");
		return;
	}
	if (!oomtrace_field_valid(&b->h, OOMTRACE_BIT_oom_begin_memcg_limit)) {
		say(m, ", a cgroup was out of memory");
		return;
	}
	say(m, ", limit %s",
	    human_size(size, (double)b->memcg_limit * sysconf(_SC_PAGESIZE)));
	path = cgroups_path(f->g, b->memcg_id);
	if (path && f->path && strcmp(path, f->path)) {
		cgroups_describe(f->g, path, label, sizeof(label));
		if (strcmp(label, f->label)) {
			say(m, " of ");
			say_name(m, label, strlen(label));
		}
	}
	say(m, " reached");
	findings_write(&found, &f->e->account, sysconf(_SC_PAGESIZE));
	if (found.n)
		say(m, ": %s", found.text[0]);
}

static void say_victim(struct message *m, const struct facts *f)
{
	const struct oomtrace_victim *v = &f->e->victim;
	char size[HUMAN_LEN];
	s64 pages;

	say_task(m, v->comm, v->pid);
	if (count_victims(f->e) > 1)
		say(m, " and %u more", count_victims(f->e) - 1);
	if (*f->label) {
		say(m, " of ");
		say_name(m, f->label, strlen(f->label));
	}
	if (f->known)
		say_known(m, f);
	if (victim_pages(v, &pages))
		say(m, ", %s", human_size(size, (double)pages * sysconf(_SC_PAGESIZE)));
}

/* The stamp of the earlier OOM is not known here, so its number alone is said. */
static void say_again(struct message *m, const struct facts *f)
{
	const struct journal_episode *e = f->e;

	if (oomtrace_decider(&e->begin, &e->verdict) == OOMTRACE_DECIDER_DAEMON)
		say_task(m, e->begin.comm, e->begin.pid);
	else
		say(m, "the OOM killer");
	say(m, " chose ");
	say_task(m, e->victim.comm, e->victim.pid);
	if (oomtrace_field_valid(&e->victim.h, OOMTRACE_BIT_victim_earlier))
		say(m, ", which OOM %llu had killed before", (u64)e->victim.earlier);
	else
		say(m, ", which was dying already");
}

/* " by a policy in the kernel ("...")": the message is the policy's own. */
static void say_policy(struct message *m, const struct facts *f)
{
	const struct oomtrace_verdict *v = &f->e->verdict;

	if (oomtrace_decider(&f->e->begin, v) != OOMTRACE_DECIDER_POLICY)
		return;
	say(m, ", by a policy in the kernel");
	if (!oomtrace_field_valid(&v->h, OOMTRACE_BIT_verdict_message))
		return;
	say(m, " (");
	say_name(m, v->message, strnlen(v->message, sizeof(v->message)));
	say(m, ")");
}

static void say_no_victim(struct message *m, const struct facts *f)
{
	const struct oomtrace_field *ending =
		&oomtrace_type_desc(OOMTRACE_OOM_END)->fields[OOMTRACE_BIT_oom_end_ending];
	const char *name = oomtrace_field_name(ending, f->e->end.ending);

	say(m, "no process was killed (%s)", name ?: "ending unknown");
	if (f->e->begin.h.type) {
		say(m, "; allocated by ");
		say_task(m, f->e->begin.comm, f->e->begin.pid);
	}
}

static void add_message(struct entry *to, const struct facts *f)
{
	struct message m = { .len = 0 };
	char stamp[WHEN_MAX];

	if (f->e->victim.h.type && !is_killed(f->e) &&
	    f->e->victim.why != OOMTRACE_WHY_CALLER_EXITING) {
		say_again(&m, f);
	} else if (f->e->victim.h.type && f->e->begin.h.type &&
		   f->e->begin.scope == OOMTRACE_SCOPE_USERSPACE) {
		say_task(&m, f->e->begin.comm, f->e->begin.pid);
		say(&m, " %s ", daemon_verb(&f->e->victim));
		say_victim(&m, f);
	} else if (is_killed(f->e)) {
		say(&m, "killed ");
		say_victim(&m, f);
		say_policy(&m, f);
	} else {
		say_no_victim(&m, f);
	}
	say_where(&m, f);
	add_text(to, "MESSAGE=OOM: %.*s (oomtrace last %s-%llu)",
		 (int)(sizeof(m.text) - 96), m.text,
		 when_write_stamp(stamp, start_of(f->e) + f->wall_offset_ns),
		 f->e->episode);
}

/* ---- the entry ---- */

static void add_times(struct entry *to, const struct facts *f)
{
	s64 when = start_of(f->e) + f->wall_offset_ns;
	char stamp[WHEN_MAX], text[HUMAN_LEN];

	add_text(to, "OOM_ID=%s-%llu", when_write_stamp(stamp, when), f->e->episode);
	add_text(to, "OOM_TIME=%s", human_utc(text, when));
}

/* With these fields, `journalctl -u UNIT` shows the entry. */
static void add_object(struct entry *to, const struct facts *f)
{
	if (!f->e->victim.h.type)
		return;
	add_number(to, "OBJECT_PID=%d", f->e->victim.pid);
	add_known_text(to, "OBJECT_SYSTEMD_UNIT", f->owner.system_unit);
	add_known_text(to, "OBJECT_SYSTEMD_USER_UNIT", f->owner.user_unit);
}

static void add_owner(struct entry *to, const struct facts *f)
{
	add_known_text(to, "OOM_OWNER", f->label);
	add_known_text(to, "OOM_UNIT", f->owner.unit);
	add_known_text(to, "OOM_MACHINE", f->owner.machine);
	add_known_text(to, "OOM_CONTAINER", *f->names.container ?
		       f->names.container : f->owner.container);
	add_known_text(to, "OOM_CONTAINER_ID", f->owner.container_id);
	add_known_text(to, "OOM_POD", f->names.pod);
	add_known_text(to, "OOM_NAMESPACE", f->names.ns);
	add_known_text(to, "OOM_POD_UID", f->owner.pod_uid);
	add_known_text(to, "OOM_JOB", f->owner.job);
}

/* Who decided, and by which rule, as far as it is known. */
static void add_decider(struct entry *to, const struct facts *f)
{
	const struct journal_episode *e = f->e;
	enum oomtrace_decider decider = oomtrace_decider(&e->begin, &e->verdict);

	if (decider == OOMTRACE_DECIDER_UNKNOWN)
		return;
	add_text(to, "OOM_DECIDED_BY=%s", oomtrace_decider_name(decider));
	if (decider == OOMTRACE_DECIDER_DAEMON)
		add_cgroup(to, "OOM_ASKER_CGROUP", f->g, &e->begin.h,
			   OOMTRACE_BIT_oom_begin_cgroup_id);
	add_record_field(to, "OOM_POLICY", &e->verdict.h, OOMTRACE_BIT_verdict_policy);
	add_record_field(to, "OOM_POLICY_MESSAGE", &e->verdict.h,
			 OOMTRACE_BIT_verdict_message);
}

static void add_victim(struct entry *to, const struct facts *f)
{
	const struct oomtrace_victim *v = &f->e->victim;
	char text[HUMAN_LEN];
	s64 pages;

	if (victim_pages(v, &pages))
		add_number(to, "OOM_VICTIM_MEMORY_BYTES=%lld",
			   pages * sysconf(_SC_PAGESIZE));
#define ADD(name, field) \
	add_bytes(to, name, &v->h, OOMTRACE_BIT_victim_##field)
	ADD("OOM_VICTIM_ANON_BYTES", rss_anon);
	ADD("OOM_VICTIM_FILE_BYTES", rss_file);
	ADD("OOM_VICTIM_SHMEM_BYTES", rss_shmem);
	ADD("OOM_VICTIM_SWAP_BYTES", swapents);
#undef ADD
	if (!f->known)
		return;
	add_known_text(to, "OOM_VICTIM_CMDLINE", f->known->cmdline);
	add_text(to, "OOM_VICTIM_STARTED=%s",
		 human_utc(text, f->known->start_ns - f->boot_offset_ns +
			   f->wall_offset_ns));
	add_text(to, "OOM_VICTIM_CMDLINE_READ=%s",
		 human_utc(text, f->known->read_ns + f->wall_offset_ns));
}

/* What the cgroup's memory was used for; these fields are in bytes already. */
static void add_account(struct entry *to, const struct oomtrace_memcg *m)
{
#define ADD(name, field) \
	add_record_field(to, name, &m->h, OOMTRACE_BIT_memcg_##field)
	ADD("OOM_USED_ANON_BYTES", anon);
	ADD("OOM_USED_FILE_BYTES", file);
	ADD("OOM_USED_SHMEM_BYTES", shmem);
	ADD("OOM_USED_KERNEL_BYTES", kernel);
	ADD("OOM_USED_SOCK_BYTES", sock);
#undef ADD
}

void entry_build(struct entry *to, const struct journal_episode *e,
		 const struct cgroups *g, s64 wall_offset_ns,
		 s64 boot_offset_ns)
{
	struct facts f = {
		.e = e, .g = g, .wall_offset_ns = wall_offset_ns,
		.boot_offset_ns = boot_offset_ns,
	};

	collect_facts(&f);
	to->n = 0;
	add_message(to, &f);
	add_text(to, "MESSAGE_ID=" JOURNAL_MESSAGE_ID);
	add_text(to, "SYSLOG_IDENTIFIER=oomtrace");
	add_number(to, "PRIORITY=%d", is_killed(e) ? LOG_ERR : LOG_WARNING);
	add_text(to, "DOCUMENTATION=man:oomtraced(8)");
	add_object(to, &f);
	add_times(to, &f);
	add_number(to, "OOM_EPISODE=%llu", e->episode);
#define ADD(name, member, type, field) \
	add_record_field(to, name, &e->member.h, OOMTRACE_BIT_##type##_##field)
	ADD("OOM_SCOPE", begin, oom_begin, scope);
	ADD("OOM_TRIGGER", begin, oom_begin, trigger);
	ADD("OOM_ENDING", end, oom_end, ending);
	add_decider(to, &f);
	ADD("OOM_ASKER_PID", begin, oom_begin, pid);
	ADD("OOM_ASKER_COMM", begin, oom_begin, comm);
	ADD("OOM_VICTIM_PID", victim, victim, pid);
	ADD("OOM_VICTIM_COMM", victim, victim, comm);
	ADD("OOM_VICTIM_UID", victim, victim, uid);
	ADD("OOM_VICTIM_OOM_SCORE_ADJ", victim, victim, oom_score_adj);
	ADD("OOM_VICTIM_EARLIER", victim, victim, earlier);
	if (e->end.h.type &&
	    oomtrace_field_valid(&e->end.h, OOMTRACE_BIT_oom_end_victims))
		add_number(to, "OOM_VICTIMS=%u", count_victims(e));
	add_victim(to, &f);
	add_owner(to, &f);
	ADD("OOM_POINTS", verdict, verdict, points);
	ADD("OOM_TOTALPAGES", verdict, verdict, totalpages);
	ADD("OOM_CONSTRAINT", verdict, verdict, constraint);
	ADD("OOM_DURATION_NS", end, oom_end, duration_ns);
#undef ADD
	add_bytes(to, "OOM_LIMIT_BYTES", &e->begin.h,
		  OOMTRACE_BIT_oom_begin_memcg_limit);
	add_bytes(to, "OOM_USAGE_BYTES", &e->begin.h,
		  OOMTRACE_BIT_oom_begin_memcg_usage);
	add_account(to, &e->account);
	add_cgroup(to, "OOM_CGROUP", g, &e->begin.h,
		   OOMTRACE_BIT_oom_begin_memcg_id);
	add_cgroup(to, "OOM_VICTIM_CGROUP", g, &e->victim.h,
		   OOMTRACE_BIT_victim_cgroup_id);
}
