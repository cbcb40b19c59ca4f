/* Hands a comparison over to the room that draws, which knows nothing of comparisons. */
#include "cli/diff_picture.h"

#include <stdlib.h>

#include "base/xalloc.h"

enum { LINES = 4 };

struct drawing {
    const struct comparison *comparison;
    char detail[1024];
};

static const char *detail(void *data, uint32_t node)
{
    struct drawing *drawing = data;

    comparison_detail(drawing->comparison, node, drawing->detail, sizeof(drawing->detail));
    return drawing->detail;
}

static enum diff_change change_of(const struct measure *measure, enum basis basis)
{
    static const enum diff_change changes[] = {[CHANGE_NONE] = DIFF_SAME,
                                               [CHANGE_MORE] = DIFF_MORE,
                                               [CHANGE_LESS] = DIFF_LESS,
                                               [CHANGE_MOVED] = DIFF_MOVED};

    return changes[measure->by[basis].change];
}

static struct diff_node *nodes_of(const struct comparison *comparison, size_t *count)
{
    size_t functions;
    const struct compare_node *nodes = comparison_nodes(comparison, count);
    const struct compare_function *of = comparison_functions(comparison, &functions);
    struct diff_node *drawn = xcalloc(*count, sizeof(*drawn));

    for (size_t i = 0; i < *count; i++) {
        drawn[i].parent = nodes[i].parent;
        drawn[i].name = i ? of[nodes[i].function].name : "";
        for (int side = 0; side < 2; side++) {
            drawn[i].self[side] = nodes[i].self.share[side];
            drawn[i].total[side] = nodes[i].total.share[side];
        }
        for (enum basis basis = 0; basis < BASES; basis++) {
            drawn[i].self_change[basis] = change_of(&nodes[i].self, basis);
            drawn[i].total_change[basis] = change_of(&nodes[i].total, basis);
        }
    }
    return drawn;
}

int diff_picture_svg(const struct comparison_report *report, const struct diff_options *options,
                     FILE *out, struct error *err)
{
    const struct comparison *comparison = report->comparison;
    const struct measure *whole = comparison_whole(comparison);
    struct drawing drawing = {.comparison = comparison};
    char *inputs[2] = {comparison_input(comparison, BEFORE),
                       comparison_input(comparison, AFTER)};
    char *lines[LINES] = {xasprintf("before: %s", inputs[BEFORE]),
                          xasprintf("after: %s", inputs[AFTER]), comparison_summary(report)};
    struct diff_picture picture = {.amounts = {whole->amount[0], whole->amount[1]},
                                   .unit = comparison_unit(comparison),
                                   .title = report->title,
                                   .lines = (const char *const *)lines,
                                   .line_count = 3,
                                   .detail = detail,
                                   .data = &drawing};
    struct diff_node *nodes = nodes_of(comparison, &picture.count);
    size_t notes;
    const char *const *texts = comparison_notes(comparison, &notes);
    int failed;

    if (notes)
        lines[picture.line_count++] =
            xasprintf("%s%s", texts[0], notes > 1 ? "; see the report for more" : "");
    picture.nodes = nodes;
    failed = render_diff_svg(&picture, options, out, err);
    free(nodes);
    for (size_t i = 0; i < LINES; i++)
        free(lines[i]);
    free(inputs[0]);
    free(inputs[1]);
    return failed;
}

int diff_picture_html(const struct comparison_report *report,
                      const struct diff_options *options, FILE *out, struct error *err)
{
    static const char head[] =
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<meta name=\"color-scheme\" content=\"light dark\">"
        "<title>fiq diff</title>\n<style>body { font: 14px system-ui, sans-serif; margin: "
        "16px; "
        "color: #1a1a1a; background: #fcfcfa }\n.picture { overflow-x: auto }\n"
        ".picture svg { display: block; max-width: 100%; height: auto }\n"
        "@media (max-width: 800px) { .picture svg { max-width: none } }\n"
        "h1 { font-size: 20px }\nh2 { font-size: 16px }\n"
        "table { border-collapse: collapse }\n"
        "td, th { padding: 2px 10px; text-align: right; white-space: nowrap; "
        "border-bottom: 1px solid #ddd }\n"
        "td:first-child, th:first-child, td.path, th:last-child { text-align: left; "
        "white-space: normal; word-break: break-word; min-width: 12em }\n"
        ".tables { overflow-x: auto }\n"
        "@media print { body { margin: 0; font-size: 11px; background: none }\n"
        ".picture svg { height: auto !important; max-height: 88vh }\n"
        ".tables { overflow: visible }\nh1, h2 { break-after: avoid }\n"
        "tr { break-inside: avoid }\n"
        "td:nth-child(n), th:nth-child(n) { white-space: normal; min-width: 0; padding: 2px "
        "6px } "
        "}\n"
        ":focus-visible { outline: 2px solid #1769d8; outline-offset: 2px }\n"
        "@media (prefers-color-scheme: dark) { body { color: #e7e7e4; background: #17191c }\n"
        "td, th { border-color: #3a3e46 } }</style></head><body><main>\n"
        "<div class=\"picture\">\n";
    struct diff_options within = *options;
    int failed;

    within.within_html = true;
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">", out);
    render_diff_policy(options, out);
    fputs(head, out);
    failed = diff_picture_svg(report, &within, out, err);
    if (failed)
        return failed;
    /* Who scrolls without a mouse needs something to put the keyboard on. */
    fputs("</div>\n<h1>Functions</h1>\n"
          "<section class=\"tables\" tabindex=\"0\" aria-label=\"Functions\">\n",
          out);
    comparison_write_html(report, out);
    fputs("</section></main></body></html>\n", out);
    return 0;
}
