#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "profile/profile.h"

static struct profile *into, *from;

static void set_up(void)
{
    into = profile_new();
    from = profile_new();
}

static void tear_down(void)
{
    profile_free(into);
    profile_free(from);
}

static frame_id frame(struct profile *profile, const char *name)
{
    return profile_frame(profile,
                         &(struct frame){.function = profile_intern_text(profile, name)});
}

TestSuite(merge, .init = set_up, .fini = tear_down);

Test(merge, equal_stacks_add_up_whatever_their_numbers)
{
    size_t count;

    profile_value_type(into, "samples", "count");
    profile_value_type(from, "samples", "count");
    profile_intern_text(from, "so that the numbers differ");
    frame(from, "unused");
    profile_add(into, (frame_id[]){frame(into, "main"), frame(into, "f")}, 2, 0,
                (uint64_t[]){3});
    profile_add(from, (frame_id[]){frame(from, "main"), frame(from, "f")}, 2, 0,
                (uint64_t[]){4});
    profile_add(from, (frame_id[]){frame(from, "main")}, 1, 0, (uint64_t[]){5});

    profile_merge(into, from);

    profile_stacks(into, &count);
    cr_expect(eq(sz, count, 2));
    cr_expect(eq(u64, profile_total(into, 0), 12));
    cr_expect(eq(u64, profile_values(into, 0)[0], 7));
}

Test(merge, value_types_meet_by_name_and_what_one_lacks_is_not_measured)
{
    frame_id f = frame(into, "f"), g = frame(from, "g");

    profile_value_type(into, "samples", "count");
    profile_value_type(into, "cpu", "nanoseconds");
    profile_value_type(from, "cpu", "nanoseconds");
    profile_add(into, &f, 1, 0, (uint64_t[]){1, 10});
    profile_add(from, &g, 1, 0, (uint64_t[]){20});

    profile_merge(into, from);

    cr_expect(eq(u64, profile_values(into, 1)[0], NOT_MEASURED));
    cr_expect(eq(u64, profile_values(into, 1)[1], 20));
}

Test(merge, a_value_type_that_only_the_second_has_is_kept)
{
    frame_id f = frame(into, "f"), g = frame(from, "g");

    profile_value_type(into, "samples", "count");
    profile_value_type(from, "page-faults", "count");
    profile_add(into, &f, 1, 0, (uint64_t[]){1});
    profile_add(into, (frame_id[]){f, f}, 2, 0, (uint64_t[]){2});
    profile_add(from, &g, 1, 0, (uint64_t[]){20});

    profile_merge(into, from);

    cr_expect(eq(u64, profile_total(into, 0), 3));
    cr_expect(eq(u64, profile_values(into, 1)[0], 2));
    cr_expect(eq(u64, profile_values(into, 1)[1], NOT_MEASURED));
    cr_expect(eq(u64, profile_values(into, 2)[1], 20));
}

Test(merge, labels_and_mappings_come_along)
{
    struct frame framed = {.function = profile_intern_text(from, "f")};
    label_id labels = profile_labels(
        from, &(struct label_set){.process = profile_intern_text(from, "nginx"), .pid = 9});
    frame_id f;
    size_t count;

    framed.mapping = profile_mapping(
        from, &(struct profile_mapping){.path = profile_intern_text(from, "/bin/x")});
    f = profile_frame(from, &framed);
    profile_value_type(from, "samples", "count");
    profile_add(from, &f, 1, labels, (uint64_t[]){1});

    profile_merge(into, from);

    const struct stack *stacks = profile_stacks(into, &count);
    const struct label_set *merged = profile_labels_at(into, stacks[0].labels);
    cr_expect(eq(str, profile_string(into, merged->process), "nginx"));
    cr_expect(eq(i32, merged->pid, 9));
    cr_expect(eq(str, profile_string(into, profile_mapping_at(into, 1)->path), "/bin/x"));
    cr_expect(eq(u32, profile_frame_at(into, 0)->mapping, 1));
}

Test(merge, facts_are_summed_where_they_count_and_dropped_where_they_differ)
{
    size_t notes;

    profile_info(into)->event = profile_intern_text(into, "cpu-clock");
    profile_info(into)->period = 1000;
    profile_info(into)->quality = (struct quality){.measured = true, .complete = 5, .lost = 1};
    profile_info(from)->event = profile_intern_text(from, "page-faults");
    profile_info(from)->period = 2000;
    profile_info(from)->quality = (struct quality){.measured = true, .complete = 6, .lost = 2};
    profile_add_note(into, "same");
    profile_add_note(from, "same");

    profile_merge(into, from);

    cr_expect(eq(u32, profile_facts(into)->event, 0));
    cr_expect(eq(u64, profile_facts(into)->period, 0));
    cr_expect(eq(u64, profile_facts(into)->quality.complete, 11));
    cr_expect(eq(u64, profile_facts(into)->quality.lost, 3));
    profile_notes(into, &notes);
    cr_expect(eq(sz, notes, 1));
}
