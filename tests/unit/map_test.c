#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

#include "base/map.h"

Test(map, an_empty_map_knows_no_key)
{
    struct map map = {0};
    size_t cursor = 0;
    uint64_t key;
    uint32_t value;

    cr_expect(eq(u32, map_get(&map, 0), UINT32_MAX));
    map_remove(&map, 7);
    cr_expect(not(map_next(&map, &cursor, &key, &value)));
    map_free(&map);
}

Test(map, zero_and_the_largest_are_keys_like_others)
{
    struct map map = {0};

    map_set(&map, 0, 1);
    map_set(&map, UINT64_MAX, 2);
    map_set(&map, 0, 3);

    cr_expect(eq(u32, map_get(&map, 0), 3));
    cr_expect(eq(u32, map_get(&map, UINT64_MAX), 2));
    cr_expect(eq(sz, map.count, 2));
    map_free(&map);
}

/* Against an array that does the same, with keys that collide and disappear again. */
Test(map, behaves_as_an_array_would_under_random_changes)
{
    enum { KEYS = 500, STEPS = 200000 };
    uint32_t expected[KEYS];
    struct map map = {0};
    size_t alive = 0;

    srand(1);
    for (int i = 0; i < KEYS; i++)
        expected[i] = UINT32_MAX;
    for (int step = 0; step < STEPS; step++) {
        int key = rand() % KEYS;

        if (rand() % 2) {
            expected[key] = (uint32_t)step;
            map_set(&map, (uint64_t)key << 40, (uint32_t)step);
        } else {
            expected[key] = UINT32_MAX;
            map_remove(&map, (uint64_t)key << 40);
        }
    }
    for (int key = 0; key < KEYS; key++) {
        cr_expect(eq(u32, map_get(&map, (uint64_t)key << 40), expected[key]), "key %d", key);
        alive += expected[key] != UINT32_MAX;
    }
    cr_expect(eq(sz, map.count, alive));
    map_free(&map);
}

Test(map, next_visits_each_key_once)
{
    struct map map = {0};
    uint64_t key, sum = 0;
    uint32_t value;
    size_t cursor = 0, seen = 0;

    for (uint32_t i = 0; i < 1000; i++)
        map_set(&map, i, i * 2);
    while (map_next(&map, &cursor, &key, &value)) {
        cr_expect(eq(u64, value, key * 2));
        sum += key;
        seen++;
    }
    cr_expect(eq(sz, seen, 1000));
    cr_expect(eq(u64, sum, 499500));
    map_free(&map);
}
