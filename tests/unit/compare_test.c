#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/saturate.h"
#include "base/xalloc.h"
#include "compare/compare.h"
#include "format/format.h"

static struct profile *folded(const char *text)
{
    struct profile *profile = profile_new();
    struct source *source = source_over("text", text, strlen(text));

    cr_assert(eq(int, folded_format.read(source, profile, NULL), 0));
    source_close(source);
    return profile;
}

static struct comparison *compare_runs_of(struct profile *const *before, size_t before_count,
                                          struct profile *const *after, size_t after_count)
{
    struct comparison *comparison;
    struct compare_side sides[2] = {
        {(const struct profile *const *)before, before_count, "before"},
        {(const struct profile *const *)after, after_count, "after"}};

    cr_assert(eq(int, compare_new(&comparison, sides, &(struct compare_options){0}, NULL), 0));
    return comparison;
}

static struct comparison *compare(struct profile *before, struct profile *after)
{
    return compare_runs_of(&before, 1, &after, 1);
}

static struct comparison *compare_texts(const char *before, const char *after)
{
    struct profile *sides[2] = {folded(before), folded(after)};
    struct comparison *comparison = compare(sides[0], sides[1]);

    profile_free(sides[0]);
    profile_free(sides[1]);
    return comparison;
}

static const struct compare_function *function(const struct comparison *comparison,
                                               const char *name)
{
    size_t count;
    const struct compare_function *functions = comparison_functions(comparison, &count);

    for (size_t i = 0; i < count; i++)
        if (!strcmp(functions[i].name, name))
            return &functions[i];
    cr_fatal("no function %s", name);
    return NULL;
}

/* ---- properties over random profiles ---- */

static uint64_t state;

static uint64_t below(uint64_t limit)
{
    return hash_u64(state++) % limit;
}

static struct profile *random_profile(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    size_t lines = 1 + below(60);

    for (size_t i = 0; i < lines; i++) {
        size_t depth = 1 + below(6);

        for (size_t j = 0; j < depth; j++)
            fprintf(out, "%sf%" PRIu64 "%s", j ? ";" : "", below(12),
                    below(8)   ? ""
                    : below(2) ? ".cold"
                               : ".part.0");
        fprintf(out, " %" PRIu64 "\n", below(4) ? 1 + below(50) : 1 + below(2000));
    }
    fclose(out);

    struct profile *profile = folded(text);

    free(text);
    return profile;
}

static void sums_are_the_inputs(struct comparison *comparison, struct profile *const *sides)
{
    size_t count, functions;
    const struct compare_node *nodes = comparison_nodes(comparison, &count);
    const struct compare_function *of = comparison_functions(comparison, &functions);

    for (int side = 0; side < 2; side++) {
        uint64_t of_nodes = 0, of_functions = 0, whole = profile_total(sides[side], 0);

        for (size_t i = 0; i < count; i++) {
            of_nodes += nodes[i].self.value[side];
            cr_expect(nodes[i].parent < i || !i);
            cr_expect(nodes[i].total.value[side] <= nodes[nodes[i].parent].total.value[side]);
        }
        for (size_t i = 0; i < functions; i++)
            of_functions += of[i].self.value[side];
        cr_expect(eq(u64, of_nodes, whole));
        cr_expect(eq(u64, of_functions, whole));
        cr_expect(eq(u64, nodes[0].total.value[side], whole));
        cr_expect(eq(u64, comparison_facts(comparison, side)->total, whole));
    }
}

Test(compare, totals_of_each_side_are_those_of_its_input)
{
    for (state = 0; state < 100000; state += 1000) {
        struct profile *sides[2] = {random_profile(), random_profile()};
        struct comparison *comparison = compare(sides[0], sides[1]);

        sums_are_the_inputs(comparison, sides);
        comparison_free(comparison);
        profile_free(sides[0]);
        profile_free(sides[1]);
    }
}

static void expect_grey(const struct measure *measure)
{
    cr_expect(eq(u64, measure->value[0], measure->value[1]));
    for (int basis = 0; basis < BASES; basis++)
        cr_expect(eq(int, measure->by[basis].change, CHANGE_NONE));
}

Test(compare, a_profile_compared_with_itself_is_all_grey)
{
    for (state = 0; state < 50000; state += 1000) {
        struct profile *profile = random_profile();
        struct comparison *comparison = compare(profile, profile);
        size_t count;
        const struct compare_node *nodes = comparison_nodes(comparison, &count);

        for (size_t i = 0; i < count; i++) {
            expect_grey(&nodes[i].self);
            expect_grey(&nodes[i].total);
        }
        const struct compare_function *functions = comparison_functions(comparison, &count);

        for (size_t i = 0; i < count; i++) {
            expect_grey(&functions[i].self);
            expect_grey(&functions[i].total);
        }
        comparison_free(comparison);
        profile_free(profile);
    }
}

static enum change mirrored(enum change change)
{
    return change == CHANGE_MORE ? CHANGE_LESS : change == CHANGE_LESS ? CHANGE_MORE : change;
}

static void expect_mirror(const struct measure *there, const struct measure *back)
{
    for (int side = 0; side < 2; side++)
        cr_expect(eq(u64, there->value[side], back->value[!side]));
    for (int basis = 0; basis < BASES; basis++) {
        const struct difference *a = &there->by[basis], *b = &back->by[basis];

        cr_expect(fabs(a->difference + b->difference) < 1e-9);
        cr_expect(fabs(a->low + b->high) < 1e-9 && fabs(a->high + b->low) < 1e-9);
        cr_expect(fabs(a->p - b->p) < 1e-9, "p %g and %g", a->p, b->p);
        cr_expect(eq(int, a->change, mirrored(b->change)));
    }
}

/* The same functions have gone to the same callers. */
static void expect_mirrored_moves(const struct compare_function *there,
                                  const struct comparison *of_there,
                                  const struct compare_function *back,
                                  const struct comparison *of_back)
{
    size_t count;

    for (int side = 0; side < 2; side++) {
        function_id one = there->moved[side], other = back->moved[!side];

        cr_assert(eq(int, one == NOT_MOVED, other == NOT_MOVED));
        if (one != NOT_MOVED)
            cr_expect(eq(str, (char *)comparison_functions(of_there, &count)[one].names[!side],
                         (char *)comparison_functions(of_back, &count)[other].names[side]));
    }
}

/* Thousands, as one in thousands has functions that weigh the same or lie just at a limit. */
Test(compare, the_other_way_round_is_the_mirror_image)
{
    for (state = 0; state < 2000000; state += 1000) {
        struct profile *sides[2] = {random_profile(), random_profile()};
        struct comparison *there = compare(sides[0], sides[1]);
        struct comparison *back = compare(sides[1], sides[0]);
        size_t count;
        const struct compare_function *functions = comparison_functions(there, &count);

        for (size_t i = 0; i < count; i++) {
            const struct compare_function *other = function(back, functions[i].name);

            expect_mirror(&functions[i].self, &other->self);
            expect_mirror(&functions[i].total, &other->total);
            expect_mirrored_moves(&functions[i], there, other, back);
        }
        comparison_free(there);
        comparison_free(back);
        profile_free(sides[0]);
        profile_free(sides[1]);
    }
}

/* ---- what is seen ---- */

Test(compare, a_function_that_grew_is_found_and_what_did_not_is_grey)
{
    struct comparison *c = compare_texts("main;a 7000\nmain;b 2000\nmain;c 1000\nmain;d 30\n",
                                         "main;a 6500\nmain;b 2600\nmain;c 1010\nmain;d 33\n");

    cr_expect(eq(int, function(c, "b")->self.by[BASIS_SHARE].change, CHANGE_MORE));
    cr_expect(eq(int, function(c, "a")->self.by[BASIS_SHARE].change, CHANGE_LESS));
    cr_expect(eq(int, function(c, "c")->self.by[BASIS_SHARE].change, CHANGE_NONE));
    cr_expect(eq(int, function(c, "d")->self.by[BASIS_SHARE].change, CHANGE_NONE));
    cr_expect(eq(int, function(c, "main")->total.by[BASIS_SHARE].change, CHANGE_NONE));
    comparison_free(c);
}

Test(compare, a_removed_function_stays_in_the_tree)
{
    struct comparison *c =
        compare_texts("main;old;leaf 300\nmain;rest 700\n", "main;rest 700\n");
    const struct compare_function *old = function(c, "old");

    cr_expect(eq(u64, old->total.value[BEFORE], 300));
    cr_expect(eq(u64, old->total.value[AFTER], 0));
    cr_expect(eq(int, old->total.by[BASIS_SHARE].change, CHANGE_LESS));
    cr_expect(eq(ptr, (void *)old->names[AFTER], NULL));
    comparison_free(c);
}

Test(compare, other_rate_and_duration_make_no_difference)
{
    /* 99 Hz for 5 s, 997 Hz for 20 s */
    struct comparison *c = compare_texts("main;a 341\nmain;b 105\nmain;c 49\n",
                                         "main;a 13990\nmain;b 3960\nmain;c 1990\n");

    cr_expect(eq(int, function(c, "a")->self.by[BASIS_SHARE].change, CHANGE_NONE));
    cr_expect(eq(int, function(c, "b")->self.by[BASIS_SHARE].change, CHANGE_NONE));
    cr_expect(eq(int, function(c, "c")->self.by[BASIS_SHARE].change, CHANGE_NONE));
    comparison_free(c);
}

Test(compare, an_inlined_function_has_moved_into_its_caller)
{
    struct comparison *c = compare_texts("main;f;g 300\nmain;f 200\nmain;rest 500\n",
                                         "main;f 497\nmain;rest 503\n");
    const struct compare_function *f = function(c, "f"), *g = function(c, "g");

    cr_expect(eq(int, g->self.by[BASIS_SHARE].change, CHANGE_MOVED));
    cr_expect(eq(int, f->self.by[BASIS_SHARE].change, CHANGE_MOVED));
    cr_expect(eq(int, f->total.by[BASIS_SHARE].change, CHANGE_NONE));
    cr_expect(eq(u32, g->moved[BEFORE], (uint32_t)(f - comparison_functions(c, &(size_t){0}))));
    comparison_free(c);
}

Test(compare, what_is_dearer_after_inlining_is_still_found)
{
    struct comparison *c = compare_texts("main;f;g 3000\nmain;f 2000\nmain;rest 5000\n",
                                         "main;f 5900\nmain;rest 5000\n");

    cr_expect(eq(int, function(c, "f")->self.by[BASIS_SHARE].change, CHANGE_MORE));
    cr_expect(lt(dbl, function(c, "f")->self.by[BASIS_SHARE].difference, 0.1));
    comparison_free(c);
}

Test(compare, a_removed_function_has_not_moved_when_its_caller_did_not_grow)
{
    struct comparison *c = compare_texts("main;f;g 300\nmain;f 200\nmain;rest 500\n",
                                         "main;f 200\nmain;rest 800\n");

    cr_expect(eq(int, function(c, "g")->self.by[BASIS_SHARE].change, CHANGE_LESS));
    cr_expect(eq(u32, function(c, "g")->moved[BEFORE], NOT_MOVED));
    comparison_free(c);
}

Test(compare, a_split_off_part_is_one_node_with_its_function)
{
    struct comparison *c = compare_texts("main;foo 10\nmain;foo;foo.cold 5\n", "main;foo 15\n");
    size_t count;

    comparison_nodes(c, &count);
    cr_expect(eq(sz, count, 3));
    cr_expect(eq(u64, function(c, "foo")->self.value[BEFORE], 15));
    comparison_free(c);
}

Test(compare, recursion_counts_once_in_total)
{
    struct comparison *c = compare_texts("f;f;f 10\nf;g;f 5\n", "f 15\n");

    cr_expect(eq(u64, function(c, "f")->total.value[BEFORE], 15));
    comparison_free(c);
}

/* ---- odd input ---- */

static bool sane(const struct measure *measure)
{
    for (int basis = 0; basis < BASES; basis++) {
        const struct difference *by = &measure->by[basis];

        if (isnan(by->difference) || isnan(by->low) || isnan(by->high) || !(by->p >= 0))
            return false;
    }
    return isfinite(measure->share[0]) && isfinite(measure->share[1]) &&
           isfinite(measure->amount[0]) && isfinite(measure->amount[1]) &&
           measure->share[0] <= 1.000001 && measure->share[1] <= 1.000001;
}

static size_t notes_of(const struct comparison *comparison)
{
    size_t count;

    comparison_notes(comparison, &count);
    return count;
}

Test(compare, extreme_counts_are_said_and_do_no_harm)
{
    static const char *const texts[][2] = {
        {"a 18446744073709551614\nb 18446744073709551614\n", "a 18446744073709551614\nb 1\n"},
        {"a 1\nb 1\n", "a 1000000\nb 1000000\n"},
        {"a 0\n", "a 5\n"},
        {"a 0\n", "b 0\n"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct comparison *c = compare_texts(texts[i][0], texts[i][1]);
        size_t count;
        const struct compare_node *nodes = comparison_nodes(c, &count);
        struct judgement judgement;

        for (size_t j = 0; j < count; j++)
            cr_expect(sane(&nodes[j].self) && sane(&nodes[j].total), "case %zu node %zu", i, j);
        cr_expect(gt(sz, notes_of(c), 0), "case %zu", i);
        for (int basis = 0; basis < BASES; basis++) {
            comparison_judge(c, &(struct gate){.basis = basis, .growth = 0.05}, &judgement);
            cr_expect(not(isnan(judgement.visible_whole) || isnan(judgement.visible_hottest)));
            judgement_end(&judgement);
        }
        comparison_free(c);
    }
}

Test(compare, different_events_are_pointed_out)
{
    struct profile *before = folded("a 100\n"), *after = folded("a 100\n");

    profile_info(before)->event = profile_intern_text(before, "cpu-clock");
    profile_info(after)->event = profile_intern_text(after, "page-faults");
    profile_info(before)->frequency_hz = 99;
    profile_info(after)->frequency_hz = 997;

    struct comparison *c = compare(before, after);

    cr_expect(ge(sz, notes_of(c), 2));
    comparison_free(c);
    profile_free(before);
    profile_free(after);
}

Test(compare, amounts_of_a_clock_are_seconds)
{
    struct profile *before = folded("a 144\n"), *after = folded("a 1300\n");

    profile_info(before)->event = profile_intern_text(before, "cpu-clock");
    profile_info(after)->event = profile_intern_text(after, "cpu-clock");
    profile_info(before)->frequency_hz = 100;
    profile_info(after)->period = 1000000;

    struct comparison *c = compare(before, after);

    cr_expect(eq(str, (char *)comparison_unit(c), "CPU seconds"));
    cr_expect(lt(dbl, fabs(comparison_whole(c)->amount[BEFORE] - 1.44), 1e-9));
    cr_expect(lt(dbl, fabs(comparison_whole(c)->amount[AFTER] - 1.30), 1e-9));
    comparison_free(c);
    profile_free(before);
    profile_free(after);
}

static struct profile *clocked(uint64_t samples, uint64_t period)
{
    char text[32];
    struct profile *profile;

    snprintf(text, sizeof(text), "main;f %" PRIu64 "\n", samples);
    profile = folded(text);
    profile_info(profile)->event = profile_intern_text(profile, "cpu-clock");
    profile_info(profile)->period = period;
    return profile;
}

/* Three runs that took as many samples of 1 ms, and to which so many were owed. */
static struct measure whole_of_runs(const uint64_t samples[2][3], const uint64_t owed[2][3])
{
    struct profile *runs[2][3];
    struct comparison *c;
    struct measure whole;

    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++) {
            runs[i][j] = clocked(samples[i][j], 1000000);
            profile_info(runs[i][j])->quality.owed = owed[i][j];
        }
    c = compare_runs_of(runs[0], 3, runs[1], 3);
    whole = *comparison_whole(c);
    comparison_free(c);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            profile_free(runs[i][j]);
    return whole;
}

static const uint64_t by_chance[2][3] = {{690, 720, 699}, {730, 690, 725}};

Test(compare, runs_took_what_the_scheduler_counted_and_not_what_chance_sampled)
{
    const uint64_t owed[2][3] = {{700, 701, 702}, {710, 711, 712}};
    struct measure whole = whole_of_runs(by_chance, owed);

    cr_expect(epsilon_eq(dbl, whole.amount[0], 0.701, 1e-9));
    cr_expect(epsilon_eq(dbl, whole.amount[1], 0.711, 1e-9));
    cr_expect(lt(dbl, whole.by[BASIS_AMOUNT].p, 0.001));
}

Test(compare, a_run_that_left_work_behind_makes_samples_count)
{
    const uint64_t owed[2][3] = {{700, 400, 702}, {710, 711, 712}};
    struct measure whole = whole_of_runs(by_chance, owed);

    cr_expect(epsilon_eq(dbl, whole.amount[0], 0.703, 1e-9));
    cr_expect(epsilon_eq(dbl, whole.amount[1], 0.715, 1e-9));
    cr_expect(gt(dbl, whole.by[BASIS_AMOUNT].p, 0.2));
}

Test(compare, samples_of_each_run_weigh_what_its_own_rate_makes_them_weigh)
{
    struct profile *before[2] = {clocked(1000, 1000000), clocked(500, 2000000)};
    struct profile *after[2] = {clocked(800, 1250000), clocked(2000, 500000)};
    struct comparison *comparison = compare_runs_of(before, 2, after, 2);
    const struct measure *whole = comparison_whole(comparison);

    cr_expect(eq(str, (char *)comparison_unit(comparison), "CPU seconds"));
    cr_expect(epsilon_eq(dbl, whole->amount[0], 1, 1e-9));
    cr_expect(epsilon_eq(dbl, whole->amount[1], 1, 1e-9));
    /* All runs took a second: there is no scatter either. */
    cr_expect(epsilon_eq(dbl, whole->by[BASIS_AMOUNT].low, 0, 1e-9));
    cr_expect(epsilon_eq(dbl, whole->by[BASIS_AMOUNT].high, 0, 1e-9));
    comparison_free(comparison);
    for (int i = 0; i < 2; i++) {
        profile_free(before[i]);
        profile_free(after[i]);
    }
}

/* ---- the gate ---- */

static enum verdict verdict_of(const char *before, const char *after, struct gate gate)
{
    struct comparison *c = compare_texts(before, after);
    struct judgement judgement;

    comparison_judge(c, &gate, &judgement);
    judgement_end(&judgement);
    comparison_free(c);
    return judgement.verdict;
}

static const struct gate five_percent = {.basis = BASIS_SHARE, .growth = 0.05};

Test(gate, growth_beyond_the_limit_fails)
{
    cr_expect(eq(int,
                 verdict_of("m;a 70000\nm;b 30000\n", "m;a 75000\nm;b 25000\n", five_percent),
                 VERDICT_REGRESSION));
}

Test(gate, growth_below_the_limit_passes)
{
    cr_expect(eq(int,
                 verdict_of("m;a 70000\nm;b 30000\n", "m;a 71000\nm;b 30000\n", five_percent),
                 VERDICT_PASS));
}

Test(gate, few_samples_are_no_pass)
{
    cr_expect(eq(int, verdict_of("m;a 70\nm;b 30\n", "m;a 71\nm;b 30\n", five_percent),
                 VERDICT_TOO_FEW));
    cr_expect(eq(int, verdict_of("m;a 0\n", "m;a 0\n", five_percent), VERDICT_TOO_FEW));
}

Test(gate, what_takes_everything_is_no_pass)
{
    cr_expect(eq(int, verdict_of("m;a 1\n", "m;a 1\n", five_percent), VERDICT_TOO_FEW));
    cr_expect(eq(int, verdict_of("m;a 5000\n", "m;a 5000\n", five_percent), VERDICT_TOO_FEW));
}

Test(gate, points_are_of_share)
{
    struct gate two_points = {.basis = BASIS_SHARE, .points = 0.02};

    cr_expect(eq(int, verdict_of("m;a 7000\nm;b 3000\n", "m;a 7400\nm;b 2600\n", two_points),
                 VERDICT_REGRESSION));
    cr_expect(eq(int, verdict_of("m;a 14000\nm;b 6000\n", "m;a 14200\nm;b 5800\n", two_points),
                 VERDICT_PASS));
}

Test(gate, everything_slower_shows_in_amounts)
{
    struct gate amounts = {.basis = BASIS_AMOUNT, .growth = 0.05};

    cr_expect(eq(int, verdict_of("m;a 70000\nm;b 30000\n", "m;a 77000\nm;b 33000\n", amounts),
                 VERDICT_REGRESSION));
    cr_expect(eq(int,
                 verdict_of("m;a 70000\nm;b 30000\n", "m;a 77000\nm;b 33000\n", five_percent),
                 VERDICT_PASS));
}

Test(gate, inlining_is_no_regression)
{
    cr_expect(eq(int,
                 verdict_of("m;f;g 30000\nm;f 20000\nm;rest 50000\n",
                            "m;f 50000\nm;rest 50000\n", five_percent),
                 VERDICT_PASS));
}

static struct profile *run_of(double a, double b)
{
    char text[100];

    snprintf(text, sizeof(text), "m;a %.0f\nm;b %.0f\n", a, b);
    return folded(text);
}

Test(gate, spread_of_the_runs_decides_and_not_their_samples)
{
    static const double factors[2][7] = {{0.8, 1.2, 1.0, 0.9, 1.1, 1.3, 0.7},
                                         {0.9, 1.3, 1.1, 1.0, 1.2, 1.4, 0.8}};
    struct gate amounts = {.basis = BASIS_AMOUNT, .growth = 0.05};
    struct profile *runs[2][7];
    struct judgement judgement;

    for (int side = 0; side < 2; side++)
        for (int i = 0; i < 7; i++)
            runs[side][i] = run_of(7e6 * factors[side][i], 3e6 * factors[side][i]);

    struct comparison *c = compare_runs_of(runs[0], 7, runs[1], 7);

    comparison_judge(c, &amounts, &judgement);
    cr_expect(eq(int, judgement.verdict, VERDICT_TOO_FEW));
    cr_expect(gt(dbl, judgement.visible_whole, 0.2));
    cr_expect(comparison_of_runs(c));
    judgement_end(&judgement);
    comparison_free(c);
    for (int i = 0; i < 14; i++)
        profile_free(runs[i / 7][i % 7]);
}

/* Twelve uniform numbers add up to a normal one, nearly enough. */
static double normal(uint64_t *state)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += (double)(hash_u64((*state)++) >> 11) * 0x1p-53;
    return sum;
}

/* What functions of 70, 20 and 10 % scatter by in runs of 650 samples, and how much dearer one
 * of them, or all, are after; all scatter together by what the machine does. */
struct scatter {
    double medium_is, medium, machine;
    double all_are;      /* 0: as before */
    bool pace_known;     /* of the machine, at each run, but for 1 % */
    double pace_besides; /* ... which scatters by that for no reason, too */
    double slower;       /* the machine is, after */
};

struct paced {
    struct profile *runs[7];
    double paces[7];
};

static void scattered_runs(uint64_t *state, bool after, const struct scatter *scatter,
                           struct paced *side)
{
    double all_are = after && scatter->all_are > 0 ? scatter->all_are : 1;
    double medium_is = after ? scatter->medium_is : 1;

    for (int i = 0; i < 7; i++) {
        double machine =
            (1 + scatter->machine * normal(state)) * (after ? 1 + scatter->slower : 1);
        double takes = machine * all_are;
        char text[100];

        snprintf(text, sizeof(text), "m;hot %.0f\nm;medium %.0f\nm;cold %.0f\n",
                 takes * (450 + 10 * normal(state)),
                 takes * medium_is * (128 + scatter->medium * normal(state)),
                 takes * (64 + 5.5 * normal(state)));
        side->runs[i] = folded(text);
        side->paces[i] = 0;
        if (scatter->pace_known)
            side->paces[i] = 0.02 * machine * (1 + 0.01 * normal(state)) *
                             (1 + scatter->pace_besides * normal(state));
    }
}

/* The profiles are freed. */
static struct comparison *compare_paced(struct paced *before, struct paced *after)
{
    struct comparison *c;
    struct compare_side sides[2] = {
        {(const struct profile *const *)before->runs, 7, "before", before->paces},
        {(const struct profile *const *)after->runs, 7, "after", after->paces}};

    cr_assert(eq(int, compare_new(&c, sides, &(struct compare_options){0}, NULL), 0));
    for (int i = 0; i < 7; i++) {
        profile_free(before->runs[i]);
        profile_free(after->runs[i]);
    }
    return c;
}

static double share_of_alarms(struct scatter scatter)
{
    enum { DRAWS = 400 };
    struct gate amounts = {.basis = BASIS_AMOUNT, .growth = 0.05};
    uint64_t state = 1;
    int alarms = 0;

    for (int draw = 0; draw < DRAWS; draw++) {
        struct paced before, after;
        struct judgement judgement;
        struct comparison *c;

        scattered_runs(&state, false, &scatter, &before);
        scattered_runs(&state, true, &scatter, &after);

        c = compare_paced(&before, &after);
        comparison_judge(c, &amounts, &judgement);
        alarms += judgement.verdict == VERDICT_REGRESSION;
        judgement_end(&judgement);
        comparison_free(c);
    }
    return (double)alarms / DRAWS;
}

Test(gate, noise_is_called_a_regression_once_in_fifty_at_most)
{
    cr_expect(le(dbl, share_of_alarms((struct scatter){1, .medium = 7}), 0.02));
}

Test(gate, a_slow_machine_is_no_regression)
{
    struct scatter slow = {1, .medium = 7, .machine = 0.1};

    cr_expect(le(dbl, share_of_alarms(slow), 0.02));
}

/* Its runs tell more of such a function than all the others do. */
Test(gate, a_function_that_scatters_unlike_others_is_judged_by_itself)
{
    cr_expect(le(dbl, share_of_alarms((struct scatter){1, .medium = 25}), 0.04));
}

/* A machine that others use: with its pace known, a tenth more shows all the same. */
Test(gate, the_pace_of_the_machine_is_taken_out)
{
    struct scatter busy = {1, .medium = 7, .machine = 0.06, .all_are = 1.1};

    cr_expect(le(dbl, share_of_alarms(busy), 0.8));
    busy.pace_known = true;
    cr_expect(ge(dbl, share_of_alarms(busy), 0.95));
}

Test(gate, what_the_pace_explains_is_no_regression)
{
    struct scatter busy = {1, .medium = 7, .machine = 0.04, .pace_known = true};
    struct scatter slower = busy, unrelated = busy;

    cr_expect(le(dbl, share_of_alarms(busy), 0.02));
    slower.slower = 0.12;
    cr_expect(le(dbl, share_of_alarms(slower), 0.02));
    slower.machine = 0.005;
    cr_expect(le(dbl, share_of_alarms(slower), 0.02));
    unrelated.machine = 0.01;
    unrelated.pace_besides = 0.05;
    cr_expect(le(dbl, share_of_alarms(unrelated), 0.02));
}

static bool pace_hides(struct scatter scatter)
{
    struct gate amounts = {.basis = BASIS_AMOUNT, .growth = 0.05};
    struct paced before, after;
    struct judgement judgement;
    struct comparison *c;
    uint64_t state = 1;
    bool hides;

    scattered_runs(&state, false, &scatter, &before);
    scattered_runs(&state, true, &scatter, &after);
    c = compare_paced(&before, &after);
    comparison_judge(c, &amounts, &judgement);
    hides = judgement.verdict == VERDICT_TOO_FEW && judgement.pace_hides;
    judgement_end(&judgement);
    comparison_free(c);
    return hides;
}

Test(gate, that_the_machine_has_changed_is_why_nothing_can_be_seen)
{
    struct scatter busy = {1, .medium = 7, .machine = 0.06, .pace_known = true};
    struct scatter slower = {1, .medium = 7, .machine = 0.005, .pace_known = true,
                             .slower = 0.12};

    cr_expect(not(pace_hides(busy)));
    cr_expect(pace_hides(slower));
}

/* Nor does a pace that has nothing to do with the program hide what it takes more. */
Test(gate, an_unrelated_pace_hides_nothing)
{
    struct scatter unrelated = {1, .medium = 7, .machine = 0.01, .pace_known = true,
                                .pace_besides = 0.05};

    unrelated.all_are = 1.1;
    cr_expect(ge(dbl, share_of_alarms(unrelated), 0.95));
}

Test(gate, a_fifth_that_got_a_tenth_dearer_is_found_mostly)
{
    cr_expect(ge(dbl, share_of_alarms((struct scatter){1.1, .medium = 7}), 0.75));
}

/* ---- inlined functions ---- */

static struct profile *with_inlined(uint64_t in_a, uint64_t in_b)
{
    struct profile *profile = profile_new();
    const uint64_t counts[2] = {in_a, in_b};

    profile_value_type(profile, "samples", "count");
    for (int i = 0; i < 2; i++) {
        struct frame outer = {.function = profile_intern_text(profile, i ? "b" : "a")};
        struct frame inner = {.function = profile_intern_text(profile, "burn"),
                              .kind = FRAME_INLINE};
        frame_id frames[2] = {profile_frame(profile, &outer), profile_frame(profile, &inner)};

        profile_add(profile, frames, 2, 0, &counts[i]);
    }
    return profile;
}

Test(compare, what_is_inlined_counts_for_its_function_too)
{
    struct profile *before = with_inlined(70000, 30000), *after = with_inlined(70000, 36000);
    struct comparison *c = compare(before, after);
    struct judgement judgement;
    size_t count;
    const struct compare_function *functions = comparison_functions(c, &count);

    comparison_judge(c, &(struct gate){.basis = BASIS_AMOUNT, .growth = 0.1}, &judgement);

    cr_expect(eq(int, judgement.verdict, VERDICT_REGRESSION));
    cr_assert(eq(sz, judgement.failure_count, 1));
    cr_expect(eq(str, (char *)functions[judgement.failures[0].function].name, "b"));
    cr_expect(functions[judgement.failures[0].function].with_inlined);
    cr_expect(eq(u64, function(c, "burn")->self.value[AFTER], 106000));
    judgement_end(&judgement);
    comparison_free(c);
    profile_free(before);
    profile_free(after);
}
