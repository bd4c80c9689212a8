// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/oomtrace: binary records for programs.
 *
 * Each open file has its own position, and reading does not consume records. The
 * structs and ioctls are the same for 32-bit and 64-bit processes. Everything
 * here runs in process context and may sleep.
 *
 * Records describe the processes of every user. So the node has mode 0600, and
 * opening it takes CAP_SYS_ADMIN in the initial user namespace.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/ktime.h>
#include <linux/uaccess.h>

#include "chardev.h"
#include "commit/choice.h"
#include "hook/hook.h"
#include "hooks.h"
#include "oom/daemon_list.h"
#include "oom/episode.h"
#include "oom/ranking.h"
#include "oom/sigkill.h"
#include "oom/terms.h"
#include "ring/mmap.h"
#include "ring/resize.h"
#include "ring/ring.h"
#include "ring/seek.h"
#include "ring/stacks.h"
#include "ring/wakeup.h"
#include "stats.h"
#include "stream.h"

static int dev_open(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return oomtrace_stream_open(file, sizeof(struct oomtrace_stream));
}

/*
 * Put back the records that were not copied as a whole. Returns the bytes of the
 * others. @size: bytes in the stream's buffer; @copied: bytes copied of them.
 */
static size_t put_back(struct oomtrace_stream *s, size_t size, size_t copied)
{
	const struct oomtrace_header *h;
	size_t at, whole = 0;

	for (at = 0; at < size; at += h->size) {
		h = s->buf + at;
		if (at + h->size <= copied)
			whole = at + h->size;
		else
			oomtrace_reader_unread(&s->reader, h);
	}
	return whole;
}

/*
 * Copy as many whole records as are available and fit. A record that cannot be
 * copied is put back for the next read.
 */
static ssize_t copy_records(struct oomtrace_stream *s, char __user *ubuf,
			    size_t len)
{
	size_t done = 0;

	do {
		size_t room = min_t(size_t, len - done, OOMTRACE_STREAM_BYTES);
		int size = oomtrace_reader_fill(&s->reader, s->buf, room);
		unsigned long left;

		if (size == -EMSGSIZE)
			return done ? done : -EINVAL;
		if (size <= 0)
			break;
		left = copy_to_user(ubuf + done, s->buf, size);
		if (left) {
			done += put_back(s, size, size - left);
			return done ? done : -EFAULT;
		}
		done += size;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	} while (done < len);
	return done;
}

static ssize_t dev_read(struct file *file, char __user *ubuf, size_t len,
			loff_t *ppos)
{
	return oomtrace_stream_read(file->private_data, file, ubuf, len,
				    copy_records);
}

static __poll_t dev_poll(struct file *file, poll_table *wait)
{
	struct oomtrace_stream *s = file->private_data;

	poll_wait(file, oomtrace_ring_wait(), wait);
	return oomtrace_reader_arm(&s->reader) ? EPOLLIN | EPOLLRDNORM : 0;
}

static loff_t dev_llseek(struct file *file, loff_t offset, int whence)
{
	struct oomtrace_stream *s = file->private_data;

	if (offset != 0 || (whence != SEEK_SET && whence != SEEK_END))
		return -EINVAL;
	if (mutex_lock_interruptible(&s->lock))
		return -ERESTARTSYS;
	if (whence == SEEK_SET)
		oomtrace_reader_oldest(&s->reader);
	else
		oomtrace_reader_newest(&s->reader);
	mutex_unlock(&s->lock);
	return 0;
}

static u64 count_no_memory(enum oomtrace_ring_id id)
{
	unsigned int cpu;
	u64 n = 0;

	for_each_possible_cpu(cpu)
		n += oomtrace_ring_no_memory(id, cpu);
	return n;
}

static int ioc_info(void __user *arg)
{
	struct oomtrace_info info = { };
	u64 mono = ktime_get_ns();
	u32 size;
	int id;

	if (get_user(size, (u32 __user *)arg))
		return -EFAULT;
	if (size < OOMTRACE_INFO_SIZE_VER1)
		return -EINVAL;
	info.size = sizeof(info);
	info.abi = OOMTRACE_ABI_VERSION;
	info.page_size = PAGE_SIZE;
	info.cpus = num_possible_cpus();
	info.cpu_ids = nr_cpu_ids;
	info.boot_offset_ns = ktime_get_boottime_ns() - mono;
	info.wall_offset_ns = ktime_get_real_ns() - mono;
	info.episodes = oomtrace_episode_count();
	info.enabled = oomtrace_hooks_enabled();
	info.hooks = OOMTRACE_HOOKS;
	info.hooks_missing = oomtrace_hooks_missing();
	info.ring_cpus = oomtrace_ring_cpus();
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		oomtrace_ring_info(id, id < OOMTRACE_INFO_RINGS ? &info.ring[id] :
							  &info.candidates);
		info.no_memory += count_no_memory(id);
	}
	/* An older caller gets a shorter struct; a newer one, zeros at the end. */
	if (copy_to_user(arg, &info, min_t(size_t, size, sizeof(info))))
		return -EFAULT;
	if (size > sizeof(info) &&
	    clear_user(arg + sizeof(info), size - sizeof(info)))
		return -EFAULT;
	return 0;
}

/* OOMTRACE_IOC_INFO with the size of an older or newer struct. */
static bool is_info_ioctl(unsigned int cmd)
{
	const unsigned int size_bits = _IOC_SIZEMASK << _IOC_SIZESHIFT;

	return (cmd & ~size_bits) == (OOMTRACE_IOC_INFO & ~size_bits) &&
	       _IOC_SIZE(cmd) >= OOMTRACE_INFO_SIZE_VER1;
}

static int ioc_enable(void __user *arg)
{
	u32 on;

	if (get_user(on, (u32 __user *)arg))
		return -EFAULT;
	if (on > 1)
		return -EINVAL;
	return oomtrace_hooks_enable(on);
}

static int ioc_set_filter(const void __user *arg)
{
	struct oomtrace_filter f;

	if (copy_from_user(&f, arg, sizeof(f)))
		return -EFAULT;
	return oomtrace_filter_set(&f);
}

static int ioc_get_filter(void __user *arg)
{
	struct oomtrace_filter f;
	u32 size;

	if (get_user(size, (u32 __user *)arg))
		return -EFAULT;
	if (size != sizeof(f))
		return -EINVAL;
	oomtrace_filter_get(&f);
	return copy_to_user(arg, &f, sizeof(f)) ? -EFAULT : 0;
}

static int ioc_commit_records(void __user *arg)
{
	u32 what;

	if (get_user(what, (u32 __user *)arg))
		return -EFAULT;
	if (what > OOMTRACE_RECORD_NONE)
		return -EINVAL;
	oomtrace_commit_records_choose(what);
	return 0;
}

static int ioc_candidates(void __user *arg)
{
	u32 full;

	if (get_user(full, (u32 __user *)arg))
		return -EFAULT;
	if (full > 1)
		return -EINVAL;
	return oomtrace_candidates_set(full ? "full" : "compact");
}

static int ioc_signals(void __user *arg)
{
	u32 kill;

	if (get_user(kill, (u32 __user *)arg))
		return -EFAULT;
	if (kill > 1)
		return -EINVAL;
	return oomtrace_signals_set(kill ? "kill" : "none");
}

static int ioc_daemons(const void __user *arg)
{
	struct oomtrace_daemons list;

	if (copy_from_user(&list, arg, sizeof(list)))
		return -EFAULT;
	return oomtrace_daemon_list_set(&list);
}

static int ioc_near_percent(void __user *arg)
{
	u32 percent;

	if (get_user(percent, (u32 __user *)arg))
		return -EFAULT;
	if (percent > 100)
		return -EINVAL;
	oomtrace_near_percent_choose(percent);
	return 0;
}

static int copy_ranking(const struct oomtrace_ranks *ranks,
			const struct oomtrace_ranking *want)
{
	struct oomtrace_candidate __user *to = u64_to_user_ptr(want->records);
	u32 i, n = min(ranks->count, want->room);

	for (i = 0; i < n; i++)
		if (copy_to_user(&to[i], &ranks->rank[i].rec, sizeof(*to)))
			return -EFAULT;
	return 0;
}

static int ioc_refusals(void __user *arg)
{
	u32 on;

	if (get_user(on, (u32 __user *)arg))
		return -EFAULT;
	if (on > 1)
		return -EINVAL;
	return oomtrace_hooks_refusals(on);
}

static int ioc_ranking(void __user *arg)
{
	struct oomtrace_ranking rk;
	struct oomtrace_ranks ranks;
	int ret;

	if (copy_from_user(&rk, arg, sizeof(rk)))
		return -EFAULT;
	if (rk.size != sizeof(rk) || rk.reserved)
		return -EINVAL;
	ret = oomtrace_ranks_make(&ranks, rk.cgroup_id);
	if (ret)
		return ret;
	ret = copy_ranking(&ranks, &rk);
	rk.totalpages = ranks.totalpages;
	rk.count = ranks.count;
	rk.eligible = ranks.eligible;
	rk.kthreads = ranks.kthreads;
	oomtrace_ranks_free(&ranks);
	if (!ret && copy_to_user(arg, &rk, sizeof(rk)))
		ret = -EFAULT;
	return ret;
}

static int ioc_resize(const void __user *arg)
{
	struct oomtrace_resize rs;

	if (copy_from_user(&rs, arg, sizeof(rs)))
		return -EFAULT;
	if (rs.size != sizeof(rs) || rs.ring >= OOMTRACE_RINGS || rs.flags)
		return -EINVAL;
	return oomtrace_ring_resize(rs.ring, rs.kb);
}

static int seek_locked(struct oomtrace_reader *r, const struct oomtrace_seek *sk)
{
	if (sk->whence == OOMTRACE_SEEK_SEQ)
		return oomtrace_reader_seek(r, sk->ring, sk->cpu, sk->value);
	if (sk->ring || sk->cpu)
		return -EINVAL;
	if (sk->whence == OOMTRACE_SEEK_EPISODE)
		return oomtrace_reader_seek_episode(r, sk->value);
	if (sk->value)
		return -EINVAL;
	switch (sk->whence) {
	case OOMTRACE_SEEK_OLDEST:
		oomtrace_reader_oldest(r);
		return 0;
	case OOMTRACE_SEEK_NEWEST:
		oomtrace_reader_newest(r);
		return 0;
	}
	return -EINVAL;
}

static int ioc_seek(struct oomtrace_stream *s, const void __user *arg)
{
	struct oomtrace_seek sk;
	int ret;

	if (copy_from_user(&sk, arg, sizeof(sk)))
		return -EFAULT;
	if (sk.size != sizeof(sk))
		return -EINVAL;
	if (mutex_lock_interruptible(&s->lock))
		return -ERESTARTSYS;
	ret = seek_locked(&s->reader, &sk);
	mutex_unlock(&s->lock);
	return ret;
}

static int ioc_ring(void __user *arg)
{
	struct oomtrace_ring_cpu_info info;
	int ret;

	if (copy_from_user(&info, arg, sizeof(info)))
		return -EFAULT;
	if (info.size != sizeof(info))
		return -EINVAL;
	ret = oomtrace_ring_cpu_info(&info);
	if (ret)
		return ret;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static int ioc_stats(void __user *arg)
{
	struct oomtrace_stats_info info;

	if (copy_from_user(&info, arg, offsetofend(typeof(info), reserved)))
		return -EFAULT;
	if (info.size != sizeof(info) || info.reserved)
		return -EINVAL;
	oomtrace_stats_info(&info);
	info.stacks_refused = oomtrace_stacks_refused();
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static int ioc_stack(struct oomtrace_stream *s, void __user *arg)
{
	struct oomtrace_stack *stack = s->buf;
	int ret = -ENOENT;
	u32 id;

	if (get_user(id, &((struct oomtrace_stack __user *)arg)->id))
		return -EFAULT;
	if (mutex_lock_interruptible(&s->lock))
		return -ERESTARTSYS;
	memset(stack, 0, sizeof(*stack));
	if (oomtrace_stack_fill(id, stack)) {
		stack->h.type = OOMTRACE_STACK;
		stack->h.size = sizeof(*stack);
		stack->h.valid = OOMTRACE_ALL(stack);
		ret = copy_to_user(arg, stack, sizeof(*stack)) ? -EFAULT : 0;
	}
	mutex_unlock(&s->lock);
	return ret;
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct oomtrace_stream *s = file->private_data;

	if (is_info_ioctl(cmd))
		return ioc_info((void __user *)arg);
	switch (cmd) {
	case OOMTRACE_IOC_ENABLE:
		return ioc_enable((void __user *)arg);
	case OOMTRACE_IOC_SET_FILTER:
		return ioc_set_filter((void __user *)arg);
	case OOMTRACE_IOC_GET_FILTER:
		return ioc_get_filter((void __user *)arg);
	case OOMTRACE_IOC_COMMIT_RECORDS:
		return ioc_commit_records((void __user *)arg);
	case OOMTRACE_IOC_CANDIDATES:
		return ioc_candidates((void __user *)arg);
	case OOMTRACE_IOC_NEAR_PERCENT:
		return ioc_near_percent((void __user *)arg);
	case OOMTRACE_IOC_REFUSALS:
		return ioc_refusals((void __user *)arg);
	case OOMTRACE_IOC_RANKING:
		return ioc_ranking((void __user *)arg);
	case OOMTRACE_IOC_RESIZE:
		return ioc_resize((void __user *)arg);
	case OOMTRACE_IOC_SEEK:
		return ioc_seek(s, (void __user *)arg);
	case OOMTRACE_IOC_RING:
		return ioc_ring((void __user *)arg);
	case OOMTRACE_IOC_STATS:
		return ioc_stats((void __user *)arg);
	case OOMTRACE_IOC_STACK:
		return ioc_stack(s, (void __user *)arg);
	case OOMTRACE_IOC_SIGNALS:
		return ioc_signals((void __user *)arg);
	case OOMTRACE_IOC_DAEMONS:
		return ioc_daemons((void __user *)arg);
	}
	return -ENOTTY;
}

static const struct file_operations dev_fops = {
	.owner		= THIS_MODULE,
	.open		= dev_open,
	.release	= oomtrace_stream_release,
	.read		= dev_read,
	.poll		= dev_poll,
	.llseek		= dev_llseek,
	.unlocked_ioctl	= dev_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= oomtrace_ring_mmap,
};

static struct miscdevice oomtrace_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "oomtrace",
	.fops	= &dev_fops,
	.mode	= 0600,
};

/**
 * oomtrace_chardev_init() - create the device
 *
 * Return: 0, or the error of misc_register(), which is logged.
 */
int oomtrace_chardev_init(void)
{
	int ret = misc_register(&oomtrace_device);

	if (ret)
		pr_err("cannot make /dev/oomtrace (error %d)\n", ret);
	return ret;
}

/**
 * oomtrace_chardev_exit() - remove the device
 *
 * No file is open any more, since each open file pins the module.
 */
void oomtrace_chardev_exit(void)
{
	misc_deregister(&oomtrace_device);
}
