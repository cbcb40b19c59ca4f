#ifndef FIQ_CLI_INPUTS_H
#define FIQ_CLI_INPUTS_H

#include "base/error.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "profile/filter.h"
#include "profile/profile.h"

/*
 * Profiles that are read, and which part of them is wanted.  Shared by all commands that begin
 * with a profile; the filters by those that end in one, too.
 */
extern const struct option_spec filter_options[]; /* settings: struct filter */

/* What is said while reading. */
enum input_talk {
    INPUT_QUIET,
    INPUT_PROGRESS, /* how far it is, on a terminal, when it takes time */
    INPUT_NOTES     /* that, and afterwards the profile's notes and what the filter removed */
};

/* What the user's -q leaves of it. */
static inline enum input_talk input_talk(const struct talk_settings *talk)
{
    return talk->quiet ? INPUT_QUIET : INPUT_NOTES;
}

/* Reads a profile of any format ("-": standard input), recordings of perf included. */
int input_open(const char *path, enum input_talk talk, struct profile **profile,
               struct error *err);

/* The same, and takes the part that is wanted.  -ENODATA when nothing is left. */
int input_read(const char *path, const struct filter *filter, enum input_talk talk,
               struct profile **profile, struct error *err);

/* The part of `*profile` that is wanted, in its place; nothing happens without a wish. */
int input_filter(const struct filter *filter, struct profile **profile, struct error *err);

void print_notes(const struct profile *profile);

#endif
