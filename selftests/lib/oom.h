/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the OOM tests share: memory hogs, memory cgroups, and the kernel's own
 * report of an OOM, parsed from its log.
 */
#ifndef SELFTESTS_OOM_H
#define SELFTESTS_OOM_H

#include <sys/types.h>

#include "../../include/oomtrace.h"

/* ---- hogs ---- */

/* A running hog. */
struct hog {
	pid_t pid;
	int in;			/* a byte written here lets a --go hog continue */
	int out;
};

/* Start a hog with these options, split at spaces. */
void hog_start(struct hog *h, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Wait until the hog has its memory. */
void hog_ready(struct hog *h);
void hog_go(struct hog *h);
/* The exit status, or 128 + signal. */
int hog_wait(struct hog *h);
/* Kill the hog if it still runs. */
void hog_kill(struct hog *h);

/* ---- scores ---- */

/* /proc/PID/oom_score; -1 if the process is gone. */
long proc_oom_score(pid_t pid);
/* What that file shows for a candidate's points, without a cgroup's limit. */
long score_of(const struct oomtrace_candidate *c,
	      unsigned long long totalpages);

/* ---- memory cgroups ---- */

struct memcg {
	char dir[128];
	unsigned long long id;	/* inode of the directory */
};

/* Create a cgroup with that limit; false if there is no cgroup v2 memory. */
bool memcg_make(struct memcg *cg, const char *name, size_t max_bytes);
/* Write to a file of the cgroup; aborts on failure. */
void memcg_set(const struct memcg *cg, const char *file, const char *text);
/* Does the cgroup have this file? */
bool memcg_has(const struct memcg *cg, const char *file);
/* A counter of memory.events; -1 if the kernel lacks it. */
long memcg_event(const struct memcg *cg, const char *name);
/* Kill the members of the cgroup and remove it. */
void memcg_remove(struct memcg *cg);

/* ---- the module that provokes OOMs ---- */

/* Load it; false if it was not built for this kernel. */
bool provoke_load(void);
void provoke_unload(void);
/* The path of a parameter: writing to it triggers the action. */
#define PROVOKE(name)	"/sys/module/oomtrace_provoke/parameters/" name
/* Ends stall_ms and lock_ms. */
#define PROVOKE_RELEASE	"/sys/kernel/debug/oomtrace_release"

/* ---- the kernel's report ---- */

#define REPORT_ROWS	400

/* A row of the task table. */
struct report_row {
	int pid;
	int tgid;
	int uid;
	long total_vm;
	long rss;
	long rss_anon;		/* -1 if the table lacks the column */
	long rss_file;
	long rss_shmem;
	long pgtables_bytes;
	long swapents;
	int adj;
	char name[64];
};

/* The values of a "Killed process" line. */
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
	char oom_memcg[128];	/* path; "" for a global OOM */
	char task_memcg[128];
	int pid;		/* of the oom-kill line; 0 if there is none */
	int uid;
	int nrows;
	int nkills;
	struct report_row rows[REPORT_ROWS];
	struct report_kill kills[REPORT_KILLS];
};

/* A descriptor that reads the log from now on. */
int kmsg_open(void);
/* All lines since kmsg_open(), each with its newline. The caller frees them. */
char *kmsg_text(int fd);
/* The n-th OOM of a log; false if there are fewer. */
bool report_parse(const char *text, int n, struct report *rep);
/* Find the next "Killed process" line; the text after it, or NULL. */
const char *report_next_kill(const char *text, struct report_kill *k);
const struct report_row *report_row(const struct report *rep, int tgid);

#endif /* SELFTESTS_OOM_H */
