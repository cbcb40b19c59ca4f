/* A comparison for programs: JSON with everything, JUnit, and folded text with two counts. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/xalloc.h"
#include "report/change_text.h"
#include "report/comparison_formats.h"

/* ---- JSON ---- */

static void put_pair(struct json_writer *json, const char *key, const double values[2])
{
    json_key(json, key);
    json_open(json, '[');
    json_real(json, values[0]);
    json_real(json, values[1]);
    json_close(json, ']');
}

static void put_values(struct json_writer *json, const char *key, const uint64_t values[2])
{
    json_key(json, key);
    json_open(json, '[');
    json_u64(json, values[0]);
    json_u64(json, values[1]);
    json_close(json, ']');
}

static void put_real(struct json_writer *json, const char *key, double value)
{
    json_key(json, key);
    json_real(json, value);
}

static void put_word(struct json_writer *json, const char *key, const char *text)
{
    json_key(json, key);
    json_text(json, text);
}

static void put_difference(struct json_writer *json, const char *key,
                           const struct difference *by)
{
    json_key(json, key);
    json_open(json, '{');
    put_real(json, "difference", by->difference);
    put_real(json, "low", by->low);
    put_real(json, "high", by->high);
    put_real(json, "p", by->p);
    put_real(json, "adjusted_p", by->adjusted);
    put_word(json, "change", change_word(by->change));
    json_close(json, '}');
}

static void put_measure(struct json_writer *json, const char *key,
                        const struct measure *measure)
{
    json_key(json, key);
    json_open(json, '{');
    put_values(json, "value", measure->value);
    put_pair(json, "share", measure->share);
    put_pair(json, "amount", measure->amount);
    put_difference(json, "share_change", &measure->by[BASIS_SHARE]);
    put_difference(json, "amount_change", &measure->by[BASIS_AMOUNT]);
    json_close(json, '}');
}

static void put_side(struct json_writer *json, const struct comparison *comparison, int side)
{
    const struct side_facts *facts = comparison_facts(comparison, side);

    json_key(json, side ? "after" : "before");
    json_open(json, '{');
    put_word(json, "label", facts->label);
    put_word(json, "event", facts->event);
    put_word(json, "command", facts->command);
    put_word(json, "host", facts->host);
    json_key(json, "runs");
    json_u64(json, facts->runs);
    json_key(json, "total");
    json_u64(json, facts->total);
    put_real(json, "samples", facts->samples);
    put_real(json, "frequency_hz", facts->frequency_hz);
    put_real(json, "duration_s", facts->duration_s);
    put_real(json, "complete", facts->complete);
    json_close(json, '}');
}

static const char *function_name(const struct comparison *comparison, function_id function)
{
    size_t count;

    return comparison_functions(comparison, &count)[function].name;
}

static void put_name_or_null(struct json_writer *json, const char *key, const char *name)
{
    json_key(json, key);
    if (name)
        json_text(json, name);
    else
        json_null(json);
}

/* The whole has no name. */
static const char *judged_name(const struct comparison *comparison, function_id function)
{
    return function == WHOLE ? NULL : function_name(comparison, function);
}

static void put_judgement(struct json_writer *json, const struct comparison_report *report)
{
    const struct judgement *judgement = report->judgement;
    char *sentence = change_verdict(report);

    json_key(json, "verdict");
    json_open(json, '{');
    put_word(json, "verdict", verdict_word(judgement->verdict));
    put_word(json, "text", sentence);
    put_word(json, "basis", report->gate->basis == BASIS_SHARE ? "share" : "amount");
    put_real(json, "allowed_growth", report->gate->growth);
    put_real(json, "allowed_points", 100 * report->gate->points);
    json_key(json, "judged");
    json_u64(json, judgement->judged);
    put_real(json, "visible_growth_of_whole", judgement->visible_whole);
    put_real(json, "visible_growth", judgement->visible_hottest);
    put_name_or_null(json, "visible_in", judged_name(report->comparison, judgement->hottest));
    json_key(json, "unseen");
    json_u64(json, judgement->unseen);
    put_name_or_null(json, "largest_unseen",
                     judged_name(report->comparison, judgement->largest_unseen));
    json_key(json, "failures");
    json_open(json, '[');
    for (size_t i = 0; i < judgement->failure_count; i++) {
        const struct failure *failure = &judgement->failures[i];

        json_open(json, '{');
        put_name_or_null(json, "function", judged_name(report->comparison, failure->function));
        put_real(json, "growth", failure->growth);
        put_real(json, "p", failure->p);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
    json_line(json);
    free(sentence);
}

static void put_function(struct json_writer *json, const struct comparison_report *report,
                         const struct compare_function *function)
{
    static const char *const keys[] = {"moved_into", "moved_from"};
    size_t depth;
    const char **path = change_path(report->comparison, function->hottest, &depth);

    json_line(json);
    json_open(json, '{');
    put_word(json, "name", function->name);
    put_name_or_null(json, "before_name", function->names[0]);
    put_name_or_null(json, "after_name", function->names[1]);
    json_key(json, "with_inlined");
    json_bool(json, function->with_inlined);
    for (int side = 0; side < 2; side++)
        if (function->moved[side] != NOT_MOVED)
            put_word(json, keys[side],
                     function_name(report->comparison, function->moved[side]));
    put_measure(json, "self", &function->self);
    put_measure(json, "total", &function->total);
    json_key(json, "hottest_path");
    json_open(json, '[');
    for (size_t i = 0; i < depth; i++)
        json_text(json, path[i]);
    json_close(json, ']');
    json_close(json, '}');
    free(path);
}

static void put_change(struct json_writer *json, const char *key, const struct measure *measure,
                       enum basis basis)
{
    if (measure->by[basis].change != CHANGE_NONE)
        put_word(json, key, change_word(measure->by[basis].change));
}

/* There may be a million: values, and what changed by the report's basis. */
static void put_node(struct json_writer *json, const struct compare_node *node,
                     enum basis basis)
{
    json_line(json);
    json_open(json, '{');
    json_key(json, "parent");
    json_u64(json, node->parent);
    json_key(json, "function");
    if (node->function == UINT32_MAX)
        json_null(json);
    else
        json_u64(json, node->function);
    put_values(json, "self", node->self.value);
    put_values(json, "total", node->total.value);
    put_change(json, "self_change", &node->self, basis);
    put_change(json, "total_change", &node->total, basis);
    json_close(json, '}');
}

static void put_texts(struct json_writer *json, const char *key, const char *const *texts,
                      size_t count)
{
    json_key(json, key);
    json_open(json, '[');
    for (size_t i = 0; i < count; i++)
        json_text(json, texts[i]);
    json_close(json, ']');
    json_line(json);
}

void comparison_write_json(const struct comparison_report *report, FILE *out)
{
    const struct comparison *comparison = report->comparison;
    struct json_writer *json = xalloc(sizeof(*json));
    size_t count;
    const char *const *notes = comparison_notes(comparison, &count);
    const struct compare_function *functions;
    const struct compare_node *nodes;

    json_begin(json, out);
    json_open(json, '{');
    put_word(json, "creator", "fiq " FIQ_VERSION);
    put_word(json, "title", report->title);
    put_side(json, comparison, BEFORE);
    put_side(json, comparison, AFTER);
    put_word(json, "unit", comparison_unit(comparison));
    put_word(json, "basis", report->basis == BASIS_SHARE ? "share" : "amount");
    put_word(json, "noise", comparison_of_runs(comparison) ? "between runs" : "sampling");
    json_line(json);
    put_texts(json, "notes", notes, count);
    put_texts(json, "remarks", report->remarks, report->remark_count);
    if (report->judgement)
        put_judgement(json, report);
    put_measure(json, "whole", comparison_whole(comparison));
    json_key(json, "functions");
    json_open(json, '[');
    functions = comparison_functions(comparison, &count);
    for (size_t i = 0; i < count; i++)
        put_function(json, report, &functions[i]);
    json_close(json, ']');
    json_line(json);
    json_key(json, "nodes");
    json_open(json, '[');
    nodes = comparison_nodes(comparison, &count);
    for (size_t i = 0; i < count; i++)
        put_node(json, &nodes[i], report->basis);
    json_close(json, ']');
    json_close(json, '}');
    json_end(json);
    fputc('\n', out);
    free(json);
}

/* ---- JUnit ---- */

/* Profiles hold no control characters, but U+FFFE and U+FFFF are not allowed in XML either. */
static void put_xml(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '"')
            fputs("&quot;", out);
        else if (!strncmp(text, "\xef\xbf\xbe", 3) || !strncmp(text, "\xef\xbf\xbf", 3))
            text += 2;
        else
            fputc(*text, out);
    }
}

static const struct failure *failure_of(const struct judgement *judgement, function_id function)
{
    for (size_t i = 0; judgement && i < judgement->failure_count; i++)
        if (judgement->failures[i].function == function)
            return &judgement->failures[i];
    return NULL;
}

static void put_case(const struct comparison_report *report, function_id function,
                     const char *name, const struct measure *measure, bool with_inlined,
                     FILE *out)
{
    char before[CHANGE_TEXT], after[CHANGE_TEXT], change[CHANGE_TEXT];
    struct comparison_report by = *report;
    bool failed = failure_of(report->judgement, function) != NULL;

    if (function == WHOLE)
        by.basis = BASIS_AMOUNT;
    fputs("    <testcase classname=\"fiq\" name=\"", out);
    put_xml(name, out);
    fputs(with_inlined ? " (with what is inlined into it)\">\n      " : "\">\n      ", out);
    fputs(failed ? "<failure message=\"" : "<system-out>", out);
    put_xml(change_side(&by, measure, 0, before), out);
    fputs(" → ", out);
    put_xml(change_side(&by, measure, 1, after), out);
    fputs(", ", out);
    put_xml(change_difference(&by, measure, change), out);
    fputs(failed ? "\"/>" : "</system-out>", out);
    fputs("\n    </testcase>\n", out);
}

static size_t judged_count(const struct comparison_report *report)
{
    size_t count, judged = 0;

    comparison_functions(report->comparison, &count);
    for (function_id i = 0; i < count; i++)
        judged += comparison_judges(report->comparison, i);
    return judged + 1 + (*comparison_unit(report->comparison) != '\0');
}

static void put_verdict_case(const struct comparison_report *report, FILE *out)
{
    char *summary = comparison_summary(report);
    bool too_few = report->judgement && report->judgement->verdict == VERDICT_TOO_FEW;

    fputs("    <testcase classname=\"fiq\" name=\"verdict\">\n      ", out);
    fputs(too_few ? "<error message=\"" : "<system-out>", out);
    put_xml(summary, out);
    fputs(too_few ? "\"/>" : "</system-out>", out);
    fputs("\n    </testcase>\n", out);
    free(summary);
}

void comparison_write_junit(const struct comparison_report *report, FILE *out)
{
    const struct judgement *judgement = report->judgement;
    const struct comparison *comparison = report->comparison;
    bool too_few = judgement && judgement->verdict == VERDICT_TOO_FEW;
    size_t count;
    const struct compare_function *functions = comparison_functions(comparison, &count);

    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"",
          out);
    put_xml(report->title, out);
    fprintf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" skipped=\"0\">\n",
            judged_count(report), judgement ? judgement->failure_count : 0, too_few);
    put_verdict_case(report, out);
    if (*comparison_unit(comparison))
        put_case(report, WHOLE, "the whole", comparison_whole(comparison), false, out);
    for (function_id i = 0; i < count; i++)
        if (comparison_judges(comparison, i))
            put_case(report, i, functions[i].name, &functions[i].self,
                     functions[i].with_inlined, out);
    fputs("  </testsuite>\n</testsuites>\n", out);
}

/* ---- folded ---- */

/* "a;b;c BEFORE AFTER": what difffolded.pl makes and flamegraph.pl reads. */
void comparison_write_folded(const struct comparison_report *report, FILE *out)
{
    size_t count;
    const struct compare_node *nodes = comparison_nodes(report->comparison, &count);

    for (uint32_t i = 1; i < count; i++) {
        const uint64_t *value = nodes[i].self.value;
        size_t depth;
        const char **path;

        if (!value[0] && !value[1])
            continue;
        path = change_path(report->comparison, i, &depth);
        for (size_t j = 0; j < depth; j++) {
            if (j)
                fputc(';', out);
            /* ';' would end the frame. */
            for (const char *at = path[j]; *at; at++)
                fputc(*at == ';' ? ':' : *at, out);
        }
        fprintf(out, " %" PRIu64 " %" PRIu64 "\n", value[0], value[1]);
        free(path);
    }
}

/* ---- the table ---- */

const struct comparison_format comparison_formats[] = {
    {".txt", "text", comparison_write_text},
    {".md", "markdown", comparison_write_markdown},
    {".json", "json", comparison_write_json},
    {".xml", "junit", comparison_write_junit},
    {".folded", "folded", comparison_write_folded},
    {0}};

const struct comparison_format *comparison_format_by_suffix(const char *path)
{
    size_t length = strlen(path);

    for (const struct comparison_format *format = comparison_formats; format->name; format++) {
        size_t size = strlen(format->suffix);

        if (length >= size && !strcmp(path + length - size, format->suffix))
            return format;
    }
    return NULL;
}

const struct comparison_format *comparison_format_named(const char *name)
{
    for (const struct comparison_format *format = comparison_formats; format->name; format++)
        if (!strcmp(format->name, name) || !strcmp(format->suffix + 1, name))
            return format;
    return NULL;
}
