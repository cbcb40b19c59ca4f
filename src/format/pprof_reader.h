#ifndef FIQ_FORMAT_PPROF_READER_H
#define FIQ_FORMAT_PPROF_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "format/pprof.h"

/*
 * What has been read of a pprof file before its names are known.
 *
 * Most producers write samples first and names last, so samples wait, as stacks of location
 * numbers, until everything is there.  That takes no more memory than the profile itself.
 */
enum { PPROF_TYPES_MAX = 64 };

struct raw_type {
    int64_t type, unit;
};

struct raw_mapping {
    uint64_t start, limit, offset;
    int64_t path, build_id;
    mapping_id id;        /* in the profile, once asked for */
    enum frame_kind kind; /* FRAME_KINDS: by its path */
    bool stands_for_none, made;
};

struct raw_location {
    uint64_t mapping, address;
    size_t first_line;
    uint32_t lines;
    bool known, made;
    size_t first_frame; /* outermost first, in `frames`, once made */
    uint32_t frames;
};

struct raw_line {
    uint64_t function;
    int64_t line;
};

struct raw_function {
    int64_t name, system_name, file;
};

struct raw_sample {
    node_id node;
    str_id labels; /* in `label_lists` */
};

/* What the labels of a sample mean. */
struct meaning {
    label_id labels;
    bool known, timed;
    uint64_t time_ns;
    uint32_t unmeasured;
};

struct pprof_reader {
    struct profile *profile;
    const char *name;

    str_id *texts;
    size_t text_count, text_room;
    struct raw_type types[PPROF_TYPES_MAX];
    size_t type_count;
    struct raw_mapping *mappings;
    size_t mapping_count, mapping_room;
    struct raw_location *locations;
    size_t location_count, location_room;
    struct raw_line *lines;
    size_t line_count, line_room;
    struct raw_function *functions;
    size_t function_count, function_room;
    struct map mapping_ids, location_ids, function_ids;
    int64_t *comments;
    size_t comment_count, comment_room;

    struct call_tree *tree; /* of location numbers */
    struct raw_sample *samples;
    int64_t *values; /* type_count for each sample */
    size_t sample_count, sample_room, value_room, value_count;
    struct strings *label_lists;
    frame_id *path;
    size_t path_room;

    frame_id *frames; /* of all made locations */
    size_t frame_count, frame_room;
    struct meaning *meanings;
    size_t meaning_room;

    int64_t period_type;
    uint64_t started, duration;
    int64_t period, default_type;
    int column[PPROF_TYPES_MAX]; /* value type -> index in the profile, or -1 */
    uint64_t all_unmeasured;

    uint64_t damaged;  /* references that lead nowhere */
    uint64_t too_deep; /* stacks */
    uint64_t wrong;    /* samples with too few or too many values */
    uint64_t negative; /* values */
    uint64_t foreign_labels;
    struct strings *foreign_keys;
};

/* The second pass: makes the profile of what was read. */
int pprof_reader_finish(struct pprof_reader *reader, struct error *err);

#endif
