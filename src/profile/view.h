#ifndef FIQ_PROFILE_VIEW_H
#define FIQ_PROFILE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "profile/profile.h"

/*
 * A profile as people look at it: one value, a tree of *names*.
 *
 * Frames that differ only in address or line are one name; process and thread become frames
 * where that is wanted.  Folded text, flame graphs, tables and comparisons all read this, so
 * that they agree.  A view belongs to its profile, which must live longer.
 *
 * Nodes are those of a call tree: 0 is the root, parents come before children.
 */
struct view;

enum view_processes {
    VIEW_PROCESSES_AUTO, /* the name outermost, when there is more than one process */
    VIEW_PROCESSES_NEVER,
    VIEW_PROCESSES_ALWAYS /* name and PID: "nginx (4711)" */
};

struct view_options {
    size_t value; /* index of the value type; see profile_default_value() */
    enum view_processes processes;
    bool threads; /* "thread-name (TID)" below the process */
    bool reverse; /* innermost frame first: who calls */
    /* Leave out nodes with less than this share of all; 0 keeps also those without weight. */
    double narrowest;
    bool by_text;    /* names that differ only in kind are one, as in plain folded text */
    bool paths_only; /* for view_paths() and view_node_of() alone: saves what nodes weigh */
};

typedef uint32_t name_id; /* index into view_name() */

struct view_name {
    str_id text;
    enum frame_kind kind;
    mapping_id mapping; /* of the first frame with that name, or 0 */
    bool unnamed;
    bool is_label; /* a process or a thread */
};

struct view_node {
    node_id parent; /* smaller than the node's own number; the root's is 0 */
    name_id name;   /* the root has none: UINT32_MAX */
    uint64_t self, total;
};

struct view *view_new(const struct profile *profile, const struct view_options *options);
void view_free(struct view *view);

const struct view_node *view_nodes(const struct view *view, size_t *count);

/* Parent and name (as `frame`) of each node: all that following a stack outwards needs.  Only
 * of views that were made with `paths_only`, which have no view_nodes(). */
const struct call_node *view_paths(const struct view *view);

const struct view_name *view_name(const struct view *view, name_id name);
uint32_t view_name_count(const struct view *view);
const char *view_text(const struct view *view, name_id name);
size_t view_text_length(const struct view *view, name_id name);
const struct profile *view_profile(const struct view *view);
const struct view_options *view_settings(const struct view *view);
/* Type of the one value shown; NULL when the profile has none. */
const struct value_type *view_value_type(const struct view *view);

/* What `narrowest` left out: nodes, and the weight that has any of them in its stack. */
void view_left_out(const struct view *view, uint64_t *nodes, uint64_t *weight);

/* The view's node in which a stack of the profile ended, for formats with times or labels.  Not
 * for views with `narrowest`. */
node_id view_node_of(const struct view *view, stack_id stack);

#endif
