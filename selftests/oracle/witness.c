// SPDX-License-Identifier: GPL-2.0
/*
 * The witness of commit decisions: its probes, and the counts of a complete
 * log.
 */
#include "../lib/lib.h"
#include "loader.h"
#include "witness.h"

#define FUNCTION	"__vm_enough_memory"

/* The return probe supports 1024 concurrent calls. */
static struct loader_probe probes[] = {
	{ .event = "entry", .definition = "p:oracle/entry " FUNCTION,
	  .pinned = { "vm_enough_entry", "kprobe_" FUNCTION },
	  .count = ORACLE_ENTRIES },
	{ .event = "return", .definition = "r1024:oracle/return " FUNCTION,
	  .pinned = { "vm_enough_return", "kretprobe_" FUNCTION },
	  .count = ORACLE_RETURNS },
};

void witness_start(const char *object)
{
	loader_start(object, probes, ARRAY_SIZE(probes));
}

void witness_stop(void)
{
	loader_stop();
}

void witness_begin(void)
{
	loader_begin();
}

size_t witness_read(struct oracle_event *events, size_t room)
{
	return loader_read(events, sizeof(*events), room);
}

bool witness_saw_everything(void)
{
	bool whole = loader_missed_nothing();

	whole &= loader_same("entries, decisions", loader_count(ORACLE_ENTRIES),
			     loader_count(ORACLE_EVENTS));
	whole &= loader_is_zero("returns without an entry",
				loader_count(ORACLE_UNPAIRED));
	whole &= loader_is_zero("entries without a return",
				loader_count(ORACLE_STALE));
	whole &= loader_is_zero("table of open calls full",
				loader_count(ORACLE_NO_ROOM));
	whole &= loader_is_zero("log full", loader_count(ORACLE_LOG_FULL));
	return whole;
}
