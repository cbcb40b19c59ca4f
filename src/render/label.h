#ifndef FIQ_RENDER_LABEL_H
#define FIQ_RENDER_LABEL_H

#include <stddef.h>

#include "base/markup.h"

/*
 * The name of a function where there is little room for it.
 *
 * What tells a function is its own name: parameters go first, then what stands between < and >
 * (base/short_name.h), then the types and namespaces it lies in; only then letters are cut off.
 */

/* Writes the name, or what fits of it, as a <text> into a box of `width` pixels whose upper
 * left corner is at x, y; nothing where it would not say anything. */
void label_put(struct markup *markup, const char *name, size_t length, double x, double y,
               double width);

#endif
