#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "profile/profile.h"

static struct profile *profile;

static void set_up(void)
{
    profile = profile_new();
}

static void tear_down(void)
{
    profile_free(profile);
}

static frame_id frame(const char *name)
{
    return profile_frame(profile,
                         &(struct frame){.function = profile_intern_text(profile, name)});
}

TestSuite(profile, .init = set_up, .fini = tear_down);

Test(profile, texts_are_made_clean)
{
    str_id id = profile_intern(profile, "a\x1b\xff", 3);

    cr_expect(eq(str, profile_string(profile, id), "a␛\xef\xbf\xbd"));
    cr_expect(eq(u32, profile_intern_text(profile, ""), 0));
}

Test(profile, frames_differ_in_any_of_their_parts)
{
    struct frame a = {.function = profile_intern_text(profile, "f"), .line = 1};
    struct frame b = a, c = a, d = a;
    frame_id id = profile_frame(profile, &a);

    b.line = 2;
    c.kind = FRAME_KERNEL;
    d.unnamed = true;
    cr_expect(ne(u32, profile_frame(profile, &b), id));
    cr_expect(ne(u32, profile_frame(profile, &c), id));
    cr_expect(ne(u32, profile_frame(profile, &d), id));
    cr_expect(eq(u32, profile_frame(profile, &a), id));
    cr_expect(eq(u32, profile_frame_count(profile), 4));
}

Test(profile, frames_given_as_new_are_found_by_who_asks_later)
{
    enum { FRAMES = 100 };
    frame_id ids[FRAMES];

    frame("asked before");
    for (int i = 0; i < FRAMES; i++) {
        char name[16];

        snprintf(name, sizeof(name), "f%d", i);
        ids[i] = profile_new_frame(
            profile, &(struct frame){.function = profile_intern_text(profile, name)});
    }

    for (int i = 0; i < FRAMES; i++) {
        char name[16];

        snprintf(name, sizeof(name), "f%d", i);
        cr_expect(eq(u32, frame(name), ids[i]));
    }
    cr_expect(eq(u32, profile_frame_count(profile), FRAMES + 1));
}

Test(profile, mappings_count_from_1)
{
    struct profile_mapping mapping = {.path = profile_intern_text(profile, "/bin/x")};
    mapping_id id = profile_mapping(profile, &mapping);

    cr_expect(eq(u32, id, 1));
    cr_expect(eq(u32, profile_mapping(profile, &mapping), 1));
    cr_expect(eq(u32, profile_mapping_count(profile), 1));
    cr_expect(eq(u32, profile_mapping_at(profile, 1)->path, mapping.path));
}

Test(profile, the_same_stack_with_other_labels_is_another)
{
    frame_id frames[] = {frame("main"), frame("f")};
    label_id labels = profile_labels(profile, &(struct label_set){.pid = 7, .tid = 8});
    size_t count;

    profile_value_type(profile, "samples", "count");
    stack_id plain = profile_add(profile, frames, 2, 0, (uint64_t[]){2});
    stack_id labelled = profile_add(profile, frames, 2, labels, (uint64_t[]){3});
    cr_expect(ne(u32, plain, labelled));
    cr_expect(eq(u32, profile_add(profile, frames, 2, 0, (uint64_t[]){5}), plain));

    profile_stacks(profile, &count);
    cr_expect(eq(sz, count, 2));
    cr_expect(eq(u64, profile_values(profile, plain)[0], 7));
    cr_expect(eq(u64, profile_total(profile, 0), 10));
}

Test(profile, what_is_added_after_settling_meets_what_there_was)
{
    enum { NODES = 300 };
    label_id labels = profile_labels(profile, &(struct label_set){.pid = 7, .tid = 8});
    stack_id stacks[NODES][2];
    uint64_t one = 1;
    size_t count;

    profile_value_type(profile, "samples", "count");
    for (int round = 0; round < 2; round++) {
        for (frame_id i = 0; i < NODES; i++) {
            frame_id frames[] = {i / 2, i};

            for (label_id k = 0; k < 2; k++) {
                stack_id stack = profile_add(profile, frames, 2, k ? labels : 0, &one);

                if (!round)
                    stacks[i][k] = stack;
                cr_assert(eq(u32, stack, stacks[i][k]));
            }
        }
        profile_settle(profile);
    }

    profile_stacks(profile, &count);
    cr_expect(eq(sz, count, 2 * NODES));
    cr_expect(eq(u64, *profile_values(profile, stacks[NODES - 1][1]), 2));
}

Test(profile, not_measured_is_not_zero_and_gives_way_to_a_number)
{
    frame_id f = frame("f"), g = frame("g");

    profile_value_type(profile, "samples", "count");
    profile_value_type(profile, "cpu", "nanoseconds");
    stack_id first = profile_add(profile, &f, 1, 0, (uint64_t[]){1, NOT_MEASURED});
    stack_id second = profile_add(profile, &g, 1, 0, (uint64_t[]){NOT_MEASURED, 9});
    cr_expect(eq(u64, profile_values(profile, first)[1], NOT_MEASURED));

    profile_add(profile, &f, 1, 0, (uint64_t[]){NOT_MEASURED, 0});
    cr_expect(eq(u64, profile_values(profile, first)[1], 0));
    cr_expect(eq(u64, profile_values(profile, first)[0], 1));
    cr_expect(eq(u64, profile_values(profile, second)[0], NOT_MEASURED));
    cr_expect(eq(u64, profile_total(profile, 1), 9));
}

Test(profile, sums_stay_below_not_measured)
{
    frame_id f = frame("f");

    profile_value_type(profile, "samples", "count");
    stack_id stack = profile_add(profile, &f, 1, 0, (uint64_t[]){NOT_MEASURED - 1});
    profile_add(profile, &f, 1, 0, (uint64_t[]){10});
    cr_expect(eq(u64, profile_values(profile, stack)[0], NOT_MEASURED - 1));
}

Test(profile, value_types_are_found_again_and_have_an_end)
{
    char name[16];

    cr_expect(eq(int, profile_value_type(profile, "samples", "count"), 0));
    cr_expect(eq(int, profile_value_type(profile, "samples", "seconds"), 1));
    cr_expect(eq(int, profile_value_type(profile, "samples", "count"), 0));
    for (int i = 2; i < PROFILE_VALUES_MAX; i++) {
        snprintf(name, sizeof(name), "v%d", i);
        cr_expect(eq(int, profile_value_type(profile, name, "count"), i));
    }
    cr_expect(eq(int, profile_value_type(profile, "one more", "count"), -1));
    profile_set_default_value(profile, 99);
    cr_expect(eq(sz, profile_default_value(profile), 0));
}

Test(profile, a_path_is_outermost_first)
{
    frame_id main = frame("main"), f = frame("f"), *frames = NULL;
    size_t room = 0;
    node_id node = profile_child(profile, profile_child(profile, 0, main), f);

    cr_assert(eq(sz, profile_path(profile, node, &frames, &room), 2));
    cr_expect(eq(u32, frames[0], main));
    cr_expect(eq(u32, frames[1], f));
    cr_expect(eq(sz, profile_path(profile, 0, &frames, &room), 0));
    free(frames);
}

Test(profile, a_note_is_kept_once)
{
    size_t count;

    profile_add_note(profile, "one");
    profile_add_note(profile, "two");
    profile_add_note(profile, "one");
    profile_notes(profile, &count);
    cr_expect(eq(sz, count, 2));
}
