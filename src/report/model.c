#include "report/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/text.h"
#include "base/xalloc.h"

/* NOT_MEASURED gives way to a number, and a sum never becomes NOT_MEASURED. */
static uint64_t add(uint64_t sum, uint64_t value)
{
    if (value == NOT_MEASURED)
        return sum;
    if (sum == NOT_MEASURED)
        return value;
    return value > NOT_MEASURED - 1 - sum ? NOT_MEASURED - 1 : sum + value;
}

static void add_all(uint64_t *sums, const uint64_t *values, size_t types)
{
    for (size_t i = 0; i < types; i++)
        sums[i] = add(sums[i], values[i]);
}

static uint64_t *nothing_measured(size_t count)
{
    uint64_t *sums = xalloc((count ? count : 1) * sizeof(*sums));

    memset(sums, 0xff, count * sizeof(*sums));
    return sums;
}

/* What was not measured sorts behind everything. */
static uint64_t rank(uint64_t value)
{
    return value + 1;
}

static int descending(uint64_t a, uint64_t b)
{
    return (rank(a) < rank(b)) - (rank(a) > rank(b));
}

/* ---- self and total of what nodes stand for ---- */

/*
 * A forest of nodes of which each has a key; several nodes may have the same.  What recurs in a
 * stack counts once in the total of its key, at its outermost node.
 */
struct keyed {
    size_t count, keys, types;
    const node_id *parent; /* smaller than the node's own number */
    const uint32_t *key;   /* UINT32_MAX: none */
    const uint64_t *self;  /* `types` a node */
    uint64_t *of_key;      /* result: for each key `types` self, then `types` total */
};

static uint64_t *with_descendants(const struct keyed *keyed)
{
    size_t types = keyed->types;
    uint64_t *totals = xalloc(keyed->count * types * sizeof(*totals));

    memcpy(totals, keyed->self, keyed->count * types * sizeof(*totals));
    for (size_t i = keyed->count; i-- > 1;)
        add_all(totals + keyed->parent[i] * types, totals + i * types, types);
    return totals;
}

static void count_node(const struct keyed *keyed, const uint64_t *totals, size_t node,
                       bool outermost)
{
    size_t types = keyed->types;
    uint64_t *sums;

    if (keyed->key[node] == UINT32_MAX)
        return;
    sums = keyed->of_key + keyed->key[node] * types * 2;
    add_all(sums, keyed->self + node * types, types);
    if (outermost)
        add_all(sums + types, totals + node * types, types);
}

/* A walk in depth-first order with a counter for each key says whether it is open already. */
static void sum_by_key(struct keyed *keyed)
{
    uint64_t *totals = with_descendants(keyed);
    uint32_t *first_child = xcalloc(keyed->count, sizeof(uint32_t));
    uint32_t *sibling = xcalloc(keyed->count, sizeof(uint32_t));
    uint32_t *open = xcalloc(keyed->keys + 1, sizeof(uint32_t));
    node_id at = 0;

    keyed->of_key = nothing_measured(keyed->keys * keyed->types * 2);
    for (size_t i = keyed->count; i-- > 1;) {
        sibling[i] = first_child[keyed->parent[i]];
        first_child[keyed->parent[i]] = (uint32_t)i;
    }
    for (;;) {
        if (first_child[at]) {
            at = first_child[at];
        } else {
            /* A leaf never opened its key, so leaving starts at the first parent. */
            while (at && !sibling[at]) {
                at = keyed->parent[at];
                if (at && keyed->key[at] != UINT32_MAX)
                    open[keyed->key[at]]--;
            }
            if (!at)
                break;
            at = sibling[at];
        }
        count_node(keyed, totals, at, keyed->key[at] == UINT32_MAX || !open[keyed->key[at]]);
        if (first_child[at] && keyed->key[at] != UINT32_MAX)
            open[keyed->key[at]]++;
    }
    free(totals);
    free(first_child);
    free(sibling);
    free(open);
}

/* ---- functions ---- */

static int by_self_then_name(const void *a, const void *b, void *data)
{
    const struct model_function *x = a, *y = b;
    const struct model *model = data;
    int order = descending(x->self[model->value], y->self[model->value]);

    if (!order)
        order = descending(x->total[model->value], y->total[model->value]);
    return order ? order
                 : strcmp(view_text(model->view, x->name), view_text(model->view, y->name));
}

/* A function in which no stack ends has spent nothing itself: 0, where others were measured. */
static void fill_missing_self(const struct model *model, uint64_t *of_key, const bool *ends)
{
    size_t count;
    const struct view_node *nodes = view_nodes(model->view, &count);
    uint32_t names = view_name_count(model->view);
    bool *has_self = xcalloc((size_t)names + 1, sizeof(*has_self));

    for (size_t i = 1; i < count; i++)
        has_self[nodes[i].name] |= ends[i];
    for (name_id i = 0; i < names; i++)
        for (size_t t = 0; t < model->types; t++)
            if (!has_self[i] && of_key[(i * 2 + 1) * model->types + t] != NOT_MEASURED)
                of_key[i * 2 * model->types + t] = 0;
    free(has_self);
}

static void fill_functions(struct model *model, const bool *ends)
{
    size_t count;
    const struct view_node *nodes = view_nodes(model->view, &count);
    node_id *parent = xalloc(count * sizeof(*parent));
    uint32_t *key = xalloc(count * sizeof(*key));
    struct keyed keyed = {.count = count,
                          .keys = view_name_count(model->view),
                          .types = model->types,
                          .parent = parent,
                          .key = key,
                          .self = model->node_self};

    for (size_t i = 0; i < count; i++) {
        parent[i] = nodes[i].parent;
        key[i] = nodes[i].name;
    }
    sum_by_key(&keyed);
    fill_missing_self(model, keyed.of_key, ends);
    model->function_sums = keyed.of_key;
    model->functions = xcalloc(keyed.keys + 1, sizeof(*model->functions));
    for (name_id i = 0; i < keyed.keys; i++) {
        const uint64_t *sums = keyed.of_key + i * model->types * 2;

        if (sums[model->types + model->value] != NOT_MEASURED) /* else of other events */
            model->functions[model->function_count++] =
                (struct model_function){.name = i, .self = sums, .total = sums + model->types};
    }
    qsort_r(model->functions, model->function_count, sizeof(*model->functions),
            by_self_then_name, model);
    free(parent);
    free(key);
}

/* ---- paths ---- */

enum { COMPARED_FRAMES = 64 }; /* of equally hot paths, so that deep ones sort in time */

static int by_self_then_path(const void *a, const void *b, void *data)
{
    const struct model_path *x = a, *y = b;
    const struct model *model = data;
    int order = descending(x->self[model->value], y->self[model->value]);
    size_t count;
    const struct view_node *nodes = view_nodes(model->view, &count);
    node_id p = x->node, q = y->node;

    for (int i = 0; !order && p != q && i < COMPARED_FRAMES; i++) {
        if (!p || !q)
            return p ? 1 : -1; /* the shorter first */
        if (nodes[p].name != nodes[q].name)
            order = strcmp(view_text(model->view, nodes[p].name),
                           view_text(model->view, nodes[q].name));
        p = nodes[p].parent;
        q = nodes[q].parent;
    }
    return order ? order : (x->node > y->node) - (x->node < y->node);
}

static void fill_paths(struct model *model, const bool *ends, size_t nodes)
{
    model->paths = xcalloc(nodes + 1, sizeof(*model->paths));
    for (size_t i = 0; i < nodes; i++)
        if (ends[i] && model->node_self[i * model->types + model->value] != NOT_MEASURED)
            model->paths[model->path_count++] = (struct model_path){
                .node = (node_id)i, .self = model->node_self + i * model->types};
    qsort_r(model->paths, model->path_count, sizeof(*model->paths), by_self_then_path, model);
}

/* ---- threads ---- */

static int by_thread(const void *a, const void *b, void *data)
{
    const struct model_thread *x = a, *y = b;
    const struct model *model = data;
    int order = descending(x->self[model->value], y->self[model->value]);

    if (!order)
        order = (x->pid > y->pid) - (x->pid < y->pid);
    if (!order)
        order = (x->tid > y->tid) - (x->tid < y->tid);
    if (!order)
        order = strcmp(profile_string(model->profile, x->process),
                       profile_string(model->profile, y->process));
    return order ? order
                 : strcmp(profile_string(model->profile, x->thread),
                          profile_string(model->profile, y->thread));
}

static size_t find_thread(struct model *model, struct map *index,
                          const struct label_set *labels)
{
    uint64_t names = (uint64_t)labels->process << 32 | labels->thread;
    uint64_t numbers = (uint64_t)(uint32_t)labels->pid << 32 | (uint32_t)labels->tid;
    uint32_t *at = map_at(index, hash_u64(names) ^ hash_u64(numbers + 1));

    if (*at == UINT32_MAX) {
        model->threads = xgrow(model->threads, &model->thread_room, model->thread_count + 1,
                               sizeof(*model->threads));
        model->threads[model->thread_count] =
            (struct model_thread){.process = labels->process,
                                  .thread = labels->thread,
                                  .pid = labels->pid,
                                  .tid = labels->tid,
                                  .self = nothing_measured(model->types)};
        *at = (uint32_t)model->thread_count++;
    }
    return *at;
}

static void count_processes(struct model *model)
{
    struct map seen = {0};

    for (size_t i = 0; i < model->thread_count; i++)
        *map_at(&seen, model->threads[i].pid ? (uint64_t)(uint32_t)model->threads[i].pid
                                             : (uint64_t)1 << 32 | model->threads[i].process) =
            0;
    model->process_count = seen.count;
    map_free(&seen);
}

static void fill_threads(struct model *model)
{
    size_t count;
    const struct stack *stacks = profile_stacks(model->profile, &count);
    struct map index = {0};

    for (size_t i = 0; i < count; i++) {
        const struct label_set *labels = profile_labels_at(model->profile, stacks[i].labels);
        size_t at;

        if (!labels->process && !labels->thread && !labels->pid && !labels->tid)
            continue;
        at = find_thread(model, &index, labels);
        add_all(model->threads[at].self, profile_values(model->profile, (stack_id)i),
                model->types);
    }
    map_free(&index);
    count_processes(model);
    if (model->thread_count)
        qsort_r(model->threads, model->thread_count, sizeof(*model->threads), by_thread, model);
}

/* ---- all ---- */

static bool is_samples_of(const struct profile *profile, const struct value_type *type,
                          const char *event)
{
    const char *name = profile_string(profile, type->name);

    return !strncmp(name, "samples:", 8) && !strcmp(name + 8, event);
}

/* The samples that a value comes from: of several events each has its own, "samples:NAME". */
static size_t sample_type(const struct profile *profile, size_t value)
{
    size_t count, found = SIZE_MAX;
    const struct value_type *types = profile_value_types(profile, &count);
    const char *event = value < count ? profile_string(profile, types[value].name) : "";

    if (!strncmp(event, "samples:", 8))
        return value;
    for (size_t i = 0; i < count; i++) {
        if (is_samples_of(profile, &types[i], event))
            return i;
        if (!strcmp(profile_string(profile, types[i].name), "samples") &&
            !strcmp(profile_string(profile, types[i].unit), "count"))
            found = i;
    }
    return found;
}

void model_fill(struct model *model, const struct profile *profile, size_t value)
{
    struct view_options options = {
        .value = value, .processes = VIEW_PROCESSES_NEVER, .by_text = true};
    size_t nodes, stacks;
    bool *ends;

    memset(model, 0, sizeof(*model));
    model->profile = profile;
    model->value = value;
    model->samples = sample_type(profile, value);
    profile_value_types(profile, &model->types);
    model->view = view_new(profile, &options);
    view_nodes(model->view, &nodes);
    profile_stacks(profile, &stacks);
    model->node_self = nothing_measured(nodes * model->types);
    memset(model->totals, 0xff, sizeof(model->totals));
    ends = xcalloc(nodes, sizeof(*ends));
    for (stack_id i = 0; i < stacks; i++) {
        const uint64_t *values = profile_values(profile, i);
        node_id node = view_node_of(model->view, i);

        add_all(model->node_self + node * model->types, values, model->types);
        add_all(model->totals, values, model->types);
        ends[node] = true;
    }
    fill_functions(model, ends);
    fill_paths(model, ends, nodes);
    fill_threads(model);
    free(ends);
}

void model_free(struct model *model)
{
    view_free(model->view);
    free(model->node_self);
    free(model->functions);
    free(model->function_sums);
    free(model->paths);
    for (size_t i = 0; i < model->thread_count; i++)
        free(model->threads[i].self);
    free(model->threads);
    *model = (struct model){0};
}

/* ---- source lines ---- */

struct line_rows {
    const struct profile *profile;
    struct model_line *lines;
    size_t count, room;
    struct map index;
};

static uint32_t line_of(struct line_rows *rows, const struct frame *frame)
{
    uint64_t place = (uint64_t)frame->file << 32 | frame->line;
    uint32_t *at;

    if (!frame->file || !frame->line)
        return UINT32_MAX;
    at = map_at(&rows->index, hash_u64(place) ^ hash_u64((uint64_t)frame->function << 1 | 1));
    if (*at == UINT32_MAX) {
        rows->lines = xgrow(rows->lines, &rows->room, rows->count + 1, sizeof(*rows->lines));
        rows->lines[rows->count] = (struct model_line){
            .file = frame->file, .line = frame->line, .function = frame->function};
        *at = (uint32_t)rows->count++;
    }
    return *at;
}

static int by_line(const void *a, const void *b, void *data)
{
    const struct model_line *x = a, *y = b;
    const struct profile *profile = data;
    int order = descending(x->self, y->self);

    if (!order)
        order = descending(x->total, y->total);
    if (!order)
        order = strcmp(profile_string(profile, x->file), profile_string(profile, y->file));
    if (!order)
        order = (x->line > y->line) - (x->line < y->line);
    return order ? order
                 : strcmp(profile_string(profile, x->function),
                          profile_string(profile, y->function));
}

static void take_line_sums(const struct model *model, struct line_rows *rows,
                           const uint64_t *sums)
{
    size_t types = model->types;

    for (size_t i = 0; i < rows->count; i++, sums += types * 2) {
        rows->lines[i].self = sums[model->value];
        rows->lines[i].total = sums[types + model->value];
        rows->lines[i].self_samples = model_samples_of(model, sums);
        rows->lines[i].total_samples = model_samples_of(model, sums + types);
        if (rows->lines[i].self == NOT_MEASURED) /* no stack ends here */
            rows->lines[i].self = rows->lines[i].self_samples = 0;
    }
}

size_t model_lines(const struct model *model, struct model_line **lines)
{
    size_t count, stack_count;
    const struct call_node *nodes = profile_nodes(model->profile, &count);
    const struct stack *stacks = profile_stacks(model->profile, &stack_count);
    struct line_rows rows = {.profile = model->profile};
    node_id *parent = xalloc(count * sizeof(*parent));
    uint32_t *key = xalloc(count * sizeof(*key));
    uint64_t *self = nothing_measured(count * model->types);
    struct keyed keyed = {
        .count = count, .types = model->types, .parent = parent, .key = key, .self = self};

    for (size_t i = 0; i < count; i++) {
        parent[i] = nodes[i].parent;
        key[i] =
            i ? line_of(&rows, profile_frame_at(model->profile, nodes[i].frame)) : UINT32_MAX;
    }
    for (stack_id i = 0; i < stack_count; i++)
        add_all(self + stacks[i].node * model->types, profile_values(model->profile, i),
                model->types);
    keyed.keys = rows.count;
    sum_by_key(&keyed);
    take_line_sums(model, &rows, keyed.of_key);
    if (rows.count)
        qsort_r(rows.lines, rows.count, sizeof(*rows.lines), by_line,
                (void *)(uintptr_t)model->profile);
    free(keyed.of_key);
    free(parent);
    free(key);
    free(self);
    map_free(&rows.index);
    *lines = rows.lines;
    return rows.count;
}

/* ---- shares ---- */

double model_error(const struct model *model, uint64_t part)
{
    const double z = 1.959964; /* 97.5 % of the normal distribution lie below */
    uint64_t all = model->samples == SIZE_MAX ? 0 : model->totals[model->samples];
    double n = (double)all, p;

    if (!all || all == NOT_MEASURED || part == NOT_MEASURED)
        return -1;
    p = (double)part / n;
    if (p > 1)
        p = 1;
    return z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
}

uint64_t model_samples_of(const struct model *model, const uint64_t *values)
{
    return model->samples == SIZE_MAX ? NOT_MEASURED : values[model->samples];
}

const char *model_type_name(const struct model *model, size_t type)
{
    size_t count;

    return profile_string(model->profile,
                          profile_value_types(model->profile, &count)[type].name);
}

const char *model_type_unit(const struct model *model, size_t type)
{
    size_t count;

    return profile_string(model->profile,
                          profile_value_types(model->profile, &count)[type].unit);
}

size_t model_find_type(const struct model *model, const char *name)
{
    for (size_t i = 0; i < model->types; i++)
        if (!strcmp(model_type_name(model, i), name))
            return i;
    return SIZE_MAX;
}

const char *model_module(const struct model *model, name_id name)
{
    mapping_id mapping = view_name(model->view, name)->mapping;
    const char *path;

    if (!mapping)
        return "";
    path = profile_string(model->profile, profile_mapping_at(model->profile, mapping)->path);
    return *path == '[' ? path : text_file_name(path);
}
