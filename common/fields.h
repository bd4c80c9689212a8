/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only description of every record type: names, fields, kinds.
 *
 * These lists define the bits of a record's two masks, the lines of text, the
 * JSON of the tools, and the check that the structs of the ABI have these
 * fields. A new field is one line here and one in the struct, at the end of
 * both.
 *
 * Part of the module and of the tools; contains no code.
 */
#ifndef OOMTRACE_FIELDS_H
#define OOMTRACE_FIELDS_H

/*
 * F(type, field, kind, names): the kind defines how to read and show the field:
 *   INT   signed number of the field's size
 *   UINT  unsigned number
 *   HEX   unsigned number shown as 0x... in text (a number in JSON)
 *   STR   char array, NUL-terminated unless full
 *   ENUM  unsigned number, shown as names[number] (as the number if unknown)
 * The position in the list is the bit in header.valid and header.derived.
 */
#define OOMTRACE_FIELDS_COMMIT(F)				\
	F(commit, pid,			INT,  none)		\
	F(commit, tgid,			INT,  none)		\
	F(commit, comm,			STR,  none)		\
	F(commit, uid,			UINT, none)		\
	F(commit, cgroup_id,		UINT, none)		\
	F(commit, origin,		ENUM, origin)		\
	F(commit, ret,			INT,  none)		\
	F(commit, pages,		INT,  none)		\
	F(commit, mode,			UINT, none)		\
	F(commit, cap_sys_admin,	UINT, none)		\
	F(commit, committed,		INT,  none)		\
	F(commit, allowed,		INT,  none)		\
	F(commit, limit,		INT,  none)		\
	F(commit, admin_reserve,	INT,  none)		\
	F(commit, user_reserve,		INT,  none)		\
	F(commit, total_vm,		INT,  none)		\
	F(commit, totalram,		INT,  none)		\
	F(commit, total_swap,		INT,  none)		\
	F(commit, hugetlb,		INT,  none)		\
	F(commit, overcommit_kbytes,	UINT, none)		\
	F(commit, overcommit_ratio,	INT,  none)		\
	F(commit, recorded,		ENUM, recorded)		\
	F(commit, stack,		UINT, none)		\
	F(commit, left_out,		UINT, none)

#define OOMTRACE_FIELDS_OOM_BEGIN(F)				\
	F(oom_begin, episode,		UINT, none)		\
	F(oom_begin, scope,		ENUM, scope)		\
	F(oom_begin, trigger,		ENUM, trigger)		\
	F(oom_begin, pid,		INT,  none)		\
	F(oom_begin, tgid,		INT,  none)		\
	F(oom_begin, comm,		STR,  none)		\
	F(oom_begin, uid,		UINT, none)		\
	F(oom_begin, cgroup_id,		UINT, none)		\
	F(oom_begin, order,		INT,  none)		\
	F(oom_begin, gfp,		HEX,  none)		\
	F(oom_begin, oom_score_adj,	INT,  none)		\
	F(oom_begin, memcg_id,		UINT, none)		\
	F(oom_begin, memcg_usage,	UINT, none)		\
	F(oom_begin, memcg_limit,	UINT, none)		\
	F(oom_begin, free,		INT,  none)		\
	F(oom_begin, file,		INT,  none)		\
	F(oom_begin, anon,		INT,  none)		\
	F(oom_begin, shmem,		INT,  none)		\
	F(oom_begin, slab_reclaimable,	INT,  none)		\
	F(oom_begin, slab_unreclaimable, INT, none)		\
	F(oom_begin, swap_free,		INT,  none)		\
	F(oom_begin, total_swap,	INT,  none)		\
	F(oom_begin, totalram,		INT,  none)		\
	F(oom_begin, wmark_min,		INT,  none)		\
	F(oom_begin, wmark_low,		INT,  none)		\
	F(oom_begin, wmark_high,	INT,  none)		\
	F(oom_begin, gfp_names,		STR,  none)		\
	F(oom_begin, ns_pid,		INT,  none)		\
	F(oom_begin, stack,		UINT, none)

#define OOMTRACE_FIELDS_ZONE(F)					\
	F(zone, episode,		UINT, none)		\
	F(zone, node,			INT,  none)		\
	F(zone, zone,			INT,  none)		\
	F(zone, name,			STR,  none)		\
	F(zone, free,			INT,  none)		\
	F(zone, wmark_boost,		INT,  none)		\
	F(zone, wmark_min,		INT,  none)		\
	F(zone, wmark_low,		INT,  none)		\
	F(zone, wmark_high,		INT,  none)		\
	F(zone, reserved_highatomic,	INT,  none)		\
	F(zone, active_anon,		INT,  none)		\
	F(zone, inactive_anon,		INT,  none)		\
	F(zone, active_file,		INT,  none)		\
	F(zone, inactive_file,		INT,  none)		\
	F(zone, unevictable,		INT,  none)		\
	F(zone, writepending,		INT,  none)		\
	F(zone, present,		INT,  none)		\
	F(zone, managed,		INT,  none)		\
	F(zone, allowed,		UINT, none)		\
	F(zone, lowmem_reserve,		INT,  none)		\
	F(zone, usable_order,		INT,  none)		\
	F(zone, free_order0,		UINT, none)		\
	F(zone, free_order1,		UINT, none)		\
	F(zone, free_order2,		UINT, none)		\
	F(zone, free_order3,		UINT, none)		\
	F(zone, free_order4,		UINT, none)		\
	F(zone, free_order5,		UINT, none)		\
	F(zone, free_order6,		UINT, none)		\
	F(zone, free_order7,		UINT, none)		\
	F(zone, free_order8,		UINT, none)		\
	F(zone, free_order9,		UINT, none)		\
	F(zone, free_order10,		UINT, none)		\
	F(zone, free_order11,		UINT, none)		\
	F(zone, free_order12,		UINT, none)		\
	F(zone, free_order13,		UINT, none)

#define OOMTRACE_FIELDS_ZONELIST(F)				\
	F(zonelist, episode,		UINT, none)		\
	F(zonelist, constraint,		ENUM, constraint)	\
	F(zonelist, highest_zone,	INT,  none)		\
	F(zonelist, nodes,		STR,  none)		\
	F(zonelist, nodemask,		STR,  none)		\
	F(zonelist, mems_allowed,	STR,  none)		\
	F(zonelist, zones,		UINT, none)		\
	F(zonelist, zones_allowed,	UINT, none)		\
	F(zonelist, zones_left_out,	UINT, none)		\
	F(zonelist, free,		INT,  none)		\
	F(zonelist, managed,		INT,  none)		\
	F(zonelist, wmark_min,		INT,  none)		\
	F(zonelist, file,		INT,  none)		\
	F(zonelist, anon,		INT,  none)		\
	F(zonelist, slab_reclaimable,	INT,  none)		\
	F(zonelist, kernel_misc_reclaimable, INT, none)		\
	F(zonelist, other_zones_free,	INT,  none)		\
	F(zonelist, other_nodes_free,	INT,  none)		\
	F(zonelist, usable_free,	INT,  none)		\
	F(zonelist, usable_order,	INT,  none)

#define OOMTRACE_FIELDS_MEMORY(F)				\
	F(memory, episode,		UINT, none)		\
	F(memory, active_anon,		INT,  none)		\
	F(memory, inactive_anon,	INT,  none)		\
	F(memory, isolated_anon,	INT,  none)		\
	F(memory, active_file,		INT,  none)		\
	F(memory, inactive_file,	INT,  none)		\
	F(memory, isolated_file,	INT,  none)		\
	F(memory, unevictable,		INT,  none)		\
	F(memory, mlocked,		INT,  none)		\
	F(memory, dirty,		INT,  none)		\
	F(memory, writeback,		INT,  none)		\
	F(memory, mapped,		INT,  none)		\
	F(memory, kernel_misc_reclaimable, INT, none)		\
	F(memory, kernel_stack_kb,	INT,  none)		\
	F(memory, anon_thp,		INT,  none)		\
	F(memory, shmem_thp,		INT,  none)		\
	F(memory, hugetlb,		INT,  none)		\
	F(memory, hugetlb_free,		INT,  none)		\
	F(memory, memcg_swap,		UINT, none)		\
	F(memory, memcg_swap_max,	UINT, none)		\
	F(memory, pagetables,		INT,  none)		\
	F(memory, sec_pagetables,	INT,  none)		\
	F(memory, vmalloc,		INT,  none)		\
	F(memory, percpu,		INT,  none)		\
	F(memory, zsmalloc,		INT,  none)		\
	F(memory, gpu,			INT,  none)		\
	F(memory, not_counted,		INT,  none)

#define OOMTRACE_FIELDS_MEMCG(F)				\
	F(memcg, episode,		UINT, none)		\
	F(memcg, cgroup_id,		UINT, none)		\
	F(memcg, usage,			UINT, none)		\
	F(memcg, limit,			UINT, none)		\
	F(memcg, swap,			UINT, none)		\
	F(memcg, memsw,			UINT, none)		\
	F(memcg, memsw_limit,		UINT, none)		\
	F(memcg, anon,			UINT, none)		\
	F(memcg, file,			UINT, none)		\
	F(memcg, kernel,		UINT, none)		\
	F(memcg, kernel_stack,		UINT, none)		\
	F(memcg, pagetables,		UINT, none)		\
	F(memcg, sec_pagetables,	UINT, none)		\
	F(memcg, percpu,		UINT, none)		\
	F(memcg, sock,			UINT, none)		\
	F(memcg, vmalloc,		UINT, none)		\
	F(memcg, shmem,			UINT, none)		\
	F(memcg, zswap,			UINT, none)		\
	F(memcg, zswapped,		UINT, none)		\
	F(memcg, file_mapped,		UINT, none)		\
	F(memcg, file_dirty,		UINT, none)		\
	F(memcg, file_writeback,	UINT, none)		\
	F(memcg, swapcached,		UINT, none)		\
	F(memcg, anon_thp,		UINT, none)		\
	F(memcg, file_thp,		UINT, none)		\
	F(memcg, shmem_thp,		UINT, none)		\
	F(memcg, inactive_anon,		UINT, none)		\
	F(memcg, active_anon,		UINT, none)		\
	F(memcg, inactive_file,		UINT, none)		\
	F(memcg, active_file,		UINT, none)		\
	F(memcg, unevictable,		UINT, none)		\
	F(memcg, slab_reclaimable,	UINT, none)		\
	F(memcg, slab_unreclaimable,	UINT, none)		\
	F(memcg, hugetlb,		UINT, none)

#define OOMTRACE_FIELDS_PSI(F)					\
	F(psi, episode,			UINT, none)		\
	F(psi, resource,		ENUM, resource)		\
	F(psi, cgroup_id,		UINT, none)		\
	F(psi, some_avg10,		UINT, none)		\
	F(psi, some_avg60,		UINT, none)		\
	F(psi, some_avg300,		UINT, none)		\
	F(psi, full_avg10,		UINT, none)		\
	F(psi, full_avg60,		UINT, none)		\
	F(psi, full_avg300,		UINT, none)		\
	F(psi, some_total_ns,		UINT, none)		\
	F(psi, full_total_ns,		UINT, none)		\
	F(psi, age_ns,			UINT, none)

#define OOMTRACE_FIELDS_RETRY(F)				\
	F(retry, episode,		UINT, none)		\
	F(retry, kind,			ENUM, retry)		\
	F(retry, age_ns,		UINT, none)		\
	F(retry, node,			INT,  none)		\
	F(retry, zone,			INT,  none)		\
	F(retry, order,			INT,  none)		\
	F(retry, reclaimable,		UINT, none)		\
	F(retry, available,		UINT, none)		\
	F(retry, min_wmark,		UINT, none)		\
	F(retry, no_progress_loops,	INT,  none)		\
	F(retry, priority,		INT,  none)		\
	F(retry, result,		INT,  none)		\
	F(retry, retries,		INT,  none)		\
	F(retry, max_retries,		INT,  none)		\
	F(retry, retry,			UINT, none)		\
	F(retry, index,			UINT, none)		\
	F(retry, zone_name,		STR,  none)		\
	F(retry, free_counted,		UINT, none)

#define OOMTRACE_FIELDS_CANDIDATE(F)				\
	F(candidate, episode,		UINT, none)		\
	F(candidate, index,		UINT, none)		\
	F(candidate, pid,		INT,  none)		\
	F(candidate, tgid,		INT,  none)		\
	F(candidate, comm,		STR,  none)		\
	F(candidate, uid,		UINT, none)		\
	F(candidate, cgroup_id,		UINT, none)		\
	F(candidate, points,		INT,  none)		\
	F(candidate, rss_anon,		INT,  none)		\
	F(candidate, rss_file,		INT,  none)		\
	F(candidate, rss_shmem,		INT,  none)		\
	F(candidate, swapents,		INT,  none)		\
	F(candidate, pgtables_bytes,	UINT, none)		\
	F(candidate, oom_score_adj,	INT,  none)		\
	F(candidate, verdict,		ENUM, eval)		\
	F(candidate, reason,		ENUM, reason)		\
	F(candidate, ns_pid,		INT,  none)

#define OOMTRACE_FIELDS_EXEMPT(F)				\
	F(exempt, episode,		UINT, none)		\
	F(exempt, pid,			INT,  none)		\
	F(exempt, comm,			STR,  none)		\
	F(exempt, pages,		INT,  none)		\
	F(exempt, source_pid,		INT,  none)		\
	F(exempt, source_comm,		STR,  none)

#define OOMTRACE_FIELDS_VERDICT(F)				\
	F(verdict, episode,		UINT, none)		\
	F(verdict, pid,			INT,  none)		\
	F(verdict, tgid,		INT,  none)		\
	F(verdict, comm,		STR,  none)		\
	F(verdict, cgroup_id,		UINT, none)		\
	F(verdict, points,		INT,  none)		\
	F(verdict, totalpages,		UINT, none)		\
	F(verdict, constraint,		ENUM, constraint)	\
	F(verdict, memcg_id,		UINT, none)		\
	F(verdict, runner_up_pid,	INT,  none)		\
	F(verdict, runner_up_points,	INT,  none)		\
	F(verdict, recomputed,		ENUM, recomputed)	\
	F(verdict, policy,		ENUM, policy)		\
	F(verdict, message,		STR,  none)

#define OOMTRACE_FIELDS_VICTIM(F)				\
	F(victim, episode,		UINT, none)		\
	F(victim, pid,			INT,  none)		\
	F(victim, tgid,			INT,  none)		\
	F(victim, comm,			STR,  none)		\
	F(victim, uid,			UINT, none)		\
	F(victim, cgroup_id,		UINT, none)		\
	F(victim, total_vm,		INT,  none)		\
	F(victim, rss_anon,		INT,  none)		\
	F(victim, rss_file,		INT,  none)		\
	F(victim, rss_shmem,		INT,  none)		\
	F(victim, swapents,		INT,  none)		\
	F(victim, pgtables_bytes,	UINT, none)		\
	F(victim, oom_score_adj,	INT,  none)		\
	F(victim, why,			ENUM, why)		\
	F(victim, ns_pid,		INT,  none)		\
	F(victim, signal,		UINT, none)		\
	F(victim, how,			ENUM, how)		\
	F(victim, earlier,		UINT, none)

#define OOMTRACE_FIELDS_REAP(F)					\
	F(reap, episode,		UINT, none)		\
	F(reap, pid,			INT,  none)		\
	F(reap, step,			ENUM, step)		\
	F(reap, since_kill_ns,		UINT, none)		\
	F(reap, rss_anon,		INT,  none)		\
	F(reap, rss_file,		INT,  none)		\
	F(reap, rss_shmem,		INT,  none)		\
	F(reap, mm_users,		UINT, none)

#define OOMTRACE_FIELDS_OOM_END(F)				\
	F(oom_end, episode,		UINT, none)		\
	F(oom_end, ending,		ENUM, ending)		\
	F(oom_end, victims,		UINT, none)		\
	F(oom_end, candidates,		UINT, none)		\
	F(oom_end, missed,		UINT, none)		\
	F(oom_end, duration_ns,		UINT, none)		\
	F(oom_end, notifier_freed,	UINT, none)		\
	F(oom_end, scored,		UINT, none)		\
	F(oom_end, exempt_init,		UINT, none)		\
	F(oom_end, exempt_kthread,	UINT, none)		\
	F(oom_end, exempt_no_mm,	UINT, none)		\
	F(oom_end, exempt_adj_min,	UINT, none)		\
	F(oom_end, exempt_oom_skip,	UINT, none)		\
	F(oom_end, exempt_vfork,	UINT, none)		\
	F(oom_end, exempt_cpuset,	UINT, none)		\
	F(oom_end, panic,		ENUM, panic)

#define OOMTRACE_FIELDS_NAME(F)					\
	F(name, episode,		UINT, none)		\
	F(name, cgroup_id,		UINT, none)		\
	F(name, length,			UINT, none)		\
	F(name, offset,			UINT, none)		\
	F(name, removed,		UINT, none)		\
	F(name, truncated,		UINT, none)		\
	F(name, path,			STR,  none)

#define OOMTRACE_FIELDS_REPEAT(F)				\
	F(repeat, episode,		UINT, none)		\
	F(repeat, ending,		ENUM, ending)		\
	F(repeat, count,		UINT, none)		\
	F(repeat, first_ns,		UINT, none)		\
	F(repeat, last_ns,		UINT, none)		\
	F(repeat, memcg_id,		UINT, none)		\
	F(repeat, victim_pid,		INT,  none)

#define OOMTRACE_FIELDS_LOST(F)					\
	F(lost, ring,			ENUM, ring)		\
	F(lost, count,			UINT, none)

#define OOMTRACE_FIELDS_MARK(F)					\
	F(mark, knob,			ENUM, knob)		\
	F(mark, old,			UINT, none)		\
	F(mark, new,			UINT, none)		\
	F(mark, pid,			INT,  none)

#define OOMTRACE_FIELDS_STACK(F)				\
	F(stack, id,			UINT, none)		\
	F(stack, frames,		UINT, none)		\
	F(stack, text,			STR,  none)

#define OOMTRACE_FIELDS_SAMPLE(F)				\
	F(sample, committed,		INT,  none)		\
	F(sample, limit,		INT,  none)		\
	F(sample, available,		INT,  none)		\
	F(sample, free,			INT,  none)		\
	F(sample, swap_free,		INT,  none)

#define OOMTRACE_FIELDS_PROCESS(F)				\
	F(process, episode,		UINT, none)		\
	F(process, pid,			INT,  none)		\
	F(process, comm,		STR,  none)		\
	F(process, age_ns,		UINT, none)		\
	F(process, read_ago_ns,		UINT, none)		\
	F(process, cmdline,		STR,  none)		\
	F(process, cgroup,		STR,  none)

#define OOMTRACE_FIELDS_CONTAINER(F)				\
	F(container, cgroup_id,		UINT, none)		\
	F(container, pod_namespace,	STR,  none)		\
	F(container, pod,		STR,  none)		\
	F(container, container,		STR,  none)

#define OOMTRACE_FIELDS_WAIT(F)					\
	F(wait, episode,		UINT, none)		\
	F(wait, pid,			INT,  none)		\
	F(wait, tgid,			INT,  none)		\
	F(wait, comm,			STR,  none)		\
	F(wait, uid,			UINT, none)		\
	F(wait, cgroup_id,		UINT, none)		\
	F(wait, ns_pid,			INT,  none)		\
	F(wait, waited_ns,		UINT, none)		\
	F(wait, waits,			UINT, none)		\
	F(wait, killed,			UINT, none)

#define OOMTRACE_FIELDS_REMAINS(F)				\
	F(remains, episode,		UINT, none)		\
	F(remains, pid,			INT,  none)		\
	F(remains, tgid,		INT,  none)		\
	F(remains, comm,		STR,  none)		\
	F(remains, since_kill_ns,	UINT, none)		\
	F(remains, threads,		UINT, none)		\
	F(remains, blocked,		UINT, none)		\
	F(remains, thread_pid,		INT,  none)		\
	F(remains, thread_comm,		STR,  none)		\
	F(remains, state,		STR,  none)		\
	F(remains, wchan,		STR,  none)		\
	F(remains, callers,		STR,  none)		\
	F(remains, rss_anon,		INT,  none)		\
	F(remains, rss_file,		INT,  none)		\
	F(remains, rss_shmem,		INT,  none)		\
	F(remains, mm_users,		UINT, none)		\
	F(remains, reaper,		ENUM, reaper)

#define OOMTRACE_FIELDS_CGROUP(F)				\
	F(cgroup, cgroup_id,		UINT, none)		\
	F(cgroup, length,		UINT, none)		\
	F(cgroup, offset,		UINT, none)		\
	F(cgroup, removed,		UINT, none)		\
	F(cgroup, truncated,		UINT, none)		\
	F(cgroup, path,			STR,  none)

#define OOMTRACE_FIELDS_SIGKILL(F)				\
	F(sigkill, sender,		ENUM, sender)		\
	F(sigkill, how,			ENUM, how)		\
	F(sigkill, result,		ENUM, sent)		\
	F(sigkill, pid,			INT,  none)		\
	F(sigkill, tgid,		INT,  none)		\
	F(sigkill, comm,		STR,  none)		\
	F(sigkill, uid,			UINT, none)		\
	F(sigkill, cgroup_id,		UINT, none)		\
	F(sigkill, ns_pid,		INT,  none)		\
	F(sigkill, parent_pid,		INT,  none)		\
	F(sigkill, parent_comm,		STR,  none)		\
	F(sigkill, victim_pid,		INT,  none)		\
	F(sigkill, victim_tgid,		INT,  none)		\
	F(sigkill, victim_comm,		STR,  none)		\
	F(sigkill, victim_uid,		UINT, none)		\
	F(sigkill, victim_cgroup_id,	UINT, none)		\
	F(sigkill, victim_ns_pid,	INT,  none)		\
	F(sigkill, near,		ENUM, near)		\
	F(sigkill, oom_episode,		UINT, none)		\
	F(sigkill, oom_age_ns,		UINT, none)		\
	F(sigkill, left_out,		UINT, none)

#define OOMTRACE_FIELDS_REFUSED(F)				\
	F(refused, pid,			INT,  none)		\
	F(refused, tgid,		INT,  none)		\
	F(refused, comm,		STR,  none)		\
	F(refused, uid,			UINT, none)		\
	F(refused, cgroup_id,		UINT, none)		\
	F(refused, call,		ENUM, call)		\
	F(refused, ret,			INT,  none)		\
	F(refused, bytes,		UINT, none)		\
	F(refused, causes,		HEX,  none)		\
	F(refused, cause,		ENUM, cause)		\
	F(refused, used,		UINT, none)		\
	F(refused, limit,		UINT, none)		\
	F(refused, cause2,		ENUM, cause)		\
	F(refused, used2,		UINT, none)		\
	F(refused, limit2,		UINT, none)		\
	F(refused, cause3,		ENUM, cause)		\
	F(refused, used3,		UINT, none)		\
	F(refused, limit3,		UINT, none)		\
	F(refused, order,		UINT, none)		\
	F(refused, commit_cpu,		UINT, none)		\
	F(refused, commit_seq,		UINT, none)		\
	F(refused, stack,		UINT, none)		\
	F(refused, left_out,		UINT, none)		\
	F(refused, alloc_cpu,		UINT, none)		\
	F(refused, alloc_seq,		UINT, none)

#define OOMTRACE_FIELDS_ALLOC_FAILURE(F)			\
	F(alloc_failure, pid,		INT,  none)		\
	F(alloc_failure, tgid,		INT,  none)		\
	F(alloc_failure, comm,		STR,  none)		\
	F(alloc_failure, uid,		UINT, none)		\
	F(alloc_failure, cgroup_id,	UINT, none)		\
	F(alloc_failure, kind,		ENUM, alloc_kind)	\
	F(alloc_failure, order,		UINT, none)		\
	F(alloc_failure, bytes,		UINT, none)		\
	F(alloc_failure, gfp,		HEX,  none)		\
	F(alloc_failure, gfp_names,	STR,  none)		\
	F(alloc_failure, no_warn,	UINT, none)		\
	F(alloc_failure, context,	ENUM, context)		\
	F(alloc_failure, oom_victim,	UINT, none)		\
	F(alloc_failure, free,		UINT, none)		\
	F(alloc_failure, stack,		UINT, none)		\
	F(alloc_failure, left_out,	UINT, none)

/* T(TYPE, type): every record type, in the order of enum oomtrace_type. */
#define OOMTRACE_TYPES(T)		\
	T(COMMIT, commit)		\
	T(OOM_BEGIN, oom_begin)		\
	T(RETRY, retry)			\
	T(CANDIDATE, candidate)		\
	T(VERDICT, verdict)		\
	T(VICTIM, victim)		\
	T(REAP, reap)			\
	T(OOM_END, oom_end)		\
	T(LOST, lost)			\
	T(MARK, mark)			\
	T(STACK, stack)			\
	T(ZONE, zone)			\
	T(MEMORY, memory)		\
	T(PSI, psi)			\
	T(NAME, name)			\
	T(REPEAT, repeat)		\
	T(ZONELIST, zonelist)		\
	T(SAMPLE, sample)		\
	T(PROCESS, process)		\
	T(CONTAINER, container)		\
	T(MEMCG, memcg)			\
	T(EXEMPT, exempt)		\
	T(SIGKILL, sigkill)		\
	T(REMAINS, remains)		\
	T(WAIT, wait)			\
	T(CGROUP, cgroup)		\
	T(REFUSED, refused)		\
	T(ALLOC_FAILURE, alloc_failure)

/*
 * The names of ENUM values: E(CONSTANT, "name"), one list for each enum of the
 * ABI.
 */
#define OOMTRACE_NAMES_origin(E)		\
	E(OOMTRACE_ORIGIN_OTHER,	"other")	\
	E(OOMTRACE_ORIGIN_MMAP,		"mmap")		\
	E(OOMTRACE_ORIGIN_BRK,		"brk")		\
	E(OOMTRACE_ORIGIN_FORK,		"fork")		\
	E(OOMTRACE_ORIGIN_MPROTECT,	"mprotect")	\
	E(OOMTRACE_ORIGIN_MREMAP,	"mremap")	\
	E(OOMTRACE_ORIGIN_SHMEM,	"shmem")	\
	E(OOMTRACE_ORIGIN_EXEC,		"exec")		\
	E(OOMTRACE_ORIGIN_STACK,	"stack")	\
	E(OOMTRACE_ORIGIN_FAULT,	"fault")	\
	E(OOMTRACE_ORIGIN_SWAPOFF,	"swapoff")	\
	E(OOMTRACE_ORIGIN_MMAP_SHARED,	"mmap_shared")

#define OOMTRACE_NAMES_call(E)				\
	E(OOMTRACE_CALL_OTHER,		"other")	\
	E(OOMTRACE_CALL_MMAP,		"mmap")		\
	E(OOMTRACE_CALL_BRK,		"brk")		\
	E(OOMTRACE_CALL_MREMAP,		"mremap")	\
	E(OOMTRACE_CALL_MPROTECT,	"mprotect")	\
	E(OOMTRACE_CALL_MUNMAP,		"munmap")	\
	E(OOMTRACE_CALL_MLOCK,		"mlock")	\
	E(OOMTRACE_CALL_MLOCKALL,	"mlockall")	\
	E(OOMTRACE_CALL_SHMGET,		"shmget")	\
	E(OOMTRACE_CALL_SHMAT,		"shmat")	\
	E(OOMTRACE_CALL_MADVISE,	"madvise")	\
	E(OOMTRACE_CALL_FORK,		"fork")		\
	E(OOMTRACE_CALL_EXEC,		"exec")		\
	E(OOMTRACE_CALL_IO_URING,	"io_uring")	\
	E(OOMTRACE_CALL_BPF,		"bpf")		\
	E(OOMTRACE_CALL_MODULE,		"init_module")

#define OOMTRACE_NAMES_cause(E)					\
	E(OOMTRACE_CAUSE_UNKNOWN,	"unknown")		\
	E(OOMTRACE_CAUSE_COMMIT,	"commit")		\
	E(OOMTRACE_CAUSE_MAP_COUNT,	"map_count")		\
	E(OOMTRACE_CAUSE_RLIMIT_AS,	"rlimit_as")		\
	E(OOMTRACE_CAUSE_RLIMIT_DATA,	"rlimit_data")		\
	E(OOMTRACE_CAUSE_RLIMIT_MEMLOCK, "rlimit_memlock")	\
	E(OOMTRACE_CAUSE_HUGETLB,	"hugetlb")		\
	E(OOMTRACE_CAUSE_PID_NAMESPACE,	"pid_namespace")	\
	E(OOMTRACE_CAUSE_PIDS_MAX,	"pids_max")		\
	E(OOMTRACE_CAUSE_RLIMIT_NPROC,	"rlimit_nproc")		\
	E(OOMTRACE_CAUSE_THREADS_MAX,	"threads_max")		\
	E(OOMTRACE_CAUSE_CONTIGUOUS,	"contiguous")		\
	E(OOMTRACE_CAUSE_ALLOCATION,	"allocation")		\
	E(OOMTRACE_CAUSE_MEMCG,		"memcg")		\
	E(OOMTRACE_CAUSE_ADDRESS_SPACE,	"address_space")

#define OOMTRACE_NAMES_alloc_kind(E)			\
	E(OOMTRACE_ALLOC_OTHER,		"other")	\
	E(OOMTRACE_ALLOC_PAGES,		"pages")	\
	E(OOMTRACE_ALLOC_VMALLOC,	"vmalloc")

#define OOMTRACE_NAMES_context(E)			\
	E(OOMTRACE_CONTEXT_TASK,	"task")		\
	E(OOMTRACE_CONTEXT_SOFTIRQ,	"softirq")	\
	E(OOMTRACE_CONTEXT_HARDIRQ,	"hardirq")

#define OOMTRACE_NAMES_recorded(E)			\
	E(OOMTRACE_RECORDED_DENIED,	"denied")	\
	E(OOMTRACE_RECORDED_ALL,	"all")		\
	E(OOMTRACE_RECORDED_NEAR,	"near")

#define OOMTRACE_NAMES_knob(E)						\
	E(OOMTRACE_KNOB_MEMORY,		"overcommit_memory")		\
	E(OOMTRACE_KNOB_RATIO,		"overcommit_ratio")		\
	E(OOMTRACE_KNOB_KBYTES,		"overcommit_kbytes")		\
	E(OOMTRACE_KNOB_ADMIN_RESERVE,	"admin_reserve_kbytes")		\
	E(OOMTRACE_KNOB_USER_RESERVE,	"user_reserve_kbytes")

#define OOMTRACE_NAMES_scope(E)				\
	E(OOMTRACE_SCOPE_GLOBAL,	"global")	\
	E(OOMTRACE_SCOPE_MEMCG,		"memcg")	\
	E(OOMTRACE_SCOPE_USERSPACE,	"userspace")

#define OOMTRACE_NAMES_trigger(E)			\
	E(OOMTRACE_TRIGGER_ALLOCATION,	"allocation")	\
	E(OOMTRACE_TRIGGER_SYSRQ,	"sysrq")	\
	E(OOMTRACE_TRIGGER_MEMORY_MAX,	"memory_max")	\
	E(OOMTRACE_TRIGGER_MIN_TTL,	"min_ttl")	\
	E(OOMTRACE_TRIGGER_DAEMON,	"daemon")	\
	E(OOMTRACE_TRIGGER_PAGE_FAULT,	"page_fault")	\
	E(OOMTRACE_TRIGGER_OOM_CONTROL,	"oom_control")

#define OOMTRACE_NAMES_resource(E)			\
	E(OOMTRACE_RESOURCE_MEMORY,	"memory")	\
	E(OOMTRACE_RESOURCE_IO,		"io")

#define OOMTRACE_NAMES_retry(E)				\
	E(OOMTRACE_RETRY_RECLAIM,	"reclaim")	\
	E(OOMTRACE_RETRY_COMPACT,	"compact")

#define OOMTRACE_NAMES_eval(E)				\
	E(OOMTRACE_EVAL_LEADING,	"leading")	\
	E(OOMTRACE_EVAL_KEPT,		"kept")		\
	E(OOMTRACE_EVAL_INELIGIBLE,	"ineligible")	\
	E(OOMTRACE_EVAL_ABORT,		"abort")

#define OOMTRACE_NAMES_reason(E)			\
	E(OOMTRACE_REASON_NONE,		"none")		\
	E(OOMTRACE_REASON_INIT,		"init")		\
	E(OOMTRACE_REASON_KTHREAD,	"kthread")	\
	E(OOMTRACE_REASON_NO_MM,	"no_mm")	\
	E(OOMTRACE_REASON_ADJ_MIN,	"adj_min")	\
	E(OOMTRACE_REASON_OOM_SKIP,	"oom_skip")	\
	E(OOMTRACE_REASON_VFORK,	"vfork")	\
	E(OOMTRACE_REASON_CPUSET,	"cpuset")	\
	E(OOMTRACE_REASON_IN_FLIGHT,	"in_flight")

#define OOMTRACE_NAMES_constraint(E)				\
	E(OOMTRACE_CONSTRAINT_NONE,	"none")			\
	E(OOMTRACE_CONSTRAINT_CPUSET,	"cpuset")		\
	E(OOMTRACE_CONSTRAINT_MEMORY_POLICY, "memory_policy")	\
	E(OOMTRACE_CONSTRAINT_MEMCG,	"memcg")

#define OOMTRACE_NAMES_recomputed(E)				\
	E(OOMTRACE_RECOMPUTED_UNAVAILABLE, "unavailable")	\
	E(OOMTRACE_RECOMPUTED_AGREE,	"agree")		\
	E(OOMTRACE_RECOMPUTED_TIE,	"tie")			\
	E(OOMTRACE_RECOMPUTED_RACED,	"raced")		\
	E(OOMTRACE_RECOMPUTED_ORIGIN,	"origin")

#define OOMTRACE_NAMES_policy(E)					\
	E(OOMTRACE_POLICY_ALLOCATING_TASK, "allocating_task")		\
	E(OOMTRACE_POLICY_GLOBAL,	"global")			\
	E(OOMTRACE_POLICY_MEMCG,	"memcg")			\
	E(OOMTRACE_POLICY_OTHER,	"other")

#define OOMTRACE_NAMES_why(E)				\
	E(OOMTRACE_WHY_CHOSEN,		"chosen")	\
	E(OOMTRACE_WHY_GROUP,		"group")	\
	E(OOMTRACE_WHY_SHARED_MM,	"shared_mm")	\
	E(OOMTRACE_WHY_CALLER_EXITING,	"caller_exiting")	\
	E(OOMTRACE_WHY_DAEMON,		"daemon")	\
	E(OOMTRACE_WHY_DYING,		"dying")

#define OOMTRACE_NAMES_step(E)				\
	E(OOMTRACE_STEP_QUEUED,		"queued")	\
	E(OOMTRACE_STEP_START,		"start")	\
	E(OOMTRACE_STEP_FINISH,		"finish")	\
	E(OOMTRACE_STEP_SKIP,		"skip")		\
	E(OOMTRACE_STEP_EXITED,		"exited")	\
	E(OOMTRACE_STEP_RELEASED,	"released")

#define OOMTRACE_NAMES_ending(E)				\
	E(OOMTRACE_ENDING_UNKNOWN,	"unknown")		\
	E(OOMTRACE_ENDING_KILLED,	"killed")		\
	E(OOMTRACE_ENDING_NOTIFIER_FREED, "notifier_freed")	\
	E(OOMTRACE_ENDING_CALLER_EXITING, "caller_exiting")	\
	E(OOMTRACE_ENDING_SCAN_ABORTED,	"scan_aborted")		\
	E(OOMTRACE_ENDING_NO_FS,	"no_fs")		\
	E(OOMTRACE_ENDING_NO_CANDIDATE,	"no_candidate")		\
	E(OOMTRACE_ENDING_PANIC,	"panic")		\
	E(OOMTRACE_ENDING_DISABLED,	"disabled")		\
	E(OOMTRACE_ENDING_MEMORY_CAME,	"memory_came")		\
	E(OOMTRACE_ENDING_LIMIT_RAISED,	"limit_raised")		\
	E(OOMTRACE_ENDING_KILLER_ON,	"killer_on")		\
	E(OOMTRACE_ENDING_WAITERS_KILLED, "waiters_killed")	\
	E(OOMTRACE_ENDING_POLICY_FREED, "policy_freed")

#define OOMTRACE_NAMES_panic(E)			\
	E(OOMTRACE_PANIC_OTHER,		"other")		\
	E(OOMTRACE_PANIC_SYSCTL,	"panic_on_oom")		\
	E(OOMTRACE_PANIC_NO_TASK,	"no_task")

#define OOMTRACE_NAMES_reaper(E)			\
	E(OOMTRACE_REAPER_WAITING,	"waiting")	\
	E(OOMTRACE_REAPER_TRYING,	"trying")	\
	E(OOMTRACE_REAPER_FINISHED,	"finished")	\
	E(OOMTRACE_REAPER_GAVE_UP,	"gave_up")	\
	E(OOMTRACE_REAPER_BARRED,	"barred")

#define OOMTRACE_NAMES_sender(E)			\
	E(OOMTRACE_SENDER_PROCESS,	"process")	\
	E(OOMTRACE_SENDER_KERNEL,	"kernel")	\
	E(OOMTRACE_SENDER_OOM_KILLER,	"oom_killer")

#define OOMTRACE_NAMES_how(E)				\
	E(OOMTRACE_HOW_OTHER,		"other")	\
	E(OOMTRACE_HOW_KILL,		"kill")		\
	E(OOMTRACE_HOW_PIDFD,		"pidfd")	\
	E(OOMTRACE_HOW_WRITE,		"write")	\
	E(OOMTRACE_HOW_MRELEASE,	"mrelease")	\
	E(OOMTRACE_HOW_EXIT,		"exit")		\
	E(OOMTRACE_HOW_PID_NAMESPACE,	"pid_namespace") \
	E(OOMTRACE_HOW_ITSELF,		"itself")

#define OOMTRACE_NAMES_sent(E)				\
	E(OOMTRACE_SENT_DELIVERED,	"delivered")	\
	E(OOMTRACE_SENT_IGNORED,	"ignored")	\
	E(OOMTRACE_SENT_ALREADY_PENDING, "already_pending") \
	E(OOMTRACE_SENT_OVERFLOW_FAIL,	"overflow_fail") \
	E(OOMTRACE_SENT_LOSE_INFO,	"lose_info")

#define OOMTRACE_NAMES_near(E)				\
	E(OOMTRACE_NEAR_NONE,		"none")		\
	E(OOMTRACE_NEAR_PART,		"part")		\
	E(OOMTRACE_NEAR_OPEN,		"open")		\
	E(OOMTRACE_NEAR_ENDED,		"ended")

#define OOMTRACE_NAMES_ring(E)			\
	E(OOMTRACE_RING_COMMIT,	"commit")	\
	E(OOMTRACE_RING_OOM,	"oom")		\
	E(OOMTRACE_RING_CANDIDATE, "candidate")

/* Bit numbers in the masks: OOMTRACE_BIT_commit_pid, ... */
#define OOMTRACE_BIT_(type, field, kind, names) OOMTRACE_BIT_##type##_##field,
#define OOMTRACE_BITS_(TYPE, type)				\
	enum { OOMTRACE_FIELDS_##TYPE(OOMTRACE_BIT_) OOMTRACE_NFIELDS_##type };
OOMTRACE_TYPES(OOMTRACE_BITS_)

/* OOMTRACE_BIT(commit, committed): the mask with this field's bit. */
#define OOMTRACE_BIT(type, field)	(1ULL << OOMTRACE_BIT_##type##_##field)
/* The mask with the bits of all fields of a type. */
#define OOMTRACE_ALL(type)		((1ULL << OOMTRACE_NFIELDS_##type) - 1)

#endif /* OOMTRACE_FIELDS_H */
