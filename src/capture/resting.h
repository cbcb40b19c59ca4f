#ifndef FIQ_CAPTURE_RESTING_H
#define FIQ_CAPTURE_RESTING_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/cpus.h"

/*
 * CPUs on which the target does not run need no sampling clock, whose interrupt alone would
 * cost whoever does run there some two percent at 1000 Hz.  A CPU that has been without the
 * target for half a second, while the target was busy elsewhere, has its sampler switched off.
 * A program of a few instructions on the tracepoint sched_switch sees the target come back and
 * wakes whoever waits in epoll; until the sampler is on again some 0.1 ms pass, at most twice
 * a second and CPU.
 */
struct resting;

/* `processes`: the map of bpf_filter.  NULL where the kernel does not allow it. */
struct resting *resting_new(int processes, struct cpus *cpus, uint64_t period_ns);
void resting_free(struct resting *resting);

/* Becomes readable when a sampler has to be switched on. */
int resting_descriptor(const struct resting *resting);

/* Switches samplers on where the target came back, and, when it is time for it, off. */
void resting_look(struct resting *resting, uint64_t now_ns);

/* Whether a CPU's sampler is off. */
bool resting_has(const struct resting *resting, const struct cpu *cpu);

/* All samplers are new, and on. */
void resting_forget(struct resting *resting);

#endif
