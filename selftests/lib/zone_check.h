/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The zones and the stack of a global OOM, compared with the kernel's report of
 * it. These are functions in a header because only one file of a program can
 * include kselftest's harness.
 */
#ifndef SELFTESTS_ZONE_CHECK_H
#define SELFTESTS_ZONE_CHECK_H

#include <stdlib.h>
#include <string.h>

#include "lib.h"
#include "oom.h"
#include "scene.h"
#include "test.h"

/* The report is printed after the choice; a wrong value is off by thousands. */
#define ZONE_NEAR_PAGES	1024

/* The n-th record of a type in an episode. */
static inline const union record *
nth_record(const struct scene *s, unsigned int type, unsigned long long episode, int n)
{
	size_t i;

	for (i = 0; i < s->recs.n; i++)
		/* All types have @episode at the same offset. */
		if (s->recs.r[i].h.type == type &&
		    s->recs.r[i].zone.episode == episode && n-- == 0)
			return &s->recs.r[i];
	return NULL;
}

/* The part of the log that reports the kill of a process: up to its line. */
static inline char *zone_report_of(const struct scene *s, pid_t victim)
{
	char word[64], *text = strdup(s->log), *end, *at, *begin = text;

	snprintf(word, sizeof(word), "Killed process %d (", victim);
	end = strstr(text, word);
	if (!end)
		return text;
	*end = '\0';
	for (at = text; (at = strstr(at, "invoked oom-killer")); at++)
		begin = at;
	memmove(text, begin, strlen(begin) + 1);
	return text;
}

/* The free blocks of a zone are those of its line in the kernel's report. */
static inline void zone_check_blocks(struct __test_metadata *_metadata,
				     const struct oomtrace_zone *z, const char *report)
{
	const __u64 *blocks = &z->free_order0;
	char label[64], line[1024], *at, *next;
	unsigned long long n, sum = 0;
	unsigned int order = 0;
	long kb;

	snprintf(label, sizeof(label), "Node %d %.8s: ", z->node, z->name);
	line_with(report, label, line, sizeof(line));
	ASSERT_NE(0, line[0]) TH_LOG("the kernel has no zone %s", label);
	at = strstr(line, label) + strlen(label);
	/* "12*4kB (UM) 3*8kB (M) ... 0*4096kB = 72kB" */
	while (*at && *at != '=') {
		n = strtoull(at, &next, 10);
		if (next == at || *next != '*')
			break;
		kb = strtol(next + 1, &next, 10);
		EXPECT_EQ(PAGE_KB << order, kb);
		ASSERT_TRUE(z->h.valid & OOMTRACE_BIT(zone, free_order0) << order);
		EXPECT_GE(ZONE_NEAR_PAGES << (order > 8 ? order - 8 : 0),
			  llabs((long long)(n - blocks[order])) << order)
			TH_LOG("order %u: %llu recorded, %s", order, blocks[order], line);
		sum += blocks[order] << order;
		order++;
		at = next + strcspn(next, " ");
		at += strspn(at, " ");
		if (*at == '(')
			at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	EXPECT_LE(11, order) TH_LOG("%s", line);
	/* The kernel has no order beyond. */
	if (order < 14)
		EXPECT_FALSE(z->h.valid & OOMTRACE_BIT(zone, free_order0) << order);
	/* The free pages are in these blocks. */
	EXPECT_GE(ZONE_NEAR_PAGES, llabs((long long)sum - z->free));
}

/*
 * The kernel's report has a line for each zone of the nodes that nodemask or cpuset
 * allow. The records have these as allowed, before all others.
 */
static inline void zone_check_zonelist(struct __test_metadata *_metadata,
				       const struct scene *s,
				       unsigned long long episode, const char *report)
{
	long long free = 0, managed = 0, others = 0, file = 0, margin;
	long long usable_least = 0, usable_most = 0;
	const union record *r = nth_record(s, OOMTRACE_ZONELIST, episode, 0);
	const struct oomtrace_zonelist *zl;
	unsigned int n, allowed = 0, rows = 0;
	const struct oomtrace_zone *z;
	const char *at;
	int order_least = -1, order_most = -1;

	ASSERT_NE(NULL, r);
	zl = &r->zonelist;
	EXPECT_EQ(NULL, nth_record(s, OOMTRACE_ZONELIST, episode, 1));
	ASSERT_TRUE(HAS(zl, zonelist, free));
	EXPECT_TRUE(DERIVED(zl, zonelist, constraint));
	for (n = 0; (r = nth_record(s, OOMTRACE_ZONE, episode, n)); n++) {
		z = &r->zone;
		ASSERT_TRUE(HAS(z, zone, allowed));
		if (!z->allowed) {
			others += z->free;
			continue;
		}
		/* Allowed zones come first. */
		EXPECT_EQ(n, allowed);
		allowed++;
		EXPECT_GE(zl->highest_zone, z->zone);
		free += z->free;
		managed += z->managed;
		file += z->active_file + z->inactive_file;
		/* A zone near its mark may pass it between the two records. */
		margin = z->free - z->wmark_min - z->lowmem_reserve;
		if (margin > -ZONE_NEAR_PAGES) {
			usable_most += z->free;
			if (order_most < z->usable_order)
				order_most = z->usable_order;
		}
		if (margin > ZONE_NEAR_PAGES) {
			usable_least += z->free;
			if (order_least < z->usable_order)
				order_least = z->usable_order;
		}
		zone_check_blocks(_metadata, z, report);
	}
	EXPECT_EQ(zl->zones, n + zl->zones_left_out);
	EXPECT_EQ(zl->zones_allowed, allowed);
	EXPECT_GE(ZONE_NEAR_PAGES, llabs(free - zl->free));
	EXPECT_EQ(managed, zl->managed);
	EXPECT_GE(ZONE_NEAR_PAGES, llabs(file - zl->file));
	EXPECT_GE(ZONE_NEAR_PAGES, llabs(others - zl->other_nodes_free -
					 zl->other_zones_free));
	EXPECT_LE(usable_least - ZONE_NEAR_PAGES, zl->usable_free);
	EXPECT_GE(usable_most + ZONE_NEAR_PAGES, zl->usable_free);
	EXPECT_LE(order_least, zl->usable_order);
	EXPECT_GE(order_most, zl->usable_order);
	for (at = report; (at = strstr(at, " reserved_highatomic:")); at++)
		rows++;
	EXPECT_EQ(rows, allowed) TH_LOG("%s", report);
}

/* The next line of a call trace in the log; "?" marks what is no frame. */
static inline const char *next_frame(const char *line)
{
	do {
		line += strcspn(line, "\n");
		line += *line == '\n';
	} while (*line && memmem(line, strcspn(line, "\n"), " ? ", 3));
	return line;
}

static inline bool is_in_line(const char *line, const char *frame)
{
	return frame && memmem(line, strcspn(line, "\n"), frame, strlen(frame));
}

/*
 * The stack begins with the caller of out_of_memory(). Where the log shows the return
 * probe's trampoline in its place, the next frame follows that. Kernels before 5.15
 * cannot unwind beyond the trampoline: in their log "?" marks all frames below it.
 */
static inline void zone_check_first_frame(struct __test_metadata *_metadata,
					  const char *trace, const char *text)
{
	const char *line = strstr(trace, "out_of_memory+");
	char copy[OOMTRACE_STACK_TEXT + 1], *save, *first, *second;

	ASSERT_NE(NULL, line);
	strcpy(copy, text);
	first = strtok_r(copy, " ", &save);
	second = strtok_r(NULL, " ", &save);
	line = next_frame(line);
	EXPECT_TRUE(is_in_line(line, first) || is_in_line(next_frame(line), second) ||
		    (!has_stacks() && second && strstr(line, second)))
		TH_LOG("'%s' does not begin with the frame below out_of_memory() in:\n%s",
		       text, trace);
}

/* The recorded callers of out_of_memory() are those of the kernel's call trace. */
static inline void zone_check_stack(struct __test_metadata *_metadata,
				    const struct scene *s,
				    const struct oomtrace_oom_begin *begin,
				    const char *report)
{
	const struct oomtrace_stack *stack = NULL;
	char text[OOMTRACE_STACK_TEXT + 1], *frame, *save;
	const char *trace = strstr(report, "Call Trace:");
	unsigned int frames = 0;
	size_t i;

	ASSERT_TRUE(HAS(begin, oom_begin, stack));
	for (i = 0; i < s->recs.n; i++)
		if (s->recs.r[i].h.type == OOMTRACE_STACK &&
		    s->recs.r[i].stack.id == begin->stack)
			stack = &s->recs.r[i].stack;
	ASSERT_NE(NULL, stack);
	ASSERT_NE(NULL, trace);
	snprintf(text, sizeof(text), "%.*s", OOMTRACE_STACK_TEXT, stack->text);
	EXPECT_EQ(NULL, strstr(text, "oomtrace"));
	zone_check_first_frame(_metadata, trace, text);
	for (frame = strtok_r(text, " ", &save); frame;
	     frame = strtok_r(NULL, " ", &save)) {
		/*
		 * In the same order in the log. That lacks out_of_memory()'s caller:
		 * it shows the return probe's trampoline in its place.
		 */
		if (!frames++)
			continue;
		trace = strstr(trace, frame);
		ASSERT_NE(NULL, trace) TH_LOG("%s is not in the log:\n%s", frame, report);
	}
	EXPECT_EQ(stack->frames, frames);
	EXPECT_LE(4, frames);
}

#endif /* SELFTESTS_ZONE_CHECK_H */
