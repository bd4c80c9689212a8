/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a cgroup belongs to, judged by its path alone: a unit, a container, a pod,
 * a batch job. Reads no file, so it works for paths of other machines.
 */
#ifndef OOMTRACE_CGROUP_OWNER_H
#define OOMTRACE_CGROUP_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#define CGROUP_PATH_MAX	1024
#define CGROUP_LABEL_MAX 384

/**
 * enum cgroup_kind - what a cgroup belongs to
 * @CGROUP_OTHER: unknown.
 * @CGROUP_DOCKER: a container of Docker.
 * @CGROUP_PODMAN: a container or a pod of Podman.
 * @CGROUP_KUBERNETES: a pod, or a container in a pod, of any runtime.
 * @CGROUP_SYSTEMD: a unit of this machine's or a user's systemd.
 * @CGROUP_CONTAINER: a container of another runtime: nerdctl, containerd, CRI-O.
 * @CGROUP_ECS: a task, or a container in a task, of Amazon ECS.
 * @CGROUP_SLURM: a job of Slurm.
 * @CGROUP_NOMAD: a task of Nomad.
 * @CGROUP_MACHINE: a system container (LXC, systemd-nspawn), or a unit inside one.
 */
enum cgroup_kind {
	CGROUP_OTHER,
	CGROUP_DOCKER,
	CGROUP_PODMAN,
	CGROUP_KUBERNETES,
	CGROUP_SYSTEMD,
	CGROUP_CONTAINER,
	CGROUP_ECS,
	CGROUP_SLURM,
	CGROUP_NOMAD,
	CGROUP_MACHINE,
	CGROUP_KINDS,
};

/**
 * struct cgroup_owner - what the components of a path say; "" if they do not
 * @kind: enum cgroup_kind.
 * @unit: the innermost unit, with systemd's escapes decoded.
 * @system_unit: the unit of this machine's systemd that has the cgroup, as systemd
 *	writes it; no slice.
 * @user_unit: the unit of a user's systemd, as systemd writes it; no slice.
 * @uid: the user of @user_unit or of a session; "" if none.
 * @machine: the system container that everything else is inside of.
 * @runtime: "docker", "podman", "containerd", "cri-o", "nerdctl".
 * @container_id: 64 hexadecimal digits.
 * @container: the container's own name, if the path has it.
 * @pod_uid: the pod's uid as Kubernetes writes it.
 * @job: a Slurm job with its step, an ECS task, a Nomad allocation.
 * @is_pod: Podman only: @container_id is a pod's.
 * @is_monitor: the cgroup is that of the process that watches the container.
 * @is_foreign: the container or pod is below a user's systemd, another container or a
 *	system container. Whoever may create cgroups there chooses the id, so it says
 *	nothing about the containers that this machine's runtimes know.
 */
struct cgroup_owner {
	enum cgroup_kind kind;
	char unit[256];
	char system_unit[256];
	char user_unit[256];
	char uid[12];
	char machine[128];
	const char *runtime;
	char container_id[65];
	char container[128];
	char pod_uid[37];
	char job[128];
	bool is_pod;
	bool is_monitor;
	bool is_foreign;
};

/** cgroup_owner_parse() - fill @o from a path like "/system.slice/cron.service" */
void cgroup_owner_parse(const char *path, struct cgroup_owner *o);

/**
 * cgroup_owner_label() - a readable name
 * @o: the owner.
 * @label: out: "docker 0123456789ab", "cron.service", "nginx.service in container
 *	web1". May have any byte that @o has: escape it before printing.
 * @size: bytes of @label; CGROUP_LABEL_MAX are enough.
 *
 * Return: false if the owner is unknown; @label is then "".
 */
bool cgroup_owner_label(const struct cgroup_owner *o, char *label, size_t size);

/**
 * cgroup_kind() - find what a cgroup belongs to
 * @path: from the root of the hierarchy, like "/system.slice/cron.service".
 * @label: out: as cgroup_owner_label() writes it, or @path if it is CGROUP_OTHER.
 * @size: bytes of @label; CGROUP_LABEL_MAX are enough.
 *
 * Return: enum cgroup_kind.
 */
enum cgroup_kind cgroup_kind(const char *path, char *label, size_t size);

/** cgroup_kind_name() - "docker", ...; "" for CGROUP_OTHER */
const char *cgroup_kind_name(enum cgroup_kind kind);

#endif /* OOMTRACE_CGROUP_OWNER_H */
