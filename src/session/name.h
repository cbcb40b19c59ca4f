#ifndef FIQ_SESSION_NAME_H
#define FIQ_SESSION_NAME_H

#include "profile/profile.h"
#include "session/gather.h"
#include "symbolize/symbolize.h"

/* Makes a profile of what was gathered: locations become frames.  The value types are samples
 * and, in `unit`, the event; `clock_offset_ns` is added to the moments. */
struct profile *name_gathered(const struct gather *gather, struct symbolizer *symbolizer,
                              const char *event, const char *unit);

#endif
