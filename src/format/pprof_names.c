/* The second pass over a pprof file: numbers become names. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "format/facts.h"
#include "format/pprof_reader.h"
#include "profile/quality.h"

/* ---- frames ---- */

static str_id text_at(struct pprof_reader *reader, int64_t index)
{
    if (index >= 0 && (uint64_t)index < reader->text_count)
        return reader->texts[index];
    if (index)
        reader->damaged++;
    return 0;
}

static const char *chars_at(struct pprof_reader *reader, int64_t index)
{
    return profile_string(reader->profile, text_at(reader, index));
}

static mapping_id mapping_of(struct pprof_reader *reader, struct raw_mapping *raw)
{
    if (!raw->made) {
        struct profile_mapping mapping = {.path = text_at(reader, raw->path),
                                          .build_id = text_at(reader, raw->build_id),
                                          .start = raw->start,
                                          .limit = raw->limit,
                                          .offset = raw->offset};

        if (mapping.limit < mapping.start)
            mapping.start = mapping.limit = mapping.offset = 0;
        if (raw->kind == FRAME_KINDS)
            raw->kind = frame_kind_of_path(profile_string(reader->profile, mapping.path));
        raw->id = raw->stands_for_none ? 0 : profile_mapping(reader->profile, &mapping);
        raw->made = true;
    }
    return raw->id;
}

static struct raw_mapping *raw_mapping_of(struct pprof_reader *reader, uint64_t id)
{
    uint32_t number = id ? map_get(&reader->mapping_ids, id) : UINT32_MAX;

    if (number == UINT32_MAX) {
        reader->damaged += id != 0;
        return NULL;
    }
    return &reader->mappings[number];
}

static void push_frame(struct pprof_reader *reader, const struct frame *frame)
{
    reader->frames = xgrow(reader->frames, &reader->frame_room, reader->frame_count + 1,
                           sizeof(*reader->frames));
    reader->frames[reader->frame_count++] = profile_frame(reader->profile, frame);
}

/* Where an address without a name lies. */
static str_id place_of(struct pprof_reader *reader, const struct raw_location *location,
                       const struct raw_mapping *mapping)
{
    uint64_t offset = location->address;

    if (!mapping)
        return profile_intern_place(reader->profile, "", offset);
    if (mapping->start && offset >= mapping->start && offset < mapping->limit)
        offset = offset - mapping->start + mapping->offset;
    return profile_intern_place(reader->profile, chars_at(reader, mapping->path), offset);
}

static void name_frame(struct pprof_reader *reader, const struct raw_line *line,
                       struct frame *frame)
{
    uint32_t number = map_get(&reader->function_ids, line->function);
    const struct raw_function *function;

    if (number == UINT32_MAX) {
        reader->damaged++;
        return;
    }
    function = &reader->functions[number];
    frame->function = text_at(reader, function->name);
    if (!frame->function)
        frame->function = text_at(reader, function->system_name);
    frame->file = text_at(reader, function->file);
    frame->line = line->line > 0 && line->line <= UINT32_MAX ? (uint32_t)line->line : 0;
}

static void make_frame(struct pprof_reader *reader, const struct raw_location *location,
                       const struct raw_mapping *mapping, const struct raw_line *line,
                       struct frame *frame)
{
    if (line)
        name_frame(reader, line, frame);
    if (!frame->function)
        frame->function = place_of(reader, location, mapping);
    frame->unnamed = is_place(profile_string(reader->profile, frame->function),
                              profile_string_length(reader->profile, frame->function));
    push_frame(reader, frame);
}

static void make_location(struct pprof_reader *reader, struct raw_location *location)
{
    struct raw_mapping *mapping = raw_mapping_of(reader, location->mapping);
    struct frame frame = {.address = location->address,
                          .mapping = mapping ? mapping_of(reader, mapping) : 0,
                          .kind = mapping ? mapping->kind : FRAME_NATIVE};

    location->made = true;
    location->first_frame = reader->frame_count;
    reader->damaged += !location->known;
    if (!location->lines)
        make_frame(reader, location, mapping, NULL, &frame);
    for (uint32_t i = location->lines; i-- > 0;) { /* the outermost is the last */
        frame.function = frame.file = 0;
        make_frame(reader, location, mapping, &reader->lines[location->first_line + i], &frame);
        frame.kind = FRAME_INLINE;
    }
    location->frames = (uint32_t)(reader->frame_count - location->first_frame);
}

/* The profile's node of each node of the tree of locations. */
static node_id *make_nodes(struct pprof_reader *reader)
{
    size_t count;
    const struct call_node *nodes = call_tree_nodes(reader->tree, &count);
    node_id *made = xcalloc(count, sizeof(*made));

    for (size_t i = 1; i < count; i++) {
        struct raw_location *location = &reader->locations[nodes[i].frame];

        if (!location->made)
            make_location(reader, location);
        made[i] = made[nodes[i].parent];
        for (uint32_t k = 0; k < location->frames; k++)
            made[i] = profile_child(reader->profile, made[i],
                                    reader->frames[location->first_frame + k]);
    }
    return made;
}

/* ---- labels ---- */

enum label_meaning {
    LABEL_PROCESS,
    LABEL_THREAD,
    LABEL_COMMAND,
    LABEL_PID,
    LABEL_TID,
    LABEL_SELF,
    LABEL_TIME,
    LABEL_UNMEASURED,
    LABEL_UNKNOWN
};

static enum label_meaning label_meaning(const char *key)
{
    /* Ours, and those of other producers. */
    static const struct {
        const char *key;
        enum label_meaning meaning;
    } known[] = {{PPROF_LABEL_PROCESS, LABEL_PROCESS},
                 {"comm", LABEL_PROCESS},
                 {"process_name", LABEL_PROCESS},
                 {PPROF_LABEL_THREAD, LABEL_THREAD},
                 {"thread_name", LABEL_THREAD},
                 {"thread name", LABEL_THREAD},
                 {PPROF_LABEL_COMMAND, LABEL_COMMAND},
                 {"cmdline", LABEL_COMMAND},
                 {"executable", LABEL_COMMAND},
                 {PPROF_LABEL_PID, LABEL_PID},
                 {"process_id", LABEL_PID},
                 {"process id", LABEL_PID},
                 {PPROF_LABEL_TID, LABEL_TID},
                 {"thread_id", LABEL_TID},
                 {"thread id", LABEL_TID},
                 {PPROF_LABEL_SELF, LABEL_SELF},
                 {PPROF_LABEL_TIMESTAMP, LABEL_TIME},
                 {"timestamp_ns", LABEL_TIME},
                 {"end_timestamp_ns", LABEL_TIME},
                 {PPROF_LABEL_UNMEASURED, LABEL_UNMEASURED}};

    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (!strcmp(known[i].key, key))
            return known[i].meaning;
    return LABEL_UNKNOWN;
}

static int32_t label_number(struct pprof_reader *reader, int64_t text, int64_t number)
{
    if (text)
        number = strtoll(chars_at(reader, text), NULL, 10);
    return number > 0 && number <= INT32_MAX ? (int32_t)number : 0;
}

static void take_label(struct pprof_reader *reader, const int64_t *label,
                       struct label_set *labels, struct meaning *meaning)
{
    const char *key = chars_at(reader, label[0]);

    switch (label_meaning(key)) {
    case LABEL_PROCESS:
        labels->process = text_at(reader, label[1]);
        break;
    case LABEL_THREAD:
        labels->thread = text_at(reader, label[1]);
        break;
    case LABEL_COMMAND:
        labels->command = text_at(reader, label[1]);
        break;
    case LABEL_PID:
        labels->pid = label_number(reader, label[1], label[2]);
        break;
    case LABEL_TID:
        labels->tid = label_number(reader, label[1], label[2]);
        break;
    case LABEL_SELF:
        labels->self = label[2] != 0;
        break;
    case LABEL_TIME:
        meaning->timed = label[2] > 0;
        meaning->time_ns = meaning->timed ? (uint64_t)label[2] : 0;
        break;
    case LABEL_UNMEASURED:
        meaning->unmeasured = (uint32_t)label[2];
        break;
    case LABEL_UNKNOWN:
    default:
        strings_add(reader->foreign_keys, key, strlen(key));
        reader->foreign_labels++;
        break;
    }
}

static const struct meaning *meaning_of(struct pprof_reader *reader, str_id list)
{
    struct meaning *meaning = &reader->meanings[list];
    size_t count = strings_length(reader->label_lists, list) / (4 * sizeof(int64_t));
    const char *bytes = strings_get(reader->label_lists, list);
    struct label_set labels = {0};

    if (meaning->known)
        return meaning;
    meaning->known = true;
    for (size_t i = 0; i < count; i++) {
        int64_t label[4];

        memcpy(label, bytes + i * sizeof(label), sizeof(label));
        take_label(reader, label, &labels, meaning);
    }
    meaning->labels = profile_labels(reader->profile, &labels);
    return meaning;
}

/* ---- comments ---- */

static void apply_kind(struct pprof_reader *reader, const char *value)
{
    char kind[16], none[8];
    unsigned long long id;
    int got = sscanf(value, "%llu %15s %7s", &id, kind, none);
    struct raw_mapping *mapping = got >= 2 ? raw_mapping_of(reader, id) : NULL;

    if (!mapping)
        return;
    mapping->kind = frame_kind_named(kind, strlen(kind));
    mapping->stands_for_none = got == 3 && !strcmp(none, "none");
}

/* "complete=732 cut=24"; what is left out is 0. */
static void apply_quality(struct pprof_reader *reader, const char *counts)
{
    struct quality *quality = &profile_info(reader->profile)->quality;
    char name[32];
    unsigned long long count;
    int used;

    quality->measured = true;
    while (sscanf(counts, " %31[a-z_]=%llu%n", name, &count, &used) == 2) {
        for (const struct quality_field *field = quality_fields; field->name; field++)
            if (!strcmp(field->name, name))
                quality_set(quality, field, count);
        counts += used;
    }
}

static int column_named(struct pprof_reader *reader, const char *name)
{
    for (size_t i = 0; i < reader->type_count; i++)
        if (!strcmp(chars_at(reader, reader->types[i].type), name))
            return (int)i;
    return -1;
}

static void apply_pair(struct pprof_reader *reader, const char *key, const char *value)
{
    struct profile_info *info = profile_info(reader->profile);
    str_id text = profile_intern_text(reader->profile, value);
    int column;

    if (!strcmp(key, "creator")) {
        info->creator = text;
    } else if (!strcmp(key, "event")) {
        info->event = text;
    } else if (!strcmp(key, "command")) {
        info->command = text;
    } else if (!strcmp(key, "host")) {
        info->host = text;
    } else if (!strcmp(key, "note")) {
        profile_add_note(reader->profile, value);
    } else if (!strcmp(key, "frequency_hz")) {
        info->frequency_hz = strtod(value, NULL);
    } else if (!strcmp(key, "effective_hz")) {
        info->effective_hz = strtod(value, NULL);
    } else if (!strcmp(key, "quality-counts")) {
        apply_quality(reader, value);
    } else if (!strcmp(key, "kind")) {
        apply_kind(reader, value);
    } else if (!strcmp(key, "derived")) {
        column = column_named(reader, value);
        if (column >= 0)
            reader->column[column] = -1;
    } else if (!strcmp(key, "unmeasured")) {
        column = column_named(reader, value);
        if (column >= 0)
            reader->all_unmeasured |= UINT64_C(1) << column;
    } else if (strcmp(key, "quality")) {
        char *note = xasprintf("%s: %s", key, value); /* somebody else's */

        profile_add_note(reader->profile, note);
        free(note);
    }
}

static void apply_comments(struct pprof_reader *reader)
{
    for (size_t i = 0; i < reader->comment_count; i++) {
        char *line = xstrdup(chars_at(reader, reader->comments[i]));
        char *colon = strstr(line, ": ");

        if (colon) {
            *colon = '\0';
            apply_pair(reader, line, colon + 2);
        } else if (*line) {
            profile_add_note(reader->profile, line);
        }
        free(line);
    }
}

/* ---- the whole ---- */

static int apply_types(struct pprof_reader *reader, struct error *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < reader->type_count; i++)
        if (reader->column[i] != -1) {
            reader->column[i] =
                profile_value_type(reader->profile, chars_at(reader, reader->types[i].type),
                                   chars_at(reader, reader->types[i].unit));
            kept += reader->column[i] >= 0;
            if (reader->types[i].type == reader->default_type && reader->column[i] >= 0)
                profile_set_default_value(reader->profile, (size_t)reader->column[i]);
        }
    if (!kept)
        return error_set(err, EBADMSG, "%s: the profile says nothing about what it measured",
                         reader->name);
    if (!reader->default_type && column_named(reader, "samples") < 0) {
        size_t count;

        profile_value_types(reader->profile, &count);
        profile_set_default_value(reader->profile, count - 1); /* as pprof does */
    }
    return 0;
}

static void apply_facts(struct pprof_reader *reader)
{
    struct profile_info *info = profile_info(reader->profile);

    info->started_ns = reader->started;
    info->duration_ns = reader->duration > INT64_MAX ? 0 : reader->duration;
    info->period = reader->period > 0 ? (uint64_t)reader->period : 0;
    if (!info->event && !info->creator)
        info->event = text_at(reader, reader->period_type);
}

static bool take_values(struct pprof_reader *reader, size_t sample, uint64_t unmeasured,
                        uint64_t *values)
{
    const int64_t *from = reader->values + sample * reader->type_count;
    size_t count;
    bool any = false;

    profile_value_types(reader->profile, &count);
    for (size_t i = 0; i < count; i++)
        values[i] = NOT_MEASURED;
    for (size_t i = 0; i < reader->type_count; i++) {
        if (reader->column[i] < 0)
            continue;
        any |= from[i] >= 0;
        reader->negative += from[i] < 0;
        if (from[i] >= 0 && !(unmeasured >> i & 1))
            values[reader->column[i]] = (uint64_t)from[i];
    }
    return any;
}

static void add_samples(struct pprof_reader *reader, const node_id *nodes)
{
    for (size_t i = 0; i < reader->sample_count; i++) {
        const struct meaning *meaning = meaning_of(reader, reader->samples[i].labels);
        uint64_t values[PROFILE_VALUES_MAX];
        stack_id stack;
        node_id node;

        if (!take_values(reader, i, reader->all_unmeasured | meaning->unmeasured, values))
            continue;
        node = nodes[reader->samples[i].node];
        stack = profile_add_at(reader->profile, node ? node : no_frames(reader->profile),
                               meaning->labels, values);
        if (meaning->timed)
            profile_add_moment(reader->profile, meaning->time_ns, stack);
    }
}

static void say_what_was_lost(struct pprof_reader *reader)
{
    if (reader->wrong)
        profile_note(reader->profile,
                     "%s: %" PRIu64 " samples with a wrong number of values were left out",
                     reader->name, reader->wrong);
    note_cut_stacks(reader->profile, reader->name, reader->too_deep);
    if (reader->negative)
        profile_note(reader->profile, "%s: %" PRIu64 " negative values were left out",
                     reader->name, reader->negative);
    if (reader->damaged)
        profile_note(reader->profile,
                     "%s: %" PRIu64 " references lead to nothing; what they meant is unknown",
                     reader->name, reader->damaged);
    if (reader->foreign_labels)
        profile_note(reader->profile, "%s: labels that fiq does not know were dropped: %s%s",
                     reader->name,
                     strings_get(reader->foreign_keys, 1 < strings_count(reader->foreign_keys)),
                     strings_count(reader->foreign_keys) > 2 ? " and others" : "");
}

int pprof_reader_finish(struct pprof_reader *reader, struct error *err)
{
    node_id *nodes;
    int failed;

    apply_comments(reader);
    failed = apply_types(reader, err);
    if (failed)
        return failed;
    apply_facts(reader);
    reader->meanings = xcalloc(strings_count(reader->label_lists), sizeof(*reader->meanings));
    nodes = make_nodes(reader);
    add_samples(reader, nodes);
    free(nodes);
    say_what_was_lost(reader);
    return 0;
}
