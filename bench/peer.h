/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The record of the benchmark's BPF peer: of oomtrace's commit record the
 * fields that a BPF program can read. Missing are the origin, hugetlb, and
 * whatever a sum over several of them would be.
 */
#ifndef PEER_H
#define PEER_H

#include <linux/types.h>

#define PEER_LOG_BYTES	(4 << 20)

/* Names, units and meaning as in include/oomtrace.h. */
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
