#ifndef FIQ_ELF_MINI_DEBUG_H
#define FIQ_ELF_MINI_DEBUG_H

#include "elf/image.h"

/* The ELF image with the function symbols that distributions leave in stripped programs, xz-
 * compressed in .gnu_debugdata ("MiniDebugInfo"), of at most `limit` bytes.  NULL when there is
 * none or it is damaged.  image_close() ends it. */
struct image *mini_debug_open(struct image *program, size_t limit);

#endif
