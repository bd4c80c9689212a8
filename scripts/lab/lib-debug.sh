#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The debug kernels of scripts/kernel: built here from Debian's linux-source with the compiler of
# the root they share, from the configurations in scripts/lab/debug-kernel, and kept in the cache under
# the hash of those. May not hand out a kernel that lacks anything its configuration asks for.
# Sourced by scripts/kernel; needs its table, k_*, and what lib-fetch.sh makes.

# shellcheck disable=SC2154 # k_*, repo, cache, scratch, root_dir and format are the caller's

# Raised when what is made here changes, so that an older cache is not taken for a new one.
readonly debug_format=2

# Of the oldest suite that has the newest long-term kernel.
readonly debug_source=linux-source-6.12

# What building a kernel takes besides what a root has anyway.
debug_packages() { printf '%s\n' flex bison bc libelf-dev; }

is_debug_kernel() { [ "$k_flavour" = @debug ]; }

# A configuration is what all of them have and what is this one's own.
debug_configs() {
	printf '%s\n' "$repo/scripts/lab/debug-kernel"/{machine,"$k_name"}.config
}

debug_kernel_key() {
	local configs
	mapfile -t configs < <(debug_configs)
	kernel_dir=$cache/kernel-$k_name-$(hash_of "$format" "$debug_format" "$debug_source" \
		"$k_suite" "$(cat "${configs[@]}")")
	k_release=$(cat "$kernel_dir/release" 2>/dev/null || true)
}

# Runs a command in the root with the scratch directory, writable, at /share.
debug_run() { root_share=$scratch run_in_root "$root_dir/root" sh -euc "$@"; }

make_debug_kernel() {
	local started=$SECONDS modules configs
	say "building the kernel $k_name: some minutes"
	start_scratch
	debug_source_tree
	mapfile -t configs < <(debug_configs)
	cat "${configs[@]}" >"$scratch/asked"
	mkdir -p "$scratch/build" "$scratch/tree/usr"
	# shellcheck disable=SC2016 # the inner shell expands
	debug_run '
		cd /share/source
		cp kernel/configs/tiny.config /share/all
		cat /share/asked >>/share/all
		echo "CONFIG_LOCALVERSION=\"-$1\"" >>/share/all
		make -s O=/share/build KCONFIG_ALLCONFIG=/share/all allnoconfig
	' sh "$k_name" >"$scratch/log" 2>&1 || debug_failed "configuring"
	debug_check_config "$scratch/asked" "$scratch/build/.config"
	# Headers as a package of them has, but made after the kernel, whose symbols they list. What
	# UBSAN would look for in the kernel itself is not ours, and costs a tenth of the time: only
	# modules are built with it. arch/x86/platform/pvh/enlighten.c runs before there is a KASAN, so
	# its comparison of a few bytes must not become a call of the checked memcmp().
	# shellcheck disable=SC2016
	debug_run '
		cd /share/source
		make -s O=/share/build -j "$(nproc)" UBSAN_SANITIZE=n CFLAGS_enlighten.o=-O2 vmlinux modules
		make -s O=/share/build INSTALL_MOD_PATH=/share/tree/usr modules_install
		cp /share/build/include/config/kernel.release /share/release
		make -s O=/share/build run-command \
			KBUILD_RUN_COMMAND="+\$(srctree)/scripts/package/install-extmod-build /share/headers"
		cp /share/build/.config /share/headers/
		strip -o /share/vmlinux /share/build/vmlinux
	' >"$scratch/log" 2>&1 || debug_failed "building"
	cp "$scratch/build/.config" "$scratch/config"
	k_release=$(cat "$scratch/release")
	modules=$scratch/tree/usr/lib/modules/$k_release
	rm -rf "$modules/build" "$modules/source"
	mkdir -p "$modules/kernel"
	depmod -b "$scratch/tree/usr" "$k_release"
	squash "$scratch/tree" "$scratch/modules.sqfs"
	make_initrd "$scratch/tree/usr" "$scratch/initrd.cpio"
	rm -rf "$scratch"/{source,build,asked,all,log} "$kernel_dir"
	mv "$scratch" "$kernel_dir"
	say "the kernel $k_release of $k_name took $((SECONDS - started)) s"
}

debug_failed() {
	tail -n 40 "$scratch/log" >&2
	die "$1 the kernel $k_name failed"
}

debug_source_tree() {
	mkdir -p "$scratch/apt" "$scratch/deb" "$scratch/source"
	(cd "$scratch/deb" && root_apt download "$debug_source") >"$scratch/log" 2>&1 ||
		debug_failed "downloading the source of"
	# Most of it is for other machines than these: only its Kconfig is read.
	dpkg-deb --fsys-tarfile "$scratch"/deb/*.deb |
		tar -xO "./usr/src/$debug_source.tar.xz" |
		tar -xJ -C "$scratch/source" --strip-components=1 --wildcards \
			--exclude='*/Documentation/*.[rtys]*' --exclude='*/drivers/gpu/drm/*.[ch]' \
			--exclude='*/drivers/net/ethernet/*.[ch]' --exclude='*/drivers/net/wireless/*.[ch]' \
			--exclude='*/drivers/media/*.[ch]' --exclude='*/sound/*/*.[ch]' \
			--exclude='*/tools/testing/*' --exclude='*.dts*' --exclude='*/arch/[!x]*/*.[chS]'
	rm -rf "$scratch/deb" "$scratch/apt"
}

# Kconfig drops what conflicts or lacks something, and says nothing: compare.
debug_check_config() {
	local asked=$1 built=$2 line missing=()
	while read -r line; do
		case $line in
		CONFIG_*) grep -qxF -- "$line" "$built" || missing+=("$line") ;;
		'# CONFIG_'*' is not set')
			line=${line#\# } && line=${line% is not set}
			! grep -q "^$line=" "$built" || missing+=("no $line")
			;;
		esac
	done <"$asked"
	[ ${#missing[@]} = 0 ] ||
		die "the kernel $k_name would not have what it is for: ${missing[*]}"
}
