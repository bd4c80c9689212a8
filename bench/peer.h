/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The record of the benchmark's BPF peer: the fields of oomtrace's commit
 * record that a BPF program can read. It lacks the origin, hugetlb, and the
 * values computed from several fields.
 */
#ifndef PEER_H
#define PEER_H

#include <linux/types.h>

#define PEER_LOG_BYTES	(4 << 20)

/* Names, units and meaning as in oomtrace's commit record. */
struct peer_record {
	__u64	ts_ns;
	__s32	pid;
	__s32	tgid;
	__u32	uid;
	__s32	ret;
	char	comm[16];
	__u64	cgroup_id;
	__s64	pages;
	__s64	committed;
	__s64	admin_reserve_kbytes;
	__s64	user_reserve_kbytes;
	__s64	total_vm;
	__s64	totalram;
	__s64	total_swap;
	__u64	overcommit_kbytes;
	__s32	overcommit_ratio;
	__s32	mode;
	__s32	cap_sys_admin;
	__u32	reserved;
};

#endif /* PEER_H */
