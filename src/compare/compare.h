#ifndef FIQ_COMPARE_COMPARE_H
#define FIQ_COMPARE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "compare/names.h"
#include "profile/profile.h"

/*
 * What changed between two profiles, or between two sets of runs.
 *
 * Both sides lie in one tree: a node stands for one path of functions, with what was measured
 * before and after.  Processes and threads are no part of it.  Every difference is stated in
 * two ways: as share of everything, which does not care how long or how fast was sampled, and
 * as amount (CPU seconds a run, where the profiles say what a sample is worth).  It carries its
 * 95 % interval and whether it is more than chance.
 *
 * With one profile a side the chance is that of sampling; with several the runs are the unit
 * and their spread decides.
 *
 * A comparison copies what it needs; the profiles may be freed.  It never changes.
 */
struct comparison;

enum { BEFORE, AFTER };

struct compare_side {
    const struct profile *const *runs;
    size_t count;
    const char *label; /* a file's name or a command: what the reader knows the side by */
    /* What one fixed piece of work took at the time of each run, in any unit; NULL, or 0 in it,
     * when that is not known.  With eight runs and more, what it explains of the scatter of
     * amounts is taken out of them. */
    const double *paces;
};

struct compare_options {
    struct name_rules names;
    const char *value; /* name of the value type to be compared; NULL: the default one */
};

/* -ENODATA when a side has no run, -ENOENT when a value type or a mapped name is missing. */
int compare_new(struct comparison **comparison, const struct compare_side sides[2],
                const struct compare_options *options, struct error *err);
void comparison_free(struct comparison *comparison);

/* ---- differences ---- */

enum basis { BASIS_SHARE, BASIS_AMOUNT, BASES };

enum change {
    CHANGE_NONE, /* within noise */
    CHANGE_MORE,
    CHANGE_LESS,
    CHANGE_MOVED, /* differs, but lies in its caller now (or no more): inlining */
};

struct difference {
    double difference, low, high; /* after - before; points are shares: 0.02 is two points */
    double before;                /* as it was judged: without what inlining moved */
    double p;                     /* of this one alone */
    double adjusted;              /* for as many as were asked (Benjamini and Hochberg) */
    enum change change;
};

/* One quantity: what ended in a function or passed through it. */
struct measure {
    uint64_t value[2]; /* in the unit of the input, summed over the runs */
    double share[2];   /* 0 to 1 */
    double amount[2];  /* mean of a run */
    struct difference by[BASES];
};

/*
 * Functions by name come first; the cost of an inlined function is its own.  Behind them, those
 * that something was inlined into come once more, with_inlined: there what was inlined counts
 * for them, as the machine has it.
 */
struct compare_function {
    const char *name;           /* as it is called after, or before when it is gone */
    const char *names[2];       /* as each side calls it; NULL where it does not occur */
    struct measure self, total; /* recursion counts once in total */
    function_id moved[2];       /* where most of its cost of that side lies on the other side,
                                   or NOT_MOVED */
    bool with_inlined;
    function_id by_name; /* the same function in its first place; a node's number for it */
    uint32_t hottest;    /* the node with most of the change of self; 0 when there is none */
};
#define NOT_MOVED UINT32_MAX

struct compare_node {
    uint32_t parent;      /* smaller than the node's own number; the root is 0 */
    function_id function; /* the root has none: UINT32_MAX */
    struct measure self, total;
};

const struct compare_node *comparison_nodes(const struct comparison *comparison, size_t *count);
const struct compare_function *comparison_functions(const struct comparison *comparison,
                                                    size_t *count);

/* The whole; its share is 1, so only the amount can have changed. */
const struct measure *comparison_whole(const struct comparison *comparison);

/* ---- the inputs ---- */

struct side_facts {
    const char *label, *event, *command, *host;
    size_t runs;
    uint64_t total;      /* in `unit`, saturated */
    double samples;      /* 0 when unknown */
    double frequency_hz; /* 0 when unknown */
    double duration_s;   /* 0 when unknown, summed over runs */
    double complete;     /* share of stacks that reach their root; negative when unknown */
};

const struct side_facts *comparison_facts(const struct comparison *comparison, int side);

/* "CPU seconds", "samples", "bytes": the unit of amounts.  "" when amounts of the two sides
 * cannot be compared. */
const char *comparison_unit(const struct comparison *comparison);

/* True when runs were compared, false when samples were. */
bool comparison_of_runs(const struct comparison *comparison);

/* Sentences on what makes the two sides different beside the program: event, rate, command,
 * quality, and on what could not be judged. */
const char *const *comparison_notes(const struct comparison *comparison, size_t *count);

/* ---- the gate ---- */

enum verdict { VERDICT_PASS, VERDICT_REGRESSION, VERDICT_TOO_FEW };

struct gate {
    enum basis basis;
    double growth; /* 0.05: what grew by more than 5 % of itself fails; 0: not asked */
    double points; /* 0.02: what grew by more than two points of share fails; 0: not asked */
};

struct judgement {
    enum verdict verdict;
    size_t judged; /* how many functions were big enough to be asked */
    /* What failed, greatest growth first; WHOLE stands for the whole. */
    struct failure {
        function_id function;
        double growth; /* relative to before, or points; HUGE_VAL when it is new */
        double p;      /* adjusted by Holm */
    } * failures;
    size_t failure_count;
    /* The growth (relative, or points where only these were asked for) that would have been
     * seen with a chance of 80 %: of the whole, and of the function
     * that takes most.
     * HUGE_VAL when there was nothing to be seen. */
    double visible_whole, visible_hottest;
    function_id hottest; /* WHOLE when there is none */
    /* That the machine was another after than before hides more than the scatter of the runs
     * does: more of them would not help. */
    bool pace_hides;
    /* Functions in which a growth of the limit would have been missed, the one of them that
     * takes most, and what would have been seen in it. */
    size_t unseen;
    function_id largest_unseen;
    double visible_unseen;
};
#define WHOLE UINT32_MAX

/* Growth counts when it is above the limit and not by chance (one false alarm in fifty at most,
 * by Holm over all that were judged: functions of at least 1 % on a side, and the whole where
 * amounts are judged).  Growth
 * that would have been missed even where it shows best gives VERDICT_TOO_FEW, never a pass.
 * `judgement` is to be given to judgement_end(). */
void comparison_judge(const struct comparison *comparison, const struct gate *gate,
                      struct judgement *judgement);
void judgement_end(struct judgement *judgement);

/* Whether a function is big enough to be judged. */
bool comparison_judges(const struct comparison *comparison, function_id function);

#endif
