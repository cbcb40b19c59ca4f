#ifndef FIQ_COMPARE_STATS_H
#define FIQ_COMPARE_STATS_H

#include <stddef.h>

/*
 * The statistics of comparing two profiles, and nothing of profiles.
 *
 * Counts come as double, since they may be sums near 2^64.  Every function answers for every
 * input: with nothing to judge from, p is 1 and an interval is as wide as its quantity can be.
 * No result is NaN.  Intervals are those of 95 %; p values are two-sided.
 */
struct estimate {
    double difference; /* after - before */
    double low, high;  /* of the difference */
    double p;          /* that it is as large, or larger, by chance alone */
};

/* Shares of two wholes: before[0] of before[1] samples against after[0] of after[1].  The
 * interval is Newcombe's (1998, method 10), p that of the pooled score test, or exact (mid-p)
 * where counts are small. */
struct estimate compare_proportions(const double before[2], const double after[2]);

/* Amounts: counts times the weight of one sample, before[0] samples of before[1] seconds each.
 * For counts that are Poisson; the interval is put together from those of the two sides. */
struct estimate compare_amounts(const double before[2], const double after[2]);

/* Runs of two programs, one number a run; the runs are the unit.  Welch's t. */
struct estimate compare_runs(const double *before, size_t before_count, const double *after,
                             size_t after_count);

/* The same, from a difference whose standard error is known some other way. */
struct estimate student_estimate(double difference, double error, double freedom);

/* Chance that labels dealt anew to the same runs give means that differ as much: all ways to
 * deal up to 20 000, otherwise as many drawn ones, the same in each call. */
double permutation_p(const double *before, size_t before_count, const double *after,
                     size_t after_count);

/*
 * Several questions asked at once, when one false answer is one too many: Holm's method, for
 * questions that are not alike.
 *
 * The level is dealt to them by weight.  And a question that noise alone leads to an alarm with
 * a chance of `most` at the most, however small a p it asks for, needs no more than that of the
 * level (the thought is Tarone's, 1990); the others have the rest.
 */
struct stake {
    double weight; /* above 0; only ratios matter */
    double most;   /* 0 to 1 */
};

/* p values become such that each may be compared with the level.  Without stakes, weights are
 * equal and `most` is 1. */
void adjust_holm(double *p, const struct stake *stakes, size_t count);

/* The p that one question needs for being told at `level` if no other is. */
double holm_demands(const struct stake *stakes, size_t count, size_t question, double level);

/* The same by Benjamini and Hochberg: of what is called changed, a share of `level` is false.
 */
void adjust_false_discovery(double *p, size_t count);

/* The true difference that would be found with a chance of 80 %, when the standard error of the
 * difference is `error` and a p of `level` (two-sided) is called significant.  `freedom` is
 * Welch's, or 0 for the normal distribution. */
double least_visible(double error, double level, double freedom);

/* The standard error that compare_runs() works with, and its degrees of freedom. */
double runs_error(const double *before, size_t before_count, const double *after,
                  size_t after_count, double *freedom);

/* ---- distributions ---- */

double normal_upper(double z);                      /* P(Z > z) */
double normal_quantile(double p);                   /* z with P(Z <= z) = p */
double student_two_sided(double t, double freedom); /* P(|T| > |t|) */
double student_quantile(double p, double freedom);  /* t with P(T <= t) = p */

#endif
