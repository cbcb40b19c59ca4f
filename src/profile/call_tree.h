#ifndef FIQ_PROFILE_CALL_TREE_H
#define FIQ_PROFILE_CALL_TREE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Stacks that share their outer frames, stored once.
 *
 * A node stands for one stack: its own frame plus those of its parents up to
 * the root.  A node number stays valid for the life of its tree, and a parent always has a
 * smaller number than its children.  Sums over subtrees are therefore one backward pass over
 * the array, without recursion.
 *
 * One thread at a time.
 */
struct call_tree;

typedef uint32_t node_id;  /* index into the tree; 0 is the root */
typedef uint32_t frame_id; /* what a frame is, is up to the owner of the tree */

struct call_node {
    node_id parent;
    frame_id frame;
    node_id first_child; /* the one that was made first; 0: none */
};

struct call_tree *call_tree_new(void);
void call_tree_free(struct call_tree *tree);

/* The child of `parent` for `frame`, made when it is not there yet. */
node_id call_tree_child(struct call_tree *tree, node_id parent, frame_id frame);

/* The same, but 0 when there is none. */
node_id call_tree_find_child(const struct call_tree *tree, node_id parent, frame_id frame);

/* Asks for the memory that call_tree_find_child() will look at. */
void call_tree_prefetch_child(const struct call_tree *tree, node_id parent, frame_id frame);

/* Adds to the self weight of a node. */
void call_tree_weigh(struct call_tree *tree, node_id node, uint64_t weight);

/* Adds `weight` to the stack `frames[0..depth)`, outermost frame first, and
 * returns its node.  The frames are copied. */
node_id call_tree_add(struct call_tree *tree, const frame_id *frames, size_t depth,
                      uint64_t weight);

/* All nodes, root first.  Valid until the next call that adds a node. */
const struct call_node *call_tree_nodes(const struct call_tree *tree, size_t *count);

/* Gives back the memory that only looking for children needs.  call_tree_child() makes it anew;
 * until then call_tree_find_child() and call_tree_prefetch_child() are not allowed. */
void call_tree_drop_index(struct call_tree *tree);

/* Brings the paths from these nodes to the root into the caches: for whoever is going to follow
 * each, as to wait for one node after the other takes far longer.  PATHS_AT_A_TIME are a good
 * number.  All of `ends` becomes 0. */
enum { PATHS_AT_A_TIME = 16 };
void call_tree_fetch_paths(const struct call_node *nodes, node_id *ends, size_t count);

/* Weight of the samples that ended in the node's very stack. */
uint64_t call_tree_self(const struct call_tree *tree, node_id node);

/* Fills totals[0..count) with self + descendants; sums stay at UINT64_MAX. */
void call_tree_totals(const struct call_tree *tree, uint64_t *totals, size_t count);

#endif
