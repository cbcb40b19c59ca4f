#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/gzip.h"
#include "base/log.h"
#include "base/map.h"
#include "base/xalloc.h"
#include "format/facts.h"
#include "format/pprof.h"
#include "pprof.pb-c.h"
#include "profile/quality.h"

/* Field numbers of Profile, which is written field by field. */
enum {
    SAMPLE_TYPE = 1,
    SAMPLE = 2,
    MAPPING = 3,
    LOCATION = 4,
    FUNCTION = 5,
    STRING_TABLE = 6,
    TIME_NANOS = 9,
    DURATION_NANOS = 10,
    PERIOD_TYPE = 11,
    PERIOD = 12,
    COMMENT = 13,
    DEFAULT_SAMPLE_TYPE = 14
};

/* Those of Sample, too. */
enum { SAMPLE_LOCATION = 1, SAMPLE_VALUE = 2, SAMPLE_LABEL = 3 };

/* From this many nodes on, time counts more than the last tenth of the size. */
enum { LARGE = 200000, LABELS_MAX = 8 };

/* A location: the frames of one machine address.  Locations that begin with the same frames
 * share them: `outer` is the location without the innermost frame, 0 when there is no other. */
struct place {
    uint32_t outer;
    frame_id frame;
    uint32_t lines;
    uint32_t mapping; /* as written, 0 for none */
    bool used;
};

/* A mapping as written: code of one kind. */
struct written_mapping {
    mapping_id mapping;
    enum frame_kind kind;
    uint64_t weight;
};

struct writer {
    const struct profile *profile;
    const struct write_options *options;
    FILE *out;
    struct strings *extra; /* texts that the profile lacks; numbered behind its own */
    uint32_t extra_base;

    struct place *places; /* from 1 */
    size_t place_count, place_room;
    uint32_t *place_of_frame; /* without outer: what most are; 0: not yet */
    struct map place_index;   /* of the others: outer << 32 | frame */
    /* 0 for the root.  NULL when no frame is inlined: then a node's is that of its frame. */
    uint32_t *place_of_node;

    struct written_mapping *mappings; /* from 1 */
    size_t mapping_count, mapping_room;
    struct map mapping_index; /* mapping << 8 | kind */
    uint32_t *mapping_order;  /* [i]: the id under which mapping i is written */

    struct map function_index; /* function << 32 | file */
    uint32_t function_count;

    const struct value_type *types;
    size_t type_count;
    uint32_t unmeasured; /* value types without any number, one bit each */
    int derived;         /* the period, when "cpu" is made of it: column type_count */
    uint64_t period;
    bool cut; /* a value did not fit */

    uint8_t *packed;
    size_t packed_room;
};

/* ---- fields ---- */

enum { VARINT_MAX = 10 };

/* Up to 28 bits without a branch, of which the processor would guess every other one wrong. */
static size_t pack_short_varint(uint8_t *packed, uint32_t value)
{
    uint32_t size = (38 - (uint32_t)__builtin_clz(value | 1)) / 7;
    uint32_t bytes = (value & 0x7f) | (value & 0x3f80) << 1 | (value & 0x1fc000) << 2 |
                     (value & 0xfe00000) << 3 | (0x00808080u & ((1u << 8 * (size - 1)) - 1));

    memcpy(packed, &bytes, sizeof(bytes));
    return size;
}

/* Returns how many bytes the number takes; there are VARINT_MAX. */
static size_t pack_varint(uint8_t *packed, uint64_t value)
{
    size_t size = 0;

    if (value < 1u << 28)
        return pack_short_varint(packed, (uint32_t)value);
    while (value > 0x7f) {
        packed[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    packed[size++] = (uint8_t)value;
    return size;
}

static void put_varint(FILE *out, uint64_t value)
{
    uint8_t packed[VARINT_MAX];
    size_t size = pack_varint(packed, value);

    for (size_t i = 0; i < size; i++)
        putc_unlocked(packed[i], out);
}

static void put_bytes(FILE *out, unsigned field, const void *bytes, size_t size)
{
    put_varint(out, field << 3 | 2);
    put_varint(out, size);
    fwrite(bytes, 1, size, out);
}

static void put_number(FILE *out, unsigned field, uint64_t value)
{
    put_varint(out, field << 3);
    put_varint(out, value);
}

static void put_message(struct writer *writer, unsigned field, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);

    writer->packed = xgrow(writer->packed, &writer->packed_room, size, 1);
    protobuf_c_message_pack(message, writer->packed);
    put_bytes(writer->out, field, writer->packed, size);
}

/* ---- texts ---- */

static int64_t text(struct writer *writer, const char *text)
{
    const struct strings *own = profile_strings(writer->profile);
    str_id id = strings_find(own, text, strlen(text));

    if (id != UINT32_MAX)
        return id;
    return (int64_t)writer->extra_base + strings_add(writer->extra, text, strlen(text)) - 1;
}

PRINTF_LIKE(2, 3)
static void comment(struct writer *writer, const char *format, ...)
{
    char *line;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&line, format, arguments) < 0)
        abort();
    va_end(arguments);
    put_number(writer->out, COMMENT, (uint64_t)text(writer, line));
    free(line);
}

static void put_strings(struct writer *writer)
{
    const struct strings *own = profile_strings(writer->profile);

    for (str_id i = 0; i < strings_count(own); i++)
        put_bytes(writer->out, STRING_TABLE, strings_get(own, i), strings_length(own, i));
    for (str_id i = 1; i < strings_count(writer->extra); i++)
        put_bytes(writer->out, STRING_TABLE, strings_get(writer->extra, i),
                  strings_length(writer->extra, i));
}

/* ---- mappings ---- */

static uint32_t written_mapping(struct writer *writer, mapping_id mapping, enum frame_kind kind)
{
    uint32_t *id;

    if (!mapping && kind == FRAME_NATIVE)
        return 0;
    id = map_at(&writer->mapping_index, (uint64_t)mapping << 8 | kind);
    if (*id == UINT32_MAX) {
        *id = (uint32_t)++writer->mapping_count;
        writer->mappings = xgrow(writer->mappings, &writer->mapping_room,
                                 writer->mapping_count + 1, sizeof(*writer->mappings));
        writer->mappings[*id] = (struct written_mapping){.mapping = mapping, .kind = kind};
    }
    return *id;
}

static const char *path_of(const struct writer *writer, const struct written_mapping *written)
{
    static const char *const stand_in[FRAME_KINDS] = {
        [FRAME_NATIVE] = "[native]", [FRAME_KERNEL] = "[kernel.kallsyms]",
        [FRAME_INLINE] = "[inline]", [FRAME_JIT] = "[jit]",
        [FRAME_PYTHON] = "[python]", [FRAME_MARK] = "[mark]"};

    if (!written->mapping)
        return stand_in[written->kind];
    return profile_string(writer->profile,
                          profile_mapping_at(writer->profile, written->mapping)->path);
}

static bool is_program(const struct writer *writer, const struct written_mapping *written)
{
    const char *path = path_of(writer, written);

    return written->kind == FRAME_NATIVE && *path && *path != '[' && !strstr(path, ".so");
}

/* pprof takes the first mapping for the main program: the one with most samples, that is not a
 * library. */
static uint32_t main_mapping(const struct writer *writer)
{
    uint32_t best = 1;

    for (uint32_t i = 2; i <= writer->mapping_count; i++) {
        const struct written_mapping *a = &writer->mappings[best], *b = &writer->mappings[i];
        bool a_program = is_program(writer, a), b_program = is_program(writer, b);

        if (b_program > a_program || (b_program == a_program && b->weight > a->weight))
            best = i;
    }
    return best;
}

static void put_mapping(struct writer *writer, uint32_t index)
{
    const struct written_mapping *written = &writer->mappings[index];
    const struct profile_mapping *mapping =
        profile_mapping_at(writer->profile, written->mapping);
    const char *path = path_of(writer, written);
    Pprof__Mapping message = PPROF__MAPPING__INIT;

    message.id = writer->mapping_order[index];
    message.memory_start = mapping->start;
    message.memory_limit = mapping->limit;
    message.file_offset = mapping->offset;
    message.filename = text(writer, path);
    message.build_id = (int64_t)mapping->build_id;
    /* Or pprof would look for the files and name everything again. */
    message.has_functions = message.has_filenames = true;
    message.has_line_numbers = message.has_inline_frames = true;
    put_message(writer, MAPPING, &message.base);
    if (!written->mapping || frame_kind_of_path(path) != written->kind)
        comment(writer, "kind: %" PRIu64 " %s%s", message.id, frame_kind_name(written->kind),
                written->mapping ? "" : " none");
}

/* Without any mapping pprof complains that it does not know the program. */
static void put_lonely_mapping(struct writer *writer)
{
    const struct profile_info *info = profile_facts(writer->profile);
    const char *command = profile_string(writer->profile, info->command);
    Pprof__Mapping message = PPROF__MAPPING__INIT;

    message.id = 1;
    message.filename = text(writer, *command ? command : "[unknown]");
    message.has_functions = message.has_filenames = true;
    message.has_line_numbers = message.has_inline_frames = true;
    put_message(writer, MAPPING, &message.base);
}

static void put_mappings(struct writer *writer)
{
    uint32_t main = main_mapping(writer), next = 2;

    if (!writer->mapping_count) {
        put_lonely_mapping(writer);
        return;
    }
    writer->mapping_order = xcalloc(writer->mapping_count + 1, sizeof(uint32_t));
    writer->mapping_order[main] = 1;
    put_mapping(writer, main);
    for (uint32_t i = 1; i <= writer->mapping_count; i++) {
        if (i == main)
            continue;
        writer->mapping_order[i] = next++;
        put_mapping(writer, i);
    }
}

/* ---- locations ---- */

static uint32_t new_place(struct writer *writer, uint32_t outer, frame_id id)
{
    const struct frame *frame = profile_frame_at(writer->profile, id);
    uint32_t place = (uint32_t)++writer->place_count;

    writer->places =
        xgrow(writer->places, &writer->place_room, (size_t)place + 1, sizeof(*writer->places));
    writer->places[place] = (struct place){.outer = outer, .frame = id, .lines = 1};
    if (outer) {
        writer->places[place].lines += writer->places[outer].lines;
        writer->places[place].mapping = writer->places[outer].mapping;
    } else {
        writer->places[place].mapping = written_mapping(writer, frame->mapping, frame->kind);
    }
    return place;
}

static uint32_t place_for(struct writer *writer, uint32_t outer, frame_id id)
{
    uint32_t *place;

    if (!outer) {
        place = &writer->place_of_frame[id];
        return *place ? *place : (*place = new_place(writer, 0, id));
    }
    place = map_at(&writer->place_index, (uint64_t)outer << 32 | id);
    return *place == UINT32_MAX ? (*place = new_place(writer, outer, id)) : *place;
}

/* Whether a frame is one more line of the location of its caller. */
static bool is_inner_line(const struct writer *writer, frame_id inner, frame_id outer)
{
    const struct frame *a = profile_frame_at(writer->profile, inner);
    const struct frame *b = profile_frame_at(writer->profile, outer);

    return a->kind == FRAME_INLINE && a->address == b->address && a->mapping == b->mapping &&
           b->kind != FRAME_MARK;
}

static bool has_inlined_frames(const struct profile *profile)
{
    uint32_t count = profile_frame_count(profile);
    frame_id i = 0;

    while (i < count && profile_frame_at(profile, i)->kind != FRAME_INLINE)
        i++;
    return i < count;
}

static void find_places_of_frames(struct writer *writer)
{
    size_t count;
    const struct call_node *nodes = profile_nodes(writer->profile, &count);

    for (size_t i = 1; i < count; i++) {
        uint32_t place;

        if (writer->place_of_frame[nodes[i].frame])
            continue;
        place = place_for(writer, 0, nodes[i].frame);
        writer->places[place].used = true;
    }
}

static void find_places_of_nodes(struct writer *writer)
{
    size_t count;
    const struct call_node *nodes = profile_nodes(writer->profile, &count);

    writer->place_of_node = xcalloc(count, sizeof(uint32_t));
    for (size_t i = 1; i < count; i++) {
        node_id parent = nodes[i].parent;
        uint32_t outer = 0;

        if (parent) {
            outer = writer->place_of_node[parent];
            if (!is_inner_line(writer, nodes[i].frame, nodes[parent].frame)) {
                writer->places[outer].used = true;
                outer = 0;
            }
        }
        writer->place_of_node[i] = place_for(writer, outer, nodes[i].frame);
    }
}

/* Of a node that is not the root. */
static uint32_t place_of(const struct writer *writer, const struct call_node *nodes,
                         node_id node)
{
    return writer->place_of_node ? writer->place_of_node[node]
                                 : writer->place_of_frame[nodes[node].frame];
}

static void find_places(struct writer *writer)
{
    size_t count, stack_count;
    const struct call_node *nodes = profile_nodes(writer->profile, &count);
    const struct stack *stacks = profile_stacks(writer->profile, &stack_count);

    writer->place_of_frame = xcalloc(profile_frame_count(writer->profile), sizeof(uint32_t));
    if (has_inlined_frames(writer->profile))
        find_places_of_nodes(writer);
    else
        find_places_of_frames(writer);
    for (size_t i = 0; i < stack_count; i++) {
        struct place *place;

        if (!stacks[i].node)
            continue;
        place = &writer->places[place_of(writer, nodes, stacks[i].node)];
        place->used = true;
        writer->mappings[place->mapping].weight++;
    }
}

/*
 * A name as a linker knows it, which pprof needs to disassemble a function.  Of any other text
 * pprof believes that it is still to be demangled, and cuts templates and parameters off.
 */
static bool is_linked_name(const char *name)
{
    static const char *const mangled[] = {"_Z", "__Z", "_R", "__R"};

    for (size_t i = 0; i < ARRAY_LENGTH(mangled); i++)
        if (!strncmp(name, mangled[i], strlen(mangled[i])))
            return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("_.$@", *name))
            return false;
    return true;
}

static uint64_t function_for(struct writer *writer, const struct frame *frame)
{
    uint32_t *id =
        map_at(&writer->function_index, (uint64_t)frame->function << 32 | frame->file);

    if (*id == UINT32_MAX) {
        Pprof__Function message = PPROF__FUNCTION__INIT;

        *id = ++writer->function_count;
        message.id = *id;
        message.name = (int64_t)frame->function;
        if (is_linked_name(profile_string(writer->profile, frame->function)))
            message.system_name = message.name;
        message.filename = (int64_t)frame->file;
        put_message(writer, FUNCTION, &message.base);
    }
    return *id;
}

static void put_location(struct writer *writer, uint32_t id)
{
    const struct place *place = &writer->places[id];
    const struct frame *frame = profile_frame_at(writer->profile, place->frame);
    Pprof__Location message = PPROF__LOCATION__INIT;
    Pprof__Line *lines = xcalloc(place->lines, sizeof(*lines));
    Pprof__Line **line = xcalloc(place->lines, sizeof(*line));

    message.id = id;
    message.mapping_id = place->mapping ? writer->mapping_order[place->mapping] : 0;
    message.address = frame->address;
    message.line = line;
    message.n_line = place->lines;
    for (size_t i = 0; i < message.n_line; i++) {
        frame = profile_frame_at(writer->profile, place->frame);
        pprof__line__init(&lines[i]);
        lines[i].function_id = function_for(writer, frame);
        lines[i].line = frame->line;
        line[i] = &lines[i];
        place = &writer->places[place->outer];
    }
    put_message(writer, LOCATION, &message.base);
    free(lines);
    free(line);
}

static void put_locations(struct writer *writer)
{
    for (uint32_t i = 1; i <= writer->place_count; i++)
        if (writer->places[i].used)
            put_location(writer, i);
}

/* ---- samples ---- */

/* Packs the ids of a stack's locations, innermost first, into writer->packed; returns how many
 * bytes they take. */
static size_t pack_locations(struct writer *writer, node_id node)
{
    size_t count, size = 0;
    const struct call_node *nodes = profile_nodes(writer->profile, &count);

    while (node) {
        uint32_t place = place_of(writer, nodes, node);

        if (writer->packed_room - size < VARINT_MAX)
            writer->packed = xgrow(writer->packed, &writer->packed_room, size + VARINT_MAX, 1);
        size += pack_varint(writer->packed + size, place);
        node = nodes[node].parent;
        if (writer->place_of_node)
            for (uint32_t lines = writer->places[place].lines; lines > 1; lines--)
                node = nodes[node].parent;
    }
    return size;
}

struct label_list {
    Pprof__Label label[LABELS_MAX];
    size_t count;
};

static Pprof__Label *add_label(struct writer *writer, struct label_list *list, const char *key)
{
    Pprof__Label *label = &list->label[list->count++];

    pprof__label__init(label);
    label->key = text(writer, key);
    return label;
}

static void list_labels(struct writer *writer, struct label_list *list, label_id id)
{
    const struct label_set *labels = profile_labels_at(writer->profile, id);

    list->count = 0;
    if (labels->process)
        add_label(writer, list, PPROF_LABEL_PROCESS)->str = (int64_t)labels->process;
    if (labels->thread)
        add_label(writer, list, PPROF_LABEL_THREAD)->str = (int64_t)labels->thread;
    if (labels->command)
        add_label(writer, list, PPROF_LABEL_COMMAND)->str = (int64_t)labels->command;
    if (labels->pid)
        add_label(writer, list, PPROF_LABEL_PID)->num = labels->pid;
    if (labels->tid)
        add_label(writer, list, PPROF_LABEL_TID)->num = labels->tid;
    if (labels->self)
        add_label(writer, list, PPROF_LABEL_SELF)->num = 1;
}

/* Values as pprof has them: signed, and always a number. */
static uint32_t measured_values(struct writer *writer, const uint64_t *values, int64_t *written)
{
    uint32_t missing = 0;

    for (size_t i = 0; i < writer->type_count; i++) {
        written[i] = (int64_t)values[i];
        if (values[i] == NOT_MEASURED) {
            written[i] = 0;
            missing |= 1u << i;
        } else if (values[i] > INT64_MAX) {
            written[i] = INT64_MAX;
            writer->cut = true;
        }
    }
    if (writer->derived >= 0 && __builtin_mul_overflow(written[writer->derived], writer->period,
                                                       &written[writer->type_count])) {
        written[writer->type_count] = INT64_MAX;
        writer->cut = true;
    }
    return missing & ~writer->unmeasured;
}

static size_t pack_values(const struct writer *writer, const int64_t *values, uint8_t *packed)
{
    size_t count = writer->type_count + (writer->derived >= 0), size = 0;

    for (size_t i = 0; i < count; i++)
        size += pack_varint(packed + size, (uint64_t)values[i]);
    return size;
}

/* What a field takes whose content is of that size; nothing when there is none. */
static size_t field_size(size_t size)
{
    uint8_t length[VARINT_MAX];

    return size ? 1 + pack_varint(length, size) + size : 0;
}

/* One sample of the stack with these values; `list` may have a timestamp behind the stack's own
 * labels.  Nearly all of a large file is samples, so they are packed here. */
static void put_sample(struct writer *writer, node_id node, const uint64_t *values,
                       struct label_list *list)
{
    int64_t written[PROFILE_VALUES_MAX + 1];
    uint8_t packed[(PROFILE_VALUES_MAX + 1) * VARINT_MAX];
    size_t labels = list->count, value_size, location_size, size;
    uint32_t missing = measured_values(writer, values, written);

    if (missing)
        add_label(writer, list, PPROF_LABEL_UNMEASURED)->num = missing;
    location_size = pack_locations(writer, node);
    value_size = pack_values(writer, written, packed);
    size = field_size(location_size) + field_size(value_size);
    for (size_t i = 0; i < list->count; i++)
        size += field_size(protobuf_c_message_get_packed_size(&list->label[i].base));
    put_varint(writer->out, SAMPLE << 3 | 2);
    put_varint(writer->out, size);
    if (location_size)
        put_bytes(writer->out, SAMPLE_LOCATION, writer->packed, location_size);
    if (value_size)
        put_bytes(writer->out, SAMPLE_VALUE, packed, value_size);
    for (size_t i = 0; i < list->count; i++)
        put_message(writer, SAMPLE_LABEL, &list->label[i].base);
    list->count = labels;
}

/* The part of a stack's values that belongs to the `at`th of its `count` moments: parts differ
 * by one at most, and together they are the whole. */
static void share_values(const struct writer *writer, const uint64_t *values, uint64_t at,
                         uint64_t count, uint64_t *part)
{
    for (size_t i = 0; i < writer->type_count; i++)
        part[i] = values[i] == NOT_MEASURED
                      ? NOT_MEASURED
                      : values[i] / count + (at < values[i] % count ? 1 : 0);
}

static void put_moments(struct writer *writer, uint32_t *moments_of_stack)
{
    size_t count, stack_count;
    const struct moment *moments = profile_moments(writer->profile, &count);
    const struct stack *stacks = profile_stacks(writer->profile, &stack_count);
    uint32_t *seen = xcalloc(stack_count, sizeof(*seen));
    struct label_list list;

    for (size_t i = 0; i < count; i++) {
        stack_id id = moments[i].stack;
        uint64_t part[PROFILE_VALUES_MAX];
        Pprof__Label *time;

        list_labels(writer, &list, stacks[id].labels);
        time = add_label(writer, &list, PPROF_LABEL_TIMESTAMP);
        time->num = (int64_t)moments[i].time_ns;
        time->num_unit = text(writer, "nanoseconds");
        share_values(writer, profile_values(writer->profile, id), seen[id]++,
                     moments_of_stack[id], part);
        put_sample(writer, stacks[id].node, part, &list);
    }
    free(seen);
}

/* Of the next stacks. */
static void fetch_paths(const struct profile *profile, const struct stack *stacks, size_t count)
{
    size_t node_count;
    const struct call_node *nodes = profile_nodes(profile, &node_count);
    node_id ends[PATHS_AT_A_TIME];

    count = count < PATHS_AT_A_TIME ? count : PATHS_AT_A_TIME;
    for (size_t i = 0; i < count; i++)
        ends[i] = stacks[i].node;
    call_tree_fetch_paths(nodes, ends, count);
}

static void put_samples(struct writer *writer)
{
    size_t count, moment_count;
    const struct stack *stacks = profile_stacks(writer->profile, &count);
    const struct moment *moments = profile_moments(writer->profile, &moment_count);
    uint32_t *moments_of_stack = NULL;
    label_id last = 0;
    struct label_list list = {.count = 0};

    if (writer->options->timestamps && moment_count) {
        moments_of_stack = xcalloc(count, sizeof(*moments_of_stack));
        for (size_t i = 0; i < moment_count; i++)
            moments_of_stack[moments[i].stack]++;
        put_moments(writer, moments_of_stack);
    }
    for (size_t i = 0; i < count; i++) {
        if (i % PATHS_AT_A_TIME == 0)
            fetch_paths(writer->profile, stacks + i, count - i);
        if (moments_of_stack && moments_of_stack[i])
            continue;
        if (stacks[i].labels != last)
            list_labels(writer, &list, last = stacks[i].labels);
        put_sample(writer, stacks[i].node, profile_values(writer->profile, (stack_id)i), &list);
    }
    free(moments_of_stack);
}

/* ---- the whole ---- */

static void put_value_type(struct writer *writer, unsigned field, int64_t type, int64_t unit)
{
    Pprof__ValueType message = PPROF__VALUE_TYPE__INIT;

    message.type = type;
    message.unit = unit;
    put_message(writer, field, &message.base);
}

static void find_unmeasured(struct writer *writer)
{
    size_t count;

    profile_stacks(writer->profile, &count);
    writer->unmeasured = (1u << writer->type_count) - 1;
    for (size_t i = 0; i < count && writer->unmeasured; i++) {
        const uint64_t *values = profile_values(writer->profile, (stack_id)i);

        for (size_t k = 0; k < writer->type_count; k++)
            if (values[k] != NOT_MEASURED)
                writer->unmeasured &= ~(1u << k);
    }
}

static void put_types(struct writer *writer)
{
    writer->types = profile_value_types(writer->profile, &writer->type_count);
    find_unmeasured(writer);
    for (size_t i = 0; i < writer->type_count; i++) {
        put_value_type(writer, SAMPLE_TYPE, writer->types[i].name, writer->types[i].unit);
        if (writer->unmeasured & 1u << i)
            comment(writer, "unmeasured: %s",
                    profile_string(writer->profile, writer->types[i].name));
    }
    writer->derived = -1;
    writer->period = clock_period(writer->profile);
    if (writer->period && value_named(writer->profile, "cpu") < 0)
        writer->derived = value_named(writer->profile, "samples");
    if (writer->derived >= 0) {
        put_value_type(writer, SAMPLE_TYPE, text(writer, "cpu"), text(writer, "nanoseconds"));
        comment(writer, "derived: cpu");
    }
    if (writer->type_count)
        put_number(writer->out, DEFAULT_SAMPLE_TYPE,
                   writer->types[profile_default_value(writer->profile)].name);
}

/* The unit of the period is that of the value which counts the event. */
static void put_period(struct writer *writer)
{
    const struct profile_info *info = profile_facts(writer->profile);
    const char *event = profile_string(writer->profile, info->event);
    int same = value_named(writer->profile, event);

    if (info->period)
        put_number(writer->out, PERIOD, info->period);
    if (clock_period(writer->profile))
        put_value_type(writer, PERIOD_TYPE, text(writer, "cpu"), text(writer, "nanoseconds"));
    else if (*event)
        put_value_type(writer, PERIOD_TYPE, info->event,
                       same >= 0 ? (int64_t)writer->types[same].unit : text(writer, "count"));
}

static void put_fact(struct writer *writer, const char *key, str_id id)
{
    if (id)
        comment(writer, "%s: %s", key, profile_string(writer->profile, id));
}

static void put_quality(struct writer *writer)
{
    const struct quality *quality = &profile_facts(writer->profile)->quality;
    char line[1024], counts[1024] = "";
    size_t end = 0;

    if (!quality->measured)
        return;
    profile_quality_line(writer->profile, line, sizeof(line));
    comment(writer, "quality: %s", line);
    for (const struct quality_field *field = quality_fields; field->name; field++)
        if (quality_get(quality, field) && end < sizeof(counts))
            end += (size_t)snprintf(counts + end, sizeof(counts) - end, " %s=%" PRIu64,
                                    field->name, quality_get(quality, field));
    comment(writer, "quality-counts:%s", *counts ? counts : " complete=0");
}

static void put_facts(struct writer *writer)
{
    const struct profile_info *info = profile_facts(writer->profile);
    size_t count;
    const str_id *notes = profile_notes(writer->profile, &count);

    put_fact(writer, "creator", info->creator);
    put_fact(writer, "event", info->event);
    put_fact(writer, "command", info->command);
    put_fact(writer, "host", info->host);
    if (info->frequency_hz > 0)
        comment(writer, "frequency_hz: %.17g", info->frequency_hz);
    if (info->effective_hz > 0)
        comment(writer, "effective_hz: %.17g", info->effective_hz);
    put_quality(writer);
    for (size_t i = 0; i < count; i++)
        put_fact(writer, "note", notes[i]);
    if (info->started_ns)
        put_number(writer->out, TIME_NANOS, info->started_ns);
    if (info->duration_ns)
        put_number(writer->out, DURATION_NANOS, info->duration_ns);
}

static void put_profile(struct writer *writer)
{
    put_types(writer);
    find_places(writer);
    put_mappings(writer);
    put_locations(writer);
    put_samples(writer);
    put_period(writer);
    put_facts(writer);
    put_strings(writer); /* last: only now are all of them known */
}

int pprof_write(const struct profile *profile, const struct write_options *options, FILE *out,
                struct error *err)
{
    struct writer writer = {.profile = profile, .options = options};
    size_t nodes;
    int failed = 0;

    profile_nodes(profile, &nodes);
    writer.out = gzip_open(out, nodes > LARGE ? GZIP_FAST : GZIP_USUAL);
    writer.extra = strings_new();
    writer.extra_base = strings_count(profile_strings(profile));
    writer.mappings = xgrow(NULL, &writer.mapping_room, 1, sizeof(*writer.mappings));
    writer.mappings[0] = (struct written_mapping){.mapping = 0};
    put_profile(&writer);
    if (!gzip_close(writer.out))
        failed = error_set(err, errno, "cannot write the profile: %s", strerror(errno));
    if (writer.cut)
        log_warning("pprof's values end at 2^63 - 1; larger ones were cut down to that");
    strings_free(writer.extra);
    free(writer.places);
    map_free(&writer.place_index);
    free(writer.place_of_node);
    free(writer.place_of_frame);
    free(writer.mappings);
    map_free(&writer.mapping_index);
    free(writer.mapping_order);
    map_free(&writer.function_index);
    free(writer.packed);
    return failed;
}
