#ifndef FIQ_FORMAT_SPEEDSCOPE_H
#define FIQ_FORMAT_SPEEDSCOPE_H

#include "format/format.h"

/*
 * speedscope's own file format: sampled profiles, one for all threads together and then one for
 * each, by weight.  Beside what its schema knows, a profile has "value", the name of what was
 * measured, and "labels" with process, pid, thread, tid and command; speedscope ignores both.
 */
#define SPEEDSCOPE_SCHEMA "https://www.speedscope.app/file-format-schema.json"
#define SPEEDSCOPE_ALL    "all threads"

int speedscope_read(struct source *source, struct profile *profile, struct error *err);
int speedscope_write(const struct profile *profile, const struct write_options *options,
                     FILE *out, struct error *err);

#endif
