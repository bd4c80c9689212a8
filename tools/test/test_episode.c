// SPDX-License-Identifier: GPL-2.0
/*
 * Constructs the records of an episode: each function makes one kind of record
 * with plausible numbers, and most of them feed it to the story.
 */
#include "test_episode.h"

struct oomtrace_story story;

void feed(const void *rec)
{
	oomtrace_story_feed(&story, rec);
}

void feed_begin(u64 episode, unsigned int scope)
{
	RECORD(b, OOM_BEGIN, oom_begin);

	b.h.ts_ns = 123456789012ULL;
	b.episode = episode;
	b.pid = 812;
	b.tgid = 812;
	b.uid = 1000;
	b.gfp = 0xcc0;
	strcpy(b.comm, "hog");
	strcpy(b.gfp_names, "GFP_KERNEL");
	b.cgroup_id = 4127;
	b.free = 1234;
	b.file = 20;
	b.anon = 24100;
	b.totalram = 32768;
	b.wmark_min = 500;
	b.wmark_low = 625;
	b.wmark_high = 750;
	b.scope = scope;
	if (scope == OOMTRACE_SCOPE_MEMCG) {
		b.memcg_id = 4127;
		b.memcg_usage = 25600;
		b.memcg_limit = 25600;
		b.h.derived = OOMTRACE_BIT(oom_begin, memcg_usage);
	} else {
		b.h.valid &= ~(OOMTRACE_BIT(oom_begin, memcg_id) |
			       OOMTRACE_BIT(oom_begin, memcg_usage) |
			       OOMTRACE_BIT(oom_begin, memcg_limit));
	}
	feed(&b);
}

void feed_retries(u64 episode)
{
	RECORD(p, RETRY, retry);

	p.episode = episode;
	p.age_ns = 1234567;
	p.kind = OOMTRACE_RETRY_RECLAIM;
	p.reclaimable = 20;
	p.available = 480;
	p.min_wmark = 500;
	p.zone = 1;
	strcpy(p.zone_name, "DMA32");
	p.no_progress_loops = 16;
	feed(&p);
	p.kind = OOMTRACE_RETRY_COMPACT;
	p.max_retries = 16;
	p.retry = 1;
	feed(&p);
}

struct oomtrace_zone make_zone(u64 episode, const char *name, s64 free,
			       s64 min)
{
	RECORD(z, ZONE, zone);

	z.episode = episode;
	strcpy(z.name, name);
	z.free = free;
	z.wmark_min = min;
	z.wmark_low = min + 100;
	z.wmark_high = min + 200;
	z.allowed = 1;
	return z;
}

void feed_zone(u64 episode, const char *name, s64 free, s64 min)
{
	struct oomtrace_zone z = make_zone(episode, name, free, min);

	feed(&z);
}

struct oomtrace_memory make_memory(u64 episode)
{
	RECORD(m, MEMORY, memory);

	m.episode = episode;
	m.dirty = 3;
	m.writeback = 4;
	m.unevictable = 5;
	m.kernel_misc_reclaimable = 7;
	m.anon_thp = 512;
	m.hugetlb = 1024;
	m.hugetlb_free = 513;
	m.memcg_swap = 256;
	m.memcg_swap_max = LLONG_MAX / 4096;
	return m;
}

/* Averages of the last 10 s in hundredths of a percent; the others are lower. */
struct oomtrace_psi make_psi(u64 episode, unsigned int resource, u64 cgroup_id,
			     u32 some, u32 full)
{
	RECORD(p, PSI, psi);

	p.episode = episode;
	p.resource = resource;
	p.cgroup_id = cgroup_id;
	if (!cgroup_id)
		p.h.valid &= ~OOMTRACE_BIT(psi, cgroup_id);
	p.some_avg10 = some;
	p.some_avg60 = some / 2;
	p.some_avg300 = some / 4;
	p.full_avg10 = full;
	p.full_avg60 = full / 2;
	p.full_avg300 = full / 4;
	p.age_ns = 1234567890;
	return p;
}

void feed_psi(u64 episode, unsigned int resource, u64 cgroup_id, u32 some,
	      u32 full)
{
	struct oomtrace_psi p = make_psi(episode, resource, cgroup_id, some,
					 full);

	feed(&p);
}

/* A candidate whose points are its anonymous memory and 100 of page tables. */
struct oomtrace_candidate make_candidate(u64 episode, const char *comm, s32 pid,
					 u32 index, s64 points)
{
	RECORD(c, CANDIDATE, candidate);

	c.episode = episode;
	c.pid = pid;
	c.tgid = pid;
	c.index = index;
	strncpy(c.comm, comm, sizeof(c.comm) - 1);
	c.uid = 1000;
	c.cgroup_id = 4127;
	c.points = points;
	c.rss_anon = points - 100;
	c.pgtables_bytes = 100 * 4096;
	c.verdict = OOMTRACE_EVAL_KEPT;
	return c;
}

void feed_kept(u64 episode, const char *comm, s32 pid, u32 index, s64 points)
{
	struct oomtrace_candidate c = make_candidate(episode, comm, pid, index,
						points);

	feed(&c);
}

void feed_leading(u64 episode, const char *comm, s32 pid, u32 index,
		  s64 points)
{
	struct oomtrace_candidate c = make_candidate(episode, comm, pid, index,
						points);

	c.verdict = OOMTRACE_EVAL_LEADING;
	feed(&c);
}

void feed_exempt(u64 episode, const char *comm, s32 pid, u32 index,
		 unsigned int reason)
{
	struct oomtrace_candidate c = make_candidate(episode, comm, pid, index, 0);

	c.h.valid &= ~OOMTRACE_BIT(candidate, points);
	c.verdict = OOMTRACE_EVAL_INELIGIBLE;
	c.reason = reason;
	feed(&c);
}

/* The last leading candidate, with an oom_score_adj of 2 that is worth 64 pages. */
void feed_hog(u64 episode)
{
	struct oomtrace_candidate c = make_candidate(episode, "hog", 812, 9, 24310);

	c.rss_anon = 24020;
	c.rss_file = 80;
	c.swapents = 10;
	c.pgtables_bytes = 150 * 4096;
	c.oom_score_adj = 2;
	c.verdict = OOMTRACE_EVAL_LEADING;
	feed(&c);
}

struct oomtrace_verdict make_verdict(u64 episode)
{
	RECORD(v, VERDICT, verdict);

	v.episode = episode;
	v.pid = 812;
	v.tgid = 812;
	strcpy(v.comm, "hog");
	v.cgroup_id = 4127;
	v.points = 24310;
	v.totalpages = 25600;
	v.runner_up_pid = 811;
	v.runner_up_points = 310;
	v.constraint = OOMTRACE_CONSTRAINT_MEMCG;
	v.recomputed = OOMTRACE_RECOMPUTED_AGREE;
	v.policy = OOMTRACE_POLICY_MEMCG;
	return v;
}

void feed_victim(u64 episode, s32 pid, unsigned int why)
{
	RECORD(v, VICTIM, victim);

	v.h.valid &= ~OOMTRACE_BIT(victim, earlier);
	v.episode = episode;
	v.pid = pid;
	v.tgid = pid;
	strcpy(v.comm, "hog");
	v.rss_anon = 24020;
	v.rss_file = 80;
	v.why = why;
	feed(&v);
}

void feed_reap(u64 episode, s32 pid, unsigned int step, u64 since_ns, s64 left)
{
	RECORD(r, REAP, reap);

	r.episode = episode;
	r.pid = pid;
	r.step = step;
	r.since_kill_ns = since_ns;
	r.rss_anon = left;
	if (left < 0)
		r.h.valid &= ~(OOMTRACE_BIT(reap, rss_anon) |
			       OOMTRACE_BIT(reap, rss_file) |
			       OOMTRACE_BIT(reap, rss_shmem));
	feed(&r);
}

/* The exit of a victim's marked thread, after which others hold its memory. */
void feed_held(u64 episode, s32 pid, u64 since_ns, s64 left, u32 users)
{
	RECORD(r, REAP, reap);

	r.episode = episode;
	r.pid = pid;
	r.step = OOMTRACE_STEP_EXITED;
	r.since_kill_ns = since_ns;
	r.rss_anon = left;
	r.mm_users = users;
	feed(&r);
}

/* A candidate of which it is not known whether it was scored. */
void feed_open(u64 episode, const char *comm, s32 pid)
{
	RECORD(c, CANDIDATE, candidate);

	c.episode = episode;
	c.pid = pid;
	strcpy(c.comm, comm);
	c.verdict = OOMTRACE_EVAL_KEPT;
	c.h.valid &= ~(OOMTRACE_BIT(candidate, points) |
		       OOMTRACE_BIT(candidate, verdict) |
		       OOMTRACE_BIT(candidate, reason));
	feed(&c);
}

struct oomtrace_oom_end make_end(u64 episode, unsigned int ending)
{
	RECORD(e, OOM_END, oom_end);

	e.episode = episode;
	e.duration_ns = 1234567;
	e.notifier_freed = 77;
	e.ending = ending;
	return e;
}

void feed_end(u64 episode, unsigned int ending)
{
	struct oomtrace_oom_end e = make_end(episode, ending);

	feed(&e);
}

/* ---- the text ---- */

static char text[65536];
static size_t text_len;

static __printf(2, 0)
void append(void *ctx, const char *fmt, va_list args)
{
	(void)ctx;
	text_len += vscnprintf(text + text_len, sizeof(text) - text_len, fmt,
			       args);
}

const char *story_text(const struct oomtrace_story *s)
{
	static const struct oomtrace_out out = { .vprint = append };

	text_len = 0;
	text[0] = '\0';
	oomtrace_story_print(s, &out);
	return text;
}
