/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes made into valid UTF-8. A command name is any bytes, and cut after 15 of
 * them, perhaps inside a character; JSON must be UTF-8.
 */
#ifndef OOMTRACE_UTF8_H
#define OOMTRACE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/**
 * oomtrace_utf8_clean() - copy a string, with U+FFFD for every byte that is no UTF-8
 * @dst: the copy, NUL-terminated.
 * @size: bytes of @dst; 3 * @n + 1 are always enough, else the copy ends early.
 * @src: any bytes, a NUL among them is kept.
 * @n: how many.
 * @len: out: length of the copy, without the NUL.
 *
 * Return: true if @src was valid, and so the copy is equal.
 */
bool oomtrace_utf8_clean(char *dst, size_t size, const char *src, size_t n,
			 size_t *len);

/**
 * oomtrace_utf8_control() - is the character there one that commands a terminal?
 * @s: valid UTF-8.
 * @n: bytes of it, at least one.
 *
 * Return: bytes of the control character (C0, DEL, C1) at @s; 0 if it is none.
 */
size_t oomtrace_utf8_control(const char *s, size_t n);

#endif /* OOMTRACE_UTF8_H */
