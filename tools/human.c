// SPDX-License-Identifier: GPL-2.0
/*
 * Writes sizes and times for people.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "../common/format.h"
#include "human.h"

const char *human_size(char buf[HUMAN_LEN], double bytes)
{
	static const char * const units[] = {
		"KiB", "MiB", "GiB", "TiB", "PiB", "EiB",
	};
	double n = bytes > 0 ? bytes / 1024 : 0;
	unsigned int i = 0;

	while (n >= 1023.95 && i + 1 < sizeof(units) / sizeof(units[0])) {
		n /= 1024;
		i++;
	}
	snprintf(buf, HUMAN_LEN, n == (long long)n ? "%.0f %s" : "%.1f %s", n,
		 units[i]);
	return buf;
}

const char *human_time(char buf[HUMAN_LEN], long long seconds)
{
	static const struct { long long from, worth; const char *one, *many; } units[] = {
		{ 2 * 86400, 86400, "day", "days" },
		{ 2 * 3600, 3600, "hour", "hours" },
		{ 120, 60, "min", "min" },
		{ 0, 1, "s", "s" },
	};
	unsigned int i = 0;
	long long n;

	if (seconds < 0)
		seconds = 0;
	while (seconds < units[i].from)
		i++;
	n = seconds / units[i].worth;
	snprintf(buf, HUMAN_LEN, "%lld %s", n,
		 n == 1 ? units[i].one : units[i].many);
	return buf;
}

const char *human_utc(char buf[HUMAN_LEN], long long realtime_ns)
{
	time_t t = realtime_ns / NS_PER_S;
	struct tm tm;
	size_t n;

	gmtime_r(&t, &tm);
	n = strftime(buf, HUMAN_LEN, "%FT%T", &tm);
	snprintf(buf + n, HUMAN_LEN - n, ".%06lldZ",
		 realtime_ns % NS_PER_S / 1000);
	return buf;
}

const char *human_task(char buf[HUMAN_TASK_LEN], const char *comm, __s32 pid)
{
	char text[4 * OOMTRACE_COMM_LEN + 1];

	oomtrace_escape(text, sizeof(text), comm, OOMTRACE_COMM_LEN);
	snprintf(buf, HUMAN_TASK_LEN, "%s[%d]", text, pid);
	return buf;
}
