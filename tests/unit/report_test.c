#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/model.h"
#include "report/report.h"

enum { SAMPLES, CPU, INSTRUCTIONS };

static struct profile *profile;
static struct model model;
static struct error err;

static void set_up(void)
{
    profile = profile_new();
    profile_value_type(profile, "samples", "count");
    profile_value_type(profile, "cpu", "nanoseconds");
    profile_value_type(profile, "instructions", "count");
    profile_set_default_value(profile, CPU);
}

static void tear_down(void)
{
    if (model.profile)
        model_free(&model);
    profile_free(profile);
}

static label_id thread(const char *name, int32_t pid, int32_t tid)
{
    return profile_labels(profile,
                          &(struct label_set){.process = profile_intern_text(profile, "app"),
                                              .thread = profile_intern_text(profile, name),
                                              .pid = pid,
                                              .tid = tid});
}

/* "outer;inner" with line numbers from the position in the stack. */
static void add(const char *stack, label_id labels, uint64_t samples, uint64_t instructions)
{
    char *copy = strdup(stack), *rest = copy, *name;
    uint64_t values[] = {samples, samples * 10000000, instructions};
    frame_id frames[16];
    size_t depth = 0;

    while ((name = strsep(&rest, ";"))) {
        frames[depth] = profile_frame(
            profile, &(struct frame){.function = profile_intern_text(profile, name),
                                     .file = profile_intern_text(profile, "a.c"),
                                     .line = (uint32_t)depth + 1});
        depth++;
    }
    profile_add(profile, frames, depth, labels, values);
    free(copy);
}

static const struct model_function *function_named(const char *name)
{
    for (size_t i = 0; i < model.function_count; i++)
        if (!strcmp(view_text(model.view, model.functions[i].name), name))
            return &model.functions[i];
    cr_assert(0, "no function %s", name);
    return NULL;
}

static char *report(const struct report_options *options, int expected)
{
    static char *text;
    size_t size;
    FILE *out;

    free(text);
    out = open_memstream(&text, &size);
    cr_expect(eq(int, report_write(profile, options, out, &err), expected));
    fclose(out);
    return text;
}

TestSuite(report, .init = set_up, .fini = tear_down);

Test(report, recursion_counts_once_in_total)
{
    add("main;f;g;f", 0, 3, NOT_MEASURED);
    add("main;f", 0, 2, NOT_MEASURED);
    model_fill(&model, profile, CPU);

    cr_expect(eq(u64, function_named("f")->self[SAMPLES], 5));
    cr_expect(eq(u64, function_named("f")->total[SAMPLES], 5));
    cr_expect(eq(u64, function_named("g")->total[SAMPLES], 3));
    cr_expect(eq(u64, function_named("main")->total[CPU], 50000000));
}

Test(report, what_was_not_measured_is_not_nothing)
{
    add("main;counted", 0, 1, 500);
    add("main;uncounted", 0, 1, NOT_MEASURED);
    model_fill(&model, profile, CPU);

    cr_expect(eq(u64, function_named("counted")->self[INSTRUCTIONS], 500));
    cr_expect(eq(u64, function_named("uncounted")->self[INSTRUCTIONS], NOT_MEASURED));
    cr_expect(eq(u64, function_named("uncounted")->total[INSTRUCTIONS], NOT_MEASURED));
    cr_expect(eq(u64, function_named("main")->self[INSTRUCTIONS], 0));
    cr_expect(eq(u64, function_named("main")->total[INSTRUCTIONS], 500));
}

Test(report, order_is_by_value_then_by_name)
{
    add("z", 0, 1, 0);
    add("b", 0, 1, 0);
    add("hot", 0, 2, 0);
    model_fill(&model, profile, CPU);

    cr_expect(eq(str, (char *)view_text(model.view, model.functions[0].name), "hot"));
    cr_expect(eq(str, (char *)view_text(model.view, model.functions[1].name), "b"));
    cr_expect(eq(str, (char *)view_text(model.view, model.functions[2].name), "z"));
}

Test(report, threads_of_one_name_stay_apart)
{
    add("main", thread("worker", 7, 8), 3, 0);
    add("main;f", thread("worker", 7, 8), 1, 0);
    add("main", thread("worker", 7, 9), 6, 0);
    add("main", thread("other", 10, 10), 1, 0);
    model_fill(&model, profile, CPU);

    cr_assert(eq(sz, model.thread_count, 3));
    cr_expect(eq(sz, model.process_count, 2));
    cr_expect(eq(i32, model.threads[0].tid, 9));
    cr_expect(eq(u64, model.threads[1].self[SAMPLES], 4));
}

Test(report, paths_of_different_threads_are_one)
{
    add("main;f", thread("a", 1, 1), 1, 0);
    add("main;f", thread("b", 1, 2), 1, 0);
    model_fill(&model, profile, CPU);

    cr_assert(eq(sz, model.path_count, 1));
    cr_expect(eq(u64, model.paths[0].self[SAMPLES], 2));
}

Test(report, error_is_half_of_the_wilson_interval)
{
    add("main;a", 0, 50, 0);
    add("main;b", 0, 50, 0);
    model_fill(&model, profile, CPU);

    /* 0.4038 to 0.5962 for 50 of 100, as in the literature. */
    cr_expect(epsilon_eq(dbl, model_error(&model, 50), 0.0962, 0.0001));
    cr_expect(gt(dbl, model_error(&model, 0), 0));
    cr_expect(lt(dbl, model_error(&model, NOT_MEASURED), 0));
}

Test(report, each_event_has_its_own_samples)
{
    struct profile *two = profile_new();
    uint64_t values[] = {90, NOT_MEASURED, NOT_MEASURED}, faults[] = {NOT_MEASURED, 10, 640};

    profile_value_type(two, "samples", "count");
    profile_value_type(two, "samples:faults", "count");
    profile_value_type(two, "faults", "count");
    profile_add(two, NULL, 0, 0, values);
    profile_add(two, NULL, 0, 0, faults);

    model_fill(&model, two, 2);
    cr_expect(eq(sz, model.samples, 1));
    model_free(&model);
    model_fill(&model, two, 0);
    cr_expect(eq(sz, model.samples, 0));
    model_free(&model);
    profile_free(two);
}

Test(report, lines_have_self_and_total)
{
    struct model_line *lines;
    size_t count;

    add("main;f", 0, 3, 0);
    add("main", 0, 1, 0);
    model_fill(&model, profile, CPU);
    count = model_lines(&model, &lines);

    cr_assert(eq(sz, count, 2));
    cr_expect(eq(u32, lines[0].line, 2));
    cr_expect(eq(u64, lines[0].self_samples, 3));
    cr_expect(eq(u64, lines[1].self_samples, 1));
    cr_expect(eq(u64, lines[1].total_samples, 4));
    free(lines);
}

/* Total samples of the node that the names lead to from the root. */
static uint64_t tree_at(const struct model_tree *tree, const char *const *names)
{
    node_id at = 0;

    for (; *names; names++) {
        node_id child = 0;

        for (size_t i = 1; i < tree->count; i++)
            if (tree->nodes[i].parent == at &&
                !strcmp(view_text(model.view, tree->nodes[i].name), *names))
                child = (node_id)i;
        if (!child)
            return 0;
        at = child;
    }
    return tree->samples[at];
}

#define PATH(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(report, callers_merge_over_all_paths)
{
    struct model_tree tree = {0};
    bool *wanted;

    add("main;a;malloc;brk", 0, 3, 0);
    add("main;b;malloc", 0, 2, 0);
    add("main;b;malloc;malloc", 0, 1, 0); /* recursion counts once */
    add("main;c", 0, 9, 0);
    model_fill(&model, profile, CPU);
    cr_assert(eq(int, model_match(&model, "malloc", &wanted, &err), 0));
    model_callers(&model, wanted, &tree);

    cr_expect(eq(u64, tree_at(&tree, PATH("malloc")), 6));
    cr_expect(eq(u64, tree_at(&tree, PATH("malloc", "a", "main")), 3));
    cr_expect(eq(u64, tree_at(&tree, PATH("malloc", "b", "main")), 3));
    cr_expect(eq(u64, tree_at(&tree, PATH("malloc", "c")), 0));
    model_tree_free(&tree);
    free(wanted);
}

Test(report, callees_merge_over_all_callers)
{
    struct model_tree tree = {0};
    bool *wanted;

    add("main;a;malloc;brk", 0, 3, 0);
    add("main;b;malloc;brk", 0, 2, 0);
    add("main;b;malloc", 0, 1, 0);
    model_fill(&model, profile, CPU);
    cr_assert(eq(int, model_match(&model, "^mal", &wanted, &err), 0));
    model_callees(&model, wanted, &tree);

    cr_expect(eq(u64, tree_at(&tree, PATH("malloc")), 6));
    cr_expect(eq(u64, tree_at(&tree, PATH("malloc", "brk")), 5));
    model_tree_free(&tree);
    free(wanted);
}

Test(report, a_folded_tree_has_each_recursion_once_with_all_that_it_calls)
{
    struct model_tree tree = {0};

    add("main;walk;walk;walk;visit", 0, 3, 0);
    add("main;walk;walk", 0, 2, 0);
    add("main;walk;visit;walk", 0, 4, 0);
    add("main", 0, 1, 0);
    model_fill(&model, profile, CPU);
    model_whole_tree(&model, &tree);
    model_tree_fold(&tree);

    cr_assert(eq(sz, tree.count, 5));
    cr_expect(eq(u64, tree_at(&tree, PATH("main")), 10));
    cr_expect(eq(u64, tree_at(&tree, PATH("main", "walk")), 9));
    cr_expect(eq(u64, tree_at(&tree, PATH("main", "walk", "visit")), 7));
    cr_expect(eq(u64, tree_at(&tree, PATH("main", "walk", "visit", "walk")), 4));
    cr_expect(eq(u64, tree.nodes[1].self, 10000000));
    cr_expect(eq(u64, tree.nodes[2].self, 20000000));
    cr_expect(eq(u64, tree.nodes[2].total, 90000000));
    cr_expect(eq(u32, tree.times[1], 1));
    cr_expect(eq(u32, tree.times[2], 3));
    model_tree_free(&tree);
}

Test(report, a_whole_name_is_not_taken_for_an_expression)
{
    bool *wanted;

    add("operator+(int);main+", 0, 1, 0);
    model_fill(&model, profile, CPU);

    cr_expect(eq(int, model_match(&model, "operator+(int)", &wanted, &err), 0));
    free(wanted);
    cr_expect(eq(int, model_match(&model, "nothing", &wanted, &err), -ENOENT));
    cr_expect(eq(int, model_match(&model, "(", &wanted, &err), -EINVAL));
}

Test(report, text_names_value_samples_and_threads)
{
    add("main;f", thread("worker", 7, 8), 3, 2000000);
    add("main", thread("main", 7, 7), 1, NOT_MEASURED);
    profile_info(profile)->duration_ns = 1500000000;
    profile_add_note(profile, "something was not seen");
    const char *text =
        report(&(struct report_options){.value = CPU, .style = {.width = SIZE_MAX}}, 0);

    cr_expect(eq(str, (char *)text,
                 "Profile\n"
                 "  Elapsed       1.500 s\n"
                 "  Samples       4\n"
                 "  Stacks        2 unique\n"
                 "  Threads       2 in 1 process\n"
                 "  cpu           40 ms\n"
                 "  instructions  2.00 M\n"
                 "  Memory        –\n"
                 "  Quality       not known: the input does not say\n"
                 "\n"
                 "Hot paths: % of 40 ms cpu in 4 samples, ± at 95 % confidence\n"
                 "   1.  75.0% ±32.7, 3 samples, instructions 2.00 M\n"
                 "      main → f\n"
                 "   2.  25.0% ±32.7, 1 sample, instructions –\n"
                 "      main\n"
                 "\n"
                 "Functions: % of 40 ms cpu in 4 samples, ± at 95 % confidence\n"
                 "  self %      ±  total %      ±  samples    cpu  instructions  function\n"
                 "    75.0  ±32.7     75.0  ±32.7        3  30 ms        2.00 M  f\n"
                 "    25.0  ±32.7      100  ±24.5        1  10 ms             –  main\n"
                 "\n"
                 "Threads: % of 40 ms cpu in 4 samples, ± at 95 % confidence\n"
                 "     %      ±  samples    cpu  instructions  PID  TID  process  thread\n"
                 "  75.0  ±32.7        3  30 ms        2.00 M    7    8  app      worker\n"
                 "  25.0  ±32.7        1  10 ms             –    7    7  app      main\n"
                 "\n"
                 "Notes\n"
                 "  something was not seen\n"));
}

Test(report, text_fits_the_width)
{
    add("main;a_function_whose_name_is_longer_than_the_line_by_far;_ZN4core3ptr7drop_in_placeE",
        0, 1, 0);
    add("main;f", thread("a thread", 12345678, 12345678), 1, 0);
    char *text = report(&(struct report_options){.value = CPU, .style = {.width = 60}}, 0),
         *line;

    while ((line = strsep(&text, "\n"))) {
        size_t columns = 0;

        for (const char *at = line; *at; at++)
            columns += (*at & 0xc0) != 0x80;
        cr_expect(le(sz, columns, 60), "%s", line);
    }
}

Test(report, parameters_of_a_name_go_before_the_name)
{
    add("main;void ns::Table<std::pair<int, long>, ns::Hash>::insert(std::pair<int, long> "
        "const&)",
        0, 1, 0);
    const char *narrow =
        report(&(struct report_options){.value = CPU, .style = {.width = 60}}, 0);

    cr_expect(ne(ptr, (void *)strstr(narrow, "ns::Table<…>::insert\n"), NULL), "%s", narrow);
    cr_expect(eq(ptr, (void *)strstr(narrow, "const&"), NULL), "%s", narrow);

    const char *wide =
        report(&(struct report_options){.value = CPU, .style = {.width = SIZE_MAX}}, 0);

    cr_expect(ne(ptr, (void *)strstr(wide, "::insert(std::pair<int, long> const&)"), NULL));
}

Test(report, deep_paths_lose_their_middle_and_say_so)
{
    frame_id frames[200];
    uint64_t values[] = {1, 1, 1};
    char name[8];

    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        frames[i] = profile_frame(
            profile, &(struct frame){.function = profile_intern_text(profile, name)});
    }
    profile_add(profile, frames, 200, 0, values);
    const char *text = report(&(struct report_options){.style = {.width = SIZE_MAX}}, 0);

    cr_expect(ne(ptr, strstr(text, "f5 → (176 frames) → f182"), NULL));
}

Test(report, frames_that_call_themselves_are_one_step_of_a_path)
{
    frame_id frames[203];
    uint64_t values[] = {1, 1, 1};
    const char *const names[] = {"main", "fib", "leaf"};

    for (int i = 0; i < 203; i++)
        frames[i] = profile_frame(profile, &(struct frame){.function = profile_intern_text(
                                                               profile, names[i == 0    ? 0
                                                                              : i < 201 ? 1
                                                                                        : 2])});
    profile_add(profile, frames, 203, 0, values);
    const char *text = report(&(struct report_options){.style = {.width = 40}}, 0);

    cr_expect(ne(ptr, strstr(text, "      main → fib ×200 → leaf ×2\n"), NULL));
}

Test(report, json_has_null_for_what_is_not_known)
{
    add("main", 0, 1, NOT_MEASURED);
    const char *text = report(&(struct report_options){.form = REPORT_JSON, .value = CPU}, 0);

    cr_expect(ne(ptr, strstr(text, "\"elapsed_seconds\":null"), NULL));
    cr_expect(ne(ptr, strstr(text, "\"instructions\":null"), NULL));
    cr_expect(ne(ptr, strstr(text, "\"quality\":null"), NULL));
}

Test(report, bytes_are_kept_within_for_any_limit)
{
    char name[64];

    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "main;function_number_%d;leaf_%d", i, i % 7);
        add(name, thread("t", 1, i + 1), (uint64_t)i + 1, 1);
    }
    for (size_t most = REPORT_LEAST_BYTES; most < 6000; most += 97)
        for (enum report_form form = REPORT_TEXT; form <= REPORT_JSON; form++) {
            const char *text = report(&(struct report_options){.form = form,
                                                               .max_bytes = most,
                                                               .lines = most & 1,
                                                               .style = {.width = SIZE_MAX}},
                                      0);

            cr_assert(le(sz, strlen(text), most));
            cr_assert(eq(chr, text[strlen(text) - 1], '\n'));
        }
}

Test(report, an_empty_profile_is_no_trouble)
{
    for (enum report_form form = REPORT_TEXT; form <= REPORT_JSON; form++)
        report(&(struct report_options){.form = form, .tree = true, .lines = true}, 0);
}
