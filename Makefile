# SPDX-License-Identifier: GPL-2.0
# The commands of this repository; `make help` lists them. What the module is
# made of is in Kbuild, what the command is made of in tools/Makefile.

KVER	?= $(shell uname -r)
KDIR	?= /lib/modules/$(KVER)/build
# Kernels that check goes through; see scripts/kernel list.
KERNELS	?= bookworm trixie backports debug bullseye sid bookworm-rt bookworm-cloud backports-rt backports-cloud

.PHONY: all module lib tools selftests check soak demo bench install uninstall \
	dkms-install dkms-remove deb clean help

all: module lib tools

# The headers may be of any kernel, if KDIR says so; those below KVER must be KVER's. Debian's
# include/config/kernel.release has the upstream version on some kernels: this is what uname says.
release = $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h 2>/dev/null)

module:
	@test -e $(KDIR)/Makefile || { \
		echo "oomtrace: no kernel headers at $(KDIR)." >&2; \
		echo "oomtrace: install linux-headers-$(KVER), or say make KDIR=/path/to/headers." >&2; \
		exit 2; }
	@test -n "$(release)" || { \
		echo "oomtrace: $(KDIR) is not the headers of a kernel that was built: it has no include/generated/utsrelease.h." >&2; \
		exit 2; }
	@test "$(origin KDIR)" != file -o "$(release)" = "$(KVER)" || { \
		echo "oomtrace: the headers at $(KDIR) are of the kernel $(release), not of $(KVER)." >&2; \
		echo "oomtrace: install linux-headers-$(KVER), or say make KDIR=$(KDIR) if $(release) is what you want." >&2; \
		exit 2; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

lib:
	$(MAKE) -C lib

# What they read records with is in lib.
tools: lib
	$(MAKE) -C tools

# Needs KSELFTEST=, the folder of the kernel's tools/testing/selftests.
selftests:
	$(MAKE) -C selftests

check:
	scripts/check $(KERNELS)

demo:
	scripts/demo

# Hours; scripts/soak --help.
soak:
	scripts/soak

bench:
	scripts/bench

# On a machine of one's own; DKMS rebuilds the module for every new kernel.
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

# By hand and not by Kbuild's clean: it must work without kernel headers.
clean:
	@# A copy that DKMS made has the module only.
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
	@echo 'make demo             show it at work in a throwaway virtual machine'
	@echo 'make check            run all tests (KERNELS="bookworm trixie" picks kernels)'
	@echo 'make soak             the long forms of the tests of endurance: hours'
	@echo 'make bench            what it costs, in instructions'
	@echo 'make install          install the module and the tools for this kernel'
	@echo 'make uninstall        remove what make install installed'
	@echo 'make dkms-install     install the module by DKMS, for this kernel and all that follow'
	@echo 'make dkms-remove      remove it from DKMS'
	@echo 'make deb              Debian packages of the tools, the library and the module for DKMS'
	@echo 'make clean            remove what was built (not the cache of scripts/kernel)'
