#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

#include "profile/call_tree.h"

static struct call_tree *tree;

static void set_up(void)
{
    tree = call_tree_new();
}

static void tear_down(void)
{
    call_tree_free(tree);
}

TestSuite(call_tree, .init = set_up, .fini = tear_down);

Test(call_tree, stacks_share_their_outer_frames)
{
    node_id inner = call_tree_add(tree, (frame_id[]){1, 2, 3}, 3, 10);
    node_id outer = call_tree_add(tree, (frame_id[]){1, 2}, 2, 5);
    node_id other = call_tree_add(tree, (frame_id[]){2, 1}, 2, 1);
    size_t count;
    const struct call_node *nodes = call_tree_nodes(tree, &count);

    cr_expect(eq(sz, count, 6));
    cr_expect(eq(u32, nodes[inner].parent, outer));
    cr_expect(ne(u32, other, outer));
    cr_expect(eq(u64, call_tree_self(tree, inner), 10));
    cr_expect(eq(u32, call_tree_add(tree, (frame_id[]){1, 2, 3}, 3, 4), inner));
}

Test(call_tree, a_parent_has_a_smaller_number_than_its_children)
{
    size_t count;
    const struct call_node *nodes;

    srand(3);
    for (int i = 0; i < 20000; i++)
        call_tree_child(tree, (node_id)(rand() % (i / 2 + 1)), (frame_id)(rand() % 50));
    nodes = call_tree_nodes(tree, &count);
    cr_expect(gt(sz, count, 1000));
    for (size_t i = 1; i < count; i++)
        cr_expect(lt(u32, nodes[i].parent, (uint32_t)i));
}

Test(call_tree, totals_are_self_and_all_below)
{
    uint64_t totals[8];
    size_t count;
    node_id b, c;

    b = call_tree_add(tree, (frame_id[]){1, 2}, 2, 3);
    c = call_tree_add(tree, (frame_id[]){1, 2, 2}, 3, 4);
    call_tree_add(tree, (frame_id[]){1, 5}, 2, 7);
    call_tree_nodes(tree, &count);
    call_tree_totals(tree, totals, count);

    cr_expect(eq(u64, totals[0], 14));
    cr_expect(eq(u64, totals[b], 7));
    cr_expect(eq(u64, totals[c], 4));
}

Test(call_tree, without_its_index_the_same_children_are_found_again)
{
    node_id first = call_tree_child(tree, 0, 1), nodes[200];

    for (frame_id i = 0; i < 200; i++)
        nodes[i] = call_tree_child(tree, i % 2 ? first : 0, 10 + i);

    call_tree_drop_index(tree);

    for (frame_id i = 0; i < 200; i++)
        cr_expect(eq(u32, call_tree_child(tree, i % 2 ? first : 0, 10 + i), nodes[i]));
    cr_expect(eq(u32, call_tree_child(tree, first, 1000), 202));
}

Test(call_tree, paths_are_followed_to_the_root)
{
    size_t count;
    node_id ends[] = {call_tree_add(tree, (frame_id[]){1, 2, 3}, 3, 1),
                      call_tree_add(tree, (frame_id[]){1}, 1, 1), 0};

    call_tree_fetch_paths(call_tree_nodes(tree, &count), ends, 3);

    cr_expect(eq(u32, ends[0], 0));
    cr_expect(eq(u32, ends[1], 0));
    cr_expect(eq(u32, ends[2], 0));
}

Test(call_tree, sums_stay_at_the_largest_number)
{
    uint64_t totals[3];
    size_t count;
    node_id node = call_tree_add(tree, (frame_id[]){1}, 1, UINT64_MAX - 1);

    call_tree_weigh(tree, node, 5);
    call_tree_add(tree, (frame_id[]){2}, 1, 9);
    call_tree_nodes(tree, &count);
    call_tree_totals(tree, totals, count);

    cr_expect(eq(u64, totals[0], UINT64_MAX));
}

Test(call_tree, ten_thousand_frames_deep_is_no_trouble)
{
    frame_id frames[10000];
    uint64_t totals[10001];
    node_id node;

    for (frame_id i = 0; i < 10000; i++)
        frames[i] = i / 3;
    node = call_tree_add(tree, frames, 10000, 1);
    cr_assert(eq(u32, node, 10000));
    call_tree_totals(tree, totals, 10001);
    cr_expect(eq(u64, totals[0], 1));
}
