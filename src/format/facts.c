#include "format/facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/text.h"

static const char *const kind_names[FRAME_KINDS] = {
    [FRAME_NATIVE] = "native", [FRAME_KERNEL] = "kernel", [FRAME_INLINE] = "inline",
    [FRAME_JIT] = "jit",       [FRAME_PYTHON] = "python", [FRAME_MARK] = "mark"};

const char *frame_kind_name(enum frame_kind kind)
{
    return kind_names[kind];
}

enum frame_kind frame_kind_named(const char *name, size_t length)
{
    enum frame_kind kind = 0;

    while (kind < FRAME_KINDS &&
           (strlen(kind_names[kind]) != length || memcmp(kind_names[kind], name, length)))
        kind++;
    return kind;
}

static bool begins(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

enum frame_kind frame_kind_of_path(const char *path)
{
    size_t length = strlen(path);

    if (begins(path, "[kernel") || begins(path, "[guest.kernel") || begins(path, "[bpf"))
        return FRAME_KERNEL;
    if (length > 3 && !strcmp(path + length - 3, ".ko"))
        return FRAME_KERNEL;
    if (begins(path, "[jit") || begins(text_file_name(path), "jitted-"))
        return FRAME_JIT;
    if (begins(path, "/tmp/perf-") && length > 4 && !strcmp(path + length - 4, ".map"))
        return FRAME_JIT;
    if (!strcmp(path, "[python]"))
        return FRAME_PYTHON;
    return FRAME_NATIVE;
}

bool is_place(const char *text, size_t length)
{
    if (length < 3 || text[0] != '[' || text[length - 1] != ']')
        return false;
    return memmem(text, length, "+0x", 3) || begins(text, "[0x") ||
           (length == 9 && begins(text, "[unknown]"));
}

node_id no_frames(struct profile *profile)
{
    struct frame frame = {.function = profile_intern_text(profile, "[no frames]"),
                          .kind = FRAME_MARK};

    return profile_child(profile, 0, profile_frame(profile, &frame));
}

void note_cut_stacks(struct profile *profile, const char *name, uint64_t count)
{
    if (count)
        profile_note(profile, "%.300s: %" PRIu64 " stacks deeper than %d frames were cut there",
                     name, count, STACK_DEPTH_MAX);
}

uint64_t clock_period(const struct profile *profile)
{
    static const char *const clocks[] = {"", "cpu-clock", "task-clock", "cpu", "wall"};
    const struct profile_info *info = profile_facts(profile);
    const char *event = profile_string(profile, info->event);

    for (size_t i = 0; i < ARRAY_LENGTH(clocks); i++)
        if (!strcmp(event, clocks[i]) ||
            (i && begins(event, clocks[i]) && event[strlen(clocks[i])] == ':'))
            return info->period;
    return 0;
}

int value_named(const struct profile *profile, const char *name)
{
    size_t count;
    const struct value_type *types = profile_value_types(profile, &count);

    for (size_t i = 0; i < count; i++)
        if (!strcmp(profile_string(profile, types[i].name), name))
            return (int)i;
    return -1;
}
