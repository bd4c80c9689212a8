# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# How the benchmark measures, for what is sourced into run and flat in the virtual machine.

here=$(dirname "$0")
load=$here/load
base=

# measure WHAT: a line with the cost of one mmap and munmap of a page, and what that is more than the
# first line's.
measure() {
	local what=$1 cost
	cost=$("$load")
	[ -n "$base" ] || base=$cost
	awk -v what="$what" -v cost="$cost" -v base="$base" \
		'BEGIN { printf "%-58s %9.0f %+8.0f\n", what, cost, cost - base }'
}
