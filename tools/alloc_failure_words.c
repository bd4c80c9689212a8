// SPDX-License-Identifier: GPL-2.0
/*
 * Says in words what an allocation of the kernel that failed was for.
 */
#include <stdio.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "alloc_failure.h"
#include "human.h"

#define HAS(a, field)	oomtrace_field_valid(&(a)->h, OOMTRACE_BIT_alloc_failure_##field)

const char *alloc_failure_who(char *buf, size_t size,
			      const struct oomtrace_alloc_failure *a)
{
	char task[HUMAN_TASK_LEN];

	if (HAS(a, tgid))
		snprintf(buf, size, "%s", human_task(task, a->comm, a->tgid));
	else
		snprintf(buf, size, "%s", a->context == OOMTRACE_CONTEXT_SOFTIRQ ?
			 "a softirq" : "an interrupt");
	return buf;
}

const char *alloc_failure_asked(char *buf, size_t size,
				const struct oomtrace_alloc_failure *a,
				unsigned int page_size)
{
	char bytes[HUMAN_LEN];

	/* A file may hold any order. */
	if (HAS(a, order) && a->order && a->order < 64)
		snprintf(buf, size, "%llu contiguous pages (%s)", 1ULL << a->order,
			 human_size(bytes, (double)page_size * (1ULL << a->order)));
	else if (HAS(a, order) && !a->order)
		snprintf(buf, size, "1 page (%s)", human_size(bytes, page_size));
	else if (HAS(a, bytes))
		snprintf(buf, size, "%s by vmalloc", human_size(bytes, a->bytes));
	else
		snprintf(buf, size, "%s", a->kind == OOMTRACE_ALLOC_VMALLOC ?
			 "memory by vmalloc" : "memory of an unknown kind");
	return buf;
}

const char *alloc_failure_words(char buf[ALLOC_TEXT_MAX],
				const struct oomtrace_alloc_failure *a,
				unsigned int page_size)
{
	char asked[80], bytes[HUMAN_LEN];
	int n;

	n = snprintf(buf, ALLOC_TEXT_MAX, "the kernel could not allocate %s",
		     alloc_failure_asked(asked, sizeof(asked), a, page_size));
	if (HAS(a, free))
		n += snprintf(buf + n, ALLOC_TEXT_MAX - n, "; %s of memory were free",
			      human_size(bytes, (double)a->free * page_size));
	if (HAS(a, no_warn) && a->no_warn)
		n += snprintf(buf + n, ALLOC_TEXT_MAX - n,
			      "; it expects that this may fail, and often has another way (__GFP_NOWARN)");
	if (HAS(a, oom_victim) && a->oom_victim)
		snprintf(buf + n, ALLOC_TEXT_MAX - n,
			 "; the task is a victim of the OOM killer");
	return buf;
}
