#include "compare/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/saturate.h"
#include "base/xalloc.h"
#include "compare/comparison.h"
#include "compare/stats.h"
#include "profile/view.h"

/* Of what is called changed, one in twenty may be so by chance. */
static const double FALSE_DISCOVERIES = 0.05;
/* Millions of samples make any difference certain; below this it is of no interest. */
static const double LEAST_CHANGE = 0.01;   /* of the larger side */
static const double LEAST_POINTS = 0.0001; /* of everything */

/* What is less of a side may have vanished by chance, and is not looked for elsewhere. */
static const double LEAST_MOVED = 0.002, LEAST_SAMPLES_MOVED = 20;

/* ---- values ---- */

static int find_value(const struct profile *run, const char *name, size_t *value)
{
    size_t count;
    const struct value_type *types = profile_value_types(run, &count);

    for (size_t i = 0; i < count; i++)
        if (!strcmp(profile_string(run, types[i].name), name)) {
            *value = i;
            return 0;
        }
    return -ENOENT;
}

static void list_values(const struct profile *run, struct error *err)
{
    char list[200] = "";
    size_t count;
    const struct value_type *types = profile_value_types(run, &count);

    for (size_t i = 0; i < count; i++) {
        const char *name = profile_string(run, types[i].name);

        if (strlen(list) + strlen(name) + 3 < sizeof(list))
            strcat(strcat(list, i ? ", " : ""), name);
    }
    error_hint(err, "there are: %s", list);
}

/* Which value of each run: the one asked for, else the default of the first run, which each
 * other run has by that name or, when it does not, has its own default. */
static int choose_values(const struct compare_side sides[2], const char *wanted, size_t *values,
                         struct error *err)
{
    size_t column = 0, count;
    const char *usual;

    for (int i = 0; i < 2; i++)
        if (!sides[i].count)
            return error_set(err, ENODATA, "there is nothing %s", i ? "after" : "before");
    usual = profile_string(
        sides[0].runs[0],
        profile_value_types(sides[0].runs[0], &count)[profile_default_value(sides[0].runs[0])]
            .name);
    for (int i = 0; i < 2; i++)
        for (size_t j = 0; j < sides[i].count; j++, column++) {
            const struct profile *run = sides[i].runs[j];

            values[column] = profile_default_value(run);
            if (find_value(run, wanted ? wanted : usual, &values[column]) && wanted) {
                error_set(err, ENOENT, "%s has no value named %s", sides[i].label, wanted);
                list_values(run, err);
                return -ENOENT;
            }
        }
    return 0;
}

/* ---- one row ---- */

static double side_sum(const struct comparison *comparison, const uint64_t *row, int side)
{
    double sum = 0;
    size_t from = side ? comparison->tree.runs[0] : 0;

    for (size_t i = 0; i < comparison->tree.runs[side]; i++)
        sum += (double)row[from + i];
    return sum;
}

void comparison_run_values(const struct comparison *comparison, const uint64_t *row,
                           enum basis basis, double *values)
{
    for (size_t i = 0; i < comparison->tree.columns; i++) {
        double whole = comparison->run_totals[i];

        if (basis == BASIS_AMOUNT)
            values[i] = (double)row[i] * comparison->run_amounts[i];
        else
            values[i] = whole > 0 ? (double)row[i] / whole : 0;
    }
}

/* The difference as it is, with nothing known of its noise. */
static struct estimate exact_difference(const struct comparison *comparison,
                                        const double sums[2], enum basis basis)
{
    double scale[2];
    struct estimate estimate;

    for (int i = 0; i < 2; i++)
        scale[i] = basis == BASIS_AMOUNT
                       ? comparison->amount_per_unit[i] / (double)comparison->tree.runs[i]
                   : comparison->whole_sum[i] > 0 ? 1 / comparison->whole_sum[i]
                                                  : 0;
    estimate.difference = sums[1] * scale[1] - sums[0] * scale[0];
    estimate.low = estimate.high = estimate.difference;
    estimate.p = estimate.difference == 0;
    return estimate;
}

/* By sampling alone: the runs of a side, if there are several, count as one. */
static struct estimate sampled_difference(const struct comparison *comparison,
                                          const double sums[2], enum basis basis)
{
    double sides[2][2];

    for (int i = 0; i < 2; i++) {
        double per_unit = comparison->samples_per_unit[i];

        sides[i][0] = sums[i] * per_unit;
        sides[i][1] = basis == BASIS_SHARE ? comparison->whole_sum[i] * per_unit
                                           : comparison->amount_per_unit[i] / per_unit /
                                                 (double)comparison->tree.runs[i];
    }
    return basis == BASIS_SHARE ? compare_proportions(sides[0], sides[1])
                                : compare_amounts(sides[0], sides[1]);
}

static struct estimate run_difference(const struct comparison *comparison, const uint64_t *row,
                                      enum basis basis)
{
    const size_t *runs = comparison->tree.runs;
    double *values = xalloc(comparison->tree.columns * sizeof(*values));
    struct estimate estimate;

    comparison_run_values(comparison, row, basis, values);
    estimate = compare_runs(values, runs[0], values + runs[0], runs[1]);
    if (basis == BASIS_AMOUNT && comparison->pace_loss > 0) {
        double freedom, error = comparison_runs_error(comparison, values, basis, &freedom);

        estimate = student_estimate(estimate.difference, error, freedom);
    }
    free(values);
    return estimate;
}

static struct estimate nothing(enum basis basis)
{
    struct estimate estimate = {.p = 1};

    if (basis == BASIS_SHARE) {
        estimate.low = -1;
        estimate.high = 1;
    }
    return estimate;
}

struct difference comparison_difference(const struct comparison *comparison,
                                        const uint64_t *row, enum basis basis)
{
    double sums[2] = {side_sum(comparison, row, 0), side_sum(comparison, row, 1)};
    const double *per_unit = comparison->samples_per_unit;
    bool empty = comparison->whole_sum[0] <= 0 || comparison->whole_sum[1] <= 0;
    bool counted = per_unit[0] > 0 && per_unit[1] > 0;
    struct estimate estimate;

    if (empty || (basis == BASIS_AMOUNT && comparison->amount_per_unit[0] <= 0))
        estimate = nothing(basis);
    else if (comparison_of_runs(comparison))
        estimate = run_difference(comparison, row, basis);
    else if (counted)
        estimate = sampled_difference(comparison, sums, basis);
    else
        estimate = exact_difference(comparison, sums, basis);
    if (counted && sums[0] * per_unit[0] + sums[1] * per_unit[1] < LEAST_SAMPLES)
        estimate.p = 1;
    return (struct difference){.difference = estimate.difference,
                               .low = estimate.low,
                               .high = estimate.high,
                               .p = estimate.p,
                               .adjusted = 1};
}

static void put_sides(const struct comparison *comparison, const uint64_t *row,
                      struct measure *measure)
{
    const struct tree *tree = &comparison->tree;

    for (size_t i = 0; i < tree->columns; i++) {
        int side = i >= tree->runs[0];

        measure->value[side] = saturating_add(measure->value[side], row[i]);
        measure->amount[side] +=
            (double)row[i] * comparison->run_amounts[i] / (double)tree->runs[side];
    }
    for (int i = 0; i < 2; i++) {
        if (comparison->whole_sum[i] > 0)
            measure->share[i] = side_sum(comparison, row, i) / comparison->whole_sum[i];
    }
}

static struct measure measure_row(const struct comparison *comparison, const uint64_t *row,
                                  const uint64_t *judged)
{
    bool moved = memcmp(row, judged, comparison->tree.columns * sizeof(*row));
    struct measure measure = {0}, as_judged = {0};

    put_sides(comparison, row, &measure);
    if (moved)
        put_sides(comparison, judged, &as_judged);
    else
        as_judged = measure;
    for (enum basis basis = 0; basis < BASES; basis++) {
        struct difference *by = &measure.by[basis];

        *by = comparison_difference(comparison, judged, basis);
        by->before = basis == BASIS_SHARE ? as_judged.share[0] : as_judged.amount[0];
        /* Marked here, and kept when the judged difference turns out to be noise. */
        if (moved)
            by->change = CHANGE_MOVED;
    }
    return measure;
}

/* ---- all rows ---- */

static bool matters(const struct measure *measure, enum basis basis)
{
    const double *sides = basis == BASIS_SHARE ? measure->share : measure->amount;
    double larger = sides[0] > sides[1] ? sides[0] : sides[1];
    double difference = fabs(measure->by[basis].difference);

    return difference >= LEAST_CHANGE * larger &&
           (basis == BASIS_AMOUNT || difference >= LEAST_POINTS);
}

static void decide(struct measure *measure, enum basis basis)
{
    struct difference *by = &measure->by[basis];

    if (by->adjusted <= FALSE_DISCOVERIES && matters(measure, basis))
        by->change = by->difference > 0 ? CHANGE_MORE : CHANGE_LESS;
}

/* Measures at equal distances, as they lie within structs of nodes or of functions. */
static void judge_many(void *first, size_t count, size_t stride)
{
    double *p = xalloc((count + 1) * sizeof(*p));

    for (enum basis basis = 0; basis < BASES; basis++) {
        size_t asked = 0;

        for (size_t i = 0; i < count; i++) {
            struct measure *measure = (struct measure *)((char *)first + i * stride);

            if (measure->by[basis].p < 1)
                p[asked++] = measure->by[basis].p;
        }
        adjust_false_discovery(p, asked);
        asked = 0;
        for (size_t i = 0; i < count; i++) {
            struct measure *measure = (struct measure *)((char *)first + i * stride);

            if (measure->by[basis].p < 1)
                measure->by[basis].adjusted = p[asked++];
            decide(measure, basis);
        }
    }
    free(p);
}

static void measure_nodes(struct comparison *comparison, const uint64_t *judged_self,
                          const uint64_t *judged_total)
{
    const struct tree *tree = &comparison->tree;

    comparison->node_count = tree->count;
    comparison->nodes = xcalloc(tree->count, sizeof(*comparison->nodes));
    for (size_t i = 0; i < tree->count; i++) {
        size_t row = i * tree->columns;

        comparison->nodes[i] = (struct compare_node){
            .parent = tree->nodes[i].parent,
            .function = tree->nodes[i].function,
            .self = measure_row(comparison, tree->self + row, judged_self + row),
            .total = measure_row(comparison, tree->total + row, judged_total + row)};
    }
    judge_many(&comparison->nodes->self, tree->count, sizeof(*comparison->nodes));
    judge_many(&comparison->nodes->total, tree->count, sizeof(*comparison->nodes));
    comparison->whole = comparison->nodes[0].total;
    /* The whole is one question of its own, not one of thousands. */
    for (enum basis basis = 0; basis < BASES; basis++) {
        struct difference *by = &comparison->whole.by[basis];

        by->adjusted = by->p;
        by->change = CHANGE_NONE;
        decide(&comparison->whole, basis);
    }
}

/* Fills a function from its rows, in the place where it is to stand. */
static void measure_function(struct comparison *comparison, size_t place, function_id id,
                             const uint64_t *self, const uint64_t *total,
                             const uint64_t *total_judged, const function_id *moved)
{
    const struct tree *tree = &comparison->tree;
    struct compare_function *function = &comparison->functions[place];
    size_t row = id * tree->columns;

    for (int side = 0; side < 2; side++) {
        function->names[side] = names_text(tree->names, id, side);
        function->moved[side] = moved[2 * (size_t)id + (size_t)side];
    }
    function->name = function->names[1] ? function->names[1] : function->names[0];
    function->by_name = id;
    function->self = measure_row(comparison, self + row,
                                 comparison->self_of_functions + place * tree->columns);
    function->total = measure_row(comparison, total + row, total_judged + row);
}

/* The functions by name, then those that something was inlined into: their rows differ. */
static size_t list_functions(struct comparison *comparison, const uint64_t *judged_self,
                             function_id **ids)
{
    const struct tree *tree = &comparison->tree;
    size_t names = names_function_count(tree->names), count = names;
    size_t size = tree->columns * sizeof(uint64_t);
    uint64_t *by_name = tree_self_of_functions(tree, judged_self);
    uint64_t *own = tree_own_of_functions(tree, judged_self);
    uint64_t *rows = xalloc(2 * names * size + 1);

    *ids = xalloc((2 * names + 1) * sizeof(**ids));
    memcpy(rows, by_name, names * size);
    for (function_id i = 0; i < names; i++)
        (*ids)[i] = i;
    for (function_id i = 0; i < names; i++) {
        const uint64_t *with = own + i * tree->columns;
        bool any = false;

        for (size_t j = 0; j < tree->columns; j++)
            any |= with[j] > by_name[i * tree->columns + j];
        if (!any)
            continue;
        memcpy(rows + count * tree->columns, with, size);
        (*ids)[count++] = i;
    }
    comparison->self_of_functions = rows;
    free(by_name);
    free(own);
    return count;
}

static void measure_functions(struct comparison *comparison, const uint64_t *judged_self,
                              const uint64_t *judged_total, const function_id *moved)
{
    const struct tree *tree = &comparison->tree;
    size_t names = names_function_count(tree->names);
    uint64_t *self = tree_self_of_functions(tree, tree->self);
    uint64_t *own = tree_own_of_functions(tree, tree->self);
    uint64_t *total = tree_total_of_functions(tree, tree->total);
    uint64_t *total_judged = tree_total_of_functions(tree, judged_total);
    function_id *ids;

    comparison->function_count = list_functions(comparison, judged_self, &ids);
    comparison->functions =
        xcalloc(comparison->function_count + 1, sizeof(*comparison->functions));
    for (size_t i = 0; i < comparison->function_count; i++) {
        measure_function(comparison, i, ids[i], i < names ? self : own, total, total_judged,
                         moved);
        comparison->functions[i].with_inlined = i >= names;
    }
    judge_many(&comparison->functions->self, comparison->function_count,
               sizeof(*comparison->functions));
    judge_many(&comparison->functions->total, comparison->function_count,
               sizeof(*comparison->functions));
    free(self);
    free(own);
    free(ids);
    free(total);
    free(total_judged);
}

static enum basis usual_basis(const struct comparison *comparison)
{
    return comparison_of_runs(comparison) && *comparison->unit ? BASIS_AMOUNT : BASIS_SHARE;
}

/* The node that changed most in the direction in which its function changed. */
static void offer_hottest(struct comparison *comparison, size_t place, uint32_t node)
{
    enum basis basis = usual_basis(comparison);
    struct compare_function *function = &comparison->functions[place];
    const struct compare_node *nodes = comparison->nodes;
    double sign = function->self.by[basis].difference < 0 ? -1 : 1;
    double so_far =
        function->hottest ? sign * nodes[function->hottest].self.by[basis].difference : 0;

    if (sign * nodes[node].self.by[basis].difference > so_far)
        function->hottest = node;
}

static void find_hottest(struct comparison *comparison)
{
    const struct tree *tree = &comparison->tree;
    size_t names = names_function_count(tree->names);
    uint32_t *owners = tree_owners(tree);
    uint32_t *again = xcalloc(names + 1, sizeof(*again)); /* its place with_inlined, or 0 */

    for (size_t i = names; i < comparison->function_count; i++)
        again[comparison->functions[i].by_name] = (uint32_t)i;
    for (uint32_t i = 1; i < comparison->node_count; i++) {
        function_id owner = tree->nodes[owners[i]].function;

        offer_hottest(comparison, comparison->nodes[i].function, i);
        if (again[owner])
            offer_hottest(comparison, again[owner], i);
    }
    free(owners);
    free(again);
}

static void compare_tree(struct comparison *comparison)
{
    const struct tree *tree = &comparison->tree;
    size_t size = tree->count * tree->columns * sizeof(uint64_t);
    uint64_t *judged_self = xalloc(size), *judged_total = xalloc(size);
    double least[2];
    function_id *moved;

    memcpy(judged_self, tree->self, size);
    for (int i = 0; i < 2; i++) {
        double samples = comparison->whole_sum[i] * comparison->samples_per_unit[i];

        least[i] = fmax(LEAST_MOVED, samples > 0 ? LEAST_SAMPLES_MOVED / samples : 0);
    }
    moved = tree_follow_inlining(tree, judged_self, least);
    tree_totals(tree, judged_self, judged_total);
    measure_nodes(comparison, judged_self, judged_total);
    measure_functions(comparison, judged_self, judged_total, moved);
    find_hottest(comparison);
    free(moved);
    free(judged_self);
    free(judged_total);
}

/* Sums of a column in double: those of the tree stop at 2^64. */
static void sum_columns(struct comparison *comparison)
{
    const struct tree *tree = &comparison->tree;

    comparison->run_totals = xcalloc(tree->columns, sizeof(double));
    for (size_t i = 0; i < tree->count * tree->columns; i++)
        comparison->run_totals[i % tree->columns] += (double)tree->self[i];
    for (size_t i = 0; i < tree->columns; i++) {
        uint64_t *total = &comparison->facts[i >= tree->runs[0]].total;

        *total = saturating_add(*total, tree->total[i]);
    }
}

static struct view **open_views(const struct compare_side sides[2], const size_t *values)
{
    struct view **views = xcalloc(sides[0].count + sides[1].count, sizeof(struct view *));
    size_t column = 0;

    for (int i = 0; i < 2; i++)
        for (size_t j = 0; j < sides[i].count; j++, column++)
            views[column] = view_new(sides[i].runs[j], &(struct view_options){
                                                           .value = values[column],
                                                           .processes = VIEW_PROCESSES_NEVER,
                                                       });
    return views;
}

static int merge_runs(struct comparison *comparison, const struct compare_side sides[2],
                      const struct name_rules *rules, const size_t *values, struct error *err)
{
    size_t runs[2] = {sides[0].count, sides[1].count};
    struct view **views = open_views(sides, values);
    int failed = tree_merge(&comparison->tree, views, runs, rules, err);

    for (size_t i = 0; i < runs[0] + runs[1]; i++)
        view_free(views[i]);
    free(views);
    return failed;
}

int compare_new(struct comparison **made, const struct compare_side sides[2],
                const struct compare_options *options, struct error *err)
{
    struct comparison *comparison = xcalloc(1, sizeof(*comparison));
    size_t *values = xcalloc(sides[0].count + sides[1].count + 1, sizeof(*values));
    int failed = choose_values(sides, options->value, values, err);

    if (!failed)
        failed = merge_runs(comparison, sides, &options->names, values, err);
    if (!failed) {
        sum_columns(comparison);
        comparison_describe(comparison, sides, values);
        if (comparison_of_runs(comparison))
            comparison_take_out_pace(comparison, sides);
        compare_tree(comparison);
    }
    free(values);
    if (failed) {
        comparison_free(comparison);
        return failed;
    }
    *made = comparison;
    return 0;
}

void comparison_free(struct comparison *comparison)
{
    if (!comparison)
        return;
    tree_free(&comparison->tree);
    free(comparison->nodes);
    free(comparison->functions);
    for (int i = 0; i < 2; i++)
        for (size_t j = 0; j < ARRAY_LENGTH(comparison->texts[i]); j++)
            free(comparison->texts[i][j]);
    free(comparison->unit);
    free(comparison->run_totals);
    free(comparison->run_amounts);
    free(comparison->self_of_functions);
    for (size_t i = 0; i < comparison->note_count; i++)
        free(comparison->notes[i]);
    free(comparison->notes);
    free(comparison);
}

/* ---- what others read ---- */

const struct compare_node *comparison_nodes(const struct comparison *comparison, size_t *count)
{
    *count = comparison->node_count;
    return comparison->nodes;
}

const struct compare_function *comparison_functions(const struct comparison *comparison,
                                                    size_t *count)
{
    *count = comparison->function_count;
    return comparison->functions;
}

const struct measure *comparison_whole(const struct comparison *comparison)
{
    return &comparison->whole;
}

const struct side_facts *comparison_facts(const struct comparison *comparison, int side)
{
    return &comparison->facts[side];
}

const char *comparison_unit(const struct comparison *comparison)
{
    return comparison->unit;
}

bool comparison_of_runs(const struct comparison *comparison)
{
    return comparison->tree.runs[0] > 1 && comparison->tree.runs[1] > 1;
}

const char *const *comparison_notes(const struct comparison *comparison, size_t *count)
{
    *count = comparison->note_count;
    return (const char *const *)comparison->notes;
}
