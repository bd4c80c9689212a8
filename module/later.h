/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work that a handler asks for. Queueing work takes locks, so a handler raises
 * an irq_work, and that queues the work.
 */
#ifndef OOMTRACE_LATER_H
#define OOMTRACE_LATER_H

#include <linux/irq_work.h>
#include <linux/workqueue.h>

/**
 * struct oomtrace_later - work that a handler can ask for
 * @irq: raised by the handler.
 * @work: queued by @irq.
 * @delay: jiffies from @irq to @work.
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
 * oomtrace_later_init() - before the first handler runs
 * @later: the struct; static, since the work's debug objects are.
 * @function: what the work does.
 * @work_delay: how long after the handler, jiffies.
 */
#define oomtrace_later_init(later, function, work_delay) do {		\
	init_irq_work(&(later)->irq, oomtrace_later_queue_work);	\
	INIT_DELAYED_WORK(&(later)->work, function);			\
	(later)->delay = work_delay;					\
} while (0)

/* Ask for the work. Any context, any number of times before it runs. */
static inline void oomtrace_later_ask(struct oomtrace_later *later)
{
	irq_work_queue(&later->irq);
}

/* No handler is left: drop work that has not begun, wait for work that has. */
static inline void oomtrace_later_cancel(struct oomtrace_later *later)
{
	irq_work_sync(&later->irq);
	cancel_delayed_work_sync(&later->work);
}

/* No handler is left: do now what was asked for. */
static inline void oomtrace_later_flush(struct oomtrace_later *later)
{
	irq_work_sync(&later->irq);
	flush_delayed_work(&later->work);
}

#endif /* OOMTRACE_LATER_H */
