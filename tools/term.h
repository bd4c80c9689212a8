/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text for people on a terminal: bold and colour, a pager, and lines that are
 * wrapped between words.
 */
#ifndef OOMTRACE_TERM_H
#define OOMTRACE_TERM_H

#include "options.h"

/* Lines are at most this wide. */
#define TERM_WIDTH	80

/* In the text of term_say(): a space at which no line is broken. */
#define TERM_GLUE	"\003"

/**
 * term_start() - decide on colour, and start a pager
 * @opt: the command line.
 *
 * Colour needs a terminal and no NO_COLOR in the environment. A pager also needs
 * text for people, not JSON; it is $OOMTRACE_PAGER, $PAGER or less, which quits
 * by itself if all fits on the screen. Standard output ends when the program
 * exits, and the pager with it.
 */
void term_start(const struct options *opt);

/** term_width() - columns of the terminal or $COLUMNS; 0 for lines of any length */
int term_width(void);

/** term_is_coloured() - was colour chosen? */
bool term_is_coloured(void);

/* What to write before and after text; "" without colour. */
const char *term_bold(void);
const char *term_red(void);
const char *term_plain(void);

/**
 * term_say() - write a paragraph, wrapped between words
 * @label: what stands at its left; "" for none.
 * @fmt: the text. \001 and \002 start and end bold red.
 */
void term_say(const char *label, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** term_clean() - make a string from outside safe to show; cuts what is too long */
const char *term_clean(char *buf, size_t size, const char *text);

#endif /* OOMTRACE_TERM_H */
