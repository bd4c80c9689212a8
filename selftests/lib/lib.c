// SPDX-License-Identifier: GPL-2.0
/*
 * What all selftests share, see lib.h. Knows the module and the machine, and
 * nothing of the tests. What it has of processes is in child.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "lib.h"

void die(const char *fmt, ...)
{
	va_list args;

	fputs("# lib: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

bool is_preempt_rt(void)
{
	struct utsname name;

	return !uname(&name) && strstr(name.version, "PREEMPT_RT");
}

/* Of what no file of the kernel tells, and its symbols only after a second. */
static bool kernel_before(int major, int minor)
{
	struct utsname name;
	int is_major, is_minor;

	if (uname(&name) || sscanf(name.release, "%d.%d", &is_major, &is_minor) != 2)
		die("cannot tell the kernel's release");
	return is_major < major || (is_major == major && is_minor < minor);
}

bool has_stacks(void)
{
	return !kernel_before(5, 15);
}

bool has_ftrace_args(void)
{
	return !kernel_before(5, 11);
}

long pages_kept_back(void)
{
	return kernel_before(6, 2) ? 64 : 0;
}

/* ---- files ---- */

char *slurp(const char *path, size_t *len)
{
	size_t room = 1 << 16, n = 0;
	char *text = malloc(room);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0 || !text)
		die("cannot open %s: %s", path, strerror(errno));
	while ((got = read(fd, text + n, room - n - 1)) > 0) {
		n += got;
		if (n + 1 < room)
			continue;
		room *= 2;
		text = realloc(text, room);
		if (!text)
			die("no memory for %s", path);
	}
	if (got < 0)
		die("cannot read %s: %s", path, strerror(errno));
	close(fd);
	text[n] = '\0';
	if (len)
		*len = n;
	return text;
}

int spill(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int err;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	err = n < 0 ? -errno : 0;
	close(fd);
	return err;
}

void line_with(const char *text, const char *word, char *line, size_t size)
{
	const char *at = strstr(text, word);
	size_t n;

	line[0] = '\0';
	if (!at)
		return;
	while (at > text && at[-1] != '\n')
		at--;
	n = strcspn(at, "\n");
	if (n >= size)
		n = size - 1;
	memcpy(line, at, n);
	line[n] = '\0';
}

/* Asks for no memory: there may be none to be had just now. */
long meminfo(const char *name)
{
	static char text[1 << 14];
	int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text + 1, sizeof(text) - 2);
	char label[64], *at;

	if (n <= 0)
		die("cannot read the file of memory totals");
	close(fd);
	text[0] = '\n';
	text[n + 1] = '\0';
	snprintf(label, sizeof(label), "\n%s:", name);
	at = strstr(text, label);
	if (!at)
		die("/proc/meminfo has no line %s", name);
	return atol(at + strlen(label));
}

long own_total_vm(void)
{
	char text[128];
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		die("cannot read /proc/self/statm");
	close(fd);
	text[n] = '\0';
	return atol(text);
}

unsigned long long stat_decisions(int mode, bool denied)
{
	static const char * const label[] = {
		"0 (guess)", "1 (always)", "2 (never)",
	};
	char *text = slurp(DEBUGFS "/stats", NULL);
	unsigned long long n[2];
	char line[256];

	line_with(text, label[mode], line, sizeof(line));
	free(text);
	if (sscanf(line + strlen(label[mode]), "%llu %llu", &n[0], &n[1]) != 2)
		die("stats has no line for mode %d: '%s'", mode, line);
	return n[denied];
}

unsigned long long stat_number(const char *label)
{
	char *text = slurp(DEBUGFS "/stats", NULL);
	char line[256];
	char *end;

	line_with(text, label, line, sizeof(line));
	free(text);
	end = line + strlen(line);
	while (end > line && end[-1] >= '0' && end[-1] <= '9')
		end--;
	if (!*end)
		die("stats has no number for '%s': '%s'", label, line);
	return strtoull(end, NULL, 10);
}

/* ---- the module ---- */

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
	die("there is no oomtrace.ko for %s: say OOMTRACE_KO=", u.release);
}

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
	/* A child of a test that failed may have the device open yet. */
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

/* ---- records ---- */

int device_open(void)
{
	int fd = open(DEVICE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		die("cannot open " DEVICE ": %s", strerror(errno));
	return fd;
}

int device_open_at_end(void)
{
	int fd = device_open();

	if (lseek(fd, 0, SEEK_END) < 0)
		die("cannot seek to the end: %s", strerror(errno));
	return fd;
}

static void record_add(struct records *recs, const struct oomtrace_header *h)
{
	union record *r;

	if (recs->n == recs->room) {
		recs->room = recs->room ? 2 * recs->room : 256;
		recs->r = realloc(recs->r, recs->room * sizeof(*recs->r));
		if (!recs->r)
			die("no memory for records");
	}
	r = &recs->r[recs->n++];
	memset(r, 0, sizeof(*r));
	memcpy(r, h, h->size);
}

void records_add(struct records *recs, const void *buf, size_t len)
{
	const struct oomtrace_header *h;
	size_t at;

	for (at = 0; at < len; at += h->size) {
		h = (const void *)((const char *)buf + at);
		if (len - at < sizeof(*h) || h->size < sizeof(*h) ||
		    h->size % 8 || h->size > len - at ||
		    h->size > OOMTRACE_MAX_RECORD)
			die("not a record at byte %zu of %zu", at, len);
		record_add(recs, h);
	}
}

void device_drain(int fd, struct records *recs)
{
	static __u64 buf[1 << 13];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		records_add(recs, buf, n);
	if (n == 0)
		die("the device says end of file");
	if (errno != EAGAIN)
		die("cannot read the device: %s", strerror(errno));
}

bool device_wait(int fd, struct records *recs, unsigned int type, size_t n)
{
	int i;

	for (i = 0; i < 500; i++) {
		device_drain(fd, recs);
		if (records_count(recs, type) >= n)
			return true;
		sleep_ms(20);
	}
	return false;
}

void records_free(struct records *recs)
{
	free(recs->r);
	memset(recs, 0, sizeof(*recs));
}

const union record *records_get(const struct records *recs, unsigned int type,
				size_t n)
{
	size_t i;

	for (i = 0; i < recs->n; i++)
		if (recs->r[i].h.type == type && !n--)
			return &recs->r[i];
	return NULL;
}

size_t records_count(const struct records *recs, unsigned int type)
{
	size_t i, n = 0;

	for (i = 0; i < recs->n; i++)
		n += recs->r[i].h.type == type;
	return n;
}

void device_info(int fd, struct oomtrace_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	if (ioctl(fd, OOMTRACE_IOC_INFO, info))
		die("OOMTRACE_IOC_INFO: %s", strerror(errno));
}

/* ---- settings ---- */

static struct {
	const char *name;
	long before;
} settings[] = {
	{ "vm/overcommit_memory" },
	{ "vm/overcommit_ratio" },
	{ "vm/overcommit_kbytes" },
	{ "vm/admin_reserve_kbytes" },
	{ "vm/user_reserve_kbytes" },
	{ "vm/nr_hugepages" },
	{ "vm/oom_kill_allocating_task" },
	{ "vm/oom_dump_tasks" },
	{ "kernel/sysrq" },
	{ "kernel/kptr_restrict" },
};

static int setting_open(const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	return open(path, flags | O_CLOEXEC);
}

void sysctl_set(const char *name, long value)
{
	int fd = setting_open(name, O_WRONLY);
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", value);

	if (fd < 0 || write(fd, text, n) != n)
		die("cannot set %s to %ld: %s", name, value, strerror(errno));
	close(fd);
}

long sysctl_get(const char *name)
{
	int fd = setting_open(name, O_RDONLY);
	char text[32] = "";

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		die("cannot read %s: %s", name, strerror(errno));
	close(fd);
	return atol(text);
}

void sysctl_restore(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		/* Writing 0 kbytes would make the ratio 0, and vice versa. */
		if (sysctl_get(settings[i].name) != settings[i].before)
			sysctl_set(settings[i].name, settings[i].before);
	}
	sysctl_set("vm/overcommit_ratio", settings[1].before);
	if (settings[2].before)
		sysctl_set("vm/overcommit_kbytes", settings[2].before);
}

/*
 * Before the first test: note the settings down, and see to it that the OOM
 * killer finds anybody but the tests. Children inherit that; the hog undoes it.
 */
static void __attribute__((constructor)) prepare(void)
{
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (geteuid()) {
		puts("1..0 # SKIP only root may load modules");
		exit(4);
	}
	if (spill("/proc/self/oom_score_adj", "-1000"))
		die("cannot set my oom_score_adj");
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		settings[i].before = sysctl_get(settings[i].name);
}

/* ---- time ---- */

unsigned long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

void sleep_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}
