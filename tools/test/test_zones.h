/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_ZONES_H
#define OOMTRACE_TEST_ZONES_H

#define ZONES_TESTS	26

void test_zones(void);

#endif /* OOMTRACE_TEST_ZONES_H */
