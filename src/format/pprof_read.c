/* Reads a pprof file field by field; pprof_names.c then makes a profile of it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/xalloc.h"
#include "format/facts.h"
#include "format/pprof_reader.h"
#include "pprof.pb-c.h"

/* Limits keep a small gzip of many empty messages from becoming gigabytes. */
enum { MESSAGE_MAX = 64 << 20, RECORDS_MAX = 1 << 24, SAMPLES_MAX = 1 << 26 };

/* ---- first pass: the messages as they come ---- */

static bool too_many(size_t count, size_t limit, const char *what, struct pprof_reader *reader,
                     struct error *err)
{
    if (count < limit)
        return false;
    error_set(err, EBADMSG, "%s: more than %zu %s", reader->name, limit, what);
    return true;
}

static void *unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                    size_t size)
{
    return protobuf_c_message_unpack(descriptor, NULL, size, bytes);
}

static void release(void *message)
{
    protobuf_c_message_free_unpacked(message, NULL);
}

static int damaged_message(struct pprof_reader *reader, const char *what, struct error *err)
{
    return error_set(err, EBADMSG, "%s: a %s is damaged", reader->name, what);
}

static int read_value_type(struct pprof_reader *reader, const uint8_t *bytes, size_t size,
                           struct error *err)
{
    Pprof__ValueType *message = unpack(&pprof__value_type__descriptor, bytes, size);

    if (!message)
        return damaged_message(reader, "value type", err);
    if (reader->type_count < ARRAY_LENGTH(reader->types) && !reader->sample_count)
        reader->types[reader->type_count++] =
            (struct raw_type){.type = message->type, .unit = message->unit};
    release(message);
    return 0;
}

/* The dense number of a location's id: locations may come after the samples. */
static uint32_t location_number(struct pprof_reader *reader, uint64_t id)
{
    uint32_t *number = map_at(&reader->location_ids, id);

    if (*number == UINT32_MAX) {
        *number = (uint32_t)reader->location_count;
        reader->locations = xgrow(reader->locations, &reader->location_room,
                                  reader->location_count + 1, sizeof(*reader->locations));
        reader->locations[reader->location_count++] = (struct raw_location){.known = false};
    }
    return *number;
}

static str_id label_list(struct pprof_reader *reader, const Pprof__Sample *sample)
{
    int64_t list[256];
    size_t end = 0;

    for (size_t i = 0; i < sample->n_label && end + 4 <= ARRAY_LENGTH(list); i++) {
        list[end++] = sample->label[i]->key;
        list[end++] = sample->label[i]->str;
        list[end++] = sample->label[i]->num;
        list[end++] = sample->label[i]->num_unit;
    }
    return strings_add(reader->label_lists, (const char *)list, end * sizeof(*list));
}

static void add_sample(struct pprof_reader *reader, const Pprof__Sample *sample)
{
    size_t depth = sample->n_location_id;
    const uint64_t *ids = sample->location_id; /* innermost first */
    size_t count = reader->sample_count++;

    if (depth > STACK_DEPTH_MAX) {
        ids += depth - STACK_DEPTH_MAX;
        depth = STACK_DEPTH_MAX;
        reader->too_deep++;
    }
    reader->path = xgrow(reader->path, &reader->path_room, depth, sizeof(*reader->path));
    for (size_t i = 0; i < depth; i++)
        reader->path[depth - 1 - i] = location_number(reader, ids[i]);
    reader->samples =
        xgrow(reader->samples, &reader->sample_room, count + 1, sizeof(*reader->samples));
    reader->samples[count] = (struct raw_sample){
        .node = call_tree_add(reader->tree, reader->path, depth, 0),
        .labels = label_list(reader, sample),
    };
    reader->values = xgrow(reader->values, &reader->value_room,
                           reader->value_count + sample->n_value, sizeof(*reader->values));
    memcpy(reader->values + reader->value_count, sample->value,
           sample->n_value * sizeof(*reader->values));
    reader->value_count += sample->n_value;
}

static int read_sample(struct pprof_reader *reader, const uint8_t *bytes, size_t size,
                       struct error *err)
{
    Pprof__Sample *message = unpack(&pprof__sample__descriptor, bytes, size);
    int failed = 0;

    if (!message)
        return damaged_message(reader, "sample", err);
    if (!message->n_value || message->n_value != reader->type_count)
        reader->wrong++;
    else if (too_many(reader->sample_count, SAMPLES_MAX, "samples", reader, err) ||
             too_many(reader->location_count, RECORDS_MAX, "locations", reader, err))
        failed = -EBADMSG;
    else
        add_sample(reader, message);
    release(message);
    return failed;
}

static int read_mapping(struct pprof_reader *reader, const uint8_t *bytes, size_t size,
                        struct error *err)
{
    Pprof__Mapping *message;

    if (too_many(reader->mapping_count, RECORDS_MAX, "mappings", reader, err))
        return -EBADMSG;
    message = unpack(&pprof__mapping__descriptor, bytes, size);
    if (!message)
        return damaged_message(reader, "mapping", err);
    reader->mappings = xgrow(reader->mappings, &reader->mapping_room, reader->mapping_count + 1,
                             sizeof(*reader->mappings));
    reader->mappings[reader->mapping_count] = (struct raw_mapping){
        .start = message->memory_start,
        .limit = message->memory_limit,
        .offset = message->file_offset,
        .path = message->filename,
        .build_id = message->build_id,
        .kind = FRAME_KINDS,
    };
    map_set(&reader->mapping_ids, message->id, (uint32_t)reader->mapping_count++);
    release(message);
    return 0;
}

static int read_location(struct pprof_reader *reader, const uint8_t *bytes, size_t size,
                         struct error *err)
{
    Pprof__Location *message;
    struct raw_location *location;
    uint32_t number;

    if (too_many(reader->location_count, RECORDS_MAX, "locations", reader, err))
        return -EBADMSG;
    message = unpack(&pprof__location__descriptor, bytes, size);
    if (!message)
        return damaged_message(reader, "location", err);
    number = location_number(reader, message->id); /* may move the array */
    location = &reader->locations[number];
    *location = (struct raw_location){
        .mapping = message->mapping_id,
        .address = message->address,
        .first_line = reader->line_count,
        .lines = (uint32_t)message->n_line,
        .known = true,
    };
    reader->lines = xgrow(reader->lines, &reader->line_room,
                          reader->line_count + message->n_line, sizeof(*reader->lines));
    for (size_t i = 0; i < message->n_line; i++)
        reader->lines[reader->line_count++] = (struct raw_line){
            .function = message->line[i]->function_id, .line = message->line[i]->line};
    release(message);
    return 0;
}

static int read_function(struct pprof_reader *reader, const uint8_t *bytes, size_t size,
                         struct error *err)
{
    Pprof__Function *message;

    if (too_many(reader->function_count, RECORDS_MAX, "functions", reader, err))
        return -EBADMSG;
    message = unpack(&pprof__function__descriptor, bytes, size);
    if (!message)
        return damaged_message(reader, "function", err);
    reader->functions = xgrow(reader->functions, &reader->function_room,
                              reader->function_count + 1, sizeof(*reader->functions));
    reader->functions[reader->function_count] = (struct raw_function){
        .name = message->name, .system_name = message->system_name, .file = message->filename};
    map_set(&reader->function_ids, message->id, (uint32_t)reader->function_count++);
    release(message);
    return 0;
}

static int read_text(struct pprof_reader *reader, const uint8_t *bytes, size_t size,
                     struct error *err)
{
    if (too_many(reader->text_count, SAMPLES_MAX, "texts", reader, err))
        return -EBADMSG;
    reader->texts = xgrow(reader->texts, &reader->text_room, reader->text_count + 1,
                          sizeof(*reader->texts));
    reader->texts[reader->text_count++] =
        profile_intern(reader->profile, (const char *)bytes, size);
    return 0;
}

static int read_comment(struct pprof_reader *reader, int64_t text, struct error *err)
{
    if (too_many(reader->comment_count, RECORDS_MAX, "comments", reader, err))
        return -EBADMSG;
    reader->comments = xgrow(reader->comments, &reader->comment_room, reader->comment_count + 1,
                             sizeof(*reader->comments));
    reader->comments[reader->comment_count++] = text;
    return 0;
}

static int read_packed_comments(struct pprof_reader *reader, const uint8_t *bytes, size_t size,
                                struct error *err)
{
    struct cursor cursor = cursor_over(bytes, size);
    int failed = 0;

    while (!failed && !cursor.failed && cursor_left(&cursor))
        failed = read_comment(reader, (int64_t)cursor_varint(&cursor), err);
    return failed ? failed : cursor.failed ? damaged_message(reader, "comment", err) : 0;
}

static int read_period_type(struct pprof_reader *reader, const uint8_t *bytes, size_t size,
                            struct error *err)
{
    Pprof__ValueType *message = unpack(&pprof__value_type__descriptor, bytes, size);

    if (!message)
        return damaged_message(reader, "period type", err);
    reader->period_type = message->type;
    release(message);
    return 0;
}

typedef int message_fn(struct pprof_reader *reader, const uint8_t *bytes, size_t size,
                       struct error *err);

static int read_message(struct pprof_reader *reader, uint64_t field, const uint8_t *bytes,
                        size_t size, struct error *err)
{
    static message_fn *const readers[] = {
        [1] = read_value_type,   [2] = read_sample,          [3] = read_mapping,
        [4] = read_location,     [5] = read_function,        [6] = read_text,
        [11] = read_period_type, [13] = read_packed_comments};

    if (field < ARRAY_LENGTH(readers) && readers[field])
        return readers[field](reader, bytes, size, err);
    return 0;
}

static int read_number(struct pprof_reader *reader, uint64_t field, uint64_t value,
                       struct error *err)
{
    switch (field) {
    case 9:
        reader->started = value;
        break;
    case 10:
        reader->duration = value;
        break;
    case 12:
        reader->period = (int64_t)value;
        break;
    case 13:
        return read_comment(reader, (int64_t)value, err);
    case 14:
        reader->default_type = (int64_t)value;
        break;
    default: /* drop_frames, keep_frames, and what later versions may bring */
        break;
    }
    return 0;
}

static int damaged_at(struct source *source, const char *what, struct error *err)
{
    return error_set(err, EBADMSG, "%s: byte %" PRIu64 ": %s", source_name(source),
                     source_offset(source), what);
}

/* One field of Profile.  A tag and a length take 20 bytes at most. */
static int read_field(struct pprof_reader *reader, struct source *source, const uint8_t *bytes,
                      size_t available, struct error *err)
{
    struct cursor cursor = cursor_over(bytes, available < 20 ? available : 20);
    uint64_t tag = cursor_varint(&cursor);
    uint64_t value = 0;
    size_t head;
    int failed;

    if ((tag & 7) == 0 || (tag & 7) == 2)
        value = cursor_varint(&cursor);
    else if ((tag & 7) == 1)
        cursor_skip(&cursor, 8);
    else if ((tag & 7) == 5)
        cursor_skip(&cursor, 4);
    else if (!cursor.failed)
        return damaged_at(source, "this is not a field of a profile", err);
    if (cursor.failed || tag < 8)
        return damaged_at(source, "a field is damaged or cut short", err);
    head = (size_t)(cursor.at - bytes);
    if ((tag & 7) != 2) {
        source_skip(source, head);
        return (tag & 7) == 0 ? read_number(reader, tag >> 3, value, err) : 0;
    }
    if (value > MESSAGE_MAX)
        return damaged_at(source, "a field is longer than 64 MiB", err);
    bytes = source_peek(source, head + (size_t)value, &available);
    if (available < head + value)
        return damaged_at(source, "the file ends in the middle of a field", err);
    failed = read_message(reader, tag >> 3, bytes + head, (size_t)value, err);
    source_skip(source, head + (size_t)value);
    return failed;
}

static int read_fields(struct pprof_reader *reader, struct source *source, struct error *err)
{
    int failed = 0;

    while (!failed) {
        size_t available;
        const uint8_t *bytes = source_peek(source, 20, &available);

        failed = source_failed(source, err);
        if (failed || !available)
            break;
        failed = read_field(reader, source, bytes, available, err);
    }
    return failed;
}

static void reader_free(struct pprof_reader *reader)
{
    free(reader->texts);
    free(reader->mappings);
    free(reader->locations);
    free(reader->lines);
    free(reader->functions);
    map_free(&reader->mapping_ids);
    map_free(&reader->location_ids);
    map_free(&reader->function_ids);
    free(reader->comments);
    call_tree_free(reader->tree);
    free(reader->samples);
    free(reader->values);
    strings_free(reader->label_lists);
    strings_free(reader->foreign_keys);
    free(reader->path);
    free(reader->frames);
    free(reader->meanings);
}

int pprof_read(struct source *source, struct profile *profile, struct error *err)
{
    struct pprof_reader reader = {.profile = profile,
                                  .name = source_name(source),
                                  .tree = call_tree_new(),
                                  .label_lists = strings_new(),
                                  .foreign_keys = strings_new()};
    int failed;

    failed = read_fields(&reader, source, err);
    if (!failed)
        failed = pprof_reader_finish(&reader, err);
    reader_free(&reader);
    return failed;
}
