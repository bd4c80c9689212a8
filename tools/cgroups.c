// SPDX-License-Identifier: GPL-2.0
/*
 * Stores paths of cgroups and derives container, pod and unit names from them.
 * Allocates nothing.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "liboomtrace.h"
#include "cgroups.h"

/* Container ids are 64 hexadecimal digits; tools show the first 12. */
#define ID_LEN		64
#define ID_SHOWN	12

/* The id at the end of a path component, after any prefix; NULL if none. */
static const char *container_id(const char *name)
{
	size_t len = strcspn(name, "/");
	const char *dot = memchr(name, '.', len);
	size_t end = dot ? (size_t)(dot - name) : len;
	size_t i;

	if (end < ID_LEN)
		return NULL;
	for (i = end - ID_LEN; i < end; i++)
		if (!isxdigit((unsigned char)name[i]))
			return NULL;
	return name + end - ID_LEN;
}

/* The last component that contains an id, and the id. */
static const char *last_container(const char *path, const char **name)
{
	const char *at, *id, *found = NULL;

	for (at = strchr(path, '/'); at; at = strchr(at + 1, '/')) {
		id = container_id(at + 1);
		if (!id)
			continue;
		found = id;
		*name = at + 1;
	}
	return found;
}

/* A pod's uid is a UUID after "pod"; systemd replaces its dashes by underscores. */
static bool pod_uid(const char *path, char uid[37])
{
	const char *at;
	int i;

	for (at = strstr(path, "pod"); at; at = strstr(at + 1, "pod")) {
		for (i = 0; i < 36; i++) {
			char c = at[3 + i] == '_' ? '-' : at[3 + i];
			bool dash = i == 8 || i == 13 || i == 18 || i == 23;

			if (dash ? c != '-' : !isxdigit((unsigned char)c))
				break;
			uid[i] = c;
		}
		if (i == 36) {
			uid[36] = '\0';
			return true;
		}
	}
	return false;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The innermost unit; systemd escapes bytes of its name as "\x2d". */
static bool unit_name(const char *path, char *label, size_t size)
{
	static const char * const kinds[] = {
		".service", ".scope", ".mount", ".swap", ".socket", ".slice",
	};
	const char *at, *end, *found = NULL;
	size_t len = 0, n = 0;
	unsigned int i;

	for (at = strchr(path, '/'); at; at = strchr(at + 1, '/')) {
		end = at + 1 + strcspn(at + 1, "/");
		for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			size_t k = strlen(kinds[i]);

			if ((size_t)(end - at - 1) <= k ||
			    strncmp(end - k, kinds[i], k))
				continue;
			found = at + 1;
			len = end - found;
		}
	}
	if (!found)
		return false;
	for (at = found; at < found + len && n + 1 < size; at++) {
		if (at + 3 < found + len && at[0] == '\\' && at[1] == 'x' &&
		    hex_digit(at[2]) >= 0 && hex_digit(at[3]) >= 0) {
			label[n++] = hex_digit(at[2]) << 4 | hex_digit(at[3]);
			at += 3;
		} else {
			label[n++] = *at;
		}
	}
	label[n] = '\0';
	return true;
}

enum cgroup_kind cgroup_kind(const char *path, char *label, size_t size)
{
	const char *name = NULL, *id = last_container(path, &name);
	char uid[37];

	if (strstr(path, "kubepods") && pod_uid(path, uid)) {
		snprintf(label, size, id ? "pod %s container %.*s" : "pod %s",
			 uid, ID_SHOWN, id);
		return CGROUP_KUBERNETES;
	}
	if (id && strstr(path, "libpod")) {
		snprintf(label, size, "podman %.*s", ID_SHOWN, id);
		return CGROUP_PODMAN;
	}
	if (id && (!strncmp(name, "docker-", 7) || strstr(path, "/docker/"))) {
		snprintf(label, size, "docker %.*s", ID_SHOWN, id);
		return CGROUP_DOCKER;
	}
	if (unit_name(path, label, size))
		return CGROUP_SYSTEMD;
	snprintf(label, size, "%s", path);
	return CGROUP_OTHER;
}

const char *cgroup_kind_name(enum cgroup_kind kind)
{
	static const char * const names[] = {
		"", "docker", "podman", "kubernetes", "systemd",
	};

	return kind < CGROUP_KINDS ? names[kind] : "";
}

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

	if (!type || strcmp(type, "name") ||
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
