// SPDX-License-Identifier: GPL-2.0
/*
 * Derives container, pod, unit and job names from paths of cgroups. Allocates
 * nothing and reads no file.
 *
 * Each component of the path may add to what is known; a later one replaces what
 * an earlier one said, because the innermost owner is the one to name. Only a
 * system container (LXC, nspawn) stays: units below it are not this machine's.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cgroup_owner.h"

/* Container ids are 64 hexadecimal digits; tools show the first 12. */
#define ID_LEN		64
#define ID_SHOWN	12

/* A component of a path; not NUL-terminated. */
struct part {
	const char *s;
	size_t len;
};

static bool starts(struct part p, const char *prefix)
{
	return p.len >= strlen(prefix) && !memcmp(p.s, prefix, strlen(prefix));
}

static bool ends(struct part p, const char *suffix)
{
	size_t len = strlen(suffix);

	return p.len > len && !memcmp(p.s + p.len - len, suffix, len);
}

static bool is(struct part p, const char *s)
{
	return p.len == strlen(s) && starts(p, s);
}

static bool all_hex(const char *s, size_t n)
{
	while (n && isxdigit((unsigned char)*s)) {
		s++;
		n--;
	}
	return !n;
}

static bool all_digits(struct part p)
{
	size_t i;

	for (i = 0; i < p.len; i++)
		if (!isdigit((unsigned char)p.s[i]))
			return false;
	return p.len;
}

static struct part next_part(const char **at)
{
	struct part p;

	p.s = *at + strspn(*at, "/");
	p.len = strcspn(p.s, "/");
	*at = p.s + p.len;
	return p;
}

static struct part skip(struct part p, const char *prefix)
{
	size_t len = strlen(prefix);

	return (struct part){ p.s + len, p.len - len };
}

static struct part cut(struct part p, const char *suffix)
{
	return (struct part){ p.s, p.len - strlen(suffix) };
}

#define STORE(to, p) \
	snprintf(to, sizeof(to), "%.*s", (int)(p).len, (p).s)

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Store a name of systemd, which escapes bytes as "\x2d". */
static void store_unescaped(char *to, size_t size, struct part p)
{
	size_t i, n = 0;

	for (i = 0; i < p.len && n + 1 < size; i++) {
		if (i + 3 < p.len && p.s[i] == '\\' && p.s[i + 1] == 'x' &&
		    hex_digit(p.s[i + 2]) >= 0 && hex_digit(p.s[i + 3]) >= 0) {
			to[n++] = hex_digit(p.s[i + 2]) << 4 |
				  hex_digit(p.s[i + 3]);
			i += 3;
		} else {
			to[n++] = p.s[i];
		}
	}
	to[n] = '\0';
}

/* ---- units ---- */

static bool is_unit(struct part p)
{
	static const char * const kinds[] = {
		".service", ".scope", ".mount", ".swap", ".socket", ".slice",
	};
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (ends(p, kinds[i]))
			return true;
	return false;
}

static bool is_of_user(const struct cgroup_owner *o)
{
	return !strncmp(o->system_unit, "user@", 5);
}

static void see_unit(struct cgroup_owner *o, struct part p)
{
	bool slice = ends(p, ".slice");
	struct part uid;

	if (!is_unit(p))
		return;
	store_unescaped(o->unit, sizeof(o->unit), p);
	if (*o->machine)
		return;
	if (starts(p, "user-") && slice) {
		uid = cut(skip(p, "user-"), ".slice");
		if (all_digits(uid))
			STORE(o->uid, uid);
	}
	if (slice)
		return;
	if (!*o->system_unit)
		STORE(o->system_unit, p);
	else if (is_of_user(o) && !*o->user_unit && !is(p, "init.scope"))
		STORE(o->user_unit, p);
}

/* ---- containers ---- */

/*
 * A user may create any cgroup below the user's systemd, and a container any below its
 * own cgroup, so with the id of another container, too. @id: "" for a pod.
 */
static void see_whose(struct cgroup_owner *o, const char *id)
{
	o->is_foreign |= is_of_user(o) || *o->machine ||
			 (*o->container_id && !o->is_pod && strncmp(o->container_id, id, ID_LEN));
}

/* The id that ends a component, before any extension; NULL if none. */
static const char *find_id(struct part p)
{
	const char *dot = memrchr(p.s, '.', p.len);
	size_t len = p.len;

	if (len >= ID_LEN && all_hex(p.s + len - ID_LEN, ID_LEN))
		return p.s + len - ID_LEN;
	len = dot ? (size_t)(dot - p.s) : 0;
	if (len >= ID_LEN && all_hex(p.s + len - ID_LEN, ID_LEN))
		return p.s + len - ID_LEN;
	return NULL;
}

static bool contains(struct part p, const char *word)
{
	return memmem(p.s, p.len, word, strlen(word));
}

/* The runtime that the text before an id names; NULL if it names none. */
static const char *runtime_of(struct part before)
{
	static const struct { const char *word, *runtime; } known[] = {
		{ "cri-containerd", "containerd" }, { "docker", "docker" },
		{ "libpod", "podman" }, { "crio", "cri-o" },
		{ "nerdctl", "nerdctl" }, { "containerd", "containerd" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (contains(before, known[i].word))
			return known[i].runtime;
	return NULL;
}

static void see_container(struct cgroup_owner *o, struct part p,
			  struct part parent)
{
	const char *id = find_id(p), *runtime;
	struct part before;

	if (!id)
		return;
	before = (struct part){ p.s, id - p.s };
	runtime = runtime_of(before) ?: runtime_of(parent);
	see_whose(o, id);
	snprintf(o->container_id, sizeof(o->container_id), "%.*s", ID_LEN, id);
	/* The cgroupfs driver of containerd: /NAMESPACE/ID. */
	o->runtime = runtime ?: !*o->pod_uid && !*o->job ? "containerd" : NULL;
	o->is_pod = contains(before, "libpod_pod_");
	o->is_monitor = contains(before, "conmon");
}

/*
 * A pod's uid follows "pod": a UUID, whose dashes systemd replaces by underscores,
 * or the 32 digits of the hash of a static pod's manifest.
 */
static void see_pod(struct cgroup_owner *o, struct part p)
{
	const char *at, *end = p.s + p.len;
	char uid[37];
	int i;

	for (at = p.s; (at = memmem(at, end - at, "pod", 3)); at += 3) {
		for (i = 0; i < 36 && at + 3 + i < end; i++) {
			char c = at[3 + i] == '_' ? '-' : at[3 + i];
			bool dash = i == 8 || i == 13 || i == 18 || i == 23;

			if (dash ? c != '-' : !isxdigit((unsigned char)c))
				break;
			uid[i] = c;
		}
		if (i < 36 && end - at >= 3 + 32 && all_hex(at + 3, 32)) {
			i = 32;
			memcpy(uid, at + 3, i);
		}
		if (i != 36 && i != 32)
			continue;
		uid[i] = '\0';
		see_whose(o, "");
		o->container_id[0] = '\0';
		strcpy(o->pod_uid, uid);
	}
}

/* ---- system containers ---- */

/* Everything below a system container is its own: forget what was around it. */
static void enter_machine(struct cgroup_owner *o, struct part name)
{
	store_unescaped(o->machine, sizeof(o->machine), name);
	o->unit[0] = '\0';
}

static void see_machine(struct cgroup_owner *o, struct part p,
			struct part parent)
{
	if (is(parent, "lxc") && !is_unit(p))
		enter_machine(o, p);
	else if (starts(p, "lxc.payload."))
		enter_machine(o, skip(p, "lxc.payload."));
	else if (starts(p, "lxc.monitor."))
		enter_machine(o, skip(p, "lxc.monitor."));
	else if (starts(p, "systemd-nspawn@") && ends(p, ".service"))
		enter_machine(o, cut(skip(p, "systemd-nspawn@"), ".service"));
	else if (starts(p, "machine-") && ends(p, ".scope") &&
		 !starts(p, "machine-qemu"))
		enter_machine(o, cut(skip(p, "machine-"), ".scope"));
	o->is_monitor |= starts(p, "lxc.monitor.");
}

/* ---- batch systems ---- */

static void see_slurm(struct cgroup_owner *o, struct part p)
{
	size_t n = strlen(o->job);

	if (starts(p, "job_") && all_digits(skip(p, "job_"))) {
		o->kind = CGROUP_SLURM;
		snprintf(o->job, sizeof(o->job), "%.*s",
			 (int)skip(p, "job_").len, skip(p, "job_").s);
	} else if (n && starts(p, "step_")) {
		snprintf(o->job + n, sizeof(o->job) - n, " step %.*s",
			 (int)skip(p, "step_").len, skip(p, "step_").s);
	}
}

/* An allocation's id is a UUID; ".TASK" and perhaps ".scope" follow. */
static void see_nomad(struct cgroup_owner *o, struct part p)
{
	struct part task = ends(p, ".scope") ? cut(p, ".scope") : p;

	if (task.len < 36 || !all_hex(p.s, 8) || p.s[8] != '-' ||
	    p.s[13] != '-' || p.s[23] != '-' || !all_hex(p.s + 24, 12))
		return;
	o->kind = CGROUP_NOMAD;
	snprintf(o->job, sizeof(o->job), "%.8s", p.s);
	if (task.len > 37 && task.s[36] == '.')
		snprintf(o->container, sizeof(o->container), "%.*s",
			 (int)task.len - 37, task.s + 37);
}

/* A task's id has 32 digits, or is a UUID in older versions. */
static void see_ecs(struct cgroup_owner *o, struct part p, struct part parent)
{
	struct part task = p;

	if (starts(p, "ecstasks-") && ends(p, ".slice"))
		task = cut(skip(p, "ecstasks-"), ".slice");
	else if (!is(parent, "ecs"))
		return;
	if (task.len < 32)
		return;
	o->kind = CGROUP_ECS;
	STORE(o->job, task);
}

/* ---- the whole path ---- */

static void judge_kind(struct cgroup_owner *o)
{
	if (o->kind != CGROUP_OTHER)
		return;
	if (*o->pod_uid)
		o->kind = CGROUP_KUBERNETES;
	else if (*o->container_id && !strcmp(o->runtime, "docker"))
		o->kind = CGROUP_DOCKER;
	else if (*o->container_id && !strcmp(o->runtime, "podman"))
		o->kind = CGROUP_PODMAN;
	else if (*o->container_id)
		o->kind = CGROUP_CONTAINER;
	else if (*o->machine)
		o->kind = CGROUP_MACHINE;
	else if (*o->unit)
		o->kind = CGROUP_SYSTEMD;
}

void cgroup_owner_parse(const char *path, struct cgroup_owner *o)
{
	struct part p, parent = { "", 0 };
	bool pods = false, slurm = false, nomad = false;

	memset(o, 0, sizeof(*o));
	for (p = next_part(&path); p.len; parent = p, p = next_part(&path)) {
		pods |= contains(p, "kubepods");
		slurm |= starts(p, "slurm");
		nomad |= starts(p, "nomad");
		see_unit(o, p);
		see_machine(o, p, parent);
		if (pods)
			see_pod(o, p);
		if (slurm)
			see_slurm(o, p);
		if (nomad)
			see_nomad(o, p);
		see_ecs(o, p, parent);
		see_container(o, p, parent);
	}
	judge_kind(o);
}

static void label_core(const struct cgroup_owner *o, char *label, size_t size)
{
	const char *id = o->container_id;
	size_t n;

	switch (o->kind) {
	case CGROUP_KUBERNETES:
		snprintf(label, size, *id ? "pod %s container %.*s" : "pod %s",
			 o->pod_uid, ID_SHOWN, id);
		break;
	case CGROUP_DOCKER:
	case CGROUP_PODMAN:
	case CGROUP_CONTAINER:
		n = snprintf(label, size, "%s %s%.*s", o->runtime,
			     o->is_pod ? "pod " : "", ID_SHOWN, id);
		if (is_of_user(o) && *o->uid)
			snprintf(label + n, size - n, " of user %s", o->uid);
		break;
	case CGROUP_ECS:
		snprintf(label, size,
			 *id ? "ECS task %s container %.*s" : "ECS task %s",
			 o->job, ID_SHOWN, id);
		break;
	case CGROUP_SLURM:
		snprintf(label, size, "Slurm job %s", o->job);
		break;
	case CGROUP_NOMAD:
		if (*o->container)
			snprintf(label, size, "Nomad task %s of allocation %s",
				 o->container, o->job);
		else
			snprintf(label, size, "Nomad allocation %s", o->job);
		break;
	case CGROUP_MACHINE:
		snprintf(label, size, "%s", o->unit);
		break;
	case CGROUP_SYSTEMD:
		if (*o->uid && *o->user_unit)
			snprintf(label, size, "%s of user %s", o->unit, o->uid);
		else
			snprintf(label, size, "%s", o->unit);
		break;
	default:
		*label = '\0';
	}
}

bool cgroup_owner_label(const struct cgroup_owner *o, char *label, size_t size)
{
	size_t n;

	label_core(o, label, size);
	n = strlen(label);
	if (*o->machine)
		snprintf(label + n, size - n, "%scontainer %s", n ? " in " : "",
			 o->machine);
	n = strlen(label);
	if (o->is_monitor)
		snprintf(label + n, size - n, " (its monitor)");
	return *label;
}

enum cgroup_kind cgroup_kind(const char *path, char *label, size_t size)
{
	struct cgroup_owner o;

	cgroup_owner_parse(path, &o);
	if (!cgroup_owner_label(&o, label, size))
		snprintf(label, size, "%s", path);
	return o.kind;
}

const char *cgroup_kind_name(enum cgroup_kind kind)
{
	static const char * const names[] = {
		"", "docker", "podman", "kubernetes", "systemd", "container",
		"ecs", "slurm", "nomad", "machine",
	};

	return kind < CGROUP_KINDS ? names[kind] : "";
}
