#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "compare/stats.h"

/* The numbers in this file that look computed are: by SciPy 1.15 (scipy.stats: t, norm,
 * ttest_ind, hypergeom, binom, binomtest().proportion_ci, false_discovery_control). */

static bool close_to(double x, double expected)
{
    return fabs(x - expected) <= 1e-9 * fmax(fabs(expected), 1e-3);
}

#define EXPECT_CLOSE(x, expected)                                                              \
    cr_expect(close_to(x, expected), "%s is %.15g, not %.15g", #x, (double)(x),                \
              (double)(expected))

Test(stats, students_distribution_is_scipys)
{
    static const double tails[][3] = {{2.0, 12, 0.068655014038086},
                                      {0.5, 3.7, 0.645335633319932},
                                      {5.5, 1, 0.1144982940974},
                                      {1.0, 1e6, 0.317310749833578},
                                      {8, 200, 9.8792009093306e-14}};
    static const double quantiles[][3] = {{0.975, 12, 2.17881282966723},
                                          {0.8, 12, 0.872609291588138},
                                          {0.975, 5.3, 2.52742778826812},
                                          {0.9999, 7, 7.06343282815764}};

    for (size_t i = 0; i < ARRAY_LENGTH(tails); i++)
        EXPECT_CLOSE(student_two_sided(tails[i][0], tails[i][1]), tails[i][2]);
    for (size_t i = 0; i < ARRAY_LENGTH(quantiles); i++)
        EXPECT_CLOSE(student_quantile(quantiles[i][0], quantiles[i][1]), quantiles[i][2]);
}

Test(stats, normal_quantiles_are_scipys)
{
    EXPECT_CLOSE(normal_quantile(0.975), 1.95996398454005);
    EXPECT_CLOSE(normal_quantile(0.8), 0.841621233572914);
    EXPECT_CLOSE(normal_quantile(0.9999), 3.71901648545571);
    EXPECT_CLOSE(normal_quantile(1e-6), -4.7534243088229);
}

Test(stats, proportions_have_newcombes_interval_and_the_pooled_or_exact_p)
{
    static const struct {
        double before[2], after[2], low, high, p;
    } cases[] = {
        {{183, 1000}, {165, 1000}, -0.0512377494598706, 0.0152634978793409, 0.288381844111532},
        {{700, 1000}, {750, 1000}, 0.0108590303882003, 0.0889392034699256, 0.0122827389723773},
        {{3, 500}, {14, 520}, 0.00514089131597948, 0.0391161189868935, 0.00892940521478149},
        {{0, 400}, {9, 450}, 0.00659651987392204, 0.0375687083549017, 0.00314509062467902},
        {{980, 1000}, {999, 1010}, -0.00191701021727098, 0.0208266780820457, 0.101653235461117},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct estimate e = compare_proportions(cases[i].before, cases[i].after);

        EXPECT_CLOSE(e.low, cases[i].low);
        EXPECT_CLOSE(e.high, cases[i].high);
        EXPECT_CLOSE(e.p, cases[i].p);
    }
}

Test(stats, amounts_are_compared_as_poisson_counts)
{
    static const struct {
        double before[2], after[2], low, high, p;
    } cases[] = {
        {{144, 0.01}, {130, 0.01}, -0.467384340207809, 0.186010426727357, 0.397680545004949},
        {{500, 0.0101}, {5400, 0.001}, -0.133812688404209, 0.798107521332076, 0.1516361533678},
        {{2, 0.01}, {12, 0.01}, 0.0262528644225739, 0.190932974581755, 0.00738525390625001},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct estimate e = compare_amounts(cases[i].before, cases[i].after);

        EXPECT_CLOSE(e.low, cases[i].low);
        EXPECT_CLOSE(e.high, cases[i].high);
        EXPECT_CLOSE(e.p, cases[i].p);
    }
}

static const double seven[] = {1.02, 0.98, 1.01, 1.05, 0.97, 1.00, 1.03};
static const double slower[] = {1.10, 1.12, 1.05, 1.09, 1.15, 1.08, 1.11};
static const double five[] = {1.02, 0.98, 1.30, 1.05, 0.97};

Test(stats, runs_are_compared_by_welchs_test)
{
    struct estimate e = compare_runs(seven, 7, slower, 7);

    EXPECT_CLOSE(e.p, 9.989371195868012e-05);
    EXPECT_CLOSE(e.low, 0.05661679187425519);
    EXPECT_CLOSE(e.high, 0.12624035098288808);

    e = compare_runs(seven, 7, five, 5);
    EXPECT_CLOSE(e.p, 0.41653054117655436);
    EXPECT_CLOSE(e.low, -0.11186906681141115);
    EXPECT_CLOSE(e.high, 0.22272620966855391);
}

Test(stats, all_ways_to_deal_the_runs_are_counted)
{
    EXPECT_CLOSE(permutation_p(seven, 7, slower, 7), 4.0 / 3432);
    EXPECT_CLOSE(permutation_p(seven, 7, five, 5), 299.0 / 792);
}

Test(stats, many_runs_are_dealt_at_random_with_nearly_the_same_answer)
{
    double many[24];

    for (int i = 0; i < 24; i++)
        many[i] = (double)(hash_u64((uint64_t)i + 7) % 1000) + (i < 12 ? 0 : 150);
    struct estimate e = compare_runs(many, 12, many + 12, 12);

    double p = permutation_p(many, 12, many + 12, 12);

    cr_expect(fabs(p - e.p) < 0.02, "dealt %g, Welch %g", p, e.p);
    EXPECT_CLOSE(permutation_p(many, 12, many + 12, 12), p);
}

Test(stats, false_discoveries_are_adjusted_as_scipy_does)
{
    double p[] = {0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216};
    static const double adjusted[] = {
        0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.1057142857142857, 0.216, 0.216, 0.216};

    adjust_false_discovery(p, 10);

    for (int i = 0; i < 10; i++)
        EXPECT_CLOSE(p[i], adjusted[i]);
}

Test(stats, holm_multiplies_by_what_is_left)
{
    double p[] = {0.04, 0.01, 0.03, 0.005};

    adjust_holm(p, NULL, 4);

    EXPECT_CLOSE(p[3], 0.02);
    EXPECT_CLOSE(p[1], 0.03);
    EXPECT_CLOSE(p[2], 0.06);
    EXPECT_CLOSE(p[0], 0.06);
}

Test(stats, holm_deals_the_level_by_weight)
{
    static const struct stake stakes[] = {{.weight = 2, .most = 1}, {.weight = 1, .most = 1}};
    double p[] = {0.02, 0.025};

    adjust_holm(p, stakes, 2);

    EXPECT_CLOSE(p[0], 0.03);
    EXPECT_CLOSE(p[1], 0.03); /* alone it would be 0.025 */
}

Test(stats, a_question_that_noise_cannot_answer_costs_the_others_nothing)
{
    static const struct stake stakes[] = {{.weight = 1, .most = 1},
                                          {.weight = 9, .most = 1e-4}};
    double p[] = {0.01, 0.5};

    adjust_holm(p, stakes, 2);

    EXPECT_CLOSE(p[0], 0.0101);
    EXPECT_CLOSE(p[1], 0.5);
}

Test(stats, what_holm_demands_is_what_it_adjusts_to_the_level)
{
    static const struct stake stakes[] = {
        {.weight = 0.7, .most = 1e-3}, {.weight = 0.2, .most = 1}, {.weight = 0.1, .most = 1}};
    double p[] = {1, holm_demands(stakes, 3, 1, 0.02), 1};

    adjust_holm(p, stakes, 3);

    EXPECT_CLOSE(p[1], 0.02);
}

Test(stats, least_visible_difference_is_found_four_times_in_five)
{
    uint64_t state = 5;
    double error = sqrt(0.2 * 0.8 * 2 / 4000), difference = least_visible(error, 0.05, 0);
    int found = 0;

    for (int i = 0; i < 2000; i++) {
        double counts[2] = {0, 0};

        for (int side = 0; side < 2; side++)
            for (int j = 0; j < 4000; j++)
                counts[side] += (double)(hash_u64(state++) >> 11) * 0x1p-53 <
                                0.2 - difference / 2 + side * difference;
        found +=
            compare_proportions((double[]){counts[0], 4000}, (double[]){counts[1], 4000}).p <
            0.05;
    }
    cr_expect(found > 1540 && found < 1660, "found %d of 2000", found);
}

static void expect_sane(struct estimate e)
{
    cr_expect(isfinite(e.difference) && !isnan(e.low) && !isnan(e.high));
    cr_expect(e.p >= 0 && e.p <= 1, "p is %g", e.p);
    cr_expect(e.low <= e.difference + 1e-9 * fabs(e.difference) &&
              e.difference <= e.high + 1e-9 * fabs(e.difference));
}

Test(stats, no_input_gives_nan)
{
    static const double odd[] = {0, 1, 3, 60, 61, 1e6, 1e12, 1.8e19, 3.7e19};

    for (size_t a = 0; a < ARRAY_LENGTH(odd); a++)
        for (size_t b = 0; b < ARRAY_LENGTH(odd); b++)
            for (size_t c = a; c < ARRAY_LENGTH(odd); c++)
                for (size_t d = b; d < ARRAY_LENGTH(odd); d++) {
                    expect_sane(compare_proportions((double[]){odd[a], odd[c]},
                                                    (double[]){odd[b], odd[d]}));
                    expect_sane(compare_amounts((double[]){odd[a], odd[c]},
                                                (double[]){odd[b], odd[d]}));
                    expect_sane(compare_runs(&odd[a], c - a + 1, &odd[b], d - b + 1));
                }
}

Test(stats, equal_runs_without_spread_differ_only_when_they_do)
{
    static const double ones[] = {1, 1, 1}, twos[] = {2, 2, 2};

    EXPECT_CLOSE(compare_runs(ones, 3, ones, 3).p, 1);
    EXPECT_CLOSE(compare_runs(ones, 3, twos, 3).p, 0);
    EXPECT_CLOSE(compare_runs(ones, 1, twos, 3).p, 1);
}

/* ---- coverage: how often the interval holds the truth ---- */

static uint64_t state = 1;

static double uniform(void)
{
    return ((double)(hash_u64(state++) >> 11) + 0.5) * 0x1p-53;
}

/* Counts of samples in functions with the given shares. */
static void sample(const double *shares, size_t functions, int samples, double *counts)
{
    memset(counts, 0, functions * sizeof(*counts));
    for (int i = 0; i < samples; i++) {
        double at = uniform();
        size_t f = 0;

        while (f + 1 < functions && at >= shares[f])
            at -= shares[f++];
        counts[f]++;
    }
}

enum { FUNCTIONS = 8, PROFILES = 10000 };

Test(stats, intervals_hold_the_truth_as_often_as_they_say)
{
    static const double before[FUNCTIONS] = {0.4, 0.2, 0.15, 0.1, 0.06, 0.04, 0.03, 0.02};
    static const double after[FUNCTIONS] = {0.36, 0.24, 0.13, 0.12, 0.05, 0.05, 0.03, 0.02};
    static const int samples[2] = {900, 600};
    double counts[2][FUNCTIONS];
    int shares = 0, amounts = 0;

    for (int i = 0; i < PROFILES; i++) {
        sample(before, FUNCTIONS, samples[0], counts[0]);
        sample(after, FUNCTIONS, samples[1], counts[1]);
        for (int f = 0; f < FUNCTIONS; f++) {
            double truth = after[f] - before[f];
            struct estimate e = compare_proportions((double[]){counts[0][f], samples[0]},
                                                    (double[]){counts[1][f], samples[1]});

            shares += e.low <= truth && truth <= e.high;
            truth = after[f] * samples[1] - before[f] * samples[0];
            e = compare_amounts((double[]){counts[0][f], 1}, (double[]){counts[1][f], 1});
            amounts += e.low <= truth && truth <= e.high;
        }
    }
    double share_coverage = (double)shares / PROFILES / FUNCTIONS;
    double amount_coverage = (double)amounts / PROFILES / FUNCTIONS;

    printf("coverage: shares %.4f, amounts %.4f\n", share_coverage, amount_coverage);
    cr_expect(share_coverage > 0.93 && share_coverage < 0.97, "%g", share_coverage);
    /* With the whole fixed, a large share scatters less than Poisson counts do. */
    cr_expect(amount_coverage > 0.93 && amount_coverage < 0.97, "%g", amount_coverage);
}

Test(stats, one_in_twenty_of_a_thousand_functions_is_called_changed_in_error)
{
    enum { MANY = 1000, CHANGED = 100, SAMPLES = 40000, DRAWS = 20 };
    static double shares[2][MANY], p[MANY];
    static double edges[2][MANY], counts[2][MANY];
    double false_share = 0;
    int found = 0;

    for (int side = 0; side < 2; side++)
        for (int f = 0; f < MANY; f++)
            shares[side][f] = f < CHANGED / 2 ? (side ? 0.0015 : 0.0005)
                              : f < CHANGED   ? (side ? 0.0005 : 0.0015)
                                              : 0.001;
    for (int side = 0; side < 2; side++)
        for (int f = 0; f < MANY; f++)
            edges[side][f] = (f ? edges[side][f - 1] : 0) + shares[side][f];
    for (int draw = 0; draw < DRAWS; draw++) {
        int called = 0, wrong = 0;

        memset(counts, 0, sizeof(counts));
        for (int side = 0; side < 2; side++)
            for (int i = 0; i < SAMPLES; i++) {
                double at = uniform();
                int low = 0, high = MANY - 1;

                while (low < high) {
                    int middle = (low + high) / 2;

                    if (edges[side][middle] < at)
                        low = middle + 1;
                    else
                        high = middle;
                }
                counts[side][low]++;
            }
        for (int f = 0; f < MANY; f++)
            p[f] = compare_proportions((double[]){counts[0][f], SAMPLES},
                                       (double[]){counts[1][f], SAMPLES})
                       .p;
        adjust_false_discovery(p, MANY);
        for (int f = 0; f < MANY; f++) {
            called += p[f] <= 0.05;
            wrong += p[f] <= 0.05 && f >= CHANGED;
        }
        false_share += called ? (double)wrong / called / DRAWS : 0;
        found += called - wrong;
    }
    printf("false discoveries: %.4f, found %d of %d\n", false_share, found, DRAWS * CHANGED);
    cr_expect(false_share <= 0.05, "%g", false_share);
    cr_expect(found > DRAWS * CHANGED / 2, "%d", found);
}
