#ifndef FIQ_TESTS_RANDOM_PROFILE_H
#define FIQ_TESTS_RANDOM_PROFILE_H

/* Profiles that use everything profile.h knows, different for each seed. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "profile/quality.h"

struct random_source {
    uint64_t state;
};

static inline uint64_t random_below(struct random_source *random, uint64_t limit)
{
    return hash_u64(random->state++ * 0x9e3779b97f4a7c15u) % limit;
}

static inline str_id random_text(struct random_source *random, struct profile *profile)
{
    static const char *const texts[] = {"",
                                        "main",
                                        "a b",
                                        "x\"y\\z",
                                        "<script>",
                                        "std::vector<int, A>::push_back(int)",
                                        "\xe5\x87\xbd\xe6\x95\xb0",
                                        "fun_1",
                                        "fun_2",
                                        "fun_3",
                                        "fun_4",
                                        "a/b.c",
                                        "/usr/lib/libx.so",
                                        "%s%n",
                                        "\xe2\x80\xa8",
                                        "key: value",
                                        "12",
                                        "\xf0\x9f\x98\x80"};

    return profile_intern_text(profile,
                               texts[random_below(random, sizeof(texts) / sizeof(*texts))]);
}

static inline mapping_id random_mapping(struct random_source *random, struct profile *profile)
{
    static const char *const paths[] = {
        "/usr/bin/app", "/usr/lib/libc.so.6", "[kernel.kallsyms]", "[vdso]",
        "[jit]",        "[python]",           "/tmp/perf-12.map"};
    struct profile_mapping mapping = {0};

    if (!random_below(random, 4))
        return 0;
    mapping.path = profile_intern_text(profile, paths[random_below(random, 7)]);
    if (random_below(random, 2)) {
        mapping.start = random_below(random, 1000) << 12;
        mapping.limit = mapping.start + (random_below(random, 100) << 12);
        mapping.offset = random_below(random, 10) << 12;
        mapping.build_id = profile_intern_text(profile, "0123abcd");
    }
    return profile_mapping(profile, &mapping);
}

static inline frame_id random_frame(struct random_source *random, struct profile *profile)
{
    struct frame frame = {
        .function = random_text(random, profile),
        .file = random_below(random, 3) ? 0 : random_text(random, profile),
        .line = random_below(random, 2) ? 0 : (uint32_t)random_below(random, 99),
        .mapping = random_mapping(random, profile),
        .address = random_below(random, 3) ? random_below(random, 1 << 20) : 0,
        .kind = (enum frame_kind)random_below(random, FRAME_KINDS)};

    if (!random_below(random, 9))
        frame.address = UINT64_MAX - random_below(random, 4096);
    if (!frame.function || !random_below(random, 9)) {
        frame.function = profile_intern_text(profile, "[app+0x12]");
        frame.unnamed = true;
    }
    return profile_frame(profile, &frame);
}

/* The frames of a stack, with inlined ones behind some. */
static inline size_t random_stack(struct random_source *random, struct profile *profile,
                                  frame_id *frames, size_t room)
{
    size_t depth = 1 + random_below(random, room - 1);

    for (size_t i = 0; i < depth; i++) {
        frames[i] = random_frame(random, profile);
        if (i && !random_below(random, 3)) {
            struct frame inlined = *profile_frame_at(profile, frames[i]);
            const struct frame *outer = profile_frame_at(profile, frames[i - 1]);

            inlined.kind = FRAME_INLINE;
            inlined.address = outer->address;
            inlined.mapping = outer->mapping;
            frames[i] = profile_frame(profile, &inlined);
        }
    }
    return depth;
}

static inline label_id random_labels(struct random_source *random, struct profile *profile)
{
    struct label_set labels = {0};

    if (random_below(random, 3)) {
        labels.process = random_text(random, profile);
        labels.thread = random_text(random, profile);
        labels.command = random_text(random, profile);
        labels.pid = (int32_t)random_below(random, 3);
        labels.tid = (int32_t)random_below(random, INT32_MAX);
        labels.self = !random_below(random, 5);
    }
    return profile_labels(profile, &labels);
}

static inline void random_facts(struct random_source *random, struct profile *profile)
{
    struct profile_info *info = profile_info(profile);

    info->event =
        profile_intern_text(profile, random_below(random, 2) ? "cpu-clock" : "page-faults");
    info->command = random_text(random, profile);
    info->host = random_text(random, profile);
    info->creator = profile_intern_text(profile, "fiq 1");
    info->started_ns = random_below(random, 2) * 1700000000123456789u;
    info->duration_ns = random_below(random, 1000000000000u);
    info->period = random_below(random, 2) * 10101010;
    info->frequency_hz = (double)random_below(random, 1000);
    info->effective_hz = (double)random_below(random, 1000) / 7;
    if (random_below(random, 2)) {
        info->quality.measured = true;
        for (const struct quality_field *field = quality_fields; field->name; field++)
            quality_set(&info->quality, field, random_below(random, field->is_flag ? 2 : 100));
    }
    for (uint64_t i = random_below(random, 3); i > 0; i--)
        profile_add_note(profile,
                         i == 1 ? "kernel frames are hidden: paranoid is 2" : "note \"x\"");
}

/* With moments, each stack's first value is the number of its moments. */
static inline struct profile *random_profile(uint64_t seed, bool moments)
{
    struct random_source random = {.state = seed << 20};
    struct profile *profile = profile_new();
    size_t types = 1 + random_below(&random, 3);

    profile_value_type(profile, "samples", "count");
    if (types > 1)
        profile_value_type(profile, random_below(&random, 2) ? "cpu" : "wall", "nanoseconds");
    if (types > 2)
        profile_value_type(profile, "instructions", "count");
    profile_set_default_value(profile, random_below(&random, types));
    random_facts(&random, profile);
    for (uint64_t i = 1 + random_below(&random, 40); i > 0; i--) {
        frame_id frames[12];
        size_t depth = random_stack(&random, profile, frames, 12);
        label_id labels = random_labels(&random, profile);
        uint64_t count = 1 + random_below(&random, 5);
        uint64_t values[3] = {
            count, random_below(&random, 3) ? random_below(&random, 1u << 30) : NOT_MEASURED,
            random_below(&random, 2) ? random_below(&random, 9) : NOT_MEASURED};
        stack_id stack = profile_add(profile, frames, depth, labels, values);

        for (; moments && count; count--)
            profile_add_moment(profile, 1 + random_below(&random, 1000000), stack);
    }
    return profile;
}

#endif
