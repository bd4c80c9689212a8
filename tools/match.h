/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Conditions on the fields of records, for --filter: "comm=hog", "pages>1000",
 * "ret!=0", "ending=killed". All that were given must hold; a record without
 * the field, or in which it is absent, does not match.
 */
#ifndef OOMTRACE_MATCH_H
#define OOMTRACE_MATCH_H

#include <stdbool.h>

#include "../include/oomtrace.h"

/**
 * match_add() - one condition more
 * @text: FIELD, one of = != < >, VALUE. The caller keeps it.
 *
 * Return: true; false after having said what is wrong.
 */
bool match_add(const char *text);

/** match() - do all conditions hold for a record? */
bool match(const struct oomtrace_header *rec);

#endif /* OOMTRACE_MATCH_H */
