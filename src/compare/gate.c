/* The gate: did something grow by more than is allowed, and not by chance? */
#include <math.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "compare/comparison.h"
#include "compare/stats.h"

static const double LEVEL = 0.05;        /* of a false alarm, over all that is judged */
static const double LEAST_JUDGED = 0.01; /* of everything, on one side at least */
enum { LEAST_RUNS_TO_DEAL = 6 };

/* One question: a function, or the whole. */
struct question {
    function_id function;
    const struct measure *measure;
    const uint64_t *row;
    double p;
};

struct asking {
    const struct comparison *comparison;
    const struct gate *gate;
    struct question *questions;
    size_t count, room;
};

static bool by_points(const struct gate *gate)
{
    return gate->points > 0 && gate->growth <= 0;
}

/* Welch's test supposes that runs scatter normally, which a busy machine does not grant.  With
 * enough runs, dealing them anew has to agree. */
static double runs_p(const struct comparison *comparison, const uint64_t *row, enum basis basis,
                     double p)
{
    const size_t *runs = comparison->tree.runs;
    double *values;
    double dealt;

    if (runs[0] < LEAST_RUNS_TO_DEAL || runs[1] < LEAST_RUNS_TO_DEAL || p > LEVEL)
        return p;
    values = xalloc(comparison->tree.columns * sizeof(*values));
    comparison_run_values(comparison, row, basis, values);
    dealt = permutation_p(values, runs[0], values + runs[0], runs[1]);
    free(values);
    return dealt > p ? dealt : p;
}

static void ask(struct asking *asking, function_id function, const struct measure *measure,
                const uint64_t *row)
{
    const struct comparison *comparison = asking->comparison;
    enum basis basis = asking->gate->basis;
    double p = measure->by[basis].p;

    if (comparison_of_runs(comparison))
        p = runs_p(comparison, row, basis, p);
    asking->questions =
        xgrow(asking->questions, &asking->room, asking->count + 1, sizeof(*asking->questions));
    asking->questions[asking->count++] =
        (struct question){.function = function, .measure = measure, .row = row, .p = p};
}

bool comparison_judges(const struct comparison *comparison, function_id function)
{
    const struct measure *self = &comparison->functions[function].self;

    return self->share[0] >= LEAST_JUDGED || self->share[1] >= LEAST_JUDGED;
}

static void ask_all(struct asking *asking)
{
    const struct comparison *comparison = asking->comparison;

    if (asking->gate->basis == BASIS_AMOUNT)
        ask(asking, WHOLE, &comparison->whole, comparison->tree.total);
    for (function_id i = 0; i < comparison->function_count; i++)
        if (comparison_judges(comparison, i))
            ask(asking, i, &comparison->functions[i].self,
                comparison->self_of_functions + i * comparison->tree.columns);
}

/* Before and after of what is judged: inlining has been followed there. */
static void sides_of(const struct comparison *comparison, const struct question *question,
                     enum basis basis, double sides[2])
{
    double *values = xalloc(comparison->tree.columns * sizeof(*values));
    const size_t *runs = comparison->tree.runs;

    comparison_run_values(comparison, question->row, basis, values);
    sides[0] = sides[1] = 0;
    for (size_t i = 0; i < comparison->tree.columns; i++) {
        int side = i >= runs[0];

        sides[side] += values[i] / (double)runs[side];
    }
    free(values);
}

static double growth_of(const struct asking *asking, const struct question *question)
{
    double difference = question->measure->by[asking->gate->basis].difference;
    double sides[2];

    if (by_points(asking->gate))
        return question->measure->by[BASIS_SHARE].difference;
    sides_of(asking->comparison, question, asking->gate->basis, sides);
    if (sides[0] > 0)
        return difference / sides[0];
    return difference > 0 ? HUGE_VAL : 0;
}

static bool grew_too_much(const struct asking *asking, const struct question *question)
{
    const struct gate *gate = asking->gate;
    bool too_much =
        growth_of(asking, question) > (by_points(gate) ? gate->points : gate->growth);

    if (gate->points > 0 && gate->growth > 0)
        too_much = too_much && question->measure->by[BASIS_SHARE].difference > gate->points;
    return too_much;
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
    adjust_holm(p, asking->count, asking->count);
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

static double sampling_error(const struct comparison *comparison,
                             const struct question *question, enum basis basis)
{
    double variance = 0;

    for (int i = 0; i < 2; i++) {
        double samples = comparison->whole_sum[i] * comparison->samples_per_unit[i];
        double share = question->measure->share[i];

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

static double error_of(const struct comparison *comparison, const struct question *question,
                       enum basis basis, double *freedom)
{
    const size_t *runs = comparison->tree.runs;
    double *values, error;

    *freedom = 0;
    if (!comparison_of_runs(comparison))
        return sampling_error(comparison, question, basis);
    values = xalloc(comparison->tree.columns * sizeof(*values));
    comparison_run_values(comparison, question->row, basis, values);
    error = runs_error(values, runs[0], values + runs[0], runs[1], freedom);
    free(values);
    return error;
}

static double visible(const struct asking *asking, const struct question *question)
{
    enum basis basis = by_points(asking->gate) ? BASIS_SHARE : asking->gate->basis;
    double freedom, sides[2];
    double error = error_of(asking->comparison, question, basis, &freedom);
    double least = least_visible(error, LEVEL / (double)asking->count, freedom);

    if (!isfinite(error))
        return HUGE_VAL;
    if (by_points(asking->gate))
        return least;
    sides_of(asking->comparison, question, basis, sides);
    if (sides[0] <= 0 || (basis == BASIS_SHARE && sides[0] + least > 1))
        return HUGE_VAL; /* what takes all of the time cannot take more of it */
    return least / sides[0];
}

static void find_visible(const struct asking *asking, struct judgement *judgement)
{
    double most = 0;

    judgement->visible_whole = judgement->visible_hottest = HUGE_VAL;
    judgement->hottest = WHOLE;
    for (size_t i = 0; i < asking->count; i++) {
        const struct question *question = &asking->questions[i];
        double seen = visible(asking, question);

        if (question->function == WHOLE) {
            judgement->visible_whole = seen;
        } else if (isfinite(seen) && question->measure->share[0] > most) {
            most = question->measure->share[0];
            judgement->visible_hottest = seen;
            judgement->hottest = question->function;
        }
    }
}

void comparison_judge(const struct comparison *comparison, const struct gate *gate,
                      struct judgement *judgement)
{
    struct asking asking = {.comparison = comparison, .gate = gate};
    double limit = by_points(gate) ? gate->points : gate->growth;
    double seen;

    *judgement = (struct judgement){0};
    ask_all(&asking);
    judgement->judged = asking.count - (gate->basis == BASIS_AMOUNT);
    find_failures(&asking, judgement);
    find_visible(&asking, judgement);
    seen = judgement->visible_whole < judgement->visible_hottest ? judgement->visible_whole
                                                                 : judgement->visible_hottest;
    if (judgement->failure_count)
        judgement->verdict = VERDICT_REGRESSION;
    else
        judgement->verdict = seen <= limit ? VERDICT_PASS : VERDICT_TOO_FEW;
    free(asking.questions);
}

void judgement_end(struct judgement *judgement)
{
    free(judgement->failures);
    judgement->failures = NULL;
}
