// SPDX-License-Identifier: GPL-2.0
/*
 * Reads /proc/meminfo and /proc/pressure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

double machine_meminfo(const char *name)
{
	char line[256];
	double bytes = -1;
	FILE *f = fopen("/proc/meminfo", "re");
	size_t len = strlen(name);

	while (f && bytes < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			bytes = strtod(line + len + 1, NULL) * 1024;
	if (f)
		fclose(f);
	return bytes;
}

double machine_pressure(const char *resource, const char *kind)
{
	char path[64], line[256], *at;
	double percent = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/pressure/%s", resource);
	f = fopen(path, "re");
	while (f && percent < 0 && fgets(line, sizeof(line), f)) {
		at = strstr(line, "avg10=");
		if (at && !strncmp(line, kind, strlen(kind)))
			percent = strtod(at + strlen("avg10="), NULL);
	}
	if (f)
		fclose(f);
	return percent;
}
