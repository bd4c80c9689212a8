// SPDX-License-Identifier: GPL-2.0
/*
 * Reads /proc/meminfo into a sample record.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../common/format.h"
#include "clock.h"
#include "meminfo.h"

/* Read the KiB of a line; false if there is no such line. */
static bool find_line(const char *text, const char *name, u64 *kb)
{
	size_t len = strlen(name);
	const char *at;

	for (at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, name, len) || at[len] != ':')
			continue;
		*kb = strtoull(at + len + 1, NULL, 10);
		return true;
	}
	return false;
}

void meminfo_parse(struct oomtrace_sample *s, const char *text,
		   unsigned int page_size)
{
	static const char * const names[] = {
		[OOMTRACE_BIT_sample_committed] = "Committed_AS",
		[OOMTRACE_BIT_sample_limit] = "CommitLimit",
		[OOMTRACE_BIT_sample_available] = "MemAvailable",
		[OOMTRACE_BIT_sample_free] = "MemFree",
		[OOMTRACE_BIT_sample_swap_free] = "SwapFree",
	};
	__s64 *fields[] = {
		&s->committed, &s->limit, &s->available, &s->free,
		&s->swap_free,
	};
	unsigned int i;
	u64 kb;

	static_assert(ARRAY_SIZE(names) == OOMTRACE_NFIELDS_sample);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!find_line(text, names[i], &kb))
			continue;
		*fields[i] = kb / (page_size / 1024);
		s->h.valid |= 1ULL << i;
	}
}

int meminfo_sample(struct oomtrace_sample *s)
{
	static char text[8192];
	static int fd = -1;
	u64 before;
	ssize_t n;

	if (fd < 0)
		fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	before = clock_ns(CLOCK_MONOTONIC);
	n = pread(fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	memset(s, 0, sizeof(*s));
	s->h.type = OOMTRACE_SAMPLE;
	s->h.size = sizeof(*s);
	/* The kernel computes the sums somewhere between the two times. */
	s->h.ts_ns = before + (clock_ns(CLOCK_MONOTONIC) - before) / 2;
	meminfo_parse(s, text, sysconf(_SC_PAGESIZE));
	return 0;
}
