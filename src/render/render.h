#ifndef FIQ_RENDER_RENDER_H
#define FIQ_RENDER_RENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "profile/view.h"
#include "render/palette.h"

/*
 * Pictures of a view, to be looked at in a browser.  Each is one file that refers to nothing
 * outside itself.  The cost follows what is visible, not the size of the profile.
 */
struct render_options {
    const char *title;    /* NULL: made from the facts of the profile */
    const char *subtitle; /* a further line of the user's, or NULL */
    uint32_t width;       /* pixels, 0: 1200 */
    double min_width;     /* pixels: narrower frames are left out; 0: a tenth */
    bool inverted;        /* root on top, an icicle graph */
    bool reversed;        /* the view is: innermost frames first; only said in the picture */
    bool no_script;       /* SVG only */
    enum palette palette;
};

/* Writes to a stream whose errors the caller checks at the end, as in format.h. */
int render_svg(const struct view *view, const struct render_options *options, FILE *out,
               struct error *err);
/* The share of all below which a frame is left out: what the view need not hold. */
double render_svg_narrowest(const struct render_options *options);

/* A page to explore the whole profile of the view with: what the view leaves out (labels, other
 * values, times) is in it.  How the view was asked for is how the page opens. */
int render_html(const struct view *view, const struct render_options *options, FILE *out,
                struct error *err);

#endif
