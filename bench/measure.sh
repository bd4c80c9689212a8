# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Measures the cost of a commit decision. Sourced by run and flat in the virtual machine.

here=$(dirname "$0")
load=$here/load
base=

# measure WHAT: prints the cost of one mmap and munmap of a page, and the difference to the first
# line.
measure() {
	local what=$1 cost
	# shellcheck disable=SC2086 # a program and its arguments
	cost=$($load)
	[ -n "$base" ] || base=$cost
	awk -v what="$what" -v cost="$cost" -v base="$base" \
		'BEGIN { printf "%-58s %9.0f %+8.0f\n", what, cost, cost - base }'
}
