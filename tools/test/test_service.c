// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the service's settings, and the reasons that it finds in messages of
 * modprobe.
 */
#include <stdlib.h>

#include "../clock.h"
#include "../oomtraced/loading.h"
#include "../oomtraced/settings.h"
#include "test_service.h"
#include "test_util.h"

static void judge(const char *message, const char *word, const char *name)
{
	check_text(loading_judge(message), word, name);
}

static void test_reasons(void)
{
	judge("modprobe: FATAL: Module oomtrace not found in directory /lib/modules/6.1.0-57-amd64",
	      "not_built", "a_module_that_was_not_built_is_recognised");
	judge("modprobe: ERROR: could not insert 'oomtrace': Key was rejected by service",
	      "signature", "so_is_a_wrong_signature");
	judge("modprobe: ERROR: could not insert 'oomtrace': Exec format error",
	      "other_kernel", "and_a_module_of_another_kernel");
	judge("modprobe: ERROR: ../libkmod/libkmod-module.c:1084 command_do() Error running install command '/bin/false' for module oomtrace: retcode 1",
	      "refused", "any_other_message_is_a_refusal");
}

static void test_settings(void)
{
	char *argv[] = { "oomtraced", "--max-size", "2M", NULL };
	struct settings s;

	setenv("OOMTRACED_MAX_SIZE", "8M", 1);
	setenv("OOMTRACED_MAX_AGE", "90d", 1);
	setenv("OOMTRACED_STATE", "/var/lib/oomtrace", 1);
	setenv("OOMTRACED_TEXTFILE", "", 1);
	check(settings_read(&s, 1, argv) && s.max_bytes == 8 << 20 &&
	      s.max_age_ns == 90 * 86400 * NS_PER_S && s.state_dir &&
	      !s.textfile, "the_environment_has_settings");
	check(settings_read(&s, 3, argv) && s.max_bytes == 2 << 20,
	      "the_command_line_overrides_it");
	setenv("OOMTRACED_MAX_AGE", "soon", 1);
	check(!settings_read(&s, 1, argv), "a_bad_value_is_rejected");
	unsetenv("OOMTRACED_MAX_SIZE");
	unsetenv("OOMTRACED_MAX_AGE");
	unsetenv("OOMTRACED_STATE");
	unsetenv("OOMTRACED_TEXTFILE");
}

void test_service(void)
{
	test_reasons();
	test_settings();
}
