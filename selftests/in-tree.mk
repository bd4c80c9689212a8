# SPDX-License-Identifier: GPL-2.0
# The selftests as one of a kernel tree's own, with kselftest's lib.mk and runner. Put a symlink to
# this folder into the tree, and have oomtrace.ko where modprobe finds it:
#
#   ln -s /path/to/oomtrace/selftests tools/testing/selftests/oomtrace
#   make -C tools/testing/selftests TARGETS=oomtrace run_tests      (or: install)
#
# kselftest names a folder in OUTPUT, which tells that it is there. Whoever makes the programs
# without it does not come here. config says what the kernel needs, settings how long it may take.

ifneq ($(OUTPUT),)

in-tree := y
# make goes through the symlink and forgets where it came from; the shell does not.
KSELFTEST := $(patsubst %/lib.mk,%,$(firstword $(wildcard \
		$(PWD)/lib.mk $(dir $(patsubst %/,%,$(OUTPUT)))lib.mk)))
override OUTPUT := $(OUTPUT)/bin

TEST_GEN_PROGS := $(TESTS) oracle
TEST_GEN_FILES := hog storm $(notdir $(COMPAT32)) \
	$(and $(shell command -v $(or $(CLANG),clang)),$(wildcard /usr/include/bpf/bpf_helpers.h),oracle.bpf.o)
EXTRA_CLEAN = bin $(PROVOKED)
include $(KSELFTEST)/lib.mk

$(TEST_GEN_PROGS) $(TEST_GEN_FILES): $(OUTPUT)/%: bin/%
	@[ $< -ef $@ ] || install -D $< $@

endif
