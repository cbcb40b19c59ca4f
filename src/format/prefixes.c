#include "format/prefixes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/hash.h"
#include "base/xalloc.h"

enum { WORDS = PREFIX_BLOCK / 8 };

struct slot {
    uint64_t high;
    node_id node; /* 0: empty */
    uint16_t low, depth;
};
static_assert(sizeof(struct slot) == 16, "four to a line of the cache");

struct prefixes {
    struct slot *slots;
    size_t mask, count;
    uint64_t keys[WORDS + 2];
};

/* The kernel gives each program 16 random bytes. */
static void make_keys(uint64_t *keys, size_t count)
{
    const void *random = (const void *)(uintptr_t)getauxval(AT_RANDOM);
    uint64_t seeds[2] = {0x9e3779b97f4a7c15u, 0xa0761d6478bd642fu};

    if (random)
        memcpy(seeds, random, sizeof(seeds));
    for (size_t i = 0; i < count; i++)
        keys[i] = hash_u64(seeds[0] + (i + 1) * 0x9e3779b97f4a7c15u) ^ hash_u64(seeds[1] + i);
}

struct prefixes *prefixes_new(void)
{
    struct prefixes *prefixes = xcalloc(1, sizeof(*prefixes));

    prefixes->mask = 1023;
    prefixes->slots = xcalloc(prefixes->mask + 1, sizeof(*prefixes->slots));
    make_keys(prefixes->keys, WORDS + 2);
    return prefixes;
}

void prefixes_free(struct prefixes *prefixes)
{
    if (!prefixes)
        return;
    free(prefixes->slots);
    free(prefixes);
}

/* NH of UMAC (Black et al. 1999): a sum of products, none of which waits for another. */
static __uint128_t hash_block(const uint64_t *keys, const char *block)
{
    __uint128_t sum = 0;

    for (size_t i = 0; i < WORDS; i += 2) {
        uint64_t words[2];

        memcpy(words, block + i * 8, sizeof(words));
        sum += (__uint128_t)(words[0] + keys[i]) * (words[1] + keys[i + 1]);
    }
    return sum;
}

/* What a slot keeps of a hash, for the place to follow from it also when the table grows. */
static size_t position(struct prefix_hash hash)
{
    return (size_t)(hash.high << 16 | (uint16_t)hash.low);
}

struct prefix_hash prefixes_extend(const struct prefixes *prefixes, struct prefix_hash before,
                                   const char *block)
{
    __uint128_t sum = hash_block(prefixes->keys, block);
    uint64_t low = (uint64_t)sum, high = (uint64_t)(sum >> 64);
    struct prefix_hash hash = {
        .low = hash_multiply(before.low ^ low, prefixes->keys[WORDS] ^ high) + before.high,
        .high = hash_multiply(before.high ^ high, prefixes->keys[WORDS + 1] ^ low) + before.low,
    };

    return hash;
}

void prefixes_prefetch(const struct prefixes *prefixes, struct prefix_hash hash)
{
    __builtin_prefetch(&prefixes->slots[position(hash) & prefixes->mask]);
}

/* The slot of the hash, or the empty one where it belongs. */
static struct slot *slot_of(const struct prefixes *prefixes, struct prefix_hash hash)
{
    for (size_t i = position(hash);; i++) {
        struct slot *slot = &prefixes->slots[i & prefixes->mask];

        if (!slot->node || (slot->high == hash.high && slot->low == (uint16_t)hash.low))
            return slot;
    }
}

bool prefixes_find(const struct prefixes *prefixes, struct prefix_hash hash,
                   struct prefix *prefix)
{
    const struct slot *slot = slot_of(prefixes, hash);

    *prefix = (struct prefix){.node = slot->node, .depth = slot->depth};
    return slot->node != 0;
}

static void grow(struct prefixes *prefixes)
{
    struct slot *old = prefixes->slots;
    size_t count = prefixes->mask + 1;

    prefixes->mask = prefixes->mask * 2 + 1;
    prefixes->slots = xcalloc(prefixes->mask + 1, sizeof(*prefixes->slots));
    for (size_t i = 0; i < count; i++)
        if (old[i].node)
            *slot_of(prefixes, (struct prefix_hash){.low = old[i].low, .high = old[i].high}) =
                old[i];
    free(old);
}

void prefixes_add(struct prefixes *prefixes, struct prefix_hash hash, struct prefix prefix)
{
    struct slot *slot = slot_of(prefixes, hash);

    if (slot->node || prefix.depth > PREFIX_DEPTH_MAX)
        return;
    *slot = (struct slot){.high = hash.high,
                          .node = prefix.node,
                          .low = (uint16_t)hash.low,
                          .depth = (uint16_t)prefix.depth};
    if (++prefixes->count * 3 > prefixes->mask * 2)
        grow(prefixes);
}
