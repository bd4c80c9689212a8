/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A BPF program as a witness: loaded, attached and read, whatever it watches.
 * loader.c has it; it knows nothing of oomtrace. What a witness's own numbers
 * mean is its own business: witness.c's, choice.c's.
 *
 * What cannot be done says why on stderr and aborts.
 */
#ifndef LOADER_H
#define LOADER_H

#include <stdbool.h>
#include <stddef.h>

#include "oracle.h"

/**
 * struct loader_probe - an event of tracefs, and the program that runs for it
 * @event: its name in tracefs.
 * @definition: how to make it.
 * @pinned: what bpftool calls the program: by its function, or by its section.
 * @count: which of the program's counts says how often it ran.
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

/* Load the object file and attach its programs; the probes must stay there. */
void loader_start(const char *object, struct loader_probe *probes, size_t n);
void loader_stop(void);
/* Forget what was logged so far; the numbers begin at zero again. */
void loader_begin(void);
/* One of the program's numbers since loader_begin(). */
__u64 loader_count(unsigned int what);
/* Was each event hit as often as its program ran? If not, says so on stdout. */
bool loader_missed_nothing(void);
/* For witnesses that say what is wrong with them: zero, or equal, or told. */
bool loader_is_zero(const char *what, __u64 n);
bool loader_same(const char *what, __u64 a, __u64 b);
/* Take what is there out of the log, at most room events of size bytes. */
size_t loader_read(void *events, size_t size, size_t room);

#endif /* LOADER_H */
