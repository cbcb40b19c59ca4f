#ifndef FIQ_COMPARE_COMPARISON_H
#define FIQ_COMPARE_COMPARISON_H

#include "compare/compare.h"
#include "compare/stats.h"
#include "compare/tree.h"

/* What is inside a comparison; for this room only. */
struct comparison {
    struct tree tree;
    struct compare_node *nodes;
    size_t node_count;
    struct compare_function *functions;
    size_t function_count;
    struct measure whole;

    struct side_facts facts[2];
    char *texts[2][4]; /* what the facts point to */
    double whole_sum[2];
    double samples_per_unit[2]; /* 0: not known */
    double amount_per_unit[2];  /* of the runs together; 0: amounts cannot be compared */
    char *unit;
    double *run_totals;  /* a column each */
    double *run_amounts; /* the same: amount of one unit of its value */
    double pace_doubt; /* standard error, relative, that pace adds to differences of amounts */
    double pace_loss;  /* 0, or by how much the estimated slope makes variances larger */
    uint64_t *self_of_functions; /* judged: after what was inlined has been followed */

    char **notes;
    size_t note_count, note_room;
};

enum { LEAST_SAMPLES = 5 }; /* what has fewer on both sides together is never called changed */

void comparison_note(struct comparison *comparison, const char *format, ...) PRINTF_LIKE(2, 3);

/* Fills the facts, the scales and the notes; `values` is the index of the value of each run. */
void comparison_describe(struct comparison *comparison, const struct compare_side sides[2],
                         const size_t *values);

/* Of several runs a side: takes the pace of the machine out of run_amounts, where it is known
 * and matters. */
void comparison_take_out_pace(struct comparison *comparison,
                              const struct compare_side sides[2]);

/* The standard error of the difference between the means of the sides, and its freedom. */
double comparison_runs_error(const struct comparison *comparison, const double *values,
                             enum basis basis, double *freedom);
/* The part of it that is due to the pace: it does not shrink with the scatter of a row. */
double comparison_pace_error(const struct comparison *comparison, const double *values);

/* What a row of the judged values says by one basis, without the adjustment for many. */
struct difference comparison_difference(const struct comparison *comparison,
                                        const uint64_t *row, enum basis basis);

/* One number a run of a row, by basis. */
void comparison_run_values(const struct comparison *comparison, const uint64_t *row,
                           enum basis basis, double *values);

#endif
