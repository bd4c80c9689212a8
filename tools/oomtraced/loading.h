/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loads the module, and explains why the service cannot read it.
 *
 * Loading needs privileges that the service does not have. So a separate process
 * loads the module and stores the reason of a failure in a file.
 */
#ifndef OOMTRACE_LOADING_H
#define OOMTRACE_LOADING_H

#include <stdbool.h>

/**
 * struct down_reason - why the module cannot be read
 * @word: for the metric's label and for alerts; one of a few:
 *	"not_loaded": nothing tried to load the module;
 *	"not_built": there is no module for this kernel;
 *	"signature": the kernel demands another signature (Secure Boot);
 *	"not_permitted": lockdown, modules_disabled, or no privilege;
 *	"other_kernel": the module was built for another kernel;
 *	"refused": loading failed for another reason;
 *	"device": the module is loaded, but its device cannot be opened;
 *	"abi": module and service are of releases that do not fit;
 *	"read": the device failed while it was read;
 *	"state": the directory of saved records does not exist or may not be written.
 * @text: a sentence for people, without a newline.
 */
struct down_reason {
	char word[16];
	char text[512];
};

/**
 * loading_load() - run modprobe, and store the reason if it fails
 * @reload: unload the module first.
 *
 * Return: false after an error message.
 */
bool loading_load(bool reload);

/** loading_judge() - find the word for a message of modprobe */
const char *loading_judge(const char *message);

/**
 * loading_reason() - explain why the device cannot be opened
 * @why: out.
 * @err: negative errno of the attempt.
 * @message: message of the attempt.
 */
void loading_reason(struct down_reason *why, int err, const char *message);

/**
 * loading_warn_of_version() - print a message if the loaded module is of another
 * version than this program
 */
void loading_warn_of_version(void);

#endif /* OOMTRACE_LOADING_H */
