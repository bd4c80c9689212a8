// SPDX-License-Identifier: GPL-2.0
/* in_irq() is renamed to in_hardirq(). */
#include <linux/preempt.h>

bool probe(void);
bool probe(void)
{
	return in_hardirq();
}
