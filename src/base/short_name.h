#ifndef FIQ_BASE_SHORT_NAME_H
#define FIQ_BASE_SHORT_NAME_H

#include <stddef.h>

enum { SHORT_NAME_LONGEST = 4096 }; /* longer names are not shortened but cut */

/* A function's name without parameters and template arguments: "std::vector<…>::push_back";
 * operators and Rust's "<T as Trait>::f" stay.  `out` has room for SHORT_NAME_LONGEST bytes,
 * and length is at most that.  Returns the bytes written, never more than there were. */
size_t short_name(const char *name, size_t length, char *out);

#endif
