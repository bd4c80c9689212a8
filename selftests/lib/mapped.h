/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reader by mmap, written from the protocol in the ABI header. It shares no
 * code with the library, so that it finds the library's errors.
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

/* The module's description of a ring on a CPU; 0 or errno. */
int ring_ask(int fd, __u32 ring, __u32 cpu, struct oomtrace_ring_cpu_info *info);
/* Map a ring to read from record @next on; aborts on failure. */
void mapped_open(struct mapped *m, int fd, __u32 ring, __u32 cpu, __u64 next);
void mapped_close(struct mapped *m);
/*
 * The next record, or a lost record as the device gives it; false if there is
 * none. Follows a resize.
 */
bool mapped_next(struct mapped *m, union record *r);

#endif /* SELFTESTS_MAPPED_H */
