/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_STORY_H
#define OOMTRACE_TEST_STORY_H

#define STORY_TESTS	114

void test_story(void);

#endif /* OOMTRACE_TEST_STORY_H */
