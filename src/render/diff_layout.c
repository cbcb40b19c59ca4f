#include "render/diff_layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct placing {
    const struct diff_picture *picture;
    double *width[2];      /* of each node, by share and by amount */
    uint32_t *order;       /* nodes grouped by parent, each group in the order of names */
    uint32_t *first_child; /* index into order; that of the next parent ends the group */
    size_t room;
};

static double larger(const double sides[2], const double scale[2])
{
    double before = sides[0] * scale[0], after = sides[1] * scale[1];

    return before > after ? before : after;
}

static void sum_widths(struct placing *placing)
{
    static const double one[2] = {1, 1};
    const struct diff_picture *picture = placing->picture;

    for (int by = 0; by < 2; by++) {
        placing->width[by] = xcalloc(picture->count, sizeof(double));
        for (size_t i = picture->count; i-- > 0;) {
            placing->width[by][i] +=
                larger(picture->nodes[i].self, by ? picture->amounts : one);
            if (i)
                placing->width[by][picture->nodes[i].parent] += placing->width[by][i];
        }
    }
}

static int by_name(const void *a, const void *b, void *nodes)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = strcmp(((const struct diff_node *)nodes)[x].name,
                       ((const struct diff_node *)nodes)[y].name);

    return order ? order : (x > y) - (x < y);
}

static void group_by_parent(struct placing *placing)
{
    const struct diff_node *nodes = placing->picture->nodes;
    size_t count = placing->picture->count;
    uint32_t *next;

    placing->order = xcalloc(count, sizeof(uint32_t));
    placing->first_child = xcalloc(count + 1, sizeof(uint32_t));
    for (size_t i = 1; i < count; i++)
        placing->first_child[nodes[i].parent + 1]++;
    for (size_t i = 0; i < count; i++)
        placing->first_child[i + 1] += placing->first_child[i];
    next = xalloc((count + 1) * sizeof(*next));
    memcpy(next, placing->first_child, (count + 1) * sizeof(*next));
    for (uint32_t i = 1; i < count; i++)
        placing->order[next[nodes[i].parent]++] = i;
    free(next);
    for (size_t i = 0; i < count; i++) {
        size_t size = placing->first_child[i + 1] - placing->first_child[i];

        if (size > 1)
            qsort_r(placing->order + placing->first_child[i], size, sizeof(uint32_t), by_name,
                    (void *)(uintptr_t)nodes);
    }
}

static void add_box(struct diff_layout *layout, struct placing *placing, uint32_t node,
                    uint32_t parent, double left)
{
    uint32_t level = layout->count ? layout->boxes[parent].level + 1 : 0;

    layout->boxes =
        xgrow(layout->boxes, &placing->room, layout->count + 1, sizeof(*layout->boxes));
    layout->boxes[layout->count++] = (struct diff_box){.node = node,
                                                       .parent = parent,
                                                       .level = level,
                                                       .left = left,
                                                       .width = placing->width[0][node],
                                                       .amount_width = placing->width[1][node]};
    layout->levels = level + 1;
}

static void place_children(struct diff_layout *layout, struct placing *placing, uint32_t box,
                           double narrowest)
{
    uint32_t node = layout->boxes[box].node;
    double left = layout->boxes[box].left;

    for (uint32_t i = placing->first_child[node]; i < placing->first_child[node + 1]; i++) {
        uint32_t child = placing->order[i];

        if (placing->width[0][child] < narrowest || placing->width[0][child] <= 0)
            continue;
        add_box(layout, placing, child, box, left);
        left += placing->width[0][child];
    }
}

void diff_layout(struct diff_layout *layout, const struct diff_picture *picture,
                 double narrowest)
{
    struct placing placing = {.picture = picture};

    *layout = (struct diff_layout){0};
    sum_widths(&placing);
    group_by_parent(&placing);
    add_box(layout, &placing, 0, 0, 0);
    for (uint32_t i = 0; i < layout->count; i++)
        place_children(layout, &placing, i, narrowest * placing.width[0][0]);
    layout->hidden = picture->count - layout->count;
    free(placing.width[0]);
    free(placing.width[1]);
    free(placing.order);
    free(placing.first_child);
}

void diff_layout_free(struct diff_layout *layout)
{
    free(layout->boxes);
    *layout = (struct diff_layout){0};
}
