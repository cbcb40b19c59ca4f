#ifndef FIQ_CAPTURE_ATTRIBUTES_H
#define FIQ_CAPTURE_ATTRIBUTES_H

#include <linux/perf_event.h>
#include <stdbool.h>

#include "capture/capture.h"

/* The attributes of the two events of a CPU or thread (perf_event_open(2)). */
struct attributes {
    struct perf_event_attr sampler;
    struct perf_event_attr side; /* mappings, names, forks, exits, kernel symbols */
};

/* Those for what the options ask for, with the rate and the stack of the facts, as far as this
 * kernel knows them. */
void attributes_choose(struct attributes *attributes, const struct capture_options *options,
                       const struct capture_facts *facts);

/* Whether the kernel counts what found no room in the ring (PERF_FORMAT_LOST). */
bool attributes_count_lost(const struct attributes *attributes);

/* How the records of an event with such attributes lie. */
struct record_layout attributes_layout(const struct perf_event_attr *attr);

#endif
