#ifndef FIQ_UNWIND_GO_H
#define FIQ_UNWIND_GO_H

#include <stdbool.h>
#include <stdint.h>

#include "unwind/arch.h"
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
    uint64_t names;                  /* of functions */
    uint64_t count;                  /* of functions; 0: no table */
    uint8_t flags_offset;            /* in a function's entry */
};

/* The table at `address`.  `text` is used where the table does not say it.  False when it is
 * of another version. */
bool go_table_open(struct go_table *table, const struct space *space, uint64_t address,
                   uint64_t text);

/* The rule for the instruction at `pc`; false when it is no code of Go's. */
bool go_rule_at(const struct go_table *table, uint64_t pc, struct rule *rule);

/*
 * Where the stack of a thread's scheduler begins.
 *
 * runtime.mstart calls runtime.mstart0, that runtime.mstart1, which saves the stack pointer of
 * its caller.  When a goroutine leaves the thread (runtime.mcall), the scheduler goes on from
 * there: over the frame of mstart1, below that of mstart0.
 */
struct go_start {
    uint64_t in_mstart;  /* the return address there, which is on the stack */
    uint64_t in_mstart0; /* the one that was on the stack below its frame */
    uint32_t frame;      /* from mstart0's stack pointer to the return address in mstart */
};

/* False when `address` is not the return address in runtime.mstart; *start is then as it was.
 */
bool go_start_at(const struct go_table *table, const struct arch *arch, uint64_t address,
                 struct go_start *start);

#endif
