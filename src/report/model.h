#ifndef FIQ_REPORT_MODEL_H
#define FIQ_REPORT_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "profile/profile.h"
#include "profile/view.h"

/*
 * What a report tells, counted once and then written in any form.
 *
 * Everything is summed for all value types at once; a sum in which nothing was measured is
 * NOT_MEASURED.  Rows are sorted by the shown value, largest first, equal ones by name.
 */
struct model {
    const struct profile *profile;
    struct view *view; /* names only: processes and threads are no frames here */
    size_t types;
    size_t value;   /* the shown one */
    size_t samples; /* index of samples/count, or SIZE_MAX */
    uint64_t totals[PROFILE_VALUES_MAX];
    uint64_t *node_self; /* of the view's nodes, `types` each */

    struct model_function {
        name_id name;
        const uint64_t *self, *total; /* one for each type */
    } * functions;
    size_t function_count;
    uint64_t *function_sums;

    struct model_path {
        node_id node;
        const uint64_t *self;
    } * paths; /* the nodes in which stacks end */
    size_t path_count;

    struct model_thread {
        str_id process, thread;
        int32_t pid, tid;
        uint64_t *self;
    } * threads;
    size_t thread_count, thread_room;
    size_t process_count;
};

void model_fill(struct model *model, const struct profile *profile, size_t value);
void model_free(struct model *model);

/* Source lines; only made when asked for. */
struct model_line {
    str_id file, function;
    uint32_t line;
    uint64_t self, total; /* of the shown value */
    uint64_t self_samples, total_samples;
};
/* The caller frees *lines. */
size_t model_lines(const struct model *model, struct model_line **lines);

/* ---- shares ---- */

/* Half the width of the 95 % interval (Wilson) of a share that `part` of all samples make, as
 * a fraction; negative when the samples are not known. */
double model_error(const struct model *model, uint64_t part_samples);

/* The samples among the values of a row, NOT_MEASURED when they are not known. */
uint64_t model_samples_of(const struct model *model, const uint64_t *values);

/* Name and unit of a type. */
const char *model_type_name(const struct model *model, size_t type);
const char *model_type_unit(const struct model *model, size_t type);
/* The type of that name, SIZE_MAX when there is none. */
size_t model_find_type(const struct model *model, const char *name);

/* Base name of the file that a name's first frame lies in, or "". */
const char *model_module(const struct model *model, name_id name);

/* ---- trees ---- */

/* A tree of names with sums of the shown value, root first; node 0 has no name. */
struct model_tree {
    struct view_node *nodes;
    uint64_t *samples; /* of the whole subtree; NULL when they are not known */
    uint32_t *times;   /* how often the name stands in a row at most; NULL before a fold */
    size_t count;
};

/* Which functions are meant: first those named so, else those that the expression matches.
 * Returns flags, one a name, to be freed. */
int model_match(const struct model *model, const char *wanted, bool **matches,
                struct error *err);

void model_whole_tree(const struct model *model, struct model_tree *tree);
/* Below the root the wanted functions, below each its callers, their callers, … */
void model_callers(const struct model *model, const bool *wanted, struct model_tree *tree);
/* Below the root the wanted functions, below each what it calls. */
void model_callees(const struct model *model, const bool *wanted, struct model_tree *tree);
/* Makes one node of each and those of its children that have its name, and of theirs. */
void model_tree_fold(struct model_tree *tree);
void model_tree_free(struct model_tree *tree);

#endif
