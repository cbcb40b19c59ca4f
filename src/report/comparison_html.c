/* The words and tables of a comparison as HTML, to stand below its picture. */
#include <stdlib.h>
#include <string.h>

#include "report/change_text.h"

/* Also what turns the direction of text is shown and not done. */
static void put_escaped(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '&')
            fputs("&amp;", out);
        else if (!strncmp(text, "\xe2\x80", 2) && (unsigned char)text[2] >= 0xaa &&
                 (unsigned char)text[2] <= 0xae) {
            fprintf(out, "&lt;U+%X&gt;", 0x2000 + ((unsigned char)text[2] & 0x3f));
            text += 2;
        } else {
            fputc(*text, out);
        }
    }
}

static void put_cell(const char *text, FILE *out)
{
    fputs("<td>", out);
    put_escaped(text, out);
    fputs("</td>", out);
}

static void put_path(const struct comparison *comparison, uint32_t node, FILE *out)
{
    size_t depth;
    const char **path = change_path(comparison, node, &depth);

    fputs("<td class=\"path\">", out);
    for (size_t i = depth > 8 ? depth - 8 : 0; i < depth; i++) {
        put_escaped(path[i], out);
        fputs(i + 1 < depth ? " › " : "", out);
    }
    fputs("</td>", out);
    free(path);
}

static void put_row(const struct comparison_report *report, function_id id, FILE *out)
{
    size_t count;
    const struct compare_function *function =
        &comparison_functions(report->comparison, &count)[id];
    const struct measure *self = &function->self;
    char *remark = change_remark(report->comparison, function);
    char text[CHANGE_TEXT];

    fputs("<tr><td><code>", out);
    put_escaped(function->name, out);
    fputs("</code>", out);
    if (remark) {
        fputs(" (", out);
        put_escaped(remark, out);
        fputs(")", out);
    }
    fputs("</td>", out);
    put_cell(change_side(report, self, 0, text), out);
    put_cell(change_side(report, self, 1, text), out);
    put_cell(change_difference(report, self, text), out);
    put_cell(change_p(self->by[report->basis].adjusted, text), out);
    put_path(report->comparison, function->hottest, out);
    fputs("</tr>\n", out);
    free(remark);
}

static void put_table(const struct comparison_report *report, const char *title,
                      enum change change, FILE *out)
{
    size_t count;
    function_id *rows = change_rows(report, change, &count);

    if (count) {
        fprintf(out,
                "<h2>%s</h2>\n<table><tr><th>function</th><th>before</th><th>after</th>"
                "<th>change</th><th>p</th><th>hottest path</th></tr>\n",
                title);
        for (size_t i = 0; i < count && i < change_top(report); i++)
            put_row(report, rows[i], out);
        fputs("</table>\n", out);
        if (count > change_top(report))
            fprintf(out, "<p>… and %zu more</p>\n", count - change_top(report));
    }
    free(rows);
}

void comparison_write_html(const struct comparison_report *report, FILE *out)
{
    const char **sentences = change_sentences(report);

    fputs("<ul>\n", out);
    for (const char **at = sentences; *at; at++) {
        fputs("<li>", out);
        put_escaped(*at, out);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
    free(sentences);
    put_table(report, "Takes more", CHANGE_MORE, out);
    put_table(report, "Takes less", CHANGE_LESS, out);
    put_table(report, "Moved by inlining", CHANGE_MOVED, out);
    put_table(report, "Within noise", CHANGE_NONE, out);
}
