// SPDX-License-Identifier: GPL-2.0
/*
 * Stores paths of cgroups by their ids. Allocates nothing.
 */
#include <string.h>

#include "liboomtrace.h"
#include "cgroups.h"
#include "container_names.h"

static char *find_or_add_cgroup(struct cgroups *g, unsigned long long id)
{
	unsigned int i;

	for (i = 0; i < CGROUPS_KNOWN; i++)
		if (g->known[i].id == id && *g->known[i].path)
			return g->known[i].path;
	i = g->n++ % CGROUPS_KNOWN;
	g->known[i].id = id;
	memset(g->known[i].path, 0, CGROUP_PATH_MAX);
	return g->known[i].path;
}

void cgroups_feed(struct cgroups *g, const struct oomtrace_header *rec)
{
	const char *type = oomtrace_type_name(rec->type);
	char part[OOMTRACE_MAX_RECORD];
	long long id, offset;
	size_t len;
	char *path;

	if (!type || (strcmp(type, "name") && strcmp(type, "cgroup")) ||
	    oomtrace_get_int(rec, "cgroup_id", &id) <= 0 ||
	    oomtrace_get_int(rec, "offset", &offset) <= 0 ||
	    oomtrace_get_str(rec, "path", part, sizeof(part)) <= 0)
		return;
	len = strlen(part);
	if (offset < 0 || offset + len >= CGROUP_PATH_MAX || !len)
		return;
	path = find_or_add_cgroup(g, id);
	/* The parts of a path arrive in order; offset 0 starts a new path. */
	if (!offset)
		memset(path, 0, CGROUP_PATH_MAX);
	memcpy(path + offset, part, len);
}

const char *cgroups_path(const struct cgroups *g, unsigned long long id)
{
	unsigned int i;

	for (i = 0; i < CGROUPS_KNOWN; i++)
		if (g->known[i].id == id && *g->known[i].path)
			return g->known[i].path;
	return NULL;
}

enum cgroup_kind cgroups_describe(const struct cgroups *g, const char *path,
				  char *label, size_t size)
{
	if (!g->names_root)
		return cgroup_kind(path, label, size);
	return cgroup_describe(g->names_root, path, label, size);
}
