#ifndef FIQ_CAPTURE_FAR_STACK_H
#define FIQ_CAPTURE_FAR_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/cpus.h"
#include "perf/record.h"

/*
 * Stack that a sample's copy does not hold: what lies deeper than the kernel copies, or on
 * another stack (below a signal handler on an alternate one, the C stack of a Go callback).
 *
 * A program on the sampling event copies it at the very moment of the sample, with the thread
 * interrupted, so it is as true as the copy itself.  It cannot unwind: which memory to copy is
 * told to it for each thread, from where the thread's last stack was cut.  What it copies comes
 * through a ring of its own on each CPU, and belongs to the sample that has the same count of
 * the event (PERF_SAMPLE_READ): the program reads the count, the kernel puts it into the
 * sample, and in between nothing counts.  Times do not tell: before Linux 6.3 a sample's time
 * is taken after the program has run, since then before.  Where bpf(2) is not allowed there is
 * none of this, and such stacks stay cut.
 */
struct far_stack;

/* The most that is copied for a sample, and the size of a ring, which is a power of two. */
struct far_stack_limits {
    uint64_t most, ring;
};

/* `processes`: the map of bpf_filter, whose samples alone count, or -1.  NULL where the kernel
 * does not allow it. */
struct far_stack *far_stack_new(const struct cpus *cpus, int processes,
                                const struct far_stack_limits *limits);
void far_stack_free(struct far_stack *far);

/* The program for the sampling events; it filters as that of bpf_filter does. */
int far_stack_program(const struct far_stack *far);

/* Becomes readable when the ring of cpus.list[i] is filling; -1 where it is offline. */
int far_stack_descriptor(const struct far_stack *far, size_t i);

/* A thread's stack was cut: with its stack pointer at `sp`, the word at `missing` was not among
 * the `copied` bytes.  From now on what lies there is copied, too. */
void far_stack_want(struct far_stack *far, pid_t pid, pid_t tid, uint64_t sp, uint64_t missing,
                    uint64_t copied);

/* How far the rings go; to be noted after the samples' rings, as the program runs before its
 * sample is written. */
void far_stack_note_heads(struct far_stack *far);

/* Adds what was copied for a sample of cpus.list[i] to it, good until the next call. */
void far_stack_add(struct far_stack *far, size_t i, struct record *sample);

#endif
