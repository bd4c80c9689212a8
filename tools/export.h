/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records for other programs: the formats of oomtrace export.
 */
#ifndef OOMTRACE_EXPORT_H
#define OOMTRACE_EXPORT_H

#include "records.h"

/** perfetto_print() - a trace in the JSON Trace Event Format, on stdout */
void perfetto_print(const struct records *recs);

#endif /* OOMTRACE_EXPORT_H */
