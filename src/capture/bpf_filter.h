#ifndef FIQ_CAPTURE_BPF_FILTER_H
#define FIQ_CAPTURE_BPF_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Keeps samples of foreign processes out in the kernel, before their stack is copied: a
 * program of some twenty instructions on the event that looks the process up in a map.  A
 * second program, on the tracepoint of new tasks, adds the children of those that are in the
 * map before they have run.  No library; where bpf(2) is not allowed there is simply no filter.
 */
struct bpf_filter {
    int map, program; /* descriptors; -1 when there is no filter */
    int forks;        /* link to the tracepoint of new tasks */
    bool follows;     /* children of the processes pass, too, from their first moment */
};

/* 0; -1 when the kernel does not allow it.  With `children` it tries to follow forks. */
int bpf_filter_open(struct bpf_filter *filter, const pid_t *pids, size_t count, bool children);
/* Takes one that was not opened, whose descriptors are -1. */
void bpf_filter_close(struct bpf_filter *filter);

int bpf_filter_attach(const struct bpf_filter *filter, int event); /* 0 or -1 */

/* From now on everything passes. */
void bpf_filter_pass_all(const struct bpf_filter *filter);

#endif
