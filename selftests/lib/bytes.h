/* SPDX-License-Identifier: GPL-2.0 */
/* Whether every byte of a record is one that the module meant to write. */
#ifndef SELFTESTS_BYTES_H
#define SELFTESTS_BYTES_H

#include "lib.h"

/*
 * In the kernel's half of the address space, but not a small negative number.
 */
bool looks_like_an_address(__u64 n);
/* What is wrong with a record, or with the first of many that is wrong; or NULL. */
const char *record_fault(const union record *r);
const char *records_fault(const struct records *recs);

/* Every byte of every record is intended. For tests of the kselftest harness. */
#define EXPECT_ALL_INTENDED(recs) do {					\
	const char *why_ = records_fault(recs);				\
									\
	EXPECT_EQ(NULL, why_) TH_LOG("%s", why_);			\
} while (0)

#endif /* SELFTESTS_BYTES_H */
