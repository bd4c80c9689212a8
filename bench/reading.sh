# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Measures the cost of reading a record. Sourced by run-rings and run-readers in the virtual machine.

here=$(dirname "$0")
debugfs=/sys/kernel/debug/oomtrace

# line WHAT NUMBER: prints a row.
line() { printf '%-58s %9s\n' "$1" "$2"; }

# reading WHAT SOURCE [FILE]: prints the cost of a record that ring_read reads from SOURCE.
reading() {
	local what=$1 cost records
	shift
	read -r cost records <<<"$("$here/ring_read" "$@")"
	[ "${records:-0}" -ge 100 ] || echo "ring_read $*: only ${records:-0} records" >&2
	line "$what" "${cost:--}"
}

# fill_rings: loads the module, fills the commit ring, and stops recording.
fill_rings() {
	modprobe oomtrace commit_records=all
	"$here/load" >/dev/null
	echo 0 >$debugfs/enable
}
