/* The frames of the picture. */
#include <string.h>

#include "render/label.h"
#include "render/svg_parts.h"

const struct svg_kind *svg_kind(enum frame_kind kind)
{
    static const struct svg_kind kinds[] = {
        [FRAME_NATIVE] = {"user", NULL},   [FRAME_KERNEL] = {"kernel", "K"},
        [FRAME_INLINE] = {"inlined", "I"}, [FRAME_JIT] = {"JIT", "J"},
        [FRAME_PYTHON] = {"Python", "P"},  [FRAME_MARK] = {"note", NULL}};

    return &kinds[kind < FRAME_KINDS ? kind : FRAME_NATIVE];
}

name_id svg_box_name_id(const struct svg *svg, const struct flame_box *box)
{
    size_t count;

    return view_nodes(svg->view, &count)[box->node].name;
}

const char *svg_box_name(const struct svg *svg, const struct flame_box *box, size_t *length)
{
    name_id id = svg_box_name_id(svg, box);

    if (id == UINT32_MAX) {
        *length = 3;
        return "all";
    }
    *length = view_text_length(svg->view, id);
    return view_text(svg->view, id);
}

void svg_put_class(struct svg *svg, struct palette_class class)
{
    char name[2] = {(char)('a' + class.hue), (char)('a' + class.shade)};

    markup_bytes(&svg->markup, name, 2);
}

/* Frames of one level that stand so close together, and are so narrow, that they are one. */
struct run {
    size_t first, count;
    uint64_t left, end, weight;
};

static bool joins(const struct svg *svg, const struct run *run, const struct flame_box *box)
{
    return (double)box->width * svg->scale < svg->detail &&
           (double)(box->left - run->end) * svg->scale < svg->detail;
}

/* The run that starts at boxes[at]: a wide frame is one of its own. */
static struct run run_at(const struct svg *svg, size_t at)
{
    const struct flame_box *box = &svg->boxes[at];
    struct run run = {at, 1, box->left, box->left + box->width, box->width};

    if ((double)box->width * svg->scale >= svg->detail)
        return run;
    while (at + run.count < svg->count) {
        box = &svg->boxes[at + run.count];
        if (box->level != svg->boxes[at].level || !joins(svg, &run, box))
            break;
        run.count++;
        run.end = box->left + box->width;
        run.weight += box->width;
    }
    return run;
}

static size_t count_runs(const struct svg *svg)
{
    size_t runs = 0;

    for (size_t at = 0; at < svg->count && svg->boxes[at].level < svg->levels; runs++)
        at += run_at(svg, at).count;
    return runs;
}

void svg_choose_detail(struct svg *svg)
{
    svg->detail = 0;
    if (svg->options->no_script || svg->count <= SVG_ENOUGH / 5)
        return;
    for (svg->detail = 2; svg->detail < 40; svg->detail *= 1.5)
        if (count_runs(svg) <= SVG_ENOUGH)
            break;
}

/* " (12 samples, 3.40 %)</title>" */
static void put_share(struct svg *svg, uint64_t weight)
{
    double whole = (double)flame_whole(svg->flame);
    char text[64];

    weight_text(svg->view, weight, text, sizeof(text));
    markup_raw(&svg->markup, " (");
    markup_text(&svg->markup, text, strlen(text));
    snprintf(text, sizeof(text), ", %.2f %%)</title>",
             whole > 0 ? 100 * (double)weight / whole : 0);
    markup_raw(&svg->markup, text);
}

static void put_rect(struct svg *svg, name_id id, double x, double width)
{
    struct markup *markup = &svg->markup;
    const char *mark = id == UINT32_MAX ? NULL : svg_kind(palette_kind(svg->view, id))->mark;

    markup_raw(markup, "<rect class=\"");
    svg_put_class(svg, palette_class(svg->options->palette, svg->view, id));
    if (mark && width >= SVG_OUTLINED) {
        markup_raw(markup, " ");
        markup_raw(markup, mark);
    }
    markup_raw(markup, "\" x=\"");
    markup_real(markup, x, width < 20 ? 2 : 1);
    markup_raw(markup, "\" width=\"");
    markup_real(markup, width, width < 20 ? 2 : 1);
    markup_raw(markup, "\" height=\"16\"/>");
}

static void put_run(struct svg *svg, const struct run *run)
{
    struct markup *markup = &svg->markup;
    const struct flame_box *box = &svg->boxes[run->first];
    double x = SVG_MARGIN + (double)run->left * svg->scale;
    double width = (double)(run->end - run->left) * svg->scale;
    size_t length;
    const char *name = svg_box_name(svg, box, &length);

    markup_raw(markup, "<g><title>");
    if (run->count > 1) {
        markup_u64(markup, run->count);
        markup_raw(markup, " narrow frames");
    } else {
        markup_text(markup, name, length);
    }
    put_share(svg, run->weight);
    put_rect(svg, svg_box_name_id(svg, box), x, width);
    if (run->count == 1)
        label_put(markup, name, length, x, 0, width);
    markup_raw(markup, "</g>\n");
}

static void put_level(struct svg *svg, uint32_t level)
{
    uint32_t row = svg->options->inverted ? level : svg->levels - 1 - level;

    markup_raw(&svg->markup, "<g transform=\"translate(0 ");
    markup_u64(&svg->markup, svg->top + row * SVG_PITCH);
    markup_raw(&svg->markup, ")\">\n");
}

void svg_put_boxes(struct svg *svg)
{
    struct markup *markup = &svg->markup;
    uint32_t level = UINT32_MAX;

    markup_raw(markup, "<g id=\"frames\">\n");
    for (size_t at = 0; at < svg->count && svg->boxes[at].level < svg->levels;) {
        struct run run = run_at(svg, at);

        if (svg->boxes[at].level != level) {
            if (level != UINT32_MAX)
                markup_raw(markup, "</g>\n");
            level = svg->boxes[at].level;
            put_level(svg, level);
        }
        put_run(svg, &run);
        at += run.count;
    }
    markup_raw(markup, "</g>\n</g>\n");
}
