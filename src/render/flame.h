#ifndef FIQ_RENDER_FLAME_H
#define FIQ_RENDER_FLAME_H

#include <stddef.h>
#include <stdint.h>

#include "profile/view.h"

/*
 * Where each frame of a flame graph goes.  Knows nothing of SVG or HTML.
 *
 * Positions are weights, so they are exact: a box begins at `left` and is `width` wide on a
 * line that is flame_whole() long.  Boxes come level by level, from left to right; the root
 * is the first and the only one of level 0.  A parent's index is smaller than its children's,
 * and the children of one box follow one another, sorted by name.  They begin where their
 * parent begins and leave no gaps: what is too narrow to be shown, and the parent's own
 * weight, is to their right.  So the weights and the numbers of children alone give all
 * positions, which is what the viewers build on.
 *
 * Cost in memory and time beyond one pass over the view follows the boxes.
 */
struct flame;

struct flame_box {
    node_id node; /* in the view; 0 is the root */
    uint32_t level;
    uint32_t parent; /* index of a box; the root's is 0 */
    uint32_t first_child, child_count;
    uint64_t left, width;
    uint32_t hidden;       /* frames left out directly above this one */
    uint64_t hidden_width; /* their weight: they are right of the children */
};

struct flame_options {
    double narrowest; /* leave out boxes below this share of the whole */
    uint32_t deepest; /* leave out levels from this one on; 0: none */
};

struct flame *flame_new(const struct view *view, const struct flame_options *options);
void flame_free(struct flame *flame);

const struct flame_box *flame_boxes(const struct flame *flame, size_t *count);
uint32_t flame_levels(const struct flame *flame); /* at least 1: the root's */
uint64_t flame_whole(const struct flame *flame);

/* What was left out: frames of the view, and the weight that has any of them in its stack. */
uint64_t flame_hidden_frames(const struct flame *flame);
uint64_t flame_hidden_weight(const struct flame *flame);

#endif
