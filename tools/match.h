/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Conditions of --filter on the fields of records: "comm=hog", "pages>1000",
 * "ret!=0", "ending=killed". A record matches if all conditions hold. It does not
 * match if its type lacks the field or the field is absent.
 */
#ifndef OOMTRACE_MATCH_H
#define OOMTRACE_MATCH_H

#include <stdbool.h>

#include "../include/oomtrace.h"

/**
 * match_add() - add a condition
 * @text: FIELD, one of = != < >, VALUE. It must stay valid.
 *
 * Return: true, or false after an error message.
 */
bool match_add(const char *text);

/** match_record() - test if all conditions hold for a record */
bool match_record(const struct oomtrace_header *rec);

#endif /* OOMTRACE_MATCH_H */
