#ifndef FIQ_BASE_SEARCH_H
#define FIQ_BASE_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/* Index of the first of the ascending `numbers` that is not below `start`; `count` when all
 * are. */
static inline size_t first_from(const uint64_t *numbers, size_t count, uint64_t start)
{
    size_t low = 0;

    while (low < count) {
        size_t middle = low + (count - low) / 2;

        if (numbers[middle] < start)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

#endif
