#include "profile/call_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/saturate.h"
#include "base/xalloc.h"

/*
 * Most nodes have one child.  That one is found through `first_child`; only the second and
 * later children of a node are in the index, which so is small enough for the caches.
 *
 * The index holds node numbers; 0 is "empty", as the root is nobody's child.  The key, parent
 * and frame, is read from the node itself, which mostly costs a cache miss: the hash beside the
 * number keeps us from looking at nodes that it cannot be, and at any when the index grows.
 */
struct slot {
    node_id node;
    uint32_t hash;
};

struct call_tree {
    struct call_node *nodes;
    size_t count, room;
    uint64_t *selfs; /* NULL until something is weighed */
    size_t self_count, self_room;
    struct slot *slots;
    size_t mask, indexed;
};

struct call_tree *call_tree_new(void)
{
    struct call_tree *tree = xcalloc(1, sizeof(*tree));

    tree->mask = 63;
    tree->slots = xcalloc(tree->mask + 1, sizeof(*tree->slots));
    tree->nodes = xgrow(NULL, &tree->room, 16, sizeof(*tree->nodes));
    tree->nodes[0] = (struct call_node){0};
    tree->count = 1;
    return tree;
}

void call_tree_free(struct call_tree *tree)
{
    if (!tree)
        return;
    free(tree->nodes);
    free(tree->selfs);
    free(tree->slots);
    free(tree);
}

static uint32_t hash_child(node_id parent, frame_id frame)
{
    return (uint32_t)hash_u64((uint64_t)parent << 32 | frame);
}

static void put(struct call_tree *tree, struct slot slot)
{
    size_t i = slot.hash & tree->mask;

    while (tree->slots[i].node)
        i = (i + 1) & tree->mask;
    tree->slots[i] = slot;
}

static void grow(struct call_tree *tree)
{
    struct slot *old = tree->slots;
    size_t count = tree->mask + 1;

    tree->mask = tree->mask * 2 + 1;
    tree->slots = xcalloc(tree->mask + 1, sizeof(*tree->slots));
    for (size_t i = 0; i < count; i++)
        if (old[i].node)
            put(tree, old[i]);
    free(old);
}

static node_id find_later_child(const struct call_tree *tree, node_id parent, frame_id frame,
                                uint32_t hash)
{
    size_t i = hash & tree->mask;
    node_id node;

    while ((node = tree->slots[i].node) != 0) {
        if (tree->slots[i].hash == hash && tree->nodes[node].parent == parent &&
            tree->nodes[node].frame == frame)
            break;
        i = (i + 1) & tree->mask;
    }
    return node;
}

static node_id new_node(struct call_tree *tree, node_id parent, frame_id frame)
{
    node_id node = (node_id)tree->count++;

    if (tree->count > tree->room)
        tree->nodes = xgrow(tree->nodes, &tree->room, tree->count, sizeof(*tree->nodes));
    tree->nodes[node] = (struct call_node){.parent = parent, .frame = frame};
    return node;
}

static void make_index(struct call_tree *tree)
{
    tree->slots = xcalloc(tree->mask + 1, sizeof(*tree->slots));
    for (size_t i = 1; i < tree->count; i++) {
        const struct call_node *node = &tree->nodes[i];

        if (tree->nodes[node->parent].first_child != i)
            put(tree, (struct slot){.node = (node_id)i,
                                    .hash = hash_child(node->parent, node->frame)});
    }
}

void call_tree_drop_index(struct call_tree *tree)
{
    free(tree->slots);
    tree->slots = NULL;
}

node_id call_tree_child(struct call_tree *tree, node_id parent, frame_id frame)
{
    node_id node = tree->nodes[parent].first_child;
    uint32_t hash;

    if (!node) {
        node = new_node(tree, parent, frame);
        return tree->nodes[parent].first_child = node;
    }
    if (tree->nodes[node].frame == frame)
        return node;
    if (!tree->slots)
        make_index(tree);
    hash = hash_child(parent, frame);
    node = find_later_child(tree, parent, frame, hash);
    if (node)
        return node;
    node = new_node(tree, parent, frame);
    put(tree, (struct slot){.node = node, .hash = hash});
    if (++tree->indexed * 3 > tree->mask * 2)
        grow(tree);
    return node;
}

node_id call_tree_find_child(const struct call_tree *tree, node_id parent, frame_id frame)
{
    node_id node = tree->nodes[parent].first_child;

    if (!node || tree->nodes[node].frame == frame)
        return node;
    return find_later_child(tree, parent, frame, hash_child(parent, frame));
}

void call_tree_prefetch_child(const struct call_tree *tree, node_id parent, frame_id frame)
{
    __builtin_prefetch(&tree->nodes[tree->nodes[parent].first_child]);
    __builtin_prefetch(&tree->slots[hash_child(parent, frame) & tree->mask]);
}

void call_tree_weigh(struct call_tree *tree, node_id node, uint64_t weight)
{
    if (node >= tree->self_count) {
        size_t known = tree->self_count;

        tree->selfs = xgrow(tree->selfs, &tree->self_room, tree->count, sizeof(*tree->selfs));
        memset(tree->selfs + known, 0, (tree->count - known) * sizeof(*tree->selfs));
        tree->self_count = tree->count;
    }
    tree->selfs[node] = saturating_add(tree->selfs[node], weight);
}

node_id call_tree_add(struct call_tree *tree, const frame_id *frames, size_t depth,
                      uint64_t weight)
{
    node_id node = 0;

    for (size_t i = 0; i < depth; i++)
        node = call_tree_child(tree, node, frames[i]);
    call_tree_weigh(tree, node, weight);
    return node;
}

const struct call_node *call_tree_nodes(const struct call_tree *tree, size_t *count)
{
    *count = tree->count;
    return tree->nodes;
}

void call_tree_fetch_paths(const struct call_node *nodes, node_id *ends, size_t count)
{
    node_id inside;

    /* A step outwards on all of them: none waits for the memory of another. */
    do {
        inside = 0;
        for (size_t i = 0; i < count; i++)
            inside |= ends[i] = nodes[ends[i]].parent;
    } while (inside);
}

uint64_t call_tree_self(const struct call_tree *tree, node_id node)
{
    return node < tree->self_count ? tree->selfs[node] : 0;
}

void call_tree_totals(const struct call_tree *tree, uint64_t *totals, size_t count)
{
    for (size_t i = 0; i < count; i++)
        totals[i] = call_tree_self(tree, (node_id)i);
    for (size_t i = count; i-- > 1;) {
        uint64_t *parent = &totals[tree->nodes[i].parent];

        *parent = saturating_add(*parent, totals[i]);
    }
}
