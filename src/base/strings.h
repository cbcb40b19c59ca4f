#ifndef FIQ_BASE_STRINGS_H
#define FIQ_BASE_STRINGS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Texts, each stored once and known by a number: equality of texts is equality of numbers.
 *
 * A text may hold any byte, also NUL; it is stored with a NUL behind it.  Pointers that
 * strings_get() returns stay good until strings_free().  One thread at a time.
 */
struct strings;
typedef uint32_t str_id; /* 0 is the empty string */

struct strings *strings_new(void);
void strings_free(struct strings *strings);

/* The number of the text, which is copied when it is new. */
str_id strings_add(struct strings *strings, const char *text, size_t length);

/* The number of the text, or UINT32_MAX when it has not been added. */
str_id strings_find(const struct strings *strings, const char *text, size_t length);

const char *strings_get(const struct strings *strings, str_id id);
size_t strings_length(const struct strings *strings, str_id id);

/* How many there are; ids run from 0 to count - 1. */
uint32_t strings_count(const struct strings *strings);

#endif
