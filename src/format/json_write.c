#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/saturate.h"
#include "base/xalloc.h"
#include "format/facts.h"
#include "format/json.h"
#include "profile/quality.h"

struct writer {
    const struct profile *profile;
    const struct write_options *options;
    struct json_writer json;
    int count, instructions, memory; /* indices of these values, or -1 */

    frame_id *path;
    size_t path_room;

    /* Moments by stack: those of stack i are times[first[i] .. first[i + 1]). */
    uint64_t *times;
    size_t *first;
};

static void put_text(struct writer *writer, const char *key, str_id text)
{
    json_key(&writer->json, key);
    if (text)
        json_string(&writer->json, profile_string(writer->profile, text),
                    profile_string_length(writer->profile, text));
    else
        json_null(&writer->json);
}

/* Facts for which 0 means that nobody knows. */
static void put_known(struct writer *writer, const char *key, uint64_t value)
{
    json_key(&writer->json, key);
    if (value)
        json_u64(&writer->json, value);
    else
        json_null(&writer->json);
}

static void put_seconds(struct writer *writer, const char *key, uint64_t ns)
{
    json_key(&writer->json, key);
    if (ns)
        json_seconds(&writer->json, ns);
    else
        json_null(&writer->json);
}

static void put_real(struct writer *writer, const char *key, double value)
{
    json_key(&writer->json, key);
    if (value > 0)
        json_real(&writer->json, value);
    else
        json_null(&writer->json);
}

static void put_value(struct writer *writer, uint64_t value)
{
    if (value == NOT_MEASURED)
        json_null(&writer->json);
    else
        json_u64(&writer->json, value);
}

/* ---- the head ---- */

static void put_quality(struct writer *writer)
{
    const struct quality *quality = &profile_facts(writer->profile)->quality;
    struct json_writer *json = &writer->json;
    char line[1024];

    json_line(json);
    json_key(json, "quality");
    if (!quality->measured) {
        json_null(json);
        return;
    }
    profile_quality_line(writer->profile, line, sizeof(line));
    json_open(json, '{');
    json_put_text(json, "summary", line);
    for (const struct quality_field *field = quality_fields; field->name; field++) {
        json_key(json, field->name);
        if (field->is_flag)
            json_bool(json, quality_get(quality, field));
        else
            json_u64(json, quality_get(quality, field));
    }
    json_close(json, '}');
}

static void put_facts(struct writer *writer)
{
    const struct profile_info *info = profile_facts(writer->profile);
    struct json_writer *json = &writer->json;
    size_t count;
    const str_id *notes = profile_notes(writer->profile, &count);

    put_text(writer, "creator", info->creator);
    json_line(json);
    put_text(writer, "event", info->event);
    put_text(writer, "command", info->command);
    put_text(writer, "host", info->host);
    json_line(json);
    put_seconds(writer, "started_seconds", info->started_ns);
    put_seconds(writer, "elapsed_seconds", info->duration_ns);
    put_known(writer, "period", info->period);
    put_real(writer, "frequency_hz", info->frequency_hz);
    put_real(writer, "effective_hz", info->effective_hz);
    put_quality(writer);
    json_line(json);
    json_open_at(json, "notes", '[');
    for (size_t i = 0; i < count; i++)
        json_text(json, profile_string(writer->profile, notes[i]));
    json_close(json, ']');
}

/* The sum of what stands under "count", also where it passes 64 bits. */
static __uint128_t total_count(const struct writer *writer)
{
    __uint128_t total = 0;
    size_t count;

    profile_stacks(writer->profile, &count);
    for (stack_id i = 0; i < count && writer->count >= 0; i++) {
        uint64_t value = profile_values(writer->profile, i)[writer->count];

        total += value == NOT_MEASURED ? 0 : value;
    }
    return total;
}

static void put_values(struct writer *writer)
{
    struct json_writer *json = &writer->json;
    size_t count;
    const struct value_type *types = profile_value_types(writer->profile, &count);

    json_line(json);
    json_key(json, "total_samples");
    json_u128(json, total_count(writer));
    json_line(json);
    json_open_at(json, "values", '[');
    for (size_t i = 0; i < count; i++) {
        json_open(json, '{');
        put_text(writer, "name", types[i].name);
        put_text(writer, "unit", types[i].unit);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_put_u64(&writer->json, "shown", profile_default_value(writer->profile));
}

static void put_files(struct writer *writer)
{
    struct json_writer *json = &writer->json;

    json_line(json);
    json_open_at(json, "files", '[');
    for (mapping_id i = 1; i <= profile_mapping_count(writer->profile); i++) {
        const struct profile_mapping *mapping = profile_mapping_at(writer->profile, i);

        json_line(json);
        json_open(json, '{');
        put_text(writer, "path", mapping->path);
        put_text(writer, "build_id", mapping->build_id);
        json_key(json, "start");
        json_hex(json, mapping->start);
        json_key(json, "limit");
        json_hex(json, mapping->limit);
        json_key(json, "offset");
        json_hex(json, mapping->offset);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_threads(struct writer *writer)
{
    struct json_writer *json = &writer->json;

    json_line(json);
    json_open_at(json, "threads", '[');
    for (label_id i = 1; i < profile_label_count(writer->profile); i++) {
        const struct label_set *labels = profile_labels_at(writer->profile, i);

        json_line(json);
        json_open(json, '{');
        put_text(writer, "process", labels->process);
        json_put_i64(json, "pid", labels->pid);
        put_text(writer, "thread", labels->thread);
        json_put_i64(json, "tid", labels->tid);
        put_text(writer, "command", labels->command);
        if (labels->self) {
            json_put_bool(json, "self", true);
        }
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* ---- stacks ---- */

static void put_frame(struct writer *writer, frame_id id)
{
    const struct frame *frame = profile_frame_at(writer->profile, id);
    struct json_writer *json = &writer->json;

    json_open(json, '{');
    json_key(json, "addr");
    if (frame->address)
        json_hex(json, frame->address);
    else
        json_null(json);
    put_text(writer, "symbol", frame->function);
    if (frame->kind != FRAME_NATIVE) {
        json_put_text(json, "kind", frame_kind_name(frame->kind));
    }
    if (frame->mapping)
        json_put_u64(&writer->json, "file", frame->mapping - 1);
    if (frame->file)
        put_text(writer, "source", frame->file);
    if (frame->line)
        json_put_u64(&writer->json, "line", frame->line);
    json_close(json, '}');
}

static void put_named_value(struct writer *writer, const char *key, int type,
                            const uint64_t *values)
{
    json_key(&writer->json, key);
    put_value(writer, type < 0 ? NOT_MEASURED : values[type]);
}

static void put_stack(struct writer *writer, stack_id id, const struct stack *stack)
{
    struct json_writer *json = &writer->json;
    const uint64_t *values = profile_values(writer->profile, id);
    size_t types, depth;

    profile_value_types(writer->profile, &types);
    json_line(json);
    json_open(json, '{');
    json_put_u64(
        json, "count",
        writer->count < 0 || values[writer->count] == NOT_MEASURED ? 0 : values[writer->count]);
    put_named_value(writer, "instructions", writer->instructions, values);
    put_named_value(writer, "memory_delta", writer->memory, values);
    json_open_at(json, "values", '[');
    for (size_t i = 0; i < types; i++)
        put_value(writer, values[i]);
    json_close(json, ']');
    if (stack->labels)
        json_put_u64(&writer->json, "thread", stack->labels - 1);
    if (writer->first && writer->first[id] < writer->first[id + 1]) {
        json_open_at(json, "times", '[');
        for (size_t i = writer->first[id]; i < writer->first[id + 1]; i++)
            json_u64(json, writer->times[i]);
        json_close(json, ']');
    }
    json_open_at(json, "frames", '[');
    depth = profile_path(writer->profile, stack->node, &writer->path, &writer->path_room);
    for (size_t i = 0; i < depth; i++)
        put_frame(writer, writer->path[i]);
    json_close(json, ']');
    json_close(json, '}');
}

static void sort_moments(struct writer *writer)
{
    size_t count, stacks;
    const struct moment *moments = profile_moments(writer->profile, &count);

    if (!writer->options->timestamps || !count)
        return;
    profile_stacks(writer->profile, &stacks);
    writer->first = xcalloc(stacks + 2, sizeof(*writer->first));
    writer->times = xcalloc(count, sizeof(*writer->times));
    for (size_t i = 0; i < count; i++)
        writer->first[moments[i].stack + 2]++;
    for (size_t i = 2; i < stacks + 2; i++)
        writer->first[i] += writer->first[i - 1];
    for (size_t i = 0; i < count; i++) /* first[i + 1] grows to where stack i ends */
        writer->times[writer->first[moments[i].stack + 1]++] = moments[i].time_ns;
}

static void put_stacks(struct writer *writer)
{
    struct json_writer *json = &writer->json;
    size_t count;
    const struct stack *stacks = profile_stacks(writer->profile, &count);

    sort_moments(writer);
    json_line(json);
    json_open_at(json, "stacks", '[');
    for (stack_id i = 0; i < count; i++)
        put_stack(writer, i, &stacks[i]);
    json_close(json, ']');
}

/* What "count" is: samples, or whatever is shown where they were not counted. */
static int count_value(const struct profile *profile)
{
    size_t types;
    int samples = value_named(profile, "samples");

    profile_value_types(profile, &types);
    if (samples >= 0 || !types)
        return samples;
    return (int)profile_default_value(profile);
}

int fiq_json_write(const struct profile *profile, const struct write_options *options,
                   FILE *out, struct error *err)
{
    struct writer writer = {.profile = profile,
                            .options = options,
                            .count = count_value(profile),
                            .instructions = value_named(profile, "instructions"),
                            .memory = value_named(profile, "memory_delta")};

    (void)err;
    json_begin(&writer.json, out);
    json_open(&writer.json, '{');
    json_put_u64(&writer.json, "version", JSON_VERSION);
    put_facts(&writer);
    put_values(&writer);
    put_files(&writer);
    put_threads(&writer);
    put_stacks(&writer);
    json_close(&writer.json, '}');
    json_end(&writer.json);
    fputc('\n', out);
    free(writer.path);
    free(writer.times);
    free(writer.first);
    return 0;
}
