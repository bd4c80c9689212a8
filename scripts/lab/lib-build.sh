#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Builds oomtrace for one kernel: copies the sources to build/NAME/src, runs make there with the
# suite's own compiler and headers, and packs the files that the virtual machine mounts over its
# root. Only sourced; writes only below build/.

# shellcheck disable=SC2154 # the caller sets k_*, repo and the directories

# The folders and files to build, relative to the top of the repository.
readonly built_from="Kbuild Makefile dkms.conf module include common lib tools fleet selftests"

build_command() {
	local variant='' make_args=() out state name
	lookup_kernel "${1:-}"
	shift
	while [ $# != 0 ]; do
		case $1 in
		--variant)
			variant=${2:-}
			[[ $variant =~ ^[A-Za-z0-9._-]+$ ]] ||
				bad_usage "build: invalid variant '$variant'; allowed: letters, digits, '.', '_', '-'"
			shift
			;;
		--) shift && make_args=("$@") && break ;;
		*) bad_usage "build: unknown argument '$1'; allowed: --variant V, -- MAKE-ARGUMENT..." ;;
		esac
		shift
	done
	name=$k_name${variant:+-$variant}
	out=$repo/build/$name
	if have_kernel; then
		# If no source changed, there is nothing to do, and no need to become root.
		state=$(hash_sources "${make_args[@]}")
		[ "$(cat "$out/state" 2>/dev/null)" != "$state" ] || return 0
	fi
	rerun_as_root "building inside a Debian root" build "$k_name" \
		${variant:+--variant "$variant"} ${make_args[@]:+-- "${make_args[@]}"}
	have_kernel || fetch_kernel
	state=$(hash_sources "${make_args[@]}")
	mkdir -p "$out/src"
	exec {build_lock}>"$out/lock"
	flock "$build_lock"
	build_sources "$out" "${make_args[@]}"
	printf '%s\n' "$state" >"$out/state"
	chown_to_caller "$out"
}

# Prints the paths of the sources: the files that git tracks or would track. Without git: all files
# except those that a build creates.
list_source_files() {
	local files file
	cd "$repo" || return
	# shellcheck disable=SC2086 # one word for each directory
	if files=$(git -c safe.directory='*' ls-files -co --exclude-standard -- $built_from 2>/dev/null) &&
		[ -n "$files" ]; then
		printf '%s\n' "$files" | while read -r file; do [ ! -f "$file" ] || echo "$file"; done
	else
		# An unpacked archive may lack some of the directories.
		# shellcheck disable=SC2046,SC2086 # one word for each directory
		find $(ls -d $built_from 2>/dev/null || true) -type f ! -name '*.o' ! -name '*.ko' ! -name '*.a' ! -name '.*.cmd' \
			! -name '*.mod' ! -name '*.mod.c' ! -name '*.symvers' ! -name modules.order
	fi | sort
}

# Prints a hash that changes when anything that the build depends on changes.
hash_sources() {
	local files
	files=$(list_source_files)
	{
		printf '%s\n' "$kernel_dir" "$@"
		cd "$repo" || return
		printf '%s\n' "$files" | tr '\n' '\0' | xargs -0r stat -c '%n %Y %s %y'
		stat -c '%n %y' scripts/lab/lib-build.sh
		! can_build_bpf || echo bpf
	} | sha256sum | cut -d ' ' -f 1
}

# The roots have no clang. BPF code does not depend on the suite, so the host's clang builds it.
can_build_bpf() { command -v clang >/dev/null && [ -f /usr/include/bpf/bpf_helpers.h ]; }
build_oracle_bpf() {
	[ -f "$1/oracle/build.mk" ] && can_build_bpf || return 0
	make -C "$1" KSELFTEST="$linux_source/tools/testing/selftests" bin/oracle.bpf.o bin/choice.bpf.o
}

# build_sources OUT [MAKE-ARGUMENT...]: the caller holds the lock of the directory OUT.
build_sources() {
	local out=$1 files old file target log=$1/log kdir compiler
	shift
	kdir=/lib/modules/$k_release/build
	# The cache keeps the headers of a kernel that was built from source next to the kernel.
	# shellcheck disable=SC2034 # run_in_root mounts it
	[ ! -d "$kernel_dir/headers" ] || { root_share=$kernel_dir/headers && kdir=/share; }
	files=$(list_source_files)
	[ -n "$files" ] || { say "nothing to build: no sources found"; return 0; }
	say "building for $k_name ($k_release)"

	# Delete files from the copy that are no longer in the repository.
	if [ -f "$out/manifest" ]; then
		while read -r old; do
			grep -qxF -- "$old" <<<"$files" && continue
			rm -f "$out/src/$old"
			# Dependency files may still name the deleted file: remove them all, with their
			# objects, so that make rebuilds these.
			find "$out/src" -name '*.o.d' -exec sh -c 'rm -f "$1" "${1%.d}"' sh {} \;
		done <"$out/manifest"
	fi
	# A program of an earlier build may have the name of what is a folder now.
	sed -n 's|/[^/]*$||p' <<<"$files" | sort -u | while read -r old; do
		[ ! -f "$out/src/$old" ] || rm -f "$out/src/$old"
	done
	printf '%s\n' "$files" >"$out/manifest"
	(cd "$repo" && printf '%s\n' "$files" | tr '\n' '\0' |
		xargs -0 cp -u --parents --preserve=mode,timestamps -t "$out/src")

	# shellcheck disable=SC2034 # run_in_root mounts it
	linux_source=$(linux_source_path)
	read -ra compiler < <(compiler_arguments) || true
	: >"$log"
	for target in module tools selftests; do
		case $target in selftests) [ -d "$repo/selftests" ] || continue ;; esac
		# shellcheck disable=SC2016 # expanded by the inner shell
		run_in_root "$root_dir/root" sh -c '
			src=$1 target=$2
			shift 2
			cd "$src"
			# A dry run of Kbuild may fail: look only for the error of the top Makefile.
			! make -n "$target" "$@" 2>&1 |
				grep -q "^make: .*No rule to make target .$target.\.  Stop" || exit 0
			exec make -j "$(nproc)" "$target" "$@"
		' sh "/oomtrace/build/${out##*/}/src" "$target" "KDIR=$kdir" \
			KSELFTEST=/linux-source/tools/testing/selftests "${compiler[@]}" "$@" >>"$log" 2>&1 || {
			cat "$log" >&2
			die "building $target for $k_name failed"
		}
	done
	build_oracle_bpf "$out/src/selftests" >>"$log" 2>&1 || {
		cat "$log" >&2
		die "building the oracle's BPF programs failed"
	}
	grep -iE 'warning:' "$log" >&2 || true
	[ ! -d "$out/src/module" ] || [ -n "$(find "$out/src" -name oomtrace.ko -print -quit)" ] ||
		die "the build for $k_name produced no oomtrace.ko: see build/${out##*/}/log"
	make_overlay "$out"
}

# Packs what the machine mounts over its root: only files that the root lacks or that differ.
make_overlay() {
	local out=$1 new=$1/overlay.new ko modules program
	rm -rf "$new"
	mkdir -p "$new/usr/local/bin" "$new/usr/local/lib/oomtrace"
	ko=$(find "$out/src" -name oomtrace.ko -print -quit)
	if [ -n "$ko" ]; then
		# depmod needs all modules in one tree to write one index.
		modules=$new/usr/lib/modules/$k_release
		mkdir -p "$modules/updates"
		cp "$ko" "$modules/updates/"
		# Seven of the module's eight MB are debug information. Strip it, because each load copies
		# the whole file into kernel memory, and a small machine has no room for that.
		run_in_root "$root_dir/root" strip --strip-debug "/oomtrace/${modules#"$repo"/}/updates/oomtrace.ko"
		cp -rs "$kernel_dir/tree/usr/lib/modules/$k_release/kernel" "$modules/"
		cp "$kernel_dir/tree/usr/lib/modules/$k_release"/modules.{builtin,order}* "$modules/"
		depmod -b "$new/usr" "$k_release"
		rm -rf "$modules/kernel" "$modules"/modules.{builtin,order,builtin.modinfo}
	fi
	for program in oomtrace oomtraced/oomtraced; do
		[ ! -x "$out/src/tools/$program" ] || cp "$out/src/tools/$program" "$new/usr/local/bin/"
	done
	if [ -e "$out/src/lib/liboomtrace.so.1" ]; then
		cp -P "$out/src/lib/liboomtrace.so.1" "$new/usr/local/lib/"
		cp "$out/src/lib/example" "$out/src/lib/example.py" "$new/usr/local/lib/oomtrace/"
	fi
	if [ -d "$out/src/selftests" ]; then
		cp -a "$out/src/selftests" "$new/usr/local/lib/oomtrace/selftests"
		# The machine copies these files to memory: leave out what does not run.
		find "$new/usr/local/lib/oomtrace/selftests" \( -name '*.[chd]' -o -name '*.o' ! -name '*.bpf.o' \
			-o -name '*.cmd' \) -delete
		find "$new/usr/local" -type f -perm -100 -exec strip -p {} + 2>/dev/null || true
	fi
	make_squashfs "$new" "$out/overlay.sqfs.new"
	rm -rf "$out/overlay"
	mv "$new" "$out/overlay"
	mv "$out/overlay.sqfs.new" "$out/overlay.sqfs"
}
