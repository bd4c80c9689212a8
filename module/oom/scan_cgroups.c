// SPDX-License-Identifier: GPL-2.0
/*
 * The cgroups of a scan's candidates. Handlers find most of them without a call,
 * see the header. Here a cgroup is added that this scan has not seen.
 *
 * Runs in the task inside out_of_memory(). Does not wait or allocate.
 */
#include "oom/cgroup_paths.h"
#include "oom/scan_cgroups.h"

struct oomtrace_scan_cgroups oomtrace_scan_cgroups;

/**
 * oomtrace_scan_cgroups_begin() - start a scan without cgroups
 */
void oomtrace_scan_cgroups_begin(void)
{
	struct oomtrace_scan_cgroups *s = &oomtrace_scan_cgroups;

	s->scan++;
	s->last = NULL;
	s->paths = NULL;
	s->full = false;
	s->unnamed = 0;
}

enum presence { SEEN, NEW, NO_ROOM };

static enum presence see(const struct cgroup_subsys_state *css, u64 id)
{
	struct oomtrace_scan_cgroups *s = &oomtrace_scan_cgroups;
	struct oomtrace_seen_cgroup *seen = &s->seen[hash_ptr(css, OOMTRACE_SEEN_SHIFT)];
	unsigned int i;

	for (i = 0; i < OOMTRACE_NEIGHBOURS; i++) {
		if (seen[i].scan != s->scan) {
			seen[i].css = css;
			seen[i].scan = s->scan;
			seen[i].id = id;
			return NEW;
		}
		if (seen[i].css == css)
			return SEEN;
	}
	return NO_ROOM;
}

/* An episode has cgroups that are not its candidates', and gets its set late. */
static void see_all_of(const struct oomtrace_paths *paths)
{
	const struct cgroup_subsys_state *css;
	unsigned int i;

	for (i = 0; (css = oomtrace_paths_css(paths, i)); i++)
		see(css, cgroup_id(css->cgroup));
	oomtrace_scan_cgroups.paths = paths;
}

/**
 * oomtrace_scan_cgroup_add() - make a cgroup the last one, and add it if it is new
 * @paths: the episode's set; NULL if it has none, or none yet.
 * @css: the cgroup of a candidate; preemption is off.
 */
void oomtrace_scan_cgroup_add(struct oomtrace_paths *paths,
			      struct cgroup_subsys_state *css)
{
	struct oomtrace_scan_cgroups *s = &oomtrace_scan_cgroups;

	if (s->paths != paths)
		see_all_of(paths);
	s->last = css;
	s->last_id = cgroup_id(css->cgroup);
	switch (see(css, s->last_id)) {
	case SEEN:
		return;
	case NEW:
		if (!paths)
			return;
		if (!oomtrace_paths_add_new(paths, css))
			s->unnamed++;
		s->full = !oomtrace_paths_has_room(paths);
		return;
	case NO_ROOM:
		oomtrace_paths_add(paths, css, true);
		return;
	}
}

/**
 * oomtrace_scan_cgroups_end() - count the cgroups that found no room
 * @paths: the episode's set, or NULL.
 */
void oomtrace_scan_cgroups_end(struct oomtrace_paths *paths)
{
	oomtrace_paths_count_unnamed(paths, oomtrace_scan_cgroups.unnamed);
	oomtrace_scan_cgroups.unnamed = 0;
}
