// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/oomtrace: records as they are, for programs.
 *
 * Every open file is a reader with a position of its own; reading consumes
 * nothing for anybody else. A process of 32 bits finds the same structs and may
 * do all that one of 64 may. Everything here runs in process context and may
 * sleep. Root's business: the node is 0600, and opening it takes CAP_SYS_ADMIN
 * in the initial user namespace, since records tell of every user's processes.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/ktime.h>
#include <linux/uaccess.h>

#include "oom/daemon_list.h"
#include "commit/choice.h"
#include "hooks.h"
#include "task.h"
#include "oom/ranking.h"
#include "ring/reader.h"
#include "ring/ring.h"
#include "ring/stacks.h"
#include "stats.h"

/**
 * struct open_file - one open of the device
 * @lock: guards @reader's position and @buf: one read at a time.
 * @reader: the position.
 * @buf: the record on its way to user space.
 */
struct open_file {
	struct mutex lock;	/* see above */
	struct oomtrace_reader reader;
	u64 buf[OOMTRACE_MAX_RECORD / sizeof(u64)];
};

static int dev_open(struct inode *inode, struct file *file)
{
	struct open_file *of;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	of = kzalloc(sizeof(*of), GFP_KERNEL_ACCOUNT);
	if (!of)
		return -ENOMEM;
	ret = oomtrace_reader_init(&of->reader, GENMASK(OOMTRACE_RINGS - 1, 0),
				   false);
	if (ret) {
		kfree(of);
		return ret;
	}
	mutex_init(&of->lock);
	file->private_data = of;
	return 0;
}

static int dev_release(struct inode *inode, struct file *file)
{
	struct open_file *of = file->private_data;

	oomtrace_reader_free(&of->reader);
	mutex_destroy(&of->lock);
	kfree(of);
	return 0;
}

/*
 * Whole records, as many as there are and fit. One that could not be copied, or
 * does not fit, is put back: the next read gets it.
 */
static ssize_t read_records(struct open_file *of, char __user *ubuf,
			    size_t len)
{
	size_t done = 0;
	unsigned int size;

	while ((size = oomtrace_reader_next(&of->reader, of->buf)) > 0) {
		if (size > len - done) {
			oomtrace_reader_unread(&of->reader, of->buf);
			return done ? done : -EINVAL;
		}
		if (copy_to_user(ubuf + done, of->buf, size)) {
			oomtrace_reader_unread(&of->reader, of->buf);
			return done ? done : -EFAULT;
		}
		done += size;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return done;
}

static int wait_for_record(struct oomtrace_reader *r)
{
	return wait_event_interruptible(*oomtrace_ring_wait(),
					oomtrace_reader_arm(r));
}

static ssize_t dev_read(struct file *file, char __user *ubuf, size_t len,
			loff_t *ppos)
{
	struct open_file *of = file->private_data;
	ssize_t ret;

	for (;;) {
		if (mutex_lock_interruptible(&of->lock))
			return -ERESTARTSYS;
		ret = read_records(of, ubuf, len);
		mutex_unlock(&of->lock);
		if (ret)
			return ret;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_for_record(&of->reader);
		if (ret)
			return ret;
	}
}

static __poll_t dev_poll(struct file *file, poll_table *wait)
{
	struct open_file *of = file->private_data;

	poll_wait(file, oomtrace_ring_wait(), wait);
	return oomtrace_reader_arm(&of->reader) ? EPOLLIN | EPOLLRDNORM : 0;
}

static loff_t dev_llseek(struct file *file, loff_t offset, int whence)
{
	struct open_file *of = file->private_data;

	if (offset != 0 || (whence != SEEK_SET && whence != SEEK_END))
		return -EINVAL;
	if (mutex_lock_interruptible(&of->lock))
		return -ERESTARTSYS;
	if (whence == SEEK_SET)
		oomtrace_reader_oldest(&of->reader);
	else
		oomtrace_reader_newest(&of->reader);
	mutex_unlock(&of->lock);
	return 0;
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
	info.episodes = oomtrace_episodes();
	info.enabled = oomtrace_hooks_enabled();
	info.hooks = OOMTRACE_HOOKS;
	info.hooks_missing = oomtrace_hooks_missing();
	for (id = 0; id < OOMTRACE_RINGS; id++)
		oomtrace_ring_info(id, &info.ring[id]);
	/* An older caller gets what it knows; for a newer one the rest is 0. */
	if (copy_to_user(arg, &info, min_t(size_t, size, sizeof(info))))
		return -EFAULT;
	if (size > sizeof(info) &&
	    clear_user(arg + sizeof(info), size - sizeof(info)))
		return -EFAULT;
	return 0;
}

/* OOMTRACE_IOC_INFO of an older or a newer header: only the size differs. */
static bool is_info(unsigned int cmd)
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
	WRITE_ONCE(oomtrace_commit_records, what);
	return 0;
}

static int ioc_daemons(const void __user *arg)
{
	struct oomtrace_daemons list;

	if (copy_from_user(&list, arg, sizeof(list)))
		return -EFAULT;
	return oomtrace_daemons_set(&list);
}

static int ioc_near_percent(void __user *arg)
{
	u32 percent;

	if (get_user(percent, (u32 __user *)arg))
		return -EFAULT;
	if (percent > 100)
		return -EINVAL;
	WRITE_ONCE(oomtrace_near_percent, percent);
	return 0;
}

static int give_ranking(const struct oomtrace_ranks *ranks,
			const struct oomtrace_ranking *want)
{
	struct oomtrace_candidate __user *to = u64_to_user_ptr(want->records);
	u32 i, n = min(ranks->count, want->room);

	for (i = 0; i < n; i++)
		if (copy_to_user(&to[i], &ranks->rank[i].rec, sizeof(*to)))
			return -EFAULT;
	return 0;
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
	ret = give_ranking(&ranks, &rk);
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

static int ioc_seek(struct open_file *of, const void __user *arg)
{
	struct oomtrace_seek sk;
	int ret;

	if (copy_from_user(&sk, arg, sizeof(sk)))
		return -EFAULT;
	if (sk.size != sizeof(sk))
		return -EINVAL;
	if (mutex_lock_interruptible(&of->lock))
		return -ERESTARTSYS;
	ret = seek_locked(&of->reader, &sk);
	mutex_unlock(&of->lock);
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
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static int ioc_stack(struct open_file *of, void __user *arg)
{
	struct oomtrace_stack *stack = (void *)of->buf;
	int ret = -ENOENT;
	u32 id;

	if (get_user(id, &((struct oomtrace_stack __user *)arg)->id))
		return -EFAULT;
	if (mutex_lock_interruptible(&of->lock))
		return -ERESTARTSYS;
	memset(stack, 0, sizeof(*stack));
	if (oomtrace_stack_fill(id, stack)) {
		stack->h.type = OOMTRACE_STACK;
		stack->h.size = sizeof(*stack);
		stack->h.valid = OOMTRACE_ALL(stack);
		ret = copy_to_user(arg, stack, sizeof(*stack)) ? -EFAULT : 0;
	}
	mutex_unlock(&of->lock);
	return ret;
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct open_file *of = file->private_data;

	if (is_info(cmd))
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
	case OOMTRACE_IOC_NEAR_PERCENT:
		return ioc_near_percent((void __user *)arg);
	case OOMTRACE_IOC_RANKING:
		return ioc_ranking((void __user *)arg);
	case OOMTRACE_IOC_RESIZE:
		return ioc_resize((void __user *)arg);
	case OOMTRACE_IOC_SEEK:
		return ioc_seek(of, (void __user *)arg);
	case OOMTRACE_IOC_RING:
		return ioc_ring((void __user *)arg);
	case OOMTRACE_IOC_STATS:
		return ioc_stats((void __user *)arg);
	case OOMTRACE_IOC_STACK:
		return ioc_stack(of, (void __user *)arg);
	case OOMTRACE_IOC_DAEMONS:
		return ioc_daemons((void __user *)arg);
	}
	return -ENOTTY;
}

static const struct file_operations dev_fops = {
	.owner		= THIS_MODULE,
	.open		= dev_open,
	.release	= dev_release,
	.read		= dev_read,
	.poll		= dev_poll,
	.llseek		= dev_llseek,
	.unlocked_ioctl	= dev_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= oomtrace_ring_mmap,
};

static struct miscdevice device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "oomtrace",
	.fops	= &dev_fops,
	.mode	= 0600,
};

/**
 * oomtrace_chardev_init() - make the device
 *
 * Return: 0 or what misc_register() says.
 */
int oomtrace_chardev_init(void)
{
	return misc_register(&device);
}

/**
 * oomtrace_chardev_exit() - take the device away
 *
 * No file is open any more: each open one holds the module.
 */
void oomtrace_chardev_exit(void)
{
	misc_deregister(&device);
}
