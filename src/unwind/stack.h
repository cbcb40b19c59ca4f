#ifndef FIQ_UNWIND_STACK_H
#define FIQ_UNWIND_STACK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The copied part of a thread's stack. */
struct stack {
    const uint8_t *bytes;
    uint64_t low, size; /* address of bytes[0] */
    bool whole;         /* the stack itself ends where the copy does */
};

static inline bool stack_load(const struct stack *stack, uint64_t address, uint64_t *word)
{
    uint64_t offset = address - stack->low;

    if (offset >= stack->size || stack->size - offset < sizeof(*word))
        return false;
    memcpy(word, stack->bytes + offset, sizeof(*word));
    return true;
}

static inline bool stack_holds(const struct stack *stack, uint64_t address, uint64_t word)
{
    uint64_t there;

    return stack_load(stack, address, &there) && there == word;
}

#endif
