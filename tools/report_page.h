/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_REPORT_PAGE_H
#define OOMTRACE_REPORT_PAGE_H

/* The template of the report's HTML page, NUL-terminated. */
extern const char report_page[];

#endif /* OOMTRACE_REPORT_PAGE_H */
