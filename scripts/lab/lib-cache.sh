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

# download_packages SUITE PACKAGE...: downloads to $scratch/deb. The host's apt need not have the
# suite configured.
download_packages() {
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
