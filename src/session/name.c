#include "session/name.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xalloc.h"

struct naming {
    const struct gather *gather;
    int samples_type[PROFILE_VALUES_MAX], weight_type[PROFILE_VALUES_MAX]; /* by event */
    struct profile *profile;
    frame_id *frames; /* of all locations, one after the other */
    size_t *first;    /* of location i; one more than there are locations */
    frame_id marks[LOCATION_FIRST];
    node_id *nodes; /* of the profile, by the gathered tree's */
    label_id *labels;
};

static void make_marks(struct naming *naming)
{
    static const char *const texts[LOCATION_FIRST] = {[LOCATION_CUT] = "[stack cut]",
                                                      [LOCATION_BROKEN] = "[stack broken]",
                                                      [LOCATION_PRUNED] = "[pruned]"};

    for (size_t i = 0; i < LOCATION_FIRST; i++) {
        struct frame frame = {.function = profile_intern_text(naming->profile, texts[i]),
                              .kind = FRAME_MARK};

        naming->marks[i] = profile_frame(naming->profile, &frame);
    }
}

static void name_locations(struct naming *naming, struct symbolizer *symbolizer)
{
    const struct gather *gather = naming->gather;

    symbolize(symbolizer, gather->locations + LOCATION_FIRST,
              gather->location_count - LOCATION_FIRST, naming->profile, &naming->frames,
              naming->first);
}

static node_id place(struct naming *naming, node_id parent, uint32_t location)
{
    size_t at;

    if (location < LOCATION_FIRST)
        return profile_child(naming->profile, parent, naming->marks[location]);
    at = location - LOCATION_FIRST;
    for (size_t i = naming->first[at]; i < naming->first[at + 1]; i++)
        parent = profile_child(naming->profile, parent, naming->frames[i]);
    return parent;
}

static void place_nodes(struct naming *naming)
{
    size_t count;
    const struct call_node *nodes = call_tree_nodes(naming->gather->tree, &count);

    naming->nodes = xcalloc(count, sizeof(*naming->nodes));
    for (size_t i = 1; i < count; i++)
        naming->nodes[i] = place(naming, naming->nodes[nodes[i].parent], nodes[i].frame);
}

static void place_labels(struct naming *naming)
{
    const struct gather *gather = naming->gather;

    naming->labels = xcalloc(gather->label_count, sizeof(*naming->labels));
    for (size_t i = 0; i < gather->label_count; i++) {
        const struct gather_labels *from = &gather->labels[i];
        const char *process = strings_get(gather->texts, from->process);
        const char *thread = strings_get(gather->texts, from->thread);
        struct label_set labels = {
            .process = profile_intern_text(naming->profile, process),
            .thread = profile_intern_text(naming->profile, thread),
            .pid = from->pid,
            .tid = from->tid,
            .self = from->self,
        };

        if (from->self)
            labels.process = profile_intern_text(naming->profile, "fiq (this profiler)");
        naming->labels[i] = profile_labels(naming->profile, &labels);
    }
}

static void add_stacks(struct naming *naming)
{
    const struct gather *gather = naming->gather;
    stack_id *stacks = xcalloc(gather->stack_count, sizeof(*stacks));

    for (size_t i = 0; i < gather->stack_count; i++) {
        const struct gather_stack *from = &gather->stacks[i];
        uint32_t event = gather->labels[from->labels].event;
        node_id node = naming->nodes[from->node];
        uint64_t values[PROFILE_VALUES_MAX];

        for (size_t v = 0; v < PROFILE_VALUES_MAX; v++)
            values[v] = NOT_MEASURED;
        values[naming->samples_type[event]] = from->count;
        values[naming->weight_type[event]] = from->weight;
        stacks[i] = profile_add_at(naming->profile, node, naming->labels[from->labels], values);
    }
    for (size_t i = 0; i < gather->moment_count; i++)
        profile_add_moment(naming->profile, gather->moments[i].time_ns,
                           stacks[gather->moments[i].stack]);
    free(stacks);
}

/* Stacks that end without a name, by the mapping that they end in. */
struct unnamed {
    uint64_t *by_mapping;
    size_t count, room;
    uint64_t unnamed, made, all;
};

static void count_stack(struct unnamed *unnamed, const struct frame *frame, uint64_t samples)
{
    unnamed->all += samples;
    if (!frame->unnamed)
        return;
    unnamed->unnamed += samples;
    if (frame->kind == FRAME_JIT)
        unnamed->made += samples;
    unnamed->by_mapping = xgrow(unnamed->by_mapping, &unnamed->room, (size_t)frame->mapping + 1,
                                sizeof(*unnamed->by_mapping));
    while (unnamed->count <= frame->mapping)
        unnamed->by_mapping[unnamed->count++] = 0;
    unnamed->by_mapping[frame->mapping] += samples;
}

/* A note says already what the matter is with it. */
static bool is_noted(const struct profile *profile, const char *path)
{
    size_t count;
    const str_id *notes = profile_notes(profile, &count);

    for (size_t i = 0; i < count; i++)
        if (strstr(profile_string(profile, notes[i]), path))
            return true;
    return false;
}

/* A file under another root than ours is reached through the process, unless its path happens
 * to count from ours (/proc/PID/maps shows a chroot's so). */
static char *path_for_doctor(const struct gather *gather, const char *path)
{
    struct stat ours;

    for (size_t i = LOCATION_FIRST; i < gather->location_count; i++) {
        const struct dso *dso = gather->locations[i].dso;

        if (dso && dso->root && !strcmp(dso->path, path) &&
            (stat(path, &ours) || ours.st_ino != dso->inode))
            return xasprintf("/proc/%d/root%s", (int)dso->pid, path);
    }
    return xstrdup(path);
}

/* What doctor is to be asked about: the file where most of them end, when it is the end of a
 * twentieth of all stacks. */
static void note_worst_file(const struct unnamed *unnamed, const struct gather *gather,
                            struct profile *profile)
{
    size_t most = 0;
    const char *path;
    char *whole;

    for (size_t i = 1; i < unnamed->count; i++)
        if (unnamed->by_mapping[i] > unnamed->by_mapping[most])
            most = i;
    /* 0 is no mapping. */
    if (!most || unnamed->by_mapping[most] * 20 < unnamed->all)
        return;
    path = profile_string(profile, profile_mapping_at(profile, (mapping_id)most)->path);
    if (*path != '/' || is_noted(profile, path))
        return;
    whole = path_for_doctor(gather, path);
    profile_note(profile, "%.1f %% of samples end in code without names: fiq doctor %s",
                 100.0 * (double)unnamed->by_mapping[most] / (double)unnamed->all, whole);
    free(whole);
}

/* Stacks whose innermost frame is a place without a name. */
static void count_unnamed(const struct gather *gather, struct profile *profile)
{
    size_t stack_count, node_count;
    const struct stack *stacks = profile_stacks(profile, &stack_count);
    const struct call_node *nodes = profile_nodes(profile, &node_count);
    struct unnamed unnamed = {0};

    for (size_t i = 0; i < stack_count; i++)
        if (stacks[i].node && profile_values(profile, (stack_id)i)[0] != NOT_MEASURED)
            count_stack(&unnamed, profile_frame_at(profile, nodes[stacks[i].node].frame),
                        profile_values(profile, (stack_id)i)[0]);
    note_worst_file(&unnamed, gather, profile);
    free(unnamed.by_mapping);
    profile_info(profile)->quality.unnamed = unnamed.unnamed;
    profile_info(profile)->quality.made = unnamed.made;
}

struct profile *name_gathered(const struct gather *gather, struct symbolizer *symbolizer,
                              const struct event_columns *events, size_t count)
{
    struct naming naming = {.gather = gather, .profile = profile_new()};
    struct quality *quality = &profile_info(naming.profile)->quality;

    for (size_t i = 0; i < count; i++) {
        naming.samples_type[i] = profile_value_type(naming.profile, events[i].samples, "count");
        naming.weight_type[i] =
            profile_value_type(naming.profile, events[i].name, events[i].unit);
    }
    naming.first = xcalloc(gather->location_count - LOCATION_FIRST + 1, sizeof(*naming.first));
    make_marks(&naming);
    name_locations(&naming, symbolizer);
    place_nodes(&naming);
    place_labels(&naming);
    add_stacks(&naming);
    *quality = gather->quality;
    quality->measured = true;
    count_unnamed(gather, naming.profile);
    free(naming.frames);
    free(naming.first);
    free(naming.nodes);
    free(naming.labels);
    return naming.profile;
}
