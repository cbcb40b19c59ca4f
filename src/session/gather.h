#ifndef FIQ_SESSION_GATHER_H
#define FIQ_SESSION_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/strings.h"
#include "process/process.h"
#include "profile/call_tree.h"
#include "profile/profile.h"
#include "symbolize/symbolize.h"

/*
 * What the reader gathers between two hand-overs: stacks of locations, not yet named.  Owned by
 * the reader until it is handed over, then by the caller; never by both.
 */
struct gather_stack {
    node_id node;
    uint32_t labels; /* index into labels */
    uint64_t count, weight;
};

struct gather_labels {
    pid_t pid, tid;
    str_id process, thread; /* in texts */
    uint32_t event;         /* of a file with several; else 0 */
    bool self;
};

struct gather_moment {
    uint64_t time_ns;
    uint32_t stack;
};

struct gather {
    struct call_tree *tree; /* frames are indices of locations */
    struct location *locations;
    size_t location_count, location_room;
    struct map location_index;

    struct gather_stack *stacks;
    size_t stack_count, stack_room;
    struct map stack_index; /* node << 32 | labels */

    struct strings *texts;
    struct gather_labels *labels;
    size_t label_count, label_room;
    struct map label_index;

    struct gather_moment *moments;
    size_t moment_count, moment_room;

    struct quality quality;
    uint64_t samples;
    uint64_t first_ns, last_ns; /* of the samples, CLOCK_MONOTONIC */
    size_t max_nodes;
};

/* Locations that are no places. */
enum { LOCATION_CUT, LOCATION_BROKEN, LOCATION_PRUNED, LOCATION_FIRST };

struct gather *gather_new(size_t max_nodes);
void gather_free(struct gather *gather);

/* The number of a location.  Moments that lie less than LOCATION_MOMENT_NS apart may be taken
 * for one. */
enum { LOCATION_MOMENT_NS = 100000000 };
uint32_t gather_location(struct gather *gather, const struct location *location);
/* `wanted`: all but the names, which are given as texts. */
uint32_t gather_labels(struct gather *gather, const struct gather_labels *wanted,
                       const char *process, const char *thread);
/* Adds one sample; returns the stack's index. */
uint32_t gather_add(struct gather *gather, node_id node, uint32_t labels, uint64_t weight);
void gather_moment(struct gather *gather, uint64_t time_ns, uint32_t stack);

/* When the tree has more than max_nodes nodes: folds the smallest leaves into "[pruned]" until
 * it has half.  Node numbers change: true, and the caller forgets those that it holds. */
bool gather_prune(struct gather *gather);

#endif
