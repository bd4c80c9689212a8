// SPDX-License-Identifier: GPL-2.0
/*
 * Reads and writes points in time.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "numbers.h"
#include "when.h"

#define MINUTE	(60 * NS_PER_S)
#define HOUR	(60 * MINUTE)
#define DAY	(24 * HOUR)

/* Local time, or UTC, of @ns. A zeroed tm if there is none. */
static struct tm split_time(long long ns, bool utc)
{
	/* Round down before 1970 too. */
	time_t t = ns / NS_PER_S - (ns % NS_PER_S < 0);
	struct tm tm = { 0 };

	if (!(utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)))
		memset(&tm, 0, sizeof(tm));
	return tm;
}

/* Does the calendar have this date and time? It turns February 30 into March 2. */
static bool join_time(const struct tm *wanted, bool utc, long long *ns)
{
	struct tm tm = *wanted;
	time_t t;

	tm.tm_isdst = -1;
	t = utc ? timegm(&tm) : mktime(&tm);
	*ns = t * NS_PER_S;
	return tm.tm_mon == wanted->tm_mon && tm.tm_mday == wanted->tm_mday &&
	       wanted->tm_hour < 24 && wanted->tm_min < 60 && wanted->tm_sec < 60;
}

/* Read up to @max digits; -1 if there is none. */
static int read_digits(const char **at, int max)
{
	int n = 0, digits = 0;

	while (digits < max && isdigit((unsigned char)**at)) {
		n = 10 * n + *(*at)++ - '0';
		digits++;
	}
	return digits ? n : -1;
}

/* HH:MM or HH:MM:SS. */
static bool read_clock(const char **at, struct tm *tm)
{
	tm->tm_hour = read_digits(at, 2);
	if (tm->tm_hour < 0 || *(*at)++ != ':')
		return false;
	tm->tm_min = read_digits(at, 2);
	tm->tm_sec = 0;
	if (tm->tm_min < 0)
		return false;
	if (**at != ':')
		return true;
	++*at;
	tm->tm_sec = read_digits(at, 2);
	return tm->tm_sec >= 0;
}

/* YYYY-MM-DD. */
static bool read_date(const char **at, struct tm *tm)
{
	const char *from = *at;

	tm->tm_year = read_digits(at, 4) - 1900;
	if (*at != from + 4 || *(*at)++ != '-')
		return false;
	tm->tm_mon = read_digits(at, 2) - 1;
	if (tm->tm_mon < 0 || *(*at)++ != '-')
		return false;
	tm->tm_mday = read_digits(at, 2);
	return tm->tm_mday > 0;
}

/* A date, a time of day, or both. */
static bool read_calendar(const char *at, long long now, long long *ns)
{
	bool dated = strchr(at, '-'), utc = strchr(at, 'Z');
	/* A time of day without a date is of today, by its own clock. */
	struct tm tm = split_time(now, utc), parsed = { 0 };

	if (dated) {
		if (!read_date(&at, &parsed))
			return false;
		tm = parsed;
		if (*at == 'T' || *at == ' ')
			at++;
	}
	if (*at || !dated) {
		if (!read_clock(&at, &tm))
			return false;
	}
	return !strcmp(at, utc ? "Z" : "") && join_time(&tm, utc, ns);
}

bool when_read(const char *text, long long now, long long *ns)
{
	struct tm midnight = split_time(now, false);
	long long ago;

	if (!strcmp(text, "now")) {
		*ns = now;
		return true;
	}
	midnight.tm_hour = 0;
	midnight.tm_min = 0;
	midnight.tm_sec = 0;
	if (!strcmp(text, "today") || !strcmp(text, "yesterday")) {
		join_time(&midnight, false, &ago);
		if (!strcmp(text, "yesterday")) {
			/* Noon is on that day whatever the clock was set to. */
			midnight = split_time(ago - DAY / 2, false);
			midnight.tm_hour = 0;
			midnight.tm_min = 0;
			midnight.tm_sec = 0;
			join_time(&midnight, false, &ago);
		}
		*ns = ago;
		return true;
	}
	if (*text == '@')
		return read_number(text + 1, 0, 1LL << 33, ns) &&
		       !__builtin_mul_overflow(*ns, NS_PER_S, ns);
	if (read_time(text + (*text == '-'), &ago)) {
		*ns = now - ago;
		return true;
	}
	return read_calendar(text, now, ns);
}

static const char *write_time(char buf[WHEN_MAX], const char *fmt, long long ns,
			      bool utc)
{
	struct tm tm = split_time(ns, utc);

	if (!strftime(buf, WHEN_MAX, fmt, &tm))
		*buf = '\0';
	return buf;
}

const char *when_write(char buf[WHEN_MAX], long long ns)
{
	return write_time(buf, "%a %F %T %Z", ns, false);
}

const char *when_write_short(char buf[WHEN_MAX], long long ns)
{
	return write_time(buf, "%F %T", ns, false);
}

const char *when_write_precise(char buf[WHEN_MAX], long long ns)
{
	char zone[WHEN_MAX];
	size_t len;

	when_write_short(buf, ns);
	len = strlen(buf);
	snprintf(buf + len, WHEN_MAX - len, ".%06lld %.20s",
		 (ns % NS_PER_S + NS_PER_S) % NS_PER_S / 1000, when_zone(zone, ns));
	return buf;
}

const char *when_write_utc(char buf[WHEN_MAX], long long ns)
{
	return write_time(buf, "%F %T UTC", ns, true);
}

const char *when_write_stamp(char buf[WHEN_MAX], long long ns)
{
	return write_time(buf, "%Y%m%dT%H%M%S", ns, true);
}

const char *when_zone(char buf[WHEN_MAX], long long ns)
{
	return write_time(buf, "%Z", ns, false);
}

const char *when_write_row(char buf[WHEN_MAX], bool dated, long long ns,
			   unsigned long long since_boot_ns)
{
	if (dated)
		return write_time(buf, "%m-%d %T", ns, false);
	snprintf(buf, WHEN_MAX, "%.6f s after boot", since_boot_ns / 1e9);
	return buf;
}

const char *when_write_heading(char buf[WHEN_MAX], long long now)
{
	char zone[WHEN_MAX];

	snprintf(buf, WHEN_MAX, "TIME (%.50s)", when_zone(zone, now));
	return buf;
}

const char *when_write_rfc3339(char buf[WHEN_MAX], long long ns)
{
	size_t len;

	write_time(buf, "%FT%T", ns, true);
	len = strlen(buf);
	snprintf(buf + len, WHEN_MAX - len, ".%09lldZ",
		 (ns % NS_PER_S + NS_PER_S) % NS_PER_S);
	return buf;
}

const char *when_write_age(char buf[WHEN_MAX], long long age)
{
	if (age < -2 * NS_PER_S)
		snprintf(buf, WHEN_MAX, "in the future: the clock was set back");
	else if (age < MINUTE)
		snprintf(buf, WHEN_MAX, "%lld s ago", age < 0 ? 0 : age / NS_PER_S);
	else if (age < 2 * HOUR)
		snprintf(buf, WHEN_MAX, "%lld min ago", age / MINUTE);
	else if (age < 2 * DAY)
		snprintf(buf, WHEN_MAX, "%lld h ago", age / HOUR);
	else
		snprintf(buf, WHEN_MAX, "%lld days ago", age / DAY);
	return buf;
}

const char *when_write_age_short(char buf[WHEN_MAX], long long age)
{
	if (age < -2 * NS_PER_S)
		snprintf(buf, WHEN_MAX, "-");
	else if (age < MINUTE)
		snprintf(buf, WHEN_MAX, "%llds", age < 0 ? 0 : age / NS_PER_S);
	else if (age < HOUR)
		snprintf(buf, WHEN_MAX, "%lldm", age / MINUTE);
	else if (age < 2 * DAY)
		snprintf(buf, WHEN_MAX, "%lldh", age / HOUR);
	else
		snprintf(buf, WHEN_MAX, "%lldd", age / DAY);
	return buf;
}

bool when_read_stamp(const char *text, const char **end, long long *ns)
{
	static const char shape[] = "ddddddddTdddddd";
	struct tm tm = { 0 };
	size_t i;

	for (i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == 'T' ? text[i] != 'T' :
		    !isdigit((unsigned char)text[i]))
			return false;
	tm.tm_year = read_digits(&text, 4) - 1900;
	tm.tm_mon = read_digits(&text, 2) - 1;
	tm.tm_mday = read_digits(&text, 2);
	text++;
	tm.tm_hour = read_digits(&text, 2);
	tm.tm_min = read_digits(&text, 2);
	tm.tm_sec = read_digits(&text, 2);
	*end = text + (*text == 'Z');
	return join_time(&tm, true, ns);
}
