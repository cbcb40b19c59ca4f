/* The words and tables of a comparison as HTML, to stand below its picture. */
#include <stdlib.h>
#include <string.h>

#include "base/markup.h"
#include "base/xalloc.h"
#include "report/change_text.h"

static void put_escaped(struct markup *out, const char *text)
{
    markup_text(out, text, strlen(text));
}

static void put_cell(const char *text, struct markup *out)
{
    markup_raw(out, "<td>");
    put_escaped(out, text);
    markup_raw(out, "</td>");
}

static void put_path(const struct comparison *comparison, uint32_t node, struct markup *out)
{
    size_t depth;
    const char **path = change_path(comparison, node, &depth);

    markup_raw(out, "<td class=\"path\">");
    for (size_t i = depth > 8 ? depth - 8 : 0; i < depth; i++) {
        put_escaped(out, path[i]);
        markup_raw(out, i + 1 < depth ? " › " : "");
    }
    markup_raw(out, "</td>");
    free(path);
}

static void put_row(const struct comparison_report *report, function_id id, struct markup *out)
{
    size_t count;
    const struct compare_function *function =
        &comparison_functions(report->comparison, &count)[id];
    const struct measure *self = &function->self;
    char *remark = change_remark(report->comparison, function);
    char text[CHANGE_TEXT];

    markup_raw(out, "<tr><td><code>");
    put_escaped(out, function->name);
    markup_raw(out, "</code>");
    if (remark) {
        markup_raw(out, " (");
        put_escaped(out, remark);
        markup_raw(out, ")");
    }
    markup_raw(out, "</td>");
    put_cell(change_side(report, self, 0, text), out);
    put_cell(change_side(report, self, 1, text), out);
    put_cell(change_difference(report, self, text), out);
    put_cell(change_p(self->by[report->basis].adjusted, text), out);
    put_path(report->comparison, function->hottest, out);
    markup_raw(out, "</tr>\n");
    free(remark);
}

static void put_rest(struct markup *out, size_t count)
{
    markup_raw(out, "<p>… and ");
    markup_u64(out, count);
    markup_raw(out, " more</p>\n");
}

static void put_table(const struct comparison_report *report, const char *title,
                      enum change change, struct markup *out)
{
    size_t count;
    function_id *rows = change_rows(report, change, &count);

    if (count) {
        markup_raw(out, "<h2>");
        put_escaped(out, title);
        markup_raw(out, "</h2>\n<table><tr><th>function</th><th>before</th><th>after</th>"
                        "<th>change</th><th>p</th><th>hottest path</th></tr>\n");
        for (size_t i = 0; i < count && i < change_top(report); i++)
            put_row(report, rows[i], out);
        markup_raw(out, "</table>\n");
        if (count > change_top(report))
            put_rest(out, count - change_top(report));
    }
    free(rows);
}

static void put_sentences(const struct comparison_report *report, struct markup *out)
{
    const char **sentences = change_sentences(report);

    markup_raw(out, "<ul>\n");
    for (const char **at = sentences; *at; at++) {
        markup_raw(out, "<li>");
        put_escaped(out, *at);
        markup_raw(out, "</li>\n");
    }
    markup_raw(out, "</ul>\n");
    free(sentences);
}

void comparison_write_html(const struct comparison_report *report, FILE *out)
{
    struct markup *markup = xcalloc(1, sizeof(*markup));

    markup->out = out;
    put_sentences(report, markup);
    put_table(report, "Takes more", CHANGE_MORE, markup);
    put_table(report, "Takes less", CHANGE_LESS, markup);
    put_table(report, "Moved by inlining", CHANGE_MOVED, markup);
    put_table(report, "Within noise", CHANGE_NONE, markup);
    markup_flush(markup);
    free(markup);
}
