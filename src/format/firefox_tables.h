#ifndef FIQ_FORMAT_FIREFOX_TABLES_H
#define FIQ_FORMAT_FIREFOX_TABLES_H

#include "base/json_writer.h"
#include "base/map.h"
#include "profile/profile.h"

/*
 * The tables of one thread in the Firefox Profiler's format: its stacks, frames, functions,
 * resources and texts, each a set of columns, holding only what the thread uses.
 *
 * For each thread: begin, use the stacks of its samples, number what is used, put.
 */

/* From numbers of the profile to those in the tables of one thread.  The stamp tells which
 * thread an entry was made for, so that nothing has to be cleared between threads. */
struct local_ids {
    uint32_t *ids, *stamps;
};

struct firefox_tables {
    const struct profile *profile;
    const struct call_node *nodes;
    struct json_writer *json;

    /* the thread that is being written */
    uint32_t stamp;
    struct local_ids stacks, frames, functions, resources;
    node_id *used_nodes;
    frame_id *used_frames;
    frame_id *used_functions; /* a frame of each */
    mapping_id *used_resources;
    size_t node_count, frame_count, function_count, resource_count;
    size_t node_room, frame_room, function_room, resource_room;
    struct strings *strings;
    struct map function_index; /* function << 32 | mapping, anew for each thread */
};

void firefox_tables_init(struct firefox_tables *tables, const struct profile *profile,
                         struct json_writer *json);
void firefox_tables_free(struct firefox_tables *tables);

/* A new thread, which uses nothing yet. */
void firefox_tables_begin(struct firefox_tables *tables);
void firefox_tables_use(struct firefox_tables *tables, node_id node);
/* All stacks are known: gives them, and what they use, their numbers. */
void firefox_tables_number(struct firefox_tables *tables);

/* The number of a stack as a value; null for the root. */
void firefox_tables_put_stack(struct firefox_tables *tables, node_id node);
/* All tables, as members of the thread's object. */
void firefox_tables_put(struct firefox_tables *tables);

/* What the "category" columns mean, as a member of the head. */
void firefox_put_categories(struct json_writer *json);

#endif
