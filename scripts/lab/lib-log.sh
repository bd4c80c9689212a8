#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Finds warnings, bugs and panics in a kernel's log. Reports of OOM kills and of failed allocations
# are expected and do not count. Only sourced.

# print_log_faults FILE ALLOWED-REGEX [WARNING-REGEX]: prints each line that is a fault, with the
# lines around it. Prints nothing if the log is clean. A whole warning, from its "cut here" line to
# its "end trace" line, is no fault if its message matches WARNING-REGEX.
print_log_faults() {
	ALLOWED=$2 ALLOWED_WARNING=${3:-} awk '
	function is_fault(line) {
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
	# A stack trace that follows one of these lines is expected.
	function is_expected(line) {
		return line ~ /invoked oom-killer|page allocation failure|vmalloc error|sysrq: |task:.* state:|Sending NMI|NMI backtrace/
	}
	# The kernel has data races of its own. Returns the last line of the KCSAN report that
	# starts at line n, or 0 if a function of oomtrace takes part in the race. A function that
	# an interrupt interrupted takes no part: these are the frames below the entry code.
	function end_of_foreign_race(n,   i, interrupted) {
		for (i = n + 1; i <= NR && lines[i] !~ /==========/; i++) {
			if (lines[i] ~ / by (task|interrupt)/) interrupted = 0
			if (lines[i] ~ /asm_(sysvec|exc|common)_/) interrupted = 1
			if (!interrupted && lines[i] ~ /\[oomtrace/) return 0
		}
		return i
	}
	# Returns the last line of the warning that starts at line n, or 0 if it is not allowed.
	# The message is in the next line. Any fault inside the warning, except its own
	# "WARNING:" line, is not allowed.
	function end_of_allowed_warning(n,   i, own) {
		if (lines[n] !~ /-----\[ cut here \]-----/ || lines[n + 1] !~ allowed_warning) return 0
		for (i = n + 1; i <= NR && i <= n + 80; i++) {
			if (lines[i] ~ /---\[ end trace /) return i
			if (lines[i] ~ /WARNING: / && !own++) continue
			if (is_fault(lines[i])) return 0
		}
		return 0
	}
	{ lines[NR] = $0 }
	END {
		allowed = ENVIRON["ALLOWED"]
		allowed_warning = ENVIRON["ALLOWED_WARNING"]
		for (n = 1; n <= NR; n++) {
			line = lines[n]
			if (line ~ /BUG: KCSAN: data-race/ && (i = end_of_foreign_race(n))) { n = i; continue }
			if (allowed_warning != "" && (i = end_of_allowed_warning(n))) { n = i; continue }
			bad = is_fault(line)
			if (!bad && line ~ /Call [Tt]race:/) {
				bad = 1
				for (i = n - 1; i > 0 && i >= n - 15; i--)
					if (is_expected(lines[i]) || is_fault(lines[i])) { bad = 0; break }
				# If the first line of an expected report was dropped, the
				# function that prints the report is near the top of the trace.
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

# print_panic FILE: prints the lines of the panic, starting at the oops that led to it.
print_panic() {
	awk '
		{ lines[NR] = $0 }
		!from && /BUG: |Oops: |int3: 0000 |general protection fault/ { from = NR }
		!at && /Kernel panic - not syncing/ { at = NR }
		END {
			if (!from || at - from > 80) from = at - 5
			for (i = from < 1 ? 1 : from; i <= NR && i <= at + 40; i++) print lines[i]
		}' "$1"
}
