#include "profile/filter.h"

#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/saturate.h"
#include "base/xalloc.h"

enum criterion { BY_TIME, BY_PROCESS, BY_THREAD, BY_FOCUS, BY_IGNORE, BY_HIDE, CRITERIA };

/* What is known of a node by its frame and its callers. */
enum { FOCUSED = 1, IGNORED = 2, NEEDED = 4 };

struct filtering {
    const struct profile *from;
    const struct filter *filter;
    struct profile *to;

    regex_t patterns[CRITERIA];
    const char *texts[CRITERIA]; /* NULL: no such pattern */

    size_t value; /* that counts are told in */
    uint64_t removed[CRITERIA], total;
    uint64_t hidden_frames, collapsed_frames;

    uint8_t *marks;     /* of each node */
    uint8_t *hits;      /* of each text as a function: bit BY_FOCUS, …, and KNOWN */
    int8_t *label_kept; /* -1 unknown, else the criterion that removes it, or CRITERIA */
    uint32_t *kept_moments, *all_moments; /* of each stack */
    node_id *nodes;                       /* in `to` */
    uint32_t *frames;                     /* in `to`, UINT32_MAX: not yet */
    uint32_t *labels;
};

enum { KNOWN = 1 << 7 };

bool filter_is_set(const struct filter *filter)
{
    return filter->focus || filter->ignore || filter->hide || filter->thread ||
           filter->process || filter->since_ns || filter->until_ns ||
           filter->collapse_recursion;
}

/* ---- patterns ---- */

static int compile(struct filtering *f, enum criterion which, const char *text,
                   struct error *err)
{
    char reason[128];
    int failed;

    if (!text)
        return 0;
    failed = regcomp(&f->patterns[which], text, REG_EXTENDED | REG_NOSUB);
    if (failed) {
        regerror(failed, &f->patterns[which], reason, sizeof(reason));
        return error_set(err, EINVAL, "%s is not a regular expression: %s", text, reason);
    }
    f->texts[which] = text;
    return 0;
}

static int compile_all(struct filtering *f, struct error *err)
{
    const char *const texts[CRITERIA] = {
        [BY_PROCESS] = f->filter->process, [BY_THREAD] = f->filter->thread,
        [BY_FOCUS] = f->filter->focus,     [BY_IGNORE] = f->filter->ignore,
        [BY_HIDE] = f->filter->hide,
    };
    int failed = 0;

    for (enum criterion i = 0; i < CRITERIA && !failed; i++)
        failed = compile(f, i, texts[i], err);
    return failed;
}

static bool matches(const struct filtering *f, enum criterion which, const char *text)
{
    return f->texts[which] && !regexec(&f->patterns[which], text, 0, NULL, 0);
}

/* Each function is matched once, however many nodes it has. */
static unsigned hits_of(struct filtering *f, str_id function)
{
    if (!f->hits[function]) {
        const char *text = profile_string(f->from, function);
        unsigned hits = KNOWN;

        for (enum criterion i = BY_FOCUS; i <= BY_HIDE; i++)
            hits |= (unsigned)matches(f, i, text) << i;
        f->hits[function] = (uint8_t)hits;
    }
    return f->hits[function];
}

static enum criterion label_verdict(struct filtering *f, const struct label_set *labels)
{
    char text[512];

    if (f->texts[BY_PROCESS]) {
        snprintf(text, sizeof(text), "%s (%d)", profile_string(f->from, labels->process),
                 labels->pid);
        if (!matches(f, BY_PROCESS, text) &&
            !matches(f, BY_PROCESS, profile_string(f->from, labels->command)))
            return BY_PROCESS;
    }
    if (f->texts[BY_THREAD]) {
        snprintf(text, sizeof(text), "%s (%d)", profile_string(f->from, labels->thread),
                 labels->tid);
        if (!matches(f, BY_THREAD, text))
            return BY_THREAD;
    }
    return CRITERIA;
}

/* ---- which stacks stay ---- */

static void mark_nodes(struct filtering *f)
{
    size_t count;
    const struct call_node *nodes = profile_nodes(f->from, &count);

    f->marks = xcalloc(count, sizeof(*f->marks));
    if (!f->texts[BY_FOCUS] && !f->texts[BY_IGNORE])
        return;
    for (size_t i = 1; i < count; i++) {
        unsigned hits = hits_of(f, profile_frame_at(f->from, nodes[i].frame)->function);

        f->marks[i] = f->marks[nodes[i].parent];
        if (hits & 1u << BY_FOCUS)
            f->marks[i] |= FOCUSED;
        if (hits & 1u << BY_IGNORE)
            f->marks[i] |= IGNORED;
    }
}

static uint64_t first_moment(const struct moment *moments, size_t count)
{
    uint64_t first = UINT64_MAX;

    for (size_t i = 0; i < count; i++)
        if (moments[i].time_ns < first)
            first = moments[i].time_ns;
    return first;
}

static bool in_time(const struct filtering *f, uint64_t since_start)
{
    return since_start >= f->filter->since_ns &&
           (!f->filter->until_ns || since_start < f->filter->until_ns);
}

static int count_moments(struct filtering *f, struct error *err)
{
    size_t count, stacks;
    const struct moment *moments = profile_moments(f->from, &count);
    uint64_t first = first_moment(moments, count);

    profile_stacks(f->from, &stacks);
    if (!f->filter->since_ns && !f->filter->until_ns)
        return 0;
    if (!count) {
        error_set(err, ENODATA, "the profile does not say when its samples fell");
        error_hint(err, "record with --timestamps and save as .pb.gz");
        return -ENODATA;
    }
    f->kept_moments = xcalloc(stacks, sizeof(*f->kept_moments));
    f->all_moments = xcalloc(stacks, sizeof(*f->all_moments));
    for (size_t i = 0; i < count; i++) {
        f->all_moments[moments[i].stack]++;
        if (in_time(f, moments[i].time_ns - first))
            f->kept_moments[moments[i].stack]++;
    }
    return 0;
}

/* The criterion that removes a stack, or CRITERIA. */
static enum criterion verdict(struct filtering *f, stack_id id, const struct stack *stack)
{
    int8_t *kept = &f->label_kept[stack->labels];

    if (f->all_moments && !f->kept_moments[id])
        return BY_TIME;
    if (*kept < 0)
        *kept = (int8_t)label_verdict(f, profile_labels_at(f->from, stack->labels));
    if (*kept != CRITERIA)
        return (enum criterion) * kept;
    if (f->texts[BY_FOCUS] && !(f->marks[stack->node] & FOCUSED))
        return BY_FOCUS;
    if (f->marks[stack->node] & IGNORED)
        return BY_IGNORE;
    return CRITERIA;
}

/* ---- the new profile ---- */

static str_id text(struct filtering *f, str_id id)
{
    return profile_intern(f->to, profile_string(f->from, id),
                          profile_string_length(f->from, id));
}

static frame_id new_frame(struct filtering *f, frame_id id)
{
    if (f->frames[id] == UINT32_MAX) {
        struct frame frame = *profile_frame_at(f->from, id);
        struct profile_mapping mapping = *profile_mapping_at(f->from, frame.mapping);

        frame.function = text(f, frame.function);
        frame.file = text(f, frame.file);
        if (frame.mapping) {
            mapping.path = text(f, mapping.path);
            mapping.build_id = text(f, mapping.build_id);
            frame.mapping = profile_mapping(f->to, &mapping);
        }
        f->frames[id] = profile_frame(f->to, &frame);
    }
    return f->frames[id];
}

static label_id new_labels(struct filtering *f, label_id id)
{
    if (f->labels[id] == UINT32_MAX) {
        struct label_set labels = *profile_labels_at(f->from, id);

        labels.process = text(f, labels.process);
        labels.thread = text(f, labels.thread);
        labels.command = text(f, labels.command);
        f->labels[id] = profile_labels(f->to, &labels);
    }
    return f->labels[id];
}

/* Nodes of the stacks that stay, without what is hidden or collapsed. */
static void make_nodes(struct filtering *f)
{
    size_t count;
    const struct call_node *nodes = profile_nodes(f->from, &count);
    str_id *shown = xcalloc(count, sizeof(*shown)); /* innermost visible function */

    for (size_t i = count; i-- > 1;)
        if (f->marks[i] & NEEDED)
            f->marks[nodes[i].parent] |= NEEDED;
    f->nodes = xcalloc(count, sizeof(*f->nodes));
    for (size_t i = 1; i < count; i++) {
        node_id parent = nodes[i].parent;
        str_id function;

        if (!(f->marks[i] & NEEDED))
            continue;
        function = profile_frame_at(f->from, nodes[i].frame)->function;
        f->nodes[i] = f->nodes[parent];
        shown[i] = shown[parent];
        if (hits_of(f, function) & 1u << BY_HIDE) {
            f->hidden_frames++;
        } else if (f->filter->collapse_recursion && shown[parent] == function &&
                   f->nodes[parent]) {
            f->collapsed_frames++;
        } else {
            f->nodes[i] = profile_child(f->to, f->nodes[parent], new_frame(f, nodes[i].frame));
            shown[i] = function;
        }
    }
    free(shown);
}

/* A stack of which nothing is left to see still counts. */
static node_id node_of(struct filtering *f, node_id node)
{
    struct frame hidden = {.kind = FRAME_MARK};

    if (!node || f->nodes[node])
        return f->nodes[node];
    hidden.function = profile_intern_text(f->to, "[hidden]");
    return profile_child(f->to, 0, profile_frame(f->to, &hidden));
}

static void copy_facts(struct filtering *f)
{
    size_t count;
    const struct value_type *types = profile_value_types(f->from, &count);
    const str_id *notes;
    struct profile_info *info = profile_info(f->to);

    for (size_t i = 0; i < count; i++)
        profile_value_type(f->to, profile_string(f->from, types[i].name),
                           profile_string(f->from, types[i].unit));
    profile_set_default_value(f->to, profile_default_value(f->from));
    *info = *profile_facts(f->from);
    info->event = text(f, info->event);
    info->command = text(f, info->command);
    info->host = text(f, info->host);
    info->creator = text(f, info->creator);
    notes = profile_notes(f->from, &count);
    for (size_t i = 0; i < count; i++)
        profile_add_note(f->to, profile_string(f->from, notes[i]));
}

/* The share of the values that fell into the time wanted. */
static void values_in_time(const struct filtering *f, stack_id id, const uint64_t *values,
                           uint64_t *kept)
{
    size_t types;

    profile_value_types(f->from, &types);
    for (size_t i = 0; i < types; i++) {
        kept[i] = values[i];
        if (f->all_moments && values[i] != NOT_MEASURED)
            kept[i] =
                (uint64_t)((__uint128_t)values[i] * f->kept_moments[id] / f->all_moments[id]);
    }
}

static void add_stacks(struct filtering *f, const enum criterion *verdicts)
{
    size_t count, moment_count;
    const struct stack *stacks = profile_stacks(f->from, &count);
    const struct moment *moments = profile_moments(f->from, &moment_count);
    uint64_t first = first_moment(moments, moment_count);
    stack_id *placed = xcalloc(count, sizeof(*placed));

    for (stack_id i = 0; i < count; i++) {
        uint64_t values[PROFILE_VALUES_MAX];

        if (verdicts[i] != CRITERIA)
            continue;
        values_in_time(f, i, profile_values(f->from, i), values);
        placed[i] = profile_add_at(f->to, node_of(f, stacks[i].node),
                                   new_labels(f, stacks[i].labels), values);
    }
    for (size_t i = 0; i < moment_count; i++)
        if (verdicts[moments[i].stack] == CRITERIA && in_time(f, moments[i].time_ns - first))
            profile_add_moment(f->to, moments[i].time_ns, placed[moments[i].stack]);
    free(placed);
}

static void choose(struct filtering *f, enum criterion *verdicts)
{
    size_t count;
    const struct stack *stacks = profile_stacks(f->from, &count);

    for (stack_id i = 0; i < count; i++) {
        uint64_t value = profile_values(f->from, i)[f->value];
        enum criterion why = verdict(f, i, &stacks[i]);

        if (value == NOT_MEASURED)
            value = 0;
        verdicts[i] = why;
        f->total = saturating_add(f->total, value);
        if (why != CRITERIA)
            f->removed[why] = saturating_add(f->removed[why], value);
        else
            f->marks[stacks[i].node] |= NEEDED;
    }
}

/* ---- what is said ---- */

static const char *value_name(const struct filtering *f)
{
    size_t count;

    return profile_string(f->from, profile_value_types(f->from, &count)[f->value].name);
}

static void say_removed(struct filtering *f, enum criterion which)
{
    static const char *const options[CRITERIA] = {NULL,      "--process", "--thread",
                                                  "--focus", "--ignore",  "--hide"};
    const char *moments = !f->filter->until_ns   ? "--since"
                          : !f->filter->since_ns ? "--until"
                                                 : "--since, --until";

    if (!f->texts[which] && !(which == BY_TIME && f->all_moments))
        return;
    profile_note(f->to, "%s%s%.200s removed %" PRIu64 " of %" PRIu64 " %s",
                 which == BY_TIME ? moments : options[which], f->texts[which] ? " " : "",
                 f->texts[which] ? f->texts[which] : "", f->removed[which], f->total,
                 value_name(f));
}

static void say(struct filtering *f)
{
    uint64_t left = profile_total(f->to, f->value);

    if (f->all_moments) /* part of the stacks' values went too */
        f->removed[BY_TIME] = f->total - left - f->removed[BY_PROCESS] - f->removed[BY_THREAD] -
                              f->removed[BY_FOCUS] - f->removed[BY_IGNORE];
    for (enum criterion i = 0; i < BY_HIDE; i++)
        say_removed(f, i);
    if (f->texts[BY_HIDE])
        profile_note(f->to, "--hide %.200s took %" PRIu64 " frames out of the tree",
                     f->texts[BY_HIDE], f->hidden_frames);
    if (f->filter->collapse_recursion)
        profile_note(f->to, "--collapse-recursion took %" PRIu64 " frames out of the tree",
                     f->collapsed_frames);
    if (left != f->total)
        profile_note(f->to,
                     "percentages are of the %" PRIu64 " %s that are left, %.1f %% of all",
                     left, value_name(f), 100.0 * (double)left / (double)f->total);
}

static void run(struct filtering *f)
{
    size_t stacks;
    uint32_t frames = profile_frame_count(f->from), labels = profile_label_count(f->from);
    enum criterion *verdicts;

    profile_stacks(f->from, &stacks);
    verdicts = xcalloc(stacks, sizeof(*verdicts));
    f->value = profile_default_value(f->from);
    f->hits = xcalloc(strings_count(profile_strings(f->from)), sizeof(*f->hits));
    f->label_kept = xalloc(labels);
    memset(f->label_kept, 0xff, labels);
    f->frames = xalloc(frames * sizeof(*f->frames));
    memset(f->frames, 0xff, frames * sizeof(*f->frames));
    f->labels = xalloc(labels * sizeof(*f->labels));
    memset(f->labels, 0xff, labels * sizeof(*f->labels));
    f->to = profile_new();
    copy_facts(f);
    mark_nodes(f);
    choose(f, verdicts);
    make_nodes(f);
    add_stacks(f, verdicts);
    say(f);
    free(verdicts);
}

static void release(struct filtering *f)
{
    for (enum criterion i = 0; i < CRITERIA; i++)
        if (f->texts[i])
            regfree(&f->patterns[i]);
    free(f->marks);
    free(f->hits);
    free(f->label_kept);
    free(f->kept_moments);
    free(f->all_moments);
    free(f->nodes);
    free(f->frames);
    free(f->labels);
}

int profile_filter(const struct profile *from, const struct filter *filter,
                   struct profile **filtered, struct error *err)
{
    struct filtering f = {.from = from, .filter = filter};
    int failed = compile_all(&f, err);

    if (!failed)
        failed = count_moments(&f, err);
    if (!failed) {
        run(&f);
        *filtered = f.to;
    }
    release(&f);
    return failed;
}
