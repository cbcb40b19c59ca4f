/* Who calls a function, what it calls, and the whole tree. */
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/saturate.h"
#include "base/xalloc.h"
#include "report/model.h"

static size_t match_names(const struct model *model, const char *wanted, bool *matches)
{
    size_t found = 0;

    for (name_id i = 0; i < view_name_count(model->view); i++)
        if (!strcmp(view_text(model->view, i), wanted)) {
            matches[i] = true;
            found++;
        }
    return found;
}

static int match_expression(const struct model *model, const char *wanted, bool *matches,
                            struct error *err)
{
    regex_t expression;
    char reason[128];
    size_t found = 0;
    int failed = regcomp(&expression, wanted, REG_EXTENDED | REG_NOSUB);

    if (failed) {
        regerror(failed, &expression, reason, sizeof(reason));
        return error_set(err, EINVAL, "%s is no regular expression: %s", wanted, reason);
    }
    for (name_id i = 0; i < view_name_count(model->view); i++)
        if (!regexec(&expression, view_text(model->view, i), 0, NULL, 0)) {
            matches[i] = true;
            found++;
        }
    regfree(&expression);
    if (found)
        return 0;
    error_set(err, ENOENT, "no function in this profile is named %s", wanted);
    error_hint(err, "a part of the name, or an extended regular expression, finds more");
    return -ENOENT;
}

int model_match(const struct model *model, const char *wanted, bool **matches,
                struct error *err)
{
    int failed = 0;

    *matches = xcalloc((size_t)view_name_count(model->view) + 1, sizeof(**matches));
    if (!match_names(model, wanted, *matches))
        failed = match_expression(model, wanted, *matches, err);
    if (failed) {
        free(*matches);
        *matches = NULL;
    }
    return failed;
}

/* Sums of the whole subtree for each node of the view, of one value type. */
static uint64_t *subtree_sums(const struct model *model, size_t type)
{
    size_t count;
    const struct view_node *nodes = view_nodes(model->view, &count);
    uint64_t *sums = xalloc(count * sizeof(*sums));

    for (size_t i = 0; i < count; i++) {
        uint64_t self = model->node_self[i * model->types + type];

        sums[i] = self == NOT_MEASURED ? 0 : self;
    }
    for (size_t i = count; i-- > 1;)
        sums[nodes[i].parent] = saturating_add(sums[nodes[i].parent], sums[i]);
    return sums;
}

void model_whole_tree(const struct model *model, struct model_tree *tree)
{
    const struct view_node *nodes = view_nodes(model->view, &tree->count);

    tree->nodes = xalloc(tree->count * sizeof(*tree->nodes));
    memcpy(tree->nodes, nodes, tree->count * sizeof(*nodes));
    tree->samples = model->samples == SIZE_MAX ? NULL : subtree_sums(model, model->samples);
}

/* Two trees that grow alike: one for the shown value, one for the samples. */
struct grown {
    struct call_tree *tree;
    uint64_t *samples; /* that end in the node */
    size_t room;
};

static void grown_weigh(struct grown *grown, node_id node, uint64_t value, uint64_t samples)
{
    size_t count, before = grown->room;

    call_tree_nodes(grown->tree, &count);
    grown->samples = xgrow(grown->samples, &grown->room, count, sizeof(*grown->samples));
    memset(grown->samples + before, 0, (grown->room - before) * sizeof(*grown->samples));
    call_tree_weigh(grown->tree, node, value);
    grown->samples[node] = saturating_add(grown->samples[node], samples);
}

static void grown_finish(struct grown *grown, bool with_samples, struct model_tree *tree)
{
    const struct call_node *nodes;

    grown_weigh(grown, 0, 0, 0); /* room for all nodes */
    nodes = call_tree_nodes(grown->tree, &tree->count);
    tree->nodes = xalloc(tree->count * sizeof(*tree->nodes));
    for (size_t i = 0; i < tree->count; i++)
        tree->nodes[i] = (struct view_node){.parent = nodes[i].parent,
                                            .name = i ? nodes[i].frame : UINT32_MAX,
                                            .self = call_tree_self(grown->tree, (node_id)i),
                                            .total = call_tree_self(grown->tree, (node_id)i)};
    for (size_t i = tree->count; i-- > 1;) {
        struct view_node *parent = &tree->nodes[tree->nodes[i].parent];
        uint64_t *samples = &grown->samples[tree->nodes[i].parent];

        parent->total = saturating_add(parent->total, tree->nodes[i].total);
        *samples = saturating_add(*samples, grown->samples[i]);
    }
    call_tree_free(grown->tree);
    tree->samples = with_samples ? grown->samples : NULL;
    if (!with_samples)
        free(grown->samples);
}

/* For each node, whether it or an outer one is wanted.  Parents come first. */
static bool *below_wanted(const struct model *model, const bool *wanted)
{
    size_t count;
    const struct view_node *nodes = view_nodes(model->view, &count);
    bool *below = xcalloc(count, sizeof(*below));

    for (size_t i = 1; i < count; i++)
        below[i] = below[nodes[i].parent] || wanted[nodes[i].name];
    return below;
}

enum { CALLER_DEPTH = 128 }; /* callers of callers: a bound for the memory of deep recursion */

void model_callers(const struct model *model, const bool *wanted, struct model_tree *tree)
{
    size_t count, type = model->samples == SIZE_MAX ? model->value : model->samples;
    const struct view_node *nodes = view_nodes(model->view, &count);
    uint64_t *samples = subtree_sums(model, type);
    bool *below = below_wanted(model, wanted);
    struct grown grown = {.tree = call_tree_new()};

    for (size_t i = 1; i < count; i++) {
        node_id at = 0, from = (node_id)i;

        /* The outermost one has all samples of the inner ones too. */
        if (!below[i] || below[nodes[i].parent])
            continue;
        for (int depth = 0; from && depth < CALLER_DEPTH; depth++, from = nodes[from].parent)
            at = call_tree_child(grown.tree, at, nodes[from].name);
        grown_weigh(&grown, at, nodes[i].total, samples[i]);
    }
    grown_finish(&grown, model->samples != SIZE_MAX, tree);
    free(samples);
    free(below);
}

void model_callees(const struct model *model, const bool *wanted, struct model_tree *tree)
{
    size_t count, type = model->samples == SIZE_MAX ? model->value : model->samples;
    const struct view_node *nodes = view_nodes(model->view, &count);
    bool *below = below_wanted(model, wanted);
    node_id *place = xcalloc(count, sizeof(*place));
    struct grown grown = {.tree = call_tree_new()};

    for (size_t i = 1; i < count; i++) {
        uint64_t samples = model->node_self[i * model->types + type];

        if (!below[i])
            continue;
        place[i] = call_tree_child(grown.tree, place[nodes[i].parent], nodes[i].name);
        grown_weigh(&grown, place[i], nodes[i].self, samples == NOT_MEASURED ? 0 : samples);
    }
    grown_finish(&grown, model->samples != SIZE_MAX, tree);
    free(place);
    free(below);
}

/* What is in the samples of a node and in none of its children. */
static uint64_t *own_samples(const struct model_tree *tree)
{
    uint64_t *own = xcalloc(tree->count, sizeof(*own));

    if (!tree->samples)
        return own;
    memcpy(own, tree->samples, tree->count * sizeof(*own));
    for (size_t i = 1; i < tree->count; i++) {
        uint64_t *parent = &own[tree->nodes[i].parent];

        *parent -= *parent < tree->samples[i] ? *parent : tree->samples[i]; /* saturated */
    }
    return own;
}

void model_tree_fold(struct model_tree *tree)
{
    struct grown grown = {.tree = call_tree_new()};
    node_id *place = xcalloc(tree->count, sizeof(*place));
    uint32_t *in_a_row = xcalloc(tree->count, sizeof(*in_a_row));
    uint32_t *times = xcalloc(tree->count, sizeof(*times)); /* of the fewer nodes that stay */
    uint64_t *own = own_samples(tree);
    struct model_tree folded = {.times = times};

    for (size_t i = 1; i < tree->count; i++) {
        const struct view_node *node = &tree->nodes[i];
        bool again = node->parent && tree->nodes[node->parent].name == node->name;

        place[i] = again ? place[node->parent]
                         : call_tree_child(grown.tree, place[node->parent], node->name);
        in_a_row[i] = again ? in_a_row[node->parent] + 1 : 1;
        if (times[place[i]] < in_a_row[i])
            times[place[i]] = in_a_row[i];
        grown_weigh(&grown, place[i], node->self, own[i]);
    }
    grown_finish(&grown, tree->samples != NULL, &folded);
    free(place);
    free(in_a_row);
    free(own);
    model_tree_free(tree);
    *tree = folded;
}

void model_tree_free(struct model_tree *tree)
{
    free(tree->nodes);
    free(tree->samples);
    free(tree->times);
    *tree = (struct model_tree){0};
}
