#ifndef FIQ_UNWIND_CODE_WALK_H
#define FIQ_UNWIND_CODE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/rule.h"

/*
 * The rule for an instruction that no CFI describes, from the code itself: from there on the
 * instructions are followed, through jumps, to the nearest return, and what they do to the
 * stack pointer on the way says where the return address is.  So unwinds musl, which has
 * neither CFI nor frame pointers, and assembly without either.
 *
 * It is a guess still: calls are taken to return, and the code that is met may be none.  The
 * caller looks whether the word that it leads to is a return address.
 */

/* Up to `size` bytes of code at `address`; returns how many are known. */
typedef size_t code_read_fn(void *data, uint64_t address, uint8_t *into, size_t size);

bool code_walk_x86_64(uint64_t pc, code_read_fn *read, void *data, struct rule *rule);

/*
 * Where the code at `pc`, which looks at the result of a system call or has just done so, goes
 * on when that is 0: past the branches that this decides.  0 when it does not look at it.
 */
uint64_t code_after_zero_x86_64(uint64_t pc, code_read_fn *read, void *data);

#endif
