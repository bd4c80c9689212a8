// SPDX-License-Identifier: GPL-2.0
/*
 * Runs modprobe and judges its messages, which have the kernel's reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../options.h"
#include "loading.h"

#define RUN_DIR		"/run/oomtrace"
#define REASON_FILE	RUN_DIR "/load-failure"
#define VERSION_FILE	"/sys/module/oomtrace/version"
#define RELOAD		"systemctl restart oomtrace-module"

static const struct {
	const char *part, *word, *advice;
} judged[] = {
	{ "not found in directory", "not_built",
	  "install its package for this kernel; see dkms status" },
	{ "Key was rejected", "signature",
	  "sign the module for Secure Boot; see docs/signing.md" },
	{ "Required key not available", "signature",
	  "sign the module for Secure Boot; see docs/signing.md" },
	{ "Operation not permitted", "not_permitted",
	  "see kernel.modules_disabled and /sys/kernel/security/lockdown" },
	{ "Exec format error", "other_kernel",
	  "build the module for this kernel; see dkms status" },
	{ "Invalid module format", "other_kernel",
	  "build the module for this kernel; see dkms status" },
	{ "Unknown symbol", "other_kernel",
	  "build the module for this kernel; see dkms status" },
	{ "is in use", "in_use", "stop the programs that have /dev/oomtrace open" },
	{ "", "refused", "the kernel log has the reason: journalctl -k -g oomtrace" },
};

static unsigned int judge_message(const char *message)
{
	unsigned int i = 0;

	while (!strstr(message, judged[i].part))
		i++;
	return i;
}

const char *loading_judge(const char *message)
{
	return judged[judge_message(message)].word;
}

/* ---- modprobe ---- */

/* Read what modprobe prints, as one line: its first line may have the reason. */
static void read_message(int fd, char *text, size_t size)
{
	size_t n = 0, i;
	ssize_t got;

	while (n + 1 < size && (got = read(fd, text + n, size - 1 - n)) > 0)
		n += got;
	while (n && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	for (i = 0; i < n; i++)
		if (text[i] == '\n')
			text[i] = ';';
}

/* Run modprobe with an argument before the module's name, or NULL. */
static bool run_modprobe(const char *option, char *text, size_t size)
{
	char *argv[] = { "modprobe", (char *)(option ?: "oomtrace"),
			 option ? "oomtrace" : NULL, NULL };
	static char * const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };
	posix_spawn_file_actions_t actions;
	int fds[2], status, err;
	pid_t pid;

	snprintf(text, size, "cannot run modprobe");
	if (pipe2(fds, O_CLOEXEC))
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDERR_FILENO);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	err = posix_spawnp(&pid, "modprobe", &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (!err)
		read_message(fds[0], text, size);
	close(fds[0]);
	if (err || waitpid(pid, &status, 0) != pid)
		return false;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static void store_reason(const char *word, const char *text)
{
	char line[600];
	int fd, n;

	mkdir(RUN_DIR, 0755);
	fd = open(REASON_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	n = snprintf(line, sizeof(line), "%s %s\n", word, text);
	if (fd < 0 || fchmod(fd, 0644) || write(fd, line, n) != n)
		say_error(REASON_FILE ": %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

bool loading_load(bool reload)
{
	char message[400], text[512];
	unsigned int i;

	if ((!reload || access("/sys/module/oomtrace", F_OK) ||
	     run_modprobe("-r", message, sizeof(message))) &&
	    run_modprobe(NULL, message, sizeof(message))) {
		unlink(REASON_FILE);
		return true;
	}
	i = judge_message(message);
	snprintf(text, sizeof(text), "cannot %sload the module: %s (%s)",
		 reload ? "re" : "", message, judged[i].advice);
	say_error("%s", text);
	/* A module that could not be unloaded can still be read. */
	if (access("/sys/module/oomtrace", F_OK))
		store_reason(judged[i].word, text);
	return false;
}

/* ---- the service ---- */

static ssize_t read_small_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return n;
}

__attribute__((format(printf, 3, 4)))
static void set_reason(struct down_reason *why, const char *word,
		       const char *fmt, ...)
{
	va_list args;

	snprintf(why->word, sizeof(why->word), "%s", word);
	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
}

void loading_reason(struct down_reason *why, int err, const char *message)
{
	char stored[600], *text;

	if (err == -EPROTO) {
		set_reason(why, "abi", "%s; reload the module: " RELOAD, message);
		return;
	}
	if (!access("/sys/module/oomtrace", F_OK) ||
	    (err != -ENOENT && err != -ENXIO && err != -ENODEV)) {
		set_reason(why, err == -EACCES || err == -EPERM ?
			   "not_permitted" : "device", "%s", message);
		return;
	}
	text = read_small_file(REASON_FILE, stored, sizeof(stored)) > 0 ?
	       strchr(stored, ' ') : NULL;
	if (!text) {
		set_reason(why, "not_loaded", "%s", message);
		return;
	}
	*text = '\0';
	set_reason(why, stored, "%s", text + 1);
}

void loading_warn_of_version(void)
{
	char version[64];

	if (read_small_file(VERSION_FILE, version, sizeof(version)) <= 0 ||
	    !strcmp(version, OOMTRACE_VERSION))
		return;
	say_error("the loaded module is version %s, the service %s: fields may be absent; to reload it: %s",
		  version, OOMTRACE_VERSION, RELOAD);
}
