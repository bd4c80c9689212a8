// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace last: an OOM episode explained to a person, in the same words as the
 * module's last_oom file, since both come from common/story.h.
 */
#include <stdio.h>

#include <liboomtrace.h>

#include "../common/story.h"
#include "options.h"
#include "savefile.h"

static __printf(2, 0)
void print(void *ctx, const char *fmt, va_list args)
{
	vfprintf(ctx, fmt, args);
}

static int run_last(const struct options *opt)
{
	struct oomtrace_out out = { .vprint = print, .ctx = stdout };
	static struct oomtrace_story s;
	const struct oomtrace_header *rec;
	struct oomtrace *ot;
	int ret;

	ot = open_records(opt, 0);
	if (!ot)
		return EXIT_RUNTIME;
	oomtrace_story_init(&s, opt->episode, saved_page_size(ot));
	while ((ret = oomtrace_next(ot, &rec)) > 0)
		oomtrace_story_feed(&s, rec);

	/* A damaged file may still tell a story up to the damage. */
	oomtrace_story_print(&s, &out);
	if (ret < 0)
		say_error("%s", saved_error(ot));
	oomtrace_free(ot);
	if (ret < 0)
		return EXIT_RUNTIME;
	if (opt->episode && !oomtrace_story_found(&s))
		return EXIT_RUNTIME;
	return close_output();
}

const struct command command_last = {
	.name = "last",
	.summary = "explain the last OOM, or the one with a number",
	.help = "Explain an OOM to a person: who asked, who was killed and why that one, and how its memory came back. Without EPISODE, the newest that is held."
		"\v"
		"Examples:\n"
		"  oomtrace last\n"
		"  oomtrace last 3\n"
		"      the third OOM since the module was loaded; the numbers are in\n"
		"      oomtrace dump --type oom_begin\n",
	.takes = TAKES_EPISODE | TAKES_FILE,
	.run = run_last,
};
