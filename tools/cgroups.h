/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paths of cgroups from the records, and the container, pod or systemd unit that a
 * path belongs to.
 */
#ifndef OOMTRACE_CGROUPS_H
#define OOMTRACE_CGROUPS_H

#include <stddef.h>

#include "../include/oomtrace.h"

#define CGROUP_PATH_MAX	1024
#define CGROUP_LABEL_MAX 384

/**
 * enum cgroup_kind - what a cgroup belongs to, judged by its path
 * @CGROUP_OTHER: unknown.
 * @CGROUP_DOCKER: a container of Docker.
 * @CGROUP_PODMAN: a container of Podman.
 * @CGROUP_KUBERNETES: a pod, or a container in a pod, of any runtime.
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
 * cgroup_kind() - find what a cgroup belongs to
 * @path: from the root of the hierarchy, like "/system.slice/cron.service".
 * @label: out: a readable name: "docker 0123456789ab", "cron.service".
 * @size: bytes of @label; CGROUP_LABEL_MAX are enough.
 *
 * Return: enum cgroup_kind. @label is the path if it is CGROUP_OTHER.
 */
enum cgroup_kind cgroup_kind(const char *path, char *label, size_t size);

/** cgroup_kind_name() - "docker", ...; "" for CGROUP_OTHER */
const char *cgroup_kind_name(enum cgroup_kind kind);

/* Number of cgroups whose paths are stored; new ones replace the oldest. */
#define CGROUPS_KNOWN	256

/**
 * struct cgroups - paths by id; all members are private
 * @n: number of paths added so far.
 * @known: ring buffer of the newest paths.
 */
struct cgroups {
	unsigned long long n;
	struct {
		unsigned long long id;
		char path[CGROUP_PATH_MAX];
	} known[CGROUPS_KNOWN];
};

/** cgroups_feed() - process a record; only name records matter */
void cgroups_feed(struct cgroups *g, const struct oomtrace_header *rec);

/** cgroups_path() - the path of a cgroup, NULL if no record has it */
const char *cgroups_path(const struct cgroups *g, unsigned long long id);

#endif /* OOMTRACE_CGROUPS_H */
