# SPDX-License-Identifier: GPL-2.0
# Builds the oracle's tests: oracle for commit decisions, with its storm, and choice for victim
# selection. Each has a BPF program as its witness. Without clang the tests have no witness and skip.

CLANG	?= clang

all: bin/oracle bin/storm bin/choice

ifneq ($(shell command -v $(CLANG)),)
ifneq ($(wildcard /usr/include/bpf/bpf_helpers.h),)
all: bin/oracle.bpf.o bin/choice.bpf.o
endif
endif

bin/oracle_%.o: oracle/%.c | bin
	$(CC) $(CFLAGS) $(CPPFLAGS) -isystem $(KSELFTEST) -MMD -MF $@.d -c -o $@ $<

bin/oracle: $(patsubst %,bin/oracle_%.o,oracle witness loader compare arithmetic) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

bin/choice: $(patsubst %,bin/oracle_%.o,choice loader) bin/lib_crowd.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Static and small, so that its address space consists of its own requests.
bin/storm: bin/oracle_storm.o
	$(CC) $(CFLAGS) $(LDFLAGS) -static -o $@ $^ -pthread

bin/%.bpf.o: oracle/%.bpf.c oracle/log.bpf.h oracle/event.h oracle/choice.h | bin
	$(CLANG) -target bpf -D__TARGET_ARCH_x86 -O2 -g -Wall \
		-I/usr/include/$(shell uname -m)-linux-gnu -c -o $@ $<
