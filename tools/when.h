/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Points in time as people and programs write them: reads what a command line
 * says, writes wall-clock times and ages.
 *
 * All times are nanoseconds of CLOCK_REALTIME.
 */
#ifndef OOMTRACE_WHEN_H
#define OOMTRACE_WHEN_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that hold any text of this file. */
#define WHEN_MAX	64

/** WHEN_FORMS - the forms that when_read() accepts, for error messages */
#define WHEN_FORMS "give 2h (90s, 10m, 7d) for that long ago, today, yesterday, 17:00, 2026-11-29 or \"2026-11-29 17:00\""

/**
 * when_read() - parse a point in time
 * @text: a duration before now ("2h", or a number of seconds), "now", "today",
 *	"yesterday", a time of day of today, a date, a date and time separated by a
 *	space or T, with a Z for UTC, or @SECONDS since 1970.
 * @now: current time.
 * @ns: out.
 *
 * Return: false if @text is none of these, or no such date exists.
 */
bool when_read(const char *text, long long now, long long *ns);

/** when_write() - "Sun 2026-11-29 17:47:13 UTC", in the local time zone */
const char *when_write(char buf[WHEN_MAX], long long ns);

/** when_write_short() - "2026-11-29 17:47:13", in the local time zone */
const char *when_write_short(char buf[WHEN_MAX], long long ns);

/** when_write_utc() - "2026-11-29 17:47:13 UTC" */
const char *when_write_utc(char buf[WHEN_MAX], long long ns);

/** when_write_precise() - "2026-11-29 17:47:13.123456 UTC", in the local time zone */
const char *when_write_precise(char buf[WHEN_MAX], long long ns);

/** when_write_rfc3339() - "2026-11-29T17:47:13.123456789Z", in UTC */
const char *when_write_rfc3339(char buf[WHEN_MAX], long long ns);

/** when_write_stamp() - "20261129T174713", in UTC: the start of an id */
const char *when_write_stamp(char buf[WHEN_MAX], long long ns);

/** when_zone() - name of the local time zone at a time: "UTC" */
const char *when_zone(char buf[WHEN_MAX], long long ns);

/**
 * when_write_row() - write a time for a column: without year and zone, so that the line fits
 * @buf: out.
 * @dated: @ns is known.
 * @ns: the time.
 * @since_boot_ns: the same since boot, to write if it is not: "12.345679 s after boot".
 */
const char *when_write_row(char buf[WHEN_MAX], bool dated, long long ns,
			   unsigned long long since_boot_ns);

/** when_write_heading() - "TIME (UTC)", the heading of that column; one zone for all rows */
const char *when_write_heading(char buf[WHEN_MAX], long long now);

/** when_write_age() - "4 min ago"; a time in the future is said to be one */
const char *when_write_age(char buf[WHEN_MAX], long long age_ns);

/** when_write_age_short() - "4m", "22h", "12d"; "-" in the future */
const char *when_write_age_short(char buf[WHEN_MAX], long long age_ns);

/**
 * when_read_stamp() - parse what when_write_stamp() writes
 * @text: the stamp; a "Z" may follow.
 * @end: out: the rest of @text.
 * @ns: out.
 *
 * Return: false if @text does not begin with a stamp.
 */
bool when_read_stamp(const char *text, const char **end, long long *ns);

#endif /* OOMTRACE_WHEN_H */
