#include "compare/stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"

static const double z95 = 1.9599639845400545; /* 97.5 % of the normal distribution */

static double clamp(double x, double low, double high)
{
    return x > low ? x < high ? x : high : low; /* NaN becomes `low` */
}

/* ---- distributions ---- */

double normal_upper(double z)
{
    return 0.5 * erfc(z / M_SQRT2);
}

/* The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by
 * Lentz's method. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1), h;

    d = 1 / (fabs(d) < tiny ? tiny : d);
    h = d;
    for (int m = 1; m < 500; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double before = h;

        for (int i = 0; i < 2; i++) {
            double step = i ? odd : even;

            d = 1 + step * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + step / c;
            c = fabs(c) < tiny ? tiny : c;
            h *= d * c;
        }
        if (fabs(h - before) <= 1e-15 * fabs(h))
            break;
    }
    return h;
}

/* Regularized incomplete beta function I_x(a, b). */
static double incomplete_beta(double a, double b, double x)
{
    double front;

    if (x <= 0)
        return 0;
    if (x >= 1)
        return 1;
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return clamp(front * beta_fraction(a, b, x) / a, 0, 1);
    return clamp(1 - front * beta_fraction(b, a, 1 - x) / b, 0, 1);
}

double student_two_sided(double t, double freedom)
{
    if (!(freedom > 0))
        return 1;
    if (!isfinite(t))
        return isnan(t) ? 1 : 0;
    return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t));
}

static double student_density(double t, double freedom)
{
    return exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2) -
               (freedom + 1) / 2 * log1p(t * t / freedom)) /
           sqrt(freedom * M_PI);
}

/* `freedom` 0 stands for the normal distribution. */
static double upper_tail(double t, double freedom)
{
    return freedom > 0 ? student_two_sided(t, freedom) / 2 : normal_upper(t);
}

static double density(double t, double freedom)
{
    return freedom > 0 ? student_density(t, freedom) : exp(-t * t / 2) / sqrt(2 * M_PI);
}

/* By Newton's method from the middle.  Tails are convex, so it comes nearer from one side only
 * and cannot go astray. */
static double quantile(double p, double freedom)
{
    double tail = clamp(p < 0.5 ? p : 1 - p, 1e-300, 0.5), t = 0, step = 1;

    for (int i = 0; i < 2000 && step > 1e-15 * t; i++) {
        step = (upper_tail(t, freedom) - tail) / density(t, freedom);
        t += isfinite(step) ? fmax(step, 0) : 0;
    }
    return p < 0.5 ? -t : t;
}

double normal_quantile(double p)
{
    return quantile(p, 0);
}

double student_quantile(double p, double freedom)
{
    return quantile(p, freedom);
}

/* ---- exact tests for small counts ---- */

/*
 * k events in all; under the null hypothesis each fell on the after side with probability q,
 * or, when the wholes are small, was drawn from n[0] + n[1] without putting back.  Mid-p: half
 * of what is observed counts as more extreme, otherwise small counts could hardly ever be
 * found.
 */
struct draw {
    double k, q;
    double n[2];
    bool without_putting_back;
};

/* How much likelier one event more on the after side is than `after` of them. */
static double one_more(const struct draw *draw, double after)
{
    double ways = (draw->k - after) / (after + 1);
    double left = draw->n[0] - draw->k + after + 1;

    if (!draw->without_putting_back)
        return ways * draw->q / (1 - draw->q);
    if (left <= 0)
        return HUGE_VAL;
    return draw->n[1] > after ? ways * (draw->n[1] - after) / left : 0;
}

/*
 * All outcomes are weighed against the observed one, so neither factorials are needed nor can
 * what is all but impossible vanish.  A tail that outweighs every number makes p 0.
 */
static double exact_p(const struct draw *draw, double after)
{
    double lower = 0, upper = 0, weight = 1;

    for (double i = after; i > 0 && weight > 0 && isfinite(weight); i--) {
        weight /= one_more(draw, i - 1);
        lower += weight;
    }
    weight = 1;
    for (double i = after; i < draw->k && weight > 0 && isfinite(weight); i++) {
        weight *= one_more(draw, i);
        upper += weight;
    }
    return clamp(2 * (fmin(lower, upper) + 0.5) / (lower + 1 + upper), 0, 1);
}

/* Up to here the sums of exact_p() are both quick and needed. */
enum { SMALL_COUNT = 60 };

/* ---- shares ---- */

static void wilson(double k, double n, double *low, double *high)
{
    double share = clamp(k / n, 0, 1), z2n = z95 * z95 / n;
    double middle = (share + z2n / 2) / (1 + z2n);
    double half = z95 / (1 + z2n) * sqrt(share * (1 - share) / n + z2n / n / 4);

    *low = clamp(middle - half, 0, share);
    *high = clamp(middle + half, share, 1);
}

/* MOVER: an interval of a difference from those of its two sides. */
static void join_intervals(struct estimate *estimate, double before, const double *of_before,
                           double after, const double *of_after)
{
    double down = hypot(after - of_after[0], of_before[1] - before);
    double up = hypot(of_after[1] - after, before - of_before[0]);

    estimate->low = estimate->difference - down;
    estimate->high = estimate->difference + up;
}

static double proportions_p(const double before[2], const double after[2])
{
    double k = before[0] + after[0], n = before[1] + after[1];
    bool mostly = k > n / 2; /* the rarer of "in" and "not in" is counted */
    double few[2] = {mostly ? before[1] - before[0] : before[0],
                     mostly ? after[1] - after[0] : after[0]};
    double pooled, z;

    k = few[0] + few[1];
    if (k <= 0)
        return 1;
    if (k <= SMALL_COUNT) {
        struct draw draw = {.k = round(k), .q = after[1] / n, .n = {before[1], after[1]}};

        draw.without_putting_back = n < 1e7;
        return exact_p(&draw, round(few[1]));
    }
    pooled = k / n;
    z = (few[1] / after[1] - few[0] / before[1]) /
        sqrt(pooled * (1 - pooled) * (1 / before[1] + 1 / after[1]));
    return isfinite(z) ? 2 * normal_upper(fabs(z)) : 1;
}

struct estimate compare_proportions(const double before[2], const double after[2])
{
    struct estimate estimate = {.low = -1, .high = 1, .p = 1};
    double of_before[2], of_after[2], shares[2];

    if (!(before[1] > 0) || !(after[1] > 0))
        return estimate;
    shares[0] = clamp(before[0] / before[1], 0, 1);
    shares[1] = clamp(after[0] / after[1], 0, 1);
    wilson(before[0], before[1], &of_before[0], &of_before[1]);
    wilson(after[0], after[1], &of_after[0], &of_after[1]);
    estimate.difference = shares[1] - shares[0];
    join_intervals(&estimate, shares[0], of_before, shares[1], of_after);
    estimate.p = proportions_p(before, after);
    return estimate;
}

/* ---- amounts ---- */

/* The score interval of a Poisson mean. */
static void poisson(double k, double *low, double *high)
{
    double half = z95 * sqrt(k + z95 * z95 / 4);

    *low = clamp(k + z95 * z95 / 2 - half, 0, k);
    *high = k + z95 * z95 / 2 + half;
}

static double amounts_p(const double before[2], const double after[2])
{
    double k = before[0] + after[0];
    /* Equal amounts: more samples where one weighs less. */
    double q = before[1] / (before[1] + after[1]);
    double z;

    if (k <= 0)
        return 1;
    if (k <= SMALL_COUNT) {
        struct draw draw = {.k = round(k), .q = q};

        return exact_p(&draw, round(after[0]));
    }
    z = (after[0] - k * q) / sqrt(k * q * (1 - q));
    return isfinite(z) ? 2 * normal_upper(fabs(z)) : 1;
}

struct estimate compare_amounts(const double before[2], const double after[2])
{
    struct estimate estimate = {.p = 1};
    double of_before[2], of_after[2];

    if (!(before[1] > 0) || !(after[1] > 0))
        return estimate;
    poisson(before[0], &of_before[0], &of_before[1]);
    poisson(after[0], &of_after[0], &of_after[1]);
    for (int i = 0; i < 2; i++) {
        of_before[i] *= before[1];
        of_after[i] *= after[1];
    }
    estimate.difference = after[0] * after[1] - before[0] * before[1];
    join_intervals(&estimate, before[0] * before[1], of_before, after[0] * after[1], of_after);
    estimate.p = amounts_p(before, after);
    return estimate;
}

/* ---- runs ---- */

static double mean_of(const double *values, size_t count, double *variance_of_mean)
{
    double mean = 0, squares = 0;

    for (size_t i = 0; i < count; i++) {
        double step = values[i] - mean;

        mean += step / (double)(i + 1);
        squares += step * (values[i] - mean);
    }
    *variance_of_mean = count > 1 ? squares / (double)(count - 1) / (double)count : 0;
    return mean;
}

double runs_error(const double *before, size_t before_count, const double *after,
                  size_t after_count, double *freedom)
{
    double of_before, of_after, sum, denominator;

    mean_of(before, before_count, &of_before);
    mean_of(after, after_count, &of_after);
    sum = of_before + of_after;
    denominator = (before_count > 1 ? of_before * of_before / (double)(before_count - 1) : 0) +
                  (after_count > 1 ? of_after * of_after / (double)(after_count - 1) : 0);
    /* Scaled, as squares of variances leave the range of double sooner than these do. */
    *freedom =
        denominator > 0 ? sum * sum / denominator : (double)(before_count + after_count) - 2;
    if (!isfinite(*freedom) || *freedom < 1)
        *freedom = 1;
    return sqrt(sum);
}

struct estimate student_estimate(double difference, double error, double freedom)
{
    double half = error * student_quantile(0.975, freedom);

    return (struct estimate){.difference = difference,
                             .low = difference - half,
                             .high = difference + half,
                             .p = error > 0 ? student_two_sided(difference / error, freedom)
                                            : difference == 0};
}

struct estimate compare_runs(const double *before, size_t before_count, const double *after,
                             size_t after_count)
{
    struct estimate estimate = {.p = 1};
    double freedom, error, unused;

    if (!before_count || !after_count)
        return estimate;
    estimate.difference =
        mean_of(after, after_count, &unused) - mean_of(before, before_count, &unused);
    if (before_count < 2 || after_count < 2) {
        estimate.low = -HUGE_VAL;
        estimate.high = HUGE_VAL;
        return estimate;
    }
    error = runs_error(before, before_count, after, after_count, &freedom);
    return student_estimate(estimate.difference, error, freedom);
}

enum { MOST_DEALS = 20000, MOST_RUNS = 4096 };

struct deal {
    double *values; /* both sides in one row */
    size_t count, after_count;
    double all, observed;
    uint64_t as_extreme, dealt;
};

static void judge_deal(struct deal *deal, double after_sum)
{
    double after = after_sum / (double)deal->after_count;
    double before = (deal->all - after_sum) / (double)(deal->count - deal->after_count);

    deal->dealt++;
    deal->as_extreme += fabs(after - before) >= deal->observed * (1 - 1e-12);
}

/* All subsets of after_count runs: the next one in lexical order until there is none. */
static void deal_all(struct deal *deal)
{
    size_t k = deal->after_count, n = deal->count;
    size_t *chosen = xalloc(k * sizeof(*chosen));

    for (size_t i = 0; i < k; i++)
        chosen[i] = i;
    for (;;) {
        double sum = 0;
        size_t at = k;

        for (size_t i = 0; i < k; i++)
            sum += deal->values[chosen[i]];
        judge_deal(deal, sum);
        while (at && chosen[at - 1] == n - k + at - 1)
            at--;
        if (!at)
            break;
        chosen[at - 1]++;
        for (size_t i = at; i < k; i++)
            chosen[i] = chosen[i - 1] + 1;
    }
    free(chosen);
}

static void deal_some(struct deal *deal)
{
    uint64_t state = 1;

    for (int i = 0; i < MOST_DEALS; i++) {
        double sum = 0;

        for (size_t j = 0; j < deal->after_count; j++) {
            size_t other = j + (size_t)(hash_u64(state++) % (deal->count - j));
            double swapped = deal->values[j];

            deal->values[j] = deal->values[other];
            deal->values[other] = swapped;
            sum += deal->values[j];
        }
        judge_deal(deal, sum);
    }
    deal->as_extreme++; /* the way they really fell is one too */
    deal->dealt++;
}

double permutation_p(const double *before, size_t before_count, const double *after,
                     size_t after_count)
{
    struct deal deal = {.count = before_count + after_count, .after_count = after_count};
    double ways = 1, unused;

    if (!before_count || !after_count || deal.count > MOST_RUNS)
        return 1;
    deal.values = xalloc(deal.count * sizeof(*deal.values));
    memcpy(deal.values, before, before_count * sizeof(*before));
    memcpy(deal.values + before_count, after, after_count * sizeof(*after));
    for (size_t i = 0; i < deal.count; i++)
        deal.all += deal.values[i];
    deal.observed =
        fabs(mean_of(after, after_count, &unused) - mean_of(before, before_count, &unused));
    for (size_t i = 0; i < after_count && ways <= MOST_DEALS; i++)
        ways = ways * (double)(deal.count - i) / (double)(i + 1);
    if (ways <= MOST_DEALS)
        deal_all(&deal);
    else
        deal_some(&deal);
    free(deal.values);
    return (double)deal.as_extreme / (double)deal.dealt;
}

/* ---- many questions at once ---- */

struct ranked {
    double p;
    size_t index;
};

static uint64_t bits_of(double p)
{
    uint64_t bits;

    memcpy(&bits, &p, sizeof(bits));
    return bits;
}

/* Stable, by one byte: what bytes further down have put in order stays so. */
static void sort_by_byte(const struct ranked *from, struct ranked *into, size_t count, int byte)
{
    size_t starts[257] = {0};

    for (size_t i = 0; i < count; i++)
        starts[(bits_of(from[i].p) >> 8 * byte & 0xff) + 1]++;
    for (int i = 0; i < 256; i++)
        starts[i + 1] += starts[i];
    for (size_t i = 0; i < count; i++)
        into[starts[bits_of(from[i].p) >> 8 * byte & 0xff]++] = from[i];
}

/* Smallest p first.  Numbers from 0 on lie in the order of their bits, and a tree of a million
 * nodes is sorted so in a fraction of the time that comparing takes. */
static struct ranked *rank(const double *p, size_t count)
{
    struct ranked *ranks = xalloc((count + 1) * sizeof(*ranks));
    struct ranked *spare = xalloc((count + 1) * sizeof(*spare));

    for (size_t i = 0; i < count; i++)
        ranks[i] = (struct ranked){.p = p[i], .index = i};
    for (int byte = 0; byte < 8; byte += 2) {
        sort_by_byte(ranks, spare, count, byte);
        sort_by_byte(spare, ranks, count, byte + 1);
    }
    free(spare);
    return ranks;
}

static const struct stake *stake_of(const struct stake *stakes, size_t question)
{
    static const struct stake usual = {.weight = 1, .most = 1};

    return stakes ? &stakes[question] : &usual;
}

/* The chance of any false answer among `questions`, when each is told at `p` by its weight. */
static double chance_of_any(const struct stake *stakes, const struct ranked *questions,
                            size_t count, double p)
{
    double chance = 0;

    for (size_t i = 0; i < count; i++) {
        const struct stake *stake = stake_of(stakes, questions[i].index);

        chance += fmin(p * stake->weight, stake->most);
    }
    return chance;
}

void adjust_holm(double *p, const struct stake *stakes, size_t count)
{
    double *weighted = xalloc((count + 1) * sizeof(*weighted)), least = 0;
    struct ranked *ranks;

    for (size_t i = 0; i < count; i++)
        weighted[i] = p[i] / stake_of(stakes, i)->weight;
    ranks = rank(weighted, count);
    for (size_t i = 0; i < count; i++) {
        least = fmax(least, chance_of_any(stakes, ranks + i, count - i, ranks[i].p));
        p[ranks[i].index] = fmin(fmax(least, p[ranks[i].index]), 1);
    }
    free(ranks);
    free(weighted);
}

double holm_demands(const struct stake *stakes, size_t count, size_t question, double level)
{
    double weight = stake_of(stakes, question)->weight, low = 0, high = 1;
    double *zeros = xcalloc(count + 1, sizeof(*zeros));
    struct ranked *all = rank(zeros, count);

    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;

        if (chance_of_any(stakes, all, count, middle / weight) < level)
            low = middle;
        else
            high = middle;
    }
    free(all);
    free(zeros);
    return fmin(low, level);
}

void adjust_false_discovery(double *p, size_t count)
{
    struct ranked *ranks = rank(p, count);
    double most = 1;

    for (size_t i = count; i-- > 0;) {
        most = fmin(most, ranks[i].p * (double)count / (double)(i + 1));
        p[ranks[i].index] = most;
    }
    free(ranks);
}

double least_visible(double error, double level, double freedom)
{
    if (freedom > 0)
        return error *
               (student_quantile(1 - level / 2, freedom) + student_quantile(0.8, freedom));
    return error * (normal_quantile(1 - level / 2) + normal_quantile(0.8));
}
