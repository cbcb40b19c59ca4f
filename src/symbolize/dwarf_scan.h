#ifndef FIQ_SYMBOLIZE_DWARF_SCAN_H
#define FIQ_SYMBOLIZE_DWARF_SCAN_H

#include "symbolize/dwarf_file.h"

/*
 * The functions of one unit that hold wanted addresses, and what was inlined into them: one
 * flat pass over its entries, in which those that hold no code are skipped by their size.
 */
typedef uint32_t dwarf_node_id;
enum { DWARF_NO_NODE = -1 }; /* as a dwarf_node_id */

struct dwarf_node {
    dwarf_node_id parent; /* the function or inlined call around it */
    bool inlined;
    uint64_t entry; /* offset in .debug_info */
    uint64_t call_file;
    uint32_t call_line;
};

struct dwarf_scan {
    struct dwarf_unit *unit;
    const uint64_t *addresses; /* sorted */
    size_t count;
    dwarf_node_id *innermost; /* for each address */
    struct dwarf_node *nodes;
    size_t node_count, node_room;
    struct dwarf_budget *budget;
};

/* Fills innermost[0..count), which the caller has room for; the nodes are to be freed. */
void dwarf_scan_unit(struct dwarf_scan *scan);

/* The name of the function whose entry is at `offset`: as the linker knows it where that is
 * told, else as in the source.  NULL when there is none.  Follows abstract origins and
 * specifications, also into other units and the common file. */
const char *dwarf_entry_name(struct dwarf_unit *unit, uint64_t offset,
                             struct dwarf_budget *budget);

#endif
