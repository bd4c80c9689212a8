// SPDX-License-Identifier: GPL-2.0
/*
 * An experiment: does a CPU of this machine trap on a breakpoint that the kernel
 * has already removed? Runs the module oomtrace_poke for some seconds and prints
 * what it counted. oomtrace is not needed. Judges nothing: the exit status is 0
 * unless the module cannot be loaded.
 *
 *   bin/poke [SECONDS]	default: OOMTRACE_SECONDS, or 60
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/lib.h"

static long read_count(const char *name)
{
	char path[128], *text;
	long n;

	snprintf(path, sizeof(path), "/sys/module/oomtrace_poke/parameters/%s",
		 name);
	text = slurp(path, NULL);
	n = atol(text);
	free(text);
	return n;
}

int main(int argc, char **argv)
{
	const char *env = getenv("OOMTRACE_SECONDS");
	long seconds = argc > 1 ? atol(argv[1]) : env ? atol(env) : 60;
	int ret;

	if (seconds < 1) {
		fprintf(stderr, "poke: invalid number of seconds; allowed: at least 1\n");
		return 2;
	}
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		printf("# poke: not run: the experiment needs 2 CPUs\n");
		return 0;
	}
	ret = own_module_load("poke");
	if (ret) {
		fprintf(stderr, "poke: cannot load oomtrace_poke.ko: %s\n",
			strerror(-ret));
		return 1;
	}
	sleep_ms(seconds * 1000);
	printf("# poke: %ld changes of an instruction in %ld s on %ld CPUs: %ld times a CPU trapped on a stale breakpoint (%ld traps, %ld of them while nothing changed)\n",
	       read_count("pokes"), seconds, sysconf(_SC_NPROCESSORS_ONLN),
	       read_count("stale"), read_count("traps"), read_count("outside"));
	printf("# poke: expected: 0 on hardware, under KVM and with QEMU's '-accel tcg,thread=single'; some with '-accel tcg,thread=multi'\n");
	ret = own_module_unload("poke");
	if (ret)
		fprintf(stderr, "poke: cannot unload oomtrace_poke.ko: %s\n",
			strerror(-ret));
	return 0;
}
