#ifndef FIQ_SYMBOLIZE_GO_NAMES_H
#define FIQ_SYMBOLIZE_GO_NAMES_H

#include "elf/lazy_section.h"
#include "symbolize/dwarf.h"

/*
 * Functions, inlined calls and lines from the table that every Go program carries for its own
 * tracebacks (.gopclntab), stripped or not.  Formats of Go 1.18 and later (runtime/symtab.go).
 */
struct go_names {
    struct lazy_section table;
    uint64_t text; /* what its code offsets count from */
    uint64_t count;
    uint64_t names, units, files, steps, functions; /* offsets in the table */
    uint8_t line_offset;                            /* where a function's entry ends */
    struct lazy_section trees;                      /* the section that inline trees lie in */
    uint64_t inline_base;                           /* their base address, 0: unknown */
    uint64_t budget; /* steps that may still be taken, against tables made to be slow */
};

/* False when there is none, or it is of another version.  Of the table, which may have
 * hundreds of megabytes, only what is asked for is read, and kept until go_names_close(). */
bool go_names_open(struct go_names *table, struct image *image);
void go_names_close(struct go_names *table); /* zeroed ones, too */

/* Adds the frames of one address, innermost first, to *frames, which grows with xgrow.  Texts
 * live as long as the table.  False when it is no code of Go's. */
bool go_names_find(struct go_names *table, uint64_t address, bool inlines,
                   struct dwarf_frame **frames, size_t *count, size_t *room);

#endif
