// SPDX-License-Identifier: GPL-2.0
/* The unwinder finds its way through a return that a kretprobe has hooked. */
#include <linux/kprobes.h>

void *probe(void);
void *probe(void)
{
	return (void *)kretprobe_find_ret_addr;
}
