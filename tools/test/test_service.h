/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_SERVICE_H
#define OOMTRACE_TEST_SERVICE_H

#define SERVICE_TESTS	7

void test_service(void);

#endif /* OOMTRACE_TEST_SERVICE_H */
