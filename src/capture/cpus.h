#ifndef FIQ_CAPTURE_CPUS_H
#define FIQ_CAPTURE_CPUS_H

#include <linux/perf_event.h>

#include "capture/ring.h"

/* The machine's CPUs, each with a ring for samples and one for the side-band. */
struct cpu {
    int number;
    int sampler;           /* the event, where there is one per CPU; else -1 */
    uint64_t samples;      /* taken from the ring since the last look of `resting` */
    unsigned quiet_looks;  /* of resting */
    int owner, side_owner; /* dummy events of fiq itself that the rings belong to: an event of
                              the target would raise POLLHUP for ever when its thread ends */
    struct ring ring, side;
};

struct cpus {
    struct cpu *list;
    size_t count; /* at least one */
};

/* Those that are online. */
void cpus_list(struct cpus *cpus);
/* One more than the largest number among them. */
uint32_t cpus_numbers(const struct cpus *cpus);
/* Also closes and unmaps what is open. */
void cpus_free(struct cpus *cpus);

/* The rings of one CPU, in bytes. */
struct ring_sizes {
    uint64_t samples, side;
};

/* Opens the owners of the rings, which wake a reader when a ring is filling; -errno. */
int cpus_open_owners(struct cpus *cpus, const struct perf_event_attr *side,
                     const struct ring_sizes *sizes);
/* Maps all rings, or none and closes the owners: -EPERM or -ENOMEM when they do not fit the
 * limits. */
int cpus_map_rings(struct cpus *cpus, const struct ring_sizes *sizes);

#endif
