// SPDX-License-Identifier: GPL-2.0
/*
 * Errors, the running kernel, text files and time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* For properties that neither a file nor, at once, a symbol shows. */
static bool kernel_before(int major, int minor)
{
	struct utsname name;
	int is_major, is_minor;

	if (uname(&name) || sscanf(name.release, "%d.%d", &is_major, &is_minor) != 2)
		die("cannot get the kernel's release");
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

size_t count_lines(const char *text)
{
	size_t n = 0;

	while ((text = strchr(text, '\n'))) {
		n++;
		text++;
	}
	return n;
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

/* Allocates nothing: memory may be short when a test reads this. */
long meminfo(const char *name)
{
	static char text[1 << 14];
	int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text + 1, sizeof(text) - 2);
	char label[64], *at;

	if (n <= 0)
		die("cannot read /proc/meminfo");
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
