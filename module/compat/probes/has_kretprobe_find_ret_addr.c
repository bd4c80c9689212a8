// SPDX-License-Identifier: GPL-2.0
/* The unwinder finds the return address that a kretprobe has replaced. */
#include <linux/kprobes.h>

void *probe(void);
void *probe(void)
{
	return (void *)kretprobe_find_ret_addr;
}
