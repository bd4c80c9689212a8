// SPDX-License-Identifier: GPL-2.0
/*
 * Tests points in time: what a command line may say, across a change to summer
 * time, and what is written.
 */
#include <stdlib.h>
#include <time.h>

#include "../clock.h"
#include "../when.h"
#include "test_util.h"
#include "test_when.h"

/* Sun 2026-03-29 12:00:00 CEST: at 2 h of that day clocks went to 3 h. */
#define NOW	(1774778400 * NS_PER_S)

/* What a text means, as UTC; "no" if it is refused. */
static const char *meaning_at(const char *text, long long now)
{
	static char buf[WHEN_MAX];
	long long ns;

	if (!when_read(text, now, &ns))
		return "no";
	return when_write_rfc3339(buf, ns);
}

static const char *meaning(const char *text)
{
	return meaning_at(text, NOW);
}

static void test_texts(void)
{
	static const struct { const char *text, *utc; } cases[] = {
		{ "now", "2026-03-29T10:00:00.000000000Z" },
		{ "2h", "2026-03-29T08:00:00.000000000Z" },
		{ "-90s", "2026-03-29T09:58:30.000000000Z" },
		{ "today", "2026-03-28T23:00:00.000000000Z" },
		{ "yesterday", "2026-03-27T23:00:00.000000000Z" },
		{ "01:30", "2026-03-29T00:30:00.000000000Z" },
		{ "03:30:15", "2026-03-29T01:30:15.000000000Z" },
		{ "2026-02-28", "2026-02-27T23:00:00.000000000Z" },
		{ "2026-02-28 17:00", "2026-02-28T16:00:00.000000000Z" },
		{ "2026-06-30T17:00:01", "2026-06-30T15:00:01.000000000Z" },
		{ "2026-02-28 17:00Z", "2026-02-28T17:00:00.000000000Z" },
		{ "@1774778400", "2026-03-29T10:00:00.000000000Z" },
	};
	unsigned int i;
	bool good = true;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!strcmp(meaning(cases[i].text), cases[i].utc))
			continue;
		printf("# %s is %s, want %s\n", cases[i].text, meaning(cases[i].text),
		       cases[i].utc);
		good = false;
	}
	check(good, "a_time_is_understood_in_each_form");
}

static void test_refused(void)
{
	static const char * const cases[] = {
		"", "x", "tomorrow", "2026-02-30", "2026-13-01", "24:00", "12:60",
		"17", "17:", "2026-02-28x", "2026-2", "@", "@x", "2h ago", "2026-02-28 17",
	};
	unsigned int i;
	bool good = true;

	/* A number alone is a duration in seconds. */
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!strcmp(cases[i], "17") || !strcmp(meaning(cases[i]), "no"))
			continue;
		printf("# '%s' is %s\n", cases[i], meaning(cases[i]));
		good = false;
	}
	check(good, "what_is_no_time_is_refused");
}

/* It is 03-29 22:00 in UTC, and 03-30 in Auckland. */
static void test_utc_today(void)
{
	setenv("TZ", "NZST-12NZDT,M9.5.0,M4.1.0/3", 1);
	tzset();
	check_text(meaning_at("17:00Z", NOW + 12 * 3600 * NS_PER_S),
		   "2026-03-29T17:00:00.000000000Z", "a_time_in_utc_is_of_its_date_in_utc");
}

void test_when(void)
{
	char buf[WHEN_MAX];
	const char *end;
	long long ns;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	test_texts();
	test_refused();
	check_text(when_write(buf, NOW), "Sun 2026-03-29 12:00:00 CEST",
		   "a_time_has_its_zone");
	check_text(when_write_precise(buf, NOW + 1234), "2026-03-29 12:00:00.000001 CEST",
		   "a_precise_time_has_microseconds");
	check_text(when_write_rfc3339(buf, -1), "1969-12-31T23:59:59.999999999Z",
		   "a_time_before_1970_is_written");
	check_text(when_write_stamp(buf, NOW), "20260329T100000",
		   "a_stamp_is_in_utc");
	check(when_read_stamp("20260329T100000-9", &end, &ns) && ns == NOW &&
	      !strcmp(end, "-9"), "a_stamp_is_read_back");
	check(!when_read_stamp("20260329T10000", &end, &ns) &&
	      !when_read_stamp("20260230T100000", &end, &ns),
	      "what_is_no_stamp_is_refused");
	check_text(when_write_age(buf, 150 * NS_PER_S), "2 min ago", "an_age_is_short");
	check_text(when_write_age(buf, -60 * NS_PER_S),
		   "in the future: the clock was set back", "a_clock_set_back_is_told");
	check_text(when_write_age_short(buf, 86400 * 12 * NS_PER_S), "12d",
		   "a_table_has_shorter_ages");
	test_utc_today();
	unsetenv("TZ");
	tzset();
}
