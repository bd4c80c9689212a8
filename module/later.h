/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Deferred work for handlers. Queueing work takes locks, so a handler raises an
 * irq_work that does it.
 */
#ifndef OOMTRACE_LATER_H
#define OOMTRACE_LATER_H

#include <linux/irq_work.h>
#include <linux/workqueue.h>

/**
 * struct oomtrace_later - work that a handler can request
 * @irq: raised by the handler.
 * @work: queued by @irq.
 * @delay: time from @irq to @work, jiffies.
 */
struct oomtrace_later {
	struct irq_work irq;
	struct delayed_work work;
	unsigned long delay;
};

static inline void oomtrace_later_queue_work(struct irq_work *irq)
{
	struct oomtrace_later *later =
		container_of(irq, struct oomtrace_later, irq);

	schedule_delayed_work(&later->work, later->delay);
}

/**
 * oomtrace_later_init() - set up the work, before the first handler runs
 * @later: the work; static, as INIT_DELAYED_WORK() requires for debug objects.
 * @function: runs in process context.
 * @work_delay: time from the request to the work, jiffies.
 */
#define oomtrace_later_init(later, function, work_delay) do {		\
	init_irq_work(&(later)->irq, oomtrace_later_queue_work);	\
	INIT_DELAYED_WORK(&(later)->work, function);			\
	(later)->delay = work_delay;					\
} while (0)

/* Request the work. Any context; requests before it runs count as one. */
static inline void oomtrace_later_ask(struct oomtrace_later *later)
{
	irq_work_queue(&later->irq);
}

/*
 * Request the work again, in the worker. An irq_work raised there could outlast
 * oomtrace_later_cancel(): some machines run it at the next tick.
 */
static inline void oomtrace_later_repeat(struct oomtrace_later *later)
{
	schedule_delayed_work(&later->work, later->delay);
}

/* Drop pending work and wait for running work. No handler may run any more. */
static inline void oomtrace_later_cancel(struct oomtrace_later *later)
{
	irq_work_sync(&later->irq);
	cancel_delayed_work_sync(&later->work);
}

/* Run pending work now and wait for it. No handler may run any more. */
static inline void oomtrace_later_flush(struct oomtrace_later *later)
{
	irq_work_sync(&later->irq);
	flush_delayed_work(&later->work);
}

#endif /* OOMTRACE_LATER_H */
