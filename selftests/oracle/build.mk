# SPDX-License-Identifier: GPL-2.0
# How the oracle's test is built: a program, its storm, and the BPF program that is its witness.
# Included by ../Makefile. Where there is no clang, the test is left without a witness and skips.

CLANG	?= clang

all: bin/oracle bin/storm

ifneq ($(shell command -v $(CLANG)),)
ifneq ($(wildcard /usr/include/bpf/bpf_helpers.h),)
all: bin/oracle.bpf.o
endif
endif

bin/oracle_%.o: oracle/%.c | bin
	$(CC) $(CFLAGS) $(CPPFLAGS) -isystem $(KSELFTEST) -MMD -MF $@.d -c -o $@ $<

bin/oracle: $(patsubst %,bin/oracle_%.o,oracle witness compare arithmetic) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Static and small: its address space is its own requests.
bin/storm: bin/oracle_storm.o
	$(CC) $(CFLAGS) $(LDFLAGS) -static -o $@ $^ -pthread

bin/oracle.bpf.o: oracle/oracle.bpf.c oracle/oracle.h | bin
	$(CLANG) -target bpf -D__TARGET_ARCH_x86 -O2 -g -Wall \
		-I/usr/include/$(shell uname -m)-linux-gnu -c -o $@ $<
