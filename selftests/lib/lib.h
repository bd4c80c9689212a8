/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Common to all selftests: the module, its device and text files, sysctls,
 * children.
 *
 * A function that cannot do its work prints the reason on stderr and aborts,
 * which fails the test. Only functions whose failure a test may expect return
 * an error.
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

/* In bytes and in KiB. */
#define PAGE		sysconf(_SC_PAGESIZE)
#define PAGE_KB		(PAGE / 1024)

#define MB(n)		((size_t)(n) << 20)

/* Do spinlocks sleep in this kernel? */
bool is_preempt_rt(void);

/* Can a return probe unwind a stack? Denials have no other source of stacks. */
bool has_stacks(void);
#define NO_STACKS	"this kernel cannot unwind a stack through a return probe"
/* Can ftrace callbacks read function arguments? (Kernel 5.11 and later.) */
bool has_ftrace_args(void);
#define NO_FTRACE_ARGS	"this kernel's ftrace passes no arguments to callbacks"

/*
 * The number of pages of each kind by which a thread may be ahead of its mm's
 * counters: before 6.2 it flushes them in batches and when it exits.
 */
long pages_kept_back(void);

/* Print a message and abort. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* ---- the module ---- */

bool module_loaded(void);
/* A descriptor of oomtrace.ko. */
int module_file(void);
/* A path that still shows an unloaded module, or NULL. */
const char *module_trace(void);
/* 0 or -errno. */
int module_load(const char *params);
int module_unload(void);
/* Load the module anew, or unload it. Both restore the sysctls. */
void module_start(const char *params);
void module_stop(void);
/*
 * Load it if it is not yet loaded with these parameters ("": none) by this function,
 * and unload it at the end of the program. For tests that look at their own records
 * only, and put back what they change of the module: each load takes a second.
 */
void module_keep(const char *params);
/*
 * A descriptor of one of the tests' own modules, oomtrace_NAME.ko, or -errno: -ENOENT
 * if it was not built for this kernel.
 */
int own_module_file(const char *name);
/* Load it: 0 or -errno. */
int own_module_load(const char *name);
/* 0 or -errno. */
int own_module_unload(const char *name);
/* The value of a module parameter. */
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
	struct oomtrace_zonelist zonelist;
	struct oomtrace_stack stack;
	struct oomtrace_memory memory;
	struct oomtrace_memcg memcg;
	struct oomtrace_exempt exempt;
	struct oomtrace_refused refused;
	struct oomtrace_alloc_failure alloc_failure;
	struct oomtrace_psi psi;
	struct oomtrace_name name;
	struct oomtrace_repeat repeat;
	struct oomtrace_sigkill sigkill;
	struct oomtrace_remains remains;
	struct oomtrace_wait wait;
	struct oomtrace_cgroup cgroup;
	unsigned char bytes[OOMTRACE_MAX_RECORD];
};

/* Records in the order in which they were read. */
struct records {
	union record *r;
	size_t n;
	size_t room;
};

/* Is a field valid, is it derived: HAS(rec, commit, pages). */
#define HAS(rec, type, field) \
	(!!((rec)->h.valid & OOMTRACE_BIT(type, field)))
#define DERIVED(rec, type, field) \
	(!!((rec)->h.derived & OOMTRACE_BIT(type, field)))

/* Open the device non-blocking, at the oldest record or at the end. */
int device_open(void);
int device_open_at_end(void);
/* Append all available records; check each header. */
void device_drain(int fd, struct records *recs);
/* Drain while a child runs, and once more after it has exited. Returns as wait_child(). */
int device_drain_child(int fd, struct records *recs, pid_t pid);
/* Drain until there are n records of a type; false after 10 s. */
bool device_wait(int fd, struct records *recs, unsigned int type, size_t n);
/* Append the records that a read() returned. */
void records_add(struct records *recs, const void *buf, size_t len);
void records_free(struct records *recs);
/* The number of records of a type; the n-th of them, or NULL. */
size_t records_count(const struct records *recs, unsigned int type);
const union record *records_get(const struct records *recs, unsigned int type,
				size_t n);
void device_info(int fd, struct oomtrace_info *info);

/* ---- files ---- */

/* A whole file with a terminating NUL. The caller frees it. */
char *slurp(const char *path, size_t *len);
/* Write a string with one write(); 0 or -errno. */
int spill(const char *path, const char *text);
/* Copy the line of a text that contains a word; "" if there is none. */
void line_with(const char *text, const char *word, char *line, size_t size);
/* The number of lines that end. */
size_t count_lines(const char *text);
/* A value of /proc/meminfo, kB. */
long meminfo(const char *name);
/* The size of this process, pages. Reading it does not change it. */
long own_total_vm(void);
/* Numbers of the stats file. */
unsigned long long stat_decisions(int mode, bool denied);
unsigned long long stat_number(const char *label);

/* ---- settings: files below /proc/sys ---- */

/*
 * Set a sysctl. With mode 2 as the overcommit mode, wait until the module has
 * attached the return probe that it needs there.
 */
void sysctl_set(const char *name, long value);
/* The same without waiting. */
void sysctl_write(const char *name, long value);
/* Is the return probe on __vm_enough_memory() in this state? */
bool return_probe_is(const char *state);
/* Make requests until that probe is attached, as in mode 2: false after 10 s. */
bool wait_for_return_probe(void);
bool sysctl_exists(const char *name);
long sysctl_get(const char *name);
/* Restore all sysctls that tests change to their values at program start. */
void sysctl_restore(void);

/* ---- children ---- */

/* Run a function in a child: its exit status, or 128 + signal. */
int run_child(int (*fn)(void *), void *arg);
/* The same without waiting. */
pid_t start_child(int (*fn)(void *), void *arg);
int wait_child(pid_t pid);
/* Has the child not exited yet? Does not reap it. */
bool is_running(pid_t pid);
/* Run a program with its output in buf: its exit status, or 128 + signal. */
int run_program(char *buf, size_t size, char *const argv[]);
/* Change to uid 1000, without any capability. */
void become_user(void);
/* Drop one capability. */
void drop_capability(int cap);
void pin_to_cpu(int cpu);
/* Wait until a process has the file open, plus some time for its next step. */
void wait_until_open(pid_t pid, const char *path);

/* Zeroed memory that this process and its later children share; never freed. */
void *alloc_shared(size_t size);

/* ---- time ---- */

unsigned long long now_ns(void);
void sleep_ms(int ms);

#endif /* SELFTESTS_LIB_H */
