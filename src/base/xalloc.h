#ifndef FIQ_BASE_XALLOC_H
#define FIQ_BASE_XALLOC_H

#include <stddef.h>

/*
 * Memory of sizes that we choose ourselves: these calls do not return NULL, they end the
 * process with a message.  A size that comes from a file is checked first against what the
 * file can hold.  Free with free().
 */
void *xalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t size);
char *xstrdup(const char *text);
/* Up to a NUL, at most `most` bytes; with 0 `text` may be NULL. */
char *xstrndup(const char *text, size_t most);
__attribute__((format(printf, 1, 2))) char *xasprintf(const char *format, ...);

/* For growable arrays: makes room for at least `needed` elements of `size` bytes, doubling;
 * `*room` counts elements.  Returns the array at its possibly new place. */
void *xgrow(void *array, size_t *room, size_t needed, size_t size);

#endif
