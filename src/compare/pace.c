/* What the machine does to runs, taken out of what they took. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "compare/compare.h"
#include "compare/comparison.h"

/*
 * Who else is on the machine makes the same work take more CPU time in some runs than in
 * others, and a piece of work that never changes, done beside each run, takes more of it then,
 * too.  How much of the scatter of the runs that explains differs by program: where memory is
 * waited for, the pace of arithmetic says little.  So the slope is estimated, from how runs of
 * one side differ among each other (analysis of covariance); what it explains is taken out, and
 * what is not known of it adds to the error of the difference between the sides.
 */
enum { LEAST_RUNS = 8 }; /* of both sides together: fewer do not show a slope */
/* Whether to do so is decided by the paces alone, since a choice by what came out would not be
 * honest.  Below this they are mostly noise themselves. */
static const double LEAST_SPREAD = 0.015, LEAST_SHIFT = 0.02;
/* A slow machine makes no program faster, and hardly any much slower than itself. */
static const double MOST_SLOPE = 1.5, MOST_DOUBT = 0.5;

/* Of each run, relative to the mean of its side: how slow the machine was, and the whole. */
struct paces {
    double *pace, *whole;
    double means[2];       /* of the paces of a side */
    double squares, cross; /* sums over pace², over pace times whole */
    size_t count;
};

static size_t side_of(const struct comparison *comparison, size_t column)
{
    return column >= comparison->tree.runs[0];
}

static bool known(const struct compare_side sides[2])
{
    for (int i = 0; i < 2; i++)
        for (size_t j = 0; j < sides[i].count; j++)
            if (!sides[i].paces || !(sides[i].paces[j] > 0) || !isfinite(sides[i].paces[j]))
                return false;
    return true;
}

/* Divides by the mean of the side, which is left in means[]; false when there is none. */
static bool centre(const struct comparison *comparison, double *values, double means[2])
{
    const size_t *runs = comparison->tree.runs;

    means[0] = means[1] = 0;
    for (size_t i = 0; i < comparison->tree.columns; i++)
        means[side_of(comparison, i)] += values[i] / (double)runs[side_of(comparison, i)];
    if (!(means[0] > 0) || !(means[1] > 0))
        return false;
    for (size_t i = 0; i < comparison->tree.columns; i++)
        values[i] = values[i] / means[side_of(comparison, i)] - 1;
    return true;
}

static bool find_paces(struct paces *paces, const struct comparison *comparison,
                       const struct compare_side sides[2])
{
    double unused[2];

    paces->count = comparison->tree.columns;
    for (size_t i = 0; i < paces->count; i++) {
        size_t side = side_of(comparison, i);

        paces->pace[i] = sides[side].paces[i - (side ? sides[0].count : 0)];
        paces->whole[i] = comparison->run_totals[i] * comparison->run_amounts[i];
    }
    if (!centre(comparison, paces->pace, paces->means) ||
        !centre(comparison, paces->whole, unused))
        return false;
    for (size_t i = 0; i < paces->count; i++) {
        paces->squares += paces->pace[i] * paces->pace[i];
        paces->cross += paces->pace[i] * paces->whole[i];
    }
    return true;
}

/* How much slower the machine was after than before; the same in size the other way round. */
static double shift_of(const struct paces *paces)
{
    return (paces->means[1] - paces->means[0]) / (paces->means[1] + paces->means[0]) * 2;
}

static double freedom_of(const struct paces *paces)
{
    return (double)paces->count - 3; /* two means and a slope are estimated */
}

/* The standard error of the slope.  Paces are noisy themselves, which makes slopes too small:
 * that all of the shift is the machine's, a slope of 1, stays thinkable. */
static double doubt_of(const struct paces *paces, double slope)
{
    double left = 0, of_fit = MOST_DOUBT;

    for (size_t i = 0; i < paces->count; i++) {
        double off = paces->whole[i] - slope * paces->pace[i];

        left += off * off;
    }
    if (paces->squares > 0)
        of_fit = sqrt(left / freedom_of(paces) / paces->squares);
    return fmin(fmax(of_fit, (1 - slope) / 2), MOST_DOUBT);
}

static void say(struct comparison *comparison, double shift, double spread, double slope)
{
    char taken[64] = "the runs do not follow it";

    if (slope >= 0.005)
        snprintf(taken, sizeof(taken), "%.0f %% of that is taken out, as the machine's",
                 100 * slope);
    comparison_note(comparison,
                    "a fixed piece of work took %.1f %% %s CPU time after than before, and "
                    "varied by %.1f %% from run to run: %s",
                    fabs(100 * shift), shift < 0 ? "less" : "more", 100 * spread, taken);
}

static void take_out(struct comparison *comparison, const struct paces *paces, double spread)
{
    double slope = paces->squares > 0 ? paces->cross / paces->squares : 0;
    double shift = shift_of(paces), half;

    slope = fmin(fmax(slope, 0), MOST_SLOPE);
    for (size_t i = 0; i < paces->count; i++) {
        half = side_of(comparison, i) ? shift / 2 : -shift / 2;
        comparison->run_amounts[i] /= 1 + slope * (paces->pace[i] + half);
    }
    comparison->pace_doubt = fabs(shift) * doubt_of(paces, slope);
    comparison->pace_loss = (freedom_of(paces) + 1) / freedom_of(paces);
    say(comparison, shift, spread, slope);
}

void comparison_take_out_pace(struct comparison *comparison, const struct compare_side sides[2])
{
    struct paces paces = {.pace = xcalloc(comparison->tree.columns + 1, sizeof(double)),
                          .whole = xcalloc(comparison->tree.columns + 1, sizeof(double))};

    if (comparison->tree.columns >= LEAST_RUNS && *comparison->unit && known(sides) &&
        find_paces(&paces, comparison, sides)) {
        double spread = sqrt(paces.squares / (double)(paces.count - 2));

        if (spread >= LEAST_SPREAD || fabs(shift_of(&paces)) >= LEAST_SHIFT)
            take_out(comparison, &paces, spread);
    }
    free(paces.pace);
    free(paces.whole);
}

double comparison_runs_error(const struct comparison *comparison, const double *values,
                             enum basis basis, double *freedom)
{
    const size_t *runs = comparison->tree.runs;
    double error = runs_error(values, runs[0], values + runs[0], runs[1], freedom);

    if (basis != BASIS_AMOUNT || comparison->pace_loss <= 0)
        return error;
    *freedom = fmax(*freedom / comparison->pace_loss, 1);
    return hypot(error * sqrt(comparison->pace_loss),
                 comparison_pace_error(comparison, values));
}

double comparison_pace_error(const struct comparison *comparison, const double *values)
{
    double sum = 0;

    for (size_t i = 0; i < comparison->tree.columns; i++)
        sum += values[i] / (double)comparison->tree.runs[side_of(comparison, i)];
    return comparison->pace_doubt * sum / 2;
}
