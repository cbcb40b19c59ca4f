#include "profile/quality.h"

#include <stdlib.h>

#include "base/saturate.h"
#include "base/xalloc.h"

/* Where the numbers of `from` lie in `into`. */
struct translation {
    const struct profile *from;
    struct profile *into;
    mapping_id *mappings;
    frame_id *frames;
    label_id *labels;
    node_id *nodes;
    int types[PROFILE_VALUES_MAX];
};

static str_id text(struct translation *t, str_id id)
{
    return profile_intern(t->into, profile_string(t->from, id),
                          profile_string_length(t->from, id));
}

static void translate_mappings(struct translation *t)
{
    uint32_t count = profile_mapping_count(t->from) + 1;

    t->mappings = xcalloc(count, sizeof(*t->mappings));
    for (mapping_id i = 1; i < count; i++) {
        struct profile_mapping mapping = *profile_mapping_at(t->from, i);

        mapping.path = text(t, mapping.path);
        mapping.build_id = text(t, mapping.build_id);
        t->mappings[i] = profile_mapping(t->into, &mapping);
    }
}

static void translate_frames(struct translation *t)
{
    uint32_t count = profile_frame_count(t->from);

    t->frames = xcalloc(count, sizeof(*t->frames));
    for (frame_id i = 0; i < count; i++) {
        struct frame frame = *profile_frame_at(t->from, i);

        frame.function = text(t, frame.function);
        frame.file = text(t, frame.file);
        frame.mapping = t->mappings[frame.mapping];
        t->frames[i] = profile_frame(t->into, &frame);
    }
}

static void translate_labels(struct translation *t)
{
    uint32_t count = profile_label_count(t->from);

    t->labels = xcalloc(count, sizeof(*t->labels));
    for (label_id i = 1; i < count; i++) {
        struct label_set labels = *profile_labels_at(t->from, i);

        labels.process = text(t, labels.process);
        labels.thread = text(t, labels.thread);
        labels.command = text(t, labels.command);
        t->labels[i] = profile_labels(t->into, &labels);
    }
}

static void translate_nodes(struct translation *t)
{
    size_t count;
    const struct call_node *nodes = profile_nodes(t->from, &count);

    t->nodes = xcalloc(count, sizeof(*t->nodes));
    for (size_t i = 1; i < count; i++)
        t->nodes[i] =
            profile_child(t->into, t->nodes[nodes[i].parent], t->frames[nodes[i].frame]);
}

static void translate_types(struct translation *t)
{
    size_t count, own;
    const struct value_type *types = profile_value_types(t->from, &count);

    profile_value_types(t->into, &own);
    for (size_t i = 0; i < count; i++)
        t->types[i] = profile_value_type(t->into, profile_string(t->from, types[i].name),
                                         profile_string(t->from, types[i].unit));
    if (!own && count)
        profile_set_default_value(t->into, profile_default_value(t->from));
}

static void add_stacks(struct translation *t)
{
    size_t count, moment_count, type_count, own_count;
    const struct stack *stacks = profile_stacks(t->from, &count);
    const struct moment *moments = profile_moments(t->from, &moment_count);
    stack_id *placed = xcalloc(count, sizeof(*placed));

    profile_value_types(t->from, &type_count);
    profile_value_types(t->into, &own_count);
    for (size_t i = 0; i < count; i++) {
        const uint64_t *from = profile_values(t->from, (stack_id)i);
        uint64_t values[PROFILE_VALUES_MAX];

        for (size_t k = 0; k < own_count; k++)
            values[k] = NOT_MEASURED;
        for (size_t k = 0; k < type_count; k++)
            if (t->types[k] >= 0)
                values[t->types[k]] = from[k];
        placed[i] = profile_add_at(t->into, t->nodes[stacks[i].node],
                                   t->labels[stacks[i].labels], values);
    }
    for (size_t i = 0; i < moment_count; i++)
        profile_add_moment(t->into, moments[i].time_ns, placed[moments[i].stack]);
    free(placed);
}

static void add_quality(struct quality *into, const struct quality *from)
{
    into->measured |= from->measured;
    for (const struct quality_field *field = quality_fields; field->name; field++) {
        uint64_t one = quality_get(into, field), other = quality_get(from, field);

        quality_set(into, field, field->is_flag ? one | other : saturating_add(one, other));
    }
}

/* A fact is kept where both say the same, or where only one says something. */
static str_id same_text(str_id a, str_id b)
{
    return !b || a == b ? a : !a ? b : 0;
}

static void add_facts(struct translation *t)
{
    struct profile_info *into = profile_info(t->into);
    const struct profile_info *from = profile_facts(t->from);
    size_t count;
    const str_id *notes = profile_notes(t->from, &count);
    bool first = !into->event && !into->started_ns && !into->duration_ns && !into->period;

    into->event = same_text(into->event, text(t, from->event));
    into->command = same_text(into->command, text(t, from->command));
    into->host = same_text(into->host, text(t, from->host));
    into->creator = same_text(into->creator, text(t, from->creator));
    if (!into->started_ns || (from->started_ns && from->started_ns < into->started_ns))
        into->started_ns = from->started_ns;
    into->duration_ns = saturating_add(into->duration_ns, from->duration_ns);
    if (first) {
        into->period = from->period;
        into->frequency_hz = from->frequency_hz;
        into->effective_hz = from->effective_hz;
    } else {
        if (into->period != from->period)
            into->period = 0;
        if (into->frequency_hz < from->frequency_hz || into->frequency_hz > from->frequency_hz)
            into->frequency_hz = into->effective_hz = 0;
    }
    add_quality(&into->quality, &from->quality);
    for (size_t i = 0; i < count; i++)
        profile_add_note(t->into, profile_string(t->from, notes[i]));
}

void profile_merge(struct profile *into, const struct profile *from)
{
    struct translation t = {.from = from, .into = into};

    translate_types(&t);
    translate_mappings(&t);
    translate_frames(&t);
    translate_labels(&t);
    translate_nodes(&t);
    add_facts(&t);
    add_stacks(&t);
    free(t.mappings);
    free(t.frames);
    free(t.labels);
    free(t.nodes);
}
