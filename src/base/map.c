#include "base/map.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"

struct map_slot {
    uint64_t key;
    uint32_t value;
    uint32_t used;
};

void map_free(struct map *map)
{
    free(map->slots);
    *map = (struct map){0};
}

static struct map_slot *find(const struct map *map, uint64_t key)
{
    size_t i = hash_u64(key) & map->mask;

    while (map->slots[i].used && map->slots[i].key != key)
        i = (i + 1) & map->mask;
    return &map->slots[i];
}

static void grow(struct map *map)
{
    struct map larger = {.count = map->count, .mask = map->slots ? map->mask * 2 + 1 : 15};

    larger.slots = xcalloc(larger.mask + 1, sizeof(*larger.slots));
    for (size_t i = 0; map->slots && i <= map->mask; i++)
        if (map->slots[i].used)
            *find(&larger, map->slots[i].key) = map->slots[i];
    free(map->slots);
    *map = larger;
}

uint32_t map_get(const struct map *map, uint64_t key)
{
    const struct map_slot *slot;

    if (!map->count)
        return UINT32_MAX;
    slot = find(map, key);
    return slot->used ? slot->value : UINT32_MAX;
}

uint32_t *map_at(struct map *map, uint64_t key)
{
    struct map_slot *slot;

    if (!map->slots || map->count * 4 >= (map->mask + 1) * 3)
        grow(map);
    slot = find(map, key);
    if (!slot->used) {
        *slot = (struct map_slot){.key = key, .value = UINT32_MAX, .used = 1};
        map->count++;
    }
    return &slot->value;
}

void map_set(struct map *map, uint64_t key, uint32_t value)
{
    *map_at(map, key) = value;
}

/* Removes without tombstones: what follows in the same run moves up when its own place
 * allows it (Knuth, volume 3, algorithm 6.4 R). */
void map_remove(struct map *map, uint64_t key)
{
    struct map_slot *slot;
    size_t hole, i;

    if (!map->count)
        return;
    slot = find(map, key);
    if (!slot->used)
        return;
    hole = i = (size_t)(slot - map->slots);
    for (;;) {
        size_t home;

        i = (i + 1) & map->mask;
        if (!map->slots[i].used)
            break;
        home = hash_u64(map->slots[i].key) & map->mask;
        if (((i - home) & map->mask) >= ((i - hole) & map->mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole].used = 0;
    map->count--;
}

bool map_next(const struct map *map, size_t *cursor, uint64_t *key, uint32_t *value)
{
    while (map->slots && *cursor <= map->mask) {
        const struct map_slot *slot = &map->slots[(*cursor)++];

        if (slot->used) {
            *key = slot->key;
            *value = slot->value;
            return true;
        }
    }
    return false;
}
