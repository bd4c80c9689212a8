#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Makes container images and archives of packages for virtual machines, in the writable copy of a suite's
# root (scripts/kernel try). No registry is asked. Only sourced, after lib-tap.sh.

# start_buildah: installs buildah and configures it for the root.
start_buildah() {
	export DEBIAN_FRONTEND=noninteractive BUILDAH_ISOLATION=chroot
	install_packages buildah ca-certificates
	mkdir -p /etc/containers
	# The root is an overlay, which cannot hold another one.
	printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' \
		>/etc/containers/storage.conf
	[ -e /etc/containers/policy.json ] ||
		echo '{"default":[{"type":"insecureAcceptAnything"}]}' >/etc/containers/policy.json
}

# build_oomtrace_image DIRECTORY NAME: builds packaging/Containerfile from DIRECTORY/src and
# DIRECTORY/base.tar into DIRECTORY/image.tar.
build_oomtrace_image() {
	local dir=$1 name=$2 container
	start_buildah
	container=$(buildah from scratch)
	buildah add -q "$container" "$dir/base.tar" /
	buildah commit -q "$container" localhost/base
	buildah bud --build-arg BASE=localhost/base -f "$dir/src/packaging/Containerfile" -t "$name" "$dir/src"
	buildah push -q "$name" "docker-archive:$dir/image.tar:$name"
}

# pack_packages DIRECTORY ARCHIVE PACKAGE...: puts the packages and what they need, except the
# packages of DIRECTORY/packages, which the machine has, into DIRECTORY/ARCHIVE, and a list of the
# versions into DIRECTORY/ARCHIVE.versions.
pack_packages() {
	local dir=$1 archive=$2
	shift 2
	export DEBIAN_FRONTEND=noninteractive
	# No service may start in the root.
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
	install_packages "$@"
	dpkg-query -W -f '${Package} ${Version}\n' "$@" >"$dir/$archive.versions"
	dpkg-query -W -f '${Package}\n' | sort | comm -13 "$dir/packages" - | xargs dpkg -L |
		grep -vE '^/usr/share/(doc|man|locale)/' | sort -u | tar --no-recursion -cf "$dir/$archive" -T -
}

# shellcheck disable=SC2154 # scripts/lib.sh sets repo
# list_packages KERNEL FILE: lists the packages that a machine with KERNEL has.
list_packages() {
	dpkg-query --admindir "$("$repo/scripts/kernel" path "$1" root)/var/lib/dpkg" -W -f '${Package}\n' |
		sort >"$2"
}

# make_base SUITE ARCHIVE: a small Debian, as the base of images.
make_base() {
	mmdebstrap --mode=root --variant=apt --aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' "$1" "$2"
}
