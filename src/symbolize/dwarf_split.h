#ifndef FIQ_SYMBOLIZE_DWARF_SPLIT_H
#define FIQ_SYMBOLIZE_DWARF_SPLIT_H

#include "elf/debug_file.h"
#include "symbolize/dwarf_file.h"

/*
 * Split DWARF: the program holds skeletons of units, the units themselves lie in .dwo files or
 * are gathered in a package (.dwp) beside the program.
 */
struct dwarf_splits {
    const struct debug_file_search *search;
    size_t *inflate;
    struct dwarf_split_file *package; /* NULL: none, or not looked for yet */
    bool looked;
    struct dwarf_split_file *object; /* the .dwo of the last unit */
    char *missing;                   /* a sentence about the first that was not found */
};

void dwarf_splits_init(struct dwarf_splits *splits, const struct debug_file_search *search,
                       size_t *inflate);
void dwarf_splits_close(struct dwarf_splits *splits);

/* The unit that the skeleton stands for, opened; `skeleton` must outlive it.  Good until the
 * next call, with all texts: of thousands of .dwo files one is open at a time. */
bool dwarf_splits_find(struct dwarf_splits *splits, struct dwarf_unit *skeleton,
                       struct dwarf_unit *unit);

#endif
