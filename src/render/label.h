#ifndef FIQ_RENDER_LABEL_H
#define FIQ_RENDER_LABEL_H

#include <stddef.h>

#include "render/markup.h"

/*
 * The name of a function where there is little room for it.
 *
 * What tells a function is its own name: parameters go first, then what stands between < and >,
 * then the types and namespaces it lies in; only then letters are cut off.
 */
enum { LABEL_LONGEST = 4096 }; /* longer names are not shortened but cut */

/* The name without parameters and template arguments: "std::vector<…>::push_back"; operators
 * and Rust's "<T as Trait>::f" stay.  `out` has room for LABEL_LONGEST bytes, and length is at
 * most that.  Returns the bytes written, never more than there were. */
size_t label_shortened(const char *name, size_t length, char *out);

/* Writes the name, or what fits of it, as a <text> into a box of `width` pixels whose upper
 * left corner is at x, y; nothing where it would not say anything. */
void label_put(struct markup *markup, const char *name, size_t length, double x, double y,
               double width);

#endif
