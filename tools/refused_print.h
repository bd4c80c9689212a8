/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Refused system calls as a table, as JSON, and one of them explained.
 */
#ifndef OOMTRACE_REFUSED_PRINT_H
#define OOMTRACE_REFUSED_PRINT_H

#include "refused.h"
#include "table.h"

void refused_print_table(const struct store *st, const struct refused_call *list,
			 size_t n, const struct table_choice *choice);
void refused_print_json(const struct store *st, const struct refused_call *c);
void refused_explain(const struct store *st, const struct refused_call *c);

#endif /* OOMTRACE_REFUSED_PRINT_H */
