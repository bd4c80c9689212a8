// SPDX-License-Identifier: GPL-2.0
/* Accounts of received and lost records, and processes that write records. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "account.h"
#include "commit.h"

static int is_torn(const union record *r)
{
	if (r->h.type != OOMTRACE_COMMIT || r->commit.pages < 10000)
		return 0;
	if (!strncmp(r->commit.comm, "vm", 2) &&
	    atol(r->commit.comm + 2) != r->commit.total_vm)
		return 1;
	return r->commit.pid <= 0 || r->commit.tgid <= 0 ||
	       r->commit.h.size != sizeof(r->commit) || r->commit.mode > 2 ||
	       (r->commit.ret != 0 && r->commit.ret != -ENOMEM);
}

/*
 * Lost and stack records are made for the reader and have no sequence number.
 */
void account_record(struct accounts *t, const union record *r)
{
	struct account *c = &t->of[r->h.flags & OOMTRACE_FLAG_RING][r->h.cpu % CPUS];

	if (r->h.type == OOMTRACE_STACK)
		return;
	if (r->h.seq != c->last + 1)
		c->wrong++;
	if (r->h.type == OOMTRACE_LOST) {
		c->lost += r->lost.count;
		c->last += r->lost.count;
		return;
	}
	c->got++;
	c->last = r->h.seq;
	c->torn += is_torn(r);
}

void account_records(struct accounts *t, const struct records *recs)
{
	size_t i;

	for (i = 0; i < recs->n; i++)
		account_record(t, &recs->r[i]);
}

/* The number after a word of a line; -1 if the line lacks the word. */
static long number_in(const char *line, const char *word)
{
	const char *at = strstr(line, word);

	return at ? atol(at + strlen(word)) : -1;
}

/* The comm at the start of the line repeats the total_vm near its end. */
static int torn_line(const char *line)
{
	if (strncmp(line, "commit: ", 8) || number_in(line, " pages=") < 10000)
		return 0;
	if (!strstr(line, " recorded=all"))
		return 1;
	return strstr(line, " comm=\"vm") &&
	       number_in(line, " comm=\"vm") != number_in(line, " total_vm=");
}

void account_line(struct accounts *t, const char *line)
{
	unsigned long long sec, usec;
	const char *rec;
	unsigned int cpu;
	struct account *c;
	int ring, n = 0;

	if (sscanf(line, "%llu.%6llu [%u] %n", &sec, &usec, &cpu, &n) != 3 ||
	    !n || cpu >= CPUS)
		die("not a record: '%s'", line);
	rec = line + n;
	if (!strncmp(rec, "stack: ", 7))
		return;
	ring = !strncmp(rec, "commit: ", 8) || !strncmp(rec, "mark: ", 6) ||
	       !strncmp(rec, "lost: ring=commit ", 18) ?
	       OOMTRACE_RING_COMMIT :
	       !strncmp(rec, "candidate: ", 11) ||
	       !strncmp(rec, "lost: ring=candidate ", 21) ?
	       OOMTRACE_RING_CANDIDATE : OOMTRACE_RING_OOM;
	c = &t->of[ring][cpu];
	c->wrong += sec * 1000000 + usec < c->last;
	c->last = sec * 1000000 + usec;
	if (!strncmp(rec, "lost: ", 6)) {
		c->lost += number_in(rec, " count=");
		return;
	}
	c->got++;
	c->torn += torn_line(rec);
}

unsigned long long account_lost(const struct accounts *t, int ring)
{
	unsigned long long n = 0;
	int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		n += t->of[ring][cpu].lost;
	return n;
}

unsigned long long account_got(const struct accounts *t, int ring)
{
	unsigned long long n = 0;
	int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		n += t->of[ring][cpu].got;
	return n;
}

int flood(void *flooder)
{
	const struct flooder *f = flooder;
	int i;

	for (i = 0; i < f->times; i++)
		ask(10000 + f->index);
	return 0;
}

/* Growing the heap by one page at a time is the cheapest request. */
int flood_fast(void *flooder)
{
	const struct flooder *f = flooder;
	void *start = sbrk(0);
	int i;

	for (i = 1; i <= f->times; i++) {
		if (sbrk(PAGE) == (void *)-1)
			die("cannot grow the heap: %s", strerror(errno));
		if (i % 512 == 0 && brk(start))
			die("cannot shrink the heap: %s", strerror(errno));
	}
	return 0;
}

int flood_verifiable(void *flooder)
{
	const struct flooder *f = flooder;
	long base = own_total_vm();
	char name[32];
	void *at;
	int i;

	for (i = 0; i < f->times; i++) {
		long more = 1 + i % 100;

		/* MAP_NORESERVE: this mapping is not accounted. */
		at = mmap(NULL, more * PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		snprintf(name, sizeof(name), "vm%ld", base + more);
		prctl(PR_SET_NAME, name);
		ask(10000 + f->index);
		munmap(at, more * PAGE);
	}
	return 0;
}
