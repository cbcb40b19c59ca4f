#ifndef FIQ_CLI_INPUTS_H
#define FIQ_CLI_INPUTS_H

#include "base/error.h"
#include "cli/options.h"
#include "profile/filter.h"
#include "profile/profile.h"

/*
 * Profiles that are read, and which part of them is wanted.  Shared by all commands that begin
 * with a profile; the filters by those that end in one, too.
 */
extern const struct option_spec filter_options[]; /* settings: struct filter */

/* Reads a profile of any format ("-": standard input), recordings of perf included. */
int input_open(const char *path, struct profile **profile, struct error *err);

/* The same, and takes the part that is wanted.  The
 * profile's notes, and what the filter removed, are printed unless `quiet`.  -ENODATA when
 * nothing is left. */
int input_read(const char *path, const struct filter *filter, bool quiet,
               struct profile **profile, struct error *err);

/* The part of `*profile` that is wanted, in its place; nothing happens without a wish. */
int input_filter(const struct filter *filter, struct profile **profile, struct error *err);

void print_notes(const struct profile *profile);

#endif
