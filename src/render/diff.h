#ifndef FIQ_RENDER_DIFF_H
#define FIQ_RENDER_DIFF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/*
 * A flame graph of two: each box has what was measured before and after.
 *
 * What is gone stays in its place, hatched; what is new is framed.  Red takes more, blue takes
 * less, grey is within noise.  Without script the picture shows shares, as wide as the larger
 * side; with it, width, colour and scale can be switched.
 *
 * Knows nothing of how the differences were found: the caller fills the nodes.
 */
enum diff_change { DIFF_SAME, DIFF_MORE, DIFF_LESS, DIFF_MOVED };

struct diff_node {
    uint32_t parent;          /* smaller than the node's own number; node 0 is the root */
    const char *name;         /* clean text; not used for the root */
    double self[2], total[2]; /* before and after, as share of their side: 0 to 1 */
    /* By share and by amount. */
    enum diff_change self_change[2], total_change[2];
};

struct diff_picture {
    const struct diff_node *nodes;
    size_t count;
    double amounts[2]; /* what share 1 is on each side; zeros when amounts cannot be compared */
    const char *unit;  /* of amounts, for the switch */
    const char *title;
    const char *const *lines; /* below the title: the inputs by name, the verdict */
    size_t line_count;
    /* What a tooltip says of a node behind its name, without parentheses; good until the next
     * call. */
    const char *(*detail)(void *data, uint32_t node);
    void *data;
};

struct diff_options {
    uint32_t width;   /* pixels, 0: 1200 */
    double min_width; /* pixels: narrower frames are left out; 0: a tenth */
    bool inverted;    /* root on top */
    bool no_script;
    bool within_html; /* without the XML declaration that a file begins with */
};

/* Writes to a stream whose errors the caller checks at the end. */
int render_diff_svg(const struct diff_picture *picture, const struct diff_options *options,
                    FILE *out, struct error *err);

/* Writes the element that lets the page around a picture run the picture's script and nothing
 * else; it belongs into the page's head. */
void render_diff_policy(const struct diff_options *options, FILE *out);

#endif
