/* SPDX-License-Identifier: GPL-2.0 */
/* The parameter reap_kill of the module that provokes OOMs. */
#ifndef PROVOKE_REAP_KILL_H
#define PROVOKE_REAP_KILL_H

void reap_kill_exit(void);

#endif
