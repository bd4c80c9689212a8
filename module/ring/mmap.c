// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping a ring's memory into a process, which reads the records there without
 * a system call. The ABI header has the protocol.
 *
 * A mapping shows one ring on one CPU and can never be made writable. It has a
 * reference to the memory. After a resize it still shows the old memory, marked
 * as closed, until it is unmapped. So a mapping and a resize do not disturb each
 * other. A CPU that has no memory yet shows an empty page, which is closed when
 * the memory comes.
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
	/* The mapping's reference; unmapping drops it. */
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
 * @vma: the mapping; its offset selects the ring and the CPU.
 *
 * Return: 0; -EINVAL if the offset selects no ring and CPU, the size is not the
 * ring's, or the mapping is private; -EPERM if it is writable or executable;
 * -ENOMEM.
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
	mem = oomtrace_ring_mem_map(which % OOMTRACE_RINGS, cpu);
	if (!mem)
		return -ENOMEM;
	if (vma->vm_end - vma->vm_start != mem->bytes) {
		oomtrace_ring_mem_put(mem);
		return -EINVAL;
	}
	/* mprotect() cannot make it writable; core dumps omit it. */
	oomtrace_vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP,
			      VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_ops = &map_ops;
	vma->vm_private_data = mem;
	return 0;
}
