#ifndef FIQ_SYMBOLIZE_JITDUMP_H
#define FIQ_SYMBOLIZE_JITDUMP_H

#include "process/jit_code.h"
#include "symbolize/perf_map.h"

/* The name and the line of an address in a function that a jitdump tells of; `fd` is the dump.
 * *budget are the bytes that may still be looked through. */
void jitdump_name(int fd, const struct jit_function *function, uint64_t address,
                  uint64_t *budget, struct jit_hit *hit);

#endif
