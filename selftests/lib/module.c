// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading the module, and its parameters.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib.h"

static void module_path(char *path, size_t size)
{
	static const char * const places[] = {
		"updates", "updates/dkms", "extra",
	};
	struct utsname u;
	size_t i;

	if (getenv("OOMTRACE_KO")) {
		snprintf(path, size, "%s", getenv("OOMTRACE_KO"));
		return;
	}
	uname(&u);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, size, "/lib/modules/%s/%s/oomtrace.ko",
			 u.release, places[i]);
		if (!access(path, R_OK))
			return;
	}
	die("no oomtrace.ko for %s: set OOMTRACE_KO to its path", u.release);
}

/* A module that stays loaded: all tests, each a process of its own, share this. */
static struct kept {
	bool is;
	char params[256];
} *kept;
static pid_t program;

bool module_loaded(void)
{
	return !access("/sys/module/oomtrace", F_OK);
}

int module_file(void)
{
	char path[256];
	int fd;

	module_path(path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("cannot open %s: %s", path, strerror(errno));
	return fd;
}

int module_load(const char *params)
{
	int fd = module_file(), err = 0;

	if (syscall(SYS_finit_module, fd, params ? params : "", 0))
		err = -errno;
	close(fd);
	return err;
}

int module_unload(void)
{
	kept->is = false;
	return syscall(SYS_delete_module, "oomtrace", O_NONBLOCK) ? -errno : 0;
}

const char *module_trace(void)
{
	static const struct {
		const char *file, *word;
	} traces[] = {
		{ "/sys/kernel/debug/kprobes/list", "__vm_enough_memory" },
		{ "/sys/kernel/debug/kprobes/list", "oom_" },
		{ "/sys/kernel/tracing/enabled_functions", "__vm_enough_memory" },
		{ "/proc/misc", "oomtrace" },
		{ "/proc/vmallocinfo", "[oomtrace]" },
	};
	size_t i;

	if (module_loaded())
		return "/sys/module/oomtrace";
	if (!access(DEVICE, F_OK))
		return DEVICE;
	if (!access(DEBUGFS, F_OK))
		return DEBUGFS;
	for (i = 0; i < ARRAY_SIZE(traces); i++) {
		char *text = slurp(traces[i].file, NULL);
		bool found = strstr(text, traces[i].word);

		free(text);
		if (found)
			return traces[i].file;
	}
	return NULL;
}

static void __attribute__((constructor)) prepare_kept(void)
{
	kept = alloc_shared(sizeof(*kept));
	program = getpid();
}

static void __attribute__((destructor)) unload_kept(void)
{
	if (getpid() == program && kept->is)
		module_stop();
}

void module_keep(const char *params)
{
	if (kept->is && module_loaded() && !strcmp(kept->params, params)) {
		sysctl_restore();
		return;
	}
	module_start(params);
	kept->is = true;
	snprintf(kept->params, sizeof(kept->params), "%s", params);
}

void module_start(const char *params)
{
	int err;

	module_stop();
	err = module_load(params);
	if (err)
		die("cannot load the module: %s", strerror(-err));
}

void module_stop(void)
{
	int i, err = 0;

	sysctl_restore();
	/* A child of a failed test may still have the device open. */
	for (i = 0; i < 50 && module_loaded(); i++) {
		err = module_unload();
		if (err)
			sleep_ms(20);
	}
	if (module_loaded())
		die("cannot unload the module: %s", strerror(-err));
}

void module_param(const char *name, char *buf, size_t size)
{
	char path[128];
	char *text;

	snprintf(path, sizeof(path), "/sys/module/oomtrace/parameters/%s",
		 name);
	text = slurp(path, NULL);
	snprintf(buf, size, "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
}

int own_module_file(const char *name)
{
	char path[512];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) / 2);
	int fd;

	if (len < 0)
		die("cannot read /proc/self/exe: %s", strerror(errno));
	path[len] = '\0';
	/* The program is in bin/. */
	snprintf(strrchr(path, '/'), sizeof(path) / 2,
		 "/../%s/oomtrace_%s.ko", name, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int own_module_load(const char *name)
{
	int fd = own_module_file(name), err = 0;

	if (fd < 0)
		return fd;
	if (syscall(SYS_finit_module, fd, "", 0))
		err = -errno;
	close(fd);
	return err;
}

int own_module_unload(const char *name)
{
	char module[64];

	snprintf(module, sizeof(module), "oomtrace_%s", name);
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}
