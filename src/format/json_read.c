#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/xalloc.h"
#include "format/facts.h"
#include "format/json.h"
#include "format/json_values.h"
#include "profile/quality.h"

enum place {
    ROOT = 1,
    CREATOR,
    EVENT,
    COMMAND,
    HOST,
    STARTED,
    ELAPSED,
    PERIOD,
    FREQUENCY,
    EFFECTIVE,
    QUALITY,
    NOTES,
    NOTE,
    TOTAL,
    VALUES,
    VALUE,
    VALUE_NAME,
    VALUE_UNIT,
    SHOWN,
    FILES,
    FILE_,
    PATH,
    BUILD_ID,
    START,
    LIMIT,
    OFFSET,
    THREADS,
    THREAD,
    PROCESS,
    PID,
    THREAD_NAME,
    TID,
    THREAD_COMMAND,
    SELF,
    STACKS,
    STACK,
    COUNT,
    INSTRUCTIONS,
    MEMORY,
    STACK_VALUES,
    STACK_VALUE,
    STACK_THREAD,
    TIMES,
    TIME,
    FRAMES,
    FRAME,
    ADDR,
    SYMBOL,
    KIND,
    FRAME_FILE,
    SOURCE,
    LINE,
    QUALITY_FIRST /* QUALITY_FIRST + i is quality_fields[i] */
};

static const struct json_rule rules[] = {{ROOT, "creator", CREATOR},
                                         {ROOT, "event", EVENT},
                                         {ROOT, "command", COMMAND},
                                         {ROOT, "host", HOST},
                                         {ROOT, "started_seconds", STARTED},
                                         {ROOT, "elapsed_seconds", ELAPSED},
                                         {ROOT, "period", PERIOD},
                                         {ROOT, "frequency_hz", FREQUENCY},
                                         {ROOT, "effective_hz", EFFECTIVE},
                                         {ROOT, "quality", QUALITY},
                                         {QUALITY, "complete", QUALITY_FIRST},
                                         {QUALITY, "cut", QUALITY_FIRST + 1},
                                         {QUALITY, "broken", QUALITY_FIRST + 2},
                                         {QUALITY, "kernel_only", QUALITY_FIRST + 3},
                                         {QUALITY, "unnamed", QUALITY_FIRST + 4},
                                         {QUALITY, "lost", QUALITY_FIRST + 5},
                                         {QUALITY, "throttled", QUALITY_FIRST + 6},
                                         {QUALITY, "foreign", QUALITY_FIRST + 7},
                                         {QUALITY, "pruned", QUALITY_FIRST + 8},
                                         {QUALITY, "unexplained", QUALITY_FIRST + 9},
                                         {QUALITY, "owed", QUALITY_FIRST + 10},
                                         {QUALITY, "made", QUALITY_FIRST + 11},
                                         {QUALITY, "turns", QUALITY_FIRST + 12},
                                         {QUALITY, "user_only", QUALITY_FIRST + 13},
                                         {QUALITY, "inherited", QUALITY_FIRST + 14},
                                         {QUALITY, "largest_copy", QUALITY_FIRST + 15},
                                         {ROOT, "notes", NOTES},
                                         {NOTES, NULL, NOTE},
                                         {ROOT, "total_samples", TOTAL},
                                         {ROOT, "values", VALUES},
                                         {VALUES, NULL, VALUE},
                                         {VALUE, "name", VALUE_NAME},
                                         {VALUE, "unit", VALUE_UNIT},
                                         {ROOT, "shown", SHOWN},
                                         {ROOT, "files", FILES},
                                         {FILES, NULL, FILE_},
                                         {FILE_, "path", PATH},
                                         {FILE_, "build_id", BUILD_ID},
                                         {FILE_, "start", START},
                                         {FILE_, "limit", LIMIT},
                                         {FILE_, "offset", OFFSET},
                                         {ROOT, "threads", THREADS},
                                         {THREADS, NULL, THREAD},
                                         {THREAD, "process", PROCESS},
                                         {THREAD, "pid", PID},
                                         {THREAD, "thread", THREAD_NAME},
                                         {THREAD, "tid", TID},
                                         {THREAD, "command", THREAD_COMMAND},
                                         {THREAD, "self", SELF},
                                         {ROOT, "stacks", STACKS},
                                         {STACKS, NULL, STACK},
                                         {STACK, "count", COUNT},
                                         {STACK, "instructions", INSTRUCTIONS},
                                         {STACK, "memory_delta", MEMORY},
                                         {STACK, "values", STACK_VALUES},
                                         {STACK_VALUES, NULL, STACK_VALUE},
                                         {STACK, "thread", STACK_THREAD},
                                         {STACK, "times", TIMES},
                                         {TIMES, NULL, TIME},
                                         {STACK, "frames", FRAMES},
                                         {FRAMES, NULL, FRAME},
                                         {FRAME, "addr", ADDR},
                                         {FRAME, "symbol", SYMBOL},
                                         {FRAME, "kind", KIND},
                                         {FRAME, "file", FRAME_FILE},
                                         {FRAME, "source", SOURCE},
                                         {FRAME, "line", LINE},
                                         {0}};

enum { TABLE_MAX = 1 << 24, TIMES_MAX = 1 << 26 };

/* The three values of a file that does not list its own. */
enum { PLAIN_COUNT, PLAIN_INSTRUCTIONS, PLAIN_MEMORY, PLAIN_VALUES };

struct reader {
    struct profile *profile;
    const char *name;

    str_id value_name, value_unit;
    bool has_values; /* the file lists them */
    struct profile_mapping mapping;
    mapping_id *files;
    size_t file_count, file_room;
    struct label_set labels;
    label_id *threads;
    size_t thread_count, thread_room;

    /* the stack and the frame that are being read */
    uint64_t plain[PLAIN_VALUES], values[PROFILE_VALUES_MAX];
    size_t value_count;
    uint64_t thread;
    uint64_t *times;
    size_t time_count, time_room;
    node_id node;
    size_t depth;
    struct frame frame;
    bool in_stack;

    uint64_t total;
    bool has_total;
    uint64_t damaged, negative, too_deep;
};

/* A count; null and what is no count is "not measured". */
static uint64_t measured(struct reader *reader, const struct json_event *event)
{
    uint64_t value;
    __uint128_t fixed;

    if (event->kind == JSON_NULL)
        return NOT_MEASURED;
    if (json_to_u64(event, &value))
        return value == NOT_MEASURED ? NOT_MEASURED - 1 : value;
    if (json_to_fixed(event, &fixed))
        return (uint64_t)(fixed / 1000000000);
    if (event->kind == JSON_NUMBER && event->text[0] == '-')
        reader->negative++;
    else
        reader->damaged++;
    return NOT_MEASURED;
}

static uint64_t count(struct reader *reader, const struct json_event *event)
{
    uint64_t value = measured(reader, event);

    return value == NOT_MEASURED ? 0 : value;
}

static uint64_t nanoseconds(struct reader *reader, const struct json_event *event)
{
    __uint128_t fixed = 0;

    if (event->kind != JSON_NULL && !json_to_fixed(event, &fixed))
        reader->damaged++;
    return fixed > INT64_MAX ? 0 : (uint64_t)fixed;
}

static double real(const struct json_event *event)
{
    double value = 0;

    return json_to_real(event, &value) && value > 0 && value < 1e12 ? value : 0;
}

/* "0x12ab", or a number. */
static uint64_t address(struct reader *reader, const struct json_event *event)
{
    uint64_t value = 0;
    char copy[24], *end;

    if (event->kind == JSON_NULL)
        return 0;
    if (event->kind == JSON_STRING && event->length && event->length < sizeof(copy)) {
        memcpy(copy, event->text, event->length);
        copy[event->length] = '\0';
        errno = 0;
        value = strtoull(copy, &end, 16);
        if (!*end && !errno && *copy != '-')
            return value;
    } else if (json_to_u64(event, &value)) {
        return value;
    }
    reader->damaged++;
    return 0;
}

/* ---- facts and tables ---- */

static int on_fact(struct reader *reader, unsigned place, const struct json_event *event)
{
    struct profile_info *info = profile_info(reader->profile);
    char *note;

    switch (place) {
    case CREATOR:
        info->creator = json_text(reader->profile, event);
        break;
    case EVENT:
        info->event = json_text(reader->profile, event);
        break;
    case COMMAND:
        info->command = json_text(reader->profile, event);
        break;
    case HOST:
        info->host = json_text(reader->profile, event);
        break;
    case STARTED:
        info->started_ns = nanoseconds(reader, event);
        break;
    case ELAPSED:
        info->duration_ns = nanoseconds(reader, event);
        break;
    case PERIOD:
        info->period = count(reader, event);
        break;
    case FREQUENCY:
        info->frequency_hz = real(event);
        break;
    case EFFECTIVE:
        info->effective_hz = real(event);
        break;
    case NOTE:
        note = xstrndup(event->text, event->length);
        profile_add_note(reader->profile, note);
        free(note);
        break;
    case SHOWN:
        profile_set_default_value(reader->profile, count(reader, event));
        break;
    case TOTAL:
        reader->total = count(reader, event);
        reader->has_total = event->kind == JSON_NUMBER;
        break;
    default:
        break;
    }
    return 0;
}

static int on_quality(struct reader *reader, unsigned place, const struct json_event *event)
{
    struct quality *quality = &profile_info(reader->profile)->quality;
    const struct quality_field *field = &quality_fields[place - QUALITY_FIRST];

    quality->measured = true;
    if (event->kind == JSON_BOOL)
        quality_set(quality, field, event->length == 4);
    else
        quality_set(quality, field, count(reader, event));
    return 0;
}

static int on_value_type(struct reader *reader, unsigned place, const struct json_event *event)
{
    if (place == VALUE_NAME)
        reader->value_name = json_text(reader->profile, event);
    else if (place == VALUE_UNIT)
        reader->value_unit = json_text(reader->profile, event);
    else if (event->kind == JSON_OPEN)
        reader->value_name = reader->value_unit = 0;
    else if (event->kind == JSON_CLOSE) {
        size_t before, after;

        profile_value_types(reader->profile, &before);
        profile_value_type(reader->profile, profile_string(reader->profile, reader->value_name),
                           profile_string(reader->profile, reader->value_unit));
        profile_value_types(reader->profile, &after);
        reader->damaged += before == after; /* twice the same, or too many */
        reader->has_values = true;
    }
    return 0;
}

static int end_file(struct reader *reader, struct error *err)
{
    if (reader->file_count == TABLE_MAX)
        return error_set(err, EBADMSG, "%s: too many files", reader->name);
    if (reader->mapping.limit < reader->mapping.start)
        reader->mapping.start = reader->mapping.limit = reader->mapping.offset = 0;
    reader->files = xgrow(reader->files, &reader->file_room, reader->file_count + 1,
                          sizeof(*reader->files));
    reader->files[reader->file_count++] = profile_mapping(reader->profile, &reader->mapping);
    return 0;
}

static int on_file(struct reader *reader, unsigned place, const struct json_event *event,
                   struct error *err)
{
    struct profile_mapping *mapping = &reader->mapping;

    if (place == FILE_) {
        if (event->kind == JSON_CLOSE)
            return end_file(reader, err);
        memset(mapping, 0, sizeof(*mapping));
    } else if (place == PATH) {
        mapping->path = json_text(reader->profile, event);
    } else if (place == BUILD_ID) {
        mapping->build_id = json_text(reader->profile, event);
    } else if (place == START) {
        mapping->start = address(reader, event);
    } else if (place == LIMIT) {
        mapping->limit = address(reader, event);
    } else if (place == OFFSET) {
        mapping->offset = address(reader, event);
    }
    return 0;
}

static int end_thread(struct reader *reader, struct error *err)
{
    if (reader->thread_count == TABLE_MAX)
        return error_set(err, EBADMSG, "%s: too many threads", reader->name);
    reader->threads = xgrow(reader->threads, &reader->thread_room, reader->thread_count + 1,
                            sizeof(*reader->threads));
    reader->threads[reader->thread_count++] = profile_labels(reader->profile, &reader->labels);
    return 0;
}

static int on_thread(struct reader *reader, unsigned place, const struct json_event *event,
                     struct error *err)
{
    struct label_set *labels = &reader->labels;

    if (place == THREAD) {
        if (event->kind == JSON_CLOSE)
            return end_thread(reader, err);
        *labels = (struct label_set){0};
    } else if (place == PROCESS) {
        labels->process = json_text(reader->profile, event);
    } else if (place == PID) {
        labels->pid = json_id(event);
    } else if (place == THREAD_NAME) {
        labels->thread = json_text(reader->profile, event);
    } else if (place == TID) {
        labels->tid = json_id(event);
    } else if (place == THREAD_COMMAND) {
        labels->command = json_text(reader->profile, event);
    } else if (place == SELF) {
        labels->self = event->kind == JSON_BOOL && event->length == 4;
    }
    return 0;
}

/* ---- stacks ---- */

static void end_frame(struct reader *reader)
{
    struct frame *frame = &reader->frame;

    if (reader->depth++ == STACK_DEPTH_MAX)
        reader->too_deep++;
    if (reader->depth > STACK_DEPTH_MAX)
        return;

    if (!frame->function)
        frame->function = profile_intern_place(
            reader->profile,
            profile_string(reader->profile,
                           profile_mapping_at(reader->profile, frame->mapping)->path),
            frame->address);
    frame->unnamed = is_place(profile_string(reader->profile, frame->function),
                              profile_string_length(reader->profile, frame->function));
    reader->node =
        profile_child(reader->profile, reader->node, profile_frame(reader->profile, frame));
}

static int on_frame(struct reader *reader, unsigned place, const struct json_event *event)
{
    struct frame *frame = &reader->frame;
    uint64_t number;

    if (place == FRAME && event->kind == JSON_OPEN) {
        *frame = (struct frame){.kind = FRAME_NATIVE};
    } else if (place == FRAME && event->kind == JSON_CLOSE) {
        end_frame(reader);
    } else if (place == FRAME) {
        reader->damaged++;
    } else if (place == ADDR) {
        frame->address = address(reader, event);
    } else if (place == SYMBOL) {
        frame->function = json_text(reader->profile, event);
    } else if (place == KIND) {
        frame->kind = frame_kind_named(event->text, event->length);
        if (frame->kind == FRAME_KINDS)
            frame->kind = FRAME_NATIVE;
    } else if (place == FRAME_FILE) {
        if (json_to_u64(event, &number) && number < reader->file_count)
            frame->mapping = reader->files[number];
        else
            reader->damaged++;
    } else if (place == SOURCE) {
        frame->file = json_text(reader->profile, event);
    } else if (place == LINE) {
        frame->line = (uint32_t)json_id(event);
    }
    return 0;
}

static void begin_stack(struct reader *reader)
{
    for (size_t i = 0; i < PLAIN_VALUES; i++)
        reader->plain[i] = NOT_MEASURED;
    for (size_t i = 0; i < PROFILE_VALUES_MAX; i++)
        reader->values[i] = NOT_MEASURED;
    reader->value_count = 0;
    reader->thread = UINT64_MAX;
    reader->time_count = 0;
    reader->node = 0;
    reader->depth = 0;
    reader->in_stack = true;
}

/* Only what a plain file really measured becomes a value. */
static void place_plain_values(struct reader *reader)
{
    static const char *const names[PLAIN_VALUES][2] = {
        {"samples", "count"}, {"instructions", "count"}, {"memory_delta", "bytes"}};

    for (size_t i = 0; i < PLAIN_VALUES; i++) {
        int type;

        if (reader->plain[i] == NOT_MEASURED && i != PLAIN_COUNT)
            continue;
        type = profile_value_type(reader->profile, names[i][0], names[i][1]);
        if (type >= 0)
            reader->values[type] = reader->plain[i];
    }
}

static void end_stack(struct reader *reader)
{
    label_id labels = 0;
    stack_id stack;

    reader->in_stack = false;
    if (!reader->has_values || !reader->value_count)
        place_plain_values(reader);
    if (reader->thread < reader->thread_count)
        labels = reader->threads[reader->thread];
    else
        reader->damaged += reader->thread != UINT64_MAX;
    stack = profile_add_at(reader->profile,
                           reader->node ? reader->node : no_frames(reader->profile), labels,
                           reader->values);
    for (size_t i = 0; i < reader->time_count; i++)
        profile_add_moment(reader->profile, reader->times[i], stack);
}

static void take_value(struct reader *reader, const struct json_event *event)
{
    size_t types;

    profile_value_types(reader->profile, &types);
    if (reader->value_count < types)
        reader->values[reader->value_count++] = measured(reader, event);
    else
        reader->damaged++;
}

static int take_time(struct reader *reader, const struct json_event *event, struct error *err)
{
    if (reader->time_count == TIMES_MAX)
        return error_set(err, EBADMSG, "%s: too many times of one stack", reader->name);
    reader->times = xgrow(reader->times, &reader->time_room, reader->time_count + 1,
                          sizeof(*reader->times));
    reader->times[reader->time_count++] = count(reader, event);
    return 0;
}

static int on_stack(struct reader *reader, unsigned place, const struct json_event *event,
                    struct error *err)
{
    if (place == STACK) {
        if (event->kind == JSON_OPEN)
            begin_stack(reader);
        else if (event->kind == JSON_CLOSE && reader->in_stack)
            end_stack(reader);
        else
            reader->damaged++;
    } else if (place == COUNT) {
        reader->plain[PLAIN_COUNT] = measured(reader, event);
    } else if (place == INSTRUCTIONS) {
        reader->plain[PLAIN_INSTRUCTIONS] = measured(reader, event);
    } else if (place == MEMORY) {
        reader->plain[PLAIN_MEMORY] = measured(reader, event);
    } else if (place == STACK_VALUE) {
        take_value(reader, event);
    } else if (place == STACK_THREAD && event->kind == JSON_NUMBER) {
        json_to_u64(event, &reader->thread);
    } else if (place == TIME) {
        return take_time(reader, event, err);
    } else if (place >= FRAME) {
        return on_frame(reader, place, event);
    }
    return 0;
}

static int on_json(unsigned place, const struct json_event *event, void *data,
                   struct error *err)
{
    struct reader *reader = data;

    if (place >= QUALITY_FIRST)
        return on_quality(reader, place, event);
    if (place >= STACK)
        return on_stack(reader, place, event, err);
    if (place >= THREAD && place <= SELF)
        return on_thread(reader, place, event, err);
    if (place >= FILE_ && place <= OFFSET)
        return on_file(reader, place, event, err);
    if (place >= VALUE && place <= VALUE_UNIT)
        return on_value_type(reader, place, event);
    return on_fact(reader, place, event);
}

/* ---- the whole ---- */

static void say_what_was_lost(struct reader *reader)
{
    int samples = value_named(reader->profile, "samples");
    uint64_t read = samples < 0 ? 0 : profile_total(reader->profile, (size_t)samples);

    if (reader->damaged)
        profile_note(reader->profile,
                     "%s: %" PRIu64 " numbers or references make no sense and were left out",
                     reader->name, reader->damaged);
    note_cut_stacks(reader->profile, reader->name, reader->too_deep);
    if (reader->negative)
        profile_note(reader->profile, "%s: %" PRIu64 " negative numbers were left out",
                     reader->name, reader->negative);
    if (reader->has_total && samples >= 0 && read != reader->total)
        profile_note(reader->profile,
                     "%s: total_samples is %" PRIu64 ", its stacks sum to %" PRIu64,
                     reader->name, reader->total, read);
}

int fiq_json_read(struct source *source, struct profile *profile, struct error *err)
{
    struct reader reader = {.profile = profile, .name = source_name(source)};
    int failed = json_read(source, rules, on_json, &reader, err);

    if (!failed)
        say_what_was_lost(&reader);
    free(reader.files);
    free(reader.threads);
    free(reader.times);
    return failed;
}
