#ifndef FIQ_BASE_SOURCE_H
#define FIQ_BASE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Bytes of a file or a pipe, read once from front to back through a buffer that refills.
 *
 * gzip is recognized by its first bytes and inflated on the way, also when members follow one
 * another.  Memory stays at the size of the buffer, which grows only to the largest `wanted`.
 * One thread at a time.
 */
struct source;

/* Opens a file; "-" is standard input.  Does not wait on a pipe without a writer. */
int source_open(struct source **source, const char *path, struct error *err);

/* Reads from memory that the caller keeps; `name` is for messages. */
struct source *source_over(const char *name, const void *bytes, size_t size);

void source_close(struct source *source);

/* The bytes that come next, at least `wanted` of them unless the source ends before; how many
 * there are in *available.  Good until the next call. */
const uint8_t *source_peek(struct source *source, size_t wanted, size_t *available);

/* Moves past `size` bytes, which must have been available. */
void source_skip(struct source *source, size_t size);

/* Reads at a position of the file without moving; returns the bytes read, which are 0 where
 * that is impossible: in pipes and compressed files. */
size_t source_look(struct source *source, uint64_t offset, void *into, size_t size);

/* 0, or the failure that ended the source early (an I/O error, broken gzip). */
int source_failed(const struct source *source, struct error *err);

const char *source_name(const struct source *source);

/* Position in the (inflated) bytes, for messages. */
uint64_t source_offset(const struct source *source);

/* How far in the file itself, 0 to 1, for progress; negative when unknown. */
double source_progress(const struct source *source);

/* Called whenever the buffer has been filled, from inside of source_peek(), to show progress.
 */
typedef void source_watch_fn(const struct source *source, void *data);
void source_watch(struct source *source, source_watch_fn *fn, void *data);

#endif
