#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <zlib.h>

#include "../format_text.h"
#include "../profile_text.h"
#include "../random_profile.h"

static struct error err;

static char *packed(const struct profile *profile, const struct write_options *options,
                    size_t *size)
{
    char *bytes = written_profile(&pprof_format, profile, options, size, &err);

    cr_assert(ne(ptr, bytes, NULL), "%s", err.message);
    return bytes;
}

static struct profile *reread(const struct profile *profile,
                              const struct write_options *options)
{
    size_t size;
    char *bytes = packed(profile, options, &size);
    struct profile *again = read_profile(NULL, bytes, size, &err);

    cr_assert(ne(ptr, again, NULL), "%s", err.message);
    free(bytes);
    return again;
}

static void expect_same(const struct profile *a, const struct profile *b)
{
    char *text = profile_text(a), *other = profile_text(b);

    cr_expect(eq(str, other, text));
    free(text);
    free(other);
}

Test(pprof, what_is_written_reads_back_the_same)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct profile *profile = random_profile(seed, false);
        struct profile *again = reread(profile, &(struct write_options){0});

        expect_same(profile, again);
        profile_free(profile);
        profile_free(again);
    }
}

/* Without inlined frames a location is a frame, which is written another way. */
Test(pprof, frames_without_inlining_read_back_the_same)
{
    static const char text[] = "main;f;g 3\nmain;f 2\nmain;h;f;g 1\ng 4\n";
    struct profile *profile = read_profile(&folded_format, text, sizeof(text) - 1, &err);
    struct profile *again;

    cr_assert(ne(ptr, profile, NULL), "%s", err.message);
    again = reread(profile, &(struct write_options){0});
    expect_same(profile, again);
    cr_expect(eq(u32, profile_frame_count(again), profile_frame_count(profile)));
    profile_free(profile);
    profile_free(again);
}

Test(pprof, numbers_of_any_length_read_back_the_same)
{
    struct profile *profile = profile_new(), *again;
    frame_id frame;

    profile_value_type(profile, "samples", "count");
    for (unsigned bits = 0; bits < 63; bits++)
        for (uint64_t i = 0; i < 3; i++) {
            uint64_t value = (UINT64_C(1) << bits) + i - 1;
            char name[40];

            sprintf(name, "f%u_%u", bits, (unsigned)i);
            frame = profile_frame(
                profile, &(struct frame){.function = profile_intern_text(profile, name)});
            profile_add(profile, &frame, 1, 0, &value);
        }
    again = reread(profile, &(struct write_options){0});

    expect_same(profile, again);
    profile_free(profile);
    profile_free(again);
}

/* Numbers of locations with one, two and three bytes. */
Test(pprof, twenty_thousand_frames_read_back_the_same)
{
    enum { FRAMES = 20000 };
    char *text = malloc(FRAMES * 20), *at = text;
    struct profile *profile, *again;

    for (unsigned i = 0; i < FRAMES; i++)
        at += sprintf(at, "f%u;f%u 1\n", i, i * 7919 % FRAMES);
    profile = read_profile(&folded_format, text, (size_t)(at - text), &err);
    cr_assert(ne(ptr, profile, NULL), "%s", err.message);
    again = reread(profile, &(struct write_options){0});

    expect_same(profile, again);
    profile_free(profile);
    profile_free(again);
    free(text);
}

Test(pprof, moments_come_back_with_their_stacks)
{
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct profile *profile = random_profile(seed, true);
        struct profile *again = reread(profile, &(struct write_options){.timestamps = true});

        expect_same(profile, again);
        profile_free(profile);
        profile_free(again);
    }
}

Test(pprof, without_timestamps_equal_stacks_are_one_sample)
{
    struct profile *profile = random_profile(7, true);
    struct profile *again = reread(profile, &(struct write_options){0});
    size_t moments, stacks, stacks_again;

    profile_moments(again, &moments);
    profile_stacks(profile, &stacks);
    profile_stacks(again, &stacks_again);
    cr_expect(eq(sz, moments, 0));
    cr_expect(eq(sz, stacks_again, stacks));
    profile_free(profile);
    profile_free(again);
}

Test(pprof, equal_profiles_give_equal_bytes)
{
    struct profile *profile = random_profile(3, false);
    size_t size, size_again;
    char *bytes = packed(profile, &(struct write_options){0}, &size);
    char *again = packed(profile, &(struct write_options){0}, &size_again);

    cr_assert(eq(sz, size, size_again));
    cr_expect(zero(i32, memcmp(bytes, again, size)));
    free(bytes);
    free(again);
    profile_free(profile);
}

/* A profile as other producers write it: samples first, a location without a name. */
static const uint8_t unnamed[] =
    "\x0a\x04\x08\x01\x10\x02"             /* sample_type: samples, count */
    "\x12\x06\x0a\x02\x02\x01\x12\x00"     /* a sample without values */
    "\x12\x07\x0a\x02\x02\x01\x12\x01\x05" /* locations 2, 1; value 5 */
    "\x1a\x0d\x08\x01\x10\x80\x20\x18\x80\x40\x20\x80\x60\x28\x03" /* mapping 0x1000-0x2000 */
    "\x22\x0b\x08\x01\x10\x01\x18\x90\x20\x22\x02\x08\x01"         /* location 1: a function */
    "\x22\x07\x08\x02\x10\x01\x18\xa0\x20"                         /* location 2: an address */
    "\x2a\x04\x08\x01\x10\x04"                                     /* function 1: main */
    "\x32\x00\x32\x07samples\x32\x05"
    "count\x32\x09/lib/x.so\x32\x04main";

Test(pprof, an_address_without_a_name_becomes_its_place_in_the_file)
{
    struct profile *profile = read_profile(NULL, unnamed, sizeof(unnamed) - 1, &err);
    frame_id *path = NULL;
    size_t room = 0, count;

    cr_assert(ne(ptr, profile, NULL), "%s", err.message);
    const struct stack *stacks = profile_stacks(profile, &count);
    cr_assert(eq(sz, count, 1));
    cr_assert(eq(sz, profile_path(profile, stacks[0].node, &path, &room), 2));
    const struct frame *leaf = profile_frame_at(profile, path[1]);
    cr_expect(eq(str, (char *)profile_string(profile, leaf->function), "[x.so+0x3020]"));
    cr_expect(leaf->unnamed);
    cr_expect(eq(str,
                 (char *)profile_string(profile, profile_frame_at(profile, path[0])->function),
                 "main"));
    free(path);
    profile_free(profile);
}

Test(pprof, samples_with_too_few_values_are_counted)
{
    struct profile *profile = read_profile(NULL, unnamed, sizeof(unnamed) - 1, &err);
    size_t count;

    cr_assert(ne(ptr, profile, NULL));
    const str_id *notes = profile_notes(profile, &count);
    cr_assert(eq(sz, count, 1));
    cr_expect(eq(str, (char *)profile_string(profile, notes[0]),
                 "in: 1 samples with a wrong number of values were left out"));
    profile_free(profile);
}

Test(pprof, a_cut_file_says_where_it_ends)
{
    struct profile *profile = read_profile(NULL, unnamed, sizeof(unnamed) - 3, &err);

    cr_expect(eq(ptr, profile, NULL));
    cr_expect(eq(i32, err.code, EBADMSG));
    cr_expect(ne(ptr, strstr(err.message, "ends in the middle of a field"), NULL));
}

Test(pprof, values_beyond_63_bits_stay_at_the_largest)
{
    struct profile *profile = profile_new(), *again;
    struct frame frame = {.function = profile_intern_text(profile, "f")};
    frame_id id = profile_frame(profile, &frame);

    profile_value_type(profile, "samples", "count");
    profile_add(profile, &id, 1, 0, (uint64_t[]){UINT64_MAX - 1});
    again = reread(profile, &(struct write_options){0});
    cr_expect(eq(u64, profile_values(again, 0)[0], INT64_MAX));
    profile_free(profile);
    profile_free(again);
}
