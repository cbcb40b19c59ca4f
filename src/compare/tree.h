#ifndef FIQ_COMPARE_TREE_H
#define FIQ_COMPARE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "compare/names.h"
#include "profile/view.h"

/*
 * All runs of both sides in one tree of functions.
 *
 * Values lie in rows, one a node, with one column a run: those before first.  A function that a
 * compiler split in two (foo and foo.cold below it) is one node.
 */
struct tree {
    struct names *names;
    struct tree_node {
        uint32_t parent; /* smaller than the node's own number */
        function_id function;
        bool outermost; /* no frame further out is the same function */
        bool inlined;   /* into its parent, wherever it occurs */
    } * nodes;
    size_t count;
    size_t runs[2], columns;
    uint64_t *self, *total;
};

/* `views` are runs[0] + runs[1] many.  -ENOENT when a mapped name is missing. */
int tree_merge(struct tree *tree, struct view *const *views, const size_t runs[2],
               const struct name_rules *rules, struct error *err);
void tree_free(struct tree *tree); /* what it holds, not itself */

/* Fills totals[count * columns] from rows of self. */
void tree_totals(const struct tree *tree, const uint64_t *self, uint64_t *totals);

/* What a function has in each run: rows of functions from rows of nodes. */
uint64_t *tree_self_of_functions(const struct tree *tree, const uint64_t *self);
/* The same, where what was inlined counts for the function that it was inlined into. */
uint64_t *tree_own_of_functions(const struct tree *tree, const uint64_t *self);
/* The node that a node's cost counts for then: itself, unless it was inlined. */
uint32_t *tree_owners(const struct tree *tree);
uint64_t *tree_total_of_functions(const struct tree *tree, const uint64_t *totals);

/*
 * Inlining moves the cost of a function into its caller.  Where a function has vanished below a
 * caller and what that caller itself costs has grown by about as much, both rows of the side
 * that still had it are made to look as if it had been inlined there too: `self` changes,
 * nothing is lost.  The same the other way round.
 *
 * What is below the share `least` of its side is left alone: it may be missing by chance.
 *
 * Returns for each function and side where its cost went: row f, column side, or UINT32_MAX.
 */
function_id *tree_follow_inlining(const struct tree *tree, uint64_t *self,
                                  const double least[2]);

#endif
