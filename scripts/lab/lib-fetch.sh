#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Makes the entries of the cache: the roots, Debian's kernels, and the parts of linux-source that
# the tests use. Only sourced.

# shellcheck disable=SC2154 # the caller sets k_*, repo, cache, scratch and format
# shellcheck disable=SC2016 # dpkg-query and mmdebstrap's hooks expand what is in single quotes

# The driver folders that a machine without hardware can use. All others, two thirds of the modules,
# are left out.
readonly kept_drivers=" acpi block char dax firmware md net nvdimm vhost virtio "

# Modules that the initramfs loads before it mounts the root: disks, serial ports, file systems.
readonly boot_modules="virtio_pci virtio_blk virtio_console squashfs overlay"

headers_packages() {
	kernel_table | awk -v r="$k_root" '$2 == r && $5 !~ /^@/ { print "linux-headers-" $5 }'
}

set_root_dir() {
	root_dir=$cache/root-$k_root-$(hash_of "$format" "$k_suite" "$k_extra" "$(root_packages)" \
		"$(headers_packages)" "${OOMTRACE_MIRROR:-}")
}
have_root() { [ -d "$root_dir" ]; }

# The root's headers package names the release and the version of the kernel.
set_kernel_dir() {
	local depends
	if is_built_kernel; then
		set_built_kernel_dir
		return
	fi
	depends=$(dpkg-query --admindir="$root_dir/root/var/lib/dpkg" -W -f '${Depends}' \
		"linux-headers-$k_flavour" 2>/dev/null)
	[[ $depends =~ linux-headers-([^ ]+)\ \(=\ ([^\)]+)\) ]] ||
		die "no kernel release in the dependencies of linux-headers-$k_flavour: '$depends'"
	k_release=${BASH_REMATCH[1]}
	kernel_dir=$cache/kernel-$k_release-${BASH_REMATCH[2]//[^0-9A-Za-z.+-]/_}-$(hash_of "$format" \
		"$kept_drivers" "$boot_modules")
}
have_kernel() { have_root && set_kernel_dir && [ -d "$kernel_dir" ]; }

fetch_kernel() {
	for program in mmdebstrap mksquashfs busybox cpio depmod modprobe xz zstd flock; do
		need_program "$program" vm
	done
	lock_cache
	have_root || make_root
	if is_built_kernel; then
		unlock_cache
		lock_cache "-$k_name"
	fi
	have_kernel || make_kernel
	unlock_cache
}

# Like suite_exists, but ends the script if the mirror does not answer.
mirror_has_suite() {
	local status=0
	suite_exists "$@" || status=$?
	[ $status -le 1 ] || die "$k_name: the mirror $1 does not answer (suite $2)"
	return $status
}

# Prints a "deb" line for each suite of a root, including updates and security if they exist.
print_apt_sources() {
	local mirror security suite
	mirror=$(debian_mirror)
	printf 'deb %s %s main\n' "$mirror" "$k_suite"
	[ "$k_suite" != sid ] || return 0
	security=$(debian_security_mirror)
	for suite in "$k_suite-updates" $k_extra; do
		! mirror_has_suite "$mirror" "$suite" || printf 'deb %s %s main\n' "$mirror" "$suite"
	done
	! mirror_has_suite "$security" "$k_suite-security" ||
		printf 'deb %s %s-security main\n' "$security" "$k_suite"
}

# Ends the script if the mirror lacks a suite that this kernel needs.
need_suites() {
	local mirror suite
	mirror=$(debian_mirror)
	for suite in "$k_suite" $k_extra; do
		! mirror_has_suite "$mirror" "$suite" || continue
		[ "$k_gone" = skip ] || die "$k_name: the mirror $mirror has no suite $suite"
		say "skip $k_name: the mirror $mirror no longer has the suite $suite"
		exit "$EX_SKIP"
	done
}

# Prints the hook that runs after the essential packages are installed: it replaces mmdebstrap's
# dummy usr-is-merged by the suite's package. bullseye has no such package: there, purge the dummy.
print_merge_usr_hook() {
	cat <<'HOOK'
if APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-cache madison usr-is-merged | grep -q .; then
	/usr/share/mmdebstrap/hooks/merged-usr/essential00.sh "$1"
else
	dpkg --root="$1" --purge usr-is-merged
fi
HOOK
}

make_root() {
	local include pins option options=() started=$SECONDS
	need_suites
	say "making a root of $k_root in the cache"
	start_scratch
	include=$(root_packages; headers_packages)
	while read -r option; do
		[ -z "$option" ] || options+=(--aptopt="$option")
	done < <(apt_transport_options)
	pins=$scratch/pins
	{
		# Take only the kernel's packages from the extra suite.
		[ -z "$k_extra" ] ||
			printf 'Package: linux-*\nPin: release n=%s\nPin-Priority: 900\n\n' "$k_extra"
		# Any version of bpftool works, but a security update may no longer be on the mirror.
		printf 'Package: bpftool\nPin: release n=%s\nPin-Priority: 990\n' "${k_extra:-$k_suite}"
	} >"$pins"
	options+=("--setup-hook=mkdir -p \"\$1/etc/apt/preferences.d\"; cp '$pins' \"\$1/etc/apt/preferences.d/kernel\"")
	if ! print_apt_sources | mmdebstrap --mode=root --variant=essential --format=directory \
		--include="$(tr '\n' ',' <<<"$include" | sed 's/,$//')" \
		--setup-hook='/usr/share/mmdebstrap/hooks/merged-usr/setup00.sh "$1"' \
		--essential-hook="$(print_merge_usr_hook)" \
		--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
		--aptopt='APT::Install-Recommends "false"' "${options[@]}" \
		--skip=cleanup/apt/lists "$k_suite" "$scratch/root" - >"$scratch/log" 2>&1; then
		tail -n 20 "$scratch/log" >&2
		die "could not make a root of $k_root (is the mirror reachable?)"
	fi
	# mmdebstrap copies the host's files; the virtual machine has no network.
	rm -f "$scratch/root/etc/resolv.conf"
	echo localhost >"$scratch/root/etc/hostname"
	printf '127.0.0.1 localhost\n' >"$scratch/root/etc/hosts"
	# Mount points for run_in_root.
	mkdir "$scratch/root/oomtrace" "$scratch/root/linux-source" "$scratch/root/share"
	make_squashfs "$scratch/root" "$scratch/root.sqfs" -e usr/src var/lib/apt var/cache \
		'proc/*' 'sys/*' 'dev/*' 'run/*' 'tmp/*'
	rm -rf "$root_dir"
	mv "$scratch" "$root_dir"
	say "made the root of $k_root in $((SECONDS - started)) s"
}

# make_squashfs FOLDER IMAGE [OPTION...]: lz4 images are twice as large as others, but an emulated
# machine reads them fastest.
make_squashfs() {
	local from=$1 to=$2
	shift 2
	mksquashfs "$from" "$to" -comp lz4 -noappend -quiet -no-progress -no-xattrs -all-root \
		-wildcards "$@" >/dev/null
}

# Runs the host's apt-get with the root's sources and package lists.
run_root_apt() {
	apt-get -qq -o Dir="$root_dir/root" -o Dir::Etc::Trusted=/etc/apt/trusted.gpg \
		-o Dir::State::status="$root_dir/root/var/lib/dpkg/status" -o Dir::Cache="$scratch/apt" \
		-o APT::Sandbox::User=root "$@"
}

make_kernel() {
	local started=$SECONDS modules driver deb parts file
	set_kernel_dir
	if is_built_kernel; then
		make_built_kernel
		return
	fi
	say "fetching the kernel $k_release"
	start_scratch
	mkdir -p "$scratch/deb" "$scratch/apt" "$scratch/tree/usr"
	(
		cd "$scratch/deb"
		run_root_apt download "linux-image-$k_release" 2>"$scratch/log" ||
			run_root_apt download "linux-image-$k_release-unsigned" 2>>"$scratch/log"
		# Since 7.x that package is empty and depends on the packages that have the files.
		parts=$(dpkg-deb -f ./*.deb Depends | grep -oE "linux-[a-z]+-${k_release//+/\\+}( |$)" || true)
		# shellcheck disable=SC2086 # one word for each package
		[ -z "$parts" ] || run_root_apt download $parts 2>>"$scratch/log"
	) || { cat "$scratch/log" >&2; die "could not download linux-image-$k_release"; }
	for deb in "$scratch"/deb/*.deb; do dpkg-deb -x "$deb" "$scratch/image"; done

	# Newer packages have the modules in /usr/lib, and the kernel next to them.
	[ -d "$scratch/image/usr/lib/modules" ] || mv "$scratch/image/lib" "$scratch/image/usr/"
	mv "$scratch/image/usr/lib" "$scratch/tree/usr/"
	modules=$scratch/tree/usr/lib/modules/$k_release
	for file in vmlinuz config; do
		if [ -f "$modules/$file" ]; then
			mv "$modules/$file" "$scratch/$file"
		else
			mv "$scratch/image/boot/$file-$k_release" "$scratch/$file"
		fi
	done
	decompress_kernel "$scratch/vmlinuz" "$scratch/vmlinux"
	echo "$k_release" >"$scratch/release"
	rm -rf "$modules/build" "$modules/source" "$modules/kernel/sound" \
		"$modules/kernel/drivers/net/ethernet" "$modules/kernel/drivers/net/wireless"
	for driver in "$modules"/kernel/drivers/*; do
		case $kept_drivers in *" ${driver##*/} "*) ;; *) rm -rf "$driver" ;; esac
	done
	depmod -b "$scratch/tree/usr" "$k_release"
	make_squashfs "$scratch/tree" "$scratch/modules.sqfs"
	make_initrd "$scratch/tree/usr" "$scratch/initrd.cpio"
	rm -rf "$scratch/image" "$scratch/deb" "$scratch/apt" "$scratch/log"
	rm -rf "$kernel_dir"
	mv "$scratch" "$kernel_dir"
	say "fetched the kernel $k_release in $((SECONDS - started)) s"
}

# decompress_kernel BZIMAGE VMLINUX: the header of a bzImage has the offset and the length of the
# compressed kernel. An emulated machine needs seconds to decompress it on each boot; QEMU boots the
# decompressed kernel directly (PVH).
decompress_kernel() {
	local from=$1 to=$2 sectors offset length
	sectors=$(od -An -tu1 -j $((0x1f1)) -N1 "$from")
	offset=$(od -An -tu4 -j $((0x248)) -N4 "$from")
	length=$(od -An -tu4 -j $((0x24c)) -N4 "$from")
	offset=$(((sectors + 1) * 512 + offset))
	tail -c +$((offset + 1)) "$from" | head -c "$length" >"$to.packed" || true
	# shellcheck disable=SC2094 # no command here writes the file that it reads
	# The decompressed size follows the stream in four bytes: ignore the error that they cause.
	case $(od -An -tx1 -N4 "$to.packed") in
	' fd 37 7a 58') xz -dcq --single-stream ;;
	' 1f 8b '*) gzip -dcq ;;
	' 28 b5 2f fd') zstd -dcqf ;;
	*) cat ;;
	esac <"$to.packed" >"$to" 2>/dev/null || true
	rm "$to.packed"
	if [ "$(head -c 4 "$to" | od -An -c | tr -d ' ')" != '177ELF' ]; then
		say "note: the compression of $from is unknown: each boot will take longer"
		rm "$to"
	fi
}

# make_initrd BASE ARCHIVE: busybox and the modules, numbered in the order in which to load them.
# Each machine adds its own /init.
make_initrd() {
	local base=$1 to=$2 dir=$scratch/initrd file number=10
	mkdir -p "$dir/bin" "$dir/modules"
	cp "$(command -v busybox)" "$dir/bin/busybox"
	# shellcheck disable=SC2086 # one word for each module
	modprobe -a -d "$base" -S "$k_release" --show-depends $boot_modules |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$scratch/list"
	while read -r file; do
		case $file in
		*.xz) xz -dc "$file" >"$dir/modules/$number-$(basename "$file" .xz)" ;;
		*.zst) zstd -dcq "$file" >"$dir/modules/$number-$(basename "$file" .zst)" ;;
		*) cp "$file" "$dir/modules/$number-${file##*/}" ;;
		esac
		number=$((number + 1))
	done <"$scratch/list"
	(cd "$dir" && find . | sort | cpio -o -H newc --quiet -R 0:0) >"$to"
	rm -rf "$dir" "$scratch/list"
}

# The parts of the kernel's source that the checks and the selftests use. All kernels use the same.
readonly source_package=linux-source-6.1
readonly source_members="scripts/checkpatch.pl scripts/spelling.txt scripts/const_structs.checkpatch
	scripts/kernel-doc tools/testing/selftests/kselftest.h tools/testing/selftests/kselftest_harness.h
	tools/testing/selftests/Makefile tools/testing/selftests/lib.mk tools/testing/selftests/kselftest
	tools/testing/selftests/kselftest_deps.sh tools/testing/selftests/run_kselftest.sh
	tools/testing/selftests/kselftest_install.sh tools/testing/selftests/gen_kselftest_tar.sh
	tools/scripts tools/include/nolibc scripts/subarch.include"

linux_source_path() {
	local dir tarball
	dir=$cache/source-$(hash_of "$format" "$source_package" "$source_members")
	if [ ! -d "$dir" ]; then
		tarball=/usr/src/$source_package.tar.xz
		lock_cache
		[ -d "$dir" ] || make_linux_source "$dir" >&2
		unlock_cache
	fi
	echo "$dir"
}

make_linux_source() {
	local dir=$1 file started=$SECONDS
	start_scratch
	if [ ! -f "$tarball" ]; then
		say "fetching $source_package"
		download_packages bookworm "$source_package" || die "could not download $source_package"
		dpkg-deb -x "$scratch"/deb/*.deb "$scratch/deb"
		tarball=$scratch/deb/usr/src/$source_package.tar.xz
	fi
	say "unpacking the needed parts of $source_package"
	mkdir "$scratch/source"
	# Some members are missing in some versions; the loop below checks the ones that must exist.
	# shellcheck disable=SC2086,SC2046 # one word for each member
	tar -C "$scratch/source" --strip-components=1 -xf "$tarball" \
		$(printf "$source_package/%s " $source_members) 2>/dev/null || true
	for file in tools/testing/selftests/kselftest_harness.h scripts/checkpatch.pl; do
		[ -f "$scratch/source/$file" ] || die "$tarball does not contain $file"
	done
	mv "$scratch/source" "$dir"
	say "unpacked $source_package in $((SECONDS - started)) s"
	rm -rf "$scratch"
}
