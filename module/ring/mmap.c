// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping a ring's memory into a process, to be read there without a system
 * call. include/oomtrace.h has the protocol.
 *
 * A mapping is read-only for good and shows one ring on one CPU. It holds the
 * memory it was made of: when a resize replaces it, the mapping shows the old
 * one, marked as closed, until it is unmapped. So a reader that maps can neither
 * be hurt by a resize nor be in its way.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "compat/mm.h"
#include "ring/mmap.h"
#include "ring/ring.h"

static_assert(OOMTRACE_MMAP_SPAN % PAGE_SIZE == 0);

static void map_open(struct vm_area_struct *vma)
{
	struct oomtrace_ring_mem *mem = vma->vm_private_data;

	kref_get(&mem->ref);
}

static void map_close(struct vm_area_struct *vma)
{
	oomtrace_ring_mem_put(vma->vm_private_data);
}

static vm_fault_t map_fault(struct vm_fault *vmf)
{
	struct oomtrace_ring_mem *mem = vmf->vma->vm_private_data;
	unsigned long at = (vmf->pgoff << PAGE_SHIFT) & (OOMTRACE_MMAP_SPAN - 1);

	if (at >= mem->bytes)
		return VM_FAULT_SIGBUS;
	vmf->page = vmalloc_to_page((void *)mem->page + at);
	/* The mapping's own; unmapping gives it back. */
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct map_ops = {
	.open	= map_open,
	.close	= map_close,
	.fault	= map_fault,
};

/**
 * oomtrace_ring_mmap() - mmap of the device
 * @file: the open device.
 * @vma: the mapping: its offset says which ring on which CPU.
 *
 * Return: 0; -EINVAL for an offset that stands for no ring and CPU, a size that
 * is not the ring's, or a private mapping; -EPERM for one that could be written
 * or executed.
 */
int oomtrace_ring_mmap(struct file *file, struct vm_area_struct *vma)
{
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 which = offset / OOMTRACE_MMAP_SPAN;
	u64 cpu = which / OOMTRACE_RINGS;
	struct oomtrace_ring_mem *mem;

	if (offset % OOMTRACE_MMAP_SPAN || cpu >= nr_cpu_ids ||
	    !cpu_possible(cpu) || !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	mem = oomtrace_ring_mem_get(which % OOMTRACE_RINGS, cpu);
	if (vma->vm_end - vma->vm_start != mem->bytes) {
		oomtrace_ring_mem_put(mem);
		return -EINVAL;
	}
	/* mprotect() cannot change its mind; a core dump needs none of it. */
	oomtrace_vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP,
			      VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_ops = &map_ops;
	vma->vm_private_data = mem;
	return 0;
}
