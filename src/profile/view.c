#include "profile/view.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/saturate.h"
#include "base/xalloc.h"

struct view {
    const struct profile *profile;
    struct view_options options;
    struct strings *label_texts; /* "nginx (4711)": not among the profile's texts, and */
    str_id label_base;           /* numbered behind them */
    struct call_tree *tree;
    const struct call_node *paths; /* instead of `nodes`, where only paths are wanted */
    struct view_node *nodes;
    size_t node_count;
    struct view_name *names;
    size_t name_count, name_room;
    struct map name_index;   /* text, kind -> name */
    uint32_t *name_of_frame; /* or UINT32_MAX: not seen yet */
    node_id *node_of_stack;  /* NULL: the same as the profile's */
    uint64_t left_out;       /* nodes */
};

static name_id add_name(struct view *view, const struct view_name *name)
{
    uint64_t key = (uint64_t)name->text << 8 | (uint64_t)name->is_label << 7 |
                   (view->options.by_text ? 0 : (uint64_t)name->kind);
    uint32_t *id = map_at(&view->name_index, key);

    if (*id == UINT32_MAX) {
        view->names =
            xgrow(view->names, &view->name_room, view->name_count + 1, sizeof(*view->names));
        view->names[view->name_count] = *name;
        *id = (uint32_t)view->name_count++;
    }
    return *id;
}

static name_id name_of_frame(struct view *view, frame_id id)
{
    if (view->name_of_frame[id] == UINT32_MAX) {
        const struct frame *frame = profile_frame_at(view->profile, id);

        view->name_of_frame[id] =
            add_name(view, &(struct view_name){.text = frame->function,
                                               .kind = frame->kind,
                                               .mapping = frame->mapping,
                                               .unnamed = frame->unnamed});
    }
    return view->name_of_frame[id];
}

static name_id label_name(struct view *view, str_id text, int32_t number)
{
    const char *name = profile_string(view->profile, text);
    char numbered[512];

    if (number)
        snprintf(numbered, sizeof(numbered), "%s (%d)", *name ? name : "?", number);
    else
        snprintf(numbered, sizeof(numbered), "%s", *name ? name : "?");
    text = view->label_base + strings_add(view->label_texts, numbered, strlen(numbered));
    return add_name(view, &(struct view_name){.text = text, .is_label = true});
}

/* The frames that stand for a label set: none, the process, or process and thread. */
static node_id labels_node(struct view *view, label_id id, bool with_process)
{
    const struct label_set *labels = profile_labels_at(view->profile, id);
    bool numbered = view->options.processes == VIEW_PROCESSES_ALWAYS;
    node_id node = 0;

    if (with_process && (labels->process || labels->pid))
        node = call_tree_child(view->tree, node,
                               label_name(view, labels->process, numbered ? labels->pid : 0));
    if (view->options.threads && (labels->thread || labels->tid))
        node = call_tree_child(view->tree, node, label_name(view, labels->thread, labels->tid));
    return node;
}

static bool several_processes(const struct profile *profile)
{
    size_t count;
    const struct stack *stacks = profile_stacks(profile, &count);
    const struct label_set *first = NULL;
    label_id last = 0;

    for (size_t i = 0; i < count; i++) {
        const struct label_set *labels;

        if (stacks[i].labels == last)
            continue;
        last = stacks[i].labels;
        labels = profile_labels_at(profile, last);
        if (!first)
            first = labels;
        else if (first->pid != labels->pid ||
                 (!first->pid && first->process != labels->process))
            return true;
    }
    return false;
}

static bool shows_processes(const struct view *view)
{
    switch (view->options.processes) {
    case VIEW_PROCESSES_ALWAYS:
        return true;
    case VIEW_PROCESSES_NEVER:
        return false;
    case VIEW_PROCESSES_AUTO:
    default:
        return several_processes(view->profile);
    }
}

/*
 * For one subtree of labels: the view's node of each of the profile's nodes.  A map would do,
 * but most profiles have one such subtree and a million nodes, so that one is an array.
 */
struct placed {
    node_id root;
    node_id *array; /* 0: not placed yet, as only the root has 0 */
    struct map map;
};

static node_id placed_get(const struct placed *placed, node_id node)
{
    uint32_t at;

    if (!node)
        return placed->root;
    if (placed->array)
        return placed->array[node];
    at = map_get(&placed->map, node);
    return at == UINT32_MAX ? 0 : at;
}

static void placed_set(struct placed *placed, node_id node, node_id at)
{
    if (placed->array)
        placed->array[node] = at;
    else
        map_set(&placed->map, node, at);
}

struct walk {
    node_id *pending;
    size_t room;
};

/* Places a node of the profile after its parents, which may be many: no recursion. */
static node_id place(struct view *view, struct placed *placed, const struct call_node *nodes,
                     node_id node, struct walk *walk)
{
    size_t pending = 0;
    node_id at;

    while (node && !placed_get(placed, node)) {
        walk->pending = xgrow(walk->pending, &walk->room, pending + 1, sizeof(*walk->pending));
        walk->pending[pending++] = node;
        node = nodes[node].parent;
    }
    at = placed_get(placed, node);
    while (pending) {
        node = walk->pending[--pending];
        at = call_tree_child(view->tree, at, name_of_frame(view, nodes[node].frame));
        placed_set(placed, node, at);
    }
    return at;
}

static node_id place_reversed(struct view *view, node_id root, const struct call_node *nodes,
                              node_id node)
{
    for (; node; node = nodes[node].parent)
        root = call_tree_child(view->tree, root, name_of_frame(view, nodes[node].frame));
    return root;
}

static void place_stacks(struct view *view)
{
    size_t node_count, stack_count;
    const struct call_node *nodes = profile_nodes(view->profile, &node_count);
    const struct stack *stacks = profile_stacks(view->profile, &stack_count);
    uint32_t label_count = profile_label_count(view->profile);
    bool with_process = shows_processes(view);
    node_id *root_of_labels = xalloc(label_count * sizeof(*root_of_labels));
    struct map place_of_root = {0};
    struct placed *places = NULL;
    size_t place_count = 0, place_room = 0;
    struct walk walk = {0};

    memset(root_of_labels, 0xff, label_count * sizeof(*root_of_labels));
    view->node_of_stack = xalloc(stack_count * sizeof(*view->node_of_stack));
    for (size_t i = 0; i < stack_count; i++) {
        node_id *root = &root_of_labels[stacks[i].labels];
        uint64_t value = profile_values(view->profile, (stack_id)i)[view->options.value];
        uint32_t *at;
        node_id node;

        if (*root == UINT32_MAX)
            *root = labels_node(view, stacks[i].labels, with_process);
        if (view->options.reverse) {
            node = place_reversed(view, *root, nodes, stacks[i].node);
        } else {
            at = map_at(&place_of_root, *root);
            if (*at == UINT32_MAX) {
                places = xgrow(places, &place_room, place_count + 1, sizeof(*places));
                places[place_count] = (struct placed){.root = *root};
                if (!place_count)
                    places[0].array = xcalloc(node_count, sizeof(node_id));
                *at = (uint32_t)place_count++;
            }
            node = place(view, &places[*at], nodes, stacks[i].node, &walk);
        }
        view->node_of_stack[i] = node;
        if (value != NOT_MEASURED)
            call_tree_weigh(view->tree, node, value);
    }
    for (size_t i = 0; i < place_count; i++) {
        free(places[i].array);
        map_free(&places[i].map);
    }
    free(places);
    map_free(&place_of_root);
    free(root_of_labels);
    free(walk.pending);
}

static void append_name(struct view *view, const struct view_name *name)
{
    view->names =
        xgrow(view->names, &view->name_room, view->name_count + 1, sizeof(*view->names));
    view->names[view->name_count++] = *name;
}

/* Makes a name of each frame; false when two of them have the same. */
static bool make_names(struct view *view)
{
    uint32_t frames = profile_frame_count(view->profile);
    uint8_t *seen = xcalloc(view->label_base, sizeof(*seen)); /* kinds of each text */
    bool again = false;

    for (frame_id i = 0; i < frames && !again; i++) {
        const struct frame *frame = profile_frame_at(view->profile, i);

        uint8_t kind = (uint8_t)(view->options.by_text ? 1u : 1u << frame->kind);

        again = seen[frame->function] & kind;
        seen[frame->function] |= kind;
        append_name(view, &(struct view_name){.text = frame->function,
                                              .kind = frame->kind,
                                              .mapping = frame->mapping,
                                              .unnamed = frame->unnamed});
    }
    free(seen);
    if (again)
        view->name_count = 0;
    return !again;
}

/* Whether the profile's tree is the view's: nothing to merge, nothing to turn, no labels.  Then
 * frames and names have the same numbers. */
static bool frames_are_names(struct view *view)
{
    bool labelled = profile_label_count(view->profile) > 1;

    if (view->options.reverse || (labelled && (view->options.threads || shows_processes(view))))
        return false;
    return make_names(view);
}

/* A number for each node, in half the memory when all of them are small. */
struct numbers {
    uint32_t *small;
    uint64_t *large;
};

static struct numbers numbers_new(size_t count, uint64_t largest)
{
    return largest < UINT32_MAX ? (struct numbers){.small = xcalloc(count, sizeof(uint32_t))}
                                : (struct numbers){.large = xcalloc(count, sizeof(uint64_t))};
}

static void numbers_free(struct numbers *numbers)
{
    free(numbers->small);
    free(numbers->large);
}

static uint64_t number_at(const struct numbers *numbers, size_t i)
{
    return numbers->small ? numbers->small[i] : numbers->large[i];
}

static void number_set(const struct numbers *numbers, size_t i, uint64_t number)
{
    if (numbers->small)
        numbers->small[i] = (uint32_t)number;
    else
        numbers->large[i] = number;
}

static void number_add(const struct numbers *numbers, size_t i, uint64_t number)
{
    number_set(numbers, i, saturating_add(number_at(numbers, i), number));
}

static uint64_t least_weight(const struct view *view, uint64_t whole)
{
    double share = ceil(view->options.narrowest * (double)whole);

    if (!(view->options.narrowest > 0))
        return 0;
    return share < 1 ? 1 : share >= 0x1p64 ? UINT64_MAX : (uint64_t)share;
}

/* Adds to each node what its descendants weigh. */
static void sum_up(const struct numbers *numbers, const struct call_node *nodes, size_t count)
{
    const struct numbers n = *numbers;

    for (size_t i = count; i-- > 1;)
        number_add(&n, nodes[i].parent, number_at(&n, i));
}

static const uint64_t LEFT_OUT = UINT32_MAX; /* as a node's new number */

/* Leaves out the nodes from `i` on up to the first that weighs enough, which it returns. Mostly
 * that is nearly all of a large tree, so this loop does nothing else. */
static size_t leave_out_light(struct view *view, struct numbers *numbers, size_t i,
                              size_t count, uint64_t least)
{
    const struct numbers n = *numbers;
    size_t without_weight = 0, first = i;

    for (; i < count && number_at(&n, i) < least; i++) {
        without_weight += !number_at(&n, i);
        number_set(&n, i, LEFT_OUT);
    }
    view->left_out += i - first - without_weight;
    return i;
}

/* Makes the nodes of a tree whose frames are names.  `numbers` are the nodes' own weights, and
 * become their new numbers. */
static void make_nodes(struct view *view, const struct call_node *from, size_t count,
                       struct numbers *numbers)
{
    size_t room = 0;
    uint64_t least;

    sum_up(numbers, from, count);
    least = least_weight(view, number_at(numbers, 0));
    view->nodes = xgrow(NULL, &room, 1, sizeof(*view->nodes));
    view->nodes[0] = (struct view_node){.name = UINT32_MAX, .total = number_at(numbers, 0)};
    number_set(numbers, 0, 0);
    view->node_count = 1;
    for (size_t i = 1; (i = leave_out_light(view, numbers, i, count, least)) < count; i++) {
        uint64_t parent = number_at(numbers, from[i].parent), total = number_at(numbers, i);

        number_set(numbers, i, view->node_count);
        view->nodes = xgrow(view->nodes, &room, view->node_count + 1, sizeof(*view->nodes));
        view->nodes[view->node_count++] = (struct view_node){
            .parent = (node_id)parent, .name = from[i].frame, .total = total};
    }
}

static void add_self(struct view *view, uint64_t node, uint64_t value)
{
    if (node != LEFT_OUT)
        view->nodes[node].self = saturating_add(view->nodes[node].self, value);
}

static uint64_t value_of(const struct view *view, stack_id stack)
{
    uint64_t value = profile_values(view->profile, stack)[view->options.value];

    return value == NOT_MEASURED ? 0 : value;
}

/* The profile's own tree, without building another. */
static void adopt_tree(struct view *view)
{
    size_t count, stack_count;
    const struct call_node *nodes = profile_nodes(view->profile, &count);
    const struct stack *stacks = profile_stacks(view->profile, &stack_count);
    struct numbers numbers =
        numbers_new(count, stack_count ? profile_total(view->profile, view->options.value) : 0);

    for (size_t i = 0; i < stack_count; i++)
        number_add(&numbers, stacks[i].node, value_of(view, (stack_id)i));
    make_nodes(view, nodes, count, &numbers);
    for (size_t i = 0; i < stack_count; i++)
        add_self(view, number_at(&numbers, stacks[i].node), value_of(view, (stack_id)i));
    numbers_free(&numbers);
}

/* A tree of its own, in which names have been merged and labels are frames. */
static void build_tree(struct view *view)
{
    uint32_t frames = profile_frame_count(view->profile);

    view->name_of_frame = xalloc(frames * sizeof(*view->name_of_frame));
    memset(view->name_of_frame, 0xff, frames * sizeof(*view->name_of_frame));
    view->tree = call_tree_new();
    place_stacks(view);
}

static void adopt_built_tree(struct view *view)
{
    struct numbers numbers;
    size_t count;
    const struct call_node *nodes = call_tree_nodes(view->tree, &count);

    numbers = numbers_new(count, UINT64_MAX);
    for (size_t i = 0; i < count; i++)
        number_set(&numbers, i, call_tree_self(view->tree, (node_id)i));
    make_nodes(view, nodes, count, &numbers);
    for (size_t i = 0; i < count; i++)
        add_self(view, number_at(&numbers, i), call_tree_self(view->tree, (node_id)i));
    numbers_free(&numbers);
    call_tree_free(view->tree); /* its index was needed for building only */
    view->tree = NULL;
}

struct view *view_new(const struct profile *profile, const struct view_options *options)
{
    struct view *view = xcalloc(1, sizeof(*view));
    bool same_tree;
    size_t count;

    view->profile = profile;
    view->options = *options;
    view->label_texts = strings_new();
    view->label_base = strings_count(profile_strings(profile));
    same_tree = frames_are_names(view);
    if (!same_tree)
        build_tree(view);
    if (options->paths_only)
        view->paths =
            same_tree ? profile_nodes(profile, &count) : call_tree_nodes(view->tree, &count);
    else if (same_tree)
        adopt_tree(view);
    else
        adopt_built_tree(view);
    return view;
}

void view_free(struct view *view)
{
    if (!view)
        return;
    strings_free(view->label_texts);
    call_tree_free(view->tree);
    free(view->nodes);
    free(view->names);
    map_free(&view->name_index);
    free(view->name_of_frame);
    free(view->node_of_stack);
    free(view);
}

const struct view_node *view_nodes(const struct view *view, size_t *count)
{
    assert(!view->options.paths_only);
    *count = view->node_count;
    return view->nodes;
}

const struct call_node *view_paths(const struct view *view)
{
    assert(view->options.paths_only);
    return view->paths;
}

const struct view_name *view_name(const struct view *view, name_id name)
{
    return &view->names[name];
}

uint32_t view_name_count(const struct view *view)
{
    return (uint32_t)view->name_count;
}

const char *view_text(const struct view *view, name_id name)
{
    str_id text = view->names[name].text;
    str_id base = view->label_base;

    return text < base ? profile_string(view->profile, text)
                       : strings_get(view->label_texts, text - base);
}

size_t view_text_length(const struct view *view, name_id name)
{
    str_id text = view->names[name].text;
    str_id base = view->label_base;

    return text < base ? profile_string_length(view->profile, text)
                       : strings_length(view->label_texts, text - base);
}

const struct profile *view_profile(const struct view *view)
{
    return view->profile;
}

const struct view_options *view_settings(const struct view *view)
{
    return &view->options;
}

const struct value_type *view_value_type(const struct view *view)
{
    size_t count;
    const struct value_type *types = profile_value_types(view->profile, &count);

    return view->options.value < count ? &types[view->options.value] : NULL;
}

void view_left_out(const struct view *view, uint64_t *nodes, uint64_t *weight)
{
    *nodes = view->left_out;
    /* What did not end in a node that is shown ended in one that is left out. */
    *weight = view->nodes[0].total;
    for (size_t i = 0; i < view->node_count; i++)
        *weight -= view->nodes[i].self < *weight ? view->nodes[i].self : *weight;
}

node_id view_node_of(const struct view *view, stack_id stack)
{
    size_t count;

    assert(!(view->options.narrowest > 0));
    return view->node_of_stack ? view->node_of_stack[stack]
                               : profile_stacks(view->profile, &count)[stack].node;
}
