#ifndef FIQ_TESTS_PROFILE_TEXT_H
#define FIQ_TESTS_PROFILE_TEXT_H

/* A profile as text that does not depend on its numbers: equal profiles, equal texts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "profile/profile.h"

static inline const char *profile_text_of(const struct profile *profile, str_id id)
{
    return profile_string(profile, id);
}

static inline void profile_text_frame(const struct profile *profile, frame_id id, FILE *out)
{
    const struct frame *frame = profile_frame_at(profile, id);
    const struct profile_mapping *mapping = profile_mapping_at(profile, frame->mapping);

    fprintf(
        out,
        "  %s%s kind=%d %s:%u at %" PRIx64 " in <%s %s %" PRIx64 "-%" PRIx64 "+%" PRIx64 ">\n",
        profile_text_of(profile, frame->function), frame->unnamed ? "?" : "", frame->kind,
        profile_text_of(profile, frame->file), frame->line, frame->address,
        profile_text_of(profile, mapping->path), profile_text_of(profile, mapping->build_id),
        mapping->start, mapping->limit, mapping->offset);
}

static inline char *profile_text_stack(const struct profile *profile, stack_id id)
{
    size_t count, types, room = 0, depth, size;
    const struct stack *stack = &profile_stacks(profile, &count)[id];
    const struct label_set *labels = profile_labels_at(profile, stack->labels);
    const uint64_t *values = profile_values(profile, id);
    frame_id *path = NULL;
    char *text;
    FILE *out = open_memstream(&text, &size);

    profile_value_types(profile, &types);
    depth = profile_path(profile, stack->node, &path, &room);
    fprintf(out, "%s (%d) %s (%d) %s%s:", profile_text_of(profile, labels->process),
            labels->pid, profile_text_of(profile, labels->thread), labels->tid,
            profile_text_of(profile, labels->command), labels->self ? " self" : "");
    for (size_t i = 0; i < types; i++)
        if (values[i] == NOT_MEASURED)
            fprintf(out, " -");
        else
            fprintf(out, " %" PRIu64, values[i]);
    fputc('\n', out);
    for (size_t i = 0; i < depth; i++)
        profile_text_frame(profile, path[i], out);
    fclose(out);
    free(path);
    return text;
}

static inline int profile_text_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void profile_text_lines(char **lines, size_t count, FILE *out)
{
    qsort(lines, count, sizeof(*lines), profile_text_compare);
    for (size_t i = 0; i < count; i++) {
        fputs(lines[i], out);
        free(lines[i]);
    }
    free(lines);
}

static inline void profile_text_facts(const struct profile *profile, FILE *out)
{
    const struct profile_info *info = profile_facts(profile);
    const struct quality *q = &info->quality;
    size_t count;
    const struct value_type *types = profile_value_types(profile, &count);
    const str_id *notes;

    for (size_t i = 0; i < count; i++)
        fprintf(out, "value %s/%s\n", profile_text_of(profile, types[i].name),
                profile_text_of(profile, types[i].unit));
    fprintf(out, "default %zu\n", profile_default_value(profile));
    fprintf(out, "event %s, command %s, host %s, creator %s\n",
            profile_text_of(profile, info->event), profile_text_of(profile, info->command),
            profile_text_of(profile, info->host), profile_text_of(profile, info->creator));
    fprintf(out, "started %" PRIu64 " duration %" PRIu64 " period %" PRIu64 " %.6f %.6f Hz\n",
            info->started_ns, info->duration_ns, info->period, info->frequency_hz,
            info->effective_hz);
    fprintf(out,
            "quality %d: %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
            " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
            " %d %d %d\n",
            q->measured, q->complete, q->cut, q->broken, q->kernel_only, q->unnamed, q->lost,
            q->throttled, q->foreign, q->pruned, q->unexplained, q->owed, q->made, q->user_only,
            q->inherited, q->largest_copy);
    notes = profile_notes(profile, &count);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "note %s\n", profile_text_of(profile, notes[i]));
}

/* The lines of a text in order; the text is freed. */
static inline char *profile_text_sorted(char *text)
{
    size_t count = 0, room = 0, size;
    char **lines = NULL, *sorted, *rest = text;
    FILE *out = open_memstream(&sorted, &size);

    for (char *line; (line = strsep(&rest, "\n")) && *line;) {
        lines = xgrow(lines, &room, count + 1, sizeof(*lines));
        lines[count++] = xasprintf("%s\n", line);
    }
    profile_text_lines(lines, count, out);
    fclose(out);
    free(text);
    return sorted;
}

/* To be freed. */
static inline char *profile_text(const struct profile *profile)
{
    size_t count, moment_count, size;
    const struct moment *moments;
    char *text, **lines;
    FILE *out = open_memstream(&text, &size);

    profile_text_facts(profile, out);
    profile_stacks(profile, &count);
    lines = xcalloc(count, sizeof(*lines));
    for (stack_id i = 0; i < count; i++)
        lines[i] = profile_text_stack(profile, i);
    profile_text_lines(lines, count, out);
    moments = profile_moments(profile, &moment_count);
    lines = xcalloc(moment_count, sizeof(*lines));
    for (size_t i = 0; i < moment_count; i++) {
        char *stack = profile_text_stack(profile, moments[i].stack);

        lines[i] = xasprintf("at %020" PRIu64 " %s", moments[i].time_ns, stack);
        free(stack);
    }
    profile_text_lines(lines, moment_count, out);
    fclose(out);
    return text;
}

#endif
