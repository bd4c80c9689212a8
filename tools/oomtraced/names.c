// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a record of the names of a cgroup's container and pod.
 */
#include <string.h>

#include "../../common/format.h"
#include "made.h"
#include "names.h"

/* Store a name, unless it is absent. */
static void store_name(struct oomtrace_container *rec, char *to, size_t size,
		       const char *name, u64 bit)
{
	if (*name)
		strncpy(to, name, size);
	else
		rec->h.valid &= ~bit;
}

bool names_record(struct oomtrace_container *rec, const struct cgroups *g,
		  const struct oomtrace_name *name)
{
	const char *path = cgroups_path(g, name->cgroup_id);
	struct container_names names;
	struct cgroup_owner owner;

	if (!path || strlen(path) < name->length)
		return false;
	cgroup_owner_parse(path, &owner);
	cgroups_names(g, &owner, path, &names);
	if (!*names.pod && !*names.container)
		return false;
	made_start(&rec->h, OOMTRACE_CONTAINER, sizeof(*rec), OOMTRACE_ALL(container),
		   &name->h);
	rec->cgroup_id = name->cgroup_id;
#define STORE(field, from)							\
	store_name(rec, rec->field, sizeof(rec->field), names.from,		\
		   OOMTRACE_BIT(container, field))
	STORE(pod_namespace, ns);
	STORE(pod, pod);
	STORE(container, container);
#undef STORE
	return true;
}
