/* SPDX-License-Identifier: GPL-2.0 */
/*
 * OOMs that only say once more what the last one said: counted, not told one by
 * one (again.c).
 */
#ifndef OOMTRACE_AGAIN_H
#define OOMTRACE_AGAIN_H

#include <linux/types.h>

struct oomtrace_candidate;
struct oomtrace_episode;

void oomtrace_again_init(void);
void oomtrace_again_exit(void);
u64 oomtrace_again_count(void);

void oomtrace_again_begin(struct oomtrace_episode *ep);
bool oomtrace_again_hold(struct oomtrace_episode *ep,
			 const struct oomtrace_candidate *rec);
void oomtrace_again_tell(struct oomtrace_episode *ep);
bool oomtrace_again_end(struct oomtrace_episode *ep, u8 how);
void oomtrace_again_flush(void);

#endif /* OOMTRACE_AGAIN_H */
