/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_CMD_LIST_H
#define OOMTRACE_CMD_LIST_H

#include "store.h"
#include "table.h"

extern const struct command command_list;

/**
 * list_print() - print a table with a row for each OOM
 * @st: the store.
 * @opt: the command line, for the time range.
 * @all: also OOMs in which no task was killed.
 * @shape: which rows, and headings.
 *
 * Return: exit status; EXIT_RUNTIME if there is none.
 */
int list_print(const struct store *st, const struct options *opt, bool all,
	       const struct table_choice *shape);

#endif /* OOMTRACE_CMD_LIST_H */
