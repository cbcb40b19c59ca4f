/* A flame graph as an SVG file. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/xalloc.h"
#include "render/embedded.h"
#include "render/svg_parts.h"

PRINTF_LIKE(2, 3)
static void put(struct svg *svg, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    markup_raw(&svg->markup, text);
}

static void put_escaped(struct svg *svg, const char *text)
{
    markup_text(&svg->markup, text, strlen(text));
}

static void put_colors(struct svg *svg,
                       struct rgb (*color_of)(enum palette, struct palette_class))
{
    for (unsigned hue = 0; hue < PALETTE_HUES; hue++)
        for (unsigned shade = 0; shade < PALETTE_SHADES; shade++) {
            struct palette_class class = {(uint8_t)hue, (uint8_t)shade};
            struct rgb color = color_of(svg->options->palette, class);

            if (!svg->used[hue][shade])
                continue;
            put(svg, ".");
            svg_put_class(svg, class);
            put(svg, "{fill:#%02x%02x%02x}\n", color.red, color.green, color.blue);
        }
}

static void put_style(struct svg *svg)
{
    struct markup *markup = &svg->markup;

    markup_raw(markup, "<style>\n");
    put_colors(svg, palette_color);
    markup_bytes(markup, (const char *)render_svg_css, render_svg_css_size);
    markup_raw(markup, "@media (prefers-color-scheme: dark) {\n");
    put_colors(svg, palette_dark);
    markup_raw(markup, "}\n</style>\n");
}

static void put_line(struct svg *svg, uint32_t y, const char *text, size_t length)
{
    put(svg, "<text class=\"fact\" x=\"%g\" y=\"%u\">", svg->width / 2, y);
    markup_text(&svg->markup, text, length);
    markup_raw(&svg->markup, "</text>\n");
}

/* Breaks a text at spaces into lines that fit; returns how many.  With `y` 0 it only counts. */
static uint32_t put_lines(struct svg *svg, uint32_t y, const char *text)
{
    size_t columns = (size_t)((svg->width - 2 * SVG_MARGIN) / 6.6); /* of a 12 pixel font */
    uint32_t lines = 0;

    while (*text && lines < 6) {
        size_t length = strlen(text), used;
        size_t fits = text_columns(text, length, columns, &used), end = fits;

        while (fits < length && end && text[end] != ' ')
            end--;
        end = end ? end : fits ? fits : length;
        if (y)
            put_line(svg, y + lines * SVG_LINE, text, end);
        lines++;
        text += end;
        text += strspn(text, " ");
    }
    return lines;
}

static const char *fact(const struct svg *svg, const char *name)
{
    for (size_t i = 0; i < svg->fact_count; i++)
        if (!strcmp(svg->facts[i].name, name))
            return svg->facts[i].value;
    return "";
}

/* "make -j2 · 1234 samples · cpu-clock · 99 Hz": all but the quality, and the command where
 * that is the title, in one line. */
static void facts_line(const struct svg *svg, char *line, size_t size)
{
    size_t used = 0;

    line[0] = '\0';
    for (size_t i = 0; i < svg->fact_count && used < size; i++)
        if (strcmp(svg->facts[i].name, "quality") &&
            (svg->options->title || strcmp(svg->facts[i].name, "command")))
            used += (size_t)snprintf(line + used, size - used, "%s%s", used ? " · " : "",
                                     svg->facts[i].value);
    if (svg->options->reversed && used < size)
        snprintf(line + used, size - used, " · innermost frame first");
}

static void hidden_line(const struct svg *svg, char *line, size_t size)
{
    uint64_t frames = flame_hidden_frames(svg->flame), whole = flame_whole(svg->flame);
    double share = whole ? 100.0 * (double)flame_hidden_weight(svg->flame) / (double)whole : 0;

    line[0] = '\0';
    if (frames)
        snprintf(line, size,
                 "%llu frame%s narrower than %g px%s left out; %s on %.*f %% of all",
                 (unsigned long long)frames, frames == 1 ? "" : "s", svg->options->min_width,
                 flame_levels(svg->flame) == SVG_DEEPEST ? " or too deep are"
                 : frames == 1                           ? " is"
                                                         : " are",
                 frames == 1 ? "it lies" : "they lie", share < 0.1 ? 3 : 1, share);
}

/* Writes what stands above the frames, or with `dry` only measures it. */
static uint32_t put_head(struct svg *svg, bool dry)
{
    char line[sizeof(struct fact) * FACTS_MAX];
    uint32_t y = 24;

    if (!dry) {
        size_t length = strlen(svg->title), used;
        size_t columns = (size_t)((svg->width - 2 * SVG_MARGIN) / 9.8); /* bold, 17 pixels */
        size_t fits = text_columns(svg->title, length, columns, &used);

        put(svg, "<text id=\"title\" x=\"%g\" y=\"%u\">", svg->width / 2, y);
        markup_text(&svg->markup, svg->title, fits);
        markup_raw(&svg->markup, fits < length ? "…</text>\n" : "</text>\n");
    }
    y += SVG_LINE + 2;
    if (svg->options->subtitle)
        y += SVG_LINE * put_lines(svg, dry ? 0 : y, svg->options->subtitle);
    facts_line(svg, line, sizeof(line));
    y += SVG_LINE * put_lines(svg, dry ? 0 : y, line);
    y += SVG_LINE * put_lines(svg, dry ? 0 : y, fact(svg, "quality"));
    hidden_line(svg, line, sizeof(line));
    y += SVG_LINE * put_lines(svg, dry ? 0 : y, line);
    if (svg->levels < flame_levels(svg->flame))
        y += SVG_LINE * put_lines(svg, dry ? 0 : y,
                                  "Only the outermost 2000 levels are shown without script.");
    return y - SVG_LINE / 2;
}

/* The kinds that occur, when there is more than one. */
static bool has_legend(const struct svg *svg)
{
    unsigned kinds = 0;

    for (unsigned kind = 0; kind < FRAME_KINDS; kind++)
        kinds += svg->kinds[kind] && kind != FRAME_MARK;
    return kinds > 1;
}

static void put_legend(struct svg *svg, uint32_t y)
{
    double x = SVG_MARGIN;

    markup_raw(&svg->markup, "<g id=\"legend\">\n");
    for (unsigned kind = 0; kind < FRAME_KINDS; kind++) {
        const struct svg_kind *look = svg_kind((enum frame_kind)kind);
        struct palette_class class = {palette_kind_hue((enum frame_kind)kind), 5};

        if (!svg->kinds[kind] || kind == FRAME_MARK)
            continue;
        markup_raw(&svg->markup, "<rect class=\"");
        svg_put_class(svg, class);
        put(svg,
            " %s\" x=\"%g\" y=\"%u\" width=\"%g\" height=\"16\"/><text x=\"%g\" "
            "y=\"%u\">%s</text>\n",
            look->mark ? look->mark : "", x, y, 7.25 * (double)strlen(look->name) + 8, x + 4,
            y + SVG_BASELINE, look->name);
        x += 7.25 * (double)strlen(look->name) + 14;
    }
    markup_raw(&svg->markup, "</g>\n");
}

static void find_classes(struct svg *svg)
{
    for (size_t i = 0; i < svg->count; i++) {
        name_id id = svg_box_name_id(svg, &svg->boxes[i]);
        struct palette_class class = palette_class(svg->options->palette, svg->view, id);

        svg->used[class.hue][class.shade] = true;
        if (id != UINT32_MAX && !view_name(svg->view, id)->is_label)
            svg->kinds[palette_kind(svg->view, id)] = true;
    }
    for (unsigned kind = 0; kind < FRAME_KINDS; kind++)
        if (svg->kinds[kind])
            svg->used[palette_kind_hue((enum frame_kind)kind)][5] = true;
}

double render_svg_narrowest(const struct render_options *options)
{
    double width = options->width ? options->width : 1200;

    return (options->min_width > 0 ? options->min_width : 0.1) / (width - 2 * SVG_MARGIN);
}

static void lay_out(struct svg *svg)
{
    const struct render_options *options = svg->options;
    double whole;

    svg->title = render_title(svg->view, options);
    svg->width = options->width ? options->width : 1200;
    svg->flame =
        flame_new(svg->view, &(struct flame_options){.narrowest = render_svg_narrowest(options),
                                                     .deepest = SVG_DEEPEST});
    svg->levels = flame_levels(svg->flame);
    if (svg->levels > SVG_DEEP && !options->no_script)
        svg->levels = SVG_DEEP;
    svg->boxes = flame_boxes(svg->flame, &svg->count);
    whole = (double)flame_whole(svg->flame);
    svg->scale = whole > 0 ? (svg->width - 2 * SVG_MARGIN) / whole : 0;
    svg->fact_count = render_facts(svg->view, svg->facts);
    find_classes(svg);
    svg_choose_detail(svg);
    svg->top = put_head(svg, true);
    svg->height = svg->top + svg->levels * SVG_PITCH + SVG_MARGIN + (has_legend(svg) ? 24 : 0);
}

static void put_facts(struct svg *svg)
{
    struct markup *markup = &svg->markup;
    const struct value_type *type = view_value_type(svg->view);
    const struct profile *profile = view_profile(svg->view);
    char hidden[256];
    size_t notes;
    const str_id *note = profile_notes(profile, &notes);

    markup_raw(markup, "<metadata id=\"facts\" data-value=\"");
    put_escaped(svg, type ? profile_string(profile, type->name) : "samples");
    markup_raw(markup, "\" data-unit=\"");
    put_escaped(svg, type ? profile_string(profile, type->unit) : "count");
    put(svg, "\" data-hidden=\"%llu\" data-palette=\"%s\">\n",
        (unsigned long long)flame_hidden_frames(svg->flame),
        palette_name(svg->options->palette));
    for (size_t i = 0; i < svg->fact_count; i++) {
        put_escaped(svg, svg->facts[i].name);
        markup_raw(markup, ": ");
        put_escaped(svg, svg->facts[i].value);
        markup_raw(markup, "\n");
    }
    hidden_line(svg, hidden, sizeof(hidden));
    if (hidden[0]) {
        markup_raw(markup, "note: ");
        put_escaped(svg, hidden);
        markup_raw(markup, "\n");
    }
    for (size_t i = 0; i < notes; i++) {
        markup_raw(markup, "note: ");
        put_escaped(svg, profile_string(profile, note[i]));
        markup_raw(markup, "\n");
    }
    markup_raw(markup, "</metadata>\n");
}

static void put_start(struct svg *svg)
{
    put(svg,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%g\" "
        "height=\"%u\" viewBox=\"0 0 %g %u\"%s%s>\n<title>",
        svg->width, svg->height, svg->width, svg->height,
        svg->options->width ? " data-fixed=\"1\"" : "",
        svg->options->inverted ? " data-inverted=\"1\"" : "");
    put_escaped(svg, svg->title);
    markup_raw(&svg->markup, "</title>\n");
    put_facts(svg);
    put_style(svg);
}

static void put_picture(struct svg *svg)
{
    markup_raw(&svg->markup, "<g id=\"picture\">\n<rect id=\"back\" width=\"100%\" "
                             "height=\"100%\"/>\n");
    put_head(svg, false);
    svg_put_boxes(svg);
    if (has_legend(svg))
        put_legend(svg, svg->height - 26);
    markup_raw(&svg->markup, "</g>\n");
}

static void put_script(struct svg *svg)
{
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
    put_picture(svg);
    if (!all.no_script) {
        svg_put_data(svg);
        put_script(svg);
    }
    markup_raw(&svg->markup, "</svg>\n");
    markup_flush(&svg->markup);
    flame_free(svg->flame);
    free(svg);
    return 0;
}
