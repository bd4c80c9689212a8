// SPDX-License-Identifier: GPL-2.0
/* Print each victim of the OOM killer, from now on or from a file of records. */
#include <liboomtrace.h>

static void show(const struct oomtrace *ot, const struct oomtrace_header *rec)
{
	char comm[OOMTRACE_COMM_LEN + 1];
	long long pid, points;

	if (rec->type != OOMTRACE_VERDICT)
		return;
	oomtrace_get_str(rec, "comm", comm, sizeof(comm));
	oomtrace_get_int(rec, "pid", &pid);
	printf("%s[%lld]", comm, pid);
	if (oomtrace_get_int(rec, "points", &points) > 0)
		printf(" for its %lld points", points);
	printf(", %llu records lost\n", oomtrace_lost(ot, -1, -1));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : NULL;
	struct oomtrace *ot = oomtrace_new();
	const struct oomtrace_header *rec;
	int ret = ot ? oomtrace_open(ot, path, OOMTRACE_OPEN_NEWEST) : -1;

	while (ret >= 0) {
		ret = oomtrace_next(ot, &rec);
		if (ret > 0)
			show(ot, rec);
		else if (!ret && !oomtrace_is_device(ot))
			break;
		else if (!ret)
			ret = oomtrace_wait(ot, -1, -1);
	}
	if (ret < 0)
		fprintf(stderr, "%s\n", oomtrace_error(ot));
	oomtrace_free(ot);
	return ret < 0;
}
