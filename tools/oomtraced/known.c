// SPDX-License-Identifier: GPL-2.0
/*
 * Remembers command lines, cgroups and start times of the likeliest victims, in a
 * table of limited size.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../common/format.h"
#include "../clock.h"
#include "../procfs.h"
#include "known.h"
#include "made.h"
#include "liboomtrace.h"

/* A process that left the ranking longer ago is not taken for the victim. */
#define FRESH_NS	(60 * (u64)NS_PER_S)

static struct known_process known[KNOWN_MAX];

static struct known_process *find_slot(s32 pid)
{
	struct known_process *p, *oldest = known;

	for (p = known; p < known + KNOWN_MAX; p++) {
		if (p->pid == pid)
			return p;
		if (p->seen_ns < oldest->seen_ns)
			oldest = p;
	}
	return oldest;
}

void known_add(const struct known_process *p)
{
	*find_slot(p->pid) = *p;
}

const struct known_process *known_find(s32 pid, const char *comm, u64 ts_ns)
{
	const struct known_process *p = find_slot(pid);

	if (!pid || p->pid != pid ||
	    strncmp(p->comm, comm, OOMTRACE_COMM_LEN - 1) ||
	    p->read_ns > ts_ns || p->seen_ns + FRESH_NS < ts_ns)
		return NULL;
	return p;
}

bool known_record(struct oomtrace_process *rec, const struct oomtrace_victim *v,
		  s64 boot_offset_ns)
{
	const struct known_process *p;

	if (!oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_tgid) ||
	    !oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_comm))
		return false;
	p = known_find(v->tgid, v->comm, v->h.ts_ns);
	if (!p)
		return false;
	made_start(&rec->h, OOMTRACE_PROCESS, sizeof(*rec), OOMTRACE_ALL(process), &v->h);
	rec->episode = v->episode;
	rec->pid = p->pid;
	memcpy(rec->comm, p->comm, sizeof(rec->comm));
	rec->age_ns = v->h.ts_ns + boot_offset_ns - p->start_ns;
	rec->read_ago_ns = v->h.ts_ns - p->read_ns;
	snprintf(rec->cmdline, sizeof(rec->cmdline), "%s", p->cmdline);
	if (!*p->cmdline)
		rec->h.valid &= ~OOMTRACE_BIT(process, cmdline);
	if (*p->cgroup && strlen(p->cgroup) < sizeof(rec->cgroup))
		strcpy(rec->cgroup, p->cgroup);
	else
		rec->h.valid &= ~OOMTRACE_BIT(process, cgroup);
	return true;
}

static ssize_t read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

/* The 22nd field of the stat file; a name in parentheses may have any byte. */
static u64 read_start_ns(s32 pid)
{
	char path[64], text[1024], *at;
	unsigned int field;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return 0;
	at = strrchr(text, ')');
	for (field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) * (NS_PER_S / sysconf(_SC_CLK_TCK)) : 0;
}

/* Have all tasks waited for memory lately? A kernel without PSI does not say. */
static bool is_stalled(void)
{
	char text[512], *full;

	if (read_file("/proc/pressure/memory", text, sizeof(text)) <= 0)
		return false;
	full = strstr(text, "full avg10=");
	return full && atof(full + strlen("full avg10=")) >= 10;
}

static void see_process(const struct oomtrace_candidate *c, u64 now_ns)
{
	struct known_process *p = find_slot(c->tgid);
	u64 start_ns = read_start_ns(c->tgid);

	if (!start_ns)
		return;
	if (p->pid != c->tgid || p->start_ns != start_ns ||
	    strncmp(p->comm, c->comm, OOMTRACE_COMM_LEN)) {
		memset(p, 0, sizeof(*p));
		p->pid = c->tgid;
		p->start_ns = start_ns;
		p->read_ns = now_ns;
		snprintf(p->comm, sizeof(p->comm), "%.*s", OOMTRACE_COMM_LEN,
			 c->comm);
		procfs_cmdline(c->tgid, p->cmdline, sizeof(p->cmdline));
		procfs_cgroup(c->tgid, p->cgroup, sizeof(p->cgroup));
	}
	p->seen_ns = now_ns;
}

void known_look(struct oomtrace *ot, u64 now_ns)
{
	static struct oomtrace_candidate top[KNOWN_TOP];
	struct oomtrace_ranking rk = {
		.size = sizeof(rk), .room = KNOWN_TOP,
		.records = (unsigned long)top,
	};
	u32 i;

	if (is_stalled() || ioctl(oomtrace_fd(ot), OOMTRACE_IOC_RANKING, &rk))
		return;
	for (i = 0; i < KNOWN_TOP && i < rk.count && i < rk.eligible; i++)
		see_process(&top[i], now_ns);
}
