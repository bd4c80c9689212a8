/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_SAVEFILE_H
#define OOMTRACE_TEST_SAVEFILE_H

#define SAVEFILE_TESTS	18

void test_savefile(void);

#endif /* OOMTRACE_TEST_SAVEFILE_H */
