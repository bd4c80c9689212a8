/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cgroups of a scan's candidates: each is added to the episode's paths once, or
 * counted once if they have no room. Thousands of candidates may be in hundreds of
 * cgroups, so none but a new one is searched for.
 */
#ifndef OOMTRACE_SCAN_CGROUPS_H
#define OOMTRACE_SCAN_CGROUPS_H

#include <linux/cgroup.h>
#include <linux/hash.h>
#include <linux/types.h>

struct oomtrace_paths;

/* Entries in the table of cgroups, as a power of two. */
#define OOMTRACE_SEEN_SHIFT	12
/* Entries searched for a cgroup, from its hash on. */
#define OOMTRACE_NEIGHBOURS	8

/**
 * struct oomtrace_seen_cgroup - a cgroup of a scan's candidates
 * @css: its memory controller state, only compared.
 * @scan: number of the scan; the entry is free if it is another one.
 * @id: cgroup_id().
 */
struct oomtrace_seen_cgroup {
	const struct cgroup_subsys_state *css;
	u64 scan;
	u64 id;
};

/**
 * struct oomtrace_scan_cgroups - the cgroups of the current scan
 * @last: the cgroup of the last candidate, only compared.
 * @last_id: its cgroup_id().
 * @scan: number of the scan.
 * @paths: the set whose cgroups are in @seen, only compared.
 * @full: that set has no room for a candidate's cgroup.
 * @unnamed: cgroups that found no room.
 * @seen: by hash.
 *
 * Only the task inside out_of_memory() accesses it.
 */
struct oomtrace_scan_cgroups {
	const struct cgroup_subsys_state *last;
	u64 last_id;
	u64 scan;
	const struct oomtrace_paths *paths;
	bool full;
	u32 unnamed;
	struct oomtrace_seen_cgroup seen[(1 << OOMTRACE_SEEN_SHIFT) +
					 OOMTRACE_NEIGHBOURS - 1];
};

extern struct oomtrace_scan_cgroups oomtrace_scan_cgroups;

/*
 * Make a cgroup the last one, if this scan has seen it, or if it can only be
 * counted. False if it must be added. Mostly it is that of the previous candidate.
 */
static __always_inline bool
oomtrace_scan_cgroup_enter(const struct cgroup_subsys_state *css)
{
	struct oomtrace_scan_cgroups *s = &oomtrace_scan_cgroups;
	struct oomtrace_seen_cgroup *seen;

	if (css == s->last)
		return true;
	seen = &s->seen[hash_ptr(css, OOMTRACE_SEEN_SHIFT)];
	if (seen->scan != s->scan) {
		if (!s->full)
			return false;
		seen->css = css;
		seen->scan = s->scan;
		seen->id = cgroup_id(css->cgroup);
		s->unnamed++;
	} else if (seen->css != css) {
		return false;
	}
	s->last = css;
	s->last_id = seen->id;
	return true;
}

void oomtrace_scan_cgroups_begin(void);
void oomtrace_scan_cgroup_add(struct oomtrace_paths *paths,
			      struct cgroup_subsys_state *css);
void oomtrace_scan_cgroups_end(struct oomtrace_paths *paths);

#endif /* OOMTRACE_SCAN_CGROUPS_H */
