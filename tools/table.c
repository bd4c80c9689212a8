// SPDX-License-Identifier: GPL-2.0
/*
 * Prints tables with libsmartcols.
 */
#include <argp.h>
#include <errno.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "numbers.h"
#include "options.h"
#include "records.h"
#include "size.h"
#include "table.h"
#include "term.h"

struct table {
	struct libscols_table *tb;
	struct libscols_line *row;
	unsigned int cell;
};

static void __attribute__((noreturn)) fail(void)
{
	say_error("memory is out");
	exit(EXIT_RUNTIME);
}

int table_option(struct table_choice *choice, int key, const char *arg)
{
	switch (key) {
	case TABLE_NOHEADINGS:
		choice->no_headings = true;
		return 0;
	case TABLE_PAGES:
		size_in_pages(true);
		return 0;
	case 'r':
		choice->reverse = true;
		return 0;
	case 'n':
		if (read_number(arg, 1, LLONG_MAX, &choice->at_most))
			return 0;
		say_error("--number: invalid number '%s': give 1 or more", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

struct table *table_new(const struct table_column *columns, bool headings)
{
	struct table *t = xcalloc(1, sizeof(*t));
	int width = term_width();

	t->tb = scols_new_table();
	if (!t->tb)
		fail();
	for (; columns->name; columns++)
		if (!scols_table_new_column(t->tb, columns->name, 0,
					    (columns->right ? SCOLS_FL_RIGHT : 0) |
					    (columns->cut ? SCOLS_FL_TRUNC : 0)))
			fail();
	scols_table_enable_noheadings(t->tb, !headings);
	/* The pager stands between the table and the terminal. */
	if (width) {
		scols_table_set_termforce(t->tb, SCOLS_TERMFORCE_ALWAYS);
		scols_table_set_termwidth(t->tb, width);
	} else {
		scols_table_set_termforce(t->tb, SCOLS_TERMFORCE_NEVER);
	}
	return t;
}

void table_row(struct table *t)
{
	t->row = scols_table_new_line(t->tb, NULL);
	if (!t->row)
		fail();
	t->cell = 0;
}

void table_cell(struct table *t, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (scols_line_set_data(t->row, t->cell++, text))
		fail();
}

void table_print(struct table *t)
{
	fflush(stdout);
	scols_print_table(t->tb);
	scols_unref_table(t->tb);
	free(t);
}
