/* A comparison as text for a terminal, and as Markdown for a pull request. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "report/change_text.h"
#include "report/comparison_formats.h"
#include "report/layout.h"
#include "report/report.h"

struct table {
    const char *title;
    enum change change;
    size_t limit; /* 0: that of the report */
};

static const struct table tables[] = {{"Takes more", CHANGE_MORE, 0},
                                      {"Takes less", CHANGE_LESS, 0},
                                      {"Moved by inlining", CHANGE_MOVED, 0},
                                      {"Within noise, the largest", CHANGE_NONE, 5}};

static size_t rows_of(const struct comparison_report *report, const struct table *table,
                      function_id **rows, size_t *shown)
{
    size_t count, limit = table->limit ? table->limit : change_top(report);

    *rows = change_rows(report, table->change, &count);
    *shown = count < limit ? count : limit;
    return count;
}

static const struct compare_function *function_at(const struct comparison_report *report,
                                                  function_id function)
{
    size_t count;

    return &comparison_functions(report->comparison, &count)[function];
}

/* ---- plain text ---- */

static void put_text_path(const struct comparison_report *report, uint32_t node, FILE *out)
{
    size_t depth, from;
    const char **path = change_path(report->comparison, node, &depth);

    /* The innermost frames tell where; of a deep stack the outermost are left out. */
    from = depth > 6 ? depth - 6 : 0;
    fprintf(out, "      on %s", from ? "… > " : "");
    for (size_t i = from; i < depth; i++)
        fprintf(out, "%s%s", i > from ? " > " : "", path[i]);
    fputc('\n', out);
    free(path);
}

static void put_text_row(const struct comparison_report *report, function_id id, bool with_path,
                         FILE *out)
{
    const struct compare_function *function = function_at(report, id);
    const struct measure *self = &function->self;
    char before[CHANGE_TEXT], after[CHANGE_TEXT], change[CHANGE_TEXT], p[CHANGE_TEXT];
    char *remark = change_remark(report->comparison, function);

    fprintf(out, "  %14s  %14s  %s", change_side(report, self, 0, before),
            change_side(report, self, 1, after), change_difference(report, self, change));
    fprintf(out, "%*s  %7s  %s%s%s%s\n",
            (int)(layout_columns(change, strlen(change)) < 32
                      ? 32 - layout_columns(change, strlen(change))
                      : 0),
            "", change_p(self->by[report->basis].adjusted, p), function->name,
            remark ? " (" : "", remark ? remark : "", remark ? ")" : "");
    if (with_path && function->hottest)
        put_text_path(report, function->hottest, out);
    free(remark);
}

static void put_text_table(const struct comparison_report *report, const struct table *table,
                           FILE *out)
{
    function_id *rows;
    size_t shown, count = rows_of(report, table, &rows, &shown);

    if (count) {
        fprintf(out, "\n%s:\n  %14s  %14s  %-32s  %7s  function\n", table->title, "before",
                "after", "change", "p");
        for (size_t i = 0; i < shown; i++)
            put_text_row(report, rows[i],
                         table->change == CHANGE_MORE || table->change == CHANGE_LESS, out);
        if (shown < count)
            fprintf(out, "  … and %zu more\n", count - shown);
    }
    free(rows);
}

static void put_whole(const struct comparison_report *report, const char *lead, FILE *out)
{
    struct comparison_report amounts = *report;
    const struct measure *whole = comparison_whole(report->comparison);
    char before[CHANGE_TEXT], after[CHANGE_TEXT], change[CHANGE_TEXT];

    if (!*comparison_unit(report->comparison))
        return;
    amounts.basis = BASIS_AMOUNT;
    fprintf(out, "%s%s → %s, %s%s%s\n", lead, change_side(&amounts, whole, 0, before),
            change_side(&amounts, whole, 1, after), change_difference(&amounts, whole, change),
            comparison_facts(report->comparison, 0)->runs > 1 ? " a run" : "",
            whole->by[BASIS_AMOUNT].change == CHANGE_NONE ? " (within noise)" : "");
}

void comparison_write_text(const struct comparison_report *report, FILE *out)
{
    struct report_style style = report_style_of(out);
    size_t count;
    const char *const *notes = comparison_notes(report->comparison, &count);
    char *inputs[2] = {comparison_input(report->comparison, BEFORE),
                       comparison_input(report->comparison, AFTER)};
    char *summary = comparison_summary(report);

    fprintf(out, "before  %s\nafter   %s\nwhole   ", inputs[0], inputs[1]);
    put_whole(report, "", out);
    if (!*comparison_unit(report->comparison))
        fputs("amounts cannot be compared\n", out);
    fputc('\n', out);
    layout_put_words(out, summary, 0, style.width);
    for (size_t i = 0; i < report->remark_count; i++)
        layout_put_words(out, report->remarks[i], 0, style.width);
    for (size_t i = 0; i < count; i++) {
        fputs("note: ", out);
        layout_put_words(out, notes[i], 6, style.width);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++)
        put_text_table(report, &tables[i], out);
    free(summary);
    free(inputs[0]);
    free(inputs[1]);
}

/* ---- Markdown ---- */

/* As code, which nothing in it can end: the fence is longer than any run of backticks inside.
 * A table's column ends at '|' even there. */
static void put_code(const char *text, FILE *out)
{
    size_t run = 0, longest = 0, length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        run = text[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    for (size_t i = 0; i <= longest; i++)
        fputc('`', out);
    if (longest)
        fputc(' ', out);
    for (size_t i = 0; i < length; i++)
        fprintf(out, text[i] == '|' ? "\\%c" : "%c", text[i]);
    if (longest)
        fputc(' ', out);
    for (size_t i = 0; i <= longest; i++)
        fputc('`', out);
}

/* In running text: what Markdown or HTML would take for markup is escaped. */
static void put_prose(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '&')
            fputs("&amp;", out);
        else if (strchr("\\`*_[]|#@~$", *text))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void put_markdown_path(const struct comparison_report *report, uint32_t node, FILE *out)
{
    size_t depth, from;
    const char **path = change_path(report->comparison, node, &depth);

    from = depth > 4 ? depth - 4 : 0;
    if (from)
        fputs("… › ", out);
    for (size_t i = from; i < depth; i++) {
        fputs(i > from ? " › " : "", out);
        put_code(path[i], out);
    }
    free(path);
}

static void put_markdown_row(const struct comparison_report *report, function_id id, FILE *out)
{
    const struct compare_function *function = function_at(report, id);
    const struct measure *self = &function->self;
    char text[CHANGE_TEXT];
    char *remark = change_remark(report->comparison, function);

    fputs("| ", out);
    put_code(function->name, out);
    if (remark) {
        fputs(" (", out);
        put_prose(remark, out);
        fputs(")", out);
    }
    fprintf(out, " | %s", change_side(report, self, 0, text));
    fprintf(out, " | %s", change_side(report, self, 1, text));
    fprintf(out, " | %s", change_difference(report, self, text));
    fprintf(out, " | %s | ", change_p(self->by[report->basis].adjusted, text));
    if (function->hottest)
        put_markdown_path(report, function->hottest, out);
    fputs(" |\n", out);
    free(remark);
}

static void put_markdown_table(const struct comparison_report *report,
                               const struct table *table, FILE *out)
{
    function_id *rows;
    size_t shown, count = rows_of(report, table, &rows, &shown);
    bool folded = table->change == CHANGE_NONE;

    if (count) {
        fprintf(out, folded ? "\n<details><summary>%s</summary>\n\n" : "\n### %s\n\n",
                table->title);
        fputs("| function | before | after | change | p | hottest path |\n"
              "|---|--:|--:|--:|--:|---|\n",
              out);
        for (size_t i = 0; i < shown; i++)
            put_markdown_row(report, rows[i], out);
        if (shown < count)
            fprintf(out, "\n… and %zu more.\n", count - shown);
        if (folded)
            fputs("\n</details>\n", out);
    }
    free(rows);
}

void comparison_write_markdown(const struct comparison_report *report, FILE *out)
{
    static const char *const signs[] = {
        [VERDICT_PASS] = "✅", [VERDICT_REGRESSION] = "❌", [VERDICT_TOO_FEW] = "❔"};
    const char **sentences = change_sentences(report);
    char *summary = comparison_summary(report);

    fputs("## ", out);
    if (report->judgement)
        fprintf(out, "%s ", signs[report->judgement->verdict]);
    put_prose(report->title, out);
    fputs("\n\n", out);
    put_prose(summary, out);
    fputs("\n\n", out);
    for (int side = 0; side < 2; side++) {
        char *input = comparison_input(report->comparison, side);

        fputs(side ? "- after: " : "- before: ", out);
        put_prose(input, out);
        fputc('\n', out);
        free(input);
    }
    put_whole(report, "- whole: ", out);
    for (const char **at = sentences; *at; at++) {
        fputs("- ", out);
        put_prose(*at, out);
        fputc('\n', out);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++)
        put_markdown_table(report, &tables[i], out);
    free(summary);
    free(sentences);
}
