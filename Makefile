# SPDX-License-Identifier: GPL-2.0
# The commands of this repository; `make help` lists them. Kbuild lists the
# module's sources; each folder of user programs has a Makefile of its own.

KVER	?= $(shell uname -r)
KDIR	?= /lib/modules/$(KVER)/build
# Kernels that `make check` and `make check-all` test; `scripts/kernel list`
# prints what there is.
KERNELS	?= bookworm
ALL_KERNELS	?= bookworm trixie backports debug bullseye sid bookworm-rt bookworm-cloud backports-rt backports-cloud \
	built-small built-clang

.PHONY: all module lib tools selftests check check-all soak demo bench install uninstall \
	dkms-install dkms-remove deb dist clean help

all: module lib tools

# The release of the headers, as uname -r prints it. On some Debian kernels
# include/config/kernel.release has the upstream version instead.
release = $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h 2>/dev/null)

# The package with the headers of KVER, as this distribution calls it.
headers_package = $(shell . /etc/os-release 2>/dev/null; \
	case " $$ID $$ID_LIKE " in \
	(*' fedora '*|*' rhel '*) echo kernel-devel-$(KVER) ;; \
	(*suse*) echo kernel-default-devel ;; \
	(*' arch '*) echo linux-headers ;; \
	(*' alpine '*) echo linux-lts-dev ;; \
	(*) echo linux-headers-$(KVER) ;; esac)

# Without KDIR=, the headers must be those of the kernel KVER.
module:
	@test -e $(KDIR)/Makefile || { \
		echo "oomtrace: no kernel headers at $(KDIR)." >&2; \
		echo "oomtrace: install $(headers_package), or run make KDIR=/path/to/headers." >&2; \
		exit 2; }
	@test -n "$(release)" || { \
		echo "oomtrace: $(KDIR) has no include/generated/utsrelease.h: it is not a configured kernel tree." >&2; \
		exit 2; }
	@test "$(origin KDIR)" != file -o "$(release)" = "$(KVER)" || { \
		echo "oomtrace: the headers at $(KDIR) are of the kernel $(release), not of $(KVER)." >&2; \
		echo "oomtrace: install $(headers_package), or run make KDIR=$(KDIR) to build for $(release)." >&2; \
		exit 2; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

lib:
	$(MAKE) -C lib

# The tools link with the library.
tools: lib
	$(MAKE) -C tools

# Needs KSELFTEST=, the path of the kernel's tools/testing/selftests.
selftests:
	$(MAKE) -C selftests

# The one for every change. SCOPE=--all is the other.
check:
	scripts/check $(SCOPE) $(KERNELS)

check-all:
	$(MAKE) check SCOPE=--all KERNELS="$(ALL_KERNELS)"

demo:
	scripts/demo

# Takes hours; see scripts/soak --help.
soak:
	scripts/soak

bench:
	scripts/bench

# Installs for one kernel; with DKMS, every new kernel gets the module.
install: module lib tools
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install
	$(MAKE) -C lib install
	$(MAKE) -C tools install
	depmod -a $(release)

uninstall:
	rm -f /lib/modules/$(KVER)/updates/oomtrace.ko* \
		/lib/modules/$(KVER)/extra/oomtrace.ko*
	$(MAKE) -C tools uninstall
	$(MAKE) -C lib uninstall
	depmod -a $(KVER)

dkms-install:
	scripts/dkms install

dkms-remove:
	scripts/dkms remove

# Debian packages, in build/deb.
deb:
	scripts/deb

# The archive of the source that other packages are built from, in build/dist.
dist:
	scripts/dist

# Does not use Kbuild's clean target, because it must work without kernel headers.
clean:
	@# The copy of the source that DKMS builds has only the module.
	[ ! -d lib ] || $(MAKE) -C lib clean
	[ ! -d tools ] || $(MAKE) -C tools clean
	[ ! -d selftests ] || $(MAKE) -C selftests clean
	[ ! -d model ] || $(MAKE) -C model clean
	rm -rf build .tmp_versions
	rm -f oomtrace.ko oomtrace.o oomtrace.mod oomtrace.mod.c oomtrace.mod.o \
		Module.symvers modules.order .Module.symvers.cmd \
		.modules.order.cmd .module-common.o .*.o.cmd .*.ko.cmd \
		.*.mod.cmd .*.mod.c.cmd
	rm -f module/compat/has.h
	find module common -name '*.o' -delete -o -name '.*.cmd' -delete -o \
		-name '*.o.d' -delete

help:
	@echo 'make                  build oomtrace.ko for the running kernel (or KDIR=...) and the tools'
	@echo 'make demo             demonstrate oomtrace in a throwaway virtual machine'
	@echo 'make check            check the source and run all selftests on one kernel (KERNELS="trixie sid")'
	@echo 'make check-all        the same on every kernel, and test packages, DKMS, signing, endurance'
	@echo 'make soak             run the endurance tests, which take hours'
	@echo 'make bench            measure the cost of oomtrace in instructions'
	@echo 'make install          install the module and the tools for this kernel'
	@echo 'make uninstall        remove the files that make install installed'
	@echo 'make dkms-install     install the module with DKMS, for this kernel and all later ones'
	@echo 'make dkms-remove      remove the module from DKMS'
	@echo 'make deb              build Debian packages of the tools, the library and the DKMS module'
	@echo 'make dist             make the archive of the source, with its checksum'
	@echo 'make clean            remove all build products (but not the cache of scripts/kernel)'
