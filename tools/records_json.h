/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A record as JSON with its id and the time of day, which the record itself does
 * not know.
 */
#ifndef OOMTRACE_RECORDS_JSON_H
#define OOMTRACE_RECORDS_JSON_H

#include <stdbool.h>

#include "../include/oomtrace.h"
#include "savefile.h"

/* Bytes that hold the JSON of any record. */
#define RECORDS_JSON_MAX	16384

/**
 * records_json() - write a record as a JSON object
 * @rec: the record.
 * @facts: names the boot and the load, if they are known.
 * @dated: @wall_offset_ns is known.
 * @wall_offset_ns: from ts_ns to CLOCK_REALTIME.
 * @buf: out: the object of oomtrace_json(). After "ts_ns" come "time", if @dated,
 *	and if the load is known "oom_id", BOOT.LOAD.EPISODE, of a record of an OOM,
 *	or "record_id", BOOT.LOAD.CPU.SEQ, of another one of OOMTRACE_RING_COMMIT. A
 *	stack has none: it is read before a record whose number it has.
 *
 * Return: false if it does not fit.
 */
bool records_json(const struct oomtrace_header *rec,
		  const struct saved_header *facts, bool dated,
		  long long wall_offset_ns, char buf[RECORDS_JSON_MAX]);

#endif /* OOMTRACE_RECORDS_JSON_H */
