#ifndef FIQ_UNWIND_JIT_CFI_H
#define FIQ_UNWIND_JIT_CFI_H

#include "process/process.h"
#include "unwind/cfi.h"

/*
 * The CFI that a jitdump holds of single functions (JIT_CODE_UNWINDING_INFO): an .eh_frame as
 * if it lay behind the function's code.  The last ones that were asked for are kept.
 */
struct jit_cfi;

struct jit_cfi *jit_cfi_new(void);
void jit_cfi_free(struct jit_cfi *all);

/* The row for an address in the function, which is of the dso's dump; false when there is none.
 * Expressions in it are read from *space, which is good until the next call. */
bool jit_cfi_row(struct jit_cfi *all, const struct dso *dso,
                 const struct jit_function *function, uint64_t address, struct cfi_row *row,
                 const struct space **space);

#endif
