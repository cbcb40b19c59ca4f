#ifndef FIQ_BASE_SATURATE_H
#define FIQ_BASE_SATURATE_H

#include <stdint.h>

/* Sums of counts that come from files: they stay at the largest number instead of wrapping. */
static inline uint64_t saturating_add(uint64_t a, uint64_t b)
{
    uint64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

#endif
