#include "render/flame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/saturate.h"
#include "base/xalloc.h"

struct flame {
    struct flame_box *boxes;
    size_t count;
    uint32_t levels, deepest;
    uint64_t hidden_frames, hidden_weight;
};

/* The children that are shown, of all nodes in one row: those of node n stand from first[n]
 * up to first[n + 1]. */
struct children {
    uint32_t *first;
    node_id *nodes;
    size_t count;
};

static void find_children(struct children *children, const struct view_node *nodes,
                          size_t count, uint64_t least)
{
    children->first = xcalloc(count + 2, sizeof(*children->first));
    for (size_t i = 1; i < count; i++)
        if (nodes[i].total >= least) {
            /* Two places ahead: filling moves each start to its end, which is the next start.
             */
            children->first[nodes[i].parent + 2]++;
            children->count++;
        }
    for (size_t i = 2; i < count + 2; i++)
        children->first[i] += children->first[i - 1];
    children->nodes = xalloc((children->count + 1) * sizeof(*children->nodes));
    for (size_t i = 1; i < count; i++)
        if (nodes[i].total >= least)
            children->nodes[children->first[nodes[i].parent + 1]++] = (node_id)i;
}

static int by_name(const void *a, const void *b, void *data)
{
    const struct view *view = data;
    size_t count;
    const struct view_node *nodes = view_nodes(view, &count);
    name_id x = nodes[*(const node_id *)a].name, y = nodes[*(const node_id *)b].name;
    int order = strcmp(view_text(view, x), view_text(view, y));

    return order ? order : (int)view_name(view, x)->kind - (int)view_name(view, y)->kind;
}

/* Puts the children of boxes[at] behind the boxes there are. */
static void place_children(struct flame *flame, const struct view_node *nodes,
                           const struct children *children, uint32_t at)
{
    struct flame_box *box = &flame->boxes[at];
    const node_id *child = children->nodes + children->first[box->node];
    uint32_t count = children->first[box->node + 1] - children->first[box->node];
    uint64_t left = box->left, end = saturating_add(box->left, box->width);

    if (box->level + 1 >= flame->deepest)
        count = 0;
    box->first_child = (uint32_t)flame->count;
    box->child_count = count;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t width = nodes[child[i]].total;

        if (width > end - left) /* sums that stopped at 2^64 */
            width = end - left;
        flame->boxes[flame->count++] = (struct flame_box){.node = child[i],
                                                          .level = box->level + 1,
                                                          .parent = at,
                                                          .left = left,
                                                          .width = width};
        left += width;
    }
    if (count && box->level + 2 > flame->levels)
        flame->levels = box->level + 2;
}

static void count_hidden(struct flame *flame, const struct view_node *nodes, size_t count)
{
    uint32_t *box_of = xalloc(count * sizeof(*box_of));

    memset(box_of, 0xff, count * sizeof(*box_of));
    for (size_t i = 0; i < flame->count; i++)
        box_of[flame->boxes[i].node] = (uint32_t)i;
    for (size_t i = 1; i < count; i++) {
        uint32_t parent = box_of[nodes[i].parent];

        if (box_of[i] != UINT32_MAX || !nodes[i].total)
            continue;
        flame->hidden_frames++;
        if (parent == UINT32_MAX)
            continue;
        flame->boxes[parent].hidden++;
        flame->boxes[parent].hidden_width =
            saturating_add(flame->boxes[parent].hidden_width, nodes[i].total);
        flame->hidden_weight = saturating_add(flame->hidden_weight, nodes[i].total);
    }
    free(box_of);
}

struct flame *flame_new(const struct view *view, const struct flame_options *options)
{
    struct flame *flame = xcalloc(1, sizeof(*flame));
    struct children children = {0};
    size_t count;
    const struct view_node *nodes = view_nodes(view, &count);
    double least = ceil(options->narrowest * (double)nodes[0].total);
    uint64_t frames, weight,
        least_weight = least < 1         ? 1
                       : least >= 0x1p64 ? UINT64_MAX
                                         : (uint64_t)least;

    find_children(&children, nodes, count, least_weight);
    flame->boxes = xalloc((children.count + 1) * sizeof(*flame->boxes));
    flame->boxes[0] = (struct flame_box){.width = nodes[0].total};
    flame->count = 1;
    flame->levels = 1;
    flame->deepest = options->deepest ? options->deepest : UINT32_MAX;
    for (size_t at = 0; at < flame->count; at++) {
        node_id node = flame->boxes[at].node;

        qsort_r(children.nodes + children.first[node],
                children.first[node + 1] - children.first[node], sizeof(node_id), by_name,
                (void *)(uintptr_t)view);
        place_children(flame, nodes, &children, (uint32_t)at);
    }
    count_hidden(flame, nodes, count);
    view_left_out(view, &frames, &weight);
    flame->hidden_frames += frames;
    flame->hidden_weight = saturating_add(flame->hidden_weight, weight);
    free(children.first);
    free(children.nodes);
    return flame;
}

void flame_free(struct flame *flame)
{
    if (!flame)
        return;
    free(flame->boxes);
    free(flame);
}

const struct flame_box *flame_boxes(const struct flame *flame, size_t *count)
{
    *count = flame->count;
    return flame->boxes;
}

uint32_t flame_levels(const struct flame *flame)
{
    return flame->levels;
}

uint64_t flame_whole(const struct flame *flame)
{
    return flame->boxes[0].width;
}

uint64_t flame_hidden_frames(const struct flame *flame)
{
    return flame->hidden_frames;
}

uint64_t flame_hidden_weight(const struct flame *flame)
{
    return flame->hidden_weight;
}
