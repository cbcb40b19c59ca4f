#ifndef FIQ_BASE_HASH_H
#define FIQ_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Mixes 64 bits so that tables may take any of them (the finalizer of splitmix64). */
static inline uint64_t hash_u64(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Folds the 128-bit product: both halves depend on all bits of both factors. */
static inline uint64_t hash_multiply(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Hashes bytes, sixteen a step.  The result is the same in each run: colours depend on it. */
static inline uint64_t hash_bytes(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t hash = 0x9e3779b97f4a7c15u ^ size;
    uint64_t a, b;
    size_t left = size;

    while (left > 16) {
        memcpy(&a, at, 8);
        memcpy(&b, at + 8, 8);
        hash = hash_multiply(a ^ 0xa0761d6478bd642fu, b ^ hash);
        at += 16;
        left -= 16;
    }
    a = b = 0;
    if (left >= 8) {
        memcpy(&a, at, 8);
        memcpy(&b, at + left - 8, 8);
    } else if (left) {
        memcpy(&a, at, left);
    }
    return hash_multiply(a ^ 0xe7037ed1a0b428dbu, b ^ hash);
}

#endif
