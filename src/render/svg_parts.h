#ifndef FIQ_RENDER_SVG_PARTS_H
#define FIQ_RENDER_SVG_PARTS_H

#include <stdbool.h>

#include "base/markup.h"
#include "render/facts.h"
#include "render/flame.h"
#include "render/render.h"

/*
 * The parts of an SVG file, for its writers only.
 *
 * The file holds the graph twice: as a picture, which reads without script, and as data, from
 * which the script draws what fits the window.  A browser needs some 10 us for each frame of
 * a picture before it shows anything, so with the script there is detail only where it can be
 * seen and hit: rows of frames too narrow for that are one frame in the picture.
 */
enum {
    SVG_PITCH = 17,      /* from level to level */
    SVG_BAR = 16,        /* height of a frame */
    SVG_MARGIN = 10,     /* left and right */
    SVG_LINE = 17,       /* of the facts */
    SVG_BASELINE = 12,   /* of a label in its frame */
    SVG_OUTLINED = 12,   /* from this width on an outline tells more than it hides */
    SVG_ENOUGH = 2500,   /* frames in the picture when the script shows the rest */
    SVG_DEEP = 2000,     /* levels in the picture then */
    SVG_DEEPEST = 32768, /* levels at all: browsers draw no more than 2^25 pixels */
};

struct svg {
    struct markup markup;
    const struct view *view;
    const struct render_options *options;
    struct flame *flame;
    const struct flame_box *boxes;
    size_t count;
    struct fact facts[FACTS_MAX];
    size_t fact_count;
    const char *title;
    double width, scale; /* pixels of the picture, and per unit of weight */
    double detail;       /* frames narrower than this are joined in the picture */
    uint32_t top, height;
    uint32_t levels; /* of the picture */
    bool used[PALETTE_HUES][PALETTE_SHADES];
    bool kinds[FRAME_KINDS];
};

/* How a kind is named, and the class that marks it without colour; NULL: not marked. */
struct svg_kind {
    const char *name;
    const char *mark;
};
const struct svg_kind *svg_kind(enum frame_kind kind);

/* Name of a box: "all" for the root. */
const char *svg_box_name(const struct svg *svg, const struct flame_box *box, size_t *length);
name_id svg_box_name_id(const struct svg *svg, const struct flame_box *box);

/* Two letters, "ce" is hue 2, shade 4. */
void svg_put_class(struct svg *svg, struct palette_class class);

/* Chooses how much detail the picture has. */
void svg_choose_detail(struct svg *svg);
void svg_put_boxes(struct svg *svg);

/* The graph as data for the script. */
void svg_put_data(struct svg *svg);

#endif
