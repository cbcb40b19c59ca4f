/*
 * The processed format of the Firefox Profiler, version 49, with all symbols in it.
 *
 * The front end upgrades older versions and refuses newer ones, so one version is pinned.  In
 * this one every thread has tables of its own: strings, functions, frames, stacks, samples.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/map.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "format/facts.h"
#include "format/format.h"

enum { PROCESSED_VERSION = 49, GECKO_VERSION = 24, RESOURCE_LIBRARY = 1 };
#define NONE UINT32_MAX

static const struct category {
    const char *name, *color;
} categories[] = {{"Other", "grey"}, {"User", "yellow"}, {"Kernel", "orange"},
                  {"JIT", "green"},  {"Python", "blue"}, {"Inlined", "lightblue"}};

static unsigned category_of(enum frame_kind kind)
{
    static const unsigned of_kind[FRAME_KINDS] = {
        [FRAME_NATIVE] = 1, [FRAME_KERNEL] = 2, [FRAME_INLINE] = 5,
        [FRAME_JIT] = 3,    [FRAME_PYTHON] = 4, [FRAME_MARK] = 0};

    return of_kind[kind];
}

/* A sample in the timeline: one event when its time is known, else all of a stack. */
struct shown_sample {
    uint64_t time_ns; /* since the first */
    uint64_t weight;
    node_id node;
};

/* From numbers of the profile to those in the tables of one thread.  The stamp tells which
 * thread an entry was made for, so that nothing has to be cleared between threads. */
struct local_ids {
    uint32_t *ids, *stamps;
};

struct writer {
    const struct profile *profile;
    const struct write_options *options;
    const struct call_node *nodes;
    struct json_writer json;
    double interval_ms;
    uint64_t first_ns;
    bool timed;
    const char *weight_type;

    struct shown_sample *samples; /* of all threads, those of one together */
    size_t *first;                /* of each label set */

    /* the thread that is being written */
    uint32_t stamp;
    struct local_ids stacks, frames, functions, resources;
    node_id *used_nodes;
    frame_id *used_frames;
    frame_id *used_functions; /* a frame of each */
    mapping_id *used_resources;
    size_t node_count, frame_count, function_count, resource_count;
    size_t node_room, frame_room, function_room, resource_room;
    struct strings *strings;
    struct map function_index; /* function << 32 | mapping, anew for each thread */
};

/* ---- columns ---- */

static void put_text(struct writer *writer, const char *key, const char *text)
{
    json_key(&writer->json, key);
    json_text(&writer->json, text);
}

static void put_number(struct writer *writer, const char *key, uint64_t value)
{
    json_key(&writer->json, key);
    json_u64(&writer->json, value);
}

static void put_real(struct writer *writer, const char *key, double value)
{
    json_key(&writer->json, key);
    json_real(&writer->json, value);
}

static void put_flag(struct writer *writer, const char *key, bool value)
{
    json_key(&writer->json, key);
    json_bool(&writer->json, value);
}

static void put_empty_list(struct writer *writer, const char *key)
{
    json_key(&writer->json, key);
    json_open(&writer->json, '[');
    json_close(&writer->json, ']');
}

enum constant { ALL_NULL, ALL_ZERO, ALL_FALSE };

static void put_constant(struct writer *writer, const char *key, enum constant constant,
                         size_t count)
{
    json_key(&writer->json, key);
    json_open(&writer->json, '[');
    for (size_t i = 0; i < count; i++)
        if (constant == ALL_NULL)
            json_null(&writer->json);
        else if (constant == ALL_ZERO)
            json_u64(&writer->json, 0);
        else
            json_bool(&writer->json, false);
    json_close(&writer->json, ']');
}

static void begin_table(struct writer *writer, const char *key, size_t length)
{
    json_line(&writer->json);
    json_key(&writer->json, key);
    json_open(&writer->json, '{');
    put_number(writer, "length", length);
}

static void begin_column(struct writer *writer, const char *key)
{
    json_key(&writer->json, key);
    json_open(&writer->json, '[');
}

static void end_column(struct writer *writer)
{
    json_close(&writer->json, ']');
}

static void end_table(struct writer *writer)
{
    json_close(&writer->json, '}');
}

static void put_id(struct writer *writer, uint32_t id)
{
    if (id == NONE)
        json_null(&writer->json);
    else
        json_u64(&writer->json, id);
}

/* ---- what a thread uses ---- */

static struct local_ids local_ids_new(size_t count)
{
    return (struct local_ids){.ids = xcalloc(count, sizeof(uint32_t)),
                              .stamps = xcalloc(count, sizeof(uint32_t))};
}

static void local_ids_free(struct local_ids *local)
{
    free(local->ids);
    free(local->stamps);
}

static bool is_known(const struct writer *writer, const struct local_ids *local, uint32_t id)
{
    return local->stamps[id] == writer->stamp;
}

static void learn(const struct writer *writer, struct local_ids *local, uint32_t id,
                  uint32_t here)
{
    local->stamps[id] = writer->stamp;
    local->ids[id] = here;
}

static uint32_t string_id(struct writer *writer, const char *text)
{
    return strings_add(writer->strings, text, strlen(text));
}

static const struct frame *frame_at(const struct writer *writer, frame_id id)
{
    return profile_frame_at(writer->profile, id);
}

static void use_resource(struct writer *writer, mapping_id mapping)
{
    if (!mapping || is_known(writer, &writer->resources, mapping))
        return;
    learn(writer, &writer->resources, mapping, (uint32_t)writer->resource_count);
    writer->used_resources = xgrow(writer->used_resources, &writer->resource_room,
                                   writer->resource_count + 1, sizeof(*writer->used_resources));
    writer->used_resources[writer->resource_count++] = mapping;
}

/* Frames of one function in one file are one function here; `functions` is by frame. */
static void use_function(struct writer *writer, frame_id id)
{
    const struct frame *frame = frame_at(writer, id);
    uint32_t *known =
        map_at(&writer->function_index, (uint64_t)frame->function << 32 | frame->mapping);

    if (*known == UINT32_MAX) {
        *known = (uint32_t)writer->function_count;
        writer->used_functions =
            xgrow(writer->used_functions, &writer->function_room, writer->function_count + 1,
                  sizeof(*writer->used_functions));
        writer->used_functions[writer->function_count++] = id;
        use_resource(writer, frame->mapping);
    }
    learn(writer, &writer->functions, id, *known);
}

static void use_frame(struct writer *writer, frame_id id)
{
    if (is_known(writer, &writer->frames, id))
        return;
    learn(writer, &writer->frames, id, (uint32_t)writer->frame_count);
    writer->used_frames = xgrow(writer->used_frames, &writer->frame_room,
                                writer->frame_count + 1, sizeof(*writer->used_frames));
    writer->used_frames[writer->frame_count++] = id;
    use_function(writer, id);
}

static int by_number(const void *a, const void *b)
{
    node_id x = *(const node_id *)a, y = *(const node_id *)b;

    return (x > y) - (x < y);
}

/* Parents have smaller numbers: in order of number they come before their children. */
static void use_nodes(struct writer *writer, const struct shown_sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (node_id node = samples[i].node; node && !is_known(writer, &writer->stacks, node);
             node = writer->nodes[node].parent) {
            learn(writer, &writer->stacks, node, 0);
            writer->used_nodes = xgrow(writer->used_nodes, &writer->node_room,
                                       writer->node_count + 1, sizeof(*writer->used_nodes));
            writer->used_nodes[writer->node_count++] = node;
        }
    qsort(writer->used_nodes, writer->node_count, sizeof(*writer->used_nodes), by_number);
    for (size_t i = 0; i < writer->node_count; i++) {
        learn(writer, &writer->stacks, writer->used_nodes[i], (uint32_t)i);
        use_frame(writer, writer->nodes[writer->used_nodes[i]].frame);
    }
}

/* ---- tables of a thread ---- */

static void put_stacks(struct writer *writer)
{
    struct json_writer *json = &writer->json;

    begin_table(writer, "stackTable", writer->node_count);
    begin_column(writer, "prefix");
    for (size_t i = 0; i < writer->node_count; i++) {
        node_id parent = writer->nodes[writer->used_nodes[i]].parent;

        put_id(writer, parent ? writer->stacks.ids[parent] : NONE);
    }
    end_column(writer);
    begin_column(writer, "frame");
    for (size_t i = 0; i < writer->node_count; i++)
        json_u64(json, writer->frames.ids[writer->nodes[writer->used_nodes[i]].frame]);
    end_column(writer);
    begin_column(writer, "category");
    for (size_t i = 0; i < writer->node_count; i++)
        json_u64(json, category_of(
                           frame_at(writer, writer->nodes[writer->used_nodes[i]].frame)->kind));
    end_column(writer);
    put_constant(writer, "subcategory", ALL_ZERO, writer->node_count);
    end_table(writer);
}

/* In the file, as the front end wants it; -1 when it is not known. */
static int64_t relative_address(const struct writer *writer, const struct frame *frame)
{
    const struct profile_mapping *mapping = profile_mapping_at(writer->profile, frame->mapping);
    uint64_t address = frame->address;

    if (!frame->mapping || !address)
        return -1;
    if (mapping->start && address >= mapping->start && address < mapping->limit)
        address = address - mapping->start + mapping->offset;
    return address < UINT64_C(1) << 53 ? (int64_t)address : -1;
}

static void put_frames(struct writer *writer)
{
    struct json_writer *json = &writer->json;
    size_t count = writer->frame_count;

    begin_table(writer, "frameTable", count);
    begin_column(writer, "address");
    for (size_t i = 0; i < count; i++)
        json_i64(json, relative_address(writer, frame_at(writer, writer->used_frames[i])));
    end_column(writer);
    begin_column(writer, "inlineDepth");
    for (size_t i = 0; i < count; i++)
        json_u64(json, frame_at(writer, writer->used_frames[i])->kind == FRAME_INLINE);
    end_column(writer);
    begin_column(writer, "category");
    for (size_t i = 0; i < count; i++)
        json_u64(json, category_of(frame_at(writer, writer->used_frames[i])->kind));
    end_column(writer);
    put_constant(writer, "subcategory", ALL_ZERO, count);
    begin_column(writer, "func");
    for (size_t i = 0; i < count; i++)
        json_u64(json, writer->functions.ids[writer->used_frames[i]]);
    end_column(writer);
    put_constant(writer, "nativeSymbol", ALL_NULL, count);
    put_constant(writer, "innerWindowID", ALL_NULL, count);
    put_constant(writer, "implementation", ALL_NULL, count);
    begin_column(writer, "line");
    for (size_t i = 0; i < count; i++) {
        uint32_t line = frame_at(writer, writer->used_frames[i])->line;

        put_id(writer, line ? line : NONE);
    }
    end_column(writer);
    put_constant(writer, "column", ALL_NULL, count);
    end_table(writer);
}

static void put_functions(struct writer *writer)
{
    struct json_writer *json = &writer->json;
    size_t count = writer->function_count;

    begin_table(writer, "funcTable", count);
    begin_column(writer, "name");
    for (size_t i = 0; i < count; i++) {
        const struct frame *frame = frame_at(writer, writer->used_functions[i]);

        json_u64(json, string_id(writer, profile_string(writer->profile, frame->function)));
    }
    end_column(writer);
    put_constant(writer, "isJS", ALL_FALSE, count);
    put_constant(writer, "relevantForJS", ALL_FALSE, count);
    begin_column(writer, "resource");
    for (size_t i = 0; i < count; i++) {
        mapping_id mapping = frame_at(writer, writer->used_functions[i])->mapping;

        json_i64(json, mapping ? (int64_t)writer->resources.ids[mapping] : -1);
    }
    end_column(writer);
    begin_column(writer, "fileName");
    for (size_t i = 0; i < count; i++) {
        str_id file = frame_at(writer, writer->used_functions[i])->file;

        put_id(writer, file ? string_id(writer, profile_string(writer->profile, file)) : NONE);
    }
    end_column(writer);
    put_constant(writer, "lineNumber", ALL_NULL, count);
    put_constant(writer, "columnNumber", ALL_NULL, count);
    end_table(writer);
}

static const char *path_of(const struct writer *writer, mapping_id mapping)
{
    return profile_string(writer->profile, profile_mapping_at(writer->profile, mapping)->path);
}

static void put_resources(struct writer *writer)
{
    struct json_writer *json = &writer->json;
    size_t count = writer->resource_count;

    begin_table(writer, "resourceTable", count);
    begin_column(writer, "lib");
    for (size_t i = 0; i < count; i++)
        json_u64(json, writer->used_resources[i] - 1);
    end_column(writer);
    begin_column(writer, "name");
    for (size_t i = 0; i < count; i++)
        json_u64(json,
                 string_id(writer, text_file_name(path_of(writer, writer->used_resources[i]))));
    end_column(writer);
    put_constant(writer, "host", ALL_NULL, count);
    begin_column(writer, "type");
    for (size_t i = 0; i < count; i++)
        json_u64(json, RESOURCE_LIBRARY);
    end_column(writer);
    end_table(writer);
}

static void put_empty_tables(struct writer *writer)
{
    static const char *const markers[] = {"category", "data",  "endTime",
                                          "name",     "phase", "startTime"};
    static const char *const symbols[] = {"address", "functionSize", "libIndex", "name"};

    begin_table(writer, "markers", 0);
    for (size_t i = 0; i < ARRAY_LENGTH(markers); i++)
        put_empty_list(writer, markers[i]);
    end_table(writer);
    begin_table(writer, "nativeSymbols", 0);
    for (size_t i = 0; i < ARRAY_LENGTH(symbols); i++)
        put_empty_list(writer, symbols[i]);
    end_table(writer);
}

static void put_strings(struct writer *writer)
{
    json_line(&writer->json);
    begin_column(writer, "stringArray");
    for (str_id i = 0; i < strings_count(writer->strings); i++)
        json_string(&writer->json, strings_get(writer->strings, i),
                    strings_length(writer->strings, i));
    end_column(writer);
}

/* ---- samples ---- */

static bool counts_time(const struct writer *writer)
{
    return !strcmp(writer->weight_type, "tracing-ms");
}

static void put_weight(struct writer *writer, uint64_t weight)
{
    if (counts_time(writer))
        json_real(&writer->json, (double)weight / 1e6);
    else
        json_u64(&writer->json, weight);
}

static void put_samples(struct writer *writer, const struct shown_sample *samples, size_t count)
{
    double per_sample_us = writer->interval_ms * 1000;

    begin_table(writer, "samples", count);
    put_text(writer, "weightType", writer->weight_type);
    begin_column(writer, "stack");
    for (size_t i = 0; i < count; i++)
        put_id(writer, samples[i].node ? writer->stacks.ids[samples[i].node] : NONE);
    end_column(writer);
    begin_column(writer, "time");
    for (size_t i = 0; i < count; i++)
        json_real(&writer->json, (double)samples[i].time_ns / 1e6);
    end_column(writer);
    begin_column(writer, "weight");
    for (size_t i = 0; i < count; i++)
        put_weight(writer, samples[i].weight);
    end_column(writer);
    /* Samples fall where the processor is busy; without this idle times would look so too. */
    begin_column(writer, "threadCPUDelta");
    for (size_t i = 0; i < count; i++)
        json_real(&writer->json, counts_time(writer) ? (double)samples[i].weight / 1e3
                                 : writer->timed     ? per_sample_us
                                                 : per_sample_us * (double)samples[i].weight);
    end_column(writer);
    end_table(writer);
}

static int by_time(const void *a, const void *b)
{
    const struct shown_sample *x = a, *y = b;

    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

/* How many times each stack was seen; NULL when times are not known. */
static uint64_t *count_moments(struct writer *writer, size_t stack_count)
{
    size_t count;
    const struct moment *moments = profile_moments(writer->profile, &count);
    uint64_t *of_stack = xcalloc(stack_count, sizeof(*of_stack));

    writer->first_ns = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        of_stack[moments[i].stack]++;
        if (moments[i].time_ns < writer->first_ns)
            writer->first_ns = moments[i].time_ns;
    }
    writer->timed = count > 0;
    return of_stack;
}

static uint64_t value_of(const struct writer *writer, stack_id stack)
{
    uint64_t value = profile_values(writer->profile, stack)[writer->options->view.value];

    return value == NOT_MEASURED ? 0 : value;
}

/* Stacks without times get some: one behind the other, as long as they weigh. */
static void lay_out(struct writer *writer, struct shown_sample *samples, size_t count)
{
    uint64_t interval = counts_time(writer) ? 1 : (uint64_t)(writer->interval_ms * 1e6);
    uint64_t at = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t length;

        samples[i].time_ns = at;
        if (__builtin_mul_overflow(samples[i].weight, interval, &length) ||
            length > INT64_MAX - at)
            length = 0;
        at += length;
    }
}

/* Fills samples[first[label] .. first[label + 1]). */
static void collect_samples(struct writer *writer)
{
    size_t stack_count, moment_count;
    const struct stack *stacks = profile_stacks(writer->profile, &stack_count);
    const struct moment *moments = profile_moments(writer->profile, &moment_count);
    uint32_t labels = profile_label_count(writer->profile);
    uint64_t *moments_of = count_moments(writer, stack_count);
    uint64_t *seen = xcalloc(stack_count, sizeof(*seen));
    size_t *next;

    writer->first = xcalloc(labels + 2, sizeof(*writer->first));
    for (stack_id i = 0; i < stack_count; i++)
        if (value_of(writer, i) || moments_of[i])
            writer->first[stacks[i].labels + 1] +=
                moments_of[i] ? (size_t)moments_of[i] : (size_t)1;
    for (label_id i = 0; i < labels; i++)
        writer->first[i + 1] += writer->first[i];
    writer->samples = xcalloc(writer->first[labels] + 1, sizeof(*writer->samples));
    next = xcalloc(labels + 1, sizeof(*next));
    memcpy(next, writer->first, labels * sizeof(*next));
    for (stack_id i = 0; i < stack_count; i++)
        if (value_of(writer, i) && !moments_of[i])
            writer->samples[next[stacks[i].labels]++] =
                (struct shown_sample){.weight = value_of(writer, i), .node = stacks[i].node};
    for (size_t i = 0; i < moment_count; i++) {
        stack_id id = moments[i].stack;
        uint64_t value = value_of(writer, id), count = moments_of[id];

        writer->samples[next[stacks[id].labels]++] =
            (struct shown_sample){.time_ns = moments[i].time_ns - writer->first_ns,
                                  .weight = value / count + (seen[id]++ < value % count),
                                  .node = stacks[id].node};
    }
    free(next);
    free(seen);
    free(moments_of);
}

/* ---- threads ---- */

static void put_numbers(struct writer *writer, const struct label_set *labels)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", labels->pid);
    put_text(writer, "pid", text);
    snprintf(text, sizeof(text), "%d", labels->tid);
    put_text(writer, "tid", text);
}

static void put_thread(struct writer *writer, label_id id, struct shown_sample *samples,
                       size_t count)
{
    const struct label_set *labels = profile_labels_at(writer->profile, id);
    const char *process = profile_string(writer->profile, labels->process);
    const char *thread = profile_string(writer->profile, labels->thread);
    double end;

    if (writer->timed)
        qsort(samples, count, sizeof(*samples), by_time);
    else
        lay_out(writer, samples, count);
    end = (double)samples[count - 1].time_ns / 1e6 + writer->interval_ms;
    writer->stamp++;
    writer->node_count = writer->frame_count = 0;
    writer->function_count = writer->resource_count = 0;
    writer->strings = strings_new();
    use_nodes(writer, samples, count);

    json_line(&writer->json);
    json_open(&writer->json, '{');
    put_text(writer, "name", *thread ? thread : "all threads");
    put_flag(writer, "isMainThread", labels->pid == labels->tid);
    put_text(writer, "processType", "default");
    put_text(writer, "processName", *process ? process : "process");
    put_numbers(writer, labels);
    put_number(writer, "processStartupTime", 0);
    put_real(writer, "processShutdownTime", end);
    put_number(writer, "registerTime", 0);
    put_real(writer, "unregisterTime", end);
    put_empty_list(writer, "pausedRanges");
    put_flag(writer, "showMarkersInTimeline", false);
    put_samples(writer, samples, count);
    put_stacks(writer);
    put_frames(writer);
    put_functions(writer);
    put_resources(writer);
    put_empty_tables(writer);
    put_strings(writer);
    json_close(&writer->json, '}');
    strings_free(writer->strings);
    map_free(&writer->function_index);
}

static void put_threads(struct writer *writer)
{
    json_line(&writer->json);
    begin_column(writer, "threads");
    for (label_id i = 0; i < profile_label_count(writer->profile); i++) {
        size_t count = writer->first[i + 1] - writer->first[i];

        if (count)
            put_thread(writer, i, writer->samples + writer->first[i], count);
    }
    end_column(writer);
}

/* ---- the head ---- */

/* Build IDs as Breakpad writes them: a GUID, whose first three numbers are little-endian, and
 * an age. */
static void put_breakpad_id(struct writer *writer, const char *build_id)
{
    static const unsigned order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    char padded[33], text[34];
    size_t length = strlen(build_id);

    memset(padded, '0', 32);
    memcpy(padded, build_id, length < 32 ? length : 32);
    for (size_t i = 0; i < 32; i++) {
        char c = padded[order[i / 2] * 2 + i % 2];

        text[i] = c >= 'a' && c <= 'f' ? (char)(c - 'a' + 'A') : c;
    }
    text[32] = '0';
    json_key(&writer->json, "breakpadId");
    json_string(&writer->json, text, length ? 33 : 0);
}

static void put_libs(struct writer *writer)
{
    json_line(&writer->json);
    begin_column(writer, "libs");
    for (mapping_id i = 1; i <= profile_mapping_count(writer->profile); i++) {
        const char *path = path_of(writer, i);
        const char *build_id =
            profile_string(writer->profile, profile_mapping_at(writer->profile, i)->build_id);

        json_line(&writer->json);
        json_open(&writer->json, '{');
        put_text(writer, "name", text_file_name(path));
        put_text(writer, "path", path);
        put_text(writer, "debugName", text_file_name(path));
        put_text(writer, "debugPath", path);
        put_breakpad_id(writer, build_id);
        json_key(&writer->json, "codeId");
        if (*build_id)
            json_text(&writer->json, build_id);
        else
            json_null(&writer->json);
        json_key(&writer->json, "arch");
        json_null(&writer->json);
        json_close(&writer->json, '}');
    }
    end_column(writer);
}

static void put_categories(struct writer *writer)
{
    begin_column(writer, "categories");
    for (size_t i = 0; i < ARRAY_LENGTH(categories); i++) {
        json_open(&writer->json, '{');
        put_text(writer, "name", categories[i].name);
        put_text(writer, "color", categories[i].color);
        begin_column(writer, "subcategories");
        json_text(&writer->json, "Other");
        end_column(writer);
        json_close(&writer->json, '}');
    }
    end_column(writer);
}

static void put_units(struct writer *writer)
{
    json_key(&writer->json, "sampleUnits");
    json_open(&writer->json, '{');
    put_text(writer, "eventDelay", "ms");
    put_text(writer, "threadCPUDelta", "\xc2\xb5s");
    put_text(writer, "time", "ms");
    json_close(&writer->json, '}');
}

static void put_meta(struct writer *writer)
{
    const struct profile_info *info = profile_facts(writer->profile);
    const char *command = profile_string(writer->profile, info->command);

    json_line(&writer->json);
    json_key(&writer->json, "meta");
    json_open(&writer->json, '{');
    put_real(writer, "interval", writer->interval_ms);
    put_real(writer, "startTime", (double)info->started_ns / 1e6);
    put_number(writer, "processType", 0);
    put_text(writer, "product", *command ? command : "fiq");
    put_text(writer, "oscpu", profile_string(writer->profile, info->host));
    put_number(writer, "stackwalk", 1);
    put_flag(writer, "debug", false);
    put_number(writer, "version", GECKO_VERSION);
    put_number(writer, "preprocessedProfileVersion", PROCESSED_VERSION);
    put_flag(writer, "symbolicated", true);
    put_flag(writer, "usesOnlyOneStackType", true);
    put_flag(writer, "doesNotUseFrameImplementation", true);
    put_flag(writer, "sourceCodeIsNotOnSearchfox", true);
    put_text(writer, "importedFrom", "fiq " FIQ_VERSION);
    put_empty_list(writer, "markerSchema");
    put_units(writer);
    put_categories(writer);
    json_close(&writer->json, '}');
}

static void put_file(struct writer *writer)
{
    json_open(&writer->json, '{');
    put_meta(writer);
    put_libs(writer);
    put_empty_list(writer, "pages");
    put_empty_list(writer, "counters");
    put_empty_list(writer, "profilerOverhead");
    put_threads(writer);
    json_close(&writer->json, '}');
}

static double interval_ms(const struct profile *profile)
{
    const struct profile_info *info = profile_facts(profile);

    if (clock_period(profile))
        return (double)clock_period(profile) / 1e6;
    return info->frequency_hz > 0 ? 1000 / info->frequency_hz : 1;
}

static const char *weight_type(const struct profile *profile, size_t value)
{
    size_t count;
    const char *unit =
        profile_string(profile, profile_value_types(profile, &count)[value].unit);

    if (!strcmp(unit, "nanoseconds"))
        return "tracing-ms";
    return strcmp(unit, "bytes") ? "samples" : "bytes";
}

static int firefox_write(const struct profile *profile, const struct write_options *options,
                         FILE *out, struct error *err)
{
    struct writer writer = {.profile = profile,
                            .options = options,
                            .interval_ms = interval_ms(profile),
                            .weight_type = weight_type(profile, options->view.value)};
    size_t node_count;

    (void)err;
    writer.nodes = profile_nodes(profile, &node_count);
    writer.stacks = local_ids_new(node_count);
    writer.frames = local_ids_new(profile_frame_count(profile));
    writer.functions = local_ids_new(profile_frame_count(profile));
    writer.resources = local_ids_new(profile_mapping_count(profile) + 1);
    collect_samples(&writer);
    json_begin(&writer.json, out);
    put_file(&writer);
    json_end(&writer.json);
    fputc('\n', out);
    local_ids_free(&writer.stacks);
    local_ids_free(&writer.frames);
    local_ids_free(&writer.functions);
    local_ids_free(&writer.resources);
    free(writer.samples);
    free(writer.first);
    free(writer.used_nodes);
    free(writer.used_frames);
    free(writer.used_functions);
    free(writer.used_resources);
    return 0;
}

const struct format firefox_format = {
    .name = "firefox",
    .suffix = ".firefox.json",
    .summary = "for profiler.firefox.com: threads, times, categories",
    .write = firefox_write,
};
