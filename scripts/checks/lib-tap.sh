#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Runs commands as tests and prints TAP. Only sourced.

number=0

# A file that takes the output of all commands. A script may set it.
tap_log=/dev/null

# install_packages NAME...: runs as root in a suite's root, whose package lists may be older than
# the mirror.
install_packages() {
	apt-get -qq -y install --no-install-recommends "$@" ||
		{ apt-get -qq update && apt-get -qq -y install --no-install-recommends "$@"; }
}

# install_build_depends DIRECTORY...: installs what debian/control of these sources needs for a build, as
# root in a suite's root.
install_build_depends() {
	apt-get -qq -y build-dep --no-install-recommends "$@" ||
		{ apt-get -qq update && apt-get -qq -y build-dep --no-install-recommends "$@"; }
}

# try NAME COMMAND...: the test passes if the command's status is 0. If it fails, prints the end of
# the command's output.
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
