/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The size of what the BPF ring buffer gets: a commit decision's record without
 * what only a ring of ours has (type, size, CPU, ring and number: 16 bytes).
 */
#ifndef RING_H
#define RING_H

#define RING_RECORD_BYTES	168
#define RING_BPF_BYTES		(1 << 20)

#endif /* RING_H */
