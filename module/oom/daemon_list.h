/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The list of commands that count as OOM daemons.
 */
#ifndef OOMTRACE_DAEMON_LIST_H
#define OOMTRACE_DAEMON_LIST_H

#include "include/oomtrace.h"

/* Bytes of the longest list as text: names, commas, a newline and the NUL. */
#define OOMTRACE_DAEMONS_TEXT	(OOMTRACE_DAEMONS * OOMTRACE_COMM_LEN + 1)

bool oomtrace_is_daemon_name(const char *comm);
int oomtrace_daemon_list_set(const struct oomtrace_daemons *list);
int oomtrace_daemon_list_set_text(const char *text);
size_t oomtrace_daemon_list_print(char *buf, size_t size);

#endif /* OOMTRACE_DAEMON_LIST_H */
