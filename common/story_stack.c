// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person, the call: what needed memory, and on whose
 * behalf, by the names of the functions on the kernel's stack.
 *
 * The kernel has no better record of it. The names differ between kernels, so a
 * stack without a known name is only listed. May not change the story, allocate or
 * sleep, and trusts no byte of the stack record.
 */
#include "say.h"

/*
 * What functions need memory for. A name that ends in '*' stands for all names that
 * start so. A weak one counts only if no function further out has a meaning: memory
 * of a slab, for example, is wanted by someone.
 */
static const struct meaning {
	const char *name;
	const char *what;
	bool weak;
} meanings[] = {
	{ "pte_alloc_one",		"a page table" },
	{ "__pte_alloc*",		"a page table" },
	{ "__pmd_alloc",		"a page table" },
	{ "__pud_alloc",		"a page table" },
	{ "__p4d_alloc",		"a page table" },
	{ "pgd_alloc",			"a page table" },
	{ "pipe_write",			"the buffer of a pipe" },
	{ "anon_pipe_write",		"the buffer of a pipe" },
	{ "alloc_pipe_info",		"a pipe" },
	{ "pipe_resize_ring",		"the buffer of a pipe" },
	{ "sock_alloc_send*",		"the buffer of a socket" },
	{ "sk_page_frag_refill",	"the buffer of a socket" },
	{ "tcp_*",			"the buffer of a socket" },
	{ "__alloc_skb",		"the buffer of a socket" },
	{ "io_uring_*",			"the rings of io_uring" },
	{ "io_allocate_scq_urings",	"the rings of io_uring" },
	{ "__do_sys_io_uring_setup",	"the rings of io_uring" },
	{ "__bpf_map_area_alloc",	"a BPF map" },
	{ "dup_task_struct",		"a new task" },
	{ "alloc_thread_stack_node",	"a new task" },
	{ "shmem_*",			"tmpfs or shared memory" },
	{ "do_anonymous_page",		"anonymous memory" },
	{ "do_huge_pmd_anonymous_page",	"anonymous memory" },
	{ "do_wp_page",			"a private copy of a page" },
	{ "wp_page_copy",		"a private copy of a page" },
	{ "do_cow_fault",		"a private copy of a page" },
	{ "copy_pte_range*",		"a private copy of a page" },
	{ "do_swap_page",		"a page read from swap" },
	{ "swapin_readahead",		"a page read from swap" },
	{ "hugetlb_*",			"a huge page" },
	{ "filemap_fault",		"the page cache" },
	{ "page_cache_*",		"the page cache" },
	{ "__filemap_get_folio*",	"the page cache" },
	{ "filemap_*",			"the page cache", .weak = true },
	{ "vma_alloc_folio*",		"memory of a process", .weak = true },
	{ "alloc_pages_vma",		"memory of a process", .weak = true },
	{ "__handle_mm_fault",		"memory of a process", .weak = true },
	{ "__vmalloc_node_range*",	"vmalloc memory", .weak = true },
	{ "allocate_slab",		"slab memory of the kernel", .weak = true },
	{ "new_slab",			"slab memory of the kernel", .weak = true },
	{ "___slab_alloc",		"slab memory of the kernel", .weak = true },
	{ "kmalloc_large*",		"memory of the kernel", .weak = true },
	{ "__kmalloc*",			"memory of the kernel", .weak = true },
	{ "___kmalloc*",		"memory of the kernel", .weak = true },
};

/* A function's name in the text of a stack. */
struct frame {
	const char *name;
	unsigned int len;
};

/* Get the next frame, "name+offset/size", at *@at; false after the last one. */
static bool next_frame(const struct oomtrace_stack *stack, unsigned int *at,
		       struct frame *f)
{
	unsigned int i = *at;

	while (i < sizeof(stack->text) && stack->text[i] == ' ')
		i++;
	f->name = stack->text + i;
	f->len = 0;
	while (i < sizeof(stack->text) && stack->text[i] && stack->text[i] != ' ' &&
	       stack->text[i] != '+') {
		f->len++;
		i++;
	}
	while (i < sizeof(stack->text) && stack->text[i] && stack->text[i] != ' ')
		i++;
	*at = i;
	return f->len;
}

/*
 * Does the frame have this name? The compiler may have appended to it, as in
 * "copy_pte_range.isra.0".
 */
static bool frame_is(const struct frame *f, const char *name)
{
	unsigned int n = strlen(name);

	if (n && name[n - 1] == '*')
		return f->len >= n - 1 && !memcmp(f->name, name, n - 1);
	return f->len >= n && !memcmp(f->name, name, n) &&
	       (f->len == n || f->name[n] == '.');
}

static const struct meaning *find_meaning(const struct oomtrace_stack *stack)
{
	const struct meaning *weak = NULL;
	unsigned int at = 0, i;
	struct frame f;

	while (next_frame(stack, &at, &f)) {
		for (i = 0; i < ARRAY_SIZE(meanings); i++) {
			if (!frame_is(&f, meanings[i].name))
				continue;
			if (!meanings[i].weak)
				return &meanings[i];
			if (!weak)
				weak = &meanings[i];
		}
	}
	return weak;
}

static void write_name(struct text_writer *w, const char *name, unsigned int len)
{
	char text[4 * 64 + 1];

	oomtrace_escape(text, sizeof(text), name, len > 64 ? 64 : len);
	write_text(w, "%s", text);
}

/* Write ", in a page fault" or ", in the system call write". */
static void write_entry(struct text_writer *w, const struct oomtrace_stack *stack)
{
	static const char * const prefixes[] = {
		"__x64_sys_*", "__ia32_sys_*", "__arm64_sys_*", "__riscv_sys_*",
		"__s390x_sys_*", "__se_sys_*", "__do_sys_*",
	};
	unsigned int at = 0, i, n;
	struct frame f;

	while (next_frame(stack, &at, &f)) {
		if (frame_is(&f, "exc_page_fault") ||
		    frame_is(&f, "do_user_addr_fault") ||
		    frame_is(&f, "do_page_fault")) {
			write_text(w, ", in a page fault");
			return;
		}
		if (frame_is(&f, "kthread")) {
			write_text(w, ", in a kernel thread");
			return;
		}
		for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
			if (!frame_is(&f, prefixes[i]))
				continue;
			n = strlen(prefixes[i]) - 1;
			write_text(w, ", in the system call ");
			write_name(w, f.name + n, f.len - n);
			return;
		}
	}
}

const char *story_need(const struct oomtrace_story *s)
{
	const struct meaning *meaning = NULL;

	if (s->stack && oomtrace_stack_of(&s->begin.h))
		meaning = find_meaning(s->stack);
	return meaning ? meaning->what : NULL;
}

void write_stack_part(struct text_writer *w, const struct oomtrace_story *s)
{
	const char *need = story_need(s);
	unsigned int at = 0, n = 0;
	struct frame f;

	if (!s->stack || !oomtrace_stack_of(&s->begin.h))
		return;
	write_label(w, "Needed:");
	write_text(w, "%s", need ? need : "not known by the names of these functions");
	write_entry(w, s->stack);
	write_text(w, "\n");
	write_label(w, "Stack:");
	while (next_frame(s->stack, &at, &f)) {
		if (n++)
			write_text(w, " ");
		write_name(w, f.name, f.len);
	}
	write_text(w, "\n");
}
