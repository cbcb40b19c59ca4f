/* The gate: did something grow by more than is allowed, and not by chance? */
#include <math.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "compare/comparison.h"
#include "compare/stats.h"

/*
 * Chance of a false alarm, over all that is judged.  One in fifty is what people can bear; the
 * scatter of a busy machine is not quite normal, so a level a little below is what gives that
 * (tests/bench/gate_draws.c counts it).
 *
 * What that leaves to be seen: functions of runs of 0.65 s at 997 Hz scatter by 5.5 % when they
 * take a fifth, so the means of 7 differ by 3 % (one standard error), and 10 % more is 3.4 of
 * them.  Known variances would show that in 87 of 100 comparisons, estimated ones in about 73,
 * and fewer on a busy machine; runs of 2 s nearly always (tools/gate-rates).
 */
static const double LEVEL = 0.011;
static const double LEAST_JUDGED = 0.01; /* of everything, on one side at least */
static const double DEALT_LEVEL = 0.05;
enum { LEAST_RUNS_TO_DEAL = 6, LEAST_FUNCTIONS = 3, MOST_BORROWED = 7 };

/* One question: did a function, or the whole, grow? */
struct question {
    function_id function;
    const struct measure *measure;
    const uint64_t *row;
    double sides[2];       /* means of a run */
    double variances[2];   /* of the runs of each side; 0 when samples are judged */
    double error, freedom; /* of the difference; freedom 0: the normal distribution */
    double pace_error;     /* the part of it that all functions share */
    double p;              /* that it grew as much by chance: one-sided */
};

struct asking {
    const struct comparison *comparison;
    const struct gate *gate;
    enum basis basis;
    struct question *questions;
    struct stake *stakes; /* of each question */
    size_t count, room;
};

static bool by_points(const struct gate *gate)
{
    return gate->points > 0 && gate->growth <= 0;
}

static void mean_sides(const struct comparison *comparison, const double *values,
                       double sides[2])
{
    const size_t *runs = comparison->tree.runs;

    sides[0] = sides[1] = 0;
    for (size_t i = 0; i < comparison->tree.columns; i++) {
        int side = i >= runs[0];

        sides[side] += values[i] / (double)runs[side];
    }
}

static void vary_sides(const struct comparison *comparison, const double *values,
                       const double sides[2], double variances[2])
{
    const size_t *runs = comparison->tree.runs;

    variances[0] = variances[1] = 0;
    for (size_t i = 0; i < comparison->tree.columns; i++) {
        int side = i >= runs[0];
        double off = values[i] - sides[side];

        variances[side] += off * off / (double)(runs[side] - 1);
    }
}

static double sampling_error(const struct comparison *comparison, const struct measure *measure,
                             enum basis basis)
{
    double variance = 0;

    for (int i = 0; i < 2; i++) {
        double samples = comparison->whole_sum[i] * comparison->samples_per_unit[i];
        double share = measure->share[i];

        if (!(samples > 0))
            return comparison->whole_sum[i] > 0 ? 0 : HUGE_VAL;
        if (basis == BASIS_SHARE) {
            variance += share * (1 - share) / samples;
        } else {
            double weight = comparison->amount_per_unit[i] / comparison->samples_per_unit[i] /
                            (double)comparison->tree.runs[i];

            variance += share * samples * weight * weight;
        }
    }
    return sqrt(variance);
}

static void ask(struct asking *asking, function_id function, const struct measure *measure,
                const uint64_t *row)
{
    const struct comparison *comparison = asking->comparison;
    double *values = xalloc(comparison->tree.columns * sizeof(*values));
    struct question question = {.function = function, .measure = measure, .row = row, .p = 1};

    comparison_run_values(comparison, row, asking->basis, values);
    mean_sides(comparison, values, question.sides);
    if (comparison_of_runs(comparison)) {
        vary_sides(comparison, values, question.sides, question.variances);
        question.error =
            comparison_runs_error(comparison, values, asking->basis, &question.freedom);
        if (asking->basis == BASIS_AMOUNT)
            question.pace_error = comparison_pace_error(comparison, values);
    } else {
        question.error = sampling_error(comparison, measure, asking->basis);
    }
    free(values);
    asking->questions =
        xgrow(asking->questions, &asking->room, asking->count + 1, sizeof(*asking->questions));
    asking->questions[asking->count++] = question;
}

bool comparison_judges(const struct comparison *comparison, function_id function)
{
    const struct measure *self = &comparison->functions[function].self;

    return self->share[0] >= LEAST_JUDGED || self->share[1] >= LEAST_JUDGED;
}

static void ask_all(struct asking *asking)
{
    const struct comparison *comparison = asking->comparison;

    if (asking->basis == BASIS_AMOUNT)
        ask(asking, WHOLE, &comparison->whole, comparison->tree.total);
    for (function_id i = 0; i < comparison->function_count; i++)
        if (comparison_judges(comparison, i))
            ask(asking, i, &comparison->functions[i].self,
                comparison->self_of_functions + i * comparison->tree.columns);
}

/* ---- chance ---- */

static double larger_mean(const struct question *question)
{
    return question->sides[0] > question->sides[1] ? question->sides[0] : question->sides[1];
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/*
 * Seven runs tell little of how much runs scatter: some agree by chance, which makes a small
 * difference look certain, and some do not, which hides a true one.  So the variance of each
 * function is drawn towards what is usual among the functions of this very comparison (limma's
 * way, Smyth 2004), which is in proportion to what they take, as counts of samples vary so.
 * The whole has none of that noise: it scatters as the machine does, which is slower in some
 * runs, and is judged by itself.  No function is expected to scatter less than it.
 */
struct noise {
    double dispersion; /* variance for what is taken */
    double machine;    /* variance of the whole for the square of what it takes */
    double borrowed;   /* for how many runs of its own a function takes that */
};

static double variance_of(const struct question *question)
{
    return (question->variances[0] + question->variances[1]) / 2;
}

static bool is_function(const struct question *question)
{
    return question->function != WHOLE && larger_mean(question) > 0;
}

static double expected_variance(const struct noise *noise, const struct question *question)
{
    double takes = larger_mean(question);

    return fmax(noise->dispersion * takes, noise->machine * takes * takes);
}

/* The mean of the middle half, as one interrupt that takes ten times longer in one run must not
 * count for all. */
static double usual_of(double *values, size_t count)
{
    size_t left_out = count / 4;
    double sum = 0;

    qsort(values, count, sizeof(*values), by_size);
    for (size_t i = left_out; i < count - left_out; i++)
        sum += values[i];
    return sum / (double)(count - 2 * left_out);
}

/* Logarithms of variances of `freedom` scatter with a variance of trigamma(freedom / 2), which
 * this series gives well enough. */
static double scatter_of_logarithm(double freedom)
{
    double x = freedom / 2;

    return 1 / x + 1 / (2 * x * x) + 1 / (6 * x * x * x);
}

/* The worse functions keep to what is usual, the less it is worth. */
static double worth_of_usual(const struct asking *asking, const struct noise *noise)
{
    double freedom = (double)(asking->comparison->tree.columns - 2), squares = 0, excess;
    size_t count = 0;

    for (size_t i = 0; i < asking->count; i++) {
        const struct question *question = &asking->questions[i];
        double expected = expected_variance(noise, question);

        if (is_function(question) && expected > 0) {
            double off = log(fmax(variance_of(question) / expected, 1e-3));

            squares += off * off;
            count++;
        }
    }
    excess = count ? squares / (double)count - scatter_of_logarithm(freedom) : 0;
    return excess > 2.0 / MOST_BORROWED ? 2 / excess : MOST_BORROWED;
}

/* False when there are too few functions to say what is usual. */
static bool find_noise(const struct asking *asking, struct noise *noise)
{
    double *dispersions = xalloc((asking->count + 1) * sizeof(*dispersions));
    size_t count = 0;

    *noise = (struct noise){0};
    for (size_t i = 0; i < asking->count; i++) {
        const struct question *question = &asking->questions[i];
        double takes = larger_mean(question);

        if (is_function(question))
            dispersions[count++] = variance_of(question) / takes;
        else if (takes > 0)
            noise->machine = variance_of(question) / takes / takes;
    }
    if (count >= LEAST_FUNCTIONS) {
        noise->dispersion = usual_of(dispersions, count);
        noise->borrowed = worth_of_usual(asking, noise);
    }
    free(dispersions);
    return count >= LEAST_FUNCTIONS;
}

/* The freedom is Welch's again. */
static void moderate(struct question *question, const size_t runs[2], const struct noise *noise)
{
    double expected = expected_variance(noise, question);
    double sum = 0, squares = 0;

    for (int i = 0; i < 2; i++) {
        double own = (double)(runs[i] - 1), freedom = own + noise->borrowed;
        double of_mean = (own * question->variances[i] + noise->borrowed * expected) / freedom /
                         (double)runs[i];

        sum += of_mean;
        squares += of_mean * of_mean / freedom;
    }
    question->error = hypot(sqrt(sum), question->pace_error);
    if (squares > 0 && isfinite(sum * sum / squares))
        question->freedom = sum * sum / squares;
}

static void moderate_all(struct asking *asking)
{
    struct noise noise;

    if (!find_noise(asking, &noise))
        return;
    for (size_t i = 0; i < asking->count; i++)
        if (is_function(&asking->questions[i]))
            moderate(&asking->questions[i], asking->comparison->tree.runs, &noise);
}

/* The t test supposes that runs scatter normally, which a busy machine does not grant.  With
 * enough runs, dealing them anew has to agree: a single odd run is not enough then. */
static bool dealing_agrees(const struct asking *asking, const struct question *question)
{
    const size_t *runs = asking->comparison->tree.runs;
    double *values, dealt;

    if (runs[0] < LEAST_RUNS_TO_DEAL || runs[1] < LEAST_RUNS_TO_DEAL)
        return true;
    values = xalloc(asking->comparison->tree.columns * sizeof(*values));
    comparison_run_values(asking->comparison, question->row, asking->basis, values);
    dealt = permutation_p(values, runs[0], values + runs[0], runs[1]);
    free(values);
    return dealt <= DEALT_LEVEL;
}

/* That noise alone makes a growth of `difference` or more. */
static double chance_of(const struct question *question, double difference)
{
    double t = difference / question->error;

    if (isnan(t))
        return 1;
    return question->freedom > 0 ? student_two_sided(t, question->freedom) / 2
                                 : normal_upper(t);
}

static double chance_of_runs(const struct asking *asking, const struct question *question)
{
    double difference = question->sides[1] - question->sides[0], p;

    if (difference <= 0)
        return 1;
    p = chance_of(question, difference);
    return p > LEVEL || dealing_agrees(asking, question) ? p : 1;
}

static void find_chances(struct asking *asking)
{
    bool of_runs = comparison_of_runs(asking->comparison);

    if (of_runs)
        moderate_all(asking);
    for (size_t i = 0; i < asking->count; i++) {
        struct question *question = &asking->questions[i];
        const struct difference *by = &question->measure->by[asking->basis];

        /* Too few samples on both sides together were given p = 1. */
        if (by->p >= 1)
            question->p = 1;
        else if (of_runs)
            question->p = chance_of_runs(asking, question);
        else
            question->p = by->difference > 0 ? by->p / 2 : 1;
    }
}

/*
 * What counts more of the time weighs more.  And what varies so little that noise hardly ever
 * makes it grow beyond the limit, as the whole, gives no false alarms: the others, of which
 * that is not true, need not share the level with it.
 */
static void set_stakes(struct asking *asking)
{
    const struct gate *gate = asking->gate;

    asking->stakes = xcalloc(asking->count + 1, sizeof(*asking->stakes));
    for (size_t i = 0; i < asking->count; i++) {
        const struct question *question = &asking->questions[i];
        double limit = by_points(gate) ? gate->points : gate->growth * question->sides[0];

        asking->stakes[i].weight =
            fmax(question->measure->share[0], question->measure->share[1]);
        asking->stakes[i].most = chance_of(question, limit);
    }
}

/* ---- growth ---- */

static double growth_of(const struct asking *asking, const struct question *question)
{
    double difference = question->sides[1] - question->sides[0];

    if (by_points(asking->gate))
        return difference;
    if (question->sides[0] > 0)
        return difference / question->sides[0];
    return difference > 0 ? HUGE_VAL : 0;
}

static bool grew_too_much(const struct asking *asking, const struct question *question)
{
    const struct gate *gate = asking->gate;
    double growth = growth_of(asking, question);

    if (by_points(gate))
        return growth > gate->points;
    return growth > gate->growth &&
           (gate->points <= 0 || question->measure->by[BASIS_SHARE].difference > gate->points);
}

static int by_growth(const void *a, const void *b)
{
    const struct failure *x = a, *y = b;

    if (x->growth != y->growth)
        return x->growth < y->growth ? 1 : -1;
    return (x->function < y->function) - (x->function > y->function);
}

static void find_failures(struct asking *asking, struct judgement *judgement)
{
    double *p = xalloc((asking->count + 1) * sizeof(*p));

    for (size_t i = 0; i < asking->count; i++)
        p[i] = asking->questions[i].p;
    adjust_holm(p, asking->stakes, asking->count);
    judgement->failures = xalloc((asking->count + 1) * sizeof(*judgement->failures));
    for (size_t i = 0; i < asking->count; i++)
        if (p[i] <= LEVEL && grew_too_much(asking, &asking->questions[i]))
            judgement->failures[judgement->failure_count++] =
                (struct failure){.function = asking->questions[i].function,
                                 .growth = growth_of(asking, &asking->questions[i]),
                                 .p = p[i]};
    qsort(judgement->failures, judgement->failure_count, sizeof(*judgement->failures),
          by_growth);
    free(p);
}

/* ---- what would have been seen ---- */

static double visible(const struct asking *asking, size_t which)
{
    const struct question *question = &asking->questions[which];
    double level = 2 * holm_demands(asking->stakes, asking->count, which, LEVEL);
    double least;

    if (!isfinite(question->error))
        return HUGE_VAL;
    least = least_visible(question->error, level, question->freedom);
    if (by_points(asking->gate))
        return least;
    if (question->sides[0] <= 0 ||
        (asking->basis == BASIS_SHARE && question->sides[0] + least >= 1))
        return HUGE_VAL; /* what takes all of the time cannot take more of it */
    return least / question->sides[0];
}

static double limit_of(const struct gate *gate)
{
    return by_points(gate) ? gate->points : gate->growth;
}

static void find_visible(const struct asking *asking, struct judgement *judgement)
{
    double most = 0, most_unseen = 0;

    judgement->visible_whole = judgement->visible_hottest = HUGE_VAL;
    judgement->hottest = WHOLE;
    for (size_t i = 0; i < asking->count; i++) {
        const struct question *question = &asking->questions[i];
        double seen = visible(asking, i), share = question->measure->share[0];

        if (question->function == WHOLE) {
            judgement->visible_whole = seen;
            judgement->pace_hides = question->pace_error > question->error * M_SQRT1_2;
            continue;
        }
        if (isfinite(seen) && share > most) {
            most = share;
            judgement->visible_hottest = seen;
            judgement->hottest = question->function;
        }
        if (seen > limit_of(asking->gate)) {
            judgement->unseen++;
            if (share > most_unseen) {
                most_unseen = share;
                judgement->visible_unseen = seen;
                judgement->largest_unseen = question->function;
            }
        }
    }
}

void comparison_judge(const struct comparison *comparison, const struct gate *gate,
                      struct judgement *judgement)
{
    struct asking asking = {.comparison = comparison,
                            .gate = gate,
                            .basis = by_points(gate) ? BASIS_SHARE : gate->basis};
    double seen;

    *judgement = (struct judgement){.largest_unseen = WHOLE};
    ask_all(&asking);
    find_chances(&asking);
    set_stakes(&asking);
    judgement->judged = asking.count - (asking.basis == BASIS_AMOUNT);
    find_failures(&asking, judgement);
    find_visible(&asking, judgement);
    seen = judgement->visible_whole < judgement->visible_hottest ? judgement->visible_whole
                                                                 : judgement->visible_hottest;
    if (judgement->failure_count)
        judgement->verdict = VERDICT_REGRESSION;
    else
        judgement->verdict = seen <= limit_of(gate) ? VERDICT_PASS : VERDICT_TOO_FEW;
    free(asking.questions);
    free(asking.stakes);
}

void judgement_end(struct judgement *judgement)
{
    free(judgement->failures);
    judgement->failures = NULL;
}
