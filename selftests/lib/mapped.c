// SPDX-License-Identifier: GPL-2.0
/*
 * A reader by mmap. The numbers are the steps of the protocol in the ABI
 * header.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "mapped.h"

int ring_ask(int fd, __u32 ring, __u32 cpu, struct oomtrace_ring_cpu_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->ring = ring;
	info->cpu = cpu;
	return ioctl(fd, OOMTRACE_IOC_RING, info) ? errno : 0;
}

static void map_ring(struct mapped *m)
{
	struct oomtrace_ring_cpu_info info;
	void *at;
	int err;

	do {
		err = ring_ask(m->fd, m->ring, m->cpu, &info);
		if (err)
			die("ring %u, CPU %u: %s", m->ring, m->cpu,
			    strerror(err));
		m->size = info.mmap_size;
		at = mmap(NULL, m->size, PROT_READ, MAP_SHARED, m->fd,
			  info.mmap_offset);
		/* EINVAL: the ring was resized meanwhile. */
	} while (at == MAP_FAILED && errno == EINVAL);
	if (at == MAP_FAILED)
		die("cannot map a ring: %s", strerror(errno));
	m->page = at;
	if (m->page->abi != OOMTRACE_ABI_VERSION)
		die("a ring's page has ABI %u", m->page->abi);
}

void mapped_open(struct mapped *m, int fd, __u32 ring, __u32 cpu, __u64 next)
{
	memset(m, 0, sizeof(*m));
	m->fd = fd;
	m->ring = ring;
	m->cpu = cpu;
	m->next = next;
	map_ring(m);
}

void mapped_close(struct mapped *m)
{
	munmap((void *)m->page, m->size);
}

static __u64 read_head(const struct mapped *m)
{
	return __atomic_load_n(&m->page->head, __ATOMIC_ACQUIRE);
}

static bool make_lost(struct mapped *m, union record *r, __u64 count)
{
	memset(r, 0, sizeof(*r));
	r->h.type = OOMTRACE_LOST;
	r->h.size = sizeof(r->lost);
	r->h.cpu = m->cpu;
	r->h.flags = m->ring;
	r->h.seq = m->next;
	r->lost.count = count;
	r->lost.ring = m->ring;
	m->next += count;
	return true;
}

bool mapped_next(struct mapped *m, union record *r)
{
	const struct oomtrace_header *h;
	__u64 newest, oldest;

	/* 1, 5 */
	while (newest = read_head(m), m->next > newest) {
		if (!__atomic_load_n(&m->page->closed, __ATOMIC_ACQUIRE))
			return false;
		if (m->next <= read_head(m))
			continue;
		mapped_close(m);
		map_ring(m);
	}
	/* 2 */
	oldest = newest >= m->page->slots ? newest - m->page->slots + 1 : 1;
	if (oldest < m->page->first)
		oldest = m->page->first;
	if (m->next < oldest)
		return make_lost(m, r, oldest - m->next);
	/* 3 */
	h = (const void *)((const char *)m->page + m->page->data_offset +
			   (m->next - 1) % m->page->slots * m->page->slot_size);
	memcpy(r, h, m->page->slot_size);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	/* 4 */
	if (__atomic_load_n(&h->seq, __ATOMIC_RELAXED) != m->next)
		return make_lost(m, r, 1);
	m->next++;
	return true;
}
