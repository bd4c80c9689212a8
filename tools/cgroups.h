/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cgroups by name: paths from the records, and whose a path is: a container's,
 * a pod's, a systemd unit's.
 */
#ifndef OOMTRACE_CGROUPS_H
#define OOMTRACE_CGROUPS_H

#include <stddef.h>

#include "../include/oomtrace.h"

#define CGROUP_PATH_MAX	1024
#define CGROUP_LABEL_MAX 384

/**
 * enum cgroup_kind - who made a cgroup, told from its path
 * @CGROUP_OTHER: nobody known.
 * @CGROUP_DOCKER: Docker: a container.
 * @CGROUP_PODMAN: Podman: a container.
 * @CGROUP_KUBERNETES: a container in a pod, whatever runs it.
 * @CGROUP_SYSTEMD: a unit.
 */
enum cgroup_kind {
	CGROUP_OTHER,
	CGROUP_DOCKER,
	CGROUP_PODMAN,
	CGROUP_KUBERNETES,
	CGROUP_SYSTEMD,
	CGROUP_KINDS,
};

/**
 * cgroup_kind() - whose is a path?
 * @path: from the root of the hierarchy, as "/system.slice/cron.service".
 * @label: out: a name for a person: "docker 0123456789ab", "cron.service".
 * @size: bytes of @label; CGROUP_LABEL_MAX are enough.
 *
 * Return: enum cgroup_kind. @label is the path if it is CGROUP_OTHER.
 */
enum cgroup_kind cgroup_kind(const char *path, char *label, size_t size);

/** cgroup_kind_name() - "docker", ...; "" for CGROUP_OTHER */
const char *cgroup_kind_name(enum cgroup_kind kind);

/* Cgroups whose paths are remembered; the newest ones. */
#define CGROUPS_KNOWN	256

/**
 * struct cgroups - paths by id
 * @n: names that were ever put in.
 * @known: a ring of the newest. All private.
 */
struct cgroups {
	unsigned long long n;
	struct {
		unsigned long long id;
		char path[CGROUP_PATH_MAX];
	} known[CGROUPS_KNOWN];
};

/** cgroups_feed() - take a record into account; only name records matter */
void cgroups_feed(struct cgroups *g, const struct oomtrace_header *rec);

/** cgroups_path() - the path of a cgroup, NULL if no record told it */
const char *cgroups_path(const struct cgroups *g, unsigned long long id);

#endif /* OOMTRACE_CGROUPS_H */
