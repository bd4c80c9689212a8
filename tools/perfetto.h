/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prints records as a trace for Perfetto and chrome://tracing.
 */
#ifndef OOMTRACE_PERFETTO_H
#define OOMTRACE_PERFETTO_H

#include "records.h"

/** perfetto_print() - print a trace in the JSON Trace Event Format to stdout */
void perfetto_print(const struct records *recs);

#endif /* OOMTRACE_PERFETTO_H */
