// SPDX-License-Identifier: GPL-2.0
/*
 * Prints TAP lines.
 */
#include <stdlib.h>

#include "test_util.h"

static unsigned int planned, done, failed;

void plan(unsigned int tests)
{
	planned = tests;
	printf("TAP version 13\n1..%u\n", tests);
}

void check(bool ok, const char *name)
{
	done++;
	if (!ok)
		failed++;
	printf("%sok %u %s\n", ok ? "" : "not ", done, name);
	fflush(stdout);
}

/* Show a text as TAP diagnostics. */
static void show(const char *what, const char *text)
{
	printf("# %s:\n# ", what);
	for (; *text; text++) {
		putchar(*text);
		if (*text == '\n' && text[1])
			printf("# ");
	}
	putchar('\n');
}

static void check_and_show(bool ok, const char *got, const char *want,
			   const char *name)
{
	if (!ok) {
		show("got", got);
		show("want", want);
	}
	check(ok, name);
}

void check_text(const char *got, const char *want, const char *name)
{
	check_and_show(!strcmp(got, want), got, want, name);
}

void check_has(const char *got, const char *part, const char *name)
{
	check_and_show(strstr(got, part), got, part, name);
}

void check_hasnt(const char *got, const char *part, const char *name)
{
	check_and_show(!strstr(got, part), got, part, name);
}

int finish(void)
{
	if (done != planned) {
		printf("Bail out! %u tests ran, %u were planned\n", done,
		       planned);
		return 1;
	}
	printf("# %u passed, %u failed\n", done - failed, failed);
	return failed ? 1 : 0;
}
