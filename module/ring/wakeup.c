// SPDX-License-Identifier: GPL-2.0
/*
 * Waking the readers that sleep: soon, but not for every record.
 *
 * Before it sleeps, a reader sets oomtrace_ring_waiting and checks the heads once
 * more (oomtrace_reader_arm()). The first writer that publishes after that clears
 * the flag and queues an irq_work, since writers are handlers and may not take
 * the locks of a wake-up. The irq_work wakes all sleepers, at most
 * WAKE_PER_SECOND times a second: at once if the last wake-up was long enough
 * ago, and otherwise by delayed work. So the first record after a pause reaches
 * its readers without delay, and a flood of records costs few wake-ups.
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
 * oomtrace_ring_kick() - have the readers that sleep woken soon
 *
 * For a writer that found oomtrace_ring_waiting set. Any context.
 */
void oomtrace_ring_kick(void)
{
	/* If several writers found it set, only one queues the work. */
	if (xchg(&oomtrace_ring_waiting, 0))
		irq_work_queue(&wake_work);
}

/**
 * oomtrace_ring_wait() - get the queue on which readers sleep
 *
 * Return: the queue; the condition to wait for is oomtrace_reader_arm().
 */
wait_queue_head_t *oomtrace_ring_wait(void)
{
	return &ring_wait;
}

/* Call before the first record is written. */
void oomtrace_wakeup_init(void)
{
	last_wake = jiffies - HZ;
	init_irq_work(&wake_work, wake_soon);
}

/* Wait until no wake-up is pending. Call when no writer is left. */
void oomtrace_wakeup_exit(void)
{
	irq_work_sync(&wake_work);
	cancel_delayed_work_sync(&wake_later);
}
