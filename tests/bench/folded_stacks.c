/*
 * folded_stacks SHARED STACKS: that many distinct stacks of forty frames as folded text, a
 * kilobyte each, in no order.
 *
 * SHARED is how much of them is found in others, too: "most" (only the innermost frames differ,
 * as in profiles of real programs), "half" (what is called by the inner half is by chance) or
 * "nothing" (all is, but for the outermost frame).  Names are among thirty thousand.  Equal
 * arguments make equal text.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"

enum { NAMES = 30000, NAME_MAX_LENGTH = 64, DEPTH = 40 };

struct random {
    uint64_t state;
};

static uint32_t below(struct random *random, uint32_t limit)
{
    random->state += 0x9e3779b97f4a7c15u;
    return (uint32_t)((hash_u64(random->state) >> 32) * limit >> 32);
}

/* "io::reader12::parse_header_1234": 12 to 40 bytes. */
static void make_name(char *name, uint32_t number)
{
    static const char *const words[] = {"io",       "reader",   "parse",      "value",
                                        "dispatch", "handle",   "buffer",     "request",
                                        "allocate", "internal", "get",        "update",
                                        "tree",     "iterator", "transaction"};
    enum { WORDS = sizeof(words) / sizeof(*words) };
    uint64_t hash = hash_u64(number);
    const char *first = words[hash % WORDS], *second = words[hash / WORDS % WORDS];
    const char *third = words[hash / 1000 % WORDS];

    if (hash >> 62)
        snprintf(name, NAME_MAX_LENGTH, "%s::%s::%s_%u", first, second, third, number);
    else
        snprintf(name, NAME_MAX_LENGTH, "%s_%s_%u", first, second, number);
}

/* Which function the caller calls: mostly the first that it has, seldom the second … */
static uint32_t callee(struct random *random, uint32_t caller)
{
    uint32_t choice = 0;

    while (!below(random, 6))
        choice++;
    return (uint32_t)(hash_u64((uint64_t)caller << 32 | choice) % NAMES);
}

static void make_stack(struct random *random, uint32_t *stack, size_t by_calls)
{
    stack[0] = 0;
    for (size_t i = 1; i < DEPTH; i++)
        stack[i] = i < by_calls ? callee(random, stack[i - 1]) : below(random, NAMES);
}

/* Whether the stack is a new one, by its hash. */
static int is_new(uint64_t *seen, size_t mask, const uint32_t *stack)
{
    uint64_t hash = hash_bytes(stack, DEPTH * sizeof(*stack)) | 1;
    size_t i = hash_u64(hash) & mask;

    for (; seen[i]; i = (i + 1) & mask)
        if (seen[i] == hash)
            return 0;
    seen[i] = hash;
    return 1;
}

static void put_stack(const uint32_t *stack, char (*names)[NAME_MAX_LENGTH], uint32_t count)
{
    for (size_t i = 0; i < DEPTH; i++)
        printf("%s%s", i ? ";" : "", names[stack[i]]);
    printf(" %u\n", count);
}

static size_t frames_by_calls(const char *shared)
{
    if (!strcmp(shared, "most"))
        return DEPTH;
    if (!strcmp(shared, "half"))
        return DEPTH / 2;
    if (!strcmp(shared, "nothing"))
        return 1;
    fprintf(stderr, "usage: folded_stacks most|half|nothing STACKS\n");
    exit(2);
}

int main(int argc, char **argv)
{
    size_t by_calls = frames_by_calls(argc == 3 ? argv[1] : ""), mask = 1;
    unsigned long left = strtoul(argv[2], NULL, 10);
    char(*names)[NAME_MAX_LENGTH] = xcalloc(NAMES, sizeof(*names));
    struct random random = {.state = 1};
    uint64_t *seen;

    while (mask < 2 * left)
        mask = mask * 2 + 1;
    seen = xcalloc(mask + 1, sizeof(*seen));
    for (uint32_t i = 0; i < NAMES; i++)
        make_name(names[i], i);
    while (left) {
        uint32_t stack[DEPTH];

        make_stack(&random, stack, by_calls);
        if (!is_new(seen, mask, stack))
            continue;
        put_stack(stack, names, 1 + below(&random, 20));
        left--;
    }
    free(seen);
    free(names);
    return 0;
}
