// SPDX-License-Identifier: GPL-2.0
/*
 * Tests what cgroups belong to: paths as each runtime and service manager makes
 * them, and the names in the files that runtimes keep.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../cgroups.h"
#include "../container_names.h"
#include "../oomtraced/names.h"
#include "test_owner.h"
#include "test_util.h"

#define ID	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2	"fedcba98765432100123456789abcdef0123456789abcdef0123456789abcdef"
#define SHORT	"0123456789ab"
#define UID	"12345678-9abc-def0-1234-56789abcdef0"
#define UID_	"12345678_9abc_def0_1234_56789abcdef0"
#define SLICES	"/kubepods.slice/kubepods-burstable.slice/"
#define USERS	"/user.slice/user-1000.slice/user@1000.service/"
#define HASH	"0a1b2c3d4e5f60718293a4b5c6d7e8f9"

static const struct {
	const char *path;
	enum cgroup_kind kind;
	const char *label;
} paths[] = {
	/* kubelet, cgroupfs driver */
	{ "/kubepods/burstable/pod" UID "/" ID, CGROUP_KUBERNETES,
	  "pod " UID " container " SHORT },
	{ "/kubepods/besteffort/pod" UID, CGROUP_KUBERNETES, "pod " UID },
	{ "/kubepods/pod" UID "/crio-" ID, CGROUP_KUBERNETES,
	  "pod " UID " container " SHORT },
	/* kubelet, systemd driver: docker, containerd, cri-o */
	{ "/kubepods.slice/kubepods-besteffort.slice/"
	  "kubepods-besteffort-pod" UID_ ".slice/docker-" ID ".scope",
	  CGROUP_KUBERNETES, "pod " UID " container " SHORT },
	{ SLICES "kubepods-burstable-pod" UID_ ".slice/cri-containerd-" ID ".scope",
	  CGROUP_KUBERNETES, "pod " UID " container " SHORT },
	{ "/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope/container",
	  CGROUP_KUBERNETES, "pod " UID " container " SHORT },
	{ "/kubepods.slice/kubepods-pod" UID_ ".slice/crio-conmon-" ID ".scope",
	  CGROUP_KUBERNETES, "pod " UID " container " SHORT " (its monitor)" },
	/* containerd with the cgroupfs driver below kubelet's systemd driver */
	{ "/system.slice/containerd.service/"
	  "kubepods-burstable-pod" UID_ ".slice:cri-containerd:" ID,
	  CGROUP_KUBERNETES, "pod " UID " container " SHORT },
	/* a kubelet inside a container of Docker */
	{ "/system.slice/docker-" ID2 ".scope/kubelet.slice/kubelet-kubepods.slice/"
	  "kubelet-kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope",
	  CGROUP_KUBERNETES, "pod " UID " container " SHORT },
	/* static pods: the uid is a hash */
	{ SLICES "kubepods-burstable-pod" HASH ".slice/cri-containerd-" ID ".scope",
	  CGROUP_KUBERNETES, "pod " HASH " container " SHORT },
	{ "/kubepods/burstable/pod" HASH "/" ID, CGROUP_KUBERNETES,
	  "pod " HASH " container " SHORT },
	/* Docker: systemd driver, cgroupfs driver, rootless */
	{ "/system.slice/docker-" ID ".scope", CGROUP_DOCKER, "docker " SHORT },
	{ "/docker/" ID "/init", CGROUP_DOCKER, "docker " SHORT },
	{ USERS "user.slice/docker-" ID ".scope",
	  CGROUP_DOCKER, "docker " SHORT " of user 1000" },
	/* Podman without root: systemd driver, a quadlet */
	{ USERS "user.slice/libpod-" ID ".scope/container", CGROUP_PODMAN,
	  "podman " SHORT " of user 1000" },
	{ USERS "app.slice/web.service/libpod-payload-" ID, CGROUP_PODMAN,
	  "podman " SHORT " of user 1000" },
	/* Podman: root, cgroupfs driver, a quadlet, a pod, conmon */
	{ "/machine.slice/libpod-" ID ".scope/container", CGROUP_PODMAN,
	  "podman " SHORT },
	{ "/libpod_parent/libpod-" ID, CGROUP_PODMAN, "podman " SHORT },
	{ "/system.slice/web.service/libpod-payload-" ID, CGROUP_PODMAN,
	  "podman " SHORT },
	{ "/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope",
	  CGROUP_PODMAN, "podman " SHORT },
	{ "/machine.slice/machine-libpod_pod_" ID ".slice", CGROUP_PODMAN,
	  "podman pod " SHORT },
	{ "/machine.slice/libpod-conmon-" ID ".scope", CGROUP_PODMAN,
	  "podman " SHORT " (its monitor)" },
	/* nerdctl, containerd */
	{ "/system.slice/nerdctl-" ID ".scope", CGROUP_CONTAINER,
	  "nerdctl " SHORT },
	{ "/default/" ID, CGROUP_CONTAINER, "containerd " SHORT },
	/* ECS: cgroup v1, cgroup v2, Fargate */
	{ "/ecs/" HASH "/" ID, CGROUP_ECS,
	  "ECS task " HASH " container " SHORT },
	{ "/ecstasks.slice/ecstasks-" HASH ".slice/docker-" ID ".scope",
	  CGROUP_ECS, "ECS task " HASH " container " SHORT },
	{ "/ecs/" HASH "/" HASH "-1234567890", CGROUP_ECS, "ECS task " HASH },
	/* Slurm: cgroup v1, cgroup v2 */
	{ "/slurm/uid_1000/job_4711/step_batch/task_0", CGROUP_SLURM,
	  "Slurm job 4711 step batch" },
	{ "/system.slice/slurmstepd.scope/job_4711/step_0/user/task_3",
	  CGROUP_SLURM, "Slurm job 4711 step 0" },
	{ "/slurm_node17/uid_1000/job_12", CGROUP_SLURM, "Slurm job 12" },
	/* Nomad: cgroup v1, cgroup v2 */
	{ "/nomad/share/" UID ".web", CGROUP_NOMAD,
	  "Nomad task web of allocation 12345678" },
	{ "/nomad.slice/share.slice/" UID ".web.scope", CGROUP_NOMAD,
	  "Nomad task web of allocation 12345678" },
	/* LXC and LXD, with and without a unit inside */
	{ "/lxc.payload.web1/system.slice/nginx.service", CGROUP_MACHINE,
	  "nginx.service in container web1" },
	{ "/lxc/101/ns/system.slice/nginx.service", CGROUP_MACHINE,
	  "nginx.service in container 101" },
	{ "/lxc.payload.web1", CGROUP_MACHINE, "container web1" },
	{ "/lxc.payload.web1/system.slice/docker-" ID ".scope", CGROUP_DOCKER,
	  "docker " SHORT " in container web1" },
	/* systemd-nspawn, as a service and from a shell */
	{ "/machine.slice/systemd-nspawn@web1.service/payload/system.slice/nginx.service",
	  CGROUP_MACHINE, "nginx.service in container web1" },
	{ "/machine.slice/machine-web\\x2d2.scope/payload/init.scope",
	  CGROUP_MACHINE, "init.scope in container web-2" },
	/* a user's services and sessions */
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-a\\x2db.scope",
	  CGROUP_SYSTEMD, "app-a-b.scope of user 1000" },
	{ "/user.slice/user-1000.slice/session-3.scope", CGROUP_SYSTEMD,
	  "session-3.scope" },
	/* units, on cgroup v1 as on v2; a virtual machine; directories of a unit */
	{ "/system.slice/system-getty.slice/getty@tty1.service",
	  CGROUP_SYSTEMD, "getty@tty1.service" },
	{ "/system.slice/mysqld.service/worker", CGROUP_SYSTEMD,
	  "mysqld.service" },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm1.scope/libvirt/emulator",
	  CGROUP_SYSTEMD, "machine-qemu-1-vm1.scope" },
	{ "/user.slice", CGROUP_SYSTEMD, "user.slice" },
	/* none of these */
	{ "/mine/podium/x", CGROUP_OTHER, "/mine/podium/x" },
	{ "/", CGROUP_OTHER, "/" },
};

static void test_paths(void)
{
	char got[CGROUP_LABEL_MAX];
	enum cgroup_kind kind;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		kind = cgroup_kind(paths[i].path, got, sizeof(got));
		if (kind != paths[i].kind)
			printf("# %s is '%s'\n", paths[i].path,
			       cgroup_kind_name(kind));
		check_text(kind == paths[i].kind ? got : "(another kind)",
			   paths[i].label, paths[i].label);
	}
}

/* The units for which the journal is asked. */
static void test_units(void)
{
	struct cgroup_owner o;

	cgroup_owner_parse("/user.slice/user-1000.slice/user@1000.service/app.slice/db.service/x",
			   &o);
	check(!strcmp(o.system_unit, "user@1000.service") &&
	      !strcmp(o.user_unit, "db.service"),
	      "a_users_unit_is_below_a_system_unit");
	cgroup_owner_parse("/lxc.payload.web1/system.slice/nginx.service", &o);
	check(!*o.system_unit, "a_unit_in_a_container_is_none_of_this_machine");
}

static char root[] = "/tmp/oomtrace-names-XXXXXX";

/* Create a file with its directories, or a directory if @text is NULL. */
static void make(const char *path, const char *text)
{
	char full[1024], *at;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (at = strchr(full + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(full, 0700);
		*at = '/';
	}
	if (!text) {
		mkdir(full, 0700);
		return;
	}
	f = fopen(full, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
}

static void describe(const char *path, const char *want, const char *name)
{
	char got[CGROUP_LABEL_MAX];

	cgroup_describe(root, path, got, sizeof(got));
	check_text(got, want, name);
}

static void make_podman_file(void)
{
	static char text[200000];
	size_t n = sprintf(text, "[");

	while (n < 65000)
		n += sprintf(text + n, "{\"id\":\"%064zx\",\"names\":[\"c%zu\"]},",
			     n, n);
	/* The wanted entry lies across the blocks that are read. */
	while (n < 65500)
		text[n++] = ' ';
	sprintf(text + n, "{\"id\":\"" ID "\",\"names\":[\"tools\"],\"image\":\"x\"}]");
	make("/var/lib/containers/storage/overlay-containers/containers.json",
	     text);
}

static void test_names(void)
{
	static const char pod[] = "/kubepods/burstable/pod" UID "/" ID;

	if (!mkdtemp(root))
		abort();
	describe(pod, "container " SHORT " (name not found) of pod " UID " (name not found)",
		 "absent_names_are_reported");
	make("/var/log/pods/other_web-1_" HASH, NULL);
	make("/var/log/pods/shop_web-7d9f_" UID, NULL);
	describe(pod, "container " SHORT " (name not found) of pod shop/web-7d9f",
		 "a_pod_is_named_by_its_directory_of_logs");
	make("/var/log/containers/web-7d9f_shop_nginx-main-" ID ".log", "");
	describe(pod, "container nginx-main of pod shop/web-7d9f",
		 "a_container_is_named_by_its_log");
	describe("/kubepods/burstable/pod" HASH, "pod other/web-1",
		 "a_static_pod_has_a_name_too");
	make("/var/lib/docker/containers/" ID "/config.v2.json",
	     "{\"Config\":{\"Labels\":{\"a\":\"x\\\"Name\\\":\\\"/wrong\"}},\"Name\":\"/db\",\"Driver\":\"overlay2\"}");
	describe("/system.slice/docker-" ID ".scope", "docker container db",
		 "docker_names_its_containers");
	make("/etc/docker/daemon.json", "{\n  \"log-level\": \"warn\",\n  \"data-root\" : \"/srv/docker\"\n}\n");
	make("/srv/docker/containers/" ID "/config.v2.json", "{\"Name\":\"/moved\"}");
	describe("/system.slice/docker-" ID ".scope", "docker container moved",
		 "docker_may_have_another_directory");
	make("/etc/docker/daemon.json", "{}");
	make_podman_file();
	describe("/machine.slice/libpod-" ID ".scope", "podman container tools",
		 "podman_names_its_containers");
	describe("/machine.slice/libpod-" ID2 ".scope",
		 "podman fedcba987654 (name not found)",
		 "the_name_of_another_container_is_not_taken");
	describe("/system.slice/nginx.service", "nginx.service",
		 "a_unit_needs_no_other_name");
}

/* Cgroups that a user or a container can create, with the ids of containers of others. */
static void test_foreign(void)
{
	describe("/system.slice/docker-" ID ".scope", "docker container db",
		 "a_container_of_this_machine_has_its_name");
	describe(USERS "app.slice/docker-" ID ".scope",
		 "docker " SHORT " of user 1000 (name not found)",
		 "a_users_unit_does_not_get_the_name_of_a_container");
	describe(USERS "app.slice/libpod-" ID ".scope",
		 "podman " SHORT " of user 1000 (name not found)",
		 "nor_that_of_one_of_podman");
	describe(USERS "app.slice/kubepods/burstable/pod" UID "/" ID,
		 "container " SHORT " (name not found) of pod " UID " (name not found)",
		 "nor_that_of_a_pod");
	describe("/system.slice/docker-" ID2 ".scope/docker/" ID,
		 "docker " SHORT " (name not found)",
		 "a_container_in_a_container_does_not_get_the_name_of_another");
	describe("/system.slice/docker-" ID2 ".scope/kubepods/pod" UID,
		 "pod " UID " (name not found)", "nor_does_a_pod_in_a_container");
	describe("/lxc.payload.web1/system.slice/docker-" ID ".scope",
		 "docker " SHORT " in container web1 (name not found)",
		 "nor_does_one_in_a_system_container");
	describe("/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope/container",
		 "podman container tools", "a_container_in_a_pod_of_podman_has_its_name");
	describe("/system.slice/docker-" ID ".scope/docker-" ID ".scope/init",
		 "docker container db", "a_cgroup_of_the_same_container_is_its_own");
}

static const char *describe_by(const struct cgroups *g, const char *path)
{
	static char label[CGROUP_LABEL_MAX];

	cgroups_describe(g, path, label, sizeof(label));
	return label;
}

/* Names as a record, which stays when the files are gone. */
static void test_records(void)
{
	static const char pod[] = "/kubepods/burstable/pod" UID "/" ID;
	static struct cgroups here, other;
	struct oomtrace_container c, half;
	RECORD(n, NAME, name);

	here.names_root = root;
	n.cgroup_id = 77;
	strcpy(n.path, pod);
	n.length = strlen(n.path);
	check(!names_record(&c, &here, &n), "a_path_that_is_not_known_has_no_names");
	cgroups_feed(&here, &n.h);
	check(names_record(&c, &here, &n) && c.cgroup_id == 77 && c.h.ts_ns == n.h.ts_ns &&
	      !strcmp(c.pod_namespace, "shop") && !strcmp(c.pod, "web-7d9f") &&
	      !strcmp(c.container, "nginx-main"), "the_names_are_saved_with_the_path");
	cgroups_feed(&other, &n.h);
	check_text(describe_by(&other, pod), "pod " UID " container " SHORT,
		   "another_machine_has_ids_only");
	cgroups_feed(&other, &c.h);
	check_text(describe_by(&other, pod), "container nginx-main of pod shop/web-7d9f",
		   "unless_the_names_were_saved");
	here.names_root = "/nonexistent";
	cgroups_feed(&here, &c.h);
	check_text(describe_by(&here, pod), "container nginx-main of pod shop/web-7d9f",
		   "names_stay_when_the_files_are_gone");
	half = c;
	half.container[0] = '\0';
	half.h.valid &= ~OOMTRACE_BIT(container, container);
	cgroups_feed(&here, &half.h);
	check_text(describe_by(&here, pod), "container " SHORT " (name not found) of pod shop/web-7d9f",
		   "half_of_the_names_are_shown");
	here.names_root = root;
	check_text(describe_by(&here, pod), "container nginx-main of pod shop/web-7d9f",
		   "and_completed_when_the_files_have_the_rest");
	here.names_root = "/nonexistent";
	check_text(describe_by(&here, "/system.slice/docker-" ID ".scope"),
		   "docker " SHORT " (name not found)", "of_this_cgroup_only");

	here.names_root = root;
	n.cgroup_id = 78;
	strcpy(n.path, "/system.slice/docker-" ID ".scope");
	n.length = strlen(n.path) + 1;
	cgroups_feed(&here, &n.h);
	check(!names_record(&c, &here, &n), "half_a_path_has_no_names");
	n.length--;
	check(names_record(&c, &here, &n) && !strcmp(c.container, "db") &&
	      !oomtrace_field_valid(&c.h, OOMTRACE_BIT_container_pod) &&
	      !oomtrace_field_valid(&c.h, OOMTRACE_BIT_container_pod_namespace),
	      "a_container_of_docker_has_no_pod");
	n.cgroup_id = 79;
	strcpy(n.path, "/system.slice/nginx.service");
	n.length = strlen(n.path);
	cgroups_feed(&here, &n.h);
	check(!names_record(&c, &here, &n), "a_unit_has_no_other_names");
}

static void remove_root(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	if (system(command))
		abort();
}

void test_owner(void)
{
	test_paths();
	test_units();
	test_names();
	test_foreign();
	test_records();
	remove_root();
}
