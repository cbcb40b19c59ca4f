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

static char *written(const struct format *format, const struct profile *from,
                     const struct write_options *options)
{
    char *text = written_profile(format, from, options, NULL, &err);

    cr_assert(ne(ptr, text, NULL), "%s", err.message);
    return text;
}

static char *folded(const struct profile *from, size_t value)
{
    return profile_text_sorted(written(
        &folded_format, from,
        &(struct write_options){
            .view = {.value = value, .processes = VIEW_PROCESSES_ALWAYS, .threads = true}}));
}

#define FRAMES "\"shared\":{\"frames\":[{\"name\":\"main\"},{\"name\":\"f\",\"file\":\"f.c\"}]}"

TestSuite(speedscope, .fini = tear_down);

Test(speedscope, stacks_labels_and_counts_come_back)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct profile *from = random_profile(seed, false);
        char *before = folded(from, 0);
        char *text = written(&speedscope_format, from, &(struct write_options){0});
        char *after;

        cr_assert(zero(i32, read_text(text)), "%s", err.message);
        after = folded(profile, 0);
        cr_expect(eq(str, after, before));
        free(before);
        free(after);
        free(text);
        profile_free(from);
    }
}

Test(speedscope, the_sum_of_all_threads_is_not_counted_twice)
{
    cr_assert(zero(i32, read_text("{" FRAMES ",\"profiles\":["
                                  "{\"type\":\"sampled\",\"name\":\"All threads\",\"unit\":"
                                  "\"none\",\"samples\":[[0,1]],\"weights\":[5]},"
                                  "{\"type\":\"sampled\",\"name\":\"a\",\"unit\":\"none\","
                                  "\"samples\":[[0,1]],\"weights\":[3]},"
                                  "{\"type\":\"sampled\",\"name\":\"b\",\"unit\":\"none\","
                                  "\"samples\":[[0,1]],\"weights\":[2]}]}")));
    cr_expect(eq(u64, profile_total(profile, 0), 5));
}

Test(speedscope, what_threads_share_is_one_stack_of_all_threads)
{
    char *text;

    cr_assert(zero(i32, read_text("{" FRAMES ",\"profiles\":["
                                  "{\"type\":\"sampled\",\"name\":\"a\",\"unit\":\"none\","
                                  "\"samples\":[[0,1],[0]],\"weights\":[3,1]},"
                                  "{\"type\":\"sampled\",\"name\":\"b\",\"unit\":\"none\","
                                  "\"samples\":[[0,1]],\"weights\":[2]}]}")));
    text = written(&speedscope_format, profile, &(struct write_options){0});

    const char *all = strstr(text, "\"name\":\"all threads\"");
    cr_assert(ne(ptr, (void *)all, NULL));
    const char *weights = strstr(all, "\"weights\":[");
    cr_expect(zero(i32, strncmp(weights, "\"weights\":[1,5]", 15)), "%.20s", weights);
    free(text);
}

Test(speedscope, frames_may_come_after_the_stacks)
{
    char *text;

    cr_assert(
        zero(i32, read_text("{\"$schema\":\"https://www.speedscope.app/x\",\"profiles\":["
                            "{\"weights\":[5],\"samples\":[[0,1]],\"unit\":\"none\"}]," FRAMES
                            "}")));
    text = folded(profile, 0);
    cr_expect(eq(str, text, "main;f 5\n"));
    free(text);
}

Test(speedscope, times_between_events_belong_to_the_open_stack)
{
    char *text;
    size_t count;

    cr_assert(zero(i32, read_text("{" FRAMES ",\"profiles\":[{\"type\":\"evented\",\"unit\":"
                                  "\"milliseconds\",\"events\":["
                                  "{\"type\":\"O\",\"frame\":0,\"at\":1},"
                                  "{\"type\":\"O\",\"frame\":1,\"at\":2.5},"
                                  "{\"type\":\"C\",\"frame\":1,\"at\":4},"
                                  "{\"type\":\"C\",\"frame\":0,\"at\":4.25}]}]}")));
    text = folded(profile, 0);
    cr_expect(eq(str, text, "main 1750000\nmain;f 1500000\n"));
    cr_expect(eq(str,
                 (char *)profile_string(profile, profile_value_types(profile, &count)[0].unit),
                 "nanoseconds"));
    free(text);
}

/* `depth` calls within each other, each a unit of time after the one before. */
static char *nested_events(size_t depth)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    fputs("{" FRAMES ",\"profiles\":[{\"type\":\"evented\",\"unit\":\"none\",\"events\":[",
          out);
    for (size_t i = 0; i < 2 * depth; i++)
        fprintf(out, "%s{\"type\":\"%c\",\"frame\":0,\"at\":%zu}", i ? "," : "",
                i < depth ? 'O' : 'C', i);
    fputs("]}]}", out);
    fclose(out);
    return text;
}

Test(speedscope, calls_beyond_the_deepest_count_for_their_callers)
{
    char *text = nested_events(5000);

    cr_assert(zero(i32, read_text(text)));
    cr_expect(eq(u64, profile_total(profile, 0), 2 * 5000 - 1));
    cr_expect(profile_says(profile, "1 calls deeper than"));
    cr_expect(not(profile_says(profile, "do not fit together")));
    free(text);
}

Test(speedscope, what_does_not_fit_together_is_counted)
{
    cr_assert(zero(i32, read_text("{" FRAMES ",\"profiles\":[{\"unit\":\"none\",\"samples\":["
                                  "[0,7],[1]],\"weights\":[2,-3,4]}]}")));
    cr_expect(eq(u64, profile_total(profile, 0), 2));
    cr_expect(profile_says(profile, "do not fit together"));
    cr_expect(profile_says(profile, "1 negative numbers"));
}

Test(speedscope, fractions_keep_their_sum)
{
    cr_assert(zero(i32, read_text("{" FRAMES ",\"profiles\":[{\"unit\":\"none\",\"samples\":["
                                  "[0],[1],[0,1]],\"weights\":[1.5,0.25,0.25]}]}")));
    cr_expect(eq(u64, profile_total(profile, 0), 2));
    cr_expect(profile_says(profile, "fractions"));
}

Test(speedscope, broken_json_says_where)
{
    cr_expect(eq(i32, read_text("{" FRAMES ",\"profiles\":[}"), -EBADMSG));
    cr_expect(ne(ptr, strstr(err.message, "in: byte 7"), NULL), "%s", err.message);
}
