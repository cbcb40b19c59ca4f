#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/xalloc.h"
#include "session/gather.h"

static struct gather *gather;

static void tear_down(void)
{
    gather_free(gather);
}

TestSuite(gather, .fini = tear_down);

static uint64_t samples_of(const struct gather *g)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < g->stack_count; i++)
        sum += g->stacks[i].count;
    return sum;
}

Test(gather, the_same_place_is_one_location)
{
    struct dso a = {.id = 1}, b = {.id = 2};

    gather = gather_new(0);

    struct jit_function first = {.number = 1}, second = {.number = 2};
    struct location at = {.dso = &a, .offset = 0x10};
    struct location other[] = {
        {.dso = &a, .offset = 0x10, .is_return = true},
        {.dso = &b, .offset = 0x10},
        {.offset = 0x10},
        {.dso = &a, .offset = 0x10, .made = &first},
        {.dso = &a, .offset = 0x10, .made = &second},
        {.dso = &a, .offset = 0x10, .moment_ns = 1},
        {.dso = &a, .offset = 0x10, .moment_ns = 3ull * LOCATION_MOMENT_NS},
    };
    uint32_t place = gather_location(gather, &at), numbers[ARRAY_LENGTH(other)];

    cr_expect(eq(u32, gather_location(gather, &at), place));
    for (size_t i = 0; i < ARRAY_LENGTH(other); i++) {
        numbers[i] = gather_location(gather, &other[i]);
        cr_expect(ne(u32, numbers[i], place));
        for (size_t k = 0; k < i; k++)
            cr_expect(ne(u32, numbers[i], numbers[k]));
    }
}

Test(gather, stacks_with_other_labels_are_apart)
{
    gather = gather_new(0);

    uint32_t one = gather_labels(gather, &(struct gather_labels){.pid = 1, .tid = 1}, "a", "a");
    uint32_t two = gather_labels(gather, &(struct gather_labels){.pid = 1, .tid = 2}, "a", "b");
    uint32_t stack = gather_add(gather, 0, one, 10);

    cr_expect(ne(u32, one, two));
    cr_expect(ne(u32, gather_add(gather, 0, two, 10), stack));
    cr_expect(eq(u32, gather_add(gather, 0, one, 5), stack));
    cr_expect(eq(u64, gather->stacks[stack].count, 2));
    cr_expect(eq(u64, gather->stacks[stack].weight, 15));
}

/* A hot stack and very many cold ones below a common root. */
static void fill(size_t cold)
{
    uint32_t labels =
        gather_labels(gather, &(struct gather_labels){.pid = 1, .tid = 1}, "a", "a");
    node_id root = call_tree_child(gather->tree, 0, LOCATION_FIRST);
    node_id hot = call_tree_child(gather->tree, root, LOCATION_FIRST + 1);

    for (int i = 0; i < 100; i++)
        gather_moment(gather, (uint64_t)i, gather_add(gather, hot, labels, 1));
    for (uint32_t i = 0; i < cold; i++) {
        node_id node = call_tree_child(gather->tree, root, LOCATION_FIRST + 2 + i);

        node = call_tree_child(gather->tree, node, LOCATION_FIRST + 1);
        gather_moment(gather, 1000 + i, gather_add(gather, node, labels, 1));
    }
}

Test(gather, pruning_keeps_every_sample_and_what_is_hot)
{
    size_t nodes;
    bool hot_is_there = false;
    const struct call_node *tree;

    gather = gather_new(1000);
    fill(800);
    cr_expect(eq(u64, samples_of(gather), 900));

    cr_expect(gather_prune(gather));

    tree = call_tree_nodes(gather->tree, &nodes);
    cr_expect(le(sz, nodes, 500));
    cr_expect(eq(u64, samples_of(gather), 900));
    cr_expect(eq(u64, gather->quality.pruned, 800));
    for (size_t i = 0; i < gather->stack_count; i++)
        hot_is_there |= gather->stacks[i].count == 100 &&
                        tree[gather->stacks[i].node].frame == LOCATION_FIRST + 1;
    cr_expect(hot_is_there);
    for (size_t i = 0; i < gather->moment_count; i++)
        cr_assert(lt(u32, gather->moments[i].stack, gather->stack_count));
}

Test(gather, below_the_limit_nothing_is_pruned)
{
    gather = gather_new(1000);
    fill(100);

    cr_expect(not(gather_prune(gather)));
    cr_expect(eq(u64, gather->quality.pruned, 0));
}
