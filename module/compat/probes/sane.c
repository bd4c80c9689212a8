// SPDX-License-Identifier: GPL-2.0
/* Compiles with the headers of every kernel, unless they are broken. */
#include <linux/module.h>

int probe(void);
int probe(void)
{
	return 0;
}

MODULE_LICENSE("GPL");
