/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Converts any bytes to valid UTF-8, which JSON requires. A command name may hold
 * any bytes, and truncation to 15 bytes may split a character.
 */
#ifndef OOMTRACE_UTF8_H
#define OOMTRACE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/**
 * oomtrace_utf8_clean() - copy a string, replacing each invalid byte by U+FFFD
 * @dst: the copy, NUL-terminated.
 * @size: bytes of @dst; 3 * @n + 1 are always enough, else the copy is truncated.
 * @src: any bytes; a NUL is copied.
 * @n: bytes of @src.
 * @len: out: length of the copy, without the NUL.
 *
 * Return: true if @src was valid and the copy is equal to it.
 */
bool oomtrace_utf8_clean(char *dst, size_t size, const char *src, size_t n,
			 size_t *len);

/**
 * oomtrace_utf8_control() - recognise a terminal control character
 * @s: valid UTF-8.
 * @n: bytes of @s, at least one.
 *
 * Return: bytes of the control character (C0, DEL, C1) at @s; 0 if there is none.
 */
size_t oomtrace_utf8_control(const char *s, size_t n);

#endif /* OOMTRACE_UTF8_H */
