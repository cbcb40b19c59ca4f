#ifndef FIQ_SYMBOLIZE_JITDUMP_H
#define FIQ_SYMBOLIZE_JITDUMP_H

#include <stdbool.h>

#include "symbolize/perf_map.h"

/*
 * jit-PID.dump (tools/perf/Documentation/jitdump-specification.txt of the kernel): records of
 * functions loaded, moved, and where their lines are.  Read once, a window at a time; the last
 * record may still be being written.
 */

/* Names sorted addresses.  False when the file is no jitdump. */
bool jitdump_find(int fd, const uint64_t *addresses, size_t count, struct jit_hit *hits);

#endif
