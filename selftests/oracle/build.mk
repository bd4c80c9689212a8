# SPDX-License-Identifier: GPL-2.0
# How the oracle's tests are built: each a program with a BPF program that is its witness; that of
# commit decisions (oracle) has a storm besides, that of victim selection is called choice.
# Included by ../Makefile. Where there is no clang, the tests are left without a witness and skip.

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

# Static and small: its address space is its own requests.
bin/storm: bin/oracle_storm.o
	$(CC) $(CFLAGS) $(LDFLAGS) -static -o $@ $^ -pthread

bin/%.bpf.o: oracle/%.bpf.c oracle/log.bpf.h oracle/oracle.h oracle/choice.h | bin
	$(CLANG) -target bpf -D__TARGET_ARCH_x86 -O2 -g -Wall \
		-I/usr/include/$(shell uname -m)-linux-gnu -c -o $@ $<
