// SPDX-License-Identifier: GPL-2.0
/*
 * Collects the sentences on an account, for those who write them their own way.
 */
#include <string.h>

#include "../common/say.h"
#include "findings.h"

__printf(2, 0)
static void add_to_sentence(void *ctx, const char *fmt, va_list args)
{
	struct findings *f = ctx;
	char *at;

	if (!f->n || f->n > FINDINGS)
		return;
	at = f->text[f->n - 1];
	vscnprintf(at + strlen(at), sizeof(f->text[0]) - strlen(at), fmt, args);
}

static void begin_sentence(struct text_writer *w, unsigned int nr)
{
	((struct findings *)w->out->ctx)->n = nr + 1;
}

void findings_write(struct findings *f, const struct oomtrace_memcg *m,
		    unsigned int page_size)
{
	struct oomtrace_out out = { .vprint = add_to_sentence, .ctx = f };
	struct text_writer w = { .out = &out, .page_size = page_size };

	memset(f, 0, sizeof(*f));
	if (m)
		write_account_findings(&w, m, begin_sentence);
	if (f->n > FINDINGS)
		f->n = FINDINGS;
}
