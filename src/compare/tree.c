#include "compare/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/saturate.h"
#include "base/xalloc.h"

/* ---- merging ---- */

struct merge {
    struct tree *tree;
    struct map children; /* parent, function -> node */
    size_t node_room, self_room;
};

static uint32_t add_node(struct merge *merge, uint32_t parent, function_id function)
{
    struct tree *tree = merge->tree;

    tree->nodes = xgrow(tree->nodes, &merge->node_room, tree->count + 1, sizeof(*tree->nodes));
    tree->self = xgrow(tree->self, &merge->self_room, tree->count + 1,
                       tree->columns * sizeof(*tree->self));
    tree->nodes[tree->count] = (struct tree_node){.parent = parent, .function = function};
    memset(tree->self + tree->count * tree->columns, 0, tree->columns * sizeof(*tree->self));
    return (uint32_t)tree->count++;
}

static uint32_t child(struct merge *merge, uint32_t parent, function_id function, bool inlined)
{
    uint32_t *node = map_at(&merge->children, (uint64_t)parent << 32 | function);

    if (*node == UINT32_MAX) {
        *node = add_node(merge, parent, function);
        merge->tree->nodes[*node].inlined = inlined;
    } else if (!inlined) {
        merge->tree->nodes[*node].inlined = false;
    }
    return *node;
}

/* Whether the frame is the split-off part of the function that called it. */
static bool is_part_of(const struct tree *tree, const struct view *view,
                       const struct view_node *nodes, size_t node, uint32_t parent,
                       function_id function)
{
    return parent && tree->nodes[parent].function == function &&
           view_name(view, nodes[nodes[node].parent].name)->text !=
               view_name(view, nodes[node].name)->text;
}

static void merge_run(struct merge *merge, const struct view *view, const uint32_t *raw_names,
                      int side, size_t column)
{
    struct tree *tree = merge->tree;
    size_t count;
    const struct view_node *nodes = view_nodes(view, &count);
    uint32_t *merged = xcalloc(count, sizeof(*merged));

    for (size_t i = 0; i < count; i++) {
        uint64_t *value;

        if (i) {
            uint32_t parent = merged[nodes[i].parent];
            function_id function = names_function(tree->names, side, raw_names[nodes[i].name]);

            bool inlined = view_name(view, nodes[i].name)->kind == FRAME_INLINE;

            merged[i] = is_part_of(tree, view, nodes, i, parent, function)
                            ? parent
                            : child(merge, parent, function, inlined);
        }
        value = &tree->self[merged[i] * tree->columns + column];
        *value = saturating_add(*value, nodes[i].self);
    }
    free(merged);
}

/* A walk in depth-first order with one counter a function, as in profile/top.c. */
static void mark_outermost(struct tree *tree)
{
    uint32_t *first_child = xcalloc(tree->count, sizeof(uint32_t));
    uint32_t *sibling = xcalloc(tree->count, sizeof(uint32_t));
    uint32_t *open = xcalloc((size_t)names_function_count(tree->names) + 1, sizeof(uint32_t));
    uint32_t at = 0;

    for (size_t i = tree->count; i-- > 1;) {
        sibling[i] = first_child[tree->nodes[i].parent];
        first_child[tree->nodes[i].parent] = (uint32_t)i;
    }
    for (;;) {
        if (first_child[at]) {
            at = first_child[at];
        } else {
            while (at && !sibling[at]) {
                at = tree->nodes[at].parent;
                if (at)
                    open[tree->nodes[at].function]--;
            }
            if (!at)
                break;
            at = sibling[at];
        }
        tree->nodes[at].outermost = !open[tree->nodes[at].function];
        if (first_child[at])
            open[tree->nodes[at].function]++;
    }
    free(first_child);
    free(sibling);
    free(open);
}

int tree_merge(struct tree *tree, struct view *const *views, const size_t runs[2],
               const struct name_rules *rules, struct error *err)
{
    struct merge merge = {.tree = tree};
    size_t columns = runs[0] + runs[1];
    uint32_t **raw_names = xcalloc(columns, sizeof(*raw_names));
    int failed;

    *tree = (struct tree){
        .names = names_new(rules), .runs = {runs[0], runs[1]}, .columns = columns};
    for (size_t i = 0; i < columns; i++) {
        uint32_t count = view_name_count(views[i]);

        raw_names[i] = xcalloc((size_t)count + 1, sizeof(uint32_t));
        for (name_id j = 0; j < count; j++)
            raw_names[i][j] = names_add(tree->names, i >= runs[0], view_text(views[i], j),
                                        view_text_length(views[i], j));
    }
    failed = names_pair(tree->names, err);
    add_node(&merge, 0, UINT32_MAX);
    for (size_t i = 0; i < columns; i++) {
        if (!failed)
            merge_run(&merge, views[i], raw_names[i], i >= runs[0], i);
        free(raw_names[i]);
    }
    free(raw_names);
    map_free(&merge.children);
    mark_outermost(tree);
    tree->total = xcalloc(tree->count * columns, sizeof(*tree->total));
    tree_totals(tree, tree->self, tree->total);
    return failed;
}

void tree_free(struct tree *tree)
{
    names_free(tree->names);
    free(tree->nodes);
    free(tree->self);
    free(tree->total);
    *tree = (struct tree){0};
}

/* ---- sums ---- */

static void add_row(uint64_t *into, const uint64_t *from, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        into[i] = saturating_add(into[i], from[i]);
}

void tree_totals(const struct tree *tree, const uint64_t *self, uint64_t *totals)
{
    size_t columns = tree->columns;

    memcpy(totals, self, tree->count * columns * sizeof(*totals));
    for (size_t i = tree->count; i-- > 1;)
        add_row(totals + tree->nodes[i].parent * columns, totals + i * columns, columns);
}

static uint64_t *function_rows(const struct tree *tree)
{
    return xcalloc((size_t)names_function_count(tree->names) * tree->columns + 1,
                   sizeof(uint64_t));
}

uint64_t *tree_self_of_functions(const struct tree *tree, const uint64_t *self)
{
    uint64_t *rows = function_rows(tree);
    size_t columns = tree->columns;

    for (size_t i = 1; i < tree->count; i++)
        add_row(rows + tree->nodes[i].function * columns, self + i * columns, columns);
    return rows;
}

uint32_t *tree_owners(const struct tree *tree)
{
    uint32_t *owners = xcalloc(tree->count, sizeof(*owners));

    for (uint32_t i = 1; i < tree->count; i++) {
        uint32_t parent = tree->nodes[i].parent;

        owners[i] = tree->nodes[i].inlined && parent ? owners[parent] : i;
    }
    return owners;
}

uint64_t *tree_own_of_functions(const struct tree *tree, const uint64_t *self)
{
    uint64_t *rows = function_rows(tree);
    uint32_t *owners = tree_owners(tree);
    size_t columns = tree->columns;

    for (size_t i = 1; i < tree->count; i++)
        add_row(rows + tree->nodes[owners[i]].function * columns, self + i * columns, columns);
    free(owners);
    return rows;
}

uint64_t *tree_total_of_functions(const struct tree *tree, const uint64_t *totals)
{
    uint64_t *rows = function_rows(tree);
    size_t columns = tree->columns;

    for (size_t i = 1; i < tree->count; i++)
        if (tree->nodes[i].outermost)
            add_row(rows + tree->nodes[i].function * columns, totals + i * columns, columns);
    return rows;
}
