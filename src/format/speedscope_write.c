#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/log.h"
#include "base/saturate.h"
#include "base/xalloc.h"
#include "format/speedscope.h"

/* JavaScript's numbers are exact up to here, its strings shorter than this. */
#define EXACT_MAX    (UINT64_C(1) << 53)
#define OPENABLE_MAX (UINT64_C(512) << 20)

/* A stack that counts in one profile of the file. */
struct weighed {
    node_id node;
    uint64_t weight;
};

/* The stacks of one thread. */
struct group {
    label_id labels;
    __uint128_t weight;
    size_t first, count; /* in `stacks` */
};

struct writer {
    const struct profile *profile;
    struct view *view;
    const struct call_node *paths;
    struct json_writer json;
    struct value_type type;
    const char *unit;
    __uint128_t total;

    struct weighed *stacks; /* those of a group stand together */
    struct group *groups;
    size_t group_count;

    name_id *path;
    size_t path_room;
};

static const char *unit_of(const char *unit)
{
    static const char *const known[] = {"nanoseconds", "microseconds", "milliseconds",
                                        "seconds", "bytes"};

    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (!strcmp(unit, known[i]))
            return known[i];
    return "none";
}

/* ---- groups ---- */

static int by_node(const void *a, const void *b)
{
    const struct weighed *x = a, *y = b;

    return (x->node > y->node) - (x->node < y->node);
}

static int by_weight(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    if (x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
    return (x->labels > y->labels) - (x->labels < y->labels);
}

/* Frames that differ only in address or line are one name: stacks of one thread can meet in one
 * node of the view, and those of several threads do.  Returns how many are left. */
static size_t join_equal_nodes(struct weighed *stacks, size_t count)
{
    size_t kept = 0, sorted = 1;

    while (sorted < count && stacks[sorted - 1].node <= stacks[sorted].node)
        sorted++;
    if (sorted < count)
        qsort(stacks, count, sizeof(*stacks), by_node);
    for (size_t i = 0; i < count; i++) {
        if (kept && stacks[kept - 1].node == stacks[i].node)
            stacks[kept - 1].weight = saturating_add(stacks[kept - 1].weight, stacks[i].weight);
        else
            stacks[kept++] = stacks[i];
    }
    return kept;
}

static uint64_t weight_of(const struct writer *writer, stack_id stack, size_t value)
{
    uint64_t weight = profile_values(writer->profile, stack)[value];

    return weight == NOT_MEASURED ? 0 : weight;
}

static void group_stacks(struct writer *writer, size_t value)
{
    size_t count;
    const struct stack *stacks = profile_stacks(writer->profile, &count);
    uint32_t label_count = profile_label_count(writer->profile);
    size_t *end = xcalloc(label_count + 1, sizeof(*end));

    for (size_t i = 0; i < count; i++)
        end[stacks[i].labels + 1]++;
    for (label_id i = 0; i < label_count; i++)
        end[i + 1] += end[i];
    writer->stacks = xcalloc(count, sizeof(*writer->stacks));
    writer->groups = xcalloc(label_count, sizeof(*writer->groups));
    for (label_id i = 0; i < label_count; i++)
        writer->groups[i] = (struct group){.labels = i, .first = end[i]};
    for (stack_id i = 0; i < count; i++) {
        struct group *group = &writer->groups[stacks[i].labels];
        uint64_t weight = weight_of(writer, i, value);

        if (!weight)
            continue;
        writer->stacks[group->first + group->count++] =
            (struct weighed){.node = view_node_of(writer->view, i), .weight = weight};
        group->weight += weight;
        writer->total += weight;
    }
    free(end);
    for (label_id i = 0; i < label_count; i++)
        if (writer->groups[i].count) {
            struct group *group = &writer->groups[writer->group_count++];

            *group = writer->groups[i];
            group->count = join_equal_nodes(writer->stacks + group->first, group->count);
        }
    qsort(writer->groups, writer->group_count, sizeof(*writer->groups), by_weight);
}

/* ---- frames ---- */

/* A source file for each name: that of the first frame which has one. */
static str_id *files_of_functions(const struct profile *profile)
{
    str_id *files = xcalloc(strings_count(profile_strings(profile)), sizeof(*files));

    for (frame_id i = 0; i < profile_frame_count(profile); i++) {
        const struct frame *frame = profile_frame_at(profile, i);

        if (!files[frame->function])
            files[frame->function] = frame->file;
    }
    return files;
}

static void put_frames(struct writer *writer)
{
    struct json_writer *json = &writer->json;
    str_id *files = files_of_functions(writer->profile);

    json_open_at(json, "shared", '{');
    json_open_at(json, "frames", '[');
    for (name_id i = 0; i < view_name_count(writer->view); i++) {
        const struct view_name *name = view_name(writer->view, i);
        str_id file = name->is_label ? 0 : files[name->text];

        json_line(json);
        json_open(json, '{');
        json_key(json, "name");
        json_string(json, view_text(writer->view, i), view_text_length(writer->view, i));
        if (file) {
            json_put_text(json, "file", profile_string(writer->profile, file));
        }
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
    free(files);
}

/* ---- profiles ---- */

static void put_path(struct writer *writer, node_id node)
{
    struct json_writer *json = &writer->json;
    size_t depth = 0;

    for (; node; node = writer->paths[node].parent) {
        writer->path =
            xgrow(writer->path, &writer->path_room, depth + 1, sizeof(*writer->path));
        writer->path[depth++] = writer->paths[node].frame;
    }
    json_line(json);
    json_open(json, '[');
    while (depth)
        json_u64(json, writer->path[--depth]);
    json_close(json, ']');
}

static void put_labels(struct writer *writer, label_id id)
{
    const struct label_set *labels = profile_labels_at(writer->profile, id);
    struct json_writer *json = &writer->json;

    json_open_at(json, "labels", '{');
    json_put_text(json, "process", profile_string(writer->profile, labels->process));
    json_put_i64(json, "pid", labels->pid);
    json_put_text(json, "thread", profile_string(writer->profile, labels->thread));
    json_put_i64(json, "tid", labels->tid);
    json_put_text(json, "command", profile_string(writer->profile, labels->command));
    json_close(json, '}');
}

static void begin_profile(struct writer *writer, const char *name, __uint128_t weight)
{
    struct json_writer *json = &writer->json;

    json_line(json);
    json_open(json, '{');
    json_put_text(json, "type", "sampled");
    json_put_text(json, "name", name);
    json_put_text(json, "unit", writer->unit);
    json_put_u64(json, "startValue", 0);
    json_key(json, "endValue");
    json_u128(json, weight);
    json_put_text(json, "value", profile_string(writer->profile, writer->type.name));
}

/* Of the next stacks. */
static void fetch_paths(const struct writer *writer, const struct weighed *stacks, size_t count)
{
    node_id ends[PATHS_AT_A_TIME];

    count = count < PATHS_AT_A_TIME ? count : PATHS_AT_A_TIME;
    for (size_t i = 0; i < count; i++)
        ends[i] = stacks[i].node;
    call_tree_fetch_paths(writer->paths, ends, count);
}

static void put_stacks(struct writer *writer, const struct weighed *stacks, size_t count)
{
    struct json_writer *json = &writer->json;

    json_open_at(json, "samples", '[');
    for (size_t i = 0; i < count; i++) {
        if (i % PATHS_AT_A_TIME == 0)
            fetch_paths(writer, stacks + i, count - i);
        put_path(writer, stacks[i].node);
    }
    json_close(json, ']');
    json_open_at(json, "weights", '[');
    for (size_t i = 0; i < count; i++)
        json_u64(json, stacks[i].weight);
    json_close(json, ']');
}

/* The stacks of all groups, to be freed. */
static struct weighed *join_groups(const struct writer *writer, size_t *count)
{
    struct weighed *all;

    *count = 0;
    for (size_t i = 0; i < writer->group_count; i++)
        *count += writer->groups[i].count;
    all = xalloc(*count * sizeof(*all));
    *count = 0;
    for (size_t i = 0; i < writer->group_count; i++) {
        const struct group *group = &writer->groups[i];

        memcpy(all + *count, writer->stacks + group->first, group->count * sizeof(*all));
        *count += group->count;
    }
    *count = join_equal_nodes(all, *count);
    return all;
}

static void put_all_threads(struct writer *writer)
{
    begin_profile(writer, SPEEDSCOPE_ALL, writer->total);
    if (writer->group_count == 1) {
        const struct group *only = &writer->groups[0];

        put_stacks(writer, writer->stacks + only->first, only->count);
    } else {
        size_t count;
        struct weighed *all = join_groups(writer, &count);

        put_stacks(writer, all, count);
        free(all);
    }
    json_close(&writer->json, '}');
}

/* "app (12) / worker (13)", with what is known. */
static char *group_name(const struct writer *writer, label_id id)
{
    const struct label_set *labels = profile_labels_at(writer->profile, id);
    const char *process = profile_string(writer->profile, labels->process);
    const char *thread = profile_string(writer->profile, labels->thread);

    if (!id)
        return xstrdup("no thread");
    return xasprintf("%s (%d) / %s (%d)", *process ? process : "?", labels->pid,
                     *thread ? thread : "?", labels->tid);
}

static void put_group(struct writer *writer, const struct group *group)
{
    char *name = group_name(writer, group->labels);

    begin_profile(writer, name, group->weight);
    put_labels(writer, group->labels);
    put_stacks(writer, writer->stacks + group->first, group->count);
    json_close(&writer->json, '}');
    free(name);
}

/* One thread alone needs no second profile that says the same. */
static void put_profiles(struct writer *writer)
{
    json_open_at(&writer->json, "profiles", '[');
    if (writer->group_count != 1 || !writer->groups[0].labels)
        put_all_threads(writer);
    if (writer->group_count > 1 || (writer->group_count == 1 && writer->groups[0].labels))
        for (size_t i = 0; i < writer->group_count; i++)
            put_group(writer, &writer->groups[i]);
    json_close(&writer->json, ']');
}

static void put_file(struct writer *writer)
{
    struct json_writer *json = &writer->json;
    const struct profile_info *info = profile_facts(writer->profile);
    const char *creator = profile_string(writer->profile, info->creator);

    json_open(json, '{');
    json_put_text(json, "$schema", SPEEDSCOPE_SCHEMA);
    json_put_text(json, "exporter", *creator ? creator : "fiq " FIQ_VERSION);
    json_put_text(json, "name",
                  info->command ? profile_string(writer->profile, info->command) : "profile");
    json_put_u64(json, "activeProfileIndex", 0);
    put_frames(writer);
    put_profiles(writer);
    json_close(json, '}');
}

int speedscope_write(const struct profile *profile, const struct write_options *options,
                     FILE *out, struct error *err)
{
    struct writer writer = {.profile = profile};
    struct view_options shown = options->view;
    size_t types;

    (void)err;
    /* Threads are profiles here; frames for processes only where they are asked for. */
    if (shown.processes == VIEW_PROCESSES_AUTO)
        shown.processes = VIEW_PROCESSES_NEVER;
    shown.by_text = shown.paths_only = true;
    writer.view = view_new(profile, &shown);
    writer.paths = view_paths(writer.view);
    writer.type = profile_value_types(profile, &types)[shown.value];
    writer.unit = unit_of(profile_string(profile, writer.type.unit));
    group_stacks(&writer, shown.value);
    json_begin(&writer.json, out);
    put_file(&writer);
    json_end(&writer.json);
    fputc('\n', out);
    if (writer.total > EXACT_MAX)
        log_warning("speedscope's numbers are exact up to 2^53 only; larger ones are rounded");
    if (json_size(&writer.json) > OPENABLE_MAX)
        log_warning("browsers cannot open speedscope files above 512 MB; this one has %" PRIu64
                    " MB; --focus and --thread make it smaller",
                    json_size(&writer.json) >> 20);
    view_free(writer.view);
    free(writer.stacks);
    free(writer.groups);
    free(writer.path);
    return 0;
}
