#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# What every script here shares: messages, the cache's place, becoming root, and asking apt's
# configuration where the mirror is. Sourced, never run; it may define functions and read-only
# facts about the machine, and may not change anything until one of its functions is called.

# shellcheck disable=SC2016 # $(...) in single quotes is for apt

# Exit statuses that mean one thing in all scripts.
# shellcheck disable=SC2034 # not every script uses each
readonly EX_USAGE=2 EX_SKIP=77

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly repo
readonly cache=${OOMTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/oomtrace}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$@"; exit 1; }
bad_usage() { say "$@"; say "try '$0 --help'"; exit "$EX_USAGE"; }

# Runs a program as root; the first argument says what for, to whoever is asked for a password.
as_root() {
	local why=$1
	shift
	if [ "$(id -u)" = 0 ]; then
		"$@"
		return
	fi
	command -v sudo >/dev/null || die "$why needs root, and there is no sudo: run this as root"
	say "$why needs root: using sudo"
	sudo "$@"
}

# Starts the calling script again as root, keeping the cache where this user has it.
rerun_as_root() {
	local why=$1
	shift
	[ "$(id -u)" != 0 ] || return 0
	command -v sudo >/dev/null || die "$why needs root, and there is no sudo: run this as root"
	say "$why needs root: using sudo"
	exec sudo OOMTRACE_CACHE="$cache" OOMTRACE_MIRROR="${OOMTRACE_MIRROR:-}" \
		bash "$repo/scripts/${0##*/}" "$@"
}

# Files that root made for a user who called sudo go back to that user.
give_back() {
	[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$@"
}

# Exactly the files that a clone would have, in a directory of their own.
copy_sources() {
	as_root "removing the last copy" rm -rf --one-file-system "$1"
	mkdir -p "$1"
	(
		cd "$repo" || exit
		git -c safe.directory='*' ls-files -co --exclude-standard -z |
			while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done |
			xargs -0 cp -P --parents --preserve=mode,timestamps -t "$1"
	)
}

need_program() {
	local program=$1 kind=$2
	command -v "$program" >/dev/null ||
		die "$program is not installed: run scripts/setup $kind"
}

# URI of a Debian mirror, without a final slash. What this machine's apt uses, when it is
# Debian; otherwise what mmdebstrap would use; OOMTRACE_MIRROR overrides both.
debian_mirror() {
	local uri
	if [ -n "${OOMTRACE_MIRROR:-}" ]; then
		printf '%s\n' "${OOMTRACE_MIRROR%/}"
		return
	fi
	uri=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 2>/dev/null |
		awk '$2 == "Debian" && $3 !~ /security/ && $4 == "main" { print $1; exit }')
	# Before the first apt-get update apt does not know an origin: the path tells as much.
	[ -n "$uri" ] || uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		2>/dev/null | grep -m1 -E '/debian/?$' || true)
	[ -n "$uri" ] || uri=$(sed -n "s/.*\$mirror *= *'\(http[^']*\)'.*/\1/p" \
		"$(command -v mmdebstrap)" 2>/dev/null | head -n 1)
	[ -n "$uri" ] || die "apt knows no Debian mirror: set OOMTRACE_MIRROR to one's URI"
	printf '%s\n' "${uri%/}"
}

# The same for security updates, which most mirrors keep beside the main archive.
debian_security_mirror() {
	local uri
	uri=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(RELEASE)' \
		'Created-By: Packages' 2>/dev/null |
		awk '$1 ~ /debian-security/ && $3 ~ /-security$/ { print $1; exit }')
	[ -n "$uri" ] && [ -z "${OOMTRACE_MIRROR:-}" ] || uri=$(debian_mirror)-security
	printf '%s\n' "${uri%/}"
}

# Does the mirror have this suite? 0 yes, 1 no (it answered so), 2 it did not answer.
suite_exists() {
	local uri=$1 suite=$2 scratch answer
	scratch=$(mktemp -d)
	if answer=$(/usr/lib/apt/apt-helper download-file "$uri/dists/$suite/InRelease" \
		"$scratch/InRelease" 2>&1); then
		rm -rf "$scratch"
		return 0
	fi
	rm -rf "$scratch"
	case $answer in *404* | *"not found"* | *"Not Found"*) return 1 ;; esac
	say "$answer"
	return 2
}

# The host's own apt options for reaching the mirror (proxies, validity of old indexes).
apt_transport_options() {
	apt-config dump | grep -E '^Acquire::(http|https|ftp|Retries|Check-Valid-Until|Check-Date)' |
		grep -v '""' || true
}
