// SPDX-License-Identifier: GPL-2.0
/* The tracepoint mark_victim passes the task; on older kernels it passes a pid. */
#include <linux/sched.h>
#include <trace/events/oom.h>

void probe(void (*handler)(void *data, struct task_struct *task, uid_t uid));
void probe(void (*handler)(void *data, struct task_struct *task, uid_t uid))
{
	check_trace_callback_type_mark_victim(handler);
}
