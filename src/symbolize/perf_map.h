#ifndef FIQ_SYMBOLIZE_PERF_MAP_H
#define FIQ_SYMBOLIZE_PERF_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "process/jit_code.h"

/*
 * Names of code that a run-time made while running, as it tells them in perf-PID.map (a line
 * "START SIZE name" in hexadecimal for each function) or in a jitdump.  What is told later
 * replaces what was told before.
 */
struct jit_hit {
    char *name; /* not clean, NUL-terminated; NULL: none */
    char *path; /* source file, or NULL */
    uint32_t line;
};

/* Bytes that may be copied and looked through for hits of one file: enough for any real one,
 * and the end of one that is made to take for ever. */
#define JIT_WORK_MAX ((uint64_t)1 << 30)

void jit_hits_free(struct jit_hit *hits, size_t count);

/* Names sorted addresses from an open perf map, in one pass over at most `limit` bytes of it.
 * Hits that are there already stay unless the map knows the address. */
void perf_map_find(int fd, uint64_t limit, const uint64_t *addresses, size_t count,
                   struct jit_hit *hits);

/* The same for a text in memory: whole lines only, as the last may still be being written. */
void perf_map_find_in(const char *text, size_t size, const uint64_t *addresses, size_t count,
                      struct jit_hit *hits);

/* The name of a function that a perf map told of while it was written (jit_code_open_map()). */
void perf_map_name(int fd, const struct jit_function *function, struct jit_hit *hit);

#endif
