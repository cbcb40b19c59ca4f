/*
 * A flame graph as an SVG file.
 *
 * Without script it is a picture with labels that fit and native tooltips.  The script
 * (flame.js) reads what it needs from the picture itself.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "render/embedded.h"
#include "render/facts.h"
#include "render/flame.h"
#include "render/markup.h"
#include "render/render.h"

enum {
    PITCH = 17,      /* from level to level */
    BAR = 16,        /* height of a frame */
    MARGIN = 10,     /* left and right */
    LINE = 17,       /* of the facts */
    LABEL_FONT = 12, /* fixed width, so that fitting is arithmetic: */
    BASELINE = 12    /* of a label in its frame */
};
static const double LABEL_COLUMN = 7.25; /* 0.602 em in the usual fixed-width fonts */

struct svg {
    struct markup markup;
    const struct view *view;
    const struct render_options *options;
    struct flame *flame;
    const struct flame_box *boxes;
    size_t count;
    struct fact facts[FACTS_MAX];
    size_t fact_count;
    double width, scale; /* pixels of the picture, and per unit of weight */
    uint32_t top, height;
    bool used[PALETTE_HUES][PALETTE_SHADES];
};

static void put_fact(struct svg *svg, const char *text)
{
    markup_text(&svg->markup, text, strlen(text));
}

static void put_color(struct svg *svg, struct rgb color)
{
    char text[8];

    snprintf(text, sizeof(text), "#%02x%02x%02x", color.red, color.green, color.blue);
    markup_raw(&svg->markup, text);
}

/* Class "ce" is hue 2, shade 4. */
static void put_class(struct svg *svg, struct palette_class class)
{
    char name[2] = {(char)('a' + class.hue), (char)('a' + class.shade)};

    markup_bytes(&svg->markup, name, 2);
}

static void put_colors(struct svg *svg, bool dark)
{
    for (unsigned hue = 0; hue < PALETTE_HUES; hue++)
        for (unsigned shade = 0; shade < PALETTE_SHADES; shade++) {
            struct palette_class class = {(uint8_t)hue, (uint8_t)shade};

            if (!svg->used[hue][shade])
                continue;
            markup_raw(&svg->markup, dark ? ".dark ." : ".");
            put_class(svg, class);
            markup_raw(&svg->markup, "{fill:");
            put_color(svg, dark ? palette_dark(svg->options->palette, class)
                                : palette_color(svg->options->palette, class));
            markup_raw(&svg->markup, "}\n");
        }
}

static void put_style(struct svg *svg)
{
    struct markup *markup = &svg->markup;

    markup_raw(markup, "<style>\n");
    markup_bytes(markup, (const char *)render_svg_css, render_svg_css_size);
    put_colors(svg, false);
    markup_raw(markup, "</style>\n");
}

static void put_text(struct svg *svg, const char *attributes, double x, double y,
                     const char *text)
{
    struct markup *markup = &svg->markup;

    markup_raw(markup, "<text ");
    markup_raw(markup, attributes);
    markup_raw(markup, " x=\"");
    markup_real(markup, x, 1);
    markup_raw(markup, "\" y=\"");
    markup_real(markup, y, 1);
    markup_raw(markup, "\">");
    put_fact(svg, text);
    markup_raw(markup, "</text>\n");
}

static const char *fact(const struct svg *svg, const char *name)
{
    for (size_t i = 0; i < svg->fact_count; i++)
        if (!strcmp(svg->facts[i].name, name))
            return svg->facts[i].value;
    return NULL;
}

/* "command · 1234 samples · cpu-clock · 99 Hz": all but the quality, in one line. */
static void facts_line(const struct svg *svg, char *line, size_t size)
{
    size_t used = 0;

    line[0] = '\0';
    for (size_t i = 0; i < svg->fact_count && used < size; i++)
        if (strcmp(svg->facts[i].name, "quality"))
            used += (size_t)snprintf(line + used, size - used, "%s%s", used ? " · " : "",
                                     svg->facts[i].value);
}

static void hidden_line(const struct svg *svg, char *line, size_t size)
{
    uint64_t frames = flame_hidden_frames(svg->flame), whole = flame_whole(svg->flame);
    double share = whole ? 100.0 * (double)flame_hidden_weight(svg->flame) / (double)whole : 0;

    line[0] = '\0';
    if (frames)
        snprintf(line, size,
                 "%llu frames narrower than %g pixels are left out; they lie on %.*f %% of "
                 "all",
                 (unsigned long long)frames, svg->options->min_width, share < 0.1 ? 3 : 1,
                 share);
}

static void put_head(struct svg *svg)
{
    const char *title = svg->options->title ? svg->options->title : "Flame graph";
    const char *quality = fact(svg, "quality");
    char line[2048];
    uint32_t y = 24;

    put_text(svg, "id=\"title\"", svg->width / 2, y, title);
    if (svg->options->subtitle)
        put_text(svg, "class=\"fact\"", svg->width / 2, y += LINE, svg->options->subtitle);
    facts_line(svg, line, sizeof(line));
    if (line[0])
        put_text(svg, "class=\"fact\"", svg->width / 2, y += LINE, line);
    if (quality)
        put_text(svg, "class=\"fact\"", svg->width / 2, y += LINE, quality);
    hidden_line(svg, line, sizeof(line));
    if (line[0])
        put_text(svg, "class=\"fact\"", svg->width / 2, y += LINE, line);
}

static uint32_t head_height(const struct svg *svg)
{
    uint32_t lines = 1u + (svg->options->subtitle != NULL) + (fact(svg, "quality") != NULL) +
                     (flame_hidden_frames(svg->flame) != 0);

    return 24 + lines * LINE + 14;
}

static uint32_t level_y(const struct svg *svg, uint32_t level)
{
    uint32_t levels = flame_levels(svg->flame);

    return svg->top + (svg->options->inverted ? level : levels - 1 - level) * PITCH;
}

static void put_label(struct svg *svg, const char *name, size_t length, double x, double y,
                      double width)
{
    struct markup *markup = &svg->markup;
    size_t columns = width < 6 ? 0 : (size_t)((width - 6) / LABEL_COLUMN), used, fits;

    if (columns < 3)
        return;
    fits = text_columns(name, length, columns, &used);
    if (fits < length)
        fits = text_columns(name, length, columns - 2, &used);
    markup_raw(markup, "<text x=\"");
    markup_real(markup, x + 3, 1);
    markup_raw(markup, "\" y=\"");
    markup_real(markup, y + BASELINE, 1);
    markup_raw(markup, "\">");
    markup_text(markup, name, fits);
    if (fits < length)
        markup_raw(markup, "..");
    markup_raw(markup, "</text>");
}

static void put_box(struct svg *svg, const struct flame_box *box)
{
    struct markup *markup = &svg->markup;
    size_t count;
    name_id id = view_nodes(svg->view, &count)[box->node].name;
    const char *name = id == UINT32_MAX ? "all" : view_text(svg->view, id);
    size_t length = id == UINT32_MAX ? 3 : view_text_length(svg->view, id);
    struct palette_class class = palette_class(svg->options->palette, svg->view, id);
    double x = MARGIN + (double)box->left * svg->scale, width = (double)box->width * svg->scale;
    double whole = (double)flame_whole(svg->flame);
    char text[64];

    markup_raw(markup, "<g><title>");
    markup_text(markup, name, length);
    weight_text(svg->view, box->width, text, sizeof(text));
    markup_raw(markup, " (");
    put_fact(svg, text);
    snprintf(text, sizeof(text), ", %.2f %%)</title><rect class=\"",
             whole > 0 ? 100 * (double)box->width / whole : 0);
    markup_raw(markup, text);
    put_class(svg, class);
    markup_raw(markup, "\" x=\"");
    markup_real(markup, x, 2);
    markup_raw(markup, "\" y=\"");
    markup_u64(markup, level_y(svg, box->level));
    markup_raw(markup, "\" width=\"");
    markup_real(markup, width, 2);
    markup_raw(markup, "\" height=\"16\"/>");
    put_label(svg, name, length, x, level_y(svg, box->level), width);
    markup_raw(markup, "</g>\n");
}

static void find_colors(struct svg *svg)
{
    size_t count;
    const struct view_node *nodes = view_nodes(svg->view, &count);

    for (size_t i = 0; i < svg->count; i++) {
        struct palette_class class =
            palette_class(svg->options->palette, svg->view, nodes[svg->boxes[i].node].name);

        svg->used[class.hue][class.shade] = true;
    }
}

static void lay_out(struct svg *svg)
{
    const struct render_options *options = svg->options;
    double whole;

    svg->width = options->width ? options->width : 1200;
    svg->flame =
        flame_new(svg->view, &(struct flame_options){.narrowest = options->min_width /
                                                                  (svg->width - 2 * MARGIN)});
    svg->boxes = flame_boxes(svg->flame, &svg->count);
    whole = (double)flame_whole(svg->flame);
    svg->scale = whole > 0 ? (svg->width - 2 * MARGIN) / whole : 0;
    svg->fact_count = render_facts(svg->view, svg->facts);
    svg->top = head_height(svg);
    svg->height = svg->top + flame_levels(svg->flame) * PITCH + 30;
    find_colors(svg);
}

static void put_start(struct svg *svg)
{
    struct markup *markup = &svg->markup;
    char text[256];

    snprintf(text, sizeof(text),
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%g\" "
             "height=\"%u\" viewBox=\"0 0 %g %u\">\n",
             svg->width, svg->height, svg->width, svg->height);
    markup_raw(markup, text);
    put_style(svg);
    markup_raw(markup, "<rect id=\"back\" width=\"100%\" height=\"100%\"/>\n");
    put_head(svg);
}

static void put_controls(struct svg *svg)
{
    if (svg->options->no_script)
        return;
    put_text(svg, "id=\"reset\" class=\"button\" style=\"display:none\"", MARGIN, 24,
             "Reset zoom");
    put_text(svg, "id=\"search\" class=\"button\" style=\"display:none\" text-anchor=\"end\"",
             svg->width - MARGIN, 24, "Search");
    put_text(svg, "id=\"matched\" text-anchor=\"end\"", svg->width - MARGIN, svg->height - 12,
             "");
    put_text(svg, "id=\"details\"", MARGIN, svg->height - 12, "");
}

static void put_script(struct svg *svg)
{
    if (svg->options->no_script)
        return;
    markup_raw(&svg->markup, "<script><![CDATA[\n");
    markup_bytes(&svg->markup, (const char *)render_svg_js, render_svg_js_size);
    markup_raw(&svg->markup, "]]></script>\n");
}

int render_svg(const struct view *view, const struct render_options *options, FILE *out,
               struct error *err)
{
    struct render_options all = *options;
    struct svg *svg = xcalloc(1, sizeof(*svg));

    (void)err;
    if (!(all.min_width > 0))
        all.min_width = 0.1;
    svg->markup.out = out;
    svg->view = view;
    svg->options = &all;
    lay_out(svg);
    put_start(svg);
    markup_raw(&svg->markup, "<g id=\"frames\">\n");
    for (size_t i = 0; i < svg->count; i++)
        put_box(svg, &svg->boxes[i]);
    markup_raw(&svg->markup, "</g>\n");
    put_controls(svg);
    put_script(svg);
    markup_raw(&svg->markup, "</svg>\n");
    markup_flush(&svg->markup);
    flame_free(svg->flame);
    free(svg);
    return 0;
}
