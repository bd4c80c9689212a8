/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which commands are OOM daemons (daemon_list.c): for those who set the list,
 * and for daemons.c, which asks.
 */
#ifndef OOMTRACE_DAEMON_LIST_H
#define OOMTRACE_DAEMON_LIST_H

#include "include/oomtrace.h"

/* Longest list as text: every name with its comma or newline, and the NUL. */
#define OOMTRACE_DAEMONS_TEXT	(OOMTRACE_DAEMONS * OOMTRACE_COMM_LEN + 1)

bool oomtrace_is_daemon_name(const char *comm);
int oomtrace_daemon_list_set(const struct oomtrace_daemons *list);
int oomtrace_daemon_list_set_text(const char *text);
size_t oomtrace_daemon_list_print(char *buf, size_t size);

#endif /* OOMTRACE_DAEMON_LIST_H */
