#ifndef FIQ_PERF_EVENT_H
#define FIQ_PERF_EVENT_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* What can be sampled: names of events as perf and users write them. */
struct event_kind {
    const char *name;
    uint32_t type;           /* PERF_TYPE_* */
    uint64_t config;         /* PERF_COUNT_* */
    bool is_clock;           /* counts nanoseconds: the period follows from the frequency */
    bool is_hardware;        /* needs a PMU */
    uint64_t default_period; /* when it is no clock and nobody says; 0: by frequency */
};

/* NULL when unknown. */
const struct event_kind *event_named(const char *name);

/* All, ended by one without a name; for help and completions. */
extern const struct event_kind event_kinds[];

/* perf_event_open(2); -1 with errno. */
int event_open(const struct perf_event_attr *attr, int pid, int cpu, int group);

/* A number from a file under /proc/sys/kernel, or `otherwise`. */
long sysctl_number(const char *name, long otherwise);

#endif
