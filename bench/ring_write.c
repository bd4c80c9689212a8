// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of writing a record to oomtrace's ring and to the kernel's: a
 * separate module with the rings' source built in. It writes a thousand records
 * of a commit decision's size to each with interrupts off, and shows the cost
 * of one in its parameters. Never installed.
 */
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/ring_buffer.h>
#include <linux/timekeeping.h>

#include "ring/cpus.h"
#include "ring/reader.h"
#include "ring/resize.h"

#define TIMES	1000
#define WORDS	((sizeof(struct oomtrace_commit) - \
		  sizeof(struct oomtrace_header)) / sizeof(u64))

/* The rings' source needs these; no trace event is enabled here. */
DEFINE_STATIC_KEY_FALSE(oomtrace_events_key);

void oomtrace_event(const struct oomtrace_header *rec)
{
}

static uint ours, kernels;
module_param(ours, uint, 0444);
module_param(kernels, uint, 0444);

/* The same size for both; the kernel's ring adds the time by itself. */
static __always_inline void fill(u64 *words, u64 n)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		WRITE_ONCE(words[i], n);
}

static void write_ours(u64 n)
{
	struct oomtrace_ring *ring = &oomtrace_rings[OOMTRACE_RING_COMMIT];
	struct oomtrace_commit *rec;

	rec = oomtrace_ring_reserve(ring, OOMTRACE_COMMIT, sizeof(*rec));
	if (!rec)
		return;
	rec->h.valid = n;
	rec->h.derived = n;
	fill((u64 *)(&rec->h + 1), n);
	oomtrace_ring_publish(ring, &rec->h);
}

static struct trace_buffer *buffer;

/*
 * Older kernels also take the event. A function without this parameter ignores
 * the extra argument.
 */
typedef int (*commit_t)(struct trace_buffer *buffer,
			struct ring_buffer_event *event);

static void write_kernels(u64 n)
{
	commit_t commit = (commit_t)(void *)ring_buffer_unlock_commit;
	struct ring_buffer_event *event;
	u64 *rec;

	event = ring_buffer_lock_reserve(buffer, (WORDS + 2) * sizeof(u64));
	if (!event)
		return;
	rec = ring_buffer_event_data(event);
	rec[0] = n;
	rec[1] = n;
	fill(rec + 2, n);
	commit(buffer, event);
}

static uint cost(void (*write)(u64 n))
{
	unsigned long flags;
	u64 from, i;

	local_irq_save(flags);
	write(0);
	from = ktime_get_mono_fast_ns();
	for (i = 0; i < TIMES; i++)
		write(i);
	from = ktime_get_mono_fast_ns() - from;
	local_irq_restore(flags);
	return from / TIMES;
}

static int __init ring_write_init(void)
{
	int ret;

	oomtrace_wakeup_init();
	ret = oomtrace_buffers_init();
	if (ret)
		return ret;
	ours = cost(write_ours);
	oomtrace_wakeup_exit();
	oomtrace_rings_exit();

	buffer = ring_buffer_alloc(256 << 10, RB_FL_OVERWRITE);
	if (!buffer)
		return -ENOMEM;
	kernels = cost(write_kernels);
	ring_buffer_free(buffer);
	return 0;
}

static void __exit ring_write_exit(void)
{
}

module_init(ring_write_init);
module_exit(ring_write_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Benchmark of oomtrace's rings: instructions per record written");
