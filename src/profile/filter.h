#ifndef FIQ_PROFILE_FILTER_H
#define FIQ_PROFILE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "profile/profile.h"

/*
 * A part of a profile, as a new profile.
 *
 * Patterns are POSIX extended regular expressions, found anywhere in a name; NULL is no wish.
 * Threads and processes are matched as "name (number)".  Facts and quality stay those of the
 * whole measurement; what was removed is said in notes, with counts.
 */
struct filter {
    const char *focus;           /* keep stacks in which a function matches */
    const char *ignore;          /* drop stacks in which a function matches */
    const char *hide;            /* take matching frames out; their callees move up */
    const char *thread;          /* keep threads that match */
    const char *process;         /* keep processes that match, by name, PID or command */
    uint64_t since_ns, until_ns; /* from the first sample on; until 0: to the end */
    bool collapse_recursion;     /* a function that calls itself directly is one frame */
};

/* Whether anything is wished for at all. */
bool filter_is_set(const struct filter *filter);

/* -EINVAL when a pattern is none, -ENODATA when times are asked for and the profile has none.
 * A profile without stacks is not an error here. */
int profile_filter(const struct profile *from, const struct filter *filter,
                   struct profile **filtered, struct error *err);

#endif
