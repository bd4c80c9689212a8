/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A record as JSON with the time of day, which the record itself does not know.
 */
#ifndef OOMTRACE_RECORDS_JSON_H
#define OOMTRACE_RECORDS_JSON_H

#include <stdbool.h>

#include "../include/oomtrace.h"

/* Bytes that hold the JSON of any record. */
#define RECORDS_JSON_MAX	16384

/**
 * records_json() - write a record as a JSON object
 * @rec: the record.
 * @dated: @wall_offset_ns is known.
 * @wall_offset_ns: from ts_ns to CLOCK_REALTIME.
 * @buf: out: the object of oomtrace_json(); if @dated, "time" follows "ts_ns".
 *
 * Return: false if it does not fit.
 */
bool records_json(const struct oomtrace_header *rec, bool dated,
		  long long wall_offset_ns, char buf[RECORDS_JSON_MAX]);

#endif /* OOMTRACE_RECORDS_JSON_H */
