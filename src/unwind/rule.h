#ifndef FIQ_UNWIND_RULE_H
#define FIQ_UNWIND_RULE_H

#include <stdint.h>

/*
 * What most rows of CFI come down to: the CFA from the stack or the frame pointer, the return
 * address just below it, the frame pointer perhaps saved somewhere below.  Eight bytes, so
 * that it fits into a cache entry beside its address.
 */
enum rule_kind {
    RULE_NONE,     /* nothing is known: try the frame pointer */
    RULE_END,      /* the outermost frame */
    RULE_SP,       /* CFA = sp + cfa */
    RULE_BP,       /* CFA = bp + cfa */
    RULE_PLT,      /* CFA = sp + 8, and 8 more after the stub's push */
    RULE_DEREF_BP, /* CFA = word at bp + cfa (realigned stacks) */
    RULE_DEREF_SP, /* CFA = word at sp + cfa */
    RULE_SIGNAL,   /* the kernel's signal frame lies at sp */
    RULE_SLOW      /* needs all registers and the row itself */
};

enum {
    RULE_BP_SAVED = 1,    /* the caller's frame pointer is at CFA + bp */
    RULE_BP_AT_BP = 2,    /* ... or at frame pointer + bp */
    RULE_OTHER_STACK = 4, /* the code has left its caller's stack; the frame pointer, unless
                             it is 0, leads back */
    RULE_BP_DEAD = 8,     /* in a memo: bp makes no difference from here outwards */
    RULE_TOP = 16         /* the outermost frame that its language knows of: the end, unless
                             it was called, or entered by a signal */
};

struct rule {
    uint8_t kind, flags;
    int16_t bp;
    int32_t cfa;
};

#endif
