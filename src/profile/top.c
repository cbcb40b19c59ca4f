#include <stdlib.h>
#include <string.h>

#include "base/saturate.h"
#include "base/xalloc.h"
#include "profile/view.h"

/*
 * A function counts once in a stack, however often it recurs.  A node contributes its total to
 * its name unless an ancestor has the same name, in which case that ancestor has already
 * counted these samples.
 *
 * Whether an ancestor has it is answered by a walk over the tree in depth-first order with one
 * counter a name; children are linked by number first, as nodes know only their parents.
 */
static void add_totals(const struct view *view, struct top_entry *of_name)
{
    size_t count;
    const struct view_node *nodes = view_nodes(view, &count);
    uint32_t *first_child = xcalloc(count, sizeof(uint32_t));
    uint32_t *sibling = xcalloc(count, sizeof(uint32_t));
    uint32_t *open = xcalloc((size_t)view_name_count(view) + 1, sizeof(uint32_t));
    node_id at = 0;

    for (size_t i = count; i-- > 1;) {
        sibling[i] = first_child[nodes[i].parent];
        first_child[nodes[i].parent] = (uint32_t)i;
    }
    for (;;) {
        if (first_child[at]) {
            at = first_child[at];
        } else {
            while (at && !sibling[at]) {
                at = nodes[at].parent;
                if (at)
                    open[nodes[at].name]--;
            }
            if (!at)
                break;
            at = sibling[at];
        }
        if (!open[nodes[at].name])
            of_name[nodes[at].name].total =
                saturating_add(of_name[nodes[at].name].total, nodes[at].total);
        of_name[nodes[at].name].self =
            saturating_add(of_name[nodes[at].name].self, nodes[at].self);
        if (first_child[at])
            open[nodes[at].name]++;
    }
    free(first_child);
    free(sibling);
    free(open);
}

static int by_self(const void *a, const void *b)
{
    const struct top_entry *x = a, *y = b;

    if (x->self != y->self)
        return x->self < y->self ? 1 : -1;
    if (x->total != y->total)
        return x->total < y->total ? 1 : -1;
    return (x->function > y->function) - (x->function < y->function);
}

size_t profile_top(const struct profile *profile, size_t value, struct top_entry **entries)
{
    struct view *view = view_new(profile, &(struct view_options){
                                              .value = value,
                                              .processes = VIEW_PROCESSES_NEVER,
                                              .by_text = true,
                                          });
    uint32_t names = view_name_count(view);
    struct top_entry *of_name = xcalloc(names, sizeof(*of_name));

    for (name_id i = 0; i < names; i++)
        of_name[i].function = view_name(view, i)->text;
    add_totals(view, of_name);
    qsort(of_name, names, sizeof(*of_name), by_self);
    view_free(view);
    *entries = of_name;
    return names;
}
