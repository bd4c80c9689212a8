#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Functions that all scripts share: messages, running as root, the cache's path, and the Debian
# mirror that apt is configured for. Only sourced. Sourcing it defines functions and read-only
# variables, and changes nothing on the machine.

# shellcheck disable=SC2016 # apt expands $(...) in single quotes

# Exit statuses with the same meaning in all scripts.
# shellcheck disable=SC2034 # some scripts use only one of them
readonly EX_USAGE=2 EX_SKIP=77

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly repo
readonly cache=${OOMTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/oomtrace}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$@"; exit 1; }
bad_usage() { say "$@"; say "try '$0 --help'"; exit "$EX_USAGE"; }

# run_as_root PURPOSE COMMAND...: prints PURPOSE before sudo asks for a password.
run_as_root() {
	local why=$1
	shift
	if [ "$(id -u)" = 0 ]; then
		"$@"
		return
	fi
	command -v sudo >/dev/null || die "$why needs root, and sudo is not installed: run this as root"
	say "$why needs root: using sudo"
	sudo "$@"
}

# rerun_as_root PURPOSE ARGUMENT...: restarts the calling script as root, with the current user's cache.
rerun_as_root() {
	local why=$1
	shift
	[ "$(id -u)" != 0 ] || return 0
	command -v sudo >/dev/null || die "$why needs root, and sudo is not installed: run this as root"
	say "$why needs root: using sudo"
	exec sudo OOMTRACE_CACHE="$cache" OOMTRACE_MIRROR="${OOMTRACE_MIRROR:-}" \
		bash "$repo/scripts/${0##*/}" "$@"
}

# Gives files that root created to the user who called sudo.
chown_to_caller() {
	[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$@"
}

# Copies exactly the files that a clone has to the directory $1.
copy_sources() {
	run_as_root "removing the previous copy" rm -rf --one-file-system "$1"
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

# Prints the URI of a Debian mirror, without a final slash: OOMTRACE_MIRROR if set, else the mirror
# of this machine's apt if that is Debian's, else mmdebstrap's default.
debian_mirror() {
	local uri
	if [ -n "${OOMTRACE_MIRROR:-}" ]; then
		printf '%s\n' "${OOMTRACE_MIRROR%/}"
		return
	fi
	uri=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 2>/dev/null |
		awk '$2 == "Debian" && $3 !~ /security/ && $4 == "main" { print $1; exit }')
	# apt knows no origins before the first apt-get update: recognise the mirror by its path.
	[ -n "$uri" ] || uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		2>/dev/null | grep -m1 -E '/debian/?$' || true)
	[ -n "$uri" ] || uri=$(sed -n "s/.*\$mirror *= *'\(http[^']*\)'.*/\1/p" \
		"$(command -v mmdebstrap)" 2>/dev/null | head -n 1)
	[ -n "$uri" ] || die "apt has no Debian mirror configured: set OOMTRACE_MIRROR to the URI of one"
	printf '%s\n' "${uri%/}"
}

# Prints the URI of the security archive, which most mirrors keep next to the main archive.
debian_security_mirror() {
	local uri
	uri=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(RELEASE)' \
		'Created-By: Packages' 2>/dev/null |
		awk '$1 ~ /debian-security/ && $3 ~ /-security$/ { print $1; exit }')
	[ -n "$uri" ] && [ -z "${OOMTRACE_MIRROR:-}" ] || uri=$(debian_mirror)-security
	printf '%s\n' "${uri%/}"
}

# suite_exists URI SUITE: returns 0 if the mirror has the suite, 1 if the mirror answers that it has
# not, 2 if the mirror does not answer.
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

# Prints the host's apt options for reaching the mirror (proxies, validity of old indexes).
apt_transport_options() {
	apt-config dump | grep -E '^Acquire::(http|https|ftp|Retries|Check-Valid-Until|Check-Date)' |
		grep -v '""' || true
}
