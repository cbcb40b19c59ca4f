#ifndef FIQ_PROCESS_JIT_MAP_H
#define FIQ_PROCESS_JIT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The text of a perf-PID.map: for each function that a run-time makes a line "START SIZE name",
 * the numbers hexadecimal, with or without 0x.  Lines are only ever added, and what is told
 * later replaces what was told before.  Every byte may be hostile.
 */
struct jit_map_line {
    uint64_t start, size;
    const char *name; /* as it stands there, without NUL; at most JIT_MAP_NAME_MAX bytes */
    size_t name_length;
    uint64_t offset; /* of the line in the file */
};

enum { JIT_MAP_NAME_MAX = 64 * 1024 };

/* False when the bytes, without their end of line, are none. */
bool jit_map_parse(const char *text, const char *end, struct jit_map_line *line);

typedef void jit_map_fn(const struct jit_map_line *line, void *data);

/* Hands on the whole lines of a text that lies at `offset` of its file; returns how many bytes
 * they are. */
size_t jit_map_lines(const char *text, size_t size, uint64_t offset, jit_map_fn *take,
                     void *data);
/* The same of an open file from `from` up to `limit`; returns the offset behind the last line.
 */
uint64_t jit_map_read(int fd, uint64_t from, uint64_t limit, jit_map_fn *take, void *data);
/* The line at an offset, whose name is in a new *text; false when there is none. */
bool jit_map_line_at(int fd, uint64_t offset, struct jit_map_line *line, char **text);

#endif
