// SPDX-License-Identifier: GPL-2.0
/*
 * Says in words what a system call asked for that was refused, and what explains that.
 */
#include <errno.h>
#include <stdio.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "human.h"
#include "refused.h"

#define VALID(r, field)	oomtrace_field_valid(&(r)->h, OOMTRACE_BIT_refused_##field)

/* The shift of a page's size by it fits into 64 bits. */
#define ORDER_MAX	31

const char *refused_answer(const struct oomtrace_refused *r)
{
	return r->ret == -EAGAIN ? "EAGAIN" : "ENOMEM";
}

const char *refused_asked(char *buf, size_t size, const struct oomtrace_refused *r)
{
	const char *call = oomtrace_value_name(OOMTRACE_REFUSED, "call", r->call);
	char bytes[HUMAN_LEN];

	if (VALID(r, bytes))
		snprintf(buf, size, "%s of %s", call ? call : "?",
			 human_size(bytes, r->bytes));
	else
		snprintf(buf, size, "%s", call ? call : "?");
	return buf;
}

const char *refused_names(char *buf, size_t size, const struct oomtrace_refused *r)
{
	const char *name;
	unsigned int i;
	size_t n = 0;

	*buf = '\0';
	for (i = 0; i < 32 && n < size; i++) {
		if (!(r->causes >> i & 1))
			continue;
		name = oomtrace_value_name(OOMTRACE_REFUSED, "cause", i);
		n += snprintf(buf + n, size - n, "%s%s", n ? "," : "", name ? name : "?");
	}
	return buf;
}

/* The limits whose numbers are bytes or tasks, and how a person knows them. */
static const char * const limit_names[OOMTRACE_CAUSES] = {
	[OOMTRACE_CAUSE_RLIMIT_AS]	= "RLIMIT_AS (ulimit -v)",
	[OOMTRACE_CAUSE_RLIMIT_DATA]	= "RLIMIT_DATA (ulimit -d)",
	[OOMTRACE_CAUSE_RLIMIT_MEMLOCK]	= "RLIMIT_MEMLOCK (ulimit -l)",
	[OOMTRACE_CAUSE_MEMCG]		= "memory.max of its cgroup",
	[OOMTRACE_CAUSE_PIDS_MAX]	= "pids.max of its cgroup",
	[OOMTRACE_CAUSE_RLIMIT_NPROC]	= "RLIMIT_NPROC (ulimit -u)",
	[OOMTRACE_CAUSE_THREADS_MAX]	= "kernel.threads-max",
};

/* Is the order known, and one that a kernel may have? A file may hold any number. */
static bool has_order(const struct oomtrace_refused *r)
{
	return VALID(r, order) && r->order <= ORDER_MAX;
}

static void write_hugetlb(char *buf, size_t size, const struct oomtrace_refused *r,
			  unsigned int page_size, unsigned long long used,
			  unsigned long long limit)
{
	char bytes[HUMAN_LEN], of[HUMAN_LEN + 8] = "", asked[48] = "";
	unsigned long long page;

	if (has_order(r)) {
		page = (unsigned long long)page_size << r->order;
		snprintf(of, sizeof(of), " of %s", human_size(bytes, page));
		if (VALID(r, bytes))
			snprintf(asked, sizeof(asked), "; %llu were asked for",
				 r->bytes / page + !!(r->bytes % page));
	}
	snprintf(buf, size, "too few huge pages in the pool (vm.nr_hugepages): it can give %llu%s, of which %llu are reserved%s",
		 limit, of, used, asked);
}

static void write_cause(char *buf, size_t size, const struct oomtrace_refused *r,
			unsigned int page_size, unsigned int cause, bool numbers,
			unsigned long long used, unsigned long long limit)
{
	char a[HUMAN_LEN], b[HUMAN_LEN];

	switch (cause) {
	case OOMTRACE_CAUSE_UNKNOWN:
		snprintf(buf, size, "the cause is unknown: no limit that is known explains it");
		return;
	case OOMTRACE_CAUSE_COMMIT:
		snprintf(buf, size, "commit accounting denied it");
		return;
	case OOMTRACE_CAUSE_CONTIGUOUS:
		if (has_order(r))
			snprintf(buf, size, "the kernel could not allocate %llu contiguous pages for it",
				 1ULL << r->order);
		else
			snprintf(buf, size, "the kernel could not allocate contiguous pages for it");
		return;
	case OOMTRACE_CAUSE_ALLOCATION:
		snprintf(buf, size, "the kernel could not allocate memory for it");
		return;
	case OOMTRACE_CAUSE_ADDRESS_SPACE:
		snprintf(buf, size, "no gap in its address space is large enough");
		return;
	case OOMTRACE_CAUSE_PID_NAMESPACE:
		snprintf(buf, size, "process 1 of the pid namespace for its children has ended");
		return;
	}
	if (!numbers && cause == OOMTRACE_CAUSE_MEMCG)
		snprintf(buf, size, "the memory limit of its cgroup");
	else if (!numbers)
		snprintf(buf, size, "%s", oomtrace_value_name(OOMTRACE_REFUSED, "cause", cause) ?:
			 "another cause");
	else if (cause == OOMTRACE_CAUSE_MAP_COUNT)
		snprintf(buf, size, "vm.max_map_count: it has %llu maps of %llu", used, limit);
	else if (cause == OOMTRACE_CAUSE_HUGETLB)
		write_hugetlb(buf, size, r, page_size, used, limit);
	else if (cause == OOMTRACE_CAUSE_PIDS_MAX || cause == OOMTRACE_CAUSE_RLIMIT_NPROC ||
		 cause == OOMTRACE_CAUSE_THREADS_MAX)
		snprintf(buf, size, "%s: %llu of %llu tasks", limit_names[cause], used, limit);
	else if (cause < OOMTRACE_CAUSES && limit_names[cause])
		snprintf(buf, size, "%s: %s of %s were in use", limit_names[cause],
			 human_size(a, used), human_size(b, limit));
	else
		snprintf(buf, size, "another cause (%u)", cause);
}

const char *refused_cause(char buf[REFUSED_TEXT_MAX], const struct oomtrace_refused *r,
			  unsigned int page_size)
{
	char one[REFUSED_TEXT_MAX / 3 - 8];
	size_t n;

	write_cause(one, sizeof(one), r, page_size, r->cause, VALID(r, used), r->used,
		    r->limit);
	n = snprintf(buf, REFUSED_TEXT_MAX, "%s", one);
	if (VALID(r, cause2)) {
		write_cause(one, sizeof(one), r, page_size, r->cause2, VALID(r, used2),
			    r->used2, r->limit2);
		n += snprintf(buf + n, REFUSED_TEXT_MAX - n, "; and %s", one);
	}
	if (VALID(r, cause3)) {
		write_cause(one, sizeof(one), r, page_size, r->cause3, VALID(r, used3),
			    r->used3, r->limit3);
		snprintf(buf + n, REFUSED_TEXT_MAX - n, "; and %s", one);
	}
	return buf;
}
