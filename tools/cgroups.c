// SPDX-License-Identifier: GPL-2.0
/*
 * Stores paths of cgroups, and the names of their containers, by their ids.
 * Allocates nothing.
 */
#include <stdio.h>
#include <string.h>

#include "liboomtrace.h"
#include "cgroups.h"

static unsigned int known_count(const struct cgroups *g)
{
	return g->n < CGROUPS_KNOWN ? g->n : CGROUPS_KNOWN;
}

static unsigned int find_or_add_cgroup(struct cgroups *g, unsigned long long id)
{
	unsigned int i;

	for (i = 0; i < known_count(g); i++)
		if (g->known[i].id == id)
			return i;
	i = g->n++ % CGROUPS_KNOWN;
	memset(&g->known[i], 0, sizeof(g->known[i]));
	g->known[i].id = id;
	return i;
}

static void feed_path(struct cgroups *g, const struct oomtrace_header *rec)
{
	char part[OOMTRACE_MAX_RECORD];
	long long id, offset;
	size_t len;
	char *path;

	if (oomtrace_get_int(rec, "cgroup_id", &id) <= 0 ||
	    oomtrace_get_int(rec, "offset", &offset) <= 0 ||
	    oomtrace_get_str(rec, "path", part, sizeof(part)) <= 0)
		return;
	len = strlen(part);
	if (offset < 0 || offset + len >= CGROUP_PATH_MAX || !len)
		return;
	path = g->known[find_or_add_cgroup(g, id)].path;
	/* The parts of a path arrive in order; offset 0 starts a new path. */
	if (!offset)
		memset(path, 0, CGROUP_PATH_MAX);
	memcpy(path + offset, part, len);
}

static void feed_names(struct cgroups *g, const struct oomtrace_header *rec)
{
	struct container_names names = { "", "", "" };
	long long id;

	if (oomtrace_get_int(rec, "cgroup_id", &id) <= 0)
		return;
	oomtrace_get_str(rec, "pod_namespace", names.ns, sizeof(names.ns));
	oomtrace_get_str(rec, "pod", names.pod, sizeof(names.pod));
	oomtrace_get_str(rec, "container", names.container, sizeof(names.container));
	g->known[find_or_add_cgroup(g, id)].names = names;
}

void cgroups_feed(struct cgroups *g, const struct oomtrace_header *rec)
{
	const char *type = oomtrace_type_name(rec->type);

	if (!type)
		return;
	if (!strcmp(type, "name") || !strcmp(type, "cgroup"))
		feed_path(g, rec);
	else if (!strcmp(type, "container"))
		feed_names(g, rec);
}

const char *cgroups_path(const struct cgroups *g, unsigned long long id)
{
	unsigned int i;

	for (i = 0; i < known_count(g); i++)
		if (g->known[i].id == id && *g->known[i].path)
			return g->known[i].path;
	return NULL;
}

/* Names from a record: @path is that of a cgroup, which has one container. */
static const struct container_names *find_names(const struct cgroups *g, const char *path)
{
	unsigned int i;

	for (i = 0; i < known_count(g); i++)
		if (!strcmp(g->known[i].path, path) &&
		    (*g->known[i].names.container || *g->known[i].names.pod))
			return &g->known[i].names;
	return NULL;
}

bool cgroups_names(const struct cgroups *g, const struct cgroup_owner *o,
		   const char *path, struct container_names *names)
{
	const struct container_names *known = find_names(g, path);

	/* kubelet names a container's log only after the start: it may have died before. */
	if (!known || (g->names_root && !container_names_complete(o, known))) {
		memset(names, 0, sizeof(*names));
		if (g->names_root && container_names_find(g->names_root, o, names))
			return true;
	}
	if (known)
		*names = *known;
	return container_names_complete(o, names);
}

enum cgroup_kind cgroups_describe(const struct cgroups *g, const char *path,
				  char *label, size_t size)
{
	struct container_names names;
	struct cgroup_owner o;

	cgroup_owner_parse(path, &o);
	if (!cgroups_names(g, &o, path, &names) && !g->names_root && !*names.pod &&
	    !*names.container)
		return cgroup_kind(path, label, size);
	if (!container_names_label(&o, &names, label, size))
		snprintf(label, size, "%s", path);
	return o.kind;
}
