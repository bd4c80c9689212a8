// SPDX-License-Identifier: GPL-2.0
/*
 * Lists the victims of an OOM, and describes one by what oomtraced read while it lived.
 */
#include <liboomtrace.h>
#include <stdio.h>

#include "../common/format.h"
#include "clock.h"
#include "human.h"
#include "victim.h"

/* Characters of the command line that are shown. */
#define CMDLINE_SHOWN	120

/* " of payments.service"; a cgroup that is nobody's says little. */
static void write_owner(char *buf, size_t size, const struct cgroups *cgroups,
			const struct oomtrace_process *p)
{
	char owner[CGROUP_LABEL_MAX], path[OOMTRACE_PROCESS_TEXT + 1];

	*buf = '\0';
	if (!oomtrace_field_valid(&p->h, OOMTRACE_BIT_process_cgroup))
		return;
	oomtrace_get_str(&p->h, "cgroup", path, sizeof(path));
	if (cgroups_describe(cgroups, path, owner, sizeof(owner)) != CGROUP_OTHER)
		snprintf(buf, size, " of %.150s", owner);
}

/*
 * A process has two records if a daemon sends it SIGTERM and SIGKILL, or if it both
 * shares a victim's memory and is of a memory.oom.group.
 */
const struct oomtrace_victim **victim_list(size_t *n, const struct records *recs,
					   unsigned long long episode)
{
	const struct oomtrace_victim **list, *v;
	const struct oomtrace_header *rec;
	size_t pos = 0, all = 0, i;

	while ((rec = records_next(recs, episode, &pos)))
		all += rec->type == OOMTRACE_VICTIM;
	list = xcalloc(all + 1, sizeof(*list));
	*n = 0;
	for (pos = 0; (rec = records_next(recs, episode, &pos));) {
		v = (const void *)rec;
		if (rec->type != OOMTRACE_VICTIM)
			continue;
		for (i = 0; i < *n && list[i]->tgid != v->tgid; i++)
			;
		if (i == *n)
			list[(*n)++] = v;
	}
	return list;
}

bool victim_describe(char buf[VICTIM_TEXT_MAX], const struct records *recs,
		     const struct cgroups *cgroups, unsigned long long episode, s32 pid,
		     u64 *read_ago_ns)
{
	char text[OOMTRACE_PROCESS_TEXT + 1], of[200], up[HUMAN_LEN], all[VICTIM_TEXT_MAX];
	const struct oomtrace_process *p;
	const struct oomtrace_header *rec;
	size_t pos = 0;

	do {
		rec = records_next(recs, episode, &pos);
		p = (const void *)rec;
	} while (rec && (rec->type != OOMTRACE_PROCESS || p->pid != pid));
	if (!p)
		return false;
	oomtrace_get_str(&p->h, oomtrace_field_valid(&p->h, OOMTRACE_BIT_process_cmdline) ?
			 "cmdline" : "comm", text, sizeof(text));
	write_owner(of, sizeof(of), cgroups, p);
	human_time(up, p->age_ns / NS_PER_S);
	snprintf(all, sizeof(all), "%.*s%s%s, up %s", CMDLINE_SHOWN, text,
		 strlen(text) > CMDLINE_SHOWN ? "..." : "", of, up);
	oomtrace_escape(buf, VICTIM_TEXT_MAX, all, sizeof(all));
	*read_ago_ns = p->read_ago_ns;
	return true;
}
