#ifndef FIQ_UNWIND_REGISTERS_H
#define FIQ_UNWIND_REGISTERS_H

#include "perf/record.h"
#include "unwind/arch.h"
#include "unwind/stack.h"

/* All registers of a frame, in DWARF's order: for the few rows that need more than sp and
 * bp. */
struct registers {
    uint64_t reg[CFI_REGISTERS];
    uint32_t known; /* one bit a register */
};

struct registers registers_of_sample(const struct arch *arch, const struct regs *regs);

/* Turns the registers of a frame into its caller's.  False when they need something that is
 * not known; *missing is then the address of the word that was not in the copy, or 0. */
bool registers_step(struct registers *registers, const struct cfi_row *row,
                    const struct space *space, const struct stack *stack,
                    const struct arch *arch, uint64_t *missing);

/* The same for the kernel's signal frame at sp. */
bool registers_from_signal(struct registers *registers, const struct stack *stack,
                           const struct arch *arch, uint64_t *missing);

/* After a step that CFI knew nothing of: only these three are certain. */
void registers_set(struct registers *registers, const struct arch *arch, uint64_t pc,
                   uint64_t sp, uint64_t bp, bool bp_known);

#endif
