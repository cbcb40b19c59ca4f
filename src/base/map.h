#ifndef FIQ_BASE_MAP_H
#define FIQ_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A hash map from 64-bit keys to 32-bit values, open addressing.
 *
 * Zeroed memory is an empty map: `struct map map = {0}`.  Any key is allowed; the value
 * UINT32_MAX is not, it means "absent".  One thread at a time.
 */
struct map {
    struct map_slot *slots;
    size_t count, mask;
};

enum { MAP_ABSENT = -1 };

void map_free(struct map *map); /* leaves an empty map */

/* The value of `key`, or UINT32_MAX. */
uint32_t map_get(const struct map *map, uint64_t key);

/* Sets the value of `key`, whether it was there or not. */
void map_set(struct map *map, uint64_t key, uint32_t value);

/* The place of the value of `key`; a new key gets the value UINT32_MAX first, which the
 * caller replaces.  Good until the next change. */
uint32_t *map_at(struct map *map, uint64_t key);

void map_remove(struct map *map, uint64_t key);

/* Visits all: start with *cursor = 0; false when there are no more.  No changes meanwhile. */
bool map_next(const struct map *map, size_t *cursor, uint64_t *key, uint32_t *value);

#endif
