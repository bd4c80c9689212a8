/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON output of the commands, made with json-c. liboomtrace formats records; both
 * print a string of any bytes in the same way.
 */
#ifndef OOMTRACE_JSON_H
#define OOMTRACE_JSON_H

#include <stdbool.h>
#include <json-c/json.h>

/**
 * json_add_string() - add any bytes to an object as a string
 * @obj: the object.
 * @name: member name; NAME_hex is added too if the bytes are not UTF-8.
 * @s: the bytes.
 * @n: maximum number of bytes; a NUL ends the string.
 *
 * Return: false if memory is out.
 */
bool json_add_string(struct json_object *obj, const char *name, const char *s,
		     size_t n);

/** json_text() - an object as one line without newline; @obj owns the text */
const char *json_text(struct json_object *obj);

#endif /* OOMTRACE_JSON_H */
