#ifndef FIQ_UNWIND_ARCH_H
#define FIQ_UNWIND_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/cfi.h"
#include "unwind/code_walk.h"
#include "unwind/rule.h"

/* Bytes of code around an address: before[-1] is the byte in front of it. */
enum { CODE_BEFORE = 8, CODE_AFTER = 32 };
struct code {
    uint8_t bytes[CODE_BEFORE + CODE_AFTER];
    unsigned before, after; /* how many are known on either side */
};

/* What the unwinder has to know of a processor. */
struct arch {
    uint16_t machine;   /* EM_* */
    uint8_t ip, sp, bp; /* in perf's numbering */
    uint8_t result;     /* the same: where a system call leaves what it returns */
    uint8_t dwarf_sp, dwarf_bp, dwarf_ra;
    uint8_t perf_of_dwarf[CFI_REGISTERS];
    uint32_t scratch; /* registers, by DWARF number, that a call does not preserve */

    /* Where the kernel's signal frame keeps things, from the stack pointer in the
     * trampoline; by DWARF number, the return address being the interrupted one. */
    uint16_t signal_offset[CFI_REGISTERS];

    bool (*is_sigreturn)(const struct code *code);
    /* Behind it: where the kernel says that a signal's frame is being taken down. */
    bool (*in_sigreturn)(const struct code *code);
    /* A return address that begins the end of a stack: its function has no CFI. */
    bool (*is_end)(const struct code *code);
    /* An address that a call instruction precedes. */
    bool (*follows_call)(const struct code *code);
    /* An address that a call to a fixed place precedes, and how far from there that is. */
    bool (*follows_direct_call)(const struct code *code, int32_t *distance);
    /* Whether `transfer_size` bytes, at most 16, are a call (or a jump) to a fixed place. */
    bool (*is_transfer)(const uint8_t *bytes, bool calls, int32_t *distance);
    uint8_t transfer_size;
    /* A rule from the instruction at hand alone, for an innermost frame without CFI. */
    bool (*prologue_rule)(const struct code *code, struct rule *rule);
    /* The same where the rest of the function is seen to be an epilogue, for any frame. */
    bool (*epilogue_rule)(const struct code *code, struct rule *rule);
    /* The same from all the code that comes up to the function's return. */
    bool (*code_walk)(uint64_t pc, code_read_fn *read, void *data, struct rule *rule);
    /* Where code that looks at the result of a system call goes on when that is 0. */
    uint64_t (*code_after_zero)(uint64_t pc, code_read_fn *read, void *data);
    /* The row in short, or RULE_SLOW. */
    struct rule (*rule_of_row)(const struct cfi_row *row, const struct space *space);
};

extern const struct arch arch_x86_64;

#endif
