// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads with a handle each, under ThreadSanitizer: the library must share
 * no state between handles. Reads the file in its argument and prints TAP.
 */
#include <pthread.h>
#include <stdlib.h>

#include "../tools/test/test_util.h"
#include "liboomtrace.h"

#define THREADS	8
#define ROUNDS	20

struct result {
	const char *path;
	unsigned long long records;
	unsigned long long bytes;
};

static void *read_it(void *arg)
{
	const struct oomtrace_header *rec;
	struct oomtrace *ot = oomtrace_new();
	struct result *r = arg;
	char text[8192];
	int i;

	for (i = 0; ot && i < ROUNDS && !oomtrace_open(ot, r->path, 0); i++) {
		while (oomtrace_next(ot, &rec) > 0) {
			r->bytes += oomtrace_json(rec, text, sizeof(text));
			r->bytes += oomtrace_text(rec, text, sizeof(text));
		}
		r->records += oomtrace_received(ot, -1, -1);
		/* Each handle has its own error message. */
		oomtrace_open(ot, "/nowhere", 0);
		r->bytes += strlen(oomtrace_error(ot));
	}
	oomtrace_free(ot);
	return NULL;
}

int main(int argc, char **argv)
{
	struct result r[THREADS] = { 0 };
	pthread_t t[THREADS];
	bool same = true;
	int i;

	plan(1);
	for (i = 0; i < THREADS; i++) {
		r[i].path = argv[argc - 1];
		if (pthread_create(&t[i], NULL, read_it, &r[i]))
			abort();
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		same &= r[i].records == 900ULL * ROUNDS &&
			r[i].bytes == r[0].bytes;
	}
	check(same, "threads_with_a_handle_each_read_the_same");
	return finish();
}
