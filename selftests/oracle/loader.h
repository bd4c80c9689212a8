/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loads, attaches and reads a BPF program as a witness. Independent of
 * oomtrace, and of the meaning of the program's counters.
 *
 * A function that fails prints the reason on stderr and aborts.
 */
#ifndef LOADER_H
#define LOADER_H

#include <stdbool.h>
#include <stddef.h>

#include "event.h"

/**
 * struct loader_probe - an event of tracefs and the BPF program that it runs
 * @event: its name in tracefs.
 * @definition: line for kprobe_events.
 * @pinned: bpftool's name of the program: its function or its section.
 * @count: index of the count of the program's runs.
 * @fd: private.
 * @hits: private.
 * @missed: private.
 */
struct loader_probe {
	const char *event;
	const char *definition;
	const char *pinned[2];
	unsigned int count;
	int fd;
	unsigned long long hits;
	unsigned long long missed;
};

/* Load the object file and attach its programs; @probes must stay allocated. */
void loader_start(const char *object, struct loader_probe *probes, size_t n);
void loader_stop(void);
/* Drop what was logged so far and reset the counts. */
void loader_begin(void);
/* One of the program's counts since loader_begin(). */
__u64 loader_count(unsigned int what);
/* Was each event hit as often as its program ran? Prints differences. */
bool loader_missed_nothing(void);
/* Print a count that is not zero, or two that differ; false then. */
bool loader_is_zero(const char *what, __u64 n);
bool loader_same(const char *what, __u64 a, __u64 b);
/* Consume the log, at most @room events of @size bytes. */
size_t loader_read(void *events, size_t size, size_t room);

#endif /* LOADER_H */
