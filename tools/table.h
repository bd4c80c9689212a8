/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables for people, printed by libsmartcols: columns as wide as their contents,
 * and cut to the terminal if there is one. The options of commands that print one.
 */
#ifndef OOMTRACE_TABLE_H
#define OOMTRACE_TABLE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

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

/**
 * struct table_choice - the options that every table has
 * @at_most: rows to show, the newest ones.
 * @reverse: show the newest first.
 * @no_headings: print only the rows.
 */
struct table_choice {
	long long at_most;
	bool reverse;
	bool no_headings;
};

/* What to start with. */
#define TABLE_ALL	{ .at_most = LLONG_MAX }

/* Keys of options without a letter; a command's own begin at 0x200. */
#define TABLE_NOHEADINGS	0x300
#define TABLE_PAGES		0x301

/* The options, for an array of struct argp_option. */
#define TABLE_OPTION_PAGES	{ "pages", TABLE_PAGES, NULL, 0, "Sizes in pages", 0 }
#define TABLE_OPTIONS							\
	{ "number", 'n', "N", 0, "Only the newest N", 0 },		\
	{ "reverse", 'r', NULL, 0, "Newest first", 0 },			\
	{ "noheadings", TABLE_NOHEADINGS, NULL, 0, "Only the rows", 0 },	\
	TABLE_OPTION_PAGES

/** table_option() - handle one of these options, as @option of struct command */
int table_option(struct table_choice *choice, int key, const char *arg);

/** table_first() - index of the first of @n rows to show */
static inline size_t table_first(const struct table_choice *choice, size_t n)
{
	return n > (unsigned long long)choice->at_most ? n - choice->at_most : 0;
}

/** table_pick() - index of the row to show as the @i-th of @n, from table_first() on */
static inline size_t table_pick(const struct table_choice *choice, size_t i, size_t n)
{
	return choice->reverse ? n - 1 - (i - table_first(choice, n)) : i;
}

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
