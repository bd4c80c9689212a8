# SPDX-License-Identifier: GPL-2.0
# Builds the selftests inside a kernel tree, with kselftest's lib.mk and runner. Put a symlink to
# this folder into the tree, and install oomtrace.ko where modprobe finds it:
#
#   ln -s /path/to/oomtrace/selftests tools/testing/selftests/oomtrace
#   make -C tools/testing/selftests TARGETS=oomtrace run_tests      (or: install)
#
# kselftest sets OUTPUT to a folder; without it this file has no effect. The file config lists what
# the kernel needs, the file settings how long the tests may take.

ifneq ($(OUTPUT),)

in-tree := y
# make resolves the symlink; PWD still has the path through it.
KSELFTEST := $(patsubst %/lib.mk,%,$(firstword $(wildcard \
		$(PWD)/lib.mk $(dir $(patsubst %/,%,$(OUTPUT)))lib.mk)))
override OUTPUT := $(OUTPUT)/bin

TEST_GEN_PROGS := $(TESTS) oracle
TEST_GEN_FILES := hog storm $(EXPERIMENTS) $(notdir $(COMPAT32)) \
	$(and $(shell command -v $(or $(CLANG),clang)),$(wildcard /usr/include/bpf/bpf_helpers.h),oracle.bpf.o)
EXTRA_CLEAN = bin $(MODULE_PRODUCTS)
include $(KSELFTEST)/lib.mk

$(TEST_GEN_PROGS) $(TEST_GEN_FILES): $(OUTPUT)/%: bin/%
	@[ $< -ef $@ ] || install -D $< $@

endif
