/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_METRICS_H
#define OOMTRACE_TEST_METRICS_H

#define METRICS_TESTS	43

void test_metrics(void);

#endif /* OOMTRACE_TEST_METRICS_H */
