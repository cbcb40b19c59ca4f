#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "../format_text.h"
#include "../profile_text.h"
#include "../random_profile.h"

static struct error err;
static struct profile *profile;

static int read_text(const char *text)
{
    profile_free(profile);
    profile = read_profile(NULL, text, strlen(text), &err);
    return profile ? 0 : -err.code;
}

static void tear_down(void)
{
    profile_free(profile);
    profile = NULL;
}

static char *written(const struct profile *from)
{
    char *text = written_profile(&json_format, from,
                                 &(struct write_options){.timestamps = true}, NULL, &err);

    cr_assert(ne(ptr, text, NULL), "%s", err.message);
    return text;
}

TestSuite(fiq_json, .fini = tear_down);

Test(fiq_json, what_is_written_reads_back_the_same)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct profile *from = random_profile(seed, seed % 2);
        char *text = written(from), *before = profile_text(from), *after;

        cr_assert(zero(i32, read_text(text)), "%s", err.message);
        after = profile_text(profile);
        cr_expect(eq(str, after, before));
        free(before);
        free(after);
        free(text);
        profile_free(from);
    }
}

Test(fiq_json, what_was_not_measured_is_null)
{
    struct profile *from = profile_new();
    struct frame frame = {.function = profile_intern_text(from, "f")};
    frame_id f = profile_frame(from, &frame);
    char *text;

    profile_value_type(from, "samples", "count");
    profile_value_type(from, "instructions", "count");
    profile_add(from, &f, 1, 0, (uint64_t[]){3, NOT_MEASURED});
    text = written(from);
    cr_expect(
        ne(ptr,
           strstr(text, "{\"count\":3,\"instructions\":null,\"memory_delta\":null,"
                        "\"values\":[3,null],\"frames\":[{\"addr\":null,\"symbol\":\"f\"}]}"),
           NULL),
        "%s", text);
    free(text);
    profile_free(from);
}

Test(fiq_json, a_plain_file_of_others_is_read)
{
    size_t count;

    cr_assert(
        zero(i32, read_text("{\"version\": 1, \"elapsed_seconds\": 1.5, \"total_samples\": 7,"
                            "\"stacks\": [{\"count\": 7, \"instructions\": 12,"
                            "\"memory_delta\": -8, \"frames\": [{\"addr\": \"0x12\","
                            "\"symbol\": \"main\"}, {\"addr\": 19}]}]}")));
    cr_expect(eq(u64, profile_facts(profile)->duration_ns, 1500000000));
    profile_value_types(profile, &count);
    cr_assert(eq(sz, count, 2));
    cr_expect(eq(u64, profile_values(profile, 0)[1], 12));
    cr_expect(eq(str, (char *)profile_string(profile, profile_frame_at(profile, 1)->function),
                 "[0x13]"));
    cr_expect(profile_says(profile, "1 negative numbers"));
}

Test(fiq_json, a_total_that_is_not_the_sum_is_said)
{
    cr_assert(zero(i32, read_text("{\"total_samples\": 9, \"stacks\": [{\"count\": 7}]}")));
    cr_expect(profile_says(profile, "total_samples is 9, its stacks sum to 7"));
}

Test(fiq_json, references_out_of_range_are_counted)
{
    cr_assert(zero(i32, read_text("{\"stacks\": [{\"count\": 7, \"thread\": 3, \"frames\":"
                                  "[{\"symbol\": \"f\", \"file\": 12}]}]}")));
    cr_expect(eq(u64, profile_total(profile, 0), 7));
    cr_expect(profile_says(profile, "2 numbers or references make no sense"));
}

Test(fiq_json, other_json_holds_no_stacks)
{
    cr_expect(eq(i32, read_text("{\"hello\": [1, 2]}"), -ENODATA));
}
