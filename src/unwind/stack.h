#ifndef FIQ_UNWIND_STACK_H
#define FIQ_UNWIND_STACK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "perf/record.h"

/* The copied part of a thread's stack, and what was copied of it farther out, or of another
 * stack that it came from. */
struct stack {
    const uint8_t *bytes;
    uint64_t low, size; /* address of bytes[0] */
    bool whole;         /* the stack itself ends where the copy does */
    const struct stack_part *far;
    size_t far_count;
};

static inline bool stack_load_far(const struct stack *stack, uint64_t address, uint64_t *word)
{
    for (size_t i = 0; i < stack->far_count; i++) {
        const struct stack_part *part = &stack->far[i];
        uint64_t offset = address - part->low;

        if (offset >= part->size || part->size - offset < sizeof(*word))
            continue;
        memcpy(word, part->bytes + offset, sizeof(*word));
        return true;
    }
    return false;
}

static inline bool stack_load(const struct stack *stack, uint64_t address, uint64_t *word)
{
    uint64_t offset = address - stack->low;

    if (offset >= stack->size || stack->size - offset < sizeof(*word))
        return stack_load_far(stack, address, word);
    memcpy(word, stack->bytes + offset, sizeof(*word));
    return true;
}

/* The address is in the copy at the stack pointer. */
static inline bool stack_is_near(const struct stack *stack, uint64_t address)
{
    return address - stack->low < stack->size;
}

static inline bool stack_holds(const struct stack *stack, uint64_t address, uint64_t word)
{
    uint64_t there;

    return stack_load(stack, address, &there) && there == word;
}

#endif
