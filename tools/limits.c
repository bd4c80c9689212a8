// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the limits of one process that answer ENOMEM or EAGAIN, from /proc and
 * /sys. Needs no module. What cannot be read is said to be absent.
 *
 * A process can exit at any time. So its directory in /proc is opened once: reads
 * through it fail then, and cannot meet another process with the same pid.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "limits.h"
#include "procfs.h"

/* Numbers of capabilities, as in CapEff. */
#define CAP_BIT_IPC_LOCK	14
#define CAP_BIT_SYS_ADMIN	21
#define CAP_BIT_SYS_RESOURCE	24
/* The kernel gives pids below it out only once. */
#define RESERVED_PIDS	300

/* A process while it is read. */
struct process {
	int dir;
	char status[8192];
	char limits[4096];
	char cgroup[8192];
	bool other_user_ns;
};

void limits_absent(struct limits *l, const char *fmt, ...)
{
	va_list args;

	if (l->absent_n == LIMITS_ABSENT)
		return;
	va_start(args, fmt);
	vsnprintf(l->absent[l->absent_n++], sizeof(l->absent[0]), fmt, args);
	va_end(args);
}

struct limit_row *limits_add(struct limits *l, const char *key, const char *name,
			     const char *answer)
{
	struct limit_row *row;

	if (l->n == LIMITS_MAX) {
		if (!l->absent_n || !strstr(l->absent[l->absent_n - 1], "more limits"))
			limits_absent(l, "more limits than %d", LIMITS_MAX);
		return NULL;
	}
	row = &l->row[l->n++];
	memset(row, 0, sizeof(*row));
	row->key = key;
	row->name = name;
	row->answer = answer;
	row->max = LIMITS_NONE;
	row->events = LIMITS_NONE;
	return row;
}

double limits_share(const struct limit_row *row)
{
	if (!row->used_known || row->max == LIMITS_NONE)
		return -1;
	if (!row->max)
		return row->used ? 100 : 1;
	return (double)row->used / row->max;
}

/* ---- the files ---- */

/* Returns the length, or a negative errno. */
static ssize_t read_of(const struct process *p, const char *name, char *buf,
		       size_t size)
{
	int fd = openat(p->dir, name, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	n = n < 0 ? -errno : (ssize_t)len;
	close(fd);
	buf[len] = '\0';
	return n;
}

/* The text after the name of a line "Name: text"; NULL if there is no such line. */
static const char *find_line_of(const char *text, const char *name)
{
	size_t len = strlen(name);
	const char *at;

	for (at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, name, len) && at[len] == ':')
			return at + len + 1;
	}
	return NULL;
}

static bool read_number_in(const char *text, const char *name, int base,
			   unsigned long long *n)
{
	const char *at = find_line_of(text, name);

	if (at)
		*n = strtoull(at, NULL, base);
	return at;
}

static bool read_number_file(const char *path, unsigned long long *n)
{
	char text[64];

	if (!procfs_read(path, text, sizeof(text)) ||
	    !isdigit((unsigned char)*text))
		return false;
	*n = strtoull(text, NULL, 10);
	return true;
}

/* The soft limit of a line of /proc/PID/limits. */
static unsigned long long soft_limit(const struct process *p, const char *name)
{
	const char *at = strstr(p->limits, name);

	if (!at)
		return LIMITS_NONE;
	at += strlen(name);
	at += strspn(at, " ");
	return isdigit((unsigned char)*at) ? strtoull(at, NULL, 10) : LIMITS_NONE;
}

/* Capabilities of another user namespace lift no limit of the machine. */
static bool has_cap(const struct process *p, int bit)
{
	unsigned long long caps;

	return !p->other_user_ns && read_number_in(p->status, "CapEff", 16, &caps) &&
	       (caps >> bit & 1);
}

/* ---- the limits of the process ---- */

/* Lines of /proc/PID/maps; the page of vsyscall is no map of the process. */
static int count_maps(const struct process *p, unsigned long long *n)
{
	int fd = openat(p->dir, "maps", O_RDONLY | O_CLOEXEC);
	char line[8192];
	int err;
	FILE *f;

	if (fd < 0)
		return -errno;
	f = fdopen(fd, "r");
	if (!f) {
		err = -errno;
		close(fd);
		return err;
	}
	*n = 0;
	errno = 0;
	while (fgets(line, sizeof(line), f))
		if (strchr(line, '\n') && !strstr(line, "[vsyscall]"))
			++*n;
	err = ferror(f) ? -errno : 0;
	fclose(f);
	return err;
}

static int read_maps(struct limits *l, const struct process *p)
{
	struct limit_row *row;
	unsigned long long max;
	int err;

	row = limits_add(l, "map_count", "vm.max_map_count",
			 "mmap, mprotect, munmap: ENOMEM");
	if (!row)
		return 0;
	if (read_number_file("/proc/sys/vm/max_map_count", &max))
		row->max = max;
	err = count_maps(p, &row->used);
	row->used_known = !err;
	if (err == -ESRCH)
		return err;
	if (err)
		limits_absent(l, "the number of maps: /proc/%d/maps: %s%s", l->pid,
			      strerror(-err),
			      err == -EACCES || err == -EPERM ? " (needs root)" : "");
	return 0;
}

static struct limit_row *add_rlimit(struct limits *l, const struct process *p,
				    const char *key, const char *name,
				    const char *line, const char *used,
				    const char *answer)
{
	struct limit_row *row = limits_add(l, key, name, answer);
	unsigned long long kb;

	if (!row)
		return NULL;
	row->bytes = true;
	row->max = soft_limit(p, line);
	row->used_known = read_number_in(p->status, used, 10, &kb);
	row->used = row->used_known ? kb << 10 : 0;
	return row;
}

static void read_rlimits(struct limits *l, const struct process *p)
{
	struct limit_row *row;

	add_rlimit(l, p, "rlimit_as", "RLIMIT_AS (ulimit -v)", "Max address space",
		   "VmSize", "mmap, brk, mremap: ENOMEM");
	row = add_rlimit(l, p, "rlimit_data", "RLIMIT_DATA (ulimit -d)",
			 "Max data size", "VmData", "mmap, brk: ENOMEM");
	if (row)
		snprintf(row->note, sizeof(row->note),
			 "counts private writable maps too");
	add_rlimit(l, p, "rlimit_stack", "RLIMIT_STACK (ulimit -s)",
		   "Max stack size", "VmStk", "SIGSEGV");
	row = add_rlimit(l, p, "rlimit_memlock", "RLIMIT_MEMLOCK (ulimit -l)",
			 "Max locked memory", "VmLck",
			 "mlock: ENOMEM; mmap: EAGAIN");
	if (row && has_cap(p, CAP_BIT_IPC_LOCK)) {
		row->max = LIMITS_NONE;
		snprintf(row->note, sizeof(row->note), "it has CAP_IPC_LOCK");
	}
}

/* ---- tasks ---- */

/* Is it the name of a process in /proc? */
static bool is_pid_name(const char *name)
{
	return *name && !name[strspn(name, "0123456789")];
}

/* Count the tasks of a user, which the kernel's own counter is not readable for. */
static unsigned long long count_tasks_of(unsigned int uid)
{
	unsigned long long n, sum = 0;
	char path[64], text[8192];
	struct dirent *e;
	DIR *d = opendir("/proc");

	while (d && (e = readdir(d))) {
		if (!is_pid_name(e->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%.10s/status", e->d_name);
		if (!procfs_read(path, text, sizeof(text)) ||
		    !read_number_in(text, "Uid", 10, &n) || n != uid ||
		    !read_number_in(text, "Threads", 10, &n))
			continue;
		sum += n;
	}
	if (d)
		closedir(d);
	return sum;
}

static void read_nproc(struct limits *l, const struct process *p)
{
	struct limit_row *row;

	row = limits_add(l, "rlimit_nproc", "RLIMIT_NPROC (ulimit -u)",
			 "fork, clone: EAGAIN");
	if (!row)
		return;
	row->max = soft_limit(p, "Max processes");
	row->used = count_tasks_of(l->uid);
	row->used_known = true;
	snprintf(row->note, sizeof(row->note), "tasks of uid %u, counted in /proc",
		 l->uid);
	if (!l->uid || has_cap(p, CAP_BIT_SYS_RESOURCE) ||
	    has_cap(p, CAP_BIT_SYS_ADMIN)) {
		row->max = LIMITS_NONE;
		snprintf(row->note, sizeof(row->note), "%s",
			 l->uid ? "it has CAP_SYS_RESOURCE or CAP_SYS_ADMIN" :
				  "uid 0 has no limit");
	}
	if (p->other_user_ns)
		limits_absent(l, "the tasks that count for RLIMIT_NPROC in its user namespace: each namespace has its own count");
}

/* The second number of the fourth word of /proc/loadavg. */
static bool count_tasks(unsigned long long *n)
{
	char text[128];
	const char *slash;

	if (!procfs_read("/proc/loadavg", text, sizeof(text)))
		return false;
	slash = strchr(text, '/');
	if (slash)
		*n = strtoull(slash + 1, NULL, 10);
	return slash;
}

static void read_machine_tasks(struct limits *l)
{
	unsigned long long tasks = 0, max;
	bool known = count_tasks(&tasks);
	struct limit_row *row;

	row = limits_add(l, "threads_max", "kernel.threads-max",
			 "fork, clone: EAGAIN");
	if (row && read_number_file("/proc/sys/kernel/threads-max", &max)) {
		row->max = max;
		row->used_known = known;
		row->used = tasks;
	}
	row = limits_add(l, "pid_max", "kernel.pid_max", "fork, clone: EAGAIN");
	if (row && read_number_file("/proc/sys/kernel/pid_max", &max)) {
		row->max = max > RESERVED_PIDS ? max - RESERVED_PIDS : max;
		row->used_known = known;
		row->used = tasks;
		snprintf(row->note, sizeof(row->note),
			 "%llu, of which %d are not given out again", max,
			 RESERVED_PIDS);
	}
}

/* Does any process live in the pid namespace that a link in /proc names? */
static bool has_process(const char *ns)
{
	char path[300], link[64];
	struct dirent *e;
	bool found = false;
	ssize_t n;
	DIR *d = opendir("/proc");

	while (d && !found && (e = readdir(d))) {
		if (!is_pid_name(e->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/ns/pid", e->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		found = !strcmp(link, ns);
	}
	if (d)
		closedir(d);
	return found;
}

/* A process whose children go to a pid namespace without process 1 cannot fork. */
static void read_pid_namespace(struct limits *l, const struct process *p)
{
	char own[64], children[64];
	struct limit_row *row;
	ssize_t n, m;

	n = readlinkat(p->dir, "ns/pid", own, sizeof(own) - 1);
	m = readlinkat(p->dir, "ns/pid_for_children", children,
		       sizeof(children) - 1);
	if (n <= 0 || m <= 0)
		return;
	own[n] = '\0';
	children[m] = '\0';
	if (!strcmp(own, children) || has_process(children))
		return;
	row = limits_add(l, "pid_namespace", "pid namespace ended", "fork: ENOMEM");
	if (!row)
		return;
	row->max = 0;
	row->used_known = true;
	snprintf(row->note, sizeof(row->note),
		 "its children would go to %s, whose process 1 has ended", children);
}

/* ---- the machine ---- */

/* What mode 2 leaves for this process; modes 0 and 1 have no such sum. */
static void read_commit(struct limits *l, const struct process *p)
{
	unsigned long long mode, limit, used, admin = 0, user = 0, vm = 0, off;
	char text[8192];
	struct limit_row *row;

	if (!read_number_file("/proc/sys/vm/overcommit_memory", &mode) ||
	    !procfs_read("/proc/meminfo", text, sizeof(text))) {
		limits_absent(l, "the commit limit: /proc/meminfo cannot be read");
		return;
	}
	if (mode != 2 || !read_number_in(text, "CommitLimit", 10, &limit) ||
	    !read_number_in(text, "Committed_AS", 10, &used))
		return;
	read_number_file("/proc/sys/vm/admin_reserve_kbytes", &admin);
	read_number_file("/proc/sys/vm/user_reserve_kbytes", &user);
	read_number_in(p->status, "VmSize", 10, &vm);
	off = vm / 32 < user ? vm / 32 : user;
	if (!has_cap(p, CAP_BIT_SYS_ADMIN))
		off += admin;
	row = limits_add(l, "commit", "commit limit of mode 2",
			 "mmap, brk, fork: ENOMEM");
	if (!row)
		return;
	row->bytes = true;
	row->used_known = true;
	row->used = used << 10;
	row->max = limit > off ? (limit - off) << 10 : 0;
	snprintf(row->note, sizeof(row->note),
		 "less %llu KiB that are reserved from this process", off);
}

static unsigned long long huge_number(const char *dir, const char *file)
{
	char path[384];
	unsigned long long n = 0;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/%s/%s", dir, file);
	read_number_file(path, &n);
	return n;
}

/* The pools of huge pages, as far as there are any. */
static void read_huge_pages(struct limits *l)
{
	DIR *d = opendir("/sys/kernel/mm/hugepages");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		unsigned long long nr, unused, reserved, surplus, more;
		struct limit_row *row;

		if (strncmp(e->d_name, "hugepages-", 10))
			continue;
		nr = huge_number(e->d_name, "nr_hugepages");
		unused = huge_number(e->d_name, "free_hugepages");
		reserved = huge_number(e->d_name, "resv_hugepages");
		surplus = huge_number(e->d_name, "surplus_hugepages");
		more = huge_number(e->d_name, "nr_overcommit_hugepages");
		if (!nr && !more)
			continue;
		row = limits_add(l, "hugetlb", "huge pages (vm.nr_hugepages)",
				 "mmap, shmget of huge pages: ENOMEM");
		if (!row)
			break;
		row->used_known = true;
		row->used = nr - unused + reserved;
		row->max = nr + (more > surplus ? more - surplus : 0);
		snprintf(row->note, sizeof(row->note),
			 "of %.16s; %llu free, %llu of them reserved",
			 e->d_name + 10, unused, reserved);
	}
	if (d)
		closedir(d);
}

/* ---- all of it ---- */

/* Nearest first; limits that are not known or not set, last. */
static int by_share(const void *a, const void *b)
{
	double x = limits_share(a), y = limits_share(b);

	return (x < y) - (x > y);
}

static bool is_throttled_in_kernel(const struct process *p)
{
	char text[128];

	return read_of(p, "wchan", text, sizeof(text)) > 0 &&
	       strstr(text, "handle_over_high");
}

static void find_user_namespace(struct limits *l, struct process *p)
{
	char own[64], its[64];
	ssize_t n, m;

	n = readlink("/proc/self/ns/user", own, sizeof(own));
	m = readlinkat(p->dir, "ns/user", its, sizeof(its));
	if (m < 0) {
		limits_absent(l, "its user namespace: /proc/%d/ns/user: %s (needs root)",
			      l->pid, strerror(errno));
		return;
	}
	p->other_user_ns = n != m || memcmp(own, its, n);
}

static int read_identity(struct limits *l, struct process *p)
{
	unsigned long long n;
	const char *at;
	size_t len;
	ssize_t ret;

	ret = read_of(p, "status", p->status, sizeof(p->status));
	if (ret < 0)
		return ret;
	at = find_line_of(p->status, "Name");
	if (at) {
		at += strspn(at, "\t ");
		len = strcspn(at, "\n");
		snprintf(l->comm, sizeof(l->comm), "%.*s", (int)len, at);
	}
	if (read_number_in(p->status, "Uid", 10, &n))
		l->uid = n;
	at = find_line_of(p->status, "State");
	if (at && strchr("ZX", at[strspn(at, "\t ")]))
		return -ESRCH;
	if (!find_line_of(p->status, "VmSize"))
		return -ENOEXEC;
	ret = read_of(p, "limits", p->limits, sizeof(p->limits));
	if (ret == -ESRCH)
		return ret;
	if (ret < 0)
		limits_absent(l, "rlimits: /proc/%d/limits: %s", l->pid,
			      strerror(-ret));
	find_user_namespace(l, p);
	return 0;
}

/* The state in /proc/PID/stat follows the name, which may have any characters. */
static bool has_exited(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] && strchr("ZX", end[2]);
}

static int read_process(struct limits *l, struct process *p, unsigned int wait_ms)
{
	struct timespec wait = {
		.tv_sec = wait_ms / 1000,
		.tv_nsec = wait_ms % 1000 * 1000000L,
	};
	char text[256];
	ssize_t ret;

	ret = read_identity(l, p);
	if (ret)
		return ret;
	ret = read_maps(l, p);
	if (ret)
		return ret;
	read_rlimits(l, p);
	read_nproc(l, p);
	read_machine_tasks(l);
	read_pid_namespace(l, p);
	read_commit(l, p);
	read_huge_pages(l);
	ret = read_of(p, "cgroup", p->cgroup, sizeof(p->cgroup));
	if (ret == -ESRCH)
		return ret;
	if (ret < 0)
		limits_absent(l, "cgroups: /proc/%d/cgroup: %s", l->pid,
			      strerror(-ret));
	limits_read_cgroups(l, p->cgroup);
	if (wait_ms) {
		nanosleep(&wait, NULL);
		limits_read_cgroups(l, p->cgroup);
	}
	if (is_throttled_in_kernel(p) && *l->throttled)
		snprintf(l->throttled_why, sizeof(l->throttled_why),
			 "the process sleeps in mem_cgroup_handle_over_high()");
	/* Numbers read after it has exited are not its own. */
	ret = read_of(p, "stat", text, sizeof(text));
	return ret < 0 ? ret : has_exited(text) ? -ESRCH : 0;
}

int limits_read(struct limits *l, int pid, unsigned int wait_ms)
{
	static struct process p;
	char path[32];
	int ret;

	memset(l, 0, sizeof(*l));
	memset(&p, 0, sizeof(p));
	l->pid = pid;
	snprintf(path, sizeof(path), "/proc/%d", pid);
	p.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p.dir < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	ret = read_process(l, &p, wait_ms);
	close(p.dir);
	if (ret == -ENOENT)
		ret = -ESRCH;
	qsort(l->row, l->n, sizeof(l->row[0]), by_share);
	return ret;
}
