/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's names that the rings' source uses, for user space. Include this
 * first.
 *
 * Accesses to memory that writers and readers share (READ_ONCE() and so on) go
 * to a model of a CPU that reorders with MODEL_WEAK, else to the CPU itself.
 * Everything else is minimal.
 */
#ifndef MODEL_SHIM_H
#define MODEL_SHIM_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../common/shim.h"

/* ---- shared memory ---- */

#ifdef MODEL_WEAK

u64 weak_load(const void *at, size_t size, bool acquire);
void weak_store(void *at, u64 value, size_t size, bool release);
void weak_wmb(void);
void weak_rmb(void);
void weak_mb(void);
void weak_copy(void *to, const void *from, size_t len);

#define READ_ONCE(x)	((typeof(x))weak_load(&(x), sizeof(x), false))
#define WRITE_ONCE(x, v)	weak_store(&(x), (u64)(v), sizeof(x), false)
#define smp_load_acquire(p)	((typeof(*(p)))weak_load(p, sizeof(*(p)), true))
#define smp_store_release(p, v)	weak_store(p, (u64)(v), sizeof(*(p)), true)
#define smp_wmb()	weak_wmb()
#define smp_rmb()	weak_rmb()
#define smp_mb()	weak_mb()
#define barrier()	((void)0)
#define memcpy(to, from, len)	weak_copy(to, from, len)

#else

#define READ_ONCE(x)	__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), v, __ATOMIC_RELAXED)
#ifdef MODEL_STEPS
/* Writers of other CPUs may go on before each load of a head. */
void model_step(void);
#define smp_load_acquire(p)	(model_step(), __atomic_load_n(p, __ATOMIC_ACQUIRE))
#else
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#endif
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#ifdef __SANITIZE_THREAD__
/* ThreadSanitizer knows acquire and release, but not fences. */
#define smp_wmb()	barrier()
#define smp_rmb()	barrier()
#define smp_mb()	__atomic_fetch_add(&model_order, 0, __ATOMIC_SEQ_CST)
#else
#define smp_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif
#define barrier()	__asm__ __volatile__("" : : : "memory")
extern int model_order;

/* The copy that may race: word by word and a rest, hidden from the sanitizer. */
__attribute__((no_sanitize("thread"), noinline, unused))
static void racy_copy(void *to, const void *from, size_t len)
{
	const volatile u64 *src = from;
	volatile u64 *dst = to;

	for (; len >= sizeof(u64); len -= sizeof(u64))
		*dst++ = *src++;
	while (len--)
		((volatile char *)dst)[len] = ((const volatile char *)src)[len];
}

/* The benchmark wants the copy that the compiler makes. */
#ifndef MODEL_BENCH
#define memcpy(to, from, len)	racy_copy(to, from, len)
#endif

#endif

#define data_race(x)	x

/* Only the shared ring uses it, which the model does not write. */
#define xchg_acquire(p, new)	\
	({ typeof(*(p)) was_ = *(p); *(p) = (new); was_; })

/* ---- CPUs: one writer thread each ---- */

#ifndef MODEL_CPUS
#define MODEL_CPUS	2
#endif

extern __thread unsigned int model_cpu;
/* Possible CPUs: MODEL_CPUS, or fewer. */
extern unsigned int model_cpus;
u64 model_clock(void);

/* Each CPU's variables are in lines of their own, as in the kernel. */
#define MODEL_PER_CPU	256

#define nr_cpu_ids	model_cpus
#define cpu_possible_mask	0
#define cpumask_first(mask)	((unsigned int)(mask))
#define cpu_possible(cpu)	((cpu) < model_cpus)
#define for_each_possible_cpu(cpu)	\
	for ((cpu) = 0; (cpu) < model_cpus; (cpu)++)
#define per_cpu_ptr(p, cpu)	\
	((typeof(p))((char *)(p) + (size_t)(cpu) * MODEL_PER_CPU))
#define this_cpu_ptr(p)	per_cpu_ptr(p, model_cpu)
#define smp_processor_id()	model_cpu
#define ktime_get_mono_fast_ns()	model_clock()
#define lockdep_assert_preemption_disabled()	((void)0)
#define local_irq_save(flags)	((void)((flags) = 0))
#define local_irq_restore(flags)	((void)(flags))

/* No trace event is enabled. */
#define DECLARE_STATIC_KEY_FALSE(key)	extern int key
#define static_branch_unlikely(key)	0

/* ---- RCU: the model's memory is never replaced ---- */

#define rcu_read_lock()	((void)0)
#define rcu_read_unlock()	((void)0)
#define rcu_dereference(p)	(p)

/* ---- the rest ---- */

struct file;
struct vm_area_struct;
struct kref { int n; };
typedef struct { s64 n; } atomic64_t;
typedef struct { int n; } wait_queue_head_t;

#define __percpu
#define __rcu
#undef __always_inline
#define __always_inline	inline __attribute__((always_inline))
#define likely(x)	(x)
#define unlikely(x)	(x)
#define U64_MAX	UINT64_MAX
#define BIT(n)	(1UL << (n))
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#define min_t(t, a, b)	min((t)(a), (t)(b))
#define max_t(t, a, b)	max((t)(a), (t)(b))
#define offsetofend(type, member)	\
	(offsetof(type, member) + sizeof(((type *)0)->member))
#define GFP_KERNEL	0
#define kvcalloc(n, size, gfp)	calloc(n, size)
#define kvzalloc(size, gfp)	calloc(1, size)
#define kvfree(p)	free(p)
#define cond_resched()	((void)0)
#define cpu_relax()	((void)0)

static inline u64 div_u64_rem(u64 n, u32 by, u32 *rem)
{
	*rem = n % by;
	return n / by;
}

#define LONG_BITS	(8 * sizeof(long))
#define DECLARE_BITMAP(name, n)	unsigned long name[((n) + LONG_BITS - 1) / LONG_BITS]
#define bitmap_zero(p, n)	memset(p, 0, (n) / 8)
#define test_bit(n, p)	((p)[(n) / LONG_BITS] >> ((n) % LONG_BITS) & 1)
#define __set_bit(n, p)	((p)[(n) / LONG_BITS] |= 1UL << ((n) % LONG_BITS))
#define __clear_bit(n, p)	((p)[(n) / LONG_BITS] &= ~(1UL << ((n) % LONG_BITS)))

#endif /* MODEL_SHIM_H */
