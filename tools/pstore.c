// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the explanation of an OOM from pstore's files.
 *
 * pstore splits the end of the kernel log into parts, one per file. The first
 * line of a file is "Panic#1 Part2", where Part1 is the end of the log. Files of
 * older panics may exist: use only those written together with the newest file.
 */
#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "options.h"
#include "pstore.h"
#include "records.h"

#define OURS		"oomtrace: "
#define PANIC		"Kernel panic - not syncing"
/* Seconds within which all parts of a panic are written. */
#define TOGETHER_S	120

struct part {
	const char *path;
	time_t mtime;
	int number;
};

static bool read_part(struct part *p, const char *path)
{
	struct stat st;
	bool is_part;
	char line[256];
	FILE *f;

	if (stat(path, &st))
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	is_part = fgets(line, sizeof(line), f) &&
		  sscanf(line, "Panic#%*d Part%d", &p->number) == 1;
	fclose(f);
	p->path = path;
	p->mtime = st.st_mtime;
	return is_part;
}

/* The start of the log has the highest number. */
static int by_number(const void *a, const void *b)
{
	return ((const struct part *)b)->number -
	       ((const struct part *)a)->number;
}

/* Print the text after the log prefix, without characters that are not printable. */
static void print_line(const char *text)
{
	for (; *text && *text != '\n'; text++)
		putchar(*text >= 0x20 && *text <= 0x7e ? *text : '?');
	putchar('\n');
}

/* Print the module's lines after the panic's first line; false if there are none. */
static bool print_part(const struct part *p, bool *panicked)
{
	char line[2048];
	bool said = false;
	const char *ours;
	FILE *f = fopen(p->path, "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (strstr(line, PANIC))
			*panicked = true;
		ours = strstr(line, OURS);
		if (!*panicked || !ours)
			continue;
		print_line(ours + strlen(OURS));
		said = true;
	}
	if (f)
		fclose(f);
	return said;
}

static bool print_newest(struct part *parts, size_t n)
{
	bool panicked = false, said = false;
	time_t newest = 0;
	size_t i;

	for (i = 0; i < n; i++)
		if (parts[i].mtime > newest)
			newest = parts[i].mtime;
	qsort(parts, n, sizeof(parts[0]), by_number);
	for (i = 0; i < n; i++)
		if (newest - parts[i].mtime <= TOGETHER_S)
			said |= print_part(&parts[i], &panicked);
	return said;
}

static void glob_dmesg(const char *dir, const char *depth, glob_t *g)
{
	char pattern[4096];

	snprintf(pattern, sizeof(pattern), "%s/%sdmesg-*", dir, depth);
	glob(pattern, g->gl_pathc ? GLOB_APPEND : 0, NULL, g);
}

/*
 * Depending on its version and the pstore backend, systemd-pstore moves the files
 * to one directory, to one per panic, or to a directory inside that.
 */
static void glob_all_dmesg(const char *dir, glob_t *g)
{
	const char *moved = dir ? dir : PSTORE_MOVED;

	memset(g, 0, sizeof(*g));
	if (!dir)
		glob_dmesg(PSTORE_DIR, "", g);
	glob_dmesg(moved, "", g);
	glob_dmesg(moved, "*/", g);
	glob_dmesg(moved, "*/*/", g);
}

size_t pstore_files(void)
{
	glob_t g;
	size_t n;

	glob_all_dmesg(NULL, &g);
	n = g.gl_pathc;
	globfree(&g);
	return n;
}

int pstore_print(const char *dir)
{
	struct part *parts;
	size_t i, n = 0;
	bool said;
	glob_t g;

	glob_all_dmesg(dir, &g);
	parts = xcalloc(g.gl_pathc, sizeof(*parts));
	for (i = 0; i < g.gl_pathc; i++)
		n += read_part(&parts[n], g.gl_pathv[i]);
	said = n && print_newest(parts, n);
	free(parts);
	globfree(&g);
	if (said)
		return EXIT_OK;
	say_error(n ? "pstore has a panic, but it explains no OOM" :
		  "pstore has no panic (or only root may read it)");
	return EXIT_RUNTIME;
}
