// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person, the account of the cgroup that was out of memory:
 * what its memory was used for, and which part of it no kill of a process frees.
 *
 * The parts of an account add up to the usage. What the kernel counts for no part
 * is told as such. May not change the story, allocate or sleep.
 */
#include "say.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

/* A part gets a sentence if it is at least this fraction of the usage. */
#define LARGE		4
/* A part of the kernel's memory is named if it is at least this fraction of it. */
#define NAMED		8

/* The parts that are alone in their kind; they add up to the usage. */
struct account_parts {
	u64 usage;
	u64 anon;
	u64 shmem;
	u64 file;		/* page cache without shmem */
	u64 kernel;
	u64 sock;
	u64 rest;
	bool kernel_computed;	/* the kernel does not count it: all else */
};

static u64 get_part(const struct oomtrace_memcg *m, unsigned int idx)
{
	s64 n;

	get_field(&m->h, idx, &n);
	return n < 0 ? 0 : n;
}

/* All but the usage is as old as its last sum, so the parts may be too large. */
static u64 take_from(u64 *rest, u64 part)
{
	*rest -= part < *rest ? part : *rest;
	return part;
}

static bool split_account(struct account_parts *p, const struct oomtrace_memcg *m)
{
	const struct oomtrace_header *rec = &m->h;
	s64 n;

	if (!get_field(rec, B(memcg_usage), &n) || n <= 0 ||
	    !oomtrace_field_valid(rec, B(memcg_anon)) ||
	    !oomtrace_field_valid(rec, B(memcg_file)) ||
	    !oomtrace_field_valid(rec, B(memcg_shmem)))
		return false;
	p->usage = n;
	p->rest = n;
	p->anon = take_from(&p->rest, get_part(m, B(memcg_anon)));
	p->shmem = get_part(m, B(memcg_shmem));
	p->file = get_part(m, B(memcg_file));
	p->file -= p->shmem < p->file ? p->shmem : p->file;
	take_from(&p->rest, p->shmem);
	take_from(&p->rest, p->file);
	/* In v1, buffers of sockets have a limit of their own. */
	p->sock = 0;
	if (!oomtrace_field_valid(rec, B(memcg_memsw)))
		p->sock = take_from(&p->rest, get_part(m, B(memcg_sock)));
	p->kernel_computed = !oomtrace_field_valid(rec, B(memcg_kernel));
	p->kernel = take_from(&p->rest, p->kernel_computed ? p->rest :
			      get_part(m, B(memcg_kernel)));
	return true;
}

/* ---- the numbers ---- */

/* Pages of a part that the kernel counts in bytes. */
static void write_part(struct text_writer *w, const struct oomtrace_memcg *m,
		       const char *name, unsigned int idx)
{
	if (!oomtrace_field_valid(&m->h, idx))
		return;
	write_text(w, "%s ", name);
	write_count(w, get_part(m, idx) / w->page_size);
	write_tilde(w, oomtrace_field_derived(&m->h, idx));
	write_size(w, get_part(m, idx) / w->page_size);
}

static void write_computed(struct text_writer *w, const char *name, u64 pages,
			   bool derived)
{
	write_text(w, "%s ", name);
	write_count(w, pages);
	write_tilde(w, derived);
	write_size(w, pages);
}

static void write_sum(struct text_writer *w, const struct oomtrace_memcg *m,
		      const struct account_parts *p)
{
	bool derived = oomtrace_field_derived(&m->h, B(memcg_anon));

	write_label(w, "");
	write_part(w, m, "the cgroup's pages: anon", B(memcg_anon));
	write_part(w, m, ", shmem", B(memcg_shmem));
	write_computed(w, ", other files", p->file / w->page_size, derived);
	write_computed(w, ", kernel", p->kernel / w->page_size,
		       derived || p->kernel_computed);
	write_computed(w, ", sockets", p->sock / w->page_size, derived);
	write_computed(w, ", not named", p->rest / w->page_size, true);
	write_text(w, "\n");
}

static void write_details(struct text_writer *w, const struct oomtrace_memcg *m)
{
	write_label(w, "");
	write_part(w, m, "the cgroup's files: mapped", B(memcg_file_mapped));
	write_part(w, m, ", dirty", B(memcg_file_dirty));
	write_part(w, m, ", writeback", B(memcg_file_writeback));
	write_part(w, m, "; in huge pages: anon", B(memcg_anon_thp));
	write_part(w, m, ", shmem", B(memcg_shmem_thp));
	write_part(w, m, ", files", B(memcg_file_thp));
	write_part(w, m, "; unevictable", B(memcg_unevictable));
	write_text(w, "\n");
	write_label(w, "");
	write_part(w, m, "the cgroup's slab: reclaimable", B(memcg_slab_reclaimable));
	write_part(w, m, ", unreclaimable", B(memcg_slab_unreclaimable));
	write_part(w, m, "; page tables", B(memcg_pagetables));
	write_part(w, m, ", of virtual machines", B(memcg_sec_pagetables));
	write_part(w, m, "; kernel stacks", B(memcg_kernel_stack));
	write_part(w, m, ", per-CPU", B(memcg_percpu));
	write_part(w, m, ", vmalloc", B(memcg_vmalloc));
	write_part(w, m, ", zswap", B(memcg_zswap));
	write_text(w, "\n");
}

/* ---- the sentences ---- */

/* "26 MiB of its 32 MiB are " */
static void write_share(struct text_writer *w, const struct oomtrace_memcg *m,
			const struct account_parts *p, u64 part)
{
	bool about = oomtrace_field_derived(&m->h, B(memcg_anon));

	write_text(w, about ? "about " : "");
	write_bytes(w, part);
	write_text(w, " of its ");
	write_bytes(w, p->usage);
	write_text(w, " are ");
}

static void write_shmem(struct text_writer *w, const struct oomtrace_memcg *m,
			const struct account_parts *p)
{
	u64 mapped = get_part(m, B(memcg_file_mapped));

	write_text(w, "files in tmpfs or shared memory");
	if (!oomtrace_field_valid(&m->h, B(memcg_file_mapped)) ||
	    mapped >= p->shmem / 2) {
		write_text(w, ": killing frees those that are deleted, but open or mapped, and no others");
		return;
	}
	if (mapped) {
		write_text(w, ", of which processes map at most ");
		write_bytes(w, mapped);
	} else {
		write_text(w, ", which no process maps");
	}
	write_text(w, ": killing frees none of %s (except deleted files that are still open)",
		   mapped ? "the rest" : "it");
}

/* The parts of the kernel's memory that make it large. */
static void write_kernel(struct text_writer *w, const struct oomtrace_memcg *m,
			 const struct account_parts *p)
{
	static const struct {
		const char *name;
		unsigned int idx;
	} parts[] = {
		{ "unreclaimable slab",		B(memcg_slab_unreclaimable) },
		{ "reclaimable slab",		B(memcg_slab_reclaimable) },
		{ "page tables",		B(memcg_pagetables) },
		{ "page tables of virtual machines", B(memcg_sec_pagetables) },
		{ "kernel stacks",		B(memcg_kernel_stack) },
		{ "per-CPU memory",		B(memcg_percpu) },
		{ "vmalloc",			B(memcg_vmalloc) },
		{ "zswap",			B(memcg_zswap) },
	};
	const char *and = ": ";
	u64 rest = p->kernel, n;
	unsigned int i;

	write_text(w, "the kernel's own");
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		n = take_from(&rest, get_part(m, parts[i].idx));
		if (n < p->kernel / NAMED)
			continue;
		write_text(w, "%s", and);
		write_bytes(w, n);
		write_text(w, " %s", parts[i].name);
		and = ", ";
	}
	if (rest < p->kernel / NAMED)
		return;
	write_text(w, "%s", and);
	write_bytes(w, rest);
	write_text(w, " that no counter names (pipes, for example)");
}

static void write_cache(struct text_writer *w, const struct oomtrace_memcg *m,
			const struct account_parts *p)
{
	u64 dirty = get_part(m, B(memcg_file_dirty));
	u64 writeback = get_part(m, B(memcg_file_writeback));
	u64 mapped = get_part(m, B(memcg_file_mapped));

	write_text(w, "page cache");
	if (dirty + writeback >= p->file / LARGE) {
		write_text(w, ", which must be written to disk before it can be freed: ");
		write_bytes(w, dirty);
		write_text(w, " are dirty, ");
		write_bytes(w, writeback);
		write_text(w, " are being written");
	} else if (mapped >= p->file / LARGE) {
		write_text(w, ", of which processes map ");
		write_bytes(w, mapped);
	}
}

/*
 * Write the parts that are large and not the memory of processes as such. Calls
 * @begin before each sentence. Returns the number of sentences.
 */
unsigned int write_account_findings(struct text_writer *w, const struct oomtrace_memcg *m,
				    void (*begin)(struct text_writer *w, unsigned int nr))
{
	u64 thp = get_part(m, B(memcg_anon_thp)), locked = get_part(m, B(memcg_unevictable));
	struct account_parts p;
	unsigned int n = 0;
	u64 large;

	if (!split_account(&p, m))
		return 0;
	large = p.usage / LARGE;
	if (p.shmem >= large) {
		begin(w, n++);
		write_share(w, m, &p, p.shmem);
		write_shmem(w, m, &p);
	}
	if (p.kernel >= large) {
		begin(w, n++);
		write_share(w, m, &p, p.kernel);
		write_kernel(w, m, &p);
	}
	if (p.sock >= large) {
		begin(w, n++);
		write_share(w, m, &p, p.sock);
		write_text(w, "buffers of sockets");
	}
	if (p.file >= large) {
		begin(w, n++);
		write_share(w, m, &p, p.file);
		write_cache(w, m, &p);
	}
	if (thp >= large) {
		begin(w, n++);
		write_share(w, m, &p, thp);
		write_text(w, "anonymous huge pages (THP), of which processes may use only a part");
	}
	if (locked >= large) {
		begin(w, n++);
		write_share(w, m, &p, locked);
		write_text(w, "unevictable (mlock, for example)");
	}
	if (p.rest >= large) {
		begin(w, n++);
		write_share(w, m, &p, p.rest);
		write_text(w, "in pages that memory.stat does not name");
	}
	return n;
}

static void begin_line(struct text_writer *w, unsigned int nr)
{
	write_text(w, nr ? "\n" : "");
	write_label(w, "");
}

void write_account_part(struct text_writer *w, const struct oomtrace_story *s)
{
	struct account_parts p;

	if (!split_account(&p, &s->memcg))
		return;
	write_sum(w, &s->memcg, &p);
	write_details(w, &s->memcg);
	if (write_account_findings(w, &s->memcg, begin_line))
		write_text(w, "\n");
}
