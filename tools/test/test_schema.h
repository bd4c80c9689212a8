/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_SCHEMA_H
#define OOMTRACE_TEST_SCHEMA_H

#include <stdio.h>

#define SCHEMA_TESTS	8

/** schema_write() - write the JSON Schema of records */
void schema_write(FILE *to);

/** test_schema() - needs ./oomtrace */
void test_schema(void);

#endif /* OOMTRACE_TEST_SCHEMA_H */
