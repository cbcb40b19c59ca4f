#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/xalloc.h"
#include "format/facts.h"
#include "format/json_values.h"
#include "format/speedscope.h"

/*
 * Frames may come after the stacks that refer to them, and weights after the stacks, so stacks
 * wait as paths of frame numbers until the file has ended.
 */
enum place {
    ROOT = 1,
    FILE_NAME,
    EXPORTER,
    SHARED,
    FRAMES,
    FRAME,
    FRAME_NAME,
    FRAME_FILE,
    FRAME_LINE,
    PROFILES,
    PROFILE,
    TYPE,
    NAME,
    UNIT,
    VALUE,
    LABELS,
    PROCESS,
    PID,
    THREAD,
    TID,
    COMMAND,
    SAMPLES,
    SAMPLE,
    SAMPLE_FRAME,
    WEIGHTS,
    WEIGHT,
    EVENTS,
    EVENT,
    EVENT_TYPE,
    EVENT_FRAME,
    EVENT_AT
};

static const struct json_rule rules[] = {{ROOT, "name", FILE_NAME},
                                         {ROOT, "exporter", EXPORTER},
                                         {ROOT, "shared", SHARED},
                                         {SHARED, "frames", FRAMES},
                                         {FRAMES, NULL, FRAME},
                                         {FRAME, "name", FRAME_NAME},
                                         {FRAME, "file", FRAME_FILE},
                                         {FRAME, "line", FRAME_LINE},
                                         {ROOT, "profiles", PROFILES},
                                         {PROFILES, NULL, PROFILE},
                                         {PROFILE, "type", TYPE},
                                         {PROFILE, "name", NAME},
                                         {PROFILE, "unit", UNIT},
                                         {PROFILE, "value", VALUE},
                                         {PROFILE, "labels", LABELS},
                                         {LABELS, "process", PROCESS},
                                         {LABELS, "pid", PID},
                                         {LABELS, "thread", THREAD},
                                         {LABELS, "tid", TID},
                                         {LABELS, "command", COMMAND},
                                         {PROFILE, "samples", SAMPLES},
                                         {SAMPLES, NULL, SAMPLE},
                                         {SAMPLE, NULL, SAMPLE_FRAME},
                                         {PROFILE, "weights", WEIGHTS},
                                         {WEIGHTS, NULL, WEIGHT},
                                         {PROFILE, "events", EVENTS},
                                         {EVENTS, NULL, EVENT},
                                         {EVENT, "type", EVENT_TYPE},
                                         {EVENT, "frame", EVENT_FRAME},
                                         {EVENT, "at", EVENT_AT},
                                         {0}};

enum {
    FRAMES_MAX = 1 << 26,
    STACKS_MAX = 1 << 26,
    PROFILES_MAX = 1 << 20,
    /* Frames that are open at a time.  Every event makes a stack of all of them: a few
     * megabytes of events could stand for gigabytes of stacks in any other format. */
    OPEN_MAX = 4096
};
#define NO_FRAME UINT32_MAX

/* A weight as it stands in the file: nine decimal places of the profile's unit. */
typedef __uint128_t fixed;

struct one_profile {
    str_id name, unit, value;
    struct label_set labels;
    bool labelled;
    size_t first_stack, stack_count;
    fixed total;
};

struct reader {
    struct profile *profile;
    const char *name;

    struct frame *frames; /* of the file, not yet interned */
    size_t frame_count, frame_room;

    struct one_profile *profiles;
    size_t profile_count, profile_room;
    struct one_profile *at; /* the one that is being read */

    struct call_tree *tree; /* of the file's frame numbers */
    node_id *nodes;         /* of each stack */
    fixed *weights;         /* the same */
    size_t stack_count, stack_room, weight_count, weight_room;

    node_id node; /* of the stack that is being read */
    size_t depth;
    bool cut;
    struct {
        char type;
        uint32_t frame;
        fixed at;
        bool timed;
    } event;
    fixed last_at;
    bool any_event;
    node_id *open; /* nodes of the frames that are open */
    size_t open_count, open_room;
    size_t open_beyond; /* frames that are open inside of the innermost that is kept */

    fixed carry; /* fractions that have not made a whole yet */
    uint64_t damaged, negative, too_deep, too_open;
    bool rounded;
};

/* ---- the file as it comes ---- */

static int too_many(struct reader *reader, const char *what, struct error *err)
{
    return error_set(err, EBADMSG, "%s: too many %s", reader->name, what);
}

static int begin_frame(struct reader *reader, struct error *err)
{
    if (reader->frame_count == FRAMES_MAX)
        return too_many(reader, "frames", err);
    reader->frames = xgrow(reader->frames, &reader->frame_room, reader->frame_count + 1,
                           sizeof(*reader->frames));
    reader->frames[reader->frame_count++] = (struct frame){.line = 0};
    return 0;
}

static int begin_profile(struct reader *reader, struct error *err)
{
    if (reader->profile_count == PROFILES_MAX)
        return too_many(reader, "profiles", err);
    reader->profiles = xgrow(reader->profiles, &reader->profile_room, reader->profile_count + 1,
                             sizeof(*reader->profiles));
    reader->at = &reader->profiles[reader->profile_count++];
    *reader->at = (struct one_profile){.first_stack = reader->stack_count};
    reader->open_count = reader->open_beyond = 0;
    reader->any_event = false;
    return 0;
}

static int add_stack(struct reader *reader, node_id node, struct error *err)
{
    if (reader->stack_count == STACKS_MAX)
        return too_many(reader, "stacks", err);
    reader->nodes = xgrow(reader->nodes, &reader->stack_room, reader->stack_count + 1,
                          sizeof(*reader->nodes));
    reader->nodes[reader->stack_count++] = node;
    return 0;
}

static int add_weight(struct reader *reader, fixed weight, struct error *err)
{
    if (reader->weight_count == STACKS_MAX)
        return too_many(reader, "weights", err);
    reader->weights = xgrow(reader->weights, &reader->weight_room, reader->weight_count + 1,
                            sizeof(*reader->weights));
    reader->weights[reader->weight_count++] = weight;
    return 0;
}

/* Samples without a weight count nothing, weights without a sample belong to nobody. */
static int end_profile(struct reader *reader, struct error *err)
{
    int failed = 0;

    if (reader->weight_count != reader->stack_count)
        reader->damaged++;
    if (reader->weight_count > reader->stack_count)
        reader->weight_count = reader->stack_count;
    while (reader->weight_count < reader->stack_count && !failed)
        failed = add_weight(reader, 0, err);
    reader->at->stack_count = reader->stack_count - reader->at->first_stack;
    for (size_t i = reader->at->first_stack; i < reader->stack_count; i++)
        reader->at->total += reader->weights[i];
    reader->at = NULL;
    return failed;
}

static uint32_t frame_number(struct reader *reader, const struct json_event *event)
{
    uint64_t number;

    if (json_to_u64(event, &number) && number < FRAMES_MAX)
        return (uint32_t)number;
    reader->damaged++;
    return NO_FRAME;
}

static void push_sample_frame(struct reader *reader, const struct json_event *event)
{
    uint32_t frame = frame_number(reader, event);

    if (reader->depth == STACK_DEPTH_MAX)
        reader->too_deep += !reader->cut;
    reader->cut |= reader->depth == STACK_DEPTH_MAX;
    if (frame == NO_FRAME || reader->cut)
        return;
    reader->node = call_tree_child(reader->tree, reader->node, frame);
    reader->depth++;
}

static fixed number(struct reader *reader, const struct json_event *event)
{
    fixed value = 0;

    if (json_to_fixed(event, &value))
        return value;
    if (event->length && event->text[0] == '-')
        reader->negative++;
    else
        reader->damaged++;
    return 0;
}

static void open_or_close(struct reader *reader, node_id top)
{
    bool opens = reader->event.type == 'O';
    size_t count;

    if (opens && reader->open_count == OPEN_MAX) {
        reader->too_open += !reader->open_beyond++;
    } else if (opens) {
        reader->open = xgrow(reader->open, &reader->open_room, reader->open_count + 1,
                             sizeof(*reader->open));
        reader->open[reader->open_count++] =
            call_tree_child(reader->tree, top, reader->event.frame);
    } else if (reader->event.type == 'C' && reader->open_beyond) {
        reader->open_beyond--;
    } else if (reader->event.type == 'C' && top &&
               call_tree_nodes(reader->tree, &count)[top].frame == reader->event.frame) {
        reader->open_count--;
    } else {
        reader->damaged++;
    }
}

/* The time since the event before belongs to the stack that was open. */
static int end_event(struct reader *reader, struct error *err)
{
    int failed = 0;
    node_id top = reader->open_count ? reader->open[reader->open_count - 1] : 0;

    if (!reader->event.timed || reader->event.frame == NO_FRAME ||
        (reader->any_event && reader->event.at < reader->last_at)) {
        reader->damaged++;
        return 0;
    }
    if (reader->open_count && reader->event.at > reader->last_at) {
        failed = add_stack(reader, top, err);
        if (!failed)
            failed = add_weight(reader, reader->event.at - reader->last_at, err);
    }
    reader->last_at = reader->event.at;
    reader->any_event = true;
    if (!failed)
        open_or_close(reader, top);
    return failed;
}

static void take_label(struct reader *reader, unsigned place, const struct json_event *event)
{
    struct label_set *labels = &reader->at->labels;

    reader->at->labelled = true;
    if (place == PROCESS)
        labels->process = json_text(reader->profile, event);
    else if (place == THREAD)
        labels->thread = json_text(reader->profile, event);
    else if (place == COMMAND)
        labels->command = json_text(reader->profile, event);
    else if (place == PID)
        labels->pid = json_id(event);
    else
        labels->tid = json_id(event);
}

static int on_frame(struct reader *reader, unsigned place, const struct json_event *event,
                    struct error *err)
{
    struct frame *frame = reader->frame_count ? &reader->frames[reader->frame_count - 1] : NULL;

    if (place == FRAME)
        return event->kind == JSON_CLOSE ? 0 : begin_frame(reader, err);
    if (place == FRAME_NAME)
        frame->function = json_text(reader->profile, event);
    else if (place == FRAME_FILE)
        frame->file = json_text(reader->profile, event);
    else
        frame->line = (uint32_t)json_id(event);
    return 0;
}

static int on_sample(struct reader *reader, const struct json_event *event, struct error *err)
{
    if (event->kind == JSON_OPEN) {
        reader->node = 0;
        reader->depth = 0;
        reader->cut = false;
    } else if (event->kind == JSON_CLOSE) {
        return add_stack(reader, reader->node, err);
    } else {
        reader->damaged++;
    }
    return 0;
}

static int on_event(struct reader *reader, unsigned place, const struct json_event *event,
                    struct error *err)
{
    if (place == EVENT && event->kind == JSON_CLOSE)
        return end_event(reader, err);
    if (place == EVENT) {
        reader->event.type = 0;
        reader->event.frame = NO_FRAME;
        reader->event.timed = false;
    } else if (place == EVENT_TYPE) {
        reader->event.type = event->length == 1 ? event->text[0] : 0;
    } else if (place == EVENT_FRAME) {
        reader->event.frame = frame_number(reader, event);
    } else {
        reader->event.at = number(reader, event);
        reader->event.timed = true;
    }
    return 0;
}

static int on_profile(struct reader *reader, unsigned place, const struct json_event *event,
                      struct error *err)
{
    if (place == PROFILE && event->kind == JSON_OPEN)
        return begin_profile(reader, err);
    if (!reader->at)
        return 0;
    switch (place) {
    case PROFILE:
        return event->kind == JSON_CLOSE ? end_profile(reader, err) : 0;
    case NAME:
        reader->at->name = json_text(reader->profile, event);
        break;
    case UNIT:
        reader->at->unit = json_text(reader->profile, event);
        break;
    case VALUE:
        reader->at->value = json_text(reader->profile, event);
        break;
    case SAMPLE:
        return on_sample(reader, event, err);
    case SAMPLE_FRAME:
        push_sample_frame(reader, event);
        break;
    case WEIGHT:
        return add_weight(reader, number(reader, event), err);
    case EVENT:
    case EVENT_TYPE:
    case EVENT_FRAME:
    case EVENT_AT:
        return on_event(reader, place, event, err);
    case PROCESS:
    case PID:
    case THREAD:
    case TID:
    case COMMAND:
        take_label(reader, place, event);
        break;
    default:
        break;
    }
    return 0;
}

static int on_json(unsigned place, const struct json_event *event, void *data,
                   struct error *err)
{
    struct reader *reader = data;

    if (place >= PROFILE)
        return on_profile(reader, place, event, err);
    if (place >= FRAME && place <= FRAME_LINE)
        return on_frame(reader, place, event, err);
    if (place == EXPORTER)
        profile_info(reader->profile)->creator = json_text(reader->profile, event);
    if (place == FILE_NAME)
        profile_info(reader->profile)->command = json_text(reader->profile, event);
    return 0;
}

/* ---- the profile of it ---- */

static frame_id make_frame(struct reader *reader, uint32_t number)
{
    struct frame frame = {.line = 0};

    if (number < reader->frame_count)
        frame = reader->frames[number];
    else
        reader->damaged++;
    if (!frame.function)
        frame.function = profile_intern_text(reader->profile, "[unknown]");
    frame.unnamed = is_place(profile_string(reader->profile, frame.function),
                             profile_string_length(reader->profile, frame.function));
    return profile_frame(reader->profile, &frame);
}

static node_id *make_nodes(struct reader *reader)
{
    size_t count;
    const struct call_node *nodes = call_tree_nodes(reader->tree, &count);
    node_id *made = xcalloc(count, sizeof(*made));

    for (size_t i = 1; i < count; i++)
        made[i] = profile_child(reader->profile, made[nodes[i].parent],
                                make_frame(reader, nodes[i].frame));
    return made;
}

/* Whole numbers of a unit of ours: nanoseconds for all times. */
static uint64_t whole(struct reader *reader, fixed value, uint64_t factor)
{
    const fixed one = 1000000000;
    fixed scaled;

    if (value / one > UINT64_MAX / factor)
        return NOT_MEASURED - 1;
    scaled = value * factor;
    reader->rounded |= scaled % one != 0;
    reader->carry += scaled % one;
    scaled /= one;
    if (reader->carry >= one) {
        reader->carry -= one;
        scaled++;
    }
    return scaled >= NOT_MEASURED ? NOT_MEASURED - 1 : (uint64_t)scaled;
}

static const struct unit {
    const char *theirs, *value, *ours;
    uint64_t factor;
} units[] = {{"none", "samples", "count", 1},
             {"nanoseconds", "cpu", "nanoseconds", 1},
             {"microseconds", "cpu", "nanoseconds", 1000},
             {"milliseconds", "cpu", "nanoseconds", 1000000},
             {"seconds", "cpu", "nanoseconds", 1000000000},
             {"bytes", "space", "bytes", 1}};

static const struct unit *unit_of(struct reader *reader, const struct one_profile *one)
{
    const char *name = profile_string(reader->profile, one->unit);

    for (size_t i = 0; i < ARRAY_LENGTH(units); i++)
        if (!strcmp(name, units[i].theirs))
            return &units[i];
    return &units[0];
}

static label_id labels_of(struct reader *reader, const struct one_profile *one)
{
    struct label_set labels = one->labels;

    if (!one->labelled && reader->profile_count > 1)
        labels.thread = one->name;
    return profile_labels(reader->profile, &labels);
}

static void add_profile(struct reader *reader, const struct one_profile *one,
                        const node_id *nodes)
{
    const struct unit *unit = unit_of(reader, one);
    const char *value = one->value ? profile_string(reader->profile, one->value) : unit->value;
    int type = profile_value_type(reader->profile, value, unit->ours);
    label_id labels = labels_of(reader, one);
    uint64_t values[PROFILE_VALUES_MAX];

    if (type < 0) {
        reader->damaged++;
        return;
    }
    for (size_t i = 0; i < PROFILE_VALUES_MAX; i++)
        values[i] = NOT_MEASURED;
    for (size_t i = 0; i < one->stack_count; i++) {
        node_id node = nodes[reader->nodes[one->first_stack + i]];

        values[type] = whole(reader, reader->weights[one->first_stack + i], unit->factor);
        if (values[type])
            profile_add_at(reader->profile, node ? node : no_frames(reader->profile), labels,
                           values);
    }
}

/* The first profile may be the sum of the others. */
static bool first_is_sum(const struct reader *reader)
{
    fixed rest = 0;

    if (reader->profile_count < 2 || !reader->profiles[0].name ||
        strncasecmp(profile_string(reader->profile, reader->profiles[0].name), "all ", 4))
        return false;
    for (size_t i = 1; i < reader->profile_count; i++)
        rest += reader->profiles[i].total;
    return rest == reader->profiles[0].total;
}

static void say_what_was_lost(struct reader *reader)
{
    if (reader->damaged)
        profile_note(reader->profile,
                     "%s: %" PRIu64 " frames, weights or events do not fit together and were "
                     "left out",
                     reader->name, reader->damaged);
    note_cut_stacks(reader->profile, reader->name, reader->too_deep);
    if (reader->too_open)
        profile_note(reader->profile,
                     "%s: %" PRIu64 " calls deeper than %d frames were counted for their "
                     "callers",
                     reader->name, reader->too_open, OPEN_MAX);
    if (reader->negative)
        profile_note(reader->profile, "%s: %" PRIu64 " negative numbers were left out",
                     reader->name, reader->negative);
    if (reader->rounded)
        profile_note(reader->profile,
                     "%s: weights with fractions were made whole; their sum is kept",
                     reader->name);
}

static int make_profile(struct reader *reader, struct error *err)
{
    node_id *nodes;

    if (!reader->profile_count)
        return error_set(err, EBADMSG, "%s: there are no profiles in this speedscope file",
                         reader->name);
    nodes = make_nodes(reader);
    for (size_t i = first_is_sum(reader); i < reader->profile_count; i++)
        add_profile(reader, &reader->profiles[i], nodes);
    free(nodes);
    say_what_was_lost(reader);
    return 0;
}

int speedscope_read(struct source *source, struct profile *profile, struct error *err)
{
    struct reader reader = {
        .profile = profile, .name = source_name(source), .tree = call_tree_new()};
    int failed = json_read(source, rules, on_json, &reader, err);

    if (!failed)
        failed = make_profile(&reader, err);
    free(reader.frames);
    free(reader.profiles);
    call_tree_free(reader.tree);
    free(reader.nodes);
    free(reader.weights);
    free(reader.open);
    return failed;
}
