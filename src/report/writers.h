#ifndef FIQ_REPORT_WRITERS_H
#define FIQ_REPORT_WRITERS_H

#include "report/model.h"
#include "report/report.h"

/* The forms of a report; report.c chooses and keeps them within their bytes. */

/* How much to say.  What is left out is counted in the output. */
struct extent {
    size_t top;         /* rows of a list */
    size_t path_frames; /* of one hot path; the middle is left out */
    bool facts_only;    /* neither lists nor notes */
};

/* What the options ask for, found before anything is written. */
struct questions {
    bool *callers, *callees; /* flags of names, or NULL */
};

void write_text(const struct model *model, const struct report_options *options,
                const struct questions *questions, const struct extent *extent, FILE *out);
void write_json(const struct model *model, const struct report_options *options,
                const struct questions *questions, const struct extent *extent, FILE *out);

/* The rows of a tree that are shown: the `top` with the largest totals, which always holds the
 * parents of what it holds; in the order of a walk, the largest child first. */
struct tree_row {
    node_id node;
    size_t depth;  /* children of the root: 0 */
    size_t hidden; /* children that are not shown */
    uint64_t hidden_total;
};
/* The caller frees *rows. */
size_t tree_rows(const struct model *model, const struct model_tree *tree, size_t top,
                 struct tree_row **rows);

#endif
