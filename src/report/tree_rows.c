#include <stdlib.h>
#include <string.h>

#include "base/saturate.h"
#include "base/xalloc.h"
#include "report/writers.h"

struct order {
    const struct model *model;
    const struct model_tree *tree;
};

static int by_total(const void *a, const void *b, void *data)
{
    const node_id *x = a, *y = b;
    const struct order *order = data;
    const struct view_node *p = &order->tree->nodes[*x], *q = &order->tree->nodes[*y];
    int names;

    if (p->total != q->total)
        return p->total < q->total ? 1 : -1;
    if (p->name == q->name || *x == 0 || *y == 0)
        return (*x > *y) - (*x < *y);
    names =
        strcmp(view_text(order->model->view, p->name), view_text(order->model->view, q->name));
    return names ? names : (*x > *y) - (*x < *y);
}

/* A parent comes before its children also when their totals are equal: by its number. */
static int parents_first(const void *a, const void *b, void *data)
{
    const node_id *x = a, *y = b;
    const struct order *order = data;
    const struct view_node *nodes = order->tree->nodes;

    if (nodes[*x].total != nodes[*y].total)
        return nodes[*x].total < nodes[*y].total ? 1 : -1;
    return (*x > *y) - (*x < *y);
}

/* The chosen nodes as lists of children, largest child first. */
struct chosen {
    node_id *nodes;
    size_t count;
    uint32_t *first_child, *sibling; /* by node; 0: none */
    bool *shown;
};

static void choose(const struct order *order, size_t top, struct chosen *chosen)
{
    const struct model_tree *tree = order->tree;

    chosen->nodes = xalloc(tree->count * sizeof(*chosen->nodes));
    chosen->first_child = xcalloc(tree->count, sizeof(uint32_t));
    chosen->sibling = xcalloc(tree->count, sizeof(uint32_t));
    chosen->shown = xcalloc(tree->count, sizeof(bool));
    for (size_t i = 1; i < tree->count; i++)
        if (tree->nodes[i].total)
            chosen->nodes[chosen->count++] = (node_id)i;
    qsort_r(chosen->nodes, chosen->count, sizeof(*chosen->nodes), parents_first,
            (void *)(uintptr_t)order);
    if (chosen->count > top)
        chosen->count = top;
    qsort_r(chosen->nodes, chosen->count, sizeof(*chosen->nodes), by_total,
            (void *)(uintptr_t)order);
    for (size_t i = chosen->count; i-- > 0;) {
        node_id node = chosen->nodes[i], parent = tree->nodes[node].parent;

        chosen->shown[node] = true;
        chosen->sibling[node] = chosen->first_child[parent];
        chosen->first_child[parent] = node;
    }
}

static void walk(const struct model_tree *tree, const struct chosen *chosen,
                 struct tree_row *rows, uint32_t *row_of)
{
    size_t count = 0, depth = 0;
    node_id at = chosen->first_child[0];

    while (at) {
        row_of[at] = (uint32_t)count;
        rows[count++] = (struct tree_row){.node = at, .depth = depth};
        if (chosen->first_child[at]) {
            at = chosen->first_child[at];
            depth++;
            continue;
        }
        while (at && !chosen->sibling[at]) {
            at = tree->nodes[at].parent;
            depth--;
        }
        at = at ? chosen->sibling[at] : 0;
    }
}

static void count_hidden(const struct model_tree *tree, const struct chosen *chosen,
                         struct tree_row *rows, const uint32_t *row_of)
{
    for (size_t i = 1; i < tree->count; i++) {
        node_id parent = tree->nodes[i].parent;
        struct tree_row *row;

        if (chosen->shown[i] || !parent || !chosen->shown[parent] || !tree->nodes[i].total)
            continue;
        row = &rows[row_of[parent]];
        row->hidden++;
        row->hidden_total = saturating_add(row->hidden_total, tree->nodes[i].total);
    }
}

size_t tree_rows(const struct model *model, const struct model_tree *tree, size_t top,
                 struct tree_row **rows)
{
    struct order order = {.model = model, .tree = tree};
    struct chosen chosen = {0};
    uint32_t *row_of = xcalloc(tree->count, sizeof(*row_of));

    choose(&order, top, &chosen);
    *rows = xcalloc(chosen.count + 1, sizeof(**rows));
    walk(tree, &chosen, *rows, row_of);
    count_hidden(tree, &chosen, *rows, row_of);
    free(chosen.nodes);
    free(chosen.first_child);
    free(chosen.sibling);
    free(chosen.shown);
    free(row_of);
    return chosen.count;
}
