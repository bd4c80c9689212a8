// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's OOM report, parsed from the log.
 *
 * The columns of the task table differ between kernels, even between stable
 * updates. The parser takes them from the table's header, and depends on no
 * kernel version.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib.h"
#include "oom.h"

int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		die("cannot read the kernel's log: %s", strerror(errno));
	return fd;
}

char *kmsg_text(int fd)
{
	size_t n = 0, room = 1 << 16;
	char *text = malloc(room);
	char entry[8192];
	ssize_t got;

	for (;;) {
		char *msg, *end;

		got = read(fd, entry, sizeof(entry) - 1);
		if (got < 0 && errno == EPIPE)
			continue;
		if (got < 0)
			break;
		entry[got] = '\0';
		/* "prio,seq,time,flags;message\n", then " KEY=value\n" lines */
		msg = strchr(entry, ';');
		if (!msg)
			continue;
		end = strchr(++msg, '\n');
		if (end)
			end[1] = '\0';
		while (n + strlen(msg) + 1 > room) {
			room *= 2;
			text = realloc(text, room);
		}
		if (!text)
			die("no memory for the kernel's log");
		strcpy(text + n, msg);
		n += strlen(msg);
	}
	if (errno != EAGAIN)
		die("cannot read the kernel's log: %s", strerror(errno));
	text[n] = '\0';
	return text;
}

/* The column names after "[  pid  ]", in a string split into words. */
struct columns {
	char text[512];
	const char *name[24];
	int n;
};

static void parse_header(struct columns *cols, const char *line)
{
	const char *from = strchr(line, ']');
	char *save, *word;

	cols->n = 0;
	snprintf(cols->text, sizeof(cols->text), "%s", from ? from + 1 : "");
	for (word = strtok_r(cols->text, " ", &save); word && cols->n < 24;
	     word = strtok_r(NULL, " ", &save))
		cols->name[cols->n++] = word;
}

static void set_column(struct report_row *row, const char *name, long value)
{
	if (!strcmp(name, "uid"))
		row->uid = value;
	else if (!strcmp(name, "tgid"))
		row->tgid = value;
	else if (!strcmp(name, "total_vm"))
		row->total_vm = value;
	else if (!strcmp(name, "rss"))
		row->rss = value;
	else if (!strcmp(name, "rss_anon"))
		row->rss_anon = value;
	else if (!strcmp(name, "rss_file"))
		row->rss_file = value;
	else if (!strcmp(name, "rss_shmem"))
		row->rss_shmem = value;
	else if (!strcmp(name, "pgtables_bytes"))
		row->pgtables_bytes = value;
	else if (!strcmp(name, "swapents"))
		row->swapents = value;
	else if (!strcmp(name, "oom_score_adj"))
		row->adj = value;
}

/* "[    123]     0   123 ... name": the name is the rest of the line. */
static void parse_row(struct report *rep, const struct columns *cols,
		      const char *line)
{
	struct report_row *row = &rep->rows[rep->nrows];
	const char *at = strchr(line, ']');
	char *next;
	int i;

	if (rep->nrows == REPORT_ROWS || !at)
		return;
	memset(row, 0, sizeof(*row));
	row->rss_anon = -1;
	row->rss_file = -1;
	row->rss_shmem = -1;
	row->pid = atoi(line + 1);
	at++;
	for (i = 0; i < cols->n && strcmp(cols->name[i], "name"); i++) {
		set_column(row, cols->name[i], strtol(at, &next, 10));
		if (next == at)
			return;
		at = next;
	}
	snprintf(row->name, sizeof(row->name), "%s", at + strspn(at, " "));
	rep->nrows++;
}

/* The value of a key ends at a comma: the tests' cgroup paths have none. */
static void parse_value(const char *line, const char *key, char *value,
			size_t size)
{
	const char *at = strstr(line, key);

	value[0] = '\0';
	if (at)
		snprintf(value, size, "%.*s",
			 (int)strcspn(at + strlen(key), ","), at + strlen(key));
}

static void parse_choice(struct report *rep, const char *line)
{
	const char *at;

	if (sscanf(line, "oom-kill:constraint=CONSTRAINT_%31[A-Z_]",
		   rep->constraint) != 1)
		return;
	parse_value(line, ",oom_memcg=", rep->oom_memcg,
		    sizeof(rep->oom_memcg));
	parse_value(line, ",task_memcg=", rep->task_memcg,
		    sizeof(rep->task_memcg));
	/* The names before may contain anything: the last match counts. */
	for (at = line; (at = strstr(at, ",pid=")); at++)
		if (sscanf(at, ",pid=%d,uid=%d", &rep->pid, &rep->uid) != 2)
			return;
}

static bool parse_kill(struct report_kill *k, const char *line)
{
	const char *at = strstr(line, "Killed process ");
	const char *name, *end;

	k->pid = atoi(at + strlen("Killed process "));
	name = strchr(at, '(');
	end = strstr(at, ") total-vm:");
	if (!name || !end)
		return false;
	snprintf(k->comm, sizeof(k->comm), "%.*s", (int)(end - name - 1),
		 name + 1);
	return sscanf(end, ") total-vm:%ldkB, anon-rss:%ldkB, file-rss:%ldkB, shmem-rss:%ldkB, UID:%d pgtables:%ldkB oom_score_adj:%d",
		      &k->total_vm_kb, &k->anon_kb, &k->file_kb, &k->shmem_kb,
		      &k->uid, &k->pgtables_kb, &k->adj) == 7;
}

const char *report_next_kill(const char *text, struct report_kill *k)
{
	while ((text = strstr(text, "Killed process "))) {
		if (parse_kill(k, text))
			return text + 1;
		text++;
	}
	return NULL;
}

static bool parse_invoked(struct report *rep, const char *line)
{
	const char *at = strstr(line, " invoked oom-killer: gfp_mask=");
	const char *order;

	if (!at)
		return false;
	memset(rep, 0, sizeof(*rep));
	snprintf(rep->invoker, sizeof(rep->invoker), "%.*s", (int)(at - line),
		 line);
	rep->gfp = strtoul(strchr(at, '=') + 1, NULL, 16);
	order = strstr(at, ", order=");
	return order && sscanf(order, ", order=%d, oom_score_adj=%d",
			       &rep->order, &rep->adj) == 2;
}

static void parse_line(struct report *rep, struct columns *cols,
		       const char *line)
{
	if (!strncmp(line, "[  pid  ]", 9))
		parse_header(cols, line);
	else if (line[0] == '[' && cols->n)
		parse_row(rep, cols, line);
	else if (!strncmp(line, "oom-kill:", 9))
		parse_choice(rep, line);
	else if (strstr(line, "Killed process ") &&
		 rep->nkills < REPORT_KILLS &&
		 parse_kill(&rep->kills[rep->nkills], line))
		rep->nkills++;
}

bool report_parse(const char *text, int n, struct report *rep)
{
	struct columns cols = { .n = 0 };
	char line[4096];
	bool found = false;

	for (; *text; text += strcspn(text, "\n") + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"),
			 text);
		if (strstr(line, " invoked oom-killer: gfp_mask=")) {
			if (found)
				return true;
			if (n-- == 0)
				found = parse_invoked(rep, line);
		} else if (found) {
			parse_line(rep, &cols, line);
		}
	}
	return found;
}

const struct report_row *report_row(const struct report *rep, int tgid)
{
	int i;

	for (i = 0; i < rep->nrows; i++)
		if (rep->rows[i].tgid == tgid)
			return &rep->rows[i];
	return NULL;
}
