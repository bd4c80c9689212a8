/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the OOM tests share: memory hogs, memory cgroups (oom.c), and the
 * kernel's own report of an OOM, read from its log (report.c).
 */
#ifndef SELFTESTS_OOM_H
#define SELFTESTS_OOM_H

#include <sys/types.h>

#include "../../include/oomtrace.h"

/* ---- hogs ---- */

/* A running hog (hog.c). */
struct hog {
	pid_t pid;
	int in;			/* a byte here makes a --go hog go on */
	int out;
};

/* Start one with these options; words are split at spaces. */
void hog_start(struct hog *h, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Wait until it says that it has its memory. */
void hog_ready(struct hog *h);
void hog_go(struct hog *h);
/* Its exit status, or 128 + signal. */
int hog_wait(struct hog *h);
/* Kill it, if it still lives. */
void hog_kill(struct hog *h);

/* ---- scores ---- */

/* /proc/PID/oom_score; -1 if there is no such process any more. */
long proc_oom_score(pid_t pid);
/* What that file makes of a candidate's points; it knows no cgroup's limit. */
long score_of(const struct oomtrace_candidate *c,
	      unsigned long long totalpages);

/* ---- memory cgroups ---- */

struct memcg {
	char dir[128];
	unsigned long long id;	/* the directory's inode */
};

/* Make one with that limit; false: this machine has no cgroup v2 memory. */
bool memcg_make(struct memcg *cg, const char *name, size_t max_bytes);
/* Write to one of its files; dies if that fails. */
void memcg_set(const struct memcg *cg, const char *file, const char *text);
/* Does it have such a file? */
bool memcg_has(const struct memcg *cg, const char *file);
/* A counter of memory.events; -1: this kernel does not have it. */
long memcg_event(const struct memcg *cg, const char *name);
/* Kill who is in it and remove it. */
void memcg_remove(struct memcg *cg);

/* ---- the module that provokes (provoke/provoke.c) ---- */

/* Load it; false: it was not built, or is not for this kernel. */
bool provoke_load(void);
void provoke_unload(void);
/* The path of one of its parameters, which are orders. */
#define PROVOKE(name)	"/sys/module/oomtrace_provoke/parameters/" name

/* ---- the kernel's report ---- */

#define REPORT_ROWS	400

/* A row of the task table. */
struct report_row {
	int pid;
	int tgid;
	int uid;
	long total_vm;
	long rss;
	long rss_anon;		/* -1: the kernel has no such column */
	long rss_file;
	long rss_shmem;
	long pgtables_bytes;
	long swapents;
	int adj;
	char name[64];
};

/* What a "Killed process" line says. */
struct report_kill {
	int pid;
	char comm[64];
	long total_vm_kb;
	long anon_kb;
	long file_kb;
	long shmem_kb;
	int uid;
	long pgtables_kb;
	int adj;
};

#define REPORT_KILLS	16

struct report {
	char invoker[64];
	unsigned int gfp;
	int order;
	int adj;
	char constraint[32];	/* without CONSTRAINT_ */
	char oom_memcg[128];	/* path; "": none, as for a global one */
	char task_memcg[128];
	int pid;		/* of the oom-kill line; 0: there was none */
	int uid;
	int nrows;
	int nkills;
	struct report_row rows[REPORT_ROWS];
	struct report_kill kills[REPORT_KILLS];
};

/* From now on: a descriptor for the following two. */
int kmsg_open(void);
/* All lines since then, each with its newline. To be freed. */
char *kmsg_text(int fd);
/* The n-th OOM in such a text; false: there are fewer. */
bool report_parse(const char *text, int n, struct report *rep);
/* The next "Killed process" line from there on: what is behind it, or NULL. */
const char *report_next_kill(const char *text, struct report_kill *k);
const struct report_row *report_row(const struct report *rep, int tgid);

#endif /* SELFTESTS_OOM_H */
