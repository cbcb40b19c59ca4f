#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "profile/profile.h"

static struct profile *profile;
static char line[1024];

static void set_up(void)
{
    profile = profile_new();
}

static void tear_down(void)
{
    profile_free(profile);
}

static const char *quality_line(struct quality quality)
{
    quality.measured = true;
    profile_info(profile)->quality = quality;
    profile_quality_line(profile, line, sizeof(line));
    return line;
}

TestSuite(quality, .init = set_up, .fini = tear_down);

Test(quality, nothing_is_said_of_what_was_not_measured)
{
    profile_quality_line(profile, line, sizeof(line));
    cr_expect(eq(str, line, ""));
}

Test(quality, all_complete_is_100_percent_and_nothing_else)
{
    const char *text = quality_line((struct quality){.complete = 1000});

    cr_expect(eq(int, strncmp(text, "100 %", 5), 0), "%s", text);
    cr_expect(eq(ptr, strchr(text, ','), NULL), "%s", text);
}

Test(quality, one_cut_in_a_million_is_neither_100_nor_0_percent)
{
    const char *text = quality_line((struct quality){.complete = 999999, .cut = 1});

    cr_expect(eq(ptr, strstr(text, "100"), NULL), "%s", text);
    cr_expect(ne(ptr, strstr(text, "<0.1 % cut"), NULL), "%s", text);
}

Test(quality, kernel_only_stacks_do_not_count_as_incomplete)
{
    const char *text = quality_line((struct quality){.complete = 1, .kernel_only = 99});

    cr_expect(eq(int, strncmp(text, "100 %", 5), 0), "%s", text);
}

Test(quality, a_larger_copy_is_advised_only_where_there_is_one)
{
    quality_line((struct quality){.complete = 9, .cut = 1});
    cr_expect(ne(ptr, strstr(line, "--stack-size"), NULL), "%s", line);

    quality_line((struct quality){.complete = 9, .cut = 1, .largest_copy = true});
    cr_expect(eq(ptr, strstr(line, "--stack-size"), NULL), "%s", line);
    cr_expect(ne(ptr, strstr(line, "10.0 % cut (deeper than"), NULL), "%s", line);
}

Test(quality, each_trouble_is_named_and_a_short_line_is_not_overrun)
{
    struct quality all = {.complete = 50,
                          .cut = 20,
                          .broken = 30,
                          .unnamed = 10,
                          .lost = 7,
                          .throttled = 3,
                          .foreign = 9,
                          .pruned = 4,
                          .unexplained = 2,
                          .user_only = true,
                          .inherited = true};
    static const char *const words[] = {
        "50.0 %",    "20.0 % cut", "30.0 % broken", "7 of 107",         "throttled 3",
        "9 foreign", "pruned",     "2 records",     "user frames only", "under-sampled"};
    char small[24];

    quality_line(all);
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        cr_expect(ne(ptr, strstr(line, words[i]), NULL), "%s: %s", words[i], line);
    memset(small, 'x', sizeof(small));
    profile_quality_line(profile, small, sizeof(small) - 1);
    cr_expect(eq(sz, strlen(small), sizeof(small) - 2));
    cr_expect(eq(chr, small[sizeof(small) - 1], 'x'));
}

Test(quality, doctor_is_no_help_with_code_made_at_run_time)
{
    quality_line((struct quality){.complete = 100, .unnamed = 40, .made = 40});
    cr_expect(eq(ptr, strstr(line, "fiq doctor"), NULL), "%s", line);
    cr_expect(
        ne(ptr, strstr(line, "40.0 % of leaf names unknown in code made at run time"), NULL),
        "%s", line);
    cr_expect(ne(ptr, strstr(line, "node --perf-basic-prof"), NULL), "%s", line);

    quality_line((struct quality){.complete = 100, .unnamed = 40, .made = 10});
    cr_expect(ne(ptr, strstr(line, "30.0 % of leaf names unknown (fiq doctor"), NULL), "%s",
              line);
    cr_expect(ne(ptr, strstr(line, "10.0 % of leaf names unknown in code"), NULL), "%s", line);

    quality_line((struct quality){.complete = 100, .unnamed = 40});
    cr_expect(eq(ptr, strstr(line, "run time"), NULL), "%s", line);
}

Test(quality, samples_that_neither_came_nor_were_lost_are_missing)
{
    cr_expect(
        eq(ptr,
           strstr(quality_line((struct quality){.complete = 960, .owed = 1000}), "missing"),
           NULL),
        "a twentieth is how clocks differ: %s", line);
    cr_expect(eq(ptr,
                 strstr(quality_line((struct quality){.complete = 80, .owed = 100}), "missing"),
                 NULL),
              "so few differ by chance: %s", line);
    cr_expect(eq(ptr,
                 strstr(quality_line((struct quality){
                            .complete = 500, .kernel_only = 200, .lost = 300, .owed = 1000}),
                        "missing"),
                 NULL),
              "what is lost is said to be lost: %s", line);
    quality_line((struct quality){.complete = 500, .owed = 1000});
    cr_expect(ne(ptr, strstr(line, "500 of at least 1000 samples"), NULL), "%s", line);
}

Test(quality, what_waking_a_cpu_takes_may_be_missing_and_no_more)
{
    struct quality quality = {.complete = 7300, .owed = 8000, .turns = 35000};

    profile_info(profile)->period = 1000000;
    quality_line(quality);
    cr_expect(ne(ptr, strstr(line, "700 of at least 8000"), NULL), "%s", line);
    cr_expect(ne(ptr, strstr(line, "20.0 µs for each of the 35000 times"), NULL), "%s", line);

    quality.turns = 7000; /* 0.1 ms for each */
    quality_line(quality);
    cr_expect(ne(ptr, strstr(line, "700 of at least 8000"), NULL), "%s", line);
    cr_expect(eq(ptr, strstr(line, "for each"), NULL), "%s", line);
}
