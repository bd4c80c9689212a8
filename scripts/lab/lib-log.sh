#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Reads a kernel's log and tells what in it is a fault of the kernel. Sourced by scripts/vm; a
# report of an out-of-memory kill or of a failed allocation is what the machines are for, and may
# not count as one.

# Prints each faulty line with its surroundings; nothing when the log is clean.
# usage: log_verdict FILE ALLOWED-REGEX
log_verdict() {
	ALLOWED=$2 awk '
	function fault(line) {
		if (line ~ /-----\[ cut here \]-----/) return 1
		if (line ~ /WARNING: (CPU: |possible|suspicious|inconsistent|bad unlock|lock held|held lock|nested lock|kernel stack|stack recursion)/) return 1
		if (line ~ /WARNING: [^ ]+:[0-9]+ at /) return 1
		if (line ~ /BUG: |kernel BUG at |Oops: |Internal error: /) return 1
		if (line ~ /general protection fault, (probably|maybe)|general protection fault.*\[#/) return 1
		if (line ~ /possible (circular|recursive) locking|inconsistent lock state|suspicious RCU usage/) return 1
		if (line ~ /rcu: INFO: .*(stall|expedited)|rcu_.*detected.* stall|rcu_.*kthread starved/) return 1
		if (line ~ /INFO: task .* blocked (for more than|on)|INFO: trying to register non-static key/) return 1
		if (line ~ /(KASAN|KCSAN|KMSAN|KFENCE|UBSAN): /) return 1
		if (line ~ /scheduling while atomic|sleeping function called from invalid context/) return 1
		if (line ~ /soft lockup|hard LOCKUP|Hard LOCKUP|stack guard page|stack-protector: /) return 1
		if (line ~ /refcount_t: |list_(add|del) corruption|Bad page (state|map)|kernel tried to execute/) return 1
		if (line ~ /DEBUG_LOCKS_WARN_ON|unregister_netdevice: waiting/) return 1
		if (line ~ /vm: cannot set up the machine/) return 1
		return 0
	}
	# A trace that follows one of these was asked for.
	function expected(line) {
		return line ~ /invoked oom-killer|page allocation failure|vmalloc error|sysrq: |task:.* state:|Sending NMI|NMI backtrace/
	}
	# A kernel has data races of its own: where the report of one ends, if no function of
	# ours is in it, but for what an interrupt came into; 0 if one is.
	function end_of_others_race(n,   i, below) {
		for (i = n + 1; i <= NR && lines[i] !~ /==========/; i++) {
			if (lines[i] ~ / by (task|interrupt)/) below = 0
			if (lines[i] ~ /asm_(sysvec|exc|common)_/) below = 1
			if (!below && lines[i] ~ /\[oomtrace/) return 0
		}
		return i
	}
	{ lines[NR] = $0 }
	END {
		allowed = ENVIRON["ALLOWED"]
		for (n = 1; n <= NR; n++) {
			line = lines[n]
			if (line ~ /BUG: KCSAN: data-race/ && (i = end_of_others_race(n))) { n = i; continue }
			bad = fault(line)
			if (!bad && line ~ /Call [Tt]race:/) {
				bad = 1
				for (i = n - 1; i > 0 && i >= n - 15; i--)
					if (expected(lines[i]) || fault(lines[i])) { bad = 0; break }
				# The first line of the report may have been dropped: what prints
				# it is near the top of the trace.
				for (i = n + 1; i <= NR && i <= n + 5; i++)
					if (lines[i] ~ / (dump_header|warn_alloc)\+0x/) { bad = 0; break }
			}
			if (!bad || (allowed != "" && line ~ allowed)) continue
			from = n - 2; to = n + 20
			if (from <= shown) from = shown + 1
			if (from < 1) from = 1
			for (i = from; i <= to && i <= NR; i++) print lines[i]
			if (to > shown) shown = to
		}
	}' "$1"
}

# The lines of a panic, with those of the oops that led to it.
log_panic() {
	awk '
		{ lines[NR] = $0 }
		!from && /BUG: |Oops: |int3: 0000 |general protection fault/ { from = NR }
		!at && /Kernel panic - not syncing/ { at = NR }
		END {
			if (!from || at - from > 80) from = at - 5
			for (i = from < 1 ? 1 : from; i <= NR && i <= at + 40; i++) print lines[i]
		}' "$1"
}
