#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Fills the cache. An entry is made in a scratch directory and then renamed, so an entry with its
# final name is always complete. A lock keeps two runs from making the same entry. Only sourced.
# Downloads use their own package lists and do not change apt's state.

# shellcheck disable=SC2154 # the caller sets cache

# Part of each entry's name. Raise it when the way entries are made changes, so that old entries are
# not used.
# shellcheck disable=SC2034 # some scripts do not use it
readonly format=2

hash_of() { printf '%s\n' "$@" | sha256sum | cut -c 1-12; }

# Creates $scratch, a directory that the script removes at exit unless it was renamed.
scratch=
start_scratch() {
	mkdir -p "$cache"
	scratch=$(mktemp -d "$cache/tmp.XXXXXX")
	chmod 755 "$scratch"
	trap 'rm -rf --one-file-system "$scratch"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# lock_cache [SUFFIX]: waits until no other run fills the cache. The caller must then check again
# whether the entry exists. Entries that take long have a lock of their own, named by SUFFIX.
lock_cache() {
	mkdir -p "$cache"
	exec {lock_fd}>"$cache/lock${1:-}"
	if ! flock -n "$lock_fd"; then
		say "another run is filling the cache: waiting for it"
		flock "$lock_fd"
	fi
}
unlock_cache() { exec {lock_fd}>&-; }

# fetch_package_lists SUITE: fetches the suite's lists and sets apt_options to use them. The host's
# apt need not have the suite configured.
fetch_package_lists() {
	local mirror
	mkdir -p "$scratch/apt"/{lists/partial,archives/partial,etc} "$scratch/deb"
	case $1 in
	*-security) mirror=$(debian_security_mirror) ;;
	*) mirror=$(debian_mirror) ;;
	esac
	printf 'deb %s %s main\n' "$mirror" "$1" >"$scratch/apt/etc/sources.list"
	: >"$scratch/apt/status"
	apt_options=(-qq -o Dir::Etc::sourcelist="$scratch/apt/etc/sources.list"
		-o Dir::Etc::sourceparts=- -o Dir::State::lists="$scratch/apt/lists"
		-o Dir::State::status="$scratch/apt/status" -o Dir::Cache="$scratch/apt"
		-o APT::Sandbox::User="$(id -un)")
	apt-get "${apt_options[@]}" update
}

# download_packages SUITE PACKAGE...: downloads to $scratch/deb.
download_packages() {
	fetch_package_lists "$1" && (cd "$scratch/deb" && apt-get "${apt_options[@]}" download "${@:2}")
}

# newest_package SUITE PATTERN: prints the name of the suite's package with the highest version in
# its name. PATTERN is a regular expression.
newest_package() {
	fetch_package_lists "$1" &&
		apt-cache "${apt_options[@]}" search --names-only "$2" | cut -d ' ' -f 1 | sort -V | tail -n 1
}
