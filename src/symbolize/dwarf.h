#ifndef FIQ_SYMBOLIZE_DWARF_H
#define FIQ_SYMBOLIZE_DWARF_H

#include "base/error.h"
#include "elf/debug_file.h"
#include "symbolize/dwarf_budget.h"

/*
 * Inlined calls and source lines from the DWARF of one program: for sorted addresses, the units
 * that hold them are found, and each of these is read once.
 *
 * Follows split units (.dwo beside the program or in a .dwp) and the part that dwz put into a
 * common file.  After the time limit the rest stays without answers, and dwarf_gave_up() says
 * so.  One thread.
 */
struct dwarf;

struct dwarf_options {
    const struct debug_file_search *search; /* where common and split files may lie */
    const char *debug_path;                 /* of the file that holds the DWARF, or NULL */
    struct dwarf_limits limits;             /* of each dwarf_find() */
    bool lines;
};

/* What an address is in, innermost first. */
struct dwarf_frame {
    const char *name; /* NULL when the entry has none */
    const char *path; /* source file, or NULL */
    uint32_t line;    /* 0 when unknown */
};

struct dwarf_chain {
    uint32_t first, count; /* of dwarf_frames() */
    bool complete;         /* the outermost is a real function; else all are inlined */
};

/* `image` must outlive it.  *dwarf is NULL, with result 0, when there is no DWARF in it. */
int dwarf_open(struct dwarf **dwarf, struct image *image, const struct dwarf_options *options,
               struct error *err);
void dwarf_close(struct dwarf *dwarf);

/* Chains for sorted addresses without repetition.  Names and paths live as long as `dwarf`;
 * dwarf_frames() until the next call. */
void dwarf_find(struct dwarf *dwarf, const uint64_t *addresses, size_t count,
                struct dwarf_chain *chains);
const struct dwarf_frame *dwarf_frames(const struct dwarf *dwarf);

/* How many units have their entries in a .dwo or .dwp, for how many of these that was not
 * found, and which version of DWARF these are (0: none is missing). */
struct dwarf_split_count {
    size_t units, missing;
    unsigned missing_version;
};
struct dwarf_split_count dwarf_count_splits(struct dwarf *dwarf);

bool dwarf_gave_up(const struct dwarf *dwarf);
/* A split file or common file that was not found, a section that cannot be inflated, or NULL: a
 * sentence for the user. */
const char *dwarf_missing(const struct dwarf *dwarf);

#endif
