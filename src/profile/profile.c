#include "profile/profile.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/text.h"
#include "base/xalloc.h"

/* An array of records without repetition.  The index holds numbers + 1, 0 is "empty"; the
 * hashes keep us from looking at records that it cannot be.  It is brought up to date when
 * somebody asks: records that are known to be new cost nothing but their place. */
struct table {
    uint8_t *records;
    size_t count, room, size;
    uint32_t *hashes; /* of the first `indexed` records */
    size_t indexed, hash_room;
    uint32_t *slots;
    size_t slot_count; /* a power of two */
};

struct profile {
    struct strings *strings;
    struct table mappings, frames, labels;
    struct call_tree *tree;

    struct value_type types[PROFILE_VALUES_MAX];
    size_t type_count, default_value;

    struct stack *stacks;
    uint64_t *values; /* type_count for each stack */
    size_t stack_count, stack_room, value_room;
    /* Most nodes have stacks of one label set, so the map needs to hold only the others.  Of a
     * large tree few nodes have any: a stack for each node would take a third of its memory. */
    struct ended {
        node_id node;
        stack_id stack; /* the first that ended there; UINT32_MAX: nothing is here */
    } * ended;          /* hashed by the node, the next place when that is taken */
    size_t ended_room, ended_count;
    struct map stack_index; /* node << 32 | labels */

    struct moment *moments;
    size_t moment_count, moment_room;

    struct profile_info info;
    str_id *notes;
    size_t note_count, note_room;
};

static void table_free(struct table *table)
{
    free(table->records);
    free(table->hashes);
    free(table->slots);
}

static const void *table_at(const struct table *table, size_t at)
{
    return table->records + at * table->size;
}

/* The slot of an equal record, or the empty one where it belongs. */
static uint32_t *table_find(const struct table *table, const void *record, uint32_t hash)
{
    for (size_t i = hash;; i++) {
        uint32_t *slot = &table->slots[i & (table->slot_count - 1)];

        if (!*slot || (table->hashes[*slot - 1] == hash &&
                       !memcmp(table_at(table, *slot - 1), record, table->size)))
            return slot;
    }
}

static void table_index(struct table *table)
{
    if (table->count * 2 >= table->slot_count) {
        while (table->count * 2 >= table->slot_count)
            table->slot_count = table->slot_count ? table->slot_count * 2 : 16;
        free(table->slots);
        table->slots = xcalloc(table->slot_count, sizeof(*table->slots));
        table->indexed = 0;
    }
    table->hashes =
        xgrow(table->hashes, &table->hash_room, table->count, sizeof(*table->hashes));
    for (size_t at = table->indexed; at < table->count; at++) {
        table->hashes[at] = (uint32_t)hash_bytes(table_at(table, at), table->size);
        *table_find(table, table_at(table, at), table->hashes[at]) = (uint32_t)at + 1;
    }
    table->indexed = table->count;
}

/* For what is known not to be there. */
static uint32_t table_append(struct table *table, const void *record)
{
    table->records = xgrow(table->records, &table->room, table->count + 1, table->size);
    memcpy(table->records + table->count * table->size, record, table->size);
    return (uint32_t)table->count++;
}

static uint32_t table_add(struct table *table, const void *record)
{
    const uint32_t *slot;

    if (table->indexed < table->count || !table->slots)
        table_index(table);
    slot = table_find(table, record, (uint32_t)hash_bytes(record, table->size));
    return *slot ? *slot - 1 : table_append(table, record);
}

struct profile *profile_new(void)
{
    struct profile *profile = xcalloc(1, sizeof(*profile));
    static const struct profile_mapping no_mapping;
    static const struct label_set no_labels;

    profile->strings = strings_new();
    profile->tree = call_tree_new();
    profile->mappings.size = sizeof(struct profile_mapping);
    profile->frames.size = sizeof(struct frame);
    profile->labels.size = sizeof(struct label_set);
    table_add(&profile->mappings, &no_mapping);
    table_add(&profile->labels, &no_labels);
    return profile;
}

void profile_free(struct profile *profile)
{
    if (!profile)
        return;
    strings_free(profile->strings);
    table_free(&profile->mappings);
    table_free(&profile->frames);
    table_free(&profile->labels);
    call_tree_free(profile->tree);
    free(profile->stacks);
    free(profile->values);
    free(profile->ended);
    map_free(&profile->stack_index);
    free(profile->moments);
    free(profile->notes);
    free(profile);
}

str_id profile_intern(struct profile *profile, const char *text, size_t length)
{
    str_id id = strings_find(profile->strings, text, length);
    char *clean;

    if (id != UINT32_MAX) /* all that is in there is clean */
        return id;
    if (text_is_clean(text, length))
        return strings_add(profile->strings, text, length);
    clean = text_clean(text, length, &length);
    id = strings_add(profile->strings, clean, length);
    free(clean);
    return id;
}

str_id profile_intern_text(struct profile *profile, const char *text)
{
    return profile_intern(profile, text, strlen(text));
}

str_id profile_intern_place(struct profile *profile, const char *path, uint64_t offset)
{
    enum { LENGTH_MAX = 400 };
    static const char deleted[] = " (deleted)";
    const char *name = text_file_name(path);
    size_t length = strlen(name), end = sizeof(deleted) - 1;
    char text[LENGTH_MAX + 32];

    if (length > end && !strcmp(name + length - end, deleted))
        length -= end;
    if (*name == '[' && length > 2 && name[length - 1] == ']') { /* "[vdso]" */
        name++;
        length -= 2;
    }
    if (length > LENGTH_MAX)
        length = LENGTH_MAX;
    snprintf(text, sizeof(text), "[%.*s%s0x%" PRIx64 "]", (int)length, name, length ? "+" : "",
             offset);
    return profile_intern_text(profile, text);
}

const char *profile_string(const struct profile *profile, str_id id)
{
    return strings_get(profile->strings, id);
}

size_t profile_string_length(const struct profile *profile, str_id id)
{
    return strings_length(profile->strings, id);
}

const struct strings *profile_strings(const struct profile *profile)
{
    return profile->strings;
}

mapping_id profile_mapping(struct profile *profile, const struct profile_mapping *mapping)
{
    return table_add(&profile->mappings, mapping);
}

const struct profile_mapping *profile_mapping_at(const struct profile *profile, mapping_id id)
{
    return (const struct profile_mapping *)(const void *)profile->mappings.records + id;
}

uint32_t profile_mapping_count(const struct profile *profile)
{
    return (uint32_t)profile->mappings.count - 1;
}

/* The tables compare bytes, so padding must be zero. */
static void clean_padding(struct frame *clean, const struct frame *frame)
{
    memset(clean, 0, sizeof(*clean));
    clean->function = frame->function;
    clean->file = frame->file;
    clean->line = frame->line;
    clean->mapping = frame->mapping;
    clean->address = frame->address;
    clean->kind = frame->kind;
    clean->unnamed = frame->unnamed;
}

frame_id profile_frame(struct profile *profile, const struct frame *frame)
{
    struct frame clean;

    clean_padding(&clean, frame);
    return table_add(&profile->frames, &clean);
}

frame_id profile_new_frame(struct profile *profile, const struct frame *frame)
{
    struct frame clean;

    clean_padding(&clean, frame);
    return table_append(&profile->frames, &clean);
}

const struct frame *profile_frame_at(const struct profile *profile, frame_id id)
{
    return (const struct frame *)(const void *)profile->frames.records + id;
}

uint32_t profile_frame_count(const struct profile *profile)
{
    return (uint32_t)profile->frames.count;
}

label_id profile_labels(struct profile *profile, const struct label_set *labels)
{
    struct label_set clean;

    memset(&clean, 0, sizeof(clean));
    clean.process = labels->process;
    clean.thread = labels->thread;
    clean.command = labels->command;
    clean.pid = labels->pid;
    clean.tid = labels->tid;
    clean.self = labels->self;
    return table_add(&profile->labels, &clean);
}

const struct label_set *profile_labels_at(const struct profile *profile, label_id id)
{
    return (const struct label_set *)(const void *)profile->labels.records + id;
}

uint32_t profile_label_count(const struct profile *profile)
{
    return (uint32_t)profile->labels.count;
}

/* Makes room for one more value of each stack, not measured so far. */
static void widen_values(struct profile *profile)
{
    size_t narrow = profile->type_count, wide = narrow + 1;

    profile->values = xgrow(profile->values, &profile->value_room, profile->stack_count * wide,
                            sizeof(*profile->values));
    for (size_t i = profile->stack_count; i-- > 0;) {
        memmove(profile->values + i * wide, profile->values + i * narrow,
                narrow * sizeof(*profile->values));
        profile->values[i * wide + narrow] = NOT_MEASURED;
    }
}

int profile_value_type(struct profile *profile, const char *name, const char *unit)
{
    struct value_type type = {.name = profile_intern_text(profile, name),
                              .unit = profile_intern_text(profile, unit)};

    for (size_t i = 0; i < profile->type_count; i++)
        if (profile->types[i].name == type.name && profile->types[i].unit == type.unit)
            return (int)i;
    if (profile->type_count == PROFILE_VALUES_MAX)
        return -1;
    if (profile->stack_count)
        widen_values(profile);
    profile->types[profile->type_count] = type;
    return (int)profile->type_count++;
}

const struct value_type *profile_value_types(const struct profile *profile, size_t *count)
{
    *count = profile->type_count;
    return profile->types;
}

void profile_name_value(struct profile *profile, size_t value, const char *name)
{
    profile->types[value].name = profile_intern_text(profile, name);
}

void profile_set_default_value(struct profile *profile, size_t value)
{
    profile->default_value = value;
}

size_t profile_default_value(const struct profile *profile)
{
    return profile->default_value < profile->type_count ? profile->default_value : 0;
}

node_id profile_child(struct profile *profile, node_id parent, frame_id frame)
{
    return call_tree_child(profile->tree, parent, frame);
}

node_id profile_find_child(const struct profile *profile, node_id parent, frame_id frame)
{
    return call_tree_find_child(profile->tree, parent, frame);
}

void profile_prefetch(const struct profile *profile, node_id node)
{
    size_t count;

    __builtin_prefetch(call_tree_nodes(profile->tree, &count) + node);
}

void profile_prefetch_child(const struct profile *profile, node_id parent, frame_id frame)
{
    call_tree_prefetch_child(profile->tree, parent, frame);
}

void profile_settle(struct profile *profile)
{
    call_tree_drop_index(profile->tree);
    free(profile->ended);
    profile->ended = NULL;
    profile->ended_room = 0; /* the count tells how much to make */
}

/* NOT_MEASURED gives way to a number, and a sum never becomes NOT_MEASURED. */
static uint64_t add_value(uint64_t sum, uint64_t value)
{
    if (value == NOT_MEASURED)
        return sum;
    if (sum == NOT_MEASURED)
        return value;
    return value > NOT_MEASURED - 1 - sum ? NOT_MEASURED - 1 : sum + value;
}

/* The node's place, or the empty one where it belongs. */
static struct ended *ended_place(const struct profile *profile, node_id node)
{
    struct ended *at;

    for (size_t i = hash_u64(node);; i++) {
        at = &profile->ended[i & (profile->ended_room - 1)];
        if (at->stack == UINT32_MAX || at->node == node)
            return at;
    }
}

void profile_prefetch_stack(const struct profile *profile, node_id node)
{
    if (profile->ended_room)
        __builtin_prefetch(&profile->ended[hash_u64(node) & (profile->ended_room - 1)]);
}

/* Makes the table, with room for more nodes than there are. */
static void index_ended(struct profile *profile)
{
    free(profile->ended);
    profile->ended_room = profile->ended_room ? profile->ended_room : 64;
    while (profile->ended_count * 4 >= profile->ended_room * 3)
        profile->ended_room *= 2;
    profile->ended = xalloc(profile->ended_room * sizeof(*profile->ended));
    memset(profile->ended, 0xff, profile->ended_room * sizeof(*profile->ended));
    profile->ended_count = 0;
    for (stack_id i = 0; i < profile->stack_count; i++) {
        struct ended *at = ended_place(profile, profile->stacks[i].node);

        if (at->stack != UINT32_MAX)
            continue;
        *at = (struct ended){.node = profile->stacks[i].node, .stack = i};
        profile->ended_count++;
    }
}

/* The place for the number of a stack; UINT32_MAX is in it when there is none yet. */
static stack_id *stack_place(struct profile *profile, node_id node, label_id labels)
{
    struct ended *first;

    if (profile->ended_count * 4 >= profile->ended_room * 3)
        index_ended(profile);
    first = ended_place(profile, node);
    if (first->stack == UINT32_MAX) {
        first->node = node;
        profile->ended_count++;
        return &first->stack;
    }
    if (profile->stacks[first->stack].labels == labels)
        return &first->stack;
    return map_at(&profile->stack_index, (uint64_t)node << 32 | labels);
}

stack_id profile_add_at(struct profile *profile, node_id node, label_id labels,
                        const uint64_t *values)
{
    stack_id *id = stack_place(profile, node, labels);
    size_t types = profile->type_count;
    uint64_t *sums;

    assert(types);
    if (*id == UINT32_MAX) {
        size_t count = profile->stack_count;

        profile->stacks =
            xgrow(profile->stacks, &profile->stack_room, count + 1, sizeof(*profile->stacks));
        profile->values = xgrow(profile->values, &profile->value_room, (count + 1) * types,
                                sizeof(*profile->values));
        profile->stacks[count] = (struct stack){.node = node, .labels = labels};
        for (size_t i = 0; i < types; i++)
            profile->values[count * types + i] = NOT_MEASURED;
        *id = (uint32_t)profile->stack_count++;
    }
    sums = profile->values + *id * types;
    for (size_t i = 0; i < types; i++)
        sums[i] = add_value(sums[i], values[i]);
    return *id;
}

stack_id profile_add(struct profile *profile, const frame_id *frames, size_t depth,
                     label_id labels, const uint64_t *values)
{
    node_id node = 0;

    for (size_t i = 0; i < depth; i++)
        node = call_tree_child(profile->tree, node, frames[i]);
    return profile_add_at(profile, node, labels, values);
}

node_id profile_node_count(const struct profile *profile)
{
    size_t count;

    call_tree_nodes(profile->tree, &count);
    return (node_id)count;
}

const struct call_node *profile_nodes(const struct profile *profile, size_t *count)
{
    return call_tree_nodes(profile->tree, count);
}

const struct stack *profile_stacks(const struct profile *profile, size_t *count)
{
    *count = profile->stack_count;
    return profile->stacks;
}

const uint64_t *profile_values(const struct profile *profile, stack_id stack)
{
    return profile->values + stack * profile->type_count;
}

size_t profile_path(const struct profile *profile, node_id node, frame_id **frames,
                    size_t *room)
{
    size_t count, depth = 0;
    const struct call_node *nodes = call_tree_nodes(profile->tree, &count);

    for (node_id at = node; at; at = nodes[at].parent)
        depth++;
    *frames = xgrow(*frames, room, depth, sizeof(**frames));
    for (size_t i = depth; i-- > 0; node = nodes[node].parent)
        (*frames)[i] = nodes[node].frame;
    return depth;
}

uint64_t profile_total(const struct profile *profile, size_t value)
{
    uint64_t total = 0;

    for (size_t i = 0; i < profile->stack_count; i++)
        total = add_value(total, profile->values[i * profile->type_count + value]);
    return total;
}

void profile_add_moment(struct profile *profile, uint64_t time_ns, stack_id stack)
{
    profile->moments = xgrow(profile->moments, &profile->moment_room, profile->moment_count + 1,
                             sizeof(*profile->moments));
    profile->moments[profile->moment_count++] =
        (struct moment){.time_ns = time_ns, .stack = stack};
}

const struct moment *profile_moments(const struct profile *profile, size_t *count)
{
    *count = profile->moment_count;
    return profile->moments;
}

struct profile_info *profile_info(struct profile *profile)
{
    return &profile->info;
}

const struct profile_info *profile_facts(const struct profile *profile)
{
    return &profile->info;
}

void profile_add_note(struct profile *profile, const char *text)
{
    str_id id = profile_intern_text(profile, text);

    for (size_t i = 0; i < profile->note_count; i++)
        if (profile->notes[i] == id)
            return;
    profile->notes = xgrow(profile->notes, &profile->note_room, profile->note_count + 1,
                           sizeof(*profile->notes));
    profile->notes[profile->note_count++] = id;
}

void profile_note(struct profile *profile, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    profile_add_note(profile, text);
}

const str_id *profile_notes(const struct profile *profile, size_t *count)
{
    *count = profile->note_count;
    return profile->notes;
}
