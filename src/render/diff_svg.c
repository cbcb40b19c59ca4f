/*
 * A flame graph of two as an SVG file.
 *
 * The script finds in the attribute data-d of each frame: its parent's index, its own and its
 * total share before and after, the widths by share and by amount, and four letters for what
 * changed: self and total by share, self and total by amount.
 */
#include <stdlib.h>
#include <string.h>

#include "base/markup.h"
#include "base/xalloc.h"
#include "render/diff_layout.h"
#include "render/embedded.h"
#include "render/label.h"

enum { PITCH = 17, MARGIN = 10, LINE = 17 };

struct svg {
    struct markup markup;
    const struct diff_picture *picture;
    const struct diff_options *options;
    struct diff_layout layout;
    double width, scale, min_width;
    uint32_t top, height;
};

static void put_number(struct svg *svg, double number)
{
    char text[32];

    snprintf(text, sizeof(text), "%.6g", number);
    markup_raw(&svg->markup, text);
}

static void put_text(struct svg *svg, const char *attributes, double x, double y,
                     const char *text, size_t columns)
{
    struct markup *markup = &svg->markup;
    size_t length = strlen(text), used, fits = text_columns(text, length, columns, &used);

    markup_raw(markup, "<text ");
    markup_raw(markup, attributes);
    markup_raw(markup, " x=\"");
    markup_real(markup, x, 1);
    markup_raw(markup, "\" y=\"");
    markup_real(markup, y, 1);
    markup_raw(markup, "\">");
    markup_text(markup, text, fits);
    if (fits < length)
        markup_raw(markup, "…");
    markup_raw(markup, "</text>\n");
}

/* ---- head ---- */

static const struct legend_entry {
    const char *class, *text;
    double width; /* of the text, in about any font */
} legend[] = {{"m3", "takes more", 70},  {"l3", "takes less", 64},
              {"n", "within noise", 76}, {"m3 new", "new", 27},
              {"l3 gone", "gone", 33},   {"v", "moved by inlining", 110}};

static void put_legend(struct svg *svg, double y)
{
    double x = MARGIN;
    char text[128];

    markup_raw(&svg->markup, "<g id=\"legend\">\n");
    for (size_t i = 0; i < ARRAY_LENGTH(legend); i++) {
        snprintf(text, sizeof(text),
                 "<rect class=\"%s\" x=\"%g\" y=\"%g\" width=\"22\" height=\"12\"/>\n",
                 legend[i].class, x, y - 10);
        markup_raw(&svg->markup, text);
        put_text(svg, "class=\"legend\"", x + 27, y, legend[i].text, 40);
        x += 27 + legend[i].width + 16;
    }
    markup_raw(&svg->markup, "</g>\n");
}

static void hidden_line(const struct svg *svg, char *line, size_t size)
{
    line[0] = '\0';
    if (svg->layout.hidden)
        snprintf(line, size, "%zu frames narrower than %g pixels are left out",
                 svg->layout.hidden, svg->min_width);
}

static void put_head(struct svg *svg)
{
    const struct diff_picture *picture = svg->picture;
    size_t columns = (size_t)((svg->width - 2 * MARGIN) / 6.5);
    uint32_t y = 24;
    char line[128];

    put_text(svg, "id=\"title\"", svg->width / 2, y, picture->title,
             (size_t)((svg->width - 2 * MARGIN) / 9.8));
    for (size_t i = 0; i < picture->line_count; i++)
        put_text(svg, "class=\"fact\"", svg->width / 2, y += LINE, picture->lines[i], columns);
    hidden_line(svg, line, sizeof(line));
    if (line[0])
        put_text(svg, "class=\"fact\"", svg->width / 2, y += LINE, line, columns);
    put_legend(svg, y + 24);
}

static void put_style(struct svg *svg)
{
    struct markup *markup = &svg->markup;

    markup_raw(markup, "<style>\n");
    markup_bytes(markup, (const char *)render_diff_css, render_diff_css_size);
    markup_raw(markup, "</style>\n<defs>\n");
    for (const char *kind = "nlv"; *kind; kind++) {
        char text[256];

        snprintf(text, sizeof(text),
                 "<pattern id=\"gone-%c\" width=\"6\" height=\"6\" "
                 "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect "
                 "class=\"pale\" width=\"6\" height=\"6\"/><rect class=\"%s\" width=\"3\" "
                 "height=\"6\"/></pattern>\n",
                 *kind,
                 *kind == 'l'   ? "l3"
                 : *kind == 'v' ? "v"
                                : "d");
        markup_raw(markup, text);
    }
    markup_raw(markup, "</defs>\n");
}

/* What stands below the title, whole: for the script, and for who reads the file. */
static void put_facts(struct svg *svg)
{
    const struct diff_picture *picture = svg->picture;
    char line[128];

    markup_raw(&svg->markup, "<metadata id=\"facts\">\n");
    for (size_t i = 0; i < picture->line_count; i++) {
        markup_text(&svg->markup, picture->lines[i], strlen(picture->lines[i]));
        markup_raw(&svg->markup, "\n");
    }
    hidden_line(svg, line, sizeof(line));
    markup_raw(&svg->markup, line);
    markup_raw(&svg->markup, "</metadata>\n");
}

static void put_start(struct svg *svg)
{
    char text[256];

    snprintf(text, sizeof(text),
             "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%g\" "
             "height=\"%u\" viewBox=\"0 0 %g %u\"%s%s>\n",
             svg->width, svg->height, svg->width, svg->height,
             svg->options->width ? " data-fixed=\"1\"" : "",
             svg->options->inverted ? " data-inverted=\"1\"" : "");
    markup_raw(&svg->markup, text);
    markup_raw(&svg->markup, "<title>");
    markup_text(&svg->markup, svg->picture->title, strlen(svg->picture->title));
    markup_raw(&svg->markup, "</title>\n");
    put_facts(svg);
    put_style(svg);
    markup_raw(&svg->markup,
               "<g id=\"picture\">\n<rect id=\"back\" width=\"100%\" height=\"100%\"/>\n");
    put_head(svg);
}

/* ---- frames ---- */

static const char *name_of(const struct svg *svg, const struct diff_box *box)
{
    return box->node ? svg->picture->nodes[box->node].name : "all";
}

/* Three shades, by how much of the larger side the change is. */
static char shade(const double sides[2])
{
    double larger = sides[0] > sides[1] ? sides[0] : sides[1];
    double change = sides[0] > sides[1] ? sides[0] - sides[1] : sides[1] - sides[0];
    double relative = larger > 0 ? change / larger : 0;

    return relative < 0.1 ? '1' : relative < 0.3 ? '2' : '3';
}

/* What is only on one side is coloured by its total, as its own cost may be nothing. */
static bool one_sided(const struct diff_node *node)
{
    return node->total[0] <= 0 || node->total[1] <= 0;
}

/* In a box that is so wide: the line around what is new would hide a narrow one. */
static const char *side_class(const struct diff_node *node, double width)
{
    if (node->total[0] <= 0)
        return width < 8 ? "" : " new";
    return node->total[1] <= 0 ? " gone" : "";
}

static void color_class(const struct diff_node *node, double width, char class[16])
{
    bool total = one_sided(node);
    char degree = shade(total ? node->total : node->self);
    const char *side = side_class(node, width);

    switch (total ? node->total_change[0] : node->self_change[0]) {
    case DIFF_MORE:
        snprintf(class, 16, "m%c%s", degree, side);
        break;
    case DIFF_LESS:
        snprintf(class, 16, "l%c%s", degree, side);
        break;
    case DIFF_MOVED:
        snprintf(class, 16, "v%s", side);
        break;
    case DIFF_SAME:
    default:
        snprintf(class, 16, "n%s", side);
        break;
    }
}

static void put_data(struct svg *svg, const struct diff_box *box)
{
    static const char letters[] = {'n', 'm', 'l', 'v'};
    const struct diff_node *node = &svg->picture->nodes[box->node];
    const double numbers[] = {node->self[0],  node->self[1], node->total[0],
                              node->total[1], box->width,    box->amount_width};
    const char changes[] = {' ',
                            letters[node->self_change[0]],
                            letters[node->total_change[0]],
                            letters[node->self_change[1]],
                            letters[node->total_change[1]],
                            '\0'};

    if (svg->options->no_script)
        return;
    markup_raw(&svg->markup, " data-d=\"");
    markup_u64(&svg->markup, box->parent);
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        markup_raw(&svg->markup, " ");
        put_number(svg, numbers[i]);
    }
    markup_raw(&svg->markup, changes);
    markup_raw(&svg->markup, "\"");
}

static void put_box(struct svg *svg, const struct diff_box *box)
{
    struct markup *markup = &svg->markup;
    const char *name = name_of(svg, box);
    const char *detail = svg->picture->detail(svg->picture->data, box->node);
    uint32_t level = svg->options->inverted ? box->level : svg->layout.levels - 1 - box->level;
    double x = MARGIN + box->left * svg->scale, y = svg->top + level * PITCH;
    char class[16];

    markup_raw(markup, "<g");
    put_data(svg, box);
    markup_raw(markup, "><title>");
    markup_text(markup, name, strlen(name));
    markup_raw(markup, " (");
    markup_text(markup, detail, strlen(detail));
    markup_raw(markup, ")</title><rect class=\"");
    color_class(&svg->picture->nodes[box->node], box->width * svg->scale, class);
    markup_raw(markup, class);
    markup_raw(markup, "\" x=\"");
    markup_real(markup, x, 2);
    markup_raw(markup, "\" y=\"");
    markup_real(markup, y, 0);
    markup_raw(markup, "\" width=\"");
    markup_real(markup, box->width * svg->scale, 2);
    markup_raw(markup, "\" height=\"16\"/>");
    label_put(markup, name, strlen(name), x, y, box->width * svg->scale);
    markup_raw(markup, "</g>\n");
}

static void put_end(struct svg *svg)
{
    struct markup *markup = &svg->markup;

    markup_raw(markup, "</g>\n");
    if (!svg->options->no_script) {
        markup_raw(markup, "<script><![CDATA[");
        markup_bytes(markup, (const char *)render_diff_js, render_diff_js_size);
        markup_raw(markup, "]]></script>\n");
    }
    markup_raw(markup, "</svg>\n");
}

static void lay_out(struct svg *svg)
{
    size_t lines = svg->picture->line_count;

    svg->width = svg->options->width ? svg->options->width : 1200;
    svg->min_width = svg->options->min_width > 0 ? svg->options->min_width : 0.1;
    diff_layout(&svg->layout, svg->picture, svg->min_width / (svg->width - 2 * MARGIN));
    svg->scale = svg->layout.boxes[0].width > 0
                     ? (svg->width - 2 * MARGIN) / svg->layout.boxes[0].width
                     : 0;
    svg->top = 24 + 24 + 14 + (uint32_t)(lines + (svg->layout.hidden != 0)) * LINE;
    svg->height = svg->top + svg->layout.levels * PITCH + MARGIN;
}

static void put_frames(struct svg *svg)
{
    char text[160];

    snprintf(text, sizeof(text), "<g id=\"frames\" data-amounts=\"%.9g %.9g\" data-unit=\"",
             svg->picture->amounts[0], svg->picture->amounts[1]);
    markup_raw(&svg->markup, text);
    markup_text(&svg->markup, svg->picture->unit, strlen(svg->picture->unit));
    markup_raw(&svg->markup, "\">\n");
    for (size_t i = 0; i < svg->layout.count; i++)
        put_box(svg, &svg->layout.boxes[i]);
    markup_raw(&svg->markup, "</g>\n");
}

int render_diff_svg(const struct diff_picture *picture, const struct diff_options *options,
                    FILE *out, struct error *err)
{
    struct svg *svg = xcalloc(1, sizeof(*svg));

    (void)err;
    svg->markup.out = out;
    svg->picture = picture;
    svg->options = options;
    lay_out(svg);
    if (!options->within_html)
        markup_raw(&svg->markup, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    put_start(svg);
    put_frames(svg);
    put_end(svg);
    markup_flush(&svg->markup);
    diff_layout_free(&svg->layout);
    free(svg);
    return 0;
}

void render_diff_policy(const struct diff_options *options, FILE *out)
{
    fprintf(out,
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
            "script-src '%s'; style-src 'unsafe-inline'; base-uri 'none'; form-action "
            "'none'\">",
            options->no_script ? "none" : render_diff_js_digest);
}
