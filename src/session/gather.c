#include "session/gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/saturate.h"
#include "base/xalloc.h"

enum {
    NODES_DEFAULT = 1000000,
    LABELS_MOST = 1 << 16, /* beyond: threads of a process share one */
    MOMENTS_MOST = 1 << 24
};

struct gather *gather_new(size_t max_nodes)
{
    struct gather *gather = xcalloc(1, sizeof(*gather));

    gather->tree = call_tree_new();
    gather->texts = strings_new();
    gather->max_nodes = max_nodes ? max_nodes : NODES_DEFAULT;
    gather->locations = xgrow(NULL, &gather->location_room, 64, sizeof(*gather->locations));
    memset(gather->locations, 0, LOCATION_FIRST * sizeof(*gather->locations));
    gather->location_count = LOCATION_FIRST;
    return gather;
}

void gather_free(struct gather *gather)
{
    if (!gather)
        return;
    call_tree_free(gather->tree);
    strings_free(gather->texts);
    free(gather->locations);
    map_free(&gather->location_index);
    free(gather->stacks);
    map_free(&gather->stack_index);
    free(gather->labels);
    map_free(&gather->label_index);
    free(gather->moments);
    free(gather);
}

/* Offsets are below 2^48 but for the kernel's addresses, whose upper bits are all one; dsos are
 * few.  So the key is exact while there are fewer than 2^15 dsos, and collisions beyond that
 * are told apart by looking at the location. */
static uint64_t moment_of(const struct location *location)
{
    return location->moment_ns / LOCATION_MOMENT_NS;
}

static uint64_t location_key(const struct location *location)
{
    uint64_t id = location->dso ? location->dso->id + 1 : 0;
    uint64_t key = (location->offset << 1 | location->is_return) ^ id << 49;

    if (location->made)
        return hash_u64(key + location->made->number);
    return location->moment_ns ? hash_u64(key ^ moment_of(location) << 32) : key;
}

static bool same_location(const struct location *a, const struct location *b)
{
    return a->dso == b->dso && a->offset == b->offset && a->is_return == b->is_return &&
           a->made == b->made && moment_of(a) == moment_of(b);
}

uint32_t gather_location(struct gather *gather, const struct location *location)
{
    uint64_t key = location_key(location);
    uint32_t *index;

    for (;;) {
        index = map_at(&gather->location_index, key);
        if (*index == UINT32_MAX)
            break;
        if (same_location(&gather->locations[*index], location))
            return *index;
        key = hash_u64(key);
    }
    gather->locations = xgrow(gather->locations, &gather->location_room,
                              gather->location_count + 1, sizeof(*gather->locations));
    gather->locations[gather->location_count] = *location;
    return *index = (uint32_t)gather->location_count++;
}

uint32_t gather_labels(struct gather *gather, const struct gather_labels *wanted,
                       const char *process, const char *thread)
{
    struct gather_labels labels = *wanted;
    uint64_t key;
    uint32_t *index;

    if (gather->label_count >= LABELS_MOST) {
        labels.tid = 0;
        thread = process;
    }
    labels.process = strings_add(gather->texts, process, strlen(process));
    labels.thread = strings_add(gather->texts, thread, strlen(thread));
    key = hash_u64(hash_u64((uint64_t)labels.pid << 32 | (uint32_t)labels.tid) +
                   ((uint64_t)labels.process << 32 | labels.thread) + labels.event);
    for (;;) {
        const struct gather_labels *at;

        index = map_at(&gather->label_index, key);
        if (*index == UINT32_MAX)
            break;
        at = &gather->labels[*index];
        if (at->pid == labels.pid && at->tid == labels.tid && at->process == labels.process &&
            at->thread == labels.thread && at->event == labels.event)
            return *index;
        key = hash_u64(key);
    }
    gather->labels = xgrow(gather->labels, &gather->label_room, gather->label_count + 1,
                           sizeof(*gather->labels));
    gather->labels[gather->label_count] = labels;
    *index = (uint32_t)gather->label_count++;
    return *index;
}

static uint32_t add_to_stack(struct gather *gather, node_id node, uint32_t labels,
                             uint64_t count, uint64_t weight)
{
    uint32_t *index = map_at(&gather->stack_index, (uint64_t)node << 32 | labels);

    if (*index == UINT32_MAX) {
        gather->stacks = xgrow(gather->stacks, &gather->stack_room, gather->stack_count + 1,
                               sizeof(*gather->stacks));
        gather->stacks[gather->stack_count] =
            (struct gather_stack){.node = node, .labels = labels};
        *index = (uint32_t)gather->stack_count++;
    }
    gather->stacks[*index].count += count;
    gather->stacks[*index].weight = saturating_add(gather->stacks[*index].weight, weight);
    return *index;
}

uint32_t gather_add(struct gather *gather, node_id node, uint32_t labels, uint64_t weight)
{
    gather->samples++;
    return add_to_stack(gather, node, labels, 1, weight);
}

void gather_moment(struct gather *gather, uint64_t time_ns, uint32_t stack)
{
    if (gather->moment_count >= MOMENTS_MOST)
        return;
    gather->moments = xgrow(gather->moments, &gather->moment_room, gather->moment_count + 1,
                            sizeof(*gather->moments));
    gather->moments[gather->moment_count++] =
        (struct gather_moment){.time_ns = time_ns, .stack = stack};
}

/* ---- pruning ---- */

/* Samples below each node. */
static uint64_t *totals_of(const struct gather *gather, const struct call_node *nodes,
                           size_t count)
{
    uint64_t *totals = xcalloc(count, sizeof(*totals));

    for (size_t i = 0; i < gather->stack_count; i++)
        totals[gather->stacks[i].node] += gather->stacks[i].count;
    for (size_t i = count; i-- > 1;)
        totals[nodes[i].parent] += totals[i];
    return totals;
}

/* The smallest total that at most `keep` nodes reach.  Small totals are the many: they are
 * counted one by one, the rest stays in any case. */
static uint64_t threshold_for(const uint64_t *totals, size_t count, size_t keep)
{
    enum { COUNTED = 1 << 16 };
    uint32_t *with_total = xcalloc(COUNTED, sizeof(*with_total));
    size_t left = count;
    uint64_t threshold = 0;

    for (size_t i = 0; i < count; i++)
        if (totals[i] < COUNTED)
            with_total[totals[i]]++;
    while (left > keep && threshold < COUNTED)
        left -= with_total[threshold++];
    free(with_total);
    return threshold;
}

bool gather_prune(struct gather *gather)
{
    size_t count;
    const struct call_node *nodes = call_tree_nodes(gather->tree, &count);
    struct call_tree *smaller;
    struct gather_stack *old_stacks = gather->stacks;
    size_t old_count = gather->stack_count;
    uint32_t *moved;
    uint64_t *totals, threshold;
    node_id *places;

    if (count <= gather->max_nodes)
        return false;
    totals = totals_of(gather, nodes, count);
    threshold = threshold_for(totals, count, gather->max_nodes / 2);
    smaller = call_tree_new();
    places = xcalloc(count, sizeof(*places));
    for (size_t i = 1; i < count; i++) {
        node_id parent = places[nodes[i].parent];

        if (totals[i] >= threshold)
            places[i] = call_tree_child(smaller, parent, nodes[i].frame);
        else if (totals[nodes[i].parent] >= threshold || !nodes[i].parent)
            places[i] = call_tree_child(smaller, parent, LOCATION_PRUNED);
        else
            places[i] = parent; /* already below a [pruned] */
    }
    moved = xcalloc(old_count, sizeof(*moved));
    gather->stacks = NULL;
    gather->stack_count = gather->stack_room = 0;
    map_free(&gather->stack_index);
    for (size_t i = 0; i < old_count; i++) {
        const struct gather_stack *old = &old_stacks[i];

        if (totals[old->node] < threshold && nodes[old->node].frame != LOCATION_PRUNED)
            gather->quality.pruned += old->count;
        moved[i] =
            add_to_stack(gather, places[old->node], old->labels, old->count, old->weight);
    }
    for (size_t i = 0; i < gather->moment_count; i++)
        gather->moments[i].stack = moved[gather->moments[i].stack];
    call_tree_free(gather->tree);
    gather->tree = smaller;
    free(old_stacks);
    free(moved);
    free(places);
    free(totals);
    return true;
}
