#ifndef FIQ_UNWIND_UNWIND_H
#define FIQ_UNWIND_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "perf/record.h"
#include "process/process.h"

/*
 * Turns registers and a copy of the stack into a callchain, from the CFI of the mapped files,
 * with frame pointers where there is none.  Remembers the rule of each address it has met, so
 * the second visit to an address costs a hash look-up.
 *
 * One thread at a time; several unwinders may exist.  Knows no symbols and no trees.
 */
struct unwinder;

enum unwind_end {
    UNWIND_ROOT,       /* reached the outermost frame */
    UNWIND_STACK_CUT,  /* the copied part of the stack ended */
    UNWIND_NO_RULE,    /* neither CFI nor a plausible frame pointer */
    UNWIND_NO_ADVANCE, /* would loop */
    UNWIND_FULL        /* `room` frames found, there may be more */
};

enum { UNWIND_DEPTH = 10000 };

struct unwinder *unwinder_new(void);
void unwinder_free(struct unwinder *unwinder);

/* Fills chain[0..returned), innermost first.  chain[0] is the sampled address (an instruction),
 * the others are return addresses.  An address that a signal interrupted is no return address:
 * it is given plus one, so that one byte before is right for all frames but the first; and so
 * is the trampoline to which a signal handler returns, where it is a function of its own. *same
 * says how many of the outermost frames are
 * those of this thread's previous stack: the caller keeps that stack's tree nodes and need not
 * look them up.  `sample` must have regs of user space.  `stack_copied` is how many bytes the
 * event asked the kernel to copy: a stack shorter than that ended by itself. */
size_t unwind(struct unwinder *unwinder, const struct process *process, pid_t tid,
              const struct sample *sample, size_t stack_copied, uint64_t *chain, size_t room,
              size_t *same, enum unwind_end *end);

/* When the samples that follow were taken, CLOCK_MONOTONIC: made code changes with time. */
void unwinder_set_time(struct unwinder *unwinder, uint64_t time_ns);

/* A program was met whose code moves between stacks while it runs (Go's runtime).  No copy of
 * one stack holds the other, but the kernel can follow frame pointers from one to the other at
 * the moment of the sample: where the user part of sample.callchain is there, it is made use
 * of. */
bool unwinder_wants_callchain(const struct unwinder *unwinder);

/* Where in memory the word lies for want of which the last stack was cut; 0 when there is no
 * such word. */
uint64_t unwinder_missing(const struct unwinder *unwinder);

/* Forgets what it remembers of a thread that has ended. */
void unwinder_forget_thread(struct unwinder *unwinder, pid_t tid);

/* Files for which neither CFI nor frame pointers led on, most affected first: for the message
 * that helps.  Returns how many; dsos[i] with counts[i] stacks broken in it. */
size_t unwinder_broken(const struct unwinder *unwinder, const struct dso **dsos,
                       uint64_t *counts, size_t room);

#endif
