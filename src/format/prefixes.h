#ifndef FIQ_FORMAT_PREFIXES_H
#define FIQ_FORMAT_PREFIXES_H

#include <stdbool.h>
#include <stdint.h>

#include "profile/call_tree.h"

/*
 * Which node the beginnings of lines lead to, for lines that come in no order.
 *
 * Stacks in lines share their outer frames with some line before, mostly not the last one.  To
 * walk down the tree name by name is a cache miss each; here the way to the deepest node that
 * is known takes one.  A beginning is a number of whole blocks of the line, and is known by 80
 * bits of a hash whose keys differ in each run: nobody can make lines that are taken for
 * others, and by chance it happens once in 10^10 files of a million lines.
 */
struct prefixes;

enum { PREFIX_BLOCK = 128, PREFIX_DEPTH_MAX = UINT16_MAX };

struct prefix_hash { /* {0} is that of the empty beginning */
    uint64_t low, high;
};

struct prefix {
    node_id node;   /* of the last name that ends, with its semicolon, in the beginning */
    uint32_t depth; /* names up to it */
};

struct prefixes *prefixes_new(void);
void prefixes_free(struct prefixes *prefixes);

/* The hash of a beginning and the PREFIX_BLOCK bytes behind it. */
struct prefix_hash prefixes_extend(const struct prefixes *prefixes, struct prefix_hash before,
                                   const char *block);

/* Asks for the memory where the hash would be found. */
void prefixes_prefetch(const struct prefixes *prefixes, struct prefix_hash hash);

bool prefixes_find(const struct prefixes *prefixes, struct prefix_hash hash,
                   struct prefix *prefix);

/* `prefix.node` is not 0.  What is there already stays; what is too deep is not kept. */
void prefixes_add(struct prefixes *prefixes, struct prefix_hash hash, struct prefix prefix);

#endif
