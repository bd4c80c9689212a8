/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The size of a record in the BPF ring buffer: a commit record without the
 * fields that only oomtrace's rings need (type, size, CPU, ring and number: 16
 * bytes).
 */
#ifndef RING_H
#define RING_H

#define RING_RECORD_BYTES	168
#define RING_BPF_BYTES		(1 << 20)

#endif /* RING_H */
