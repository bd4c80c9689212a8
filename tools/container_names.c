// SPDX-License-Identifier: GPL-2.0
/*
 * Looks up names of containers and pods in files of container runtimes.
 *
 * oomtraced calls this shortly after an OOM, so nothing is allocated: directories
 * are read with getdents64() and files in blocks, into static buffers. The JSON
 * files are searched for the exact bytes that their writers produce. A quote
 * inside a JSON string has a backslash, so these bytes cannot be part of a value.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "container_names.h"

#define BLOCK	65536
/* A file of a runtime that is larger is not read to its end. */
#define FILE_MAX (16 << 20)
#define ID_SHOWN 12

static char block[BLOCK] __attribute__((aligned(8)));

/* ---- reading ---- */

typedef bool (*see_entry)(const char *name, const void *ctx,
			  struct container_names *names);

/* Call @see for each entry until it returns true. */
static bool search_dir(const char *root, const char *dir, see_entry see,
		       const void *ctx, struct container_names *names)
{
	char path[512];
	bool found = false;
	long n, at;
	int fd;

	snprintf(path, sizeof(path), "%s%s", root, dir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (!found && (n = syscall(SYS_getdents64, fd, block, sizeof(block))) > 0)
		for (at = 0; at < n && !found;) {
			const struct dirent64 *d = (const void *)(block + at);

			found = *d->d_name != '.' && see(d->d_name, ctx, names);
			at += d->d_reclen;
		}
	close(fd);
	return found;
}

/* Copy the JSON string that begins at @s, if it ends before @end. */
static bool copy_json_string(char *to, size_t size, const char *s,
			     const char *end)
{
	size_t n = 0;

	for (; s < end && *s != '"'; s++) {
		/* No runtime allows a name with a character that needs an escape. */
		if (*s == '\\' || n + 1 == size)
			return false;
		to[n++] = *s;
	}
	to[n] = '\0';
	return s < end && n;
}

static int open_file(const char *root, const char *file)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s", root, file);
	/* O_NONBLOCK: the file could be a pipe. */
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* Copy the JSON string that follows the bytes @key in a file. */
static bool search_file(const char *root, const char *file, const char *key,
			char *to, size_t size)
{
	size_t keep = strlen(key) + size, have = 0, total = 0;
	bool found = false;
	char *at;
	ssize_t n;
	int fd;

	fd = open_file(root, file);
	if (fd < 0)
		return false;
	while (!found && total < FILE_MAX &&
	       (n = read(fd, block + have, sizeof(block) - have)) > 0) {
		have += n;
		total += n;
		at = memmem(block, have, key, strlen(key));
		if (at)
			found = copy_json_string(to, size, at + strlen(key),
						 block + have);
		/* The next block may complete what this one ends with. */
		if (have > keep) {
			memmove(block, block + have - keep, keep);
			have = keep;
		}
	}
	close(fd);
	return found;
}

/* Copy a string of a JSON file that people write, so with any white space. */
static bool search_setting(const char *root, const char *file, const char *key,
			   char *to, size_t size)
{
	const char *at, *end;
	ssize_t n;
	int fd;

	fd = open_file(root, file);
	if (fd < 0)
		return false;
	n = read(fd, block, sizeof(block) - 1);
	close(fd);
	if (n <= 0)
		return false;
	block[n] = '\0';
	end = block + n;
	at = memmem(block, n, key, strlen(key));
	if (!at)
		return false;
	at += strlen(key);
	at += strspn(at, " \t\r\n:");
	return at < end && *at == '"' && copy_json_string(to, size, at + 1, end);
}

/* ---- Kubernetes ---- */

/* An entry of /var/log/pods: NAMESPACE_POD_UID. */
static bool see_pod_dir(const char *name, const void *ctx,
			struct container_names *names)
{
	const struct cgroup_owner *o = ctx;
	const char *pod = strchr(name, '_');
	const char *uid = strrchr(name, '_');

	if (!pod || pod == uid || strcasecmp(uid + 1, o->pod_uid))
		return false;
	snprintf(names->ns, sizeof(names->ns), "%.*s", (int)(pod - name), name);
	snprintf(names->pod, sizeof(names->pod), "%.*s", (int)(uid - pod - 1),
		 pod + 1);
	return true;
}

/* An entry of /var/log/containers: POD_NAMESPACE_CONTAINER-ID.log. */
static bool see_container_log(const char *name, const void *ctx,
			      struct container_names *names)
{
	const struct cgroup_owner *o = ctx;
	const char *id = strstr(name, o->container_id);
	const char *ns = strchr(name, '_');
	const char *container = ns ? strchr(ns + 1, '_') : NULL;

	if (!id || strcmp(id + strlen(o->container_id), ".log") || !container ||
	    container + 2 > id || id[-1] != '-')
		return false;
	if (!*names->pod) {
		snprintf(names->pod, sizeof(names->pod), "%.*s",
			 (int)(ns - name), name);
		snprintf(names->ns, sizeof(names->ns), "%.*s",
			 (int)(container - ns - 1), ns + 1);
	}
	snprintf(names->container, sizeof(names->container), "%.*s",
		 (int)(id - container - 2), container + 1);
	return true;
}

static void find_pod(const char *root, const struct cgroup_owner *o,
		     struct container_names *names)
{
	search_dir(root, "/var/log/pods", see_pod_dir, o, names);
	if (*o->container_id)
		search_dir(root, "/var/log/containers", see_container_log, o,
			   names);
}

/* ---- Docker and Podman ---- */

static void find_docker(const char *root, const struct cgroup_owner *o,
			struct container_names *names)
{
	char dir[256], file[sizeof(dir) + 128];

	if (!search_setting(root, "/etc/docker/daemon.json", "\"data-root\"", dir,
			    sizeof(dir)))
		strcpy(dir, "/var/lib/docker");
	snprintf(file, sizeof(file), "%s/containers/%s/config.v2.json", dir,
		 o->container_id);
	/* Only a container's own name starts with a slash. */
	search_file(root, file, "\"Name\":\"/", names->container,
		    sizeof(names->container));
}

static void find_podman(const char *root, const struct cgroup_owner *o,
			struct container_names *names)
{
	/* By storage driver. Containers of --rm are in a file of their own. */
	static const char * const files[] = {
		"overlay-containers/containers.json",
		"overlay-containers/volatile-containers.json",
		"vfs-containers/containers.json",
		"vfs-containers/volatile-containers.json",
		"btrfs-containers/containers.json",
		"btrfs-containers/volatile-containers.json",
		"zfs-containers/containers.json",
		"zfs-containers/volatile-containers.json",
	};
	char key[128], file[128];
	unsigned int i;

	snprintf(key, sizeof(key), "\"id\":\"%s\",\"names\":[\"",
		 o->container_id);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(file, sizeof(file), "/var/lib/containers/storage/%s", files[i]);
		if (search_file(root, file, key, names->container,
				sizeof(names->container)))
			return;
	}
}

bool container_names_complete(const struct cgroup_owner *o,
			      const struct container_names *names)
{
	switch (o->kind) {
	case CGROUP_KUBERNETES:
		return *names->pod && (*names->container || !*o->container_id);
	case CGROUP_DOCKER:
	case CGROUP_PODMAN:
	case CGROUP_CONTAINER:
		return *names->container;
	default:
		return true;
	}
}

bool container_names_find(const char *root, const struct cgroup_owner *o,
			  struct container_names *names)
{
	memset(names, 0, sizeof(*names));
	if (o->is_foreign)
		return container_names_complete(o, names);
	switch (o->kind) {
	case CGROUP_KUBERNETES:
		find_pod(root, o, names);
		break;
	case CGROUP_DOCKER:
		find_docker(root, o, names);
		break;
	case CGROUP_PODMAN:
		if (!o->is_pod)
			find_podman(root, o, names);
		break;
	default:
		break;
	}
	return container_names_complete(o, names);
}

/* ---- labels ---- */

static const char absent[] = " (name not found)";

static size_t append(char *label, size_t size, size_t n, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static size_t append(char *label, size_t size, size_t n, const char *fmt, ...)
{
	va_list args;
	int more;

	va_start(args, fmt);
	more = vsnprintf(label + n, size - n, fmt, args);
	va_end(args);
	n += more < 0 ? 0 : more;
	return n < size ? n : size - 1;
}

static void label_pod(const struct cgroup_owner *o,
		      const struct container_names *names, char *label,
		      size_t size)
{
	size_t n = 0;

	if (*o->container_id && *names->container)
		n = append(label, size, n, "container %s of ", names->container);
	else if (*o->container_id)
		n = append(label, size, n, "container %.*s%s of ", ID_SHOWN,
			   o->container_id, absent);
	if (*names->pod)
		append(label, size, n, "pod %s/%s", names->ns, names->pod);
	else
		append(label, size, n, "pod %s%s", o->pod_uid, absent);
}

bool container_names_label(const struct cgroup_owner *o,
			   const struct container_names *names,
			   char *label, size_t size)
{
	bool named = *names->container;
	size_t n;

	switch (o->kind) {
	case CGROUP_KUBERNETES:
		label_pod(o, names, label, size);
		return true;
	case CGROUP_DOCKER:
	case CGROUP_PODMAN:
	case CGROUP_CONTAINER:
		if (named)
			snprintf(label, size, "%s container %s", o->runtime,
				 names->container);
		else
			cgroup_owner_label(o, label, size);
		n = strlen(label);
		if (!named)
			append(label, size, n, "%s", absent);
		return true;
	default:
		return cgroup_owner_label(o, label, size);
	}
}

enum cgroup_kind cgroup_describe(const char *root, const char *path,
				 char *label, size_t size)
{
	struct container_names names;
	struct cgroup_owner o;

	cgroup_owner_parse(path, &o);
	container_names_find(root, &o, &names);
	if (!container_names_label(&o, &names, label, size))
		snprintf(label, size, "%s", path);
	return o.kind;
}
