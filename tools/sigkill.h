/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records of SIGKILLs: listing them, and each as a sentence.
 */
#ifndef OOMTRACE_TOOLS_SIGKILL_H
#define OOMTRACE_TOOLS_SIGKILL_H

#include "cgroups.h"
#include "store.h"

/* Bytes that hold a sentence, escaped. */
#define SIGKILL_TEXT_MAX	700

/**
 * struct sigkill - a SIGKILL, with the time of day
 * @k: its record; if it lacks the victim, it only has a count.
 * @load: place of its load in the store.
 * @wall_ns: CLOCK_REALTIME, nanoseconds.
 * @dated: @wall_ns is known.
 * @released: number of the OOM whose only part is that process_mrelease(2) freed the
 *	memory of the process afterwards; 0: none.
 */
struct sigkill {
	const struct oomtrace_sigkill *k;
	size_t load;
	long long wall_ns;
	bool dated;
	unsigned long long released;
};

/**
 * sigkills_find() - list the SIGKILLs in the order of time
 * @st: the store, read with their type, and with that of victims.
 * @opt: the time range.
 * @n: out: their number.
 *
 * Return: the list, which the caller frees.
 */
struct sigkill *sigkills_find(const struct store *st, const struct options *opt,
			      size_t *n);

/** sigkill_is_kill() - did a process get it that was alive? False for a mere count */
bool sigkill_is_kill(const struct oomtrace_sigkill *k);

/** sigkill_is_oom() - is it part of an OOM, of the kernel or of an OOM daemon? */
bool sigkill_is_oom(const struct oomtrace_sigkill *k);

/**
 * sigkill_describe() - say who sent it
 * @buf: out: "was killed by kill -9 of bash[12], not by the OOM killer".
 * @k: the record, of which something other than the count is known.
 *
 * Return: @buf.
 */
const char *sigkill_describe(char buf[SIGKILL_TEXT_MAX], const struct oomtrace_sigkill *k);

/**
 * sigkills_say_newest() - a paragraph on the newest SIGKILL that was no OOM
 * @st: the store.
 * @opt: the time range.
 *
 * Writes nothing if there is none. Return: true if there is one.
 */
bool sigkills_say_newest(const struct store *st, const struct options *opt);

#endif /* OOMTRACE_TOOLS_SIGKILL_H */
