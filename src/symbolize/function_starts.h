#ifndef FIQ_SYMBOLIZE_FUNCTION_STARTS_H
#define FIQ_SYMBOLIZE_FUNCTION_STARTS_H

#include "elf/image.h"

/*
 * Where functions begin in a program without symbols: its unwind table (.eh_frame_hdr) lists
 * them.  All addresses of a nameless function can so be shown as one place.
 */
struct function_starts {
    const uint8_t *table; /* pairs of 4 bytes: start, entry; relative to `base` */
    size_t count;
    uint64_t base;
};

bool function_starts_open(struct function_starts *starts, struct image *image);

/* The start of the function that holds the address; false when none is known. */
bool function_starts_find(const struct function_starts *starts, uint64_t address,
                          uint64_t *start);

#endif
