#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

static struct profile *profile;

static void set_up(void)
{
    setenv("COLUMNS", "60", 1);
    setenv("NO_COLOR", "1", 1);
    profile = profile_new();
    profile_value_type(profile, "samples", "count");
}

static void tear_down(void)
{
    profile_free(profile);
}

/* "a;b" with a count. */
static void add(const char *outer, const char *inner, uint64_t count)
{
    const char *names[] = {outer, inner};
    frame_id frames[2];

    for (size_t i = 0; i < 2; i++)
        frames[i] = profile_frame(
            profile, &(struct frame){.function = profile_intern_text(profile, names[i])});
    profile_add(profile, frames, 2, 0, &count);
}

static char *summary(void)
{
    static char *text;
    size_t size;
    FILE *out;

    free(text);
    out = open_memstream(&text, &size);
    report_summary(profile, out);
    fclose(out);
    return text;
}

TestSuite(summary, .init = set_up, .fini = tear_down);

Test(summary, says_samples_rate_functions_and_quality)
{
    add("main", "busy_a", 70);
    add("main", "busy_b", 30);
    struct profile_info *info = profile_info(profile);
    info->event = profile_intern_text(profile, "cpu-clock");
    info->duration_ns = 5020000000;
    info->frequency_hz = 99;
    info->effective_hz = 98.7;
    info->quality = (struct quality){.measured = true, .complete = 98, .cut = 2};

    cr_expect(eq(str, summary(),
                 "fiq: 100 samples of cpu-clock in 5.02 s, 98.7 Hz of 99, 2\n"
                 "     unique stacks\n"
                 "    self   total  function\n"
                 "   70.0%   70.0%  busy_a\n"
                 "   30.0%   30.0%  busy_b\n"
                 "                  … 1 more function\n"
                 "  98.0 % of stacks complete, 2.0 % cut (--stack-size 65528\n"
                 "  copies more)\n"));
}

Test(summary, says_how_much_of_the_time_was_spent_on_a_cpu)
{
    uint64_t values[] = {100, 1010000000};
    frame_id frame;

    profile_value_type(profile, "cpu", "nanoseconds");
    frame = profile_frame(profile,
                          &(struct frame){.function = profile_intern_text(profile, "busy")});
    profile_add(profile, &frame, 1, 0, values);
    profile_info(profile)->duration_ns = 5020000000;

    cr_expect(
        eq(int, strncmp(summary(), "fiq: 100 samples in 5.02 s, 1.01 s of CPU time, 1", 49), 0),
        "%s", summary());
}

Test(summary, shows_ten_functions_and_counts_the_rest)
{
    char name[] = "function_a";
    size_t lines = 0;

    for (int i = 0; i < 15; i++) {
        name[9] = (char)('a' + i);
        add("main", name, 10);
    }
    const char *text = summary();
    for (const char *at = text; (at = strstr(at, "function_")); at++)
        lines++;

    cr_expect(eq(sz, lines, 10));
    cr_expect(ne(ptr, strstr(text, "… 6 more functions\n"), NULL));
}

Test(summary, long_names_fit_the_width)
{
    char name[300];

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    add("main", name, 1);

    for (char *line = strtok(summary(), "\n"); line; line = strtok(NULL, "\n"))
        cr_expect(le(sz, strlen(line), 60 + 2), "%s", line); /* the ellipsis has 3 bytes */
}

Test(summary, of_nothing_is_one_line)
{
    cr_expect(eq(str, summary(), "fiq: 0 samples, 0 unique stacks\n"));
}
