// SPDX-License-Identifier: GPL-2.0
/*
 * Converts bytes to valid UTF-8. Overlong forms, surrogates and code points above
 * U+10FFFF are invalid, as every JSON parser requires.
 */
#include <string.h>

#include "utf8.h"

/*
 * Length of the valid character at @s, 0 if it is invalid. The lead byte gives
 * the length and limits the second byte; later bytes are 0x80 to 0xbf.
 */
static size_t char_length(const unsigned char *s, size_t n)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (len > n)
		return 0;
	switch (s[0]) {
	case 0xe0:
		low = 0xa0;		/* shorter forms exist below */
		break;
	case 0xed:
		high = 0x9f;		/* surrogates above */
		break;
	case 0xf0:
		low = 0x90;		/* shorter forms exist below */
		break;
	case 0xf4:
		high = 0x8f;		/* U+110000 and more above */
		break;
	}
	if (s[1] < low || s[1] > high)
		return 0;
	for (i = 2; i < len; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return len;
}

bool oomtrace_utf8_clean(char *dst, size_t size, const char *src, size_t n,
			 size_t *len)
{
	static const char replacement[] = "\xef\xbf\xbd";
	bool valid = true;
	const char *from;
	size_t add, i = 0;

	*len = 0;
	while (i < n) {
		add = char_length((const unsigned char *)src + i, n - i);
		from = add ? src + i : replacement;
		i += add ? add : 1;
		if (!add) {
			valid = false;
			add = strlen(replacement);
		}
		if (*len + add >= size) {
			valid = false;
			break;
		}
		memcpy(dst + *len, from, add);
		*len += add;
	}
	dst[*len] = '\0';
	return valid;
}

size_t oomtrace_utf8_control(const char *s, size_t n)
{
	unsigned char c = s[0];

	if (c < 0x20 || c == 0x7f)
		return 1;
	return c == 0xc2 && n > 1 && (unsigned char)s[1] < 0xa0 ? 2 : 0;
}
