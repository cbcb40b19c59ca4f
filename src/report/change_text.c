#include "report/change_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* U+2212, which stands as high as the plus. */
#define MINUS "\u2212"

static bool in_seconds(const struct comparison *comparison)
{
    return !strcmp(comparison_unit(comparison), "CPU seconds");
}

/* ---- numbers ---- */

/* Digits behind the point, so that about three count. */
static int decimals(double value)
{
    value = fabs(value);
    return value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
}

/* Without unit: three digits, and large counts in short. */
static const char *number(double value, char text[CHANGE_TEXT])
{
    if (fabs(value) < 1e7)
        snprintf(text, CHANGE_TEXT, "%.*f", decimals(value), value);
    else
        snprintf(text, CHANGE_TEXT, "%.4g", value);
    return text;
}

/* How much of a number is left when nothing but zeros stands behind its point: of counts, which
 * have none. */
static int whole_part(const char *text)
{
    const char *point = strchr(text, '.');

    return point && !point[1 + strspn(point + 1, "0")] ? (int)(point - text)
                                                       : (int)strlen(text);
}

const char *change_amount(const struct comparison *comparison, double amount,
                          char text[CHANGE_TEXT])
{
    char one[CHANGE_TEXT];

    if (!in_seconds(comparison))
        snprintf(text, CHANGE_TEXT, "%.*s %.40s", whole_part(number(amount, one)), one,
                 comparison_unit(comparison));
    else if (fabs(amount) >= 0.9995 || amount == 0)
        snprintf(text, CHANGE_TEXT, "%.*f s", decimals(amount), amount);
    else
        snprintf(text, CHANGE_TEXT, "%.*f ms", decimals(amount * 1e3), amount * 1e3);
    return text;
}

static const char *percent(double share, char text[CHANGE_TEXT])
{
    snprintf(text, CHANGE_TEXT, "%.*f %%", fabs(share) < 0.0995 ? 2 : 1, 100 * share);
    return text;
}

const char *change_side(const struct comparison_report *report, const struct measure *measure,
                        int side, char text[CHANGE_TEXT])
{
    if (report->basis == BASIS_SHARE)
        return percent(measure->share[side], text);
    return change_amount(report->comparison, measure->amount[side], text);
}

static const char *sign_of(double value)
{
    return value < 0 ? MINUS : value > 0 ? "+" : "";
}

static void put_growth(char *text, size_t size, double before, double difference)
{
    double growth = before > 0 ? difference / before : 0;

    if (before <= 0)
        snprintf(text, size, difference > 0 ? " (new)" : "");
    else if (growth > 99.995)
        snprintf(text, size, " (%.3gx)", growth + 1);
    else
        snprintf(text, size, " (%s%.1f %%)", sign_of(growth), fabs(100 * growth));
}

/* Half the interval; it need not lie evenly, the wider half is honest. */
static double half_width(const struct difference *by)
{
    return fmax(by->high - by->difference, by->difference - by->low);
}

const char *change_difference(const struct comparison_report *report,
                              const struct measure *measure, char text[CHANGE_TEXT])
{
    const struct difference *by = &measure->by[report->basis];
    bool shares = report->basis == BASIS_SHARE;
    bool milli = !shares && in_seconds(report->comparison) && fabs(by->difference) < 0.9995;
    double scale = shares ? 100 : milli ? 1e3 : 1;
    const char *unit = shares                            ? "points"
                       : !in_seconds(report->comparison) ? ""
                       : milli                           ? "ms"
                                                         : "s";
    double half = half_width(by);
    char one[CHANGE_TEXT];
    size_t end = (size_t)snprintf(text, CHANGE_TEXT, "%s%s", sign_of(by->difference),
                                  number(fabs(scale * by->difference), one));

    if (isfinite(half))
        end +=
            (size_t)snprintf(text + end, CHANGE_TEXT - end, " ± %s", number(scale * half, one));
    end += (size_t)snprintf(text + end, CHANGE_TEXT - end, "%s%s", *unit ? " " : "", unit);
    /* What moved is judged where it lies now, and has not grown by what came to it. */
    if (by->change != CHANGE_MOVED)
        put_growth(text + end, CHANGE_TEXT - end, by->before, by->difference);
    return text;
}

const char *change_p(double p, char text[CHANGE_TEXT])
{
    if (p < 0.0001)
        snprintf(text, CHANGE_TEXT, "<0.0001");
    else
        snprintf(text, CHANGE_TEXT, p < 0.095 ? "%.2g" : "%.2f", p);
    return text;
}

const char *change_word(enum change change)
{
    static const char *const words[] = {[CHANGE_NONE] = "none",
                                        [CHANGE_MORE] = "more",
                                        [CHANGE_LESS] = "less",
                                        [CHANGE_MOVED] = "moved"};

    return words[change];
}

const char *verdict_word(enum verdict verdict)
{
    static const char *const words[] = {[VERDICT_PASS] = "pass",
                                        [VERDICT_REGRESSION] = "regression",
                                        [VERDICT_TOO_FEW] = "too few samples"};

    return words[verdict];
}

/* ---- rows ---- */

struct row {
    double rank;
    const char *name;
    function_id function;
};

static int by_rank(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? 1 : -1;
    return strcmp(x->name, y->name);
}

function_id *change_rows(const struct comparison_report *report, enum change change,
                         size_t *count)
{
    size_t functions, found = 0;
    const struct compare_function *of = comparison_functions(report->comparison, &functions);
    struct row *rows = xalloc((functions + 1) * sizeof(*rows));
    function_id *ids = xalloc((functions + 1) * sizeof(*ids));

    for (size_t i = 0; i < functions; i++) {
        const struct measure *self = &of[i].self;
        const struct difference *by = &self->by[report->basis];

        if (by->change == change && (self->value[0] || self->value[1]))
            rows[found++] = (struct row){.function = (function_id)i,
                                         .name = of[i].name,
                                         .rank = change == CHANGE_MORE || change == CHANGE_LESS
                                                     ? fabs(by->difference)
                                                     : fmax(self->share[0], self->share[1])};
    }
    qsort(rows, found, sizeof(*rows), by_rank);
    for (size_t i = 0; i < found; i++)
        ids[i] = rows[i].function;
    free(rows);
    *count = found;
    return ids;
}

size_t change_top(const struct comparison_report *report)
{
    return report->top ? report->top : 10;
}

const char **change_path(const struct comparison *comparison, uint32_t node, size_t *depth)
{
    size_t count, functions;
    const struct compare_node *nodes = comparison_nodes(comparison, &count);
    const struct compare_function *of = comparison_functions(comparison, &functions);
    const char **path;
    size_t at = 0;

    for (uint32_t i = node; i; i = nodes[i].parent)
        at++;
    *depth = at;
    path = xalloc((at + 1) * sizeof(*path));
    for (uint32_t i = node; i; i = nodes[i].parent)
        path[--at] = of[nodes[i].function].name;
    return path;
}

/* ---- sentences ---- */

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

char *comparison_input(const struct comparison *comparison, int side)
{
    const struct side_facts *facts = comparison_facts(comparison, side);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    fprintf(out, "%s (", facts->label);
    if (facts->runs > 1)
        fprintf(out, "%zu runs, ", facts->runs);
    if (facts->samples > 0)
        fprintf(out, "%.0f sample%s", facts->samples, rint(facts->samples) == 1 ? "" : "s");
    else
        fprintf(out, "%" PRIu64 " %s", facts->total, comparison_unit(comparison));
    if (*facts->event)
        fprintf(out, " of %s", facts->event);
    if (facts->frequency_hz > 0)
        fprintf(out, " at %.4g Hz", facts->frequency_hz);
    if (facts->duration_s > 0)
        fprintf(out, " in %.3g s", facts->duration_s);
    fputc(')', out);
    fclose(out);
    return text;
}

static const char *name_of(const struct comparison *comparison, function_id function)
{
    size_t count;

    return function == WHOLE ? "the whole"
                             : comparison_functions(comparison, &count)[function].name;
}

static const struct measure *measure_of(const struct comparison *comparison,
                                        function_id function)
{
    size_t count;

    return function == WHOLE ? comparison_whole(comparison)
                             : &comparison_functions(comparison, &count)[function].self;
}

static void put_limit(const struct gate *gate, FILE *out)
{
    if (gate->growth > 0)
        fprintf(out, "%.4g %%", 100 * gate->growth);
    if (gate->growth > 0 && gate->points > 0)
        fputs(" and ", out);
    if (gate->points > 0)
        fprintf(out, "%.4g point%s of share", 100 * gate->points,
                gate->points == 0.01 ? "" : "s");
}

static bool by_points(const struct gate *gate)
{
    return gate->points > 0 && gate->growth <= 0;
}

/* Two digits tell enough of an estimate: 0.043, 2.5, 940. */
static const char *two_digits(double number, char text[CHANGE_TEXT])
{
    double step = number >= 99.5 ? pow(10, floor(log10(number)) - 1) : 0;

    if (number >= 1e6)
        snprintf(text, CHANGE_TEXT, "over a million");
    else if (step > 0)
        snprintf(text, CHANGE_TEXT, "%.0f", round(number / step) * step);
    else
        snprintf(text, CHANGE_TEXT, "%.2g", number);
    return text;
}

static void put_least_growth(const struct gate *gate, double growth, FILE *out)
{
    char text[CHANGE_TEXT];

    fprintf(out, "%s %s", two_digits(100 * growth, text), by_points(gate) ? "points" : "%");
}

/* "4.1 % of the whole, or of 7 % in work": the growth that would have been seen. */
static void put_visible(const struct comparison_report *report, FILE *out)
{
    const struct judgement *judgement = report->judgement;

    if (isfinite(judgement->visible_whole)) {
        put_least_growth(report->gate, judgement->visible_whole, out);
        fputs(" of the whole", out);
    }
    if (isfinite(judgement->visible_whole) && isfinite(judgement->visible_hottest))
        fputs(", or of ", out);
    if (isfinite(judgement->visible_hottest)) {
        put_least_growth(report->gate, judgement->visible_hottest, out);
        fprintf(out, " in %s", name_of(report->comparison, judgement->hottest));
    }
}

static void put_regression(const struct comparison_report *report, FILE *out)
{
    const struct judgement *judgement = report->judgement;
    const struct failure *worst = &judgement->failures[0];
    const struct measure *measure = measure_of(report->comparison, worst->function);
    struct comparison_report by = *report;
    char before[CHANGE_TEXT], after[CHANGE_TEXT], change[CHANGE_TEXT], p[CHANGE_TEXT];

    by.basis = by_points(report->gate) ? BASIS_SHARE : report->gate->basis;
    fprintf(out, "%s grew from %s to %s, %s, p %s: more than the ",
            name_of(report->comparison, worst->function), change_side(&by, measure, 0, before),
            change_side(&by, measure, 1, after), change_difference(&by, measure, change),
            change_p(worst->p, p));
    put_limit(report->gate, out);
    fputs(" that are allowed, and not by chance.", out);
    if (judgement->failure_count == 1)
        fprintf(out, " It is the only one of %zu function%s judged.", judgement->judged,
                plural(judgement->judged));
    else
        fprintf(out, " So did %zu more of the %zu judged.", judgement->failure_count - 1,
                judgement->judged);
}

/* ", and in 2 functions not even 5 %: in work only 11 %"; what would have been seen in the
 * hottest has been said. */
static void put_unseen(const struct comparison_report *report, FILE *out)
{
    const struct judgement *judgement = report->judgement;

    if (judgement->largest_unseen == WHOLE)
        return;
    fprintf(out, ", and in %zu function%s not even ", judgement->unseen,
            plural(judgement->unseen));
    put_limit(report->gate, out);
    if (judgement->largest_unseen == judgement->hottest)
        return;
    fprintf(out, ": in %s ", name_of(report->comparison, judgement->largest_unseen));
    if (isfinite(judgement->visible_unseen)) {
        /* Three digits, as the limit may be near. */
        fprintf(out, "only %.3g %s", 100 * judgement->visible_unseen,
                by_points(report->gate) ? "points" : "%");
    } else {
        fputs("none at all", out);
    }
}

static void put_pass(const struct comparison_report *report, FILE *out)
{
    const struct judgement *judgement = report->judgement;

    fprintf(out, "nothing grew by more than ");
    put_limit(report->gate, out);
    fprintf(
        out, " beyond chance; %zu function%s of at least 1 %% %s judged, by %s. A growth of ",
        judgement->judged, plural(judgement->judged), judgement->judged == 1 ? "was" : "were",
        report->gate->basis == BASIS_SHARE ? "share" : comparison_unit(report->comparison));
    put_visible(report, out);
    fputs(" would have been seen four times in five, a smaller one less often", out);
    put_unseen(report, out);
    fputs(".", out);
}

/* "about 2.1 times as many runs (15 a side)". */
static void put_how_many(const struct comparison *comparison, double more, FILE *out)
{
    const struct side_facts *before = comparison_facts(comparison, 0);
    const struct side_facts *after = comparison_facts(comparison, 1);
    size_t runs = before->runs < after->runs ? before->runs : after->runs;
    char text[CHANGE_TEXT];

    fprintf(out, "; about %s times as many ", two_digits(more, text));
    if (!comparison_of_runs(comparison))
        fputs("samples would do.", out);
    else if (more * (double)runs < 1e4)
        fprintf(out, "runs (%.0f a side), or runs as much longer, would do.",
                ceil(more * (double)runs));
    else
        fputs("runs, or runs as much longer, would do.", out);
}

static void put_too_few(const struct comparison_report *report, FILE *out)
{
    const struct judgement *judgement = report->judgement;
    const struct gate *gate = report->gate;
    double seen = fmin(judgement->visible_whole, judgement->visible_hottest);
    double more = pow(seen / (by_points(gate) ? gate->points : gate->growth), 2);

    fprintf(out, "no growth of ");
    put_limit(gate, out);
    fprintf(out, " could have been seen in what was measured. ");
    if (!isfinite(seen)) {
        fputs(judgement->judged
                  ? "One function takes everything, so that its share cannot grow; "
                    "compare amounts (--by amount)."
                  : "There is nothing to judge.",
              out);
        return;
    }
    fputs("Only one of ", out);
    put_visible(report, out);
    fputs(" would have been, four times in five", out);
    if (judgement->pace_hides)
        fputs(", as the machine itself was another after than before: record the baseline "
              "anew, or let both sides take turns (fiq ab).",
              out);
    else
        put_how_many(report->comparison, fmax(more, 1.1), out);
}

char *change_verdict(const struct comparison_report *report)
{
    static void (*const sentences[])(const struct comparison_report *report,
                                     FILE *out) = {[VERDICT_PASS] = put_pass,
                                                   [VERDICT_REGRESSION] = put_regression,
                                                   [VERDICT_TOO_FEW] = put_too_few};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    sentences[report->judgement->verdict](report, out);
    fclose(out);
    return text;
}

const char **change_sentences(const struct comparison_report *report)
{
    size_t notes, remarks = report->remark_count;
    const char *const *note = comparison_notes(report->comparison, &notes);
    const char **sentences = xcalloc(remarks + notes + 1, sizeof(*sentences));

    for (size_t i = 0; i < remarks; i++)
        sentences[i] = report->remarks[i];
    for (size_t i = 0; i < notes; i++)
        sentences[remarks + i] = note[i];
    return sentences;
}

static bool holds_what_moved(const struct comparison *comparison,
                             const struct compare_function *function)
{
    size_t count;
    const struct compare_function *functions = comparison_functions(comparison, &count);
    function_id id = (function_id)(function - functions);

    for (size_t i = 0; i < count; i++)
        if (functions[i].moved[0] == id || functions[i].moved[1] == id)
            return true;
    return false;
}

char *change_remark(const struct comparison *comparison,
                    const struct compare_function *function)
{
    if (function->with_inlined)
        return xstrdup("with what is inlined into it");
    for (int side = 0; side < 2; side++)
        if (function->moved[side] != NOT_MOVED)
            return xasprintf(side ? "was part of %s before (inlined)"
                                  : "is part of %s now (inlined)",
                             name_of(comparison, function->moved[side]));
    if (!function->names[0] || !function->total.value[0])
        return xstrdup("new");
    if (!function->names[1] || !function->total.value[1])
        return xstrdup("gone");
    if (strcmp(function->names[0], function->names[1]))
        return xasprintf("was %s", function->names[0]);
    if (holds_what_moved(comparison, function))
        return xstrdup("the change is without what was inlined");
    return NULL;
}

static void put_changes(const struct comparison_report *report, FILE *out)
{
    size_t more, less;
    function_id *up = change_rows(report, CHANGE_MORE, &more);
    function_id *down = change_rows(report, CHANGE_LESS, &less);
    char text[CHANGE_TEXT];

    if (!more && !less) {
        fputs(report->basis == BASIS_SHARE ? "no function's share changed beyond noise"
                                           : "no function changed beyond noise",
              out);
    } else {
        function_id worst = more ? up[0] : down[0];

        fprintf(out, "%zu function%s take%s more, %zu less; most of all %s: %s", more,
                plural(more), more == 1 ? "s" : "", less, name_of(report->comparison, worst),
                change_difference(report, measure_of(report->comparison, worst), text));
    }
    free(up);
    free(down);
}

/* What the verdict does not say, as it looks for growth: that something takes less. */
static char *change_gain(const struct comparison_report *report)
{
    const struct measure *whole = comparison_whole(report->comparison);
    struct comparison_report amounts = *report;
    char text[CHANGE_TEXT];

    amounts.basis = BASIS_AMOUNT;
    if (report->basis != BASIS_AMOUNT || whole->by[BASIS_AMOUNT].change != CHANGE_LESS)
        return xstrdup("");
    return xasprintf(" The whole takes less: %s.", change_difference(&amounts, whole, text));
}

char *comparison_summary(const struct comparison_report *report)
{
    char *text = NULL, *verdict, *gain;
    size_t size;
    FILE *out;

    if (report->judgement) {
        verdict = change_verdict(report);
        gain = change_gain(report);
        text = xasprintf("%s: %s%s", verdict_word(report->judgement->verdict), verdict, gain);
        free(verdict);
        free(gain);
        return text;
    }
    out = open_memstream(&text, &size);
    put_changes(report, out);
    fclose(out);
    return text;
}

/* "18.3 % → 16.5 %, −1.8 ± 0.9 points, 1.44 s → 1.30 s" */
static size_t put_both(const struct comparison_report *shares, const struct measure *measure,
                       char *text, size_t size)
{
    const struct comparison *comparison = shares->comparison;
    const struct difference *by = &measure->by[BASIS_SHARE];
    char one[CHANGE_TEXT], other[CHANGE_TEXT];
    size_t end = (size_t)snprintf(
        text, size, "%s → %s, %s%.2f ± %.2f points", change_side(shares, measure, 0, one),
        change_side(shares, measure, 1, other), sign_of(by->difference),
        fabs(100 * by->difference), 100 * half_width(by));

    if (*comparison_unit(comparison) && end < size)
        end += (size_t)snprintf(text + end, size - end, ", %s → %s",
                                change_amount(comparison, measure->amount[0], one),
                                change_amount(comparison, measure->amount[1], other));
    return end < size ? end : size - 1;
}

static const char *meaning(const struct measure *measure)
{
    static const char *const words[] = {[CHANGE_NONE] = "within noise",
                                        [CHANGE_MORE] = "more",
                                        [CHANGE_LESS] = "less",
                                        [CHANGE_MOVED] = "moved by inlining"};

    if (measure->by[BASIS_SHARE].change == CHANGE_MOVED)
        return words[CHANGE_MOVED];
    if (measure->value[0] && !measure->value[1])
        return measure->by[BASIS_SHARE].change == CHANGE_NONE ? "gone, within noise" : "gone";
    if (!measure->value[0] && measure->value[1])
        return measure->by[BASIS_SHARE].change == CHANGE_NONE ? "new, within noise" : "new";
    return words[measure->by[BASIS_SHARE].change];
}

void comparison_detail(const struct comparison *comparison, uint32_t id, char *text,
                       size_t size)
{
    struct comparison_report shares = {.comparison = comparison, .basis = BASIS_SHARE};
    size_t count;
    const struct compare_node *node = &comparison_nodes(comparison, &count)[id];
    size_t end = put_both(&shares, &node->total, text, size);

    end += (size_t)snprintf(text + end, size - end, ", %s", meaning(&node->total));
    if (end >= size || (!node->self.value[0] && !node->self.value[1]))
        return;
    if (!memcmp(node->self.value, node->total.value, sizeof(node->self.value))) {
        snprintf(text + end, size - end, "; all of it its own");
        return;
    }
    end += (size_t)snprintf(text + end, size - end, "; self ");
    if (end >= size)
        return;
    end += put_both(&shares, &node->self, text + end, size - end);
    snprintf(text + end, size - end, ", %s", meaning(&node->self));
}
