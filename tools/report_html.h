/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the page of an OOM: text and tables as HTML, charts as inline SVG.
 * Nothing needs JavaScript.
 */
#ifndef OOMTRACE_REPORT_HTML_H
#define OOMTRACE_REPORT_HTML_H

#include <stdarg.h>
#include <stdio.h>

#include "report_facts.h"

/** html_put() - write text, escaped for HTML */
void html_put(FILE *to, const char *s);

/** html_vprint() - write formatted text of at most 4,095 bytes, escaped; @to is a FILE */
__printf(2, 0) void html_vprint(void *to, const char *fmt, va_list args);

/** html_put_task() - write comm[pid], escaped */
void html_put_task(FILE *to, const char *comm, int pid);

/* Write a part; nothing if its records are absent. */
void report_put_summary(FILE *to, const struct report *r);
void report_put_candidates(FILE *to, const struct report *r);
void report_put_memory(FILE *to, const struct report *r);
void report_put_timeline(FILE *to, const struct report *r);
void report_put_samples(FILE *to, const struct report *r);

#endif /* OOMTRACE_REPORT_HTML_H */
