// SPDX-License-Identifier: GPL-2.0
/*
 * Waking the readers that sleep: soon, but not for every record.
 *
 * A reader about to sleep sets oomtrace_ring_waiting and looks at the heads once
 * more (oomtrace_reader_arm()); the first writer to publish after that clears
 * the flag and queues an irq_work. That wakes all sleepers, at once if the last
 * time was long enough ago, and otherwise when it will be: so the first record
 * after a pause is not kept waiting, and a flood costs a reader that sleeps
 * between records no more than WAKE_PER_SECOND wake-ups, whatever it does.
 */
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/poll.h>
#include <linux/workqueue.h>

#include "ring/wakeup.h"

#define WAKE_PER_SECOND		50

int oomtrace_ring_waiting;
static DECLARE_WAIT_QUEUE_HEAD(ring_wait);
static unsigned long last_wake;

static void wake_now(struct work_struct *work)
{
	WRITE_ONCE(last_wake, jiffies);
	wake_up_interruptible_poll(&ring_wait, EPOLLIN | EPOLLRDNORM);
}

static DECLARE_DELAYED_WORK(wake_later, wake_now);

static void wake_soon(struct irq_work *work)
{
	unsigned long due = READ_ONCE(last_wake) + HZ / WAKE_PER_SECOND;

	if (time_before(jiffies, due))
		schedule_delayed_work(&wake_later, due - jiffies);
	else
		wake_now(NULL);
}

static struct irq_work wake_work;

/**
 * oomtrace_ring_kick() - wake the readers that sleep, soon
 *
 * Called by a writer that found oomtrace_ring_waiting set, in any context.
 */
void oomtrace_ring_kick(void)
{
	/* Of many writers at once, only one wakes. */
	if (xchg(&oomtrace_ring_waiting, 0))
		irq_work_queue(&wake_work);
}

/**
 * oomtrace_ring_wait() - where readers sleep
 *
 * Return: the wait queue; check oomtrace_reader_arm() as the condition.
 */
wait_queue_head_t *oomtrace_ring_wait(void)
{
	return &ring_wait;
}

/**
 * oomtrace_wakeup_init() - before the first record
 */
void oomtrace_wakeup_init(void)
{
	last_wake = jiffies - HZ;
	init_irq_work(&wake_work, wake_soon);
}

/**
 * oomtrace_wakeup_exit() - wait until no wake-up is under way
 *
 * Called when no writer is left.
 */
void oomtrace_wakeup_exit(void)
{
	irq_work_sync(&wake_work);
	cancel_delayed_work_sync(&wake_later);
}
