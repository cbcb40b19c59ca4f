#ifndef FIQ_UNWIND_EXPRESSION_H
#define FIQ_UNWIND_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * DWARF expressions as CFI uses them (DWARF 5 section 2.5): a stack machine over registers and
 * the target's memory.  Hostile, hence a bounded number of steps.
 */
struct expression_input {
    const uint64_t *reg; /* in DWARF's order */
    uint32_t known;      /* one bit a register */
    unsigned reg_count;
    bool (*load)(void *data, uint64_t address, uint64_t *word);
    void *data;
};

/* `first`, where not NULL, lies on the stack at the start: the CFA.  False when the expression
 * is malformed, too long, or needs a register or memory that is not known. */
bool expression_evaluate(const uint8_t *bytes, size_t size,
                         const struct expression_input *input, const uint64_t *first,
                         uint64_t *result);

#endif
