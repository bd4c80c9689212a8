/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between the files of the module that provokes: see refuse.c.
 */
#ifndef PROVOKE_REFUSE_H
#define PROVOKE_REFUSE_H

void refuse_exit(void);

#endif
