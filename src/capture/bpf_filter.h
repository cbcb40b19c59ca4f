#ifndef FIQ_CAPTURE_BPF_FILTER_H
#define FIQ_CAPTURE_BPF_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/bpf.h"

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

/* The key whose value opens the filter for all: no process has this number. */
#define BPF_PASS_ALL (-1)
#define BPF_CURRENT_PROCESS                                                                    \
    BPF_CALL_HELPER(BPF_FUNC_get_current_pid_tgid),                                            \
        BPF_INSN(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_0, 0, 0, 32)
/* if (!(map has (pid_tgid >> 32) || map[BPF_PASS_ALL])) return 0: drops the sample. */
#define BPF_FILTER(map)                                                                        \
    BPF_CURRENT_PROCESS, BPF_STORE_KEY(BPF_REG_0), BPF_LOOK_UP(map), BPF_SKIP_IF_NOT_ZERO(10), \
        BPF_STORE_KEY_NUMBER(BPF_PASS_ALL), BPF_LOOK_UP(map), BPF_SKIP_IF_ZERO(2),             \
        BPF_INSN(BPF_LDX | BPF_MEM | BPF_B, BPF_REG_0, BPF_REG_0, 0, 0),                       \
        BPF_SKIP_IF_NOT_ZERO(1), BPF_RETURN

/* 0; -1 when the kernel does not allow it.  With `children` it tries to follow forks. */
int bpf_filter_open(struct bpf_filter *filter, const pid_t *pids, size_t count, bool children);
/* Takes one that was not opened, whose descriptors are -1. */
void bpf_filter_close(struct bpf_filter *filter);

int bpf_filter_attach(const struct bpf_filter *filter, int event); /* 0 or -1 */

/* Another program, which begins with BPF_FILTER(filter->map), takes its place for the events
 * that are attached from now on.  Takes the descriptor over. */
void bpf_filter_replace(struct bpf_filter *filter, int program);

/* From now on those of one more process pass; false when there is no room for it. */
bool bpf_filter_pass(const struct bpf_filter *filter, pid_t pid);
/* From now on everything passes. */
void bpf_filter_pass_all(const struct bpf_filter *filter);

#endif
