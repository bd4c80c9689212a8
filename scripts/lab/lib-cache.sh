#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# How things get into the cache: each is made in a scratch directory and renamed into place, so that
# what has its final name is complete, by one run at a time. Sourced; needs lib.sh. May not touch
# apt's own state: what is downloaded here has lists of its own.

# shellcheck disable=SC2154 # cache is lib.sh's

# Raised when what is made changes, so that an older cache is not taken for a new one.
# shellcheck disable=SC2034 # not every script uses it
readonly format=2

hash_of() { printf '%s\n' "$@" | sha256sum | cut -c 1-12; }

# A directory to make something in, removed however this script ends unless renamed before.
scratch=
start_scratch() {
	mkdir -p "$cache"
	scratch=$(mktemp -d "$cache/tmp.XXXXXX")
	chmod 755 "$scratch"
	trap 'rm -rf --one-file-system "$scratch"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# Two runs that want the same thing: the second waits, then finds it done. What takes long has a
# lock of its own, which the argument names.
lock_cache() {
	mkdir -p "$cache"
	exec {lock_fd}>"$cache/lock${1:-}"
	if ! flock -n "$lock_fd"; then
		say "another run is filling the cache: waiting for it"
		flock "$lock_fd"
	fi
}
unlock_cache() { exec {lock_fd}>&-; }

# download SUITE PACKAGE...: into $scratch/deb, from a suite that this machine's apt need not know.
download() {
	local suite=$1
	shift
	mkdir -p "$scratch/apt"/{lists/partial,archives/partial,etc} "$scratch/deb"
	printf 'deb %s %s main\n' "$(debian_mirror)" "$suite" >"$scratch/apt/etc/sources.list"
	: >"$scratch/apt/status"
	local apt=(apt-get -qq -o Dir::Etc::sourcelist="$scratch/apt/etc/sources.list"
		-o Dir::Etc::sourceparts=- -o Dir::State::lists="$scratch/apt/lists"
		-o Dir::State::status="$scratch/apt/status" -o Dir::Cache="$scratch/apt"
		-o APT::Sandbox::User="$(id -un)")
	"${apt[@]}" update && (cd "$scratch/deb" && "${apt[@]}" download "$@")
}
