#ifndef FIQ_UNWIND_GO_H
#define FIQ_UNWIND_GO_H

#include <stdbool.h>
#include <stdint.h>

#include "unwind/rule.h"
#include "unwind/space.h"

/*
 * Frame sizes from Go's own table (.gopclntab), which is in every Go program, stripped or not,
 * and also says which functions end a stack or leave it.  Formats of Go 1.18 and later
 * (runtime/symtab.go).
 */
struct go_table {
    const struct space *space;
    uint64_t text;                   /* what its code offsets count from */
    uint64_t functions, frame_sizes; /* addresses of functab and pctab */
    uint64_t count;                  /* of functions; 0: no table */
    uint8_t flags_offset;            /* in a function's entry */
};

/* The table at `address`.  `text` is used where the table does not say it.  False when it is
 * of another version. */
bool go_table_open(struct go_table *table, const struct space *space, uint64_t address,
                   uint64_t text);

/* The rule for the instruction at `pc`; false when it is no code of Go's. */
bool go_rule_at(const struct go_table *table, uint64_t pc, struct rule *rule);

#endif
