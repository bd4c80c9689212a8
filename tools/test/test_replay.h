/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_REPLAY_H
#define OOMTRACE_TEST_REPLAY_H

#define REPLAY_TESTS	28

void test_replay(void);

#endif /* OOMTRACE_TEST_REPLAY_H */
