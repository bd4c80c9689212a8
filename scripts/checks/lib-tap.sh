#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A test is a command: passed if it ends with 0, and what it printed explains a failure. Prints TAP
# as scripts/checks/check-ktap reads it. Sourced, never run.

number=0

# Where what the commands say goes, besides; a script may name a file.
tap_log=/dev/null

# install_packages NAME...: as root in a root. What apt knows there may be older than the mirror.
install_packages() {
	apt-get -qq -y install --no-install-recommends "$@" ||
		{ apt-get -qq update && apt-get -qq -y install --no-install-recommends "$@"; }
}

# try NAME COMMAND...
try() {
	local name=$1 said status=0
	shift
	number=$((number + 1))
	echo "# RUN $name ..."
	said=$("$@" 2>&1) || status=$?
	printf '==== %s: status %s\n%s\n' "$name" "$status" "$said" >>"$tap_log"
	if [ $status = 0 ]; then
		echo "ok $number $name"
	else
		printf '%s\n' "$said" | tail -n 60 | sed 's/^/# /'
		echo "not ok $number $name"
	fi
}
