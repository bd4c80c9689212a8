// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the state of the module and of this machine's memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/format.h"
#include "liboomtrace.h"
#include "meminfo.h"
#include "pstore.h"
#include "records.h"
#include "savefile_read.h"
#include "status.h"

/* Read a number, after @skip others, of the line that begins with @word. */
static bool read_number_of(const char *path, const char *word, unsigned int skip,
			   unsigned long long *n)
{
	size_t len = strlen(word);
	char line[512];
	const char *at;
	bool found = false;
	FILE *f = fopen(path, "re");

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (strncmp(line, word, len))
			continue;
		at = line + len;
		do {
			at += strspn(at, " \t");
			found = *at >= '0' && *at <= '9';
			*n = strtoull(at, NULL, 10);
			at += strcspn(at, " \t\n");
		} while (found && skip--);
	}
	if (f)
		fclose(f);
	return found;
}

/* Add up the denials of all modes, the third column of the stats file. */
static void read_denials(struct status *s)
{
	static const char * const modes[] = {
		"0 (guess)", "1 (always)", "2 (never)",
	};
	unsigned long long n;
	unsigned int i;

	s->denials_known = true;
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		if (read_number_of(STATUS_STATS_FILE, modes[i], 1, &n))
			s->denials += n;
		else
			s->denials_known = false;
	}
}

/* Keep the first victim of the newest episode. */
static void keep_victim(struct status *s, const struct oomtrace_victim *v)
{
	if (s->victim.h.type && v->episode <= s->victim.episode)
		return;
	oomtrace_copy_known(&s->victim, sizeof(s->victim), &v->h);
}

static void read_module_state(struct status *s, const struct options *opt)
{
	struct oomtrace *ot = oomtrace_new();
	struct records recs = { 0 };
	const struct oomtrace_header *rec;
	int err;

	err = ot ? saved_open(ot, opt->device, 0) : -ENOMEM;
	if (!err && !oomtrace_is_device(ot)) {
		s->state = STATUS_BROKEN;
		snprintf(s->why, sizeof(s->why), "%s is a file of saved records, not a device: try oomtrace last %s",
			 opt->device, opt->device);
		oomtrace_free(ot);
		return;
	}
	if (!err)
		err = oomtrace_get_info(ot, &s->info, sizeof(s->info));
	if (err) {
		s->state = err == -EACCES || err == -EPERM ? STATUS_FORBIDDEN :
			   err == -ENOENT || err == -ENXIO || err == -ENODEV ?
			   STATUS_ABSENT : STATUS_BROKEN;
		snprintf(s->why, sizeof(s->why), "%s", saved_error(ot));
		oomtrace_free(ot);
		return;
	}
	s->state = STATUS_LOADED;
	while (oomtrace_next(ot, &rec) > 0)
		if (rec->type == OOMTRACE_OOM_END)
			records_add(&recs, rec);
		else if (rec->type == OOMTRACE_VICTIM && oomtrace_victim_is_new(rec))
			keep_victim(s, (const void *)rec);
	s->lost = oomtrace_lost(ot, -1, -1);
	s->last = s->victim.h.type ? s->victim.episode : records_pick(&recs, 0);
	rec = records_first(&recs, s->last, OOMTRACE_OOM_END);
	if (rec)
		s->end = *(const struct oomtrace_oom_end *)rec;
	records_free(&recs);
	oomtrace_free(ot);
	read_denials(s);
}

static void read_kernel_state(struct status *s)
{
	s->kills_known = read_number_of("/proc/vmstat", "oom_kill ", 0, &s->kills);
	s->mode_known = read_number_of("/proc/sys/vm/overcommit_memory", "", 0,
				       &s->mode);
	meminfo_sample(&s->memory);
	s->pstore = pstore_files();
}

int status_verdict(const struct status *s)
{
	switch (s->state) {
	case STATUS_LOADED:
		return !s->info.enabled ? EXIT_BLIND :
		       s->info.hooks_missing ? EXIT_HOOKS : EXIT_OK;
	case STATUS_FORBIDDEN:
		return EXIT_RUNTIME;
	default:
		return EXIT_BLIND;
	}
}

void status_read(struct status *s, const struct options *opt)
{
	memset(s, 0, sizeof(*s));
	read_module_state(s, opt);
	read_kernel_state(s);
}
