/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reader by mmap, as include/oomtrace.h says that one is to be written
 * (mapped.c). Not the library's: what it does wrong shows here.
 */
#ifndef SELFTESTS_MAPPED_H
#define SELFTESTS_MAPPED_H

#include "lib.h"

/* One ring on one CPU. */
struct mapped {
	int fd;
	const struct oomtrace_ring_page *page;
	size_t size;
	__u32 ring;
	__u32 cpu;
	__u64 next;
};

/* What the module says of a ring on a CPU; 0 or errno. */
int ring_ask(int fd, __u32 ring, __u32 cpu, struct oomtrace_ring_cpu_info *info);
/* Map it, to be read from a record on; dies if that fails. */
void mapped_open(struct mapped *m, int fd, __u32 ring, __u32 cpu, __u64 next);
void mapped_close(struct mapped *m);
/*
 * The next record, or one that says how many are lost, as the device would have
 * it; false: there is none now. Follows a resize.
 */
bool mapped_next(struct mapped *m, union record *r);

#endif /* SELFTESTS_MAPPED_H */
