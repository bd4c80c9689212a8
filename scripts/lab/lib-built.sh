#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Builds kernels from Debian's linux-source, with the compiler of their root and the configurations in
# built-kernel/: those that check themselves, and those with unusual configurations. The name of a
# cache entry has a hash of the configuration. The build fails if the kernel lacks an option that its
# configuration asks for. Only sourced.

# shellcheck disable=SC2154 # the caller sets k_*, repo, cache, scratch, root_dir and format

# Part of each entry's name. Raise it when the way kernels are built changes.
readonly built_format=2

# The newest long-term kernel of Debian, from the oldest suite with that kernel.
readonly built_source=linux-source-6.12

# The packages that the build of a kernel needs besides those of every root.
build_packages() { printf '%s\n' flex bison bc libelf-dev; }

# The root with this name has a clang that knows kCFI, and builds kernels and modules with it.
readonly clang_root=clang clang_version=19
clang_packages() { printf '%s\n' {clang,lld,llvm}-$clang_version; }
# Prints the arguments of make that select the root's compiler for kernels and modules.
compiler_arguments() { [ "$k_root" != $clang_root ] || echo LLVM=-$clang_version; }

is_built_kernel() { [ "$k_flavour" = @built ]; }

# Prints the files that make up the configuration: the common one and the kernel's own one.
built_configs() {
	printf '%s\n' "$repo/scripts/lab/built-kernel"/{machine,"$k_name"}.config
}

# merge_configs COMMON OWN: prints the lines of COMMON whose options OWN does not set, then OWN.
merge_configs() {
	awk '
		{ option = $1 == "#" ? $2 : $1; sub(/=.*/, "", option) }
		FNR == NR { own[option]; next }
		!(option ~ /^CONFIG_/ && option in own)
	' "$2" "$1"
	cat "$2"
}

set_built_kernel_dir() {
	local configs
	mapfile -t configs < <(built_configs)
	kernel_dir=$cache/kernel-$k_name-$(hash_of "$format" "$built_format" "$built_source" \
		"$k_suite" "$(compiler_arguments)" "$(merge_configs "${configs[@]}" | grep CONFIG_)")
	k_release=$(cat "$kernel_dir/release" 2>/dev/null || true)
}

# run_in_build_root SCRIPT...: runs a shell script in the root; /share is the scratch directory.
run_in_build_root() { root_share=$scratch run_in_root "$root_dir/root" sh -euc "$@"; }

make_built_kernel() {
	local started=$SECONDS modules configs compiler
	say "building the kernel $k_name: this takes some minutes"
	start_scratch
	unpack_built_source
	mapfile -t configs < <(built_configs)
	merge_configs "${configs[@]}" >"$scratch/asked"
	read -ra compiler < <(compiler_arguments) || true
	mkdir -p "$scratch/build" "$scratch/tree/usr"
	# shellcheck disable=SC2016 # expanded by the inner shell
	run_in_build_root '
		cd /share/source
		cp kernel/configs/tiny.config /share/all
		cat /share/asked >>/share/all
		echo "CONFIG_LOCALVERSION=\"-$1\"" >>/share/all
		shift
		make -s O=/share/build "$@" KCONFIG_ALLCONFIG=/share/all allnoconfig
	' sh "$k_name" "${compiler[@]}" >"$scratch/log" 2>&1 || fail_build "configuring"
	check_built_config "$scratch/asked" "$scratch/build/.config"
	# The headers list the kernel's symbols, so make them after the kernel. Build only modules with
	# UBSAN: for the kernel itself it costs a tenth of the time, and we do not test the kernel.
	# arch/x86/platform/pvh/enlighten.c runs before KASAN is set up, so the compiler must not turn
	# its comparison of a few bytes into a call of the instrumented memcmp().
	# shellcheck disable=SC2016
	run_in_build_root '
		cd /share/source
		make -s O=/share/build -j "$(nproc)" "$@" UBSAN_SANITIZE=n CFLAGS_enlighten.o=-O2 vmlinux modules
		make -s O=/share/build "$@" INSTALL_MOD_PATH=/share/tree/usr modules_install
		cp /share/build/include/config/kernel.release /share/release
		make -s O=/share/build "$@" run-command \
			KBUILD_RUN_COMMAND="+\$(srctree)/scripts/package/install-extmod-build /share/headers"
		cp /share/build/.config /share/headers/
		strip -o /share/vmlinux /share/build/vmlinux
	' sh "${compiler[@]}" >"$scratch/log" 2>&1 || fail_build "building"
	cp "$scratch/build/.config" "$scratch/config"
	k_release=$(cat "$scratch/release")
	modules=$scratch/tree/usr/lib/modules/$k_release
	rm -rf "$modules/build" "$modules/source"
	mkdir -p "$modules/kernel"
	depmod -b "$scratch/tree/usr" "$k_release"
	make_squashfs "$scratch/tree" "$scratch/modules.sqfs"
	make_initrd "$scratch/tree/usr" "$scratch/initrd.cpio"
	rm -rf "$scratch"/{source,build,asked,all,log} "$kernel_dir"
	mv "$scratch" "$kernel_dir"
	say "built the kernel $k_release of $k_name in $((SECONDS - started)) s"
}

# fail_build STEP
fail_build() {
	tail -n 40 "$scratch/log" >&2
	die "$1 the kernel $k_name failed"
}

unpack_built_source() {
	mkdir -p "$scratch/apt" "$scratch/deb" "$scratch/source"
	(cd "$scratch/deb" && run_root_apt download "$built_source") >"$scratch/log" 2>&1 ||
		fail_build "downloading the source of"
	# The build does not compile most drivers and architectures: keep only their Kconfig files.
	dpkg-deb --fsys-tarfile "$scratch"/deb/*.deb |
		tar -xO "./usr/src/$built_source.tar.xz" |
		tar -xJ -C "$scratch/source" --strip-components=1 --wildcards \
			--exclude='*/Documentation/*.[rtys]*' --exclude='*/drivers/gpu/drm/*.[ch]' \
			--exclude='*/drivers/net/ethernet/*.[ch]' --exclude='*/drivers/net/wireless/*.[ch]' \
			--exclude='*/drivers/media/*.[ch]' --exclude='*/sound/*/*.[ch]' \
			--exclude='*/tools/testing/*' --exclude='*.dts*' --exclude='*/arch/[!x]*/*.[chS]'
	rm -rf "$scratch/deb" "$scratch/apt"
}

# Kconfig silently drops an option that conflicts or whose dependencies are missing: compare.
check_built_config() {
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
		die "Kconfig dropped options that the kernel $k_name needs: ${missing[*]}"
}
