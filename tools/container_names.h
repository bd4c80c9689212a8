/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of this machine's containers and pods, from files that container
 * runtimes keep. No daemon or API is asked.
 */
#ifndef OOMTRACE_CONTAINER_NAMES_H
#define OOMTRACE_CONTAINER_NAMES_H

#include <stdbool.h>

#include "cgroup_owner.h"

/**
 * struct container_names - names; "" if absent
 * @ns: namespace of the pod.
 * @pod: the pod.
 * @container: the container.
 *
 * The names may have any byte: escape them before printing.
 */
struct container_names {
	char ns[64];
	char pod[256];
	char container[256];
};

/**
 * container_names_find() - look up the names of a cgroup's owner
 * @root: "" for this machine; a directory in which tests have such files.
 * @o: the owner.
 * @names: out.
 *
 * Sources: the directories /var/log/pods and /var/log/containers of kubelet,
 * config.v2.json of Docker in its data-root, and containers.json of Podman (that of
 * root only, in the default directory, with any storage driver).
 * Allocates nothing.
 *
 * Return: false if the owner should have names, but one of them was not found.
 */
bool container_names_find(const char *root, const struct cgroup_owner *o,
			  struct container_names *names);

/** container_names_complete() - has the owner all names that it should have? */
bool container_names_complete(const struct cgroup_owner *o,
			      const struct container_names *names);

/**
 * cgroup_describe() - cgroup_owner_label() with the names of this machine
 * @root: as container_names_find().
 * @path: the cgroup.
 * @label: out: "container nginx of pod shop/web-7d9f", or an id followed by
 *	"(name not found)".
 * @size: bytes of @label; CGROUP_LABEL_MAX are enough.
 *
 * Return: enum cgroup_kind. @label is @path if it is CGROUP_OTHER.
 */
enum cgroup_kind cgroup_describe(const char *root, const char *path,
				 char *label, size_t size);

/** container_names_label() - as cgroup_describe(), with names that were found before */
bool container_names_label(const struct cgroup_owner *o,
			   const struct container_names *names,
			   char *label, size_t size);

#endif /* OOMTRACE_CONTAINER_NAMES_H */
