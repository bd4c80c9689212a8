/* SPDX-License-Identifier: GPL-2.0 */
/* The parameter refuse of the module that provokes OOMs. */
#ifndef PROVOKE_REFUSE_H
#define PROVOKE_REFUSE_H

void refuse_exit(void);

#endif
