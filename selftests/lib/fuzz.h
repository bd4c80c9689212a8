/* SPDX-License-Identifier: GPL-2.0 */
/* The random calls that one thread makes on the device and in debugfs. */
#ifndef SELFTESTS_FUZZ_H
#define SELFTESTS_FUZZ_H

#include <stddef.h>

#include "lib.h"

enum fuzz_op {
	FUZZ_OPEN,
	FUZZ_CLOSE,
	FUZZ_READ,
	FUZZ_PREAD,
	FUZZ_READV,
	FUZZ_WRITE,
	FUZZ_LSEEK,
	FUZZ_POLL,
	FUZZ_IOCTL,
	FUZZ_MMAP,
	FUZZ_MUNMAP,
	FUZZ_FCNTL,
	FUZZ_DUP,
	FUZZ_SPLICE,
	FUZZ_STAT,
	FUZZ_ASK,
	FUZZ_OPS
};

extern const char * const fuzz_op_names[FUZZ_OPS];

#define FUZZ_FDS	8
#define FUZZ_MAPS	4

struct fuzzer {
	unsigned long long rnd;
	unsigned long calls[FUZZ_OPS];
	unsigned long good[FUZZ_OPS];
	unsigned long bad_reads;
	char why[128];
	/* private: */
	struct {
		int fd;
		bool device;
		bool takes;	/* a control file, opened for writing */
	} file[FUZZ_FDS];
	struct {
		void *at;
		size_t len;
	} map[FUZZ_MAPS];
	int pipe[2];
	char *arena;
};

struct fuzzer *fuzz_new(unsigned long long seed);
void fuzz_free(struct fuzzer *f);
void fuzz_call(struct fuzzer *f);
/* Must this call always fail? */
bool fuzz_op_is_refused(enum fuzz_op op);

#endif /* SELFTESTS_FUZZ_H */
