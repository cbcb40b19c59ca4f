#ifndef FIQ_UNWIND_CFI_PROGRAM_H
#define FIQ_UNWIND_CFI_PROGRAM_H

#include "unwind/cfi_entry.h"

/* Runs the instructions of a CIE and then of one of its FDEs up to `pc`.  False when they
 * cannot be read. */
bool cfi_run(const struct cfi *cfi, const struct cfi_entry *cie_entry,
             const struct cfi_cie *cie, const struct cfi_entry *entry,
             const struct cfi_fde *fde, uint64_t pc, struct cfi_row *row);

#endif
