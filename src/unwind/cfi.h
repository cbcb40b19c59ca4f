#ifndef FIQ_UNWIND_CFI_H
#define FIQ_UNWIND_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/space.h"

/*
 * Call frame information (DWARF 5 section 6.4, LSB "Exception Frames"): where a frame keeps
 * its caller's registers, for one address at a time.  Nothing is decoded before it is asked
 * for.  Every byte is hostile.
 */

enum { CFI_REGISTERS = 17 }; /* of x86-64 in DWARF's order, with the return address */

enum cfi_how {
    CFI_SAME, /* nothing was said: the callee did not touch it */
    CFI_UNDEFINED,
    CFI_OFFSET,        /* stored at CFA + value */
    CFI_VAL_OFFSET,    /* is CFA + value */
    CFI_REGISTER,      /* is in register `reg`; for the CFA: register `reg` + value */
    CFI_EXPRESSION,    /* stored where the expression leads; for the CFA: the expression */
    CFI_VAL_EXPRESSION /* is what the expression gives */
};

struct cfi_rule {
    uint8_t how, reg;
    uint16_t size; /* of the expression, whose address is `value` */
    int64_t value;
};

struct cfi_row {
    struct cfi_rule cfa, reg[CFI_REGISTERS];
    uint8_t ra;  /* the column of the return address */
    bool signal; /* the frame was interrupted, not called */
};

struct cfi_place {
    uint64_t start, fde; /* code and entry, as addresses in the space */
};

/* The CFI of one file: .eh_frame or .debug_frame. */
struct cfi {
    const struct space *space;
    bool debug_frame;
    uint64_t start, size; /* of the section; size 0 when unknown */
    /* The search table of .eh_frame_hdr, or an index made by reading all. */
    uint64_t header, table, table_count;
    uint8_t table_encoding;
    struct cfi_place *index; /* sorted; freed by cfi_end() */
    size_t index_count;
};

/* With the search table at `header`.  False when it holds none that can be searched; *eh_frame
 * is then where .eh_frame starts, or 0. */
bool cfi_from_header(struct cfi *cfi, const struct space *space, uint64_t header,
                     uint64_t *eh_frame);

/* Reads the whole section once to index it. */
void cfi_from_section(struct cfi *cfi, const struct space *space, uint64_t start, uint64_t size,
                      bool debug_frame);

void cfi_end(struct cfi *cfi);

/* The row for the instruction at `pc`.  False when there is none or it cannot be read. */
bool cfi_row_at(const struct cfi *cfi, uint64_t pc, struct cfi_row *row);

/* For tests: the first and past-the-last address that the entry for `pc` covers. */
bool cfi_extent(const struct cfi *cfi, uint64_t pc, uint64_t *from, uint64_t *to);

#endif
