#ifndef FIQ_RENDER_DIFF_LAYOUT_H
#define FIQ_RENDER_DIFF_LAYOUT_H

#include "render/diff.h"

/*
 * Where each frame of a flame graph of two goes; for diff_svg.c.
 *
 * The width of a box is what its own cost is on the larger side, plus the widths of its
 * children: so both sides of everything fit, and children never leave their parent.
 */
struct diff_box {
    uint32_t node, parent, level; /* parent: index of a box, smaller than its own */
    double left, width;           /* by share */
    double amount_width;          /* the same by amount */
};

struct diff_layout {
    struct diff_box *boxes; /* level by level from the root, siblings in the order of names */
    size_t count;
    uint32_t levels;
    size_t hidden; /* nodes left out as too narrow */
};

/* `narrowest` is a share of the root's width. */
void diff_layout(struct diff_layout *layout, const struct diff_picture *picture,
                 double narrowest);
void diff_layout_free(struct diff_layout *layout);

#endif
