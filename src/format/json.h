#ifndef FIQ_FORMAT_JSON_H
#define FIQ_FORMAT_JSON_H

#include "format/format.h"

/*
 * fiq's own JSON, for scripts.  What was not measured is null, never 0.
 *
 *   version           1
 *   creator, event, command, host, started_seconds, elapsed_seconds, period, frequency_hz,
 *   effective_hz, quality, notes
 *   total_samples     the sum of all counts
 *   values            [{name, unit}]: what stacks[].values are, in this order
 *   shown             the index of the value that is shown by default
 *   files             [{path, build_id, start, limit, offset}]: what frames[].file leads to
 *   threads           [{process, pid, thread, tid, command, self}]: stacks[].thread
 *   stacks            [{count, instructions, memory_delta, values, thread, times, frames}]
 *   frames            [{addr, symbol, kind, file, source, line}], outermost first; addr is a
 *                     text, as numbers of JavaScript end at 2^53
 *
 * A file with version, elapsed_seconds, total_samples and stacks of count, instructions,
 * memory_delta and frames of addr and symbol alone is read too.
 */
enum { JSON_VERSION = 1 };

int fiq_json_read(struct source *source, struct profile *profile, struct error *err);
int fiq_json_write(const struct profile *profile, const struct write_options *options,
                   FILE *out, struct error *err);

#endif
