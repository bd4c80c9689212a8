// SPDX-License-Identifier: GPL-2.0
/*
 * Reduces a cgroup to the labels of its workload.
 */
#include <string.h>

#include "../lib/utf8.h"
#include "workload.h"

static const char unknown[] = "unknown";

void workload_clean(char *dst, unsigned long size, const char *src,
		    unsigned long n)
{
	size_t len, i, odd;

	oomtrace_utf8_clean(dst, size, src, n, &len);
	for (i = 0; i < len; i += odd ?: 1) {
		odd = oomtrace_utf8_control(dst + i, len - i);
		memset(dst + i, '?', odd);
	}
}

static void set_label(char label[WORKLOAD_LABEL], const char *value)
{
	workload_clean(label, WORKLOAD_LABEL, value, strlen(value));
}

static void set_name(char label[WORKLOAD_LABEL], const char *name)
{
	set_label(label, *name ? name : unknown);
}

/* Sessions and transient units are numbered: leave the number out. */
static void set_unit(struct workload *w, const char *unit)
{
	static const char * const numbered[] = { "session-", "run-" };
	const char *end = strrchr(unit, '.');
	char name[WORKLOAD_LABEL];
	unsigned int i;

	for (i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++) {
		if (strncmp(unit, numbered[i], strlen(numbered[i])) || !end)
			continue;
		strcpy(name, numbered[i]);
		name[strlen(name) - 1] = '\0';
		strncat(name, end, sizeof(name) - strlen(name) - 1);
		set_label(w->unit, name);
		return;
	}
	set_label(w->unit, unit);
}

/* The first directory: the rest may have numbers. */
static void set_directory(struct workload *w, const char *path)
{
	size_t n = strlen(path) ? 1 + strcspn(path + 1, "/") : 0;

	workload_clean(w->unit, sizeof(w->unit), n ? path : "/", n ?: 1);
}

void workload_of(const struct cgroups *g, const char *path, struct workload *w)
{
	struct container_names names;
	struct cgroup_owner o;

	memset(w, 0, sizeof(*w));
	cgroup_owner_parse(path, &o);
	cgroups_names(g, &o, path, &names);
	switch (o.kind) {
	case CGROUP_KUBERNETES:
		set_name(w->namespace_, names.ns);
		set_name(w->container, names.container);
		break;
	case CGROUP_DOCKER:
	case CGROUP_PODMAN:
	case CGROUP_CONTAINER:
		set_name(w->container, names.container);
		break;
	case CGROUP_NOMAD:
		set_name(w->container, o.container);
		break;
	case CGROUP_ECS:
	case CGROUP_SLURM:
		set_label(w->unit, cgroup_kind_name(o.kind));
		break;
	case CGROUP_MACHINE:
	case CGROUP_SYSTEMD:
		set_unit(w, o.unit);
		set_label(w->container, o.machine);
		break;
	default:
		set_directory(w, path);
	}
}
