/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all selftests share: loading and unloading the module, its device and
 * its text files, the kernel's settings, children. lib.c has it.
 *
 * A function here that cannot do its work says why on stderr and aborts, which
 * fails the test; only what a test may want to see fail returns an error.
 */
#ifndef SELFTESTS_LIB_H
#define SELFTESTS_LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "../../include/oomtrace.h"
#include "../../common/fields.h"

#define DEVICE		"/dev/oomtrace"
#define DEBUGFS		"/sys/kernel/debug/oomtrace"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

/* The kernel's page, bytes and KiB. */
#define PAGE		sysconf(_SC_PAGESIZE)
#define PAGE_KB		(PAGE / 1024)

#define MB(n)		((size_t)(n) << 20)

/* Do this kernel's spinlocks sleep? */
bool is_preempt_rt(void);

/* Can this kernel take a stack through a hooked return? Denials have none else. */
bool has_stacks(void);
#define NO_STACKS	"this kernel cannot unwind a stack through a return probe"
/* Can it be hooked by ftrace? Not before 5.11. */
bool has_ftrace_args(void);
#define NO_FTRACE_ARGS	"this kernel's ftrace shows no arguments to callbacks"

/*
 * Pages of each kind by which a thread may be ahead of its mm's counters: until
 * 6.2 it hands over in batches, and when it ends.
 */
long pages_kept_back(void);

/* Say why and abort. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* ---- the module ---- */

/* Is it loaded? */
bool module_loaded(void);
/* Its file, open. */
int module_file(void);
/* Where one still sees it though it should be gone; NULL: nowhere. */
const char *module_trace(void);
/* Load and unload it; 0 or -errno. */
int module_load(const char *params);
int module_unload(void);
/* A fresh one, whatever was before; and none. Both also put settings back. */
void module_start(const char *params);
void module_stop(void);
/* A parameter's value. */
void module_param(const char *name, char *buf, size_t size);

/* ---- records ---- */

union record {
	struct oomtrace_header h;
	struct oomtrace_commit commit;
	struct oomtrace_oom_begin begin;
	struct oomtrace_retry retry;
	struct oomtrace_candidate candidate;
	struct oomtrace_verdict verdict;
	struct oomtrace_victim victim;
	struct oomtrace_reap reap;
	struct oomtrace_oom_end end;
	struct oomtrace_lost lost;
	struct oomtrace_zone zone;
	struct oomtrace_memory memory;
	struct oomtrace_psi psi;
	struct oomtrace_name name;
	struct oomtrace_repeat repeat;
	unsigned char bytes[OOMTRACE_MAX_RECORD];
};

/* Records in the order in which they were read. */
struct records {
	union record *r;
	size_t n;
	size_t room;
};

/* Is a field there, is it marked as derived: HAS(rec, commit, pages). */
#define HAS(rec, type, field) \
	(!!((rec)->h.valid & OOMTRACE_BIT(type, field)))
#define DERIVED(rec, type, field) \
	(!!((rec)->h.derived & OOMTRACE_BIT(type, field)))

/* Open the device, not blocking, at the oldest record or at the end. */
int device_open(void);
int device_open_at_end(void);
/* Append everything that can be read now; checks each record's header. */
void device_drain(int fd, struct records *recs);
/* Drain it until there are n records of a type, for 10 s; false: there are not. */
bool device_wait(int fd, struct records *recs, unsigned int type, size_t n);
/* Append the records of what read() gave. */
void records_add(struct records *recs, const void *buf, size_t len);
void records_free(struct records *recs);
/* How many of a type; the n-th one of a type, NULL if there is none. */
size_t records_count(const struct records *recs, unsigned int type);
const union record *records_get(const struct records *recs, unsigned int type,
				size_t n);
void device_info(int fd, struct oomtrace_info *info);

/* ---- files ---- */

/* A whole file with a NUL behind; *len if not NULL. To be freed. */
char *slurp(const char *path, size_t *len);
/* Write a string in one write; 0 or -errno. */
int spill(const char *path, const char *text);
/* A line of a text, the one that has a word in it; "" if none. */
void line_with(const char *text, const char *word, char *line, size_t size);
/* Kilobytes of a line of /proc/meminfo. */
long meminfo(const char *name);
/* This process's size, pages; without changing it. */
long own_total_vm(void);
/* Is there any more of it than a moment ago? Number of the stats file. */
unsigned long long stat_decisions(int mode, bool denied);
unsigned long long stat_number(const char *label);

/* ---- settings: files below /proc/sys ---- */

void sysctl_set(const char *name, long value);
long sysctl_get(const char *name);
/* All that the tests change, as it was when the program was started. */
void sysctl_restore(void);

/* ---- children ---- */

/* Run a function in a child: its exit status, or 128 + the signal. */
int run_child(int (*fn)(void *), void *arg);
/* The same, without waiting. */
pid_t start_child(int (*fn)(void *), void *arg);
int wait_child(pid_t pid);
/* Run a program: its output goes to buf; its exit status, or 128 + signal. */
int run_program(char *buf, size_t size, char *const argv[]);
/* Become uid 1000 for good, without any capability. */
void become_nobody(void);
/* Give up one capability. */
void drop_capability(int cap);
void pin_to_cpu(int cpu);
/* Wait until that process has the file open, and a moment for what it does next. */
void wait_until_open(pid_t pid, const char *path);

/* ---- time ---- */

unsigned long long now_ns(void);
void sleep_ms(int ms);

#endif /* SELFTESTS_LIB_H */
