#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../format_text.h"

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

static char *folded(void)
{
    static char *text;
    struct write_options options = {.view.processes = VIEW_PROCESSES_NEVER, .annotate = true};

    free(text);
    text = written_profile(&folded_format, profile, &options, NULL, &err);
    return text;
}

static const struct label_set *labels(stack_id stack)
{
    size_t count;

    return profile_labels_at(profile, profile_stacks(profile, &count)[stack].labels);
}

static char *text_of(str_id id)
{
    return (char *)profile_string(profile, id);
}

#define FRAMES "\t    55d0 leaf+0x10 (/bin/app)\n\t    55f0 main+0x9 (/bin/app)\n\n"

TestSuite(perfscript, .fini = tear_down);

Test(perfscript, a_sample_has_stack_labels_time_and_period)
{
    size_t count;

    cr_assert(zero(
        i32, read_text("my (app) 7 12/13 [001] 2.500000: 10101010 cpu-clock:u: \n" FRAMES)));
    cr_expect(eq(str, folded(), "main;leaf 1\n"));
    cr_expect(eq(str, text_of(labels(0)->thread), "my (app) 7"));
    cr_expect(eq(i32, labels(0)->pid, 12));
    cr_expect(eq(i32, labels(0)->tid, 13));
    cr_expect(eq(str, text_of(profile_facts(profile)->event), "cpu-clock:u"));
    cr_expect(eq(u64, profile_facts(profile)->period, 10101010));
    cr_expect(eq(u64, profile_moments(profile, &count)[0].time_ns, 2500000000));
    cr_expect(eq(str, text_of(profile_value_types(profile, &count)[1].name), "cpu"));
    cr_expect(eq(u64, profile_values(profile, 0)[1], 10101010));
}

Test(perfscript, symbols_and_files_may_hold_parentheses)
{
    cr_assert(
        zero(i32, read_text("app 1 [000] 1.0: 1 cycles: \n"
                            "\t 55d0 f(int (*)(char), S<a, b>) const+0x10 (/a (b) c/x)\n"
                            "\t 55f0 operator new(unsigned long)+0x9 (/bin/x (deleted))\n")));
    cr_expect(
        eq(str, folded(), "operator new(unsigned long);f(int (*)(char), S<a, b>) const 1\n"));
    cr_expect(eq(str, text_of(profile_mapping_at(profile, 1)->path), "/a (b) c/x"));
    cr_expect(eq(str, text_of(profile_mapping_at(profile, 2)->path), "/bin/x"));
}

Test(perfscript, kinds_come_from_files_and_addresses)
{
    cr_assert(zero(i32, read_text("app 1 [000] 1.0: 1 cycles: \n"
                                  "\t ffffffff81000010 do_it+0x10 ([kernel.kallsyms])\n"
                                  "\t ffffffffc0000010 mod+0x10 ([nf_tables])\n"
                                  "\t 55d0 small (inlined)\n"
                                  "\t 55d0 large+0x1 (/bin/app)\n"
                                  "\t 7f0012 Lfoo;::bar (/tmp/perf-12.map)\n"
                                  "\t 7f0013 [unknown] ([unknown])\n"
                                  "\t 7f0014 [unknown] (/lib/libc.so.6)\n")));
    cr_expect(eq(str, folded(),
                 "[libc.so.6];[unknown];Lfoo:::bar_[j];large;small_[i];mod_[k];do_it_[k] 1\n"));
}

Test(perfscript, headers_may_lack_nearly_anything)
{
    cr_assert(zero(i32, read_text("app 12 cycles: \n" FRAMES)));
    cr_expect(eq(str, folded(), "main;leaf 1\n"));
    cr_assert(zero(i32, read_text("app 12/13 1.5: \n" FRAMES)));
    cr_expect(eq(i32, labels(0)->tid, 13));
    cr_assert(zero(i32, read_text("\t    55d0 leaf\n\t    55f0 main\n\n\t    55d0 leaf\n")));
    cr_expect(eq(str, folded(), "main;leaf 1\nleaf 1\n"));
    cr_assert(zero(
        i32, read_text("            app 12 [000] 1.5: 1 cycles: 55d0 leaf+0x1 (/bin/a)\n"
                       "            app 12 [000] 1.6: 1 cycles: 55d0 leaf+0x9 (/bin/a)\n")));
    cr_expect(eq(str, folded(), "leaf 2\n"));
}

Test(perfscript, text_of_tracepoints_is_no_frame)
{
    cr_assert(
        zero(i32, read_text("app 12 [000] 1.5: sched:sched_switch: prev_comm=a (b)\n" FRAMES)));
    cr_expect(eq(str, folded(), "main;leaf 1\n"));
    cr_expect(eq(str, text_of(profile_facts(profile)->event), "sched:sched_switch"));
}

Test(perfscript, source_lines_belong_to_the_frame_above)
{
    cr_assert(zero(i32, read_text("app 12 [000] 1.5: 1 cycles: \n"
                                  "\t    55d0 leaf+0x10 (/bin/app)\n  leaf.c:77\n"
                                  "\t    55f0 main+0x9 (/bin/app)\n  app[55f0]\n\n")));
    cr_expect(eq(str, folded(), "main;leaf 1\n"));
    for (frame_id i = 0; i < profile_frame_count(profile); i++)
        if (profile_frame_at(profile, i)->line)
            cr_expect(eq(str, text_of(profile_frame_at(profile, i)->file), "leaf.c"));
}

Test(perfscript, events_are_not_summed)
{
    cr_assert(zero(i32, read_text("app 12 [000] 1.5: 1 cycles: \n" FRAMES
                                  "app 12 [000] 1.5: 1 faults: \n" FRAMES
                                  "app 12 [000] 1.5: 1 faults: \n" FRAMES)));
    cr_expect(eq(u64, profile_total(profile, 0), 1));
    cr_expect(eq(u64, profile_total(profile, 1), 2));
    cr_expect(profile_says(profile, "samples of 2 events: cycles (1), faults (2)"));
}

Test(perfscript, line_ends_of_windows_and_comments_do_no_harm)
{
    cr_assert(zero(i32, read_text("# ========\r\n# captured on: x\r\n#\r\n"
                                  "app 12/12 [000] 1.5: 1 cycles: \r\n"
                                  "\t    55d0 leaf+0x10 (/bin/app)\r\n\r\n")));
    cr_expect(eq(str, folded(), "leaf 1\n"));
}

Test(perfscript, what_is_neither_sample_nor_frame_is_counted)
{
    cr_assert(zero(i32, read_text("app 12/12 [000] 1.5: 1 cycles: \n" FRAMES "nonsense\n")));
    cr_expect(profile_says(
        profile,
        "1 lines are neither samples nor frames and were left out, the first is line 5"));
}

Test(perfscript, a_header_alone_holds_no_stacks)
{
    cr_expect(eq(i32, read_text("# ========\n# captured on: x\n#\n"), -ENODATA));
}
