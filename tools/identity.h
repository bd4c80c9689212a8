/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of this boot and of this load of the module, which tell episode 1 of
 * one load from episode 1 of the next.
 */
#ifndef OOMTRACE_IDENTITY_H
#define OOMTRACE_IDENTITY_H

/* Bytes of a boot id without dashes, with the NUL. */
#define IDENTITY_BOOT	33

/**
 * struct identity - one load of the module
 * @boot: random id of the boot, 32 hexadecimal digits; "" if it is not known.
 * @load: number of the load, unique within a boot and higher for a later load; 0
 *	if it is not known.
 */
struct identity {
	char boot[IDENTITY_BOOT];
	unsigned long long load;
};

/** identity_read() - this boot, and the module that is loaded now */
void identity_read(struct identity *id);

#endif /* OOMTRACE_IDENTITY_H */
