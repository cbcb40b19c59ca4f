#ifndef FIQ_SESSION_NAME_H
#define FIQ_SESSION_NAME_H

#include "profile/profile.h"
#include "session/gather.h"
#include "symbolize/symbolize.h"

/* The columns of one event: its samples, counted, and their weight. */
struct event_columns {
    const char *samples;     /* "samples" */
    const char *name, *unit; /* "cpu", "nanoseconds" */
};

/* Makes a profile of what was gathered: locations become frames.  The value types are those of
 * the events, in their order; labels of an event beyond `count` must not occur. */
struct profile *name_gathered(const struct gather *gather, struct symbolizer *symbolizer,
                              const struct event_columns *events, size_t count);

#endif
