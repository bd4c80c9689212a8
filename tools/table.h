/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables for people, printed by libsmartcols: columns as wide as their contents,
 * and cut to the terminal if there is one.
 */
#ifndef OOMTRACE_TABLE_H
#define OOMTRACE_TABLE_H

#include <stdbool.h>

struct table;

/**
 * struct table_column - a column
 * @name: its heading.
 * @right: align to the right.
 * @cut: may be cut if the line does not fit.
 */
struct table_column {
	const char *name;
	bool right;
	bool cut;
};

/** table_new() - start a table; @columns end with a NULL name. Exits if memory is out */
struct table *table_new(const struct table_column *columns, bool headings);

/** table_row() - start a row */
void table_row(struct table *t);

/** table_cell() - fill the next cell of the row; printf() */
void table_cell(struct table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** table_print() - print the table, and free it */
void table_print(struct table *t);

#endif /* OOMTRACE_TABLE_H */
